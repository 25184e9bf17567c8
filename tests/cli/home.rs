//! The first minutes: `init`, `doctor`, completions, manual pages, and who the program says that it is.

use insta::assert_snapshot;

use crate::acme::{FILE, ORGANIZATION, desk};
use crate::command::{Desk, Ended};

#[test]
fn the_version_names_the_target() {
    let desk = Desk::new();
    let said = desk.run("--version").ends_with(0).stdout;
    assert!(said.starts_with(concat!("scw-iam ", env!("CARGO_PKG_VERSION"), " (")), "{said}");
    assert!(said.contains(std::env::consts::ARCH), "{said}");
    assert_eq!(desk.run("-V").ends_with(0).stdout, said);
}

#[test]
fn completions_know_every_command_and_the_shell_takes_them() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.run(&format!("completions {shell}")).ends_with(0).stdout;
        for command in ["who-can", "doctor", "init"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    if cfg!(unix) && std::process::Command::new("bash").arg("-c").arg("true").status().is_ok() {
        let call = desk.script("$IAM completions bash > script; bash -c '. ./script; complete -p scw-iam'");
        let ended = call.run().ends_with(0);
        assert!(ended.stdout.contains("_scw__iam"), "{ended}");
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let desk = Desk::new();
    assert!(desk.run("man").ends_with(0).stdout.contains(".TH scw-iam 1"));
    assert!(desk.run("man --out pages").ends_with(0).stderr.contains(" pages to pages."));
    for page in ["scw-iam", "scw-iam-plan", "scw-iam-who-can", "scw-iam-doctor"] {
        let text = desk.read(&format!("pages/{page}.1"));
        assert!(text.contains(&format!(".TH {page} 1")), "{page}: {text}");
    }
    assert!(desk.read("pages/scw-iam-plan.1").contains("scw\\-iam plan iam"));
}

#[test]
fn colours_are_for_those_who_ask() {
    let desk = desk();
    let plan = "plan iam.yaml --emulate live.json";
    assert!(!desk.run(plan).stderr.contains('\u{1b}'));
    let shown = |how: &str| desk.run(&format!("plan iam.yaml --emulate missing.json --color {how}")).stderr;
    assert!(shown("always").contains('\u{1b}'), "{:?}", shown("always"));
    assert!(!shown("never").contains('\u{1b}'));
    let call = desk.command("plan iam.yaml --emulate missing.json --color never").env("CLICOLOR_FORCE", "1");
    assert!(!call.run().stderr.contains('\u{1b}'));
}

#[test]
fn doctor_says_whose_key_it_is_and_what_it_can_do() {
    let desk = desk();
    assert_snapshot!(desk.run("doctor --emulate live.json"), @"
    -- stdout
    Credentials
      key of            user owner@acme.io

    What the key can read
      users               readable
      applications        readable
      groups              readable
      policies and rules  readable
      API keys            readable
      SSH keys            readable
      projects            readable
      quotas              readable
      settings            readable
      Audit Trail         readable

    What works with it
      plan                              yes
      plan of files that name projects  yes
      plan of files with API keys       yes
      plan of files with SSH keys       yes
      plan of files with settings       yes
      drift, explain, who-can           yes
      export, init                      yes
      report                            yes
      snapshot                          yes
      who changed what                  yes
      apply                             yes
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let organization = desk.json("live.json")["organization"]["id"].as_str().unwrap().to_owned();
    let api = desk.emulate("live.json", "");
    let ended = desk.command("doctor").against(&api.url, &organization).run();
    assert_snapshot!(ended, @"
    -- stdout
    Credentials
      access key        SCWEMULATOR000000000, from variable SCW_ACCESS_KEY
      secret key        from variable SCW_SECRET_KEY
      organization      ac3e0000-0000-4000-8000-000000000000, from variable SCW_DEFAULT_ORGANIZATION_ID
      API               http://127.0.0.1:[PORT]
      key of            user owner@acme.io

    What the key can read
      users               readable
      applications        readable
      groups              readable
      policies and rules  readable
      API keys            readable
      SSH keys            readable
      projects            readable
      quotas              readable
      settings            readable
      Audit Trail         readable

    What works with it
      plan                              yes
      plan of files that name projects  yes
      plan of files with API keys       yes
      plan of files with SSH keys       yes
      plan of files with settings       yes
      drift, explain, who-can           yes
      export, init                      yes
      report                            yes
      snapshot                          yes
      who changed what                  yes
      apply                             yes
    -- exit 0
    ");
    let json = desk.command("doctor -o json").against(&api.url, &organization).run().json();
    assert_eq!(json["works"].as_array().unwrap().len(), 11);
    assert!(api.writes().is_empty());
}

/// An organization with an application that holds these permission sets, and what `doctor` says of its key.
fn diagnosed(desk: &Desk, sets: &[&str]) -> Ended {
    diagnosed_with(desk, &serde_json::json!([{"permission_set_names": sets, "organization_id": DOCTOR}]))
}

const DOCTOR: &str = "d0c70000-0000-4000-8000-000000000000";
const PROJECT: &str = "d0c70000-0001-4000-8000-0000000000a1";

fn diagnosed_with(desk: &Desk, rules: &serde_json::Value) -> Ended {
    let organization = DOCTOR;
    let state = serde_json::json!({
        "organization": {"id": organization, "name": "doctor"},
        "projects": [{"id": PROJECT, "name": "prod"}],
        "users": [{"id": "d0c70000-0001-4000-8000-000000000001", "email": "owner@example.com", "type": "owner"}],
        "applications": [{"id": "d0c70000-0002-4000-8000-000000000001", "name": "ci"}],
        "policies": [{
            "id": "d0c70000-0005-4000-8000-000000000001",
            "name": "ci",
            "application_id": "d0c70000-0002-4000-8000-000000000001",
            "rules": rules,
        }],
        "api_keys": [{
            "access_key": "SCWD0000000000000001",
            "secret_key": "d0c70000-0007-4000-8000-000000000001",
            "application_id": "d0c70000-0002-4000-8000-000000000001",
        }],
    });
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let call =
        desk.command("doctor").env("SCW_API_URL", &api.url).env("SCW_DEFAULT_ORGANIZATION_ID", organization);
    let call = call.env("SCW_ACCESS_KEY", "SCWD0000000000000001");
    let ended = call.env("SCW_SECRET_KEY", "d0c70000-0007-4000-8000-000000000001").run();
    assert!(!ended.stdout.contains("d0c70000-0007"), "{ended}");
    ended
}

#[test]
fn doctor_says_for_each_command_what_it_cannot_read() {
    let sets =
        ["IAMApplicationReadOnly", "IAMUserReadOnly", "IAMGroupReadOnly", "IAMPolicyReadOnly"].as_slice();
    let desk = Desk::new();
    let ended = diagnosed(&desk, sets).ends_with(1);
    let works = ended.stdout.split("What works with it\n").nth(1).unwrap();
    assert_snapshot!(works, @"
    plan                              yes
    plan of files that name projects  no: needs ProjectReadOnly
    plan of files with API keys       yes
    plan of files with SSH keys       no: needs ProjectReadOnly, SSHKeysReadOnly
    plan of files with settings       no: needs IAMReadOnly, OrganizationReadOnly
    drift, explain, who-can           no: needs ProjectReadOnly
    export, init                      no: needs ProjectReadOnly
    report                            no: needs ProjectReadOnly
    snapshot                          no: needs ProjectReadOnly
    who changed what                  no: needs AuditTrailReadOnly
    apply                             no: needs IAMManager on the organization
    ");
    let ended = diagnosed(&desk, &[sets, &["ProjectReadOnly"]].concat()).ends_with(0);
    let works = ended.stdout.split("What works with it\n").nth(1).unwrap();
    assert_snapshot!(works, @"
    plan                              yes
    plan of files that name projects  yes
    plan of files with API keys       yes
    plan of files with SSH keys       no: needs SSHKeysReadOnly
    plan of files with settings       no: needs IAMReadOnly, OrganizationReadOnly
    drift, explain, who-can           yes
    export, init                      yes, without SSH keys, settings (needs IAMReadOnly, OrganizationReadOnly, SSHKeysReadOnly)
    report                            yes, without settings (needs IAMReadOnly, OrganizationReadOnly)
    snapshot                          yes, without SSH keys, quotas, settings (needs IAMReadOnly, OrganizationReadOnly, SSHKeysReadOnly)
    who changed what                  no: needs AuditTrailReadOnly
    apply                             no: needs IAMManager on the organization
    ");
}

#[test]
fn doctor_asks_for_ssh_keys_by_project_where_the_whole_list_is_refused() {
    let desk = Desk::new();
    let rules = serde_json::json!([
        {"permission_set_names": ["IAMUserReadOnly", "IAMApplicationReadOnly"], "organization_id": DOCTOR},
        {"permission_set_names": ["IAMGroupReadOnly", "IAMPolicyReadOnly"], "organization_id": DOCTOR},
        {"permission_set_names": ["ProjectReadOnly"], "organization_id": DOCTOR},
        {"permission_set_names": ["SSHKeysReadOnly"], "project_ids": [PROJECT]},
    ]);
    let ended = diagnosed_with(&desk, &rules).ends_with(0);
    assert!(ended.stdout.contains("  SSH keys            readable\n"), "{ended}");
    assert!(ended.stdout.contains("  plan of files with SSH keys       yes\n"), "{ended}");
}

#[test]
fn doctor_names_every_setting_that_is_missing() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("doctor"), @"
    -- stderr
    error: not configured: access key, secret key, organization
    hint: set SCW_ACCESS_KEY, SCW_SECRET_KEY, SCW_DEFAULT_ORGANIZATION_ID, or run `scw init`, which writes a configuration file
    -- exit 1
    ");
    let organization = "d0c70000-0000-4000-8000-000000000000";
    let call = desk.command("doctor").env("SCW_DEFAULT_ORGANIZATION_ID", organization);
    assert_snapshot!(call.run(), @"
    -- stderr
    error: not configured: access key, secret key
    hint: set SCW_ACCESS_KEY, SCW_SECRET_KEY, or run `scw init`, which writes a configuration file
    -- exit 1
    ");
}

#[test]
fn doctor_says_which_permission_set_is_missing() {
    let desk = Desk::new();
    let ended = diagnosed(&desk, &["ProjectReadOnly"]);
    assert_snapshot!(ended, @"
    -- stdout
    Credentials
      access key        SCWD0000000000000001, from variable SCW_ACCESS_KEY
      secret key        from variable SCW_SECRET_KEY
      organization      d0c70000-0000-4000-8000-000000000000, from variable SCW_DEFAULT_ORGANIZATION_ID
      API               http://127.0.0.1:[PORT]
      key of            not known: the key is not allowed to read API keys, not even its own entry (`SCWD0000000000000001`; IAMReadOnly is enough)

    What the key can read
      users               refused; IAMReadOnly allows it
      applications        refused; IAMReadOnly allows it
      groups              refused; IAMReadOnly allows it
      policies and rules  refused; IAMReadOnly allows it
      API keys            refused; IAMReadOnly allows it
      SSH keys            refused; SSHKeysReadOnly allows it
      projects            readable
      quotas              refused; IAMReadOnly allows it
      settings            refused; IAMReadOnly and OrganizationReadOnly allow it
      Audit Trail         refused; AuditTrailReadOnly allows it

    What works with it
      plan                              no: needs IAMReadOnly
      plan of files that name projects  no: needs IAMReadOnly
      plan of files with API keys       no: needs IAMReadOnly
      plan of files with SSH keys       no: needs IAMReadOnly, SSHKeysReadOnly
      plan of files with settings       no: needs IAMReadOnly, OrganizationReadOnly
      drift, explain, who-can           no: needs IAMReadOnly
      export, init                      no: needs IAMReadOnly
      report                            no: needs IAMReadOnly
      snapshot                          no: needs IAMReadOnly
      who changed what                  no: needs AuditTrailReadOnly
      apply                             no: needs IAMReadOnly
    -- exit 1
    ");
}

#[test]
fn a_profile_is_chosen_on_the_command_line() {
    let desk = desk();
    let organization = desk.json("live.json")["organization"]["id"].as_str().unwrap().to_owned();
    let api = desk.emulate("live.json", "");
    let profile = |key: &str| {
        format!(
            "    access_key: {key}\n    secret_key: 5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7\n    \
             default_organization_id: {organization}\n    api_url: {}\n",
            api.url
        )
    };
    let config = format!(
        "profiles:\n  one:\n{}  two:\n{}",
        profile("SCWEMULATOR000000000"),
        profile("SCWB0000000000000001")
    );
    desk.file("home/.config/scw/config.yaml", config);
    let ended = desk.command("doctor --profile one").env("SCW_PROFILE", "two").run();
    assert!(ended.stdout.contains("SCWEMULATOR000000000, from access_key in"), "{ended}");
    assert_snapshot!(desk.run("doctor --profile three"), @"
    -- stderr
    error: given profile three does not exist in [DESK]/home/.config/scw/config.yaml
    -- exit 1
    ");
    assert_eq!(desk.run("plan iam.yaml --profile one").ends_with(0).code, 0);
}

#[test]
fn init_writes_the_organization_and_a_pipeline_for_its_folder() {
    let desk = desk();
    let ended = desk.run("init access/files --stack web --ci github --emulate live.json");
    assert_snapshot!(ended, @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    Wrote access/files/scw-iam.schema.json, access/files/organization.yaml, access/files/applications.yaml, access/files/groups.yaml, access/files/policies.yaml, access/files/organization_settings.yaml, .github/workflows/access-plan.yml, .github/workflows/access-apply.yml, .github/workflows/access-drift.yml, .github/workflows/access-due.yml.
    Next: `scw-iam plan access/files`
    The head of each pipeline names the variables and keys that it needs.
    -- exit 0
    ");
    let workflow = desk.read(".github/workflows/access-plan.yml");
    assert!(workflow.contains("paths: [\"access/files/**\"]"), "{workflow}");
    assert!(workflow.contains("--base ../before/access/files"), "{workflow}");
    assert!(!workflow.contains(" iam "), "{workflow}");
    let planned = desk.run("plan access/files --emulate live.json --detailed-exitcode").ends_with(0);
    assert!(planned.stdout.contains("No changes."), "{planned}");
}

#[test]
fn init_replaces_nothing_and_writes_nothing_where_something_is() {
    let desk = desk();
    desk.file(".gitlab-ci.yml", "mine");
    assert_snapshot!(desk.run("init files --ci gitlab --emulate live.json"), @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    error: .gitlab-ci.yml exists already; nothing was written
    hint: choose another folder, or use `scw-iam export` to write files anew
    -- exit 1
    ");
    assert!(!desk.has("files"));
    assert_eq!(desk.read(".gitlab-ci.yml"), "mine");
}

#[test]
fn init_writes_manifests_of_the_organization_where_no_plan_reads_them() {
    let desk = desk();
    assert_snapshot!(desk.run("init --stack web --ci kubernetes --emulate live.json"), @"
    -- stderr
    This ran on an emulator: nothing real was changed.
    Wrote iam/scw-iam.schema.json, iam/organization.yaml, iam/applications.yaml, iam/groups.yaml, iam/policies.yaml, iam/organization_settings.yaml, .kubernetes/access-drift.yaml, .kubernetes/access-due.yaml.
    Next: `scw-iam plan iam`
    Plans skip .kubernetes, a hidden folder. The head of each manifest names the ConfigMap and the secret that it needs.
    -- exit 0
    ");
    for manifest in ["drift", "due"] {
        let text = desk.read(&format!(".kubernetes/access-{manifest}.yaml"));
        assert!(text.contains("value: ac3e0000-0000-4000-8000-000000000000"), "{text}");
    }
    std::fs::remove_file(desk.path("iam.yaml")).unwrap();
    _ = desk.run("plan --emulate live.json --detailed-exitcode").ends_with(0);
}

#[test]
fn init_adds_a_pipeline_to_files_that_are_there() {
    let desk = desk();
    _ = desk.run("export --out iam --stack web --emulate live.json").ends_with(0);
    let before = desk.read("iam/groups.yaml");
    assert_snapshot!(desk.run("init --ci kubernetes"), @"
    -- stderr
    Wrote .kubernetes/access-drift.yaml, .kubernetes/access-due.yaml. iam has files, which stay as they are.
    Next: `scw-iam plan iam`
    Plans skip .kubernetes, a hidden folder. The head of each manifest names the ConfigMap and the secret that it needs.
    -- exit 0
    ");
    assert_eq!(desk.read("iam/groups.yaml"), before);
    desk.file("broken/iam.yaml", "version: 9");
    _ = desk.run("init broken --ci gitlab").ends_with(65);
    assert!(!desk.has(".gitlab-ci.yml"));
}

#[test]
fn init_takes_a_folder_for_one_with_files_if_a_plan_would_read_one() {
    let desk = desk();
    desk.file("iam/README.md", "who may what").file("iam/.keep", "").file("iam/scripts/run.sh", "");
    let ended = desk.run("init --ci kubernetes --stack web --emulate live.json").ends_with(0);
    assert!(ended.stderr.contains("Wrote iam/scw-iam.schema.json, iam/organization.yaml"), "{ended}");
    // A single file may stand deep below.
    desk.file("other/teams/web/iam.yaml", FILE);
    let ended = desk.run("init other --ci gitlab").ends_with(0);
    assert!(ended.stderr.contains("other has files, which stay as they are"), "{ended}");
    assert!(!desk.has("other/organization.yaml"));
}

#[test]
fn init_refuses_what_the_files_that_are_there_say_otherwise() {
    let desk = desk();
    desk.file("iam/iam.yaml", FILE);
    assert_snapshot!(desk.run("init --ci gitlab --stack platform"), @"
    -- stderr
    error: the files in iam belong to stack web, not platform
    hint: `init` does not change existing files; leave the option out, or choose another folder
    -- exit 64
    ");
    let other = "init --ci gitlab --organization 105bdce1-64c0-48ab-899d-868455867ecf";
    assert_snapshot!(desk.run(other), @"
    -- stderr
    error: the files in iam are for organization ac3e0000-0000-4000-8000-000000000000, not 105bdce1-64c0-48ab-899d-868455867ecf
    hint: `init` does not change existing files; leave the option out, or choose another folder
    -- exit 64
    ");
    desk.file("shared/iam.yaml", FILE.replace("stack: web\n", ""));
    assert_snapshot!(desk.run("init shared --ci gitlab --stack web"), @"
    -- stderr
    error: the files in shared belong to no stack, not to web
    hint: `init` does not change existing files; leave the option out, or choose another folder
    -- exit 64
    ");
    assert!(!desk.has(".gitlab-ci.yml"));
    let same = format!("init --ci gitlab --stack web --organization {ORGANIZATION}");
    _ = desk.run(&same).ends_with(0);
}

#[test]
fn init_says_where_an_organization_is_malformed() {
    let desk = Desk::new();
    let call = desk.command("init --empty").env("SCW_DEFAULT_ORGANIZATION_ID", "acme");
    assert_snapshot!(call.run(), @"
    -- stderr
    error: invalid default organization ID format, expected a UUID (variable SCW_DEFAULT_ORGANIZATION_ID)
    -- exit 1
    ");
    desk.file("iam/iam.yaml", "version: 1\norganization: acme\n");
    let ended = desk.run("init --ci gitlab").ends_with(65);
    assert!(ended.stderr.contains("iam/iam.yaml:2:15"), "{ended}");
    assert_eq!(desk.files(), ["iam"]);
}

#[test]
fn init_has_everything_that_an_export_has() {
    let desk = desk();
    let mut state = desk.json("live.json");
    state["organization"]["login_magic_code_enabled"] = true.into();
    state["ssh_keys"] = serde_json::json!([{"id": "ac3e0000-0000-4000-8000-000000000051", "name": "ann-laptop",
        "project_id": "ac3e0000-0000-4000-8000-0000000000a1",
        "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO"}]);
    desk.file("live.json", state);
    _ = desk.run("init --stack web --emulate live.json").ends_with(0);
    _ = desk.run("export --out exported --stack web --emulate live.json").ends_with(0);
    for file in ["organization", "groups", "ssh_keys", "organization_settings"] {
        let file = format!("{file}.yaml");
        assert_eq!(desk.read(&format!("iam/{file}")), desk.read(&format!("exported/{file}")), "{file}");
    }
}

#[test]
fn init_starts_from_nothing_without_credentials() {
    let desk = Desk::new();
    let organization = "105bdce1-64c0-48ab-899d-868455867ecf";
    assert_snapshot!(desk.run(&format!("init --empty --organization {organization}")), @"
    -- stderr
    Wrote iam/scw-iam.schema.json, iam/organization.yaml.
    Next: `scw-iam plan iam`
    -- exit 0
    ");
    assert_snapshot!(desk.read("iam/organization.yaml"), @"
    # yaml-language-server: $schema=scw-iam.schema.json
    version: 1
    organization: 105bdce1-64c0-48ab-899d-868455867ecf
    # A stack owns what its files declare, and deletes what it owns and they no longer declare.
    # stack: platform

    # groups:
    #   developers:
    #     members:
    #       users: [alice@example.com]
    #
    # policies:
    #   developers-run:
    #     principal: {group: developers}
    #     rules:
    #       - permission_sets: [InstancesFullAccess]
    #         scope: [staging]
    ");
    assert_eq!(desk.run("validate iam --strict").code, 0);
    assert_snapshot!(desk.run("init other --empty"), @"
    -- stderr
    error: no organization is configured, and none was named
    hint: pass `--organization ID`, or set SCW_DEFAULT_ORGANIZATION_ID
    -- exit 64
    ");
    assert!(!desk.has("other"));
    desk.file(
        "home/.config/scw/config.yaml",
        format!("profiles:\n  mine:\n    default_organization_id: {organization}\n"),
    );
    _ = desk.run("init other --empty --profile mine").ends_with(0);
    assert_eq!(desk.read("other/organization.yaml"), desk.read("iam/organization.yaml"));
    for folder in ["a b", "../up", "-x", "a'b"] {
        let call = desk.command("init").run();
        assert_eq!(call.code, 1, "{call}");
        let mut call = desk.command("init --empty --organization");
        call.command.args([organization, "--", folder]);
        assert_eq!(call.run().code, 64, "{folder}");
    }
}
