//! Where results go: one or more formats, each to standard output or a file.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use anstream::stream::RawStream;
use anyhow::Context as _;
use terminal_size::{Height, Width};

use super::progress_line;
use crate::files::{self, Privacy};
use crate::render::USUAL_WIDTH;
use crate::render::escape;
use crate::render::paint::Paint;
use crate::render::{Extent, Format, Report, Repository, Style};

/// A format, and the file that it goes to; standard output without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    /// The format.
    pub(super) format: Format,
    /// The file.
    pub(super) file: Option<PathBuf>,
}

/// Some of the outputs.
pub(super) struct Outputs {
    pub(super) list: Vec<Output>,
    pub(super) extent: Extent,
}

impl Outputs {
    /// Writes a report to each.
    pub(super) fn show(&self, report: &dyn Report) -> anyhow::Result<()> {
        self.list.iter().try_for_each(|output| output.report(report, self.extent))
    }

    /// Writes bytes to each.
    pub(super) fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.list.iter().try_for_each(|output| output.write(bytes))
    }
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name must follow `=`".to_owned()),
            Some((format, file)) => (format, Some(file.into())),
            None => (text, None),
        };
        let format = format.parse()?;
        Ok(Self { format, file })
    }
}

impl Output {
    /// Writes a report in this format to where it goes.
    pub(super) fn report(&self, report: &dyn Report, extent: Extent) -> anyhow::Result<()> {
        let style = Style { extent, ..self.style() };
        let bytes = self.format.write(report, style, &repository());
        let bytes = bytes.with_context(|| format!("cannot write the result as {}", self.format.word()))?;
        self.write(&bytes)
    }

    /// Writes a whole result.
    pub(super) fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        progress_line::clear();
        let safe = match self.format {
            // A line of ours begins with a sign of JSON or a quote.
            Format::Json | Format::Sarif | Format::Gitlab => json(bytes),
            // Commands to the runner are what it is for; its own lines begin with a sign.
            Format::Github | Format::Openmetrics => bytes.to_vec(),
            Format::Text | Format::Markdown | Format::Junit | Format::Csv | Format::Html => runner(bytes),
        };
        let bytes = safe.as_slice();
        match &self.file {
            None => {
                let mut out = io::stdout().lock();
                match out.write_all(bytes).and_then(|()| out.flush()) {
                    // The reader has closed the pipe; that changes neither what is done nor the exit code.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    written => written.context("cannot write to standard output")?,
                }
            }
            Some(path) => write_whole(path, bytes)?,
        }
        Ok(())
    }

    /// Whether people read it while the command runs: text on standard output.
    pub(super) fn is_read(&self) -> bool {
        self.format == Format::Text && self.file.is_none()
    }

    /// How a plan is shown in this output.
    pub(super) fn style(&self) -> Style {
        let out = io::stdout();
        let terminal = self.file.is_none() && out.is_terminal();
        Style {
            paint: self.paint(),
            width: width(terminal, columns(terminal_size::terminal_size_of(&out))),
            extent: Extent::Folded,
        }
    }

    /// The colours of this output.
    pub(super) fn paint(&self) -> Paint {
        if self.file.is_none() { colours(&io::stdout()) } else { Paint::Plain }
    }
}

/// Where the repository begins: at the nearest `.git`, or where the CI job checked it out.
fn repository() -> Repository {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let nearest = here.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf);
    let checkout = || {
        let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().find_map(std::env::var_os)?;
        PathBuf::from(named).canonicalize().ok().filter(|root| here.starts_with(root))
    };
    let root = nearest.or_else(checkout);
    Repository { root, here }
}

/// How many columns a terminal has; `None` if it is not a terminal, or does not know.
fn columns(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0)
}

/// What the shell says that the terminal has.
fn said_columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// How wide help is: as the terminal, or as COLUMNS says, but 100 columns at most; 80 through a pipe.
pub(super) fn help_width() -> usize {
    columns(terminal_size::terminal_size_of(io::stdout()))
        .or_else(said_columns)
        .map_or(USUAL_WIDTH, |columns| columns.min(100))
}

/// How wide text on a stream is. What is piped does not depend on where it is piped from.
fn width(terminal: bool, columns: Option<usize>) -> usize {
    if !terminal {
        return USUAL_WIDTH;
    }
    columns.or_else(said_columns).unwrap_or(USUAL_WIDTH)
}

/// How many columns the terminal of standard error has.
pub(super) fn columns_of_stderr() -> usize {
    columns(terminal_size::terminal_size_of(io::stderr())).or_else(said_columns).unwrap_or(USUAL_WIDTH)
}

/// How talk is shown.
pub(super) fn style_on_stderr() -> Style {
    let err = io::stderr();
    Style {
        paint: colour_on_stderr(),
        width: width(err.is_terminal(), columns(terminal_size::terminal_size_of(&err))),
        extent: Extent::Folded,
    }
}

/// Takes the commands to the runner of a CI job out of a text. Everything that is no file of data passes through here,
/// after it was put into lines.
fn runner(text: &[u8]) -> Vec<u8> {
    escape::runner(&String::from_utf8_lossy(text)).into_owned().into_bytes()
}

/// Escapes what would do harm in a JSON document.
pub(super) fn json(document: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(document) {
        Ok(text) => escape::json(text).into_owned().into_bytes(),
        Err(_) => document.to_vec(),
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    files::replace(path, bytes, Privacy::Usual).with_context(|| format!("cannot write {}", path.display()))
}

/// The colours of a stream: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM` are asked.
fn colours(stream: &impl RawStream) -> Paint {
    match anstream::AutoStream::choice(stream) {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Paint::Coloured,
        ColorChoice::Auto | ColorChoice::Never => Paint::Plain,
    }
}

/// The colours of talk.
pub(super) fn colour_on_stderr() -> Paint {
    colours(&io::stderr())
}

/// Whether only results and errors are written.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only results and errors are written.
pub(super) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Whether warnings about files are written.
static WARNINGS: AtomicBool = AtomicBool::new(true);

/// From now on warnings about files are not written.
pub(super) fn hide_warnings() {
    WARNINGS.store(false, Ordering::Relaxed);
}

/// Says whether warnings about files are written.
pub(super) fn shows_warnings() -> bool {
    WARNINGS.load(Ordering::Relaxed)
}

/// Writes a message to standard error, unless only results are asked for; results go to standard output.
///
/// A message that cannot be written is no reason to stop.
pub(super) fn talk(text: &str) {
    if !is_quiet() {
        talk_with(|out| writeln!(out, "{text}"));
    }
}

/// Writes the output of a renderer to standard error at once, also if only results are asked for.
pub(super) fn talk_with(render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) {
    progress_line::clear();
    let mut bytes = Vec::new();
    _ = render(&mut bytes).and_then(|()| io::stderr().lock().write_all(&runner(&bytes)));
}
