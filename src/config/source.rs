//! Reads the text of files, folders and standard input, within limits.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::folder::{FolderEntry, collect, words};
use super::mistake::{Mistake, MistakeKind, Span};
use super::sources::Sources;
use crate::files::{self, FileError, Folder, Links, Opened};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder with all `*.yaml` and `*.yml` in it, recursively, in path order. A link in the path or in
    /// the folder is a mistake, but for those above the work tree and those of a Kubernetes ConfigMap.
    Path(PathBuf),
    /// The same, with every link followed, wherever it leads.
    Followed(PathBuf),
    /// Standard input.
    Stdin,
    /// A text in memory, with a name to show.
    Text {
        /// What to call it.
        name: PathBuf,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

impl Source {
    /// Returns the source that an argument names: `-` is standard input.
    #[must_use]
    pub fn of_argument(argument: &std::ffi::OsStr) -> Self {
        if argument == "-" { Self::Stdin } else { Self::Path(argument.into()) }
    }

    /// Returns the same source with every link followed.
    #[must_use]
    pub fn followed(self) -> Self {
        match self {
            Self::Path(path) | Self::Followed(path) => Self::Followed(path),
            Self::Stdin | Self::Text { .. } => self,
        }
    }
}

/// The most that one file may hold, in bytes.
pub const FILE_MOST: u64 = 16 << 20;
/// The most that all files together may hold, in bytes.
pub const ALL_MOST: u64 = 64 << 20;
/// The most files that are read.
pub const FILES_MOST: usize = 10_000;

/// The texts that were read, and the errors of reading.
pub(super) struct ReadSources {
    pub(super) sources: Sources,
    /// Errors of reading; the rest was still read.
    pub(super) mistakes: Vec<Mistake>,
    /// Warnings about files that were not read, but perhaps should be.
    pub(super) warnings: Vec<Mistake>,
}

/// Reads every source.
pub(super) fn read(sources: &[Source]) -> ReadSources {
    let mut reading = TextReading {
        sources: Sources::default(),
        mistakes: Vec::new(),
        warnings: Vec::new(),
        total: 0,
        seen: HashSet::new(),
    };
    let mut stdin_read = false;
    for source in sources {
        match source {
            Source::Path(path) => reading.path(path, Links::Refused),
            Source::Followed(path) => reading.path(path, Links::Followed),
            Source::Stdin if stdin_read => reading.refuse(Path::new("-"), MistakeKind::StdinTwice),
            Source::Stdin => {
                stdin_read = true;
                let bytes = limited(io::stdin().lock());
                reading.bytes(Path::new("<stdin>"), bytes);
            }
            Source::Text { name, bytes } => reading.bytes(name, limited(bytes.as_slice())),
        }
    }
    let TextReading { sources, mistakes, warnings, .. } = reading;
    ReadSources { sources, mistakes, warnings }
}

/// Reads up to the limit and one byte more, so that too much shows.
fn limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(FILE_MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct TextReading {
    sources: Sources,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    total: u64,
    seen: HashSet<PathBuf>,
}

impl TextReading {
    fn refuse(&mut self, name: &Path, kind: MistakeKind) {
        let file = self.sources.add(name, String::new());
        self.mistakes.push(Mistake::new(Span { file, start: 0, end: 0 }, kind));
    }

    fn path(&mut self, path: &Path, links: Links) {
        match files::open(path, links) {
            Ok(Opened::Folder(folder)) => self.folder(path, &folder, links),
            Ok(Opened::File(file)) => self.file(path, limited(file)),
            Err(error) => self.refuse(path, unopened(error)),
        }
    }

    fn folder(&mut self, name: &Path, folder: &Folder, links: Links) {
        let found = collect(folder, links);
        if !any_visible(&found) {
            self.refuse(name, MistakeKind::FolderWithoutYaml);
        }
        let files = found.iter().filter(|(_, found)| matches!(found, FolderEntry::File)).count();
        if files > FILES_MOST {
            self.refuse(name, MistakeKind::TooManyFiles { found: files, most: FILES_MOST });
            return;
        }
        for (path, found) in found {
            let shown = shown(name, &path);
            match found {
                // Opened only now, from the folder that is open, for it may have been exchanged.
                FolderEntry::File => match folder.open(&path, links) {
                    Ok(Opened::File(file)) => self.file(&shown, limited(file)),
                    Ok(Opened::Folder(_)) => self.refuse(&shown, MistakeKind::SpecialInFolder),
                    Err(error) => self.refuse(&shown, unopened(error)),
                },
                FolderEntry::Unread(kind) => self.refuse(&shown, kind),
                FolderEntry::Hidden(kind) => {
                    let file = self.sources.add(&shown, String::new());
                    self.warnings.push(Mistake::new(Span { file, start: 0, end: 0 }, kind).warning());
                }
            }
        }
    }

    fn file(&mut self, path: &Path, bytes: io::Result<Vec<u8>>) {
        // A file that two arguments name is read once.
        if let Ok(real) = fs::canonicalize(path)
            && !self.seen.insert(real)
        {
            return;
        }
        self.bytes(path, bytes);
    }

    fn bytes(&mut self, name: &Path, bytes: io::Result<Vec<u8>>) {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => {
                return self.refuse(name, MistakeKind::SourceUnreadable { why: words(&error).into() });
            }
        };
        let len = bytes.len() as u64;
        if len > FILE_MOST {
            return self.refuse(name, MistakeKind::FileTooLarge { mebibytes: FILE_MOST >> 20 });
        }
        self.total += len;
        if self.total > ALL_MOST {
            // Only the first that is too much says so.
            if self.total - len <= ALL_MOST {
                self.refuse(name, MistakeKind::InputTooLarge { mebibytes: ALL_MOST >> 20 });
            }
            return;
        }
        if let Some(encoding) = foreign_encoding(&bytes) {
            return self.refuse(name, MistakeKind::WrongEncoding { encoding });
        }
        self.text(name, bytes);
    }

    fn text(&mut self, name: &Path, mut bytes: Vec<u8>) {
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.sources.add(name, text);
            }
            Err(error) => {
                let start = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let file = self.sources.add(name, text);
                // The character that stands for the bad byte is three bytes long.
                let span = Span { file, start, end: start.saturating_add(3) };
                self.mistakes.push(Mistake::new(span, MistakeKind::NotUtf8));
            }
        }
    }
}

/// Returns whether there is anything in a folder that would be read; what cannot be read is also something.
#[must_use]
pub fn has_files(folder: &Path) -> bool {
    match files::open(folder, Links::Refused) {
        Ok(Opened::Folder(folder)) => any_visible(&collect(&folder, Links::Refused)),
        Ok(Opened::File(_)) => false,
        Err(FileError::Io(error)) => error.kind() != io::ErrorKind::NotFound,
        Err(FileError::Link(_) | FileError::Special) => true,
    }
}

fn any_visible(found: &[(PathBuf, FolderEntry)]) -> bool {
    found.iter().any(|(_, found)| !matches!(found, FolderEntry::Hidden(_)))
}

/// Returns why a path is not read.
fn unopened(error: FileError) -> MistakeKind {
    match error {
        FileError::Link(path) => MistakeKind::LinkInPath { path: path.display().to_string() },
        FileError::Special => MistakeKind::SpecialInFolder,
        FileError::Io(error) if error.kind() == io::ErrorKind::NotFound => MistakeKind::SourceMissing,
        FileError::Io(error) => MistakeKind::SourceUnreadable { why: words(&error).into() },
    }
}

/// Returns a path below a folder as people write it: without the `./` of the folder that stands for here.
fn shown(folder: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() {
        folder.to_owned()
    } else if folder == Path::new(".") {
        path.to_owned()
    } else {
        folder.join(path)
    }
}

/// Returns what the bytes are encoded in when it is surely not UTF-8.
fn foreign_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => Some("UTF-32"),
        [0, _, ..] | [_, 0, ..] => Some("UTF-16"),
        _ => None,
    }
}
