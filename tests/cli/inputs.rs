//! No result is written over what a command reads.

use crate::acme::{FILE, desk};

#[test]
fn a_result_never_replaces_an_input() {
    let desk = desk();
    desk.file("folder/a.yaml", FILE).file("other.json", desk.read("live.json")).file("old.json", "{}");
    let kept = |desk: &crate::command::Desk| {
        desk.files()
            .iter()
            .filter(|name| desk.path(name).is_file())
            .map(|name| format!("{name}\n{}", desk.read(name)))
            .collect::<Vec<_>>()
    };
    let before = kept(&desk);
    for (arguments, option, input) in [
        ("validate iam.yaml -o json=iam.yaml", "-o json=iam.yaml", "iam.yaml"),
        ("validate folder -o csv=./folder/a.yaml", "-o csv=./folder/a.yaml", "a file of folder"),
        ("plan iam.yaml --emulate live.json -o json=live.json", "-o json=live.json", "live.json"),
        ("plan iam.yaml --emulate live.json --out iam.yaml", "--out iam.yaml", "iam.yaml"),
        (
            "plan iam.yaml --base other.json --emulate live.json -o html=other.json",
            "-o html=other.json",
            "other.json",
        ),
        (
            "apply iam.yaml --yes --emulate live.json -o json=folder/../iam.yaml",
            "-o json=folder/../iam.yaml",
            "iam.yaml",
        ),
        ("apply iam.yaml --yes --emulate live.json --save iam.yaml", "--save iam.yaml", "iam.yaml"),
        ("drift iam.yaml --emulate live.json -o sarif=iam.yaml", "-o sarif=iam.yaml", "iam.yaml"),
        (
            "drift iam.yaml --emulate live.json --baseline old.json -o json=old.json",
            "-o json=old.json",
            "old.json",
        ),
        ("report live.json -o html=live.json", "-o html=live.json", "live.json"),
        ("report live.json --since other.json -o csv=other.json", "-o csv=other.json", "other.json"),
        ("report live.json --files iam.yaml -o text=iam.yaml", "-o text=iam.yaml", "iam.yaml"),
        ("compare live.json other.json -o json=other.json", "-o json=other.json", "other.json"),
        ("compare iam.yaml live.json -o markdown=iam.yaml", "-o markdown=iam.yaml", "iam.yaml"),
        ("test iam.yaml -o junit=iam.yaml", "-o junit=iam.yaml", "iam.yaml"),
        ("keys iam.yaml --emulate live.json -o json=iam.yaml", "-o json=iam.yaml", "iam.yaml"),
        ("explain user:ann@acme.io iam.yaml -o json=iam.yaml", "-o json=iam.yaml", "iam.yaml"),
        ("explain user:ann@acme.io -o json=iam.yaml", "-o json=iam.yaml", "a file of the current folder"),
        (
            "who-can IAMManager --on organization -o json=./iam.yaml",
            "-o json=./iam.yaml",
            "a file of the current folder",
        ),
    ] {
        let ended = desk.run(arguments).ends_with(64);
        let said = format!("{option} would overwrite {input}, which this command reads");
        assert!(ended.stderr.contains(&said), "{arguments}\n{ended}");
        assert!(kept(&desk) == before, "{arguments} changed a file");
    }
}

#[test]
fn two_results_do_not_share_a_file_and_other_files_are_free() {
    let desk = desk();
    let twice = desk.run("report live.json -o json=r -o csv=./r").ends_with(64);
    assert!(twice.stderr.contains("-o json=r and -o csv=./r name the same file"), "{twice}");
    assert!(desk.has("r"), "the error stands there");
    desk.file("folder/iam.yaml", FILE).file("old.json", "{}");
    // A folder is read for its YAML alone, and a result of last time may be replaced.
    _ = desk.run("validate folder -o json=folder/result.json -o csv=old.json").ends_with(0);
    assert!(desk.has("folder/result.json") && !desk.read("old.json").starts_with("{}"));
    // Only the emulator is asked.
    desk.file("old.yaml", "old");
    _ = desk.run("explain user:ann@acme.io --emulate live.json -o json=old.yaml").ends_with(0);
    assert_ne!(desk.read("old.yaml"), "old");
}

#[test]
fn a_result_never_replaces_the_credentials() {
    let desk = desk();
    let config = "default_organization_id: ac3e0000-0000-4000-8000-000000000000\n";
    let usual = "home/.config/scw/config.yaml";
    desk.file(usual, config).file("own.yml", config);
    for arguments in [
        "validate iam.yaml -o json=",
        "doctor -o json=",
        "plan iam.yaml --emulate live.json --out ",
        "snapshot --emulate live.json --out ",
    ] {
        let call = |path: &str| desk.command(&format!("{arguments}{path}"));
        let named = call("own.yml").env("SCW_CONFIG_PATH", "own.yml");
        for (call, path) in [(call(usual), usual), (named, "own.yml")] {
            let ended = call.run().ends_with(64);
            assert!(ended.stderr.contains(", which holds the credentials"), "{arguments}\n{ended}");
            assert_eq!(desk.read(path), config, "{arguments}");
        }
    }
    _ = desk.run(&format!("doctor --bogus -o json={usual}")).ends_with(64);
    assert_eq!(desk.read(usual), config);
}

#[test]
fn wrong_arguments_replace_no_input_either() {
    let desk = desk();
    desk.file("old.json", "{}").file("folder/a.yaml", FILE);
    for (arguments, input) in [
        ("plan iam.yaml --bogus -o json=iam.yaml", "iam.yaml"),
        ("plan --bogus -o json=./iam.yaml", "iam.yaml"),
        ("drift iam.yaml --baseline=old.json --bogus -ojson=old.json", "old.json"),
        ("validate folder --bogus --output=json=folder/a.yaml", "folder/a.yaml"),
        ("report live.json -o text -o markdown -o json=live.json", "live.json"),
        ("drift --bogus -o json=./old.json -- iam.yaml old.json", "old.json"),
    ] {
        let before = desk.read(input);
        _ = desk.run(arguments).ends_with(64);
        assert!(desk.read(input) == before, "{arguments} changed {input}");
    }
}
