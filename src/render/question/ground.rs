//! What an answer refers to, and the words that all answers share.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::{
    Grant, GrantScope, HeldGrant, Holds, Path, Undecided, UnseenGrant, ends, membership_end,
};
use crate::model::{
    Address, Builtin, Desired, Expiry, Id, Key, Kind, Place, Principal, ProjectName, State, User, UserStatus,
    Where,
};
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
    pub(super) fn project(&self, id: Id) -> Option<&ProjectName> {
        self.state.projects.get(&id)
    }

    pub(super) fn user(&self, principal: &Principal) -> Option<&User> {
        match principal {
            Principal::User(key) => self.state.user(key),
            Principal::Application(_) => None,
        }
    }

    /// Why somebody cannot log in, to be put behind the name; empty for everybody else.
    pub(in crate::render) fn mark(&self, principal: &Principal) -> &'static str {
        self.user(principal).map_or("", User::mark)
    }

    pub(in crate::render) fn locked(&self, principal: &Principal) -> bool {
        self.user(principal).is_some_and(|user| user.locked)
    }

    pub(in crate::render) fn not_activated(&self, principal: &Principal) -> bool {
        self.user(principal).is_some_and(|user| user.status == UserStatus::Invited)
    }

    pub(in crate::render) fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.project(id))
    }

    pub(super) fn place(&self, path: &Path) -> Option<&Place> {
        self.files?.places.get(&Where::Rule(Address::policy(path.policy.clone()), path.rule))
    }

    /// Where the rule is written, or that no file declares it.
    pub(super) fn origin(&self, path: &Path, managed: bool) -> Option<String> {
        if managed {
            return Some("a product manages it".to_owned());
        }
        let files = self.files?;
        match self.place(path) {
            Some(place) => Some(format!("{}:{}", place.file.display(), place.line)),
            None if files.state.policy(&path.policy).is_some() => None,
            None => Some("unmanaged".to_owned()),
        }
    }

    pub(in crate::render) fn path(&self, path: &Path, managed: bool) -> String {
        let origin = self.origin(path, managed).map(|origin| format!(" ({origin})")).unwrap_or_default();
        format!("← {path}{origin}")
    }

    /// When a grant ends by itself: by its condition, or because a membership ends.
    pub(super) fn ends(&self, held: &HeldGrant) -> Option<Timestamp> {
        let member = self.files.and_then(|files| membership_end(&files.expiries, held));
        let member = member.filter(|expiry| !expiry.expired).map(|expiry| expiry.until);
        let condition = held.grant.condition.as_ref().and_then(ends);
        member.into_iter().chain(condition).min()
    }

    /// The end of a membership, where the files set one.
    pub(in crate::render) fn membership_end(&self, group: &Key, member: &Principal) -> Option<&Expiry> {
        let of_group = |expiry: &&Expiry| {
            expiry.address.kind() == Kind::Group
                && expiry.address.key() == group
                && expiry.member.as_ref() == Some(member)
        };
        self.files?.expiries.iter().find(of_group)
    }

    /// Where an object is declared, or a note that no file declares it.
    pub(in crate::render) fn declared(&self, address: &Address) -> Option<String> {
        let files = self.files?;
        match files.places.get(&Where::Object(address.clone())) {
            Some(place) => Some(format!("{}:{}", place.file.display(), place.line)),
            None if files.external.contains(address) => Some("external".to_owned()),
            None => Some("unmanaged".to_owned()),
        }
    }

    pub(super) fn json(&self, held: &HeldGrant) -> Value {
        let mut value = self.grant_json(&held.grant, &held.path, held.managed);
        value["principal"] = held.principal.to_string().into();
        value["locked"] = self.locked(&held.principal).into();
        value["not_activated"] = self.not_activated(&held.principal).into();
        value["ends"] = self.ends(held).map(|end| end.to_string()).into();
        value
    }

    pub(super) fn unseen_json(&self, unseen: &UnseenGrant) -> Value {
        let mut value = self.grant_json(&unseen.grant, &unseen.path, false);
        value["group"] = unseen.group.to_string().into();
        value
    }

    pub(in crate::render) fn grant_json(&self, grant: &Grant, path: &Path, managed: bool) -> Value {
        let scope = match &grant.scope {
            GrantScope::Organization => "organization".to_owned(),
            GrantScope::AllProjects => "all_projects".to_owned(),
            GrantScope::Project(id) => id.to_string(),
            GrantScope::Other(words) => words.clone(),
        };
        let project = match &grant.scope {
            GrantScope::Project(id) => self.project(*id).map(ToString::to_string),
            GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => None,
        };
        json!({
            "permission_set": grant.permission_set.to_string(),
            "scope": scope,
            "project": project,
            "condition": grant.condition.as_ref().map(ToString::to_string),
            "path": {
                "group": path.group.as_ref().map(ToString::to_string),
                "policy": path.policy.to_string(),
                "rule": path.rule + 1,
                "origin": self.origin(path, managed),
            },
            "managed": managed,
        })
    }
}

pub(in crate::render) fn note(holds: &Holds, ends: Option<Timestamp>, paint: Paint) -> String {
    let ink = if matches!(holds, Holds::No | Holds::Ended(_)) { Ink::Faint } else { Ink::Change };
    let note = |words: String| paint.text(ink, &format!("  [{}]", terminal(&words)));
    verdict(holds, ends).map(note).unwrap_or_default()
}

/// Says what limits a grant: that its condition does not hold, or may not, and when it ends.
pub(in crate::render) fn verdict(holds: &Holds, ends: Option<Timestamp>) -> Option<String> {
    let holds_then = !matches!(holds, Holds::No | Holds::Ended(_));
    let ends = ends.filter(|_| holds_then).map(|end| format!("ends {end}"));
    let verdict = open(holds);
    let words: Vec<String> = verdict.into_iter().chain(ends).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn open(holds: &Holds) -> Option<String> {
    match holds {
        Holds::Yes => None,
        Holds::No => Some("not now: its condition is false".to_owned()),
        Holds::Ended(at) => Some(format!("not then: the membership ends {at}")),
        Holds::Depends(Some(Undecided::Unknown(what))) => Some(format!("depends on `{what}`")),
        Holds::Depends(None) => Some("depends on its condition".to_owned()),
        Holds::Depends(Some(why)) => Some(format!("depends: {why}")),
    }
}

/// One line of a table, each cell escaped.
pub(in crate::render) fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

pub(in crate::render) fn holds_word(holds: &Holds) -> Value {
    match holds {
        Holds::Yes => true.into(),
        Holds::No | Holds::Ended(_) => false.into(),
        Holds::Depends(_) => Value::Null,
    }
}

/// Says who is in a group whose members the state does not hold.
pub(in crate::render) fn members(group: &Key) -> String {
    match group.name().and_then(|name| Builtin::named(name.as_str())) {
        Some(Builtin::AllUsers) => "every user of the organization".to_owned(),
        Some(Builtin::AllApplications) => "every application of the organization".to_owned(),
        None => format!("the members of group {group}, whom these files do not list"),
    }
}
