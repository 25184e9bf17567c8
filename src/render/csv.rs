//! CSV as RFC 4180 has it, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape::terminal;
use crate::model::{Attribution, DoneBy};
use crate::review::{FindingResult, Outline, ReportedFinding};

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

/// A column of what was found.
struct FindingColumn {
    name: &'static str,
    /// Which commands can fill it; the others leave it out.
    of: ColumnOf,
    cell: fn(&ReportedFinding) -> String,
}

/// Which commands can fill a column.
#[derive(Clone, Copy)]
enum ColumnOf {
    Everything,
    /// The commands that look at live objects.
    Live,
    Drift,
}

impl ColumnOf {
    fn has(self, command: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Live => matches!(command, "plan" | "drift"),
            Self::Drift => command == "drift",
        }
    }
}

const fn column(name: &'static str, of: ColumnOf, cell: fn(&ReportedFinding) -> String) -> FindingColumn {
    FindingColumn { name, of, cell }
}

/// The columns of what was found. New ones come at the end.
const COLUMNS: [FindingColumn; 19] = [
    column("finding", ColumnOf::Everything, |it| it.id.to_string()),
    column("result", ColumnOf::Everything, |it| {
        if it.ignored.is_some() { "ignored" } else { "found" }.to_owned()
    }),
    column("severity", ColumnOf::Everything, |it| it.severity.to_string()),
    column("kind", ColumnOf::Everything, |it| it.subject.kind.clone()),
    column("name", ColumnOf::Everything, |it| it.subject.name.clone()),
    column("id", ColumnOf::Live, |it| it.subject.id.clone().unwrap_or_default()),
    column("what", ColumnOf::Everything, |it| it.what.clone()),
    column("way", ColumnOf::Drift, |it| it.way.clone().unwrap_or_default()),
    column("file", ColumnOf::Everything, |it| {
        it.place.as_ref().map(|place| place.file.display().to_string()).unwrap_or_default()
    }),
    column("line", ColumnOf::Everything, |it| {
        it.place.as_ref().map(|place| place.line.to_string()).unwrap_or_default()
    }),
    column("fingerprint", ColumnOf::Everything, |it| it.fingerprint.clone()),
    column("ignored_because", ColumnOf::Drift, |it| {
        it.ignored.as_ref().map(|(why, _)| why.clone()).unwrap_or_default()
    }),
    column("ignored_until", ColumnOf::Drift, |it| {
        it.ignored.as_ref().map(|(_, until)| until.to_string()).unwrap_or_default()
    }),
    column("done_by", ColumnOf::Drift, |it| done(it, |by| by.principal.clone())),
    column("done_at", ColumnOf::Drift, |it| done(it, DoneBy::time)),
    column("done_from", ColumnOf::Drift, |it| done(it, |by| by.address.clone())),
    column("done_with", ColumnOf::Drift, |it| done(it, DoneBy::tool)),
    column("done_request", ColumnOf::Drift, |it| done(it, |by| by.request_id.clone())),
    column("done_known", ColumnOf::Drift, |it| match &it.done_by {
        Some(who @ Attribution::NotAvailable(_)) => who.to_string(),
        Some(who) => who.certainty().to_owned(),
        None => String::new(),
    }),
];

fn done(finding: &ReportedFinding, cell: fn(&DoneBy) -> String) -> String {
    finding.done_by.as_ref().and_then(Attribution::done_by).map(cell).unwrap_or_default()
}

/// Writes what a command found, and what it looked for and did not find or could not judge.
pub(super) fn write(out: &mut dyn Write, outline: &Outline) -> io::Result<()> {
    let columns: Vec<&FindingColumn> =
        COLUMNS.iter().filter(|column| column.of.has(outline.command)).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let mut rows = Rows::new(out, &names)?;
    for finding in &outline.findings {
        rows.row(columns.iter().map(|column| (column.cell)(finding)))?;
    }
    let mut rest = |finding: &str, result: &str, what: &str| {
        rows.row(names.iter().map(|name| match *name {
            "finding" => finding,
            "result" => result,
            "what" => what,
            _ => "",
        }))
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
