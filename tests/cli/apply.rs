//! `scw-iam apply`

use insta::assert_snapshot;
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live, object};
use crate::command::{Ended, by_name, edit, interrupt};
use crate::gate::{Gate, Shuts};
use crate::plan::MORE;

#[test]
fn with_yes_it_applies_and_what_is_live_is_then_what_the_files_say() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_snapshot!(desk.run("apply --yes --emulate live.json --save saved.json"), @"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains InstancesFullAccess on prod
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)

    Steps
      1  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
           -   scope: [staging]
           +   scope: [prod, staging]

    Plan: 1 to change (1 policy); 1 step.
    -- stderr
      [1 of 1] done step 1: rules of policy developers-run ([N] ms)
    Applied: 1 of 1 steps done in [N] s; the live organization matches the plan.
    Saved the resulting state to saved.json.
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_eq!(desk.run("plan --emulate saved.json --detailed-exitcode").code, 0);
    assert_eq!(
        desk.run("plan --emulate live.json --detailed-exitcode").code,
        2,
        "the state itself is not written"
    );
}

#[test]
fn without_changes_it_writes_nothing() {
    let desk = desk();
    let api = desk.emulate("live.json", "");
    assert_snapshot!(desk.command("apply --yes").against(&api.url, ORGANIZATION).run(), @"
    -- stdout
    No changes. The live organization matches the files.
    -- exit 0
    ");
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn without_a_terminal_and_without_yes_it_asks_nobody_and_writes_nothing() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    let call = desk.command("apply").against(&api.url, ORGANIZATION).input("yes\n");
    assert_snapshot!(call.run(), @"
    -- stderr
    error: cannot ask for confirmation without a terminal
    hint: pass --yes to apply without asking
    -- exit 64
    ");
    assert_eq!(api.requests(), [""; 0]);
}

#[test]
fn over_http_each_step_is_one_write() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE, ("description: Deploys", "description: Builds")]));
    let api = desk.emulate("live.json", "");
    assert_snapshot!(desk.command("apply --yes --parallelism 1").against(&api.url, ORGANIZATION).run(), @r#"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains InstancesFullAccess on prod
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)

    Steps
      1  ~ application ci
           description: "Deploys" → "Builds"
      2  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
           -   scope: [staging]
           +   scope: [prod, staging]

    Plan: 2 to change (1 application, 1 policy); 2 steps.
    -- stderr
      [1 of 2] done step 1: application ci ([N] ms)
      [2 of 2] done step 2: rules of policy developers-run ([N] ms)
    Applied: 2 of 2 steps done in [N] s; the live organization matches the plan.
    -- exit 0
    "#);
    assert_snapshot!(api.writes().join("\n"), @"
    PATCH /applications/ac3e0000-0000-4000-8000-000000000012
    PUT /rules
    ");
    let again = desk.command("plan --detailed-exitcode").against(&api.url, ORGANIZATION).run();
    assert_eq!(again.code, 0, "{again}");
    let state = api.stop();
    assert_eq!(by_name(&state, "applications")["ci"]["description"], "Builds");
}

#[test]
fn json_tells_what_became_of_each_step() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("description: Deploys", "description: Builds")]));
    let ended = desk.run("apply --yes --emulate live.json -o json").ends_with(0);
    assert_snapshot!(format!("{:#}", ended.json()["outcome"]), @r#"
    {
      "end": "done",
      "differences": [],
      "hints": [],
      "steps": [
        {
          "id": 1,
          "action": "update",
          "address": "application ci",
          "status": "done",
          "message": null,
          "how": "sent",
          "request_id": "[REQUEST]",
          "ms":[N]
        }
      ]
    }
    "#);
    assert_snapshot!(ended.stderr, @r#"
    Access
      no change in access

    Steps
      1  ~ application ci
           description: "Deploys" → "Builds"

    Plan: 1 to change (1 application); 1 step.
      [1 of 1] done step 1: application ci ([N] ms)
    Applied: 1 of 1 steps done in [N] s; the live organization matches the plan.
    This ran on an emulator: nothing real was changed.
    "#);
}

#[test]
fn a_journal_has_a_line_before_and_after_each_write() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("description: Deploys", "description: Builds")]));
    assert_eq!(desk.run("apply --yes --emulate live.json --journal journal.jsonl").code, 0);
    assert_snapshot!(desk.read("journal.jsonl"), @r#"
    {"time":"[TIME]","run":"[RUN]","event":"begin","plan":"ac3e0000-0000-4000-8000-000000000000 [TIME]","caller":"user owner@acme.io","tool":"scw-iam/0.1.0"}
    {"time":"[TIME]","run":"[RUN]","event":"started","step":1,"action":"update","address":"application ci","changes":{"description":{"from":"Deploys","to":"Builds"}}}
    {"time":"[TIME]","run":"[RUN]","event":"done","step":1,"action":"update","address":"application ci","how":"sent","request_id":"[REQUEST]","status":200,"writes":1,"ms":[N]}
    {"time":"[TIME]","run":"[RUN]","event":"end","result":"done","done":1,"failed":0,"not_started":0}
    "#);
}

#[test]
fn a_journal_that_cannot_be_written_stops_before_the_first_write() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    let ended =
        desk.command("apply --yes --journal nowhere/journal.jsonl").against(&api.url, ORGANIZATION).run();
    assert_snapshot!(ended.stderr, @"
    error: cannot write the journal nowhere/journal.jsonl
      because: No such file or directory (os error 2)
    ");
    assert_eq!(ended.code, 1);
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn an_output_that_cannot_be_written_stops_before_the_first_write() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    let ended = desk.command("apply --yes -o json=nowhere/plan.json").against(&api.url, ORGANIZATION).run();
    assert_snapshot!(ended.stderr, @"
    error: cannot write nowhere/plan.json
      because: No such file or directory (os error 2)
    ");
    assert_eq!(ended.code, 1);
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn ctrl_c_lets_what_is_in_flight_finish_and_starts_nothing_more() {
    let desk = desk();
    desk.file(
        "iam.yaml",
        edit(
            FILE,
            &[
                MORE,
                ("description: Deploys", "description: Builds"),
                ("users: [ann@acme.io, bob@acme.io]", "users: [bob@acme.io, cho@acme.io]"),
            ],
        ),
    );
    let api = desk.emulate("live.json", "");
    let gate = Gate::to(&api.url, Shuts::AtWrite(1));
    let child = desk.command("apply --yes --parallelism 1").against(&gate.url(), ORGANIZATION).start();
    gate.wait_until_shut();
    interrupt(&child);
    let ended = Ended::after(child, "Stopping once", || gate.open());
    assert_eq!(ended.code, 5, "{ended}");
    assert!(ended.stderr.contains("Stopping once the requests in flight have finished."), "{ended}");
    assert!(ended.stderr.contains("not started"), "{ended}");
    assert!(api.writes().len() < 4, "{:?}", api.writes());
    let again = desk.command("apply --yes").against(&api.url, ORGANIZATION).run();
    assert_eq!(again.code, 0, "{again}");
}

#[test]
fn after_ctrl_c_what_was_not_started_is_one_line_and_json_has_every_step() {
    let desk = desk();
    let more: String = (10..40).map(|number| format!("  robot-{number}: {{}}\n")).collect();
    desk.file("iam.yaml", edit(FILE, &[("applications:\n", &format!("applications:\n{more}"))]));
    let api = desk.emulate("live.json", "");
    let gate = Gate::to(&api.url, Shuts::AtWrite(1));
    let command = "apply --yes --parallelism 1 -o json=apply.json -o markdown=apply.md";
    let child = desk.command(command).against(&gate.url(), ORGANIZATION).start();
    gate.wait_until_shut();
    interrupt(&child);
    let ended = Ended::after(child, "Stopping once", || gate.open()).ends_with(5);
    let folded = ended.stderr.lines().filter(|line| line.contains("not started")).count();
    assert_eq!(folded, 1, "{ended}");
    assert!(ended.stderr.contains("–30), because the apply was interrupted\n"), "{ended}");
    assert_eq!(desk.json("apply.json")["outcome"]["steps"].as_array().unwrap().len(), 30);
    assert!(desk.read("apply.md").contains(" steps not started</summary>"), "{}", desk.read("apply.md"));
}

#[test]
fn ctrl_c_before_the_first_write_says_that_nothing_was_written() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    for command in ["plan", "apply --yes", "drift"] {
        let gate = Gate::to(&api.url, Shuts::AtOnce);
        let child = desk.command(command).against(&gate.url(), ORGANIZATION).start();
        gate.wait_until_shut();
        interrupt(&child);
        let ended = Ended::of(child);
        assert_eq!((ended.stderr.as_str(), ended.code), ("stopped: nothing was written\n", 1), "{command}");
    }
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn a_step_that_may_not_be_done_ends_with_5_and_says_what_was_not_started() {
    let desk = desk();
    let secret = "b0b00000-0000-4000-8000-000000000000";
    let mut state = live();
    // Bob may change applications, and no policy.
    let rule = json!({"permission_set_names": ["IAMReadOnly", "IAMApplicationManager"], "organization_id": ORGANIZATION});
    object(&mut state, "policies", "developers-run")["rules"].as_array_mut().unwrap().push(rule);
    state["api_keys"][0]["application_id"] = json!(null);
    state["api_keys"][0]["user_id"] = state["users"][2]["id"].clone();
    state["api_keys"][0]["secret_key"] = secret.into();
    let text = edit(
        FILE,
        &[
            (
                "[InstancesFullAccess]\n        scope: [staging]\n",
                "[InstancesFullAccess]\n        scope: [staging]\n      - permission_sets: [IAMReadOnly, IAMApplicationManager]\n        scope: organization\n",
            ),
            ("{application: ci}", "{application: cd}"),
            ("applications:\n", "applications:\n  cd: {}\n"),
        ],
    );
    desk.file("live.json", state).file("iam.yaml", text);
    let api = desk.emulate("live.json", "");
    let call = desk.command("apply --yes -o markdown=apply.md").against(&api.url, ORGANIZATION);
    let call = call.env("SCW_SECRET_KEY", secret);
    let ended = call.env("SCW_ACCESS_KEY", "SCWAC3E0000000000001").run();
    assert_snapshot!(ended.stderr, @"
      [1 of 2] done step 1: application cd ([N] ms)
      failed step 2: policy ci-push ([N] ms)
            `PATCH /iam/v1alpha1/policies/ac3e0000-0000-4000-8000-000000000033` answered 403 permissions_denied: insufficient permissions; write on policy (request id [REQUEST])
    Stopped after a failure: 1 of 2 steps done; plan and apply again to finish.
    ");
    assert_eq!(ended.code, 5);
    assert_snapshot!(desk.read("apply.md").split("<details>").next().unwrap().split_once("### Outcome").unwrap().1, @r#"
    **Stopped after a failure: 1 of 2 steps done; plan and apply again to finish.**

    - 🛑 failed step 2: policy ci-push ([N] ms)
      - `PATCH /iam/v1alpha1/policies/ac3e0000-0000-4000-8000-000000000033` answered 403 permissions\_denied: insufficient permissions; write on policy (request id `[REQUEST]`)

    1 step done:

    - step 1: application cd ([N] ms)
    "#);
}

#[test]
fn a_plan_file_is_applied_as_it_was_reviewed_without_asking() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let api = desk.emulate("live.json", "");
    let run = |command: &str| desk.command(command).against(&api.url, ORGANIZATION).run();
    assert_eq!(run("plan --out plan.json").code, 0);
    // The files do not matter any more.
    desk.file("iam.yaml", FILE);
    let ended = run("apply plan.json");
    assert_eq!(ended.code, 0, "{ended}");
    assert_eq!(api.writes(), ["PUT /rules"]);
    assert_snapshot!(ended, @"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains InstancesFullAccess on prod
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)

    Steps
      1  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
           -   scope: [staging]
           +   scope: [prod, staging]

    Plan: 1 to change (1 policy); 1 step.
    -- stderr
      [1 of 1] done step 1: rules of policy developers-run ([N] ms)
    Applied: 1 of 1 steps done in [N] s; the live organization matches the plan.
    -- exit 0
    ");
}

#[test]
fn a_plan_file_that_live_has_moved_away_from_is_stale_and_nothing_is_written() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_eq!(desk.run("plan --out plan.json --emulate live.json").code, 0);
    let mut state = live();
    object(&mut state, "policies", "developers-run")["rules"][0]["permission_set_names"] =
        json!(["InstancesReadOnly"]);
    desk.file("moved.json", state);
    let api = desk.emulate("moved.json", "");
    let ended = desk.command("apply plan.json").against(&api.url, ORGANIZATION).run();
    assert_snapshot!(ended, @"
    -- stderr
    policy developers-run
      rules
        - InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a2
        + InstancesReadOnly on ac3e0000-0000-4000-8000-0000000000a2
    error: plan.json is stale; nothing was written
      because: the organization has changed since the plan was made: policy developers-run is no longer as planned
    hint: plan again
    -- exit 4
    ");
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn a_plan_file_that_somebody_edited_or_of_another_organization_is_refused() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let planned =
        desk.run("plan --out plan.json --emulate live.json --now 2026-11-22T12:00:00Z").ends_with(0);
    assert!(!planned.stdout.is_empty());
    desk.file("cut.json", desk.read("plan.json").split_at(400).0);
    assert_snapshot!(desk.run("apply cut.json --emulate live.json --now 2026-11-22T12:00:00Z"), @"
    -- stderr
    error: cannot apply cut.json
      because: it is not a plan file: EOF while parsing a string at line 21 column 16
    -- exit 65
    ");
    desk.file("empty.json", "{}");
    assert_snapshot!(desk.run("apply plan.json --emulate empty.json --now 2026-11-22T12:00:00Z"), @"
    -- stderr
    error: cannot emulate empty.json
      because: the files are for organization ac3e0000-0000-4000-8000-000000000000, but the state is for 00000000-0000-4000-8000-000000000000
    -- exit 1
    ");
    assert_snapshot!(desk.run("apply plan.json --emulate live.json --expect-sha 0000 --now 2026-11-22T12:00:00Z"), @"
    -- stderr
    error: plan.json has the SHA-256 [SHA], not 0000
    hint: it is not the plan that was reviewed
    -- exit 4
    ");
}

/// Edits a plan file, applies it, and returns what is said. Nothing may be written.
fn edited(edit: impl FnOnce(&mut serde_json::Value)) -> Ended {
    let desk = desk();
    desk.file("iam.yaml", edit_file());
    let mut state = live();
    object(&mut state, "policies", "ci-push")["tags"] = json!(["scw-iam=other"]);
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let run = |command: &str| desk.command(command).against(&api.url, ORGANIZATION).run();
    assert_eq!(run("plan --out plan.json").code, 0);
    let mut plan = serde_json::from_str(&desk.read("plan.json")).unwrap();
    edit(&mut plan);
    desk.file("plan.json", plan.to_string());
    let ended = run("apply plan.json --yes");
    assert_eq!(api.writes(), [""; 0]);
    ended
}

/// The file with more for the developers, and without what another stack owns.
fn edit_file() -> String {
    let policy = "  ci-push:
    principal: {application: ci}
    rules:
      - permission_sets: [ContainerRegistryFullAccess]
        scope: [staging]
";
    edit(FILE, &[MORE, (policy, "")])
}

#[test]
fn a_plan_file_that_was_edited_to_do_something_else_is_refused() {
    assert_snapshot!(edited(|plan| {
        plan["steps"][0]["action"] = "delete".into();
        plan["steps"][0]["address"] = "policy ci-push".into();
        plan["steps"][0]["changes"] = json!({});
    }), @"
    -- stderr
    step 1
      action
        - delete policy ci-push
        + set_rules policy developers-run
      changes
        + rules from InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a2
        + rules to InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a1, ac3e0000-0000-4000-8000-0000000000a2
    error: cannot apply plan.json
      because: it was edited: step 1 is not what a plan of its own files gives
    hint: plan again
    -- exit 65
    ");
    let exit = |edit: fn(&mut serde_json::Value)| edited(edit).ends_with(65);
    assert!(exit(|plan| plan["objects"] = json!([])).stderr.contains("it was edited: "));
    assert!(
        exit(|plan| plan["access"] = json!([]))
            .stderr
            .contains("it was edited: access of user ann@acme.io, ")
    );
    assert!(exit(|plan| plan["stack"] = "other".into()).stderr.contains("it was edited: the plan is not"));
    _ = exit(|plan| {
        let rules = &mut plan["steps"][0]["changes"]["rules"]["to"];
        rules[0]["permission_sets"].as_array_mut().unwrap().push("IAMManager".into());
    });
}

#[test]
fn a_plan_file_whose_desired_state_was_edited_is_refused() {
    let more = |plan: &mut serde_json::Value| {
        let text = &mut plan["made_from"]["files"][0]["text"];
        *text = edit(text.as_str().unwrap(), &[("scope: [prod, staging]", "scope: all_projects")]).into();
    };
    assert_snapshot!(edited(more), @"
    -- stderr
    policy developers-run
      outcome
        - rules: InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a1, ac3e0000-0000-4000-8000-0000000000a2
        + rules: InstancesFullAccess on all_projects
    error: cannot apply plan.json
      because: it was edited: policy developers-run is not what a plan of its own files gives
    hint: plan again
    -- exit 65
    ");
    let broken = |plan: &mut serde_json::Value| plan["made_from"]["files"][0]["text"] = "version: 1".into();
    assert!(edited(broken).ends_with(65).stderr.starts_with("The files in plan.json have errors:\n"));
    _ = edited(|plan| plan["made_from"]["files"] = json!([])).ends_with(65);
    // A project that is not there.
    let gone = |plan: &mut serde_json::Value| {
        let text = &mut plan["made_from"]["files"][0]["text"];
        *text = edit(text.as_str().unwrap(), &[("scope: [prod, staging]", "scope: [nowhere]")]).into();
    };
    assert!(edited(gone).ends_with(65).stderr.contains("nowhere"));
}

#[test]
fn a_plan_file_says_its_sha_and_is_the_same_for_the_same_input() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let plan = |out: &str| {
        let ended = desk.run(&format!("plan --emulate live.json --now 2026-11-22T12:00:00Z --out {out}"));
        let shown = ended.ends_with(0).stderr;
        let line = shown
            .lines()
            .find(|line| line.starts_with("Saved the plan in "))
            .unwrap_or_else(|| panic!("{shown}"));
        line.rsplit_once(' ').unwrap().1.to_owned()
    };
    let sha = plan("plan.json");
    assert_eq!(sha.len(), 64);
    assert_eq!(sha, plan("again.json"));
    let apply = format!("apply plan.json --emulate live.json --now 2026-11-22T12:00:00Z --expect-sha {sha}");
    _ = desk.run(&apply).ends_with(0);
    desk.file("plan.json", desk.read("plan.json").replace(": 2,", ":  2,"));
    _ = desk.run(&apply).ends_with(4);
}

#[test]
fn a_plan_file_of_another_format_says_to_plan_again() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    _ = desk.run("plan --emulate live.json --out plan.json").ends_with(0);
    let text = desk.read("plan.json").replacen("\"format_version\": 2", "\"format_version\": 1", 1);
    desk.file("plan.json", text);
    assert_snapshot!(desk.run("apply plan.json --emulate live.json"), @"
    -- stderr
    error: cannot apply plan.json
      because: its format version is 1, but this version of scw-iam reads 2
    hint: plan again with this version
    -- exit 65
    ");
    _ = desk.run("apply iam.yaml --yes --emulate live.json -o json=report.json").ends_with(0);
    assert_snapshot!(desk.run("apply report.json --emulate live.json"), @"
    -- stderr
    error: cannot apply report.json
      because: it is a report, without the files that the plan was made from
    hint: save a plan with `scw-iam plan --out plan.json`
    -- exit 65
    ");
}

#[test]
fn a_plan_file_that_was_applied_is_applied_already() {
    let desk = desk();
    let more = ("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io, cho@acme.io]");
    desk.file("iam.yaml", edit(FILE, &[MORE, more]));
    let api = desk.emulate("live.json", "");
    let run = |command: &str| desk.command(command).against(&api.url, ORGANIZATION).run();
    _ = run("plan --out plan.json").ends_with(0);
    _ = run("apply plan.json").ends_with(0);
    let writes = api.writes();
    assert_snapshot!(run("apply plan.json"), @"
    -- stdout
    Already applied: the organization matches plan.json.
    -- exit 0
    ");
    assert_eq!(run("apply plan.json -o json").ends_with(0).json()["outcome"], json!(null));
    assert_eq!(api.writes(), writes);
    // Not once somebody has undone a part of it.
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    _ = run("apply iam.yaml --yes").ends_with(0);
    assert_snapshot!(run("apply plan.json"), @"
    -- stderr
    policy developers-run
      rules
        - InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a2
        + InstancesFullAccess on ac3e0000-0000-4000-8000-0000000000a1, ac3e0000-0000-4000-8000-0000000000a2
    error: plan.json is stale; nothing was written
      because: the organization has changed since the plan was made: policy developers-run is no longer as planned
    hint: plan again
    -- exit 4
    ");
}

#[test]
fn who_was_made_anew_under_the_same_name_does_not_get_what_was_reviewed_for_another() {
    let desk = desk();
    let joins = ("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io, bob@acme.io, cho@acme.io]");
    desk.file("iam.yaml", edit(FILE, &[joins]));
    _ = desk.run("plan --out plan.json --emulate live.json").ends_with(0);
    let mut state = live();
    let users = state["users"].as_array_mut().unwrap();
    let cho = users.iter_mut().find(|user| user["email"] == "cho@acme.io").unwrap();
    cho["id"] = "ac3e0000-0000-4000-8000-0000000000ff".into();
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    assert_snapshot!(desk.command("apply plan.json").against(&api.url, ORGANIZATION).run(), @"
    -- stderr
    user cho@acme.io
      id
        - ac3e0000-0000-4000-8000-000000000004
        + ac3e0000-0000-4000-8000-0000000000ff
    error: plan.json is stale; nothing was written
      because: the organization has changed since the plan was made: user cho@acme.io is no longer as planned
    hint: plan again
    -- exit 4
    ");
    assert_eq!(api.writes(), [""; 0]);
}

#[test]
fn what_changed_beside_a_plan_file_does_not_matter() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    _ = desk.run("plan --out plan.json --emulate live.json").ends_with(0);
    let mut state = live();
    let mut theirs = object(&mut state, "applications", "backup").clone();
    theirs["id"] = "ac3e0000-0000-4000-8000-0000000000fe".into();
    theirs["name"] = "theirs".into();
    theirs["tags"] = json!([]);
    state["applications"].as_array_mut().unwrap().push(theirs);
    desk.file("live.json", state);
    _ = desk.run("apply plan.json --emulate live.json").ends_with(0);
}

#[test]
fn the_guards_judge_a_plan_file_for_who_applies_it() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    _ = desk.run("plan --out plan.json --emulate live.json").ends_with(0);
    let api = desk.emulate("live.json", "");
    let call = || desk.command("apply plan.json --yes").against(&api.url, ORGANIZATION);
    let ended = call().env("SCW_ACCESS_KEY", "SCWNOBODY00000000000").run().ends_with(3);
    assert!(ended.stdout.contains("self_lockout"), "{ended}");
    assert_eq!(api.writes(), [""; 0]);
    // What was allowed when it was planned is allowed still.
    desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
    let plan = "plan --out plan.json --emulate live.json";
    _ = desk.run(plan).ends_with(3);
    _ = desk.run("apply plan.json --yes --emulate live.json").ends_with(3);
    let allowed = format!("{plan} --allow emptied=1");
    _ = desk.run(&allowed).ends_with(0);
    _ = desk.run("apply plan.json --emulate live.json").ends_with(0);
    // Another number today is what counts.
    _ = desk.run("apply plan.json --emulate live.json --allow emptied=2").ends_with(3);
}

#[test]
fn an_end_that_came_after_a_plan_was_saved_makes_it_stale() {
    let desk = desk();
    let until = (
        "users: [ann@acme.io, bob@acme.io]",
        "users: [ann@acme.io, {email: bob@acme.io, until: 2026-11-22T18:00:00Z}]",
    );
    desk.file("iam.yaml", edit(FILE, &[MORE, until]));
    let at = |time: &str, command: &str| {
        desk.run(&format!("{command} --emulate live.json --now 2026-11-22T{time}Z"))
    };
    _ = at("12:00:00", "plan --out plan.json").ends_with(0);
    _ = at("17:59:59", "apply plan.json").ends_with(0);
    assert_snapshot!(at("18:00:00", "apply plan.json"), @"
    -- stderr
    error: plan.json is stale; nothing was written
      because: an `until` has ended since the plan was made: group developers (2026-11-22T18:00:00Z)
    hint: plan again
    -- exit 4
    ");
}

#[test]
fn a_plan_file_that_says_something_twice_is_refused() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_eq!(desk.run("plan --out plan.json --emulate live.json").code, 0);
    desk.file("plan.json", desk.read("plan.json").replacen("\"steps\": [", "\"steps\": [], \"steps\": [", 1));
    assert_snapshot!(desk.run("apply plan.json --yes --emulate live.json"), @"
    -- stderr
    error: cannot apply plan.json
      because: it is not a plan file: duplicate field `steps` at line 63 column 22
    -- exit 65
    ");
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use std::io::{Read as _, Write as _};
    use std::process::{Child, ChildStdout, Stdio};

    use super::*;
    use crate::command::{Api, Desk};

    #[test]
    fn words_and_help_are_as_wide_as_the_terminal() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
        let widest = |columns: u32, command: &str, with: &str| {
            let call = desk.on_a_terminal_of(columns, command);
            let shown = call.env("NO_COLOR", "1").env("COLUMNS", "90").run().stdout;
            shown.lines().filter(|line| line.contains(with)).map(|line| line.trim_end().chars().count()).max()
        };
        // What is broken here is one line of 89 columns, and a paragraph of help.
        let (plan, with) = ("plan --emulate live.json", "emptied");
        assert!(widest(60, plan, with).unwrap() <= 60);
        assert_eq!(widest(200, plan, with), widest(120, plan, with));
        let (help, with) = ("who-can --help", " ");
        assert!(widest(60, help, "that").unwrap() <= 60);
        assert!(widest(200, help, with).unwrap() <= 100);
    }

    /// Starts an apply and waits for its question.
    fn asked(desk: &Desk, api: &Api) -> (Child, ChildStdout) {
        let mut call = desk.on_a_terminal("apply").against(&api.url, ORGANIZATION);
        let mut child = call.command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut shown, mut byte) = (Vec::new(), [0]);
        let mut screen = child.stdout.take().unwrap();
        while !shown.ends_with(b"to confirm: ") {
            screen.read_exact(&mut byte).unwrap();
            shown.extend(byte);
        }
        (child, screen)
    }

    #[test]
    fn a_declined_prompt_writes_nothing_and_ends_with_1() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[MORE]));
        let api = desk.emulate("live.json", "");
        for answer in ["no\n", "y\n", "\n", ""] {
            let ended = desk.on_a_terminal("apply").against(&api.url, ORGANIZATION).input(answer).run();
            assert_eq!(ended.code, 1, "{answer:?}: {ended}");
            assert!(ended.stdout.contains("Nothing was changed."), "{answer:?}: {ended}");
            let question =
                format!("Apply these changes to organization acme ({ORGANIZATION})? Type `yes` to confirm: ");
            assert!(ended.stdout.contains(&question), "{answer:?}: {ended}");
        }
        assert_eq!(api.writes(), [""; 0]);
    }

    #[test]
    fn ctrl_c_at_the_prompt_writes_nothing_and_ends_with_1() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[MORE]));
        let api = desk.emulate("live.json", "");
        let (mut child, mut screen) = asked(&desk, &api);
        // What the terminal takes for Ctrl-C.
        child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
        let mut rest = String::new();
        screen.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("\nstopped: nothing was written\r\n"), "{rest:?}");
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert_eq!(api.writes(), [""; 0]);
    }

    #[test]
    fn yes_applies() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[MORE]));
        let api = desk.emulate("live.json", "");
        let ended = desk.on_a_terminal("apply").against(&api.url, ORGANIZATION).input("yes\n").run();
        assert_eq!(ended.code, 0, "{ended}");
        assert_eq!(api.writes(), ["PUT /rules"]);
    }

    #[test]
    fn what_changes_while_somebody_reads_makes_the_plan_stale() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[MORE]));
        let api = desk.emulate("live.json", "");
        let (mut child, mut screen) = asked(&desk, &api);
        desk.file("other.yaml", edit(FILE, &[("[InstancesFullAccess]", "[InstancesReadOnly]")]));
        let other = desk
            .command("apply other.yaml --yes")
            .env("XDG_STATE_HOME", desk.path("elsewhere").to_str().unwrap());
        _ = other.against(&api.url, ORGANIZATION).run().ends_with(0);
        let writes = api.writes();
        child.stdin.as_mut().unwrap().write_all(b"yes\n").unwrap();
        let mut rest = String::new();
        screen.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(4), "{rest}");
        assert!(rest.contains("policy developers-run\r\n  rules\r\n    - InstancesFullAccess on "), "{rest}");
        assert_eq!(api.writes(), writes);
    }

    #[test]
    fn a_plan_has_colours_unless_no_color_or_a_file_says_otherwise() {
        let desk = desk();
        desk.file("iam.yaml", edit(FILE, &[MORE]));
        let plan = "plan --emulate live.json";
        assert!(desk.on_a_terminal(plan).run().stdout.contains("\u{1b}["));
        assert!(!desk.on_a_terminal(plan).env("NO_COLOR", "1").run().stdout.contains('\u{1b}'));
        assert!(!desk.on_a_terminal(plan).env("TERM", "dumb").run().stdout.contains('\u{1b}'));
        let ended = desk.run(plan);
        assert!(!ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'));
        assert!(desk.on_a_terminal(&format!("{plan} -o text=plan.txt")).run().code == 0);
        assert!(!desk.read("plan.txt").contains('\u{1b}'));
    }
}
