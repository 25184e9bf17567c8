//! Plans applied over HTTP to the emulator: they arrive, lose nobody's work, and leave no twins.

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;

use scw_iam::api::{Client, GroupId, PolicyId, wire};
use scw_iam::apply::{
    End, How, Journal, Outcome, Progress, StepEnd, StopSignal, Stopper, Unwatched, apply, stop_signal,
};
use scw_iam::emulator::{self, Emulator};
use scw_iam::model::{Address, Attachment, Group, Ids, Object, Policy};
use scw_iam::plan::{Action, Plan, Step};
use serde_json::Value;
use support::bench::{arrived, case, cases, client, client_of, emulate, options};
use support::middle::{Middle, Trouble};
use support::organizations::Case;
use support::small::{application, changed, group, key, members, policy, rule, user};
use support::state_json::from_json;

/// A case under way: its plan, its emulator, a client of ours, and another hand.
struct Scene {
    plan: Plan,
    emulator: Emulator,
    client: Client,
}

impl Scene {
    async fn of(case: &Case) -> Self {
        Self::with(case, emulator::Options::default()).await
    }

    async fn with(case: &Case, options: emulator::Options) -> Self {
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
    insta::assert_snapshot!(words(&outcome), @r"
    1 set_members group dev: failed: group dev is not what the plan saw: members: planned from [user ann@x.io, user bob@x.io, user cat@x.io, user dan@x.io], now [user ann@x.io, user cat@x.io, user dan@x.io], desired [user ann@x.io, user bob@x.io]
    2 add_members group ops: done, sent
    ");
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
    1 set_rules policy run: failed: policy run is not what the plan saw: rules: planned from [InstancesFullAccess on all_projects, ObjectStorageReadOnly on all_projects], now [InstancesReadOnly on all_projects if request.ip == '192.0.2.1'], desired [InstancesFullAccess on all_projects]
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
    1 update policy run: failed: policy run is not what the plan saw: principal: planned from group dev, now nobody, desired group ops
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
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob", "cat", "eve"]);
    });
    let scene = Scene::of(&case).await;
    // The group gains somebody whom the plan does not know of: adding and removing one by one overwrites nothing.
    let member = wire::Member::Application(scene.id(&application("ci").address()).parse().unwrap());
    scene.client.add_member(&scene.group("dev"), &member).await.unwrap();
    let outcome = scene.apply().await;
    let End::NotConverged(differences) = &outcome.end else { panic!("{outcome:#?}") };
    let shown: Vec<_> = differences.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"), @"group dev: members was to be [user ann@x.io, user bob@x.io, user cat@x.io, user eve@x.io] and is [user ann@x.io, user bob@x.io, user cat@x.io, user eve@x.io, application ci]");
}

#[tokio::test]
async fn an_overwriting_step_is_looked_at_once_and_no_other_is() {
    let case = changed(|state| {
        state.find_mut::<Group>(&key("dev")).unwrap().members = members(&["ann", "bob"]);
        state.insert(key("new"), group(&["ann"]));
        state.insert(key("more"), policy(Attachment::Group(key("new")), &["InstancesReadOnly"]));
    });
    let scene = Scene::of(&case).await;
    assert_eq!(scene.apply().await.end, End::Done);
    // dev: the look, and the reading again; new: the reading again.
    assert_eq!(scene.requests("GET", "/groups/{group_id}"), 3);
    assert_eq!(scene.requests("GET", "/policies/{policy_id}"), 1);
    assert_eq!(scene.requests("GET", "/rules"), 1);
    for list in ["/groups", "/policies", "/applications"] {
        assert_eq!(scene.requests("GET", list), 0, "{list}");
    }
    let writes: u64 = scene.emulator.requests().iter().filter(|((m, _), _)| m != "GET").map(|(_, n)| n).sum();
    assert_eq!(writes, scene.plan.steps().len() as u64);
}

/// What a plan costs to apply: a request for each step, one for each look, and the reading again.
fn cost(plan: &Plan) -> u64 {
    let (mut looks, mut read_again) = (0, BTreeMap::new());
    for step in plan.steps() {
        let (look, again) = match &step.action {
            Action::SetRules { .. } => (1, 2),
            Action::Create { object: Object::Policy(_), .. } => (0, 2),
            Action::SetMembers { .. } => (1, 1),
            action @ Action::Update { .. } => (u64::from(action.attaches().is_some()), 1),
            Action::Create { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::Delete { .. } => (0, 1),
        };
        looks += look;
        let most: &mut u64 = read_again.entry(step.action.address()).or_default();
        // What is gone has no rules to read.
        *most = if step.action.deletes().is_some() { 1 } else { again.max(*most) };
    }
    plan.steps().len() as u64 + looks + read_again.values().sum::<u64>()
}

#[tokio::test]
async fn an_apply_costs_its_steps_a_look_before_each_that_overwrites_and_the_reading_again() {
    for seed in 0..cases("SCW_IAM_APPLY_CASES", 40) {
        let scene = Scene::of(&case(seed)).await;
        assert_eq!(scene.apply().await.end, End::Done);
        let requests = scene.emulator.requests();
        assert_eq!(requests.values().sum::<u64>(), cost(&scene.plan), "seed {seed}: {requests:#?}");
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
