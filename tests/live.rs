//! A refresh through the real client, against the emulator.
use std::collections::BTreeMap;

use scw_iam::api::{AccessKey, Client, Secret};
use scw_iam::emulator::{self, Emulator};
use scw_iam::live::{self, Live, LiveNeeds};
use scw_iam::model::{Email, Id, Kind, Principal};
use scw_iam::reconcile::Session;
use serde_json::{Value, json};

const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
const PROD: &str = "00000000-0000-4000-8000-0000000000b1";

fn example() -> Value {
    serde_json::from_str(include_str!("support/example.json")).unwrap()
}

async fn start(state: Value) -> (Emulator, Client) {
    let options = emulator::EmulatorOptions { state: Some(state), ..Default::default() };
    let emulator = emulator::start(options).await.unwrap();
    let client = client(&emulator, "11111111-1111-1111-1111-111111111111", ORGANIZATION);
    (emulator, client)
}

fn client(emulator: &Emulator, secret: &str, organization: &str) -> Client {
    let builder = Client::builder(Secret::new(secret), organization.parse().unwrap());
    builder.api_url(emulator.url()).max_rps(10_000.0).build().unwrap()
}

fn organization() -> Id {
    ORGANIZATION.parse().unwrap()
}

async fn refresh(state: Value, needs: &LiveNeeds) -> Live {
    let (_emulator, client) = start(state).await;
    live::refresh(&client, organization(), needs).await.unwrap()
}

/// The requests of an emulator as lines: method, path and count.
fn requests(emulator: &Emulator) -> Vec<String> {
    let counted: BTreeMap<_, _> = emulator.requests();
    counted.into_iter().map(|((method, path), count)| format!("{count} {method} {path}")).collect()
}

#[tokio::test]
async fn an_organization_is_read_as_it_is() {
    let all = LiveNeeds { projects: true, permission_sets: true, quota: true, ..LiveNeeds::default() };
    let (_emulator, client) = start(example()).await;
    let mut live = live::refresh(&client, organization(), &all).await.unwrap();
    assert!(live.oldest_keys.is_empty());
    assert_eq!(live::oldest_keys(&client, &mut live).await.unwrap(), []);
    let state = &live.state;
    assert_eq!(
        state.users().map(|(key, _)| key).map(ToString::to_string).collect::<Vec<_>>(),
        ["owner@example.com", "alice@example.com", "bob@example.com"]
    );
    let group = state.groups().next().unwrap().1;
    let members: Vec<_> = group.members.iter().map(ToString::to_string).collect();
    assert_eq!(members, ["user alice@example.com", "user bob@example.com", "application ci"]);
    assert!(group.fully_listed(state));
    let policy = state.policies().next().unwrap().1;
    assert_eq!((policy.attachment.to_string().as_str(), policy.rules.0.len()), ("group developers", 2));
    assert!(!policy.untouchable());
    let name = |id: &str| state.projects[&id.parse::<Id>().unwrap()].to_string();
    assert_eq!(
        (name(ORGANIZATION), name("00000000-0000-4000-8000-0000000000b1")),
        ("default".into(), "prod".into())
    );
    assert_eq!(state.applications().next().unwrap().1.api_keys, 1);
    assert_eq!((live.oldest_keys.len(), live.catalogue.is_some(), live.quotas.is_empty()), (1, true, false));
    assert!(live.notices.is_empty(), "{:?}", live.notices);
}

#[tokio::test]
async fn a_refresh_costs_one_request_per_list_and_one_per_policy_with_rules() {
    let mut state = example();
    let policy = json!({"id": "00000000-0000-4000-8000-0000000000e2", "name": "empty", "no_principal": true, "rules": []});
    state["policies"].as_array_mut().unwrap().push(policy);
    let (emulator, client) = start(state).await;
    let live = live::refresh(&client, organization(), &LiveNeeds::default()).await.unwrap();
    assert_eq!(live.state.policies().count(), 2);
    insta::assert_snapshot!(requests(&emulator).join("\n"), @r#"
    1 GET /iam/v1alpha1/applications
    1 GET /iam/v1alpha1/groups
    1 GET /iam/v1alpha1/policies
    1 GET /iam/v1alpha1/rules
    1 GET /iam/v1alpha1/users
    "#);
}

#[tokio::test]
async fn lists_of_several_pages_are_read_whole() {
    let mut state = example();
    let application =
        |number: u128| json!({"id": Id::from_bits(number).to_string(), "name": format!("app-{number}")});
    let applications = (0..250).map(application);
    state["applications"].as_array_mut().unwrap().extend(applications);
    let rules: Vec<_> = (0..130u32)
        .map(|number| json!({"permission_set_names": ["InstancesReadOnly"], "condition": format!("{number} > 0"), "organization_id": ORGANIZATION}))
        .collect();
    state["policies"][0]["rules"] = rules.into();
    let live = refresh(state, &LiveNeeds::default()).await;
    assert_eq!(
        (live.state.applications().count(), live.state.policies().next().unwrap().1.rules.0.len()),
        (251, 130)
    );
}

#[tokio::test]
async fn a_client_of_another_organization_reads_nothing() {
    let (emulator, _) = start(example()).await;
    let other = "00000000-0000-4000-8000-000000000099";
    let client = client(&emulator, "11111111-1111-1111-1111-111111111111", other);
    let error = live::refresh(&client, organization(), &LiveNeeds::default()).await.unwrap_err();
    assert!(error.to_string().contains(other), "{error}");
    assert!(emulator.requests().is_empty());
}

/// The example with keys that have secrets, so that each may do what it may: the owner's all, the application's what its
/// group grants.
fn closed() -> Value {
    let mut state = example();
    state["api_keys"] = json!([
        {"access_key": "SCWA0000000000000001", "secret_key": "00000000-0000-4000-8000-00000000aa01",
         "user_id": "00000000-0000-4000-8000-0000000000a1", "expires_at": "2035-07-06T09:00:00Z"},
        {"access_key": "SCWC0000000000000001", "secret_key": "00000000-0000-4000-8000-00000000cc01",
         "application_id": "00000000-0000-4000-8000-0000000000c1"}
    ]);
    state
}

async fn who(state: Value, secret: &str, access_key: &str) -> Result<String, String> {
    let (emulator, _) = start(state).await;
    let client = client(&emulator, secret, ORGANIZATION);
    let access_key: AccessKey = access_key.parse().unwrap();
    let caller = live::caller(&client, &access_key).await.map_err(|error| error.to_string())?;
    let owner = self::client(&emulator, "00000000-0000-4000-8000-00000000aa01", ORGANIZATION);
    let live = live::refresh(&owner, organization(), &LiveNeeds::default()).await.unwrap();
    caller.principal(&live.ids).map(|principal| principal.to_string()).map_err(|why| why.to_string())
}

#[tokio::test]
async fn the_caller_is_the_bearer_of_the_key_by_name() {
    let owner = who(closed(), "00000000-0000-4000-8000-00000000aa01", "SCWA0000000000000001").await;
    assert_eq!(owner.as_deref(), Ok("user owner@example.com"));
    let ci = who(closed(), "00000000-0000-4000-8000-00000000cc01", "SCWC0000000000000001").await;
    assert_eq!(ci.as_deref(), Ok("application ci"));
    let open = who(example(), "11111111-1111-1111-1111-111111111111", emulator::EMULATOR_ACCESS_KEY).await;
    assert_eq!(open.as_deref(), Ok("user owner@example.com"));
}

#[tokio::test]
async fn a_caller_that_the_api_does_not_tell_is_unresolved_with_the_reason() {
    let unknown =
        who(closed(), "00000000-0000-4000-8000-00000000aa01", "SCWX0000000000000009").await.unwrap_err();
    assert!(unknown.contains("has no API key `SCWX0000000000000009`"), "{unknown}");
    let wrong =
        who(closed(), "00000000-0000-4000-8000-00000000ffff", "SCWA0000000000000001").await.unwrap_err();
    assert_eq!(wrong, "could not read the API key `SCWA0000000000000001`");
}

/// What the application sees of SSH keys in two projects when it may read those of some projects only.
async fn ssh_keys(projects: &[&str]) -> Result<usize, String> {
    const PUBLIC_KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";
    let mut state = closed();
    state["groups"][0]["application_ids"] = json!([]);
    let iam = [
        "IAMUserReadOnly",
        "IAMApplicationReadOnly",
        "IAMGroupReadOnly",
        "IAMPolicyReadOnly",
        "ProjectReadOnly",
    ];
    let policy = json!({"id": "00000000-0000-4000-8000-0000000000e2", "name": "reader", "application_id": "00000000-0000-4000-8000-0000000000c1", "rules": [
        {"id": "00000000-0000-4000-8000-0000000000f3", "permission_set_names": iam, "organization_id": ORGANIZATION},
        {"id": "00000000-0000-4000-8000-0000000000f4", "permission_set_names": ["SSHKeysReadOnly"], "project_ids": projects},
    ]});
    state["policies"].as_array_mut().unwrap().push(policy);
    let key = |id: u128, project: &str| json!({"id": Id::from_bits(id).to_string(), "name": "laptop", "public_key": PUBLIC_KEY, "project_id": project});
    state["ssh_keys"] = json!([key(1, ORGANIZATION), key(2, PROD)]);
    let (emulator, _) = start(state).await;
    let client = client(&emulator, "00000000-0000-4000-8000-00000000cc01", ORGANIZATION);
    let needs = LiveNeeds { kinds: [Kind::SshKey].into(), ..LiveNeeds::default() };
    let live = live::refresh(&client, organization(), &needs).await.map_err(|error| error.to_string())?;
    Ok(live.state.addresses(Kind::SshKey).count())
}

#[tokio::test]
async fn ssh_keys_are_read_by_project_where_the_organization_is_refused() {
    assert_eq!(ssh_keys(&[ORGANIZATION, PROD]).await, Ok(2));
}

#[tokio::test]
async fn a_project_whose_ssh_keys_are_refused_is_not_one_without() {
    let refused = ssh_keys(&[ORGANIZATION]).await;
    assert_eq!(refused, Err("could not read the SSH keys of project `prod`".to_owned()));
}

/// The example with so many policies more, each with a rule.
fn many_policies(count: usize) -> Value {
    let mut state = example();
    let id = |kind: u32, n: usize| format!("{kind:08x}-0000-4000-8000-{n:012x}");
    let policy = |n: usize| {
        let rule = json!({"id": id(6, n), "permission_set_names": ["IAMReadOnly"],
            "permission_sets_scope_type": "organization", "condition": "", "organization_id": ORGANIZATION});
        json!({"id": id(5, n), "name": format!("p{n}"), "organization_id": ORGANIZATION, "no_principal": true, "rules": [rule]})
    };
    state["policies"].as_array_mut().unwrap().extend((0..count).map(policy));
    state
}

#[tokio::test]
async fn a_gateway_that_refuses_is_given_way_to_at_once() {
    for retry_after in [None, Some(1)] {
        let options = emulator::EmulatorOptions {
            state: Some(many_policies(100)),
            rate_limit: Some(25.0),
            retry_after,
            ..Default::default()
        };
        let emulator = emulator::start(options).await.unwrap();
        let secret = Secret::new("11111111-1111-1111-1111-111111111111");
        let usual = Client::builder(secret, ORGANIZATION.parse().unwrap()).api_url(emulator.url());
        let live =
            live::refresh(&usual.build().unwrap(), organization(), &LiveNeeds::default()).await.unwrap();
        let policies = live.state.policies().count();
        assert!(policies > 100);
        let sent: u64 = emulator.requests().values().sum();
        let needed = 4 + policies as u64;
        // Those in flight at once are refused together, twice or thrice until the rate is found.
        assert!(sent < needed + 70, "{sent} sent, {needed} needed");
    }
}

#[tokio::test]
async fn the_keys_of_a_member_whom_no_list_shows_are_read_by_the_id() {
    let hidden: Id = "00000000-0000-4000-8000-0000000000d9".parse().unwrap();
    let mut state = example();
    state["groups"][0]["user_ids"].as_array_mut().unwrap().push(hidden.to_string().into());
    let key = json!({"access_key": "SCWC0000000000000009", "description": "", "user_id": hidden.to_string()});
    state["api_keys"].as_array_mut().unwrap().push(key);
    let (_emulator, client) = start(state).await;
    let session = Session::new(client, organization());
    let live = session.read(&LiveNeeds::default()).await.unwrap();
    let group = live.state.groups().next().unwrap().1;
    let member = group.members.iter().find(|member| member.key().id() == Some(hidden)).unwrap();
    assert_eq!(session.held_keys(&live, member).await.unwrap().number, 1);
    let nobody = Principal::User("nobody@example.com".parse::<Email>().unwrap().into());
    assert_eq!(session.held_keys(&live, &nobody).await.unwrap().number, 0);
}
