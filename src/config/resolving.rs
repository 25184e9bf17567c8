//! What documents become objects with: ids of projects, ends, places.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::decode::{Merged, Spanned};
use super::mistake::{Mistake, MistakeKind, Span};
use super::section::meta::MetaDocument;
use super::sources::Sources;
use super::words::by;
use crate::model::{
    Address, Desired, Expiry, Id, Meta, NearBudget, Owner, Place, Principal, ProjectName, State, Where,
};

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
    now: Timestamp,
    sources: &'a Sources,
    /// The projects whose ids the files have.
    pinned: &'a Merged<ProjectName, Spanned<Id>>,
    live: Option<&'a State>,
    pub(super) findings: &'a mut Vec<Mistake>,
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

impl<'a> Resolving<'a> {
    pub(super) fn new(
        desired: Desired,
        now: Timestamp,
        pinned: &'a Merged<ProjectName, Spanned<Id>>,
        sources: &'a Sources,
        live: Option<&'a State>,
        findings: &'a mut Vec<Mistake>,
    ) -> Self {
        Self {
            now,
            sources,
            pinned,
            live,
            findings,
            projects: Projects::new(live),
            hinted: HashSet::new(),
            nearest: HashMap::new(),
            budget: NearBudget::of(NEAR_LOOKS),
            known: OnceCell::new(),
            desired,
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
        self.sources.place(at)
    }

    /// Notes where something stands.
    pub(super) fn place(&mut self, of: Where, at: Span) {
        self.desired.places.insert(of, self.sources.place(at));
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
        let expired = until.value <= self.now;
        let ended = until.value.to_string();
        let (member, rule, kind) = match part {
            EndingPart::Member(principal) => {
                let kind = MistakeKind::MemberExpired { member: principal.key().to_string(), until: ended };
                (Some(principal.clone()), None, kind)
            }
            EndingPart::Rule(number) => (None, Some(number), MistakeKind::RuleExpired { until: ended }),
        };
        let at = self.sources.place(until.at);
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
        if let Some((_, id)) = self.pinned.get(name) {
            return id.value;
        }
        let made_up = made_up(self.desired.state.organization, name);
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

    /// Reports a project that is named otherwise than where the files pin it.
    pub(super) fn known_as(&mut self, project: &Spanned<ProjectName>, id: Id) {
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
            let pinned = self.pinned.keys().map(ProjectName::as_str);
            let known: BTreeSet<&str> = self.projects.by_name.keys().copied().chain(pinned).collect();
            known.into_iter().map(str::to_owned).collect()
        });
        let near = self.budget.near(name.as_str(), known.iter().map(String::as_str)).map(str::to_owned);
        self.nearest.insert(name.clone(), near.clone());
        near
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
