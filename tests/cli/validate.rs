//! `scw-iam validate`, and what is wrong with files, whichever command reads them.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
use crate::command::{Desk, edit};

/// The outcome of `validate` on a file with these changes.
fn validated(changes: &[(&str, &str)]) -> (Desk, String) {
    let desk = Desk::new();
    desk.file("iam.yaml", edit(FILE, changes));
    let ended = desk.run("validate iam.yaml").to_string();
    (desk, ended)
}

#[test]
fn a_file_without_mistakes_is_said_to_be_so() {
    let (_desk, ended) = validated(&[]);
    assert_snapshot!(ended, @"
    -- stderr
    No errors found.
    -- exit 0
    ");
}

#[test]
fn a_missing_file_is_a_mistake_in_the_input() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("validate nowhere.yaml"), @"
    -- stderr
    error: there is no such file or folder
    --> nowhere.yaml
    -- exit 65
    ");
}

#[test]
fn an_empty_file_is_a_mistake() {
    let desk = Desk::new();
    desk.file("iam.yaml", "");
    assert_snapshot!(desk.run("validate iam.yaml"), @"
    -- stderr
    error: the file is empty, or has only comments
    --> iam.yaml
    -- exit 65
    ");
}

#[test]
fn a_folder_without_yaml_is_a_mistake() {
    let desk = Desk::new();
    desk.file("iam/README.md", "nothing here");
    assert_snapshot!(desk.run("validate iam"), @"
    -- stderr
    error: the folder holds no `*.yaml` or `*.yml` (hidden files are skipped, links are not followed)
    --> iam
    -- exit 65
    ");
}

#[test]
fn the_folder_that_a_command_runs_in_is_read_without_a_path() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("validate"), @"
    -- stderr
    error: the folder holds no `*.yaml` or `*.yml` (hidden files are skipped, links are not followed)
    --> .
    -- exit 65
    ");
    desk.file("iam.yaml", FILE);
    assert_eq!(desk.run("validate").code, 0);
}

#[test]
fn half_of_a_folder_is_never_taken_for_the_whole() {
    let desk = desk();
    let (head, tail) = FILE.split_once("policies:").unwrap();
    desk.file("iam/base.yaml", head).file("iam/policies.yaml", format!("policies:{tail}"));
    assert_eq!(desk.run("plan iam --emulate live.json").code, 0);
    assert_snapshot!(desk.run("plan iam/policies.yaml --emulate live.json"), @"
    -- stderr
    error: no file declares `version` and `organization`
     --> iam/policies.yaml:1:1
      |
    1 | policies:
      | ^ name the whole folder; a part of the files is never planned alone

    error: policy `admins-iam` names group `admins`, which is not declared
     --> iam/policies.yaml:3:24
      |
    3 |     principal: {group: admins}
      |                        ^^^^^^ there is no `groups` section: list it under `external`

    error: policy `backup-store` names application `backup`, which is not declared
     --> iam/policies.yaml:8:30
      |
    8 |     principal: {application: backup}
      |                              ^^^^^^ there is no `applications` section: list it under `external`

    error: policy `ci-push` names application `ci`, which is not declared
      --> iam/policies.yaml:13:30
       |
    13 |     principal: {application: ci}
       |                              ^^ there is no `applications` section: list it under `external`

    error: policy `developers-run` names group `developers`, which is not declared
      --> iam/policies.yaml:18:24
       |
    18 |     principal: {group: developers}
       |                        ^^^^^^^^^^ there is no `groups` section: list it under `external`

    error: policy `look` names group `All Users`, which is not declared
      --> iam/policies.yaml:23:24
       |
    23 |     principal: {group: All Users}
       |                        ^^^^^^^^^ there is no `groups` section: list it under `external`
    -- exit 65
    ");
}

#[test]
fn a_typo_in_a_key_names_the_key_that_was_meant() {
    let (_desk, ended) = validated(&[("    description: Deploys", "    descripton: Deploys")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: an application has no key `descripton`
      --> iam.yaml:16:5
       |
    16 |     descripton: Deploys
       |     ^^^^^^^^^^ did you mean `description`?
    -- exit 65
    ");
}

#[test]
fn a_duplicate_name_shows_both_places() {
    let (_desk, ended) = validated(&[("groups:\n", "groups:\n  developers: {}\n")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: the key `developers` is given twice
      --> iam.yaml:23:3
       |
    23 |   developers:
       |   ^^^^^^^^^^ given again here
       |
      ::: iam.yaml:19:3
       |
    19 |   developers: {}
       |   ---------- first given here
    -- exit 65
    ");
}

#[test]
fn a_name_that_two_files_give_shows_both_places() {
    let desk = Desk::new();
    desk.file("iam/a.yaml", FILE).file("iam/b.yaml", "groups:\n  developers: {}\n");
    assert_snapshot!(desk.run("validate iam"), @"
    -- stderr
    error: the group `developers` is declared in two files
      --> iam/b.yaml:2:3
       |
     2 |   developers: {}
       |   ^^^^^^^^^^ declared again here
       |
      ::: iam/a.yaml:22:3
       |
    22 |   developers:
       |   ---------- first declared here
    -- exit 65
    ");
}

#[test]
fn an_unknown_group_names_the_one_that_was_meant() {
    let (_desk, ended) = validated(&[("{group: developers}", "{group: developer}")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: policy `developers-run` names group `developer`, which is not declared
      --> iam.yaml:43:24
       |
    43 |     principal: {group: developer}
       |                        ^^^^^^^^^ did you mean `developers`?
    -- exit 65
    ");
}

#[test]
fn an_unknown_permission_set_names_the_one_that_was_meant() {
    let (_desk, ended) = validated(&[("[InstancesFullAccess]", "[InstanceFullAccess]")]);
    assert_snapshot!(ended, @"
    -- stderr
    warning: this version does not know the permission set `InstanceFullAccess`
      --> iam.yaml:45:27
       |
    45 |       - permission_sets: [InstanceFullAccess]
       |                           ^^^^^^^^^^^^^^^^^^ did you mean `InstancesFullAccess`?
    No errors found; 1 warning.
    -- exit 0
    ");
}

#[test]
fn a_bare_project_is_told_to_be_a_list() {
    let (_desk, ended) = validated(&[(
        "[ContainerRegistryFullAccess]\n        scope: [staging]",
        "[ContainerRegistryFullAccess]\n        scope: staging",
    )]);
    assert_snapshot!(ended, @"
    -- stderr
    error: `scope` must be `organization`, `all_projects` or a list of projects, not `staging`
      --> iam.yaml:41:16
       |
    41 |         scope: staging
       |                ^^^^^^^ write a list: `[staging]`
    -- exit 65
    ");
}

#[test]
fn a_rule_that_mixes_scope_types_is_a_mistake() {
    let (_desk, ended) = validated(&[("[IAMManager]", "[IAMManager, InstancesReadOnly]")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: one rule cannot grant `IAMManager` on the organization and `InstancesReadOnly` on projects
      --> iam.yaml:30:39
       |
    30 |       - permission_sets: [IAMManager, InstancesReadOnly]
       |                                       ^^^^^^^^^^^^^^^^^ write one rule for each
       |
      ::: iam.yaml:30:27
       |
    30 |       - permission_sets: [IAMManager, InstancesReadOnly]
       |                           ----------
    -- exit 65
    ");
}

#[test]
fn a_condition_that_is_no_cel_shows_where() {
    let (_desk, ended) = validated(&[
        ("  look:\n", "  look:\n    description: Everybody\n"),
        (
            "[AllProductsReadOnly]\n        scope: [staging]",
            "[AllProductsReadOnly]\n        scope: [staging]\n        condition: request.ip = \"192.0.2.1\"",
        ),
    ]);
    assert_snapshot!(ended, @r#"
    -- stderr
    error: the condition is not CEL: `=` is not an operator, `==` compares
      --> iam.yaml:53:31
       |
    53 |         condition: request.ip = "192.0.2.1"
       |                               ^ here
    -- exit 65
    "#);
    let (_desk, ended) = validated(&[(
        "[AllProductsReadOnly]\n        scope: [staging]",
        "[AllProductsReadOnly]\n        scope: [staging]\n        condition: request.adress == \"192.0.2.1\"",
    )]);
    assert_snapshot!(ended, @r#"
    -- stderr
    error: a condition has no variable `request.adress`
      --> iam.yaml:52:20
       |
    52 |         condition: request.adress == "192.0.2.1"
       |                    ^^^^^^^^^^^^^^ the variables are `request.ip`, `request.time`, `request.user_agent`, `resource.name`, `resource.id` and `resource.locality`; to use a newer one, list it under `settings.conditions.variables`
    -- exit 65
    "#);
}

#[test]
fn a_list_that_is_null_is_a_mistake() {
    let (_desk, ended) = validated(&[("      users: [ann@acme.io, bob@acme.io]", "      users:")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: `users` has no value
      --> iam.yaml:24:7
       |
    24 |       users:
       |       ^^^^^ write `[]` for none
    -- exit 65
    ");
}

#[test]
fn all_mistakes_are_shown_together() {
    let (_desk, ended) = validated(&[
        ("version: 1", "version: 2"),
        ("stack: web", "stack: The Web"),
        ("{application: ci}", "{application: cy}"),
        ("[IAMManager]", "[IAMManger]"),
        ("bob@acme.io", "bob"),
    ]);
    assert_snapshot!(ended, @"
    -- stderr
    error: this program reads version 1 of the language, not 2
     --> iam.yaml:1:10
      |
    1 | version: 2
      |          ^ write `1`

    error: the stack name `The Web` must not hold 'T' (character 1): lower-case letters, digits and `-`
     --> iam.yaml:3:8
      |
    3 | stack: The Web
      |        ^^^^^^^ not a stack name

    error: people go by their e-mail addresses, and `bob` is none
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bob]
       |                            ^^^ write the address, or `{username: bob}` for a username

    warning: this version does not know the permission set `IAMManger`
      --> iam.yaml:30:27
       |
    30 |       - permission_sets: [IAMManger]
       |                           ^^^^^^^^^ did you mean `IAMManager`?

    error: policy `ci-push` names application `cy`, which is not declared
      --> iam.yaml:38:30
       |
    38 |     principal: {application: cy}
       |                              ^^ did you mean `ci`?
    -- exit 65
    ");
}

#[test]
fn what_is_no_yaml_shows_where_it_breaks() {
    let (_desk, ended) = validated(&[("groups:\n", "groups: {\n")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: `admins` must be a map, not text
      --> iam.yaml:20:5
       |
    20 |     members:
       |     ^^^^^^^ write `key: value`

    error: this is not YAML: a `,` or a `}` is missing
      --> iam.yaml:20:12
       |
    20 |     members:
       |            ^ here
    -- exit 65
    ");
}

#[test]
fn mistakes_are_json_for_programs() {
    let desk = Desk::new();
    desk.file("iam.yaml", edit(FILE, &[("{group: developers}", "{group: developer}")]));
    let ended = desk.run("validate -o json").ends_with(65);
    assert_snapshot!(format!("{:#}", ended.json()), @r#"
    [
      {
        "severity": "error",
        "code": "undeclared",
        "message": "policy `developers-run` names group `developer`, which is not declared",
        "hint": "did you mean `developers`?",
        "file": "iam.yaml",
        "line": 43,
        "column": 24
      }
    ]
    "#);
    desk.file("iam.yaml", FILE);
    assert_snapshot!(desk.run("validate -o json"), @"
    -- stdout
    []
    -- stderr
    No errors found.
    -- exit 0
    ");
}

#[test]
fn people_are_looked_up_where_there_is_somebody_to_ask() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("bob@acme.io", "bo@acme.io")]));
    assert_eq!(desk.run("validate").code, 0);
    assert_snapshot!(desk.run("validate --emulate live.json"), @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    warning: group `developers` names user `bo@acme.io`, who is not in the organization
      --> iam.yaml:24:28
       |
    24 |       users: [ann@acme.io, bo@acme.io]
       |                            ^^^^^^^^^^ left out of the plan; a guess: did you mean `bob@acme.io`?
    No errors found; 1 warning.
    -- exit 0
    ");
}

#[test]
fn a_mistake_stops_every_command_that_reads_files() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("{group: developers}", "{group: developer}")]));
    for command in ["validate", "plan", "apply --yes", "drift"] {
        let ended = desk.run(&format!("{command} --emulate live.json --save saved.json"));
        assert_eq!(ended.code, 65, "{command}: {ended}");
        assert!(!desk.has("saved.json"), "{command}");
    }
}

#[test]
fn a_setting_that_is_not_known_is_never_accepted_in_silence() {
    let (_desk, ended) =
        validated(&[("stack: web\n", "stack: web\nsettings:\n  prun: none\n  limits: {quota: 3}\n")]);
    assert_snapshot!(ended, @"
    -- stderr
    error: `settings` has no key `prun`
     --> iam.yaml:5:3
      |
    5 |   prun: none
      |   ^^^^ did you mean `prune`?

    error: `limits` has no key `quota`
     --> iam.yaml:6:12
      |
    6 |   limits: {quota: 3}
      |            ^^^^^
    -- exit 65
    ");
}

#[test]
fn mistakes_are_markdown_for_a_pull_request_and_text_for_a_file() {
    let desk = Desk::new();
    desk.file(
        "iam.yaml",
        edit(FILE, &[("{group: developers}", "{group: developer}"), ("[IAMManager]", "[IAMManger]")]),
    );
    let ended = desk.run("validate -o markdown -o text=mistakes.txt").ends_with(65);
    assert_snapshot!(ended.stdout, @"
    ### Access files

    **1 error; 1 warning**

    ```text
    warning: this version does not know the permission set `IAMManger`
      --> iam.yaml:30:27
       |
    30 |       - permission_sets: [IAMManger]
       |                           ^^^^^^^^^ did you mean `IAMManager`?

    error: policy `developers-run` names group `developer`, which is not declared
      --> iam.yaml:43:24
       |
    43 |     principal: {group: developer}
       |                        ^^^^^^^^^ did you mean `developers`?
    ```
    ");
    assert_snapshot!(desk.read("mistakes.txt").lines().last().unwrap(), @"1 error; 1 warning.");
    desk.file("iam.yaml", FILE);
    assert_snapshot!(desk.run("validate -o markdown"), @"
    -- stdout
    ### Access files

    **No errors found**
    -- stderr
    No errors found.
    -- exit 0
    ");
}
