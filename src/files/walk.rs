//! Follows a path, component by component, from a folder that is open to the next.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::entry::{EntryKind, FileError, Links};
use super::folder::{Folder, FolderId, missing, not_a_folder};

/// What a path is followed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To read what is there.
    Read(Links),
    /// To write a file.
    Write,
    /// To make a folder of it.
    Make,
}

/// What a path leads to.
pub(super) enum Reached {
    /// A folder.
    Folder(Folder),
    /// A name in a folder that is not a folder; `kind` is `None` if nothing has the name.
    Entry {
        folder: Folder,
        name: OsString,
        kind: Option<EntryKind>,
        /// The path up to it.
        shown: PathBuf,
    },
}

/// More links than this on one path are a loop.
const MOST_LINKS: u32 = 40;

/// The name under which the files of a ConfigMap that count now are found.
const DATA: &str = "..data";

/// Follows a path.
pub(super) fn find(path: &Path, purpose: Purpose) -> Result<Reached, FileError> {
    if path.as_os_str().is_empty() {
        return Err(missing().into());
    }
    TreeWalk {
        at: Folder::start(path)?,
        here: Folder::here()?.id()?,
        trusted: path.is_absolute(),
        at_top: true,
        shown: top(path),
        rest: names(path),
        links: 0,
        purpose,
    }
    .go()
}

/// Follows a path from a folder whose author decides what lies in it.
pub(super) fn below(folder: &Folder, path: &Path, purpose: Purpose) -> Result<Reached, FileError> {
    TreeWalk {
        at: folder.try_clone()?,
        here: folder.id()?,
        trusted: false,
        at_top: false,
        shown: PathBuf::new(),
        rest: names(path),
        links: 0,
        purpose,
    }
    .go()
}

/// The names in a path, last to first.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    names.rev().collect()
}

fn top(path: &Path) -> PathBuf {
    path.components()
        .take_while(|component| matches!(component, Component::Prefix(_) | Component::RootDir))
        .collect()
}

struct TreeWalk {
    at: Folder,
    /// The current folder.
    here: FolderId,
    /// Whether this is still above the work tree, where links are the machine owner's.
    trusted: bool,
    at_top: bool,
    shown: PathBuf,
    rest: Vec<OsString>,
    links: u32,
    purpose: Purpose,
}

impl TreeWalk {
    fn go(mut self) -> Result<Reached, FileError> {
        while let Some(name) = self.rest.pop() {
            if self.trusted && !self.at_top {
                self.trusted = self.at.id()? != self.here && !self.at.holds_work_tree();
            }
            self.at_top = false;
            self.shown.push(&name);
            if name == ".." {
                self.at = self.at.folder(&name)?;
                continue;
            }
            let last = self.rest.is_empty();
            match self.look(&name)? {
                Some(EntryKind::Folder) => self.at = self.at.folder(&name)?,
                Some(EntryKind::Link) if self.follows(last) => self.follow(&name)?,
                Some(EntryKind::Link) if !last => return Err(FileError::Link(self.shown)),
                None if self.purpose == Purpose::Make => self.at = self.at.make(&name)?,
                kind if last => {
                    return Ok(Reached::Entry { folder: self.at, name, kind, shown: self.shown });
                }
                None => return Err(missing().into()),
                Some(_) => return Err(not_a_folder().into()),
            }
        }
        Ok(Reached::Folder(self.at))
    }

    /// Looks what a name stands for; a name of a ConfigMap stands for what it has in the data.
    fn look(&mut self, name: &OsStr) -> io::Result<Option<EntryKind>> {
        let kind = self.at.kind(name)?;
        if kind == Some(EntryKind::Link)
            && matches!(self.purpose, Purpose::Read(_))
            && self.at.target(name)? == Path::new(DATA).join(name)
            && let Some(data) = self.at.data()
            && let Ok(data) = self.at.folder(&data)
        {
            self.at = data;
            return self.at.kind(name);
        }
        Ok(kind)
    }

    /// Whether a link is followed. The last component is what somebody names, and has to be what it is.
    fn follows(&self, last: bool) -> bool {
        self.purpose == Purpose::Read(Links::Followed) || (self.trusted && !last)
    }

    fn follow(&mut self, name: &OsStr) -> io::Result<()> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(io::Error::other("too many links follow one another"));
        }
        let target = self.at.target(name)?;
        if target.is_absolute() {
            self.at = Folder::start(&target)?;
            self.shown = top(&target);
        } else {
            self.shown.pop();
        }
        self.rest.extend(names(&target));
        Ok(())
    }
}

impl Folder {
    /// Returns the folder here that a ConfigMap's `..data` leads to; `None` where this is no ConfigMap.
    ///
    /// Source: the atomic writer of the kubelet: each file is a link through `..data`, itself a link to a folder beside
    /// it whose name begins with two dots and tells when it was written.
    #[must_use]
    pub fn data(&self) -> Option<OsString> {
        let target = self.target(OsStr::new(DATA)).ok()?.into_os_string();
        let mut components = Path::new(&target).components();
        let single = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
        let dotted = target.as_encoded_bytes().starts_with(b"..") && target != DATA;
        (single && dotted && self.kind(&target).ok()? == Some(EntryKind::Folder)).then_some(target)
    }
}
