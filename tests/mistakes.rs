//! A file for each sort of mistake in `tests/mistakes/`, with what `validate` says about it beside it; and the
//! schema's opinion, which may know less but nothing else.
//!
//! The first lines of a file tell what the tests cannot guess: `# The schema cannot tell.`, `# Only warnings.`,
//! `# Against the organization.`. `UPDATE_FILES=1` writes the answers anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use scw_iam::config::{Mistakes, Severity, Source, read, schema};
use scw_iam::model::{
    Application, Builtin, Catalogue, Flags, Group, Id, Key, Meta, Owner, Policy, ScopeType, State, User,
};
use scw_iam::render::mistake::text;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

/// Returns every case: a file, or a folder of files.
fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> =
        entries.filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "yaml")).collect();
    cases.sort();
    assert!(cases.len() >= 80, "{}", cases.len());
    cases
}

fn marked(case: &Path, mark: &str) -> bool {
    let text = fs::read(case).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    text.lines().take_while(|line| line.starts_with('#')).any(|line| line == mark)
}

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn name(text: &str) -> Key {
    Key::Named(text.parse().unwrap())
}

/// The organization that some of the cases are checked against.
fn organization() -> State {
    let id = |text: &str| -> Id { text.parse().unwrap() };
    let mut state = State::empty(id("105bdce1-64c0-48ab-899d-868455867ecf"));
    for (project, name) in [
        ("105bdce1-64c0-48ab-899d-868455867ecf", "default"),
        ("11111111-64c0-48ab-899d-868455867ecf", "prod"),
        ("22222222-64c0-48ab-899d-868455867ecf", "twin"),
        ("33333333-64c0-48ab-899d-868455867ecf", "twin"),
    ] {
        state.projects.insert(id(project), name.parse().unwrap());
    }
    let user = User::member("alice");
    state.insert(Key::Email("alice@example.com".parse().unwrap()), user);
    let owner = Some(Owner::Stack("platform".parse().unwrap()));
    let zoe = User { meta: Meta { owner, ..Meta::default() }, ..User::member("zoe") };
    state.insert(Key::Email("zoe@example.org".parse().unwrap()), zoe);
    let flags = Flags { editable: false, deletable: false, managed: true };
    let meta = Meta::default;
    state.insert(name("vpn"), Application { meta: meta(), flags, api_keys: 0 });
    let group = |builtin| Group { meta: meta(), flags: Flags::default(), builtin, members: BTreeSet::new() };
    state.insert(name("All Users"), group(Some(Builtin::AllUsers)));
    state.insert(name("break-glass"), group(None));
    let policy = Policy { meta: meta(), flags, attachment: Default::default(), rules: Default::default() };
    state.insert(name("vpn-policy"), policy);
    state
}

/// Returns the live catalogue: the published one with a set that only owners hold.
fn live_catalogue() -> Catalogue {
    let published = Catalogue::published().iter().map(|(name, set)| (name.clone(), set.clone()));
    let mut owners = Catalogue::published().iter().next().unwrap().1.clone();
    owners.scope_type = ScopeType::AccountRootUser;
    published.chain([("OwnerAccount".parse().unwrap(), owners)]).collect()
}

/// Reads and checks a case; a good one has its warnings.
fn judge(case: &Path) -> Mistakes {
    let files = match read(&[Source::Path(case.to_owned())], now()) {
        Ok(files) => files,
        Err(mistakes) => return mistakes,
    };
    let resolved = if marked(case, "# Against the organization.") {
        files.resolve(Some(&organization()), &live_catalogue(), true)
    } else {
        files.resolve(None, Catalogue::published(), false)
    };
    resolved.map_or_else(|mistakes| mistakes, |resolved| resolved.warnings)
}

/// Returns what is said, with paths as seen from the repository.
fn said(mistakes: &Mistakes) -> String {
    text(mistakes).replace(&format!("{}/", env!("CARGO_MANIFEST_DIR")), "")
}

#[test]
fn every_mistake_is_said_as_it_was() {
    let mut differing = Vec::new();
    for case in cases() {
        let said = said(&judge(&case));
        let answer = case.with_extension("txt");
        if std::env::var_os("UPDATE_FILES").is_some() {
            fs::write(&answer, &said).unwrap();
        }
        if fs::read_to_string(&answer).unwrap_or_default() != said {
            differing.push(format!("{}\n{said}", case.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_case_is_what_it_says_it_is() {
    for case in cases() {
        let mistakes = judge(&case);
        let only_warnings = marked(&case, "# Only warnings.");
        assert_eq!(mistakes.count(Severity::Error) == 0, only_warnings, "{}", case.display());
        assert!(!mistakes.is_empty(), "{}", case.display());
    }
}

#[test]
fn no_two_sorts_of_mistake_share_a_message() {
    let mut sorts: BTreeMap<String, String> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for case in cases() {
        for mistake in judge(&case).iter() {
            let words = mistake.words();
            // Without the names, which stand between backticks.
            let message: String = words.title.split('`').step_by(2).collect::<Vec<_>>().join("``");
            let first = sorts.entry(message.clone()).or_insert_with(|| words.code.clone());
            assert_eq!(*first, words.code, "{message}");
            codes.insert(words.code);
        }
    }
    assert!(codes.len() >= 80, "{} sorts: {codes:?}", codes.len());
}

#[test]
fn the_schema_and_validate_judge_alike() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let mut differing = Vec::new();
    for case in cases().iter().filter(|case| case.is_file()) {
        let Ok(yaml) = fs::read_to_string(case) else { continue };
        let Ok(value) = serde_yaml::from_str::<serde_json::Value>(&yaml) else { continue };
        let blind = marked(case, "# The schema cannot tell.") || marked(case, "# Only warnings.");
        let faults: Vec<String> = schema.iter_errors(&value).map(|fault| fault.to_string()).collect();
        if faults.is_empty() != blind {
            differing.push(format!("{}: {faults:?}", case.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Finds every YAML file below a folder.
fn yaml_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_below(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_is_good_to_the_schema_and_to_validate() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let scenarios = fs::read_dir(&examples).unwrap().map(|entry| entry.unwrap().path());
    // `ci` holds pipelines, and `terraform` a state that becomes files.
    let whole = |path: &PathBuf| path.join("organization.json").exists() && !path.ends_with("terraform");
    for scenario in scenarios.filter(whole) {
        let mut files = Vec::new();
        yaml_below(&scenario, &mut files);
        assert!(!files.is_empty(), "{}", scenario.display());
        for file in &files {
            let value: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            let faults: Vec<String> = schema.iter_errors(&value).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:?}", file.display());
        }
        let read = read(&[Source::Path(scenario.clone())], now());
        let files = read.unwrap_or_else(|mistakes| panic!("{}", text(&mistakes)));
        assert!(files.resolve(None, Catalogue::published(), false).is_ok(), "{}", scenario.display());
    }
}

#[test]
fn what_the_manual_shows_is_good() {
    let manual = scw_iam::config::manual();
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let shown: Vec<&str> =
        manual.split("```yaml\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    let whole = shown[0];
    assert!(read(&[Source::Text { name: "shown".into(), bytes: whole.into() }], now()).is_ok());
    assert!(schema.is_valid(&serde_yaml::from_str::<serde_json::Value>(whole).unwrap()));
    for part in &shown {
        assert!(serde_yaml::from_str::<serde_json::Value>(part).is_ok(), "{part}");
    }
}
