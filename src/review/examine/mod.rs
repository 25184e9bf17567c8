//! Looks through an organization for everything in the catalogue.

mod activity;
mod applications;
mod keys;
mod people;
mod policies;
mod rules;

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::access::{Everything, Grant, self_escalating};
use crate::model::{
    Address, Condition, FindingId, Id, Ids, Inventory, Object, Policy, Principal, Readout, ReportSettings,
    State,
};
use crate::review::activity::ActivityRow;
use crate::review::escalation::EscalationPath;
use crate::review::finding::{FindingResult, Outline, ReportedFinding, Subject};

/// What is known of an organization, to look through.
#[derive(Debug, Clone, Copy)]
pub struct Examined<'a> {
    /// Its objects.
    pub state: &'a State,
    /// Their ids.
    pub ids: &'a Ids,
    /// The names of objects that go by their ids.
    pub titles: &'a HashMap<Id, String>,
    /// What is known beside access.
    pub inventory: &'a Inventory,
    /// The numbers that decide.
    pub settings: &'a ReportSettings,
    /// What time it is.
    pub now: Timestamp,
}

const fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

/// What only Audit Trail can tell.
const OF_ACTIVITY: [FindingId; 2] = [FindingId::IdleApplication, FindingId::DeniedOften];
/// What only the list of API keys can tell.
const OF_KEYS: [FindingId; 6] = [
    FindingId::OwnerKey,
    FindingId::KeyWithoutExpiry,
    FindingId::OldKey,
    FindingId::ExpiredKey,
    FindingId::PersonKey,
    FindingId::TwoKeys,
];
/// What access itself tells.
const OF_ACCESS: [FindingId; 24] = [
    FindingId::Escalation,
    FindingId::AdminWithoutMfa,
    FindingId::AdminsCount,
    FindingId::EverybodyGrant,
    FindingId::AllProducts,
    FindingId::ApplicationAdmin,
    FindingId::MfaOff,
    FindingId::InactivePerson,
    FindingId::NeverLoggedIn,
    FindingId::LockedWithAccess,
    FindingId::UnusedApplication,
    FindingId::OrphanPolicy,
    FindingId::EmptyGroup,
    FindingId::RedundantRule,
    FindingId::DuplicatePolicy,
    FindingId::DirectPolicy,
    FindingId::DeadRule,
    FindingId::ExpiredRule,
    FindingId::EndsSoon,
    FindingId::NeverTrue,
    FindingId::HiddenMembers,
    FindingId::ProductMade,
    FindingId::Unmanaged,
    FindingId::StaleIgnore,
];

/// Returns everything that was found, and what could not be looked for. `paths` are the ways to escalate, and `activity` is what
/// people and applications were seen doing.
#[must_use]
pub fn examine(
    of: &Examined<'_>,
    everything: &Everything<'_>,
    paths: &[EscalationPath],
    activity: Option<&Readout<Vec<ActivityRow>>>,
) -> Outline {
    let outline = Outline { organization: Some(of.state.organization), ..Outline::new("report", of.now) };
    let mut exam = Exam { of, everything, outline };
    exam.escalation(paths);
    exam.people();
    exam.administrators();
    exam.applications();
    exam.groups();
    exam.policies();
    exam.rules();
    exam.repeated();
    exam.objects();
    exam.keys();
    exam.settings();
    exam.activity(activity);
    for finding in &mut exam.outline.findings {
        if let Some(severity) = of.settings.severity.get(&finding.id) {
            finding.severity = *severity;
        }
    }
    let settings = [FindingId::NoKeyMaximum, FindingId::PasswordLogin];
    exam.outline.counted(OF_ACCESS.into_iter().chain(OF_KEYS).chain(settings).chain(OF_ACTIVITY))
}

struct Exam<'a> {
    of: &'a Examined<'a>,
    everything: &'a Everything<'a>,
    outline: Outline,
}

/// Returns when a rule ends by its condition: the comparison with `request.time` that `until` writes.
#[must_use]
pub fn ends(condition: &Condition) -> Option<Timestamp> {
    let (before, after) = condition.as_str().trim().rsplit_once("request.time < timestamp(\"")?;
    let (time, rest) = after.split_once('"')?;
    // Of an alternative or a negation nobody knows when it ends.
    let whole = before.is_empty() || before.trim_end().ends_with(") &&");
    time.parse().ok().filter(|_| whole && rest.trim() == ")")
}

impl Exam<'_> {
    fn add(
        &mut self,
        id: FindingId,
        subject: Subject,
        what: String,
        told_apart: &[&str],
    ) -> &mut ReportedFinding {
        self.outline.add((id, self.of.state.organization), subject, what, told_apart)
    }

    fn not_judged(&mut self, id: FindingId, why: &str, helps: Option<&'static str>) {
        self.outline.results.insert(id, FindingResult::NotJudged { why: why.to_owned(), helps });
    }

    fn subject(&self, address: &Address) -> Subject {
        let id = self.of.ids.get(address);
        let title = id.and_then(|id| self.of.titles.get(&id));
        let name =
            title.map_or_else(|| address.key_text(), |title| format!("{} ({title})", address.key_text()));
        Subject { kind: address.kind().word().to_owned(), name, id: id.map(|id| id.to_string()) }
    }

    fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.of.state.projects.get(&id))
    }

    /// Whether an object is older than what findings of absence spare.
    fn settled(&self, address: &Address) -> bool {
        let made = self.of.ids.get(address).and_then(|id| self.of.inventory.created.get(&id));
        made.is_none_or(|made| self.of.now.duration_since(*made) > self.of.settings.grace)
    }

    /// Whether a principal holds a set that can escalate.
    fn privileged(&self, principal: &Principal) -> bool {
        self.everything.held_by(principal).iter().any(|held| self_escalating(&held.grant.permission_set))
    }

    fn sets(&self, policy: &Policy) -> String {
        let grants: BTreeSet<String> =
            policy.rules.0.iter().flat_map(Grant::of_rule).map(|grant| self.words(&grant)).collect();
        grants.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Whose the objects are.
    fn objects(&mut self) {
        for (address, object) in &self.of.state.objects {
            // Files may name people without managing them.
            let person = address.kind().named_undeclared();
            if object.meta().is_none() || object.is_built_in() || person {
                continue;
            }
            let owned = object.meta().is_some_and(|meta| meta.owner.is_some());
            let gives = match object {
                Object::Policy(policy) => Some(self.sets(policy)).filter(|sets| !sets.is_empty()),
                Object::User(_)
                | Object::Application(_)
                | Object::Group(_)
                | Object::SshKey(_)
                | Object::OrganizationSettings(_) => None,
            };
            let gives = gives.map(|sets| format!(" and gives {sets}")).unwrap_or_default();
            let subject = self.subject(address);
            if object.flags().managed {
                self.add(FindingId::ProductMade, subject, format!("is kept by a product{gives}"), &[]);
            } else if !owned {
                self.add(FindingId::Unmanaged, subject, format!("belongs to no stack{gives}"), &[]);
            }
        }
    }

    fn settings(&mut self) {
        let subject = || Subject { kind: "organization".into(), name: String::new(), id: None };
        match &self.of.inventory.key_maximum {
            Readout::Read(Some(_)) => {}
            Readout::Read(None) => {
                let what = "does not limit how long API keys live".to_owned();
                self.add(FindingId::NoKeyMaximum, subject(), what, &[]);
            }
            Readout::Unread { why, helps } => self.not_judged(FindingId::NoKeyMaximum, why, *helps),
        }
        match &self.of.inventory.password_beside_saml {
            Readout::Read(false) => {}
            Readout::Read(true) => {
                let what = "has SAML, and people may still log in with a password".to_owned();
                self.add(FindingId::PasswordLogin, subject(), what, &[]);
            }
            Readout::Unread { why, helps } => self.not_judged(FindingId::PasswordLogin, why, *helps),
        }
    }
}
