//! A report on an organization, in every format.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};

use super::csv::Rows;
use super::page::{self, Block, Cell, Page, PageSection, PageTable, TableFold, TableRow, found};
use super::report::Report;
use super::style::Style;
use crate::access::{Grant, GrantScope, Holds};
use crate::model::{
    Activity, AuditedProduct, Catalogue, Inventory, Principal, ProductFamily, Readout, State,
};
use crate::review::{
    AccessProfile, ActivityRow, AnsweredQuestion, Dossier, FamilyUse, FindingId, FindingSeverity, Gauge,
    Outline, PrincipalRow, Since, SinceMark, day, second, several,
};

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

/// The columns of the review file. New ones come at the end.
const REVIEW: [&str; 30] = [
    "kind",
    "id",
    "name",
    "username",
    "status",
    "mfa",
    "last_login",
    "permission_set",
    "scope",
    "project_id",
    "project",
    "group",
    "policy",
    "rule",
    "condition",
    "conditional_now",
    "stack",
    "findings",
    "recommendation",
    "because",
    "reviewer",
    "decision",
    "decided_at",
    "reason",
    "api_keys",
    "organization",
    "taken_at",
    "since",
    "activity",
    "last_call",
];

/// Of more holders than this, profiles are listed instead.
const MOST_HOLDERS: usize = 300;

/// The way by which an owner has everything.
const OWNER: &str = "owner";

/// After so long without a log-in somebody is to be looked at.
const INACTIVE: SignedDuration = SignedDuration::from_hours(90 * 24);

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

    fn questions(&self) -> PageSection {
        let before = self.since.map(|since| numbers_that_matter(&since.earlier));
        let facts = numbers_that_matter(self.dossier)
            .into_iter()
            .enumerate()
            .map(|(at, (name, number))| {
                let before = before.as_ref().and_then(|before| before.get(at)).map(|(_, before)| *before);
                let words = match before {
                    Some(before) if before < number => format!("{number} (+{})", number - before),
                    Some(before) if before > number => format!("{number} (-{})", before - number),
                    Some(_) | None => number.to_string(),
                };
                (name, words)
            })
            .collect();
        let mut blocks = vec![Block::Facts(facts)];
        let escalate: BTreeSet<&Principal> = self.dossier.paths.iter().map(|path| &path.from).collect();
        if !escalate.is_empty() {
            let who = several(escalate.len(), "principal", "principals");
            let words =
                "can escalate, and so could get each of these too: see the part about who can escalate.";
            blocks.push(Block::Words(format!("{who} {words}")));
        }
        for (number, answered) in self.dossier.questions.iter().enumerate() {
            let (rows, humans, machines) = self.answer(answered);
            let caption = format!(
                "Who {}: {}, {}",
                answered.question.name,
                several(humans, "person", "people"),
                several(machines, "application", "applications")
            );
            blocks.push(Block::Table(PageTable {
                id: format!("question-{}", number + 1),
                caption,
                columns: columns(&[("who", "Who"), ("holds", "Holds"), ("way", "Way"), ("now", "Now")]),
                rows,
                fold: TableFold::Closed,
                lines: |row| {
                    let now = match row.get("now") {
                        "yes" => "",
                        "no" => "  [not now: the condition is false]",
                        _ => "  [depends on the condition]",
                    };
                    match row.get("way") {
                        OWNER => vec![format!("{} owns the organization", row.get("who"))],
                        way => vec![
                            format!("{} has {}{now}", row.get("who"), row.get("holds")),
                            format!("← {way}"),
                        ],
                    }
                },
            }));
        }
        PageSection { id: "questions", title: "Questions".to_owned(), blocks }
    }

    /// What is different since an earlier report.
    fn changes(&self, since: &Since) -> PageSection {
        let grants = since.comparison.access.iter().map(|it| {
            let group = it.path.group.as_ref().map(|key| format!("group {key} ← ")).unwrap_or_default();
            let cells = vec![
                it.principal.to_string().into(),
                it.kind.as_str().into(),
                format!("{}{}", self.words(&it.grant), if it.escalates { " [can escalate]" } else { "" })
                    .into(),
                format!("{group}policy {}, rule {}", it.path.policy, it.path.rule + 1).into(),
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
        let words =
            format!("{}; the findings below are marked.", several(new, "new finding", "new findings"));
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

    /// Who holds a profile without holding everything anyway.
    fn holders<'d>(&'d self, answered: &'d AnsweredQuestion, profile: usize) -> Vec<&'d Principal> {
        let holders = self.dossier.profiles.get(profile).map_or(&[][..], |profile| &profile.holders);
        holders.iter().filter(|holder| !answered.owners.contains(holder)).collect()
    }

    /// Returns the rows of a question, by person or, where these are many, by profile; and how many people and applications
    /// they are.
    fn answer(&self, answered: &AnsweredQuestion) -> (Vec<TableRow>, usize, usize) {
        let owner = |owner: &Principal| {
            let cells = vec![link(owner), "everything".into(), OWNER.into(), "yes".into()];
            TableRow { id: None, cells }
        };
        let mut rows: Vec<TableRow> = answered.owners.iter().map(owner).collect();
        let (mut humans, mut machines) = (answered.owners.len(), 0);
        let everybody = answered.who.iter().flat_map(|(profile, _)| self.holders(answered, *profile));
        for holder in everybody {
            match holder {
                Principal::User(_) => humans += 1,
                Principal::Application(_) => machines += 1,
            }
        }
        for (profile, can) in &answered.who {
            let group = can.held.path.group.as_ref().map(|key| format!("group {key} ← ")).unwrap_or_default();
            let way = format!("{group}policy {}, rule {}", can.held.path.policy, can.held.path.rule + 1);
            let holds = match &can.holds {
                Holds::Yes => "yes",
                Holds::No | Holds::Ended(_) => "no",
                Holds::Depends(_) => "depends",
            };
            let holders = self.holders(answered, *profile);
            let row = |who: Cell| {
                let cells = vec![who, self.words(&can.held.grant).into(), way.clone().into(), holds.into()];
                TableRow { id: None, cells }
            };
            if humans + machines <= MOST_HOLDERS {
                rows.extend(holders.into_iter().map(|holder| row(link(holder))));
            } else if !holders.is_empty() {
                let words = format!("profile {}: {}", profile + 1, some_of(holders, 1));
                rows.push(row(Cell::Link(words, format!("profile-{}", profile + 1))));
            }
        }
        (rows, humans, machines)
    }

    fn escalation(&self) -> PageSection {
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

    fn matrix(&self) -> PageSection {
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

    fn held(&self, row: &PrincipalRow) -> Cell {
        let Some(number) = row.profile else {
            return if row.kind == "owner" { "everything".into() } else { "nothing".into() };
        };
        let Some(profile) = self.dossier.profiles.get(number) else { return "nothing".into() };
        let sets: BTreeSet<_> = profile.grants.iter().map(|held| &held.grant.permission_set).collect();
        let text = format!(
            "{} on {}",
            several(sets.len(), "set", "sets"),
            several(profile.cells.len(), "scope", "scopes")
        );
        Cell::Link(text, format!("profile-{}", number + 1))
    }

    fn people(&self) -> PageSection {
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

    fn applications(&self) -> PageSection {
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

    fn profiles(&self) -> PageSection {
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

    /// What Audit Trail recorded; nothing if nobody asked for it.
    fn activity(&self) -> Option<PageSection> {
        let title = "Activity in the last 90 days".to_owned();
        let section = |blocks| Some(PageSection { id: "activity", title, blocks });
        let (rows, activity) = match (self.dossier.activity.as_ref()?, self.inventory.activity.as_ref()?) {
            (Readout::Read(rows), Readout::Read(activity)) => (rows, activity),
            (Readout::Unread { why, helps }, _) | (_, Readout::Unread { why, helps }) => {
                let needs = helps.map(|set| format!("; needs {set}")).unwrap_or_default();
                return section(vec![Block::Words(format!("Not available: {why}{needs}."))]);
            }
        };
        let row = |row: &ActivityRow| {
            let of = |wanted: fn(&FamilyUse) -> bool| {
                let uses = row.uses.iter().filter(|(_, (_, used))| wanted(used));
                let name = |(name, (reads, used)): (&String, &(bool, FamilyUse))| {
                    let reads = if *reads { " (reads)" } else { "" };
                    match used {
                        FamilyUse::Seen(at) => format!("{name}{reads} {}", day(*at)),
                        FamilyUse::NotSeen | FamilyUse::NotRecorded | FamilyUse::NotJudged => {
                            format!("{name}{reads}")
                        }
                    }
                };
                uses.map(name).collect::<Vec<_>>().join(", ")
            };
            let (last, calls, denied) = match &row.activity {
                Some(activity) => {
                    let last = activity.newest().map(|(product, call)| {
                        format!("{} {product} {} in {}", day(call.at), call.method, call.region)
                    });
                    (last.unwrap_or_default(), activity.calls.to_string(), activity.denied.to_string())
                }
                None => ("not looked up".to_owned(), String::new(), String::new()),
            };
            let cells = vec![
                link(&row.principal),
                last.into(),
                calls.into(),
                denied.into(),
                of(|used| matches!(used, FamilyUse::Seen(_))).into(),
                of(|used| *used == FamilyUse::NotSeen).into(),
                of(|used| *used == FamilyUse::NotRecorded).into(),
                of(|used| *used == FamilyUse::NotJudged).into(),
            ];
            TableRow { id: None, cells }
        };
        let table = PageTable {
            id: "activity".to_owned(),
            caption: "Calls that Audit Trail recorded, and the products that each can use".to_owned(),
            columns: columns(&[
                ("who", "Who"),
                ("last_call", "Last call"),
                ("calls", "Calls"),
                ("denied", "Denied"),
                ("seen", "Seen"),
                ("not_seen", "Not seen"),
                ("not_recorded", "Not recorded"),
                ("not_judged", "Not judged"),
            ]),
            rows: rows.iter().map(row).collect(),
            fold: TableFold::Closed,
            lines: |row| {
                let last = match row.get("last_call") {
                    "" => "no call seen".to_owned(),
                    "not looked up" => "not looked up".to_owned(),
                    call => format!("last call {call}"),
                };
                let counts = row.with("; ", "calls", " recorded") + &row.with(", ", "denied", " denied");
                vec![
                    format!("{}: {last}{counts}", row.get("who")),
                    row.with("seen: ", "seen", ""),
                    row.with("not seen: ", "not_seen", ""),
                    row.with("not recorded: ", "not_recorded", ""),
                    row.with("not judged: ", "not_judged", ""),
                ]
            },
        };
        section(vec![Block::Words(about_activity(activity)), Block::Table(table)])
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

    fn numbers(&self) -> Vec<Gauge> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let gauge = |family, help, labels, count| Gauge { family, help, labels, value: number(count) };
        let (people, machines) = (self.dossier.people.len(), self.dossier.applications.len());
        let kinds = [("user", people), ("application", machines)];
        let mut numbers: Vec<Gauge> = kinds
            .into_iter()
            .map(|(kind, count)| {
                let help = "People and applications of the organization.";
                gauge("scw_iam_principals", help, vec![("kind", kind.to_owned())], count)
            })
            .collect();
        for answered in &self.dossier.questions {
            let others = answered.who.iter().map(|(profile, _)| self.holders(answered, *profile).len());
            let count = others.sum::<usize>() + answered.owners.len();
            let help = "Who can, by standing question.";
            let labels = vec![("question", answered.question.name.clone())];
            numbers.push(gauge("scw_iam_question_principals", help, labels, count));
        }
        let who: BTreeSet<&Principal> = self.dossier.paths.iter().map(|path| &path.from).collect();
        let help = "Who can give themselves more access.";
        numbers.push(gauge("scw_iam_escalation_principals", help, Vec::new(), who.len()));
        numbers
    }

    /// Writes a row for each principal, permission set and scope, for somebody to decide about.
    fn review(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = Rows::new(out, &REVIEW)?;
        let activity = self.dossier.activity.as_ref().and_then(Readout::read);
        let activity: HashMap<&Principal, &ActivityRow> =
            activity.into_iter().flatten().map(|row| (&row.principal, row)).collect();
        let everybody = self.dossier.people.iter().chain(&self.dossier.applications);
        for row in everybody {
            let profile = row.profile.and_then(|at| self.dossier.profiles.get(at));
            let Some(profile) = profile else { continue };
            for held in &profile.grants {
                let (recommendation, because) = self.recommend(row, held.grant.condition.as_ref());
                let (project_id, project) = match &held.grant.scope {
                    GrantScope::Project(id) => (
                        id.to_string(),
                        self.state.projects.get(id).map(ToString::to_string).unwrap_or_default(),
                    ),
                    GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => {
                        Default::default()
                    }
                };
                let condition =
                    held.grant.condition.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default();
                let now = self.holds(&held.grant);
                let used = activity.get(&row.principal);
                let used = used.and_then(|row| row.use_of(&held.grant.permission_set));
                rows.row([
                    row.kind,
                    &row.id,
                    &row.principal.key().to_string(),
                    &row.username,
                    row.status,
                    row.mfa.map_or("", yes),
                    &row.last_login_at.map(second).unwrap_or_default(),
                    held.grant.permission_set.as_str(),
                    &held.grant.scope.words(|id| self.state.projects.get(&id)),
                    &project_id,
                    &project,
                    &held.path.group.as_ref().map(ToString::to_string).unwrap_or_default(),
                    &held.path.policy.to_string(),
                    &(held.path.rule + 1).to_string(),
                    &condition,
                    now,
                    &row.stack,
                    &row.findings.join(" "),
                    recommendation,
                    &because,
                    "",
                    "",
                    "",
                    "",
                    &row.api_keys.to_string(),
                    &self.state.organization.to_string(),
                    &second(self.now()),
                    self.since.map_or("", |since| since.grant(&row.principal, &held.grant).as_str()),
                    used.map_or("", FamilyUse::words),
                    &match used {
                        Some(FamilyUse::Seen(at)) => second(at),
                        Some(FamilyUse::NotSeen | FamilyUse::NotRecorded | FamilyUse::NotJudged) | None => {
                            String::new()
                        }
                    },
                ])?;
            }
        }
        rows.end()
    }

    fn holds(&self, grant: &Grant) -> &'static str {
        let resource = crate::access::ResourceFacts::default();
        let request = crate::access::RequestFacts { time: self.now(), ip: None, user_agent: None, resource };
        match crate::access::decide(grant, Some(&request)) {
            Holds::Yes => "yes",
            Holds::No | Holds::Ended(_) => "no",
            Holds::Depends(_) => "depends",
        }
    }

    /// A rule, and not a guess.
    fn recommend(
        &self,
        row: &PrincipalRow,
        condition: Option<&crate::model::Condition>,
    ) -> (&'static str, String) {
        let ended = condition.and_then(crate::review::ends).filter(|at| *at <= self.now());
        if let Some(at) = ended {
            return ("remove", format!("ended on {}", day(at)));
        }
        if let Some(at) = row.last_login_at.filter(|at| self.now().duration_since(*at) > INACTIVE) {
            return ("look", format!("last logged in on {}", day(at)));
        }
        if row.findings.iter().any(|id| id == FindingId::AdminWithoutMfa.as_str()) {
            return ("look", "can escalate, and logs in without a second factor".to_owned());
        }
        ("keep", String::new())
    }
}

/// Names the first of some principals, and counts the others.
fn some_of<'p>(principals: impl IntoIterator<Item = &'p Principal>, most: usize) -> String {
    let mut principals = principals.into_iter();
    let names: Vec<String> = principals.by_ref().take(most).map(ToString::to_string).collect();
    match (names.as_slice(), principals.count()) {
        ([], _) => "nobody".to_owned(),
        ([one], 0) => one.clone(),
        ([few @ .., last], 0) => format!("{} and {last}", few.join(", ")),
        (some, others) => format!("{} and {others} more", some.join(", ")),
    }
}

/// Says what the recorded activity is about, and what it is not.
fn about_activity(activity: &Activity) -> String {
    let mut words = format!(
        "Audit Trail in {}, since {}. It records mostly changes, and not those of every product: a product that is not seen may \
         still be in use, and of what is not recorded nothing can be said.",
        activity.regions.join(", "),
        day(activity.since)
    );
    for (region, why) in &activity.unread {
        words.push_str(&format!(" Not read in full: {region} ({why})."));
    }
    if activity.left_out > 0 {
        words.push_str(&format!(" Not looked up, as they are too many: {}.", activity.left_out));
    }
    let families: Vec<ProductFamily> =
        Catalogue::published().iter().map(|(set, _)| ProductFamily::of(set)).collect();
    let special = "AllProductsFullAccess".parse().ok().map(|set| ProductFamily::of(&set));
    let known = |product: &&AuditedProduct| {
        families.iter().any(|family| Some(family) != special.as_ref() && family.is(product))
    };
    let strange: Vec<&str> =
        activity.products.iter().filter(|it| !known(it)).map(|product| product.name.as_str()).collect();
    if !strange.is_empty() {
        words.push_str(&format!(" Recorded, but of no known permission set: {}.", strange.join(", ")));
    }
    words
}

/// Returns the numbers that a report begins with, each with its name.
fn numbers_that_matter(of: &Dossier) -> Vec<(String, usize)> {
    let Dossier { outline, people, applications, ending, .. } = of;
    let now = outline.now;
    let count = |id: FindingId| outline.counting().filter(|it| it.id == id).count();
    let soon = |at: Timestamp| at > now && at.duration_since(now) <= SignedDuration::from_hours(14 * 24);
    let mut facts = vec![
        ("people".to_owned(), people.len()),
        ("applications".to_owned(), applications.len()),
        ("without a second factor".to_owned(), people.iter().filter(|row| row.mfa == Some(false)).count()),
        ("ends within 14 days".to_owned(), ending.iter().filter(|it| soon(it.at)).count()),
        ("unmanaged objects".to_owned(), count(FindingId::Unmanaged)),
    ];
    for severity in FindingSeverity::ALL {
        let found = outline.counting().filter(|it| it.severity == severity).count();
        facts.push((format!("findings, {severity}"), found));
    }
    facts.push(("not judged".to_owned(), outline.not_judged().count()));
    facts
}

const fn yes(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}

fn link(principal: &Principal) -> Cell {
    Cell::Text(principal.to_string())
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
