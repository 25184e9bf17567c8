use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use crate::model::CommandLabel;
use crate::plan::slot::Hands;

/// What the person who starts an apply delivers keys with. Files name neither a folder nor a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryTools {
    /// The folder that files are delivered below.
    pub folder: Option<PathBuf>,
    /// The commands, by label.
    pub commands: BTreeMap<CommandLabel, Vec<String>>,
}

impl DeliveryTools {
    /// Returns which deliveries are named.
    #[must_use]
    pub fn hands(&self) -> Hands {
        Hands::Named { files: self.folder.is_some(), commands: self.commands.keys().cloned().collect() }
    }
}

/// `github='gh secret set SCW'`: a label, a program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryCommand {
    /// The label that files have.
    pub label: CommandLabel,
    /// The program and its arguments.
    pub words: Vec<String>,
}

/// A text that is no delivery command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// It has no label.
    #[error("it takes LABEL='PROGRAM ARGUMENTS', as in github='gh secret set SCW'")]
    NoLabel,
    /// The label is none.
    #[error("`{0}` is not a label: small letters, digits and `-`")]
    Label(String),
    /// There is no program.
    #[error("there is no program behind `=`")]
    NoProgram,
    /// A quote is never closed.
    #[error("a quote is never closed")]
    Quote,
}

impl FromStr for DeliveryCommand {
    type Err = BadCommand;

    fn from_str(text: &str) -> Result<Self, BadCommand> {
        let (label, command) = text.split_once('=').ok_or(BadCommand::NoLabel)?;
        let label = label.parse().map_err(|_| BadCommand::Label(label.to_owned()))?;
        let words = words(command)?;
        if words.first().is_none_or(String::is_empty) {
            return Err(BadCommand::NoProgram);
        }
        Ok(Self { label, words })
    }
}

/// Splits at blanks; quotes of both kinds keep blanks, and nothing else has a meaning: there is no shell.
fn words(text: &str) -> Result<Vec<String>, BadCommand> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) =
        (Vec::new(), None, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (Some(_) | None, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(BadCommand::Quote);
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_into_words_and_no_shell_reads_it() {
        let command: DeliveryCommand = "github=gh secret set 'A B' \"$(id)\" '' a'b'c".parse().unwrap();
        assert_eq!(command.label.as_str(), "github");
        assert_eq!(command.words, ["gh", "secret", "set", "A B", "$(id)", "", "abc"]);
        for (text, bad) in [
            ("gh secret set", BadCommand::NoLabel),
            ("Git Hub=gh", BadCommand::Label("Git Hub".to_owned())),
            ("github=", BadCommand::NoProgram),
            ("github=''", BadCommand::NoProgram),
            ("github=gh 'a", BadCommand::Quote),
        ] {
            assert_eq!(text.parse::<DeliveryCommand>(), Err(bad), "{text}");
        }
    }
}
