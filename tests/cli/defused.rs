//! Texts of others in what is printed: no line commands the runner of a CI job, nothing in Markdown reaches anybody, and
//! the token of the client is in none of it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use proptest::prelude::*;
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, desk, live};
use crate::command::{Ended, edit};

/// What a runner obeys: `::` where a line begins, and the signs of the older syntaxes anywhere.
fn commanded(text: &str) -> Option<&str> {
    let plain = |line: &str| {
        let mut plain = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        plain + rest
    };
    text.split(['\n', '\r']).find(|line| {
        let line = plain(line).to_ascii_lowercase();
        // No command begins with a third colon; a mistake's second place does.
        (line.trim_start().starts_with("::") && !line.trim_start().starts_with("::: "))
            || ["##[", "##vso[", "##teamcity["].iter().any(|sign| line.contains(sign))
    })
}

/// The text of Markdown outside of code, with entities and escapes as they are rendered.
fn rendered(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut prose = String::new();
    for line in markdown.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => prose.push_str(&format!("{}\n", outside_of_code(line))),
        }
    }
    let entities = [("&lt;", "‹"), ("&gt;", "›"), ("&#64;", "@"), ("&#35;", "#"), ("&amp;", "&")];
    entities.iter().fold(prose, |text, (entity, sign)| text.replace(entity, sign)).replace('\\', "")
}

fn outside_of_code(line: &str) -> String {
    let (mut prose, mut rest) = (String::new(), line);
    while let Some(at) = rest.find(['`', '\\']) {
        prose.push_str(&rest[..at]);
        if rest[at..].starts_with('\\') {
            let end = rest[at + 1..].chars().next().map_or(rest.len(), |c| at + 1 + c.len_utf8());
            prose.push_str(&rest[at..end]);
            rest = &rest[end..];
            continue;
        }
        let ticks: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let inside = &rest[at + ticks.len()..];
        let runs = inside
            .match_indices(ticks.as_str())
            .find(|(end, _)| !inside[..*end].ends_with('`') && !inside[end + ticks.len()..].starts_with('`'));
        let (end, _) = runs.unwrap_or_else(|| panic!("code without an end: {line}"));
        prose.push_str("CODE");
        rest = &inside[end + ticks.len()..];
    }
    prose + rest
}

fn inert(markdown: &str) {
    let text = rendered(markdown).to_ascii_lowercase();
    // Our own words hold none of these.
    for sign in ["@", "#1", "gh-1", "www.", "://", "<img", "</details><", "!1"] {
        assert!(!text.contains(sign), "{sign} in {text}\n---\n{markdown}");
    }
}

fn harmless(ended: &Ended, format: &str) {
    assert_eq!(commanded(&ended.stdout), None, "{ended}");
    assert_eq!(commanded(&ended.stderr), None, "{ended}");
    match format {
        "markdown" => inert(&ended.stdout),
        "json" if !ended.stdout.is_empty() => _ = ended.json(),
        _ => {}
    }
}

const SIGNS: [&str; 16] = [
    "::stop-commands::x",
    "::set-output name=a::b",
    "##[group]x",
    "##vso[task.setvariable]x",
    "###[x",
    "@everyone",
    "http://evil.example",
    "www.evil.example",
    "#1",
    "GH-1",
    "</details><img src=x>",
    "[x](http://y)",
    "!1",
    "mail@evil.example",
    "`",
    "\\",
];

fn hostile() -> impl Strategy<Value = String> {
    let word = prop_oneof![prop::sample::select(&SIGNS[..]), Just("word"), Just("a longer word of no harm")];
    let gap = prop::sample::select(&[" ", "\n", "\n  ", " \n\t", "   "][..]);
    prop::collection::vec((word, gap), 1..7).prop_map(|words| {
        let text: String = words.into_iter().map(|(word, gap)| format!("{word}{gap}")).collect();
        text.trim().chars().take(180).collect()
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_of_others_commands_a_runner_or_reaches_anybody(text in hostile(), other in hostile()) {
        let desk = desk();
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let condition = quoted(&format!("resource.name == {}", quoted(&one_line(&text))));
        let files = edit(FILE, &[
            ("description: Deploys", &format!("description: {}", quoted(&text))),
            ("[InstancesFullAccess]\n        scope: [staging]",
             &format!("[InstancesFullAccess]\n        scope: [staging]\n        condition: {condition}")),
        ]);
        let guardrail = format!("guardrails:\n  - name: {}\n    forbid: grant.permission_set == \"IAMManager\"\n", quoted(&one_line(&text)));
        desk.file("iam.yaml", format!("{files}{guardrail}"));
        let mut state = live();
        state["applications"][1]["description"] = json!(other);
        state["users"][1]["username"] = json!(one_line(&other));
        state["projects"][1]["name"] = json!("www.evil.example");
        desk.file("live.json", &state);
        desk.file("bad.txt", format!("groups:\n  {}: {{}}\n{}: 1\n", quoted(&one_line(&text)), quoted(&text)));
        for format in ["text", "markdown", "json"] {
            for command in [
                "plan iam.yaml --emulate live.json", "drift iam.yaml --emulate live.json", "test iam.yaml",
                "explain user:bob@acme.io", "who-can InstancesFullAccess --on staging",
                "validate iam.yaml bad.txt", "validate bad.txt",
            ] {
                harmless(&desk.run(&format!("{command} -o {format}")), format);
            }
        }
        harmless(&desk.run("export --emulate live.json"), "text");
        harmless(&desk.run("plan ::x --emulate ##[x"), "text");
    }
}

/// An API that answers everything with this.
fn api(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            _ = stream.read(&mut [0; 16384]);
            _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nx-request-id: ::x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    url
}

#[test]
fn what_the_api_says_commands_no_runner_and_holds_no_token() {
    let desk = desk();
    let message = "a\n::stop-commands::x ##vso[task] @all www.evil.example";
    let body = json!({
        "type": "invalid_arguments", "message": message,
        "details": [{"argument_name": message, "help_message": "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7"}],
    });
    let body = body.to_string().replace("5e-c7", "5e\\u002dc7");
    let url = api("400 Bad Request", body);
    for format in ["text", "markdown", "json"] {
        let ended = desk.command(&format!("plan -o {format}")).against(&url, ORGANIZATION).run();
        assert!(ended.stderr.contains("stop-commands"), "{ended}");
        assert!(ended.stderr.contains("[secret]") && !ended.stderr.contains("5ec7e75ec7e7"), "{ended}");
        harmless(&ended, format);
    }
}

#[test]
fn arguments_that_are_wrong_command_no_runner() {
    let desk = desk();
    let mut call = desk.command("plan");
    call.command.arg("--x\n::stop-commands::y\u{1b}[2J");
    let ended = call.run();
    assert_eq!(ended.code, 64);
    assert!(ended.stderr.contains("stop-commands") && !ended.stderr.contains('\u{1b}'), "{ended}");
    harmless(&ended, "text");
}
