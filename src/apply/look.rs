//! One more look at an object right before a call that overwrites it.
//!
//! The API has no version to write against: the last writer wins. So between the look and the write lies the only
//! moment in which somebody else's work can be lost.

use super::StepError;
use super::desk::Desk;
use super::fact::{self, Facts, Value, found_group, found_policy, found_rules};
use crate::api::{self, Client};
use crate::model::{Address, Kind};

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// What the plan saw.
    AsPlanned,
    /// What the call would make of it.
    AlreadySo,
}

/// Looks at a group, a policy or its rules, and compares the fields that the call overwrites.
pub(super) async fn look(
    desk: &Desk<'_>,
    client: &Client,
    address: &Address,
    before: &Facts,
    after: &Facts,
) -> Result<Seen, StepError> {
    let unseen = |source| StepError::Unseen { address: address.clone(), source };
    let found = read(desk, client, address, before).await?.map_err(unseen)?;
    if desk.mismatches(after, &found).is_empty() {
        return Ok(Seen::AlreadySo);
    }
    let changes = desk.changes(before, &found, after);
    if changes.is_empty() {
        return Ok(Seen::AsPlanned);
    }
    Err(StepError::Changed { address: address.clone(), changes })
}

/// Reads the fields of an object that are asked about: its rules have a list of their own.
pub(super) async fn read(
    desk: &Desk<'_>,
    client: &Client,
    address: &Address,
    wanted: &Facts,
) -> Result<Result<Facts, api::Error>, StepError> {
    let asks_for = |field: &str| wanted.contains_key(field);
    Ok(match address.kind() {
        Kind::User => client.get_user(&desk.id(address)?).await.map(|user| fact::found_user(&user)),
        Kind::Application => {
            let found = client.get_application(&desk.id(address)?).await;
            found.map(|application| fact::found_application(&application))
        }
        Kind::Group => client.get_group(&desk.id(address)?).await.map(|group| found_group(&group)),
        Kind::Policy => {
            let id = desk.id(address)?;
            let rules = async {
                match asks_for("rules") {
                    true => client.list_rules(&id).all().await.map(Some),
                    false => Ok(None),
                }
            };
            let policy = async {
                match wanted.keys().any(|field| *field != "rules") {
                    true => client.get_policy(&id).await.map(Some),
                    false => Ok(None),
                }
            };
            futures::future::try_join(policy, rules).await.map(|(policy, rules)| {
                let mut found =
                    policy.map(|policy| found_policy(&policy, &desk.gone_ids())).unwrap_or_default();
                found.extend(rules.map(|rules| ("rules", found_rules(&rules))));
                found
            })
        }
    })
}

/// Returns facts of one field.
pub(super) fn only(field: &'static str, value: Value) -> Facts {
    Facts::from([(field, value)])
}
