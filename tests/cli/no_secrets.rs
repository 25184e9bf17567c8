//! A secret key is in memory and in its delivery, and in nothing else that a command prints or writes.

use std::collections::BTreeSet;
use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;

use crate::acme::{FILE, ORGANIZATION, live};
use crate::command::{Api, Desk, Ended, edit};

const NOW: &str = "2026-11-22T12:00:00Z";

const SLOTS: &str = "  backup:
    description: Nightly copies
    api_keys:
      broken:
        expires_after: 90d
        rotate_before: 14d
        overlap: 7d
        deliver: [{secret_manager: {project: prod, region: fr-par, name: broken}}, {command: broken}]
  ci:
    description: Deploys
    api_keys:
      deploy:
        expires_after: 90d
        rotate_before: 14d
        overlap: 7d
        deliver:
          - secret_manager: {project: prod, region: fr-par, path: /ci, name: scw-key}
          - file: ci/key.json
          - command: hook
";

/// Passes everything on to an emulator, and keeps what it answers.
struct Ear {
    url: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Ear {
    fn before(api: &Api) -> Self {
        let to = api.url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&heard);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(&to) else { return };
                let (mut up, mut down) =
                    ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
                let keep = Arc::clone(&keep);
                std::thread::spawn(move || {
                    _ = std::io::copy(&mut up.0, &mut up.1);
                    _ = up.1.shutdown(Shutdown::Write);
                });
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while let Ok(read @ 1..) = down.0.read(&mut buffer) {
                        keep.lock().unwrap().extend_from_slice(&buffer[..read]);
                        if down.1.write_all(&buffer[..read]).is_err() {
                            break;
                        }
                    }
                    _ = down.1.shutdown(Shutdown::Both);
                });
            }
        });
        Self { url, heard }
    }

    /// The secret keys in the answers.
    fn secrets(&self) -> BTreeSet<String> {
        secrets_in(&String::from_utf8_lossy(&self.heard.lock().unwrap()))
    }
}

fn secrets_in(text: &str) -> BTreeSet<String> {
    let after = text.split("\"secret_key\":").skip(1);
    let secret = after.filter_map(|text| text.trim_start().strip_prefix('"')?.get(..36).map(str::to_owned));
    secret.filter(|secret| secret.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')).collect()
}

/// The encodings in which a text could be written.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        secret.replace('-', ""),
        secret.replace('-', "%2D"),
        secret.replace('-', "%2d"),
    ];
    // Inside a longer text, it can begin at any of the three offsets of a base64 group.
    for before in 0..3 {
        let text = ["x".repeat(before), secret.to_owned(), "xx".to_owned()].concat();
        for engine in [STANDARD, URL_SAFE] {
            let encoded = engine.encode(&text);
            forms.push(encoded[before.div_ceil(3) * 4..][..40].to_owned());
        }
    }
    forms
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What commands print and write, by place.
struct Seen<'d> {
    desk: &'d Desk,
    url: String,
    said: Vec<(String, Ended)>,
}

impl Seen<'_> {
    fn run(&mut self, arguments: &str, codes: &[i32]) {
        let mut call = self.desk.command(arguments);
        if arguments.contains("apply") || arguments.contains("rotate") {
            // What the command sees beside its input is written down, too.
            let keep = self.desk.path("delivered/command");
            let script =
                format!("env >> saw; tr '\\0' ' ' < /proc/$$/cmdline >> saw; exec tee -a {}", keep.display());
            call.command.args(["--journal", "journal.jsonl"]);
            call.command.arg("--deliver-command").arg(format!("hook=sh -c \"{script}\""));
            call.command.args(["--deliver-command", "broken=false"]);
        } else if arguments.starts_with("plan") {
            call.command.args(["--deliver-command", "hook", "--deliver-command", "broken"]);
        }
        if ["apply", "rotate", "plan"].iter().any(|word| arguments.contains(word)) {
            call.command.args(["--deliver-dir", "delivered"]);
        }
        let ended = call.against(&self.url, ORGANIZATION).run();
        assert!(codes.contains(&ended.code), "{arguments}: {ended}");
        self.said.push((arguments.to_owned(), ended));
    }

    /// Looks for secrets everywhere but where they were delivered.
    fn hold_none_of(&self, secrets: &BTreeSet<String>) {
        let mut places: Vec<(String, Vec<u8>)> = Vec::new();
        for (call, ended) in &self.said {
            places.push((format!("what `{call}` said"), format!("{ended}").into_bytes()));
        }
        let delivered = self.desk.path("delivered");
        for path in files(&self.desk.path("")).into_iter().filter(|path| !path.starts_with(&delivered)) {
            places.push((path.display().to_string(), std::fs::read(path).unwrap()));
        }
        for form in secrets.iter().flat_map(|secret| forms(secret)) {
            for (place, bytes) in &places {
                let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "{form} is in {place}:\n{}", String::from_utf8_lossy(bytes));
            }
        }
    }
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("live.json", live());
    desk.file("delivered/command", "");
    let applications = "  backup:\n    description: Nightly copies\n  ci:\n    description: Deploys\n";
    desk.file("iam.yaml", edit(FILE, &[(applications, SLOTS)]));
    desk
}

#[test]
fn a_life_of_keys_tells_no_secret() {
    let desk = desk();
    let api = desk.emulate("live.json", &format!("--now {NOW}"));
    let ear = Ear::before(&api);
    let mut seen = Seen { desk: &desk, url: ear.url.clone(), said: Vec::new() };
    seen.run(&format!("plan --now {NOW} --out plan.json -o json=p.json -o markdown=p.md"), &[0]);
    // The command of one slot fails.
    seen.run(&format!("apply plan.json --yes --now {NOW} -o json=a.json -o markdown=a.md"), &[5]);
    let half_made = ear.secrets();
    assert_eq!(half_made.len(), 2, "{half_made:?}");
    assert!(desk.read("saw").contains("PATH="), "what the command saw: {}", desk.read("saw"));
    seen.run(&format!("keys rotate ci/deploy --yes --now {NOW} -v"), &[0]);
    let key = desk.json("delivered/ci/key.json");
    let access_key = key["access_key"].as_str().unwrap();
    seen.run(&format!("keys show {access_key} --now {NOW}"), &[0]);
    for command in [
        "keys -o json",
        "drift -o json=d.json -o sarif=d.sarif -o junit=d.xml -o openmetrics=d.txt -o github=d.g -o gitlab=d.gl",
        "explain application:ci",
        "plan -o sarif=p.sarif -o github=p.g -v",
        "quota -o json",
        "doctor -o json",
        "snapshot --out copy.json",
        "export --out exported",
    ] {
        seen.run(&format!("{command} --now {NOW}"), &[0]);
    }
    seen.run(&format!("report --now {NOW} -o text -o json=r.json -o html=r.html -o csv=r.csv"), &[0]);
    // Much later both are replaced, and the old keys are deleted.
    let later = "2027-02-15T12:00:00Z";
    seen.run(&format!("apply iam.yaml --due --yes --now {later}"), &[0, 5]);
    seen.run("apply iam.yaml --yes --now 2027-02-25T12:00:00Z", &[0, 5]);
    let secrets = ear.secrets();
    assert!(secrets.len() >= 5, "{secrets:?}");
    assert!(secrets.contains(key["secret_key"].as_str().unwrap()));
    drop(api);
    // The state of the emulator is Scaleway's side of it.
    std::fs::remove_file(desk.path("home/saved.json")).ok();
    seen.hold_none_of(&secrets);
    let recorded = desk.read("home/traffic.jsonl");
    assert!(recorded.contains("secret_key"), "what is recorded has the answer, masked");
}

/// While a command takes a key, the program that holds it is killed as a crash would.
#[cfg(unix)]
#[test]
fn a_crash_leaves_no_core_dump() {
    use std::os::unix::process::ExitStatusExt as _;
    for signal in ["ABRT", "SEGV"] {
        let desk = desk();
        let api = desk.emulate("live.json", &format!("--now {NOW}"));
        let ear = Ear::before(&api);
        let line = format!(
            "ulimit -c unlimited; exec \"$IAM\" apply --yes --now {NOW} --deliver-dir delivered \
             --deliver-command hook='sh -c \"cat > delivered/command; kill -{signal} $PPID\"'"
        );
        let child = desk.shell(&line).against(&ear.url, ORGANIZATION).start();
        let ended = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.core_dumped(), "{signal}: {words}");
        drop(api);
        std::fs::remove_file(desk.path("home/saved.json")).ok();
        let secrets = secrets_in(&desk.read("delivered/command"));
        assert_eq!(secrets.len(), 1, "{signal}: the command got no key: {:?} {words}", ended.status);
        Seen { desk: &desk, url: ear.url.clone(), said: Vec::new() }.hold_none_of(&secrets);
    }
}

#[test]
fn an_answer_that_is_cut_or_not_understood_tells_no_secret() {
    for fault in ["truncated", "wrong-content-type", "slow-body", "500-after", "cut-after"] {
        let desk = desk();
        let faults = format!("{fault}:POST/api-keys=#1-,{fault}:POST/secrets/*/versions=#1-2");
        let api = desk.emulate("live.json", &format!("--now {NOW} --faults {faults}"));
        let ear = Ear::before(&api);
        let mut seen = Seen { desk: &desk, url: ear.url.clone(), said: Vec::new() };
        seen.run(&format!("apply --yes --now {NOW} -o json=a.json"), &[0, 1, 5]);
        drop(api);
        std::fs::remove_file(desk.path("home/saved.json")).ok();
        let delivered = secrets_in(&desk.read("delivered/command"));
        let secrets = ear.secrets().into_iter().chain(delivered).collect();
        let told = !matches!(fault, "500-after" | "cut-after");
        assert!(BTreeSet::is_empty(&secrets) != told, "{fault}: {secrets:?}");
        seen.hold_none_of(&secrets);
    }
}

#[test]
fn the_search_finds_a_secret_however_it_is_written() {
    let secret = "0f8fad5b-d9cb-469f-a165-70867728950e";
    for before in 0..7 {
        let text = json!({"k".repeat(before + 1): secret}).to_string();
        for written in [text.clone(), STANDARD.encode(&text), URL_SAFE.encode(&text)] {
            assert!(forms(secret).iter().any(|form| written.contains(form)), "{written}");
        }
    }
}
