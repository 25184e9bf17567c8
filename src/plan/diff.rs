//! Compares both sides and writes down every single change: a node each, not yet in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::align::Alignment;
use super::graph::Node;
use super::{Action, Effect, Update};
use crate::access::{
    Attached, Grant, GrantScope, Grants, GroupId, Held, Holdings, PolicyId, PrincipalId, World,
};
use crate::model::{
    Address, Attachment, Condition, Key, Meta, Name, PermissionSetName, Policy, Principal, Rule, Rules, Scope,
};

/// What a call does to access.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Move {
    /// A principal comes to be.
    Born(PrincipalId),
    /// A principal joins a group.
    Join(GroupId, PrincipalId),
    /// A principal leaves a group.
    Leave(GroupId, PrincipalId),
    /// A policy becomes this; `None` deletes it.
    Policy(PolicyId, Option<Held>),
    /// A group comes to be.
    GroupBorn(GroupId),
    /// A group is deleted.
    GroupGone(GroupId),
    /// A principal is deleted.
    PrincipalGone(PrincipalId),
}

/// One call, and what it does to access.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) moves: Vec<Move>,
    pub(super) effect: Effect,
}

/// What a policy is after each of its nodes; the first stage is the live one.
pub(super) struct Stage {
    pub(super) held: Option<Held>,
    /// The node that leads here; `None` for the live one.
    pub(super) by: Option<Node>,
}

/// Every change, with the ways to find them.
pub(super) struct Draft {
    pub(super) world: World,
    pub(super) before: Holdings,
    pub(super) after: Holdings,
    pub(super) changes: Vec<Change>,
    /// The nodes by which someone joins a group; for a built-in group the one that makes the principal.
    pub(super) joins: BTreeMap<(GroupId, PrincipalId), Node>,
    /// The nodes by which someone leaves a group, or the group or the principal is deleted.
    pub(super) leaves: BTreeMap<(GroupId, PrincipalId), Node>,
    /// The stages of every policy that changes.
    pub(super) stages: BTreeMap<PolicyId, Vec<Stage>>,
    /// The node that makes an object, renames it, deletes it: by the name that it takes or frees on the live side,
    /// which is not always what the object goes by here.
    pub(super) takes: HashMap<Address, Node>,
    pub(super) frees: HashMap<Address, Node>,
    /// The nodes that make an object.
    pub(super) made: HashMap<Address, Node>,
    /// The nodes that delete an object.
    pub(super) deleted: HashMap<Address, Node>,
    /// New applications that a policy of all applications becomes the own policy of.
    narrowed: Vec<PrincipalId>,
}

/// Compares both sides.
pub(super) fn diff(alignment: &Alignment) -> Draft {
    let mut world = World::default();
    let before = world.holdings(&alignment.before);
    let after = world.holdings(&alignment.outcome);
    let mut draft = Draft {
        world,
        before,
        after,
        changes: Vec::new(),
        joins: BTreeMap::new(),
        leaves: BTreeMap::new(),
        stages: BTreeMap::new(),
        takes: HashMap::new(),
        frees: HashMap::new(),
        made: HashMap::new(),
        deleted: HashMap::new(),
        narrowed: Vec::new(),
    };
    draft.applications(alignment);
    draft.groups(alignment);
    draft.policies(alignment);
    draft
}

/// The changed fields of a PATCH.
fn update(alignment: &Alignment, address: Address, before: &Meta, after: &Meta) -> Update {
    let changed = |differs: bool| differs.then_some(());
    let name = alignment.renamed.get(&address).and_then(|from| match &address {
        Address::User(_) => None,
        Address::Application(to) | Address::Group(to) | Address::Policy(to) => {
            Some((from.clone(), to.name()?.clone()))
        }
    });
    Update {
        name,
        description: changed(before.description != after.description)
            .map(|()| (before.description.clone(), after.description.clone())),
        tags: changed(before.tags != after.tags).map(|()| (before.tags.clone(), after.tags.clone())),
        owner: changed(before.owner != after.owner).map(|()| (before.owner.clone(), after.owner.clone())),
        attachment: None,
        meta: after.clone(),
        address,
    }
}

/// A PATCH of the same object that changes nothing.
fn only(update: &Update, meta: &Meta) -> Update {
    Update {
        address: update.address.clone(),
        name: None,
        description: None,
        tags: None,
        owner: None,
        attachment: None,
        meta: meta.clone(),
    }
}

fn named(key: &Key<Name>) -> Option<Name> {
    key.name().cloned()
}

impl Draft {
    fn add(&mut self, action: Action, moves: Vec<Move>, effect: Effect) -> Node {
        let node = Node::try_from(self.changes.len()).unwrap_or(Node::MAX);
        if let Action::Update(Update { name: Some((from, to)), address, .. }) = &action {
            self.takes.insert(with_key(address, Key::Named(to.clone())), node);
            self.frees.insert(with_key(address, from.clone()), node);
        }
        if action.creates().is_some() {
            self.takes.insert(action.address(), node);
            self.made.insert(action.address(), node);
        }
        self.changes.push(Change { action, moves, effect });
        node
    }

    fn patch(&mut self, update: Update) {
        if !update.is_empty() {
            self.add(Action::Update(update), Vec::new(), Effect::Neutral);
        }
    }

    fn delete(&mut self, alignment: &Alignment, address: &Address, moves: Vec<Move>) -> Node {
        let node = self.add(Action::Delete { address: address.clone() }, moves, Effect::Revokes);
        self.deleted.insert(address.clone(), node);
        // A displaced object goes by its id here; what it frees is the name that it bears.
        let displaced = alignment.displaced.get(address).cloned().map(Key::Named);
        let named = displaced.map_or_else(|| address.clone(), |key| with_key(address, key));
        self.frees.insert(named, node);
        node
    }

    fn applications(&mut self, alignment: &Alignment) {
        let (before, outcome) = (&alignment.before.applications, &alignment.outcome.applications);
        for (key, object) in outcome {
            let address = Address::Application(key.clone());
            match (before.get(key), named(key)) {
                (Some(live), _) => self.patch(update(alignment, address, &live.meta, &object.meta)),
                (None, Some(name)) => {
                    let id = self.world.principal(&Principal::Application(key.clone()));
                    let builtin = self.before.all_applications.clone();
                    let moves = std::iter::once(Move::Born(id));
                    let moves = moves.chain(builtin.iter().map(|group| Move::Join(*group, id))).collect();
                    let action = Action::CreateApplication { name, meta: object.meta.clone() };
                    let node = self.add(action, moves, Effect::Neutral);
                    self.joins.extend(builtin.into_iter().map(|group| ((group, id), node)));
                }
                (None, None) => {}
            }
        }
        for key in before.keys().filter(|key| !outcome.contains_key(*key)) {
            let id = self.world.principal(&Principal::Application(key.clone()));
            let node =
                self.delete(alignment, &Address::Application(key.clone()), vec![Move::PrincipalGone(id)]);
            for group in self.before.groups_of(id).clone() {
                self.leaves.insert((group, id), node);
            }
        }
    }

    fn groups(&mut self, alignment: &Alignment) {
        let (before, outcome) = (&alignment.before.groups, &alignment.outcome.groups);
        for (key, object) in outcome {
            let id = self.world.group(key);
            let address = Address::Group(key.clone());
            match (before.get(key), named(key)) {
                (Some(live), _) => self.patch(update(alignment, address, &live.meta, &object.meta)),
                (None, Some(name)) => {
                    let action = Action::CreateGroup { name, meta: object.meta.clone() };
                    self.add(action, vec![Move::GroupBorn(id)], Effect::Neutral);
                }
                (None, None) => {}
            }
            let none = BTreeSet::new();
            let live = before.get(key).map_or(&none, |live| &live.members);
            for member in live.difference(&object.members) {
                let principal = self.world.principal(member);
                if !self.leaves.contains_key(&(id, principal)) {
                    let action = Action::RemoveMember { group: key.clone(), member: member.clone() };
                    let node = self.add(action, vec![Move::Leave(id, principal)], Effect::Revokes);
                    self.leaves.insert((id, principal), node);
                }
            }
            for member in object.members.difference(live) {
                let principal = self.world.principal(member);
                let members = BTreeSet::from([member.clone()]);
                let action = Action::AddMembers { group: key.clone(), members };
                let node = self.add(action, vec![Move::Join(id, principal)], Effect::Grants);
                self.joins.insert((id, principal), node);
            }
        }
        for key in before.keys().filter(|key| !outcome.contains_key(*key)) {
            let id = self.world.group(key);
            let node = self.delete(alignment, &Address::Group(key.clone()), vec![Move::GroupGone(id)]);
            for member in self.before.members(id).clone() {
                self.leaves.entry((id, member)).or_insert(node);
            }
        }
    }

    fn policies(&mut self, alignment: &Alignment) {
        let (before, outcome) = (&alignment.before.policies, &alignment.outcome.policies);
        for (key, object) in outcome {
            match (before.get(key), named(key)) {
                (Some(live), _) => self.policy(alignment, key, live, object),
                (None, Some(name)) => {
                    let id = self.world.policy(key);
                    let held = self.after.policy(id).cloned();
                    let effect = match &held {
                        Some(held) if held.to != Attached::Nobody && !held.grants.is_empty() => {
                            Effect::Grants
                        }
                        _ => Effect::Neutral,
                    };
                    let action = Action::CreatePolicy { name, policy: object.clone() };
                    let node = self.add(action, vec![Move::Policy(id, held.clone())], effect);
                    let stages = vec![Stage { held: None, by: None }, Stage { held, by: Some(node) }];
                    self.stages.insert(id, stages);
                }
                (None, None) => {}
            }
        }
        for key in before.keys().filter(|key| !outcome.contains_key(*key)) {
            let id = self.world.policy(key);
            let live = self.before.policy(id).cloned();
            let node = self.delete(alignment, &Address::Policy(key.clone()), vec![Move::Policy(id, None)]);
            let stages = vec![Stage { held: live, by: None }, Stage { held: None, by: Some(node) }];
            self.stages.insert(id, stages);
        }
    }

    /// The shortest sequence of calls for a policy that keeps the first law.
    fn policy(&mut self, alignment: &Alignment, key: &Key<Name>, live: &Policy, desired: &Policy) {
        let address = Address::Policy(key.clone());
        let id = self.world.policy(key);
        let mut patch = update(alignment, address, &live.meta, &desired.meta);
        let moves = live.attachment != desired.attachment;
        let orphaned =
            self.orphaned_by(&live.attachment).filter(|_| moves && desired.attachment == Attachment::None);
        if moves && orphaned.is_none() {
            patch.attachment = Some((live.attachment.clone(), desired.attachment.clone()));
        }
        let rewrites = live.rules != desired.rules;
        let (Some(mut old), Some(new)) = (self.before.policy(id).cloned(), self.after.policy(id).cloned())
        else {
            return;
        };
        let mut stages = vec![Stage { held: Some(old.clone()), by: None }];
        if orphaned.is_some() {
            // The call that deletes what it is attached to detaches it too.
            old.to = Attached::Nobody;
            stages.push(Stage { held: Some(old.clone()), by: orphaned });
        }
        self.stages.insert(id, stages);
        let mut meta = &live.meta;
        if self.must_be_renamed_alone(alignment, &patch, &new) {
            meta = &desired.meta;
            let attachment = patch.attachment.take();
            let alone = Update { attachment, ..only(&patch, meta) };
            self.patch(std::mem::replace(&mut patch, alone));
        }
        if patch.attachment.is_some() && self.must_let_go(&old, &new) {
            let attachment = Some((live.attachment.clone(), Attachment::None));
            let detach = Update { attachment, ..only(&patch, meta) };
            old.to = Attached::Nobody;
            self.stage(id, Action::Update(detach), old.clone());
        }
        let rules = |before: &Rules, after: &Rules| Action::SetRules {
            policy: key.clone(),
            before: before.clone(),
            after: after.clone(),
        };
        let rules_first = new.grants.within(&old.grants) || old.to == Attached::Nobody;
        let patch_first = old.grants.within(&new.grants) || new.to == Attached::Nobody;
        match (patch.attachment.is_some(), rewrites) {
            (_, false) => self.patch_policy(id, patch, new.to, old.grants),
            (false, true) => {
                self.patch_policy(id, patch, old.to, old.grants.clone());
                self.stage(id, rules(&live.rules, &desired.rules), Held { to: old.to, grants: new.grants });
            }
            (true, true) if rules_first => {
                self.stage(
                    id,
                    rules(&live.rules, &desired.rules),
                    Held { to: old.to, grants: new.grants.clone() },
                );
                self.patch_policy(id, patch, new.to, new.grants);
            }
            (true, true) if patch_first => {
                self.patch_policy(id, patch, new.to, old.grants.clone());
                self.stage(id, rules(&live.rules, &desired.rules), Held { to: new.to, grants: new.grants });
            }
            (true, true) => {
                let both = old.grants.meet(&new.grants);
                let between = self.rules_of(&both);
                self.stage(id, rules(&live.rules, &between), Held { to: old.to, grants: both.clone() });
                self.patch_policy(id, patch, new.to, both);
                self.stage(id, rules(&between, &desired.rules), Held { to: new.to, grants: new.grants });
            }
        }
        if self.stages.get(&id).is_some_and(|stages| stages.len() == 1) {
            self.stages.remove(&id);
        }
    }

    /// Whether a policy that becomes a new application's own and frees its name for another one is renamed by a call of
    /// its own.
    ///
    /// The other one may be a policy of all applications that has to go before the new application is made: it would
    /// wait for the name, the name for the application, and the application for it.
    fn must_be_renamed_alone(&self, alignment: &Alignment, patch: &Update, new: &Held) -> bool {
        let (Some((from, _)), Some(_), Attached::Principal(to)) = (&patch.name, &patch.attachment, new.to)
        else {
            return false;
        };
        !self.before.exists(to) && alignment.outcome.policies.contains_key(from)
    }

    /// Whether a policy of all applications that becomes a new application's own has to be attached to nobody first.
    ///
    /// Whoever is made while the policy is that of all applications holds it. So two policies that move from there to
    /// two new applications would each have to move before the other's application is made.
    fn must_let_go(&mut self, old: &Held, new: &Held) -> bool {
        let (Attached::Group(from), Attached::Principal(to)) = (old.to, new.to) else { return false };
        if !self.before.all_applications.contains(&from) || self.before.exists(to) {
            return false;
        }
        let moved = old.grants.meet(&new.grants);
        let forbids = |other: &PrincipalId| *other != to && !moved.within(&self.after.grants_of(*other));
        let lets_go = self.narrowed.iter().any(forbids);
        self.narrowed.push(to);
        lets_go
    }

    /// The node that deletes what a policy is attached to.
    fn orphaned_by(&self, attachment: &Attachment) -> Option<Node> {
        let address = match attachment {
            Attachment::None => return None,
            Attachment::Principal(principal) => principal.address(),
            Attachment::Group(key) => Address::Group(key.clone()),
        };
        self.deleted.get(&address).copied()
    }

    fn patch_policy(&mut self, id: PolicyId, patch: Update, to: Attached, grants: Grants) {
        if patch.attachment.is_none() {
            self.patch(patch);
        } else {
            self.stage(id, Action::Update(patch), Held { to, grants });
        }
    }

    fn stage(&mut self, id: PolicyId, action: Action, held: Held) {
        let before = self.stages.get(&id).and_then(|stages| stages.last()?.held.clone());
        let reduces = before.is_some_and(|before| before.to == held.to && held.grants.within(&before.grants));
        let effect = match held.to {
            Attached::Nobody => Effect::Revokes,
            _ if held.grants.is_empty() || reduces => Effect::Revokes,
            Attached::Principal(_) | Attached::Group(_) => Effect::Grants,
        };
        let node = self.add(action, vec![Move::Policy(id, Some(held.clone()))], effect);
        self.stages.entry(id).or_default().push(Stage { held: Some(held), by: Some(node) });
    }

    /// Rules that grant exactly this.
    fn rules_of(&self, grants: &Grants) -> Rules {
        let mut by_scope: BTreeMap<(GrantScope, Option<Condition>), BTreeSet<PermissionSetName>> =
            BTreeMap::new();
        for grant in grants.iter() {
            let Grant { permission_set, scope, condition } = self.world.symbols.unpack(grant);
            by_scope.entry((scope, condition)).or_default().insert(permission_set);
        }
        let mut rules: Vec<Rule> = Vec::new();
        for ((scope, condition), permission_sets) in by_scope {
            let scope = match scope {
                GrantScope::Organization => Scope::Organization,
                GrantScope::AllProjects => Scope::AllProjects,
                GrantScope::Project(id) => Scope::Projects(BTreeSet::from([id])),
                GrantScope::Other(words) => Scope::Other(words),
            };
            let same =
                |rule: &&mut Rule| rule.permission_sets == permission_sets && rule.condition == condition;
            match (rules.iter_mut().find(same), &scope) {
                (Some(Rule { scope: Scope::Projects(projects), .. }), Scope::Projects(more)) => {
                    projects.extend(more);
                }
                _ => rules.push(Rule { permission_sets, scope, condition }),
            }
        }
        Rules(rules)
    }
}

pub(super) fn with_key(address: &Address, key: Key<Name>) -> Address {
    match address {
        Address::User(email) => Address::User(email.clone()),
        Address::Application(_) => Address::Application(key),
        Address::Group(_) => Address::Group(key),
        Address::Policy(_) => Address::Policy(key),
    }
}
