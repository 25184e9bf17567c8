//! GitLab's code quality report: a list of issues, each at a line of a file.
//!
//! Fact: of issues with one fingerprint only the first is shown.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::pretty;
use super::repository::Repository;
use crate::model::Id;
use crate::review::{FindingSeverity, Outline, fingerprint};

/// What stands for a file where nothing has one: GitLab shows the text and no link.
const NOWHERE: &str = "scw-iam";

/// Writes an issue for each finding, for what could not be judged, and for why a command ended early, so that an empty
/// list always means that nothing was found.
pub(super) fn write(out: &mut dyn Write, outline: &Outline, repository: &Repository) -> io::Result<()> {
    let home = outline.home.as_ref().and_then(|place| repository.path(&place.file));
    let home = home.unwrap_or_else(|| NOWHERE.to_owned());
    let mut issues: Vec<Value> = Vec::new();
    if !outline.errors.is_empty() {
        let text = outline.errors.join(": ");
        issues.push(issue(("error", &text), "error", "blocker", (&home, 1)));
    }
    for (id, result) in outline.not_judged() {
        let organization = outline.organization.unwrap_or(Id::from_bits(0));
        let print = fingerprint(id, organization, "run", "", &["not judged"]);
        issues.push(issue((id.as_str(), &format!("{id}: {result}")), &print, "major", (&home, 1)));
    }
    let mut seen = BTreeSet::new();
    for finding in outline.counting().filter(|finding| seen.insert(&finding.fingerprint)) {
        let place = repository.place_of(outline, finding);
        let path = place.and_then(|place| repository.path(&place.file));
        let line = place.map_or(1, |place| place.line.max(1));
        let severity = match finding.severity {
            FindingSeverity::Critical => "blocker",
            FindingSeverity::High => "critical",
            FindingSeverity::Medium => "major",
            FindingSeverity::Low => "minor",
            FindingSeverity::Info => "info",
        };
        let at = (path.as_deref().unwrap_or(NOWHERE), line);
        let text = format!("{}: {}", finding.id, finding.sentence());
        issues.push(issue((finding.id.as_str(), &text), &finding.fingerprint, severity, at));
    }
    pretty(out, &issues)
}

fn issue((name, text): (&str, &str), fingerprint: &str, severity: &str, (path, line): (&str, u32)) -> Value {
    json!({
        "description": text,
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    })
}
