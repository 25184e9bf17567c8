//! What a change of the files weakens in the checks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{
    Address, Assertion, Desired, DriftSettings, Expectation, GuardName, Guardrail, IgnoredFinding, Key, Kind,
    Membership, Principal, Prune, Scope,
};

/// Returns, a line each, what is weaker in the files than in those before the change: settings, entries under `allow`,
/// assertions, guardrails, sections that are gone, and members that may be more than those listed.
#[must_use]
pub fn weaker(before: &Desired, after: &Desired) -> Vec<String> {
    let mut found = Vec::new();
    header(before, after, &mut found);
    limits(before, after, &mut found);
    allowed(before, after, &mut found);
    assertions(before, after, &mut found);
    guardrails(before, after, &mut found);
    sections(before, after, &mut found);
    memberships(before, after, &mut found);
    found
}

fn header(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    if before.state.organization != after.state.organization {
        let (was, is) = (before.state.organization, after.state.organization);
        found.push(format!("`organization` is {is}, no longer {was}"));
    }
    match (&before.stack, &after.stack) {
        (Some(was), None) => found.push(format!("`stack` is gone: {was} no longer owns or deletes anything")),
        (Some(was), Some(is)) if was != is => found.push(format!("`stack` is {is}, no longer {was}")),
        (None | Some(_), None | Some(_)) => {}
    }
    let (was, is) = (&before.settings, &after.settings);
    let word = |prune: Prune| match prune {
        Prune::Owned => "owned",
        Prune::None => "none",
    };
    if was.prune != is.prune {
        found.push(format!("`settings.prune` is `{}`, no longer `{}`", word(is.prune), word(was.prune)));
    }
    if is.min_iam_admins < was.min_iam_admins {
        let (was, is) = (was.min_iam_admins, is.min_iam_admins);
        found.push(format!("`settings.min_iam_admins` is {is}, no longer {was}"));
    }
    for address in was.protect.difference(&is.protect) {
        found.push(format!("`settings.protect` no longer has {address}"));
    }
    for stack in is.takes_over.difference(&was.takes_over) {
        found.push(format!("`settings.takes_over` now has stack {stack}"));
    }
    if was.scim.is_none() && is.scim.is_some() {
        found.push("`settings.scim` is new: only the tags of people are managed".to_owned());
    }
    let (none, now) = (BTreeSet::new(), is.scim.iter().flatten());
    for group in now.filter(|group| !was.scim.as_ref().unwrap_or(&none).contains(*group)) {
        found.push(format!("`settings.scim.groups` now has {group}: its members are no longer managed"));
    }
    drift(&was.drift, &is.drift, found);
}

fn drift(was: &DriftSettings, is: &DriftSettings, found: &mut Vec<String>) {
    for kind in was.fail_on.difference(&is.fail_on) {
        found.push(format!("`settings.drift.fail_on` no longer has {kind}"));
    }
    for stack in is.stacks.difference(&was.stacks) {
        found.push(format!("`settings.drift.stacks` now trusts stack {stack}"));
    }
    for entry in &is.ignore {
        let longer = |known: &&IgnoredFinding| known.by == entry.by && known.until >= entry.until;
        if !was.ignore.iter().any(|known| longer(&known)) {
            let (by, until, reason) = (&entry.by, entry.until, &entry.reason);
            found.push(format!("`settings.drift.ignore` now has {by}, until {until}: {reason}"));
        }
    }
}

/// The number that passes at a guard where the files set none; at least that, where it grows with the organization.
const fn usual(guard: GuardName) -> (u32, Grows) {
    match guard {
        GuardName::Deletes | GuardName::Losses => (5, Grows::WithTheOrganization),
        GuardName::LostAccess => (3, Grows::Never),
        GuardName::Keys
        | GuardName::People
        | GuardName::Locks
        | GuardName::Scim
        | GuardName::Emptied
        | GuardName::Adoptions
        | GuardName::SelfLockout
        | GuardName::MinIamAdmins
        | GuardName::Protect
        | GuardName::Rename
        | GuardName::PrivilegeGains
        | GuardName::Quota
        | GuardName::Login
        | GuardName::Assertions
        | GuardName::Guardrails => (0, Grows::Never),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grows {
    Never,
    WithTheOrganization,
}

fn limits(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    for guard in GuardName::ALL {
        let (was, is) = (before.settings.limits.get(&guard), after.settings.limits.get(&guard));
        let (usual, grows) = usual(guard);
        match (was, is) {
            (Some(was), Some(is)) if is > was => {
                found.push(format!("`settings.limits.{guard}` is {is}, no longer {was}"));
            }
            (None, Some(is)) if *is > usual => {
                found.push(format!("`settings.limits.{guard}` is {is}, no longer the default"));
            }
            (Some(was), None) if *was < usual || grows == Grows::WithTheOrganization => {
                found.push(format!("`settings.limits.{guard}` is the default, no longer {was}"));
            }
            (None | Some(_), None | Some(_)) => {}
        }
    }
}

fn allowed(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    let mut known: BTreeMap<(GuardName, &Address), Timestamp> = BTreeMap::new();
    for entry in &before.allow {
        for of in &entry.of {
            let until = known.entry((entry.guard, of)).or_insert(entry.until);
            *until = entry.until.max(*until);
        }
    }
    for entry in &after.allow {
        for of in &entry.of {
            let (guard, until, reason) = (entry.guard, entry.until, &entry.reason);
            match known.get(&(guard, of)) {
                Some(known) if until <= *known => {}
                Some(known) => found.push(format!(
                    "`allow` lets {of} pass {guard} until {until}, no longer until {known}: {reason}"
                )),
                None => found.push(format!("`allow` lets {of} pass {guard} until {until}: {reason}")),
            }
        }
    }
}

fn assertions(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    fn said(it: &Assertion) -> (&Principal, Expectation, &str, &Scope) {
        (&it.principal, it.expectation, it.permission_set.as_str(), &it.on)
    }
    for assertion in &before.assertions {
        if !after.assertions.iter().any(|other| said(other) == said(assertion)) {
            let words = crate::access::sentence(&before.state, assertion);
            found.push(format!("the assertion that {words} is gone"));
        }
    }
}

fn guardrails(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    for Guardrail { name, forbid, .. } in &before.guardrails {
        match after.guardrails.iter().find(|other| other.name == *name) {
            Some(other) if other.forbid == *forbid => {}
            Some(other) => {
                found
                    .push(format!("the guardrail `{name}` forbids `{}`, no longer `{forbid}`", other.forbid));
            }
            None => found.push(format!("the guardrail `{name}` is gone")),
        }
    }
}

fn sections(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    for kind in Kind::ALL.iter().filter(|kind| before.sections.contains(kind)) {
        if !after.sections.contains(kind) {
            let (section, objects) = (kind.section(), kind.nouns());
            found.push(format!("the section `{section}` is gone: {objects} are no longer managed"));
        }
    }
}

fn memberships(before: &Desired, after: &Desired, found: &mut Vec<String>) {
    let mut groups: Vec<_> = before.memberships.iter().collect();
    groups.sort_unstable_by_key(|(address, _)| *address);
    for (address, was) in groups {
        let of_project = matches!(address.key(), Key::Project(_));
        let declared = after.state.has(address) || (of_project && after.sections.contains(&address.kind()));
        let list = if of_project {
            format!("the {} of project {}", address.kind().nouns(), address.key())
        } else {
            format!("the members of {address}")
        };
        match (was, after.memberships.get(address)) {
            (Membership::Exact, Some(Membership::AtLeast)) => {
                found.push(format!("{list} are `at_least` those listed, no longer `exact`"));
            }
            (Membership::Exact | Membership::AtLeast, None) if declared => {
                found.push(format!("{list} are no longer managed"));
            }
            (Membership::Exact | Membership::AtLeast, None | Some(_)) => {}
        }
    }
}
