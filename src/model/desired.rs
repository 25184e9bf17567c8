use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::membership::Membership;
use super::object::Unsaid;
use super::place::Place;
use super::{
    Address, ApplicationKeys, Attachment, Builtin, DriftSettings, Group, GuardName, Id, IgnoredBy, Key, Kind,
    Object, PermissionSetName, Principal, ReportSettings, Scope, Stack, State, User,
};

/// The content of the files: the declared objects as a [`State`], and everything that is not part of an organization.
#[derive(Debug, Clone)]
pub struct Desired {
    /// The declared objects alone. `projects` holds the names that the files pin or use.
    pub state: State,
    /// The owner of the declared objects; without a stack nothing is tagged and nothing is deleted.
    pub stack: Option<Stack>,
    /// The kinds whose section is present; the others are not managed.
    pub sections: BTreeSet<Kind>,
    /// The settings, with their defaults filled in.
    pub settings: Settings,
    /// Objects that are referred to, but declared elsewhere.
    pub external: BTreeSet<Address>,
    /// How a declared object is matched to its live one, if not by name alone.
    pub identities: HashMap<Address, Identity>,
    /// How what an object lists is meant; an object that is not here has no such list. What is listed by project stands
    /// under its kind and the name of the project.
    pub memberships: HashMap<Address, Membership>,
    /// Fields that files leave out, so that they stay as they are; an object that is not here has all of its fields.
    pub unsaid: HashMap<Address, Unsaid>,
    /// The stack's own principals in groups that are declared elsewhere, by group.
    pub guests: BTreeMap<Address, BTreeSet<Principal>>,
    /// The API keys of applications whose entry has `api_keys`, by application.
    pub api_keys: BTreeMap<Address, ApplicationKeys>,
    /// The only objects to plan, as named by the person who asks; `None` for all. The others stay as they are live.
    pub only: Option<BTreeSet<Address>>,
    /// Objects that the stack releases: they stay, and have no owner.
    pub released: BTreeSet<Address>,
    /// Assertions about access.
    pub assertions: Vec<Assertion>,
    /// Grants that are forbidden.
    pub guardrails: Vec<Guardrail>,
    /// Exceptions from guards.
    pub allow: Vec<AllowEntry>,
    /// Entries with `until`: those that have ended are not in `state`.
    pub expiries: Vec<Expiry>,
    /// Names in the files that no longer exist in the organization; they are left out of everything else here.
    pub missing: Vec<Missing>,
    /// Where each thing is written.
    pub places: HashMap<Where, Place>,
}

impl Desired {
    /// Returns the declared objects, in the files' order: by kind, then as written.
    pub fn declared(&self) -> impl Iterator<Item = (&Address, &Object)> {
        let declared = |kind: Kind| !kind.named_undeclared() || self.sections.contains(&kind);
        self.state.objects.iter().filter(move |(address, _)| declared(address.kind()))
    }

    /// Returns what the files give as an organization: with everybody they name, `named` included, and with All Users and
    /// All Applications, which everybody is in by definition, where they are listed under `external`.
    pub fn organization(&self, named: impl IntoIterator<Item = Principal>) -> State {
        let mut state = self.state.clone();
        let members = self.state.groups().flat_map(|(_, group)| group.members.iter().cloned());
        let attached = self.state.policies().filter_map(|(_, policy)| match &policy.attachment {
            Attachment::Principal(principal) => Some(principal.clone()),
            Attachment::Group(_) | Attachment::None => None,
        });
        let asserted = self.assertions.iter().map(|assertion| assertion.principal.clone());
        for principal in named.into_iter().chain(members).chain(attached).chain(asserted) {
            let Principal::User(key) = principal else { continue };
            if state.user(&key).is_none() {
                state.insert(key, User::member(String::new()));
            }
        }
        for address in &self.external {
            if let Some(builtin) = address.key().name().and_then(|name| Builtin::named(name.as_str())) {
                state.insert(address.key().clone(), Group { builtin: Some(builtin), ..Group::default() });
            }
        }
        state
    }

    /// Returns how the list is meant that an object stands in which nobody's tag can be on: all of its kind in its project.
    /// `None` where the files have no such list.
    #[must_use]
    pub fn list_of(&self, object: &Object) -> Option<Membership> {
        let project = self.state.projects.get(&object.project()?)?;
        self.memberships.get(&Address::new(object.kind(), Key::Project(project.clone()))).copied()
    }

    /// Gives objects other addresses, where they move, in all that the files say of them.
    pub fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        let moved = |address: Address| to(&address).unwrap_or(address);
        self.state.objects.values_mut().for_each(|object| object.readdress(to));
        self.assertions.iter_mut().for_each(|assertion| assertion.principal.readdress(to));
        for guests in self.guests.values_mut() {
            *guests = std::mem::take(guests)
                .into_iter()
                .map(|mut guest| {
                    guest.readdress(to);
                    guest
                })
                .collect();
        }
        self.expiries.iter_mut().filter_map(|expiry| expiry.member.as_mut()).for_each(|it| it.readdress(to));
        let protected = std::mem::take(&mut self.settings.protect);
        self.settings.protect = protected.into_iter().map(moved).collect();
        for entry in &mut self.settings.drift.ignore {
            if let IgnoredBy::Object { object, findings: _ } = &mut entry.by
                && let Some(moved) = to(object)
            {
                *object = moved;
            }
        }
        for entry in &mut self.allow {
            entry.of = std::mem::take(&mut entry.of).into_iter().map(moved).collect();
        }
    }

    /// Returns the desired state of files that declare nothing in this organization.
    #[must_use]
    pub fn empty(organization: Id) -> Self {
        Self {
            state: State::empty(organization),
            stack: None,
            sections: BTreeSet::new(),
            settings: Settings::default(),
            external: BTreeSet::new(),
            identities: HashMap::new(),
            memberships: HashMap::new(),
            unsaid: HashMap::new(),
            guests: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            only: None,
            released: BTreeSet::new(),
            assertions: Vec::new(),
            guardrails: Vec::new(),
            allow: Vec::new(),
            expiries: Vec::new(),
            missing: Vec::new(),
            places: HashMap::new(),
        }
    }
}

/// Something with a place in the files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Where {
    /// A declared object.
    Object(Address),
    /// A rule of a policy, counted from 0.
    Rule(Address, usize),
}

/// How a declared object is matched to its live one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The id of the live object, where the file gives it.
    pub id: Option<Id>,
    /// The key that the live object had before; used when no object has the new one.
    pub previously: Option<Key>,
}

/// The settings of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether what is owned and no longer declared is deleted.
    pub prune: Prune,
    /// The minimum number of people who can administer IAM; a plan that lowers the number below it is refused.
    pub min_iam_admins: u32,
    /// Objects that a plan must not change.
    pub protect: BTreeSet<Address>,
    /// Stacks whose objects this stack may take over.
    pub takes_over: BTreeSet<Stack>,
    /// The guards' numbers that differ from the defaults, by the guards' names.
    pub limits: Limits,
    /// Which findings `drift` fails on, and which it ignores.
    pub drift: DriftSettings,
    /// The groups that an identity provider fills by SCIM, where it provisions people at all.
    pub scim: Option<BTreeSet<Address>>,
    /// The settings of a report: what it finds, and what it answers first.
    pub report: ReportSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prune: Prune::Owned,
            min_iam_admins: 2,
            protect: BTreeSet::new(),
            takes_over: BTreeSet::new(),
            limits: Limits::new(),
            drift: DriftSettings::default(),
            scim: None,
            report: ReportSettings::default(),
        }
    }
}

/// Numbers for guards.
pub type Limits = BTreeMap<GuardName, u32>;

/// What happens to objects that the stack owns and no file declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prune {
    /// They are deleted.
    Owned,
    /// They stay.
    None,
}

/// A statement about access that must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Who.
    pub principal: Principal,
    /// Whether they must or must not.
    pub expectation: Expectation,
    /// What.
    pub permission_set: PermissionSetName,
    /// Where: the organization, all projects, or one project.
    pub on: Scope,
    /// Where the statement is written.
    pub at: Place,
}

/// Whether something must be possible or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// It must be granted without a condition.
    Can,
    /// It must not be granted, not even with a condition.
    Cannot,
}

/// A CEL expression that must be false for every grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// What it ensures, in words.
    pub name: String,
    /// The expression, over `grant`.
    pub forbid: String,
    /// What it compares a grant's scope with.
    pub scopes: Vec<String>,
    /// Where the expression is written.
    pub at: Place,
}

/// Something that the files name, but that no longer exists in the organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Where the name is written.
    pub at: Place,
    /// What kind of thing it is.
    pub kind: MissingKind,
    /// Its name.
    pub name: String,
    /// What names it, in words.
    pub by: String,
}

/// What kind of thing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingKind {
    /// A person, or an external object.
    Object(Kind),
    /// A pinned project.
    Project,
    /// A permission set that the organization offered before.
    PermissionSet,
}

impl MissingKind {
    /// Returns the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Object(kind) => kind.word(),
            Self::Project => "project",
            Self::PermissionSet => "permission set",
        }
    }
}

/// Objects and people that a guard lets pass for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowEntry {
    /// The guard.
    pub guard: GuardName,
    /// What passes: all of these or a part of them, and nothing else.
    pub of: BTreeSet<Address>,
    /// When it ends.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Where the entry is written.
    pub at: Place,
}

/// An entry that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The group or policy that holds the entry.
    pub address: Address,
    /// The member, or `None` for a rule.
    pub member: Option<Principal>,
    /// The rule's position in the file, from 0, for a rule.
    pub rule: Option<usize>,
    /// When it ends.
    pub until: Timestamp,
    /// Whether it has ended.
    pub expired: bool,
    /// Where `until` is written.
    pub at: Place,
}
