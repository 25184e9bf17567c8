//! The results of assertions and guardrails: the result of `test`.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::paint::Ink;
use super::report::Report;
use super::style::Style;
use crate::access::{
    Broken, Everything, broken_assertions, granted, includes, judge_guardrails, nearly_granted, sentence,
    single_scope,
};
use crate::model::{Address, Assertion, Catalogue, Desired, Expectation, Guardrail, Id, Place, State, Where};
use crate::review::{FindingId, Outline, ReportedFinding, Subject, fingerprint};

/// An assertion or a guardrail, and what breaks it.
#[derive(Debug, Serialize)]
struct Judged {
    kind: &'static str,
    what: String,
    place: String,
    #[serde(skip)]
    at: Place,
    broken: Vec<String>,
    /// The wider set by which somebody can it.
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<String>,
    /// Why files alone cannot tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<String>,
}

impl Judged {
    /// What stands behind the sentence.
    fn note(&self) -> String {
        let through = self.through.as_ref().map(|set| format!(" through {set}"));
        let open = self.not_judged.as_ref().filter(|_| self.broken.is_empty());
        let open = open.map(|why| format!(" [not judged: {why}]"));
        through.into_iter().chain(open).collect()
    }
}

/// All assertions and guardrails of the files, judged on a state.
#[derive(Debug)]
pub struct TestReport {
    organization: Id,
    stack: Option<String>,
    judged: Vec<Judged>,
}

impl TestReport {
    /// Judges them.
    #[must_use]
    pub fn of(desired: &Desired) -> Self {
        Self::on(&desired.organization(None), desired)
    }

    /// Judges them on a state: what the files give, or what is live.
    #[must_use]
    pub fn on(state: &State, desired: &Desired) -> Self {
        let stack = desired.stack.as_ref().map(ToString::to_string);
        Self { organization: desired.state.organization, stack, judged: judge(state, desired) }
    }

    /// Returns how many are broken.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.judged.iter().filter(|judged| !judged.broken.is_empty()).count()
    }

    fn passed(&self) -> usize {
        self.judged.len() - self.failed()
    }
}

impl Report for TestReport {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        for one in &self.judged {
            let (ink, word) = if one.broken.is_empty() { (Ink::Add, "ok") } else { (Ink::Alarm, "FAILED") };
            let word = style.paint.text(ink, word);
            let (what, note) = (terminal(&one.what), one.note());
            writeln!(out, "{word} {} {what}{} ({})", one.kind, terminal(&note), terminal(&one.place))?;
            for line in &one.broken {
                writeln!(out, "    {}", terminal(line))?;
            }
        }
        writeln!(out, "{} passed, {} failed", self.passed(), self.failed())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### Access tests\n\n**{} passed, {} failed**\n", self.passed(), self.failed())?;
        for one in &self.judged {
            let sign = if one.broken.is_empty() { "✅" } else { "🛑" };
            let (what, note) = (escape(&one.what), one.note());
            writeln!(out, "- {sign} {} {what}{} ({})", one.kind, escape(&note), escape(&one.place))?;
            for line in &one.broken {
                writeln!(out, "  - {}", escape(line))?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        pretty(out, &json!({"failed": self.failed(), "results": self.judged}))
    }

    fn outline(&self) -> Option<Outline> {
        let (organization, stack) = (Some(self.organization), self.stack.clone());
        let mut outline = Outline { organization, stack, ..Outline::new("test", Timestamp::UNIX_EPOCH) };
        for one in self.judged.iter().filter(|judged| !judged.broken.is_empty()) {
            outline.findings.push(ReportedFinding {
                id: FindingId::Broken,
                severity: FindingId::Broken.text().severity,
                subject: Subject { kind: one.kind.to_owned(), name: format!("`{}`", one.what), id: None },
                what: format!("is violated: {}", one.broken.join("; ")),
                way: None,
                place: Some(one.at.clone()),
                fingerprint: fingerprint(
                    FindingId::Broken,
                    self.organization,
                    one.kind,
                    &one.what,
                    &["test"],
                ),
                ignored: None,
                done_by: None,
            });
        }
        Some(outline.counted([FindingId::Broken]))
    }
}

fn judge(state: &State, desired: &Desired) -> Vec<Judged> {
    let catalogue = Catalogue::published();
    let everything = Everything::of(state);
    let assertions = broken_assertions(&everything, catalogue, &desired.assertions);
    let judgement = judge_guardrails(&everything, catalogue, &desired.guardrails);
    let nearly = |broken: &Broken| match broken.by {
        Some(_) => None,
        None => nearly_granted(&everything, catalogue, desired.assertions.get(broken.sentence)?),
    };
    let why = |broken: &[Broken], at: usize, with_principal: bool| -> Vec<String> {
        broken
            .iter()
            .filter(|broken| broken.sentence == at)
            .map(|broken| match nearly(broken) {
                Some((held, lack)) if !with_principal => {
                    format!(
                        "nothing grants it; nearest: {}, {lack}",
                        held.grant.words(|id| state.projects.get(&id))
                    )
                }
                _ => words(state, desired, broken, with_principal),
            })
            .collect()
    };
    let assertions = desired.assertions.iter().enumerate().map(|(at, assertion)| Judged {
        kind: "assertion",
        what: sentence(state, assertion),
        place: assertion.at.to_string(),
        at: assertion.at.clone(),
        broken: why(&assertions, at, false),
        through: match assertion.expectation {
            Expectation::Can => granted(&everything, catalogue, assertion)
                .map(|held| held.grant.permission_set)
                .filter(|set| *set != assertion.permission_set)
                .map(|set| set.to_string()),
            Expectation::Cannot => None,
        },
        not_judged: not_seen(&everything, catalogue, assertion),
    });
    let guardrails = desired.guardrails.iter().enumerate().map(|(at, guardrail)| Judged {
        kind: "guardrail",
        what: guardrail.name.clone(),
        place: guardrail.at.to_string(),
        at: guardrail.at.clone(),
        broken: {
            let unjudged = judgement.unjudged.iter().filter(|unjudged| unjudged.sentence == at);
            unjudged.map(ToString::to_string).chain(why(&judgement.broken, at, true)).collect()
        },
        through: None,
        not_judged: not_known(state, guardrail),
    });
    assertions.chain(guardrails).collect()
}

/// Says which groups could break a `cannot`, or keep a `can`, and cannot be seen into.
fn not_seen(everything: &Everything<'_>, catalogue: &Catalogue, assertion: &Assertion) -> Option<String> {
    let on = single_scope(&assertion.on)?;
    let set = &assertion.permission_set;
    let groups: BTreeSet<String> = everything
        .unseen()
        .filter(|unseen| unseen.grant.scope.contains(&on) || on.contains(&unseen.grant.scope))
        .filter(|unseen| {
            unseen.grant.permission_set == *set || includes(catalogue, &unseen.grant.permission_set, set)
        })
        .map(|unseen| unseen.group.to_string())
        .collect();
    let breaks = assertion.expectation == Expectation::Cannot && !groups.is_empty();
    let groups: Vec<String> = groups.into_iter().collect();
    breaks.then(|| format!("these files do not list the members of {}", groups.join(", ")))
}

/// Says which project a guardrail compares with that the files do not know.
fn not_known(state: &State, guardrail: &Guardrail) -> Option<String> {
    let known = |name: &str| {
        matches!(name, "" | "organization" | "all_projects")
            || state.projects.values().any(|known| known.as_str() == name)
    };
    let unknown = guardrail.scopes.iter().find(|name| !known(name))?;
    Some(format!("these files do not say which project `{unknown}` is"))
}

fn words(state: &State, desired: &Desired, broken: &Broken, with_principal: bool) -> String {
    let Some(held) = &broken.by else { return "nothing grants it without a condition".to_owned() };
    let who = if with_principal { format!("{} holds ", broken.principal) } else { "holds ".to_owned() };
    let through = if broken.through.is_some() { ", which takes it in" } else { "" };
    let rule = Where::Rule(Address::policy(held.path.policy.clone()), held.path.rule);
    let place = desired
        .places
        .get(&rule)
        .map(|place| format!(" ({}:{})", place.file.display(), place.line))
        .unwrap_or_default();
    let grant = held.grant.words(|id| state.projects.get(&id));
    format!("{who}{grant}{through} ← {}{place}", held.path)
}
