//! What is new and what is gone since an earlier snapshot.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::compare::{ComparedSide, Comparison};
use super::dossier::Dossier;
use super::finding::{FindingResult, ReportedFinding};
use crate::access::Grant;
use crate::model::{FindingId, Principal};

/// A report beside an earlier one.
#[derive(Debug, Clone)]
pub struct Since {
    /// When the earlier one was taken.
    pub at: Timestamp,
    /// The findings and grants of the earlier report.
    pub earlier: Dossier,
    /// Who gained and who lost since then, and which objects differ.
    pub comparison: Comparison,
    known: BTreeSet<String>,
    held: BTreeSet<(Principal, Grant)>,
}

/// Whether something was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceMark {
    /// It was not.
    New,
    /// It was.
    Same,
    /// The earlier report did not look for it.
    Unknown,
}

impl SinceMark {
    /// Returns the word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Unknown => "unknown",
        }
    }

    const fn of(known: bool) -> Self {
        if known { Self::Same } else { Self::New }
    }
}

fn looked_for(report: &Dossier, id: FindingId) -> bool {
    matches!(report.outline.results.get(&id), Some(FindingResult::Found(_)))
}

impl Since {
    /// Compares two reports on one organization.
    #[must_use]
    pub fn of(at: Timestamp, earlier: Dossier, (before, after): (&ComparedSide, &ComparedSide)) -> Self {
        let known = earlier.outline.counting().map(|finding| finding.fingerprint.clone()).collect();
        let holders = |profile: &super::AccessProfile| {
            let holders = profile.holders.clone();
            let grants: Vec<Grant> = profile.grants.iter().map(|held| held.grant.clone()).collect();
            holders
                .into_iter()
                .flat_map(move |holder| grants.clone().into_iter().map(move |grant| (holder.clone(), grant)))
        };
        let held = earlier.profiles.iter().flat_map(holders).collect();
        let comparison = Comparison::of(before, after);
        Self { at, earlier, comparison, known, held }
    }

    /// Says whether a finding is new.
    #[must_use]
    pub fn finding(&self, finding: &ReportedFinding) -> SinceMark {
        match self.known.contains(&finding.fingerprint) {
            false if !looked_for(&self.earlier, finding.id) => SinceMark::Unknown,
            known => SinceMark::of(known),
        }
    }

    /// Says whether a grant is new.
    #[must_use]
    pub fn grant(&self, holder: &Principal, grant: &Grant) -> SinceMark {
        SinceMark::of(self.held.contains(&(holder.clone(), grant.clone())))
    }

    /// Returns the earlier findings that are not among these. What these did not look for is not gone:
    /// [`Since::lost_sight_of`] has it.
    pub fn gone<'a>(&'a self, now: &'a Dossier) -> impl Iterator<Item = &'a ReportedFinding> {
        self.absent(now).filter(|it| looked_for(now, it.id))
    }

    /// Returns the earlier findings that these may still have: they did not look for them.
    pub fn lost_sight_of<'a>(&'a self, now: &'a Dossier) -> impl Iterator<Item = &'a ReportedFinding> {
        self.absent(now).filter(|it| !looked_for(now, it.id))
    }

    fn absent<'a>(&'a self, now: &'a Dossier) -> impl Iterator<Item = &'a ReportedFinding> {
        let still: BTreeSet<&str> = now.outline.counting().map(|it| it.fingerprint.as_str()).collect();
        self.earlier.outline.counting().filter(move |it| !still.contains(it.fingerprint.as_str()))
    }

    /// Returns the new findings about the object of an earlier one: it may have turned into one of them.
    pub fn new_about<'a>(
        &'a self,
        now: &'a Dossier,
        earlier: &'a ReportedFinding,
    ) -> impl Iterator<Item = &'a ReportedFinding> {
        let same = |it: &&ReportedFinding| {
            it.subject.kind == earlier.subject.kind && it.subject.id == earlier.subject.id
        };
        now.outline.counting().filter(same).filter(|it| self.finding(it) == SinceMark::New)
    }
}
