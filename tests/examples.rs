//! Each example is valid, arrives where it says when it is applied, and shows what its description promises.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "support/command.rs"]
mod command;
#[path = "support/surroundings.rs"]
mod surroundings;

use std::path::{Path, PathBuf};

use command::{Desk, by_name};

/// A time at which nothing in the examples has ended.
const NOW: &str = "2026-11-22T12:00:00Z";

/// The folders of the examples.
fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut folders: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // `ci` holds pipelines, `terraform` a state that becomes files (docs/terraform.md).
    let whole = |path: &PathBuf| path.join("organization.json").exists() && !path.ends_with("terraform");
    folders.retain(whole);
    folders.sort();
    folders
}

fn name(example: &Path) -> &str {
    example.file_name().unwrap().to_str().unwrap()
}

/// A desk with an example on it, in the folder of its name.
fn desk(example: &Path) -> Desk {
    let desk = Desk::new();
    for entry in std::fs::read_dir(example).unwrap() {
        let path = entry.unwrap().path();
        desk.file(&format!("{}/{}", name(example), name(&path)), std::fs::read_to_string(&path).unwrap());
    }
    desk
}

#[test]
fn every_example_is_without_mistakes_and_warnings_with_and_without_its_organization() {
    for example in examples() {
        let (desk, name) = (desk(&example), name(&example));
        for how in ["", &format!("--emulate {name}/organization.json")] {
            let ended = desk.run(&format!("validate {name} {how} --strict --now {NOW}")).ends_with(0);
            assert!(ended.stderr.ends_with("No errors found.\n"), "{name}: {ended}");
        }
        assert_eq!(desk.run(&format!("test {name} --now {NOW}")).code, 0, "{name}");
    }
}

#[test]
fn every_example_changes_something_and_then_nothing_is_left_to_do() {
    for example in examples() {
        let (desk, name) = (desk(&example), name(&example));
        let api = desk.emulate(&format!("{name}/organization.json"), &format!("--now {NOW}"));
        let organization = desk.json(&format!("{name}/organization.json"))["organization"]["id"].clone();
        let run = |command: &str| {
            let call = desk.command(&format!("{command} {name} --now {NOW}"));
            call.against(&api.url, organization.as_str().unwrap()).run()
        };
        let planned = run("plan --detailed-exitcode").ends_with(2);
        let applied = run("apply --yes").ends_with(0);
        assert_eq!(applied.stdout, planned.stdout, "{name}");
        let again = run("plan --detailed-exitcode").ends_with(0);
        assert!(again.stdout.contains("No changes. The live "), "{name}: {again}");
    }
}

/// What the plan of an example says.
fn planned(example: &str) -> String {
    let desk = desk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example));
    let ended = desk.run(&format!("plan {example} --emulate {example}/organization.json --now {NOW}"));
    ended.ends_with(0).stdout
}

#[test]
fn the_team_renames_its_group_and_adopts_its_pipeline_with_the_key() {
    let planned = planned("team");
    assert!(planned.contains("name: web → web-developers"), "{planned}");
    assert!(planned.contains("application deployer comes with 1 API key"), "{planned}");
}

#[test]
fn what_others_own_is_left_alone() {
    let planned = planned("external");
    assert!(planned.contains("owned by stack data"), "{planned}");
    assert!(planned.contains("← group analysts ← policy analysts-registry"), "{planned}");
}

#[test]
fn access_that_has_ended_is_planned_away() {
    let desk = desk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/expiry"));
    let run =
        |command: &str| desk.run(&format!("{command} --emulate expiry/organization.json --save after.json"));
    assert_eq!(run(&format!("apply expiry --yes --now {NOW}")).code, 0);
    // Who applies only months after the end is asked whether the date is meant.
    let months = desk.run("plan expiry --now 2031-01-01T00:00:00Z --emulate after.json").ends_with(3);
    assert!(months.stdout.contains("refused by lost_access"), "{months}");
    let late = "2030-04-02T00:00:00Z";
    let ended =
        desk.run(&format!("plan expiry --now {late} --emulate after.json --detailed-exitcode")).ends_with(2);
    assert!(ended.stdout.contains("- carol@example.com leaves group incident"), "{ended}");
    let again = format!("apply expiry --yes --now {late} --emulate after.json --save later.json");
    assert_eq!(desk.run(&again).code, 0);
    let policies = by_name(&desk.json("later.json"), "policies");
    assert_eq!(policies["incident-look"]["rules"], serde_json::json!([]));
}

#[test]
fn a_broken_guardrail_of_the_example_refuses() {
    let desk = desk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/expiry"));
    let text = desk.read("expiry/iam.yaml");
    desk.file("expiry/iam.yaml", command::edit(&text, &[("[IAMReadOnly]", "[IAMManager]")]));
    let ended = desk.run(&format!("plan expiry --emulate expiry/organization.json --now {NOW}")).ends_with(3);
    assert!(ended.stdout.contains("refused by guardrails"), "{ended}");
    assert!(ended.stdout.contains("refused by assertions"), "{ended}");
}
