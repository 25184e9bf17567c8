//! The command line itself: wrong words, help, and who reads the output.

use insta::assert_snapshot;

use crate::acme::{FILE, desk};
use crate::command::{Desk, Ended, edit};
use crate::plan::MORE;

const COMMANDS: [&str; 21] = [
    "init",
    "doctor",
    "completions",
    "man",
    "permission-sets",
    "validate",
    "plan",
    "apply",
    "drift",
    "keys",
    "report",
    "compare",
    "export",
    "explain",
    "who-can",
    "test",
    "snapshot",
    "unlock",
    "quota",
    "emulate",
    "demo",
];

#[test]
fn a_typo_in_a_command_or_an_option_names_what_was_meant() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("plna"), @"
    -- stderr
    error: unrecognized subcommand 'plna'

      tip: some similar subcommands exist: 'explain', 'plan'

    Usage: scw-iam [OPTIONS] <COMMAND>

    For more information, try '--help'.
    -- exit 64
    ");
    assert_snapshot!(desk.run("plan --detailed-exit-code"), @"
    -- stderr
    error: unexpected argument '--detailed-exit-code' found

      tip: a similar argument exists: '--detailed-exitcode'

    Usage: scw-iam plan --detailed-exitcode [PATH]...

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn without_a_command_it_says_what_there_is() {
    let desk = Desk::new();
    let ended = desk.run("");
    assert_eq!(ended.code, 64);
    for command in COMMANDS {
        assert!(ended.stderr.contains(&format!("\n  {command} ")), "{command}: {ended}");
    }
}

#[test]
fn the_help_of_each_command_fits_80_columns_and_shows_an_example() {
    let desk = Desk::new();
    for command in COMMANDS {
        for call in [format!("{command} --help"), format!("{command} -h"), format!("help {command}")] {
            let ended = desk.command(&call).env("COLUMNS", "80").run();
            assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{call}");
            assert!(ended.stdout.contains(&format!("\n  scw-iam {command}")), "{call}: {ended}");
            let long = ended.stdout.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{call}");
        }
    }
}

#[test]
fn help_offers_what_a_command_takes_and_nothing_else() {
    let desk = Desk::new();
    for command in COMMANDS {
        let help = desk.run(&format!("{command} --help")).ends_with(0).stdout;
        let without = ["init", "export", "snapshot", "unlock", "emulate", "demo", "completions", "man"];
        let formats = !without.contains(&command);
        assert_eq!(help.contains("--output"), formats, "{command}: {help}");
        // The emulator's own --save is another one.
        assert_eq!(help.contains("--save"), ["apply", "emulate"].contains(&command), "{command}: {help}");
        assert!(!help.contains("src/"), "{command}: {help}");
    }
    let help = desk.run("apply --help").ends_with(0).stdout;
    assert!(help.contains("is applied without asking"), "{help}");
}

#[test]
fn every_exit_code_is_in_the_help() {
    let desk = Desk::new();
    let ended = desk.run("--help").ends_with(0);
    for code in ["0", "1", "2", "3", "4", "5", "6", "64", "65"] {
        assert!(
            ended.stdout.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))),
            "{code}: {ended}"
        );
    }
}

#[test]
fn a_reader_that_has_read_enough_changes_neither_what_is_done_nor_how_it_ends() {
    let desk = desk();
    desk.file("more/iam.yaml", edit(FILE, &[MORE]));
    for (command, code) in [
        ("export", 0),
        ("plan iam.yaml", 0),
        ("plan iam.yaml -o json", 0),
        ("plan more --detailed-exitcode", 2),
        ("drift more", 2),
        ("apply more --yes --save saved.json", 0),
    ] {
        let mut child = desk.command(&format!("{command} --emulate live.json")).start();
        drop(child.stdout.take());
        let ended = Ended::of(child);
        assert_eq!(ended.code, code, "{command}: {ended}");
        assert!(!ended.stderr.contains("error"), "{command}: {ended}");
    }
    assert_eq!(desk.run("plan more --emulate saved.json --detailed-exitcode").code, 0);
}

#[test]
fn that_nobody_listens_to_the_talk_stops_nothing() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[MORE]));
    let mut child = desk.command("apply --yes -o json --emulate live.json --save saved.json").start();
    drop(child.stderr.take());
    assert_eq!(Ended::of(child).code, 0);
    assert_eq!(desk.run("plan --emulate saved.json --detailed-exitcode").code, 0);
}

#[test]
fn a_format_is_refused_where_there_is_no_result_in_formats() {
    let desk = desk();
    for command in ["export --emulate live.json", "snapshot --emulate live.json --out x", "demo", "emulate"] {
        assert_eq!(desk.run(&format!("{command} -o json")).code, 64, "{command}");
    }
    assert_snapshot!(desk.run("export --emulate live.json -o json"), @"
    -- stderr
    error: this command does not take --output: an export is always YAML; --out sets the folder
    -- exit 64
    ");
}

#[test]
fn a_time_that_is_none_is_wrong_usage() {
    let desk = desk();
    assert_snapshot!(desk.run("plan --now tomorrow"), @"
    -- stderr
    error: invalid value 'tomorrow' for '--now <TIME>': expected a time such as 2026-11-22T18:00:00Z

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn saving_needs_something_to_save() {
    let desk = desk();
    assert_snapshot!(desk.run("apply --save outcome.json"), @"
    -- stderr
    error: the following required arguments were not provided:
      --emulate <STATE.json>

    Usage: scw-iam apply --emulate <STATE.json> --save <FILE> [PATH]...

    For more information, try '--help'.
    -- exit 64
    ");
}

#[test]
fn wrong_arguments_leave_no_older_result_where_one_was_asked_for() {
    let desk = desk();
    let old = |names: &[&str]| names.iter().for_each(|name| _ = desk.file(name, "old"));
    old(&["r.json", "r.md", "other.json"]);
    let wrong = "plan iam.yaml --bogus -o json=r.json --output=markdown=r.md -- -o json=other.json";
    _ = desk.run(wrong).ends_with(64);
    let error = &desk.json("r.json")["error"];
    assert_eq!(
        (&error["exit"], &error["message"]),
        (&64.into(), &"unexpected argument '--bogus' found".into())
    );
    assert!(desk.read("r.md").contains("--bogus"), "{}", desk.read("r.md"));
    assert_eq!(desk.read("other.json"), "old");
    old(&["r.json"]);
    _ = desk.run("explain user:ann@acme.io iam.yaml -o sarif=r.sarif -ojson=r.json").ends_with(64);
    assert_eq!(desk.json("r.json")["error"]["exit"], 64);
    assert!(!desk.has("r.sarif"));
    // A command without formats writes no such file.
    old(&["r.json"]);
    _ = desk.run("export --emulate live.json -o json=r.json").ends_with(64);
    _ = desk.run("export --bogus -o json=r.json").ends_with(64);
    assert_eq!(desk.read("r.json"), "old");
}
