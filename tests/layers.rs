//! Holds the imports of the modules to one direction.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

/// Every source file, as its path within `src` and its text.
fn sources() -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![source.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&source).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// A hint is a value of its error, so that it can be said once, and in every format.
#[test]
fn no_text_of_an_error_holds_a_hint() {
    for (path, text) in sources() {
        let line = text.lines().position(|line| line.contains("\\nhint:"));
        assert_eq!(
            line,
            None,
            "{}: give the error a `hint()` and list it in reconcile/hint.rs",
            path.display()
        );
    }
}

/// The homes of a kind of object, each with a type for it: the domain, the bodies of requests, and the emulator.
const HOMES: [&str; 3] = ["model", "api/wire", "emulator"];

/// The types that a file declares outside its tests, without those that stand for others on another system.
fn declared(text: &str) -> Vec<&str> {
    let mut lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
    let mut types = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("#[cfg(not(") {
            lines.find(|line| line.is_empty());
            continue;
        }
        let trimmed = line.trim_start();
        let visible = trimmed.strip_prefix("pub").unwrap_or(trimmed);
        let code =
            visible.split_once(") ").filter(|_| visible.starts_with('(')).map_or(visible, |(_, code)| code);
        let mut words = code.split_whitespace();
        // An indented `type` is what a trait or one of its implementations calls something.
        let keyword = words.next().filter(|word| *word != "type" || !line.starts_with(' '));
        if matches!(keyword, Some("struct" | "enum" | "trait" | "union" | "type")) {
            let name = words.next().unwrap_or_default();
            types.push(name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default());
        }
    }
    types
}

/// Whoever meets a name knows what it is. An `Error` is called by its module, as the standard library's are, and a macro names what it
/// declares elsewhere.
#[test]
fn a_type_has_its_name_to_itself() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources() {
        // What stands in for `files/folder.rs` where folders cannot be opened.
        let tests = path.to_string_lossy().contains("tests");
        if tests || path == Path::new("files/other.rs") {
            continue;
        }
        for name in declared(&text).into_iter().filter(|name| !matches!(*name, "" | "Error")) {
            places.entry(name.to_owned()).or_default().push(path.clone());
        }
    }
    assert!(places.len() > 500, "{}", places.len());
    let home = |path: &PathBuf| HOMES.iter().position(|home| path.starts_with(home));
    places.retain(|_, places| {
        let homes: BTreeSet<_> = places.iter().filter_map(home).collect();
        places.len() > 1 && homes.len() < places.len()
    });
    assert!(places.is_empty(), "{places:#?}");
}

/// A module with modules of its own is a folder with a `mod.rs`.
#[test]
fn modules_are_laid_out_in_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let beside: Vec<_> = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| source.join(path.with_extension("")).is_dir())
        .collect();
    assert!(beside.is_empty(), "move to mod.rs in the folder: {beside:?}");
}

/// The most lines of code that a command has in its functions.
const COMMAND_MOST: usize = 60;

/// Counts the lines of code within the bodies of a file's functions, without its tests.
fn lines_in_functions(text: &str) -> usize {
    let mut lines = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
    let mut count = 0;
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let keyword = words.find(|word| !matches!(*word, "pub" | "pub(super)" | "const" | "async"));
        if keyword != Some("fn") || line.ends_with('}') {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let rest = std::iter::once(line).chain(lines.by_ref());
        let body = rest.skip_while(|line| !line.ends_with('{')).skip(1).take_while(|line| *line != end);
        count += body.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    }
    count
}

/// What a command does is in the library, where other programs have it too.
#[test]
fn a_command_reads_arguments_and_shows_a_report() {
    let mut commands = 0;
    for (path, text) in sources() {
        if !path.starts_with("cli") || !text.contains("clap::Args)]") || !text.contains(" fn run(") {
            continue;
        }
        commands += 1;
        let lines = lines_in_functions(&text);
        assert!(
            lines <= COMMAND_MOST,
            "{} has {lines} lines of code in its functions, {COMMAND_MOST} at most: move to reconcile/ what other programs may want, \
             to render/ how a result is worded, and what several commands need to a file of its own in cli/",
            path.display()
        );
    }
    assert!(commands > 20, "{commands}");
}

#[test]
fn the_lines_of_functions_are_counted() {
    let text = "const A: u8 = 1;\n\nfn a() {}\n\npub(super) async fn b(\n    one: u8,\n) -> u8 {\n    // why\n    if one {\n        2\n    }\n\n    3\n}\n\nimpl C {\n    const fn d() {\n        4\n    }\n}\n#[cfg(test)]\nfn e() {\n    5\n}\n";
    assert_eq!(lines_in_functions(text), 5);
}

/// Words that nobody can guess the meaning of.
const PRIVATE: [&str; 8] = ["desk", "trail", "tries", "scene", "sharpness", "newcomer", "moment", "chance"];

#[test]
fn no_type_and_no_file_has_a_private_word_for_its_name() {
    for (path, text) in sources() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let names = declared(&text).into_iter().chain([stem]).map(str::to_lowercase);
        let private: Vec<_> = names.filter(|name| PRIVATE.contains(&name.as_str())).collect();
        assert!(private.is_empty(), "{}: {private:?}", path.display());
    }
}

#[test]
fn a_type_is_seen_however_it_is_declared() {
    let text = "pub struct A<T> {\npub(super) enum B {\npub(in crate::config) trait C: Sized {\ntype D = u8;\n    type Err = E;\n";
    assert_eq!(declared(text), ["A", "B", "C", "D"]);
    assert_eq!(declared("#[cfg(not(unix))]\nstruct A;\n\nstruct B;\n#[cfg(test)]\nstruct C;\n"), ["B"]);
}

#[test]
fn a_path_is_seen_however_it_is_written() {
    assert_eq!(named("use crate::model::{Key, Name};"), ["model"]);
    assert_eq!(named("use crate::{api, plan::Step};"), ["api", "plan"]);
    assert_eq!(named("fn f(x: crate::live::Live, y: crate::plan::Plan) {}"), ["live", "plan"]);
    assert_eq!(named("//! See [`crate::render`]."), [""; 0]);
}
