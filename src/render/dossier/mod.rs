//! A report on an organization, in every format.

mod access;
mod activity;
mod principals;
mod questions;
mod review;
mod since;

use std::io::{self, Write};

use jiff::Timestamp;

use super::page::{self, Block, Cell, Page, PageSection, PageTable, TableFold, TableRow, found};
use super::report::Report;
use super::style::Style;
use crate::access::Grant;
use crate::model::{Inventory, Principal, State, day, joined};
use crate::review::{Dossier, FindingId, Outline, Since};

/// What a report was made from, each with its name.
pub type Evidence = Vec<(&'static str, String)>;

/// A report as a result.
#[derive(Debug, Clone)]
pub struct DossierReport<'a> {
    /// What it tells.
    pub dossier: &'a Dossier,
    /// The organization that it is about.
    pub state: &'a State,
    /// What is known beside access.
    pub inventory: &'a Inventory,
    /// What it was made from.
    pub evidence: Evidence,
    /// What is new and what is gone, if it is compared with an earlier report.
    pub since: Option<&'a Since>,
}

impl Report for DossierReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        page::text(out, &self.page(), style)
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        page::markdown(out, &self.page())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        page::json(out, &self.page(), &self.dossier.outline, self.since)
    }

    fn outline(&self) -> Option<Outline> {
        let mut outline = self.dossier.outline.clone();
        outline.numbers = self.numbers();
        Some(outline)
    }

    fn html(&self, out: &mut dyn Write) -> io::Result<()> {
        page::html(out, &self.page())
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        self.review(out)
    }
}

impl DossierReport<'_> {
    fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.state.projects.get(&id))
    }

    fn now(&self) -> Timestamp {
        self.dossier.outline.now
    }

    fn page(&self) -> Page {
        let outline = &self.dossier.outline;
        let name = if self.inventory.title.is_empty() {
            self.state.organization.to_string()
        } else {
            self.inventory.title.clone()
        };
        let mut sections = vec![self.questions()];
        sections.extend(self.since.map(|since| self.changes(since)));
        sections.extend([
            found::section(outline, self.since),
            self.escalation(),
            self.matrix(),
            self.people(),
            self.applications(),
            self.profiles(),
        ]);
        sections.extend(self.activity());
        sections.extend([self.ends(), self.unowned(), limits()]);
        Page {
            title: format!("Access report of {name}"),
            warning: found::warning(outline),
            evidence: self.evidence.clone(),
            sections,
        }
    }

    fn ends(&self) -> PageSection {
        let row = |it: &crate::review::EndingAccess| {
            let ended = if it.at <= self.now() { " (ended)" } else { "" };
            let cells = vec![
                format!("{}{ended}", day(it.at)).into(),
                it.what.clone().into(),
                it.gives.clone().into(),
            ];
            TableRow { id: None, cells }
        };
        let table = PageTable {
            id: "ends".to_owned(),
            caption: "What ends by itself, by date".to_owned(),
            columns: columns(&[("when", "When"), ("what", "What"), ("gives", "Gives")]),
            rows: self.dossier.ending.iter().map(row).collect(),
            fold: TableFold::Open,
            lines: |row| {
                vec![format!("{} {}", row.get("when"), row.get("what")), row.get("gives").to_owned()]
            },
        };
        let title = format!("What ends ({})", self.dossier.ending.len());
        PageSection { id: "ends", title, blocks: vec![Block::Table(table)] }
    }

    fn unowned(&self) -> PageSection {
        let of = |id: FindingId, name: &str, caption: &str| {
            let found = self.dossier.outline.counting().filter(|it| it.id == id);
            let row = |it: &crate::review::ReportedFinding| TableRow {
                id: None,
                cells: vec![it.subject.to_string().into(), it.what.clone().into()],
            };
            Block::Table(PageTable {
                id: name.to_owned(),
                caption: caption.to_owned(),
                columns: columns(&[("object", "Object"), ("what", "What")]),
                rows: found.map(row).collect(),
                fold: TableFold::Closed,
                lines: |row| vec![format!("{} {}", row.get("object"), row.get("what"))],
            })
        };
        let blocks = vec![
            of(FindingId::Unmanaged, "unmanaged", "No stack owns these"),
            of(FindingId::ProductMade, "product-made", "Products made these"),
        ];
        PageSection { id: "unowned", title: "What nobody owns".to_owned(), blocks }
    }
}

const fn yes(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}

fn link(principal: &Principal) -> Cell {
    Cell::Text(principal.to_string())
}

/// Names the first of some principals, and counts the others.
fn some_of<'p>(principals: impl IntoIterator<Item = &'p Principal>, most: usize) -> String {
    let mut principals = principals.into_iter();
    let mut names: Vec<String> = principals.by_ref().take(most).map(ToString::to_string).collect();
    let others = principals.count();
    names.extend((others > 0).then(|| format!("{others} more")));
    if names.is_empty() { "nobody".to_owned() } else { joined(&names) }
}

fn columns(names: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    names.iter().map(|(key, heading)| (*key, (*heading).to_owned())).collect()
}

/// What no report can see.
pub const LIMITS: [&str; 6] = [
    "Where keys are stored (workloads, CI systems, laptops) is not known, only that a key exists and whose it is.",
    "Policies of resources, such as bucket policies of Object Storage, are not read.",
    "Access that products grant by other means (database passwords, cluster tokens) is not part of IAM.",
    "Conditions on the address or the resource of a request are shown, but only conditions on the time are evaluated.",
    "Audit Trail records mostly changes, and not for every product. A principal that only reads looks idle.",
    "Group members that no list shows, such as those of products, are shown by their ids.",
];

fn limits() -> PageSection {
    let items = LIMITS.iter().map(|text| (*text).to_owned()).collect();
    PageSection { id: "limits", title: "What cannot be seen".to_owned(), blocks: vec![Block::List(items)] }
}
