//! Allows one apply at a time on a machine, with a file lock in the user's state folder.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::api::escaped;
use crate::files;
use crate::model::{Id, Stack};

/// The note after the holder in a lock file while requests are being sent.
const WRITING: &str = "writing\n";
/// More of a lock file is not read.
const LONGEST_NOTE: u64 = 1024;

/// Holds the lock until it is dropped; the system releases it when the process ends, however it ends.
#[must_use = "the lock is released when the guard is dropped"]
#[derive(Debug)]
pub struct ApplyLock {
    file: File,
    crashed: Option<Holder>,
}

impl ApplyLock {
    /// Returns who held the lock before and was killed while it wrote, perhaps with a request on its way; `None` after a
    /// proper end.
    #[must_use]
    pub const fn crashed(&self) -> Option<&Holder> {
        self.crashed.as_ref()
    }

    /// Notes that requests are about to be sent, so that the next holder knows when this one is killed meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn writing(&mut self) -> io::Result<()> {
        self.file.write_all(WRITING.as_bytes())
    }
}

/// Who holds a lock, as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} since {:.0}", self.pid, self.since)
    }
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another apply is under way.
    #[error("another apply of the same organization and stack is under way on this machine{}", by(.holder.as_ref()))]
    Held {
        /// Who, where the file says it.
        holder: Option<Holder>,
    },
    /// The file or its folder cannot be made or locked.
    #[error("cannot create or lock the lock file `{}`", escaped(&path.to_string_lossy()))]
    Io {
        /// The file, or the folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no folder to keep it in.
    #[error("there is no folder for the lock file")]
    NoFolder,
}

impl LockError {
    /// Returns what may help, where that is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Held { .. } => None,
            Self::Io { .. } => Some("set XDG_STATE_HOME to a folder that you can write to"),
            Self::NoFolder => Some("set XDG_STATE_HOME or HOME to a folder that you can write to"),
        }
    }
}

fn by(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(": {holder}")).unwrap_or_default()
}

/// Returns the user's folder for state: `$XDG_STATE_HOME/scw-iam`, or `~/.local/state/scw-iam`.
///
/// # Errors
/// [`LockError::NoFolder`] when neither variable holds an absolute path.
pub fn state_dir() -> Result<PathBuf, LockError> {
    state_dir_of(|name| env::var_os(name))
}

fn state_dir_of(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, LockError> {
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("scw-iam")).ok_or(LockError::NoFolder)
}

/// Locks an organization and a stack on this machine, or says who has.
///
/// The file stays when the lock is released: deleting it could let two processes lock different files. Its note about the
/// holder counts only while it is locked, so a crash leaves nothing to clean up.
///
/// # Errors
/// [`LockError`].
pub fn lock(state_dir: &Path, organization: Id, stack: Option<&Stack>) -> Result<ApplyLock, LockError> {
    // A stack name has no dot, so no stack has the lock of files without a stack.
    let name = match stack {
        Some(stack) => format!("{organization}.{stack}.lock"),
        None => format!("{organization}.lock"),
    };
    let path = state_dir.join(&name);
    let failed = |source| LockError::Io { path: path.clone(), source };
    let mut file = files::own(state_dir, &name).map_err(|error| failed(error.into()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(LockError::Held { holder: read(&file).map(|(holder, _)| holder) });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let crashed = read(&file).filter(|(_, writing)| *writing).map(|(holder, _)| holder);
    let note = format!("pid {} since {}\n", std::process::id(), Timestamp::now());
    let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(note.as_bytes()));
    noted.map_err(failed)?;
    Ok(ApplyLock { file, crashed })
}

/// Reads who the file says its holder is, and whether they were writing.
fn read(file: &File) -> Option<(Holder, bool)> {
    let mut text = String::new();
    file.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
    let (line, rest) = text.split_once('\n')?;
    let (pid, since) = line.strip_prefix("pid ")?.split_once(" since ")?;
    Some((Holder { pid: pid.parse().ok()?, since: since.parse().ok()? }, rest == WRITING))
}

impl Drop for ApplyLock {
    fn drop(&mut self) {
        // Closing the file releases the lock. The note is removed first, so that it never names a process without a lock.
        let _ = self.file.rewind().and_then(|()| self.file.set_len(0));
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(name: &str) -> Stack {
        name.parse().unwrap()
    }

    #[test]
    fn a_second_apply_is_told_who_is_at_it() {
        let folder = tempfile::tempdir().unwrap();
        let organization = Id::from_bits(7);
        let first = lock(folder.path(), organization, Some(&stack("platform"))).unwrap();
        let second = lock(folder.path(), organization, Some(&stack("platform")));
        let Err(LockError::Held { holder: Some(holder) }) = second else { panic!("{second:?}") };
        assert_eq!(holder.pid, std::process::id());
        drop(first);
        let third = lock(folder.path(), organization, Some(&stack("platform")));
        assert_eq!(third.unwrap().crashed(), None, "let go of");
    }

    #[test]
    fn other_stacks_and_organizations_are_not_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let _a = lock(folder.path(), Id::from_bits(7), Some(&stack("a"))).unwrap();
        let _b = lock(folder.path(), Id::from_bits(7), Some(&stack("b"))).unwrap();
        let _none = lock(folder.path(), Id::from_bits(7), None).unwrap();
        let _other = lock(folder.path(), Id::from_bits(8), Some(&stack("a"))).unwrap();
    }

    #[test]
    fn what_a_crash_left_behind_is_no_lock_and_tells_whether_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{}.lock", Id::from_bits(7)));
        for (left, crashed) in [("", None), ("writing\n", Some(1_000_000_000)), ("writing", None)] {
            let holder = "pid 1000000000 since 2020-01-01T00:00:00.123456789Z\n";
            std::fs::write(&path, format!("{holder}{left}")).unwrap();
            let mut held = lock(folder.path(), Id::from_bits(7), None).unwrap();
            assert_eq!(held.crashed().map(|holder| holder.pid), crashed, "{left:?}");
            let note = std::fs::read_to_string(&path).unwrap();
            assert!(note.starts_with(&format!("pid {} since ", std::process::id())), "{note}");
            assert_eq!(note.lines().count(), 1);
            held.writing().unwrap();
            assert!(std::fs::read_to_string(&path).unwrap().ends_with("\nwriting\n"));
            drop(held);
            assert_eq!(lock(folder.path(), Id::from_bits(7), None).unwrap().crashed(), None);
        }
    }

    #[test]
    fn the_folder_is_the_users_own() {
        let of = |pairs: &'static [(&str, &str)]| {
            let value = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, v)| v.into());
            state_dir_of(value).ok()
        };
        assert_eq!(of(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some("/s/scw-iam".into()));
        assert_eq!(of(&[("XDG_STATE_HOME", "s"), ("HOME", "/h")]), Some("/h/.local/state/scw-iam".into()));
        assert_eq!(of(&[("HOME", "")]), None);
    }
}
