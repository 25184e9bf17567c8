//! People, applications and their API keys.

use super::{DossierReport, columns, yes};
use crate::model::day;
use crate::render::page::{Block, PageSection, PageTable, TableFold, TableRow};
use crate::review::PrincipalRow;

impl DossierReport<'_> {
    pub(super) fn people(&self) -> PageSection {
        let row = |row: &PrincipalRow| {
            let cells = vec![
                row.principal.key().to_string().into(),
                row.username.clone().into(),
                row.kind.into(),
                row.status.into(),
                row.mfa.map_or("not known", yes).into(),
                row.last_login_at.map(day).unwrap_or_else(|| "never".to_owned()).into(),
                row.groups.join(", ").into(),
                self.held(row),
                row.findings.join(", ").into(),
            ];
            TableRow { id: Some(format!("user-{}", row.id)), cells }
        };
        let people = &self.dossier.people;
        let table = PageTable {
            id: "people".to_owned(),
            caption: "People".to_owned(),
            columns: columns(&[
                ("name", "Name"),
                ("username", "Username"),
                ("type", "Type"),
                ("status", "Status"),
                ("mfa", "Second factor"),
                ("last_login", "Last log-in"),
                ("groups", "Groups"),
                ("access", "Access"),
                ("findings", "Findings"),
            ]),
            rows: people.iter().map(row).collect(),
            fold: TableFold::Searched,
            lines: |row| {
                let factor = match row.get("mfa") {
                    "yes" => "second factor",
                    "no" => "no second factor",
                    _ => "second factor not known",
                };
                let login = match row.get("last_login") {
                    "never" => "never logged in".to_owned(),
                    day => format!("last log-in {day}"),
                };
                let facts = format!("{}, {}, {factor}, {login}", row.get("type"), row.get("status"));
                let groups = row.with("; groups: ", "groups", "");
                vec![
                    format!("{}{}", row.get("name"), row.with(" (", "username", ")")),
                    facts,
                    format!("access: {}{groups}", row.get("access")),
                    row.with("findings: ", "findings", ""),
                ]
            },
        };
        PageSection {
            id: "people",
            title: format!("People ({})", people.len()),
            blocks: vec![Block::Table(table)],
        }
    }

    pub(super) fn applications(&self) -> PageSection {
        let row = |row: &PrincipalRow| {
            let cells = vec![
                row.principal.key().to_string().into(),
                row.api_keys.to_string().into(),
                row.groups.join(", ").into(),
                self.held(row),
                row.stack.clone().into(),
                row.findings.join(", ").into(),
            ];
            TableRow { id: Some(format!("application-{}", row.id)), cells }
        };
        let rows = self.dossier.applications.iter().map(row).collect();
        let mut blocks = vec![Block::Table(PageTable {
            id: "applications".to_owned(),
            caption: "Applications".to_owned(),
            columns: columns(&[
                ("name", "Name"),
                ("api_keys", "API keys"),
                ("groups", "Groups"),
                ("access", "Access"),
                ("owner", "Owner"),
                ("findings", "Findings"),
            ]),
            rows,
            fold: TableFold::Searched,
            lines: |row| {
                let keys = match row.get("api_keys") {
                    "0" => "no API key".to_owned(),
                    "1" => "1 API key".to_owned(),
                    keys => format!("{keys} API keys"),
                };
                let groups = row.with("; groups: ", "groups", "");
                vec![
                    format!("{}: {keys}", row.get("name")),
                    format!("access: {}{groups}{}", row.get("access"), row.with("; owner: ", "owner", "")),
                    row.with("findings: ", "findings", ""),
                ]
            },
        })];
        match self.inventory.keys.read() {
            None => blocks.push(Block::Words("The API keys were not read.".to_owned())),
            Some(keys) => {
                let mut keys: Vec<_> = keys.iter().collect();
                keys.sort_by(|a, b| (a.created_at, &a.access_key).cmp(&(b.created_at, &b.access_key)));
                let row = |key: &&crate::model::ApiKeyFacts| {
                    let whose = key
                        .bearer
                        .as_ref()
                        .map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
                    let cells = vec![
                        key.access_key.clone().into(),
                        whose.into(),
                        key.description.clone().into(),
                        key.created_at.map(day).unwrap_or_default().into(),
                        key.expires_at.map_or_else(|| "never".to_owned(), day).into(),
                    ];
                    TableRow { id: Some(format!("key-{}", key.access_key)), cells }
                };
                blocks.push(Block::Table(PageTable {
                    id: "keys".to_owned(),
                    caption: "API keys, the oldest first".to_owned(),
                    columns: columns(&[
                        ("access_key", "Access key"),
                        ("of", "Of"),
                        ("description", "Description"),
                        ("made", "Made"),
                        ("ends", "Ends"),
                    ]),
                    rows: keys.iter().map(row).collect(),
                    fold: TableFold::Closed,
                    lines: |row| {
                        let ends = match row.get("ends") {
                            "never" => "never ends".to_owned(),
                            day => format!("ends {day}"),
                        };
                        vec![
                            format!("{} of {}", row.get("access_key"), row.get("of")),
                            format!(
                                "{}{ends}{}",
                                row.with("made ", "made", ", "),
                                row.with("; ", "description", "")
                            ),
                        ]
                    },
                }));
            }
        }
        let title = format!("Applications ({}) and API keys", self.dossier.applications.len());
        PageSection { id: "applications", title, blocks }
    }
}
