//! Documents → [`Desired`]: names of projects become ids, ends are judged, defaults filled in.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Files;
use super::decode::Spanned;
use super::merge::by;
use super::mistake::{Mistake, MistakeKind, Mistakes, Span};
use super::section::assertion::OnDocument;
use super::section::meta::MetaDocument;
use super::section::report::{QuestionDocument, ReportDocument};
use crate::model::{
    Address, AllowEntry, Assertion, Desired, Expiry, Guardrail, Id, Identity, IgnoredBy, IgnoredFinding,
    Membership, Meta, NearBudget, Owner, Place, Principal, ProjectName, ReportQuestion, ReportSettings,
    Scope, Settings, State, Unsaid, Where,
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
    files: &Files,
    live: Option<&State>,
    provisioned: bool,
    findings: &mut Vec<Mistake>,
) -> Desired {
    let mut desired = Desired::empty(files.organization);
    desired.stack = files.stack().cloned();
    let mut resolving = Resolving {
        files,
        live,
        findings,
        projects: Projects::new(live),
        hinted: HashSet::new(),
        nearest: HashMap::new(),
        budget: NearBudget::of(NEAR_LOOKS),
        known: OnceCell::new(),
        desired,
    };
    resolving.projects();
    resolving.settings();
    if !provisioned {
        resolving.desired.settings.scim = None;
    }
    resolving.allow();
    resolving.declarations();
    resolving.guests();
    resolving.sentences();
    let mut desired = resolving.desired;
    desired.external = files.document.external.keys().cloned().collect();
    desired.released = files.document.release.iter().map(|released| released.value.clone()).collect();
    desired
}

/// How long an entry under `allow` may last.
const ALLOWED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The live projects by name.
struct Projects<'a> {
    by_name: HashMap<&'a str, Vec<Id>>,
}

impl<'a> Projects<'a> {
    fn new(live: Option<&'a State>) -> Self {
        let mut by_name: HashMap<&str, Vec<Id>> = HashMap::new();
        for (id, name) in live.iter().flat_map(|live| &live.projects) {
            by_name.entry(name.as_str()).or_default().push(*id);
        }
        Self { by_name }
    }
}

/// So many names of projects are looked at for the nearest one to a wrong name.
const NEAR_LOOKS: usize = 2_000_000;

/// What turning documents into objects needs and gathers.
pub(super) struct Resolving<'a> {
    files: &'a Files,
    live: Option<&'a State>,
    findings: &'a mut Vec<Mistake>,
    projects: Projects<'a>,
    hinted: HashSet<ProjectName>,
    /// What was probably meant by each name that no project has.
    nearest: HashMap<ProjectName, Option<String>>,
    budget: NearBudget,
    /// The names of all projects, once one was looked for.
    known: OnceCell<Vec<String>>,
    pub(super) desired: Desired,
}

/// What ends within an object: a member, or a rule by its position.
#[derive(Clone, Copy)]
pub(super) enum EndingPart<'a> {
    Member(&'a Principal),
    Rule(usize),
}

impl Resolving<'_> {
    fn projects(&mut self) {
        for (name, (_, id)) in &self.files.document.projects {
            self.desired.state.projects.insert(id.value, name.clone());
        }
    }

    fn settings(&mut self) {
        let mut settings = Settings::default();
        if let Some(document) = &self.files.document.settings {
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
                at: self.files.sources.place(it.at),
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

    fn allow(&mut self) {
        let now = self.files.document.now;
        let most = now.saturating_add(ALLOWED_FOR).unwrap_or(Timestamp::MAX);
        for entry in &self.files.document.allow {
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
                at: self.files.sources.place(entry.at),
            });
        }
    }

    pub(super) fn meta(&self, document: &MetaDocument) -> Meta {
        Meta {
            description: document.description.clone().unwrap_or_default(),
            tags: document.tags.iter().flatten().map(|tag| tag.value.to_string()).collect(),
            owner: self.desired.stack.clone().map(Owner::Stack),
        }
    }

    /// Returns where something stands.
    pub(super) fn where_is(&self, at: Span) -> Place {
        self.files.sources.place(at)
    }

    /// Notes where something stands.
    pub(super) fn place(&mut self, of: Where, at: Span) {
        self.desired.places.insert(of, self.files.sources.place(at));
    }

    fn declarations(&mut self) {
        for (kind, section) in &self.files.document.sections {
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

    fn guests(&mut self) {
        for (group, (_, guests)) in &self.files.document.memberships {
            let principals = guests.principals(self, group);
            self.desired.guests.insert(group.clone(), principals);
        }
    }

    /// Notes when a part of an object ends, and returns true when it has ended. A membership that an identity provider
    /// provisions ends there alone.
    pub(super) fn ended(&mut self, of: &Address, part: EndingPart<'_>, until: &Spanned<Timestamp>) -> bool {
        if let EndingPart::Member(principal) = part
            && self.desired.settings.scim.as_ref().is_some_and(|groups| groups.contains(of))
        {
            let kind = MistakeKind::UntilProvisioned { member: principal.key().to_string() };
            self.findings.push(Mistake::new(until.at, kind).warning());
            return false;
        }
        let expired = until.value <= self.files.document.now;
        let ended = until.value.to_string();
        let (member, rule, kind) = match part {
            EndingPart::Member(principal) => {
                let kind = MistakeKind::MemberExpired { member: principal.key().to_string(), until: ended };
                (Some(principal.clone()), None, kind)
            }
            EndingPart::Rule(number) => (None, Some(number), MistakeKind::RuleExpired { until: ended }),
        };
        let at = self.files.sources.place(until.at);
        let (address, until_at) = (of.clone(), until.at);
        self.desired.expiries.push(Expiry { address, member, rule, until: until.value, expired, at });
        if expired {
            self.findings.push(Mistake::new(until_at, kind).warning());
        }
        expired
    }

    /// Returns the id of a project, by the files or by the organization.
    pub(super) fn project(&mut self, project: &Spanned<ProjectName>, of: Option<&Address>) -> Id {
        let name = &project.value;
        if let Some((_, id)) = self.files.document.projects.get(name) {
            return id.value;
        }
        let made_up = made_up(self.files.organization, name);
        if self.live.is_none() {
            self.desired.state.projects.insert(made_up, name.clone());
            return made_up;
        }
        match self.projects.by_name.get(name.as_str()).map(Vec::as_slice) {
            Some([id]) => {
                if self.hinted.insert(name.clone()) {
                    let kind = MistakeKind::ProjectLookedUp { name: name.to_string(), id: *id };
                    self.findings.push(Mistake::new(project.at, kind).hint());
                }
                // A pinned name for the same project wins.
                self.desired.state.projects.entry(*id).or_insert_with(|| name.clone());
                *id
            }
            Some(ids) if !ids.is_empty() => {
                let mut ids = ids.to_vec();
                ids.sort_unstable();
                let kind = MistakeKind::AmbiguousProject { name: name.to_string(), ids };
                self.findings.push(Mistake::new(project.at, kind));
                made_up
            }
            _ => {
                let near = self.nearest(name);
                let kind = MistakeKind::UnknownProject { by: by(of), name: name.to_string(), near };
                self.findings.push(Mistake::new(project.at, kind));
                made_up
            }
        }
    }

    /// Holds whoever names a project to the one name that the files have for it.
    fn known_as(&mut self, project: &Spanned<ProjectName>, id: Id) {
        if let Some(pinned) = self.desired.state.projects.get(&id).filter(|name| **name != project.value) {
            let (name, pinned) = (project.value.to_string(), pinned.to_string());
            self.findings.push(Mistake::new(project.at, MistakeKind::ProjectPinnedAs { name, pinned }));
        }
    }

    /// Returns the project that was probably meant; with very many names, only for the first ones.
    fn nearest(&mut self, name: &ProjectName) -> Option<String> {
        if let Some(near) = self.nearest.get(name) {
            return near.clone();
        }
        let known = self.known.get_or_init(|| {
            let pinned = self.files.document.projects.keys().map(ProjectName::as_str);
            let known: BTreeSet<&str> = self.projects.by_name.keys().copied().chain(pinned).collect();
            known.into_iter().map(str::to_owned).collect()
        });
        let near = self.budget.near(name.as_str(), known.iter().map(String::as_str)).map(str::to_owned);
        self.nearest.insert(name.clone(), near.clone());
        near
    }

    fn sentences(&mut self) {
        for assertion in &self.files.document.assertions {
            let on = self.on(&assertion.on);
            let Some((expectation, set)) = assertion.expectation() else { continue };
            self.desired.assertions.push(Assertion {
                principal: assertion.principal.value.clone(),
                expectation,
                permission_set: set.value.clone(),
                on,
                at: self.files.sources.place(assertion.at),
            });
        }
        for guardrail in &self.files.document.guardrails {
            let scopes = guardrail.compared.scopes.iter().map(|scope| scope.value.clone());
            self.desired.guardrails.push(Guardrail {
                scopes: scopes.collect(),
                name: guardrail.name.value.clone(),
                forbid: guardrail.forbid.value.clone(),
                at: self.files.sources.place(guardrail.forbid.at),
            });
        }
    }
}

/// Returns an id that stands for a project whose own id the files do not tell: of version 8, which the API never
/// gives.
fn made_up(organization: Id, name: &ProjectName) -> Id {
    let hash =
        Sha256::new().chain_update(organization.bits().to_be_bytes()).chain_update(name.as_str()).finalize();
    let bits = hash.iter().take(16).fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0x3 << 62;
    Id::from_bits(bits & !VERSION & !VARIANT | 0x8 << 76 | 0x2 << 62)
}
