//! A plan for a browser: what changes, and what was found.

use super::access::{AccessLine, Folds, openings};
use super::reading::PlanReading;
use super::{drift, text, words};
use crate::model::second;
use crate::plan::{Findings, Plan};
use crate::render::page::{Block, Cell, Page, PageSection, PageTable, TableFold, TableRow, found, plainly};
use crate::render::style::Extent;
use crate::render::wrap::loose;
use crate::review::Outline;

/// Returns the page: access, steps, who did it, findings.
pub(super) fn page(
    (plan, drift): (&Plan, Option<&Findings>),
    reading: PlanReading,
    outline: &Outline,
) -> Page {
    let is_drift = reading == PlanReading::Drift;
    let mut evidence = vec![("organization", organization(plan))];
    evidence.extend(plan.stack().map(|stack| ("stack", stack.to_string())));
    evidence.push(("as of", second(plan.created_at())));
    evidence.push(("summary", summary(plan, drift, is_drift)));
    evidence.push(("tool", format!("scw-iam {}", env!("CARGO_PKG_VERSION"))));
    let mut sections = vec![access(plan, is_drift), steps(plan, reading)];
    sections.extend(drift.and_then(who));
    sections.push(found::section(outline, None));
    let word = if is_drift { "Access drift" } else { "Access plan" };
    let of = plan.stack().map(|stack| format!(" of stack {stack}")).unwrap_or_default();
    Page { title: format!("{word}{of}"), warning: found::warning(outline), evidence, sections }
}

fn organization(plan: &Plan) -> String {
    match plan.organization_name() {
        Some(name) => format!("{name} ({})", plan.organization()),
        None => plan.organization().to_string(),
    }
}

fn summary(plan: &Plan, drift: Option<&Findings>, is_drift: bool) -> String {
    let counts = drift.map(drift::counts).unwrap_or_default();
    let settled = plan.is_empty() && plan.conflicts().is_empty();
    let mut parts = Vec::new();
    if settled && counts.is_empty() {
        parts.push(format!("{}. {}", if is_drift { "No drift" } else { "No changes" }, words::settled(plan)));
    } else if !settled {
        parts.push(words::summary(plan));
    }
    parts.extend(Some(counts).filter(|counts| !counts.is_empty()));
    if plan.refused() && !is_drift {
        parts.push("refused".to_owned());
    }
    loose(&parts.join("; "))
}

fn access(plan: &Plan, is_drift: bool) -> PageSection {
    let folds = Folds::of(plan, is_drift);
    let line = |who: &str, line: &AccessLine| {
        let marks: String = line.marks.iter().map(|mark| format!(" [{mark}]")).collect();
        let what = format!("{}{marks}", loose(&line.what));
        TableRow { id: None, cells: vec![who.into(), what.into(), line.path.clone().into()] }
    };
    let mut rows = Vec::new();
    for fold in &folds.all {
        let note = fold.note(is_drift);
        let note = if note.is_empty() { String::new() } else { format!(", {note}") };
        let who = loose(&format!("{}{note}", fold.names(Extent::Full)));
        rows.extend(folds.lines(fold).iter().flat_map(|it| it.lines()).map(|it| line(&who, it)));
    }
    rows.extend(openings(plan, is_drift).iter().map(|it| line(&it.who, &it.line)));
    let caption = if is_drift { "Live compared with the files" } else { "Who gains and who loses" };
    let blocks = if rows.is_empty() {
        let words = if is_drift { "No difference in access." } else { "No change in access." };
        vec![Block::Words(words.to_owned())]
    } else {
        let columns = [("who", "Who"), ("what", "What"), ("by", "By")];
        vec![Block::Table(table("access", caption, &columns, rows))]
    };
    PageSection { id: "access", title: "Access".to_owned(), blocks }
}

fn steps(plan: &Plan, reading: PlanReading) -> PageSection {
    let rows: Vec<TableRow> = plan
        .steps()
        .iter()
        .map(|step| {
            let (_, sign) = text::mark(&step.action);
            let mut after: Vec<String> = step.after.iter().map(|edge| edge.step.to_string()).collect();
            after.dedup();
            let headline = loose(&words::headline(plan, step));
            let cells = vec![
                step.id.to_string().into(),
                format!("{sign} {headline}").into(),
                Cell::Lines(loose(&text::below(plan, step, reading))),
                after.join(", ").into(),
            ];
            TableRow { id: Some(format!("step-{}", step.id)), cells }
        })
        .collect();
    let title = format!("Steps ({})", rows.len());
    let caption = match reading {
        PlanReading::Plan => "What an apply sends, in this order",
        PlanReading::Drift => "What an apply would change",
    };
    let blocks = if rows.is_empty() {
        vec![Block::Words("No steps.".to_owned())]
    } else {
        let columns = [("step", "Step"), ("what", "What"), ("details", "Details"), ("after", "After")];
        vec![Block::Table(table("steps", caption, &columns, rows))]
    };
    PageSection { id: "steps", title, blocks }
}

fn who(drift: &Findings) -> Option<PageSection> {
    let lines = drift::attributed(drift);
    if lines.is_empty() {
        return None;
    }
    let row = |(what, who): (String, String)| {
        let what = if what.is_empty() { "all findings".to_owned() } else { what };
        TableRow { id: None, cells: vec![what.into(), who.into()] }
    };
    let rows = lines.into_iter().map(row).collect();
    let columns = [("what", "What"), ("who", "Who")];
    let table = table("who", "From Audit Trail, or IAM's own logs", &columns, rows);
    Some(PageSection { id: "attribution", title: "Who did it".to_owned(), blocks: vec![Block::Table(table)] })
}

fn table(id: &str, caption: &str, columns: &[(&'static str, &str)], rows: Vec<TableRow>) -> PageTable {
    PageTable {
        id: id.to_owned(),
        caption: caption.to_owned(),
        columns: columns.iter().map(|(key, name)| (*key, (*name).to_owned())).collect(),
        rows,
        fold: TableFold::Open,
        lines: plainly,
    }
}
