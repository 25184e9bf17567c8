//! No result is written over what the command reads.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::failure::Failure;
use super::output::Output;
use crate::api::CredentialSettings;
use crate::files;

/// The options that name files to write.
const WRITTEN: [&str; 4] = ["out", "save", "record", "journal"];
/// The options whose paths are not read, and below which nothing that the command reads is replaced.
const OTHER: [&str; 1] = ["deliver_dir"];

/// The paths on a command line.
#[derive(Debug)]
pub(super) struct NamedPaths {
    /// What is read.
    read: Vec<PathBuf>,
    /// What is written beside the results, each with its option.
    written: Vec<(String, PathBuf)>,
    /// The configuration files that may hold the credentials.
    credentials: Vec<PathBuf>,
}

impl NamedPaths {
    /// Collects the paths that the arguments of a command name.
    pub(super) fn of(command: &Command, matches: &ArgMatches) -> Self {
        let mut paths = Self::read(Vec::new());
        paths.add(command, matches);
        paths
    }

    /// Takes all of the paths as read.
    pub(super) fn read(read: Vec<PathBuf>) -> Self {
        Self { read, written: Vec::new(), credentials: CredentialSettings::files() }
    }

    fn add(&mut self, command: &Command, matches: &ArgMatches) {
        for argument in command.get_arguments().filter(|it| is_path(it)) {
            let id = argument.get_id().as_str();
            let named = matches.try_get_raw(id).ok().flatten().into_iter().flatten().map(PathBuf::from);
            let here = (id == "paths" && reads_current_folder(matches)).then(|| PathBuf::from("."));
            for path in named.chain(here) {
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

    /// Says whether a result can be written to its file.
    pub(super) fn leave_free(&self, output: &Output) -> bool {
        self.refuse(std::slice::from_ref(output)).is_ok()
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
            let of =
                |paths: &[PathBuf]| paths.iter().find(|input| holds(input, &real)).map(|input| shown(input));
            let read = of(&self.read).map(|input| format!("{input}, which this command reads"));
            let kept = read
                .or_else(|| of(&self.credentials).map(|file| format!("{file}, which holds the credentials")));
            if let Some(kept) = kept {
                let words = format!("{option} would overwrite {kept}");
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

/// Returns true if a command without PATH reads the current folder: it would ask the live organization otherwise.
fn reads_current_folder(matches: &ArgMatches) -> bool {
    let live = matches.try_get_one::<bool>("live").is_ok_and(|live| live == Some(&true));
    !matches.contains_id("paths") && !live && !matches.contains_id("emulate")
}

/// Names an input, or the folder that it is read as a part of.
fn shown(input: &Path) -> String {
    match input.display() {
        _ if input == Path::new(".") => "a file of the current folder".to_owned(),
        folder if input.is_dir() => format!("a file of {folder}"),
        file => file.to_string(),
    }
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
    if files::same(written, named) || real(named).is_some_and(|named| named == written) {
        return true;
    }
    let Ok(input) = named.canonicalize() else { return false };
    let Ok(below) = written.strip_prefix(&input) else { return false };
    let hidden = below.iter().any(|part| part.to_string_lossy().starts_with('.'));
    let yaml = below.extension().is_some_and(|end| end == "yaml" || end == "yml");
    input.is_dir() && written.is_file() && yaml && !hidden
}
