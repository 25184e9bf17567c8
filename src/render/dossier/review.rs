//! The review file: a row for each permission set that somebody holds, for a person to decide about.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::SignedDuration;

use super::{DossierReport, yes};
use crate::access::{Grant, GrantScope, Holds};
use crate::model::{Principal, Readout, day, second};
use crate::render::csv::Rows;
use crate::review::{ActivityRow, FamilyUse, FindingId, PrincipalRow};

/// The columns of the review file. New ones come at the end.
const REVIEW: [&str; 30] = [
    "kind",
    "id",
    "name",
    "username",
    "status",
    "mfa",
    "last_login",
    "permission_set",
    "scope",
    "project_id",
    "project",
    "group",
    "policy",
    "rule",
    "condition",
    "conditional_now",
    "stack",
    "findings",
    "recommendation",
    "because",
    "reviewer",
    "decision",
    "decided_at",
    "reason",
    "api_keys",
    "organization",
    "taken_at",
    "since",
    "activity",
    "last_call",
];

/// After so long without a log-in somebody is to be looked at.
const INACTIVE: SignedDuration = SignedDuration::from_hours(90 * 24);

impl DossierReport<'_> {
    /// Writes a row for each principal, permission set and scope, for somebody to decide about.
    pub(super) fn review(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = Rows::new(out, &REVIEW)?;
        let activity = self.dossier.activity.as_ref().and_then(Readout::read);
        let activity: HashMap<&Principal, &ActivityRow> =
            activity.into_iter().flatten().map(|row| (&row.principal, row)).collect();
        let everybody = self.dossier.people.iter().chain(&self.dossier.applications);
        for row in everybody {
            let profile = row.profile.and_then(|at| self.dossier.profiles.get(at));
            let Some(profile) = profile else { continue };
            for held in &profile.grants {
                let (recommendation, because) = self.recommend(row, held.grant.condition.as_ref());
                let (project_id, project) = match &held.grant.scope {
                    GrantScope::Project(id) => (
                        id.to_string(),
                        self.state.projects.get(id).map(ToString::to_string).unwrap_or_default(),
                    ),
                    GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => {
                        Default::default()
                    }
                };
                let condition =
                    held.grant.condition.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default();
                let now = self.holds(&held.grant);
                let used = activity.get(&row.principal);
                let used = used.and_then(|row| row.use_of(&held.grant.permission_set));
                rows.row([
                    row.kind,
                    &row.id,
                    &row.principal.key().to_string(),
                    &row.username,
                    row.status,
                    row.mfa.map_or("", yes),
                    &row.last_login_at.map(second).unwrap_or_default(),
                    held.grant.permission_set.as_str(),
                    &held.grant.scope.words(|id| self.state.projects.get(&id)),
                    &project_id,
                    &project,
                    &held.path.group.as_ref().map(ToString::to_string).unwrap_or_default(),
                    &held.path.policy.to_string(),
                    &(held.path.rule + 1).to_string(),
                    &condition,
                    now,
                    &row.stack,
                    &row.findings.join(" "),
                    recommendation,
                    &because,
                    "",
                    "",
                    "",
                    "",
                    &row.api_keys.to_string(),
                    &self.state.organization.to_string(),
                    &second(self.now()),
                    self.since.map_or("", |since| since.grant(&row.principal, &held.grant).as_str()),
                    used.map_or("", FamilyUse::words),
                    &match used {
                        Some(FamilyUse::Seen(at)) => second(at),
                        Some(FamilyUse::NotSeen | FamilyUse::NotRecorded | FamilyUse::NotJudged) | None => {
                            String::new()
                        }
                    },
                ])?;
            }
        }
        rows.end()
    }

    fn holds(&self, grant: &Grant) -> &'static str {
        let resource = crate::access::ResourceFacts::default();
        let request = crate::access::RequestFacts { time: self.now(), ip: None, user_agent: None, resource };
        match crate::access::decide(grant, Some(&request)) {
            Holds::Yes => "yes",
            Holds::No | Holds::Ended(_) => "no",
            Holds::Depends(_) => "depends",
        }
    }

    /// A rule, and not a guess.
    fn recommend(
        &self,
        row: &PrincipalRow,
        condition: Option<&crate::model::Condition>,
    ) -> (&'static str, String) {
        let ended = condition.and_then(crate::review::ends).filter(|at| *at <= self.now());
        if let Some(at) = ended {
            return ("remove", format!("ended on {}", day(at)));
        }
        if let Some(at) = row.last_login_at.filter(|at| self.now().duration_since(*at) > INACTIVE) {
            return ("look", format!("last logged in on {}", day(at)));
        }
        if row.findings.iter().any(|id| id == FindingId::AdminWithoutMfa.as_str()) {
            return ("look", "can escalate, and logs in without a second factor".to_owned());
        }
        ("keep", String::new())
    }
}
