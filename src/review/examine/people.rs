//! Findings about people, and about everybody who can escalate.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Exam, days};
use crate::access::{Grant, self_escalating};
use crate::model::{FindingId, FindingSeverity, Principal, UserType, count, day};
use crate::review::escalation::{EscalationPath, ReachedPoint};
use crate::review::finding::Subject;

/// After so long without a log-in a person is inactive.
const INACTIVE: SignedDuration = days(90);

impl Exam<'_> {
    pub(super) fn escalation(&mut self, paths: &[EscalationPath]) {
        let administers = |paths: &[&EscalationPath]| {
            let one = |path: &&&EscalationPath| path.hops.len() == 1 && path.end == ReachedPoint::Everything;
            let by = paths.iter().find(one).and_then(|path| path.hops.first());
            by.is_some_and(|hop| hop.by != "IAMPolicyManager" && !hop.conditional)
        };
        let mut by: BTreeMap<&Principal, Vec<&EscalationPath>> = BTreeMap::new();
        for path in paths {
            by.entry(&path.from).or_default().push(path);
        }
        for (principal, paths) in by {
            // Those who administer IAM are meant to; their number has a finding of its own.
            if administers(&paths) {
                continue;
            }
            let best =
                paths.iter().min_by_key(|path| (path.end != ReachedPoint::Everything, path.hops.len()));
            let Some(best) = best else { continue };
            let end = match &best.end {
                ReachedPoint::Everything => "everything".to_owned(),
                other => format!("what {other} holds"),
            };
            let apart: Vec<String> =
                best.hops.iter().map(|hop| format!("{} {} {}", hop.edge, hop.by, hop.to)).collect();
            let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
            let subject = self.subject(&principal.address());
            self.add(FindingId::Escalation, subject, format!("can reach {end}"), &apart).way =
                Some(best.words());
        }
    }

    pub(super) fn people(&mut self) {
        let now = self.of.now;
        for (key, user) in self.of.state.users() {
            let principal = Principal::User(key.clone());
            let address = principal.address();
            let facts = self.of.ids.get(&address).and_then(|id| self.of.inventory.people.get(&id)).copied();
            let owner = user.kind == UserType::Owner;
            let held = self.everything.held_by(&principal);
            let privileged = owner || held.iter().any(|held| self_escalating(&held.grant.permission_set));
            let holds = owner || !held.is_empty();
            let subject = self.subject(&address);
            if user.locked && holds {
                let what = format!("is locked and holds {}", count(held.len(), "grant", "grants"));
                self.add(FindingId::LockedWithAccess, subject.clone(), what, &[]);
            }
            let Some(facts) = facts else { continue };
            if !facts.mfa && user.can_log_in() {
                let (id, what) = if owner {
                    (FindingId::AdminWithoutMfa, "is the owner, and logs in without a second factor")
                } else if privileged {
                    (FindingId::AdminWithoutMfa, "can escalate, and logs in without a second factor")
                } else {
                    (FindingId::MfaOff, "logs in without a second factor")
                };
                self.add(id, subject.clone(), what.to_owned(), &[]);
            }
            match facts.last_login_at {
                Some(last) if holds && !owner && now.duration_since(last) > INACTIVE => {
                    let grants = count(held.len(), "grant", "grants");
                    let what = format!("last logged in on {}, and holds {grants}", day(last));
                    self.add(FindingId::InactivePerson, subject, what, &[]);
                }
                None if !owner && self.settled(&address) => {
                    let what = "was invited and has never logged in".to_owned();
                    self.add(FindingId::NeverLoggedIn, subject, what, &[]);
                }
                Some(_) | None => {}
            }
        }
    }

    pub(super) fn administrators(&mut self) {
        let administering = Grant::administering();
        let administers = |grant: &Grant| administering.iter().any(|it| grant.covers(it));
        let mut admins = BTreeSet::new();
        for (key, user) in self.of.state.users().filter(|(_, user)| user.can_log_in()) {
            let principal = Principal::User(key.clone());
            let held = self.everything.held_by(&principal);
            if user.kind == UserType::Owner || held.iter().any(|held| administers(&held.grant)) {
                admins.insert(key.to_string());
            }
        }
        let most = self.of.settings.max_iam_admins;
        if admins.len() >= 2 && admins.len() <= most {
            return;
        }
        let names: Vec<&str> = admins.iter().map(String::as_str).collect();
        let limit = if admins.len() < 2 { "at least 2".to_owned() } else { format!("at most {most}") };
        let people = count(names.len(), "person", "people");
        let mut what = format!("has {people} who can administer IAM ({limit})");
        if !names.is_empty() {
            what.push_str(&format!(": {}", names.join(", ")));
        }
        let subject = Subject { kind: "organization".into(), name: String::new(), id: None };
        let few = names.len() < 2;
        let finding = self.add(FindingId::AdminsCount, subject, what, &names);
        finding.severity = if few { FindingSeverity::High } else { FindingSeverity::Medium };
    }
}
