//! The formats of results. A new format is a file beside this one, a variant and an arm.

use std::io::{self, Write};
use std::str::FromStr;

use super::comment::{COMMENT_MOST, fit};
use super::escape;
use super::repository::Repository;
use super::style::Style;
use crate::review::Outline;

/// A result that people and programs read: made once, written in every format.
///
/// All methods fail when the writer does.
pub trait Report {
    /// Writes it for a terminal or a log.
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()>;

    /// Writes it for a comment on a pull request.
    fn markdown(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Writes it for programs, in a stable order of keys.
    fn json(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Returns what was found, for the formats of other tools; `None` for a result without findings.
    fn outline(&self) -> Option<Outline> {
        None
    }

    /// Writes it for a spreadsheet: what was found, unless there is more to say.
    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        super::csv::write(out, &found(self.outline())?)
    }

    /// Writes it for a browser: what was found, unless there is more to say.
    fn html(&self, out: &mut dyn Write) -> io::Result<()> {
        super::page::html(out, &super::page::found::page(&found(self.outline())?))
    }
}

/// A result without findings has no such format.
fn found(outline: Option<Outline>) -> io::Result<Outline> {
    outline
        .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "this result has no findings to write so"))
}

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people in a terminal.
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
    /// For code scanning.
    Sarif,
    /// For lists of test cases.
    Junit,
    /// For monitoring.
    Openmetrics,
    /// For GitHub's runner: a finding beside a line of the change.
    Github,
    /// For GitLab's code quality.
    Gitlab,
    /// For spreadsheets.
    Csv,
    /// For browsers: one page that asks nobody for anything.
    Html,
}

impl Format {
    /// Every format, by its word on the command line.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("sarif", Self::Sarif),
        ("junit", Self::Junit),
        ("openmetrics", Self::Openmetrics),
        ("github", Self::Github),
        ("gitlab", Self::Gitlab),
        ("csv", Self::Csv),
        ("html", Self::Html),
    ];

    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, format)| *format == self).map_or("", |(word, _)| word)
    }

    /// Returns true for a format that shows what was found, which not every result has.
    #[must_use]
    pub const fn of_findings(self) -> bool {
        match self {
            Self::Text | Self::Json | Self::Markdown => false,
            Self::Sarif
            | Self::Junit
            | Self::Openmetrics
            | Self::Github
            | Self::Gitlab
            | Self::Csv
            | Self::Html => true,
        }
    }

    /// Returns the report in this format; `style` is about text alone, `repository` about places in files.
    ///
    /// # Errors
    /// When a value cannot be written as JSON, or the result has no findings for a format that shows these.
    pub fn write(self, report: &dyn Report, style: Style, repository: &Repository) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let out = &mut bytes;
        match self {
            Self::Text => report.text(out, style)?,
            Self::Markdown => {
                report.markdown(out)?;
                bytes = fit(&String::from_utf8_lossy(&bytes), COMMENT_MOST).into_owned().into_bytes();
            }
            Self::Json => {
                report.json(out)?;
                harmless(&mut bytes);
            }
            Self::Sarif => {
                super::sarif::write(out, &found(report.outline())?, repository)?;
                harmless(&mut bytes);
            }
            Self::Gitlab => {
                super::gitlab::write(out, &found(report.outline())?, repository)?;
                harmless(&mut bytes);
            }
            Self::Junit => super::junit::write(out, &found(report.outline())?, repository)?,
            Self::Openmetrics => super::openmetrics::write(out, &found(report.outline())?)?,
            Self::Github => super::github::write(out, &found(report.outline())?, repository)?,
            Self::Csv => report.csv(out)?,
            Self::Html => report.html(out)?,
        }
        Ok(bytes)
    }
}

/// Escapes what would do harm in a JSON document.
fn harmless(bytes: &mut Vec<u8>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        *bytes = escape::json(text).into_owned().into_bytes();
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::WORDS.into_iter().find(|(word, _)| *word == text);
        known.map(|(_, format)| format).ok_or_else(|| {
            let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
            format!("it takes {}, and may name a file: json=plan.json", words.join(", "))
        })
    }
}
