//! The guards, which refuse a plan unless they are overridden: a file per guard.

mod adoptions;
mod assertions;
mod deletes;
mod emptied;
mod ended;
mod guardrails;
mod keys;
mod locks;
mod login;
mod losses;
mod lost_access;
mod min_iam_admins;
mod people;
mod privilege_gains;
mod protect;
mod quota;
mod rename;
mod scim;
mod self_lockout;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::align::Alignment;
use super::diff::Draft;
use super::rehearse::Rehearsal;
use super::slot::KeysPlan;
use super::{Caller, Facts, GuardOptions, Step};
use crate::access::{AccessChange, Broken, Everything, PrincipalId};
use crate::model::{Address, Desired, Kind, Principal, State};
pub use crate::model::{GuardName, UnknownGuard};

pub(super) use self::login::asks_for_saml;

/// The input of guards.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) desired: &'a Desired,
    pub(super) options: &'a GuardOptions,
    /// Who runs the plan, by the name that they have in it.
    pub(super) caller: &'a Caller,
    pub(super) alignment: &'a Alignment,
    pub(super) draft: &'a Draft,
    pub(super) steps: &'a [Step],
    pub(super) access: &'a [AccessChange],
    pub(super) rehearsal: &'a Rehearsal,
    /// What is to be done about API keys.
    pub(super) keys: &'a KeysPlan,
    /// The exceptions in the files for this guard.
    pub(super) pardoned: &'a BTreeSet<Address>,
}

impl<'a> Case<'a> {
    /// All that is held on the live side.
    fn before(&self) -> Everything<'a> {
        Everything::known(&self.alignment.before, &self.draft.world, &self.draft.before)
    }

    /// Returns true when the files let this pass, by its current or its new name.
    fn pardons(&self, address: &Address) -> bool {
        !self.pardoned.is_empty() && self.alignment.names(address).any(|name| self.pardoned.contains(&name))
    }

    /// Returns true for somebody whom no list of the API shows: what is left of somebody deleted, as far as anybody knows.
    fn hidden(&self, principal: &Principal) -> bool {
        !self.alignment.before.has(&principal.address())
    }

    /// Returns the existing principals that held access and are locked out. The computed access still includes their grants.
    fn locked(&self) -> impl Iterator<Item = PrincipalId> {
        let before = &self.draft.before;
        let locked = self.draft.locks.keys().copied();
        locked.filter(|id| before.exists(*id) && before.ways(*id).any(|(_, _, grants)| !grants.is_empty()))
    }

    fn principal(&self, id: PrincipalId) -> Option<&'a Principal> {
        self.draft.world.name(id)
    }

    /// All that is held in the end.
    fn after(&self) -> Everything<'a> {
        Everything::known(&self.alignment.outcome, &self.draft.world, &self.draft.after)
    }
}

/// A guard that is overridden for one number: `deletes=7`.
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
            text.split_once('=').ok_or("expected GUARD=NUMBER, as in `deletes=7`".to_owned())?;
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
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong, in words.
    pub message: String,
    /// The objects or people it is about.
    pub items: Vec<String>,
    /// Their addresses, for an entry under `allow` that lets exactly these pass; without those that files cannot name.
    pub of: Vec<Address>,
    /// What overrode it.
    pub lifted_by: Option<LiftedBy>,
}

/// What overrode a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiftedBy {
    /// `--allow`, for the number found.
    Number,
    /// Entries under `allow` in the files.
    Files,
}

impl Finding {
    /// Returns the entry under `allow` that lets exactly this pass, or `None` when files cannot say it. `now` is the time
    /// of the plan.
    #[must_use]
    pub fn entry(&self, now: Timestamp) -> Option<String> {
        if self.of.is_empty() {
            return None;
        }
        let until = now.saturating_add(PRINTED_END).ok()?.to_zoned(TimeZone::UTC).date();
        let of: Vec<_> = self.of.iter().map(|of| quoted(of.text())).collect();
        let (guard, of) = (self.guard, of.join(", "));
        Some(format!("- {{guard: {guard}, of: [{of}], until: {until}, reason: WHY}}"))
    }
}

/// Returns a text as YAML takes it within brackets.
fn quoted(text: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@._-+=() :".contains(c);
    if text.chars().all(plain) { text } else { serde_json::Value::from(text).to_string() }
}

/// How long the entries that are printed last.
const PRINTED_END: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The verdict on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The plan is refused.
    Refused,
    /// The plan would be refused if this number were not allowed.
    Lifted,
    /// It is only shown.
    Shown,
}

/// A guard's answer before it is known what is allowed.
pub(super) struct Alarm {
    pub(super) found: usize,
    pub(super) limit: u32,
    pub(super) message: String,
    pub(super) items: Vec<Item>,
    /// Whether it refuses, or is only shown.
    pub(super) refuses: bool,
}

/// One object or person that a guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// What files call it, to let it pass.
    pub(super) of: Option<Address>,
    pub(super) text: String,
}

impl Item {
    fn new(of: Address, text: impl Into<String>) -> Self {
        Self { of: Some(of), text: text.into() }
    }

    /// An object that its address describes.
    fn of(address: Address) -> Self {
        let text = address.to_string();
        Self { of: Some(address), text }
    }
}

/// Asks every guard.
pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut pardons: BTreeMap<GuardName, BTreeSet<Address>> = BTreeMap::new();
    for entry in case.desired.allow.iter().filter(|entry| entry.until > case.facts.now) {
        pardons.entry(entry.guard).or_default().extend(entry.of.iter().cloned());
    }
    GuardName::ALL.into_iter().filter_map(|name| finding(name, case, pardons.get(&name))).collect()
}

fn ask(name: GuardName, case: &Case<'_>) -> Option<Alarm> {
    match name {
        GuardName::Deletes => deletes::judge(case),
        GuardName::Losses => losses::judge(case),
        GuardName::LostAccess => lost_access::judge(case),
        GuardName::Keys => keys::judge(case),
        GuardName::People => people::judge(case),
        GuardName::Locks => locks::judge(case),
        GuardName::Scim => scim::judge(case),
        GuardName::Emptied => emptied::judge(case),
        GuardName::Adoptions => adoptions::judge(case),
        GuardName::SelfLockout => self_lockout::judge(case),
        GuardName::MinIamAdmins => min_iam_admins::judge(case),
        GuardName::Protect => protect::judge(case),
        GuardName::Rename => rename::judge(case),
        GuardName::PrivilegeGains => privilege_gains::judge(case),
        GuardName::Quota => quota::judge(case),
        GuardName::Login => login::judge(case),
        GuardName::Assertions => assertions::judge(case),
        GuardName::Guardrails => guardrails::judge(case),
    }
}

/// Asks one guard, first as if nothing were allowed, then without the exceptions in the files, so that the number counts
/// only the rest.
fn finding(guard: GuardName, case: &Case<'_>, pardoned: Option<&BTreeSet<Address>>) -> Option<Finding> {
    let whole = ask(guard, case)?;
    let left = match pardoned {
        Some(pardoned) if whole.refuses => {
            ask(guard, &Case { pardoned, ..*case }).filter(|left| left.refuses)
        }
        Some(_) | None => None,
    };
    let by_files = pardoned.is_some() && whole.refuses && left.is_none();
    let alarm = left.unwrap_or(whole);
    let found = u32::try_from(alarm.found).unwrap_or(u32::MAX);
    let mut message = alarm.message;
    let (verdict, lifted_by) = match case.options.allow.get(&guard) {
        _ if !alarm.refuses => (Verdict::Shown, None),
        _ if by_files => (Verdict::Lifted, Some(LiftedBy::Files)),
        Some(number) if *number == found => (Verdict::Lifted, Some(LiftedBy::Number)),
        Some(number) => {
            message.push_str(&format!(" (--allow {guard}={number} does not match)"));
            (Verdict::Refused, None)
        }
        None => (Verdict::Refused, None),
    };
    let sayable = |of: &Address| of.kind() == Kind::User || of.key().id().is_none();
    let mut of: Vec<_> = alarm.items.iter().filter_map(|item| item.of.clone()).filter(sayable).collect();
    // An entry that leaves somebody out would not lift it.
    if of.len() < alarm.items.len() {
        of.clear();
    }
    let mut seen = BTreeSet::new();
    of.retain(|of| seen.insert(of.clone()));
    let items = alarm.items.into_iter().map(|item| item.text).collect();
    Some(Finding { guard, found, limit: alarm.limit, verdict, message, items, of, lifted_by })
}

/// The number that the files set for a guard.
fn limit(case: &Case<'_>, guard: GuardName) -> Option<u32> {
    case.desired.settings.limits.get(&guard).copied()
}

/// What breaks an assertion or a guardrail, in words.
fn by(state: &State, broken: &Broken) -> String {
    let Some(held) = &broken.by else { return ": nothing grants it without a condition".to_owned() };
    let through = if broken.through.is_some() { "through " } else { "" };
    let grant = held.grant.words(|id| state.projects.get(&id));
    format!(": {through}{grant} ← {}", held.path)
}

/// Something that breaks an assertion or a guardrail, in words.
struct Breach {
    /// Whether live does not have it.
    new: bool,
    item: Item,
}

/// An alarm for broken assertions or guardrails, the new ones first: those that live already breaks refuse only with `--strict`.
///
/// `numbers` has how many are broken in the end, and how many of these live does not break.
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
fn new_first(breaches: Vec<Breach>) -> Vec<Item> {
    let (new, known): (Vec<_>, Vec<_>) = breaches.into_iter().partition(|breach| breach.new);
    let known = known
        .into_iter()
        .map(|Breach { item, .. }| Item { text: format!("{} (existing)", item.text), ..item });
    new.into_iter().map(|breach| breach.item).chain(known).collect()
}
