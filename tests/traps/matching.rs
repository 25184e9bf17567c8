//! Which live object a declared one is, and what happens to names.

use insta::assert_snapshot;
use scw_iam::model::{
    Address, Application, Attachment, Group, Id, Key, Kind, OfKind as _, Policy, Principal,
};

use crate::builder::{application, copy, foreign, key, live};

const GROUP_ID: &str = "00000000-0000-0000-0000-00000000030";
const POLICY_ID: &str = "00000000-0000-0000-0000-00000000040";

const DEVS: &str = "
groups:
  devs: {members: {users: [ann@x.io]}}
policies:
  run: {principal: {group: devs}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";

const DEVELOPERS: &str = "
groups:
  developers: {previously: devs, members: {users: [ann@x.io]}}
policies:
  run: {principal: {group: developers}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";

#[test]
fn a_group_that_is_renamed_is_patched() {
    let trap = live(DEVS).files(DEVELOPERS);
    assert_snapshot!(trap.show(), @"1 ~ group developers: devs is named developers");
    assert_eq!(trap.access(), "no change in access");
    let again = trap.again();
    assert_eq!(again.show(), "nothing to do");
    let spent = again.plan().unwrap().spent().to_vec();
    assert_eq!(spent, [Address::group(key("developers"))]);
}

#[test]
fn a_rename_and_a_change_of_members_are_two_calls_one_after_the_other() {
    let trap = live(DEVS).files(&DEVELOPERS.replace("[ann@x.io]", "[ann@x.io, bob@x.io]"));
    assert_snapshot!(trap.show(), @"
    1 ~ group developers: devs is named developers
    2 + bob to developers   after 1 writer
    ");
}

#[test]
fn both_names_live_and_the_old_one_owned_is_refused() {
    let both = DEVS.replace("groups:", "groups:\n  developers: {members: {users: [ann@x.io]}}");
    let owned = live(&both).files(DEVELOPERS);
    assert_snapshot!(owned.show(), @"
    1 - group 00000000-0000-0000-0000-000000000300
    2 ~ group developers: devs is named developers   after 1 reference
    ");
    let made_by_hand = live(&both)
        .with(|state| state.find_mut::<Group>(&key("developers")).unwrap().meta.owner = None)
        .files(DEVELOPERS)
        .allow("adoptions=1");
    assert_snapshot!(made_by_hand.show(), @"error: group developers cannot take its name: another live object has it (00000000-0000-0000-0000-000000000300)");
}

#[test]
fn both_names_live_and_the_old_one_of_somebody_else_is_left_alone() {
    let both = DEVS.replace("groups:", "groups:\n  developers: {members: {users: [ann@x.io]}}");
    let trap = live(&both)
        .with(|state| state.find_mut::<Group>(&key("devs")).unwrap().meta.owner = None)
        .files(DEVELOPERS);
    assert_snapshot!(trap.show(), @"1 ~ policy run: group devs → group developers");
    assert_snapshot!(trap.spared(), @"group devs: NotOwned");
}

#[test]
fn a_swap_of_names_is_refused() {
    let files = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [bob@x.io]}}
";
    let swapped = format!(
        "
groups:
  a: {{id: {GROUP_ID}1, members: {{users: [bob@x.io]}}}}
  b: {{id: {GROUP_ID}0, members: {{users: [ann@x.io]}}}}
"
    );
    assert_snapshot!(live(files).files(&swapped).show(), @"
    error: the renames around group a wait for each other
    ");
}

#[test]
fn a_chain_of_renames_frees_each_name_before_it_is_taken() {
    let files = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [bob@x.io]}}
  c: {members: {users: [cat@x.io]}}
";
    let moved = format!(
        "
groups:
  b: {{id: {GROUP_ID}0, members: {{users: [ann@x.io]}}}}
  c: {{id: {GROUP_ID}1, members: {{users: [bob@x.io]}}}}
  d: {{id: {GROUP_ID}2, members: {{users: [cat@x.io]}}}}
"
    );
    assert_snapshot!(live(files).files(&moved).show(), @"
    1 ~ group d: c is named d
    2 ~ group c: b is named c   after 1 reference
    3 ~ group b: a is named b   after 2 reference
    ");
}

#[test]
fn a_name_is_taken_once_its_owner_is_deleted() {
    let files = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [ann@x.io]}}
  c: {members: {users: [ann@x.io]}}
";
    let moved = format!(
        "
groups:
  b: {{id: {GROUP_ID}0, members: {{users: [ann@x.io]}}}}
  c: {{members: {{users: [ann@x.io]}}}}
"
    );
    let trap = live(files).files(&moved);
    assert_snapshot!(trap.show(), @"
    1 - group 00000000-0000-0000-0000-000000000301
    2 ~ group b: a is named b   after 1 reference
    ");
    let plan = trap.plan().unwrap();
    assert_eq!(plan.title(Id::from_bits(0x301)), Some("b"));
}

#[test]
fn a_group_that_takes_the_name_of_a_deleted_one_is_not_taken_for_it() {
    let files = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [ann@x.io]}}
  c: {members: {users: [ann@x.io]}}
policies:
  run: {principal: {group: a}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";
    let moved = format!(
        "
groups:
  b: {{id: {GROUP_ID}0, members: {{users: [ann@x.io]}}}}
  c: {{members: {{users: [ann@x.io]}}}}
policies:
  run: {{principal: none, rules: [{{permission_sets: [InstancesReadOnly], scope: [dev]}}]}}
"
    );
    assert_snapshot!(live(files).files(&moved).show(), @"
    1 ~ policy run: group b → none
    2 - group 00000000-0000-0000-0000-000000000301
    3 ~ group b: a is named b   after 2 reference
    ");
}

#[test]
fn a_name_that_somebody_else_keeps_is_not_taken() {
    let files = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [ann@x.io]}}
";
    let moved = format!("groups: {{b: {{id: {GROUP_ID}0, members: {{users: [ann@x.io]}}}}}}");
    let trap =
        live(files).with(|state| state.find_mut::<Group>(&key("b")).unwrap().meta.owner = None).files(&moved);
    assert_snapshot!(trap.show(), @"error: group b cannot take its name: another live object has it (00000000-0000-0000-0000-000000000301)");
}

#[test]
fn an_id_of_nobody_or_of_another_kind_is_an_error() {
    let unknown = format!("groups: {{devs: {{id: {GROUP_ID}9}}}}");
    assert_snapshot!(live(DEVS).files(&unknown).show(), @"error: group devs is declared with the id 00000000-0000-0000-0000-000000000309, which no live object has");
    let other = format!("groups: {{devs: {{id: {POLICY_ID}0}}}}");
    assert_snapshot!(live(DEVS).files(&other).show(), @"error: group devs is declared with the id 00000000-0000-0000-0000-000000000400, which is that of policy run");
}

#[test]
fn one_live_object_is_declared_once() {
    let twice = format!("groups: {{devs: {{}}, developers: {{id: {GROUP_ID}0}}}}");
    assert_snapshot!(live(DEVS).files(&twice).show(), @"
    error: group devs and group developers are both the live group devs
    ");
}

/// Policies may share a name: those that do go by their ids.
fn twins() -> crate::builder::Trap {
    let run = format!("{POLICY_ID}0");
    live(DEVS)
        .with(|state| {
            let policy = state.objects.shift_remove(&Address::policy(key("run"))).unwrap();
            let policy = Policy::of(&policy).unwrap().clone();
            let twin = copy(&policy, Attachment::None);
            state.insert(Key::Id(run.parse().unwrap()), policy);
            state.insert(Key::Id(Id::from_bits(0x4ff)), twin);
        })
        .files(&DEVS.replace("run: {", &format!("run: {{id: {run}, ")))
        .with(|trap| {
            let ids = vec![run.parse().unwrap(), Id::from_bits(0x4ff)];
            trap.titles = ids.iter().map(|id| (*id, "run".to_owned())).collect();
            trap.duplicates = [(Address::policy(key("run")), ids)].into();
        })
}

#[test]
fn one_of_two_of_a_name_that_is_declared_by_id_keeps_the_name() {
    let trap = twins();
    assert_eq!(trap.show(), "nothing to do");
}

#[test]
fn one_of_two_of_a_name_cannot_be_declared_by_name() {
    let trap = twins().with(|trap| trap.desired.identities.clear());
    assert_snapshot!(trap.show(), @"
    error: policy run is the name of 2 live objects: 00000000-0000-0000-0000-000000000400, 00000000-0000-0000-0000-0000000004ff
    ");
}

#[test]
fn no_third_one_takes_a_name_that_two_bear() {
    let trap = live(DEVS)
        .with(|state| {
            for n in [0x4fe, 0x4ff] {
                let twin = copy(state.policy(&key("run")).unwrap(), Attachment::None);
                state.insert(Key::Id(Id::from_bits(n)), twin);
            }
        })
        .files(&DEVS.replace("run: {", &format!("walk: {{id: {POLICY_ID}0, ")))
        .with(|trap| {
            trap.titles = [0x4fe, 0x4ff].map(|n| (Id::from_bits(n), "walk".to_owned())).into();
            let ids = [0x4fe, 0x4ff].map(Id::from_bits).to_vec();
            trap.duplicates = [(Address::policy(key("walk")), ids)].into();
        });
    assert_snapshot!(trap.show(), @"error: policy walk cannot take its name: another live object has it (00000000-0000-0000-0000-0000000004fe)");
}

#[test]
fn a_name_that_two_bear_and_nobody_here_owns_or_declares_is_left_alone() {
    let trap = twins().with(|trap| {
        trap.desired.identities.clear();
        trap.desired.state.objects.retain(|address, _| address.kind() != Kind::Policy);
        for policy in trap.live.all_mut::<Policy>().map(|(_, it)| it) {
            policy.meta.owner = None;
        }
    });
    assert_eq!(trap.show(), "nothing to do");
    assert_snapshot!(trap.spared(), @"
    policy 00000000-0000-0000-0000-000000000400: NotOwned
    policy 00000000-0000-0000-0000-0000000004ff: NotOwned
    ");
}

#[test]
fn a_caller_who_is_renamed_is_still_the_caller() {
    let files = "
applications: {ci: {}}
policies:
  run: {principal: {application: ci}, rules: [{permission_sets: [IAMManager], scope: organization}]}
";
    let trap = live(files)
        .files(
            "
applications: {robot: {previously: ci}}
policies: {}
",
        )
        .by(application("ci"));
    assert_snapshot!(trap.show(), @"
    1 ~ application robot: ci is named robot
    2 - policy run
    refused: self_lockout=1: would take the permission to administer access from application robot, who runs this plan
      IAMManager on organization is gone after step 2
    ");
}

#[test]
fn a_hidden_member_goes_by_its_id_and_stays() {
    let hidden = Principal::Application(Key::Id(Id::from_bits(77)));
    let trap = live(DEVS)
        .with(|state| _ = state.find_mut::<Group>(&key("devs")).unwrap().members.insert(hidden))
        .files(&DEVS.replace("[ann@x.io]", "[bob@x.io]").replace("InstancesReadOnly", "VPCReadOnly"));
    assert_snapshot!(trap.show(), @"
    1 - ann from devs
    2 ~ rules of run: -InstancesReadOnly on dev +VPCReadOnly on dev   after 1 leak
    3 + bob to devs   after 1 writer, 2 leak
    ");
    assert_snapshot!(trap.access(), @"
    user ann@x.io (loses all)
      - InstancesReadOnly on dev ← group devs ← policy run, rule 1
    user bob@x.io (had nothing)
      + VPCReadOnly on dev ← group devs ← policy run, rule 1
    application 00000000-0000-0000-0000-00000000004d
      + VPCReadOnly on dev ← group devs ← policy run, rule 1
      - InstancesReadOnly on dev ← group devs ← policy run, rule 1
    ");
}

#[test]
fn what_a_product_manages_is_never_changed() {
    let trap = live("applications: {node: {}}\ngroups: {nodes: {members: {applications: [node]}}}")
        .with(|state| {
            *state.find_mut::<Application>(&key("node")).unwrap() = foreign(1);
            state.find_mut::<Application>(&key("node")).unwrap().flags.managed = true;
            state.find_mut::<Group>(&key("nodes")).unwrap().flags.editable = false;
        })
        .files("applications: {}\ngroups: {}");
    assert_eq!(trap.show(), "nothing to do");
    assert_snapshot!(trap.spared(), @"
    application node: Managed
    group nodes: Managed
    ");
}

#[test]
fn what_a_product_manages_cannot_be_declared() {
    let trap = live("applications: {node: {}}")
        .files("applications: {node: {description: mine}}")
        .with(|trap| trap.live.find_mut::<Application>(&key("node")).unwrap().flags.managed = true);
    assert_snapshot!(trap.show(), @"conflict: application node: a product manages it");
}

#[test]
fn a_policy_that_gives_its_name_on_and_becomes_a_new_applications_own_is_renamed_first() {
    // The new application must not hold what `one` grants to all, `one` waits for the name that `two` has, and `two`
    // for the new application.
    let files = "
external: {groups: [All Applications]}
applications: {}
policies:
  one: {principal: {group: All Applications}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  two: {principal: {user: ann@x.io}, rules: [{permission_sets: [IPAMReadOnly], scope: [prod]}]}
";
    let moved = format!(
        "
applications: {{new: {{}}}}
policies:
  two:
    id: {POLICY_ID}0
    principal: {{user: bob@x.io}}
    rules: [{{permission_sets: [VPCReadOnly], scope: [prod]}}]
  three:
    id: {POLICY_ID}1
    description: for the new one
    principal: {{application: new}}
    rules: [{{permission_sets: [IPAMReadOnly], scope: [prod]}}]
"
    );
    let trap = live(files).with_builtin_groups().files(&moved);
    assert_snapshot!(trap.show(), @r#"
    1 ~ policy three: two is named three, description "for the new one"
    2 ~ policy two: one is named two, group All Applications → user bob@x.io   after 1 reference
    3 + application new   after 2 leak
    4 ~ policy three: user ann@x.io → application new   after 1 writer, 3 reference
    "#);
    assert_eq!(trap.again().show(), "nothing to do");
}

/// Three groups of one person each.
const COLOURS: &str = "
groups:
  blue: {members: {users: [ann@x.io]}}
  green: {members: {users: [bob@x.io]}}
  red: {members: {users: [cat@x.io]}}
";

#[test]
fn a_chain_of_renames_works() {
    let chain = "
groups:
  green: {previously: red, members: {users: [cat@x.io]}}
  blue: {previously: green, members: {users: [bob@x.io]}}
";
    let trap = live(COLOURS).files(chain);
    assert_snapshot!(trap.show(), @"
    1 - group 00000000-0000-0000-0000-000000000300
    2 ~ group blue: green is named blue   after 1 reference
    3 ~ group green: red is named green   after 2 reference
    ");
    // Done once, it is done.
    assert_snapshot!(trap.again().show(), @"nothing to do");
    let without_blue = COLOURS.replace("  blue: {members: {users: [ann@x.io]}}\n", "");
    assert_snapshot!(live(&without_blue).files(chain).show(), @"
    1 ~ group blue: green is named blue
    2 ~ group green: red is named green   after 1 reference
    ");
}

#[test]
fn an_entry_that_keeps_its_name_is_nobodys_old_one() {
    let files = "groups: {green: {previously: red}, blue: {previously: green}}";
    let trap = live("groups: {green: {}}").files(files);
    // Nothing was `red`, so `green` stays what it is, and `blue` is new.
    assert_snapshot!(trap.show(), @"1 + group blue");
}

#[test]
fn what_another_stack_owns_is_not_renamed() {
    let trap = live("groups: {devs: {}}")
        .with(|state| {
            let group = state.find_mut::<scw_iam::model::Group>(&key("devs")).unwrap();
            group.meta.owner = Some(scw_iam::model::Owner::Stack("other".parse().unwrap()));
        })
        .files("groups: {developers: {previously: devs}}");
    assert!(trap.show().ends_with("conflict: group developers: belongs to stack other\n"), "{}", trap.show());
}
