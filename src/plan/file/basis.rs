//! What a plan was made from: id and content of every object that it touches or depends on, and a digest of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::document::{ContentDocument, ObjectDocument};
use super::value::{address, attachment, description, key, members, own_fields, rules};
use crate::model::{
    Address, Attachment, Catalogue, FieldValue, Group, Key, Kind, Object, Principal, Rules, State, WriteCall,
};
use crate::plan::Action;
use crate::plan::facts::Facts;
use crate::plan::whole_plan::Plan;

/// The objects that steps touch; those that the safety of the order depends on, which is what a policy is attached to,
/// and members and policies of a group; everybody whose access changes; and whatever goes by another name live, because
/// the others speak of it.
pub(super) fn objects(plan: &Plan) -> Vec<ObjectDocument> {
    let (before, outcome) = (plan.before(), plan.outcome());
    let mut found: BTreeSet<Address> = plan.live_keys.keys().cloned().collect();
    found.extend(plan.access().iter().map(|change| change.principal.address()));
    let mut groups: BTreeSet<Key> = BTreeSet::new();
    let computed: Vec<_> = before.groups().filter(|(_, group)| group.builtin.is_some()).collect();
    for step in plan.steps() {
        let touched = step.action.address();
        if touched.kind() == Kind::Group {
            groups.insert(touched.key().clone());
        }
        if touched.kind() == Kind::Policy {
            for policy in [before, outcome].into_iter().filter_map(|state| state.policy(touched.key())) {
                match &policy.attachment {
                    Attachment::None => {}
                    Attachment::Principal(principal) => _ = found.insert(principal.address()),
                    Attachment::Group(group) => _ = groups.insert(group.clone()),
                }
            }
        }
        if step.action.creates().is_some() || step.action.deletes().is_some() {
            // Who is made or deleted comes into computed groups, or leaves them.
            let is_in = |state: &State, group: &Group| {
                let principal = touched.principal();
                principal.is_some_and(|it| group.builtin.is_some_and(|builtin| builtin.has(state, &it)))
            };
            let its = computed.iter().filter(|(_, group)| is_in(before, group) || is_in(outcome, group));
            groups.extend(its.map(|(key, _)| (*key).clone()));
        }
        if let Action::AddMembers { members, .. } = &step.action {
            found.extend(members.iter().map(Principal::address));
        }
        found.insert(touched);
    }
    for (key, policy) in before.policies() {
        if matches!(&policy.attachment, Attachment::Group(group) if groups.contains(group)) {
            found.insert(Address::policy(key.clone()));
        }
    }
    for group in [before, outcome].into_iter().flat_map(|state| groups.iter().map(|key| state.group(key))) {
        found.extend(group.iter().flat_map(|group| &group.members).map(Principal::address));
    }
    found.extend(groups.into_iter().map(Address::group));
    let written: BTreeSet<Address> = plan.steps().iter().map(|step| step.action.address()).collect();
    let document = |of: &Address| {
        let extent = ContentExtent::of(written.contains(of));
        let planned_from = content(before, of, extent);
        ObjectDocument {
            address: address(of),
            live: plan.live_keys.get(of).map(key),
            id: plan.ids().get(of).map(|id| id.to_string()),
            hash: planned_from.as_ref().map(hash),
            planned_from,
            desired: content(outcome, of, extent).map(without_keys),
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

/// Returns the SHA-256 of all that was read of an organization and that a plan may depend on, and of who plans, in hexadecimal
/// digits.
///
/// It is only ever compared with that of the same version of the program. When the keys of an application were made is
/// left out: it is read only where a plan shows it.
#[must_use]
pub fn digest(facts: &Facts<'_>, catalogue: Option<&Catalogue>) -> String {
    let Facts {
        live,
        ids,
        titles,
        duplicates,
        oldest_keys: _,
        keys: _,
        people: _,
        guards: _,
        caller,
        now: _,
    } = facts;
    let (ids, titles): (BTreeMap<_, _>, BTreeMap<_, _>) = (ids.iter().collect(), titles.iter().collect());
    let mut hash = Hash(Sha256::new());
    // The fields of everything, none of which may be forgotten, are what `Debug` is derived for.
    // A hash takes everything.
    _ = write!(hash, "{live:?} {ids:?} {titles:?} {duplicates:?} {catalogue:?} {caller:?}");
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

/// How much of an object is written to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentExtent {
    /// All of it: a step writes it.
    Whole,
    /// The part that the plan relies on. For people that is only that they exist; their profiles are private.
    ReliedOn,
}

impl ContentExtent {
    pub(super) const fn of(written: bool) -> Self {
        if written { Self::Whole } else { Self::ReliedOn }
    }
}

/// An object's content, canonical: sorted where the order means nothing. `None` when no object bears the name.
pub(super) fn content(state: &State, of: &Address, extent: ContentExtent) -> Option<ContentDocument> {
    let content = content_of(state.get(of)?);
    Some(match extent {
        ContentExtent::ReliedOn if of.kind().named_undeclared() => {
            ContentDocument { username: content.username, ..ContentDocument::default() }
        }
        ContentExtent::ReliedOn | ContentExtent::Whole => content,
    })
}

/// The content of one object.
pub(super) fn content_of(object: &Object) -> ContentDocument {
    let mut content = ContentDocument::default();
    if let Some(meta) = object.meta() {
        content.tags = Some(meta.wire_tags());
    }
    content.description = description(object);
    // No answer shows what only a create sends.
    content.fields = own_fields(object, &[WriteCall::Patch, WriteCall::Lock]).collect();
    for field in object.fields() {
        match field.value {
            FieldValue::Text(text) if field.name == "username" => content.username = Some(text.to_owned()),
            FieldValue::Count(count) if field.name == "nb_api_keys" => content.api_keys = Some(count),
            FieldValue::Members(it) => content.members = Some(members(it)),
            FieldValue::Attachment(it) => content.principal = Some(attachment(it)),
            FieldValue::Rules(it) => {
                let sorted = Rules(it.sorted().into_iter().cloned().collect());
                content.rules = Some(rules(&sorted));
            }
            FieldValue::Text(_)
            | FieldValue::Tags(_)
            | FieldValue::Owner(_)
            | FieldValue::Count(_)
            | FieldValue::Flag(_)
            | FieldValue::Span(_)
            | FieldValue::Unsaid => {}
        }
    }
    content
}

/// Which keys an application has is not for a plan to say.
pub(super) fn without_keys(content: ContentDocument) -> ContentDocument {
    ContentDocument { api_keys: None, ..content }
}
