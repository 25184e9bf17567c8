//! Paths as a forge knows them: from the root of the repository on.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::Place;
use crate::review::{Outline, ReportedFinding};

/// Where the repository and the current folder are.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    /// The root, absolute and without links; `None` where nobody knows it, so that paths are taken from the current folder.
    pub root: Option<PathBuf>,
    /// The current folder, absolute and without links.
    pub here: PathBuf,
}

/// What stays as it is in the path of a URI.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

impl Repository {
    /// Returns a path from the root on, with `/` and without `.` and `..`; `None` for standard input and for what lies
    /// outside of the repository.
    #[must_use]
    pub fn path(&self, file: &Path) -> Option<String> {
        let whole = self.here.join(file);
        // A link is followed where it leads, as the forge knows the file alone; a file of a test exists nowhere.
        let whole = whole.canonicalize().unwrap_or_else(|_| lexical(&whole));
        let root = self.root.as_deref().unwrap_or(&self.here);
        let inside = whole.strip_prefix(root).ok()?;
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
        (!parts.is_empty() && parts[0] != "<stdin>" && parts[0] != "-").then(|| parts.join("/"))
    }

    /// Returns the path as a relative URI.
    #[must_use]
    pub fn uri(&self, file: &Path) -> Option<String> {
        let path = self.path(file)?;
        Some(utf8_percent_encode(&path, PLAIN).to_string())
    }

    /// Returns where a finding is shown: its own place, or else the file that all others follow from.
    pub(super) fn place_of<'a>(
        &self,
        outline: &'a Outline,
        finding: &'a ReportedFinding,
    ) -> Option<&'a Place> {
        let known = |place: &&Place| self.path(&place.file).is_some();
        finding.place.as_ref().filter(known).or_else(|| outline.home.as_ref().filter(known))
    }
}

/// Resolves `.` and `..` by the text of a path alone.
fn lexical(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = whole.pop(),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => whole.push(part),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_at_the_root_of_the_repository() {
        let repository =
            Repository { root: Some("/no/such/repo".into()), here: "/no/such/repo/infra".into() };
        let uri = |path: &str| repository.uri(Path::new(path));
        assert_eq!(uri("iam.yaml").as_deref(), Some("infra/iam.yaml"));
        assert_eq!(uri("./iam/../a b/é%.yaml").as_deref(), Some("infra/a%20b/%C3%A9%25.yaml"));
        assert_eq!(uri("../top.yaml").as_deref(), Some("top.yaml"));
        assert_eq!(uri("../../other/iam.yaml"), None);
        assert_eq!(uri("/no/such/repo/iam.yaml").as_deref(), Some("iam.yaml"));
        assert_eq!(Repository { root: None, here: "/no/such/place".into() }.uri(Path::new("<stdin>")), None);
    }
}
