//! The permission sets that the program and the emulator were built with, and how they are renewed.
//!
//! `SCW_IAM_PERMISSION_SETS=sets.json UPDATE_FILES=1 cargo test --test catalogue` takes over what an organization lists:
//! `sets.json` is what `scw-iam permission-sets --live -o json` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scw_iam::emulator;
use scw_iam::model::Catalogue;
use serde::Deserialize;

/// Named by the documentation of a client only, so `validate` does not know it; the emulator takes it.
const EMULATOR_ONLY: &str = "CockpitManager\tprojects\tmonitoring";

/// A permission set as `permission-sets -o json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Listed {
    name: String,
    scope_type: String,
    category: String,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

fn comments(table: &str) -> String {
    table.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Returns the sets of a table by name.
fn sets(table: &str) -> BTreeMap<String, Listed> {
    let row = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        let mut column = || columns.next().unwrap_or_else(|| panic!("{line:?}"));
        let set = Listed { name: column(), scope_type: column(), category: column() };
        (set.name.clone(), set)
    };
    table.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

/// Returns a table with what an organization lists: new sets are added, the scope type is the organization's.
///
/// A set that the organization does not list stays: some come only with a product that it does not use.
fn renewed(table: &str, listed: &[Listed]) -> String {
    let mut all = sets(table);
    for set in listed {
        assert!(
            ["projects", "organization", "account_root_user"].contains(&set.scope_type.as_str()),
            "{} has the scope type {}, which is new: the program needs to learn it first",
            set.name,
            set.scope_type
        );
        let known = all.get(&set.name).map(|known| known.category.clone());
        let category = if set.category.is_empty() { known.unwrap_or_default() } else { set.category.clone() };
        all.insert(set.name.clone(), Listed { category, ..set.clone() });
    }
    comments(table) + &lines(&all)
}

fn lines(sets: &BTreeMap<String, Listed>) -> String {
    let line = |set: &Listed| format!("{}\t{}\t{}\n", set.name, set.scope_type, set.category);
    sets.values().map(line).collect()
}

/// Returns the emulator's table that goes with the program's.
fn emulators(table: &str, catalogue: &str) -> String {
    comments(table) + &lines(&sets(&format!("{catalogue}{EMULATOR_ONLY}\n")))
}

#[test]
fn both_tables_hold_what_is_published_and_what_was_listed() {
    let (catalogue, emulator) = (read("model/catalogue.tsv"), read("emulator/permission_sets.tsv"));
    let listed: Vec<Listed> = match std::env::var_os("SCW_IAM_PERMISSION_SETS") {
        Some(path) => serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
        None => Vec::new(),
    };
    let wanted = renewed(&catalogue, &listed);
    let wanted_of_emulator = emulators(&emulator, &wanted);
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(file("model/catalogue.tsv"), &wanted).unwrap();
        std::fs::write(file("emulator/permission_sets.tsv"), &wanted_of_emulator).unwrap();
        return;
    }
    assert_eq!(catalogue, wanted, "UPDATE_FILES=1 writes it");
    assert_eq!(emulator, wanted_of_emulator, "UPDATE_FILES=1 writes it");
}

#[test]
fn the_202_published_sets_are_known() {
    let catalogue = sets(&read("model/catalogue.tsv"));
    assert!(catalogue.len() >= 202, "{}", catalogue.len());
    for name in
        ["AutoscalingReadOnly", "InstancesServerDelete", "InstancesVolumeList", "ObservabilityGrafanaEditor"]
    {
        assert_eq!(catalogue[name].scope_type, "projects", "{name}");
    }
    assert_eq!(catalogue.len(), Catalogue::published().iter().count());
}

#[test]
fn what_an_organization_lists_is_taken_over_and_nothing_is_lost() {
    let table = "# a comment\nB\tprojects\tcompute\nD\tprojects\t\n";
    let set = |name: &str, scope_type: &str, category: &str| Listed {
        name: name.into(),
        scope_type: scope_type.into(),
        category: category.into(),
    };
    let listed =
        [set("C", "organization", ""), set("B", "organization", ""), set("A", "projects", "storage")];
    let new = renewed(table, &listed);
    assert_eq!(
        new,
        "# a comment\nA\tprojects\tstorage\nB\torganization\tcompute\nC\torganization\t\nD\tprojects\t\n"
    );
    assert_eq!(renewed(&new, &listed), new);
}

#[test]
#[should_panic(expected = "Z has the scope type planets, which is new")]
fn a_scope_type_that_is_new_is_not_taken_over() {
    let listed = Listed { name: "Z".into(), scope_type: "planets".into(), category: String::new() };
    let _ = renewed("", &[listed]);
}

#[test]
fn the_output_of_the_command_is_what_renews_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let rule = |name: &str| serde_json::json!({"permission_set_names": [name], "permission_sets_scope_type": "projects"});
    let policy = serde_json::json!({"id": "00000001-0000-4000-8000-000000000000", "name": "p", "rules": [rule("NewerFullAccess")]});
    let organization = serde_json::json!({"id": "105bdce1-64c0-48ab-899d-868455867ecf"});
    let whole = serde_json::json!({"organization": organization, "policies": [policy]});
    emulator::save(&state, &whole).unwrap();
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_scw-iam"))
        .args(["permission-sets", "-o", "json", "--emulate"])
        .arg(&state)
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let listed: Vec<Listed> = serde_json::from_slice(&said.stdout).unwrap();
    let catalogue = read("model/catalogue.tsv");
    let mut wanted = sets(&format!("{catalogue}{EMULATOR_ONLY}\n"));
    wanted.insert(
        "NewerFullAccess".into(),
        Listed { name: "NewerFullAccess".into(), scope_type: "projects".into(), category: String::new() },
    );
    assert_eq!(sets(&renewed(&catalogue, &listed)), wanted);
}
