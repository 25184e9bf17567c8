//! No result is written over what the command reads.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::failure::Failure;
use super::output::Output;

/// The options that name what is written.
const WRITTEN: [&str; 4] = ["out", "save", "record", "journal"];
/// The options that name neither what is read nor what is written over.
const OTHER: [&str; 1] = ["deliver_dir"];

/// The paths on a command line.
#[derive(Debug, Default)]
pub(super) struct NamedPaths {
    /// What is read, each with the option that names it.
    read: Vec<PathBuf>,
    /// What is written beside the results.
    written: Vec<(String, PathBuf)>,
}

impl NamedPaths {
    /// Collects the paths that the arguments of a command name.
    pub(super) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let mut paths = Self::default();
        paths.add(command, matches);
        paths
    }

    /// Takes all of the paths as read.
    pub(super) fn read(read: Vec<PathBuf>) -> Self {
        Self { read, written: Vec::new() }
    }

    fn add(&mut self, command: &Command, matches: &ArgMatches) {
        for argument in command.get_arguments().filter(|it| is_path(it)) {
            let id = argument.get_id().as_str();
            let Ok(Some(values)) = matches.try_get_raw(id) else { continue };
            for path in values.map(PathBuf::from) {
                if WRITTEN.contains(&id) {
                    self.written.push((format!("--{id} {}", path.display()), path));
                } else if !OTHER.contains(&id) {
                    self.read.push(path);
                }
            }
        }
        if let Some((name, matches)) = matches.subcommand()
            && let Some(command) = command.find_subcommand(name)
        {
            self.add(command, matches);
        }
    }

    /// Refuses results that would replace a file that the command reads, or another result.
    pub(super) fn refuse(&self, outputs: &[Output]) -> Result<(), Failure> {
        let of_format = |output: &Output| {
            let file = output.file.clone()?;
            Some((format!("-o {}={}", output.format.word(), file.display()), file))
        };
        let mut written: Vec<(String, PathBuf)> = Vec::new();
        for (option, path) in outputs.iter().filter_map(of_format).chain(self.written.iter().cloned()) {
            let Some(real) = real(&path) else { continue };
            if let Some(input) = self.read.iter().find(|input| holds(input, &real)) {
                let part = if input.is_dir() { "a file of " } else { "" };
                let input = input.display();
                let words = format!("{option} would overwrite {part}{input}, which this command reads");
                return Err(Failure::usage(words).hint("name another file"));
            }
            if let Some((other, _)) = written.iter().find(|(_, known)| *known == real) {
                let words = format!("{other} and {option} name the same file");
                return Err(Failure::usage(words).hint("name a file for each"));
            }
            written.push((option, real));
        }
        Ok(())
    }
}

fn is_path(argument: &Arg) -> bool {
    matches!(argument.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath)
}

/// Returns where a file stands, also if it is not there yet. A link under its name is replaced and not followed.
fn real(path: &Path) -> Option<PathBuf> {
    // A terminal, a pipe or a stream of the shell is no file that could be lost.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return None;
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// Says whether a file that is written is an input, or is read as a part of it.
fn holds(named: &Path, written: &Path) -> bool {
    let Ok(input) = named.canonicalize() else { return false };
    if input == written || real(named).is_some_and(|named| named == written) {
        return true;
    }
    let Ok(below) = written.strip_prefix(&input) else { return false };
    let hidden = below.iter().any(|part| part.to_string_lossy().starts_with('.'));
    let yaml = below.extension().is_some_and(|end| end == "yaml" || end == "yml");
    input.is_dir() && written.is_file() && yaml && !hidden
}
