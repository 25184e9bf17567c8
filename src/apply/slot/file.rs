//! Keys that are delivered into files.
use std::path::Path;

use super::SlotError;
use crate::api::SecretBytes;
use crate::files;

/// Writes a file below the folder, whole or not at all, for its owner alone, and reads it back.
pub(super) fn deliver(folder: &Path, path: &str, data: &SecretBytes) -> Result<(), SlotError> {
    let failed = |error: files::FileError| SlotError::File { path: path.to_owned(), why: error.to_string() };
    files::deliver(folder, Path::new(path), data.expose()).map_err(failed)?;
    let read = SecretBytes::new(files::delivered(folder, Path::new(path)).map_err(failed)?);
    if read.expose() == data.expose() { Ok(()) } else { Err(SlotError::Unconfirmed(format!("file {path}"))) }
}
