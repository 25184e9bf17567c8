//! Names for streams that the process already has: naming one on the command line is deliberate.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// A stream of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// Another one.
    Other,
}

impl Stream {
    /// Returns the stream that a path names, by its words alone: a link that leads to such a path is a link.
    pub(super) fn of(path: &Path) -> Option<Self> {
        if !cfg!(unix) {
            return None;
        }
        match path.to_str()?.strip_prefix("/dev/")? {
            "stdin" => Some(Self::Other),
            "stdout" => Some(Self::Out),
            "stderr" => Some(Self::Err),
            name => match name.strip_prefix("fd/")? {
                "1" => Some(Self::Out),
                "2" => Some(Self::Err),
                number => {
                    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                    digits.then_some(Self::Other)
                }
            },
        }
    }

    /// Writes to it. What it led to before stays: a file behind it is not emptied.
    pub(super) fn write(self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Out => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Self::Err => io::stderr().lock().write_all(bytes),
            Self::Other => File::options().append(true).open(path)?.write_all(bytes),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn streams_are_known_by_their_names_alone() {
        for (path, stream) in [
            ("/dev/stdin", Some(Stream::Other)),
            ("/dev/stdout", Some(Stream::Out)),
            ("/dev/fd/1", Some(Stream::Out)),
            ("/dev/stderr", Some(Stream::Err)),
            ("/dev/fd/63", Some(Stream::Other)),
            ("/dev/fd/", None),
            ("/dev/fd/../../etc/passwd", None),
            ("/dev/fd/1x", None),
            ("/dev/shm/1", None),
            ("/dev/null", None),
            ("dev/stdout", None),
            ("fd/1", None),
        ] {
            assert_eq!(Stream::of(Path::new(path)), stream, "{path}");
        }
    }
}
