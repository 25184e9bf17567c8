//! Writes files into folders.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::failure::Failure;
use super::output::{talk, write_whole};
use crate::config::SCHEMA;
use crate::files::make_folder;
use crate::reconcile::Exported;

/// Writes files that are not there, or none of them.
pub(super) fn write_new(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    // A link that leads nowhere is there too.
    if let Some((there, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        let failure =
            Failure::error(anyhow::anyhow!("{} exists already; nothing was written", there.display()));
        return Err(failure.hint("choose another folder, or use `scw-iam export` to write files anew"));
    }
    for (path, text) in files {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        write_whole(path, text.as_bytes())?;
    }
    Ok(())
}

/// Writes the files of an export, over others where that is asked for by `force`. `keys` is how many API keys a plan of them
/// replaces.
pub(super) fn write_export(
    folder: &Path,
    exported: &Exported,
    (keys, force): (usize, bool),
) -> Result<(), Failure> {
    let Exported { files, left_out: _, adopted, declared: _ } = exported;
    // A link that leads nowhere is there too.
    let there = files.iter().map(|file| folder.join(&file.path)).find(|path| path.symlink_metadata().is_ok());
    if let (Some(path), false) = (there, force) {
        let there = Failure::error(anyhow::anyhow!("{} already exists", path.display()));
        return Err(there.hint("choose another folder, or pass --force to replace it"));
    }
    let name = folder.display();
    if folder.is_file() {
        return Err(anyhow::anyhow!("{name} is a file; --out takes a folder").into());
    }
    make_folder(folder).with_context(|| format!("cannot create {name}"))?;
    write_whole(&folder.join(SCHEMA.0), SCHEMA.1.as_bytes())?;
    for file in files {
        write_whole(&folder.join(&file.path), file.text.as_bytes())?;
    }
    let names: Vec<_> = files.iter().map(|file| file.path.display().to_string()).collect();
    let objects = if *adopted == 1 { "1 object".to_owned() } else { format!("{adopted} objects") };
    let plan = match (adopted, keys) {
        (0, 0) => "changes nothing".to_owned(),
        (_, 0) => format!("adopts {objects} and changes nothing else"),
        (_, 1) => format!("adopts {objects}, replaces 1 API key, and changes nothing else"),
        (_, keys) => format!("adopts {objects}, replaces {keys} API keys, and changes nothing else"),
    };
    talk(&format!("Wrote {} to {name}. Planning this {plan}.", names.join(", ")));
    Ok(())
}
