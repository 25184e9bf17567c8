//! Answers of the access model: for people as text and Markdown, for programs as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::access::{CanDo, Grant, GrantScope, HeldGrant, Holds, Path};
use crate::model::{Desired, Place, ProjectName, State, Where};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::paint::{Ink, Paint};

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
        self.files?.places.get(&Where::Rule(path.policy.name()?.clone(), path.rule))
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

/// Writes everything that a principal holds as a table.
///
/// # Errors
/// When the writer fails.
pub fn explain_markdown(
    out: &mut dyn Write,
    ground: Ground<'_>,
    principal: &str,
    owner: bool,
    held: &[(HeldGrant, Holds)],
) -> io::Result<()> {
    writeln!(out, "### {}\n", escape(principal))?;
    if owner {
        writeln!(out, "Owns the organization and holds everything, without any policy.")?;
    } else if held.is_empty() {
        writeln!(out, "Holds nothing here.")?;
    }
    if held.is_empty() {
        return Ok(());
    }
    if owner {
        writeln!(out)?;
    }
    writeln!(out, "| holds | | by |\n|---|---|---|")?;
    for (held, holds) in held {
        let path = ground.path(held);
        let path = path.trim_start_matches("← ");
        row(out, &[&ground.words(&held.grant), &verdict(holds).unwrap_or_default(), path])?;
    }
    Ok(())
}

/// Writes who can do something as a table.
///
/// # Errors
/// When the writer fails.
pub fn who_can_markdown(
    out: &mut dyn Write,
    ground: Ground<'_>,
    question: &str,
    owners: &[String],
    found: &[CanDo],
) -> io::Result<()> {
    writeln!(out, "### {}\n", escape(question))?;
    if owners.is_empty() && found.is_empty() {
        return writeln!(out, "Nobody.");
    }
    writeln!(out, "| who | | by |\n|---|---|---|")?;
    for owner in owners {
        row(out, &[owner, "", "owns the organization"])?;
    }
    for can in found {
        let path = ground.path(&can.held);
        let path = path.trim_start_matches("← ");
        row(out, &[&who(can), &verdict(&can.holds).unwrap_or_default(), path])?;
    }
    Ok(())
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

/// Writes everything that a principal holds.
///
/// # Errors
/// When the writer fails.
pub fn explain(
    out: &mut dyn Write,
    ground: Ground<'_>,
    principal: &str,
    owner: bool,
    held: &[(HeldGrant, Holds)],
    paint: Paint,
) -> io::Result<()> {
    writeln!(out, "{}", paint.text(Ink::Heading, &terminal(principal)))?;
    if owner {
        writeln!(out, "  owns the organization and holds everything, without any policy")?;
    } else if held.is_empty() {
        writeln!(out, "  holds nothing here")?;
    }
    for (held, verdict) in held {
        writeln!(out, "  {}{}", terminal(&ground.words(&held.grant)), holds(verdict, paint))?;
        writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&ground.path(held))))?;
    }
    Ok(())
}

/// Returns everything that a principal holds as JSON.
#[must_use]
pub fn explain_json(ground: Ground<'_>, principal: &str, owner: bool, held: &[(HeldGrant, Holds)]) -> Value {
    let grants: Vec<_> = held
        .iter()
        .map(|(held, verdict)| {
            let mut value = ground.json(held);
            value["holds"] = holds_word(verdict);
            value
        })
        .collect();
    json!({"principal": principal, "owner": owner, "grants": grants})
}

/// Writes who can do something, and by which path.
///
/// # Errors
/// When the writer fails.
pub fn who_can(
    out: &mut dyn Write,
    ground: Ground<'_>,
    question: &str,
    owners: &[String],
    found: &[CanDo],
    paint: Paint,
) -> io::Result<()> {
    writeln!(out, "{}", paint.text(Ink::Heading, &terminal(question)))?;
    for owner in owners {
        writeln!(out, "  {} owns the organization", terminal(owner))?;
    }
    if owners.is_empty() && found.is_empty() {
        writeln!(out, "  nobody")?;
    }
    for can in found {
        writeln!(out, "  {}{}", terminal(&who(can)), holds(&can.holds, paint))?;
        writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&ground.path(&can.held))))?;
    }
    Ok(())
}

/// Returns who can do something as JSON.
#[must_use]
pub fn who_can_json(ground: Ground<'_>, owners: &[String], found: &[CanDo]) -> Value {
    let found: Vec<_> = found
        .iter()
        .map(|can| {
            let mut value = ground.json(&can.held);
            value["through"] = can.through.into();
            value["holds"] = holds_word(&can.holds);
            value
        })
        .collect();
    json!({"owners": owners, "grants": found})
}
