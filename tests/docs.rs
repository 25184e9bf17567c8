//! The README and the pages below `docs` show what the program prints: every `console` block is run, and its output compared.
//!
//! `<!-- run: examples/team -->` before a block puts the files of that example into `iam`, and its organization behind the
//! API; the blocks that follow go on there. ```` ```console head=N ```` shows the first N lines of each output.
//! The `sh` blocks, which show no output, are run too, and every command that the text names is one that there is.
//! `UPDATE_FILES=1 cargo test --test docs` writes the outputs anew.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "support/command.rs"]
mod command;
#[path = "support/surroundings.rs"]
mod surroundings;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use command::{Api, Desk};

/// When the pages were written: every output is as of then.
const NOW: &str = "2026-11-22T12:00:00Z";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A person at a shell, with the files of an example and the organization behind it.
struct Reader {
    desk: Desk,
    api: Api,
    organization: String,
    last_code: i32,
}

impl Reader {
    fn new(example: &str) -> Self {
        let desk = Desk::new();
        for entry in std::fs::read_dir(root().join(example)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let folder = if name == "organization.json" { "home" } else { "iam" };
            let text = std::fs::read_to_string(&path).unwrap();
            desk.file(&format!("{folder}/{name}"), &text).file(&format!("{example}/{name}"), text);
        }
        let organization =
            desk.json("home/organization.json")["organization"]["id"].as_str().unwrap().to_owned();
        let api = desk.emulate("home/organization.json", &format!("--now {NOW}"));
        let iam = env!("CARGO_BIN_EXE_scw-iam");
        desk.file("home/bin/scw-iam", format!("#!/bin/sh\nexec '{iam}' \"$@\" --now {NOW}\n"));
        let program = desk.path("home/bin/scw-iam");
        std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { desk, api, organization, last_code: 0 }
    }

    /// Runs a line, and returns what a terminal would show.
    fn run(&mut self, line: &str) -> String {
        if line == "echo $?" {
            return format!("{}\n", self.last_code);
        }
        let path = format!("{}:{}", self.desk.path("home/bin").display(), std::env::var("PATH").unwrap());
        let call = self.desk.script(&format!("exec 2>&1\n{line}"));
        let ended = call.against(&self.api.url, &self.organization).env("PATH", &path).run();
        self.last_code = ended.code;
        tidy(&ended.stdout, &self.desk)
    }
}

/// Replaces what differs from run to run.
fn tidy(output: &str, desk: &Desk) -> String {
    let mut tidy = String::new();
    for line in output.lines() {
        let line = seconds(&line.replace(&desk.path("").display().to_string(), "/home/you/"));
        let mut words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
        let line: String = words.by_ref().map(shortened).collect();
        tidy.push_str(line.trim_end());
        tidy.push('\n');
    }
    tidy
}

/// Replaces how long something took.
fn seconds(line: &str) -> String {
    let words = line.split(' ').collect::<Vec<_>>();
    let mut words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    for at in 1..words.len() {
        let unit = words[at].trim_end_matches(['.', ',', ';', ')']);
        let number = words[at - 1].trim_start_matches('(');
        if matches!(unit, "s" | "ms") && number.parse::<f64>().is_ok() {
            words[at - 1] = words[at - 1].replace(number, "0.4");
            words[at] = words[at].replacen("ms", "s", 1);
        }
    }
    words.join(" ")
}

/// Shortens a checksum or the id of a run, which no two runs share.
fn shortened(word: &str) -> String {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    if matches!(digits.len(), 16 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return format!("3f9c…{}", &word[digits.len()..]);
    }
    word.to_owned()
}

/// Returns a page with the outputs of its commands as they are now.
fn as_it_is_now(page: &str) -> String {
    let (mut now, mut reader, mut lines) = (String::new(), None, page.lines().peekable());
    while let Some(line) = lines.next() {
        now.push_str(line);
        now.push('\n');
        if let Some(example) = line.strip_prefix("<!-- run: ").and_then(|rest| rest.strip_suffix(" -->")) {
            reader = Some(Reader::new(example));
        }
        let Some(options) = line.strip_prefix("```console") else { continue };
        let reader = reader.as_mut().unwrap_or_else(|| panic!("no `<!-- run: … -->` before `{line}`"));
        let head = options.trim().strip_prefix("head=").map_or(usize::MAX, |number| number.parse().unwrap());
        while let Some(line) = lines.next_if(|line| !line.starts_with("```")) {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            now.push_str(line);
            now.push('\n');
            let output = reader.run(command);
            now.extend(output.lines().take(head).flat_map(|line| [line, "\n"]));
            if output.lines().count() > head {
                now.push_str("…\n");
            }
        }
    }
    now
}

/// The lines of the blocks of a page that begin with this word, without comments.
fn lines_of_blocks(page: &str, language: &str) -> Vec<String> {
    let (mut lines, mut inside) = (Vec::new(), false);
    for line in page.lines() {
        if let Some(opens) = line.strip_prefix("```") {
            inside = !inside && opens.split(' ').next() == Some(language);
        } else if inside {
            let line = line.split(" #").next().unwrap().trim();
            lines.extend(Some(line.trim_start_matches("$ ").to_owned()).filter(|line| !line.is_empty()));
        }
    }
    lines
}

/// A line as a test runs it: nobody is there to be asked, no port is taken, and what serves until it is stopped is stopped.
fn unattended(line: &str) -> Option<String> {
    let line = line.replace(" 127.0.0.1:8080", " 127.0.0.1:0");
    // What builds this very program cannot run in its tests.
    if line.starts_with("cargo ") {
        let (_, line) = line.split_once(" -- ")?;
        return Some(format!("scw-iam {line}"));
    }
    if line.starts_with("scw-iam emulate") {
        let listen = if line.contains("--listen") { "" } else { " --listen 127.0.0.1:0" };
        return Some(format!(
            "{line}{listen} > listening & served=$!; while ! grep -q listening listening; do kill -0 $served; done; kill $served"
        ));
    }
    let asks = line.starts_with("scw-iam apply") && !line.contains("--yes");
    Some(if asks { format!("{line} --yes") } else { line })
}

#[test]
fn what_is_to_be_typed_without_an_output_works_too() {
    for (path, language) in [
        ("README.md", "sh"),
        ("docs/rehearse.md", "sh"),
        ("docs/speed.md", "sh"),
        ("examples/README.md", "console"),
    ] {
        let page = std::fs::read_to_string(root().join(path)).unwrap();
        let lines = lines_of_blocks(&page, language);
        assert!(!lines.is_empty(), "{path}");
        let mut reader = Reader::new("examples/team");
        _ = reader.run("rm -r iam; scw-iam snapshot --out state.json");
        for line in lines.iter().filter_map(|line| unattended(line)) {
            let output = reader.run(&format!("export EDITOR=true; {line}"));
            assert_eq!(reader.last_code, 0, "{path}: {line}\n{output}");
        }
    }
    let others = pages().into_iter().filter(|path| {
        let page = std::fs::read_to_string(path).unwrap();
        ["sh", "bash", "shell"].iter().any(|language| !lines_of_blocks(&page, language).is_empty())
    });
    let others: Vec<_> = others.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(others, ["README.md", "rehearse.md", "speed.md"], "a page has a block that no test runs");
}

/// The commands that a text names: `scw-iam plan --base FOLDER`, `apply --settle 60s`.
fn named(page: &str, commands: &[&str]) -> Vec<String> {
    let is_command = |code: &&str| {
        let (first, rest) = code.split_once(' ').unwrap_or((code, ""));
        first == "scw-iam" && !rest.is_empty() || commands.contains(&first) && rest.contains("--")
    };
    // Without the blocks, which are run. A code may go on in the next line.
    let (mut text, mut inside) = (String::new(), false);
    for line in page.lines() {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        if !inside && !fence && !line.starts_with("    ") {
            text.push_str(line);
            text.push(if line.is_empty() { '\n' } else { ' ' });
        }
    }
    let codes = text.lines().flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
    let words = |code: &str| {
        let code = code.strip_prefix("scw-iam ").unwrap_or(code);
        let words = code.replace(" TIME", " 2026-11-22T12:00:00Z").replace("KIND:NAME", "group:x");
        words.replace("GUARD=NUMBER", "deletes=7").replace("PLAN.json", "plan.json")
    };
    codes.filter(is_command).map(words).collect()
}

#[test]
fn every_command_that_a_page_names_is_one_that_there_is() {
    let desk = Desk::new();
    let help = desk.run("--help").ends_with(0).stdout;
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let commands: Vec<&str> = commands.into_iter().filter(|word| !word.is_empty()).collect();
    assert!(commands.contains(&"plan") && commands.contains(&"who-can"), "{commands:?}");
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for path in pages().into_iter().chain(
        ["SECURITY.md", "examples/README.md", "examples/ci/README.md", "packaging/README.md"]
            .map(|name| root().join(name)),
    ) {
        let page = std::fs::read_to_string(&path).unwrap();
        for command in named(&page, &commands).into_iter().filter(|command| seen.insert(command.clone())) {
            // What stands before `--help` is read first, and is not accepted unless it is right.
            let ended = desk.script(&format!("$IAM {command} --help")).run();
            // A text may name an option without its value.
            if ended.code != 0 && !ended.stderr.contains("a value is required for") {
                wrong.push(format!("{}: {command}\n{}", path.display(), ended.stderr));
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

#[test]
fn every_output_shown_is_what_the_program_prints() {
    let mut stale = Vec::new();
    for path in pages() {
        let page = std::fs::read_to_string(&path).unwrap();
        let now = as_it_is_now(&page);
        if page == now {
            continue;
        }
        if std::env::var_os("UPDATE_FILES").is_some() {
            std::fs::write(&path, now).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(&page, &now);
            stale.push(format!("{}\n{}", path.display(), diff.unified_diff()));
        }
    }
    assert!(stale.is_empty(), "UPDATE_FILES=1 writes these anew:\n{}", stale.join("\n"));
}

#[test]
fn every_yaml_that_a_page_shows_is_accepted() {
    let mut seen = 0;
    for path in pages().into_iter().filter(|path| !path.ends_with("language.md")) {
        let page = std::fs::read_to_string(&path).unwrap();
        for shown in page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let desk = Desk::new();
            let header = "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\n";
            let stack = if shown.contains("stack: ") { "" } else { "stack: page\n" };
            let external = if shown.contains("scim: ") { "external: {groups: [developers]}\n" } else { "" };
            desk.file("iam.yaml", format!("{header}{stack}{external}{shown}"));
            let ended = desk.run(&format!("validate iam.yaml --strict --now {NOW}"));
            assert_eq!(ended.code, 0, "{}: {ended}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 7, "{seen}");
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut broken = Vec::new();
    // The reference of the language is generated, and shows patterns that look like links.
    let pages = pages().into_iter().filter(|path| !path.ends_with("language.md"));
    let more = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "examples/README.md",
        "examples/ci/README.md",
        "packaging/README.md",
    ];
    for path in pages.chain(more.map(|name| root().join(name))) {
        let page = std::fs::read_to_string(&path).unwrap();
        for target in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap();
            let here = file.is_empty() || file.contains("://") || path.parent().unwrap().join(file).exists();
            if !here {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_promise_names_tests_that_are_there() {
    let page = std::fs::read_to_string(root().join("docs/promises.md")).unwrap();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| held by |")).collect();
    assert!(rows.len() >= 40, "{}", rows.len());
    for row in rows {
        let held = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let mut named = 0;
        for file in held.split("; ") {
            let (path, tests) = file.split_once(": ").unwrap_or_else(|| panic!("{row}"));
            let text = std::fs::read_to_string(root().join(path.trim_matches('`')))
                .unwrap_or_else(|why| panic!("{path}: {why}"));
            for test in tests.split(", ") {
                let (before, _) = text
                    .split_once(&format!("fn {}(", test.trim_matches('`')))
                    .unwrap_or_else(|| panic!("{test}: {row}"));
                let attributes: String = before.lines().rev().take(4).collect();
                assert!(attributes.contains("test"), "{test} is not a test: {row}");
                named += 1;
            }
        }
        assert!(named > 0, "{row}");
    }
}
