//! Two states → the steps from one to the other, in an order that never widens access on the way; guards; the plan file.
//!
//! A [`Plan`] is plain data, complete before the first write: [`between`] compares, orders, rehearses and judges.
//! Equal input gives an equal plan, byte for byte.

mod administrators;
mod align;
mod blocked;
mod diff;
mod drift;
pub mod file;
mod fill;
mod graph;
pub mod guard;
mod only;
mod order;
mod partial_state;
mod projects;
mod promise;
mod readers;
mod rehearse;
pub mod slot;
mod step;
mod summary;
mod weaker;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

pub use self::drift::{DriftFinding, Findings};
pub use self::guard::{Allowance, Finding, GuardName, UnknownGuard, Verdict};
pub use self::only::PartialScope;
pub(crate) use self::partial_state::PartialState;
pub use self::promise::Unkept;
pub use self::readers::KeyReader;
pub use self::rehearse::rehearse;
use self::slot::{KeyFacts, KeysPlan};
pub use self::step::{Action, Edge, Effect, Reason, Step, StepId};
pub use self::summary::{Counts, Summary};
pub use self::weaker::weaker;
use crate::access::{self, AccessChange, Grant};
use crate::model::{
    Address, AllowEntry, Desired, Expiry, GuardFacts, Id, Ids, Key, Kind, LiveKeys, Missing, Object,
    OrganizationSettings, Owner, PermissionSetName, Place, Principal, Scim, Stack, State, User, Where,
    WriteCall,
};

pub use self::guard::LiftedBy;

/// Facts about the live side, for planning.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The live state.
    pub live: &'a State,
    /// The ids of its objects.
    pub ids: &'a Ids,
    /// The live names of objects that are keyed by their ids.
    pub titles: &'a HashMap<Id, String>,
    /// Names that several live objects have, with the objects' ids.
    pub duplicates: &'a BTreeMap<Address, Vec<Id>>,
    /// When the oldest API key of an application was made, where it was read.
    pub oldest_keys: &'a HashMap<Address, Timestamp>,
    /// What is known of the API keys of applications whose keys files declare.
    pub keys: KeyFacts<'a>,
    /// What is known about people beyond their list.
    pub people: PeopleFacts<'a>,
    /// The additional facts that guards need, if they were read.
    pub guards: Option<&'a GuardFacts>,
    /// Who runs the plan.
    pub caller: &'a Caller,
    /// What time it is.
    pub now: Timestamp,
}

/// What is known about people beyond their list.
#[derive(Debug, Clone, Copy)]
pub struct PeopleFacts<'a> {
    /// How many API keys each person has, where they were read.
    pub keys: Option<&'a HashMap<Address, u32>>,
    /// Whether an identity provider provisions people.
    pub scim: Scim,
}

impl PeopleFacts<'_> {
    /// Nothing is known.
    pub const NONE: Self = Self { keys: None, scim: Scim::Unread };
}

/// Who runs a plan, so that they do not lock themselves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The holder of the API key that is used.
    Known(Principal),
    /// An unknown caller, and why they are unknown.
    Unresolved(String),
}

impl Caller {
    /// Returns the caller by the name that the plan has for what is live at an address.
    fn renamed<'a>(&self, plans: impl Fn(&Address) -> Option<&'a Address>) -> Self {
        match self {
            Self::Known(principal) => {
                let moved = plans(&principal.address()).and_then(Address::principal);
                Self::Known(moved.unwrap_or_else(|| principal.clone()))
            }
            Self::Unresolved(_) => self.clone(),
        }
    }
}

/// How strictly a plan is checked.
#[derive(Debug, Clone, Default)]
pub struct GuardOptions {
    /// Guards that are overridden, each for exactly one number.
    pub allow: BTreeMap<GuardName, u32>,
    /// Treat warnings as errors.
    pub strict: bool,
}

/// Why no plan can be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A declared or owned name that two live objects have.
    #[error("{address} is the name of {} live objects: {}", ids.len(), list(ids))]
    Duplicate {
        /// The name.
        address: Address,
        /// The objects.
        ids: Vec<Id>,
        /// Where the name is declared.
        at: Option<Box<Place>>,
    },
    /// An `id` that no live object has.
    #[error("{address} is declared with the id {id}, which no live object has")]
    UnknownId {
        /// What is declared.
        address: Address,
        /// The id.
        id: Id,
        /// Where it is declared.
        at: Option<Box<Place>>,
    },
    /// An `id` of an object of another kind.
    #[error("{address} is declared with the id {id}, which is that of {live}")]
    IdOfOther {
        /// What is declared.
        address: Address,
        /// The id.
        id: Id,
        /// What has the id.
        live: Box<Address>,
        /// Where it is declared.
        at: Option<Box<Place>>,
    },
    /// Two declared objects that are one live object.
    #[error("{first} and {second} are both the live {live}")]
    MatchedTwice {
        /// The live object.
        live: Box<Address>,
        /// The one that is declared first.
        first: Box<Address>,
        /// The other one.
        second: Box<Address>,
    },
    /// A name that another live object still has.
    #[error("{address} cannot take its name: another live object has it{}", id.map(|id| format!(" ({id})")).unwrap_or_default())]
    NameTaken {
        /// Who is to take the name.
        address: Address,
        /// The object that has it.
        id: Option<Id>,
    },
    /// Renames that wait for each other.
    #[error("the renames around {0} wait for each other")]
    NamesInACircle(Address),
    /// Dependencies that close a cycle: a bug.
    #[error("planner bug: edges of the kind {0:?} close a cycle; please report it with the input")]
    Cycle(Reason),
    /// A rehearsal that failed: a bug.
    #[error("planner bug: {}; please report it with the input", .0.0)]
    Bug(Bug),
}

impl Error {
    /// Returns what may help, where that is known.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Duplicate { .. } => Some("say which one is meant with `id:`, or rename the others"),
            Self::MatchedTwice { .. } => Some("declare each live object once"),
            Self::NamesInACircle(_) => Some(
                "rename one of them to a third name first, apply, and then to the name that it is to have",
            ),
            Self::UnknownId { .. }
            | Self::IdOfOther { .. }
            | Self::NameTaken { .. }
            | Self::Cycle(_)
            | Self::Bug(_) => None,
        }
    }

    /// Returns where in the files the reason stands, where it stands in one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Duplicate { at, .. } | Self::UnknownId { at, .. } | Self::IdOfOther { at, .. } => {
                at.as_deref()
            }
            Self::MatchedTwice { .. }
            | Self::NameTaken { .. }
            | Self::NamesInACircle(_)
            | Self::Cycle(_)
            | Self::Bug(_) => None,
        }
    }
}

fn list(ids: &[Id]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A plan that does not do what it shows, found before anybody saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bug(String);

/// A live object that the stack adopts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The object.
    pub address: Address,
    /// The stack that it belonged to, or `None` when it belonged to none.
    pub from: Option<Stack>,
    /// How many API keys an application has: their holders gain the access it gains.
    pub api_keys: u32,
    /// When the oldest of them was made, where that was read.
    pub oldest_key: Option<Timestamp>,
}

/// A declared object that the plan must not change, so the plan is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The object.
    pub address: Address,
    /// Why.
    pub kind: ConflictKind,
    /// Where it is declared.
    pub at: Option<Place>,
}

/// Why a declared object must not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictKind {
    /// It belongs to somebody else.
    Owned(Owner),
    /// A Scaleway product manages it, or it is built in.
    Managed,
    /// It is listed as external, and this stack owns it.
    ExternalButOwned,
    /// The new and the old name are both live and owned.
    BothLive {
        /// The one that has the old name.
        previously: Address,
    },
}

/// A declared policy whose rules are not rewritten, because it holds rules that this version cannot write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The policy.
    pub address: Address,
    /// The rules in the way, by position from 0, each with the reason.
    pub rules: Vec<(usize, String)>,
    /// Where the policy is declared.
    pub at: Option<Place>,
    /// Access that the files take away, and that stays.
    pub stays: Vec<(Principal, Grant)>,
}

/// A rule that grants nothing, because its projects were deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The declared policy that holds it.
    pub policy: Address,
    /// The rule, by position from 0.
    pub rule: usize,
    /// What it granted.
    pub permission_sets: Vec<PermissionSetName>,
    /// The step that removes it, if there is one.
    pub dropped_by: Option<StepId>,
}

/// An object that stays as it is: one that no file declares, or one that is declared and that no plan changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spared {
    /// The object.
    pub address: Address,
    /// Why it stays.
    pub reason: SparedReason,
}

/// Why an object stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SparedReason {
    /// The files have no section for its kind.
    SectionAbsent,
    /// The files name no stack, so nothing is ever deleted.
    NoStack,
    /// No stack owns it.
    NotOwned,
    /// This stack owns it.
    Other(Stack),
    /// Its tags name several owners, or none that can be.
    Unclear,
    /// `settings.prune` is `none`.
    PruneNone,
    /// A Scaleway product manages it, or it is built in.
    Managed,
    /// The API does not let it be deleted.
    NotDeletable,
    /// It is listed as external.
    External,
    /// It is what a declared object was named before.
    Renamed,
    /// It is the owner of the organization, whom no plan changes; with the fields in which the files differ, where they
    /// declare them.
    Owner(Vec<&'static str>),
    /// It is the caller, whom no plan changes; with the same fields.
    Caller(Vec<&'static str>),
    /// An identity provider provisions it by SCIM; with the same fields.
    Provisioned(Vec<&'static str>),
}

impl SparedReason {
    /// Returns the fields in which a declared object differs from the files and is left as it is.
    #[must_use]
    pub fn differs(&self) -> &[&'static str] {
        match self {
            Self::Owner(fields) | Self::Caller(fields) | Self::Provisioned(fields) => fields,
            Self::SectionAbsent
            | Self::NoStack
            | Self::NotOwned
            | Self::Other(_)
            | Self::Unclear
            | Self::PruneNone
            | Self::Managed
            | Self::NotDeletable
            | Self::External
            | Self::Renamed => &[],
        }
    }
}

/// Access that a principal keeps, but lacks temporarily.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interruption {
    /// Who.
    pub principal: Principal,
    /// What.
    pub grant: Grant,
    /// The step after which it is missing.
    pub from_step: StepId,
    /// The step after which it is back.
    pub to_step: StepId,
}

/// A complete plan, made before anything is changed.
#[must_use = "a plan does nothing until it is applied"]
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    before: State,
    outcome: State,
    ids: Ids,
    titles: HashMap<Id, String>,
    stack: Option<Stack>,
    partial: Option<PartialScope>,
    created_at: Timestamp,
    access: Vec<AccessChange>,
    interruptions: Vec<Interruption>,
    adoptions: Vec<Adoption>,
    conflicts: Vec<Conflict>,
    blocked: Vec<Blocked>,
    leftovers: Vec<Leftover>,
    spared: Vec<Spared>,
    spent: Vec<Address>,
    absent: Vec<Kind>,
    expiries: Vec<Expiry>,
    missing: Vec<Missing>,
    allow: Vec<AllowEntry>,
    findings: Vec<Finding>,
    weaker: Vec<String>,
    keys: KeysPlan,
    /// How many API keys each person has whom the plan removes.
    people_keys: HashMap<Address, u32>,
    summary: Summary,
    places: HashMap<Where, Place>,
    live_keys: HashMap<Address, Key>,
    organization_name: Option<String>,
}

/// Compares the live side with the desired one.
///
/// # Errors
/// When the files and the live side do not fit together ([`Error`]), or when the plan failed its own rehearsal.
pub fn between(facts: &Facts<'_>, desired: &Desired, options: &GuardOptions) -> Result<Plan, Error> {
    let named = projects::Named::of(facts, desired);
    let facts = &named.as_ref().map_or(*facts, |named| named.facts(facts));
    let mut matches = align::Matches::find(facts, desired)?;
    let (desired, partial) = only::narrow(facts, desired, &mut matches);
    let desired = desired.as_ref();
    let alignment = align::align(facts, desired, matches)?;
    let draft = diff::diff(&alignment);
    let administrators = administrators::Administrators::of(&draft.world, &alignment.before);
    let least = desired.settings.min_iam_admins;
    let (draft, mut ordered) = order::order(&alignment, draft, (&administrators, least))?;
    let caller = facts.caller.renamed(|live| alignment.rekeyed.get(live));
    let number = match &caller {
        Caller::Known(principal) => draft.world.find(principal),
        Caller::Unresolved(_) => None,
    };
    fill::fill(&alignment, &draft.world, &mut ordered).map_err(Error::Bug)?;
    let watched = rehearse::Watched { caller: number, administrators, least };
    let rehearsal = rehearse::run(&alignment, &draft, &mut ordered, watched).map_err(Error::Bug)?;
    let (before, after) = ((&draft.before, &alignment.before), (&draft.after, &alignment.outcome));
    let access = access::changes_of(&draft.world, before, after, |id| draft.held(id));
    let steps = numbered(ordered);
    let summary = Summary::of(&steps, &alignment.adoptions);
    let live = facts.keys.live.map(|live| with_maximum(live, &alignment.outcome));
    let key_facts = KeyFacts { live: live.as_deref(), ..facts.keys };
    let mut keys = KeysPlan::of(&key_facts, desired, |of| alignment.ids.get(of), facts.now);
    let outcome = access::Everything::known(&alignment.outcome, &draft.world, &draft.after);
    keys.readers = readers::readers(&outcome, &keys, facts.now);
    let findings = guard::judge(&guard::Case {
        keys: &keys,
        facts,
        desired,
        options,
        caller: &caller,
        alignment: &alignment,
        draft: &draft,
        steps: &steps,
        access: &access,
        rehearsal: &rehearsal,
        pardoned: &BTreeSet::new(),
    });
    let titles = titles(facts, &alignment);
    let removed = steps.iter().filter_map(|step| step.action.deletes());
    let people_keys = removed
        .filter_map(|address| Some((address.clone(), alignment.people_keys(facts, address)?)))
        .collect();
    let blocked = blocked::blocked(&alignment, &draft, desired);
    let leftovers = blocked::leftovers(&alignment, desired, &steps);
    Ok(Plan {
        steps,
        ids: alignment.ids,
        titles,
        stack: desired.stack.clone(),
        partial,
        created_at: facts.now,
        access,
        interruptions: rehearsal.interruptions,
        adoptions: alignment.adoptions,
        blocked,
        leftovers,
        conflicts: alignment.conflicts,
        spared: alignment.spared,
        spent: alignment.spent,
        absent: Kind::ALL.iter().copied().filter(|kind| !desired.sections.contains(kind)).collect(),
        expiries: desired.expiries.clone(),
        missing: desired.missing.clone(),
        allow: desired.allow.clone(),
        findings,
        weaker: Vec::new(),
        keys,
        people_keys,
        summary,
        places: desired.places.clone(),
        live_keys: alignment.live_keys,
        organization_name: None,
        before: alignment.before,
        outcome: alignment.outcome,
    })
}

/// Returns the live API keys with the maximum lifetime after the steps, because keys are made after them.
fn with_maximum<'a>(live: &'a LiveKeys, outcome: &State) -> Cow<'a, LiveKeys> {
    let settings = outcome.find::<OrganizationSettings>(&Key::Only);
    let Some(most) = settings.and_then(|settings| settings.security.max_api_key_expiration) else {
        return Cow::Borrowed(live);
    };
    let longest_life = Some(most).filter(|most| !most.is_zero());
    if longest_life == live.longest_life {
        return Cow::Borrowed(live);
    }
    Cow::Owned(LiveKeys { longest_life, ..live.clone() })
}

/// The live names of objects that are keyed by their ids: those that always are, and those whose name another object takes.
fn titles(facts: &Facts<'_>, alignment: &align::Alignment) -> HashMap<Id, String> {
    let mut titles = facts.titles.clone();
    let displaced = alignment.rekeyed.iter().filter(|(_, to)| to.key().id().is_some());
    titles.extend(displaced.filter_map(|(from, to)| Some((to.key().id()?, from.key().title()?.to_owned()))));
    titles
}

fn numbered(ordered: order::Ordered) -> Vec<Step> {
    let id = |at: usize| StepId::try_from(at + 1).unwrap_or(StepId::MAX);
    let steps = ordered.changes.into_iter().zip(ordered.after).enumerate();
    steps
        .map(|(at, (change, after))| Step {
            id: id(at),
            action: change.action,
            effect: change.effect,
            after: after.into_iter().map(|(first, reason)| Edge { step: id(first), reason }).collect(),
        })
        .collect()
}

impl Plan {
    /// Returns how many API keys are deleted together with an object that the plan deletes.
    #[must_use]
    pub fn keys_that_go(&self, address: &Address) -> u32 {
        let of_people = self.people_keys.get(address).copied();
        of_people.unwrap_or_else(|| self.before.get(address).map_or(0, Object::api_keys))
    }

    /// Returns true when the plan removes people, whose keys no list of people counts.
    #[must_use]
    pub fn removes_people(&self) -> bool {
        let mut removed = self.steps.iter().filter_map(|step| step.action.deletes());
        removed.any(|address| address.kind() == Kind::User)
    }

    /// Returns the people whose usernames change.
    pub fn new_usernames(&self) -> impl Iterator<Item = &Address> {
        let changes =
            |step: &&Step| step.action.changes().iter().any(|(field, _)| field.writer == WriteCall::Username);
        self.steps.iter().filter(changes).filter_map(|step| match &step.action {
            Action::Update { address, .. } => Some(address),
            Action::Create { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. } => None,
        })
    }

    /// Returns the people who are invited.
    pub fn invitations(&self) -> impl Iterator<Item = (&Key, &User)> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Create { address, object: Object::User(user) } => Some((address.key(), &**user)),
            Action::Create { .. }
            | Action::Update { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. } => None,
        })
    }

    /// Returns the steps, in the order in which they are shown; their edges allow others.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the live side, under the names that the plan leads to.
    #[must_use]
    pub const fn before(&self) -> &State {
        &self.before
    }

    /// Returns the outcome: the organization after the plan, including the objects that it does not change.
    #[must_use]
    pub const fn outcome(&self) -> &State {
        &self.outcome
    }

    /// Returns the ids of the live objects, under the names that the plan leads to.
    #[must_use]
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Returns the live name of an object that is keyed by its id.
    #[must_use]
    pub fn title(&self, id: Id) -> Option<&str> {
        self.titles.get(&id).map(String::as_str)
    }

    /// Returns the organization.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.before.organization
    }

    /// Returns the organization's name, where it was read.
    #[must_use]
    pub fn organization_name(&self) -> Option<&str> {
        self.organization_name.as_deref()
    }

    /// Returns the plan with the name of its organization.
    pub fn named(self, organization_name: Option<String>) -> Self {
        Self { organization_name, ..self }
    }

    /// Returns the stack that owns the objects that the plan creates.
    #[must_use]
    pub const fn stack(&self) -> Option<&Stack> {
        self.stack.as_ref()
    }

    /// Returns the scope of a partial plan.
    #[must_use]
    pub const fn partial(&self) -> Option<&PartialScope> {
        self.partial.as_ref()
    }

    /// Returns the plan as a partial plan of what is due.
    pub fn of_due(self) -> Self {
        // What stays is all the rest.
        Self { partial: Some(PartialScope::Due), spared: Vec::new(), ..self }
    }

    /// Returns when the plan was made.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns the plan with another time at which it was made: that of the saved plan which it is again.
    pub fn dated(self, created_at: Timestamp) -> Self {
        Self { created_at, ..self }
    }

    /// Returns the plan with what is weaker in its files than in those before the change ([`weaker()`]).
    pub fn beside(self, weaker: Vec<String>) -> Self {
        Self { weaker, ..self }
    }

    /// Returns what the change of the files weakens, if the files before the change were given.
    #[must_use]
    pub fn weaker(&self) -> &[String] {
        &self.weaker
    }

    /// Returns who gains and who loses, by principal.
    #[must_use]
    pub fn access(&self) -> &[AccessChange] {
        &self.access
    }

    /// Returns access that is kept, but missing temporarily.
    #[must_use]
    pub fn interruptions(&self) -> &[Interruption] {
        &self.interruptions
    }

    /// Returns the objects that the stack adopts.
    #[must_use]
    pub fn adoptions(&self) -> &[Adoption] {
        &self.adoptions
    }

    /// Returns the declared objects that must not be changed.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Returns the policies whose rules are not rewritten, although the files differ.
    #[must_use]
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// Returns the rules of declared policies that grant nothing, because their projects were deleted.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    /// Returns the undeclared objects that stay, with the reason.
    #[must_use]
    pub fn spared(&self) -> &[Spared] {
        &self.spared
    }

    /// Returns the declared objects whose `previously` is no longer needed.
    #[must_use]
    pub fn spent(&self) -> &[Address] {
        &self.spent
    }

    /// Returns the kinds that the files have no section for.
    #[must_use]
    pub fn absent(&self) -> &[Kind] {
        &self.absent
    }

    /// Returns the entries with an end.
    #[must_use]
    pub fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    /// Returns the exceptions from guards in the files.
    #[must_use]
    pub fn allow(&self) -> &[AllowEntry] {
        &self.allow
    }

    /// Returns the entries that have ended, or will within a week.
    pub fn ending(&self) -> impl Iterator<Item = &Expiry> {
        let week = jiff::SignedDuration::from_hours(24 * 7);
        self.expiries
            .iter()
            .filter(move |expiry| expiry.expired || expiry.until.duration_since(self.created_at) <= week)
    }

    /// Returns names in the files that no longer exist in the organization.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Returns the groups with members that the API does not list, and these.
    pub fn hidden_members(&self) -> impl Iterator<Item = (&Key, Vec<&Principal>)> {
        let hidden = |member: &&Principal| !self.before.has(&member.address());
        let groups = self.before.groups();
        let groups =
            groups.map(move |(key, group)| (key, group.members.iter().filter(hidden).collect::<Vec<_>>()));
        groups.filter(|(_, members)| !members.is_empty())
    }

    /// Returns what the guards found: refusals, lifted ones and warnings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the counts.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns where something is declared.
    #[must_use]
    pub fn place(&self, of: &Where) -> Option<&Place> {
        self.places.get(of)
    }

    /// Returns the live key of an object whose key changes in the plan: one that is renamed, one whose name another object
    /// takes, or one of several with the same name that is declared by its id.
    #[must_use]
    pub fn renamed_from(&self, address: &Address) -> Option<&Key> {
        self.live_keys.get(address)
    }

    /// Returns true when the plan has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.keys.is_empty()
    }

    /// Returns true if it creates anything that a quota may limit.
    #[must_use]
    pub fn creates(&self) -> bool {
        let makes = |work: &slot::SlotWork| matches!(work, slot::SlotWork::Make { .. });
        self.steps.iter().any(|step| step.action.creates().is_some())
            || self.keys.slots.iter().flat_map(|slot| &slot.work).any(makes)
    }

    /// Returns true if people can log in after it only with SAML.
    #[must_use]
    pub fn relies_on_saml(&self) -> bool {
        guard::asks_for_saml(&self.before, &self.outcome)
    }

    /// Returns what is to be done about API keys, after all steps.
    #[must_use]
    pub const fn keys(&self) -> &KeysPlan {
        &self.keys
    }

    /// Returns true when a guard or a conflict forbids to apply it.
    #[must_use]
    pub fn refused(&self) -> bool {
        !self.conflicts.is_empty() || self.findings.iter().any(|finding| finding.verdict == Verdict::Refused)
    }
}
