//! What a plan was made from: the content of every object that it touches or depends on, as hashes.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{ContentDocument, ObjectDocument, address, attachment, key, members, rules};
use crate::model::{Address, Attachment, Builtin, Key, Meta, Name, Principal, Rules, State};
use crate::plan::{Action, Step};

/// The objects that steps touch, with those that the safety of the order depends on: what a policy is attached to,
/// and the policies of a group whose members change; and whatever goes by another name live (`live_keys`), for the
/// others speak of it.
pub(super) fn objects(
    steps: &[Step],
    before: &State,
    outcome: &State,
    live_keys: &HashMap<Address, Key<Name>>,
) -> Vec<ObjectDocument> {
    let mut found: BTreeSet<Address> = live_keys.keys().cloned().collect();
    let mut groups: BTreeSet<Key<Name>> = BTreeSet::new();
    for step in steps {
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
    found.extend(groups.into_iter().map(Address::Group));
    let document = |of: &Address| {
        let planned_from = content(before, of);
        ObjectDocument {
            address: address(of),
            live: live_keys.get(of).map(key),
            hash: planned_from.as_ref().map(hash),
            planned_from,
            desired: content(outcome, of),
        }
    };
    found.iter().map(document).collect()
}

/// Returns the hash of an object's content.
pub(super) fn hash(content: &ContentDocument) -> String {
    let digest = Sha256::digest(json!(content).to_string().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An object's content, canonical: sorted where the order means nothing. `None` when no object bears the name.
pub(in crate::plan) fn content(state: &State, of: &Address) -> Option<ContentDocument> {
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
        Address::Application(name) => state.applications.get(name).map(|found| with_meta(&found.meta)),
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
