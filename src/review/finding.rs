//! Findings, and the result of looking for each kind.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::{Attribution, FindingId, FindingSeverity, Id, Place};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedFinding {
    /// What it is.
    pub id: FindingId,
    /// How bad it is.
    pub severity: FindingSeverity,
    /// What it is about.
    pub subject: Subject,
    /// What is wrong, in words that follow the subject.
    pub what: String,
    /// The way of the access, in words.
    pub way: Option<String>,
    /// The place in the files.
    pub place: Option<Place>,
    /// The same from run to run: 12 hexadecimal digits.
    pub fingerprint: String,
    /// Why it does not count, and until when.
    pub ignored: Option<(String, Timestamp)>,
    /// Who did it; `None` if it was not looked up.
    pub done_by: Option<Attribution>,
}

impl ReportedFinding {
    /// Returns it in one sentence, without its way.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{} {}", self.subject, self.what)
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The kind, in a word: `user`, `policy`, `API key`, `organization`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The id, where it has one.
    pub id: Option<String>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, id: _ } = self;
        if name.is_empty() { f.write_str(kind) } else { write!(f, "{kind} {name}") }
    }
}

/// What came of looking for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingResult {
    /// So many were found; none is 0.
    Found(usize),
    /// It could not be looked for.
    NotJudged {
        /// Why not.
        why: String,
        /// The permission set that would help.
        helps: Option<&'static str>,
    },
    /// Nobody asked for it, as it costs more than the rest.
    NotAsked {
        /// What it takes.
        takes: &'static str,
    },
}

impl fmt::Display for FindingResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(0) => f.write_str("none"),
            Self::Found(number) => write!(f, "found {number}"),
            Self::NotJudged { why, helps: None } => write!(f, "not judged: {why}"),
            Self::NotJudged { why, helps: Some(set) } => write!(f, "not judged: {why}; needs {set}"),
            Self::NotAsked { takes } => write!(f, "not looked for: {takes}"),
        }
    }
}

/// Returns what tells a finding apart from all others, whatever else changes: 12 hexadecimal digits of a hash over the
/// finding, the organization, what it is about, and what two findings about one object differ in.
#[must_use]
pub fn fingerprint(id: FindingId, organization: Id, kind: &str, object: &str, told_apart: &[&str]) -> String {
    let organization = organization.to_string();
    let fixed = [id.as_str(), &organization, kind, object];
    let mut hash = Sha256::new();
    for part in fixed.into_iter().chain(told_apart.iter().copied()) {
        // The length goes in front, so that no two lists of parts are one text.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// What a command found, for the formats that programs read.
#[derive(Debug, Clone)]
pub struct Outline {
    /// The command: `drift`, `plan`, `report`.
    pub command: &'static str,
    /// The organization, where it is known.
    pub organization: Option<Id>,
    /// The stack of the files.
    pub stack: Option<String>,
    /// When it was looked.
    pub now: Timestamp,
    /// What was found, what is ignored included, the worst first.
    pub findings: Vec<ReportedFinding>,
    /// What came of everything that the command looks for.
    pub results: BTreeMap<FindingId, FindingResult>,
    /// Why the command ended early, the cause of each last.
    pub errors: Vec<String>,
    /// A place for what no file declares: the file with `version:`.
    pub home: Option<Place>,
    /// Numbers about the organization.
    pub numbers: Vec<Gauge>,
}

/// A number about the organization, for monitoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    /// The family, with the program's prefix.
    pub family: &'static str,
    /// What it counts, in words.
    pub help: &'static str,
    /// What tells the numbers of a family apart.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: i64,
}

impl Outline {
    /// Returns an outline in which nothing was found.
    #[must_use]
    pub const fn new(command: &'static str, now: Timestamp) -> Self {
        Self {
            command,
            organization: None,
            stack: None,
            now,
            findings: Vec::new(),
            results: BTreeMap::new(),
            errors: Vec::new(),
            home: None,
            numbers: Vec::new(),
        }
    }

    /// Adds what was found in an organization.
    ///
    /// # Panics
    /// Never: there is a finding.
    pub fn add(
        &mut self,
        (id, organization): (FindingId, Id),
        subject: Subject,
        what: String,
        told_apart: &[&str],
    ) -> &mut ReportedFinding {
        let object = subject.id.as_ref().unwrap_or(&subject.name);
        let fingerprint = fingerprint(id, organization, &subject.kind, object, told_apart);
        self.findings.push(ReportedFinding {
            id,
            severity: id.text().severity,
            subject,
            what,
            way: None,
            place: None,
            fingerprint,
            ignored: None,
            done_by: None,
        });
        self.findings.last_mut().expect("one was just added")
    }

    /// Puts the worst first, and counts what was found of everything that is looked for.
    #[must_use]
    pub fn counted(mut self, looked_for: impl IntoIterator<Item = FindingId>) -> Self {
        self.findings.sort_by(|a, b| {
            (b.severity, a.id, &a.subject, &a.what, &a.fingerprint).cmp(&(
                a.severity,
                b.id,
                &b.subject,
                &b.what,
                &b.fingerprint,
            ))
        });
        for id in looked_for {
            let found = self.counting().filter(|finding| finding.id == id).count();
            self.results.entry(id).or_insert(FindingResult::Found(found));
        }
        self
    }

    /// Returns the findings that count.
    pub fn counting(&self) -> impl Iterator<Item = &ReportedFinding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// Returns what could not be judged, with the reason.
    pub fn not_judged(&self) -> impl Iterator<Item = (FindingId, &FindingResult)> {
        self.results.iter().filter_map(|(id, result)| match result {
            FindingResult::Found(_) | FindingResult::NotAsked { .. } => None,
            FindingResult::NotJudged { .. } => Some((*id, result)),
        })
    }

    /// Says whether everything could be judged.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.errors.is_empty() && self.not_judged().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_fingerprint_depends_on_what_it_is_about_alone() {
        let of = |object: &str, apart: &[&str]| {
            fingerprint(FindingId::OldKey, Id::from_bits(1), "API key", object, apart)
        };
        assert_eq!(of("SCW1", &["a"]), of("SCW1", &["a"]));
        let all = [
            of("SCW1", &["a"]),
            of("SCW2", &["a"]),
            of("SCW1", &["b"]),
            of("SCW1", &["a", ""]),
            of("SCW1", &[]),
        ];
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|it| it.len() == 12));
        assert_eq!(of("SCW1", &["a"]), "96009201a80e");
    }

    #[test]
    fn what_is_not_judged_is_not_none() {
        let mut outline = Outline::new("report", Timestamp::UNIX_EPOCH);
        let refused = FindingResult::NotJudged { why: "403 on /api-keys".into(), helps: Some("IAMReadOnly") };
        assert_eq!(refused.to_string(), "not judged: 403 on /api-keys; needs IAMReadOnly");
        outline.results.insert(FindingId::OldKey, refused.clone());
        let outline = outline.counted([FindingId::OldKey, FindingId::MfaOff]);
        assert_eq!(outline.results[&FindingId::OldKey], refused);
        assert_eq!(outline.results[&FindingId::MfaOff], FindingResult::Found(0));
        assert!(!outline.complete());
    }
}
