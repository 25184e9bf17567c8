//! Who holds what, written once more in the plainest way, so that tests do not ask the code they judge.

use std::collections::{BTreeMap, BTreeSet};

use scw_iam::access::{Grant, GrantScope};
use scw_iam::model::{Attachment, Builtin, Key, Principal, State, UserType};
use scw_iam::plan::{Interruption, Plan, StepId, rehearse};

/// All grants of every principal.
pub(crate) type Held = BTreeMap<Principal, BTreeSet<Grant>>;

pub(crate) fn held(state: &State) -> Held {
    let mut held: Held = BTreeMap::new();
    let users = || state.users().map(|(key, _)| key).cloned().map(Principal::User);
    let applications = || state.applications().map(|(key, _)| key).cloned().map(Principal::Application);
    let ordinary = || {
        let ordinary = state.applications().filter(|(_, application)| !application.flags.managed);
        ordinary.map(|(key, _)| Principal::Application(key.clone()))
    };
    for principal in users().chain(applications()) {
        held.entry(principal).or_default();
    }
    for policy in state.policies().map(|(_, it)| it) {
        let holders: Vec<Principal> = match &policy.attachment {
            Attachment::None => Vec::new(),
            Attachment::Principal(principal) => vec![principal.clone()],
            Attachment::Group(key) => match state.group(key) {
                None => Vec::new(),
                Some(group) => match group.builtin {
                    None => group.members.iter().cloned().collect(),
                    Some(Builtin::AllUsers) => users().collect(),
                    Some(Builtin::AllApplications) => ordinary().collect(),
                },
            },
        };
        for holder in holders {
            // Whom no list shows goes by an id, and exists.
            let exists = match &holder {
                Principal::User(Key::Id(_)) | Principal::Application(Key::Id(_)) => true,
                Principal::User(key) => state.user(key).is_some(),
                Principal::Application(key) => state.application(key).is_some(),
            };
            assert!(exists, "{holder} holds something and does not exist");
            held.entry(holder).or_default().extend(policy.rules.0.iter().flat_map(Grant::of_rule));
        }
    }
    held
}

fn scope_within(inner: &GrantScope, outer: &GrantScope) -> bool {
    match (inner, outer) {
        (GrantScope::Project(_), GrantScope::AllProjects) => true,
        (inner, outer) => inner == outer,
    }
}

pub(crate) fn covered(grant: &Grant, by: &BTreeSet<Grant>) -> bool {
    by.iter().any(|g| {
        g.permission_set == grant.permission_set
            && scope_within(&grant.scope, &g.scope)
            && (g.condition.is_none() || g.condition == grant.condition)
    })
}

/// Every grant that is covered before and after: what nobody should be without in between.
pub(crate) fn kept(before: &BTreeSet<Grant>, after: &BTreeSet<Grant>) -> BTreeSet<Grant> {
    let mut candidates: BTreeSet<Grant> = before.union(after).cloned().collect();
    for a in before {
        for b in after {
            let scope = if scope_within(&a.scope, &b.scope) { a.scope.clone() } else { b.scope.clone() };
            let condition = a.condition.clone().or_else(|| b.condition.clone());
            candidates.insert(Grant { permission_set: a.permission_set.clone(), scope, condition });
        }
    }
    candidates.retain(|grant| covered(grant, before) && covered(grant, after));
    candidates
}

/// What must hold between two steps of a plan.
pub(crate) struct Laws<'p> {
    plan: &'p Plan,
    before: Held,
    after: Held,
    kept: BTreeMap<Principal, BTreeSet<Grant>>,
}

impl<'p> Laws<'p> {
    pub(crate) fn of(plan: &'p Plan) -> Self {
        let (mut before, mut after) = (held(plan.before()), held(plan.outcome()));
        // Owners hold everything, whatever policies say.
        let owner = |who: &Principal| match who {
            Principal::User(key) => plan.before().user(key).is_some_and(|user| user.kind == UserType::Owner),
            Principal::Application(_) => false,
        };
        before.retain(|who, _| !owner(who));
        after.retain(|who, _| !owner(who));
        let none = BTreeSet::new();
        let kept =
            before.iter().map(|(who, held)| (who.clone(), kept(held, after.get(who).unwrap_or(&none))));
        Self { kept: kept.collect(), plan, before, after }
    }

    /// Judges the state of an organization in which these steps are done.
    pub(crate) fn judge(&self, state: &State, done: &BTreeSet<StepId>) -> Result<(), String> {
        let now = held(state);
        let none = BTreeSet::new();
        let open = |interruption: &&Interruption| {
            done.contains(&interruption.from_step) && !done.contains(&interruption.to_step)
        };
        for (who, before) in &self.before {
            let most: BTreeSet<_> = before.union(self.after.get(who).unwrap_or(&none)).cloned().collect();
            let holds = now.get(who).unwrap_or(&none);
            if let Some(leak) = holds.iter().find(|grant| !covered(grant, &most)) {
                return Err(format!("a leak: {who} holds {leak:?} after {done:?}"));
            }
        }
        for (who, after) in self.after.iter().filter(|(who, _)| !self.before.contains_key(*who)) {
            let holds = now.get(who).unwrap_or(&none);
            if let Some(leak) = holds.iter().find(|grant| !covered(grant, after)) {
                return Err(format!("a leak: new {who} holds {leak:?} after {done:?}"));
            }
        }
        for (who, kept) in &self.kept {
            let holds = now.get(who).unwrap_or(&none);
            for grant in kept.iter().filter(|grant| !covered(grant, holds)) {
                let listed = self.plan.interruptions().iter().filter(open).any(|interruption| {
                    interruption.principal == *who
                        && covered(grant, &BTreeSet::from([interruption.grant.clone()]))
                });
                if !listed {
                    return Err(format!("a gap: {who} lacks {grant:?} after {done:?}"));
                }
            }
        }
        for interruption in self.plan.interruptions().iter().filter(open) {
            if covered(&interruption.grant, now.get(&interruption.principal).unwrap_or(&none)) {
                return Err(format!("no interruption: {interruption:?} after {done:?}"));
            }
        }
        Ok(())
    }

    /// Judges every state that any allowed order passes through, up to a number of states that no trap reaches.
    pub(crate) fn judge_all_orders(&self) -> Result<(), String> {
        let mut seen: BTreeSet<BTreeSet<StepId>> = BTreeSet::new();
        let mut open = vec![(BTreeSet::new(), self.plan.before().clone())];
        while let Some((done, state)) = open.pop() {
            self.judge(&state, &done)?;
            if done.len() == self.plan.steps().len() && state != *self.plan.outcome() {
                return Err("the steps do not lead to the outcome".to_owned());
            }
            for step in self.plan.steps().iter().filter(|step| !done.contains(&step.id)) {
                let ready = step.after.iter().all(|edge| done.contains(&edge.step));
                let with = || done.iter().copied().chain([step.id]).collect::<BTreeSet<_>>();
                if ready && seen.len() < 5000 && seen.insert(with()) {
                    let mut next = state.clone();
                    rehearse(&mut next, &step.action);
                    open.push((with(), next));
                }
            }
        }
        Ok(())
    }
}
