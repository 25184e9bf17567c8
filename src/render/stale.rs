//! A stale plan: what it was made from, what is live now, and what it would lead to.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::plan::file::{Changed, ContentDocument, RuleDocument, ScopeDocument, Stale};
use crate::render::escape::terminal;

/// Writes what has changed, field by field.
///
/// # Errors
/// When the writer fails.
pub fn text(out: &mut dyn Write, stale: &Stale) -> io::Result<()> {
    let Stale::Changed(changed) = stale else { return Ok(()) };
    for object in changed {
        writeln!(out, "{}", terminal(&object.address))?;
        one(out, object)?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, object: &Changed) -> io::Result<()> {
    let sides = [&object.planned_from, &object.now, &object.desired];
    if object.planned_from.is_none() || object.now.is_none() {
        let there = |side: &Option<ContentDocument>| {
            vec![if side.is_some() { "it is there" } else { "no such object" }.to_owned()]
        };
        return three(out, "  ", sides.map(there));
    }
    let fields = sides.map(|side| side.as_ref().map(fields).unwrap_or_default());
    let names: Vec<&str> = fields[0].iter().chain(&fields[1]).map(|(name, _)| *name).collect();
    let of = |at: usize, name: &str| {
        fields[at].iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    let mut shown = Vec::new();
    for name in names {
        let (planned, now) = (of(0, name), of(1, name));
        if planned == now || shown.contains(&name) {
            continue;
        }
        shown.push(name);
        let gone = || vec!["no such object".to_owned()];
        writeln!(out, "  {name}")?;
        three(
            out,
            "    ",
            [planned.unwrap_or_default(), now.unwrap_or_default(), of(2, name).unwrap_or_else(gone)],
        )?;
    }
    Ok(())
}

/// Writes the three sides; values of several lines stand below each other.
fn three(out: &mut dyn Write, indent: &str, sides: [Vec<String>; 3]) -> io::Result<()> {
    for (label, lines) in ["planned from: ", "now:          ", "desired:      "].into_iter().zip(sides) {
        let mut lead = label.to_owned();
        let lines = if lines.is_empty() { vec!["none".to_owned()] } else { lines };
        for line in lines {
            writeln!(out, "{indent}{lead}{}", terminal(&line))?;
            lead = " ".repeat(label.len());
        }
    }
    Ok(())
}

/// What an object holds: the name of each field, and its value as lines.
fn fields(content: &ContentDocument) -> Vec<(&'static str, Vec<String>)> {
    let ContentDocument { description, members, principal, rules, tags, username } = content;
    let text = |text: &String| vec![if text.is_empty() { "empty".to_owned() } else { text.clone() }];
    let rules = rules.as_ref().map(|rules| rules.iter().map(rule).collect());
    let all = [
        ("description", description.as_ref().map(text)),
        ("members", members.clone()),
        ("principal", principal.as_ref().map(text)),
        ("rules", rules),
        ("tags", tags.clone()),
        ("username", username.as_ref().map(text)),
    ];
    all.into_iter().filter_map(|(name, lines)| Some((name, lines?))).collect()
}

fn rule(rule: &RuleDocument) -> String {
    let scope = match &rule.scope {
        ScopeDocument::Word(word) => word.clone(),
        ScopeDocument::Projects(ids) => ids.join(", "),
    };
    let condition = rule.condition.as_ref().map(|condition| format!(" if {condition}")).unwrap_or_default();
    format!("{} on {scope}{condition}", rule.permission_sets.join(", "))
}

/// Returns the same for programs.
#[must_use]
pub fn json(stale: &Stale) -> Value {
    let changed = match stale {
        Stale::Age { .. } => &[][..],
        Stale::Changed(changed) => changed,
    };
    let one = |object: &Changed| {
        json!({
            "address": object.address,
            "planned_from": object.planned_from,
            "now": object.now,
            "desired": object.desired,
        })
    };
    json!({"end": "stale", "message": stale.to_string(), "objects": changed.iter().map(one).collect::<Vec<_>>()})
}
