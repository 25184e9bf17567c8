//! Rehearses a plan on the model before anybody sees it.

use std::collections::{BTreeMap, BTreeSet};

use super::administrators::Administrators;
use super::align::Alignment;
use super::diff::{Draft, Move};
use super::error::Bug;
use super::interruption::Interruption;
use super::order::{Allowed, Ordered};
use super::partial_state::PartialState;
use super::{Action, StepId};
use crate::access::{Attached, Grants, GroupId, Held, Holdings, Packed, PrincipalId, World};
use crate::model::{Group, Policy, State};

/// Changes a state as a call changes an organization.
pub fn rehearse(state: &mut State, action: &Action) {
    match action {
        Action::Create { address, object } | Action::Update { address, after: object, .. } => {
            state.objects.insert(address.clone(), object.clone());
        }
        Action::AddMembers { group, members } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.extend(members.iter().cloned());
            }
        }
        Action::RemoveMember { group, member } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.remove(member);
            }
        }
        Action::SetMembers { group, before: _, after } => {
            if let Some(group) = state.find_mut::<Group>(group) {
                group.members.clone_from(after);
            }
        }
        Action::SetRules { policy, before: _, after } => {
            if let Some(policy) = state.find_mut::<Policy>(policy) {
                policy.rules.clone_from(after);
            }
        }
        Action::Delete { address, .. } => state.remove_all(&BTreeSet::from([address.clone()])),
    }
}

/// What the rehearsal found.
pub(super) struct Rehearsal {
    pub(super) interruptions: Vec<Interruption>,
    /// Access that the caller held to administer with, and is without after some step.
    pub(super) locked_out: Vec<(Packed, StepId)>,
    /// Who could administer IAM in the beginning.
    pub(super) administrators: BTreeSet<PrincipalId>,
    /// How many can in the end.
    pub(super) administrators_left: usize,
    /// The states with fewer than there were and than there must be.
    pub(super) few: Vec<Few>,
}

/// A state with too few administrators.
#[derive(Debug, Clone)]
pub(super) struct Few {
    /// Those who are left.
    pub(super) left: BTreeSet<PrincipalId>,
    /// The step after which they are so few.
    pub(super) after: StepId,
}

/// Whom the rehearsal watches beside those whom the laws are about.
pub(super) struct Watched {
    /// Who runs the plan.
    pub(super) caller: Option<PrincipalId>,
    pub(super) administrators: Administrators,
    /// How many of them there must be.
    pub(super) least: u32,
}

/// Runs the steps in the order given, and checks both laws and the arrival.
pub(super) fn run(
    alignment: &Alignment,
    draft: &Draft,
    ordered: &mut Ordered,
    watched: Watched,
) -> Result<Rehearsal, Bug> {
    let mut partial_state =
        PartialState::part(&alignment.before, ordered.changes.iter().map(|change| &change.action));
    let mut watch = LawWatch::new(draft, std::mem::take(&mut ordered.allowed), watched);
    for (at, change) in ordered.changes.iter().enumerate() {
        let step = StepId::try_from(at + 1).unwrap_or(StepId::MAX);
        partial_state.play(&change.action);
        watch.step(step, &change.moves)?;
    }
    if let Some(differs) = partial_state.difference(&alignment.before, &alignment.outcome) {
        return Err(Bug(format!("the steps do not lead to the desired state: {differs}")));
    }
    watch.finish(&ordered.unresolved)
}

/// What a step gives to somebody and takes from them.
#[derive(Default)]
struct Turnover {
    lost: Vec<Grants>,
    gained: Vec<Grants>,
}

/// Watches both laws while steps are done.
struct LawWatch<'d> {
    draft: &'d Draft,
    allowed: Allowed,
    now: Holdings,
    watched: Watched,
    administrators: BTreeSet<PrincipalId>,
    in_the_beginning: BTreeSet<PrincipalId>,
    few: Vec<Few>,
    /// Who has been locked out.
    locked: BTreeSet<PrincipalId>,
    /// Kept grants that are missing, since which step.
    missing: BTreeMap<PrincipalId, BTreeMap<Packed, StepId>>,
    found: Vec<(PrincipalId, Packed, StepId, StepId)>,
    locked_out: BTreeMap<Packed, StepId>,
}

impl<'d> LawWatch<'d> {
    fn new(draft: &'d Draft, allowed: Allowed, watched: Watched) -> Self {
        let administrators = watched.administrators.at(&draft.before);
        Self {
            draft,
            allowed,
            now: draft.before.clone(),
            watched,
            in_the_beginning: administrators.clone(),
            few: Vec::new(),
            locked: BTreeSet::new(),
            administrators,
            missing: BTreeMap::new(),
            found: Vec::new(),
            locked_out: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: StepId, moves: &[Move]) -> Result<(), Bug> {
        let mut reached: BTreeMap<PrincipalId, Turnover> = BTreeMap::new();
        for effect in moves {
            if let Move::Lock(id) = effect {
                self.locked.insert(*id);
                reached.entry(*id).or_default();
            }
            for (principal, grants) in self.taken(effect) {
                reached.entry(principal).or_default().lost.push(grants);
            }
            let before = match effect {
                Move::Policy(policy, _) => self.now.policy(*policy).cloned(),
                _ => None,
            };
            apply(&mut self.now, effect);
            for (principal, grants) in self.given(effect, before.as_ref()) {
                reached.entry(principal).or_default().gained.push(grants);
            }
        }
        for (principal, turnover) in reached {
            self.judge(step, principal, &turnover)?;
        }
        let least = self.in_the_beginning.len().min(self.watched.least as usize);
        // A state is told once, after the step that leads to it.
        if self.administrators.len() < least
            && self.few.last().is_none_or(|few| few.left != self.administrators)
        {
            self.few.push(Few { left: self.administrators.clone(), after: step });
        }
        Ok(())
    }

    /// Returns what a move takes, and from whom, right before it.
    fn taken(&self, effect: &Move) -> Vec<(PrincipalId, Grants)> {
        let by_group = |group| self.by_group(group);
        match effect {
            Move::Born(_) | Move::GroupBorn(_) | Move::Join(..) | Move::Lock(_) => Vec::new(),
            Move::Leave(group, id) => by_group(*group).map(|grants| (*id, grants.clone())).collect(),
            Move::GroupGone(group) => {
                let members = self.now.members(*group).iter();
                members.flat_map(|id| by_group(*group).map(|grants| (*id, grants.clone()))).collect()
            }
            Move::PrincipalGone(id) => {
                self.now.ways(*id).map(|(_, _, grants)| (*id, grants.clone())).collect()
            }
            Move::Policy(policy, next) => {
                let held = self.now.policy(*policy);
                held.map(|held| self.turned_over(held, next.as_ref())).unwrap_or_default()
            }
        }
    }

    /// Returns what a move gives, and to whom, right after it.
    fn given(&self, effect: &Move, before: Option<&Held>) -> Vec<(PrincipalId, Grants)> {
        match effect {
            Move::Join(group, id) => self.by_group(*group).map(|grants| (*id, grants.clone())).collect(),
            Move::Policy(policy, _) => {
                let held = self.now.policy(*policy);
                held.map(|held| self.turned_over(held, before)).unwrap_or_default()
            }
            Move::Born(_)
            | Move::GroupBorn(_)
            | Move::Leave(..)
            | Move::GroupGone(_)
            | Move::PrincipalGone(_)
            | Move::Lock(_) => Vec::new(),
        }
    }

    fn by_group(&self, group: GroupId) -> impl Iterator<Item = &Grants> {
        let policies = self.now.policies_on_group(group).iter();
        policies.filter_map(|policy| Some(&self.now.policy(*policy)?.grants))
    }

    /// Returns what a policy grants at one time and not at the other, with its holders at the one.
    fn turned_over(&self, at: &Held, not_at: Option<&Held>) -> Vec<(PrincipalId, Grants)> {
        let grants = match not_at.filter(|other| other.to == at.to) {
            Some(other) => Grants::new(at.grants.beyond(&other.grants).collect()),
            None => at.grants.clone(),
        };
        if grants.is_empty() {
            return Vec::new();
        }
        self.now.holders(at.to).into_iter().map(|id| (id, grants.clone())).collect()
    }

    /// Checks both laws for somebody, for whom they held before the step: only what the step gave can be a leak, and only
    /// what it took can be missing.
    fn judge(&mut self, step: StepId, principal: PrincipalId, turnover: &Turnover) -> Result<(), Bug> {
        if self.draft.before.owners.contains(&principal) {
            return Ok(()); // holds everything, whatever policies say
        }
        let now = &self.now;
        let holds = |grant: Packed| now.ways(principal).any(|(_, _, grants)| grants.cover(grant));
        let most = self.allowed.most(self.draft, principal);
        // Whom the plan locks can use nothing afterwards: until then it is only what they held before.
        let to_be_locked = self.draft.locks.contains_key(&principal) && !self.locked.contains(&principal);
        let held_before =
            (to_be_locked && self.draft.before.exists(principal)).then(|| self.draft.held(principal).0);
        let most = held_before.as_ref().unwrap_or(most);
        let gained = turnover.gained.iter().flat_map(|grants| grants.beyond(most));
        if let Some(leak) = gained.filter(|grant| holds(*grant)).min() {
            let words = describe(&self.draft.world, principal, leak);
            return Err(Bug(format!("after step {step} there would be a leak: {words}")));
        }
        debug_assert!(now.grants_of(principal).within(most), "a leak that no move of step {step} gave");
        if let Some(missing) = self.missing.get_mut(&principal) {
            missing.retain(|grant, since| {
                let back = holds(*grant);
                if back {
                    self.found.push((principal, *grant, *since, step));
                }
                !back
            });
        }
        let least = self.allowed.least(self.draft, principal);
        for lost in turnover.lost.iter().flat_map(Grants::iter) {
            for grant in least.covered_by(lost).filter(|grant| !holds(*grant)) {
                self.missing.entry(principal).or_default().entry(grant).or_insert(step);
            }
        }
        debug_assert!(
            least
                .beyond(&now.grants_of(principal))
                .all(|grant| self.missing[&principal].contains_key(&grant)),
            "a gap that no move of step {step} made"
        );
        let administrates = |grants: &Grants| self.watched.administrators.made_by(grants);
        let turned = turnover.lost.iter().chain(&turnover.gained).any(administrates);
        if (turned || self.locked.contains(&principal)) && self.watched.administrators.may_be(principal) {
            let makes = |(_, _, grants): (_, _, &Grants)| self.watched.administrators.made_by(grants);
            if now.ways(principal).any(makes) && !self.locked.contains(&principal) {
                self.administrators.insert(principal);
            } else {
                self.administrators.remove(&principal);
            }
        }
        if self.watched.caller == Some(principal) {
            let (held, _) = self.draft.held(principal);
            let to_administer = held.iter().filter(|grant| administers(&self.draft.world, *grant));
            for grant in to_administer.filter(|grant| !holds(*grant)) {
                self.locked_out.entry(grant).or_insert(step);
            }
        }
        Ok(())
    }

    fn finish(self, unresolved: &[(PrincipalId, Packed)]) -> Result<Rehearsal, Bug> {
        let missing = self.missing.iter().find_map(|(who, grants)| Some((who, grants.first_key_value()?)));
        if let Some((principal, (grant, step))) = missing {
            let words = describe(&self.draft.world, *principal, *grant);
            return Err(Bug(format!("since step {step} something is missing in the end: {words}")));
        }
        let known: BTreeSet<_> = unresolved.iter().copied().collect();
        let mut interruptions = Vec::new();
        for (principal, grant, from_step, to_step) in self.found {
            if !known.contains(&(principal, grant)) {
                let words = describe(&self.draft.world, principal, grant);
                return Err(Bug(format!("a gap from step {from_step} to step {to_step}: {words}")));
            }
            let Some(who) = self.draft.world.name(principal) else { continue };
            let grant = self.draft.world.symbols.unpack(grant);
            interruptions.push(Interruption { principal: who.clone(), grant, from_step, to_step });
        }
        interruptions.sort();
        Ok(Rehearsal {
            interruptions,
            locked_out: self.locked_out.into_iter().collect(),
            administrators: self.in_the_beginning,
            administrators_left: self.administrators.len(),
            few: self.few,
        })
    }
}

/// Whether a grant is one that a caller needs in order to go on.
fn administers(world: &World, grant: Packed) -> bool {
    let set = world.symbols.unpack(grant).permission_set;
    ["IAM", "Organization", "Project"].iter().any(|prefix| set.as_str().starts_with(prefix))
}

fn describe(world: &World, principal: PrincipalId, grant: Packed) -> String {
    let who = world.name(principal).map(ToString::to_string).unwrap_or_default();
    format!("{who}: {}", world.symbols.unpack(grant).words(|_| None))
}

fn apply(now: &mut Holdings, effect: &Move) {
    match effect {
        Move::Born(id) => now.insert_principal(*id),
        Move::GroupBorn(id) => now.insert_group(*id),
        Move::Join(group, id) => now.join(*group, *id),
        Move::Leave(group, id) => now.leave(*group, *id),
        Move::GroupGone(group) => now.delete_group(*group),
        Move::PrincipalGone(id) => now.delete_principal(*id),
        // It holds what it held.
        Move::Lock(_) => {}
        Move::Policy(policy, held) => {
            // Who it was attached to may have been deleted since: then it is attached to nobody.
            let gone = |to: Attached| matches!(to, Attached::Principal(id) if !now.exists(id));
            let held = held
                .clone()
                .map(|held| if gone(held.to) { Held { to: Attached::Nobody, ..held } } else { held });
            now.set_policy(*policy, held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::User;
    use crate::model::{Attachment, Desired, Email, Id, Key, Kind, Name, Principal, Rule, Rules, Scope};
    use crate::plan::facts::{Caller, Facts, PeopleFacts};
    use crate::plan::{align, diff, order};

    /// Two people; one has a policy that becomes one of the other's, and a new policy instead.
    fn state(run: (&str, &str), more: &[&str]) -> State {
        let user = |name: &str| Key::from(format!("{name}@x.io").parse::<Email>().unwrap());
        let named = |name: &str| Key::from(name.parse::<Name>().unwrap());
        let mut state = State::empty(Id::from_bits(9));
        for name in ["ann", "bob"] {
            state.insert(user(name), User::member(name));
        }
        let policy = |of: &str, set: &str| Policy {
            attachment: Attachment::Principal(Principal::User(user(of))),
            rules: Rules(vec![Rule {
                permission_sets: [set.parse().unwrap()].into(),
                scope: Scope::Organization,
                condition: None,
            }]),
            ..Policy::default()
        };
        state.insert(named("run"), policy(run.0, run.1));
        for name in more {
            state.insert(named(name), policy("ann", "IAMReadOnly"));
        }
        state
    }

    /// Orders the steps, lets somebody make a mistake in them, and rehearses.
    fn rehearsed(mistake: impl FnOnce(&mut Ordered)) -> Result<Rehearsal, String> {
        let live = state(("ann", "IAMReadOnly"), &[]);
        let mut desired = Desired::empty(live.organization);
        desired.sections = [Kind::Policy].into();
        desired.state = state(("bob", "BillingReadOnly"), &["new"]);
        let (ids, caller) = (crate::model::Ids::default(), Caller::Unresolved(String::new()));
        let facts = Facts {
            live: &live,
            ids: &ids,
            titles: &std::collections::HashMap::new(),
            duplicates: &BTreeMap::new(),
            oldest_keys: &std::collections::HashMap::new(),
            keys: crate::plan::slot::KeyFacts::NONE,
            people: PeopleFacts::NONE,
            guards: None,
            caller: &caller,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let matches = align::Matches::find(&facts, &desired).unwrap();
        let alignment = align::align(&facts, &desired, matches).unwrap();
        let draft = diff::diff(&alignment);
        let administrators = Administrators::of(&draft.world, &alignment.before);
        let (draft, mut ordered) = order::order(&alignment, draft, (&administrators, 2)).unwrap();
        mistake(&mut ordered);
        let watched = Watched { caller: None, administrators, least: 2 };
        run(&alignment, &draft, &mut ordered, watched).map_err(|bug| bug.0)
    }

    #[test]
    fn what_is_in_order_passes() {
        // The new policy, then rules to what both share, then the principal, then the new rules.
        let passed = rehearsed(|ordered| assert_eq!(ordered.changes.len(), 4)).unwrap();
        assert!(passed.interruptions.is_empty() && passed.locked_out.is_empty());
    }

    #[test]
    fn each_mistake_in_an_order_is_found() {
        let leak = rehearsed(|ordered| {
            let Move::Policy(_, Some(bobs)) = ordered.changes[3].moves[0].clone() else { panic!("rules") };
            let Move::Policy(_, Some(made)) = &mut ordered.changes[0].moves[0] else { panic!("a policy") };
            made.to = bobs.to;
        });
        let words = "after step 1 there would be a leak: user bob@x.io: IAMReadOnly on organization";
        assert_eq!(leak.err().as_deref(), Some(words));
        let gap = rehearsed(|ordered| ordered.changes.swap(0, 1)).err();
        assert_eq!(
            gap.as_deref(),
            Some("a gap from step 1 to step 2: user ann@x.io: IAMReadOnly on organization")
        );
        let missing = rehearsed(|ordered| ordered.changes[0].moves.clear()).err();
        assert_eq!(
            missing.as_deref(),
            Some("since step 2 something is missing in the end: user ann@x.io: IAMReadOnly on organization")
        );
        let elsewhere = rehearsed(|ordered| _ = ordered.changes.remove(0)).err();
        assert_eq!(elsewhere.as_deref(), Some("the steps do not lead to the desired state: policy new"));
    }
}
