//! Compares both sides and makes a node of every single change, not yet in order.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::align::Alignment;
use super::graph::NodeId;
use super::{Action, Effect};
use crate::access::{
    Attached, Grant, GrantScope, Grants, GroupId, Held, Holdings, PolicyId, PrincipalId, World,
};
use crate::model::{
    Address, Attachment, Condition, Group, Key, Kind, Object, OfKind as _, PermissionSetName, Policy,
    Principal, Rule, Rules, Scope, WriteCall,
};

/// What a call does to access.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Move {
    /// A principal is created.
    Born(PrincipalId),
    /// A principal joins a group.
    Join(GroupId, PrincipalId),
    /// A principal leaves a group.
    Leave(GroupId, PrincipalId),
    /// A policy becomes this; `None` deletes it.
    Policy(PolicyId, Option<Held>),
    /// A group is created.
    GroupBorn(GroupId),
    /// A group is deleted.
    GroupGone(GroupId),
    /// A principal is deleted.
    PrincipalGone(PrincipalId),
    /// A principal is locked out: it keeps its access but cannot use it.
    Lock(PrincipalId),
}

/// One call, and what it does to access.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) moves: Vec<Move>,
    pub(super) effect: Effect,
}

/// What a policy is after each of its nodes; the first stage is the live one.
pub(super) struct PolicyStage {
    pub(super) held: Option<Held>,
    /// The node that leads here; `None` for the live one.
    pub(super) by: Option<NodeId>,
}

/// Every change, with the ways to find them.
pub(super) struct Draft {
    pub(super) world: Arc<World>,
    pub(super) before: Arc<Holdings>,
    pub(super) after: Arc<Holdings>,
    pub(super) changes: Vec<Change>,
    /// The nodes by which someone joins a group; for a built-in group the one that makes the principal.
    pub(super) joins: BTreeMap<(GroupId, PrincipalId), NodeId>,
    /// The nodes by which someone leaves a group, or the group or the principal is deleted.
    pub(super) leaves: BTreeMap<(GroupId, PrincipalId), NodeId>,
    /// The stages of every policy that changes.
    pub(super) stages: BTreeMap<PolicyId, Vec<PolicyStage>>,
    /// The node that makes an object, renames it, deletes it: by the name that it takes or frees on the live side,
    /// which is not always its key here.
    pub(super) takes: HashMap<Address, NodeId>,
    pub(super) frees: HashMap<Address, NodeId>,
    /// The nodes that make an object.
    pub(super) made: HashMap<Address, NodeId>,
    /// The nodes that delete an object.
    pub(super) deleted: HashMap<Address, NodeId>,
    /// The nodes that lock somebody out.
    pub(super) locks: BTreeMap<PrincipalId, NodeId>,
    /// New people and applications to which a policy of everybody of their kind moves.
    narrowed: Vec<PrincipalId>,
    /// What principals hold before and after, as it becomes known.
    held: RefCell<HashMap<PrincipalId, (Grants, Grants)>>,
}

/// Compares both sides.
pub(super) fn diff(alignment: &Alignment) -> Draft {
    let mut world = World::default();
    let before = world.holdings(&alignment.before);
    let after = world.holdings_after(&alignment.outcome, (&alignment.before, &before));
    let mut draft = Draft {
        world: world.into(),
        before: before.into(),
        after: after.into(),
        changes: Vec::new(),
        joins: BTreeMap::new(),
        leaves: BTreeMap::new(),
        stages: BTreeMap::new(),
        takes: HashMap::new(),
        frees: HashMap::new(),
        made: HashMap::new(),
        deleted: HashMap::new(),
        locks: BTreeMap::new(),
        narrowed: Vec::new(),
        held: RefCell::default(),
    };
    for kind in Kind::ALL.iter().copied() {
        draft.kind(alignment, kind);
    }
    draft
}

/// What is still to be changed of a policy by PATCH.
struct Patch<'a> {
    address: &'a Address,
    /// Its current key, if that changes.
    from: Option<Key>,
    now: Policy,
    after: Policy,
}

impl<'a> Patch<'a> {
    /// Returns true when it changes what the policy is attached to.
    fn attaches(&self) -> bool {
        self.now.attachment != self.after.attachment
    }

    /// Takes a part out: the one that leads to `after`, with a rename or without.
    fn part(&mut self, from: Option<Key>, after: Policy) -> Self {
        let now = std::mem::replace(&mut self.now, after.clone());
        Self { address: self.address, from, now, after }
    }
}

impl Draft {
    /// Returns all that a principal holds before and after.
    pub(super) fn held(&self, principal: PrincipalId) -> (Grants, Grants) {
        let mut held = self.held.borrow_mut();
        let both = || (self.before.grants_of(principal), self.after.grants_of(principal));
        held.entry(principal).or_insert_with(both).clone()
    }

    /// The numbers of everything, to give new ones.
    fn numbers(&mut self) -> &mut World {
        Arc::make_mut(&mut self.world)
    }

    fn add(&mut self, action: Action, moves: Vec<Move>, effect: Effect) -> NodeId {
        let node = NodeId::at(self.changes.len());
        if let Action::Update { address, from: Some(from), .. } = &action {
            self.takes.insert(address.clone(), node);
            self.frees.insert(address.sibling(from.clone()), node);
        }
        if let Action::Update { address, before, after, .. } = &action
            && before.second_key() != after.second_key()
        {
            self.takes.extend(after.second_key().map(|key| (address.sibling(key), node)));
            self.frees.extend(before.second_key().map(|key| (address.sibling(key), node)));
        }
        if let Action::Create { address, object } = &action {
            self.takes.insert(address.clone(), node);
            self.takes.extend(object.second_key().map(|key| (address.sibling(key), node)));
            self.made.insert(address.clone(), node);
        }
        self.changes.push(Change { action, moves, effect });
        node
    }

    /// Makes, changes and deletes the objects of one kind, in the order of the outcome.
    fn kind(&mut self, alignment: &Alignment, kind: Kind) {
        let (before, outcome) = (&alignment.before, &alignment.outcome);
        for address in outcome.addresses(kind) {
            let (live, object) = (before.get(address), &outcome.objects[address]);
            if live == Some(object) && !alignment.renamed.contains_key(address) {
                continue;
            }
            match live {
                None => self.new_object(address, object),
                Some(live) => self.change(alignment, address, live, object),
            }
        }
        for address in before.addresses(kind).filter(|address| !outcome.has(address)) {
            self.delete(alignment, address, &before.objects[address]);
        }
    }

    /// Makes an object. What it is to access decides how.
    fn new_object(&mut self, address: &Address, object: &Object) {
        if let Some(principal) = address.principal() {
            self.new_principal(address, &principal, object);
        } else if let Some(group) = Group::of(object) {
            self.new_group(address, group);
        } else if Policy::of(object).is_some() {
            self.new_policy(address, object);
        } else {
            self.create(address, object.clone(), Vec::new(), Effect::Neutral);
        }
    }

    fn change(&mut self, alignment: &Alignment, address: &Address, live: &Object, object: &Object) {
        if let (Some(live), Some(policy)) = (Policy::of(live), Policy::of(object)) {
            return self.policy(alignment, address, live, policy);
        }
        self.patch(alignment, address, live, object);
        if let Some(group) = Group::of(object) {
            self.members(address.key(), Group::of(live), group);
        }
    }

    /// Changes the fields of an object, by a PATCH of its own and by the calls that its kind has beside that.
    fn patch(&mut self, alignment: &Alignment, address: &Address, live: &Object, desired: &Object) {
        let mut wanted = live.clone();
        wanted.patch(live, desired);
        self.write(address, alignment.renamed.get(address), live, &wanted);
    }

    /// Turns one object into another, with as many calls as that takes.
    fn write(&mut self, address: &Address, renamed: Option<&Key>, live: &Object, wanted: &Object) {
        let mut before = live.clone();
        for (call, after) in live.by_calls(wanted) {
            let from = renamed.filter(|_| call == WriteCall::Patch).cloned();
            if from.is_none() && after == before {
                continue;
            }
            let locked = address.principal().filter(|_| before.locks_out(&after));
            let locked = locked.map(|principal| self.numbers().principal(&principal));
            let (moves, effect) = match locked {
                Some(id) => (vec![Move::Lock(id)], Effect::Revokes),
                None => (Vec::new(), Effect::Neutral),
            };
            let before = std::mem::replace(&mut before, after.clone());
            let node =
                self.add(Action::Update { address: address.clone(), from, before, after }, moves, effect);
            self.locks.extend(locked.map(|id| (id, node)));
        }
    }

    fn delete(&mut self, alignment: &Alignment, address: &Address, object: &Object) {
        let moves = self.end(address).into_iter().collect();
        let action = Action::Delete { address: address.clone(), object: object.clone() };
        let node = self.add(action, moves, Effect::Revokes);
        self.deleted.insert(address.clone(), node);
        self.frees.extend(object.second_key().map(|key| (address.sibling(key), node)));
        // A displaced object is keyed by its id here; it frees the name that it has.
        let displaced = alignment.displaced.get(address).map(|name| address.sibling(name.clone()));
        self.frees.insert(displaced.unwrap_or_else(|| address.clone()), node);
        if let Some(principal) = address.principal() {
            let id = self.numbers().principal(&principal);
            for group in self.before.groups_of(id).clone() {
                self.leaves.insert((group, id), node);
            }
        } else if address.kind() == Kind::Group {
            let id = self.numbers().group(address.key());
            for member in self.before.members(id).clone() {
                self.leaves.entry((id, member)).or_insert(node);
            }
        } else if address.kind() == Kind::Policy {
            let id = self.numbers().policy(address.key());
            let live = self.before.policy(id).cloned();
            let stages =
                vec![PolicyStage { held: live, by: None }, PolicyStage { held: None, by: Some(node) }];
            self.stages.insert(id, stages);
        }
    }

    /// What deleting an object does to access, of a kind that access is made of.
    fn end(&mut self, address: &Address) -> Option<Move> {
        if let Some(principal) = address.principal() {
            return Some(Move::PrincipalGone(self.numbers().principal(&principal)));
        }
        if address.kind() == Kind::Group {
            return Some(Move::GroupGone(self.numbers().group(address.key())));
        }
        (address.kind() == Kind::Policy).then(|| Move::Policy(self.numbers().policy(address.key()), None))
    }

    fn create(
        &mut self,
        address: &Address,
        object: Object,
        moves: Vec<Move>,
        effect: Effect,
    ) -> Option<NodeId> {
        if address.key().id().is_some() {
            return None;
        }
        Some(self.add(Action::Create { address: address.clone(), object }, moves, effect))
    }

    fn new_principal(&mut self, address: &Address, principal: &Principal, object: &Object) {
        let id = self.numbers().principal(principal);
        let builtin = match principal {
            Principal::User(_) => self.before.all_users.clone(),
            Principal::Application(_) => self.before.all_applications.clone(),
        };
        let moves = std::iter::once(Move::Born(id));
        let moves = moves.chain(builtin.iter().map(|group| Move::Join(*group, id))).collect();
        let created = object.created();
        if let Some(node) = self.create(address, created.clone(), moves, Effect::Neutral) {
            self.joins.extend(builtin.into_iter().map(|group| ((group, id), node)));
            self.write(address, None, &created, object);
        }
    }

    fn new_group(&mut self, address: &Address, group: &Group) {
        let moves = vec![Move::GroupBorn(self.numbers().group(address.key()))];
        let empty = Group { members: BTreeSet::new(), ..group.clone() };
        self.create(address, empty.into(), moves, Effect::Neutral);
        self.members(address.key(), None, group);
    }

    fn new_policy(&mut self, address: &Address, object: &Object) {
        let id = self.numbers().policy(address.key());
        let held = self.after.policy(id).cloned();
        let effect = match &held {
            Some(held) if held.to != Attached::Nobody && !held.grants.is_empty() => Effect::Grants,
            _ => Effect::Neutral,
        };
        let moves = vec![Move::Policy(id, held.clone())];
        if let Some(node) = self.create(address, object.clone(), moves, effect) {
            let stages = vec![PolicyStage { held: None, by: None }, PolicyStage { held, by: Some(node) }];
            self.stages.insert(id, stages);
        }
    }

    fn members(&mut self, key: &Key, live: Option<&Group>, desired: &Group) {
        let (id, none) = (self.numbers().group(key), BTreeSet::new());
        let live = live.map_or(&none, |live| &live.members);
        for member in live.difference(&desired.members) {
            let principal = self.numbers().principal(member);
            if !self.leaves.contains_key(&(id, principal)) {
                let action = Action::RemoveMember { group: key.clone(), member: member.clone() };
                let node = self.add(action, vec![Move::Leave(id, principal)], Effect::Revokes);
                self.leaves.insert((id, principal), node);
            }
        }
        for member in desired.members.difference(live) {
            let principal = self.numbers().principal(member);
            let members = BTreeSet::from([member.clone()]);
            let action = Action::AddMembers { group: key.clone(), members };
            let node = self.add(action, vec![Move::Join(id, principal)], Effect::Grants);
            self.joins.insert((id, principal), node);
        }
    }

    /// The shortest sequence of calls for a policy that keeps the first law.
    fn policy(&mut self, alignment: &Alignment, address: &Address, live: &Policy, desired: &Policy) {
        let id = self.numbers().policy(address.key());
        let mut patch = Patch {
            address,
            from: alignment.renamed.get(address).cloned(),
            now: live.clone(),
            after: Policy { rules: live.rules.clone(), ..desired.clone() },
        };
        let moves = live.attachment != desired.attachment;
        let orphaned =
            self.orphaned_by(&live.attachment).filter(|_| moves && desired.attachment == Attachment::None);
        if orphaned.is_some() {
            patch.after.attachment.clone_from(&live.attachment);
        }
        let rewrites = live.rules != desired.rules;
        let (Some(mut old), Some(new)) = (self.before.policy(id).cloned(), self.after.policy(id).cloned())
        else {
            return;
        };
        let mut stages = vec![PolicyStage { held: Some(old.clone()), by: None }];
        if orphaned.is_some() {
            // The call that deletes what it is attached to detaches it too.
            old.to = Attached::Nobody;
            stages.push(PolicyStage { held: Some(old.clone()), by: orphaned });
        }
        self.stages.insert(id, stages);
        if self.must_be_renamed_alone(alignment, &patch, &new) {
            let attachment = live.attachment.clone();
            let from = patch.from.take();
            let alone = patch.part(from, Policy { attachment, ..patch.after.clone() });
            self.patch_policy(id, alone, old.to, old.grants.clone());
        }
        if patch.attaches() && self.must_let_go(&old, &new) {
            let detach = patch.part(None, Policy { attachment: Attachment::None, ..patch.now.clone() });
            old.to = Attached::Nobody;
            self.patch_policy(id, detach, old.to, old.grants.clone());
        }
        let rules = |before: &Rules, after: &Rules| Action::SetRules {
            policy: address.key().clone(),
            before: before.clone(),
            after: after.clone(),
        };
        let rules_first = new.grants.within(&old.grants) || old.to == Attached::Nobody;
        let patch_first = old.grants.within(&new.grants) || new.to == Attached::Nobody;
        match (patch.attaches(), rewrites) {
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
    fn must_be_renamed_alone(&self, alignment: &Alignment, patch: &Patch<'_>, new: &Held) -> bool {
        let (Some(from), true, Attached::Principal(to)) = (&patch.from, patch.attaches(), new.to) else {
            return false;
        };
        !self.before.exists(to) && alignment.outcome.policy(from).is_some()
    }

    /// Whether a policy of everybody of a kind must be detached before it moves to a new object of that kind.
    ///
    /// An application that is created while the policy is attached to all applications holds its grants. So two policies that move from there to
    /// two new applications would each have to move before the other's application is made. The same is so of people.
    fn must_let_go(&mut self, old: &Held, new: &Held) -> bool {
        let (Attached::Group(from), Attached::Principal(to)) = (old.to, new.to) else { return false };
        let everybodys =
            self.before.all_applications.contains(&from) || self.before.all_users.contains(&from);
        if !everybodys || self.before.exists(to) {
            return false;
        }
        let moved = old.grants.meet(&new.grants);
        let forbids = |other: &PrincipalId| *other != to && !moved.within(&self.after.grants_of(*other));
        let lets_go = self.narrowed.iter().any(forbids);
        self.narrowed.push(to);
        lets_go
    }

    /// Returns the node that makes a principal.
    pub(super) fn made_by(&self, principal: PrincipalId) -> Option<NodeId> {
        self.made.get(&self.world.name(principal)?.address()).copied()
    }

    /// The node that deletes what a policy is attached to.
    fn orphaned_by(&self, attachment: &Attachment) -> Option<NodeId> {
        self.deleted.get(&attachment.address()?).copied()
    }

    /// Changes the fields of a policy, where any change.
    fn patch_policy(&mut self, id: PolicyId, patch: Patch<'_>, to: Attached, grants: Grants) {
        let attaches = patch.attaches();
        let Patch { address, from, now, after } = patch;
        if from.is_none() && now == after {
            return;
        }
        let action =
            Action::Update { address: address.clone(), from, before: now.into(), after: after.into() };
        if attaches {
            self.stage(id, action, Held { to, grants });
        } else {
            self.add(action, Vec::new(), Effect::Neutral);
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
        self.stages.entry(id).or_default().push(PolicyStage { held: Some(held), by: Some(node) });
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
