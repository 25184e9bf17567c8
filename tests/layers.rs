//! Holds the imports of the modules to one direction.
use std::collections::BTreeSet;
use std::path::Path;

/// What each module may use. A module may always use itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("files", &[]),
    ("model", &[]),
    ("access", &["model"]),
    // Findings are values: what is worth knowing, and nothing of how it is shown.
    ("review", &["model", "access"]),
    ("config", &["model", "access", "files"]),
    ("plan", &["model", "access"]),
    ("api", &[]),
    ("live", &["model", "api"]),
    // Steps speak of names and principals, so whoever sends them knows the model too.
    ("apply", &["model", "plan", "live", "api", "files"]),
    // The library's front door: what `cli` and other programs call.
    ("reconcile", &["model", "access", "review", "config", "plan", "api", "live", "apply"]),
    // Values of all kinds, but never what could send or fetch something.
    ("render", &["model", "access", "review", "config", "plan", "live", "apply"]),
    // Nothing of ours, so that a wrong field name cannot agree with itself.
    ("emulator", &[]),
    (
        "cli",
        &[
            "model",
            "access",
            "config",
            "plan",
            "api",
            "live",
            "apply",
            "reconcile",
            "render",
            "review",
            "emulator",
            "files",
        ],
    ),
];

/// The modules that a line names: `crate::model::Name`, `crate::{model, plan::Step}`.
fn named(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase()).collect::<String>();
    let code = line.split("//").next().unwrap_or_default();
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let path = &code[at + found.len()..];
        match path.strip_prefix('{') {
            Some(group) => names.extend(group.split(',').map(|part| word(part.trim()))),
            None => names.push(word(path)),
        }
    }
    // Macros and items at the root of the crate are nobody's module.
    names.retain(|name| !name.is_empty() && MAY_USE.iter().any(|(module, _)| module == name));
    names
}

fn read(folder: &Path, uses: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, uses);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
                let place = format!("{}:{}", path.display(), number + 1);
                uses.extend(named(line).into_iter().map(|name| (name, place.clone())));
            }
        }
    }
}

#[test]
fn imports_run_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, allowed) in MAY_USE {
        let mut uses = BTreeSet::new();
        read(&source.join(module), &mut uses);
        let stray = uses.into_iter().filter(|(name, _)| name != module && !allowed.contains(&name.as_str()));
        wrong.extend(stray.map(|(name, place)| format!("{place}: {module} may not use {name}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_table() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders: BTreeSet<String> = std::fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let table: BTreeSet<String> = MAY_USE.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(folders, table);
}

/// A hint is a value of its error, so that it can be said once, and in every format.
#[test]
fn no_text_of_an_error_holds_a_hint() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let line = text.lines().position(|line| line.contains("\\nhint:"));
            assert_eq!(
                line,
                None,
                "{}: give the error a `hint()` and list it in reconcile/hint.rs",
                path.display()
            );
        }
    }
}

#[test]
fn a_path_is_seen_however_it_is_written() {
    assert_eq!(named("use crate::model::{Key, Name};"), ["model"]);
    assert_eq!(named("use crate::{api, plan::Step};"), ["api", "plan"]);
    assert_eq!(named("fn f(x: crate::live::Live, y: crate::plan::Plan) {}"), ["live", "plan"]);
    assert_eq!(named("//! See [`crate::render`]."), [""; 0]);
}
