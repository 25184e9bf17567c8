//! Somebody else changes something between two steps of an apply. It stops or goes on, and nobody ever holds more than
//! before, after, or what that other change gave.

use scw_iam::access::Grant;
use scw_iam::api::wire;
use scw_iam::model::{Principal, State};
use std::collections::BTreeSet;
use std::fs::File;

use super::support::bench::{case, cases, client, client_of, emulate, options};
use super::support::gate::{Gate, Shuts};
use super::support::oracle::{Held, covered, held};
use super::support::replay::{Replay, writes};
use super::support::state_json::from_json;
use super::*;

/// What somebody else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// Puts a user into a group.
    Join,
    /// Takes a user out of a group.
    Leave,
    /// Attaches a policy to another group.
    Attach,
    /// Gives a policy another rule.
    Rewrite,
    /// Makes a policy for a group.
    Grant,
    /// Deletes a policy.
    DeletePolicy,
    /// Deletes a group.
    DeleteGroup,
}

const DEEDS: [Deed; 7] = [
    Deed::Join,
    Deed::Leave,
    Deed::Attach,
    Deed::Rewrite,
    Deed::Grant,
    Deed::DeletePolicy,
    Deed::DeleteGroup,
];

/// Returns the id of one of the objects of a kind, by a number; nobody can write to computed groups.
fn one(state: &serde_json::Value, kind: &str, number: u64) -> Option<String> {
    let objects = state[kind].as_array()?.iter().filter(|object| object["managed"] != true);
    let ids: Vec<_> = objects.filter_map(|object| object["id"].as_str()).collect();
    let at = usize::try_from(number).unwrap().checked_rem(ids.len())?;
    Some(ids[at].to_owned())
}

/// Does it; false where the organization has nothing to do it to, or the API refuses.
async fn done(deed: Deed, client: &Client, state: &serde_json::Value, number: u64) -> Option<()> {
    let group = || one(state, "groups", number / 7).map(|id| id.parse().unwrap());
    let policy = || one(state, "policies", number / 3).map(|id| id.parse().unwrap());
    let member = || one(state, "users", number / 5).map(|id| wire::Member::User(id.parse().unwrap()));
    let rules = [wire::RuleSpec {
        permission_set_names: vec!["ObjectStorageFullAccess".to_owned()],
        scope: wire::SpecScope::Organization(state["organization"]["id"].as_str()?.parse().unwrap()),
        condition: String::new(),
    }];
    match deed {
        Deed::Join => drop(client.add_member(&group()?, &member()?).await.ok()?),
        Deed::Leave => drop(client.remove_member(&group()?, &member()?).await.ok()?),
        Deed::Attach => {
            let to = Some(wire::Principal::Group(group()?));
            let update = wire::UpdatePolicy { principal: to, ..wire::UpdatePolicy::default() };
            drop(client.update_policy(&policy()?, &update).await.ok()?);
        }
        Deed::Rewrite => drop(client.set_rules(&policy()?, &rules).await.ok()?),
        Deed::Grant => {
            let made = wire::CreatePolicy {
                name: "by-hand".to_owned(),
                description: String::new(),
                tags: Vec::new(),
                principal: wire::Principal::Group(group()?),
                rules: rules.to_vec(),
            };
            drop(client.create_policy(&made).await.ok()?);
        }
        Deed::DeletePolicy => client.delete_policy(&policy()?).await.ok()?,
        Deed::DeleteGroup => client.delete_group(&group()?).await.ok()?,
    }
    Some(())
}

/// Says who holds what they hold by none of these.
fn beyond(now: &State, may: &[&Held]) -> Result<(), String> {
    let none = BTreeSet::new();
    for (who, grants) in held(now) {
        let most: BTreeSet<Grant> =
            may.iter().flat_map(|held| held.get(&who).unwrap_or(&none)).cloned().collect();
        if let Some(grant) = grants.iter().find(|grant| !covered(grant, &most)) {
            return Err(format!("a leak: {who} holds {grant:?}"));
        }
    }
    Ok(())
}

fn owners(state: &State) -> impl Iterator<Item = Principal> {
    let owners = state.users().filter(|(_, user)| user.kind == scw_iam::model::UserType::Owner);
    owners.map(|(key, _)| Principal::User(key.clone()))
}

/// One apply with one change by somebody else in it: what it was and whether the apply was done all the same.
async fn beside(seed: u64) -> Result<Option<(Deed, bool)>, String> {
    let case = case(seed);
    let plan = case.plan().unwrap();
    let steps = u64::try_from(plan.steps().len()).unwrap();
    if steps < 2 {
        return Ok(None);
    }
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.jsonl");
    let recorded = emulator::EmulatorOptions {
        record: Some(File::create(&record).unwrap()),
        ..emulator::EmulatorOptions::default()
    };
    let emulator = emulate(&case, recorded).await;
    let start = emulator.state();
    let gate = Gate::to(&emulator.url(), Shuts::AtWrite(usize::try_from(1 + seed % (steps - 1)).unwrap()));
    let through = client_of(&gate.url(), &plan);
    let deed = DEEDS[usize::try_from(seed % 7).unwrap()];
    let meanwhile = async {
        let gate = tokio::task::spawn_blocking(move || {
            gate.wait_until_shut();
            gate.wait_until_quiet();
            gate
        });
        let gate = gate.await.unwrap();
        let did = done(deed, &client(&emulator, &plan), &emulator.state(), seed).await;
        let gave = held(&from_json(&emulator.state()));
        gate.open();
        (gate, did, gave)
    };
    // One step at a time, so that what somebody else does is between two of them, and each look comes after it.
    let converge_within = std::time::Duration::from_millis(20);
    let options = RunOptions { parallelism: 1, converge_within, ..options() };
    let (outcome, (_gate, did, gave)) = tokio::join!(run(&plan, &through, &options), meanwhile);
    if did.is_none() {
        return Ok(None);
    }
    let (mut before, mut after) = (held(plan.before()), held(plan.outcome()));
    for owner in owners(plan.before()) {
        _ = (before.remove(&owner), after.remove(&owner));
    }
    let mut replay = Replay::of(&start);
    for (at, write) in writes(&std::fs::read_to_string(&record).unwrap()).iter().enumerate() {
        replay.follow(write);
        beyond(&from_json(&replay.state()), &[&before, &after, &gave])
            .map_err(|why| format!("{deed:?}, after write {at}, {} {}: {why}", write.method, write.path))?;
    }
    Ok(Some((deed, outcome.end == End::Done)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_somebody_else_does_between_two_steps_nobody_gets_more_than_that_gave() {
    let (mut stopped, mut went_on) = (BTreeSet::new(), 0);
    for seed in 0..cases("SCW_IAM_WRITER_CASES", 35) {
        match beside(seed).await.unwrap_or_else(|why| panic!("seed {seed}: {why}")) {
            None => {}
            Some((_, true)) => went_on += 1,
            Some((deed, false)) => _ = stopped.insert(deed),
        }
    }
    assert!(went_on > 0, "some changes have nothing to do with the rest");
    assert!(stopped.len() >= 4, "most deeds are in the way of some plan: {stopped:?}");
}
