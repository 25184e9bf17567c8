//! Files → [`Desired`], or every error in them with its place; and a [`State`] → files.
//!
//! A text is read once into a tree with places (`parse`), decoded from the tree into documents, going on after a
//! mistake (`section`), merged with the other files (`merge`), and checked as a whole (`check`). What only
//! the organization can tell waits for [`Files::resolve`].

mod check;
mod decode;
mod export;
mod expression;
mod fields;
mod folder;
mod gone;
mod merge;
mod mistake;
mod parse;
mod resolve;
mod schema;
mod section;
mod source;
mod terraform;
mod tree;
mod until;
mod words;
mod yaml;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

pub use export::{
    ExportOptions, ExportPart, ExportedFile, ExportedFiles, LeftOut, OF_A_STACK, SCHEMA, Split, export,
};
pub use gone::Present;
pub use mistake::{Mistake, Mistakes, Severity, Span};
pub use resolve::Resolved;
pub use schema::{manual, schema};
pub use source::{ALL_MOST, FILE_MOST, FILES_MOST, Source, Sources, has_files};
pub use terraform::{TERRAFORM_MOST, TerraformError, TerraformHolds, TerraformResource, TerraformState};
pub use words::{Meant, MistakeKind, MistakeWords, Written};

use crate::model::{Address, Catalogue, Condition, Desired, Id, Kind, Place, Scim, Stack, State};
use decode::Decoder;
use gone::Roster;
use merge::{Document, merge};
use parse::parse;
use section::assertion::OnDocument;
use section::file::{FileDocument, file};
use source::ReadSources;
use tree::{Node, Value};

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
    sources: Arc<Sources>,
    /// Warnings from reading.
    warnings: Vec<Mistake>,
    document: Document,
    organization: Id,
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

/// Returns when a rule ends by itself, by a condition that `until` wrote; `None` for every other condition.
#[must_use]
pub fn ends_at(condition: &Condition) -> Option<Timestamp> {
    until::decompose(condition).map(|(_, end)| end)
}

/// Reads all sources, and checks them without the organization.
///
/// `now` decides which entries with `until` have ended.
///
/// # Errors
/// Every mistake in them, with the texts to show them in.
pub fn read(sources: &[Source], now: Timestamp) -> Result<Files, Mistakes> {
    let ReadSources { sources, mut mistakes, warnings } = source::read(sources);
    let unread: HashSet<u32> = mistakes.iter().chain(&warnings).map(|mistake| mistake.at.file).collect();
    let first = (0..).zip(sources.texts()).map(|(file, _)| file).find(|file| !unread.contains(file));
    let everything = mistakes.is_empty();
    let (files, decoded) = decode_all(&sources, &unread, &mut mistakes);
    let whole = everything && decoded;
    // Unread parts could hold anything, so only the rest is checked.
    let whole = whole && mistakes.iter().all(|mistake| !sources.text(mistake.at).is_empty());
    let document = merge(files, whole, first.unwrap_or(0), now, &mut mistakes);
    mistakes.retain(|mistake| !document.knows_variable(&mistake.kind));
    if whole {
        check::files(&document, &mut mistakes);
    }
    let sources = Arc::new(sources);
    match document.organization {
        Some(organization) if mistakes.is_empty() => Ok(Files { sources, warnings, document, organization }),
        _ => {
            // A second run would show these; people want all errors at once.
            check::catalogue(&document, Catalogue::published(), false, None, &mut mistakes);
            mistakes.extend(warnings);
            Err(Mistakes::new(sources, mistakes))
        }
    }
}

/// How many threads decode; the stack lets the tree be walked by recursion.
const THREADS: usize = 2;
const STACK: usize = 32 << 20;

/// Decodes every text except for unread ones; returns false if any text is incomplete.
fn decode_all(
    sources: &Sources,
    unread: &HashSet<u32>,
    mistakes: &mut Vec<Mistake>,
) -> (Vec<FileDocument>, bool) {
    let texts: Vec<(u32, &str)> = (0u32..)
        .zip(sources.texts())
        .filter(|(file, _)| !unread.contains(file))
        .map(|(file, text)| (file, text.text.as_str()))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut decoder = Decoder::new("");
        let mut done = Vec::new();
        while let Some((file, text)) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*file, decode_one(&mut decoder, sources, *file, text)));
        }
        done
    };
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS.min(texts.len()))
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok())
            .collect();
        if workers.is_empty() {
            return work();
        }
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(file, _)| *file);
    let mut whole = true;
    let mut documents = Vec::with_capacity(done.len());
    for (_, one) in done {
        whole &= one.whole;
        mistakes.extend(one.mistakes);
        documents.push(one.document);
    }
    (documents, whole)
}

struct Decoded {
    document: FileDocument,
    whole: bool,
    mistakes: Vec<Mistake>,
}

fn decode_one<'t>(decoder: &mut Decoder<'t>, sources: &Sources, number: u32, text: &'t str) -> Decoded {
    let parsed = parse(number, text);
    decoder.turn_to(text);
    let mut mistakes = parsed.mistakes;
    if let Some(at) = parsed.root.as_ref().and_then(plan_file) {
        let path = sources.name(at).display().to_string();
        mistakes = vec![Mistake::new(at, MistakeKind::PlanFile { path })];
        return Decoded { document: FileDocument::default(), whole: false, mistakes };
    }
    let document = match &parsed.root {
        Some(root) => file(decoder, root),
        None => {
            if mistakes.is_empty() {
                let at = Span { file: number, start: 0, end: 0 };
                mistakes.push(Mistake::new(at, MistakeKind::EmptyFile));
            }
            FileDocument::default()
        }
    };
    mistakes.extend(decoder.take_mistakes());
    // A text that is no map says nothing about what is missing.
    let whole = parsed.whole && matches!(&parsed.root, Some(Node { value: Value::Map(_), .. }));
    Decoded { document, whole, mistakes }
}

/// Returns where a saved plan, which a plan's own keys tell, says that it is one.
fn plan_file(root: &Node<'_>) -> Option<Span> {
    let Value::Map(map) = &root.value else { return None };
    let key = |name: &str| map.entries.iter().find(|(key, _)| key.raw() == Some(name)).map(|(key, _)| key.at);
    key("steps").or_else(|| key("tool")).and(key("format_version"))
}

impl Files {
    /// Returns what was read: the name and the whole text of each file, to read them again as [`Source::Text`].
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

    /// Returns true when the files pin a project, so that only the list of projects can tell whether it is still there.
    #[must_use]
    pub fn pins_projects(&self) -> bool {
        !self.document.projects.is_empty()
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
        let mut desired: Desired = resolve::resolve(self, state, provisioned, &mut findings);
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
