//! What became of assertions and guardrails: the result of `test`.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::escape::{markdown as escape, terminal};
use super::paint::Ink;
use super::report::{Report, Style, pretty};
use crate::access::{Broken, Everything, broken_assertions, judge_guardrails, sentence};
use crate::model::{Address, Catalogue, Desired, Id, Place, Where};
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
}

/// All assertions and guardrails of the files, judged on what the files give.
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
        let stack = desired.stack.as_ref().map(ToString::to_string);
        Self { organization: desired.state.organization, stack, judged: judge(desired) }
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
            writeln!(out, "{word} {} {} ({})", one.kind, terminal(&one.what), terminal(&one.place))?;
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
            writeln!(out, "- {sign} {} {} ({})", one.kind, escape(&one.what), escape(&one.place))?;
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

fn judge(desired: &Desired) -> Vec<Judged> {
    let (state, catalogue) = (&desired.state, Catalogue::published());
    let everything = Everything::of(state);
    let assertions = broken_assertions(&everything, catalogue, &desired.assertions);
    let judgement = judge_guardrails(&everything, catalogue, &desired.guardrails);
    let why = |broken: &[Broken], at: usize, with_principal: bool| -> Vec<String> {
        broken
            .iter()
            .filter(|broken| broken.sentence == at)
            .map(|broken| words(desired, broken, with_principal))
            .collect()
    };
    let assertions = desired.assertions.iter().enumerate().map(|(at, assertion)| Judged {
        kind: "assertion",
        what: sentence(state, assertion),
        place: assertion.at.to_string(),
        at: assertion.at.clone(),
        broken: why(&assertions, at, false),
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
    });
    assertions.chain(guardrails).collect()
}

fn words(desired: &Desired, broken: &Broken, with_principal: bool) -> String {
    let Some(held) = &broken.by else { return "nothing grants it without a condition".to_owned() };
    let who = if with_principal { format!("{} holds ", broken.principal) } else { "holds ".to_owned() };
    let through = if broken.through.is_some() { ", which takes it in" } else { "" };
    let group = held.path.group.as_ref().map(|group| format!("group {group} ← ")).unwrap_or_default();
    let rule = Where::Rule(Address::policy(held.path.policy.clone()), held.path.rule);
    let place = desired
        .places
        .get(&rule)
        .map(|place| format!(" ({}:{})", place.file.display(), place.line))
        .unwrap_or_default();
    let grant = held.grant.words(|id| desired.state.projects.get(&id));
    format!("{who}{grant}{through} ← {group}policy {}, rule {}{place}", held.path.policy, held.path.rule + 1)
}
