//! What belongs to whom, what is taken in, what is deleted, and what stays.

use insta::assert_snapshot;
use scw_iam::model::{Application, Group, Owner, Policy, Scope, State};

use crate::builder::{foreign, key, live};

const CI: &str = "
applications: {ci: {}}
groups:
  robots: {members: {applications: [ci]}}
policies:
  run: {principal: {group: robots}, rules: [{permission_sets: [InstancesReadOnly], scope: [prod]}]}
";

fn of_stack(state: &mut State, stack: Option<&str>) {
    let owner = stack.map(|stack| Owner::Stack(stack.parse().unwrap()));
    state.all_mut::<Application>().map(|(_, it)| it).for_each(|object| object.meta.owner.clone_from(&owner));
    state.all_mut::<Group>().map(|(_, it)| it).for_each(|object| object.meta.owner.clone_from(&owner));
    state.all_mut::<Policy>().map(|(_, it)| it).for_each(|object| object.meta.owner.clone_from(&owner));
}

#[test]
fn a_first_run_adopts_and_deletes_nothing() {
    let live = CI.replace("ci: {}", "ci: {}, other: {}");
    let trap = crate::builder::live(&live).with(|state| of_stack(state, None)).files(CI);
    assert_snapshot!(trap.show(), @"
    1 ~ application ci: adopted
    2 ~ group robots: adopted
    3 ~ policy run: adopted
    ");
    assert_snapshot!(trap.spared(), @"application other: NotOwned");
    assert_eq!(trap.again().show(), "nothing to do");
}

#[test]
fn an_adopted_application_comes_with_its_keys() {
    let trap = live("groups: {}").with(|state| state.insert(key("ci"), foreign(3))).files(CI);
    assert_snapshot!(trap.show(), @"
    1 ~ application ci: adopted
    2 + group robots
    3 + ci to robots   after 2 reference
    4 + policy run of group robots: +InstancesReadOnly on prod   after 2 reference
    ");
    assert_snapshot!(trap.access(), @"
    application ci (had nothing)
      + InstancesReadOnly on prod ← group robots ← policy run, rule 1
    ");
    let adoption = trap.plan().unwrap().adoptions()[0].clone();
    assert_eq!((adoption.api_keys, adoption.from), (3, None));
}

#[test]
fn what_another_stack_owns_is_refused() {
    let trap = live(CI)
        .with(|state| of_stack(state, Some("network")))
        .files(&CI.replace("InstancesReadOnly", "InstancesFullAccess"));
    assert_snapshot!(trap.show(), @"
    conflict: application ci: belongs to stack network
    conflict: group robots: belongs to stack network
    conflict: policy run: belongs to stack network
    ");
}

#[test]
fn what_another_stack_owns_is_taken_over_when_the_settings_say_so() {
    let trap = live(CI)
        .with(|state| of_stack(state, Some("network")))
        .files(&format!("settings: {{takes_over: [network]}}\n{CI}"));
    assert_snapshot!(trap.show(), @"
    1 ~ application ci: adopted
    2 ~ group robots: adopted
    3 ~ policy run: adopted
    ");
    assert_eq!(trap.again().show(), "nothing to do");
}

#[test]
fn what_two_stacks_claim_is_refused_even_then() {
    let trap = live(CI)
        .with(|state| {
            let both = ["scw-iam=network".to_owned(), "scw-iam=platform".to_owned()].into();
            state.find_mut::<Group>(&key("robots")).unwrap().meta.owner = Some(Owner::Unclear(both));
        })
        .files(&format!("settings: {{takes_over: [network]}}\n{CI}"));
    assert_snapshot!(trap.show(), @"conflict: group robots: belongs to several stacks");
}

#[test]
fn another_stacks_objects_are_never_deleted() {
    let empty = "settings: {takes_over: [network]}\napplications: {}\ngroups: {}\npolicies: {}";
    let trap = live(CI).with(|state| of_stack(state, Some("network"))).files(empty);
    assert_eq!(trap.show(), "nothing to do");
    assert_snapshot!(trap.spared(), @r#"
    application ci: Other("network")
    group robots: Other("network")
    policy run: Other("network")
    "#);
}

#[test]
fn without_a_stack_nothing_is_tagged_and_nothing_deleted() {
    let trap = live(CI)
        .files("applications: {}\ngroups: {new: {}}\npolicies: {}")
        .with(|trap| trap.desired.stack = None);
    assert_snapshot!(trap.show(), @"1 + group new");
    assert_eq!(trap.plan().unwrap().outcome().group(&key("new")).unwrap().meta.owner, None);
}

#[test]
fn without_a_stack_what_a_stack_owns_may_be_declared_and_not_changed() {
    let same = live(CI).files(CI).with(|trap| trap.desired.stack = None);
    assert_eq!(same.show(), "nothing to do");
    let other = live(CI)
        .files(&CI.replace("InstancesReadOnly", "InstancesFullAccess"))
        .with(|trap| trap.desired.stack = None);
    assert_snapshot!(other.show(), @"conflict: policy run: belongs to stack platform");
}

#[test]
fn a_kind_without_a_section_is_not_managed() {
    let trap = live(CI).files("groups: {}");
    assert_snapshot!(trap.show(), @"1 - group robots");
    assert_snapshot!(trap.spared(), @"
    application ci: SectionAbsent
    policy run: SectionAbsent
    ");
}

#[test]
fn prune_none_keeps_everything() {
    let trap = live(CI).files("settings: {prune: none}\napplications: {}\ngroups: {}\npolicies: {}");
    assert_eq!(trap.show(), "nothing to do");
}

#[test]
fn what_cannot_be_deleted_stays() {
    let trap = live(CI)
        .with(|state| state.find_mut::<Group>(&key("robots")).unwrap().flags.deletable = false)
        .files("applications: {ci: {}}\ngroups: {}\npolicies: {}");
    assert_snapshot!(trap.show(), @"1 - policy run");
    assert_snapshot!(trap.spared(), @"group robots: NotDeletable");
}

#[test]
fn what_is_external_and_owned_is_refused() {
    let trap = live(CI).files(
        "
external: {groups: [robots]}
applications: {ci: {}}
groups: {}
policies:
  run: {principal: {group: robots}, rules: [{permission_sets: [InstancesReadOnly], scope: [prod]}]}
",
    );
    assert_snapshot!(trap.show(), @"conflict: group robots: is external, and owned");
}

#[test]
fn what_is_external_and_of_another_stack_is_referred_to() {
    let trap = live(CI).with(|state| of_stack(state, Some("network"))).files(
        "
external: {groups: [robots], applications: [ci]}
applications: {}
groups: {mine: {members: {applications: [ci]}}}
policies:
  more: {principal: {group: robots}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
",
    );
    assert_snapshot!(trap.show(), @"
    1 + group mine
    2 + ci to mine   after 1 reference
    3 + policy more of group robots: +VPCReadOnly on prod
    ");
    assert_snapshot!(trap.access(), @"
    application ci
      + VPCReadOnly on prod ← group robots ← policy more, rule 1
    ");
}

#[test]
fn absent_members_are_not_managed() {
    let trap = live(CI).files(&CI.replace("{members: {applications: [ci]}}", "{description: all of them}"));
    assert_snapshot!(trap.show(), @r#"1 ~ group robots: description "all of them""#);
}

/// The policy of `ci` with another rule, live, beside what the files say.
fn with_rule(scope: Scope, files: &str) -> crate::builder::Trap {
    live(CI).files(files).with(|trap| {
        let rules = &mut trap.live.find_mut::<Policy>(&key("run")).unwrap().rules.0;
        let mut other = rules[0].clone();
        other.scope = scope;
        rules.push(other);
    })
}

#[test]
fn a_rule_that_cannot_be_written_blocks_its_own_policy_only() {
    let other = || Scope::Other("account root user x".to_owned());
    let more = format!("{CI}  more: {{principal: none, rules: []}}\n");
    assert_snapshot!(with_rule(other(), &more).show(), @r#"
    1 + policy more of none: the same grants
    not rewritten: policy run: [(1, "account root user x")]
      application ci keeps InstancesReadOnly on account root user x
    "#);
    // The files take something away: it stays.
    let less = CI.replace("[InstancesReadOnly]", "[VPCReadOnly]");
    assert_ne!(less, CI);
    assert_snapshot!(with_rule(other(), &less).show(), @r#"
    not rewritten: policy run: [(1, "account root user x")]
      application ci keeps InstancesReadOnly on prod
      application ci keeps InstancesReadOnly on account root user x
    "#);
}

#[test]
fn a_rule_whose_projects_are_gone_is_no_change_and_goes_with_the_next() {
    assert_snapshot!(with_rule(Scope::Gone, CI).show(), @"rule 2 of policy run grants nothing, dropped by None");
    let less = CI.replace("[InstancesReadOnly]", "[VPCReadOnly]");
    assert_snapshot!(with_rule(Scope::Gone, &less).show(), @"
    1 ~ rules of run: -InstancesReadOnly on prod +VPCReadOnly on prod
    rule 2 of policy run grants nothing, dropped by Some(1)
    ");
}

#[test]
fn what_is_absent_is_no_reset() {
    let trap = live("groups: {robots: {description: old, tags: [a]}}").files("groups: {robots: {}}");
    assert_snapshot!(trap.show(), @"
    nothing to do
    ");
}
