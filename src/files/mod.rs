//! Opens and replaces files in places where somebody else may have put links, pipes and devices.
//!
//! The author of a pull request decides what lies in the work tree. So at and below the work tree and the current
//! folder no symbolic link is followed unless that was asked for: neither to read, because the text of a file
//! elsewhere would show in errors, nor to write. Links above are the machine owner's, and are followed. What is opened is checked
//! after it is open, relative to a folder that is open already, so that nothing can be exchanged in between; and nothing
//! waits for the other end of a pipe.

mod entry;
#[cfg_attr(not(unix), path = "other.rs")]
mod folder;
mod stream;
mod walk;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use folder::OpenMode;
pub use folder::{Folder, FolderId};
use stream::Stream;
use walk::{Purpose, Reached, find};

pub use self::entry::{EntryKind, FileError, Links};

/// What a path leads to.
#[derive(Debug)]
pub enum Opened {
    /// A plain file, or a standard stream that the path names.
    File(File),
    /// A folder.
    Folder(Folder),
}

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Those who may read the file that it replaces, or else what the system allows.
    Usual,
    /// Its owner.
    Private,
}

/// Opens a file to read, or a folder. Standard streams (`/dev/stdin`, `/dev/fd/3`) are read as they are.
///
/// # Errors
/// [`FileError`]; something that is not a plain file is neither shown nor waited for.
pub fn open(path: &Path, links: Links) -> Result<Opened, FileError> {
    if Stream::of(path).is_some() {
        return Ok(Opened::File(File::open(path)?));
    }
    find(path, Purpose::Read(links))?.open()
}

impl Folder {
    /// Opens what stands below this folder.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(&self, path: &Path, links: Links) -> Result<Opened, FileError> {
        walk::below(self, path, Purpose::Read(links))?.open()
    }
}

impl Reached {
    fn open(self) -> Result<Opened, FileError> {
        match self {
            Self::Folder(folder) => Ok(Opened::Folder(folder)),
            Self::Entry { kind: Some(EntryKind::Link), shown, .. } => Err(FileError::Link(shown)),
            Self::Entry { kind: Some(EntryKind::Device | EntryKind::Other), .. } => Err(FileError::Special),
            Self::Entry { folder, name, kind: Some(EntryKind::File | EntryKind::Folder) | None, .. } => {
                let file = folder.open_entry(&name, OpenMode::Read)?;
                if file.metadata()?.is_file() { Ok(Opened::File(file)) } else { Err(FileError::Special) }
            }
        }
    }
}

/// Reads a whole file of at most so many bytes.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, most: u64, links: Links) -> Result<Vec<u8>, FileError> {
    let file = match open(path, links)? {
        Opened::File(file) => file,
        Opened::Folder(_) => return Err(folder::is_a_folder().into()),
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let words = format!("it has more than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words).into());
    }
    Ok(bytes)
}

/// Replaces a file atomically: writes it next to its place under a random name, then renames it.
///
/// A link under the name is replaced. A file that was there keeps its permissions. Character devices and standard
/// streams (`/dev/stdout`, `/dev/fd/3`) are written as they are.
///
/// # Errors
/// [`FileError`]; what was there is then as it was.
pub fn replace(path: &Path, bytes: &[u8], privacy: Privacy) -> Result<(), FileError> {
    if let Some(stream) = Stream::of(path) {
        return Ok(stream.write(path, bytes)?);
    }
    let (folder, name, kind) = place(path)?;
    match kind {
        Some(EntryKind::Device) => {
            let mut device = folder.open_entry(&name, OpenMode::WriteDevice)?;
            Ok(device.write_all(bytes).and_then(|()| device.flush())?)
        }
        Some(EntryKind::Other) => Err(FileError::Special),
        Some(EntryKind::Folder) => Err(folder::is_a_folder().into()),
        Some(EntryKind::File | EntryKind::Link) | None => Ok(write_beside(&folder, &name, bytes, privacy)?),
    }
}

fn write_beside(folder: &Folder, name: &OsString, bytes: &[u8], privacy: Privacy) -> io::Result<()> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let beside = OsString::from(format!(".scw-iam-{random}.tmp"));
    let mode = match privacy {
        Privacy::Private => None,
        Privacy::Usual => Some(folder.mode(name)?),
    };
    let mut file = folder.create(&beside, mode)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| folder.rename(&beside, name));
    if written.is_err() {
        _ = folder.remove(&beside);
    }
    written
}

/// Writes a file below a folder whole or not at all, for its owner alone; makes the folders that lead to it. None of them,
/// nor the file itself, may be a link.
///
/// # Errors
/// [`FileError`]; what was there is then as it was.
pub fn deliver(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let (at, name) = delivery(folder, path)?;
    match at.kind(&name)? {
        Some(EntryKind::Link) => Err(FileError::Link(path.to_owned())),
        Some(EntryKind::Device | EntryKind::Other) => Err(FileError::Special),
        Some(EntryKind::Folder) => Err(folder::is_a_folder().into()),
        Some(EntryKind::File) | None => Ok(write_beside(&at, &name, bytes, Privacy::Private)?),
    }
}

/// Reads what was delivered below a folder.
///
/// # Errors
/// [`FileError`].
pub fn delivered(folder: &Path, path: &Path) -> Result<Vec<u8>, FileError> {
    const MOST: u64 = 1 << 20;
    let (at, name) = delivery(folder, path)?;
    let file = at.open_entry(&name, OpenMode::Read)?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Finds the folder of a file below a folder.
fn delivery(folder: &Path, path: &Path) -> Result<(Folder, OsString), FileError> {
    let mut at = match open(folder, Links::Refused)? {
        Opened::Folder(folder) => folder,
        Opened::File(_) => return Err(folder::not_a_folder().into()),
    };
    let mut names: Vec<OsString> = Vec::new();
    for component in path.components() {
        match component {
            std::path::Component::Normal(name) => names.push(name.to_owned()),
            _ => return Err(FileError::Special),
        }
    }
    let name = names.pop().ok_or(FileError::Special)?;
    let mut shown = folder.to_owned();
    for name in names {
        shown.push(&name);
        at = match at.kind(&name)? {
            Some(EntryKind::Folder) => at.folder(&name)?,
            Some(EntryKind::Link) => return Err(FileError::Link(shown)),
            Some(EntryKind::File | EntryKind::Device | EntryKind::Other) => {
                return Err(folder::not_a_folder().into());
            }
            None => at.make(&name)?,
        };
    }
    Ok((at, name))
}

/// Opens a file to append to; creates a missing one. Character devices and standard streams are written as
/// they are.
///
/// # Errors
/// [`FileError`]; a link is refused.
pub fn append(path: &Path) -> Result<File, FileError> {
    if Stream::of(path).is_some() {
        return Ok(File::options().append(true).open(path)?);
    }
    let (folder, name, kind) = place(path)?;
    let how = if kind == Some(EntryKind::Device) { OpenMode::WriteDevice } else { OpenMode::Append };
    keep(path, &folder, &name, kind, how)
}

/// Opens a file to read and write in a folder of the user's own; creates both where they are missing.
///
/// # Errors
/// [`FileError`]; a link in the place of the file is refused, one that leads to the folder is the user's own.
pub fn own(folder: &Path, name: &str) -> Result<File, FileError> {
    std::fs::create_dir_all(folder)?;
    let (path, folder, name) = (folder.join(name), Folder::followed(folder)?, OsString::from(name));
    let kind = folder.kind(&name)?;
    let kind = if kind == Some(EntryKind::Device) { Some(EntryKind::Other) } else { kind };
    keep(&path, &folder, &name, kind, OpenMode::Update)
}

fn keep(
    path: &Path,
    folder: &Folder,
    name: &OsString,
    kind: Option<EntryKind>,
    how: OpenMode,
) -> Result<File, FileError> {
    match kind {
        Some(EntryKind::Link) => Err(FileError::Link(path.to_owned())),
        Some(EntryKind::Other) => Err(FileError::Special),
        Some(EntryKind::Folder) => Err(folder::is_a_folder().into()),
        Some(EntryKind::Device) => Ok(folder.open_entry(name, how)?),
        Some(EntryKind::File) | None => {
            let file = folder.open_entry(name, how)?;
            if file.metadata()?.is_file() { Ok(file) } else { Err(FileError::Special) }
        }
    }
}

/// Makes a folder, and those that lead to it; none of them may be a link.
///
/// # Errors
/// [`FileError`].
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    match find(path, Purpose::Make)? {
        Reached::Folder(_) => Ok(()),
        Reached::Entry { kind: Some(EntryKind::Link), shown, .. } => Err(FileError::Link(shown)),
        Reached::Entry { .. } => Err(folder::not_a_folder().into()),
    }
}

/// Returns whether to replace one file would take the other away: whether both are the same, under whatever names.
#[must_use]
pub fn same(replaced: &Path, other: &Path) -> bool {
    let Ok(found) = std::fs::symlink_metadata(replaced) else { return false };
    let Ok(other_found) = std::fs::metadata(other) else { return false };
    found.is_file() && folder::same(replaced, &found, other, &other_found)
}

/// Finds where a file is to be written.
fn place(path: &Path) -> Result<(Folder, OsString, Option<EntryKind>), FileError> {
    match find(path, Purpose::Write)? {
        Reached::Folder(_) => Err(folder::is_a_folder().into()),
        Reached::Entry { folder, name, kind, .. } => Ok((folder, name, kind)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use super::*;

    /// A folder whose path holds no link.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().canonicalize().expect("a path");
        (folder, path)
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("a file").permissions().mode() & 0o777
    }

    #[test]
    fn a_write_leaves_the_file_and_nothing_else() {
        let (_kept, folder) = folder();
        let path = folder.join("state.json");
        for text in ["old", "new"] {
            replace(&path, text.as_bytes(), Privacy::Usual).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let (_kept, folder) = folder();
        std::fs::create_dir(folder.join("taken")).unwrap();
        let error = replace(&folder.join("taken"), b"", Privacy::Usual).unwrap_err();
        assert!(matches!(error, FileError::Io(error) if error.kind() == io::ErrorKind::IsADirectory));
        // A folder that comes into the way when it is too late to see it.
        let open = Folder::followed(&folder).unwrap();
        assert!(write_beside(&open, &"taken".into(), b"text", Privacy::Private).is_err());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn permissions_stay_or_are_the_owners_alone() {
        let (_kept, folder) = folder();
        let path = folder.join("file");
        for kept in [0o600, 0o640, 0o444] {
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            replace(&path, b"new", Privacy::Usual).unwrap();
            assert_eq!(mode(&path), kept);
            replace(&path, b"new", Privacy::Private).unwrap();
            assert_eq!(mode(&path), 0o600);
        }
        // A link has permissions of its own, which say nothing.
        let private = folder.join("private");
        replace(&private, b"", Privacy::Private).unwrap();
        symlink(&private, folder.join("link")).unwrap();
        replace(&folder.join("link"), b"", Privacy::Usual).unwrap();
        replace(&folder.join("fresh"), b"", Privacy::Usual).unwrap();
        assert_eq!(mode(&folder.join("link")), mode(&folder.join("fresh")));
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let (_kept, folder) = folder();
        let path = folder.join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5, Links::Refused).unwrap(), b"12345");
        assert!(read(&path, 4, Links::Refused).is_err());
    }

    #[test]
    fn links_in_a_circle_come_to_an_end() {
        let (_kept, folder) = folder();
        symlink("b", folder.join("a")).unwrap();
        symlink("a", folder.join("b")).unwrap();
        assert!(matches!(open(&folder.join("a"), Links::Followed), Err(FileError::Io(_))));
        assert!(matches!(open(&folder.join("a"), Links::Refused), Err(FileError::Link(_))));
    }

    #[test]
    fn folders_are_made_and_none_through_a_link() {
        let (_kept, folder) = folder();
        make_folder(&folder.join("a/b/c")).unwrap();
        make_folder(&folder.join("a/b/c")).unwrap();
        assert!(folder.join("a/b/c").is_dir());
        symlink(folder.join("a"), folder.join("link")).unwrap();
        assert!(matches!(make_folder(&folder.join("link")), Err(FileError::Link(_))));
        std::fs::write(folder.join("file"), "").unwrap();
        assert!(make_folder(&folder.join("file")).is_err());
        assert!(make_folder(&folder.join("file/below")).is_err());
    }

    #[test]
    fn an_own_file_is_a_plain_one() {
        let (_kept, folder) = folder();
        let state = folder.join("state/of/mine");
        own(&state, "lock").unwrap().write_all(b"note").unwrap();
        let mut text = String::new();
        own(&state, "lock").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), mode(&state.join("lock"))), ("note", 0o600));
        symlink("lock", state.join("link")).unwrap();
        assert!(matches!(own(&state, "link"), Err(FileError::Link(_))));
        let _socket = std::os::unix::net::UnixListener::bind(state.join("socket")).unwrap();
        assert!(matches!(own(&state, "socket"), Err(FileError::Special)));
    }
}
