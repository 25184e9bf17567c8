//! What a plan was made from: id and content of every object that it touches or depends on, and a digest of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::compare::without_keys;
use super::{ContentDocument, ObjectDocument, address, attachment, key, members, rules};
use crate::model::{Address, Attachment, Builtin, Catalogue, Key, Meta, Name, Principal, Rules, State};
use crate::plan::{Action, Facts, Plan};

/// The objects that steps touch; those that the safety of the order depends on, which is what a policy is attached to,
/// and members and policies of a group; everybody whose access changes; and whatever goes by another name live, because
/// the others speak of it.
pub(super) fn objects(plan: &Plan) -> Vec<ObjectDocument> {
    let (before, outcome) = (plan.before(), plan.outcome());
    let mut found: BTreeSet<Address> = plan.live_keys.keys().cloned().collect();
    found.extend(plan.access().iter().map(|change| change.principal.address()));
    let mut groups: BTreeSet<Key<Name>> = BTreeSet::new();
    for step in plan.steps() {
        let touched = step.action.address();
        if let Address::Group(key) = &touched {
            groups.insert(key.clone());
        }
        if let Address::Policy(key) = &touched {
            for policy in [before.policies.get(key), outcome.policies.get(key)].into_iter().flatten() {
                match &policy.attachment {
                    Attachment::None => {}
                    Attachment::Principal(principal) => _ = found.insert(principal.address()),
                    Attachment::Group(group) => _ = groups.insert(group.clone()),
                }
            }
        }
        if let Address::Application(_) = &touched
            && (step.action.creates().is_some() || step.action.deletes().is_some())
        {
            let all = before.groups.iter().filter(|(_, it)| it.builtin == Some(Builtin::AllApplications));
            groups.extend(all.map(|(key, _)| key.clone()));
        }
        if let Action::AddMembers { members, .. } = &step.action {
            found.extend(members.iter().map(Principal::address));
        }
        found.insert(touched);
    }
    for (key, policy) in &before.policies {
        if matches!(&policy.attachment, Attachment::Group(group) if groups.contains(group)) {
            found.insert(Address::Policy(key.clone()));
        }
    }
    for group in
        [before, outcome].into_iter().flat_map(|state| groups.iter().map(|key| state.groups.get(key)))
    {
        found.extend(group.iter().flat_map(|group| &group.members).map(Principal::address));
    }
    found.extend(groups.into_iter().map(Address::Group));
    let document = |of: &Address| {
        let planned_from = content(before, of);
        ObjectDocument {
            address: address(of),
            live: plan.live_keys.get(of).map(key),
            id: plan.ids().get(of).map(|id| id.to_string()),
            hash: planned_from.as_ref().map(hash),
            planned_from,
            desired: content(outcome, of).map(without_keys),
        }
    };
    found.iter().map(document).collect()
}

/// Returns the hash of an object's content.
pub(super) fn hash(content: &ContentDocument) -> String {
    hexadecimal(&Sha256::digest(json!(content).to_string().as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the SHA-256 of all that was read of an organization and that a plan may depend on, in hexadecimal digits.
///
/// It is only ever compared with that of the same version of the program. When the keys of an application were made is
/// left out: it is read only where a plan shows it.
#[must_use]
pub fn digest(facts: &Facts<'_>, catalogue: Option<&Catalogue>) -> String {
    let Facts { live, ids, titles, duplicates, oldest_keys: _, caller: _, now: _ } = facts;
    let (ids, titles): (BTreeMap<_, _>, BTreeMap<_, _>) = (ids.iter().collect(), titles.iter().collect());
    let mut hash = Hash(Sha256::new());
    // The fields of everything, none of which may be forgotten, are what `Debug` is derived for.
    // A hash takes everything.
    _ = write!(hash, "{live:?} {ids:?} {titles:?} {duplicates:?} {catalogue:?}");
    hexadecimal(&hash.0.finalize())
}

/// A hash of what is written to it.
struct Hash(Sha256);

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// An object's content, canonical: sorted where the order means nothing. `None` when no object bears the name.
pub(super) fn content(state: &State, of: &Address) -> Option<ContentDocument> {
    let with_meta = |meta: &Meta| ContentDocument {
        description: Some(meta.description.clone()),
        tags: Some(meta.wire_tags()),
        ..ContentDocument::default()
    };
    match of {
        Address::User(user) => state.users.get(user).map(|found| ContentDocument {
            username: Some(found.username.to_string()),
            ..ContentDocument::default()
        }),
        Address::Application(name) => state
            .applications
            .get(name)
            .map(|found| ContentDocument { api_keys: Some(found.api_keys), ..with_meta(&found.meta) }),
        Address::Group(name) => state.groups.get(name).map(|found| ContentDocument {
            members: Some(members(&found.members)),
            ..with_meta(&found.meta)
        }),
        Address::Policy(name) => state.policies.get(name).map(|found| {
            let sorted = Rules(found.rules.sorted().into_iter().cloned().collect());
            ContentDocument {
                principal: Some(attachment(&found.attachment)),
                rules: Some(rules(&sorted)),
                ..with_meta(&found.meta)
            }
        }),
    }
}
