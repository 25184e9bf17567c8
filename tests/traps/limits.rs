//! What each guard counts, and what it does not.

use insta::assert_snapshot;
use scw_iam::model::{Address, Application, Attachment, Condition, Group, Owner, Policy, Rule, Scope};

use crate::builder::{Trap, application, copy, foreign, key, live, user};

fn verdicts(trap: &Trap) -> Vec<String> {
    let plan = trap.plan().unwrap();
    plan.findings().iter().map(|finding| format!("{} {:?}", finding.guard, finding.verdict)).collect()
}

/// What one guard says, with its items.
fn says(trap: &Trap, guard: &str) -> String {
    let plan = trap.plan().unwrap();
    let found = plan.findings().iter().find(|finding| finding.guard.as_str() == guard);
    found.map(|found| format!("{}: {}", found.message, found.items.join("; "))).unwrap_or_default()
}

fn with_settings(settings: &str, files: &str) -> String {
    format!("settings: {{{settings}}}\n{files}")
}

#[test]
fn every_kind_is_counted_by_itself() {
    let applications = |names: &str| format!("applications: {{{names}}}");
    let six = live(&applications("a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, stays: {}"))
        .files(&applications("stays: {}"));
    assert_eq!(verdicts(&six), ["deletes Refused"]);
    let policies = |names: &[&str]| {
        names.iter().fold("policies:".to_owned(), |text, name| {
            format!("{text}\n  {name}: {{principal: none, rules: []}}")
        })
    };
    let all = ["a", "b", "c", "d", "e", "f", "stays"];
    assert_eq!(verdicts(&live(&policies(&all)).files(&policies(&all[6..]))), ["deletes Refused"]);
    assert_eq!(verdicts(&live(&policies(&all)).files(&policies(&all[5..]))), [""; 0]);
}

#[test]
fn what_another_stack_owns_makes_no_room_for_deletions() {
    let trap = live("groups: {a: {}, b: {}, theirs: {}}")
        .with(|state| {
            state.find_mut::<Group>(&key("theirs")).unwrap().meta.owner =
                Some(Owner::Stack("network".parse().unwrap()));
        })
        .files("groups: {}");
    assert_eq!(
        says(&trap, "deletes"),
        "would delete the last of the 2 groups that this stack owns: group a; group b"
    );
}

const PAIR: &str = "
groups:
  g: {members: {users: [ann@x.io, bob@x.io]}}
policies:
  p: {principal: {group: g}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";

#[test]
fn one_who_left_by_hand_beside_one_whose_time_is_over_empties_the_group() {
    let ended = PAIR.replace("[ann@x.io, bob@x.io]", "[{email: ann@x.io, until: 2026-11-20T00:00:00Z}]");
    assert_eq!(verdicts(&live(PAIR).files(&ended)), ["emptied Refused"]);
}

const NOBODY: &str = "limits: {lost_access: 0, emptied: 9}";

#[test]
fn an_end_counts_for_its_own_group_alone() {
    let two = PAIR.replace("policies:", "  h: {members: {users: [ann@x.io, cat@x.io]}}\npolicies:");
    let files = two
        .replace("[ann@x.io, bob@x.io]", "[bob@x.io]")
        .replace("[ann@x.io, cat@x.io]", "[{email: ann@x.io, until: 2026-11-20T00:00:00Z}, cat@x.io]");
    let trap = live(&two).files(&with_settings(NOBODY, &files));
    assert_eq!(
        says(&trap, "lost_access"),
        "would take all access from 1 principal (limit: 0): user ann@x.io"
    );
}

#[test]
fn a_member_whose_time_is_to_come_loses_what_the_group_loses() {
    let files = PAIR.replace("[ann@x.io,", "[{email: ann@x.io, until: 2027-01-31T00:00:00Z},").replace(
        "rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]",
        "rules: [{permission_sets: [InstancesReadOnly], scope: [dev], until: 2026-11-20T00:00:00Z}]",
    );
    let trap = live(PAIR).files(&with_settings(NOBODY, &files));
    let both = "would take all access from 2 principals (limit: 0): user ann@x.io; user bob@x.io";
    assert_eq!(says(&trap, "lost_access"), both);
}

/// A live side in which the policy's rule carries this condition.
fn under(condition: &str) -> crate::builder::Live {
    let condition: Condition = condition.parse().unwrap();
    live(PAIR)
        .with(|state| state.find_mut::<Policy>(&key("p")).unwrap().rules.0[0].condition = Some(condition))
}

#[test]
fn a_rule_whose_end_is_to_come_is_lost_where_its_policy_goes_elsewhere() {
    let files = PAIR.replace("{group: g}", "{user: cat@x.io}").replace(
        "scope: [dev]}",
        "scope: [dev], until: 2027-01-31T00:00:00Z}, {permission_sets: [VPCReadOnly], scope: [dev], until: 2026-11-20T00:00:00Z}",
    );
    let trap =
        under("request.time < timestamp(\"2027-01-31T00:00:00Z\")").files(&with_settings(NOBODY, &files));
    let both = "would take all access from 2 principals (limit: 0): user ann@x.io; user bob@x.io";
    assert_eq!(says(&trap, "lost_access"), both);
}

#[test]
fn a_rule_that_ended_counts_for_its_own_policy_alone() {
    let ended = "{permission_sets: [VPCReadOnly], scope: [dev], until: 2026-11-20T00:00:00Z}";
    let rule = "[{permission_sets: [InstancesReadOnly], scope: [dev]}]";
    let other = format!("{}  q: {{principal: none, rules: [{ended}]}}\n", PAIR.replace(rule, "[]"));
    let trap = under("request.time < timestamp(\"2026-11-20T00:00:00Z\")").files(&other);
    assert_eq!(says(&trap, "emptied"), "would empty 1 group or policy: policy p");
}

#[test]
fn a_rule_under_another_condition_has_not_ended() {
    let ended = PAIR.replace("scope: [dev]}", "scope: [dev], until: 2026-11-20T00:00:00Z}");
    assert_eq!(verdicts(&under("request.ip == '192.0.2.1'").files(&ended)), ["emptied Refused"]);
    assert_eq!(verdicts(&under("request.time < timestamp(\"2026-11-20T00:00:00Z\")").files(&ended)), [""; 0]);
}

#[test]
fn the_settings_say_how_many_may_lose_all_access_or_be_renamed_so() {
    let two = PAIR.replace("[ann@x.io, bob@x.io]", "[cat@x.io]");
    assert_eq!(verdicts(&live(PAIR).files(&two)), [""; 0]);
    assert_eq!(
        verdicts(&live(PAIR).files(&with_settings("limits: {lost_access: 1}", &two))),
        ["lost_access Refused"]
    );
    let renamed = |settings| {
        live("applications: {ci: {}}")
            .with(|state| state.find_mut::<Application>(&key("ci")).unwrap().api_keys = 1)
            .files(&with_settings(settings, "applications: {robot: {}}"))
    };
    assert_eq!(verdicts(&renamed("")), ["keys Refused", "rename Refused"]);
    assert_eq!(verdicts(&renamed("limits: {rename: 1}")), ["keys Refused"]);
    assert_eq!(verdicts(&renamed("limits: {rename: 1, keys: 1}")), [""; 0]);
}

fn admins(sets: &str) -> String {
    format!(
        "
groups:
  admins: {{members: {{users: [ann@x.io, bob@x.io]}}}}
  others: {{members: {{users: [cat@x.io]}}}}
policies:
  iam: {{principal: {{group: admins}}, rules: [{{permission_sets: [{sets}], scope: organization}}]}}
"
    )
}

#[test]
fn who_manages_the_organization_administers_iam_too() {
    let files = admins("OrganizationManager");
    let trap = live(&files).files_with(&files, &[("[ann@x.io, bob@x.io]", "[cat@x.io]")]);
    assert_eq!(verdicts(&trap), ["privilege_gains Shown"]);
    let trap = live(&files).files_with(&files, &[("OrganizationManager", "OrganizationReadOnly")]);
    assert_eq!(verdicts(&trap), ["min_iam_admins Refused"]);
}

#[test]
fn who_manages_iam_of_projects_is_no_administrator() {
    let files = admins("IAMManager");
    let trap = live(&files)
        .with(|state| state.find_mut::<Policy>(&key("iam")).unwrap().rules.0[0].scope = Scope::AllProjects)
        .files("groups: {admins: {members: {}}, others: {members: {users: [cat@x.io]}}}");
    assert_eq!(says(&trap, "min_iam_admins"), "");
}

#[test]
fn the_caller_needs_the_sets_of_organization_and_projects_too() {
    for set in ["OrganizationReadOnly", "ProjectManager", "IAMReadOnly"] {
        let files = admins(set);
        let trap =
            live(&files).files_with(&files, &[("[ann@x.io, bob@x.io]", "[bob@x.io]")]).by(user("ann@x.io"));
        assert_eq!(verdicts(&trap), ["self_lockout Refused"], "{set}");
        assert_eq!(trap.saved().findings(), trap.plan().unwrap().findings(), "{set}");
    }
    let files = admins("BillingReadOnly");
    let trap =
        live(&files).files_with(&files, &[("[ann@x.io, bob@x.io]", "[bob@x.io]")]).by(user("ann@x.io"));
    assert_eq!(verdicts(&trap), [""; 0]);
}

#[test]
fn a_caller_who_keeps_what_is_wider_or_is_an_owner_is_not_locked_out() {
    let files = "
policies:
  one: {principal: {user: ann@x.io}, rules: [{permission_sets: [IAMReadOnly], scope: organization, condition: 1 == 1}]}
  two: {principal: {user: ann@x.io}, rules: [{permission_sets: [IAMReadOnly], scope: organization}]}
  own: {principal: {user: owner@x.io}, rules: [{permission_sets: [IAMReadOnly], scope: organization}]}
";
    let trap = |caller: &str, gone: usize| {
        let kept: Vec<_> =
            files.lines().enumerate().filter(|(n, _)| *n != gone).map(|(_, line)| line).collect();
        live(files).files(&kept.join("\n")).by(user(caller))
    };
    for (caller, gone, locked_out) in
        [("ann@x.io", 2, false), ("ann@x.io", 3, true), ("owner@x.io", 4, false)]
    {
        let trap = trap(caller, gone);
        assert_eq!(trap.plan().unwrap().refused(), locked_out, "{caller}");
        assert_eq!(trap.saved().findings().is_empty(), !locked_out, "{caller}");
    }
}

#[test]
fn a_managed_caller_holds_nothing_as_one_of_all_applications() {
    let files = "
external: {groups: [All Applications]}
policies:
  one: {principal: {group: All Applications}, rules: [{permission_sets: [IAMReadOnly], scope: organization}]}
";
    for managed in [true, false] {
        let trap = live(files)
            .with_builtin_groups()
            .with(|state| {
                let mut caller = foreign(1);
                caller.flags.managed = managed;
                state.insert(key("caller"), caller);
            })
            .files_with(files, &[("IAMReadOnly", "BillingReadOnly")])
            .by(application("caller"));
        assert_eq!(trap.plan().unwrap().refused(), !managed);
        assert_eq!(trap.saved().refused(), !managed);
    }
}

#[test]
fn the_first_step_that_locks_out_is_named() {
    let files = admins("IAMReadOnly");
    let trap = live(&files)
        .files_with(&files, &[("[ann@x.io, bob@x.io]", "[bob@x.io]"), ("[cat@x.io]", "[ann@x.io, cat@x.io]")])
        .by(user("ann@x.io"));
    assert_snapshot!(trap.show(), @"
    1 - ann from admins
    2 + ann to others
    refused: self_lockout=1: would take the permission to administer access from user ann@x.io, who runs this plan
      IAMReadOnly on organization is gone after step 1
    ");
}

#[test]
fn a_set_counts_once_for_who_gains_it_and_also_where_a_condition_goes() {
    let rule = "{permission_sets: [IAMManager], scope: organization";
    let two = format!("[{rule}, condition: 'request.ip == \"192.0.2.1\"'}}, {rule}, condition: 1 == 1}}]");
    let files = format!("policies:\n  one: {{principal: {{user: ann@x.io}}, rules: {two}}}");
    let gains = "1 principal would gain a permission set that can escalate: user ann@x.io: IAMManager";
    assert_eq!(says(&live("policies: {}").files(&files), "privilege_gains"), gains);
    let loosened = format!("policies:\n  one: {{principal: {{user: ann@x.io}}, rules: [{rule}}}]}}");
    assert_eq!(says(&live(&files).files(&loosened), "privilege_gains"), gains);
}

const ROBOTS: &str = "
applications: {ci: {}, backup: {}}
groups:
  robots: {members: {applications: [ci]}}
policies:
  iam: {principal: {group: robots}, rules: [{permission_sets: [IAMReadOnly], scope: organization}]}
";
const FORBID: &str = "
guardrails:
  - {name: robots stay out, forbid: 'grant.kind == \"application\"'}
  - {name: by groups alone, forbid: 'grant.via_group == \"\"'}
";

fn guardrails(changes: &[(&str, &str)]) -> String {
    let mut files = format!("{ROBOTS}{FORBID}");
    for (from, to) in changes {
        assert!(files.contains(from), "{from}");
        files = files.replacen(from, to, 1);
    }
    says(&live(ROBOTS).files(&files), "guardrails")
}

#[test]
fn what_is_broken_already_excuses_no_other_sentence_grant_or_principal() {
    assert_snapshot!(guardrails(&[]), @"1 existing grant violates a guardrail: robots stay out (iam.yaml:16): application ci: IAMReadOnly on organization ← group robots ← policy iam, rule 1 (existing)");
    assert_snapshot!(guardrails(&[("[ci]}", "[ci, backup]}")]), @"1 new grant would violate a guardrail (1 existing grant already does): robots stay out (iam.yaml:16): application backup: IAMReadOnly on organization ← group robots ← policy iam, rule 1; robots stay out (iam.yaml:16): application ci: IAMReadOnly on organization ← group robots ← policy iam, rule 1 (existing)");
    assert_snapshot!(guardrails(&[("[IAMReadOnly]", "[IAMReadOnly, BillingReadOnly]")]), @"1 new grant would violate a guardrail (1 existing grant already does): robots stay out (iam.yaml:16): application ci: BillingReadOnly on organization ← group robots ← policy iam, rule 1; robots stay out (iam.yaml:16): application ci: IAMReadOnly on organization ← group robots ← policy iam, rule 1 (existing)");
    assert_snapshot!(guardrails(&[("{group: robots}", "{application: ci}")]), @"1 new grant would violate a guardrail (1 existing grant already does): by groups alone (iam.yaml:17): application ci: IAMReadOnly on organization ← policy iam, rule 1; robots stay out (iam.yaml:16): application ci: IAMReadOnly on organization ← policy iam, rule 1 (existing)");
}

#[test]
fn a_guardrail_judges_policies_that_nobody_declares() {
    let files = ROBOTS.split_once("policies:").unwrap().0.replace("[ci]", "[ci, backup]");
    let trap = live(ROBOTS)
        .with(|state| state.find_mut::<Policy>(&key("iam")).unwrap().meta.owner = None)
        .files(&format!("{files}{FORBID}"));
    assert_snapshot!(says(&trap, "guardrails"), @"1 new grant would violate a guardrail (1 existing grant already does): robots stay out (iam.yaml:14): application backup: IAMReadOnly on organization ← group robots ← policy iam, rule 1; robots stay out (iam.yaml:14): application ci: IAMReadOnly on organization ← group robots ← policy iam, rule 1 (existing)");
}

#[test]
fn a_guardrail_that_has_no_answer_refuses() {
    let files = format!("{ROBOTS}\nguardrails: [{{name: odd, forbid: 'int(grant.policy) < 1'}}]");
    assert_snapshot!(says(&live(ROBOTS).files(&files), "guardrails"), @"1 guardrail cannot be judged: odd (iam.yaml:15) cannot be judged: it cannot be evaluated: Error executing function 'int': string parse error: invalid digit found in string");
}

#[test]
fn with_strict_what_is_broken_already_has_a_number_to_allow() {
    let trap = live(ROBOTS).files(&format!("{ROBOTS}{FORBID}")).strict().allow("guardrails=1");
    assert_eq!(verdicts(&trap), ["guardrails Lifted"]);
}

#[test]
fn a_built_in_group_is_never_deleted() {
    let trap = live("groups: {}")
        .with_builtin_groups()
        .with(|state| {
            let group = &mut state.find_mut::<Group>(&key("All Users")).unwrap();
            group.flags = scw_iam::model::Flags::default();
            group.meta.owner = Some(Owner::Stack("platform".parse().unwrap()));
        })
        .files("groups: {}");
    assert_eq!(trap.show(), "nothing to do");
}

#[test]
fn what_two_stacks_claim_is_never_deleted() {
    let trap = live("groups: {a: {}}")
        .with(|state| {
            let both = ["scw-iam=network".to_owned(), "scw-iam=platform".to_owned()].into();
            state.find_mut::<Group>(&key("a")).unwrap().meta.owner = Some(Owner::Unclear(both));
        })
        .files("groups: {}");
    assert_eq!(trap.show(), "nothing to do");
    assert_eq!(trap.spared(), "group a: Unclear\n");
}

#[test]
fn what_a_product_manages_is_not_adopted_either() {
    let trap = live("applications: {ci: {}}").files("applications: {ci: {}}").with(|trap| {
        let application = &mut trap.live.find_mut::<Application>(&key("ci")).unwrap();
        application.flags.managed = true;
        application.meta.owner = None;
    });
    assert_eq!(trap.show(), "conflict: application ci: a product manages it\n");
}

#[test]
fn without_a_stack_a_rename_of_what_a_stack_owns_is_a_change() {
    let trap = live("groups: {old: {}}")
        .files("groups: {new: {previously: old}}")
        .with(|trap| trap.desired.stack = None);
    assert!(trap.show().ends_with("conflict: group new: belongs to stack platform\n"), "{}", trap.show());
    assert!(trap.plan().unwrap().refused());
}

#[test]
fn a_name_that_two_bear_is_an_error_when_the_stack_owns_one_of_them() {
    let trap = live("groups: {a: {}}").files("groups: {}").with(|trap| {
        let group = trap.live.objects.shift_remove(&Address::group(key("a"))).unwrap();
        let ids = [scw_iam::model::Id::from_bits(0x701), scw_iam::model::Id::from_bits(0x702)];
        for id in ids {
            trap.live.objects.insert(Address::group(id), group.clone());
            trap.ids.insert(scw_iam::model::Address::group(id), id);
            trap.titles.insert(id, "a".to_owned());
        }
        trap.duplicates.insert(scw_iam::model::Address::group(key("a")), ids.to_vec());
    });
    assert_snapshot!(trap.show(), @"
    error: group a is the name of 2 live objects: 00000000-0000-0000-0000-000000000701, 00000000-0000-0000-0000-000000000702
    ");
}

#[test]
fn an_application_that_is_deleted_leaves_its_policy_to_nobody_who_counts() {
    let files = "
applications: {ci: {}, stays: {}}
policies:
  own: {principal: {application: ci}, rules: [{permission_sets: [InstancesReadOnly], scope: [dev]}]}
";
    let trap = live(files)
        .with(|state| {
            let own = copy(state.policy(&key("own")).unwrap(), Attachment::Principal(application("ci")));
            state.insert(key("foreign"), own);
        })
        .files(&files.replace("ci: {}, ", "").replace("{application: ci}", "none"));
    assert_snapshot!(trap.show(), @"1 - application ci");
    assert_snapshot!(trap.access(), @"
    application ci (loses all)
      - InstancesReadOnly on dev ← policy foreign, rule 1
    ");
    let rule = |trap: &Trap| -> Vec<Rule> {
        trap.plan().unwrap().outcome().policy(&key("foreign")).unwrap().rules.0.clone()
    };
    assert_eq!(rule(&trap).len(), 1);
}
