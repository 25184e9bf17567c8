//! What a path leads to, and why it is not followed.

use std::io;
use std::path::PathBuf;

/// Why a file is not opened or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A part of its path is a symbolic link.
    #[error("`{}` is a symbolic link, which is not followed: name its target", .0.display())]
    Link(PathBuf),
    /// It is a pipe, a socket or a device.
    #[error("it is not a regular file but a pipe, a socket or a device")]
    Special,
    /// The system's own trouble.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error,
            FileError::Link(_) | FileError::Special => Self::other(error),
        }
    }
}

/// Whether symbolic links that somebody else may have put there are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// They are refused, except for those of a Kubernetes ConfigMap, which stay in their folder.
    #[default]
    Refused,
    /// They are followed, wherever they lead.
    Followed,
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A character device.
    Device,
    /// A pipe, a socket, a block device.
    Other,
}
