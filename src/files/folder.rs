//! A folder that is open: what is looked up in it cannot be elsewhere.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::entry::EntryKind;

/// An open folder.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// Tells one folder from any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FolderId(u64, u64);

/// How an entry is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenMode {
    Read,
    Append,
    Update,
    WriteDevice,
}

/// To look things up in a folder takes no right to list it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOOK: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LOOK: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// For everything that is opened: no link, no waiting, no terminal to belong to.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// The permissions of a private file.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);
/// What a new file is asked to have, of which the process takes away what it is set to.
const USUAL: Mode = PRIVATE.union(Mode::RGRP).union(Mode::WGRP).union(Mode::ROTH).union(Mode::WOTH);
const USUAL_FOLDER: Mode = Mode::RWXU.union(Mode::RWXG).union(Mode::RWXO);

const fn kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::Link,
        FileType::CharacterDevice => EntryKind::Device,
        FileType::Fifo | FileType::Socket | FileType::BlockDevice | FileType::Unknown => EntryKind::Other,
    }
}

impl Folder {
    /// Opens the folder that a path starts from.
    pub(super) fn start(path: &Path) -> io::Result<Self> {
        Self::followed(Path::new(if path.is_absolute() { "/" } else { "." }))
    }

    /// Opens the current folder.
    pub(super) fn here() -> io::Result<Self> {
        Self::followed(Path::new("."))
    }

    /// Opens a folder whose path is trusted.
    pub(super) fn followed(path: &Path) -> io::Result<Self> {
        Ok(Self(fs::openat(CWD, path, LOOK, Mode::empty())?))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Returns which folder it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn id(&self) -> io::Result<FolderId> {
        let found = File::from(self.0.try_clone()?).metadata()?;
        Ok(FolderId(found.dev(), found.ino()))
    }

    /// Whether a work tree begins here.
    pub(super) fn holds_work_tree(&self) -> bool {
        fs::statat(self.fd(), ".git", AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Returns what stands under a name; `None` where nothing does.
    pub(super) fn kind(&self, name: &OsStr) -> io::Result<Option<EntryKind>> {
        match fs::statat(self.fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(kind(FileType::from_raw_mode(stat.st_mode)))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns what a link leads to; `None` where that cannot be told.
    #[must_use]
    pub fn leads_to(&self, name: &OsStr) -> Option<EntryKind> {
        let stat = fs::statat(self.fd(), name, AtFlags::empty()).ok()?;
        Some(kind(FileType::from_raw_mode(stat.st_mode)))
    }

    /// Returns the text of a link.
    pub(super) fn target(&self, name: &OsStr) -> io::Result<PathBuf> {
        let text = fs::readlinkat(self.fd(), name, Vec::new())?;
        Ok(OsString::from_vec(text.into_bytes()).into())
    }

    /// Returns the permissions of a plain file, which are to stay; those of a new file where it is missing.
    pub(super) fn mode(&self, name: &OsStr) -> io::Result<Permissions> {
        match fs::statat(self.fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => Ok(
                Permissions::Kept(Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO)),
            ),
            Ok(_) | Err(Errno::NOENT) => Ok(Permissions::Usual),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a folder in this one, or the one that this stands in.
    pub(super) fn folder(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(fs::openat(self.fd(), name, LOOK | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Makes a folder in this one.
    pub(super) fn make(&self, name: &OsStr) -> io::Result<Self> {
        fs::mkdirat(self.fd(), name, USUAL_FOLDER)?;
        self.folder(name)
    }

    /// Lists what is in it, in no order; no more than `most`.
    ///
    /// # Errors
    /// What the system says.
    pub fn entries(&self, most: usize) -> io::Result<Vec<(OsString, EntryKind)>> {
        let listed = fs::openat(self.fd(), ".", OFlags::RDONLY | OFlags::DIRECTORY | CAREFUL, Mode::empty())?;
        let mut entries = Vec::new();
        for entry in Dir::new(listed)? {
            let entry = entry?;
            let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
            if name == "." || name == ".." {
                continue;
            }
            if entries.len() == most {
                break;
            }
            let kind = match entry.file_type() {
                // Not every file system tells.
                FileType::Unknown => self.kind(&name)?,
                known => Some(kind(known)),
            };
            // It went away meanwhile.
            entries.extend(kind.map(|kind| (name, kind)));
        }
        Ok(entries)
    }

    pub(super) fn open_entry(&self, name: &OsStr, how: OpenMode) -> io::Result<File> {
        let flags = match how {
            OpenMode::Read => OFlags::RDONLY,
            OpenMode::Append => OFlags::RDWR | OFlags::APPEND | OFlags::CREATE,
            OpenMode::Update => OFlags::RDWR | OFlags::CREATE,
            OpenMode::WriteDevice => OFlags::WRONLY,
        };
        let mode = if how == OpenMode::Update { PRIVATE } else { USUAL };
        let fd = fs::openat(self.fd(), name, flags | CAREFUL, mode)?;
        if how == OpenMode::WriteDevice {
            // What is written to a device may wait for it.
            fs::fcntl_setfl(&fd, fs::fcntl_getfl(&fd)? - OFlags::NONBLOCK)?;
        }
        Ok(fd.into())
    }

    /// Makes a file that nobody else has made; with `None` for its owner alone.
    pub(super) fn create(&self, name: &OsStr, permissions: Option<Permissions>) -> io::Result<File> {
        let mode = if permissions == Some(Permissions::Usual) { USUAL } else { PRIVATE };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | CAREFUL;
        let fd = fs::openat(self.fd(), name, flags, mode)?;
        if let Some(Permissions::Kept(mode)) = permissions {
            fs::fchmod(&fd, mode)?;
        }
        Ok(fd.into())
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(self.fd(), from, self.fd(), to)?)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(self.fd(), name, AtFlags::empty())?)
    }
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permissions {
    /// What the process is set to.
    Usual,
    /// As it was.
    Kept(Mode),
}

/// Returns whether both are one file.
pub(super) fn same(_: &Path, a: &Metadata, _: &Path, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// What the system says of what is not there.
pub(super) fn missing() -> io::Error {
    Errno::NOENT.into()
}

/// What the system says of a folder in the place of a file.
pub(super) fn is_a_folder() -> io::Error {
    Errno::ISDIR.into()
}

/// What the system says of a file in the place of a folder.
pub(super) fn not_a_folder() -> io::Error {
    Errno::NOTDIR.into()
}
