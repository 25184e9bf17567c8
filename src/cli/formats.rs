//! Which results a command writes, and where.

use std::path::PathBuf;

use clap::Command;

use super::common::Common;
use super::failure::Failure;
use super::inputs::NamedPaths;
use super::output::Output;

/// The commands without formats, and what they write instead: they refuse `--output`, and their help does not show it.
pub(super) const WITHOUT_FORMATS: [(&str, &str); 8] = [
    ("init", "it writes YAML into DIR"),
    ("export", "an export is always YAML; --out sets the folder"),
    ("snapshot", "a snapshot is always JSON; --out sets the file"),
    ("emulate", "the emulator prints only its address"),
    ("demo", "the demo prints only text"),
    ("completions", "a completion script is for a shell"),
    ("man", "a manual page is for `man`; --out names a folder"),
    ("unlock", "it only says whether somebody was locked"),
];

/// The commands that find something, so that the formats of other tools have something to show.
const WITH_FINDINGS: [&str; 5] = ["validate", "plan", "drift", "test", "report"];

/// In which formats a command has a result.
#[derive(Clone, Copy)]
pub(super) enum Formats {
    /// In all.
    All,
    /// In those for people and programs: it finds nothing.
    WithoutFindings,
    /// In none, and what it writes instead.
    None(&'static str),
}

impl Formats {
    /// Returns the formats of a command.
    pub(super) fn of(command: &str) -> Self {
        match WITHOUT_FORMATS.into_iter().find(|(name, _)| *name == command) {
            Some((_, what)) => Self::None(what),
            None if WITH_FINDINGS.contains(&command) => Self::All,
            None => Self::WithoutFindings,
        }
    }

    /// Says whether an output can have the result in a file.
    pub(super) fn has(self, output: &Output) -> bool {
        output.file.is_some()
            && match self {
                Self::All => true,
                Self::WithoutFindings => !output.format.of_findings(),
                Self::None(_) => false,
            }
    }

    /// Refuses outputs that the command does not support, or that collide.
    pub(super) fn fit(self, common: &Common) -> Result<(), Failure> {
        match self {
            Self::None(what) if !common.output.is_empty() => {
                return Err(Failure::usage(format!("this command does not take --output: {what}")));
            }
            Self::WithoutFindings => {
                if let Some(output) = common.output.iter().find(|output| output.format.of_findings()) {
                    let words = format!("this command has no result as {}", output.format.word());
                    return Err(Failure::usage(words).hint("use text, json or markdown"));
                }
            }
            Self::All | Self::None(_) => {}
        }
        if common.outputs_collide() {
            let failure = Failure::usage("two formats cannot share standard output");
            return Err(failure.hint("write one of them to a file, as in `-o text -o json=plan.json`"));
        }
        Ok(())
    }
}

/// Returns the files that wrong arguments name for results, so that no older result stays in them. A file that another argument may
/// name too, or that may be one of the stack's files, is left out.
pub(super) fn files_for_results(known: &Command) -> Vec<Output> {
    let arguments = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let all: Vec<String> = arguments.collect();
    // Nothing after `--` is an option.
    let (words, paths) = all.split_at(all.iter().position(|word| word == "--").unwrap_or(all.len()));
    let name = words.iter().find(|word| known.find_subcommand(word.as_str()).is_some());
    if let Some(Formats::None(_)) = name.map(|name| Formats::of(name)) {
        return Vec::new();
    }
    let (mut asked, mut others) = (Vec::new(), vec![PathBuf::from(".")]);
    others.extend(paths.iter().map(PathBuf::from));
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let joined = word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o"));
        match (word, joined) {
            ("-o" | "--output", _) => asked.extend(words.next()),
            (_, Some(value)) => asked.push(value.strip_prefix('=').unwrap_or(value)),
            _ => others
                .extend([word, word.split_once('=').map_or(word, |(_, value)| value)].map(PathBuf::from)),
        }
    }
    let paths = NamedPaths::read(others);
    let outputs = asked.into_iter().filter_map(|value| value.parse::<Output>().ok());
    outputs.filter(|output| output.file.is_some() && paths.leave_free(output)).collect()
}
