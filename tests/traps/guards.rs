//! Each guard at its limit and one above, and how it is lifted.

use std::fmt::Write as _;

use insta::assert_snapshot;
use scw_iam::model::{Application, Condition, Policy, User};

use crate::builder::{Trap, application, email, foreign, key, live, user};

/// Groups with two people each, and with a policy each.
fn groups(names: impl Iterator<Item = u32> + Clone) -> String {
    let mut text = "groups:\n".to_owned();
    for n in names.clone() {
        writeln!(text, "  g{n}: {{members: {{users: [a{n}@x.io, b{n}@x.io]}}}}").unwrap();
    }
    text += "policies:\n";
    for n in names {
        let rules = "rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]";
        writeln!(text, "  p{n}: {{principal: {{group: g{n}}}, {rules}}}").unwrap();
    }
    text
}

fn verdicts(trap: &Trap) -> Vec<String> {
    let plan = trap.plan().unwrap();
    plan.findings().iter().map(|finding| format!("{} {:?}", finding.guard, finding.verdict)).collect()
}

fn empty_groups(names: std::ops::Range<u32>) -> String {
    names.fold("groups:\n  stays: {}\n".to_owned(), |text, n| format!("{text}  g{n}: {{}}\n"))
}

#[test]
fn five_deletions_of_a_kind_pass_and_six_do_not() {
    let five = live(&empty_groups(0..6)).files(&empty_groups(5..6));
    assert_eq!(verdicts(&five), [""; 0]);
    let six = live(&empty_groups(0..6)).files(&empty_groups(0..0));
    assert_snapshot!(six.show(), @"
    1 - group g0
    2 - group g1
    3 - group g2
    4 - group g3
    5 - group g4
    6 - group g5
    refused: deletes=6: would delete 6 of the 7 objects that this stack owns (limit: 5)
      group g0
      group g1
      group g2
      group g3
      group g4
      group g5
    ");
}

#[test]
fn five_of_a_hundred_may_be_deleted() {
    let pass = live(&empty_groups(0..139)).files(&empty_groups(7..139));
    assert_eq!(verdicts(&pass), [""; 0]);
    let fail = live(&empty_groups(0..139)).files(&empty_groups(8..139));
    assert_eq!(verdicts(&fail), ["deletes Refused"]);
    let set = live(&empty_groups(0..139))
        .files(&format!("settings: {{limits: {{deletes: 6}}}}\n{}", empty_groups(7..139)));
    assert_eq!(verdicts(&set), ["deletes Refused"]);
}

#[test]
fn the_last_of_two_is_never_deleted_unasked() {
    let two = live("groups: {a: {}, b: {}}").files("groups: {}");
    assert_snapshot!(two.show(), @"
    1 - group a
    2 - group b
    refused: deletes=2: would delete the last of the 2 groups that this stack owns
      group a
      group b
    ");
    let one = live("groups: {a: {}}").files("groups: {}");
    assert_eq!(verdicts(&one), [""; 0]);
    let set = live("groups: {a: {}, b: {}}").files("settings: {limits: {deletes: 9}}\ngroups: {}");
    assert_eq!(verdicts(&set), ["deletes Refused"]);
}

#[test]
fn a_guard_is_lifted_for_its_number_alone() {
    let trap = || live(&empty_groups(0..6)).files(&empty_groups(0..0));
    assert_eq!(verdicts(&trap().allow("deletes=6")), ["deletes Lifted"]);
    assert!(!trap().allow("deletes=6").plan().unwrap().refused());
    assert_eq!(verdicts(&trap().allow("deletes=7")), ["deletes Refused"]);
    assert_eq!(verdicts(&trap().allow("deletes=5")), ["deletes Refused"]);
    let wrong = trap().allow("deletes=7").plan().unwrap();
    assert_snapshot!(wrong.findings()[0].message, @"would delete 6 of the 7 objects that this stack owns (limit: 5) (--allow deletes=7 does not match)");
}

#[test]
fn a_typo_that_empties_a_group_is_refused() {
    let files = groups(0..1);
    let trap = live(&files).files_with(&files, &[("[a0@x.io, b0@x.io]", "[]")]);
    assert_snapshot!(trap.show(), @"
    1 - a0 from g0
    2 - b0 from g0   after 1 writer
    refused: emptied=1: would empty 1 group or policy
      group g0
    ");
    let set = live(&files).files(&format!(
        "settings: {{limits: {{emptied: 1}}}}\n{}",
        files.replace("[a0@x.io, b0@x.io]", "[]")
    ));
    assert_eq!(verdicts(&set), [""; 0]);
}

#[test]
fn a_group_of_one_may_be_emptied() {
    let files = "groups: {a: {members: {users: [ann@x.io]}}}";
    assert_eq!(verdicts(&live(files).files("groups: {a: {members: {}}}")), [""; 0]);
}

#[test]
fn a_policy_that_loses_its_rules_is_emptied() {
    let files = groups(0..1);
    let trap =
        live(&files).files_with(&files, &[("[{permission_sets: [InstancesReadOnly], scope: [dev]}]", "[]")]);
    assert_snapshot!(trap.show(), @"
    1 ~ rules of p0: -InstancesReadOnly on dev
    refused: emptied=1: would empty 1 group or policy
      policy p0
    ");
}

#[test]
fn three_may_lose_all_access_and_four_may_not() {
    let files = groups(0..2);
    let three = live(&files).files_with(&files, &[("[a0@x.io, b0@x.io]", "[c@x.io]"), ("a1@x.io, ", "")]);
    assert_eq!(verdicts(&three), [""; 0]);
    let four = live(&files)
        .files_with(&files, &[("[a0@x.io, b0@x.io]", "[c@x.io]"), ("[a1@x.io, b1@x.io]", "[c@x.io]")]);
    assert_snapshot!(four.show(), @"
    1 - a0 from g0
    2 - b0 from g0   after 1 writer
    3 - a1 from g1
    4 - b1 from g1   after 3 writer
    5 + c to g0   after 2 writer
    6 + c to g1   after 4 writer
    refused: lost_access=4: would take all access from 4 principals (limit: 3)
      user a0@x.io
      user a1@x.io
      user b0@x.io
      user b1@x.io
    ");
    assert_eq!(verdicts(&four.allow("lost_access=4")), ["lost_access Lifted"]);
}

#[test]
fn a_deleted_application_loses_all_access_too() {
    let files = "
applications: {a: {}, b: {}, c: {}, d: {}, stays: {}}
groups: {robots: {members: {applications: [a, b, c, d, stays]}}}
policies:
  run: {principal: {group: robots}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";
    let trap = live(files).files_with(files, &[("a: {}, b: {}, c: {}, d: {}, ", ""), ("a, b, c, d, ", "")]);
    assert_eq!(verdicts(&trap), ["lost_access Refused"]);
}

const UNTIL: &str = "until: 2026-11-20T00:00:00Z";

#[test]
fn what_ends_by_itself_does_not_count_as_lost() {
    let files = groups(0..2);
    let ended = |who: &str| format!("{{email: {who}, {UNTIL}}}");
    let changes: Vec<_> = ["a0@x.io", "b0@x.io", "a1@x.io", "b1@x.io"].map(|who| (who, ended(who))).to_vec();
    let changes: Vec<(&str, &str)> = changes.iter().map(|(from, to)| (*from, to.as_str())).collect();
    let trap = live(&files).files_with(&files, &changes);
    assert_snapshot!(trap.show(), @"
    1 - a0 from g0
    2 - b0 from g0   after 1 writer
    3 - a1 from g1
    4 - b1 from g1   after 3 writer
    ");
}

#[test]
fn a_rule_that_ended_by_itself_does_not_count_as_lost_and_others_do() {
    let files = groups(0..2);
    let ended: Condition = "request.time < timestamp(\"2026-11-20T00:00:00Z\")".parse().unwrap();
    let with_end = files.replace("scope: [dev]}", &format!("scope: [dev], {UNTIL}}}"));
    let trap = || {
        live(&files).with(|state| {
            for policy in state.all_mut::<Policy>().map(|(_, it)| it) {
                policy.rules.0[0].condition = Some(ended.clone());
            }
        })
    };
    assert_eq!(verdicts(&trap().files(&with_end)), [""; 0]);
    // A rule beside it that somebody has removed is a loss of its own.
    let and_another = trap().with(|state| {
        for policy in state.all_mut::<Policy>().map(|(_, it)| it) {
            let other = policy.rules.0[0].clone();
            policy.rules.0.push(scw_iam::model::Rule { condition: None, ..other });
        }
    });
    assert_eq!(verdicts(&and_another.files(&with_end)), ["lost_access Refused", "emptied Refused"]);
}

/// Thirty people in one group that holds something, each with this end.
fn thirty_until(until: &str) -> String {
    let members: Vec<_> = (0..30).map(|n| format!("{{email: p{n}@x.io, until: {until}}}")).collect();
    format!(
        "
groups: {{g: {{members: {{users: [{}]}}}}}}
policies:
  run: {{principal: {{group: g}}, rules: [{{permission_sets: [InstancesReadOnly], scope: [dev]}}]}}
",
        members.join(", ")
    )
}

/// It is 2026-11-22T00:00:00Z here.
#[test]
fn an_end_long_ago_that_is_still_live_is_a_loss_like_any_other() {
    let ending = |until: &str| live(&thirty_until("2027-01-31")).files(&thirty_until(until));
    let refused = ["losses Refused", "lost_access Refused", "emptied Refused"];
    for (until, verdict) in [
        // A slip for 2026-12-31.
        ("2016-12-31", refused.as_slice()),
        ("2026-11-14T23:59:59Z", &refused),
        ("2026-11-15T00:00:00Z", &[]),
        ("2026-11-22T00:00:00Z", &[]),
        ("2026-11-22T00:00:01Z", &[]),
    ] {
        assert_eq!(verdicts(&ending(until)), verdict, "{until}");
    }
    let found = ending("2016-12-31").plan().unwrap();
    let lost = found.findings().iter().find(|finding| finding.guard.as_str() == "lost_access");
    assert_eq!(lost.map(|finding| finding.found), Some(30));
}

#[test]
fn a_rule_that_ended_long_ago_and_is_still_live_is_a_loss_like_any_other() {
    let files = groups(0..2);
    for (until, verdict) in [
        ("2016-12-31T00:00:00Z", ["lost_access Refused", "emptied Refused"].as_slice()),
        ("2026-11-20T00:00:00Z", &[]),
    ] {
        let ended: Condition = format!("request.time < timestamp(\"{until}\")").parse().unwrap();
        let with_end = files.replace("scope: [dev]}", &format!("scope: [dev], until: {until}}}"));
        let trap = live(&files).with(|state| {
            for policy in state.all_mut::<Policy>().map(|(_, it)| it) {
                policy.rules.0[0].condition = Some(ended.clone());
            }
        });
        assert_eq!(verdicts(&trap.files(&with_end)), verdict, "{until}");
    }
}

#[test]
fn a_member_whose_time_is_over_leaves_a_group_that_keeps_all_others() {
    let files = "groups: {a: {members: {users: [ann@x.io, bob@x.io, cat@x.io]}}}";
    let trap = live(files).files(
        "groups: {a: {membership: at_least, members: {users: [{email: ann@x.io, until: 2026-01-31}]}}}",
    );
    assert_snapshot!(trap.show(), @"1 - ann from a");
}

#[test]
fn adopting_is_for_the_first_run() {
    let owned = "groups: {a: {}}";
    let trap = || {
        live(owned)
            .with(|state| state.insert(key("ci"), foreign(2)))
            .files("groups: {a: {}}\napplications: {ci: {}}")
    };
    assert_snapshot!(trap().show(), @"
    1 ~ application ci: adopted
    refused: adoptions=1: would adopt 1 object into stack platform, which already owns objects
      application ci
    ");
    assert_eq!(verdicts(&trap().allow("adoptions=1")), ["adoptions Lifted"]);
    let set = live(owned)
        .with(|state| state.insert(key("ci"), foreign(2)))
        .files("settings: {limits: {adoptions: 1}}\ngroups: {a: {}}\napplications: {ci: {}}");
    assert_eq!(verdicts(&set), [""; 0]);
}

const ADMINS: &str = "
applications: {ci: {}}
groups:
  admins: {members: {users: [ann@x.io, bob@x.io], applications: [ci]}}
policies:
  iam: {principal: {group: admins}, rules: [{permission_sets: [IAMManager], scope: organization}]}
";

#[test]
fn the_last_administrator_stays() {
    let trap = live(ADMINS).files_with(ADMINS, &[("ann@x.io, bob@x.io", "")]);
    assert_snapshot!(trap.show(), @"
    1 - ann, bob from admins, which leaves ci
    refused: min_iam_admins=1: would leave 1 person who can administer IAM (now: 3, `min_iam_admins`: 2)
      user ann@x.io
      user bob@x.io
    ");
    // The owner is one of the two.
    let one = live(ADMINS).files_with(ADMINS, &[("ann@x.io, ", "")]);
    assert_eq!(verdicts(&one), [""; 0]);
    let three =
        live(ADMINS).files(&format!("settings: {{min_iam_admins: 3}}\n{}", ADMINS.replace("ann@x.io, ", "")));
    assert_eq!(verdicts(&three), ["min_iam_admins Refused"]);
}

#[test]
fn a_locked_administrator_is_none() {
    let trap = live(ADMINS)
        .with(|state| state.find_mut::<User>(&email("bob@x.io")).unwrap().locked = true)
        .files_with(ADMINS, &[("ann@x.io, ", "")]);
    assert_eq!(verdicts(&trap), ["min_iam_admins Refused"]);
    let locked_leaves = live(ADMINS)
        .with(|state| state.find_mut::<User>(&email("bob@x.io")).unwrap().locked = true)
        .files_with(ADMINS, &[(", bob@x.io", "")]);
    assert_eq!(verdicts(&locked_leaves), [""; 0]);
}

#[test]
fn an_administrator_on_a_condition_is_none() {
    let trap =
        live(ADMINS).files_with(ADMINS, &[("scope: organization", "scope: organization, condition: 1 == 1")]);
    assert_snapshot!(trap.show(), @"
    1 ~ rules of iam: -IAMManager on organization +IAMManager on organization if …
    refused: min_iam_admins=1: would leave 1 person who can administer IAM (now: 3, `min_iam_admins`: 2)
      user ann@x.io
      user bob@x.io
    ");
}

#[test]
fn the_callers_own_policy_stays() {
    let trap = || live(ADMINS).files_with(ADMINS, &[("IAMManager", "IAMReadOnly")]).allow("min_iam_admins=1");
    assert_snapshot!(trap().by(user("ann@x.io")).show(), @"
    1 ~ rules of iam: -IAMManager on organization +IAMReadOnly on organization
    refused: self_lockout=1: would take the permission to administer access from user ann@x.io, who runs this plan
      IAMManager on organization is gone after step 1
    allowed: min_iam_admins=1: would leave 1 person who can administer IAM (now: 3, `min_iam_admins`: 2)
      user ann@x.io
      user bob@x.io
    ");
    assert_eq!(verdicts(&trap()), ["min_iam_admins Lifted"]);
}

#[test]
fn the_caller_is_not_deleted() {
    let trap = live(ADMINS)
        .files_with(ADMINS, &[("ci: {}", ""), (", applications: [ci]", "")])
        .by(application("ci"));
    assert_snapshot!(trap.show(), @"
    1 - application ci
    refused: self_lockout=2: would take the permission to administer access from application ci, who runs this plan
      application ci is deleted
      IAMManager on organization is gone after step 1
    ");
}

#[test]
fn a_caller_that_nobody_knows_is_refused_when_there_is_something_to_do() {
    let trap = live(ADMINS).files_with(ADMINS, &[("ann@x.io", "eve@x.io")]).by_nobody();
    assert_snapshot!(trap.show(), @"
    1 - ann from admins
    2 + eve to admins   after 1 writer
    refused: self_lockout=1: cannot tell who runs this plan: the key belongs to nobody; pass `--caller KIND:NAME`
    shown: privilege_gains=1: 1 principal would gain a permission set that can escalate
      user eve@x.io: IAMManager
    ");
    assert_eq!(live(ADMINS).files(ADMINS).by_nobody().show(), "nothing to do");
}

#[test]
fn what_is_protected_stays() {
    let touched = |protect: &str, changes: &[(&str, &str)]| {
        let files = format!(
            "settings: {{protect: [{protect}], limits: {{lost_access: 9, deletes: 9}}, min_iam_admins: 0}}\n{ADMINS}"
        );
        let trap = live(ADMINS).files_with(&files, changes);
        let plan = trap.plan().unwrap();
        let found = plan.findings().iter().find(|finding| finding.guard.as_str() == "protect");
        found.map(|finding| finding.items.join("; ")).unwrap_or_default()
    };
    let one_leaves = [("ann@x.io, ", "")];
    let other_rules = [("IAMManager", "IAMReadOnly")];
    let deleted = [("ci: {}", ""), (", applications: [ci]", "")];
    assert_snapshot!(touched("group:admins", &one_leaves), @"group admins: step 1 changes its members");
    assert_snapshot!(touched("policy:iam", &one_leaves), @"");
    assert_snapshot!(touched("group:admins", &other_rules), @"group admins: step 1 changes a policy attached to it");
    assert_snapshot!(touched("policy:iam", &other_rules), @"policy iam: step 1 changes it");
    assert_snapshot!(touched("application:ci", &deleted), @"application ci: step 1 changes it");
    assert_snapshot!(touched("group:admins", &deleted), @"group admins: step 1 changes its members");
    let moved = [("{group: admins}", "{user: ann@x.io}")];
    assert_snapshot!(touched("user:ann@x.io", &moved), @"user ann@x.io: step 1 changes a policy attached to it");
    assert_snapshot!(touched("group:admins", &moved), @"group admins: step 1 changes a policy attached to it");
    let gone = [
        ("  admins: {members: {users: [ann@x.io, bob@x.io], applications: [ci]}}", ""),
        ("groups:", "groups: {}"),
        ("{group: admins}", "none"),
    ];
    assert_snapshot!(touched("policy:iam", &gone), @"policy iam: step 1 changes what it is attached to");
}

#[test]
fn what_is_protected_is_so_by_both_its_names() {
    for name in ["admins", "root"] {
        let files = format!("settings: {{protect: [group:{name}]}}\n{ADMINS}")
            .replace("admins: {", "root: {previously: admins, ")
            .replace("{group: admins}", "{group: root}");
        let trap = live(ADMINS).files(&files);
        assert_eq!(verdicts(&trap), ["protect Refused"], "{name}");
    }
}

#[test]
fn a_rename_written_as_deletion_and_creation_is_refused() {
    let files = "
applications: {ci: {}}
groups: {devs: {members: {users: [ann@x.io]}}}
";
    let new = "
applications: {robot: {}}
groups: {developers: {members: {users: [ann@x.io]}}}
";
    let with_keys = |keys| {
        live(files)
            .with(move |state| state.find_mut::<Application>(&key("ci")).unwrap().api_keys = keys)
            .files(new)
    };
    assert_snapshot!(with_keys(2).show(), @"
    1 + application robot
    2 + group developers
    3 + ann to developers   after 2 reference
    4 - application ci
    5 - group devs
    refused: keys=2: would delete 2 API keys (limit: 0)
      application ci with 2 API keys
    refused: rename=2: would delete and create objects in a way that looks like a rename; to rename, write `previously: OLD NAME`
      application ci with 2 API keys, while new application robot is created
      group devs, whose members join the new group developers
    ");
    assert_snapshot!(with_keys(0).show(), @"
    1 + application robot
    2 + group developers
    3 + ann to developers   after 2 reference
    4 - application ci
    5 - group devs
    refused: rename=1: would delete and create objects in a way that looks like a rename; to rename, write `previously: OLD NAME`
      group devs, whose members join the new group developers
    ");
    let nobody_shared = live(files).files(&new.replace("ann", "bob"));
    assert_eq!(verdicts(&nobody_shared), [""; 0]);
    assert_eq!(verdicts(&with_keys(2).allow("rename=2").allow("keys=2")), ["keys Lifted", "rename Lifted"]);
}

#[test]
fn who_can_give_themselves_more_is_shown_and_with_strict_refused() {
    let trap = || live(ADMINS).files_with(ADMINS, &[("bob@x.io", "bob@x.io, eve@x.io")]);
    assert_snapshot!(trap().show(), @"
    1 + eve to admins
    shown: privilege_gains=1: 1 principal would gain a permission set that can escalate
      user eve@x.io: IAMManager
    ");
    assert_eq!(verdicts(&trap().strict()), ["privilege_gains Refused"]);
    assert_eq!(verdicts(&trap().strict().allow("privilege_gains=1")), ["privilege_gains Lifted"]);
}

const SENTENCES: &str = "
assertions:
  - {principal: {user: ann@x.io}, can: IAMManager, on: organization}
  - {principal: {user: eve@x.io}, cannot: IAMPolicyManager, on: organization}
guardrails:
  - {name: robots administer nothing, forbid: 'grant.kind == \"application\" && grant.permission_set == \"IAMManager\"'}
";

#[test]
fn a_plan_that_breaks_an_assertion_is_refused() {
    let files = format!("{ADMINS}{SENTENCES}").replace(", applications: [ci]", "");
    let alone = ADMINS.replace(", applications: [ci]", "");
    let trap = live(&alone).files_with(&files, &[("ann@x.io, bob@x.io", "eve@x.io, bob@x.io")]);
    assert_snapshot!(trap.show(), @"
    1 - ann from admins
    2 + eve to admins   after 1 writer
    shown: privilege_gains=1: 1 principal would gain a permission set that can escalate
      user eve@x.io: IAMManager
    refused: assertions=2: would break 2 assertions
      user ann@x.io can IAMManager on organization (iam.yaml:16): nothing grants it without a condition
      user eve@x.io cannot IAMPolicyManager on organization (iam.yaml:17): through IAMManager on organization ← group admins ← policy iam, rule 1
    ");
    assert_eq!(verdicts(&trap.allow("assertions=2")), ["privilege_gains Shown", "assertions Lifted"]);
}

#[test]
fn a_plan_that_breaks_a_guardrail_is_refused() {
    let files = format!("{ADMINS}{SENTENCES}");
    let trap = live(&ADMINS.replace(", applications: [ci]", "")).files(&files);
    assert_snapshot!(trap.show(), @"
    1 + ci to admins
    shown: privilege_gains=1: 1 principal would gain a permission set that can escalate
      application ci: IAMManager
    refused: guardrails=1: 1 new grant would violate a guardrail
      robots administer nothing (iam.yaml:19): application ci: IAMManager on organization ← group admins ← policy iam, rule 1
    ");
}

#[test]
fn what_is_broken_already_is_shown_and_with_strict_refused() {
    let files = format!("{ADMINS}{SENTENCES}").replace("can: IAMManager", "can: BillingManager");
    let trap = || live(ADMINS).files(&files);
    assert_snapshot!(trap().show(), @"
    shown: assertions=0: 1 assertion is already broken
      user ann@x.io can BillingManager on organization (iam.yaml:16): nothing grants it without a condition (existing)
    shown: guardrails=0: 1 existing grant violates a guardrail
      robots administer nothing (iam.yaml:19): application ci: IAMManager on organization ← group admins ← policy iam, rule 1 (existing)
    ");
    assert_eq!(verdicts(&trap().strict()), ["assertions Refused", "guardrails Refused"]);
}

#[test]
fn guards_look_at_unmanaged_objects_too() {
    // The policy is another stack's, and the new member comes to hold it.
    let trap = live(ADMINS)
        .with(|state| state.find_mut::<Policy>(&key("iam")).unwrap().meta.owner = None)
        .files(&format!(
            "groups: {{admins: {{members: {{users: [ann@x.io, bob@x.io, eve@x.io]}}}}}}\n{SENTENCES}"
        ));
    assert_snapshot!(trap.show(), @"
    1 - ci from admins
    2 + eve to admins   after 1 writer
    shown: privilege_gains=1: 1 principal would gain a permission set that can escalate
      user eve@x.io: IAMManager
    refused: assertions=1: would break 1 assertion
      user eve@x.io cannot IAMPolicyManager on organization (iam.yaml:12): through IAMManager on organization ← group admins ← policy iam, rule 1
    ");
}

/// Two administrators leave and two come; beside them only the owner administers.
const SWAP: &str = "
groups:
  admins: {members: {users: [ann@x.io, bob@x.io]}}
policies:
  iam: {principal: {group: admins}, rules: [{permission_sets: [IAMManager], scope: organization}]}
";

#[test]
fn administrators_come_before_others_leave() {
    let swap = |settings: &str| {
        let files = format!("settings: {{{settings}}}\n{SWAP}");
        live(SWAP).files_with(&files, &[("ann@x.io, bob@x.io", "cat@x.io, dan@x.io")])
    };
    assert_snapshot!(swap("min_iam_admins: 3, limits: {emptied: 1}").show(), @"
    1 + cat, dan to admins
    2 - ann from admins   after 1 administrators
    3 - bob from admins   after 2 administrators
    shown: privilege_gains=2: 2 principals would gain a permission set that can escalate
      user cat@x.io: IAMManager
      user dan@x.io: IAMManager
    ");
    // One of those who are left is enough: nothing has to wait.
    assert_snapshot!(swap("min_iam_admins: 1, limits: {emptied: 1}").show(), @"
    1 - ann from admins
    2 - bob from admins   after 1 writer
    3 + cat, dan to admins   after 2 writer
    shown: privilege_gains=2: 2 principals would gain a permission set that can escalate
      user cat@x.io: IAMManager
      user dan@x.io: IAMManager
    ");
}

#[test]
fn administrators_who_leave_at_once_leave_after_the_others_came() {
    let files = SWAP.replace("bob@x.io", "bob@x.io, eve@x.io");
    let trap = live(&files).files_with(
        &format!("settings: {{min_iam_admins: 4}}\n{files}"),
        &[("ann@x.io, bob@x.io", "cat@x.io, dan@x.io")],
    );
    assert_snapshot!(trap.show(), @"
    1 + cat, dan to admins
    2 - ann, bob from admins, which leaves cat, dan, eve   after 1 administrators
    shown: privilege_gains=2: 2 principals would gain a permission set that can escalate
      user cat@x.io: IAMManager
      user dan@x.io: IAMManager
    ");
}

#[test]
fn too_few_administrators_on_the_way_refuse() {
    // Whoever is in the group now must not hold what it is to grant, and whoever comes must not hold what it grants now.
    let files = SWAP.replace(
        "scope: organization}]",
        "scope: organization}, {permission_sets: [InstancesReadOnly], scope: [dev]}]",
    );
    let trap = live(&files).files_with(
        &format!("settings: {{limits: {{emptied: 1}}}}\n{files}"),
        &[
            ("ann@x.io, bob@x.io", "cat@x.io, dan@x.io"),
            ("InstancesReadOnly", "BillingReadOnly"),
            ("[dev]", "organization"),
        ],
    );
    assert_snapshot!(trap.show(), @"
    1 - ann from admins
    2 - bob from admins   after 1 administrators
    3 ~ rules of iam: -InstancesReadOnly on dev +BillingReadOnly on organization   after 1 leak, 2 leak
    4 + cat, dan to admins   after 2 administrators, 3 leak
    refused: min_iam_admins=1: would leave 1 person who can administer IAM after step 2 (now: 3, `min_iam_admins`: 2)
      user ann@x.io
      user bob@x.io
    shown: privilege_gains=2: 2 principals would gain a permission set that can escalate
      user cat@x.io: IAMManager
      user dan@x.io: IAMManager
    ");
}

#[test]
fn somebody_who_has_not_accepted_the_invitation_administers_nothing() {
    let invited = |who: &'static str| {
        live(ADMINS).with(move |state| {
            state.find_mut::<User>(&email(who)).unwrap().status = scw_iam::model::UserStatus::Invited;
        })
    };
    assert_eq!(
        verdicts(&invited("bob@x.io").files_with(ADMINS, &[("ann@x.io, ", "")])),
        ["min_iam_admins Refused"]
    );
    assert_eq!(verdicts(&invited("bob@x.io").files_with(ADMINS, &[(", bob@x.io", "")])), [""; 0]);
}

#[test]
fn deletions_of_all_kinds_count_together() {
    let files = "
applications: {a: {}, b: {}, c: {}}
groups: {d: {}, e: {}, f: {}, stays: {}}
policies: {g: {principal: none, rules: []}}
";
    let trap = live(files).files("applications: {c: {}}\ngroups: {stays: {}}\npolicies: {}");
    assert_snapshot!(trap.show(), @"
    1 - application a
    2 - application b
    3 - group d
    4 - group e
    5 - group f
    6 - policy g
    refused: deletes=6: would delete 6 of the 8 objects that this stack owns (limit: 5)
      application a
      application b
      group d
      group e
      group f
      policy g
    ");
}

/// Everybody looks; six of eight do something besides.
fn everybody_looks(others: &str) -> String {
    let everybody: Vec<_> = (0..8).map(|n| format!("u{n}@x.io")).collect();
    format!(
        "
groups:
  everybody: {{members: {{users: [{}]}}}}
  others: {{members: {{users: [{others}]}}}}
policies:
  look: {{principal: {{group: everybody}}, rules: [{{permission_sets: [VPCReadOnly], scope: [dev]}}]}}
  run: {{principal: {{group: others}}, rules: [{{permission_sets: [InstancesReadOnly], scope: [dev]}}]}}
",
        everybody.join(", ")
    )
}

#[test]
fn a_group_of_everybody_does_not_switch_off_what_guards_losses() {
    let all = everybody_looks("u0@x.io, u1@x.io, u2@x.io, u3@x.io, u4@x.io, u5@x.io");
    let trap = |others: &str| live(&all).files(&everybody_looks(others));
    assert_snapshot!(trap("u6@x.io").show(), @"
    1 - u0 from others
    2 - u1 from others   after 1 writer
    3 - u2 from others   after 2 writer
    4 - u3 from others   after 3 writer
    5 - u4 from others   after 4 writer
    6 - u5 from others   after 5 writer
    7 + u6 to others   after 6 writer
    refused: losses=6: would take access away from 6 principals (limit: 5)
      user u0@x.io
      user u1@x.io
      user u2@x.io
      user u3@x.io
      user u4@x.io
      user u5@x.io
    refused: lost_access=6: would take all access from 6 principals (limit: 3)
      user u0@x.io
      user u1@x.io
      user u2@x.io
      user u3@x.io
      user u4@x.io
      user u5@x.io
    ");
    assert_eq!(verdicts(&trap("u0@x.io")), ["lost_access Refused"]);
    assert_eq!(verdicts(&trap("u0@x.io, u1@x.io, u2@x.io")), [""; 0]);
    // The same when the policy shrinks.
    let shrunk = all.replace("InstancesReadOnly", "VPCReadOnly");
    assert_eq!(verdicts(&live(&all).files(&shrunk)), ["losses Refused", "lost_access Refused"]);
}

#[test]
fn whoever_leaves_one_of_two_groups_that_grant_the_same_loses_a_way() {
    let two = |second: &str| {
        let all = "u0@x.io, u1@x.io, u2@x.io, u3@x.io, u4@x.io, u5@x.io";
        let rules = "rules: [{permission_sets: [VPCReadOnly], scope: [dev]}]";
        format!(
            "
groups: {{a: {{members: {{users: [{all}]}}}}, b: {{members: {{users: [{second}]}}}}}}
policies: {{p: {{principal: {{group: a}}, {rules}}}, q: {{principal: {{group: b}}, {rules}}}}}
"
        )
    };
    let all = two("u0@x.io, u1@x.io, u2@x.io, u3@x.io, u4@x.io, u5@x.io, u6@x.io");
    assert_snapshot!(live(&all).files(&two("u6@x.io")).show(), @"
    1 - u0, u1, u2, u3, u4, u5 from b, which leaves u6
    refused: losses=6: would take access away from 6 principals (limit: 5)
      user u0@x.io, who leaves 1 group that grants something and joins none
      user u1@x.io, who leaves 1 group that grants something and joins none
      user u2@x.io, who leaves 1 group that grants something and joins none
      user u3@x.io, who leaves 1 group that grants something and joins none
      user u4@x.io, who leaves 1 group that grants something and joins none
      user u5@x.io, who leaves 1 group that grants something and joins none
    ");
    // Members who move to another group lose nothing.
    let moved =
        all.replace(" b: {members", " c: {previously: b, members").replace("{group: b}", "{group: c}");
    assert_eq!(verdicts(&live(&all).files(&moved)), [""; 0]);
}

#[test]
fn api_keys_that_end_are_counted() {
    let files = "applications: {ci: {}, stays: {}}";
    let trap = || {
        live(files)
            .with(|state| state.find_mut::<Application>(&key("ci")).unwrap().api_keys = 3)
            .files("applications: {stays: {}}")
    };
    assert_snapshot!(trap().show(), @"
    1 - application ci
    refused: keys=3: would delete 3 API keys (limit: 0)
      application ci with 3 API keys
    ");
    assert_eq!(verdicts(&trap().allow("keys=3")), ["keys Lifted"]);
    assert_eq!(verdicts(&trap().allow("keys=1")), ["keys Refused"]);
    let set = live(files)
        .with(|state| state.find_mut::<Application>(&key("ci")).unwrap().api_keys = 3)
        .files("settings: {limits: {keys: 3}}\napplications: {stays: {}}");
    assert_eq!(verdicts(&set), [""; 0]);
}

/// Deletes six of seven groups, of which an entry lets some pass.
fn six_deleted(of: &str, until: &str) -> Trap {
    let allow = format!("allow: [{{guard: deletes, of: [{of}], until: {until}, reason: dissolved}}]\n");
    live(&empty_groups(0..6)).files(&format!("{allow}{}", empty_groups(0..0)))
}

#[test]
fn an_entry_lets_its_objects_pass_and_nothing_else() {
    let until = "2026-12-01";
    assert_snapshot!(six_deleted("group:g0, group:g1", until).show(), @"
    1 - group g0
    2 - group g1
    3 - group g2
    4 - group g3
    5 - group g4
    6 - group g5
    allowed: deletes=6: would delete 6 of the 7 objects that this stack owns (limit: 5)
      group g0
      group g1
      group g2
      group g3
      group g4
      group g5
    ");
    // An application of that name is something else, and so is a group that stays.
    assert_eq!(verdicts(&six_deleted("application:g0", until)), ["deletes Refused"]);
    assert_eq!(verdicts(&six_deleted("group:stays", until)), ["deletes Refused"]);
    // It lifts no other guard.
    let two =
        "allow: [{guard: emptied, of: [group:a, group:b], until: 2026-12-01, reason: gone}]\ngroups: {}";
    assert_eq!(verdicts(&live("groups: {a: {}, b: {}}").files(two)), ["deletes Refused"]);
}

#[test]
fn an_entry_that_has_ended_lets_nothing_pass() {
    // It is 2026-11-22T00:00:00Z here.
    assert_eq!(verdicts(&six_deleted("group:g0", "2026-11-22T00:00:01Z")), ["deletes Lifted"]);
    assert_eq!(verdicts(&six_deleted("group:g0", "2026-11-22T00:00:00Z")), ["deletes Refused"]);
}

#[test]
fn what_an_entry_leaves_is_refused_with_its_own_number() {
    let trap = || {
        let allow = "allow: [{guard: deletes, of: [group:g0], until: 2026-12-01, reason: dissolved}]\n";
        live(&empty_groups(0..7)).files(&format!("{allow}{}", empty_groups(0..0)))
    };
    assert_snapshot!(trap().show(), @"
    1 - group g0
    2 - group g1
    3 - group g2
    4 - group g3
    5 - group g4
    6 - group g5
    7 - group g6
    refused: deletes=6: would delete 6 of the 8 objects that this stack owns (limit: 5)
      group g1
      group g2
      group g3
      group g4
      group g5
      group g6
    ");
    assert_eq!(verdicts(&trap().allow("deletes=6")), ["deletes Lifted"]);
    assert_eq!(verdicts(&trap().allow("deletes=7")), ["deletes Refused"]);
}

#[test]
fn the_entry_that_a_refusal_prints_lifts_it() {
    type Change<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, String, Change<'_>); 6] = [
        (
            "deletes",
            empty_groups(0..6),
            &[("  g0: {}\n  g1: {}\n  g2: {}\n  g3: {}\n  g4: {}\n  g5: {}\n", "")],
        ),
        ("emptied", groups(0..1), &[("[a0@x.io, b0@x.io]", "[]")]),
        ("min_iam_admins", ADMINS.to_owned(), &[("ann@x.io, bob@x.io", "")]),
        ("privilege_gains", ADMINS.to_owned(), &[("bob@x.io", "bob@x.io, eve@x.io")]),
        (
            "lost_access",
            groups(0..2),
            &[("[a0@x.io, b0@x.io]", "[c@x.io]"), ("[a1@x.io, b1@x.io]", "[c@x.io]")],
        ),
        ("rename", "groups: {devs: {members: {users: [ann@x.io]}}}".to_owned(), &[("devs", "developers")]),
    ];
    for (guard, files, changes) in cases {
        let refused = live(&files).files_with(&files, changes).strict();
        let plan = refused.plan().unwrap();
        let found = plan.findings().iter().find(|finding| finding.guard.as_str() == guard);
        let entry =
            found.and_then(|found| found.entry(plan.created_at())).unwrap_or_else(|| panic!("{guard}"));
        let allowed = format!("{files}\nallow:\n  {}\n", entry.replace("WHY", "a test"));
        let lifted = verdicts(&live(&files).files_with(&allowed, changes).strict());
        assert!(lifted.contains(&format!("{guard} Lifted")), "{guard}: {lifted:?}");
    }
}

#[test]
fn an_administrator_who_may_go_counts_as_one_in_every_state() {
    let files = ADMINS.replace("ann@x.io, bob@x.io", "ann@x.io, bob@x.io, cat@x.io");
    let trap = |of: &str| {
        let allow = format!(
            "settings: {{min_iam_admins: 4}}\nallow: [{{guard: min_iam_admins, of: [{of}], until: 2026-12-01, reason: gone}}]\n"
        );
        live(&files).files_with(&format!("{allow}{files}"), &[("ann@x.io, bob@x.io, ", "")])
    };
    assert_eq!(verdicts(&trap("user:ann@x.io, user:bob@x.io")), ["min_iam_admins Lifted"]);
    assert_eq!(verdicts(&trap("user:ann@x.io")), ["min_iam_admins Refused"]);
}

#[test]
fn others_who_join_with_administrators_join_in_the_same_call() {
    // Abe is locked, so that no order is asked of him.
    let trap = live(SWAP)
        .with(|state| {
            let eve = state.find_mut::<User>(&email("ann@x.io")).unwrap().clone();
            state.insert(email("abe@x.io"), User { locked: true, ..eve });
        })
        .files_with(
            &format!("settings: {{min_iam_admins: 3, limits: {{emptied: 1}}}}\n{SWAP}"),
            &[("ann@x.io, bob@x.io", "abe@x.io, cat@x.io, dan@x.io")],
        );
    assert_snapshot!(trap.show(), @"
    1 + abe, cat, dan to admins
    2 - ann from admins   after 1 administrators
    3 - bob from admins   after 2 administrators
    shown: privilege_gains=3: 3 principals would gain a permission set that can escalate
      user abe@x.io: IAMManager
      user cat@x.io: IAMManager
      user dan@x.io: IAMManager
    ");
}
