//! Whole runs against the embedded emulator at recorded latency: requests and wall time of a plan that changes nothing.
//!
//! `cargo bench --bench runs` prints a table. Figures, not verdicts: compare them within one run.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

use std::time::{Duration, Instant};

use scw_iam::api::{Client, Secret};
use scw_iam::emulator::{self, Latency, Options};
use scw_iam::live::{self, Needs};
use serde_json::{Value, json};

const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
const MADE: &str = "2026-01-12T09:00:00.000000Z";

fn id(kind: usize, n: usize) -> String {
    format!("{kind:08x}-0000-4000-8000-{n:012x}")
}

/// An organization of so many applications, users, groups of ten and policies of two rules.
fn organization(applications: usize, users: usize, groups: usize, policies: usize) -> Value {
    let common = |id: String, name: String| {
        json!({"id": id, "name": name, "description": "", "created_at": MADE, "updated_at": MADE,
            "organization_id": ORGANIZATION, "editable": true, "deletable": true, "managed": false, "tags": []})
    };
    let user = |n: usize| {
        let kind = if n == 0 { "owner" } else { "member" };
        json!({"id": id(1, n), "email": format!("u{n}@example.com"), "username": format!("u{n}"),
            "organization_id": ORGANIZATION, "type": kind, "created_at": MADE, "updated_at": MADE})
    };
    let application = |n: usize| common(id(2, n), format!("application-{n}"));
    let group = |n: usize| {
        let mut group = common(id(3, n), format!("group-{n}"));
        group["user_ids"] = (0..10).map(|at| id(1, (n * 10 + at) % users)).collect::<Vec<_>>().into();
        group["application_ids"] = json!([]);
        group
    };
    let policy = |n: usize| {
        let mut policy = common(id(4, n), format!("policy-{n}"));
        policy["group_id"] = id(3, n % groups).into();
        (policy["nb_rules"], policy["nb_scopes"], policy["nb_permission_sets"]) =
            (2.into(), 2.into(), 2.into());
        policy["rules"] = json!([
            {"id": id(5, n), "permission_set_names": ["InstancesFullAccess"], "permission_sets_scope_type": "projects",
                "condition": "", "project_ids": [ORGANIZATION]},
            {"id": id(6, n), "permission_set_names": ["IAMReadOnly"], "permission_sets_scope_type": "organization",
                "condition": "", "organization_id": ORGANIZATION},
        ]);
        policy
    };
    json!({
        "organization": {"id": ORGANIZATION, "name": "bench"},
        "users": (0..users).map(user).collect::<Vec<_>>(),
        "projects": [{"id": ORGANIZATION, "name": "default", "organization_id": ORGANIZATION, "description": "",
            "created_at": MADE, "updated_at": MADE}],
        "applications": (0..applications).map(application).collect::<Vec<_>>(),
        "groups": (0..groups).map(group).collect::<Vec<_>>(),
        "policies": (0..policies).map(policy).collect::<Vec<_>>(),
    })
}

/// Reads the live side once; returns how long it took and how many requests it was.
async fn refresh(state: &Value, parallelism: usize) -> (Duration, u64) {
    let options = Options { state: Some(state.clone()), latency: Latency::Recorded, ..Options::default() };
    let emulator = emulator::start(options).await.expect("the state is good");
    let organization: scw_iam::api::OrganizationId = ORGANIZATION.parse().expect("a UUID");
    let client = Client::builder(Secret::new("any"), organization)
        .api_url(emulator.url())
        .parallelism(parallelism)
        .build()
        .expect("a client");
    let started = Instant::now();
    let live = live::refresh(&client, ORGANIZATION.parse().expect("a UUID"), &Needs::default()).await;
    let took = started.elapsed();
    assert!(live.is_ok(), "{live:?}");
    (took, emulator.requests().values().sum())
}

#[tokio::main]
async fn main() {
    println!(
        "reading the live side for a plan, at recorded latency, projects pinned, at most 30 requests a second"
    );
    println!("{:<48} {:>11} {:>9} {:>8}", "organization", "parallelism", "requests", "ms");
    let sizes = [(100, 50, 50, 50), (1000, 500, 500, 500)];
    for (applications, users, groups, policies) in sizes {
        let state = organization(applications, users, groups, policies);
        for parallelism in [1, 5, 10, 20] {
            let (took, requests) = refresh(&state, parallelism).await;
            let name =
                format!("{applications} applications, {users} users, {groups} groups, {policies} policies");
            println!("{name:<48} {parallelism:>11} {requests:>9} {:>8}", took.as_millis());
        }
    }
}
