//! SARIF 2.1.0, as GitHub's code scanning reads it.
//!
//! Source: docs.github.com, "SARIF support for code scanning": a result without a place in a file makes it refuse the
//! whole file, and of the fingerprints it uses `primaryLocationLineHash` alone.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::pretty;
use super::repository::Repository;
use crate::review::{FindingId, FindingSeverity, FindingText, Outline, ReportedFinding};

/// GitHub refuses a file with more results in a run.
const MOST_RESULTS: usize = 25_000;

/// Writes what a command found.
///
/// # Errors
/// When the writer fails, or a finding has no place in the repository.
pub(super) fn write(out: &mut dyn Write, outline: &Outline, repository: &Repository) -> io::Result<()> {
    let counting: Vec<&ReportedFinding> = outline.counting().collect();
    let results = counting.iter().take(MOST_RESULTS);
    let results: Vec<Value> =
        results.map(|finding| result(outline, finding, repository)).collect::<io::Result<_>>()?;
    let mut notifications: Vec<Value> = Vec::new();
    for (id, why) in outline.not_judged() {
        notifications.push(json!({
            "level": "warning",
            "message": {"text": format!("{id}: {why}")},
            "associatedRule": {"id": id.as_str(), "index": index(id)},
        }));
    }
    if !outline.errors.is_empty() {
        notifications.push(json!({"level": "error", "message": {"text": outline.errors.join(": ")}}));
    }
    if counting.len() > MOST_RESULTS {
        let more = counting.len() - MOST_RESULTS;
        let text =
            format!("{more} more findings are not listed, because code scanning takes {MOST_RESULTS}.");
        notifications.push(json!({"level": "warning", "message": {"text": text}}));
    }
    let stack = outline.stack.as_deref().unwrap_or("none");
    let rules: Vec<Value> = sorted().into_iter().map(rule).collect();
    let counts: Value = outline
        .results
        .iter()
        .map(|(id, result)| (id.as_str().to_owned(), Value::from(result.to_string())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let run = json!({
        "tool": {"driver": {
            "name": "scw-iam",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
        }},
        // Two stacks, and plan and drift of one, are shown side by side.
        "automationDetails": {"id": format!("scw-iam/{}/{stack}/", outline.command)},
        "invocations": [{
            "executionSuccessful": outline.complete(),
            "toolExecutionNotifications": notifications,
        }],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "ignored": outline.findings.len() - counting.len(),
            "lookedFor": counts,
        },
    });
    pretty(
        out,
        &json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }),
    )
}

/// Every finding there can be, so that the rules are the same in every run.
fn sorted() -> Vec<FindingId> {
    let mut ids = FindingId::ALL.to_vec();
    ids.sort_unstable_by_key(|id| id.as_str());
    ids
}

fn index(id: FindingId) -> usize {
    sorted().iter().position(|it| *it == id).unwrap_or_default()
}

const fn level(severity: FindingSeverity) -> &'static str {
    match severity {
        FindingSeverity::Critical | FindingSeverity::High => "error",
        FindingSeverity::Medium => "warning",
        FindingSeverity::Low | FindingSeverity::Info => "note",
    }
}

fn rule(id: FindingId) -> Value {
    let FindingText { word, severity, title, why, fine, check } = id.text();
    let mut properties = json!({"tags": ["security", "iam"], "precision": "high"});
    let score = match severity {
        FindingSeverity::Critical => Some("9.1"),
        FindingSeverity::High => Some("7.5"),
        FindingSeverity::Medium => Some("5.0"),
        FindingSeverity::Low => Some("2.0"),
        FindingSeverity::Info => None,
    };
    if let Some(score) = score {
        properties["security-severity"] = score.into();
    }
    let help = format!("{why}\n\nWhen it is fine: {fine}\n\nHow to check that it is gone: {check}");
    json!({
        "id": word,
        "shortDescription": {"text": format!("{title}.")},
        "fullDescription": {"text": why},
        "help": {"text": help, "markdown": help},
        "helpUri": format!("{}/blob/main/docs/findings.md#{word}", env!("CARGO_PKG_REPOSITORY")),
        "defaultConfiguration": {"level": level(severity)},
        "properties": properties,
    })
}

fn result(outline: &Outline, finding: &ReportedFinding, repository: &Repository) -> io::Result<Value> {
    let place = repository.place_of(outline, finding);
    let Some((place, uri)) = place.and_then(|place| Some((place, repository.uri(&place.file)?))) else {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "SARIF shows every finding in a file of the repository, and here is none: name the files as a path in it",
        ));
    };
    let way = finding.way.as_ref().map(|way| format!(" ← {way}")).unwrap_or_default();
    let who = finding.done_by.as_ref().filter(|who| who.done_by().is_some());
    let who = who.map(|who| format!(" Done by: {who}.")).unwrap_or_default();
    let (line, column) = (place.line.max(1), place.column.max(1));
    let mut logical = json!({"kind": "resource", "fullyQualifiedName": finding.subject.to_string()});
    if !finding.subject.name.is_empty() {
        logical["name"] = finding.subject.name.as_str().into();
    }
    Ok(json!({
        "ruleId": finding.id.as_str(),
        "ruleIndex": index(finding.id),
        "level": level(finding.severity),
        "message": {"text": format!("{}{way}.{who}", finding.sentence().trim_end_matches('.'))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri},
                "region": {
                    "startLine": line,
                    "startColumn": column,
                    "endLine": line,
                    "endColumn": column + 1,
                },
            },
            "logicalLocations": [logical],
        }],
        // The first is the one that GitHub goes by: of its own making, two findings at one line would be one alert.
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "scwIam/v1": finding.fingerprint,
        },
    }))
}
