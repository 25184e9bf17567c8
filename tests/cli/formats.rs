//! The formats of other tools: what drift, plan, test and validate find, as their readers take it; hostile names in all.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, edit};

const FORMATS: [&str; 10] =
    ["text", "json", "markdown", "sarif", "junit", "openmetrics", "github", "gitlab", "csv", "html"];

/// The organization with Cho among the administrators, and another description.
fn drifted() -> Desk {
    let desk = desk();
    let mut state = live();
    let members = object(&mut state, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push("ac3e0000-0000-4000-8000-000000000004".into());
    object(&mut state, "applications", "ci")["description"] = "Deploys, and more".into();
    desk.file("live.json", state);
    desk
}

const DRIFT: &str = "drift --emulate live.json --now 2026-11-22T12:00:00Z";

#[test]
fn a_runner_shows_drift_beside_the_lines() {
    assert_snapshot!(drifted().run(&format!("{DRIFT} -o github")).stdout, @"
    ::error title=escalation%3A Somebody can give themselves more access than they hold::user cho@acme.io has IAMManager on organization, as a member of a group that no file lists ← group admins ← policy admins-iam, rule 1
    ::warning file=iam.yaml,line=15,endLine=15,col=3,title=changed%3A A declared object differs from the files::application ci differs from the files
    ::warning file=iam.yaml,line=19,endLine=19,col=3,title=changed%3A A declared object differs from the files::group admins differs from the files
    ");
}

#[test]
fn code_quality_gets_a_list_of_issues() {
    assert_snapshot!(drifted().run(&format!("{DRIFT} -o gitlab")).stdout, @r#"
    [
      {
        "description": "escalation: user cho@acme.io has IAMManager on organization, as a member of a group that no file lists",
        "check_name": "escalation",
        "fingerprint": "6d8aa16a4035",
        "severity": "critical",
        "location": {
          "path": "iam.yaml",
          "lines": {
            "begin": 1
          }
        }
      },
      {
        "description": "changed: application ci differs from the files",
        "check_name": "changed",
        "fingerprint": "18c0bd16bee1",
        "severity": "major",
        "location": {
          "path": "iam.yaml",
          "lines": {
            "begin": 15
          }
        }
      },
      {
        "description": "changed: group admins differs from the files",
        "check_name": "changed",
        "fingerprint": "27e445f2c2d7",
        "severity": "major",
        "location": {
          "path": "iam.yaml",
          "lines": {
            "begin": 19
          }
        }
      }
    ]
    "#);
    // An empty list always means that nothing was found.
    assert_eq!(desk().run(&format!("{DRIFT} -o gitlab")).ends_with(0).json(), json!([]));
    let broken = desk();
    broken.file("live.json", "{}");
    let failed = broken.run(&format!("{DRIFT} -o gitlab")).ends_with(1).json();
    assert_eq!(failed[0]["check_name"], "error");
}

#[test]
fn junit_has_a_case_for_what_was_looked_for_and_for_what_was_found() {
    assert_snapshot!(drifted().run(&format!("{DRIFT} -o junit")).stdout, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="scw-iam" tests="12" failures="3" errors="0" skipped="0">
      <testsuite name="scw-iam drift" tests="12" failures="3" errors="0" skipped="0" time="0">
        <testcase classname="drift" name="broken" time="0"/>
        <testcase classname="drift" name="blocked" time="0"/>
        <testcase classname="drift" name="gone" time="0"/>
        <testcase classname="drift" name="missing" time="0"/>
        <testcase classname="drift" name="extra" time="0"/>
        <testcase classname="drift" name="stale-ignore" time="0"/>
        <testcase classname="drift" name="locked-with-access" time="0"/>
        <testcase classname="drift" name="due" time="0"/>
        <testcase classname="drift" name="unmanaged" time="0"/>
        <testcase classname="user" name="escalation: cho@acme.io" time="0"><failure message="high: user cho@acme.io has IAMManager on organization, as a member of a group that no file lists">high: user cho@acme.io has IAMManager on organization, as a member of a group that no file lists
    by: group admins ← policy admins-iam, rule 1
    done by: unknown
    why: A principal that can write policies, change groups, create keys for applications or take over accounts can reach their access too. Review it as if it already had that access.
    check: `scw-iam report` lists each path. Remove the permission set of the first step, or move it to a group of administrators.
    fingerprint: 6d8aa16a4035</failure></testcase>
        <testcase classname="application" name="changed: ci" file="iam.yaml" time="0"><failure message="medium: application ci differs from the files">medium: application ci differs from the files
    at: iam.yaml:15:3
    done by: unknown
    why: Somebody changed it by hand, without a review.
    check: `scw-iam apply` reverts the change, or you add it to the files; `scw-iam drift` then finds nothing.
    fingerprint: 18c0bd16bee1</failure></testcase>
        <testcase classname="group" name="changed: admins" file="iam.yaml" time="0"><failure message="medium: group admins differs from the files">medium: group admins differs from the files
    at: iam.yaml:19:3
    done by: unknown
    why: Somebody changed it by hand, without a review.
    check: `scw-iam apply` reverts the change, or you add it to the files; `scw-iam drift` then finds nothing.
    fingerprint: 27e445f2c2d7</failure></testcase>
      </testsuite>
    </testsuites>
    "#);
    let clean = desk().run(&format!("{DRIFT} -o junit")).ends_with(0).stdout;
    assert!(clean.contains("tests=\"11\" failures=\"0\" errors=\"0\""), "{clean}");
    let failed = desk();
    failed.file("live.json", "{}");
    let failed = failed.run(&format!("{DRIFT} -o junit")).ends_with(1).stdout;
    assert!(failed.contains("errors=\"1\"") && failed.contains("<error message="), "{failed}");
}

#[test]
fn metrics_say_how_many_of_everything_and_whether_it_was_complete() {
    let text = drifted().run(&format!("{DRIFT} -o openmetrics")).stdout;
    let ends = text
        .lines()
        .filter(|line| line.ends_with(" 1") || line.ends_with("795348800") || line.starts_with("# EOF"));
    assert_snapshot!(ends.collect::<Vec<_>>().join("\n"), @r#"
    scw_iam_complete{organization="ac3e0000-0000-4000-8000-000000000000",stack="web"} 1
    scw_iam_findings{organization="ac3e0000-0000-4000-8000-000000000000",stack="web",category="escalation",severity="high"} 1
    scw_iam_last_complete_run_timestamp_seconds{organization="ac3e0000-0000-4000-8000-000000000000",stack="web"} 1795348800
    scw_iam_objects{organization="ac3e0000-0000-4000-8000-000000000000",stack="web",kind="application",state="changed"} 1
    scw_iam_objects{organization="ac3e0000-0000-4000-8000-000000000000",stack="web",kind="group",state="changed"} 1
    # EOF
    "#);
    // Every finding that is looked for, with every severity, or an alert would never resolve.
    assert_eq!(text.lines().filter(|line| line.starts_with("scw_iam_findings{")).count(), 11 * 5);
    let failed = desk();
    failed.file("live.json", "{}");
    let failed = failed.run(&format!("{DRIFT} -o openmetrics")).ends_with(1).stdout;
    assert!(failed.contains("scw_iam_complete{organization=\"\",stack=\"\"} 0\n"), "{failed}");
    assert!(!failed.contains("scw_iam_findings") && !failed.contains("last_complete"), "{failed}");
}

#[test]
fn a_spreadsheet_gets_a_row_for_each_finding() {
    assert_snapshot!(drifted().run(&format!("{DRIFT} -o csv")).stdout.replace('\r', ""), @r#"
    "finding","result","severity","kind","name","id","what","way","file","line","fingerprint","ignored_because","ignored_until","done_by","done_at","done_from","done_with","done_request","done_known"
    "escalation","found","high","user","cho@acme.io","ac3e0000-0000-4000-8000-000000000004","has IAMManager on organization, as a member of a group that no file lists","group admins ← policy admins-iam, rule 1","","","6d8aa16a4035","","","","","","","","unknown"
    "changed","found","medium","application","ci","ac3e0000-0000-4000-8000-000000000012","differs from the files","","iam.yaml","15","18c0bd16bee1","","","","","","","","unknown"
    "changed","found","medium","group","admins","ac3e0000-0000-4000-8000-000000000021","differs from the files","","iam.yaml","19","27e445f2c2d7","","","","","","","","unknown"
    "broken","none","","","","","","","","","","","","","","","","",""
    "blocked","none","","","","","","","","","","","","","","","","",""
    "gone","none","","","","","","","","","","","","","","","","",""
    "missing","none","","","","","","","","","","","","","","","","",""
    "extra","none","","","","","","","","","","","","","","","","",""
    "stale-ignore","none","","","","","","","","","","","","","","","","",""
    "locked-with-access","none","","","","","","","","","","","","","","","","",""
    "due","none","","","","","","","","","","","","","","","","",""
    "unmanaged","none","","","","","","","","","","","","","","","","",""
    "#);
}

#[test]
fn code_scanning_gets_a_place_and_a_fingerprint_of_every_finding() {
    let sarif =
        |desk: &Desk, command: &str| desk.run(&format!("{command} -o sarif")).json()["runs"][0].clone();
    let desk = drifted();
    let run = sarif(&desk, DRIFT);
    assert_eq!(run["automationDetails"]["id"], "scw-iam/drift/web/");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    // A person whom no file declares: where the files begin.
    assert_eq!(results[0]["ruleId"], "escalation");
    let region = |result: &Value| result["locations"][0]["physicalLocation"]["region"]["startLine"].clone();
    assert_eq!((region(&results[0]), region(&results[1])), (json!(1), json!(15)));
    let print = |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].clone();
    assert_eq!(print(&results[0]), "6d8aa16a4035");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules[results[0]["ruleIndex"].as_u64().unwrap() as usize]["id"], "escalation");
    // The rules are those of every run, found or not, so that alerts of one run do not vanish in the next.
    let clean = sarif(&self::desk(), DRIFT);
    assert_eq!((&clean["tool"], clean["results"].as_array().unwrap().len()), (&run["tool"], 0));
    // Lines above make no finding another one.
    let moved = drifted();
    moved.file("iam.yaml", format!("# a line\n{FILE}"));
    let again = sarif(&moved, DRIFT);
    assert_eq!(print(&again["results"][1]), print(&results[1]));
    assert_eq!(region(&again["results"][1]), 16);
}

#[test]
fn paths_start_at_the_root_of_the_repository() {
    let desk = desk();
    desk.file(".git/HEAD", "").file("infra/bad file.yaml", "version: 2\n");
    let mut call = desk.command("validate -o github=../out -o sarif=../sarif -o gitlab=../gitlab");
    call.command.current_dir(desk.path("infra"));
    call.command.arg("bad file.yaml");
    assert_eq!(call.run().code, 65);
    assert!(desk.read("out").contains("::error file=infra/bad file.yaml,line=1,"), "{}", desk.read("out"));
    let place = &desk.json("sarif")["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/bad%20file.yaml");
    assert_eq!(desk.json("gitlab")[0]["location"]["path"], "infra/bad file.yaml");
}

#[test]
fn sarif_of_standard_input_says_what_is_missing() {
    let desk = drifted();
    let call = desk.command("drift - --emulate live.json -o sarif=out.sarif").input(FILE).run();
    assert!(call.stderr.contains("name the files as a path in it"), "{call}");
    assert_eq!(call.code, 1);
    // Code scanning keeps what it knew: the run was none.
    let run = &desk.json("out.sarif")["runs"][0];
    assert_eq!((&run["invocations"][0]["executionSuccessful"], &run["results"]), (&json!(false), &json!([])));
}

#[test]
fn a_command_that_finds_nothing_refuses_these_formats() {
    assert_snapshot!(desk().run("explain user:bob@acme.io -o junit"), @"
    -- stderr
    error: this command has no result as junit
    hint: use text, json or markdown
    -- exit 64
    ");
    assert_eq!(desk().run("plan -o xml").code, 64);
}

#[test]
fn a_baseline_leaves_out_what_was_known() {
    let desk = drifted();
    let _ = desk.run(&format!("{DRIFT} -o json=known.json")).ends_with(2);
    let again = desk.run(&format!("{DRIFT} --baseline known.json -o gitlab")).ends_with(0);
    assert_eq!(again.json(), json!([]));
    assert!(again.stderr.contains("left out: 3 findings already in known.json"), "{again}");
    // Somebody else joins: that is new, and so is the difference of the group, which has grown; the rest is not.
    let mut state = desk.json("live.json");
    let members = object(&mut state, "groups", "admins")["user_ids"].as_array_mut().unwrap();
    members.push("ac3e0000-0000-4000-8000-000000000003".into());
    desk.file("live.json", state);
    let more = desk.run(&format!("{DRIFT} --baseline known.json -o gitlab")).ends_with(2).json();
    let more: Vec<&str> =
        more.as_array().unwrap().iter().map(|it| it["description"].as_str().unwrap()).collect();
    assert_eq!(more.len(), 2, "{more:#?}");
    assert!(more.iter().any(|words| words.contains("user bob@acme.io")), "{more:#?}");
    assert!(more.iter().any(|words| words.contains("group admins")), "{more:#?}");
    desk.file("other.json", "{}");
    assert_eq!(desk.run(&format!("{DRIFT} --baseline other.json")).code, 1);
}

#[test]
fn a_difference_that_grows_is_not_known() {
    let desk = desk();
    let grant = |sets: &[&str]| {
        let mut state = desk.json("live.json");
        object(&mut state, "policies", "ci-push")["rules"][0]["permission_set_names"] = json!(sets);
        desk.file("live.json", state);
    };
    grant(&["ContainerRegistryReadOnly"]);
    let _ = desk.run(&format!("{DRIFT} -o json=known.json")).ends_with(2);
    let _ = desk.run(&format!("{DRIFT} --baseline known.json")).ends_with(0);
    grant(&["ContainerRegistryReadOnly", "SecretManagerFullAccess"]);
    let _ = desk.run(&format!("{DRIFT} --baseline known.json")).ends_with(2);
    // So does a policy that no file declares any more.
    let policy = "  ci-push:\n    principal: {application: ci}\n    rules:\n      - permission_sets: [ContainerRegistryFullAccess]\n        scope: [staging]\n";
    desk.file("iam.yaml", edit(FILE, &[(policy, "")]));
    let _ = desk.run(&format!("{DRIFT} -o json=known.json")).ends_with(2);
    let _ = desk.run(&format!("{DRIFT} --baseline known.json")).ends_with(0);
    grant(&["ContainerRegistryReadOnly", "SecretManagerFullAccess", "InstancesFullAccess"]);
    let _ = desk.run(&format!("{DRIFT} --baseline known.json")).ends_with(2);
}

#[test]
fn a_plan_and_a_test_have_findings_too() {
    let desk = desk();
    desk.file("iam.yaml", edit(FILE, &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]")]));
    let plan = desk.run("plan --emulate live.json -o gitlab").json();
    let names: Vec<&str> =
        plan.as_array().unwrap().iter().map(|it| it["check_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["refused", "change"]);
    let assertion =
        "assertions:\n  - {principal: {user: bob@acme.io}, cannot: InstancesFullAccess, on: staging}\n";
    desk.file("iam.yaml", format!("{FILE}{assertion}"));
    let junit = desk.run("test -o junit").ends_with(3).stdout;
    assert!(junit.contains("failures=\"1\"") && junit.contains("file=\"iam.yaml\""), "{junit}");
}

/// Names that do harm somewhere: in a terminal, Markdown, HTML, a formula, a runner's log, GitLab's attachments.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "[x](http://evil) @all #1 | `a`",
        "<img src=x onerror=alert(1)>",
        "=1+1|cmd",
        "\u{202e}gnp.exe",
        "</script><script>alert(1)</script>",
        "a\n::add-mask::x",
        "::add-mask::x",
        "##[group]x",
        "##vso[task.setvariable]x",
        "[[ATTACHMENT|x]]",
        "a\",b\r\n]]>&#x0;\u{0}\u{fffe}",
        "%0A::error::x",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    names.push("👩\u{200d}🚀".repeat(21));
    names
}

#[test]
fn no_format_lets_a_name_out() {
    let desk = desk();
    let mut state = live();
    for (number, name) in names().into_iter().enumerate() {
        let user = state["users"][1].clone();
        state["users"].as_array_mut().unwrap().push(edited(
            user,
            number,
            json!({
                "email": format!("m{number}@acme.io"), "username": name,
            }),
        ));
        let mut policy = object(&mut state, "policies", "look").clone();
        policy["name"] = json!(name);
        policy["tags"] = json!([]);
        let policy = edited(policy, number, json!({"description": name}));
        state["policies"].as_array_mut().unwrap().push(policy);
    }
    desk.file("live.json", &state);
    for command in ["drift", "plan"] {
        for format in FORMATS {
            let ended = desk.run(&format!("{command} --emulate live.json --full -o {format}"));
            safe(&ended.stdout, format);
        }
    }
}

/// An object with an id of its own.
fn edited(mut object: Value, number: usize, fields: Value) -> Value {
    object["id"] = json!(format!("ac3e0000-0000-4000-9000-{number:012x}"));
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    object.as_object_mut().unwrap().extend(fields);
    object
}

/// Looks for what a name must not do in a format.
pub(crate) fn safe(text: &str, format: &str) {
    let ours = |c: char| c == '\n' || (c == '\r' && format == "csv");
    let bad = |c: char| {
        (c.is_control() && !ours(c))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}')
    };
    assert_eq!(text.find(bad), None, "{format}: {text:?}");
    for line in text.lines() {
        let begins = line.trim_start();
        let known = ["::error ", "::warning ", "::notice "].iter().any(|word| begins.starts_with(word));
        assert!(!begins.starts_with("::") || (format == "github" && known), "{format}: {line}");
        for sign in ["##[", "##vso["] {
            assert!(!line.contains(sign), "{format}: {line}");
        }
    }
    match format {
        "json" | "sarif" | "gitlab" => _ = serde_json::from_str::<Value>(text).unwrap(),
        "junit" => {
            assert!(
                !text.contains("<img") && !text.contains("<script") && !text.contains("system-out"),
                "{text}"
            );
            let opened = text.matches('<').count();
            assert_eq!(opened, text.matches('>').count(), "{text}");
        }
        "csv" => {
            for row in csv::ReaderBuilder::new().from_reader(text.as_bytes()).records() {
                let row = row.unwrap();
                assert!(
                    row.iter().all(|cell| !cell.trim_start().starts_with(['=', '+', '-', '@'])),
                    "{row:?}"
                );
            }
        }
        "github" => assert!(text.lines().all(|line| line.starts_with("::")), "{text}"),
        "openmetrics" => {
            assert!(
                text.lines().all(|line| line.starts_with("scw_iam_") || line.starts_with("# ")),
                "{text}"
            );
            assert!(text.ends_with("# EOF\n"));
        }
        "html" => {
            assert_eq!((text.matches("<script").count(), text.matches("<img").count()), (1, 0), "{text}");
            assert!(!text.contains(" style=") && !text.contains(" onerror="), "{text}");
        }
        "text" | "markdown" => {}
        other => panic!("no check of {other}"),
    }
}

#[test]
fn a_page_of_drift_or_of_a_plan_shows_what_changes() {
    let desk = drifted();
    for (command, access) in [
        (DRIFT, "which the files do not grant"),
        ("plan --emulate live.json", "loses IAMManager on organization"),
    ] {
        let page = desk.run(&format!("{command} -o html")).stdout;
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{command}: no `{text}` in\n{page}"));
        assert!(at("id=\"access\"") < at(access) && at(access) < at("id=\"steps\""), "{page}");
        assert!(at("cho@acme.io leaves group admins") < at("id=\"findings\""), "{page}");
        // A link opens the collapsed part that it leads to, even on a page without a search.
        assert!(at("reveal();") < at("if (!input) return;"), "{page}");
        // The text of a change stands as it is, line by line.
        assert!(
            page.contains(
                "<pre><bdi>description: &quot;Deploys, and more&quot; → &quot;Deploys&quot;</bdi></pre>"
            ),
            "{page}"
        );
    }
}
