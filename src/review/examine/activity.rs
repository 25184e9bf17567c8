//! Findings about recorded activity.

use super::{Exam, OF_ACTIVITY};
use crate::model::{ActivityScope, FindingId, Principal, PrincipalActivity, Readout, count};
use crate::review::activity::{ActivityRow, FamilyUse};
use crate::review::finding::FindingResult;

/// From this number on, denied requests are reported.
const DENIED_OFTEN: usize = 20;

impl Exam<'_> {
    /// What Audit Trail tells, where somebody asked for it.
    pub(super) fn activity(&mut self, rows: Option<&Readout<Vec<ActivityRow>>>) {
        let (activity, rows) = match (&self.of.inventory.activity, rows) {
            (Some(Readout::Read(activity)), Some(Readout::Read(rows))) => (activity, rows),
            (Some(Readout::Unread { why, helps }), _) | (_, Some(Readout::Unread { why, helps })) => {
                OF_ACTIVITY.into_iter().for_each(|id| self.not_judged(id, why, *helps));
                return;
            }
            (None, _) | (_, None) => {
                let takes = "it takes Audit Trail, which `report --activity` reads";
                for id in OF_ACTIVITY {
                    self.outline.results.insert(id, FindingResult::NotAsked { takes });
                }
                return;
            }
        };
        rows.iter().for_each(|row| self.active(row));
        let partly = activity.unread.iter().next().map(|(region, why)| format!("{why} ({region})"));
        let crowd = (activity.left_out > 0)
            .then(|| count(activity.left_out, "principal was", "principals were") + " not looked up");
        if let Some(why) = partly.or(crowd) {
            OF_ACTIVITY.into_iter().for_each(|id| self.not_judged(id, &why, None));
        } else if activity.scope == ActivityScope::Applications {
            let takes = "only applications were looked up";
            self.outline.results.insert(FindingId::DeniedOften, FindingResult::NotAsked { takes });
        }
    }

    /// What is worth knowing about the recorded activity of one principal.
    fn active(&mut self, row: &ActivityRow) {
        let Some(PrincipalActivity { calls, denied, last }) = &row.activity else { return };
        let address = row.principal.address();
        if denied.number >= DENIED_OFTEN {
            let what = format!("had {denied} requests denied in 90 days");
            let subject = self.subject(&address);
            self.add(FindingId::DeniedOften, subject, what, &[]);
        }
        let of_kind = |wanted: FamilyUse| -> Vec<&str> {
            let uses = row.uses.iter().filter(|(_, (_, used))| *used == wanted);
            uses.map(|(name, _)| name.as_str()).collect()
        };
        let (unseen, unknown) = (of_kind(FamilyUse::NotSeen), of_kind(FamilyUse::NotRecorded));
        let Principal::Application(key) = &row.principal else { return };
        let managed = self.of.state.application(key).is_none_or(|it| it.flags.managed);
        // An application that is denied everything is not idle, and where nothing is recorded, nothing can be seen.
        let called = calls.number > 0 || !last.is_empty();
        if managed || called || unseen.is_empty() || !self.settled(&address) {
            return;
        }
        let mut what = format!("made no call in 90 days that Audit Trail records for {}", unseen.join(", "));
        if !unknown.is_empty() {
            what.push_str(&format!("; not recorded: {}", unknown.join(", ")));
        }
        let subject = self.subject(&address);
        self.add(FindingId::IdleApplication, subject, what, &[]);
    }
}
