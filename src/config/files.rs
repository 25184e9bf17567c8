//! Files that were read, and the desired state that they become.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::gone::{Present, Roster};
use super::merge::Document;
use super::mistake::{Mistake, Severity};
use super::mistakes::Mistakes;
use super::resolve::Resolved;
use super::section::assertion::OnDocument;
use super::section::projects_of;
use super::sources::Sources;
use super::{check, gone, resolve};
use crate::model::{Address, Catalogue, Desired, Id, Kind, Place, ProjectName, Scim, Stack, State};

/// What files are resolved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolvePurpose {
    /// To change the organization: a guardrail that cannot be judged is an error.
    Change,
    /// To look at the organization: a guardrail that cannot be judged is a finding, and everything else is judged.
    Look,
}

/// Files that were read and have no errors by themselves. Others may show with the organization.
#[derive(Debug)]
pub struct Files {
    pub(super) sources: Arc<Sources>,
    /// Warnings from reading.
    pub(super) warnings: Vec<Mistake>,
    pub(super) document: Document,
    pub(super) organization: Id,
}

/// What the files need from the organization, in addition to the objects that are always read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The kinds that the files have a section for.
    pub kinds: BTreeSet<Kind>,
    /// A project is named that no file pins, or a guardrail asks for names of projects.
    pub projects: bool,
    /// A permission set is named that the built-in catalogue does not have: only the organization's list can tell.
    pub permission_sets: bool,
    /// The files manage people or all members of a group, and do not say what SCIM provisions.
    pub scim: bool,
}

impl Files {
    /// Returns what was read: the name and the whole text of each file, to read them again as
    /// [`Source::Text`](super::Source::Text).
    pub fn texts(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.sources.texts().iter().map(|text| (&*text.name, text.text.as_str()))
    }

    /// Returns the organization that the files describe.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.organization
    }

    /// Returns the place of `version`, and so of all keys that are given once.
    #[must_use]
    pub fn home(&self) -> Option<Place> {
        self.document.home.map(|span| self.sources.place(span))
    }

    /// Returns the stack that owns the declared objects.
    #[must_use]
    pub fn stack(&self) -> Option<&Stack> {
        self.document.stack.as_ref().map(|stack| &stack.value)
    }

    /// Returns what has to be read of the organization.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let document = &self.document;
        let rules = || document.declarations().flat_map(|(_, _, it)| it.rules());
        let named = document.declarations().flat_map(|(_, _, it)| it.projects());
        let questions = document.settings.iter().flat_map(|it| it.report.questions.iter().flatten());
        let asked = document.assertions.iter().map(|it| &it.on).chain(questions.map(|it| &it.on));
        let asserted = asked.filter_map(|on| match &on.value {
            OnDocument::Project(name) => Some(name),
            OnDocument::Organization | OnDocument::AllProjects => None,
        });
        let mut names = named.map(|project| &project.value).chain(asserted);
        let sets = rules().flat_map(|rule| &rule.permission_sets).map(|set| set.value.as_str());
        let asserted = document
            .assertions
            .iter()
            .filter_map(|assertion| Some(assertion.expectation()?.1.value.as_str()));
        let compared = document.guardrails.iter().map(|guardrail| &guardrail.compared);
        let forbidden =
            compared.clone().flat_map(|compared| &compared.permission_sets).map(|set| set.value.as_str());
        let published: HashSet<&str> = Catalogue::published().iter().map(|(name, _)| name.as_str()).collect();
        let mut sets = sets.chain(asserted).chain(forbidden);
        Needs {
            kinds: document.sections.keys().copied().collect(),
            projects: names.any(|name| !document.projects.contains_key(name))
                || compared.clone().any(|compared| compared.reads_scope),
            permission_sets: sets.any(|set| !published.contains(set)),
            scim: document.sections.contains_key(&Kind::User)
                || document.declarations().any(|(_, _, it)| it.has_exact_members()),
        }
    }

    /// Returns the projects whose names a plan of the files may show: those that the files pin, with the name that they have
    /// there, and those that live objects name.
    #[must_use]
    pub fn shown_projects(&self, live: &State) -> Vec<(Id, Option<&ProjectName>)> {
        let pinned = self.document.projects.iter().map(|(name, (_, id))| (id.value, Some(name)));
        let named: BTreeSet<Id> = live.objects.values().flat_map(projects_of).collect();
        pinned.chain(named.into_iter().map(|id| (id, None))).collect()
    }

    /// Resolves the files into the desired state, with the organization's own facts if they were read.
    ///
    /// Without `live`, a project that no file pins gets an id made up from its name, the same each time, which no
    /// request may ever hold.
    ///
    /// # Errors
    /// Every mistake that shows only now, with its place.
    pub fn resolve(
        &self,
        live: Option<&State>,
        catalogue: &Catalogue,
        catalogue_is_live: bool,
    ) -> Result<Resolved, Mistakes> {
        static NONE_SHARED: BTreeMap<Address, Vec<Id>> = BTreeMap::new();
        let live =
            live.map(|state| Present { state, ids: None, duplicates: &NONE_SHARED, scim: Scim::Unread });
        self.resolve_in(live, catalogue, catalogue_is_live, ResolvePurpose::Change)
    }

    /// Does the same where several live objects may share a name.
    ///
    /// # Errors
    /// Every mistake that shows only now, with its place.
    pub fn resolve_in(
        &self,
        live: Option<Present<'_>>,
        catalogue: &Catalogue,
        catalogue_is_live: bool,
        purpose: ResolvePurpose,
    ) -> Result<Resolved, Mistakes> {
        let mut findings = self.warnings.clone();
        let state = live.as_ref().map(|live| live.state);
        check::catalogue(&self.document, catalogue, catalogue_is_live, state, &mut findings);
        let roster = live.as_ref().map(|live| Roster::of(*live));
        if let Some(roster) = &roster {
            check::organization(&self.document, roster, &mut findings);
        }
        if purpose == ResolvePurpose::Look {
            findings.iter_mut().for_each(Mistake::let_look);
        }
        check::look_alikes(&self.document, roster.as_ref(), &mut findings);
        let provisioned = roster.as_ref().is_none_or(|roster| roster.provisions(&self.document));
        let mut desired: Desired = resolve::resolve(
            (&self.document, &self.sources, self.organization),
            state,
            provisioned,
            &mut findings,
        );
        gone::excuse(&desired, &mut findings);
        desired.missing = gone::missing(&findings, &self.sources);
        if let Some(roster) = &roster {
            desired.readdress(&|address| roster.called(address));
            if !desired.missing.is_empty() {
                gone::leave_out(&mut desired, roster, catalogue_is_live.then_some(catalogue));
            }
        }
        let stopped = findings.iter().any(|finding| finding.severity == Severity::Error);
        let findings = Mistakes::new(Arc::clone(&self.sources), findings);
        if stopped { Err(findings) } else { Ok(Resolved { desired, warnings: findings }) }
    }
}
