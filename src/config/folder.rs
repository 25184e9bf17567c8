//! Finds the YAML files of a folder, and entries that must not be ignored silently.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::mistake::MistakeKind;
use super::parse::parse;
use super::section::file::SHAPE;
use super::tree::Value;
use crate::files::{EntryKind, FileError, Folder, FolderId, Links, Opened};

/// Folders nested deeper than this are not entered.
const DEEPEST: usize = 64;
/// Hidden folders nested deeper than this are not entered.
const DEEPEST_HIDDEN: usize = 4;
/// The most hidden entries that are looked at.
const MOST_HIDDEN: usize = 2000;
/// The most that is read of a hidden file, and of all of them together, in bytes.
const HIDDEN_FILE_MOST: u64 = 64 << 10;
const HIDDEN_MOST: u64 = 4 << 20;

/// What stands in a folder.
pub(super) enum FolderEntry {
    /// A YAML file.
    File,
    /// An entry that cannot be read, or is not read although it could be a file of the language: that is an error.
    Unread(MistakeKind),
    /// A hidden entry that is not read, although it holds keys of the language.
    Hidden(MistakeKind),
}

/// Finds the YAML files in a folder, in the order of their paths below it, without entering what is hidden.
pub(super) fn collect(folder: &Folder, links: Links) -> Vec<(PathBuf, FolderEntry)> {
    let mut search = Search {
        top: folder,
        links,
        found: Vec::new(),
        entered: HashSet::new(),
        hidden: Hidden { entries: MOST_HIDDEN, bytes: HIDDEN_MOST },
    };
    search.folder(folder, Path::new(""), 0);
    let mut found = search.found;
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

struct Search<'f> {
    top: &'f Folder,
    links: Links,
    found: Vec<(PathBuf, FolderEntry)>,
    /// The folders that were entered, so that links that lead back end.
    entered: HashSet<FolderId>,
    hidden: Hidden,
}

fn unreadable(error: &io::Error) -> FolderEntry {
    FolderEntry::Unread(MistakeKind::SourceUnreadable { why: words(error).into() })
}

impl Search<'_> {
    /// Searches a folder; `path` is its own, below the first.
    fn folder(&mut self, folder: &Folder, path: &Path, depth: usize) {
        if depth > DEEPEST {
            return self.found.push((path.to_owned(), FolderEntry::Unread(MistakeKind::FoldersTooDeep)));
        }
        let listed = folder.id().and_then(|id| folder.entries(usize::MAX).map(|entries| (id, entries)));
        let (id, mut entries) = match listed {
            Ok(listed) => listed,
            Err(error) => return self.found.push((path.to_owned(), unreadable(&error))),
        };
        // Without links none is reached twice, whatever a file system says of its folders' numbers.
        if self.links == Links::Followed && !self.entered.insert(id) {
            return;
        }
        // Of what is hidden not all may be looked at, and that must not depend on the order of the file system.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let data = folder.data();
        for (name, kind) in entries {
            let at = path.join(&name);
            if name.as_encoded_bytes().starts_with(b".") {
                let mounted = data.as_ref() == Some(&name);
                if let Some(found) = (!mounted).then(|| self.hidden.says(folder, &name, kind)).flatten() {
                    self.found.push((at, FolderEntry::Hidden(found)));
                }
                continue;
            }
            match kind {
                EntryKind::Folder => self.enter(at, depth),
                EntryKind::Link => self.link(folder, &name, at, depth),
                EntryKind::File | EntryKind::Device | EntryKind::Other => {
                    let found = one(&at, kind);
                    self.found.extend(found.map(|found| (at, found)));
                }
            }
        }
    }

    fn enter(&mut self, path: PathBuf, depth: usize) {
        match self.top.open(&path, self.links) {
            Ok(Opened::Folder(folder)) => self.folder(&folder, &path, depth + 1),
            // It was a folder right before.
            Ok(Opened::File(_)) => {}
            Err(error) => self.found.push((path, unreadable(&error.into()))),
        }
    }

    fn link(&mut self, folder: &Folder, name: &OsStr, path: PathBuf, depth: usize) {
        let yaml = extension(&path).is_some();
        match self.top.open(&path, self.links) {
            Ok(Opened::Folder(folder)) => self.folder(&folder, &path, depth + 1),
            Ok(Opened::File(_)) => {
                let found = one(&path, EntryKind::File);
                self.found.extend(found.map(|found| (path, found)));
            }
            // A link that leads nowhere now may lead to a folder another time.
            Err(FileError::Link(_)) => match folder.leads_to(name) {
                Some(EntryKind::Folder) | None => {
                    self.found.push((path, FolderEntry::Unread(MistakeKind::LinkedFolder)));
                }
                Some(EntryKind::File | EntryKind::Link | EntryKind::Device | EntryKind::Other) if yaml => {
                    self.found.push((path, FolderEntry::Unread(MistakeKind::LinkInFolder)));
                }
                Some(EntryKind::File | EntryKind::Link | EntryKind::Device | EntryKind::Other) => {}
            },
            Err(FileError::Special) if yaml => {
                self.found.push((path, FolderEntry::Unread(MistakeKind::SpecialInFolder)));
            }
            Err(FileError::Special) => {}
            Err(FileError::Io(error)) => self.found.push((path, unreadable(&error))),
        }
    }
}

/// Returns the extension of a name that says YAML, in whatever letters.
fn extension(path: &Path) -> Option<&OsStr> {
    let extension = path.extension()?;
    let yaml = extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml");
    yaml.then_some(extension)
}

/// Returns what to do with an entry that is no folder; `None` for one whose name does not say YAML.
fn one(path: &Path, kind: EntryKind) -> Option<FolderEntry> {
    let extension = extension(path)?;
    Some(if kind != EntryKind::File {
        FolderEntry::Unread(MistakeKind::SpecialInFolder)
    } else if extension != "yaml" && extension != "yml" {
        FolderEntry::Unread(MistakeKind::UpperCaseExtension {
            found: extension.to_string_lossy().into_owned(),
        })
    } else {
        FolderEntry::File
    })
}

/// What may still be read of what is hidden.
struct Hidden {
    entries: usize,
    bytes: u64,
}

impl Hidden {
    /// Returns a warning when what is hidden under a name, or in it, says something about the organization.
    fn says(&mut self, folder: &Folder, name: &OsStr, kind: EntryKind) -> Option<MistakeKind> {
        // What belongs to git is never part of a review.
        if name == ".git" {
            return None;
        }
        let (below, key) = self.find(folder, Path::new(name), kind, 0)?;
        let inner = below.strip_prefix(name).ok().filter(|inner| !inner.as_os_str().is_empty());
        let inner = inner.map(|inner| inner.display().to_string());
        Some(MistakeKind::Hidden { key, inner })
    }

    fn find(
        &mut self,
        top: &Folder,
        path: &Path,
        kind: EntryKind,
        depth: usize,
    ) -> Option<(PathBuf, &'static str)> {
        self.entries = self.entries.checked_sub(1)?;
        match kind {
            EntryKind::File => self.file(top, path).map(|key| (path.to_owned(), key)),
            EntryKind::Folder if depth < DEEPEST_HIDDEN => {
                let Ok(Opened::Folder(folder)) = top.open(path, Links::Refused) else { return None };
                let mut entries = folder.entries(self.entries).ok()?;
                entries.sort_by(|(a, _): &(OsString, EntryKind), (b, _)| a.cmp(b));
                entries.into_iter().find_map(|(name, kind)| self.find(top, &path.join(name), kind, depth + 1))
            }
            EntryKind::Folder | EntryKind::Link | EntryKind::Device | EntryKind::Other => None,
        }
    }

    /// Returns a key of ours that a hidden file holds.
    fn file(&mut self, top: &Folder, path: &Path) -> Option<&'static str> {
        extension(path)?;
        let Ok(Opened::File(file)) = top.open(path, Links::Refused) else { return None };
        let mut bytes = Vec::new();
        file.take(HIDDEN_FILE_MOST.min(self.bytes)).read_to_end(&mut bytes).ok()?;
        self.bytes -= bytes.len() as u64;
        let text = String::from_utf8_lossy(&bytes);
        let root = parse(0, text.trim_start_matches('\u{feff}')).root?;
        let Value::Map(map) = &root.value else { return None };
        // Nearly every tool's file has a version, and it declares nothing.
        let holds = |key: &&str| map.entries.iter().any(|(found, _)| found.raw() == Some(*key));
        SHAPE.keys().filter(|key| *key != "version").find(holds)
    }
}

/// Returns the system's words without its number.
pub(super) fn words(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or(&words);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
