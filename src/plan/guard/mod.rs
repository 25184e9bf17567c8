//! Reasons to refuse a plan until told otherwise: a file per guard.

mod adoptions;
mod assertions;
mod deletes;
mod emptied;
mod ended;
mod guardrails;
mod lost_access;
mod min_iam_admins;
mod privilege_gains;
mod protect;
mod rename;
mod self_lockout;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::align::Alignment;
use super::diff::Draft;
use super::rehearse::Rehearsal;
use super::{Caller, Facts, Options, Step};
use crate::access::{AccessChange, Broken, Everything};
use crate::model::{Desired, State};

/// All that guards look at.
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) desired: &'a Desired,
    pub(super) options: &'a Options,
    /// Who runs the plan, by the name that they have in it.
    pub(super) caller: &'a Caller,
    pub(super) alignment: &'a Alignment,
    pub(super) draft: &'a Draft,
    pub(super) steps: &'a [Step],
    pub(super) access: &'a [AccessChange],
    pub(super) rehearsal: &'a Rehearsal,
}

impl<'a> Case<'a> {
    /// All that is held on the live side.
    fn before(&self) -> Everything<'a> {
        Everything::known(&self.alignment.before, &self.draft.world, &self.draft.before)
    }

    /// All that is held in the end.
    fn after(&self) -> Everything<'a> {
        Everything::known(&self.alignment.outcome, &self.draft.world, &self.draft.after)
    }
}

/// The name of a guard, as in `settings.limits` and `--allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GuardName {
    /// Too many deletions of one kind.
    Deletes,
    /// Groups left without members, policies without rules.
    Emptied,
    /// Too many principals that lose everything.
    LostAccess,
    /// Taking in objects once the stack owns something.
    Adoptions,
    /// The caller losing what it needs to go on.
    SelfLockout,
    /// Too few people who can administer IAM.
    MinIamAdmins,
    /// Touching what is protected.
    Protect,
    /// A rename written as a deletion and a creation.
    Rename,
    /// Somebody gaining a set that can give itself more.
    PrivilegeGains,
    /// A sentence about access that would not be so.
    Assertions,
    /// A grant that a guardrail forbids.
    Guardrails,
}

impl GuardName {
    /// All guards, in the order in which they are judged.
    pub const ALL: [Self; 11] = [
        Self::Deletes,
        Self::Emptied,
        Self::LostAccess,
        Self::Adoptions,
        Self::SelfLockout,
        Self::MinIamAdmins,
        Self::Protect,
        Self::Rename,
        Self::PrivilegeGains,
        Self::Assertions,
        Self::Guardrails,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::Emptied => "emptied",
            Self::LostAccess => "lost_access",
            Self::Adoptions => "adoptions",
            Self::SelfLockout => "self_lockout",
            Self::MinIamAdmins => "min_iam_admins",
            Self::Protect => "protect",
            Self::Rename => "rename",
            Self::PrivilegeGains => "privilege_gains",
            Self::Assertions => "assertions",
            Self::Guardrails => "guardrails",
        }
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No guard has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no guard is named `{0}`; there are {names}", names = GuardName::ALL.map(GuardName::as_str).join(", "))]
pub struct UnknownGuard(String);

impl FromStr for GuardName {
    type Err = UnknownGuard;

    fn from_str(text: &str) -> Result<Self, UnknownGuard> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| UnknownGuard(text.to_owned()))
    }
}

/// A guard lifted for one number: `deletes=7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The guard.
    pub guard: GuardName,
    /// The number that the plan printed.
    pub number: u32,
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (guard, number) =
            text.split_once('=').ok_or("it takes NAME=NUMBER, as in `deletes=7`".to_owned())?;
        let guard = guard.parse().map_err(|error: UnknownGuard| error.to_string())?;
        let number = number.parse().map_err(|_| format!("`{number}` is not a number"))?;
        Ok(Self { guard, number })
    }
}

/// What a guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The guard.
    pub guard: GuardName,
    /// The number found; what `--allow` takes.
    pub found: u32,
    /// The most (or, for `min_iam_admins`, the least) that passes.
    pub limit: u32,
    /// What follows.
    pub verdict: Verdict,
    /// What is wrong, in words.
    pub message: String,
    /// The objects or people it is about.
    pub items: Vec<String>,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The plan is refused.
    Refused,
    /// The plan would be refused, had this number not been allowed.
    Lifted,
    /// It is only shown.
    Shown,
}

/// A guard's answer before it is known what is allowed.
pub(super) struct Alarm {
    pub(super) found: usize,
    pub(super) limit: u32,
    pub(super) message: String,
    pub(super) items: Vec<String>,
    /// Whether it refuses, or is only shown.
    pub(super) refuses: bool,
}

/// Asks every guard.
pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let ask = |name: GuardName| match name {
        GuardName::Deletes => deletes::judge(case),
        GuardName::Emptied => emptied::judge(case),
        GuardName::LostAccess => lost_access::judge(case),
        GuardName::Adoptions => adoptions::judge(case),
        GuardName::SelfLockout => self_lockout::judge(case),
        GuardName::MinIamAdmins => min_iam_admins::judge(case),
        GuardName::Protect => protect::judge(case),
        GuardName::Rename => rename::judge(case),
        GuardName::PrivilegeGains => privilege_gains::judge(case),
        GuardName::Assertions => assertions::judge(case),
        GuardName::Guardrails => guardrails::judge(case),
    };
    GuardName::ALL
        .into_iter()
        .filter_map(|name| Some(finding(name, ask(name)?, &case.options.allow)))
        .collect()
}

fn finding(guard: GuardName, alarm: Alarm, allow: &BTreeMap<GuardName, u32>) -> Finding {
    let found = u32::try_from(alarm.found).unwrap_or(u32::MAX);
    let mut message = alarm.message;
    let verdict = match allow.get(&guard) {
        _ if !alarm.refuses => Verdict::Shown,
        Some(number) if *number == found => Verdict::Lifted,
        Some(number) => {
            message.push_str(&format!(" (--allow {guard}={number} is not this number)"));
            Verdict::Refused
        }
        None => Verdict::Refused,
    };
    Finding { guard, found, limit: alarm.limit, verdict, message, items: alarm.items }
}

/// The number that the files set for a guard.
fn limit(case: &Case<'_>, guard: GuardName) -> Option<u32> {
    case.desired.settings.limits.get(guard.as_str()).copied()
}

/// `one thing` or `3 things`.
fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// By what a sentence is broken, in words.
fn by(state: &State, broken: &Broken) -> String {
    let Some(held) = &broken.by else { return ": nothing grants it without a condition".to_owned() };
    let through = if broken.through.is_some() { "through " } else { "" };
    let group = held.path.group.as_ref().map(|group| format!("group {group} ← ")).unwrap_or_default();
    format!(
        ": {through}{} ← {group}policy {}, rule {}",
        held.grant.words(|id| state.projects.get(&id)),
        held.path.policy,
        held.path.rule + 1
    )
}

/// Something that breaks a sentence, in words.
struct Breach {
    /// Whether live does not have it.
    new: bool,
    words: String,
}

/// An alarm for broken sentences, the new ones first: those that live breaks already only refuse with `--strict`.
///
/// `numbers` has how many sentences are broken in the end, and how many of them live does not break.
fn alarm(
    case: &Case<'_>,
    numbers: (usize, usize),
    breaches: Vec<Breach>,
    what: impl Fn(usize, usize) -> String,
) -> Option<Alarm> {
    let (all, new) = numbers;
    if all == 0 {
        return None;
    }
    let refuses = new > 0 || case.options.strict;
    let found = if case.options.strict { all } else { new };
    Some(Alarm { found, limit: 0, message: what(new, all - new), items: new_first(breaches), refuses })
}

/// The words for each, those first that live does not have.
fn new_first(breaches: Vec<Breach>) -> Vec<String> {
    let (new, known): (Vec<_>, Vec<_>) = breaches.into_iter().partition(|breach| breach.new);
    let known = known.into_iter().map(|breach| format!("{} (already so)", breach.words));
    new.into_iter().map(|breach| breach.words).chain(known).collect()
}
