//! Documents → [`Desired`]: names of projects become ids, ends are judged, defaults filled in.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::decode::Spanned;
use super::merge::Document;
use super::mistake::{Mistake, MistakeKind};
use super::mistakes::Mistakes;
use super::resolving::Resolving;
use super::section::assertion::OnDocument;
use super::section::report::{QuestionDocument, ReportDocument};
use super::sources::Sources;
use crate::model::{
    Address, AllowEntry, Assertion, Desired, Guardrail, Id, Identity, IgnoredBy, IgnoredFinding, Membership,
    ProjectName, ReportQuestion, ReportSettings, Scope, Settings, State, Unsaid, Where,
};

/// What the files say, ready to be planned.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The desired state.
    pub desired: Desired,
    /// Warnings and hints, with their places.
    pub warnings: Mistakes,
}

/// `provisioned` is false where SCIM is known to be off, so that `settings.scim` has no effect.
pub(super) fn resolve(
    (files, sources, organization): (&Document, &Sources, Id),
    live: Option<&State>,
    provisioned: bool,
    findings: &mut Vec<Mistake>,
) -> Desired {
    let desired = Desired {
        stack: files.stack.as_ref().map(|stack| stack.value.clone()),
        ..Desired::empty(organization)
    };
    let mut resolving = Resolving::new(desired, files.now, &files.projects, sources, live, findings);
    resolving.projects(files);
    resolving.settings(files);
    if !provisioned {
        resolving.desired.settings.scim = None;
    }
    resolving.allow(files);
    resolving.declarations(files);
    resolving.guests(files);
    resolving.sentences(files);
    let mut desired = resolving.desired;
    desired.external = files.external.keys().cloned().collect();
    desired.released = files.release.iter().map(|released| released.value.clone()).collect();
    desired
}

/// How long an entry under `allow` may last.
const ALLOWED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Resolving<'_> {
    fn projects(&mut self, files: &Document) {
        for (name, (_, id)) in &files.projects {
            self.desired.state.projects.insert(id.value, name.clone());
        }
    }

    fn settings(&mut self, files: &Document) {
        let mut settings = Settings::default();
        if let Some(document) = &files.settings {
            if let Some(prune) = &document.prune {
                settings.prune = prune.value;
            }
            settings.min_iam_admins = document.min_iam_admins.unwrap_or(settings.min_iam_admins);
            settings.protect = document.protect.iter().map(|address| address.value.clone()).collect();
            let stacks = document.takes_over.iter().flat_map(|stacks| &stacks.value);
            settings.takes_over = stacks.map(|stack| stack.value.clone()).collect();
            settings.limits = document.limits.numbers().collect();
            if let Some(kinds) = &document.drift.fail_on {
                settings.drift.fail_on = kinds.iter().map(|kind| kind.value).collect();
            }
            settings.drift.stacks = document.drift.stacks.iter().map(|stack| stack.value.clone()).collect();
            let ignored = document.drift.ignore.iter();
            let ignored = ignored.map(|it| IgnoredFinding {
                by: match (&it.fingerprint, &it.object) {
                    (None, Some(object)) => IgnoredBy::Object {
                        object: object.value.clone(),
                        findings: it.findings.iter().flatten().map(|finding| finding.value).collect(),
                    },
                    (Some(fingerprint), _) => IgnoredBy::Fingerprint(fingerprint.value.clone()),
                    // The decoder sees to it that one of both is there.
                    (None, None) => IgnoredBy::Fingerprint(String::new()),
                },
                reason: it.reason.clone(),
                until: it.until.value,
                at: self.where_is(it.at),
            });
            settings.drift.ignore = ignored.collect();
            settings.scim =
                document.scim.as_ref().map(|scim| scim.value.addresses().map(|it| it.value).collect());
            settings.report = self.report(&document.report);
        }
        self.desired.settings = settings;
    }

    fn report(&mut self, document: &ReportDocument) -> ReportSettings {
        let ReportDocument { severity, questions, grace, key_age } = document;
        let usual = ReportSettings::default();
        let questions = questions.as_ref().map(|questions| {
            let question = |it: &QuestionDocument| ReportQuestion {
                name: it.name.clone(),
                can: it.can.value.clone(),
                on: self.on(&it.on),
            };
            questions.iter().map(question).collect()
        });
        ReportSettings {
            grace: grace.unwrap_or(usual.grace),
            key_age: key_age.unwrap_or(usual.key_age),
            max_iam_admins: usual.max_iam_admins,
            severity: severity.clone(),
            questions,
        }
    }

    /// Returns the scope of an assertion or a question.
    fn on(&mut self, on: &Spanned<OnDocument>) -> Scope {
        match &on.value {
            OnDocument::Organization => Scope::Organization,
            OnDocument::AllProjects => Scope::AllProjects,
            OnDocument::Project(name) => {
                let project = Spanned { value: name.clone(), at: on.at };
                Scope::Projects(BTreeSet::from([self.project(&project, None)]))
            }
        }
    }

    fn allow(&mut self, files: &Document) {
        let now = files.now;
        let most = now.saturating_add(ALLOWED_FOR).unwrap_or(Timestamp::MAX);
        for entry in &files.allow {
            let (until, at) = (entry.until.value, entry.until.at);
            if until > most {
                let last = most.to_zoned(TimeZone::UTC).date().yesterday().unwrap_or(Date::MAX);
                let kind = MistakeKind::AllowTooLong { until: until.to_string(), most: last.to_string() };
                self.findings.push(Mistake::new(at, kind));
            } else if until <= now {
                let kind = MistakeKind::AllowEnded { until: until.to_string() };
                self.findings.push(Mistake::new(at, kind).warning());
            }
            self.desired.allow.push(AllowEntry {
                guard: entry.guard,
                of: entry.of.iter().map(|address| address.value.clone()).collect(),
                until,
                reason: entry.reason.value.clone(),
                at: self.where_is(entry.at),
            });
        }
    }

    fn declarations(&mut self, files: &Document) {
        for (kind, section) in &files.sections {
            self.desired.sections.insert(*kind);
            self.desired.places.reserve(section.len());
            for (address, (at, declaration)) in section {
                if let Some((project, membership)) = declaration.list() {
                    self.list(address, project, membership);
                    continue;
                }
                let meta = declaration.meta();
                if meta.id.is_some() || meta.previously.is_some() {
                    let identity = Identity {
                        id: meta.id.as_ref().map(|id| id.value),
                        previously: meta.previously.as_ref().map(|key| key.value.clone()),
                    };
                    self.desired.identities.insert(address.clone(), identity);
                }
                let unsaid = Unsaid {
                    description: meta.description.is_none(),
                    tags: meta.tags.is_none(),
                    fields: declaration.unsaid(),
                };
                if unsaid != Unsaid::default() {
                    self.desired.unsaid.insert(address.clone(), unsaid);
                }
                self.place(Where::Object(address.clone()), *at);
                if let Some(object) = declaration.resolve(self, address) {
                    self.desired.state.objects.insert(address.clone(), object);
                }
            }
        }
    }

    /// Notes how the list of a project is meant.
    fn list(&mut self, address: &Address, project: &Spanned<ProjectName>, membership: Membership) {
        let id = self.project(project, Some(address));
        self.known_as(project, id);
        if membership == Membership::Exact && self.desired.stack.is_none() {
            let kind = MistakeKind::NeedsStack { key: "membership: exact" };
            self.findings.push(Mistake::new(project.at, kind));
        }
        self.desired.memberships.insert(address.clone(), membership);
    }

    fn guests(&mut self, files: &Document) {
        for (group, (_, guests)) in &files.memberships {
            let principals = guests.principals(self, group);
            self.desired.guests.insert(group.clone(), principals);
        }
    }

    fn sentences(&mut self, files: &Document) {
        for assertion in &files.assertions {
            let on = self.on(&assertion.on);
            let Some((expectation, set)) = assertion.expectation() else { continue };
            self.desired.assertions.push(Assertion {
                principal: assertion.principal.value.clone(),
                expectation,
                permission_set: set.value.clone(),
                on,
                at: self.where_is(assertion.at),
            });
        }
        for guardrail in &files.guardrails {
            let scopes = guardrail.compared.scopes.iter().map(|scope| scope.value.clone());
            self.desired.guardrails.push(Guardrail {
                scopes: scopes.collect(),
                name: guardrail.name.value.clone(),
                forbid: guardrail.forbid.value.clone(),
                at: self.where_is(guardrail.forbid.at),
            });
        }
    }
}
