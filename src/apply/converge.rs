//! Reads the changed objects again, and those that give access to everybody whom the plan affects, until they match the
//! outcome of the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use tokio::time::Instant;

use super::believed::Version;
use super::context::ApplyContext;
use super::difference::Difference;
use super::group::remove_dangling;
use super::options::RunOptions;
use super::policy::gives;
use super::progress::Progress;
use super::settle::settle;
use super::{End, Stop, StopSignal};
use crate::api::escaped;
use crate::live::{self, LiveObject};
use crate::model::{Address, Id, Kind, Object, Principal, State};
use crate::plan::Unkept;

/// The first wait between two readings; each further one is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is read in the end.
struct Survey {
    /// What a step wrote, and which id it had.
    touched: BTreeMap<Address, Option<Id>>,
    /// Whose access the plan touches.
    who: BTreeSet<Principal>,
}

/// Reads until nothing differs, the time is up, or the apply is interrupted.
pub(super) async fn check(
    run: &ApplyContext<'_>,
    progress: &dyn Progress,
    stop: &mut StopSignal,
    options: &RunOptions,
) -> End {
    let survey = Survey::of(run);
    progress.checking(survey.touched.len());
    let (deadline, mut wait) = (Instant::now() + options.converge_within, FIRST_WAIT);
    // Leftovers are cleaned up in the first read.
    let (mut left_behind, mut first) = (Vec::new(), true);
    loop {
        let reading = async {
            match std::mem::take(&mut first) {
                true => futures::join!(survey.differences(run), tidy(run)),
                false => (survey.differences(run).await, Tidied::default()),
            }
        };
        let (mut differences, tidied) = tokio::select! {
            biased;
            () = stop.at_least(Stop::Soon) => return End::Stopped,
            read = reading => read,
        };
        if !tidied.twins.is_empty() {
            return End::Twins(tidied.twins);
        }
        left_behind.extend(tidied.left_behind);
        differences.extend(left_behind.iter().cloned());
        if differences.is_empty() {
            return End::Done;
        }
        let again = Instant::now() + wait;
        if again > deadline {
            return End::NotConverged(differences);
        }
        tokio::select! {
            biased;
            () = stop.at_least(Stop::Soon) => return End::Stopped,
            () = tokio::time::sleep_until(again) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
        run.forget_all_rules();
    }
}

/// The result of cleaning up after a run.
#[derive(Default)]
struct Tidied {
    /// Objects that were deleted again, because another run had created them at the same time.
    twins: Vec<Address>,
    /// What could not be cleaned up.
    left_behind: Vec<Difference>,
}

/// Deletes what another run made at the same time, and takes people and applications whom this run deleted out of the groups
/// that still show them.
async fn tidy(run: &ApplyContext<'_>) -> Tidied {
    let (twins, dangling) = futures::join!(settle(run), remove_dangling(run));
    let mut tidied = Tidied::default();
    match twins {
        Ok(twins) => tidied.twins = twins,
        Err((address, error)) => {
            tidied.left_behind.push(Difference::unread(&address, "the only one", &error));
        }
    }
    tidied.left_behind.extend(dangling.into_iter().map(|(group, error)| {
        Difference::whole(&group, "without those who were deleted", format!("with them still: {error}"))
    }));
    tidied
}

impl Survey {
    fn of(run: &ApplyContext<'_>) -> Self {
        let mut touched: BTreeMap<Address, Option<Id>> = BTreeMap::new();
        for step in run.plan.steps() {
            let address = step.action.address();
            let id = run.id_of(&address).ok();
            // What this run wrote is read again, whatever is believed of it.
            id.into_iter().for_each(|id| run.forget_rules(id));
            touched.insert(address, id);
        }
        touched.extend(run.gone().into_iter().map(|(address, id)| (address, Some(id))));
        Self { touched, who: run.plan.concerned() }
    }

    /// Returns what is not what the plan leads to.
    async fn differences(&self, run: &ApplyContext<'_>) -> Vec<Difference> {
        let objects = join_all(self.touched.iter().map(|(address, id)| object(run, address, *id)));
        let (objects, access) = futures::join!(objects, self.access(run));
        let mut found: Vec<Difference> = objects.into_iter().flatten().chain(access).collect();
        found.sort_by(|one, other| one.address.cmp(&other.address));
        found
    }

    /// Compares who holds which access: somebody else may have changed objects that the plan does not touch, but that give
    /// access to people whom it affects.
    async fn access(&self, run: &ApplyContext<'_>) -> Vec<Difference> {
        if self.who.is_empty() {
            return Vec::new();
        }
        match self.found(run).await {
            Ok(found) => {
                let unkept = run.plan.unkept(&found, &self.who).into_iter();
                let access = |Unkept { principal, wanted, found }| Difference {
                    address: principal.address(),
                    field: Some("access"),
                    wanted: escaped(&wanted),
                    found: escaped(&found),
                };
                unkept.map(access).collect()
            }
            Err(error) => {
                let who = self.who.iter().next().map(Principal::address);
                who.iter().map(|who| Difference::unread(who, "as planned", &error)).collect()
            }
        }
    }

    /// Reads what gives access: all groups, all policies, and the rules of those that reach anybody whom the plan touches.
    async fn found(&self, run: &ApplyContext<'_>) -> Result<State, Arc<live::Error>> {
        let [groups, policies] = try_join_all([Kind::Group, Kind::Policy].map(|kind| run.all(kind)))
            .await?
            .try_into()
            .expect("as many as were asked for");
        let mut state = State::empty(run.plan.organization());
        for seen in groups.iter() {
            insert(run, &mut state, seen);
        }
        let reached =
            policies.iter().filter(|seen| gives(&seen.object, &self.who, &state, run.plan.outcome()));
        let reached = try_join_all(reached.map(|seen| run.complete(seen.clone()))).await?;
        for seen in &reached {
            insert(run, &mut state, seen);
        }
        Ok(state)
    }
}

/// Adds what was found, by the address that the plan has for it.
fn insert(run: &ApplyContext<'_>, state: &mut State, seen: &LiveObject) {
    let known = run.address_of(seen.id).filter(|address| address.kind() == seen.object.kind());
    let address = known.unwrap_or_else(|| Address::new(seen.object.kind(), seen.id));
    state.objects.insert(address, run.believed(|believed| believed.comparable(&seen.object)));
}

/// Compares an object that a step wrote.
async fn object(run: &ApplyContext<'_>, address: &Address, id: Option<Id>) -> Vec<Difference> {
    let wanted = run.plan.outcome().get(address);
    let words = if wanted.is_some() { "there" } else { "gone" };
    let Some(id) = id else { return Vec::new() };
    let seen = match run.one(address.kind(), id).await {
        Ok(Some(seen)) if wanted.is_some() => run.complete(seen).await.map(Some),
        found => found,
    };
    match (wanted, seen) {
        (_, Err(error)) => vec![Difference::unread(address, words, &error)],
        (None, Ok(None)) => Vec::new(),
        (None, Ok(Some(_))) => vec![Difference::whole(address, "gone", "there")],
        (Some(_), Ok(None)) => vec![Difference::whole(address, "there", "gone")],
        (Some(wanted), Ok(Some(seen))) => differing(run, address, wanted, &seen),
    }
}

fn differing(
    run: &ApplyContext<'_>,
    address: &Address,
    wanted: &Object,
    seen: &LiveObject,
) -> Vec<Difference> {
    let title = address.key().title().map(str::to_owned);
    // Another run may have made a key meanwhile, which is not for a plan to say.
    let mut wanted = wanted.clone();
    wanted.keep_counts(&seen.object);
    let wanted = &wanted;
    let version = Version { title, object: Some(wanted.clone()) };
    if run.believed(|believed| believed.is(&version, Some(seen))) {
        return Vec::new();
    }
    let (wanted, object) =
        run.believed(|believed| (believed.comparable(wanted), believed.comparable(&seen.object)));
    let seen = LiveObject { object, ..seen.clone() };
    let mismatches = run.words().mismatches(version.title.as_deref(), &wanted, &seen).into_iter();
    mismatches
        .map(|it| Difference {
            address: address.clone(),
            field: Some(it.field),
            wanted: it.wanted,
            found: it.found,
        })
        .collect()
}
