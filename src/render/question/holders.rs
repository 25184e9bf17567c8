//! Who can: the answer of `who-can`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::access_question::AccessQuestion;
use super::ground::{Ground, holds_word, members, note, row, verdict};
use crate::access::{CanDo, Grant, GrantScope, HeldGrant, Lack, UnseenGrant, nearest};
use crate::model::{Id, PermissionSetName};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::json::pretty;
use crate::render::paint::Ink;
use crate::render::report::Report;
use crate::render::style::Style;

/// Who holds a permission set: the answer of `who-can`.
#[derive(Debug)]
pub struct Holders<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// The question, in words.
    pub question: String,
    /// Those who own the organization, in words.
    pub owners: Vec<String>,
    /// Who holds it by a policy.
    pub found: Vec<CanDo>,
    /// The groups that hold it, and whose members are not known.
    pub unseen: Vec<UnseenGrant>,
    /// Where nobody holds it: the grant that comes nearest, and what it lacks.
    pub nearest: Option<(HeldGrant, Lack)>,
}

impl<'a> Holders<'a> {
    /// Answers who holds a permission set on a scope, which is called `name`.
    #[must_use]
    pub fn of(question: &AccessQuestion<'a>, set: &PermissionSetName, on: &GrantScope, name: &str) -> Self {
        let AccessQuestion { ground, everything, catalogue, request } = question;
        let mut found = everything.who_can(catalogue, set, on, Some(request));
        for can in &mut found {
            can.holds = question.holds(&can.held);
        }
        let unseen = question.unseen(Some(set), Some(on));
        let wanted = Grant { permission_set: set.clone(), scope: on.clone(), condition: None };
        let nobody = found.is_empty() && unseen.is_empty();
        let nearest = nobody.then(|| nearest(everything.grants(), catalogue, &wanted)).flatten();
        let owners = everything.owners().iter().map(ToString::to_string).collect();
        let question = format!("who can {set} on {name}");
        Self { ground: *ground, question, owners, found, unseen, nearest }
    }
}

impl Holders<'_> {
    fn is_nobody(&self) -> bool {
        self.owners.is_empty() && self.found.is_empty() && self.unseen.is_empty()
    }

    fn value(&self) -> Value {
        let found = self.found.iter().map(|can| {
            let mut value = self.ground.json(&can.held);
            value["through"] = can.through.into();
            value["holds"] = holds_word(&can.holds);
            value
        });
        let found: Vec<_> = found.collect();
        let unseen: Vec<_> = self.unseen.iter().map(|unseen| self.ground.unseen_json(unseen)).collect();
        let nearest = self.nearest.as_ref().map(|(held, lack)| {
            let mut value = self.ground.json(held);
            value["lacks"] = lack.word().into();
            value
        });
        json!({"owners": self.owners, "grants": found, "unseen_groups": unseen, "nearest": nearest})
    }

    fn nearest(&self) -> Option<String> {
        let (held, lack) = self.nearest.as_ref()?;
        Some(format!("nearest: {} holds {}, {lack}", held.principal, self.ground.words(&held.grant)))
    }
}

impl Report for Holders<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let paint = style.paint;
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.question)))?;
        for owner in &self.owners {
            writeln!(out, "  {} owns the organization", terminal(owner))?;
        }
        if self.is_nobody() {
            writeln!(out, "  nobody")?;
        }
        for can in &self.found {
            let note = note(&can.holds, self.ground.ends(&can.held), paint);
            writeln!(out, "  {}{note}", terminal(&who(self.ground, can)))?;
            let path = self.ground.path(&can.held.path, can.held.managed);
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&path)))?;
        }
        for unseen in &self.unseen {
            let condition =
                unseen.grant.condition.as_ref().map(|text| format!(" if {text}")).unwrap_or_default();
            writeln!(out, "  {}", terminal(&format!("{}{condition}", members(&unseen.group))))?;
            writeln!(
                out,
                "      {}",
                paint.text(Ink::Faint, &terminal(&self.ground.path(&unseen.path, false)))
            )?;
        }
        if let Some(nearest) = self.nearest() {
            writeln!(out, "  {}", paint.text(Ink::Faint, &terminal(&nearest)))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.question))?;
        if self.is_nobody() {
            writeln!(out, "Nobody.")?;
            return match self.nearest() {
                Some(nearest) => writeln!(out, "\n{}", escape(&nearest)),
                None => Ok(()),
            };
        }
        writeln!(out, "| who | | by |\n|---|---|---|")?;
        for owner in &self.owners {
            row(out, &[owner, "", "owns the organization"])?;
        }
        for can in &self.found {
            let path = self.ground.path(&can.held.path, can.held.managed);
            let path = path.trim_start_matches("← ");
            let verdict = verdict(&can.holds, self.ground.ends(&can.held)).unwrap_or_default();
            row(out, &[&who(self.ground, can), &verdict, path])?;
        }
        for unseen in &self.unseen {
            let path = self.ground.path(&unseen.path, false);
            row(out, &[&members(&unseen.group), "", path.trim_start_matches("← ")])?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        pretty(out, &self.value())
    }
}

/// Who holds a permission set on each of several projects: the answer of `who-can --on 'prod-*'`.
#[derive(Debug)]
pub struct HoldersByProject<'a> {
    /// The pattern for the projects.
    pub pattern: String,
    /// The answer for each.
    pub answers: Vec<(Id, Holders<'a>)>,
}

impl Report for HoldersByProject<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        for (at, (_, answer)) in self.answers.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            answer.text(out, style)?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        for (at, (_, answer)) in self.answers.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            answer.markdown(out)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let answers = self.answers.iter().map(|(id, answer)| {
            let mut value = answer.value();
            value["id"] = id.to_string().into();
            value["project"] = answer.ground.project(*id).map(ToString::to_string).into();
            value
        });
        let answers: Vec<_> = answers.collect();
        pretty(out, &json!({"on": self.pattern, "projects": answers}))
    }
}

/// Who can, through which wider set, under which condition.
fn who(ground: Ground<'_>, can: &CanDo) -> String {
    let through =
        if can.through { format!(" through {}", can.held.grant.permission_set) } else { String::new() };
    let condition = can.held.grant.condition.as_ref().map(|text| format!(" if {text}")).unwrap_or_default();
    let mark = ground.mark(&can.held.principal);
    format!("{}{mark}{through}{condition}", can.held.principal)
}
