//! Reads again what was touched, until it is what the plan leads to.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::desk::{Desk, api_id};
use super::fact::{self, Facts, of_attachment, of_members, of_meta, of_rules};
use super::look::read;
use super::{End, Options, Progress, Stop, StopSignal};
use crate::api::{self, ErrorKind};
use crate::model::{Address, Id, Kind, Object};
use crate::plan::{Action, Plan};

/// The first wait between two readings; each further one is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Something that was touched and is not what the plan leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The object.
    pub address: Address,
    /// The field, as the API names it; `None` for the object itself.
    pub field: Option<&'static str>,
    /// What the plan leads to, in words.
    pub wanted: String,
    /// What was found, in words.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, field, wanted, found } = self;
        match field {
            Some(field) => write!(f, "{address}: {field} was to be {wanted} and is {found}"),
            None => write!(f, "{address} was to be {wanted} and is {found}"),
        }
    }
}

impl Difference {
    fn whole(address: &Address, wanted: &str, found: impl Into<String>) -> Self {
        Self { address: address.clone(), field: None, wanted: wanted.to_owned(), found: found.into() }
    }
}

/// What an object that was touched is to be.
enum Wanted {
    Gone(Id),
    Fields(Facts),
}

/// Reads until nothing differs, the time is up, or somebody asks to stop.
pub(super) async fn check(
    plan: &Plan,
    desk: &Desk<'_>,
    progress: &dyn Progress,
    stop: &mut StopSignal,
    options: &Options,
) -> End {
    let mut open = wanted(plan, desk);
    progress.checking(open.len());
    let (deadline, mut wait) = (Instant::now() + options.converge_within, FIRST_WAIT);
    loop {
        let differences = tokio::select! {
            biased;
            () = stop.at_least(Stop::Soon) => return End::Stopped,
            differences = differences(desk, &open, options.parallelism) => differences,
        };
        if differences.is_empty() {
            return End::Done;
        }
        let again = Instant::now() + wait;
        if again > deadline {
            return End::NotConverged(differences);
        }
        // What is as it should be has been seen so, and is not asked for again.
        open.retain(|address, _| differences.iter().any(|difference| difference.address == *address));
        tokio::select! {
            biased;
            () = stop.at_least(Stop::Soon) => return End::Stopped,
            () = tokio::time::sleep_until(again) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Returns what each object that a step wrote is to be, field by field as far as steps wrote them.
fn wanted(plan: &Plan, desk: &Desk<'_>) -> BTreeMap<Address, Wanted> {
    let mut fields: BTreeMap<Address, (bool, bool)> = BTreeMap::new();
    for step in plan.steps() {
        let (members, rules) = fields.entry(step.action.address()).or_default();
        match &step.action {
            Action::Create { object: Object::Group(_), .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. } => *members = true,
            Action::Create { object: Object::Policy(_), .. } | Action::SetRules { .. } => *rules = true,
            Action::Create { .. } | Action::Update { .. } | Action::Delete { .. } => {}
        }
    }
    let mut wanted = BTreeMap::new();
    for (address, (members, rules)) in fields {
        if let Some(facts) = facts(plan, desk, &address, members, rules) {
            wanted.insert(address, Wanted::Fields(facts));
        }
    }
    wanted.extend(desk.gone().into_iter().map(|(address, id)| (address, Wanted::Gone(id))));
    wanted
}

/// Returns what an object is to be, or `None` for one that is to be gone.
fn facts(plan: &Plan, desk: &Desk<'_>, address: &Address, members: bool, rules: bool) -> Option<Facts> {
    let object = plan.outcome().get(address)?;
    let mut facts = object.meta().map(|meta| of_meta(fact::name_of(address), meta)).unwrap_or_default();
    match object {
        Object::User(_) | Object::Application(_) => {}
        Object::Group(group) => {
            if members {
                let value = desk.ids(|ids| of_members(ids, &group.members));
                facts.extend(value.ok().map(|value| ("members", value)));
            }
        }
        Object::Policy(policy) => {
            let attached = desk.ids(|ids| of_attachment(ids, &policy.attachment));
            facts.extend(attached.ok().map(|value| ("principal", value)));
            if rules {
                facts.insert("rules", of_rules(&policy.rules));
            }
        }
    }
    Some(facts)
}

async fn differences(
    desk: &Desk<'_>,
    open: &BTreeMap<Address, Wanted>,
    parallelism: usize,
) -> Vec<Difference> {
    let found = stream::iter(open)
        .map(|(address, wanted)| async move {
            match wanted {
                Wanted::Gone(id) => gone(desk, address, *id).await,
                Wanted::Fields(facts) => fields(desk, address, facts).await,
            }
        })
        // As the answers come: a slow one is to keep no other waiting.
        .buffer_unordered(parallelism.max(1));
    let mut found: Vec<Difference> = found.flat_map(stream::iter).collect().await;
    found.sort_by(|one, other| one.address.cmp(&other.address));
    found
}

async fn fields(desk: &Desk<'_>, address: &Address, wanted: &Facts) -> Vec<Difference> {
    match read(desk, &desk.client(), address, wanted).await {
        Ok(Ok(found)) => desk
            .mismatches(wanted, &found)
            .into_iter()
            .map(|mismatch| Difference {
                address: address.clone(),
                field: Some(mismatch.field),
                wanted: mismatch.wanted,
                found: mismatch.found,
            })
            .collect(),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            vec![Difference::whole(address, "there", "gone")]
        }
        Ok(Err(error)) => vec![unread(address, "there", &error)],
        Err(error) => vec![Difference::whole(address, "there", format!("unknown: {error}"))],
    }
}

async fn gone(desk: &Desk<'_>, address: &Address, id: Id) -> Vec<Difference> {
    let client = desk.client();
    let found = match address.kind() {
        Kind::User => client.get_user(&api_id(id)).await.map(drop),
        Kind::Application => client.get_application(&api_id(id)).await.map(drop),
        Kind::Group => client.get_group(&api_id(id)).await.map(drop),
        Kind::Policy => client.get_policy(&api_id(id)).await.map(drop),
    };
    match found {
        Ok(()) => vec![Difference::whole(address, "gone", "there")],
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => vec![unread(address, "gone", &error)],
    }
}

fn unread(address: &Address, wanted: &str, error: &api::Error) -> Difference {
    Difference::whole(address, wanted, format!("unreadable: {error}"))
}
