//! How the demo prints and explains.

use super::output::Output;
use crate::apply::Outcome;
use crate::plan::Plan;
use crate::render::outcome;
use crate::render::paint::{Ink, Paint};
use crate::render::plan::PlanReport;
use crate::render::{Extent, diff};

/// What a part of the demo does, the command that does it, and why.
pub(super) type DemoPart = (&'static str, &'static str, &'static str);

/// Prints and explains.
pub(super) struct DemoStage {
    pub(super) out: Output,
    pub(super) paint: Paint,
    /// How many parts there were.
    pub(super) number: u32,
}

impl DemoStage {
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        self.out.write(format!("{text}\n").as_bytes())
    }

    /// Opens a part.
    pub(super) fn part(&mut self, (title, command, why): DemoPart) -> anyhow::Result<()> {
        self.number += 1;
        let title = self.paint.text(Ink::Heading, &format!("{}. {title}", self.number));
        let command = self.paint.text(Ink::Change, &format!("$ {command}"));
        self.say(&format!("\n{title}\n{why}\n\n{command}"))
    }

    /// Shows what changes in a text.
    pub(super) fn diff(&self, before: &str, after: &str) -> anyhow::Result<()> {
        for line in diff::unified(before, after, 2).lines() {
            let ink = match line.as_bytes().first() {
                Some(b'+') => Ink::Add,
                Some(b'-') => Ink::Remove,
                _ => Ink::Faint,
            };
            self.say(&self.paint.text(ink, line))?;
        }
        Ok(())
    }

    pub(super) fn plan(&self, plan: &Plan) -> anyhow::Result<()> {
        self.out.report(&PlanReport::new(plan), Extent::Folded)
    }

    pub(super) fn outcome(&self, plan: &Plan, outcome: &Outcome) -> anyhow::Result<()> {
        for (at, (step, ended)) in plan.steps().iter().zip(&outcome.steps).enumerate() {
            self.say(&outcome::progress(plan, at + 1, step, &ended.end, self.paint))?;
        }
        let mut bytes = Vec::new();
        outcome::text(&mut bytes, plan, outcome, self.out.style())?;
        self.out.write(&bytes)
    }
}
