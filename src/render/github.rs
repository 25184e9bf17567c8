//! Annotations: commands to GitHub's runner that show a finding beside a line of the change.
//!
//! Fact: a step shows 10 of each level, so the tenth says how many more there are.

use std::io::{self, Write};

use super::repository::Repository;
use crate::review::{FindingSeverity, Outline};

/// How many annotations of a level a step shows.
const MOST: usize = 10;

/// What comes with an annotation, and its words.
struct Annotation {
    level: &'static str,
    place: String,
    title: String,
    message: String,
}

/// Writes an annotation for each finding, the worst first.
pub(super) fn write(out: &mut dyn Write, outline: &Outline, repository: &Repository) -> io::Result<()> {
    let annotations = annotations(outline, repository);
    for level in ["error", "warning", "notice"] {
        let of: Vec<&Annotation> = annotations.iter().filter(|it| it.level == level).collect();
        let shown = if of.len() > MOST { MOST - 1 } else { of.len() };
        for Annotation { level, place, title, message } in &of[..shown] {
            writeln!(out, "::{level} {place}title={}::{}", property(title), data(message))?;
        }
        if of.len() > shown {
            let more = of.len() - shown;
            writeln!(out, "::{level} title=scw-iam {}::{more} more are not shown", outline.command)?;
        }
    }
    if annotations.is_empty() {
        writeln!(out, "::notice title=scw-iam {}::nothing was found", outline.command)?;
    }
    Ok(())
}

fn annotations(outline: &Outline, repository: &Repository) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    if !outline.errors.is_empty() {
        let (title, message) = (format!("scw-iam {}", outline.command), outline.errors.join(": "));
        annotations.push(Annotation { level: "error", place: String::new(), title, message });
    }
    for (id, result) in outline.not_judged() {
        let (title, message) = (format!("scw-iam {}", outline.command), format!("{id}: {result}"));
        annotations.push(Annotation { level: "warning", place: String::new(), title, message });
    }
    for finding in outline.counting() {
        let place = finding.place.as_ref().and_then(|place| Some((place, repository.path(&place.file)?)));
        let place = place.map(|(place, file)| {
            format!("file={},line={},endLine={1},col={},", property(&file), place.line, place.column)
        });
        let level = match finding.severity {
            FindingSeverity::Critical | FindingSeverity::High => "error",
            FindingSeverity::Medium => "warning",
            FindingSeverity::Low | FindingSeverity::Info => "notice",
        };
        let way = finding.way.as_ref().map(|way| format!(" ← {way}")).unwrap_or_default();
        annotations.push(Annotation {
            level,
            place: place.unwrap_or_default(),
            title: format!("{}: {}", finding.id, finding.id.text().title),
            message: format!("{}{way}", finding.sentence()),
        });
    }
    annotations
}

/// Escapes what ends the words of an annotation. What is invisible is shown.
fn data(text: &str) -> String {
    super::escape::terminal(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a property of an annotation too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
