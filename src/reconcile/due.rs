//! What time alone makes due, for scheduled jobs: nobody gains anything by it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::options::PlanOptions;
use super::plan::{LiveReading, Planned};
use super::resolve::resolve;
use super::session::Session;
use super::{Error, KeyOptions};
use crate::config::{Files, ends_at};
use crate::live::Live;
use crate::model::{
    Address, Desired, Expiry, Group, Identity, Membership, Object, OfKind as _, Policy, Principal, State,
};
use crate::plan::slot::Occasion;

impl Session {
    /// Plans what time alone makes due: members and rules that have ended go, and keys that are there are replaced. What else
    /// the files say is left for an apply of the files.
    ///
    /// # Errors
    /// When the organization cannot be read, or the files do not fit it.
    pub async fn plan_due(&self, files: &Files, options: &PlanOptions) -> Result<Planned, Error> {
        let keys = KeyOptions { occasion: Occasion::Due, ..options.keys.clone() };
        let options = &PlanOptions { keys, ..options.clone() };
        let mut reading = self.read_for(files, options).await?;
        let desired = self.accepted(resolve(files, &reading.live)?, options)?;
        let desired = due(desired, &reading.live);
        self.keys_for(&mut reading, &desired).await?;
        let plan = reading.compare(&desired, options)?.of_due();
        let plan = self.completed(&mut reading, &desired, options, plan).await?;
        let made_from = Box::new(super::plan::made_from(files, options, reading.digest(options)));
        let LiveReading { caller, .. } = reading;
        Ok(Planned { plan, caller, made_from, keys: options.keys.clone(), now: options.now })
    }
}

/// Returns the live objects that hold something that has ended, without it, as what is desired; and the slots of the
/// applications that are the stack's.
fn due(mut desired: Desired, live: &Live) -> Desired {
    let mut objects = State::empty(desired.state.organization);
    objects.projects.clone_from(&desired.state.projects);
    let mut identities = std::collections::HashMap::new();
    let mut memberships = std::collections::HashMap::new();
    let ended: Vec<&Expiry> = desired.expiries.iter().filter(|expiry| expiry.expired).collect();
    let declared: BTreeSet<&Address> = ended.iter().map(|expiry| &expiry.address).collect();
    for address in declared {
        let Some((at, object)) = found(&desired, live, address) else { continue };
        let of = ended.iter().filter(|expiry| expiry.address == *address);
        let Some(left) = without(object, of.copied()) else { continue };
        if let Some(id) = live.ids.get(at) {
            identities.insert(at.clone(), Identity { id: Some(id), previously: None });
        }
        if Group::of(&left).is_some() {
            memberships.insert(at.clone(), Membership::Exact);
        }
        objects.objects.insert(at.clone(), left);
    }
    desired.api_keys.retain(|application, _| {
        let owner = live.state.get(application).and_then(|it| it.meta()?.owner.as_ref());
        desired.stack.as_ref().is_some_and(|stack| owner.is_some_and(|owner| owner.is(stack)))
    });
    desired.sections.clear();
    desired.unsaid.clear();
    desired.guests.clear();
    desired.released.clear();
    Desired { state: objects, identities, memberships, ..desired }
}

/// Returns the live object that is declared, where it is this stack's.
fn found<'a>(desired: &Desired, live: &'a Live, address: &Address) -> Option<(&'a Address, &'a Object)> {
    let identity = desired.identities.get(address);
    let by_id = identity.and_then(|identity| live.ids.address_of(identity.id?));
    let before = identity.and_then(|identity| Some(address.sibling(identity.previously.clone()?)));
    let by_name = [Some(address), before.as_ref()].into_iter().flatten();
    let by_name = by_name.filter_map(|name| live.state.objects.get_key_value(name)).next();
    let (at, object) = by_id.and_then(|at| live.state.objects.get_key_value(at)).or(by_name)?;
    let owner = object.meta()?.owner.as_ref();
    let own = desired.stack.as_ref().is_none_or(|stack| owner.is_some_and(|owner| owner.is(stack)));
    own.then_some((at, object))
}

/// Returns an object without what has ended; `None` where it holds nothing of that.
fn without<'e>(object: &Object, ended: impl Iterator<Item = &'e Expiry>) -> Option<Object> {
    let ended: Vec<&Expiry> = ended.collect();
    let mut left = object.clone();
    if let Some(group) = Group::of_mut(&mut left) {
        let gone: BTreeSet<&Principal> = ended.iter().filter_map(|expiry| expiry.member.as_ref()).collect();
        group.members.retain(|member| !gone.contains(member));
    }
    if let Some(policy) = Policy::of_mut(&mut left) {
        let ends: BTreeSet<Timestamp> =
            ended.iter().filter(|expiry| expiry.rule.is_some()).map(|expiry| expiry.until).collect();
        policy.rules.0.retain(|rule| {
            let end = rule.condition.as_ref().and_then(ends_at);
            !end.is_some_and(|end| ends.contains(&end))
        });
    }
    (left != *object).then_some(left)
}
