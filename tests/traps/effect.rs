//! How a change of access is told: gained, lost, loosened, tightened, and by which way.

use insta::assert_snapshot;

use crate::builder::live;

fn ann(rules: &str) -> String {
    format!("policies:\n  one: {{principal: {{user: ann@x.io}}, rules: [{rules}]}}\n")
}

const ALWAYS: &str = "{permission_sets: [InstancesReadOnly], scope: [dev]}";
const AT_HOME: &str =
    "{permission_sets: [InstancesReadOnly], scope: [dev], condition: 'request.ip == \"192.0.2.1\"'}";
const AT_WORK: &str =
    "{permission_sets: [InstancesReadOnly], scope: [dev], condition: 'request.ip == \"192.0.2.2\"'}";
const EVERYWHERE: &str = "{permission_sets: [InstancesReadOnly], scope: all_projects}";

fn told(before: &str, after: &str) -> String {
    live(&ann(before)).files(&ann(after)).access()
}

#[test]
fn a_condition_that_goes_loosens_and_one_that_comes_tightens() {
    assert_snapshot!(told(AT_HOME, ALWAYS), @"
    user ann@x.io
      + loosened: InstancesReadOnly on dev ← policy one, rule 1
    ");
    assert_snapshot!(told(ALWAYS, AT_HOME), @r#"
    user ann@x.io
      - tightened: InstancesReadOnly on dev if request.ip == "192.0.2.1" ← policy one, rule 1
    "#);
    assert_snapshot!(told(AT_HOME, AT_WORK), @r#"
    user ann@x.io
      + InstancesReadOnly on dev if request.ip == "192.0.2.2" ← policy one, rule 1
      - InstancesReadOnly on dev if request.ip == "192.0.2.1" ← policy one, rule 1
    "#);
}

#[test]
fn a_wider_scope_is_a_gain_of_the_rest_and_a_narrower_one_a_loss() {
    assert_snapshot!(told(ALWAYS, EVERYWHERE), @"
    user ann@x.io
      + InstancesReadOnly on all projects ← policy one, rule 1
    ");
    assert_snapshot!(told(EVERYWHERE, ALWAYS), @"
    user ann@x.io
      - InstancesReadOnly on all projects ← policy one, rule 1
    ");
}

#[test]
fn of_several_ways_the_first_by_group_and_policy_is_told() {
    let files = "
groups:
  z: {members: {users: [ann@x.io]}}
  a: {members: {users: [ann@x.io]}}
";
    let policies = format!(
        "policies:
  second: {{principal: {{group: a}}, rules: [{ALWAYS}]}}
  first: {{principal: {{group: a}}, rules: [{AT_HOME}, {ALWAYS}]}}
  last: {{principal: {{group: z}}, rules: [{ALWAYS}]}}
"
    );
    let trap = live(&format!("{files}policies: {{}}")).files(&format!("{files}{policies}"));
    assert_snapshot!(trap.access(), @r#"
    user ann@x.io (had nothing)
      + InstancesReadOnly on dev ← group a ← policy first, rule 2
      + InstancesReadOnly on dev if request.ip == "192.0.2.1" ← group a ← policy first, rule 1
    "#);
}
