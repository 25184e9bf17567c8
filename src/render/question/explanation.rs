//! What a principal holds: the answer of `explain`.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access_question::AccessQuestion;
use super::ground::{Ground, holds_word, members, note, row, verdict};
use crate::access::{Grant, GrantScope, HeldGrant, Holds, Lack, Path, UnseenGrant, nearest};
use crate::model::{PermissionSetName, Principal};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::json::pretty;
use crate::render::keys::span;
use crate::render::paint::Ink;
use crate::render::report::Report;
use crate::render::style::Style;

/// What a principal holds: the answer of `explain`.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// Who is asked about.
    pub principal: Principal,
    /// Whether it owns the organization.
    pub owner: bool,
    /// Its API keys, where they were read.
    pub keys: Option<ExplainedKeys>,
    /// What it holds, and whether it does so in the request that was asked about.
    pub held: Vec<(HeldGrant, Holds)>,
    /// What it holds elsewhere, where the question is about one scope.
    pub elsewhere: usize,
    /// What it holds, too, if it is in groups that the files do not declare.
    pub unseen: Vec<UnseenGrant>,
    /// The permission set that the question is about, if any: `held` then has only grants of it.
    pub can: Option<ExplainedCan>,
}

/// The API keys of a principal.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedKeys {
    /// How many there are.
    pub number: u32,
    /// When the oldest one was made.
    pub oldest: Option<Timestamp>,
    /// What time it is.
    pub now: Timestamp,
}

impl ExplainedKeys {
    /// `, 2 API keys, the oldest 82 days old`; nothing of none.
    fn words(self) -> String {
        let Self { number, oldest, now } = self;
        let age = oldest.map(|made| span(now.duration_since(made)));
        match (number, age) {
            (0, _) => String::new(),
            (1, Some(age)) => format!(", 1 API key, {age} old"),
            (1, None) => ", 1 API key".to_owned(),
            (_, Some(age)) => format!(", {number} API keys, the oldest {age} old"),
            (_, None) => format!(", {number} API keys"),
        }
    }
}

/// Whether a principal holds one permission set in one place, and if not, why not.
#[derive(Debug)]
pub struct ExplainedCan {
    /// What is asked about.
    pub wanted: Grant,
    /// The grant that comes nearest, and what it lacks.
    pub nearest: Option<(HeldGrant, Lack)>,
    /// The ways by which groups would give it.
    pub groups: Vec<Path>,
}

impl<'a> Explanation<'a> {
    /// Answers what a principal holds: all of it, or on one scope, or of one permission set there.
    #[must_use]
    pub fn of(
        question: &AccessQuestion<'a>,
        principal: Principal,
        on: Option<GrantScope>,
        can: Option<&PermissionSetName>,
        keys: Option<ExplainedKeys>,
    ) -> Self {
        let AccessQuestion { ground, everything, catalogue, request: _ } = question;
        let all = everything.held_by(&principal).into_iter();
        let (held, elsewhere): (Vec<_>, Vec<_>) =
            all.partition(|held| question.gives(&held.grant, can, on.as_ref()));
        let unseen = question.unseen(can, on.as_ref());
        let elsewhere_count = elsewhere.len();
        let can = can.cloned().zip(on).map(|(permission_set, scope)| {
            let wanted = Grant { permission_set, scope, condition: None };
            let nearest = nearest(elsewhere, catalogue, &wanted);
            let groups = everything.groups_that_grant(catalogue, &wanted, &principal);
            ExplainedCan { wanted, nearest, groups }
        });
        let held =
            held.into_iter().map(|held| (question.holds(&held), held)).map(|(holds, held)| (held, holds));
        let owner = everything.owners().contains(&principal);
        let (held, elsewhere) = (held.collect(), elsewhere_count);
        Self { ground: *ground, principal, owner, keys, held, elsewhere, unseen, can }
    }
}

impl Report for Explanation<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let (ground, paint) = (self.ground, style.paint);
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.heading())))?;
        if self.owner {
            writeln!(out, "  owns the organization and holds everything, without any policy")?;
        } else if let Some(answer) = self.answer() {
            writeln!(out, "  {}", terminal(&answer))?;
        } else if self.held.is_empty() {
            writeln!(out, "  {}", self.nothing())?;
        }
        for (words, path) in self.misses() {
            writeln!(out, "  {}", terminal(&words))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&path)))?;
        }
        for (held, holds) in &self.held {
            let note = note(holds, ground.ends(held), paint);
            writeln!(out, "  {}{note}", terminal(&ground.words(&held.grant)))?;
            writeln!(
                out,
                "      {}",
                paint.text(Ink::Faint, &terminal(&ground.path(&held.path, held.managed)))
            )?;
        }
        for unseen in &self.unseen {
            let words = format!("perhaps {}: {}", ground.words(&unseen.grant), members(&unseen.group));
            writeln!(out, "  {}", terminal(&words))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&ground.path(&unseen.path, false))))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.heading()))?;
        if self.owner {
            writeln!(out, "Owns the organization and holds everything, without any policy.")?;
        } else if let Some(answer) = self.answer() {
            writeln!(out, "{}", escape(&answer))?;
        } else if self.held.is_empty() {
            writeln!(out, "{}.", escape(&self.nothing()))?;
        }
        let misses = self.misses();
        if !misses.is_empty() {
            writeln!(out)?;
        }
        for (words, path) in misses {
            writeln!(out, "- {} {}", escape(&words), escape(&path))?;
        }
        if self.held.is_empty() && self.unseen.is_empty() {
            return Ok(());
        }
        if self.owner {
            writeln!(out)?;
        }
        writeln!(out, "| holds | | by |\n|---|---|---|")?;
        for (held, holds) in &self.held {
            let path = self.ground.path(&held.path, held.managed);
            let path = path.trim_start_matches("← ");
            let verdict = verdict(holds, self.ground.ends(held)).unwrap_or_default();
            row(out, &[&self.ground.words(&held.grant), &verdict, path])?;
        }
        for unseen in &self.unseen {
            let path = self.ground.path(&unseen.path, false);
            let path = path.trim_start_matches("← ");
            let perhaps = format!("perhaps: {}", members(&unseen.group));
            row(out, &[&self.ground.words(&unseen.grant), &perhaps, path])?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let grants = self.held.iter().map(|(held, verdict)| {
            let mut value = self.ground.json(held);
            value["holds"] = holds_word(verdict);
            value
        });
        let grants: Vec<_> = grants.collect();
        let unseen: Vec<_> = self.unseen.iter().map(|unseen| self.ground.unseen_json(unseen)).collect();
        let answer = json!({
            "principal": self.principal.to_string(),
            "locked": self.ground.locked(&self.principal),
            "not_activated": self.ground.not_activated(&self.principal),
            "owner": self.owner,
            "api_keys": self.keys.map(|keys| keys.number),
            "oldest_api_key": self.keys.and_then(|keys| keys.oldest),
            "grants": grants,
            "elsewhere": self.elsewhere,
            "unseen_groups": unseen,
            "can": self.can.as_ref().map(|can| self.can_json(can)),
        });
        pretty(out, &answer)
    }
}

impl Explanation<'_> {
    fn heading(&self) -> String {
        let keys = self.keys.map(ExplainedKeys::words).unwrap_or_default();
        format!("{}{}{keys}", self.principal, self.ground.mark(&self.principal))
    }

    /// Says whether the permission set of the question is held; `None` if the question has none.
    fn answer(&self) -> Option<String> {
        let can = self.can.as_ref()?;
        let words = self.ground.words(&can.wanted);
        Some(match self.verdict() {
            Some(true) => format!("yes, has {words}"),
            Some(false) => format!("no, does not have {words}"),
            None => format!("maybe: whether it has {words} depends on what is not known"),
        })
    }

    /// Whether the permission set is held; `None` if that depends on facts that are not known.
    fn verdict(&self) -> Option<bool> {
        let any = |wanted: fn(&Holds) -> bool| self.held.iter().any(|(_, holds)| wanted(holds));
        if self.owner || any(|holds| *holds == Holds::Yes) {
            return Some(true);
        }
        let open = any(|holds| matches!(holds, Holds::Depends(_))) || !self.unseen.is_empty();
        if open { None } else { Some(false) }
    }

    /// Says why the permission set is not held and what would change that: in words, with the path of the access.
    fn misses(&self) -> Vec<(String, String)> {
        let Some(can) = self.can.as_ref().filter(|_| self.verdict() != Some(true)) else { return Vec::new() };
        let mut lines = Vec::new();
        if let Some((held, lack)) = can.nearest.as_ref().filter(|_| self.held.is_empty()) {
            let path = self.ground.path(&held.path, held.managed);
            lines.push((format!("nearest: holds {}, {lack}", self.ground.words(&held.grant)), path));
        }
        for path in &can.groups {
            let Some(group) = &path.group else { continue };
            let path = Path { group: None, ..path.clone() };
            let path = self.ground.path(&path, false);
            lines.push((format!("members of group {group} have it"), path));
        }
        lines
    }

    fn can_json(&self, can: &ExplainedCan) -> Value {
        let nearest = can.nearest.as_ref().filter(|_| self.held.is_empty()).map(|(held, lack)| {
            let mut value = self.ground.json(held);
            value["lacks"] = lack.word().into();
            value
        });
        let groups = can.groups.iter().map(|path| {
            json!({
                "group": path.group.as_ref().map(ToString::to_string),
                "policy": path.policy.to_string(),
                "rule": path.rule + 1,
            })
        });
        json!({
            "permission_set": can.wanted.permission_set.to_string(),
            "scope": can.wanted.scope.words(|id| self.ground.project(id)),
            "holds": self.verdict(),
            "nearest": nearest,
            "groups": groups.collect::<Vec<_>>(),
        })
    }

    fn nothing(&self) -> String {
        match self.elsewhere {
            0 => "holds nothing here".to_owned(),
            1 => "holds nothing there, but 1 grant elsewhere".to_owned(),
            more => format!("holds nothing there, but {more} grants elsewhere"),
        }
    }
}
