//! Documents → [`Desired`]: names of projects become ids, ends are judged, defaults filled in.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Files;
use super::decode::Spanned;
use super::document::assertion::OnDocument;
use super::document::group::{GroupDocument, MemberDocument};
use super::document::meta::MetaDocument;
use super::document::policy::{PolicyDocument, PrincipalDocument};
use super::document::rule::{RuleDocument, ScopeDocument};
use super::mistake::{Mistake, MistakeKind, Mistakes, Span};
use crate::model::{
    Address, AllowEntry, Application, Assertion, Attachment, Desired, Expiry, Flags, Group, Guardrail, Id,
    Identity, Key, Kind, Membership, Meta, Name, NearBudget, Owner, Policy, Principal, ProjectName, Rule,
    Rules, Scope, Settings, State, Where,
};

/// What the files say, ready to be planned.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The desired state.
    pub desired: Desired,
    /// Warnings and hints, with their places.
    pub warnings: Mistakes,
}

pub(super) fn resolve(files: &Files, live: Option<&State>, findings: &mut Vec<Mistake>) -> Desired {
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
    resolving.allow();
    resolving.applications();
    resolving.groups();
    resolving.policies();
    resolving.sentences();
    let mut desired = resolving.desired;
    let document = &files.document;
    desired.external.groups = document.external_groups.keys().cloned().collect();
    desired.external.applications = document.external_applications.keys().cloned().collect();
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

struct Resolving<'a> {
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
    desired: Desired,
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
        }
        self.desired.settings = settings;
    }

    fn allow(&mut self) {
        let now = self.files.now;
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

    fn meta(&self, document: &MetaDocument) -> Meta {
        Meta {
            description: document.description.clone().unwrap_or_default(),
            tags: document.tags.iter().map(|tag| tag.value.to_string()).collect(),
            owner: self.desired.stack.clone().map(Owner::Stack),
        }
    }

    /// Notes where an object stands and how it finds its live one.
    fn declared(&mut self, address: Address, at: Span, document: &MetaDocument) {
        if document.id.is_some() || document.previously.is_some() {
            let identity = Identity {
                id: document.id.as_ref().map(|id| id.value),
                previously: document.previously.as_ref().map(|name| name.value.clone()),
            };
            self.desired.identities.insert(address.clone(), identity);
        }
        self.desired.places.insert(Where::Object(address), self.files.sources.place(at));
    }

    fn applications(&mut self) {
        let Some(section) = &self.files.document.applications else { return };
        self.desired.sections.insert(Kind::Application);
        self.desired.places.reserve(section.len());
        for (name, (at, document)) in section {
            let key = Key::from(name.clone());
            self.declared(Address::application(key.clone()), *at, &document.shared);
            let application =
                Application { meta: self.meta(&document.shared), flags: Flags::default(), api_keys: 0 };
            self.desired.state.insert(key, application);
        }
    }

    fn groups(&mut self) {
        let Some(section) = &self.files.document.groups else { return };
        self.desired.sections.insert(Kind::Group);
        for (name, (at, document)) in section {
            let key = Key::from(name.clone());
            self.declared(Address::group(key.clone()), *at, &document.shared);
            let members = self.members(name, document);
            let group =
                Group { meta: self.meta(&document.shared), flags: Flags::default(), builtin: None, members };
            self.desired.state.insert(key, group);
        }
    }

    fn members(&mut self, name: &Name, document: &GroupDocument) -> BTreeSet<Principal> {
        let Some(members) = &document.members else { return BTreeSet::new() };
        self.desired.memberships.insert(name.clone(), document.membership.unwrap_or(Membership::Exact));
        let mut principals = BTreeSet::new();
        for user in &members.users {
            self.member(name, user, Principal::User(Key::Email(user.name.value.clone())), &mut principals);
        }
        for application in &members.applications {
            let principal = Principal::Application(Key::Named(application.name.value.clone()));
            self.member(name, application, principal, &mut principals);
        }
        principals
    }

    fn member<N: std::fmt::Display>(
        &mut self,
        group: &Name,
        member: &MemberDocument<N>,
        principal: Principal,
        into: &mut BTreeSet<Principal>,
    ) {
        let Some(until) = &member.until else {
            into.insert(principal);
            return;
        };
        let expired = until.value <= self.files.now;
        self.desired.expiries.push(Expiry {
            address: Address::group(group.clone()),
            member: Some(principal.clone()),
            rule: None,
            until: until.value,
            expired,
            at: self.files.sources.place(until.at),
        });
        if expired {
            let kind = MistakeKind::MemberExpired {
                member: member.name.value.to_string(),
                until: until.value.to_string(),
            };
            self.findings.push(Mistake::new(until.at, kind).warning());
        } else {
            into.insert(principal);
        }
    }

    fn policies(&mut self) {
        let Some(section) = &self.files.document.policies else { return };
        self.desired.sections.insert(Kind::Policy);
        for (name, (at, document)) in section {
            let key = Key::from(name.clone());
            self.declared(Address::policy(key.clone()), *at, &document.shared);
            let policy = Policy {
                meta: self.meta(&document.shared),
                flags: Flags::default(),
                attachment: attachment(document),
                rules: self.rules(name, document),
            };
            self.desired.state.insert(key, policy);
        }
    }

    fn rules(&mut self, name: &Name, document: &PolicyDocument) -> Rules {
        let mut rules = Vec::with_capacity(document.rules.len());
        for (number, rule) in document.rules.iter().enumerate() {
            let scope = self.scope(name, rule);
            if let Some(until) = &rule.until {
                let expired = until.value <= self.files.now;
                self.desired.expiries.push(Expiry {
                    address: Address::policy(name.clone()),
                    member: None,
                    rule: Some(number),
                    until: until.value,
                    expired,
                    at: self.files.sources.place(until.at),
                });
                if expired {
                    let kind = MistakeKind::RuleExpired { until: until.value.to_string() };
                    self.findings.push(Mistake::new(until.at, kind).warning());
                    continue;
                }
            }
            let at = self.files.sources.place(rule.at);
            self.desired.places.insert(Where::Rule(name.clone(), rules.len()), at);
            rules.push(Rule {
                permission_sets: rule.permission_sets.iter().map(|set| set.value.clone()).collect(),
                scope,
                condition: rule.condition.clone(),
            });
        }
        Rules(rules)
    }

    fn scope(&mut self, policy: &Name, rule: &RuleDocument) -> Scope {
        match rule.scope.as_ref().map(|scope| &scope.value) {
            Some(ScopeDocument::Organization) | None => Scope::Organization,
            Some(ScopeDocument::AllProjects) => Scope::AllProjects,
            Some(ScopeDocument::Projects(projects)) => Scope::Projects(
                projects
                    .iter()
                    .map(|project| self.project(project, || format!("policy `{policy}`")))
                    .collect(),
            ),
        }
    }

    /// Returns the id of a project, by the files or by the organization.
    fn project(&mut self, project: &Spanned<ProjectName>, by: impl Fn() -> String) -> Id {
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
                let kind = MistakeKind::UnknownProject { by: by(), name: name.to_string(), near };
                self.findings.push(Mistake::new(project.at, kind));
                made_up
            }
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
            let principal = match &assertion.principal {
                PrincipalDocument::User(email) => Principal::User(Key::Email(email.value.clone())),
                PrincipalDocument::Application(name) => {
                    Principal::Application(Key::Named(name.value.clone()))
                }
                PrincipalDocument::None | PrincipalDocument::Group(_) => continue,
            };
            let on = match &assertion.on.value {
                OnDocument::Organization => Scope::Organization,
                OnDocument::AllProjects => Scope::AllProjects,
                OnDocument::Project(name) => {
                    let project = Spanned { value: name.clone(), at: assertion.on.at };
                    Scope::Projects(BTreeSet::from([self.project(&project, || "the assertion".to_owned())]))
                }
            };
            let Some((expectation, set)) = assertion.expectation() else { continue };
            self.desired.assertions.push(Assertion {
                principal,
                expectation,
                permission_set: set.value.clone(),
                on,
                at: self.files.sources.place(assertion.at),
            });
        }
        for guardrail in &self.files.document.guardrails {
            self.desired.guardrails.push(Guardrail {
                name: guardrail.name.value.clone(),
                forbid: guardrail.forbid.value.clone(),
                at: self.files.sources.place(guardrail.forbid.at),
            });
        }
    }
}

fn attachment(document: &PolicyDocument) -> Attachment {
    match &document.principal {
        Some(PrincipalDocument::None) | None => Attachment::None,
        Some(PrincipalDocument::User(email)) => {
            Attachment::Principal(Principal::User(Key::Email(email.value.clone())))
        }
        Some(PrincipalDocument::Application(name)) => {
            Attachment::Principal(Principal::Application(Key::Named(name.value.clone())))
        }
        Some(PrincipalDocument::Group(name)) => Attachment::Group(Key::Named(name.value.clone())),
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
