//! What comes before what, and who is without access for a while.

use insta::assert_snapshot;
use scw_iam::model::{Attachment, Group, Key, User};

use crate::builder::{copy, email, key, live, user};

const ADMINS_AND_INTERNS: &str = "
groups:
  admins: {members: {users: [ann@x.io]}}
  interns: {members: {users: [ian@x.io]}}
policies:
  run:
    principal: {group: admins}
    rules:
      - {permission_sets: [InstancesFullAccess, ObjectStorageReadOnly], scope: [prod]}
";

fn moved_to_interns(sets: &str) -> String {
    live(ADMINS_AND_INTERNS)
        .files_with(
            ADMINS_AND_INTERNS,
            &[("group: admins", "group: interns"), ("InstancesFullAccess, ObjectStorageReadOnly", sets)],
        )
        .show()
}

#[test]
fn a_policy_that_moves_and_shrinks_shrinks_first() {
    assert_snapshot!(moved_to_interns("ObjectStorageReadOnly"), @"
    1 ~ rules of run: -InstancesFullAccess on prod
    2 ~ policy run: group admins → group interns   after 1 writer
    ");
}

#[test]
fn a_policy_that_moves_and_grows_moves_first() {
    assert_snapshot!(moved_to_interns("InstancesFullAccess, ObjectStorageReadOnly, VPCReadOnly"), @"
    1 ~ policy run: group admins → group interns
    2 ~ rules of run: +VPCReadOnly on prod   after 1 writer
    ");
}

#[test]
fn a_policy_that_moves_and_does_neither_shrinks_moves_and_grows() {
    assert_snapshot!(moved_to_interns("ObjectStorageReadOnly, VPCReadOnly"), @"
    1 ~ rules of run: -InstancesFullAccess on prod
    2 ~ policy run: group admins → group interns   after 1 writer
    3 ~ rules of run: +VPCReadOnly on prod   after 2 writer
    ");
}

#[test]
fn a_policy_that_moves_with_wholly_other_rules_is_empty_on_the_way() {
    assert_snapshot!(moved_to_interns("VPCReadOnly"), @"
    1 ~ rules of run: -InstancesFullAccess on prod -ObjectStorageReadOnly on prod
    2 ~ policy run: group admins → group interns   after 1 writer
    3 ~ rules of run: +VPCReadOnly on prod   after 2 writer
    ");
}

#[test]
fn rules_meet_where_scopes_and_conditions_do() {
    let wide = "
groups:
  admins: {members: {users: [ann@x.io]}}
  interns: {members: {users: [ian@x.io]}}
policies:
  run:
    principal: {group: admins}
    rules:
      - {permission_sets: [InstancesFullAccess], scope: all_projects, condition: 'request.user_agent == \"x\"'}
      - {permission_sets: [VPCReadOnly], scope: [prod]}
";
    let shown = live(wide)
        .files_with(
            wide,
            &[
                ("group: admins", "group: interns"),
                ("scope: all_projects, condition: 'request.user_agent == \"x\"'", "scope: [prod, dev]"),
                ("- {permission_sets: [VPCReadOnly], scope: [prod]}", ""),
            ],
        )
        .show();
    assert_snapshot!(shown, @"
    1 ~ rules of run: -InstancesFullAccess on all projects if … -VPCReadOnly on prod +InstancesFullAccess on prod if … +InstancesFullAccess on dev if …
    2 ~ policy run: group admins → group interns   after 1 writer
    3 ~ rules of run: -InstancesFullAccess on prod if … -InstancesFullAccess on dev if … +InstancesFullAccess on prod +InstancesFullAccess on dev   after 2 writer
    ");
}

const TWO_GROUPS: &str = "
groups:
  dev: {members: {users: [ann@x.io, dan@x.io]}}
  ops: {members: {users: [bob@x.io, olga@x.io]}}
policies:
  build: {principal: {group: dev}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
  watch: {principal: {group: ops}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
";

#[test]
fn two_people_swap_groups_while_the_rules_of_both_change() {
    let shown = live(TWO_GROUPS)
        .files_with(
            TWO_GROUPS,
            &[
                ("ann@x.io, dan@x.io", "bob@x.io, dan@x.io"),
                ("[bob@x.io, olga@x.io]", "[ann@x.io, olga@x.io]"),
                ("InstancesReadOnly", "InstancesFullAccess"),
                ("VPCReadOnly", "VPCFullAccess"),
            ],
        )
        .show();
    assert_snapshot!(shown, @"
    1 - ann from dev
    2 - bob from ops
    3 ~ rules of build: -InstancesReadOnly on dev +InstancesFullAccess on dev   after 1 leak
    4 + bob to dev   after 1 writer, 3 leak
    5 ~ rules of watch: -VPCReadOnly on prod +VPCFullAccess on prod   after 2 leak
    6 + ann to ops   after 2 writer, 5 leak
    ");
}

#[test]
fn two_people_swap_groups_and_keep_what_both_groups_grant() {
    let same = TWO_GROUPS.replace("VPCReadOnly], scope: [prod]", "InstancesReadOnly], scope: [dev]");
    let trap = live(&same).files_with(
        &same,
        &[("ann@x.io, dan@x.io", "bob@x.io, dan@x.io"), ("[bob@x.io, olga@x.io]", "[ann@x.io, olga@x.io]")],
    );
    assert_snapshot!(trap.show(), @"
    1 + bob to dev
    2 - bob from ops   after 1 gap
    3 + ann to ops   after 2 writer
    4 - ann from dev   after 1 writer, 3 gap
    ");
    assert_eq!(trap.access(), "no change in access");
}

#[test]
fn a_leaver_goes_before_the_group_gains() {
    let shown = live(TWO_GROUPS)
        .files_with(
            TWO_GROUPS,
            &[("ann@x.io, dan@x.io", "dan@x.io"), ("InstancesReadOnly", "InstancesFullAccess")],
        )
        .show();
    assert_snapshot!(shown, @"
    1 - ann from dev
    2 ~ rules of build: -InstancesReadOnly on dev +InstancesFullAccess on dev   after 1 leak
    ");
}

#[test]
fn a_leaver_who_has_the_gain_anyway_waits_for_nobody() {
    let files = TWO_GROUPS.to_owned()
        + "  own: {principal: {user: ann@x.io}, rules: [{permission_sets: [InstancesFullAccess, InstancesReadOnly], scope: [dev]}]}\n";
    let shown = live(&files)
        .files_with(
            &files,
            &[("ann@x.io, dan@x.io", "dan@x.io"), ("InstancesReadOnly", "InstancesFullAccess")],
        )
        .show();
    assert_snapshot!(shown, @"
    1 - ann from dev
    2 ~ rules of build: -InstancesReadOnly on dev +InstancesFullAccess on dev
    ");
}

#[test]
fn a_joiner_arrives_when_the_group_has_lost() {
    let shown = live(TWO_GROUPS)
        .files_with(
            TWO_GROUPS,
            &[("ann@x.io, dan@x.io", "ann@x.io, dan@x.io, eve@x.io"), ("InstancesReadOnly", "VPCReadOnly")],
        )
        .show();
    assert_snapshot!(shown, @"
    1 ~ rules of build: -InstancesReadOnly on dev +VPCReadOnly on dev
    2 + eve to dev   after 1 leak
    ");
}

#[test]
fn a_deleted_application_is_gone_before_its_group_gains() {
    let files = "
applications: {ci: {}, backup: {}}
groups:
  robots: {members: {applications: [ci, backup]}}
policies:
  run: {principal: {group: robots}, rules: [{permission_sets: [InstancesReadOnly], scope: [prod]}]}
";
    let shown = live(files)
        .files_with(
            files,
            &[("ci: {}, ", ""), ("[ci, backup]", "[backup]"), ("InstancesReadOnly", "InstancesFullAccess")],
        )
        .show();
    assert_snapshot!(shown, @"
    1 - application ci
    2 ~ rules of run: -InstancesReadOnly on prod +InstancesFullAccess on prod   after 1 leak
    ");
}

#[test]
fn a_new_application_comes_when_all_applications_have_lost() {
    let files = "
external: {groups: [All Applications]}
applications: {ci: {}}
policies:
  run:
    principal: {group: All Applications}
    rules: [{permission_sets: [InstancesFullAccess, VPCReadOnly], scope: [prod]}]
";
    let shown = live(files)
        .with_builtin_groups()
        .files_with(files, &[("ci: {}", "ci: {}, new: {}"), ("InstancesFullAccess, ", "")])
        .show();
    assert_snapshot!(shown, @"
    1 ~ rules of run: -InstancesFullAccess on prod
    2 + application new   after 1 leak
    ");
}

#[test]
fn two_policies_of_all_applications_become_those_of_two_new_ones() {
    let files = "
external: {groups: [All Applications]}
applications: {}
policies:
  one: {principal: {group: All Applications}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  two: {principal: {group: All Applications}, rules: [{permission_sets: [IPAMReadOnly], scope: [prod]}]}
";
    let shown = live(files)
        .with_builtin_groups()
        .files_with(
            files,
            &[
                ("applications: {}", "applications: {blue: {}, red: {}}"),
                (
                    "group: All Applications}, rules: [{permission_sets: [VPC",
                    "application: blue}, rules: [{permission_sets: [VPC",
                ),
                (
                    "group: All Applications}, rules: [{permission_sets: [IPAM",
                    "application: red}, rules: [{permission_sets: [IPAM",
                ),
            ],
        )
        .show();
    assert_snapshot!(shown, @"
    1 ~ policy two: group All Applications → none
    2 + application blue   after 1 leak
    3 ~ policy one: group All Applications → application blue   after 2 reference
    4 + application red   after 3 leak
    5 ~ policy two: none → application red   after 1 writer, 4 reference
    ");
}

#[test]
fn a_change_for_all_users_is_one_call() {
    let files = "
external: {groups: [All Users]}
policies:
  look: {principal: {group: All Users}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
  ann: {principal: {user: ann@x.io}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";
    let trap = live(files).with_builtin_groups().files_with(files, &[("InstancesReadOnly", "VPCReadOnly")]);
    assert_snapshot!(trap.show(), @"1 ~ rules of look: -InstancesReadOnly on dev +VPCReadOnly on dev");
    assert_snapshot!(trap.access(), @"
    user ann@x.io
      + VPCReadOnly on dev ← group All Users ← policy look, rule 1
    ");
}

#[test]
fn a_deleted_group_whose_policy_moves_elsewhere_is_left_first() {
    let trap = live(TWO_GROUPS).files(
        "
groups:
  ops: {members: {users: [bob@x.io, olga@x.io, ann@x.io, dan@x.io]}}
policies:
  build: {principal: {group: ops}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
  watch: {principal: {group: ops}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
",
    );
    assert_snapshot!(trap.show(), @"
    1 + ann, dan to ops
    2 ~ policy build: group dev → group ops   after 1 gap
    3 - group dev   after 1 gap, 2 gap
    ");
}

#[test]
fn a_policy_that_a_deletion_orphans_needs_no_call() {
    let orphaned = live(TWO_GROUPS).files_with(
        TWO_GROUPS,
        &[("  dev: {members: {users: [ann@x.io, dan@x.io]}}\n", ""), ("{group: dev}", "none")],
    );
    assert_snapshot!(orphaned.show(), @"1 - group dev");
    let and_empty = live(TWO_GROUPS).files_with(
        TWO_GROUPS,
        &[
            ("  dev: {members: {users: [ann@x.io, dan@x.io]}}\n", ""),
            ("{group: dev}", "none"),
            ("InstancesReadOnly", "InstancesFullAccess"),
        ],
    );
    assert_snapshot!(and_empty.show(), @"
    1 - group dev
    2 ~ rules of build: -InstancesReadOnly on dev +InstancesFullAccess on dev   after 1 writer
    ");
}

#[test]
fn a_policy_that_nobody_declares_stays_behind_when_its_group_goes() {
    let trap = live(TWO_GROUPS)
        .with(|state| {
            let foreign = copy(state.policy(&key("watch")).unwrap(), Attachment::Group(key("dev")));
            state.insert(key("foreign"), foreign);
        })
        .files_with(
            TWO_GROUPS,
            &[("  dev: {members: {users: [ann@x.io, dan@x.io]}}\n", ""), ("{group: dev}", "none")],
        );
    assert_snapshot!(trap.show(), @"1 - group dev");
    assert_snapshot!(trap.access(), @"
    user ann@x.io (loses all)
      - InstancesReadOnly on dev ← group dev ← policy build, rule 1
      - VPCReadOnly on prod ← group dev ← policy foreign, rule 1
    user dan@x.io (loses all)
      - InstancesReadOnly on dev ← group dev ← policy build, rule 1
      - VPCReadOnly on prod ← group dev ← policy foreign, rule 1
    ");
    assert_snapshot!(trap.spared(), @"policy foreign: NotOwned");
}

const TEAM: &str = "
groups:
  team: {members: {users: [ann@x.io, bob@x.io, cat@x.io, dan@x.io]}}
policies:
  run: {principal: {group: team}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";

#[test]
fn two_leavers_leave_in_one_call() {
    let trap = live(TEAM).files_with(TEAM, &[("ann@x.io, bob@x.io, ", "")]);
    assert_snapshot!(trap.show(), @"1 - ann, bob from team, which leaves cat, dan");
}

#[test]
fn one_leaver_is_no_reason_to_write_the_whole_group() {
    let trap = live(TEAM).files_with(TEAM, &[("ann@x.io, ", "")]);
    assert_snapshot!(trap.show(), @"1 - ann from team");
}

#[test]
fn at_least_removes_nobody() {
    let trap = live(TEAM).files_with(
        TEAM,
        &[("[ann@x.io, bob@x.io, cat@x.io, dan@x.io]}", "[ann@x.io]}, membership: at_least")],
    );
    assert_eq!(trap.show(), "nothing to do");
}

#[test]
fn a_group_with_hidden_members_is_never_written_whole() {
    let trap = live(TEAM)
        .with(|state| {
            let hidden = scw_iam::model::Principal::Application(Key::Id(scw_iam::model::Id::from_bits(77)));
            state.find_mut::<Group>(&key("team")).unwrap().members.insert(hidden);
        })
        .files_with(TEAM, &[("ann@x.io, bob@x.io, ", "")]);
    assert_snapshot!(trap.show(), @"
    1 - ann from team
    2 - bob from team   after 1 writer
    ");
}

#[test]
fn a_group_is_never_written_empty() {
    let trap = live(TEAM)
        .files_with(TEAM, &[("ann@x.io, bob@x.io, cat@x.io, dan@x.io", "")])
        .allow("emptied=1")
        .allow("lost_access=4");
    assert_snapshot!(trap.show(), @"
    1 - ann from team
    2 - bob from team   after 1 writer
    3 - cat from team   after 2 writer
    4 - dan from team   after 3 writer
    allowed: lost_access=4: would take all access from 4 principals (limit: 3)
      user ann@x.io
      user bob@x.io
      user cat@x.io
      user dan@x.io
    allowed: emptied=1: would empty 1 group or policy
      group team
    ");
}

#[test]
fn a_group_whose_members_all_change_is_never_written_whole() {
    let trap = live(TEAM)
        .files_with(TEAM, &[("ann@x.io, bob@x.io, cat@x.io, dan@x.io", "eve@x.io, fay@x.io")])
        .allow("lost_access=4");
    assert_snapshot!(trap.show(), @"
    1 - ann from team
    2 - bob from team   after 1 writer
    3 - cat from team   after 2 writer
    4 - dan from team   after 3 writer
    5 + eve, fay to team   after 4 writer
    allowed: lost_access=4: would take all access from 4 principals (limit: 3)
      user ann@x.io
      user bob@x.io
      user cat@x.io
      user dan@x.io
    ");
}

#[test]
fn the_body_of_a_put_knows_who_has_come_and_gone_before() {
    let files = "
applications: {ci: {}, backup: {}}
groups:
  team: {members: {users: [ann@x.io, bob@x.io, cat@x.io], applications: [ci, backup]}}
policies:
  run: {principal: {group: team}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";
    let trap = live(files).files_with(
        files,
        &[
            ("ci: {}, ", ""),
            (
                "ann@x.io, bob@x.io, cat@x.io], applications: [ci, backup]",
                "cat@x.io, eve@x.io], applications: [backup]",
            ),
        ],
    );
    assert_snapshot!(trap.show(), @"
    1 - ann, bob from team, which leaves cat, backup, ci
    2 + eve to team   after 1 writer
    3 - application ci   after 2 writer
    ");
}

#[test]
fn an_owner_has_no_gap() {
    let files = TWO_GROUPS
        .replace("ann@x.io", "owner@x.io")
        .replace("VPCReadOnly", "InstancesReadOnly")
        .replace("[prod]", "[dev]");
    let trap =
        live(&files).files_with(&files, &[("owner@x.io, ", ""), ("olga@x.io", "olga@x.io, owner@x.io")]);
    assert_snapshot!(trap.show(), @"
    1 - owner from dev
    2 + owner to ops
    ");
    assert_eq!(trap.access(), "no change in access");
}

#[test]
fn a_locked_user_is_treated_as_any_other_and_marked() {
    let trap = live(TEAM)
        .with(|state| state.find_mut::<User>(&email("ann@x.io")).unwrap().locked = true)
        .files_with(TEAM, &[("ann@x.io, ", ""), ("InstancesReadOnly", "InstancesFullAccess")]);
    assert_snapshot!(trap.show(), @"
    1 - ann from team
    2 ~ rules of run: -InstancesReadOnly on dev +InstancesFullAccess on dev   after 1 leak
    ");
    assert_snapshot!(trap.access(), @"
    user ann@x.io (loses all, locked)
      - InstancesReadOnly on dev ← group team ← policy run, rule 1
    user bob@x.io
      + InstancesFullAccess on dev ← group team ← policy run, rule 1
      - InstancesReadOnly on dev ← group team ← policy run, rule 1
    user cat@x.io
      + InstancesFullAccess on dev ← group team ← policy run, rule 1
      - InstancesReadOnly on dev ← group team ← policy run, rule 1
    user dan@x.io
      + InstancesFullAccess on dev ← group team ← policy run, rule 1
      - InstancesReadOnly on dev ← group team ← policy run, rule 1
    ");
}

const SWAPPED: &str = "
groups:
  a: {members: {users: [ann@x.io]}}
  b: {members: {users: [bob@x.io]}}
policies:
  one: {principal: {group: a}, rules: [{permission_sets: [IAMGroupManager], scope: organization}]}
  two: {principal: {group: b}, rules: [{permission_sets: [IAMPolicyManager], scope: organization}]}
";

/// The groups trade their rules and their people, so that everybody keeps what they have.
const SWAP: [(&str, &str); 4] = [
    ("a: {members: {users: [ann@x.io]}}", "a: {members: {users: [bob@x.io]}}"),
    ("b: {members: {users: [bob@x.io]}}", "b: {members: {users: [ann@x.io]}}"),
    (
        "group: a}, rules: [{permission_sets: [IAMGroupManager",
        "group: a}, rules: [{permission_sets: [IAMPolicyManager",
    ),
    (
        "group: b}, rules: [{permission_sets: [IAMPolicyManager",
        "group: b}, rules: [{permission_sets: [IAMGroupManager",
    ),
];

#[test]
fn an_interruption_is_listed_when_no_order_helps() {
    let trap = live(SWAPPED).files_with(SWAPPED, &SWAP);
    assert_snapshot!(trap.show(), @"
    1 - bob from b
    2 ~ rules of two: -IAMPolicyManager on organization +IAMGroupManager on organization   after 1 leak
    3 + ann to b   after 1 writer, 2 leak
    4 - ann from a   after 2 gap, 3 gap
    5 ~ rules of one: -IAMGroupManager on organization +IAMPolicyManager on organization   after 2 gap, 3 gap, 4 leak
    6 + bob to a   after 4 writer, 5 leak
    interrupted: user bob@x.io, IAMPolicyManager on organization, from step 1 to step 6
    ");
    assert_eq!(trap.access(), "no change in access");
}

#[test]
fn a_caller_who_would_be_interrupted_is_locked_out() {
    assert_snapshot!(live(SWAPPED).files_with(SWAPPED, &SWAP).by(user("bob@x.io")).show(), @"
    1 - bob from b
    2 ~ rules of two: -IAMPolicyManager on organization +IAMGroupManager on organization   after 1 leak
    3 + ann to b   after 1 writer, 2 leak
    4 - ann from a   after 2 gap, 3 gap
    5 ~ rules of one: -IAMGroupManager on organization +IAMPolicyManager on organization   after 2 gap, 3 gap, 4 leak
    6 + bob to a   after 4 writer, 5 leak
    interrupted: user bob@x.io, IAMPolicyManager on organization, from step 1 to step 6
    refused: self_lockout=1: would take the permission to administer access from user bob@x.io, who runs this plan
      IAMPolicyManager on organization is gone after step 1
    ");
    let other = live(SWAPPED).files_with(SWAPPED, &SWAP).by(user("ann@x.io")).plan().unwrap();
    assert!(!other.refused());
}

#[test]
fn refactoring_that_changes_objects_and_no_access_shows_as_that() {
    let trap = live(TWO_GROUPS).files(
        "
groups:
  dev: {members: {users: [ann@x.io, dan@x.io]}}
  operators: {previously: ops, members: {users: [bob@x.io, olga@x.io]}}
policies:
  build-one: {principal: {user: ann@x.io}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
  build-two: {principal: {user: dan@x.io}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
  watch:
    principal: {group: operators}
    rules:
      - {permission_sets: [VPCReadOnly], scope: [prod]}
      - {permission_sets: [VPCReadOnly], scope: [prod], condition: 1 == 1}
",
    );
    assert_snapshot!(trap.show(), @"
    1 ~ group operators: ops is named operators
    2 ~ rules of watch: +VPCReadOnly on prod if …
    3 + policy build-one of user ann@x.io: +InstancesReadOnly on dev
    4 + policy build-two of user dan@x.io: +InstancesReadOnly on dev
    5 - policy build   after 3 gap, 4 gap
    ");
    assert_eq!(trap.access(), "no change in access");
}

#[test]
fn a_policy_with_the_same_grants_in_other_rules_is_written_in_one_call() {
    let files = TWO_GROUPS.replace("[InstancesReadOnly]", "[InstancesReadOnly, VPCReadOnly]");
    let trap = live(&files).files_with(
        &files,
        &[(
            "[{permission_sets: [InstancesReadOnly, VPCReadOnly], scope: [dev]}]",
            "[{permission_sets: [InstancesReadOnly], scope: [dev]}, {permission_sets: [VPCReadOnly], scope: [dev]}]",
        )],
    );
    assert_snapshot!(trap.show(), @"1 ~ rules of build: the same grants");
    assert_eq!(trap.access(), "no change in access");
}
