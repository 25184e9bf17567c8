//! What is new and what is gone since an earlier report.

use std::collections::BTreeSet;

use super::{DossierReport, columns};
use crate::model::{count, second};
use crate::render::page::{Block, PageSection, PageTable, TableFold, TableRow, found};
use crate::review::{Since, SinceMark};

impl DossierReport<'_> {
    /// What is different since an earlier report.
    pub(super) fn changes(&self, since: &Since) -> PageSection {
        let grants = since.comparison.access.iter().map(|it| {
            let cells = vec![
                it.principal.to_string().into(),
                it.kind.as_str().into(),
                format!("{}{}", self.words(&it.grant), if it.escalates { " [can escalate]" } else { "" })
                    .into(),
                it.path.to_string().into(),
            ];
            TableRow { id: None, cells }
        });
        let access = PageTable {
            id: "since-access".to_owned(),
            caption: "Access that differs".to_owned(),
            columns: columns(&[
                ("principal", "Who"),
                ("difference", "Difference"),
                ("grant", "What"),
                ("way", "Way"),
            ]),
            rows: grants.collect(),
            fold: TableFold::Open,
            lines: |row| {
                let who = row.get("principal");
                vec![
                    format!("{who} {} {}", row.get("difference"), row.get("grant")),
                    row.with("← ", "way", ""),
                ]
            },
        };
        let gone = since.gone(self.dossier).map(|it| {
            let new: BTreeSet<&str> = since.new_about(self.dossier, it).map(|new| new.id.as_str()).collect();
            let new = new.into_iter().collect::<Vec<_>>().join(", ");
            let cells =
                vec![it.sentence().into(), it.id.as_str().into(), new.into(), it.fingerprint.clone().into()];
            TableRow { id: None, cells }
        });
        let gone = PageTable {
            id: "since-gone".to_owned(),
            caption: "Findings that are gone".to_owned(),
            columns: columns(&[
                ("what", "What"),
                ("finding", "Finding"),
                ("new", "New about the same object"),
                ("fingerprint", "Fingerprint"),
            ]),
            rows: gone.collect(),
            fold: TableFold::Open,
            lines: |row| {
                vec![
                    format!("{} [{}]", row.get("what"), row.get("finding")),
                    row.with("new about the same object: ", "new", ""),
                    row.with("fingerprint ", "fingerprint", ""),
                ]
            },
        };
        let unjudged: Vec<_> = since.lost_sight_of(self.dossier).collect();
        let new = self.dossier.outline.counting().filter(|it| since.finding(it) == SinceMark::New).count();
        let words = format!("{}; the findings below are marked.", count(new, "new finding", "new findings"));
        let mut blocks = vec![Block::Words(words), Block::Table(access), Block::Table(gone)];
        if !unjudged.is_empty() {
            let caption = "Findings that were not looked for this time, and may still be there";
            blocks.push(Block::Table(found::table(
                &unjudged,
                "since-unjudged",
                caption,
                TableFold::Open,
                None,
            )));
        }
        PageSection { id: "since", title: format!("Since {}", second(since.at)), blocks }
    }
}
