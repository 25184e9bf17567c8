//! The guards, which refuse a plan unless they are overridden: a file per guard.

mod adoptions;
mod alarm;
mod assertions;
mod case;
mod deletes;
mod emptied;
mod ended;
mod finding;
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

use self::alarm::Alarm;
pub(super) use self::case::Case;
pub use self::finding::{Allowance, Finding, GuardOptions, LiftedBy, Verdict};
use crate::model::{Address, Kind};
pub use crate::model::{GuardName, UnknownGuard};

pub(super) use self::login::asks_for_saml;

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
