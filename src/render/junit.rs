//! JUnit's XML, as GitLab and Jenkins read it.
//!
//! Fact: GitLab shows the content of `failure`, `error` and `skipped` and not their `message`, and of two cases with one
//! class and name the first alone.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::escape::xml;
use super::repository::Repository;
use crate::review::{FindingResult, FindingText, Outline, ReportedFinding};

/// What came of a test case.
enum CaseEnd {
    Passed,
    Failed(String),
    Error(String),
    Skipped(String),
}

struct TestCase {
    class: String,
    name: String,
    file: Option<String>,
    end: CaseEnd,
}

/// Writes what a command found: a case for each thing that it looked for and did not find, and one for each finding.
pub(super) fn write(out: &mut dyn Write, outline: &Outline, repository: &Repository) -> io::Result<()> {
    let cases = cases(outline, repository);
    let count = |which: fn(&CaseEnd) -> bool| cases.iter().filter(|case| which(&case.end)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        count(|end| matches!(end, CaseEnd::Failed(_))),
        count(|end| matches!(end, CaseEnd::Error(_))),
        count(|end| matches!(end, CaseEnd::Skipped(_))),
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"scw-iam\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"scw-iam {}\" {counts} time=\"0\">", outline.command)?;
    for TestCase { class, name, file, end } in &cases {
        let file = file.as_ref().map(|file| format!(" file=\"{}\"", xml(file))).unwrap_or_default();
        write!(out, "    <testcase classname=\"{}\" name=\"{}\"{file} time=\"0\"", xml(class), xml(name))?;
        match end {
            CaseEnd::Passed => writeln!(out, "/>")?,
            CaseEnd::Failed(text) => element(out, "failure", text)?,
            CaseEnd::Error(text) => element(out, "error", text)?,
            CaseEnd::Skipped(text) => element(out, "skipped", text)?,
        }
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn element(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    let first = text.lines().next().unwrap_or_default();
    let text: Vec<String> = text.lines().map(|line| xml(line).into_owned()).collect();
    writeln!(out, "><{name} message=\"{}\">{}</{name}></testcase>", xml(first), text.join("\n"))
}

fn cases(outline: &Outline, repository: &Repository) -> Vec<TestCase> {
    let mut cases = Vec::new();
    let class = || outline.command.to_owned();
    if !outline.errors.is_empty() {
        let end = CaseEnd::Error(outline.errors.join("\nbecause: "));
        cases.push(TestCase { class: class(), name: "run".to_owned(), file: None, end });
    }
    for (id, result) in &outline.results {
        let end = match result {
            FindingResult::Found(0) => CaseEnd::Passed,
            FindingResult::Found(_) => continue,
            FindingResult::NotJudged { .. } => CaseEnd::Error(result.to_string()),
            FindingResult::NotAsked { .. } => CaseEnd::Skipped(result.to_string()),
        };
        cases.push(TestCase { class: class(), name: id.to_string(), file: None, end });
    }
    let mut seen = BTreeSet::new();
    for finding in &outline.findings {
        let class = finding.subject.kind.clone();
        let mut name = format!("{}: {}", finding.id, finding.subject.name);
        if !seen.insert((class.clone(), name.clone())) {
            name = format!("{name} ({})", finding.fingerprint);
            seen.insert((class.clone(), name.clone()));
        }
        let file = finding.place.as_ref().and_then(|place| repository.path(&place.file));
        let end = match &finding.ignored {
            Some((reason, until)) => CaseEnd::Skipped(format!("ignored until {until}: {reason}")),
            None => CaseEnd::Failed(words(finding)),
        };
        cases.push(TestCase { class, name, file, end });
    }
    if cases.is_empty() {
        cases.push(TestCase { class: class(), name: "run".to_owned(), file: None, end: CaseEnd::Passed });
    }
    cases
}

fn words(finding: &ReportedFinding) -> String {
    let FindingText { why, check, .. } = finding.id.text();
    let mut words = vec![format!("{}: {}", finding.severity, finding.sentence())];
    words.extend(finding.way.as_ref().map(|way| format!("by: {way}")));
    words.extend(finding.place.as_ref().map(|place| format!("at: {place}")));
    words.extend(finding.done_by.as_ref().map(|who| format!("done by: {who}")));
    words.extend([
        format!("why: {why}"),
        format!("check: {check}"),
        format!("fingerprint: {}", finding.fingerprint),
    ]);
    words.join("\n")
}
