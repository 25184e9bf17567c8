//! Mistakes, warnings and hints in files: as a compiler shows them, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use jiff::Timestamp;
use serde::Serialize;

use super::escape::{harmful, terminal};
use super::json::pretty;
use super::paint::Paint;
use super::report::Report;
use super::style::Style;
use crate::config::{Mistake, MistakeWords, Mistakes, Severity, Sources, Span};
use crate::model::Id;
use crate::review::{FindingId, Outline, ReportedFinding, Subject, fingerprint};

/// Errors, warnings and hints in files, as a result.
#[derive(Debug, Clone, Copy)]
pub struct MistakesReport<'a>(pub &'a Mistakes);

impl Report for MistakesReport<'_> {
    /// Each with its line, and how many there are.
    fn text(&self, out: &mut dyn io::Write, style: Style) -> io::Result<()> {
        write(out, self.0, style.paint)?;
        writeln!(out, "{}.", summary(self.0))
    }

    fn markdown(&self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(markdown(self.0).as_bytes())
    }

    fn json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        pretty(out, &json(self.0))
    }

    fn outline(&self) -> Option<Outline> {
        Some(outline(self.0))
    }
}

/// Returns mistakes as findings, each at its place.
fn outline(mistakes: &Mistakes) -> Outline {
    let mut outline = Outline::new("validate", Timestamp::UNIX_EPOCH);
    let mut seen: BTreeMap<(String, PathBuf), usize> = BTreeMap::new();
    for mistake in mistakes.iter() {
        let MistakeWords { code, title, label, .. } = mistake.words();
        let id = match mistake.severity {
            Severity::Error => FindingId::InvalidFile,
            Severity::Warning | Severity::Hint => FindingId::FileWarning,
        };
        let place = mistakes.sources().place(mistake.at);
        let file = place.file.display().to_string();
        // Files have no ids: one of several errors of a sort in a file is the second, wherever it stands.
        let number = seen.entry((code.clone(), place.file.to_path_buf())).or_default();
        *number += 1;
        let apart = [file.as_str(), &number.to_string()];
        let label = if label.is_empty() { label } else { format!(" ({label})") };
        outline.findings.push(ReportedFinding {
            id,
            severity: id.text().severity,
            subject: Subject { kind: "file".to_owned(), name: file.clone(), id: None },
            what: format!("{title}{label}"),
            way: None,
            fingerprint: fingerprint(id, Id::from_bits(0), "file", &code, &apart),
            place: Some(place),
            ignored: None,
            done_by: None,
        });
    }
    outline.counted([FindingId::InvalidFile, FindingId::FileWarning])
}

/// Writes each mistake with its line, a caret, and what was probably meant; an empty line between two.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn io::Write, mistakes: &Mistakes, paint: Paint) -> io::Result<()> {
    let renderer = match paint {
        Paint::Coloured => Renderer::styled(),
        Paint::Plain => Renderer::plain(),
    };
    for (at, mistake) in mistakes.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", one(&renderer, mistakes.sources(), mistake))?;
    }
    Ok(())
}

/// Returns what [`write()`] writes, without colours.
#[must_use]
pub fn text(mistakes: &Mistakes) -> String {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail.
    let _ = write(&mut bytes, mistakes, Paint::Plain);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns how many there are: `No errors found; 1 warning`.
#[must_use]
pub fn summary(mistakes: &Mistakes) -> String {
    let count = |severity: Severity, word: &str| match mistakes.count(severity) {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let first = count(Severity::Error, "error").unwrap_or_else(|| "No errors found".to_owned());
    let rest = [count(Severity::Warning, "warning"), count(Severity::Hint, "hint")];
    let rest: Vec<_> = rest.into_iter().flatten().collect();
    if rest.is_empty() { first } else { format!("{first}; {}", rest.join(", ")) }
}

/// Returns mistakes for a pull request: how many there are, and what [`text`] says of them.
fn markdown(mistakes: &Mistakes) -> String {
    let mut markdown = format!("### Access files\n\n**{}**\n", summary(mistakes));
    let text = text(mistakes);
    if !text.is_empty() {
        // A fence in a person's file would end ours.
        let _ = write!(markdown, "\n```text\n{}```\n", text.replace("```", "` ` `"));
    }
    markdown
}

fn one(renderer: &Renderer, sources: &Sources, mistake: &Mistake) -> String {
    let MistakeWords { title, label, other, .. } = mistake.words();
    let level = match mistake.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::HELP.with_name("hint"),
    };
    let group = Group::with_title(level.primary_title(terminal(&title)));
    let group = show(group, sources, mistake.at, &label, AnnotationKind::Primary);
    let group = match mistake.also {
        Some(also) => show(group, sources, also, other, AnnotationKind::Context),
        None => group,
    };
    renderer.render(&[group])
}

/// Adds the line that a span stands in, with a mark under the span.
fn show<'a>(group: Group<'a>, sources: &Sources, span: Span, label: &str, kind: AnnotationKind) -> Group<'a> {
    let place = sources.place(span);
    let path = terminal(&place.file.display().to_string()).into_owned();
    let text = sources.text(span);
    if text.is_empty() {
        return group.element(Origin::path(path));
    }
    let Excerpt { line, mark, cut } = excerpt(text, span);
    let label = Some(terminal(label).into_owned()).filter(|label| !label.is_empty());
    let snippet =
        Snippet::source(line).line_start(place.line as usize).annotation(kind.span(mark).label(label));
    if cut {
        // The columns of a line that was cut are not the file's, so the place is given by itself.
        let origin = Origin::path(path).line(place.line as usize).char_column(place.column as usize);
        return group.element(origin).element(snippet);
    }
    group.element(snippet.path(path))
}

/// A line, or the part of a long one around the mark.
struct Excerpt {
    line: String,
    mark: Range<usize>,
    cut: bool,
}

/// The most characters of a line that are shown before and from the mark on.
const BEFORE: usize = 60;
const AFTER: usize = 100;

/// Lines up to this length are given whole: the renderer cuts them to the width of a screen, with the right columns.
const WHOLE: usize = 2000;

/// No more bytes are looked at on each side: a file may be one line of many megabytes, with a thousand mistakes in it.
const NEARBY: usize = 64 << 10;

fn excerpt(text: &str, span: Span) -> Excerpt {
    let start = span.start().min(text.len());
    let (mut near, mut far) = (start.saturating_sub(NEARBY), (start + NEARBY).min(text.len()));
    while !text.is_char_boundary(near) {
        near += 1;
    }
    while !text.is_char_boundary(far) {
        far += 1;
    }
    let from = text.get(near..start).and_then(|before| before.rfind('\n')).map_or(near, |at| near + at + 1);
    let to = text.get(start..far).and_then(|after| after.find('\n')).map_or(far, |at| start + at);
    let end = span.end().clamp(start, to);
    let (before, marked, after) =
        (&text[from..start], &text[start..end], text[end..to].trim_end_matches('\r'));
    let (mut line, mut cut) = (String::new(), false);
    if to - from <= WHOLE {
        clean(&mut line, before);
        let mark = line.len();
        clean(&mut line, marked);
        let mark = mark..line.len();
        clean(&mut line, after);
        return Excerpt { line, mark, cut };
    }
    match before.char_indices().rev().nth(BEFORE) {
        Some((at, _)) => {
            cut = true;
            line.push('…');
            clean(&mut line, &before[at..]);
        }
        None => clean(&mut line, before),
    }
    let mark = line.len();
    let marked_most = marked.char_indices().nth(AFTER).map(|(at, _)| at);
    cut |= marked_most.is_some();
    clean(&mut line, &marked[..marked_most.unwrap_or(marked.len())]);
    let mark = mark..line.len();
    let room = AFTER.saturating_sub(marked.chars().take(AFTER).count()).max(20);
    match after.char_indices().nth(room) {
        Some((at, _)) => {
            cut = true;
            clean(&mut line, &after[..at]);
            line.push('…');
        }
        None => clean(&mut line, after),
    }
    Excerpt { line, mark, cut }
}

/// Adds a text, with a visible sign for each character that could command a terminal.
fn clean(line: &mut String, text: &str) {
    line.extend(text.chars().map(|c| if c != '\t' && harmful(c) { '\u{fffd}' } else { c }));
}

/// A mistake for machines.
#[derive(Debug, Serialize)]
struct MistakeJson {
    severity: &'static str,
    /// The sort of mistake.
    code: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hint: String,
    #[serde(flatten)]
    at: PlaceJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    also: Option<PlaceJson>,
}

#[derive(Debug, Serialize)]
struct PlaceJson {
    file: String,
    line: u32,
    column: u32,
}

/// Returns the mistakes as a JSON list: `severity`, `code`, `message`, `hint`, `file`, `line`, `column`, and `also`
/// with the other place.
fn json(mistakes: &Mistakes) -> serde_json::Value {
    let place = |span: Span| {
        let place = mistakes.sources().place(span);
        PlaceJson { file: place.file.display().to_string(), line: place.line, column: place.column }
    };
    let list = mistakes.iter().map(|mistake| {
        let MistakeWords { code, title, label, .. } = mistake.words();
        let (at, also) = (place(mistake.at), mistake.also.map(place));
        let severity = mistake.severity.word();
        serde_json::to_value(MistakeJson { severity, code, message: title, hint: label, at, also })
            .unwrap_or_default()
    });
    serde_json::Value::Array(list.collect())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::config::{Source, read};

    fn mistakes(files: &[(&str, &str)]) -> Mistakes {
        let sources: Vec<Source> = files
            .iter()
            .map(|(name, text)| Source::Text { name: name.into(), bytes: text.as_bytes().to_vec() })
            .collect();
        read(&sources, "2026-11-22T00:00:00Z".parse().unwrap()).map(|_| ()).unwrap_err()
    }

    const HEADER: &str = "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\n";

    #[test]
    fn a_mistake_is_shown_with_its_line_and_a_caret() {
        let text = format!(
            "{HEADER}groups: {{developers: {{}}}}\npolicies:\n  run:\n    principal: {{group: developer}}\n    rules: []\n"
        );
        assert_snapshot!(super::text(&mistakes(&[("iam/dev.yaml", &text)])), @"
        error: policy `run` names group `developer`, which is not declared
         --> iam/dev.yaml:6:24
          |
        6 |     principal: {group: developer}
          |                        ^^^^^^^^^ did you mean `developers`?
        ");
    }

    #[test]
    fn both_places_of_a_name_are_shown() {
        let one = format!("{HEADER}groups:\n  ops: {{}}\n");
        assert_snapshot!(super::text(&mistakes(&[("a.yaml", &one), ("b.yaml", "groups: {ops: {}}\n")])), @"
        error: the group `ops` is declared in two files
         --> b.yaml:1:10
          |
        1 | groups: {ops: {}}
          |          ^^^ declared again here
          |
         ::: a.yaml:4:3
          |
        4 |   ops: {}
          |   --- first declared here
        ");
    }

    #[test]
    fn what_could_command_a_terminal_is_escaped() {
        let text = format!("{HEADER}applications: {{\"a\\u001b[31m\u{202e}\\u009b\": {{}}}}\n");
        let shown = super::text(&mistakes(&[("a\u{1b}.yaml", &text)]));
        assert!(!shown.contains(|c| harmful(c) && c != '\n'), "{shown:?}");
        assert_snapshot!(shown, @r#"
        error: the application name `a\u{1b}[31m\u{202e}\u{9b}` must not hold '\u{1b}' (character 2): letters without accents, digits, `_ ( ) . -` and spaces in between
         --> a\u{1b}.yaml:3:16
          |
        3 | applications: {"a\u001b[31m�\u009b": {}}
          |                ^^^^^^^^^^^^^^^^^^^^ not a name
        "#);
    }

    fn long_line(long: usize) -> String {
        let (x, y) = ("x".repeat(long), "y".repeat(long));
        let rest = format!("{{a: {{description: \"{x}\"}}, 'b/c': {{}}, d: {{description: \"{y}\"}}}}");
        let shown = super::text(&mistakes(&[("a.yaml", &format!("{HEADER}applications: {rest}\n"))]));
        shown.split("\n\n").find(|part| part.contains("bad-name") || part.contains("b/c")).unwrap().to_owned()
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        assert_snapshot!(long_line(150), @r#"
        error: the application name `b/c` must not hold '/' (character 2): letters without accents, digits, `_ ( ) . -` and spaces in between
         --> a.yaml:3:188
          |
        3 | ...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}, 'b/c': {}, d: {description: "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...
          |                                                             ^^^^^ not a name
        "#);
        assert_snapshot!(long_line(3000), @r#"
        error: the description has 3000 characters, but at most 200 are allowed
         --> a.yaml:3:33
          |
         ::: 
        3 | ... {description: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}, 'b/c': {}, d...
          |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#);
    }

    #[test]
    fn what_cannot_be_read_has_a_path_alone() {
        let missing = read(&[Source::Path("no/such".into())], "2026-11-22T00:00:00Z".parse().unwrap());
        assert_snapshot!(super::text(&missing.map(|_| ()).unwrap_err()), @"
        error: there is no such file or folder
        --> no/such
        ");
    }

    #[test]
    fn machines_get_code_and_place() {
        assert_snapshot!(json(&mistakes(&[("a.yaml", "version: 2\n")])), @r#"[{"severity":"error","code":"missing-key","message":"the file that holds `version` has no `organization`","hint":"needs `organization`","file":"a.yaml","line":1,"column":1},{"severity":"error","code":"unsupported-version","message":"this program reads version 1 of the language, not 2","hint":"write `1`","file":"a.yaml","line":1,"column":10}]"#);
    }
}
