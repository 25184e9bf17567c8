//! Plans applied over HTTP to the emulator: they arrive, lose nobody's work, and leave no twins.

mod support;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;

use scw_iam::api::{Client, GroupId, PolicyId, wire};
use scw_iam::apply::{
    End, How, Journal, Outcome, Progress, StepEnd, StopSignal, Stopper, Unwatched, apply, stop_signal,
};
use scw_iam::emulator::{self, Emulator};
use scw_iam::model::{Address, Application, Attachment, Group, Ids, Key, Object, Policy, State, User};
use scw_iam::plan::{Action, Plan, Step};
use serde_json::Value;
use support::bench::{arrived, case, cases, client, client_of, emulate, options};
use support::middle::{Middle, Trouble};
use support::organizations::Case;
use support::small::{application, changed, group, key, members, meta, policy, rule, user};
use support::state_json::from_json;

/// A case under way: its plan, its emulator, a client of ours, and another hand.
struct Scene {
    plan: Plan,
    emulator: Emulator,
    client: Client,
}

impl Scene {
    async fn of(case: &Case) -> Self {
        Self::with(case, emulator::EmulatorOptions::default()).await
    }

    async fn with(case: &Case, options: emulator::EmulatorOptions) -> Self {
        let plan = case.plan().unwrap();
        let emulator = emulate(case, options).await;
        let client = client(&emulator, &plan);
        Self { plan, emulator, client }
    }

    async fn apply(&self) -> Outcome {
        self.apply_with(&Unwatched, StopSignal::never()).await
    }

    async fn apply_with(&self, progress: &dyn Progress, stop: StopSignal) -> Outcome {
        let (mut ids, mut journal) = (self.plan.ids().clone(), Journal::none());
        apply(&self.plan, &self.client, &mut ids, &mut journal, progress, stop, &options()).await
    }

    /// Applies with trouble on the way of the first such write, while somebody else acts.
    async fn apply_through(
        &self,
        write: (&'static str, &'static str),
        trouble: Trouble,
        meanwhile: impl Future<Output = ()> + Send + 'static,
    ) -> Outcome {
        let middle = Middle::start(&self.emulator.url(), write, trouble, meanwhile).await;
        let client = client_of(&middle.url, &self.plan);
        let (mut ids, mut journal) = (self.plan.ids().clone(), Journal::none());
        apply(&self.plan, &client, &mut ids, &mut journal, &Unwatched, StopSignal::never(), &options()).await
    }

    fn group(&self, name: &str) -> GroupId {
        self.id(&Address::group(key(name))).parse().unwrap()
    }

    fn policy(&self, name: &str) -> PolicyId {
        self.id(&Address::policy(key(name))).parse().unwrap()
    }

    fn user(&self, name: &str) -> wire::Member {
        wire::Member::User(self.id(&user(name).address()).parse().unwrap())
    }

    fn id(&self, address: &Address) -> String {
        self.plan.ids().get(address).unwrap().to_string()
    }

    fn state(&self) -> Value {
        self.emulator.state()
    }

    /// How many requests of a method and path have come.
    fn requests(&self, method: &str, path: &str) -> u64 {
        let key = (method.to_owned(), format!("/iam/v1alpha1{path}"));
        self.emulator.requests().get(&key).copied().unwrap_or(0)
    }
}

/// The steps in words, with the ids that the emulator gives taken out.
fn words(outcome: &Outcome) -> String {
    let word = |step: &scw_iam::apply::StepOutcome| {
        let what = match &step.end {
            StepEnd::Done(receipt) => format!("done, {}", receipt.how.word()),
            StepEnd::Failed { error, .. } => format!("failed: {error}"),
            StepEnd::Abandoned => "abandoned".to_owned(),
            StepEnd::NotStarted(why) => format!("not started: {why}"),
        };
        format!("{} {} {}: {what}", step.id, step.action, step.address)
    };
    outcome.steps.iter().map(word).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_plan_leads_where_it_says() {
    let mut steps = 0;
    for seed in 0..cases("SCW_IAM_APPLY_CASES", 40) {
        let scene = Scene::of(&case(seed)).await;
        let mut ids = scene.plan.ids().clone();
        let (mut journal, stop) = (Journal::none(), StopSignal::never());
        let outcome =
            apply(&scene.plan, &scene.client, &mut ids, &mut journal, &Unwatched, stop, &options()).await;
        assert_eq!(outcome.end, End::Done, "seed {seed}: {outcome:#?}");
        assert_eq!(outcome.done(), scene.plan.steps().len());
        arrived(&scene.plan, &scene.state()).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        let found: Ids = support::state_json::ids(&scene.state());
        for (address, id) in found.iter() {
            assert_eq!(ids.get(address), Some(id), "seed {seed}: {address}");
        }
        steps += scene.plan.steps().len();
    }
    println!("{steps} steps");
    assert!(steps > 300, "{steps}");
}

#[tokio::test]
async fn an_off_boarding_done_meanwhile_is_never_undone() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]);
        state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]);
    });
    let scene = Scene::of(&case).await;
    scene.client.remove_member(&scene.group("dev"), &scene.user("bob")).await.unwrap();
    let outcome = scene.apply().await;
    assert_eq!(outcome.end, End::Failed);
    let words = words(&outcome);
    // Whether the other step was sent before this one failed is a matter of time.
    insta::assert_snapshot!(words.lines().next().unwrap(), @"1 set_members group dev: failed: group dev has changed since it was planned: members: planned from [user ann@x.io, user bob@x.io, user cat@x.io, user dan@x.io], now [user ann@x.io, user cat@x.io, user dan@x.io], desired [user ann@x.io, user bob@x.io]");
    let state = from_json(&scene.state());
    assert_eq!(
        state.group(&key("dev")).unwrap().members,
        members(&["ann", "cat", "dan"]),
        "nothing was overwritten"
    );
}

#[tokio::test]
async fn nor_between_the_tries_of_a_call_that_overwrites() {
    for trouble in Trouble::ALL {
        let leaves =
            changed(|state| state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]));
        let scene = Scene::of(&leaves).await;
        let (hand, dev, bob) = (scene.client.clone(), scene.group("dev"), scene.user("bob"));
        let meanwhile = async move { drop(hand.remove_member(&dev, &bob).await.unwrap()) };
        let outcome = scene.apply_through(("PUT", "/members"), trouble, meanwhile).await;
        assert_eq!(outcome.end, End::Failed, "{trouble:?}");
        let live = from_json(&scene.state());
        assert!(!live.group(&key("dev")).unwrap().members.contains(&user("bob")), "{trouble:?}: put back");

        let rules = changed(|state| {
            state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")];
        });
        let scene = Scene::of(&rules).await;
        let (hand, run) = (scene.client.clone(), scene.policy("run"));
        let meanwhile = async move { drop(hand.set_rules(&run, &[]).await.unwrap()) };
        let outcome = scene.apply_through(("PUT", "/rules"), trouble, meanwhile).await;
        assert_eq!(outcome.end, End::Failed, "{trouble:?}");
        let live = from_json(&scene.state());
        assert!(live.policy(&key("run")).unwrap().rules.0.is_empty(), "{trouble:?}: granted again");

        let moves = changed(|state| {
            state.find_mut::<Policy>(&key("run")).unwrap().attachment = Attachment::Group(key("ops"));
        });
        let scene = Scene::of(&moves).await;
        let (hand, run) = (scene.client.clone(), scene.policy("run"));
        let nobody = wire::UpdatePolicy { principal: Some(wire::Principal::Nobody), ..Default::default() };
        let meanwhile = async move { drop(hand.update_policy(&run, &nobody).await.unwrap()) };
        let outcome = scene.apply_through(("PATCH", ""), trouble, meanwhile).await;
        assert_eq!(outcome.end, End::Failed, "{trouble:?}");
        let live = from_json(&scene.state());
        assert_eq!(
            live.policy(&key("run")).unwrap().attachment,
            Attachment::None,
            "{trouble:?}: attached again"
        );
    }
}

#[tokio::test]
async fn a_try_whose_answer_was_lost_is_not_repeated_when_it_did_its_work() {
    for trouble in Trouble::ALL {
        let leaves = changed(|state| {
            state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]);
            state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]);
        });
        for path in [("PUT", "/members"), ("POST", "/add-member")] {
            let scene = Scene::of(&leaves).await;
            let outcome = scene.apply_through(path, trouble, async {}).await;
            assert_eq!(outcome.end, End::Done, "{trouble:?} {path:?}: {}", words(&outcome));
            let put = scene.requests("PUT", "/groups/{group_id}/members");
            let added = scene.requests("POST", "/groups/{group_id}/add-member");
            assert_eq!((put, added), (1, 1), "{trouble:?} {path:?}");
        }
    }
}

#[tokio::test]
async fn a_call_about_a_person_whose_answer_was_lost_is_not_repeated_when_it_did_its_work() {
    for trouble in Trouble::ALL {
        let people = changed(|state| {
            state.insert(user("fay").key().clone(), User { locked: true, ..User::member("fay") });
            state.find_mut::<User>(user("eve").key()).unwrap().username = "evelyn".to_owned();
        });
        for path in [("POST", "/users"), ("POST", "/lock"), ("POST", "/update-username")] {
            let scene = Scene::of(&people).await;
            let outcome = scene.apply_through(path, trouble, async {}).await;
            assert_eq!(outcome.end, End::Done, "{trouble:?} {path:?}: {}", words(&outcome));
            assert_eq!(scene.requests("POST", "/users"), 1, "{trouble:?} {path:?}");
            arrived(&scene.plan, &scene.state()).unwrap();
        }
    }
}

#[tokio::test]
async fn rules_that_somebody_changed_are_not_overwritten() {
    let case = changed(|state| {
        state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")];
    });
    let scene = Scene::of(&case).await;
    let by_hand = wire::RuleSpec {
        permission_set_names: vec!["InstancesReadOnly".to_owned()],
        condition: "request.ip == '192.0.2.1'".to_owned(),
        scope: wire::SpecScope::Organization(scene.client.organization().clone()),
    };
    scene.client.set_rules(&scene.policy("run"), &[by_hand]).await.unwrap();
    let outcome = scene.apply().await;
    assert_eq!((outcome.end.clone(), outcome.wrote()), (End::Failed, false));
    insta::assert_snapshot!(words(&outcome), @r"
    1 set_rules policy run: failed: policy run has changed since it was planned: rules: planned from [InstancesFullAccess on all_projects, ObjectStorageReadOnly on all_projects], now [InstancesReadOnly on all_projects if request.ip == '192.0.2.1'], desired [InstancesFullAccess on all_projects]
    ");
}

#[tokio::test]
async fn a_principal_that_somebody_changed_is_not_overwritten() {
    let case = changed(|state| {
        state.find_mut::<Policy>(&key("run")).unwrap().attachment = Attachment::Group(key("ops"));
    });
    let scene = Scene::of(&case).await;
    let by_hand = wire::UpdatePolicy { principal: Some(wire::Principal::Nobody), ..Default::default() };
    scene.client.update_policy(&scene.policy("run"), &by_hand).await.unwrap();
    let outcome = scene.apply().await;
    assert_eq!((outcome.end.clone(), outcome.wrote()), (End::Failed, false));
    insta::assert_snapshot!(words(&outcome), @r"
    1 update policy run: failed: policy run has changed since it was planned: principal: planned from group dev, now nobody, desired group ops
    ");
}

#[tokio::test]
async fn what_the_plan_does_not_touch_may_change() {
    let case = changed(|state| {
        state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")];
    });
    let scene = Scene::of(&case).await;
    scene.client.remove_member(&scene.group("ops"), &scene.user("eve")).await.unwrap();
    assert_eq!(scene.apply().await.end, End::Done);
}

#[tokio::test]
async fn what_is_done_already_is_not_done_again() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]);
        state.objects.shift_remove(&Address::group(key("ops")));
        state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")];
    });
    let scene = Scene::of(&case).await;
    for name in ["cat", "dan"] {
        scene.client.remove_member(&scene.group("dev"), &scene.user(name)).await.unwrap();
    }
    scene.client.delete_group(&scene.group("ops")).await.unwrap();
    let outcome = scene.apply().await;
    assert_eq!(outcome.end, End::Done, "{outcome:#?}");
    insta::assert_snapshot!(words(&outcome), @r"
    1 set_members group dev: done, already_so
    2 set_rules policy run: done, sent
    3 delete group ops: done, already_gone
    ");
    arrived(&scene.plan, &scene.state()).unwrap();
}

#[tokio::test]
async fn who_is_out_already_need_not_be_removed() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob", "cat", "eve"]);
    });
    let scene = Scene::of(&case).await;
    scene.client.remove_member(&scene.group("dev"), &scene.user("dan")).await.unwrap();
    let outcome = scene.apply().await;
    assert_eq!(outcome.end, End::Done);
    insta::assert_snapshot!(words(&outcome), @r"
    1 remove_member group dev: done, already_gone
    2 add_members group dev: done, sent
    ");
}

#[tokio::test]
async fn a_change_by_another_hand_that_nothing_overwrites_is_told_in_the_end() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob", "cat"]);
    });
    let scene = Scene::of(&case).await;
    // The group gains somebody whom the plan does not know of: removing one by one overwrites nothing.
    let member = wire::Member::Application(scene.id(&application("ci").address()).parse().unwrap());
    scene.client.add_member(&scene.group("dev"), &member).await.unwrap();
    let outcome = scene.apply().await;
    insta::assert_snapshot!(differences(&outcome), @"group dev: members was to be [user ann@x.io, user bob@x.io, user cat@x.io] and is [user ann@x.io, user bob@x.io, user cat@x.io, application ci]");
}

fn differences(outcome: &Outcome) -> String {
    let End::NotConverged(differences) = &outcome.end else { panic!("{outcome:#?}") };
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What somebody else makes of the organization while a plan is applied.
type Attack = fn(&Scene) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Gives eve, by a policy that is attached to this, all that there is.
fn all_to(scene: &Scene, principal: wire::Principal) -> impl Future<Output = ()> + Send + use<> {
    let client = scene.client.clone();
    async move {
        let rule = wire::RuleSpec {
            permission_set_names: vec!["IAMManager".to_owned()],
            condition: String::new(),
            scope: wire::SpecScope::Organization(client.organization().clone()),
        };
        let policy = wire::CreatePolicy {
            name: "more".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            rules: vec![rule],
            principal,
        };
        client.create_policy(&policy).await.unwrap();
    }
}

fn attached_elsewhere(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, run, ops) = (scene.client.clone(), scene.policy("run"), scene.group("ops"));
    Box::pin(async move {
        let principal = Some(wire::Principal::Group(ops));
        client.update_policy(&run, &wire::UpdatePolicy { principal, ..Default::default() }).await.unwrap();
    })
}

fn given_everything(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, run) = (scene.client.clone(), scene.policy("run"));
    Box::pin(async move {
        let rule = wire::RuleSpec {
            permission_set_names: vec!["IAMManager".to_owned()],
            condition: String::new(),
            scope: wire::SpecScope::Organization(client.organization().clone()),
        };
        client.set_rules(&run, &[rule]).await.unwrap();
    })
}

fn an_outsider_joins_dev(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, dev, eve) = (scene.client.clone(), scene.group("dev"), scene.user("eve"));
    Box::pin(async move { drop(client.add_member(&dev, &eve).await.unwrap()) })
}

fn an_outsider_joins_ops(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, ops, dan) = (scene.client.clone(), scene.group("ops"), scene.user("dan"));
    Box::pin(async move { drop(client.add_member(&ops, &dan).await.unwrap()) })
}

fn more_is_attached_to_ops(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(all_to(scene, wire::Principal::Group(scene.group("ops"))))
}

fn run_is_attached_to_ops(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    attached_elsewhere(scene)
}

fn another_stack_takes_ops(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, ops) = (scene.client.clone(), scene.group("ops"));
    Box::pin(async move {
        let tags = Some(vec!["scw-iam=other".to_owned()]);
        client.update_group(&ops, &wire::UpdateGroup { tags, ..Default::default() }).await.unwrap();
    })
}

fn five_keys_are_made(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, ci) = (scene.client.clone(), scene.id(&application("ci").address()));
    Box::pin(async move {
        for _ in 0..5 {
            let key = wire::CreateApiKey {
                bearer: wire::Bearer::Application(ci.parse().unwrap()),
                description: String::new(),
                expires_at: None,
                default_project_id: None,
            };
            client.create_api_key(&key).await.unwrap();
        }
    })
}

/// Eve makes a key for herself.
fn eve_makes_a_key(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, eve) = (scene.client.clone(), scene.id(&user("eve").address()));
    Box::pin(async move {
        let key = wire::CreateApiKey {
            bearer: wire::Bearer::User(eve.parse().unwrap()),
            description: String::new(),
            expires_at: None,
            default_project_id: None,
        };
        client.create_api_key(&key).await.unwrap();
    })
}

fn another_stack_takes_eve(scene: &Scene) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let (client, eve) = (scene.client.clone(), scene.id(&user("eve").address()));
    Box::pin(async move {
        let tags = Some(vec!["scw-iam=other".to_owned()]);
        client
            .update_user(&eve.parse().unwrap(), &wire::UpdateUser { tags, ..Default::default() })
            .await
            .unwrap();
    })
}

fn retagged(state: &mut State) {
    let meta = &mut state.find_mut::<Group>(&key("ops")).unwrap().meta;
    meta.tags = ["team=ops".to_owned()].into();
}

type Attacked = (&'static str, fn(&mut State), (&'static str, &'static str), Attack, &'static str);

/// A change of the files, the first write that it leads to, what somebody else does right before it, and what the step says.
const ATTACKS: &[Attacked] = &[
    (
        "new rules while the policy is attached to another group",
        |state| {
            let run = state.find_mut::<Policy>(&key("run")).unwrap();
            run.rules.0 = vec![rule("InstancesFullAccess"), rule("ContainersFullAccess")];
        },
        ("PUT", "/rules"),
        attached_elsewhere,
        "policy run has changed since it was planned: principal: planned from group dev, now group ops",
    ),
    (
        "fewer rules while the policy is attached to another group",
        |state| state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")],
        ("PUT", "/rules"),
        attached_elsewhere,
        "policy run has changed since it was planned: principal: planned from group dev, now group ops",
    ),
    (
        "another principal while the policy is given more",
        |state| state.find_mut::<Policy>(&key("run")).unwrap().attachment = Attachment::Group(key("ops")),
        ("PATCH", ""),
        given_everything,
        "policy run has changed since it was planned: rules: planned from [InstancesFullAccess",
    ),
    (
        "new rules while somebody joins the group",
        |state| {
            let run = state.find_mut::<Policy>(&key("run")).unwrap();
            run.rules.0 = vec![rule("InstancesFullAccess"), rule("ContainersFullAccess")];
        },
        ("PUT", "/rules"),
        an_outsider_joins_dev,
        "group dev has changed since it was planned: members: planned from [user ann@x.io, user bob@x.io, user cat@x.io, user dan@x.io], now [user ann@x.io, user bob@x.io, user cat@x.io, user dan@x.io, user eve@x.io]",
    ),
    (
        "another principal while somebody joins the group",
        |state| state.find_mut::<Policy>(&key("run")).unwrap().attachment = Attachment::Group(key("ops")),
        ("PATCH", ""),
        an_outsider_joins_ops,
        "group ops has changed since it was planned: members: planned from [user eve@x.io], now [user dan@x.io, user eve@x.io]",
    ),
    (
        "a join while somebody else joins",
        |state| state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]),
        ("POST", "/add-member"),
        an_outsider_joins_ops,
        "group ops has changed since it was planned: members",
    ),
    (
        "a join while a new policy is attached to the group",
        |state| state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]),
        ("POST", "/add-member"),
        more_is_attached_to_ops,
        "group ops has changed since it was planned: policy `more` has been attached to it",
    ),
    (
        "a join while a policy of another group is attached to the group",
        |state| state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]),
        ("POST", "/add-member"),
        run_is_attached_to_ops,
        "group ops has changed since it was planned: policy `run` has been attached to it",
    ),
    (
        "a join while the policy of the group is given more",
        |state| {
            let dev = state.find_mut::<Group>(&key("dev")).unwrap();
            dev.members = members(&["ann", "bob", "cat", "dan", "eve"]);
        },
        ("POST", "/add-member"),
        given_everything,
        "policy run has changed since it was planned: rules: planned from [InstancesFullAccess",
    ),
    (
        "a deletion of a group while another stack takes it",
        |state| _ = state.objects.shift_remove(&Address::group(key("ops"))),
        ("DELETE", ""),
        another_stack_takes_ops,
        "group ops has changed since it was planned: owner: planned from stack stack, now stack other",
    ),
    (
        "new tags while another stack takes the group",
        retagged,
        ("PATCH", ""),
        another_stack_takes_ops,
        "group ops has changed since it was planned: owner: planned from stack stack, now stack other",
    ),
    (
        "a deletion of an application while it is given keys",
        |state| _ = state.objects.shift_remove(&application("ci").address()),
        ("DELETE", ""),
        five_keys_are_made,
        "application ci has changed since it was planned: nb_api_keys: planned from 0, now 5",
    ),
    (
        "a removal of a person who makes a key",
        |state| state.remove_all(&BTreeSet::from([user("eve").address()])),
        ("DELETE", ""),
        eve_makes_a_key,
        "user eve@x.io has changed since it was planned: nb_api_keys: planned from 0, now 1",
    ),
    (
        "a removal of a person whom another stack takes",
        |state| state.remove_all(&BTreeSet::from([user("eve").address()])),
        ("DELETE", ""),
        another_stack_takes_eve,
        "user eve@x.io has changed since it was planned: owner: planned from stack stack, now stack other",
    ),
    (
        "a new username of a person whom another stack takes",
        |state| state.find_mut::<User>(user("eve").key()).unwrap().username = "evelyn".to_owned(),
        ("POST", "/update-username"),
        another_stack_takes_eve,
        "user eve@x.io has changed since it was planned: owner: planned from stack stack, now stack other",
    ),
    (
        "a lock of a person whom another stack takes",
        |state| state.find_mut::<User>(user("eve").key()).unwrap().locked = true,
        ("POST", "/lock"),
        another_stack_takes_eve,
        "user eve@x.io has changed since it was planned: owner: planned from stack stack, now stack other",
    ),
];

#[tokio::test]
async fn what_somebody_else_changes_right_before_a_call_stops_it() {
    for (what, change, write, attack, said) in ATTACKS {
        for trouble in [None, Some(Trouble::TooMany), Some(Trouble::Transient)] {
            let scene = Scene::of(&changed(change)).await;
            let outcome = match trouble {
                // Since the plan was made,
                None => {
                    attack(&scene).await;
                    scene.apply().await
                }
                // and while the call waits to be sent again.
                Some(trouble) => scene.apply_through(*write, trouble, attack(&scene)).await,
            };
            assert_eq!(
                (&outcome.end, outcome.wrote()),
                (&End::Failed, false),
                "{what}, {trouble:?}: {outcome:#?}"
            );
            assert!(words(&outcome).contains(said), "{what}, {trouble:?}: {}", words(&outcome));
            let written = scene.emulator.requests();
            let mut counts = written.iter().filter(|((method, path), _)| {
                let attacked = path.ends_with("/api-keys") || path.ends_with("/policies");
                method == write.0 && path.ends_with(write.1) && !attacked
            });
            let own = counts.next().map_or(0, |(_, count)| *count);
            let by_hand = u64::from(matches!(write.0, "PUT" | "PATCH" | "POST"));
            assert!(own <= by_hand, "{what}, {trouble:?}: it was sent: {written:#?}");
        }
    }
}

#[tokio::test]
async fn what_somebody_else_gives_to_those_whom_the_plan_touches_is_told_in_the_end() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("ops")).unwrap().members = members(&["eve", "ann"]);
        state.find_mut::<Policy>(&key("run")).unwrap().rules.0 = vec![rule("InstancesFullAccess")];
    });
    let scene = Scene::of(&case).await;
    // Not by a group that she joins, so that nothing keeps the plan from being applied.
    let wire::Member::User(ann) = scene.user("ann") else { unreachable!() };
    all_to(&scene, wire::Principal::User(ann)).await;
    // Nobody whom the plan touches.
    let ci = scene.id(&application("ci").address()).parse().unwrap();
    let policy = wire::CreatePolicy {
        name: "other".to_owned(),
        description: String::new(),
        tags: Vec::new(),
        rules: Vec::new(),
        principal: wire::Principal::Application(ci),
    };
    scene.client.create_policy(&policy).await.unwrap();
    let outcome = scene.apply().await;
    let (said, id) = (
        differences(&outcome),
        scene.state()["policies"].as_array().unwrap().iter().find(|policy| policy["name"] == "more").unwrap()
            ["id"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    insta::assert_snapshot!(said.replace(&id, "[ID]"), @"user ann@x.io: access was to be without IAMManager on organization and is with it, by policy [ID]");
}

#[tokio::test]
async fn an_application_that_is_deleted_is_taken_out_of_the_groups_that_still_show_it() {
    let mut case = changed(|state| {
        state.objects.shift_remove(&application("ci").address());
        for name in ["dev", "ops"] {
            let group = state.find_mut::<Group>(&key(name)).unwrap();
            group.members.remove(&application("ci"));
        }
    });
    for name in ["dev", "ops"] {
        case.live.find_mut::<Group>(&key(name)).unwrap().members.insert(application("ci"));
    }
    let behaviour = emulator::Behaviour { leftovers: emulator::Leftovers::Ids, ..Default::default() };
    let scene = Scene::with(&case, emulator::EmulatorOptions { behaviour, ..Default::default() }).await;
    assert_eq!(scene.plan.steps().len(), 1, "the deletion alone: {:#?}", scene.plan.steps());
    let id = scene.id(&application("ci").address());
    let outcome = scene.apply().await;
    assert_eq!(outcome.end, End::Done, "{outcome:#?}");
    let groups = scene.state()["groups"].to_string();
    assert!(!groups.contains(&id), "{groups}");
}

#[tokio::test]
async fn steps_that_start_together_share_their_looks() {
    let case = changed(|state| {
        for n in 0..8 {
            state.insert(key(&format!("new-{n}")), group(&["ann"]));
            let to = Attachment::Group(key(&format!("new-{n}")));
            state.insert(key(&format!("more-{n}")), policy(to, &["InstancesReadOnly"]));
            let bot = Application { meta: meta(), ..Application::default() };
            state.insert(key(&format!("bot-{n}")), bot);
        }
    });
    let scene = Scene::of(&case).await;
    assert_eq!(scene.apply().await.end, End::Done);
    let requests = scene.emulator.requests();
    let reads: u64 = requests.iter().filter(|((method, _), _)| method == "GET").map(|(_, n)| n).sum();
    // One by one they were 8 × (2 + 2 + 1 + 2) before the end, and there 8 × 4.
    assert!(reads <= 40, "{reads}: {requests:#?}");
    assert_eq!(
        scene.requests("GET", "/rules"),
        8 + 1,
        "those that the run made and those that ann has, once, in the end"
    );
}

/// What a plan costs to apply at most: a request for each step; a look before each that overwrites, deletes or gives, two
/// where a group gives it its meaning, and the policies and the rules of what is attached before a join; lists before and
/// after each create whose name others may have too, and at the end; the reading again.
fn most(plan: &Plan) -> u64 {
    let attached = |group: &Key| {
        let policies = plan.before().policies().chain(plan.outcome().policies());
        policies.filter(|(_, policy)| policy.attachment == Attachment::Group(group.clone())).count() as u64
    };
    let (mut looks, mut touched) = (0, BTreeSet::new());
    for step in plan.steps() {
        looks += match &step.action {
            Action::RemoveMember { .. } | Action::Create { object: Object::Group(_), .. } => 0,
            Action::SetMembers { .. } => 1,
            Action::Create { object: Object::Policy(_), .. } => 3,
            Action::Create { .. } => 2,
            Action::AddMembers { group, .. } => 2 + attached(group),
            Action::SetRules { .. } | Action::Update { .. } | Action::Delete { .. } => 3,
        };
        touched.insert(step.action.address());
    }
    let rules = plan.outcome().policies().count() as u64;
    plan.steps().len() as u64 + looks + touched.len() as u64 + 4 + rules
}

#[tokio::test]
async fn an_apply_costs_its_steps_their_looks_and_the_reading_again() {
    for seed in 0..cases("SCW_IAM_APPLY_CASES", 40) {
        let scene = Scene::of(&case(seed)).await;
        assert_eq!(scene.apply().await.end, End::Done);
        let requests = scene.emulator.requests();
        let writes: u64 = requests.iter().filter(|((m, _), _)| m != "GET").map(|(_, n)| n).sum();
        assert_eq!(writes, scene.plan.steps().len() as u64, "seed {seed}: {requests:#?}");
        assert!(requests.values().sum::<u64>() <= most(&scene.plan), "seed {seed}: {requests:#?}");
    }
}

#[tokio::test]
async fn asked_to_stop_it_says_what_is_left_and_a_second_run_finishes() {
    struct After(Mutex<(usize, Option<Stopper>)>);
    impl Progress for After {
        fn finished(&self, _: &Step, _: &StepEnd) {
            let mut state = self.0.lock().unwrap();
            state.0 += 1;
            if state.0 == 2
                && let Some(stopper) = &state.1
            {
                stopper.stop();
            }
        }
    }
    for seed in 0..10 {
        let case = case(seed);
        let scene = Scene::of(&case).await;
        let (stopper, stop) = stop_signal();
        let after = After(Mutex::new((0, Some(stopper))));
        let outcome = scene.apply_with(&after, stop).await;
        let all = scene.plan.steps().len();
        assert!(outcome.done() + outcome.not_started() == all, "seed {seed}: {outcome:#?}");
        if outcome.end == End::Done {
            continue;
        }
        assert_eq!(outcome.end, End::Stopped);
        let state = scene.state();
        let again = Case {
            live: from_json(&state),
            ids: support::state_json::ids(&state),
            desired: case.desired.clone(),
        };
        let plan = again.plan().unwrap();
        let (mut ids, mut journal) = (plan.ids().clone(), Journal::none());
        let stop = StopSignal::never();
        let outcome = apply(&plan, &scene.client, &mut ids, &mut journal, &Unwatched, stop, &options()).await;
        assert_eq!(outcome.end, End::Done, "seed {seed}: {outcome:#?}");
        arrived(&plan, &scene.state()).unwrap();
    }
}

#[tokio::test]
async fn the_receipt_of_a_step_has_the_request_id() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob", "cat"]);
    });
    let scene = Scene::of(&case).await;
    let outcome = scene.apply().await;
    let StepEnd::Done(receipt) = &outcome.steps[0].end else { panic!("{outcome:#?}") };
    assert_eq!((receipt.how, receipt.status, receipt.writes), (How::Sent, Some(200), 1));
    assert_eq!(receipt.request_id.as_ref().map(String::len), Some(36));
}
