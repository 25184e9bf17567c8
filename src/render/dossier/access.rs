//! Who can escalate, and who holds which profile.

use std::collections::BTreeSet;

use super::{DossierReport, columns, link, some_of};
use crate::access::GrantScope;
use crate::model::{Principal, Readout, count};
use crate::render::page::{Block, Cell, PageSection, PageTable, TableFold, TableRow};
use crate::review::{AccessProfile, PrincipalRow};

impl DossierReport<'_> {
    pub(super) fn escalation(&self) -> PageSection {
        let rows: Vec<TableRow> = self
            .dossier
            .paths
            .iter()
            .map(|path| {
                let conditional = path.hops.iter().any(|hop| hop.conditional);
                let cells = vec![
                    link(&path.from),
                    path.end.to_string().into(),
                    path.words().into(),
                    if conditional { "under a condition".into() } else { "always".into() },
                ];
                TableRow { id: None, cells }
            })
            .collect();
        let who: BTreeSet<&Principal> = self.dossier.paths.iter().map(|path| &path.from).collect();
        let mut note =
            "Not modelled: keys outside of the organization, and policies of resources.".to_owned();
        if let Readout::Unread { why, .. } = &self.inventory.delivered {
            note.push_str(&format!(" Not judged: who can read keys that are delivered to secrets ({why})."));
        }
        let table = PageTable {
            id: "paths".to_owned(),
            caption: "The shortest path to each end point".to_owned(),
            columns: columns(&[("who", "Who"), ("reaches", "Reaches"), ("path", "Path"), ("when", "When")]),
            rows,
            fold: TableFold::Open,
            lines: |row| {
                let when =
                    if row.get("when") == "always" { String::new() } else { row.with("  [", "when", "]") };
                vec![
                    format!("{} reaches {}{when}", row.get("who"), row.get("reaches")),
                    row.get("path").to_owned(),
                ]
            },
        };
        let blocks = vec![Block::Words(note), Block::Table(table)];
        PageSection { id: "escalation", title: format!("Who can escalate ({})", who.len()), blocks }
    }

    /// Every scope that somebody holds something on.
    fn scopes(&self) -> Vec<GrantScope> {
        let scopes: BTreeSet<&GrantScope> =
            self.dossier.profiles.iter().flat_map(|profile| profile.cells.keys()).collect();
        scopes.into_iter().cloned().collect()
    }

    pub(super) fn matrix(&self) -> PageSection {
        let scopes = self.scopes();
        let mut columns = vec![("profile", "Profile".to_owned()), ("holders", "Holders".to_owned())];
        columns.extend(scopes.iter().map(|scope| ("scope", scope.words(|id| self.state.projects.get(&id)))));
        let row = |(at, profile): (usize, &AccessProfile)| {
            let mut cells = vec![
                Cell::Link(format!("profile {}", at + 1), format!("profile-{}", at + 1)),
                profile.holders.len().to_string().into(),
            ];
            cells.extend(scopes.iter().map(|scope| {
                let cell = profile.cells.get(scope);
                Cell::from(cell.map(|(count, letter)| format!("{count} {letter}")).unwrap_or_default())
            }));
            TableRow { id: None, cells }
        };
        let table = PageTable {
            id: "matrix".to_owned(),
            caption: "Number of permission sets, and the highest: F full, W write, R read".to_owned(),
            columns,
            rows: self.dossier.profiles.iter().enumerate().map(row).collect(),
            fold: TableFold::Closed,
            lines: |row| {
                let scopes = row.all().skip(2).filter(|(_, _, text)| !text.is_empty());
                let scopes: Vec<String> = scopes.map(|(_, scope, text)| format!("{scope} {text}")).collect();
                let holders = row.get("holders");
                let noun = if holders == "1" { "holder" } else { "holders" };
                vec![format!("{} ({holders} {noun})", row.get("profile")), scopes.join("; ")]
            },
        };
        let title = "Access profiles and projects".to_owned();
        PageSection { id: "matrix", title, blocks: vec![Block::Table(table)] }
    }

    pub(super) fn held(&self, row: &PrincipalRow) -> Cell {
        let Some(number) = row.profile else {
            return if row.kind == "owner" { "everything".into() } else { "nothing".into() };
        };
        let Some(profile) = self.dossier.profiles.get(number) else { return "nothing".into() };
        let sets: BTreeSet<_> = profile.grants.iter().map(|held| &held.grant.permission_set).collect();
        let text = format!(
            "{} on {}",
            count(sets.len(), "set", "sets"),
            count(profile.cells.len(), "scope", "scopes")
        );
        Cell::Link(text, format!("profile-{}", number + 1))
    }

    pub(super) fn profiles(&self) -> PageSection {
        let mut rows = Vec::new();
        for (at, profile) in self.dossier.profiles.iter().enumerate() {
            for (number, (group, policy)) in profile.ways.iter().enumerate() {
                let of = profile
                    .grants
                    .iter()
                    .filter(|held| held.path.group == *group && held.path.policy == *policy);
                let grants: BTreeSet<String> = of.map(|held| self.words(&held.grant)).collect();
                let cells = vec![
                    match number {
                        0 => format!("profile {}: {}", at + 1, some_of(&profile.holders, 3)).into(),
                        _ => format!("profile {}", at + 1).into(),
                    },
                    group.as_ref().map(ToString::to_string).unwrap_or_default().into(),
                    policy.to_string().into(),
                    grants.into_iter().collect::<Vec<_>>().join("; ").into(),
                ];
                let id = (number == 0).then(|| format!("profile-{}", at + 1));
                rows.push(TableRow { id, cells });
            }
        }
        let table = PageTable {
            id: "profiles".to_owned(),
            caption: "What each profile grants, and by which group and policy".to_owned(),
            columns: columns(&[
                ("profile", "Profile"),
                ("group", "Group"),
                ("policy", "Policy"),
                ("grants", "Grants"),
            ]),
            rows,
            fold: TableFold::Closed,
            lines: |row| {
                let group = row.with("group ", "group", " ← ");
                vec![
                    row.get("profile").to_owned(),
                    row.get("grants").to_owned(),
                    format!("← {group}policy {}", row.get("policy")),
                ]
            },
        };
        let title = format!("Profiles ({})", self.dossier.profiles.len());
        PageSection { id: "profiles", title, blocks: vec![Block::Table(table)] }
    }
}
