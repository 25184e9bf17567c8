//! `scw-iam plan`

use insta::assert_snapshot;

use crate::acme::{FILE, desk, live, object};
use crate::command::edit;

/// Developers get a project more.
pub(crate) const MORE: (&str, &str) = (
    "[InstancesFullAccess]\n        scope: [staging]",
    "[InstancesFullAccess]\n        scope: [prod, staging]",
);

#[test]
fn files_that_say_what_is_live_plan_to_nothing() {
    let desk = desk();
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    No changes. The live organization matches the files.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_changed_scope_shows_who_gains_and_the_rule_as_a_diff() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
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
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn projects_are_in_the_order_of_their_names_in_access_and_steps() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "projects", "prod")["name"] = "zoo".into();
    let rule = &mut object(&mut state, "policies", "developers-run")["rules"][0];
    rule["project_ids"] = serde_json::json!(["ac3e0000-0000-4000-8000-000000000000"]);
    let file =
        edit(FILE, &[("  prod: ", "  zoo: "), (MORE.0, &MORE.1.replace("prod, staging", "zoo, staging"))]);
    desk.file("live.json", state).file("iam.yaml", file);
    let ended = desk.run("plan --emulate live.json").ends_with(0);
    assert!(ended.stdout.contains("gains InstancesFullAccess on staging, zoo\n"), "{ended}");
    assert!(ended.stdout.contains("+   scope: [staging, zoo]\n"), "{ended}");
}

#[test]
fn a_refactoring_shows_that_nobody_gains_or_loses() {
    let desk = desk();
    let text = edit(
        FILE,
        &[
            ("  developers:\n", "  engineers:\n    previously: developers\n"),
            ("{group: developers}", "{group: engineers}"),
        ],
    );
    desk.file("iam.yaml", text);
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Access
      no change in access

    Steps
      1  ~ group engineers (was developers)
           name: developers → engineers

    Plan: 1 to change (1 group); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn every_kind_is_made_changed_and_deleted_in_the_order_of_the_apply() {
    let desk = desk();
    let text = edit(
        FILE,
        &[
            (
                "  backup:\n    description: Nightly copies\n",
                "  deployer:\n    description: |\n      Deploys\n      what is built\n    tags: [team=web]\n",
            ),
            ("    description: Deploys\n", "    description: Builds\n"),
            (
                "  backup-store:\n    principal: {application: backup}",
                "  deploy:\n    principal: {application: deployer}",
            ),
            (
                "users: [ann@acme.io, bob@acme.io]",
                "users: [bob@acme.io, cho@acme.io]\n      applications: [ci]",
            ),
            (
                "        scope: [staging]\n  look:",
                "        scope: [staging]\n        condition: request.ip == \"192.0.2.1\"\n  look:",
            ),
        ],
    );
    desk.file("iam.yaml", text);
    assert_snapshot!(desk.run("plan --emulate live.json"), @r#"
    -- stdout
    Access
      user ann@acme.io
        - loses InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1
      user bob@acme.io
        ~ tightened InstancesFullAccess on staging, now only
              if request.ip == "192.0.2.1"
            ← group developers ← policy developers-run, rule 1 (iam.yaml:49)
      user cho@acme.io and application ci
        + gains InstancesFullAccess on staging if request.ip == "192.0.2.1"
            ← group developers ← policy developers-run, rule 1 (iam.yaml:49)
      application backup, loses all access
        - loses ObjectStorageFullAccess on all projects
            ← policy backup-store, rule 1
      application deployer
        + gains ObjectStorageFullAccess on all projects
            ← policy deploy, rule 1 (iam.yaml:39)

    Steps
      1  ~ application ci
           description: "Deploys" → "Builds"
      2  + application deployer
           description: Deploys\nwhat is built
      3  - ann@acme.io leaves group developers
      4  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
               scope: [staging]
           +   condition: request.ip == "192.0.2.1"
      5  + cho@acme.io and application ci join group developers    after 3, 4
      6  + policy deploy    after 2
           principal: application deployer
           + - permission_sets: [ObjectStorageFullAccess]
           +   scope: all_projects
      7  - policy backup-store
      8  - application backup    after 7

    note: to stop managing an object without deleting it, list it under `release`

    Plan: 2 to create (1 application, 1 policy), 3 to change (1 application,
          1 group, 1 policy), 2 to delete (1 application, 1 policy); 8 steps.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    "#);
}

#[test]
fn with_detailed_exitcode_changes_end_with_2_and_none_with_0() {
    let desk = desk();
    desk.file("more.yaml", edit(FILE, &[MORE]));
    assert_eq!(desk.run("plan more.yaml --emulate live.json").code, 0);
    assert_eq!(desk.run("plan more.yaml --emulate live.json --detailed-exitcode").code, 2);
    assert_eq!(desk.run("plan iam.yaml --emulate live.json --detailed-exitcode").code, 0);
}

#[test]
fn a_refused_plan_ends_with_3_whatever_is_asked() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
    assert_eq!(desk.run("plan --emulate live.json").code, 3);
    assert_eq!(desk.run("plan --emulate live.json --detailed-exitcode -o json").code, 3);
}

#[test]
fn json_is_the_whole_plan_on_standard_output() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let ended = desk.run("plan --emulate live.json -o json --now 2026-11-22T12:00:00Z").ends_with(0);
    let plan = ended.json();
    assert_eq!(plan["format_version"], 2);
    assert_eq!(plan["created_at"], "2026-11-22T12:00:00Z");
    assert_eq!(plan["stack"], "web");
    assert_snapshot!(format!("{:#}", plan["steps"]), @r#"
    [
      {
        "id": 1,
        "action": "set_rules",
        "address": "policy developers-run",
        "effect": "grants",
        "changes": {
          "rules": {
            "from": [
              {
                "permission_sets": [
                  "InstancesFullAccess"
                ],
                "scope": [
                  "ac3e0000-0000-4000-8000-0000000000a2"
                ],
                "condition": null
              }
            ],
            "to": [
              {
                "permission_sets": [
                  "InstancesFullAccess"
                ],
                "scope": [
                  "ac3e0000-0000-4000-8000-0000000000a1",
                  "ac3e0000-0000-4000-8000-0000000000a2"
                ],
                "condition": null
              }
            ]
          }
        },
        "after": [],
        "after_for_safety": []
      }
    ]
    "#);
    assert_snapshot!(format!("{:#}", plan["summary"]), @r#"
    {
      "created": 0,
      "updated": 1,
      "deleted": 0,
      "adopted": 0,
      "steps": 1,
      "refused": false
    }
    "#);
    assert_snapshot!(ended.stderr, @"
    This ran on an emulator: nothing real was changed.
    ");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE, ("description: Deploys", "description: Builds")]));
    for format in ["text", "json", "markdown"] {
        let run = || desk.run(&format!("plan --emulate live.json --now 2026-11-22T12:00:00Z -o {format}"));
        assert_eq!(run().stdout, run().stdout, "{format}");
    }
}

#[test]
fn markdown_is_for_a_pull_request() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    assert_snapshot!(desk.run("plan --emulate live.json -o markdown"), @"
    -- stdout
    <!-- scw-iam plan ac3e0000-0000-4000-8000-000000000000 web -->
    ### Access plan of stack `web` in organization `acme` (`ac3e0000-0000-4000-8000-000000000000`)

    **1 to change (1 policy); 1 step**

    | who | | what | by |
    |---|---|---|---|
    | users `ann@acme.io` and `bob@acme.io` | ➕ gains | InstancesFullAccess on prod | group developers ← policy developers-run, rule 1 (iam.yaml:45) |

    <details><summary>Steps and details</summary>

    ```text
    Steps
      1  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
           -   scope: [staging]
           +   scope: [prod, staging]
    ```

    </details>
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn several_outputs_go_each_to_its_place() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let ended = desk.run("plan --emulate live.json -o text -o json=out/plan.json -o markdown=plan.md");
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
    error: cannot write out/plan.json
      because: No such file or directory (os error 2)
    -- exit 1
    ");
    std::fs::create_dir(desk.path("out")).unwrap();
    let ended = desk.run("plan --emulate live.json -o text -o json=out/plan.json -o markdown=plan.md");
    assert_eq!(ended.stdout, desk.run("plan --emulate live.json").stdout);
    assert_eq!(desk.json("out/plan.json")["format_version"], 2);
    assert_eq!(desk.read("plan.md"), desk.run("plan --emulate live.json -o markdown").stdout);
}

#[test]
fn where_all_formats_go_to_files_a_log_gets_the_text() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("users: [ann@acme.io, bob@acme.io]", "users: []")]));
    let text = desk.run("plan --emulate live.json").ends_with(3).stdout;
    assert!(text.contains("refused by emptied"), "{text}");
    let ended = desk.run("plan --emulate live.json -o json=plan.json -o markdown=plan.md").ends_with(3);
    assert_eq!(ended.stdout, text);
    let ended = desk.run("apply --yes --emulate live.json -o markdown=apply.md").ends_with(3);
    assert_eq!(ended.stdout, text);
    assert_eq!(desk.files(), ["apply.md", "iam.yaml", "live.json", "plan.json", "plan.md"]);
}

#[test]
fn two_formats_on_standard_output_are_wrong_usage() {
    let desk = desk();
    assert_snapshot!(desk.run("plan --emulate live.json -o json -o text -o markdown=plan.md"), @"
    -- stderr
    error: two formats cannot share standard output
    hint: write one of them to a file, as in `-o text -o json=plan.json`
    -- exit 64
    ");
    assert!(desk.read("plan.md").contains("two formats cannot share"), "no older plan stays there");
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let desk = desk();
    assert_snapshot!(desk.run("plan -o yaml"), @"
    -- stderr
    error: invalid value 'yaml' for '--output <FORMAT[=FILE]>': it takes text, json, markdown, sarif, junit, openmetrics, github, gitlab, csv, html, and may name a file: json=plan.json

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("plan -o json="), @"
    -- stderr
    error: invalid value 'json=' for '--output <FORMAT[=FILE]>': a file name must follow `=`

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn a_text_from_the_api_cannot_move_the_cursor() {
    let desk = desk();
    let mut state = live();
    object(&mut state, "applications", "ci")["description"] = "\u{1b}[2J\u{202e}evil\r".into();
    desk.file("live.json", state);
    let ended = desk.run("plan --emulate live.json");
    assert!(!ended.stdout.contains(['\u{1b}', '\u{202e}', '\r']), "{ended}");
    assert_snapshot!(ended.stdout.lines().find(|line| line.contains("description")).unwrap().trim(), @r#"
    description: "\u{1b}[2J\u{202e}evil" → "Deploys"
    "#);
}

/// Forty people, some of them in the group of the developers and nowhere else.
fn crowd(live: &mut serde_json::Value) -> Vec<String> {
    let emails: Vec<String> = (10..50).map(|number| format!("member-{number}@acme.io")).collect();
    for (number, email) in (10..50).zip(&emails) {
        let id = format!("ac3e0000-0000-4000-8000-0000000001{number}");
        let user = serde_json::json!({"id": id, "email": email, "username": email, "type": "member"});
        live["users"].as_array_mut().unwrap().push(user);
    }
    emails
}

#[test]
fn many_people_are_one_short_list_and_words_stay_within_80_columns() {
    let desk = desk();
    let mut state = live();
    let people = crowd(&mut state);
    desk.file("live.json", state).file(
        "iam.yaml",
        edit(
            FILE,
            &[
                (
                    "[ann@acme.io, bob@acme.io]",
                    &format!("[ann@acme.io, bob@acme.io, {}]", people[..9].join(", ")),
                ),
                (
                    "users: [owner@acme.io, ann@acme.io]",
                    &format!("users: [owner@acme.io, ann@acme.io, {}]", people[20..].join(", ")),
                ),
            ],
        ),
    );
    let ended = desk.run("plan --emulate live.json");
    assert_snapshot!(ended.stdout, @"
    Access
      users member-10@acme.io, member-11@acme.io, member-12@acme.io,
          member-13@acme.io, member-14@acme.io, member-15@acme.io,
          member-16@acme.io, member-17@acme.io and member-18@acme.io
        + gains InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1 (iam.yaml:45)
      users member-30@acme.io, member-31@acme.io, member-32@acme.io,
          member-33@acme.io, member-34@acme.io, member-35@acme.io,
          member-36@acme.io, member-37@acme.io and 12 more
        + gains IAMManager on organization  [can escalate]
            ← group admins ← policy admins-iam, rule 1 (iam.yaml:30)

    Steps
      1  + member-30@acme.io, member-31@acme.io, member-32@acme.io,
             member-33@acme.io, member-34@acme.io, member-35@acme.io,
             member-36@acme.io, member-37@acme.io, member-38@acme.io,
             member-39@acme.io, member-40@acme.io, member-41@acme.io,
             member-42@acme.io, member-43@acme.io, member-44@acme.io,
             member-45@acme.io, member-46@acme.io, member-47@acme.io,
             member-48@acme.io and member-49@acme.io join group admins
      2  + member-10@acme.io, member-11@acme.io, member-12@acme.io,
             member-13@acme.io, member-14@acme.io, member-15@acme.io,
             member-16@acme.io, member-17@acme.io and member-18@acme.io join group
             developers

    note: 20 principals would gain a permission set that can escalate
        user member-30@acme.io: IAMManager
        user member-31@acme.io: IAMManager
        user member-32@acme.io: IAMManager
        user member-33@acme.io: IAMManager
        user member-34@acme.io: IAMManager
        user member-35@acme.io: IAMManager
        user member-36@acme.io: IAMManager
        user member-37@acme.io: IAMManager
        user member-38@acme.io: IAMManager
        user member-39@acme.io: IAMManager
        and 10 more (--full shows all)

    Plan: 2 to change (2 groups); 2 steps.
    ");
    assert_eq!(ended.stdout.lines().find(|line| line.chars().count() > 80), None);
}

#[test]
fn files_can_come_from_standard_input() {
    let desk = desk();
    let call = desk.command("plan - --emulate live.json").input(&edit(FILE, &[MORE]));
    assert_snapshot!(call.run(), @"
    -- stdout
    Access
      users ann@acme.io and bob@acme.io
        + gains InstancesFullAccess on prod
            ← group developers ← policy developers-run, rule 1 (<stdin>:45)

    Steps
      1  ~ rules of policy developers-run
             - permission_sets: [InstancesFullAccess]
           -   scope: [staging]
           +   scope: [prod, staging]

    Plan: 1 to change (1 policy); 1 step.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_project_that_is_not_pinned_is_looked_up_with_a_hint() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("  staging: ac3e0000-0000-4000-8000-0000000000a2\n", "")]));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    No changes. The live organization matches the files.
    -- stderr
    hint: the project `staging` was found by its name
      --> iam.yaml:40:17
       |
    40 |         scope: [staging]
       |                 ^^^^^^^ pin it: under `projects`, write `staging: ac3e0000-0000-4000-8000-0000000000a2`; otherwise a rename in the console moves its grants
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn a_section_that_is_absent_is_not_managed_and_the_plan_says_so() {
    let desk = desk();
    let (head, tail) = FILE.split_once("applications:").unwrap();
    let policies = &tail[tail.find("policies:").unwrap()..];
    let external =
        edit(head, &[("[All Users]", "[All Users, admins, developers]\n  applications: [backup, ci]")]);
    desk.file("iam.yaml", format!("{external}{policies}"));
    assert_snapshot!(desk.run("plan --emulate live.json"), @"
    -- stdout
    Left unchanged
      2 applications: the files have no section for this kind
          backup, ci
      2 groups: the files have no section for this kind
          admins, developers

    No changes. The live organization has everything the files declare;
      2 applications and 2 groups that no file declares are left unchanged.
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
}

#[test]
fn strict_takes_warnings_for_mistakes() {
    let desk = desk();
    desk.file(
        "iam.yaml",
        edit(
            FILE,
            &[(
                "users: [ann@acme.io, bob@acme.io]",
                "users: [ann@acme.io, {email: bob@acme.io, until: 2026-01-31}]",
            )],
        ),
    );
    assert_snapshot!(desk.run("plan --emulate live.json --now 2026-11-22T12:00:00Z"), @"
    -- stdout
    Access
      user bob@acme.io
        - loses InstancesFullAccess on staging
            ← group developers ← policy developers-run, rule 1

    Steps
      1  - bob@acme.io leaves group developers

    Ending
      user bob@acme.io in group developers ended 2026-02-01T00:00:00Z (iam.yaml:24)

    Plan: 1 to change (1 group); 1 step.
    -- stderr
    warning: the membership of `bob@acme.io` has ended: 2026-02-01T00:00:00Z is past
      --> iam.yaml:24:56
       |
    24 |       users: [ann@acme.io, {email: bob@acme.io, until: 2026-01-31}]
       |                                                        ^^^^^^^^^^ the member leaves; remove the entry
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    assert_snapshot!(desk.run("plan --emulate live.json --now 2026-11-22T12:00:00Z --strict"), @"
    -- stderr
    warning: the membership of `bob@acme.io` has ended: 2026-02-01T00:00:00Z is past
      --> iam.yaml:24:56
       |
    24 |       users: [ann@acme.io, {email: bob@acme.io, until: 2026-01-31}]
       |                                                        ^^^^^^^^^^ the member leaves; remove the entry
    error: there are warnings, and they are treated as errors
    -- exit 65
    ");
}

#[test]
fn a_plan_that_fails_leaves_the_plan_file_of_before_and_says_so() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let plan = "plan --emulate live.json --out plan.json -o json=result.json --now 2026-11-22T12:00:00Z";
    _ = desk.run(plan).ends_with(0);
    let before = desk.read("plan.json");
    let hint =
        "hint: plan.json still holds an earlier plan, which `apply` would accept; delete it or plan again";
    desk.file("iam.yaml", "version: 9\n");
    let ended = desk.run(plan).ends_with(65);
    assert!(ended.stderr.ends_with(&format!("{hint}\n")), "{ended}");
    desk.file(
        "iam.yaml",
        FILE.replace("ac3e0000-0000-4000-8000-000000000000", "105bdce1-64c0-48ab-899d-868455867ecf"),
    );
    let ended = desk.run(plan).ends_with(1);
    assert!(ended.stderr.contains(hint), "{ended}");
    assert_eq!(desk.json("result.json")["error"]["hints"].as_array().unwrap().len(), 1);
    assert_eq!(desk.read("plan.json"), before);
    let ended = desk.run(&plan.replace("plan.json", "new.json")).ends_with(1);
    assert!(!ended.stderr.contains("still holds"), "{ended}");
}
