//! Where files come from: folders, links, sizes, many files as one.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use scw_iam::config::{FILE_MOST, Files, Mistakes, Source, read};
use scw_iam::model::{Catalogue, Desired, Kind};

const HEADER: &str = "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\n";

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("a time")
}

/// Writes files into a new folder.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn load(paths: &[&Path]) -> Result<Files, Mistakes> {
    let sources: Vec<Source> = paths.iter().map(|path| Source::Path(PathBuf::from(path))).collect();
    read(&sources, now())
}

fn desired(files: &Files) -> Desired {
    files.resolve(None, Catalogue::published(), false).expect("good files").desired
}

fn groups(files: &Files) -> Vec<String> {
    desired(files).state.groups().map(|(key, _)| key.to_string()).collect()
}

fn codes(mistakes: &Mistakes) -> Vec<&'static str> {
    mistakes.iter().map(|mistake| mistake.words().code).collect()
}

#[test]
fn a_folder_is_read_in_path_order_without_what_is_hidden() {
    let folder = folder(&[
        ("b.yaml", "groups: {from-b: {}}\n"),
        ("a/z.yml", "groups: {from-az: {}}\n"),
        ("a.yaml", HEADER),
        (".git/config.yaml", "nonsense"),
        (".hidden.yaml", "nonsense"),
        (".hidden.YAML", "nonsense"),
        ("notes.txt", "nonsense"),
        ("a.yaml.orig", "nonsense"),
    ]);
    assert_eq!(groups(&load(&[folder.path()]).expect("good files")), ["from-az", "from-b"]);
}

#[test]
fn a_file_in_capitals_is_never_skipped_in_silence() {
    let folder = folder(&[("a.yaml", HEADER), ("b.YAML", "groups: {ops: {}}\n"), ("c/d.Yml", "")]);
    let mistakes = load(&[folder.path()]).expect_err("a part is no whole");
    assert_eq!(codes(&mistakes), ["upper-case-extension"; 2]);
    let places: Vec<String> = mistakes.iter().map(|one| mistakes.place(one).to_string()).collect();
    assert!(places[0].contains("b.YAML") && places[1].contains("d.Yml"), "{places:?}");
    // Named on the command line it is what is meant.
    let named = load(&[&folder.path().join("a.yaml"), &folder.path().join("b.YAML")]);
    assert_eq!(groups(&named.expect("good files")), ["ops"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_a_mistake_unless_links_are_followed_or_it_leads_to_what_is_never_read() {
    let elsewhere = folder(&[("x.yaml", "groups: {ops: {}}\n"), ("sub/y.yaml", "groups: {leads: {}}\n")]);
    let folder = folder(&[("sub/b.yaml", "groups: {devs: {}}\n"), ("a.yaml", HEADER)]);
    let link = |to: &Path, at: &str| std::os::unix::fs::symlink(to, folder.path().join(at)).expect("a link");
    link(&elsewhere.path().join("x.yaml"), "notes.txt");
    link(&elsewhere.path().join("x.yaml"), "sub/.x.yaml");
    assert_eq!(groups(&load(&[folder.path()]).expect("good files")), ["devs"]);
    link(&elsewhere.path().join("x.yaml"), "x.yaml");
    link(&elsewhere.path().join("sub"), "more");
    let mistakes = load(&[folder.path()]).expect_err("a part is no whole");
    assert_eq!(codes(&mistakes), ["linked-folder", "link-in-folder"]);
    let named = [&folder.path().join("a.yaml"), &folder.path().join("x.yaml"), &folder.path().join("more")];
    let mistakes = load(&named.map(PathBuf::as_path)).expect_err("a part is no whole");
    assert_eq!(codes(&mistakes), ["link-in-path"; 2]);
    // A link that leads back is no end to it, and nothing is read twice.
    link(folder.path(), "sub/loop");
    link(Path::new(".."), "sub/up");
    let followed = |path: &Path| Source::Path(path.to_owned()).followed();
    let files = read(&[followed(folder.path()), followed(named[1])], now()).expect("good files");
    assert_eq!(groups(&files), ["leads", "devs", "ops"]);
    link(Path::new("gone"), "dangling.yml");
    link(Path::new("gone"), "dangling");
    let mistakes = read(&[followed(folder.path())], now()).expect_err("a part is no whole");
    assert_eq!(codes(&mistakes), ["source-unreadable"; 2]);
}

/// What is hidden is looked at within limits, which leave a warning out and never an error.
#[test]
fn a_large_hidden_tree_costs_little() {
    let folder = folder(&[("a.yaml", HEADER), (".b.yaml", "groups: {}\n"), (".z.yaml", "groups: {}\n")]);
    let hidden = |folder: &Path| {
        let files = load(&[folder]).expect("good files");
        let resolved = files.resolve(None, Catalogue::published(), false).expect("good files");
        let places = resolved.warnings.iter().map(|one| resolved.warnings.place(one).file.clone());
        let names = places.map(|path| path.file_name().expect("a name").to_string_lossy().into_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(hidden(folder.path()), [".b.yaml", ".z.yaml"]);
    fs::create_dir(folder.path().join(".cache")).expect("a folder");
    for number in 0..2500 {
        fs::write(folder.path().join(format!(".cache/{number}.yaml")), "x: 1\n").expect("a file");
    }
    assert_eq!(hidden(folder.path()), [".b.yaml"]);
}

#[cfg(unix)]
#[test]
fn a_socket_in_a_folder_is_a_mistake() {
    let folder = folder(&[("a.yaml", HEADER)]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b.yaml")).expect("a socket");
    assert_eq!(codes(&load(&[folder.path()]).expect_err("a part is no whole")), ["special-in-folder"]);
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let folder = folder(&[("a.yaml", HEADER), ("b.yaml", "groups: {ops: {}}\n")]);
    let files = load(&[folder.path(), &folder.path().join("b.yaml")]).expect("good files");
    assert_eq!(groups(&files), ["ops"]);
}

#[test]
fn what_is_not_there_is_said_beside_the_other_mistakes() {
    let folder = folder(&[("a.yaml", "version: 1\norganisation: x\n")]);
    let mistakes = load(&[folder.path(), Path::new("no/such/file.yaml")]).expect_err("mistakes");
    assert_eq!(codes(&mistakes), ["unknown-key", "source-missing"]);
}

#[test]
fn a_file_that_is_too_large_is_not_parsed() {
    let folder = folder(&[("a.yaml", HEADER)]);
    let file = fs::File::create(folder.path().join("b.yaml")).expect("a file");
    file.set_len(100 << 20).expect("a sparse file");
    assert_eq!(codes(&load(&[folder.path()]).expect_err("mistakes")), ["file-too-large"]);
    file.set_len(FILE_MOST).expect("a sparse file");
    // It is read now, and is no text.
    assert_eq!(codes(&load(&[folder.path()]).expect_err("mistakes")), ["wrong-encoding"]);
}

#[test]
fn sections_of_many_files_are_put_together() {
    let folder = folder(&[
        ("0.yaml", &format!("{HEADER}projects: {{prod: 6b1f5d3c-64c0-48ab-899d-868455867ecf}}\n")),
        (
            "1.yaml",
            "external: {groups: [a]}\ngroups: {ops: {}}\nguardrails: [{name: x, forbid: grant.managed}]\n",
        ),
        (
            "2.yaml",
            "external: {groups: [b]}\ngroups: {devs: {}}\nguardrails: [{name: z, forbid: grant.managed}]\n",
        ),
        ("3.yaml", "policies:\n  p: {principal: {group: b}, rules: []}\n"),
    ]);
    let desired = desired(&load(&[folder.path()]).expect("good files"));
    assert_eq!(desired.state.groups().count(), 2);
    assert_eq!(desired.external.len(), 2);
    assert_eq!(desired.guardrails.len(), 2);
    assert_eq!(desired.sections, [Kind::Group, Kind::Policy].into());
}

#[test]
fn a_mistake_in_one_file_hides_none_in_another_and_invents_none() {
    // The part that cannot be read could declare the group, so nobody says that it is missing.
    let folder = folder(&[
        ("0.yaml", HEADER),
        ("1.yaml", "groups:\n  ops: {members: {}\n"),
        ("2.yaml", "policies:\n  p: {principal: {group: ops}, rules: {}}\n"),
    ]);
    assert_eq!(codes(&load(&[folder.path()]).expect_err("mistakes")), ["unclosed", "not-list"]);
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    let folder = folder(&[("a.yaml", &format!("\u{feff}{HEADER}groups: {{ops: {{}}}}\n"))]);
    assert_eq!(groups(&load(&[folder.path()]).expect("good files")), ["ops"]);
}

#[test]
fn line_ends_of_windows_do_no_harm() {
    let folder = folder(&[("a.yaml", &format!("{HEADER}groups:\n  ops: {{}}\n").replace('\n', "\r\n"))]);
    assert_eq!(groups(&load(&[folder.path()]).expect("good files")), ["ops"]);
}

#[test]
fn a_dash_is_standard_input() {
    assert_eq!(Source::of_argument("-".as_ref()), Source::Stdin);
    assert_eq!(Source::of_argument("./-".as_ref()), Source::Path("./-".into()));
}
