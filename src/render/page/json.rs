//! A page for programs: sections by name, tables as lists of objects.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::block::{Block, Page, PageSection};
use crate::render::json::pretty;
use crate::review::{Outline, ReportedFinding, Since};

/// The version of the document: a change that breaks its readers makes it another.
const VERSION: u32 = 1;

/// Writes a page, and what was found.
pub(in crate::render) fn write(
    out: &mut dyn Write,
    page: &Page,
    outline: &Outline,
    since: Option<&Since>,
) -> io::Result<()> {
    let evidence: Map<String, Value> =
        page.evidence.iter().map(|(name, value)| (name.replace(' ', "_"), json!(value))).collect();
    let results: Map<String, Value> =
        outline.results.iter().map(|(id, result)| (id.to_string(), json!(result.to_string()))).collect();
    let sections: Map<String, Value> =
        page.sections.iter().map(|section| (section.id.to_owned(), of_section(section))).collect();
    let findings: Vec<Value> = outline.findings.iter().map(|it| finding(it, since)).collect();
    pretty(
        out,
        &json!({
            "format_version": VERSION,
            "complete": outline.complete(),
            "evidence": evidence,
            "results": results,
            "findings": findings,
            "sections": sections,
        }),
    )
}

fn finding(finding: &ReportedFinding, since: Option<&Since>) -> Value {
    let ignored = finding.ignored.as_ref();
    json!({
        "id": finding.id.as_str(),
        "severity": finding.severity.as_str(),
        "fingerprint": finding.fingerprint,
        "kind": finding.subject.kind,
        "name": finding.subject.name,
        "object": finding.subject.id,
        "what": finding.what,
        "way": finding.way,
        "place": finding.place.as_ref().map(ToString::to_string),
        "since": since.map(|since| since.finding(finding).as_str()),
        "ignored": ignored.map(|(reason, until)| json!({"reason": reason, "until": until.to_string()})),
    })
}

fn of_section(section: &PageSection) -> Value {
    let mut tables = Map::new();
    let mut words: Vec<&str> = Vec::new();
    let mut facts = Map::new();
    for block in &section.blocks {
        match block {
            Block::Words(text) => words.push(text),
            Block::List(items) => words.extend(items.iter().map(String::as_str)),
            Block::Facts(list) => facts.extend(list.iter().map(|(name, value)| (name.clone(), json!(value)))),
            Block::Table(table) => {
                let row = |row: &super::TableRow| -> Value {
                    let cells = table.columns.iter().zip(&row.cells);
                    cells
                        .map(|((key, _), cell)| ((*key).to_owned(), json!(cell.text())))
                        .collect::<Map<_, _>>()
                        .into()
                };
                let rows: Vec<Value> = table.rows.iter().map(row).collect();
                tables.insert(table.id.clone(), json!({"caption": table.caption, "rows": rows}));
            }
        }
    }
    json!({"title": section.title, "words": words, "facts": facts, "tables": tables})
}
