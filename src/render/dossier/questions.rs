//! What a report answers first: the numbers that matter, and who can.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{DossierReport, columns, link, some_of};
use crate::access::Holds;
use crate::model::{Principal, count};
use crate::render::page::{Block, Cell, PageSection, PageTable, TableFold, TableRow};
use crate::review::{AnsweredQuestion, Dossier, FindingId, FindingSeverity, Gauge};

/// Of more holders than this, profiles are listed instead.
const MOST_HOLDERS: usize = 300;

/// The way by which an owner has everything.
const OWNER: &str = "owner";

impl DossierReport<'_> {
    pub(super) fn questions(&self) -> PageSection {
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
            let who = count(escalate.len(), "principal", "principals");
            let words = "can escalate, and so could get all of this too; see \"Who can escalate\".";
            blocks.push(Block::Words(format!("{who} {words}")));
        }
        for (number, answered) in self.dossier.questions.iter().enumerate() {
            let (rows, humans, machines) = self.answer(answered);
            let caption = format!(
                "Who {}: {}, {}",
                answered.question.name,
                count(humans, "person", "people"),
                count(machines, "application", "applications")
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
            let way = can.held.path.to_string();
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

    pub(super) fn numbers(&self) -> Vec<Gauge> {
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
