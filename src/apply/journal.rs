//! A journal of an apply: JSON lines that are synced to disk before and after each write.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::slot::KeysOutcome;
use super::{End, Outcome, Receipt, StepEnd};
use crate::api::escaped;
use crate::files;
use crate::plan::Step;
use crate::plan::file::changed;

/// A journal of applies.
///
/// A line is an object with `time`, `run`, `event` and, for a step, `step`, `action`, `address`; `changes` says before
/// it is sent what it changes. It never holds a secret: nothing in a plan is one.
pub struct Journal {
    run: String,
    file: Option<Box<dyn Kept>>,
    /// Lines that are not yet written.
    buffer: Vec<u8>,
    /// Whether something is written and not yet safe.
    unsafe_yet: bool,
    /// The first write error; after it, nothing more is written, because the file may end in half a line.
    failed: Option<String>,
}

/// Where a journal is kept.
pub(super) trait Kept: Write + Send {
    /// Waits until what was written is safe.
    fn keep(&mut self) -> io::Result<()>;
}

impl Kept for File {
    fn keep(&mut self) -> io::Result<()> {
        match self.sync_data() {
            // A stream or a device keeps nothing.
            Err(_) if !self.metadata()?.is_file() => Ok(()),
            synced => synced,
        }
    }
}

impl Journal {
    /// Returns a journal that records nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { run: String::new(), file: None, buffer: Vec::new(), unsafe_yet: false, failed: None }
    }

    /// Opens a journal to append to, and notes that a run begins: its id, the name of its plan, and who applies it.
    ///
    /// A last line that was cut short by a crash stays as it is, on a line of its own.
    ///
    /// # Errors
    /// When it cannot be opened, written or synced.
    pub fn open(path: &Path, run: &str, plan: &str, caller: &str) -> io::Result<Self> {
        let mut file = files::append(path)?;
        let cut_short = cut_short(&mut file);
        let mut journal = Self::kept(Box::new(file), run);
        if cut_short {
            journal.buffer.push(b'\n');
        }
        let tool = format!("scw-iam/{}", env!("CARGO_PKG_VERSION"));
        let begin = [("plan", escaped(plan)), ("caller", escaped(caller)), ("tool", tool)];
        journal.line("begin", begin.map(|(key, text)| (key, text.into())));
        journal.sync()?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The file's name has to be safe too; where a folder cannot be synced, that is as good as it gets.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(journal)
    }

    pub(super) fn kept(file: Box<dyn Kept>, run: &str) -> Self {
        Self { run: escaped(run), file: Some(file), buffer: Vec::new(), unsafe_yet: false, failed: None }
    }

    /// Notes that a step is about to be sent; it may be sent once this is synced.
    pub(super) fn started(&mut self, step: &Step) {
        if self.file.is_some() {
            let changes = [("changes", changed(step))];
            self.line("started", of_step(step).into_iter().chain(changes));
        }
    }

    /// Notes that nothing was sent of a step that was about to be.
    pub(super) fn unsent(&mut self, step: &Step) {
        self.line("not_sent", of_step(step));
    }

    /// Notes how a step ended.
    pub(super) fn finished(&mut self, step: &Step, end: &StepEnd) -> io::Result<()> {
        let mut fields: Vec<(&str, Value)> = of_step(step).into();
        match end {
            StepEnd::Done(receipt) => {
                fields.push(("how", receipt.how.word().into()));
                fields.extend(of_receipt(receipt));
                self.line("done", fields);
            }
            StepEnd::Failed { error, receipt } => {
                fields.extend(of_receipt(receipt));
                fields.push(("message", escaped(&error.to_string()).into()));
                fields.push(("may_have_happened", error.may_have_happened().into()));
                self.line("failed", fields);
            }
            StepEnd::Abandoned | StepEnd::NotStarted(_) => {}
        }
        self.write()
    }

    /// Notes how a run ended. If that cannot be written, nothing is lost: everything before is safe.
    pub fn end(&mut self, outcome: &Outcome) {
        let word = match &outcome.end {
            End::Done if outcome.keys.is_done() => "done",
            End::Done => "failed",
            End::NotConverged(_) => "not_converged",
            End::Twins(_) => "twins",
            End::Failed => "failed",
            End::Stopped => "stopped",
            End::Abandoned => "abandoned",
            End::Journal(_) => "journal",
        };
        let counts = [
            ("done", outcome.done()),
            ("failed", outcome.failures().count()),
            ("not_started", outcome.not_started()),
        ];
        let counts = counts.map(|(key, count)| (key, Value::from(count)));
        self.line("end", std::iter::once(("result", Value::from(word))).chain(counts));
        let _ = self.sync();
    }

    /// Records the end of a run that worked only on API keys.
    pub(crate) fn end_keys(&mut self, outcome: &KeysOutcome) {
        let word = if outcome.is_done() { "done" } else { "failed" };
        self.line("end", [("result", Value::from(word))]);
        let _ = self.sync();
    }

    /// Writes a line of its own and waits until it is safe.
    pub(super) fn note(&mut self, event: &str, fields: Vec<(&str, Value)>) -> io::Result<()> {
        self.line(event, fields);
        self.sync()
    }

    fn line<'k>(&mut self, event: &str, fields: impl IntoIterator<Item = (&'k str, Value)>) {
        if self.file.is_none() {
            return;
        }
        let time = format!("{:.3}", Timestamp::now());
        let mut line = Map::new();
        line.insert("time".to_owned(), time.into());
        line.insert("run".to_owned(), self.run.as_str().into());
        line.insert("event".to_owned(), event.into());
        line.extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
        self.buffer.extend_from_slice(Value::Object(line).to_string().as_bytes());
        self.buffer.push(b'\n');
    }

    fn write(&mut self) -> io::Result<()> {
        self.unless_failed(|file, buffer, unsafe_yet| {
            if !buffer.is_empty() {
                *unsafe_yet = true;
                file.write_all(buffer)?;
                buffer.clear();
            }
            Ok(())
        })
    }

    /// Writes what was noted and waits until it is safe.
    ///
    /// A few milliseconds that nothing else may use: the write that follows must not overtake it.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.write()?;
        self.unless_failed(
            |file, _, unsafe_yet| {
                if std::mem::take(unsafe_yet) { file.keep() } else { Ok(()) }
            },
        )
    }

    fn unless_failed(
        &mut self,
        act: impl FnOnce(&mut dyn Kept, &mut Vec<u8>, &mut bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { file: Some(file), buffer, unsafe_yet, failed, .. } = self else { return Ok(()) };
        if let Some(why) = failed {
            return Err(io::Error::other(why.clone()));
        }
        act(file.as_mut(), buffer, unsafe_yet).inspect_err(|error| *failed = Some(error.to_string()))
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("run", &self.run).finish_non_exhaustive()
    }
}

/// Says whether a file ends in the middle of a line.
fn cut_short(file: &mut File) -> bool {
    let mut last = [b'\n'];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last != *b"\n"
}

fn of_step(step: &Step) -> [(&'static str, Value); 3] {
    let address = step.action.address().to_string();
    [("step", step.id.into()), ("action", step.action.word().into()), ("address", address.into())]
}

fn of_receipt(receipt: &Receipt) -> [(&'static str, Value); 4] {
    let ms = u64::try_from(receipt.elapsed.as_millis()).unwrap_or(u64::MAX);
    [
        ("request_id", receipt.request_id.clone().into()),
        ("status", receipt.status.into()),
        ("writes", receipt.writes.into()),
        ("ms", ms.into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_crash_cut_short_stays_on_a_line_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        for (left, lines) in [("", 1), ("{\"event\":\"started\"}\n", 2), ("{\"event\":\"star", 2)] {
            std::fs::write(&path, left).unwrap();
            let journal = Journal::open(&path, "run-1", "plan\u{1b}", "user a").unwrap();
            drop(journal);
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.lines().count(), lines, "{text}");
            let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            assert_eq!(
                (&last["event"], &last["run"], &last["plan"]),
                (&"begin".into(), &"run-1".into(), &"plan\\u{1b}".into())
            );
            assert!(text.ends_with('\n') && text.starts_with(left.trim_end()));
        }
    }

    #[test]
    fn a_journal_that_cannot_be_kept_is_refused_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Journal::open(folder.path(), "run-1", "plan", "").is_err(), "a folder");
        assert!(Journal::open(&folder.path().join("no/such/folder"), "run-1", "plan", "").is_err());
        #[cfg(target_os = "linux")]
        assert!(Journal::open(Path::new("/dev/full"), "run-1", "plan", "").is_err(), "a full disk");
    }
}
