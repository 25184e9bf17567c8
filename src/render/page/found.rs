//! What was found, as sections of a page.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::block::{Block, Cell, Page, PageSection, PageTable, TableFold, TableRow};
use crate::model::count;
use crate::review::{
    FindingId, FindingResult, FindingSeverity, FindingText, Outline, ReportedFinding, Since,
};

/// Returns what is said first where not everything could be judged.
pub(in crate::render) fn warning(outline: &Outline) -> Option<String> {
    if !outline.errors.is_empty() {
        return Some(outline.errors.join(": "));
    }
    let unjudged = outline.not_judged().count();
    (unjudged > 0).then(|| {
        let kinds = count(unjudged, "kind of finding", "kinds of findings");
        format!("Not everything could be judged: {kinds} could not be looked for.")
    })
}

/// Returns the findings by severity, those that are ignored, and what came of all that was looked for.
pub(in crate::render) fn section(outline: &Outline, since: Option<&Since>) -> PageSection {
    let mut blocks = Vec::new();
    let mut by: BTreeMap<(Reverse<FindingSeverity>, FindingId), Vec<&ReportedFinding>> = BTreeMap::new();
    for finding in outline.counting() {
        by.entry((Reverse(finding.severity), finding.id)).or_default().push(finding);
    }
    for ((Reverse(severity), id), of) in by {
        let FindingText { word, title, fine, check, .. } = id.text();
        let fold = match severity {
            FindingSeverity::Critical | FindingSeverity::High | FindingSeverity::Medium => TableFold::Open,
            FindingSeverity::Low | FindingSeverity::Info => TableFold::Closed,
        };
        let fold = if of.len() > 20 { TableFold::Closed } else { fold };
        blocks.push(Block::Table(table(
            &of,
            &format!("{word}-{severity}"),
            &format!("{severity}: {title} [{word}]"),
            fold,
            since,
        )));
        blocks.push(Block::Words(format!("When it is fine: {fine} How to check that it is gone: {check}")));
    }
    let ignored: Vec<&ReportedFinding> = outline.findings.iter().filter(|it| it.ignored.is_some()).collect();
    if !ignored.is_empty() {
        blocks.push(Block::Table(table(
            &ignored,
            "ignored",
            "Ignored for a while",
            TableFold::Closed,
            since,
        )));
    }
    blocks.push(Block::Table(results(outline)));
    let counted = outline.counting().count();
    PageSection { id: "findings", title: format!("Findings ({counted})"), blocks }
}

/// Returns findings as a table, each marked as new or known if there is an earlier report.
pub(in crate::render) fn table(
    findings: &[&ReportedFinding],
    id: &str,
    caption: &str,
    fold: TableFold,
    since: Option<&Since>,
) -> PageTable {
    let columns = ["what", "since", "way", "place", "ignored", "done_by", "fingerprint"];
    let headings = ["What", "Since then", "Way", "Place", "Ignored", "Done by", "Fingerprint"];
    let rows: Vec<[String; 7]> = findings
        .iter()
        .map(|finding| {
            let ignored = finding.ignored.as_ref().map(|(why, until)| format!("{why}, until {until}"));
            [
                finding.sentence(),
                since.map(|since| since.finding(finding).as_str().to_owned()).unwrap_or_default(),
                finding.way.clone().unwrap_or_default(),
                finding.place.as_ref().map(ToString::to_string).unwrap_or_default(),
                ignored.unwrap_or_default(),
                finding.done_by.as_ref().map(ToString::to_string).unwrap_or_default(),
                finding.fingerprint.clone(),
            ]
        })
        .collect();
    // A column that nothing stands in is no column.
    let used: Vec<usize> =
        (0..columns.len()).filter(|at| rows.iter().any(|row| !row[*at].is_empty())).collect();
    PageTable {
        id: id.to_owned(),
        caption: caption.to_owned(),
        columns: used.iter().map(|at| (columns[*at], headings[*at].to_owned())).collect(),
        rows: rows
            .iter()
            .map(|row| {
                let cells = used.iter().map(|at| Cell::Text(row[*at].clone())).collect();
                TableRow { id: Some(format!("finding-{}", row[6])), cells }
            })
            .collect(),
        fold,
        lines: |row| {
            let place = row.with(" (", "place", ")");
            let who = row.with("done by ", "done_by", "");
            let ignored = row.with("ignored: ", "ignored", "");
            let print = row.with("fingerprint ", "fingerprint", "");
            let way = row.with("← ", "way", "");
            let end = [ignored, print].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ");
            vec![format!("{}{}{place}", row.with("", "since", ": "), row.get("what")), way, who, end]
        },
    }
}

fn results(outline: &Outline) -> PageTable {
    let mut rows: Vec<(&FindingResult, TableRow)> = outline
        .results
        .iter()
        .map(|(id, result)| {
            let cells = vec![id.as_str().into(), id.text().title.into(), result.to_string().into()];
            (result, TableRow { id: None, cells })
        })
        .collect();
    rows.sort_by_key(|(result, _)| !matches!(result, FindingResult::NotJudged { .. }));
    PageTable {
        id: "results".to_owned(),
        caption: "What was looked for".to_owned(),
        columns: vec![
            ("finding", "Finding".into()),
            ("title", "What it is".into()),
            ("result", "Result".into()),
        ],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        fold: TableFold::Closed,
        lines: |row| {
            vec![format!("{}: {}", row.get("finding"), row.get("result")), row.get("title").to_owned()]
        },
    }
}

/// Returns a page of what a command found, for a result that has no page of its own.
pub(in crate::render) fn page(outline: &Outline) -> Page {
    let mut evidence = Vec::new();
    evidence.extend(outline.organization.map(|id| ("organization", id.to_string())));
    evidence.extend(outline.stack.clone().map(|stack| ("stack", stack)));
    evidence.push(("tool", format!("scw-iam {}", env!("CARGO_PKG_VERSION"))));
    Page {
        title: format!("scw-iam {}", outline.command),
        warning: warning(outline),
        evidence,
        sections: vec![section(outline, None)],
    }
}
