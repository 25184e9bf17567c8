//! Answers of the access model: for people as text and Markdown, for programs as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::access::{CanDo, Grant, GrantScope, HeldGrant, Holds, Path};
use crate::model::{Address, Desired, Place, ProjectName, State, Where};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::paint::{Ink, Paint};
use crate::render::report::{Report, Style, pretty};

/// What an answer is about, and what helps to word it.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The state that was asked.
    pub state: &'a State,
    /// The files, where they were read: they tell where a rule is written, and what no file declares.
    pub files: Option<&'a Desired>,
}

impl Ground<'_> {
    fn project(&self, id: crate::model::Id) -> Option<&ProjectName> {
        self.state.projects.get(&id)
    }

    fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.project(id))
    }

    fn place(&self, path: &Path) -> Option<&Place> {
        self.files?.places.get(&Where::Rule(Address::policy(path.policy.clone()), path.rule))
    }

    /// Where the rule is written, or that no file declares it.
    fn origin(&self, held: &HeldGrant) -> Option<String> {
        if held.managed {
            return Some("a product manages it".to_owned());
        }
        let files = self.files?;
        match self.place(&held.path) {
            Some(place) => Some(format!("{}:{}", place.file.display(), place.line)),
            None if files.state.policy(&held.path.policy).is_some() => None,
            None => Some("unmanaged".to_owned()),
        }
    }

    fn path(&self, held: &HeldGrant) -> String {
        let group = held.path.group.as_ref().map(|group| format!("group {group} ← ")).unwrap_or_default();
        let origin = self.origin(held).map(|origin| format!(" ({origin})")).unwrap_or_default();
        format!("← {group}policy {}, rule {}{origin}", held.path.policy, held.path.rule + 1)
    }

    fn json(&self, held: &HeldGrant) -> Value {
        let scope = match &held.grant.scope {
            GrantScope::Organization => "organization".to_owned(),
            GrantScope::AllProjects => "all_projects".to_owned(),
            GrantScope::Project(id) => id.to_string(),
            GrantScope::Other(words) => words.clone(),
        };
        let project = match &held.grant.scope {
            GrantScope::Project(id) => self.project(*id).map(ToString::to_string),
            GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => None,
        };
        json!({
            "principal": held.principal.to_string(),
            "permission_set": held.grant.permission_set.to_string(),
            "scope": scope,
            "project": project,
            "condition": held.grant.condition.as_ref().map(ToString::to_string),
            "path": {
                "group": held.path.group.as_ref().map(ToString::to_string),
                "policy": held.path.policy.to_string(),
                "rule": held.path.rule + 1,
                "origin": self.origin(held),
            },
            "managed": held.managed,
        })
    }
}

fn holds(holds: &Holds, paint: Paint) -> String {
    let ink = if *holds == Holds::No { Ink::Faint } else { Ink::Change };
    let note = |words: String| paint.text(ink, &format!("  [{}]", terminal(&words)));
    verdict(holds).map(note).unwrap_or_default()
}

/// Says whether a condition holds, unless there is none or it does.
fn verdict(holds: &Holds) -> Option<String> {
    match holds {
        Holds::Yes => None,
        Holds::No => Some("not now: its condition is false".to_owned()),
        Holds::Depends(None) => Some("depends on its condition".to_owned()),
        Holds::Depends(Some(why)) => Some(format!("depends: {why}")),
    }
}

/// One line of a table, each cell escaped.
fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Who can, through which wider set, under which condition.
fn who(can: &CanDo) -> String {
    let through =
        if can.through { format!(" through {}", can.held.grant.permission_set) } else { String::new() };
    let condition = can.held.grant.condition.as_ref().map(|text| format!(" if {text}")).unwrap_or_default();
    format!("{}{through}{condition}", can.held.principal)
}

fn holds_word(holds: &Holds) -> Value {
    match holds {
        Holds::Yes => true.into(),
        Holds::No => false.into(),
        Holds::Depends(_) => Value::Null,
    }
}

/// What a principal holds: the answer of `explain`.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// Who is asked about, in words.
    pub principal: String,
    /// Whether it owns the organization.
    pub owner: bool,
    /// What it holds, and whether it does so in the request that was asked about.
    pub held: Vec<(HeldGrant, Holds)>,
}

impl Report for Explanation<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let (ground, paint) = (self.ground, style.paint);
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.principal)))?;
        if self.owner {
            writeln!(out, "  owns the organization and holds everything, without any policy")?;
        } else if self.held.is_empty() {
            writeln!(out, "  holds nothing here")?;
        }
        for (held, verdict) in &self.held {
            writeln!(out, "  {}{}", terminal(&ground.words(&held.grant)), holds(verdict, paint))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&ground.path(held))))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.principal))?;
        if self.owner {
            writeln!(out, "Owns the organization and holds everything, without any policy.")?;
        } else if self.held.is_empty() {
            writeln!(out, "Holds nothing here.")?;
        }
        if self.held.is_empty() {
            return Ok(());
        }
        if self.owner {
            writeln!(out)?;
        }
        writeln!(out, "| holds | | by |\n|---|---|---|")?;
        for (held, holds) in &self.held {
            let path = self.ground.path(held);
            let path = path.trim_start_matches("← ");
            row(out, &[&self.ground.words(&held.grant), &verdict(holds).unwrap_or_default(), path])?;
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
        pretty(out, &json!({"principal": self.principal, "owner": self.owner, "grants": grants}))
    }
}

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
}

impl Report for Holders<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let paint = style.paint;
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.question)))?;
        for owner in &self.owners {
            writeln!(out, "  {} owns the organization", terminal(owner))?;
        }
        if self.owners.is_empty() && self.found.is_empty() {
            writeln!(out, "  nobody")?;
        }
        for can in &self.found {
            writeln!(out, "  {}{}", terminal(&who(can)), holds(&can.holds, paint))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&self.ground.path(&can.held))))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.question))?;
        if self.owners.is_empty() && self.found.is_empty() {
            return writeln!(out, "Nobody.");
        }
        writeln!(out, "| who | | by |\n|---|---|---|")?;
        for owner in &self.owners {
            row(out, &[owner, "", "owns the organization"])?;
        }
        for can in &self.found {
            let path = self.ground.path(&can.held);
            let path = path.trim_start_matches("← ");
            row(out, &[&who(can), &verdict(&can.holds).unwrap_or_default(), path])?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let found = self.found.iter().map(|can| {
            let mut value = self.ground.json(&can.held);
            value["through"] = can.through.into();
            value["holds"] = holds_word(&can.holds);
            value
        });
        let found: Vec<_> = found.collect();
        pretty(out, &json!({"owners": self.owners, "grants": found}))
    }
}
