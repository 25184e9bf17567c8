//! Records the object that each call overwrites, as it is when the step begins, once the order is known.
//!
//! All calls that write one object are done one after the other, in every order that the edges allow, so what stands here
//! is true in each of them.

use std::collections::BTreeSet;

use super::Action;
use super::align::Alignment;
use super::diff::Move;
use super::error::Bug;
use super::order::Ordered;
use super::partial_state::PartialState;
use crate::access::World;
use crate::model::{Group, Policy, Principal, State};

/// Completes the steps, in their order.
pub(super) fn fill(alignment: &Alignment, world: &World, ordered: &mut Ordered) -> Result<(), Bug> {
    let mut partial_state =
        PartialState::part(&alignment.before, ordered.changes.iter().map(|change| &change.action));
    for change in &mut ordered.changes {
        if complete(&mut change.action, &change.moves, world, partial_state.state()).is_none() {
            return Err(Bug(format!("a step writes to {}, which is not there", change.action.address())));
        }
        partial_state.play(&change.action);
    }
    Ok(())
}

/// Completes one call; `None` where what it writes to is not there.
fn complete(action: &mut Action, moves: &[Move], world: &World, now: &State) -> Option<()> {
    match action {
        Action::Create { .. } | Action::AddMembers { .. } | Action::RemoveMember { .. } => {}
        Action::Update { address, from: _, before, after } => {
            let mut patched = now.get(address)?.clone();
            patched.patch(before, after);
            *before = now.get(address)?.clone();
            *after = patched;
        }
        Action::SetMembers { group, before, after } => {
            let leavers = leavers(moves, world);
            before.clone_from(&now.find::<Group>(group)?.members);
            *after = before.difference(&leavers).cloned().collect();
        }
        Action::SetRules { policy, before, .. } => before.clone_from(&now.find::<Policy>(policy)?.rules),
        Action::Delete { address, object } => object.clone_from(now.get(address)?),
    }
    Some(())
}

/// Who leaves a group by a call.
fn leavers(moves: &[Move], world: &World) -> BTreeSet<Principal> {
    let leaver = |effect: &Move| match effect {
        Move::Leave(_, id) => world.name(*id).cloned(),
        Move::Born(_)
        | Move::Join(..)
        | Move::Policy(..)
        | Move::GroupBorn(_)
        | Move::GroupGone(_)
        | Move::PrincipalGone(_)
        | Move::Lock(_) => None,
    };
    moves.iter().filter_map(leaver).collect()
}
