//! A comparison, in every format.

use std::io::{self, Write};

use super::csv::Rows;
use super::json::pretty;
use super::page::{self, Block, Cell, Page, PageSection, PageTable, TableFold, TableRow};
use super::report::Report;
use super::style::Style;
use crate::model::{Id, Principal, ProjectName, State};
use crate::review::{Comparison, DifferenceKind, GrantDifference};

use serde_json::{Value, json};

/// A comparison as a result.
#[derive(Debug, Clone)]
pub struct ComparisonReport<'a> {
    /// What differs.
    pub comparison: &'a Comparison,
    /// Both sides, for the names of projects.
    pub states: Vec<&'a State>,
    /// What is compared, in words.
    pub title: String,
}

/// The columns of the access that differs. New ones come at the end.
const COLUMNS: [&str; 9] = [
    "principal",
    "difference",
    "permission_set",
    "scope",
    "condition",
    "group",
    "policy",
    "rule",
    "escalates",
];

impl ComparisonReport<'_> {
    fn project(&self, id: Id) -> Option<&ProjectName> {
        self.states.iter().rev().find_map(|state| state.projects.get(&id))
    }

    fn cells(&self, it: &GrantDifference) -> [String; 9] {
        [
            it.principal.to_string(),
            it.kind.as_str().to_owned(),
            it.grant.permission_set.to_string(),
            it.grant.scope.words(|id| self.project(id)),
            it.grant.condition.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default(),
            it.path.group.as_ref().map(ToString::to_string).unwrap_or_default(),
            it.path.policy.to_string(),
            (it.path.rule + 1).to_string(),
            if it.escalates { "yes".to_owned() } else { String::new() },
        ]
    }

    fn page(&self) -> Page {
        let Comparison { access, objects, unknown, pair } = self.comparison;
        if let Some((first, second)) = pair {
            return self.page_of_pair(first, second);
        }
        let mut sections = Vec::new();
        let table =
            |id: &str, caption: &str, columns: &[(&'static str, &str)], rows: Vec<TableRow>| PageTable {
                id: id.to_owned(),
                caption: caption.to_owned(),
                columns: columns.iter().map(|(key, name)| (*key, (*name).to_owned())).collect(),
                rows,
                fold: TableFold::Open,
                lines: |row| match row.get("way") {
                    "" => vec![format!("{}: {}", row.get("object"), row.get("what"))],
                    way => vec![
                        format!("{} {} {}", row.get("principal"), row.get("difference"), row.get("grant")),
                        format!("← {way}"),
                    ],
                },
            };
        if !access.is_empty() {
            let row = |it: &GrantDifference| {
                let mark = if it.escalates { " [can escalate]" } else { "" };
                let grant = it.grant.words(|id| self.project(id));
                let cells: Vec<Cell> = vec![
                    it.principal.to_string().into(),
                    it.kind.as_str().into(),
                    format!("{grant}{mark}").into(),
                    it.path.to_string().into(),
                ];
                TableRow { id: None, cells }
            };
            let columns =
                [("principal", "Who"), ("difference", "Difference"), ("grant", "What"), ("way", "Way")];
            let rows = access.iter().map(row).collect();
            let blocks = vec![Block::Table(table("access", "Access that differs", &columns, rows))];
            sections.push(PageSection { id: "access", title: format!("Access ({})", access.len()), blocks });
        }
        if !objects.is_empty() {
            let row = |it: &crate::review::ObjectDifference| TableRow {
                id: None,
                cells: vec![it.address.to_string().into(), it.what.clone().into()],
            };
            let columns = [("object", "Object"), ("what", "What")];
            let rows = objects.iter().map(row).collect();
            let blocks = vec![Block::Table(table("objects", "Objects that differ", &columns, rows))];
            sections.push(PageSection {
                id: "objects",
                title: format!("Objects ({})", objects.len()),
                blocks,
            });
        }
        if !unknown.is_empty() {
            let names: Vec<String> = unknown.iter().map(ToString::to_string).collect();
            let words =
                format!("The members of these groups are not known on one side: {}.", names.join(", "));
            let blocks = vec![Block::Words(words)];
            sections.push(PageSection { id: "unknown", title: "Not known".to_owned(), blocks });
        }
        if self.comparison.is_empty() {
            let blocks = vec![Block::Words("Nothing differs.".to_owned())];
            sections.insert(0, PageSection { id: "access", title: "Access (0)".to_owned(), blocks });
        }
        let evidence = vec![("tool", format!("scw-iam {}", env!("CARGO_PKG_VERSION")))];
        Page { title: self.title.clone(), warning: None, evidence, sections }
    }
}

impl ComparisonReport<'_> {
    /// What each of two principals has that the other has not.
    fn page_of_pair(&self, first: &Principal, second: &Principal) -> Page {
        let access = &self.comparison.access;
        let section = |id: &'static str, kind: DifferenceKind, has: &Principal, not: &Principal| {
            let row = |it: &GrantDifference| {
                let mark = if it.escalates { " [can escalate]" } else { "" };
                let grant = it.grant.words(|id| self.project(id));
                TableRow {
                    id: None,
                    cells: vec![format!("{grant}{mark}").into(), it.path.to_string().into()],
                }
            };
            let rows: Vec<TableRow> = access.iter().filter(|it| it.kind == kind).map(row).collect();
            let title = format!("Only {has} has ({})", rows.len());
            let block = if rows.is_empty() {
                Block::Words(format!("Nothing that {not} does not have."))
            } else {
                Block::Table(PageTable {
                    id: id.to_owned(),
                    caption: format!("What {has} has and {not} does not"),
                    columns: vec![("grant", "What".to_owned()), ("way", "Way".to_owned())],
                    rows,
                    fold: TableFold::Open,
                    lines: |row| vec![row.get("grant").to_owned(), row.with("← ", "way", "")],
                })
            };
            PageSection { id, title, blocks: vec![block] }
        };
        let sections = vec![
            section("only-second", DifferenceKind::Gained, second, first),
            section("only-first", DifferenceKind::Lost, first, second),
        ];
        let evidence = vec![("tool", format!("scw-iam {}", env!("CARGO_PKG_VERSION")))];
        Page { title: self.title.clone(), warning: None, evidence, sections }
    }
}

impl Report for ComparisonReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        page::text(out, &self.page(), style)
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        page::markdown(out, &self.page())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let access: Vec<Value> = self
            .comparison
            .access
            .iter()
            .map(|it| {
                let cells = self.cells(it);
                let fields = COLUMNS.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
                fields.collect::<serde_json::Map<_, _>>().into()
            })
            .collect();
        let object =
            |it: &crate::review::ObjectDifference| json!({"object": it.address.to_string(), "what": it.what});
        let objects: Vec<Value> = self.comparison.objects.iter().map(object).collect();
        let unknown: Vec<String> = self.comparison.unknown.iter().map(ToString::to_string).collect();
        pretty(
            out,
            &json!({"format_version": 1, "access": access, "objects": objects, "members_not_known": unknown}),
        )
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = Rows::new(out, &COLUMNS)?;
        self.comparison.access.iter().try_for_each(|it| rows.row(self.cells(it)))?;
        rows.end()
    }

    fn html(&self, out: &mut dyn Write) -> io::Result<()> {
        page::html(out, &self.page())
    }
}
