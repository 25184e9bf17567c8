//! A repository whose folders and links are meant to do harm: nothing outside of it is read, shown or overwritten.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::{Desk, edit};
use crate::plan::MORE;

/// What nobody may see or overwrite.
const SECRET: &str = "SCW_SECRET_KEY=5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7\n";

/// A desk with a change to plan, and a file outside of the repository that must stay as it is.
fn victim() -> Desk {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE])).file("home/victim", SECRET);
    desk
}

/// The calls that write a file, and the file.
const WRITERS: [(&str, &str); 7] = [
    ("plan iam.yaml --emulate live.json --out plan.json", "plan.json"),
    ("plan iam.yaml --emulate live.json -o json=out.json", "out.json"),
    ("plan iam.yaml --emulate live.json -o markdown=plan.md", "plan.md"),
    ("apply iam.yaml --yes --emulate live.json --save saved.json", "saved.json"),
    ("snapshot --emulate live.json --out state.json", "state.json"),
    ("export --emulate live.json --out exported --force", "exported/policies.yaml"),
    ("export --emulate live.json --out exported --force --one-file", "exported/scw-iam.schema.json"),
];

/// The files that are appended to.
const APPENDERS: [(&str, &str); 2] = [
    ("apply iam.yaml --yes --emulate live.json --journal journal.jsonl", "journal.jsonl"),
    ("emulate --state live.json --record record.jsonl", "record.jsonl"),
];

#[test]
fn nothing_is_written_through_a_link_under_the_name_of_a_temporary_file() {
    for (call, name) in WRITERS {
        let desk = victim();
        let (folder, file) = name.rsplit_once('/').unwrap_or((".", name));
        // The shell becomes the program, so that its number is the program's.
        let script =
            format!("mkdir -p {folder}; ln -s $HOME/victim {folder}/.{file}.$$.tmp; exec $IAM {call}");
        // Below `timeout`, so that a call that hangs does not hang the tests.
        let ended = desk.script(&script).run().ends_with(0);
        assert_eq!(desk.read("home/victim"), SECRET, "{call}: {ended}");
        assert!(desk.has(name), "{call}: {ended}");
    }
}

#[test]
fn a_link_under_the_name_of_a_file_is_replaced_and_what_it_leads_to_stays() {
    for target in ["home/victim", "home/nothing"] {
        for (call, name) in WRITERS {
            let desk = victim();
            desk.link(desk.path(target), name);
            let _ = desk.run(call).ends_with(0);
            assert_eq!(desk.read("home/victim"), SECRET, "{call}");
            assert!(!desk.has("home/nothing"), "{call}");
            let found = std::fs::symlink_metadata(desk.path(name)).unwrap();
            assert!(found.is_file() && found.len() > 0, "{call}");
        }
    }
}

#[test]
fn an_export_does_not_take_a_link_that_leads_nowhere_for_a_free_name() {
    let desk = victim();
    desk.link("nowhere", "exported/groups.yaml");
    let ended = desk.run("export --emulate live.json --out exported").ends_with(1);
    assert!(ended.stderr.contains("exported/groups.yaml already exists"), "{ended}");
}

#[test]
fn nothing_is_appended_through_a_link() {
    for (call, name) in APPENDERS {
        for target in ["home/victim", "home/nothing"] {
            let desk = victim();
            desk.link(desk.path(target), name);
            let ended = desk.script(&format!("exec timeout 10 $IAM {call}")).run().ends_with(1);
            assert_eq!(desk.read("home/victim"), SECRET, "{call}: {ended}");
            assert!(!desk.has("home/nothing"), "{call}: {ended}");
            assert!(ended.stderr.contains(&format!("`{name}` is a symbolic link")), "{call}: {ended}");
        }
    }
}

#[test]
fn nothing_is_written_into_a_folder_that_is_a_link() {
    for call in [
        "plan iam.yaml --emulate live.json --out out/plan.json",
        "plan iam.yaml --emulate live.json -o json=out/out.json",
        "apply iam.yaml --yes --emulate live.json --save out/saved.json",
        "apply iam.yaml --yes --emulate live.json --journal out/journal.jsonl",
        "snapshot --emulate live.json --out out/state.json",
        "export --emulate live.json --out out",
        "export --emulate live.json --out out/iam",
        "emulate --state live.json --record out/record.jsonl",
    ] {
        let desk = victim();
        std::fs::create_dir(desk.path("home/folder")).unwrap();
        desk.link(desk.path("home/folder"), "out");
        let ended = desk.script(&format!("exec timeout 10 $IAM {call}")).run().ends_with(1);
        assert_eq!(std::fs::read_dir(desk.path("home/folder")).unwrap().count(), 0, "{call}: {ended}");
        assert!(ended.stderr.contains("`out` is a symbolic link"), "{call}: {ended}");
    }
}

#[test]
fn devices_and_standard_streams_are_written_as_they_are() {
    let desk = victim();
    let plan = |out: &str| format!("plan iam.yaml --emulate live.json -o text=text.txt {out}");
    let shown = desk.run(&plan("--out /dev/stdout")).ends_with(0).stdout;
    assert!(serde_json::from_str::<Value>(&shown[shown.find('{').unwrap()..]).is_ok(), "{shown}");
    let err = desk.run(&plan("--out /dev/stderr")).ends_with(0);
    assert!(err.stderr.contains("\"format_version\""), "{err}");
    let _ = desk.run(&plan("--out /dev/null")).ends_with(0);
    let metadata = std::fs::symlink_metadata("/dev/null").unwrap();
    assert!(!metadata.is_file());
    // A stream of the shell, and one that goes to a file that holds something already.
    let third = desk.script("exec 3>third.json; $IAM plan iam.yaml --emulate live.json --out /dev/fd/3");
    let _ = third.run().ends_with(0);
    assert!(desk.json("third.json")["steps"].is_array());
    let script = "{ echo before; $IAM snapshot --emulate live.json --out /dev/stdout; echo after; } >all.txt";
    let _ = desk.script(script).run().ends_with(0);
    let all = desk.read("all.txt");
    let state = all.strip_prefix("before\n").and_then(|all| all.strip_suffix("after\n")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(state).unwrap()["organization"]["id"], ORGANIZATION);
    for journal in ["/dev/null", "/dev/stderr"] {
        let _ =
            desk.run(&format!("apply iam.yaml --yes --emulate live.json --journal {journal}")).ends_with(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_lies_in_shared_memory_is_an_ordinary_file() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let desk = victim();
    let link = folder.path().join("plan.json");
    std::os::unix::fs::symlink(desk.path("home/victim"), &link).unwrap();
    let _ = desk.run(&format!("plan iam.yaml --emulate live.json --out {}", link.display())).ends_with(0);
    assert_eq!(desk.read("home/victim"), SECRET);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_file());
}

#[test]
fn a_file_that_replaces_a_private_one_is_private_too() {
    for (call, name) in WRITERS {
        let desk = victim();
        desk.file(name, "old");
        std::fs::set_permissions(desk.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
        let _ = desk.run(call).ends_with(0);
        assert_eq!(std::fs::metadata(desk.path(name)).unwrap().mode() & 0o777, 0o600, "{call}");
        assert_ne!(desk.read(name), "old", "{call}");
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_hangs_nothing() {
    for (call, name, code) in [
        ("validate iam", "iam", 65),
        ("validate iam/a.yaml", "iam/a.yaml", 65),
        ("validate iam.yaml iam", "iam/b.yaml", 65),
        ("plan iam.yaml --emulate state.json", "state.json", 1),
        ("apply plan.json --yes --emulate live.json", "plan.json", 65),
        ("emulate --state state.json", "state.json", 1),
        ("plan iam.yaml --emulate live.json --out plan.json", "plan.json", 1),
        ("plan iam.yaml --emulate live.json -o json=plan.json", "plan.json", 1),
        ("apply iam.yaml --yes --emulate live.json --save saved.json", "saved.json", 1),
        ("apply iam.yaml --yes --emulate live.json --journal journal.jsonl", "journal.jsonl", 1),
        ("snapshot --emulate live.json --out state.json", "state.json", 1),
        ("export --emulate live.json --out iam --force", "iam/groups.yaml", 1),
        ("emulate --state live.json --record record.jsonl", "record.jsonl", 1),
    ] {
        let desk = victim();
        let script = format!("mkdir -p $(dirname {name}); mkfifo {name}; exec timeout 10 $IAM {call}");
        let ended = desk.script(&script).run().ends_with(code);
        assert!(ended.stderr.contains("a pipe, a socket or a device"), "{call}: {ended}");
    }
}

#[test]
fn a_lock_file_that_is_a_pipe_or_a_link_is_refused() {
    let lock = format!("home/.local/state/scw-iam/{ORGANIZATION}.web.lock");
    let desk = victim();
    let api = desk.emulate("live.json", "");
    desk.link(desk.path("home/victim"), &lock);
    let apply = || desk.script("exec timeout 10 $IAM apply iam.yaml --yes").against(&api.url, ORGANIZATION);
    let ended = apply().run().ends_with(1);
    assert_eq!(desk.read("home/victim"), SECRET, "{ended}");
    assert!(ended.stderr.contains("is a symbolic link"), "{ended}");
    std::fs::remove_file(desk.path(&lock)).unwrap();
    let _ = desk.script(&format!("mkfifo {lock}")).run().ends_with(0);
    let ended = apply().run().ends_with(1);
    assert!(ended.stderr.contains("a pipe, a socket or a device"), "{ended}");
    assert_eq!(api.writes(), [""; 0]);
    std::fs::remove_file(desk.path(&lock)).unwrap();
    let _ = apply().run().ends_with(0);
}

/// The calls that read a path, with `iam` for it.
const READERS: [&str; 8] = [
    "validate iam",
    "plan iam --emulate live.json",
    "apply iam --yes --emulate live.json",
    "drift iam --emulate live.json",
    "test iam",
    "explain user:ann@acme.io iam",
    "who-can InstancesFullAccess --on staging iam",
    "validate iam.yaml iam",
];

#[test]
fn a_path_that_is_a_link_is_refused_without_a_word_of_what_it_leads_to() {
    for call in READERS {
        let desk = victim();
        desk.link(desk.path("home/victim"), "iam");
        let ended = desk.run(call).ends_with(65);
        assert!(!ended.to_string().contains("5ec7e75e"), "{call}: {ended}");
        assert!(ended.to_string().contains("`iam` is a symbolic link"), "{call}: {ended}");
    }
    let desk = victim();
    desk.link("/proc/self/environ", "iam").link("live.json", "state.json");
    assert_snapshot!(desk.run("validate iam"), @"
    -- stderr
    error: `iam` is a symbolic link, which could lead anywhere; name its target, or pass `--follow-links`
    --> iam
    -- exit 65
    ");
    let planned = desk.run("plan iam.yaml --emulate state.json");
    assert_eq!(planned.to_string(), desk.run("emulate --state state.json").to_string());
    assert_snapshot!(planned, @"
    -- stderr
    error: cannot read state.json
      because: `state.json` is a symbolic link, which is not followed: name its target
    hint: `scw-iam snapshot --out STATE.json` writes the state of an organization
    -- exit 1
    ");
}

#[test]
fn a_path_through_a_link_is_refused_without_a_word_of_what_it_leads_to() {
    let desk = victim();
    desk.file("home/folder/iam.yaml", SECRET);
    desk.file("home/folder/live.json", SECRET);
    desk.link(desk.path("home/folder"), "repo/iam");
    let absolute = desk.path("").canonicalize().unwrap();
    let absolute = absolute.to_str().unwrap();
    let calls = [
        "validate repo/iam/iam.yaml".to_owned(),
        "validate repo/iam".to_owned(),
        "validate repo/iam/".to_owned(),
        "validate ./repo/./iam/iam.yaml".to_owned(),
        "validate repo/../repo/iam/iam.yaml".to_owned(),
        format!("validate {absolute}/repo/iam/iam.yaml"),
        format!("validate {absolute}/repo/iam"),
        format!("apply {absolute}/repo/iam/iam.yaml --yes --emulate live.json"),
        "plan iam.yaml --emulate repo/iam/live.json".to_owned(),
        format!("plan iam.yaml --emulate {absolute}/repo/iam/live.json"),
        "emulate --state repo/iam/live.json".to_owned(),
    ];
    for call in calls {
        let ended = desk.run(&call);
        assert!([1, 65].contains(&ended.code), "{call}: {ended}");
        assert!(!ended.to_string().contains("5ec7e75e"), "{call}: {ended}");
        assert!(ended.to_string().contains("repo/iam` is a symbolic link"), "{call}: {ended}");
    }
}

#[test]
fn a_work_tree_is_known_from_outside_too() {
    let desk = victim();
    desk.file("home/folder/iam.yaml", SECRET).file("repo/.git/HEAD", "ref: refs/heads/main\n");
    desk.link(desk.path("home/folder"), "repo/iam");
    std::fs::create_dir(desk.path("elsewhere")).unwrap();
    let path = desk.path("repo/iam/iam.yaml");
    let ended = desk.script(&format!("cd elsewhere; exec $IAM validate {}", path.display())).run();
    let ended = ended.ends_with(65);
    assert!(!ended.to_string().contains("5ec7e75e"), "{ended}");
}

#[test]
fn links_above_the_work_tree_are_followed() {
    let desk = desk();
    desk.file("real/repo/iam/iam.yaml", FILE).file("real/repo/live.json", live()).link("real", "above");
    std::fs::create_dir(desk.path("elsewhere")).unwrap();
    let above = desk.path("above/repo");
    let above = above.display();
    for script in [
        "cd above/repo; exec $IAM plan iam --emulate live.json --out plan.json".to_owned(),
        format!(
            "cd above/repo; exec $IAM plan {above}/iam --emulate {above}/live.json --out {above}/plan.json"
        ),
        format!(
            "cd elsewhere; exec $IAM plan {above}/iam --emulate {above}/live.json --out {above}/plan.json"
        ),
        format!("cd above/repo/iam; exec $IAM plan ../iam --emulate {above}/live.json --out ../plan.json"),
    ] {
        let ended = desk.script(&script).run().ends_with(0);
        assert!(desk.has("real/repo/plan.json"), "{script}: {ended}");
        std::fs::remove_file(desk.path("real/repo/plan.json")).unwrap();
    }
}

#[test]
fn links_are_followed_where_that_is_asked_for() {
    for call in READERS {
        let desk = desk();
        desk.file("home/folder/iam.yaml", FILE).file("home/folder/more/x.yaml", "assertions: []\n");
        desk.link(desk.path("home/folder"), "iam").link("..", "home/folder/more/loop");
        if call.starts_with("validate iam.yaml") {
            desk.file("home/folder/iam.yaml", "assertions: []\n");
        }
        let ended = desk.run(&format!("{call} --follow-links"));
        assert!(ended.code == 0, "{call}: {ended}");
        assert_eq!(desk.run(call).code, 65, "{call}");
    }
    let desk = desk();
    desk.file("home/x.yaml", FILE).link(desk.path("home/x.yaml"), "iam/x.yaml");
    let _ = desk.run("plan iam --emulate live.json --follow-links").ends_with(0);
    assert_snapshot!(desk.run("plan iam --emulate live.json"), @"
    -- stderr
    error: the file would be skipped: links in a folder are not followed; put the file itself here, or pass `--follow-links`
    --> iam/x.yaml
    -- exit 65
    ");
}

#[test]
fn a_plan_file_that_is_a_link_is_not_applied() {
    let desk = victim();
    let _ = desk.run("plan iam.yaml --emulate live.json --out home/plan.json").ends_with(0);
    desk.link("home/plan.json", "plan.json");
    let ended = desk.run("apply plan.json --emulate live.json").ends_with(65);
    assert!(ended.stderr.contains("`plan.json` is a symbolic link"), "{ended}");
    let _ = desk.run("apply plan.json --emulate live.json --follow-links").ends_with(0);
}

#[test]
fn a_linked_folder_in_a_folder_is_an_error_and_nothing_is_planned_away() {
    let desk = desk();
    let (head, policies) = FILE.split_at(FILE.find("policies:").unwrap());
    desk.file("iam/head.yaml", head).file("elsewhere/policies.yaml", policies);
    desk.link("../elsewhere", "iam/policies").link("nowhere", "iam/gone").link("head.yaml", "iam/notes.txt");
    assert_snapshot!(desk.run("plan iam --emulate live.json"), @"
    -- stderr
    error: this folder would be skipped: links in a folder are not followed; put the folder itself here, name it on the command line, or pass `--follow-links`
    --> iam/gone

    error: this folder would be skipped: links in a folder are not followed; put the folder itself here, name it on the command line, or pass `--follow-links`
    --> iam/policies
    -- exit 65
    ");
}

/// Mounts files as Kubernetes mounts a ConfigMap.
fn mount(desk: &Desk, folder: &str, files: &[(&str, &str)]) {
    const DATA: &str = "..2026_11_25_10_00_00.1234567890";
    for (name, text) in files {
        desk.file(&format!("{folder}/{DATA}/{name}"), text);
        let top = name.split('/').next().unwrap();
        if !desk.path(&format!("{folder}/{top}")).exists() {
            desk.link(format!("..data/{top}"), &format!("{folder}/{top}"));
            if !desk.has(&format!("{folder}/..data")) {
                desk.link(DATA, &format!("{folder}/..data"));
            }
        }
    }
}

#[test]
fn a_config_map_is_read_as_the_files_that_it_is() {
    let desk = desk();
    let (head, policies) = FILE.split_at(FILE.find("policies:").unwrap());
    let state = live().to_string();
    let files = [("iam.yaml", head), ("more/policies.yaml", policies), ("live.json", state.as_str())];
    mount(&desk, "mnt", &files);
    mount(&desk, "repo/sub/mnt", &files[..2]);
    let unchanged = "\nNo changes. The live organization matches the files.\n";
    for call in [
        "plan mnt --emulate live.json",
        "plan mnt --emulate mnt/live.json --strict",
        "plan mnt/iam.yaml mnt/more --emulate live.json",
        "plan mnt/iam.yaml mnt/more/policies.yaml --emulate live.json",
        "plan repo --emulate live.json",
    ] {
        let ended = desk.run(call).ends_with(0);
        assert!(ended.stdout.contains(unchanged.trim_start()), "{call}: {ended}");
        assert!(!ended.stderr.contains("warning"), "{call}: {ended}");
    }
}

#[test]
fn what_only_looks_like_a_config_map_leads_nowhere_else() {
    let lookalikes: [(&str, &[(&str, &str)]); 5] = [
        ("the data elsewhere", &[("../home", "iam/..data"), ("..data/victim", "iam/victim")]),
        ("the data in a hidden folder", &[(".git", "iam/..data"), ("..data/victim", "iam/victim")]),
        ("another name", &[("..2026", "iam/..data"), ("..data/other", "iam/victim")]),
        ("up again", &[("..2026", "iam/..data"), ("..data/../../home/victim", "iam/victim")]),
        ("a link in the data", &[("..2026", "iam/..data"), ("..data/victim", "iam/victim")]),
    ];
    for (what, links) in lookalikes {
        let desk = victim();
        desk.file("iam/.git/victim", SECRET).file("iam/..2026/other", SECRET);
        if what == "a link in the data" {
            desk.link("../../home/victim", "iam/..2026/victim");
        }
        for (target, name) in links {
            desk.link(target, name);
        }
        for call in ["validate iam/victim", "plan iam.yaml --emulate iam/victim"] {
            let ended = desk.run(call);
            assert!([1, 65].contains(&ended.code), "{what}: {ended}");
            assert!(!ended.to_string().contains("5ec7e75e"), "{what}: {ended}");
            assert!(ended.to_string().contains("is a symbolic link"), "{what}: {ended}");
        }
    }
}

#[test]
fn what_is_hidden_and_says_something_draws_a_warning() {
    let desk = desk();
    desk.file("iam/iam.yaml", FILE)
        .file("iam/.off.yaml", "groups: {}\n")
        .file("iam/.later/deep/policies.yml", "\"policies\": {}\n")
        .file("iam/.github/workflows/ci.yaml", "on: push\njobs: {}\n")
        .file("iam/.github/dependabot.yml", "version: 2\nupdates: []\n")
        .file("iam/.git/groups.yaml", "groups: {}\n")
        .file("iam/.notes.txt", "groups: {}\n")
        .link("/proc/self/environ", "iam/.environ.yaml")
        .link(desk.path("home"), "iam/.home")
        .file("home/groups.yaml", SECRET);
    assert_snapshot!(desk.run("validate iam"), @"
    -- stderr
    warning: this is skipped because its name begins with a dot, but `deep/policies.yml` in it holds `policies`; rename it to include it, or move it elsewhere
    --> iam/.later

    warning: this is skipped because its name begins with a dot, but it holds `groups`; rename it to include it, or move it elsewhere
    --> iam/.off.yaml
    No errors found; 2 warnings.
    -- exit 0
    ");
    let _ = desk.run("validate iam --strict").ends_with(65);
    let _ = desk.run("plan iam --emulate live.json --strict").ends_with(65);
}

#[test]
fn a_state_that_is_none_is_refused_and_says_what_and_where() {
    let states = [
        ("[]", "the state's top is not an object"),
        ("null", "the state's top is not an object"),
        ("3", "the state's top is not an object"),
        ("{\"users\": [], \"polices\": []}", "`polices`"),
        ("{\"users\": [], \"users\": []}", "`users`"),
        ("{\"api_keys\": {}}", "the state's `api_keys` is not a list"),
        ("{\"api_keys\": [null]}", "`api_keys[0]` is not an object"),
        ("{\"organization\": []}", "the state's organization is not an object"),
    ];
    for (state, words) in states {
        let desk = victim();
        desk.file("state.json", state);
        for call in ["plan iam.yaml --emulate state.json", "emulate --state state.json"] {
            let ended = desk.script(&format!("exec timeout 10 $IAM {call}")).run().ends_with(1);
            assert!(ended.stderr.contains(words), "{call}: {state}: {ended}");
            assert!(ended.stderr.contains("state.json"), "{call}: {state}: {ended}");
        }
    }
}

#[test]
fn the_state_that_was_read_is_not_written_over() {
    let desk = victim();
    std::fs::hard_link(desk.path("live.json"), desk.path("same.json")).unwrap();
    let before = desk.read("live.json");
    let absolute = desk.path("live.json");
    for save in ["live.json", "./live.json", "home/../live.json", "same.json", absolute.to_str().unwrap()] {
        let ended =
            desk.run(&format!("apply iam.yaml --yes --emulate live.json --save {save}")).ends_with(64);
        assert!(ended.stderr.contains("--save"), "{ended}");
        let script = format!("exec timeout 10 $IAM emulate --state live.json --save {save}");
        let _ = desk.script(&script).run().ends_with(64);
        assert_eq!(desk.read("live.json"), before);
    }
    // A link to it is replaced, as any other.
    desk.link("live.json", "link.json");
    let _ = desk.run("apply iam.yaml --yes --emulate live.json --save link.json").ends_with(0);
    assert_eq!(desk.read("live.json"), before);
    assert!(!Path::new(&desk.path("link.json")).is_symlink());
}

#[test]
fn a_snapshot_holds_nothing_that_is_named_like_a_secret() {
    let mut state = live();
    for kind in ["users", "projects", "applications", "groups", "policies", "api_keys"] {
        let object = state[kind][0].as_object_mut().unwrap();
        object.insert("renew_token".into(), "5ec7e7-a".into());
        object.insert("Password".into(), json!(["5ec7e7-b"]));
        object.insert("more".into(), json!([{"private-key": {"pem": "5ec7e7-c"}, "kept": "yes"}]));
        object.insert("clientSecret".into(), json!("5ec7e7-d"));
    }
    let desk = Desk::new();
    desk.file("live.json", state);
    let _ = desk.run("snapshot --emulate live.json --out state.json").ends_with(0);
    assert!(!desk.read("state.json").contains("5ec7e7"), "{}", desk.read("state.json"));
    let kept = desk.json("state.json");
    let groups = kept["groups"].as_array().unwrap();
    let more: Vec<_> = groups.iter().filter_map(|group| group.get("more")).collect();
    assert_eq!(more, [&json!([{"kept": "yes"}])]);
    assert_eq!(kept["api_keys"][0]["access_key"], "SCWAC3E0000000000001");
    let _ = desk.run("snapshot --emulate state.json --out again.json").ends_with(0);
    let without_record = |name: &str| {
        let mut state = desk.json(name);
        state.as_object_mut().unwrap().remove("snapshot");
        state
    };
    assert_eq!(without_record("state.json"), without_record("again.json"));
}
