//! What a group or a policy gives, on what, to whom and until when: for people as text and Markdown, for programs as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::paint::{Ink, Paint};
use super::question::{Ground, holds_word, members, note, row, verdict};
use super::report::Report;
use super::style::Style;
use crate::access::{GivenGrant, GrantScope, Holds, Receivers, RequestFacts, decide, ends, given, receivers};
use crate::model::{Address, Builtin, Key, Owner, Principal, State};

/// What a group or a policy gives: the answer of `explain group:NAME` and `explain policy:NAME`.
#[derive(Debug)]
pub struct GivenReport<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// The group or the policy.
    pub by: Address,
    /// What it gives, and whether it does so in the request that was asked about.
    pub given: Vec<(GivenGrant, Holds)>,
    /// How many grants it gives elsewhere, where the question is about one scope.
    pub elsewhere: usize,
    /// To whom.
    pub to: Receivers,
}

impl<'a> GivenReport<'a> {
    /// Answers what a group or a policy of an organization gives: all of it, or on one scope.
    #[must_use]
    pub fn of(
        ground: Ground<'a>,
        organization: &State,
        by: Address,
        on: Option<&GrantScope>,
        request: &RequestFacts,
    ) -> Self {
        let all = given(organization, &by).into_iter();
        let (given, elsewhere): (Vec<_>, Vec<_>) =
            all.partition(|given| on.is_none_or(|on| given.grant.scope.contains(on)));
        let given = given.into_iter().map(|given| (decide(&given.grant, Some(request)), given));
        let given = given.map(|(holds, given)| (given, holds)).collect();
        let to = receivers(organization, &by);
        Self { ground, by, given, elsewhere: elsewhere.len(), to }
    }
}

impl GivenReport<'_> {
    /// The object, where it is declared, and whose it is.
    fn heading(&self) -> String {
        let stack = match self.owner() {
            Some(stack) => format!(", of stack {stack}"),
            None => String::new(),
        };
        let declared = self.ground.declared(&self.by).map(|place| format!(" ({place})")).unwrap_or_default();
        format!("{}{declared}{stack}", self.by)
    }

    fn owner(&self) -> Option<String> {
        match self.ground.state.get(&self.by)?.meta()?.owner.as_ref()? {
            Owner::Stack(stack) => Some(stack.to_string()),
            Owner::Unclear(_) => None,
        }
    }

    fn nothing(&self) -> String {
        match self.elsewhere {
            0 => "gives nothing".to_owned(),
            1 => "gives nothing there, but 1 grant elsewhere".to_owned(),
            more => format!("gives nothing there, but {more} grants elsewhere"),
        }
    }

    /// The path of a grant, without the part that the heading shows.
    fn way(&self, given: &GivenGrant) -> String {
        let mut path = given.path.clone();
        path.group = None;
        self.ground.path(&path, given.managed)
    }

    fn verdict(given: &GivenGrant, holds: &Holds) -> Option<String> {
        verdict(holds, given.grant.condition.as_ref().and_then(ends))
    }

    /// The receivers, a line each: the principal, and a note.
    fn receivers(&self) -> Vec<(String, String)> {
        let person = |who: &Principal| (format!("{who}{}", self.ground.mark(who)), String::new());
        match &self.to {
            Receivers::Nobody => vec![("nobody: the policy has no principal".to_owned(), String::new())],
            Receivers::One(principal) => vec![person(principal)],
            Receivers::Members { group, builtin: Some(_), members: _ }
            | Receivers::Members { group, builtin: None, members: None } => {
                vec![(members(group), String::new())]
            }
            Receivers::Members { group, builtin: None, members: Some(all) } if all.is_empty() => {
                vec![(format!("nobody: group {group} has no members"), String::new())]
            }
            Receivers::Members { group, builtin: None, members: Some(all) } => {
                all.iter().map(|who| (person(who).0, self.end(group, who).unwrap_or_default())).collect()
            }
        }
    }

    /// When a membership ends.
    fn end(&self, group: &Key, member: &Principal) -> Option<String> {
        let expiry = self.ground.membership_end(group, member)?;
        Some(format!("{} {}", if expiry.expired { "ended" } else { "ends" }, expiry.until))
    }

    /// The group in between, of a policy that is attached to one.
    fn through(&self) -> String {
        match &self.to {
            Receivers::Members { group, .. } if self.by != Address::group(group.clone()) => {
                format!("to group {group}")
            }
            Receivers::Members { .. } | Receivers::One(_) | Receivers::Nobody => "to".to_owned(),
        }
    }

    fn receivers_json(&self) -> (Value, Value) {
        let one = |principal: &Principal, group: Option<&Key>| {
            let end = group.and_then(|group| self.ground.membership_end(group, principal));
            json!({
                "principal": principal.to_string(),
                "locked": self.ground.locked(principal),
                "not_activated": self.ground.not_activated(principal),
                "ends": end.map(|end| end.until.to_string()),
            })
        };
        match &self.to {
            Receivers::Nobody => (Value::Null, json!([])),
            Receivers::One(principal) => (principal.to_string().into(), json!([one(principal, None)])),
            // The files name only some of everybody.
            Receivers::Members { group, builtin, members } => {
                let whole = builtin.is_none() || self.ground.state.group(group).is_some();
                let members = members.as_ref().filter(|_| whole);
                let all = members.map(|all| all.iter().map(|who| one(who, Some(group))).collect::<Vec<_>>());
                (format!("group {group}").into(), json!(all))
            }
        }
    }
}

fn dim(paint: Paint, text: &str) -> String {
    paint.text(Ink::Faint, &terminal(text))
}

impl Report for GivenReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let paint = style.paint;
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.heading())))?;
        if self.given.is_empty() {
            writeln!(out, "  {}", self.nothing())?;
        } else {
            writeln!(out, "  gives")?;
        }
        for (given, holds) in &self.given {
            let note = note(holds, given.grant.condition.as_ref().and_then(ends), paint);
            writeln!(out, "    {}{note}", terminal(&self.ground.words(&given.grant)))?;
            writeln!(out, "        {}", dim(paint, &self.way(given)))?;
        }
        writeln!(out, "  {}", terminal(&self.through()))?;
        for (who, end) in self.receivers() {
            let end = if end.is_empty() { end } else { paint.text(Ink::Change, &format!("  [{end}]")) };
            writeln!(out, "    {}{end}", terminal(&who))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.heading()))?;
        if self.given.is_empty() {
            writeln!(out, "{}.\n", escape(&self.nothing()))?;
        } else {
            writeln!(out, "| gives | | by |\n|---|---|---|")?;
            for (given, holds) in &self.given {
                let verdict = Self::verdict(given, holds).unwrap_or_default();
                let way = self.way(given);
                row(out, &[&self.ground.words(&given.grant), &verdict, way.trim_start_matches("← ")])?;
            }
            writeln!(out)?;
        }
        writeln!(out, "| {} | |\n|---|---|", escape(&self.through()))?;
        self.receivers().iter().try_for_each(|(who, end)| row(out, &[who, end]))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let grants = self.given.iter().map(|(given, holds)| {
            let mut value = self.ground.grant_json(&given.grant, &given.path, given.managed);
            value["holds"] = holds_word(holds);
            value["ends"] = given.grant.condition.as_ref().and_then(ends).map(|end| end.to_string()).into();
            value
        });
        let grants: Vec<_> = grants.collect();
        let (attached_to, members) = self.receivers_json();
        let builtin = match &self.to {
            Receivers::Members { builtin, .. } => builtin.map(|builtin| match builtin {
                Builtin::AllUsers => "all users",
                Builtin::AllApplications => "all applications",
            }),
            Receivers::Nobody | Receivers::One(_) => None,
        };
        pretty(
            out,
            &json!({
                "object": self.by.to_string(),
                "declared": self.ground.declared(&self.by),
                "stack": self.owner(),
                "grants": grants,
                "elsewhere": self.elsewhere,
                "to": attached_to,
                "computed": builtin,
                "members": members,
            }),
        )
    }
}
