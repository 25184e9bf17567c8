//! CSV as RFC 4180 has it, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape::terminal;
use crate::review::{FindingResult, Outline};

/// Writes rows of text. Every cell is quoted, and none is a formula.
pub(super) struct Rows<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
}

impl<'a> Rows<'a> {
    /// Begins with the names of the columns.
    pub(super) fn new(out: &'a mut dyn Write, columns: &[&str]) -> io::Result<Self> {
        let mut builder = csv::WriterBuilder::new();
        builder.quote_style(csv::QuoteStyle::Always).terminator(csv::Terminator::CRLF);
        let mut rows = Self { writer: builder.from_writer(out) };
        rows.row(columns)?;
        Ok(rows)
    }

    /// Adds a row, which has as many cells as there are columns.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) -> io::Result<()> {
        let cells = cells.into_iter().map(|text| cell(text.as_ref()).into_owned());
        self.writer.write_record(cells).map_err(io::Error::other)
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Returns text that a spreadsheet takes for text: what could begin a formula has an apostrophe in front, also after
/// blanks and in its full-width form.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    let safe = terminal(text);
    if text.starts_with(['\t', '\r']) || text.trim_start().starts_with(formula) {
        return Cow::Owned(format!("'{safe}"));
    }
    safe
}

/// The columns of what was found. New ones come at the end.
const COLUMNS: [&str; 14] = [
    "finding",
    "result",
    "severity",
    "kind",
    "name",
    "id",
    "what",
    "way",
    "file",
    "line",
    "fingerprint",
    "ignored_because",
    "ignored_until",
    "done_by",
];

/// Writes what a command found, and what it looked for and did not find or could not judge.
pub(super) fn write(out: &mut dyn Write, outline: &Outline) -> io::Result<()> {
    let mut rows = Rows::new(out, &COLUMNS)?;
    for finding in &outline.findings {
        let (because, until) =
            finding.ignored.clone().map_or_else(Default::default, |(why, until)| (why, until.to_string()));
        let place = finding.place.as_ref();
        rows.row([
            finding.id.as_str(),
            if finding.ignored.is_some() { "ignored" } else { "found" },
            finding.severity.as_str(),
            &finding.subject.kind,
            &finding.subject.name,
            finding.subject.id.as_deref().unwrap_or_default(),
            &finding.what,
            finding.way.as_deref().unwrap_or_default(),
            &place.map(|place| place.file.display().to_string()).unwrap_or_default(),
            &place.map(|place| place.line.to_string()).unwrap_or_default(),
            &finding.fingerprint,
            &because,
            &until,
            finding.done_by.as_deref().unwrap_or_default(),
        ])?;
    }
    let mut rest = |name: &str, result: &str, what: &str| {
        let mut cells = [""; COLUMNS.len()];
        (cells[0], cells[1], cells[6]) = (name, result, what);
        rows.row(cells)
    };
    for (id, result) in &outline.results {
        match result {
            FindingResult::Found(0) => rest(id.as_str(), "none", "")?,
            FindingResult::Found(_) => {}
            FindingResult::NotAsked { .. } => rest(id.as_str(), "not looked for", &result.to_string())?,
            FindingResult::NotJudged { .. } => rest(id.as_str(), "not judged", &result.to_string())?,
        }
    }
    if !outline.errors.is_empty() {
        rest("", "error", &outline.errors.join(": "))?;
    }
    rows.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\u{a0}＠x"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        for text in ["a=1", "ci", "", "1-2", "é"] {
            assert_eq!(cell(text), text);
        }
    }
}
