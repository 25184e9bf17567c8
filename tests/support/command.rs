//! The command as a person runs it: in a folder of its own, with an empty environment, and what came of it as one text.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with nothing in it but what a test puts there; the home of whoever runs the commands is within.
pub(crate) struct Desk {
    folder: TempDir,
    _filters: insta::internals::SettingsBindDropGuard,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(&folder.path().canonicalize().unwrap().display().to_string(), "[DESK]");
        settings.add_filter(&folder.path().display().to_string(), "[DESK]");
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]");
        settings.add_filter(r"\b\d+ ms\b", "[N] ms");
        settings.add_filter(r"\b\d+\.\d s\b", "[N] s");
        settings.add_filter(r#""ms": ?\d+"#, r#""ms":[N]"#);
        settings.add_filter(r"\b[0-9a-f]{16}\b", "[RUN]");
        settings.add_filter(r"\b[0-9a-f]{64}\b", "[SHA]");
        settings.add_filter(r"(request.id.{0,4})\b[0-9a-f-]{36}\b", "$1[REQUEST]");
        settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "[TIME]");
        Self { folder, _filters: settings.bind_to_scope() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders that lead to it.
    pub(crate) fn file(&self, name: &str, text: impl fmt::Display) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.to_string()).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names of the files here, without what `home` holds.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "home");
        names.sort();
        names
    }

    /// A call of `scw-iam` with these words as arguments; none of them holds a space.
    pub(crate) fn command(&self, arguments: &str) -> Call {
        self.call(env!("CARGO_BIN_EXE_scw-iam"), arguments.split_whitespace())
    }

    /// Runs `scw-iam`.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.command(arguments).run()
    }

    /// A call of `scw-iam` with a terminal on all its streams; its standard error is in `stdout` too. As in a CI system, no
    /// progress is shown, which would come and go with the speed of the machine.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_terminal(&self, arguments: &str) -> Call {
        let line = format!("exec {} {arguments}", env!("CARGO_BIN_EXE_scw-iam"));
        self.call("script", ["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env("GITLAB_CI", "true")
    }

    /// The same, with a terminal of so many columns.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_terminal_of(&self, columns: u32, arguments: &str) -> Call {
        let line = format!("stty rows 24 cols {columns}; exec {} {arguments}", env!("CARGO_BIN_EXE_scw-iam"));
        self.call("script", ["--quiet", "--return", "--command", &line, "/dev/null"])
            .env("TERM", "xterm")
            .env("GITLAB_CI", "true")
    }

    /// A call of a shell script, in which `$IAM` is `scw-iam`, ended with code 124 when it hangs.
    #[cfg(unix)]
    pub(crate) fn script(&self, text: &str) -> Call {
        let iam = env!("CARGO_BIN_EXE_scw-iam");
        self.call("timeout", ["--signal=KILL", "60", "sh", "-euc", text]).env("IAM", iam)
    }

    /// A call of a shell script, in which `$IAM` is `scw-iam`, that ends as its last command does.
    #[cfg(unix)]
    pub(crate) fn shell(&self, text: &str) -> Call {
        self.call("sh", ["-euc", text]).env("IAM", env!("CARGO_BIN_EXE_scw-iam"))
    }

    /// Makes a symbolic link, and the folders that lead to it.
    #[cfg(unix)]
    pub(crate) fn link(&self, target: impl AsRef<std::path::Path>, name: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    fn call<'a>(&self, program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Call {
        let home = self.path("home");
        std::fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", home).current_dir(self.folder.path());
        command.envs(super::surroundings::variables());
        Call { command, input: None }
    }

    /// Starts `scw-iam emulate` on a state file and a free port.
    pub(crate) fn emulate(&self, state: &str, options: &str) -> Api {
        let (traffic, saved) = (self.path("home/traffic.jsonl"), self.path("home/saved.json"));
        let mut call = self.command(&format!("emulate --listen 127.0.0.1:0 --state {state} {options}"));
        call.command.arg("--record").arg(&traffic).arg("--save").arg(&saved);
        let mut child = call.command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("`{line}`")).to_owned();
        Api { child, url, traffic, saved }
    }
}

/// A call that has not been made yet.
#[must_use = "a call does nothing until it is run"]
pub(crate) struct Call {
    pub(crate) command: Command,
    input: Option<String>,
}

impl Call {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What comes on standard input; without it, nothing does.
    pub(crate) fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self
    }

    /// With the credentials of somebody of this organization, for an API that is somewhere else.
    pub(crate) fn against(self, url: &str, organization: &str) -> Self {
        self.env("SCW_API_URL", url)
            .env("SCW_ACCESS_KEY", "SCWEMULATOR000000000")
            .env("SCW_SECRET_KEY", "5ec7e75e-c7e7-4c7e-8c7e-5ec7e75ec7e7")
            .env("SCW_DEFAULT_ORGANIZATION_ID", organization)
    }

    /// Starts it, to be talked to while it runs.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(mut self) -> Ended {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child =
            self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(text) = &self.input {
            // Who reads nothing may be gone by now.
            _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        }
        Ended::of(child)
    }
}

/// What a person saw.
#[must_use = "look at what came of it"]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Ended {
    /// Waits for the end.
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Waits until standard error has a line that starts so, does what is to follow it, and waits for the end.
    pub(crate) fn after(mut child: Child, start: &str, then: impl FnOnce()) -> Self {
        let (mut stderr, mut said) = (BufReader::new(child.stderr.take().unwrap()), String::new());
        while !said.lines().any(|line| line.starts_with(start)) {
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it ended without a line `{start}`:\n{said}");
        }
        then();
        stderr.read_to_string(&mut said).unwrap();
        Self { stderr: said, ..Self::of(child) }
    }

    /// Says that it ended so, and shows everything where it did not.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n{self}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}\n{self}"))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "-- {name}\n{}", text.trim_end_matches('\n'))?;
            }
        }
        write!(f, "-- exit {}", self.code)
    }
}

/// An emulator on a port; gone when it is dropped.
pub(crate) struct Api {
    child: Child,
    pub(crate) url: String,
    traffic: PathBuf,
    saved: PathBuf,
}

impl Api {
    /// The requests that came, as `GET /groups`, in their order.
    pub(crate) fn requests(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.traffic).unwrap_or_default();
        let request = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            let path = line["path"].as_str().unwrap().split('?').next().unwrap();
            format!("{} {}", line["method"].as_str().unwrap(), path.replace("/iam/v1alpha1", ""))
        };
        // The last line may still be on its way.
        text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(request).collect()
    }

    /// Sends a request as another client would, with the secret of an API key, and returns what its answer holds.
    pub(crate) fn send(&self, secret: &str, client: &str, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.answer(secret, client, method, &format!("/iam/v1alpha1{path}"), body);
        assert!(status < 300, "{method} {path}: {answer}");
        answer
    }

    /// The same with the whole path, for any status.
    pub(crate) fn answer(
        &self,
        secret: &str,
        client: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let host = self.url.strip_prefix("http://").unwrap();
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-auth-token: {secret}\r\nuser-agent: {client}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status: u16 = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() })
    }

    /// The requests that would change something.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.requests().into_iter().filter(|request| !request.starts_with("GET ")).collect()
    }

    /// Ends the emulator as a person would, and returns its state.
    pub(crate) fn stop(mut self) -> Value {
        interrupt(&self.child);
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&std::fs::read_to_string(&self.saved).unwrap()).unwrap()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Sends what Ctrl-C sends.
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Replaces parts of a text, each of which must be there.
#[track_caller]
pub(crate) fn edit(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "there is no `{from}` in:\n{text}");
        text.replace(from, to)
    })
}

/// The objects of a kind in a state, by their names.
pub(crate) fn by_name(state: &Value, kind: &str) -> BTreeMap<String, Value> {
    let objects = state[kind].as_array().unwrap().iter();
    objects.map(|object| (object["name"].as_str().unwrap().to_owned(), object.clone())).collect()
}
