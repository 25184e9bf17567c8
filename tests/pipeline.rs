//! The shell parts of the pipelines in `examples/ci` and of `action.yml`, run as a runner would, against the emulator.
//!
//! The services around them are stand-ins: `gh`, `curl` and `jq` write down how they were called and answer what the test put
//! in their place.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "support/command.rs"]
mod command;
#[path = "support/surroundings.rs"]
mod surroundings;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use command::{Api, Call, Desk, Ended, edit};
use serde_json::Value;

const FILES: [&str; 3] = ["organization.yaml", "people.yaml", "ci.yaml"];

/// A stand-in: it writes its arguments, and answers with the first file of `answers` whose name is in them.
const STAND_IN: &str = r#"#!/usr/bin/env bash
name=$(basename "$0")
echo "$name $*" >> "$CALLS"
for answer in "$ANSWERS/$name"/*; do
  [ -f "$answer" ] || continue
  case "$*" in *"$(basename "$answer" | tr '|' '/')"*) exec bash "$answer" "$@" ;; esac
done
exit 0
"#;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn parsed(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap()
}

/// A runner with the files of an example in a folder, and an organization.
struct Runner {
    desk: Desk,
    api: Api,
    organization: String,
}

impl Runner {
    fn new(folder: &str) -> Self {
        let desk = Desk::new();
        for file in FILES {
            desk.file(&format!("{folder}/{file}"), read(&format!("examples/team/{file}")));
        }
        desk.file("home/organization.json", read("examples/team/organization.json"));
        for name in ["gh", "curl", "jq", "git"] {
            desk.file(&format!("home/bin/{name}"), STAND_IN);
            let path = desk.path(&format!("home/bin/{name}"));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        desk.link(env!("CARGO_BIN_EXE_scw-iam"), "home/bin/scw-iam");
        // A commit without any file.
        desk.file("home/answers/git/archive", "tar -cf - -T /dev/null");
        let api = desk.emulate("home/organization.json", "");
        let organization =
            desk.json("home/organization.json")["organization"]["id"].as_str().unwrap().to_owned();
        Self { desk, api, organization }
    }

    /// Has a stand-in answer calls with this text in their arguments by running a script.
    fn answers(&self, name: &str, to: &str, script: &str) {
        self.desk.file(&format!("home/answers/{name}/{}", to.replace('/', "|")), script);
    }

    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.desk.path("home/calls")).unwrap_or_default();
        std::fs::write(self.desk.path("home/calls"), "").unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn bash(&self, script: &str) -> Call {
        self.desk.file("home/step.sh", script);
        let path = format!("{}:{}", self.desk.path("home/bin").display(), std::env::var("PATH").unwrap());
        let home = self.desk.path("home");
        let call = self.desk.script("exec bash --noprofile --norc -eo pipefail home/step.sh");
        call.against(&self.api.url, &self.organization)
            .env("PATH", &path)
            .env("CALLS", &home.join("calls").display().to_string())
            .env("ANSWERS", &home.join("answers").display().to_string())
            .env("GITHUB_OUTPUT", &home.join("output").display().to_string())
            .env("GITHUB_PATH", &home.join("path").display().to_string())
            .env("RUNNER_TEMP", &home.join("temp").display().to_string())
            .env("GH_REPO", "acme/access")
            .env("PULL_REQUEST", "12")
            .env("GITHUB_SHA", "5ca1ab1e")
    }

    /// Runs a step of a workflow of GitHub Actions.
    fn step(&self, workflow: &str, name: &str) -> Call {
        let workflow = parsed(&format!("examples/ci/github/{workflow}.yml"));
        let jobs = workflow["jobs"].as_object().unwrap();
        let mut steps = jobs.values().flat_map(|job| job["steps"].as_array().unwrap());
        let step = steps.find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step `{name}`"));
        self.bash(step["run"].as_str().unwrap())
    }

    /// Runs a job of GitLab's.
    fn job(&self, name: &str) -> Call {
        let file = parsed("examples/ci/gitlab/.gitlab-ci.yml");
        let lines = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().map(|line| line.as_str().unwrap().to_owned()).collect()
        };
        let job = &file[name];
        let mut script = match job["extends"].as_str() {
            Some(parent) => lines(&file[parent]["before_script"]),
            None => Vec::new(),
        };
        script.extend(lines(&job["script"]));
        self.bash(&script.join("\n"))
            .env("SCW_READ_ACCESS_KEY", "SCWEMULATOR000000000")
            .env("SCW_READ_SECRET_KEY", "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7")
            .env("SCW_WRITE_ACCESS_KEY", "SCWEMULATOR000000000")
            .env("SCW_WRITE_SECRET_KEY", "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7")
            .env("GITLAB_COMMENT_TOKEN", "glpat-secret")
            .env("CI_API_V4_URL", "https://gitlab.example.com/api/v4")
            .env("CI_PROJECT_ID", "7")
            .env("CI_MERGE_REQUEST_IID", "12")
            .env("CI_MERGE_REQUEST_DIFF_BASE_SHA", "ba5e")
            .env("CI_COMMIT_SHA", "5ca1ab1e")
    }
}

/// Returns the SHA-256 that `plan --out` printed.
fn sha(ended: &Ended) -> String {
    let mut words = ended.stderr.split(|c: char| !c.is_ascii_hexdigit());
    words.rfind(|word| word.len() == 64).unwrap_or_else(|| panic!("no SHA-256\n{ended}")).to_owned()
}

#[test]
fn a_pull_request_gets_its_plan_as_one_comment_that_is_kept_up_to_date() {
    let runner = Runner::new("change/iam");
    _ = runner.step("access-plan", "Plan").run().ends_with(0);
    assert_eq!(runner.desk.read("home/output"), "code=0\n");
    let comment = runner.desk.read("comment.md");
    assert!(runner.desk.has("plan.json") && comment.contains("steps"), "{comment}");
    _ = runner.step("access-plan", "Comment").run().ends_with(0);
    let calls = runner.calls();
    assert!(calls[1].contains("-X POST repos/acme/access/issues/12/comments"), "{calls:?}");
    runner.answers("gh", "--paginate", "echo 4711");
    _ = runner.step("access-plan", "Comment").run().ends_with(0);
    let calls = runner.calls();
    assert!(calls[1].contains("-X PATCH repos/acme/access/issues/comments/4711"), "{calls:?}");
    assert_eq!(calls.len(), 2, "{calls:?}");
}

#[test]
fn what_a_pull_request_takes_away_from_the_checks_is_in_its_comment() {
    let runner = Runner::new("change/iam");
    for file in FILES {
        runner.desk.file(&format!("before/iam/{file}"), read(&format!("examples/team/{file}")));
    }
    let weaker = edit(
        &runner.desk.read("change/iam/ci.yaml"),
        &[("  - {principal: {application: deployer}, cannot: IAMManager, on: organization}\n", "")],
    );
    runner.desk.file("change/iam/ci.yaml", weaker);
    _ = runner.step("access-plan", "Plan").run().ends_with(0);
    let comment = runner.desk.read("comment.md");
    assert!(comment.contains("Weaker checks") && comment.contains("IAMManager"), "{comment}");
}

#[test]
fn a_plan_that_a_guard_refuses_is_commented_on_and_fails_the_check() {
    let runner = Runner::new("change/iam");
    let files = runner.desk.read("change/iam/organization.yaml");
    let protecting = format!(
        "{files}\nassertions:\n  - {{principal: {{group: nobody-at-all}}, can: IAMManager, on: organization}}\n"
    );
    runner.desk.file("change/iam/organization.yaml", protecting);
    _ = runner.step("access-plan", "Plan").run().ends_with(65);
    assert!(!runner.desk.has("plan.json"));
    let guarded = edit(
        &files,
        &[("version: 1", "version: 1\n\nguardrails:\n  - {name: nothing new, forbid: \"true\"}\n")],
    );
    runner.desk.file("change/iam/organization.yaml", guarded);
    _ = runner.step("access-plan", "Plan").run().ends_with(0);
    assert_eq!(runner.desk.read("home/output"), "code=3\n");
    assert!(runner.desk.has("comment.md"));
    _ = runner.step("access-plan", "Fail if a guard refuses").run().ends_with(3);
}

/// Plans as for a pull request, and makes the service hand out that plan.
fn reviewed(made_by: &str) -> Runner {
    let runner = Runner::new("iam");
    let plan = runner.bash("scw-iam plan iam --out home/reviewed.json").run().ends_with(0);
    sha(&plan);
    runner.answers("gh", "commits/5ca1ab1e/pulls", "echo abcdef12");
    runner.answers("gh", "artifacts?name=plan-abcdef12", "echo 99");
    runner.answers("gh", "actions/runs/99", &format!("echo '{made_by}'"));
    runner.answers("gh", "run download 99 -n plan-abcdef12", "cp home/reviewed.json plan.json");
    runner
}

#[test]
fn after_the_merge_the_reviewed_plan_is_applied_and_nothing_is_left_to_do() {
    let runner = reviewed("pull_request_target .github/workflows/access-plan.yml@main");
    _ = runner.step("access-apply", "Fetch the reviewed plan").run().ends_with(0);
    _ = runner.step("access-apply", "Apply the reviewed plan").run().ends_with(0);
    assert!(runner.desk.has("journal.jsonl"));
    _ = runner.step("access-apply", "Check that nothing else is left to do").run().ends_with(0);
}

#[test]
fn a_plan_that_another_workflow_made_is_not_applied() {
    for made_by in
        ["pull_request .github/workflows/access-plan.yml", "pull_request_target .github/workflows/mine.yml"]
    {
        let runner = reviewed(made_by);
        _ = runner.step("access-apply", "Fetch the reviewed plan").run().ends_with(1);
        assert!(!runner.desk.has("plan.json"));
    }
}

#[test]
fn what_nobody_reviewed_as_one_fails_the_job_after_the_apply() {
    let runner = reviewed("pull_request_target .github/workflows/access-plan.yml");
    _ = runner.step("access-apply", "Fetch the reviewed plan").run().ends_with(0);
    let people = runner.desk.read("iam/people.yaml");
    runner.desk.file("iam/people.yaml", people.replace("description: ", "description: Also "));
    _ = runner.step("access-apply", "Apply the reviewed plan").run().ends_with(0);
    _ = runner.step("access-apply", "Check that nothing else is left to do").run().ends_with(2);
}

#[test]
fn drift_keeps_one_issue_open_while_it_lasts() {
    let runner = Runner::new("iam");
    _ = runner.step("access-drift", "Compare").run().ends_with(0);
    assert_eq!(runner.desk.read("home/output"), "code=2\n");
    let keep = || runner.step("access-drift", "Keep the issue up to date");
    _ = keep().env("CODE", "2").run().ends_with(0);
    let calls = runner.calls();
    assert!(calls.iter().any(|call| call.starts_with("gh issue create")), "{calls:?}");
    runner.answers("gh", "issue list", "echo 5");
    _ = keep().env("CODE", "2").run().ends_with(0);
    let calls = runner.calls();
    assert!(calls.iter().any(|call| call.starts_with("gh issue edit 5")), "{calls:?}");
    _ = keep().env("CODE", "0").run().ends_with(0);
    let calls = runner.calls();
    assert!(calls.iter().any(|call| call.starts_with("gh issue close 5")), "{calls:?}");
}

#[test]
fn a_merge_request_gets_its_plan_as_a_note() {
    let runner = Runner::new("iam");
    _ = runner.job("plan").run().ends_with(0);
    let notes = "https://gitlab.example.com/api/v4/projects/7/merge_requests/12/notes";
    let calls = runner.calls();
    let sent = |calls: &[String], method: &str, to: &str| {
        calls.iter().any(|call| call.contains(method) && call.ends_with(to))
    };
    assert!(sent(&calls, "-X POST", notes), "{calls:?}");
    runner.answers("jq", "startswith", "echo 31");
    _ = runner.job("plan").run().ends_with(0);
    let calls = runner.calls();
    assert!(sent(&calls, "-X PUT", &format!("{notes}/31")) && !sent(&calls, "-X POST", notes), "{calls:?}");
}

#[test]
fn what_a_merge_request_takes_away_from_the_checks_is_in_its_note() {
    let runner = Runner::new("iam");
    for file in FILES {
        runner.desk.file(&format!("home/base/iam/{file}"), read(&format!("examples/team/{file}")));
    }
    runner.answers("git", "archive", "tar -cf - -C home/base iam");
    let weaker = edit(
        &runner.desk.read("iam/ci.yaml"),
        &[("  - {principal: {application: deployer}, cannot: IAMManager, on: organization}\n", "")],
    );
    runner.desk.file("iam/ci.yaml", weaker);
    _ = runner.job("plan").run().ends_with(0);
    let comment = runner.desk.read("comment.md");
    assert!(comment.contains("Weaker checks") && comment.contains("IAMManager"), "{comment}");
    let calls = runner.calls();
    assert!(calls[0].contains("git fetch") && calls[0].ends_with("origin ba5e"), "{calls:?}");
}

/// The organization after an apply, and then an end that has come in the files, beside a change that nobody reviewed.
fn ended() -> Runner {
    let runner = Runner::new("iam");
    _ = runner.bash("scw-iam apply iam --yes").run().ends_with(0);
    let people = edit(
        &runner.desk.read("iam/people.yaml"),
        &[
            (
                "[alice@example.com, bob@example.com]",
                "[alice@example.com, {email: bob@example.com, until: 2026-01-31}]",
            ),
            ("[carol@example.com]", "[carol@example.com, alice@example.com]"),
        ],
    );
    runner.desk.file("iam/people.yaml", people);
    runner
}

/// What is left to do after the hourly job: what nobody reviewed.
fn only_the_rest_is_left(runner: &Runner) {
    let rest = runner.bash("scw-iam plan iam --detailed-exitcode").run().ends_with(2);
    assert!(rest.stdout.contains("+ alice@example.com joins group web-oncall"), "{rest}");
    assert!(!rest.stdout.contains("bob@example.com leaves"), "{rest}");
}

#[test]
fn every_hour_what_has_ended_goes_and_nobody_gains() {
    let runner = ended();
    let done = runner.step("access-due", "Do what is due").run().ends_with(0);
    assert!(done.stdout.contains("- bob@example.com leaves group web-developers"), "{done}");
    only_the_rest_is_left(&runner);
}

#[test]
fn so_it_does_on_gitlab_and_in_kubernetes() {
    let runner = ended();
    _ = runner.job("due").run().ends_with(0);
    only_the_rest_is_left(&runner);
    let runner = ended();
    _ = runner.bash(&kubernetes("due")).run().ends_with(0);
    only_the_rest_is_left(&runner);
}

#[test]
fn after_a_merge_the_plan_with_the_reviewed_checksum_is_applied() {
    let runner = Runner::new("iam");
    let plan = runner.bash("scw-iam plan iam --out home/reviewed.json").run().ends_with(0);
    runner.answers("jq", "merged", "echo 12");
    runner.answers(
        "curl",
        "refs%2Fmerge-requests%2F12%2Fhead/raw/plan.json?job=plan",
        "cp home/reviewed.json plan.json",
    );
    _ = runner.job("apply").env("REVIEWED_SHA256", &"0".repeat(64)).run().ends_with(4);
    assert_eq!(runner.api.writes(), Vec::<String>::new());
    _ = runner.job("apply").env("REVIEWED_SHA256", &sha(&plan)).run().ends_with(0);
    _ = runner.job("drift").run().ends_with(0);
}

/// The command of a Kubernetes job.
fn kubernetes(job: &str) -> String {
    let job = parsed(&format!("examples/ci/kubernetes/{job}.yaml"));
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    format!("scw-iam {}", arguments.join(" ").replace("/files", "iam"))
}

#[test]
fn the_kubernetes_job_runs_a_command_that_there_is() {
    let runner = Runner::new("iam");
    _ = runner.bash(&kubernetes("drift")).run().ends_with(2);
}

/// Runs the action's installation on a release that holds a stand-in for the program, with this checksum.
fn install(runner: &Runner, published: &str) -> Ended {
    let action = parsed("action.yml");
    let script = action["runs"]["steps"][0]["run"].as_str().unwrap();
    runner.desk.file("home/uname/uname", "#!/bin/sh\necho Linux x86_64\n");
    let uname = runner.desk.path("home/uname/uname");
    std::fs::set_permissions(&uname, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(uname, runner.desk.path("home/bin/uname")).unwrap();
    let call = runner
        .bash(script)
        .env("VERSION", "0.1.0")
        .env("SHA256", "")
        .env("RELEASES", "https://example.com/download");
    let release = runner.desk.path("home/release.tar.gz").display().to_string();
    runner.answers(
        "curl",
        "x86_64-unknown-linux-musl.tar.gz.sha256",
        &format!("echo '{published}  archive'"),
    );
    runner.answers(
        "curl",
        "-fsSLO",
        &format!("cp '{release}' scw-iam-0.1.0-x86_64-unknown-linux-musl.tar.gz"),
    );
    call.run()
}

#[test]
fn the_action_installs_only_what_the_release_published() {
    let runner = Runner::new("iam");
    let pack = "mkdir home/pack; printf '#!/bin/sh\\necho scw-iam 0.1.0\\n' > home/pack/scw-iam; chmod +x home/pack/scw-iam
        tar -czf home/release.tar.gz -C home/pack scw-iam; sha256sum home/release.tar.gz | cut -d ' ' -f 1";
    let sum = runner.bash(pack).run().ends_with(0).stdout.trim().to_owned();
    assert_ne!(install(&runner, &"0".repeat(64)).code, 0);
    assert!(!runner.desk.has("home/path"), "nothing is put on the path");
    let installed = install(&runner, &sum).ends_with(0);
    assert!(installed.stdout.ends_with("scw-iam 0.1.0\n"), "{installed}");
    assert!(runner.desk.read("home/path").trim().ends_with("scw-iam-0.1.0"));
}

#[test]
fn the_homebrew_formula_of_a_release_names_its_checksums() {
    let runner = Runner::new("iam");
    let targets = [
        "aarch64-apple-darwin",
        "x86_64-apple-darwin",
        "aarch64-unknown-linux-musl",
        "x86_64-unknown-linux-musl",
    ];
    for (at, target) in targets.iter().enumerate() {
        let sum = format!("{at}").repeat(64);
        runner
            .desk
            .file(&format!("dist/scw-iam-0.1.0-{target}.tar.gz.sha256"), format!("{sum}  scw-iam.tar.gz\n"));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/formula.sh");
    let formula = runner.bash(&format!("bash {} 0.1.0 dist", script.display())).run().ends_with(0).stdout;
    assert!(!formula.contains('@'), "{formula}");
    for (at, target) in targets.iter().enumerate() {
        assert!(
            formula.contains(&format!("{target}.tar.gz\"\n      sha256 \"{}\"", format!("{at}").repeat(64))),
            "{formula}"
        );
    }
}

/// The archives that the release of a target packs, by its own script.
fn packed(runner: &Runner, target: &str) -> Vec<String> {
    let workflow = parsed(".github/workflows/release.yml");
    let mut steps = workflow["jobs"]["build"]["steps"].as_array().unwrap().iter();
    let step = steps.find(|step| step["name"] == "Package").unwrap();
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        runner.desk.file(name, "text");
    }
    let program = if target.contains("windows") { "scw-iam.exe" } else { "scw-iam" };
    runner.desk.file(&format!("target/{target}/release/{program}"), "program");
    let seven = runner.desk.path("home/bin/7z");
    std::fs::write(&seven, "#!/bin/sh\nshift\ntar -cf \"$@\"\n").unwrap();
    std::fs::set_permissions(&seven, std::fs::Permissions::from_mode(0o755)).unwrap();
    let call = runner.bash(step["run"].as_str().unwrap()).env("TAG", "v0.1.0").env("TARGET", target);
    _ = call.run().ends_with(0);
    let sums = runner.bash("cd dist && sha256sum -c *.sha256 >&2 && ls && rm -r ../dist ../stage").run();
    sums.ends_with(0).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn binstall_and_the_action_find_the_archives_of_the_release() {
    let runner = Runner::new("iam");
    let workflow = parsed(".github/workflows/release.yml");
    let matrix = workflow["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let targets: Vec<&str> = matrix.iter().map(|row| row["target"].as_str().unwrap()).collect();
    let mut archives = Vec::new();
    for target in &targets {
        let files = packed(&runner, target);
        let archive = files[0].clone();
        assert_eq!(files[1..], [format!("{archive}.sha256")], "{target}");
        archives.push(archive);
    }
    let manifest = read("Cargo.toml");
    let mut wanted = 0;
    for section in manifest.split("\n[").filter(|it| it.starts_with("package.metadata.binstall")) {
        let Some((_, rest)) = section.split_once("pkg-url = \"") else { continue };
        let url = rest.split('"').next().unwrap().replace("{ repo }/releases/download/v{ version }/", "");
        let named = url.replace("{ name }", "scw-iam").replace("{ version }", "0.1.0");
        // For `tgz` it asks for `.tgz` and for `.tar.gz`.
        let named = named.replace("{ archive-suffix }", ".tar.gz");
        for target in targets.iter().filter(|target| !target.contains("windows")) {
            assert!(archives.contains(&named.replace("{ target }", target)), "{named}: {archives:?}");
        }
        wanted += 1;
    }
    assert_eq!(wanted, 3);
    let script = parsed("action.yml")["runs"]["steps"][0]["run"].as_str().unwrap().to_owned();
    let of_action = targets.iter().filter(|target| !target.contains("windows"));
    assert!(of_action.clone().all(|target| script.contains(&format!("target={target} "))), "{script}");
}

#[test]
fn the_image_has_all_that_its_build_reads() {
    fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut needed: std::collections::BTreeSet<String> =
        ["Cargo.toml", "Cargo.lock", "build.rs", "src", "benches"].map(str::to_owned).into();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for named in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let (mut at, mut rest) = (file.parent().unwrap(), Path::new(named));
            while let Ok(below) = rest.strip_prefix("..") {
                (at, rest) = (at.parent().unwrap(), below);
            }
            let path = at.join(rest);
            let below = path.strip_prefix(root).unwrap();
            needed.insert(below.components().next().unwrap().as_os_str().to_str().unwrap().to_owned());
        }
    }
    let image = read("Dockerfile");
    let build = image.split("RUN cargo build").next().unwrap();
    let copied = build.lines().filter_map(|line| line.strip_prefix("COPY ")).flat_map(str::split_whitespace);
    let copied: Vec<&str> = copied.collect();
    let context = read(".dockerignore");
    for name in needed {
        assert!(copied.contains(&name.as_str()), "Dockerfile copies no {name}");
        assert!(context.lines().any(|line| line == format!("!{name}")), ".dockerignore leaves out {name}");
    }
}

#[test]
fn the_pre_commit_hook_runs_a_command_that_there_is() {
    let runner = Runner::new("iam");
    let hooks = parsed(".pre-commit-hooks.yaml");
    let hook = &hooks[0];
    let arguments = hook["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let command = format!("{} {}", hook["entry"].as_str().unwrap(), Vec::from_iter(arguments).join(" "));
    _ = runner.bash(&command).run().ends_with(0);
    runner.desk.file("iam/people.yaml", "grups: {}\n");
    _ = runner.bash(&command).run().ends_with(65);
}
