//! Each reason for which a step waits for another one, alone.

use insta::assert_snapshot;
use scw_iam::plan::{Action, Effect};

use crate::builder::{Trap, foreign, key, live};

const RUN: &str = "
groups:
  admins: {members: {users: [ann@x.io, olga@x.io]}}
  interns: {members: {users: [ian@x.io, ida@x.io]}}
policies:
  run: {principal: {group: admins}, rules: [{permission_sets: [InstancesFullAccess], scope: [prod]}]}
";
const MOVED: (&str, &str) = ("group: admins", "group: interns");

#[test]
fn a_leaver_goes_before_a_policy_comes_and_not_only_before_it_grows() {
    let grown = ("[InstancesFullAccess]", "[InstancesFullAccess, VPCReadOnly]");
    let trap = live(RUN).files_with(RUN, &[MOVED, grown, ("[ian@x.io, ida@x.io]", "[ida@x.io]")]);
    assert_snapshot!(trap.show(), @"
    1 - ian from interns
    2 ~ policy run: group admins → group interns   after 1 leak
    3 ~ rules of run: +VPCReadOnly on prod   after 2 writer
    ");
}

#[test]
fn a_joiner_comes_when_a_policy_has_gone_and_not_when_it_has_shrunk() {
    let live_side = RUN.replace("[InstancesFullAccess]", "[InstancesFullAccess, VPCReadOnly]");
    let shrunk = ("[InstancesFullAccess, VPCReadOnly]", "[VPCReadOnly]");
    let trap =
        live(&live_side).files_with(&live_side, &[MOVED, shrunk, ("[ann@x.io,", "[ann@x.io, eve@x.io,")]);
    assert_snapshot!(trap.show(), @"
    1 ~ rules of run: -InstancesFullAccess on prod
    2 ~ policy run: group admins → group interns   after 1 writer
    3 + eve to admins   after 2 leak
    ");
}

#[test]
fn nobody_waits_for_an_owner() {
    let files = RUN.replace("ann@x.io", "owner@x.io");
    let grown = ("[InstancesFullAccess]", "[InstancesFullAccess, VPCReadOnly]");
    let trap = live(&files).files_with(&files, &[grown, ("[owner@x.io, olga@x.io]", "[olga@x.io]")]);
    assert_snapshot!(trap.show(), @"
    1 - owner from admins
    2 ~ rules of run: +VPCReadOnly on prod
    ");
}

/// Policies that are ann's own, with InstancesReadOnly each.
fn own(names: &[(&str, &str)]) -> String {
    names.iter().fold("policies:\n".to_owned(), |text, (name, principal)| {
        let rules = "rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]";
        format!("{text}  {name}: {{principal: {principal}, {rules}}}\n")
    })
}
const ANN: &str = "{user: ann@x.io}";

#[test]
fn what_one_policy_of_hers_loses_the_other_one_has_before() {
    let trap = live(&own(&[("one", ANN), ("other", "{user: bob@x.io}")])).files(
        &(own(&[("one", ANN), ("two", ANN), ("other", ANN)]).replacen("InstancesReadOnly", "VPCReadOnly", 1)),
    );
    assert_snapshot!(trap.show(), @"
    1 ~ policy other: user bob@x.io → user ann@x.io
    2 ~ rules of one: -InstancesReadOnly on dev +VPCReadOnly on dev   after 1 gap
    3 + policy two of user ann@x.io: +InstancesReadOnly on dev
    ");
}

#[test]
fn a_policy_that_has_nothing_to_do_with_it_is_no_way() {
    let quiet =
        "  quiet: {principal: {user: ann@x.io}, rules: [{permission_sets: [VPCReadOnly], scope: [dev]}]}\n";
    let trap = live(&(own(&[("one", ANN)]) + quiet)).files(
        &(own(&[("one", ANN), ("two", ANN)]).replacen("InstancesReadOnly", "IPAMReadOnly", 1) + quiet),
    );
    assert_snapshot!(trap.show(), @"
    1 + policy two of user ann@x.io: +InstancesReadOnly on dev
    2 ~ rules of one: -InstancesReadOnly on dev +IPAMReadOnly on dev   after 1 gap
    ");
}

#[test]
fn nobody_waits_where_one_way_lasts() {
    let trap = live(&own(&[("one", ANN), ("two", "{user: bob@x.io}"), ("stays", ANN)])).files(
        &own(&[("one", ANN), ("two", ANN), ("stays", ANN)]).replacen("InstancesReadOnly", "IPAMReadOnly", 1),
    );
    assert_snapshot!(trap.show(), @"
    1 ~ rules of one: -InstancesReadOnly on dev +IPAMReadOnly on dev
    2 ~ policy two: user bob@x.io → user ann@x.io
    ");
}

#[test]
fn a_way_ends_with_the_first_step_that_takes_it() {
    // By way of what the old and the new rules share, which is nothing.
    let files = RUN.to_owned() + "  own: {principal: {user: ann@x.io}, rules: []}\n";
    let trap = live(&files).files_with(
        &files,
        &[
            MOVED,
            ("InstancesFullAccess", "VPCReadOnly"),
            ("rules: []", "rules: [{permission_sets: [InstancesFullAccess], scope: [prod]}]"),
        ],
    );
    assert_snapshot!(trap.show(), @"
    1 ~ rules of own: +InstancesFullAccess on prod
    2 ~ rules of run: -InstancesFullAccess on prod   after 1 gap
    3 ~ policy run: group admins → group interns   after 2 writer
    4 ~ rules of run: +VPCReadOnly on prod   after 3 writer
    ");
}

#[test]
fn a_way_is_there_after_the_last_step_that_it_needs() {
    let files = RUN.replace("ian@x.io", "ann@x.io")
        + "  own: {principal: {user: ann@x.io}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}\n";
    let trap = live(&files)
        .files_with(
            &files,
            &[
                MOVED,
                ("InstancesFullAccess", "VPCReadOnly"),
                (
                    "{user: ann@x.io}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]",
                    "{user: ann@x.io}, rules: []",
                ),
            ],
        )
        .allow("emptied=1");
    assert_snapshot!(trap.show(), @"
    1 ~ rules of run: -InstancesFullAccess on prod
    2 ~ policy run: group admins → group interns   after 1 writer
    3 ~ rules of run: +VPCReadOnly on prod   after 2 writer
    4 ~ rules of own: -VPCReadOnly on prod   after 3 gap
    allowed: emptied=1: would empty 1 group or policy
      policy own
    ");
}

const POLICY_ID: &str = "00000000-0000-0000-0000-000000000401";

#[test]
fn where_the_first_new_way_comes_too_late_the_second_is_taken() {
    let before = own(&[("one", ANN), ("two", "none")]);
    let after = own(&[("one", ANN), ("three", ANN)]).replace("one: {", &format!("one: {{id: {POLICY_ID}, "));
    assert_snapshot!(live(&before).files(&after).show(), @"
    1 + policy three of user ann@x.io: +InstancesReadOnly on dev
    2 - policy 00000000-0000-0000-0000-000000000400   after 1 gap
    3 ~ policy one: two is named one, none → user ann@x.io   after 2 reference
    ");
}

#[test]
fn where_the_first_old_way_ends_too_early_the_second_stays_longer() {
    let before = own(&[("one", ANN), ("two", "none"), ("three", ANN)]);
    let after = own(&[("one", ANN)]).replace("one: {", &format!("one: {{id: {POLICY_ID}, "));
    assert_snapshot!(live(&before).files(&after).show(), @"
    1 - policy 00000000-0000-0000-0000-000000000400
    2 ~ policy one: two is named one, none → user ann@x.io   after 1 reference
    3 - policy three   after 2 gap
    ");
}

#[test]
fn a_new_application_is_made_before_it_joins_and_before_a_policy_is_its_own() {
    let files = "
applications: {ci: {}}
groups:
  robots: {members: {applications: [ci]}}
policies:
  run: {principal: {application: ci}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
";
    let trap = live(files).files_with(
        files,
        &[("ci: {}", "ci: {}, new: {}"), ("[ci]", "[ci, new]"), ("{application: ci}", "{application: new}")],
    );
    assert_snapshot!(trap.show(), @"
    1 + application new
    2 + new to robots   after 1 reference
    3 ~ policy run: application ci → application new   after 1 reference
    ");
}

#[test]
fn a_policy_moves_away_before_what_it_was_attached_to_is_deleted() {
    let files = "
applications: {ci: {}, stays: {}}
groups:
  old: {members: {users: [ann@x.io]}}
  new: {members: {users: [bob@x.io]}}
policies:
  one: {principal: {group: old}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  two: {principal: {application: ci}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
";
    let trap = live(files).files_with(
        files,
        &[
            ("ci: {}, ", ""),
            ("  old: {members: {users: [ann@x.io]}}\n", ""),
            ("{group: old}", "{group: new}"),
            ("{application: ci}", "{user: bob@x.io}"),
        ],
    );
    assert_snapshot!(trap.show(), @"
    1 ~ policy one: group old → group new
    2 ~ policy two: application ci → user bob@x.io
    3 - application ci   after 2 reference
    4 - group old   after 1 reference
    ");
}

#[test]
fn what_writes_the_same_policy_is_done_one_after_the_other() {
    let files = "
applications: {ci: {}, stays: {}}
groups:
  old: {members: {users: [ann@x.io]}}
  stays: {}
policies:
  one: {principal: {group: old}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  two: {principal: {application: ci}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  stays: {principal: none, rules: []}
";
    let trap = live(files).files(
        "
applications: {stays: {}}
groups: {stays: {}}
policies: {stays: {principal: none, rules: []}}
",
    );
    assert_snapshot!(trap.show(), @"
    1 - policy one
    2 - group old   after 1 reference
    3 - policy two
    4 - application ci   after 3 reference
    ");
}

const TEAM: &str = "groups: {team: {members: {users: [ann@x.io, bob@x.io, cat@x.io, dan@x.io]}}}";

#[test]
fn three_leave_in_one_call_too() {
    let trap = live(TEAM).files("groups: {team: {members: {users: [dan@x.io]}}}");
    assert_snapshot!(trap.show(), @"1 - ann, bob, cat from team, which leaves dan");
}

#[test]
fn two_whose_time_is_over_leave_a_group_that_keeps_all_others_one_by_one() {
    let ended = "{email: ann@x.io, until: 2026-01-31}, {email: bob@x.io, until: 2026-01-31}";
    let trap = live(TEAM)
        .files(&format!("groups: {{team: {{membership: at_least, members: {{users: [{ended}]}}}}}}"));
    assert_snapshot!(trap.show(), @"
    1 - ann from team
    2 - bob from team   after 1 writer
    ");
}

#[test]
fn a_policy_that_comes_from_nobody_or_goes_to_nobody_needs_two_calls() {
    let other = ("InstancesFullAccess", "VPCReadOnly");
    assert_snapshot!(live(RUN).files_with(RUN, &[("{group: admins}", "none"), other]).show(), @"
    1 ~ policy run: group admins → none
    2 ~ rules of run: -InstancesFullAccess on prod +VPCReadOnly on prod   after 1 writer
    ");
    let nobodys = RUN.replace("{group: admins}", "none");
    assert_snapshot!(live(&nobodys).files_with(&nobodys, &[("none", "{group: admins}"), other]).show(), @"
    1 ~ rules of run: -InstancesFullAccess on prod +VPCReadOnly on prod
    2 ~ policy run: none → group admins   after 1 writer
    ");
}

#[test]
fn what_old_and_new_rules_share_is_written_in_few_rules() {
    let rules = |sets: &str, home: &str, work: &str| {
        let rule = |condition: &str, projects: &str| {
            format!(
                "{{permission_sets: [{sets}], scope: [{projects}], condition: 'request.ip == \"{condition}\"'}}"
            )
        };
        format!("rules: [{}, {}]", rule("192.0.2.1", home), rule("192.0.2.2", work))
    };
    let files = RUN.replace(
        "rules: [{permission_sets: [InstancesFullAccess], scope: [prod]}]",
        &rules("InstancesFullAccess, VPCReadOnly", "prod, dev", "dev"),
    );
    let trap = live(&files).files_with(
        &files,
        &[
            MOVED,
            (
                &rules("InstancesFullAccess, VPCReadOnly", "prod, dev", "dev"),
                &rules("InstancesFullAccess, IPAMReadOnly", "prod, dev", "dev"),
            ),
        ],
    );
    assert_snapshot!(trap.show(), @"
    1 ~ rules of run: -VPCReadOnly on prod if … -VPCReadOnly on dev if … -VPCReadOnly on dev if …
    2 ~ policy run: group admins → group interns   after 1 writer
    3 ~ rules of run: +IPAMReadOnly on prod if … +IPAMReadOnly on dev if … +IPAMReadOnly on dev if …   after 2 writer
    ");
    let plan = trap.plan().unwrap();
    let Action::SetRules { after, .. } = &plan.steps()[0].action else { panic!("rules first") };
    assert_eq!(after.0.len(), 2, "{after:?}");
}

/// Two policies of all applications, to be changed.
fn of_all(changes: &[(&str, &str)]) -> Trap {
    let files = "
external: {groups: [All Applications]}
applications: {old: {}}
policies:
  one: {principal: {group: All Applications}, rules: [{permission_sets: [VPCReadOnly], scope: [prod]}]}
  two: {principal: {group: All Applications}, rules: [{permission_sets: [IPAMReadOnly], scope: [prod]}]}
";
    live(files).with_builtin_groups().files_with(files, changes)
}

#[test]
fn policies_of_all_applications_that_wait_for_nobody_move_in_one_call() {
    let one = |to: &'static str| {
        [
            ("group: All Applications}, rules: [{permission_sets: [VPC", to),
            ("{old: {}}", "{old: {}, new: {}}"),
        ]
    };
    let two = (
        "group: All Applications}, rules: [{permission_sets: [IPAM",
        "application: new}, rules: [{permission_sets: [IPAM",
    );
    let both = one("application: new}, rules: [{permission_sets: [VPC");
    assert_snapshot!(of_all(&[both[0], both[1], two]).show(), @"
    1 + application new
    2 ~ policy one: group All Applications → application new   after 1 reference
    3 ~ policy two: group All Applications → application new   after 1 reference
    ");
    let old = one("application: old}, rules: [{permission_sets: [VPC");
    assert_snapshot!(of_all(&[old[0], old[1], two]).show(), @"
    1 ~ policy one: group All Applications → application old
    2 + application new   after 1 leak
    3 ~ policy two: group All Applications → application new   after 2 reference
    ");
}

#[test]
fn a_managed_application_is_not_one_of_all_applications() {
    let trap = of_all(&[("VPCReadOnly", "VPCFullAccess")]).with(|trap| {
        let mut managed = foreign(0);
        managed.flags.managed = true;
        trap.live.insert(key("managed"), managed);
    });
    assert_snapshot!(trap.access(), @"
    application old
      + VPCFullAccess on prod ← group All Applications ← policy one, rule 1
      - VPCReadOnly on prod ← group All Applications ← policy one, rule 1
    ");
}

#[test]
fn a_step_knows_whether_it_grants() {
    let effects = |trap: &Trap| {
        let plan = trap.plan().unwrap();
        plan.steps().iter().map(|step| step.effect).collect::<Vec<_>>()
    };
    let change = |changes: &[(&str, &str)]| effects(&live(RUN).files_with(RUN, changes));
    assert_eq!(change(&[MOVED]), [Effect::Grants]);
    assert_eq!(change(&[("{group: admins}", "none")]), [Effect::Revokes]);
    assert_eq!(change(&[("InstancesFullAccess", "VPCReadOnly")]), [Effect::Grants]);
    assert_eq!(change(&[("scope: [prod]}", "scope: [prod], condition: 1 == 1}")]), [Effect::Revokes]);
    assert_eq!(change(&[("  run:", "  new: {principal: none, rules: []}\n  run:")]), [Effect::Neutral]);
    assert_eq!(
        change(&[("  run:", "  new: {principal: {group: admins}, rules: []}\n  run:")]),
        [Effect::Neutral]
    );
    let nobodys = RUN.replace("{group: admins}", "none");
    let granted = [("principal: none", "principal: {group: admins}")];
    assert_eq!(effects(&live(&nobodys).files_with(&nobodys, &granted)), [Effect::Grants]);
}

#[test]
fn a_policy_that_moves_is_lost_and_gained() {
    assert_snapshot!(live(RUN).files_with(RUN, &[MOVED]).access(), @"
    user ann@x.io (loses all)
      - InstancesFullAccess on prod ← group admins ← policy run, rule 1
    user ian@x.io (had nothing)
      + InstancesFullAccess on prod ← group interns ← policy run, rule 1
    user ida@x.io (had nothing)
      + InstancesFullAccess on prod ← group interns ← policy run, rule 1
    user olga@x.io (loses all)
      - InstancesFullAccess on prod ← group admins ← policy run, rule 1
    ");
}
