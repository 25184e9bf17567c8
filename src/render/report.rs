//! What every result can be written as. A new format is a file beside this one, a variant and an arm.

use std::io::{self, Write};
use std::str::FromStr;

use serde::Serialize;

use super::comment::{COMMENT_MOST, fit};
use super::escape;
use super::paint::Paint;
use super::wrap::USUAL_WIDTH;

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
}

/// How text is shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colours or none.
    pub paint: Paint,
    /// The number of columns after which words go to the next line. What a file says is never broken.
    pub width: usize,
    /// How much of a long list is shown.
    pub extent: Extent,
}

/// How much of a long list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Its beginning, and how many more there are.
    #[default]
    Folded,
    /// All of it.
    Full,
}

impl Extent {
    /// Returns how many of a list are shown that is folded after so many.
    pub(super) const fn most(self, folded: usize) -> usize {
        match self {
            Self::Folded => folded,
            Self::Full => usize::MAX,
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self { paint: Paint::Plain, width: USUAL_WIDTH, extent: Extent::Folded }
    }
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
}

impl Format {
    /// Every format, by its word on the command line.
    pub const WORDS: [(&'static str, Self); 3] =
        [("text", Self::Text), ("json", Self::Json), ("markdown", Self::Markdown)];

    /// Returns the report in this format; `style` is about text alone.
    ///
    /// # Errors
    /// When a value cannot be written as JSON.
    pub fn write(self, report: &dyn Report, style: Style) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Text => report.text(&mut bytes, style)?,
            Self::Markdown => {
                report.markdown(&mut bytes)?;
                bytes = fit(&String::from_utf8_lossy(&bytes), COMMENT_MOST).into_owned().into_bytes();
            }
            Self::Json => {
                report.json(&mut bytes)?;
                if let Ok(text) = std::str::from_utf8(&bytes) {
                    bytes = escape::json(text).into_owned().into_bytes();
                }
            }
        }
        Ok(bytes)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::WORDS.into_iter().find(|(word, _)| *word == text);
        known
            .map(|(_, format)| format)
            .ok_or_else(|| "it takes text, json or markdown, and may name a file: json=plan.json".to_owned())
    }
}

/// Writes a value as indented JSON with a line break at its end.
pub(super) fn pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}
