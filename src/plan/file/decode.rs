//! The document's words → the steps, addresses and rules that they stand for; `None` for what stands for nothing.

use std::collections::BTreeSet;

use super::{AdoptionDocument, ChangesDocument, Document, FromTo, RuleDocument, ScopeDocument, StepDocument};
use crate::model::{
    Address, Attachment, Flags, Key, Kind, Meta, Owner, Policy, Principal, Rule, Rules, Scope, State,
};
use crate::plan::{Action, Adoption, Edge, Effect, Reason, Step, Update};

impl Document {
    pub(super) fn decoded_steps(&self, before: &State) -> Option<Vec<Step>> {
        self.steps.iter().map(|document| step(document, before)).collect()
    }

    pub(super) fn decoded_adoptions(&self) -> Option<Vec<Adoption>> {
        let one = |document: &AdoptionDocument| {
            Some(Adoption {
                address: address(&document.address)?,
                from: document.from_stack.as_deref().map(str::parse).transpose().ok()?,
                api_keys: document.api_keys,
                oldest_key: document.oldest_api_key,
            })
        };
        self.adoptions.iter().map(one).collect()
    }
}

fn key<N: std::str::FromStr>(text: &str) -> Option<Key<N>> {
    match text.strip_prefix("id:") {
        Some(id) => id.parse().ok().map(Key::Id),
        None => text.parse().ok().map(Key::Named),
    }
}

/// Reads an address as the document writes it.
pub(super) fn address(text: &str) -> Option<Address> {
    let (kind, rest) = text.split_once(' ')?;
    let kind = Kind::ALL.into_iter().find(|known| known.word() == kind)?;
    Some(match kind {
        Kind::User => Address::User(key(rest)?),
        Kind::Application => Address::Application(key(rest)?),
        Kind::Group => Address::Group(key(rest)?),
        Kind::Policy => Address::Policy(key(rest)?),
    })
}

fn principal(text: &str) -> Option<Principal> {
    match address(text)? {
        Address::User(key) => Some(Principal::User(key)),
        Address::Application(key) => Some(Principal::Application(key)),
        Address::Group(_) | Address::Policy(_) => None,
    }
}

fn attachment(text: &str) -> Option<Attachment> {
    if text == "none" {
        return Some(Attachment::None);
    }
    match address(text)? {
        Address::User(key) => Some(Attachment::Principal(Principal::User(key))),
        Address::Application(key) => Some(Attachment::Principal(Principal::Application(key))),
        Address::Group(key) => Some(Attachment::Group(key)),
        Address::Policy(_) => None,
    }
}

fn members(list: &[String]) -> Option<BTreeSet<Principal>> {
    list.iter().map(|text| principal(text)).collect()
}

fn rules(list: &[RuleDocument]) -> Option<Rules> {
    let one = |document: &RuleDocument| {
        let scope = match &document.scope {
            ScopeDocument::Word(word) => match word.as_str() {
                "organization" => Scope::Organization,
                "all_projects" => Scope::AllProjects,
                "gone" => Scope::Gone,
                words => Scope::Other(words.to_owned()),
            },
            ScopeDocument::Projects(ids) => {
                Scope::Projects(ids.iter().map(|id| id.parse()).collect::<Result<_, _>>().ok()?)
            }
        };
        Some(Rule {
            permission_sets: document
                .permission_sets
                .iter()
                .map(|set| set.parse())
                .collect::<Result<_, _>>()
                .ok()?,
            scope,
            condition: document.condition.as_deref().map(str::parse).transpose().ok()?,
        })
    };
    list.iter().map(one).collect::<Option<_>>().map(Rules)
}

fn split(tags: &[String]) -> (Option<Owner>, BTreeSet<String>) {
    Owner::of_tags(tags.iter().cloned())
}

fn to<T>(change: Option<&FromTo<T>>) -> Option<&T> {
    change?.to.as_ref()
}

fn both<T>(change: &FromTo<T>) -> Option<(&T, &T)> {
    Some((change.from.as_ref()?, change.to.as_ref()?))
}

fn meta(changes: &ChangesDocument) -> Option<Meta> {
    let (owner, tags) = split(to(changes.tags.as_ref())?);
    Some(Meta { description: to(changes.description.as_ref())?.clone(), tags, owner })
}

fn step(document: &StepDocument, before: &State) -> Option<Step> {
    let effect = match document.effect.as_str() {
        "neutral" => Effect::Neutral,
        "revokes" => Effect::Revokes,
        "grants" => Effect::Grants,
        _ => return None,
    };
    if !document.after_for_safety.iter().all(|step| document.after.contains(step)) {
        return None;
    }
    let reason = |step: &u32| {
        if document.after_for_safety.contains(step) { Reason::Leak } else { Reason::Reference }
    };
    Some(Step {
        id: document.id,
        action: action(document, before)?,
        effect,
        after: document.after.iter().map(|step| Edge { step: *step, reason: reason(step) }).collect(),
    })
}

fn action(document: &StepDocument, before: &State) -> Option<Action> {
    let of = address(&document.address)?;
    let changes = &document.changes;
    Some(match (document.action.as_str(), of) {
        ("create", Address::Application(Key::Named(name))) => {
            Action::CreateApplication { name, meta: meta(changes)? }
        }
        ("create", Address::Group(Key::Named(name))) => Action::CreateGroup { name, meta: meta(changes)? },
        ("create", Address::Policy(Key::Named(name))) => Action::CreatePolicy {
            name,
            policy: Policy {
                meta: meta(changes)?,
                flags: Flags::default(),
                attachment: attachment(to(changes.principal.as_ref())?)?,
                rules: rules(to(changes.rules.as_ref())?)?,
            },
        },
        ("update", of) => Action::Update(update(of, changes, before)?),
        ("add_members", Address::Group(group)) => {
            Action::AddMembers { group, members: members(to(changes.members.as_ref())?)? }
        }
        ("remove_member", Address::Group(group)) => {
            let mut leaving = members(changes.members.as_ref()?.from.as_ref()?)?;
            Action::RemoveMember { group, member: leaving.pop_first().filter(|_| leaving.is_empty())? }
        }
        ("set_members", Address::Group(group)) => {
            let (from, to) = both(changes.members.as_ref()?)?;
            Action::SetMembers { group, before: members(from)?, after: members(to)? }
        }
        ("set_rules", Address::Policy(policy)) => {
            let (from, to) = both(changes.rules.as_ref()?)?;
            Action::SetRules { policy, before: rules(from)?, after: rules(to)? }
        }
        ("delete", address) => Action::Delete { address },
        _ => return None,
    })
}

fn update(of: Address, changes: &ChangesDocument, before: &State) -> Option<Update> {
    let live = match &of {
        Address::User(_) => None,
        Address::Application(key) => before.applications.get(key).map(|found| &found.meta),
        Address::Group(key) => before.groups.get(key).map(|found| &found.meta),
        Address::Policy(key) => before.policies.get(key).map(|found| &found.meta),
    };
    // An object that is gone is found out as changed; until then its fields do not matter.
    let mut meta = live.cloned().unwrap_or_default();
    let description = match &changes.description {
        Some(change) => {
            let (from, to) = both(change)?;
            meta.description.clone_from(to);
            Some((from.clone(), to.clone()))
        }
        None => None,
    };
    let (mut tags, mut owner) = (None, None);
    if let Some(change) = &changes.tags {
        let (from, to) = both(change)?;
        let ((owned, had), (owns, has)) = (split(from), split(to));
        (meta.owner, meta.tags) = (owns.clone(), has.clone());
        tags = (had != has).then_some((had, has));
        owner = (owned != owns).then_some((owned, owns));
    }
    let name = match &changes.name {
        Some(change) => {
            let (from, to) = both(change)?;
            Some((key(from)?, to.parse().ok()?))
        }
        None => None,
    };
    let attachment = match &changes.principal {
        Some(change) => {
            let (from, to) = both(change)?;
            Some((self::attachment(from)?, self::attachment(to)?))
        }
        None => None,
    };
    Some(Update { address: of, name, description, tags, owner, attachment, meta })
}
