//! A folder by its path, where the system has no open folders to look things up in: checks come before what they
//! are for, and something may be exchanged in between.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::entry::EntryKind;

/// A folder.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// Tells one folder from any other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FolderId(PathBuf);

/// How an entry is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenMode {
    Read,
    Append,
    Update,
    WriteDevice,
}

fn kind(file_type: FileType) -> EntryKind {
    if file_type.is_symlink() {
        EntryKind::Link
    } else if file_type.is_dir() {
        EntryKind::Folder
    } else if file_type.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    }
}

impl Folder {
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        let root = |component: &Component<'_>| matches!(component, Component::Prefix(_) | Component::RootDir);
        let root: PathBuf = path.components().take_while(root).collect();
        if root.as_os_str().is_empty() { Self::here() } else { Ok(Self(root)) }
    }

    pub(super) fn here() -> io::Result<Self> {
        Ok(Self(".".into()))
    }

    pub(super) fn followed(path: &Path) -> io::Result<Self> {
        Ok(Self(path.to_owned()))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.clone()))
    }

    /// Returns which folder it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn id(&self) -> io::Result<FolderId> {
        Ok(FolderId(self.0.canonicalize()?))
    }

    pub(super) fn holds_work_tree(&self) -> bool {
        self.0.join(".git").symlink_metadata().is_ok()
    }

    pub(super) fn kind(&self, name: &OsStr) -> io::Result<Option<EntryKind>> {
        match self.0.join(name).symlink_metadata() {
            Ok(found) => Ok(Some(kind(found.file_type()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns what a link leads to; `None` where that cannot be told.
    #[must_use]
    pub fn leads_to(&self, name: &OsStr) -> Option<EntryKind> {
        Some(kind(self.0.join(name).metadata().ok()?.file_type()))
    }

    pub(super) fn target(&self, name: &OsStr) -> io::Result<PathBuf> {
        self.0.join(name).read_link()
    }

    pub(super) fn mode(&self, name: &OsStr) -> io::Result<Permissions> {
        match self.0.join(name).symlink_metadata() {
            Ok(found) if found.is_file() => Ok(Permissions::Kept),
            Ok(_) => Ok(Permissions::Usual),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Permissions::Usual),
            Err(error) => Err(error),
        }
    }

    pub(super) fn folder(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(self.0.join(name)))
    }

    pub(super) fn make(&self, name: &OsStr) -> io::Result<Self> {
        fs::create_dir(self.0.join(name))?;
        self.folder(name)
    }

    /// Lists what is in it, in no order; no more than `most`.
    ///
    /// # Errors
    /// What the system says.
    pub fn entries(&self, most: usize) -> io::Result<Vec<(OsString, EntryKind)>> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok((entry.file_name(), kind(entry.file_type()?)))
        };
        fs::read_dir(&self.0)?.take(most).map(entry).collect()
    }

    pub(super) fn open_entry(&self, name: &OsStr, how: OpenMode) -> io::Result<File> {
        let mut options = File::options();
        match how {
            OpenMode::Read => options.read(true),
            OpenMode::Append => options.read(true).append(true).create(true),
            OpenMode::Update => options.read(true).write(true).create(true).truncate(false),
            OpenMode::WriteDevice => options.write(true),
        };
        options.open(self.0.join(name))
    }

    pub(super) fn create(&self, name: &OsStr, _: Option<Permissions>) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.0.join(name))
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }
}

/// Who may do what with a file: what the folder says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permissions {
    Usual,
    Kept,
}

/// Returns whether both are one file.
pub(super) fn same(a: &Path, _: &Metadata, b: &Path, _: &Metadata) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

pub(super) fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

pub(super) fn is_a_folder() -> io::Error {
    io::ErrorKind::IsADirectory.into()
}

pub(super) fn not_a_folder() -> io::Error {
    io::ErrorKind::NotADirectory.into()
}
