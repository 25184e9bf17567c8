//! A saved plan, read again: checked against what is live now, and made a plan once more.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use serde_json::Value;

use super::{
    ChangesDocument, ContentDocument, Document, FORMAT_VERSION, FromTo, RuleDocument, ScopeDocument,
    StepDocument, basis,
};
use crate::access::{World, changes};
use crate::model::{
    Address, Attachment, Id, Key, Kind, Meta, Name, Owner, Policy, Principal, Rule, Rules, Scope, State,
};
use crate::plan::{
    Action, Adoption, Edge, Effect, Facts, Interruption, Options, Plan, Reason, Step, Summary, Update, align,
    guard, scene::Scene,
};

/// Why a plan file cannot be applied at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no plan, or none of this version.
    #[error("it is no plan of this version: {0}")]
    Shape(String),
    /// It was made by another version of the tool.
    #[error("it was made by scw-iam {made}, and this is {this}\nhint: plan again with this version")]
    Version {
        /// The version that made it.
        made: String,
        /// This version.
        this: &'static str,
    },
    /// It is about another organization.
    #[error("it is about organization {planned}, and this is {found}")]
    Organization {
        /// The plan's.
        planned: String,
        /// The one that was read.
        found: Id,
    },
    /// A guard or a conflict refused it.
    #[error("it was refused when it was made\nhint: plan again, with --allow where that is meant")]
    Refused,
}

/// A plan that does not fit what is live any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It is too old.
    #[error("the plan is {age} old, and at most {most} are allowed\nhint: plan again")]
    Age {
        /// How old it is.
        age: String,
        /// How old it may be.
        most: String,
    },
    /// Objects are not what they were.
    #[error("{} changed since the plan was made: {}\nhint: plan again", objects(.0.len()), .0.iter().map(|changed| changed.address.as_str()).collect::<Vec<_>>().join(", "))]
    Changed(Vec<Changed>),
}

fn objects(number: usize) -> String {
    if number == 1 { "an object".to_owned() } else { format!("{number} objects") }
}

/// An object that is not what it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The object.
    pub address: String,
    /// Its content when the plan was made; `None` when its name was free.
    pub planned_from: Option<ContentDocument>,
    /// Its content now; `None` when no object bears the name.
    pub now: Option<ContentDocument>,
    /// The content that the plan leads to; `None` when there is no such object then.
    pub desired: Option<ContentDocument>,
}

/// Why a saved plan is not applied.
#[derive(Debug, thiserror::Error)]
pub enum Reread {
    /// It cannot be applied at all.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It does not fit any more.
    #[error(transparent)]
    Stale(#[from] Stale),
}

impl Document {
    /// Reads a plan file.
    ///
    /// # Errors
    /// When it is no plan, or of another version.
    pub fn parse(text: &[u8]) -> Result<Self, Unreadable> {
        let shape = |why: String| Unreadable::Shape(why);
        let value: Value = serde_json::from_slice(text).map_err(|error| shape(error.to_string()))?;
        let made = value["tool"]["version"].as_str().unwrap_or_default();
        let this = env!("CARGO_PKG_VERSION");
        if value["tool"]["name"] != "scw-iam" {
            return Err(shape("it does not say that scw-iam made it".to_owned()));
        }
        if made != this {
            return Err(Unreadable::Version { made: made.chars().take(40).collect(), this });
        }
        if value["format_version"] != FORMAT_VERSION {
            return Err(shape(format!("its format_version is not {FORMAT_VERSION}")));
        }
        serde_json::from_value(value).map_err(|error| shape(error.to_string()))
    }

    /// Makes it a plan again, for what is live now. `most` is how old it may be.
    ///
    /// Every object that it touches or depends on must be what it was; nothing else matters. The caller is judged anew.
    ///
    /// # Errors
    /// When it must not be applied.
    pub fn reread(&self, facts: &Facts<'_>, options: &Options, most: SignedDuration) -> Result<Plan, Reread> {
        if self.organization != facts.live.organization.to_string() {
            let found = facts.live.organization;
            return Err(Unreadable::Organization { planned: self.organization.clone(), found }.into());
        }
        if self.summary.refused {
            return Err(Unreadable::Refused.into());
        }
        let age = facts.now.duration_since(self.created_at);
        if age > most || age < SignedDuration::from_mins(-5) {
            return Err(Stale::Age { age: span(age), most: span(most) }.into());
        }
        let shape = || Unreadable::Shape("a step or an address in it makes no sense".to_owned());
        let renamed = self.renamed().ok_or_else(shape)?;
        let (before, ids) = align::renamed(facts, &renamed);
        let steps: Option<Vec<Step>> = self.steps.iter().map(|document| step(document, &before)).collect();
        let steps = steps.ok_or_else(shape)?;
        if !sound(&steps) {
            return Err(shape().into());
        }
        let outcome = Scene::play_all(before.clone(), steps.iter().map(|step| &step.action));
        self.unchanged(&before)?;
        let mut world = World::default();
        let (held, will) = (world.holdings(&before), world.holdings(&outcome));
        let access = changes(&world, (&held, &before), (&will, &outcome));
        let adoptions = self.adopted().ok_or_else(shape)?;
        let caller =
            facts.caller.renamed(|live| renamed.iter().find(|(_, from)| *from == live).map(|(to, _)| to));
        let findings = guard::of_caller(&caller, &before, &steps, &options.allow);
        let summary = Summary::of(&steps, &adoptions);
        Ok(Plan {
            steps,
            ids,
            titles: facts.titles.clone(),
            stack: self.stack.as_deref().and_then(|stack| stack.parse().ok()),
            created_at: self.created_at,
            access,
            interruptions: self.interrupted().ok_or_else(shape)?,
            adoptions,
            conflicts: Vec::new(),
            spared: Vec::new(),
            spent: Vec::new(),
            absent: Vec::new(),
            expiries: Vec::new(),
            findings,
            summary,
            places: HashMap::new(),
            live_keys: renamed.into_iter().filter_map(|(to, from)| Some((to, name_key(&from)?))).collect(),
            before,
            outcome,
        })
    }

    /// Address → live address, of what is renamed.
    fn renamed(&self) -> Option<HashMap<Address, Address>> {
        let mut renamed = HashMap::new();
        for object in &self.objects {
            if let Some(live) = &object.live {
                let to = address(&object.address)?;
                renamed.insert(to.clone(), address(&format!("{} {live}", to.kind()))?);
            }
        }
        Some(renamed)
    }

    fn unchanged(&self, before: &State) -> Result<(), Reread> {
        let mut changed = Vec::new();
        for object in &self.objects {
            let of = address(&object.address).ok_or_else(|| Unreadable::Shape(object.address.clone()))?;
            let now = basis::content(before, &of);
            if now.as_ref().map(basis::hash) != object.hash {
                changed.push(Changed {
                    address: object.address.clone(),
                    planned_from: object.planned_from.clone(),
                    now,
                    desired: object.desired.clone(),
                });
            }
        }
        if changed.is_empty() { Ok(()) } else { Err(Stale::Changed(changed).into()) }
    }

    fn adopted(&self) -> Option<Vec<Adoption>> {
        let one = |document: &super::AdoptionDocument| {
            Some(Adoption {
                address: address(&document.address)?,
                from: document.from_stack.as_deref().and_then(|stack| stack.parse().ok()),
                api_keys: document.api_keys,
                oldest_key: document.oldest_api_key,
            })
        };
        self.adoptions.iter().map(one).collect()
    }

    fn interrupted(&self) -> Option<Vec<Interruption>> {
        use crate::access::{Grant, GrantScope};
        let one = |document: &super::InterruptionDocument| {
            let scope = match document.grant.scope.as_str() {
                "organization" => GrantScope::Organization,
                "all_projects" => GrantScope::AllProjects,
                text => text.parse().map_or_else(|_| GrantScope::Other(text.to_owned()), GrantScope::Project),
            };
            Some(Interruption {
                principal: principal(&document.principal)?,
                grant: Grant {
                    permission_set: document.grant.permission_set.parse().ok()?,
                    scope,
                    condition: document.grant.condition.as_deref().map(str::parse).transpose().ok()?,
                },
                from_step: document.from_step,
                to_step: document.to_step,
            })
        };
        self.interruptions.iter().map(one).collect()
    }
}

fn span(duration: SignedDuration) -> String {
    let (hours, minutes, seconds) = (duration.as_hours(), duration.as_mins() % 60, duration.as_secs() % 60);
    if hours == 0 { format!("{minutes} min {seconds} s") } else { format!("{hours} h {minutes} min") }
}

/// Whether steps are numbered from 1 and come after earlier ones only.
fn sound(steps: &[Step]) -> bool {
    steps.iter().enumerate().all(|(at, step)| {
        usize::try_from(step.id).is_ok_and(|id| id == at + 1)
            && step.after.iter().all(|edge| edge.step < step.id)
    })
}

fn name_key(address: &Address) -> Option<Key<Name>> {
    match address {
        Address::User(_) => None,
        Address::Application(key) | Address::Group(key) | Address::Policy(key) => Some(key.clone()),
    }
}

fn key<N: std::str::FromStr>(text: &str) -> Option<Key<N>> {
    match text.strip_prefix("id:") {
        Some(id) => id.parse().ok().map(Key::Id),
        None => text.parse().ok().map(Key::Named),
    }
}

/// Reads an address as the document writes it.
pub(super) fn address(text: &str) -> Option<Address> {
    let (kind, rest) = text.split_once(' ')?;
    let kind = Kind::ALL.into_iter().find(|known| known.word() == kind)?;
    Some(match kind {
        Kind::User => Address::User(key(rest)?),
        Kind::Application => Address::Application(key(rest)?),
        Kind::Group => Address::Group(key(rest)?),
        Kind::Policy => Address::Policy(key(rest)?),
    })
}

fn principal(text: &str) -> Option<Principal> {
    match address(text)? {
        Address::User(key) => Some(Principal::User(key)),
        Address::Application(key) => Some(Principal::Application(key)),
        Address::Group(_) | Address::Policy(_) => None,
    }
}

fn attachment(text: &str) -> Option<Attachment> {
    if text == "none" {
        return Some(Attachment::None);
    }
    match address(text)? {
        Address::User(key) => Some(Attachment::Principal(Principal::User(key))),
        Address::Application(key) => Some(Attachment::Principal(Principal::Application(key))),
        Address::Group(key) => Some(Attachment::Group(key)),
        Address::Policy(_) => None,
    }
}

fn members(list: &[String]) -> Option<BTreeSet<Principal>> {
    list.iter().map(|text| principal(text)).collect()
}

fn rules(list: &[RuleDocument]) -> Option<Rules> {
    let one = |document: &RuleDocument| {
        let scope = match &document.scope {
            ScopeDocument::Word(word) => match word.as_str() {
                "organization" => Scope::Organization,
                "all_projects" => Scope::AllProjects,
                "gone" => Scope::Gone,
                words => Scope::Other(words.to_owned()),
            },
            ScopeDocument::Projects(ids) => {
                Scope::Projects(ids.iter().map(|id| id.parse()).collect::<Result<_, _>>().ok()?)
            }
        };
        Some(Rule {
            permission_sets: document
                .permission_sets
                .iter()
                .map(|set| set.parse())
                .collect::<Result<_, _>>()
                .ok()?,
            scope,
            condition: document.condition.as_deref().map(str::parse).transpose().ok()?,
        })
    };
    list.iter().map(one).collect::<Option<_>>().map(Rules)
}

fn split(tags: &[String]) -> (Option<Owner>, BTreeSet<String>) {
    Owner::of_tags(tags.iter().cloned())
}

fn to<T>(change: Option<&FromTo<T>>) -> Option<&T> {
    change?.to.as_ref()
}

fn both<T>(change: &FromTo<T>) -> Option<(&T, &T)> {
    Some((change.from.as_ref()?, change.to.as_ref()?))
}

fn meta(changes: &ChangesDocument) -> Option<Meta> {
    let (owner, tags) = split(to(changes.tags.as_ref())?);
    Some(Meta { description: to(changes.description.as_ref())?.clone(), tags, owner })
}

fn step(document: &StepDocument, before: &State) -> Option<Step> {
    let effect = match document.effect.as_str() {
        "neutral" => Effect::Neutral,
        "revokes" => Effect::Revokes,
        "grants" => Effect::Grants,
        _ => return None,
    };
    let reason = |step: &u32| {
        if document.after_for_safety.contains(step) { Reason::Leak } else { Reason::Reference }
    };
    Some(Step {
        id: document.id,
        action: action(document, before)?,
        effect,
        after: document.after.iter().map(|step| Edge { step: *step, reason: reason(step) }).collect(),
    })
}

fn action(document: &StepDocument, before: &State) -> Option<Action> {
    let of = address(&document.address)?;
    let changes = &document.changes;
    Some(match (document.action.as_str(), of) {
        ("create", Address::Application(Key::Named(name))) => {
            Action::CreateApplication { name, meta: meta(changes)? }
        }
        ("create", Address::Group(Key::Named(name))) => Action::CreateGroup { name, meta: meta(changes)? },
        ("create", Address::Policy(Key::Named(name))) => Action::CreatePolicy {
            name,
            policy: Policy {
                meta: meta(changes)?,
                flags: crate::model::Flags::default(),
                attachment: attachment(to(changes.principal.as_ref())?)?,
                rules: rules(to(changes.rules.as_ref())?)?,
            },
        },
        ("update", of) => Action::Update(update(of, changes, before)?),
        ("add_members", Address::Group(group)) => {
            Action::AddMembers { group, members: members(to(changes.members.as_ref())?)? }
        }
        ("remove_member", Address::Group(group)) => {
            let mut leaving = members(changes.members.as_ref()?.from.as_ref()?)?;
            Action::RemoveMember { group, member: leaving.pop_first().filter(|_| leaving.is_empty())? }
        }
        ("set_members", Address::Group(group)) => {
            let (from, to) = both(changes.members.as_ref()?)?;
            Action::SetMembers { group, before: members(from)?, after: members(to)? }
        }
        ("set_rules", Address::Policy(policy)) => {
            let (from, to) = both(changes.rules.as_ref()?)?;
            Action::SetRules { policy, before: rules(from)?, after: rules(to)? }
        }
        ("delete", address) => Action::Delete { address },
        _ => return None,
    })
}

fn update(of: Address, changes: &ChangesDocument, before: &State) -> Option<Update> {
    let live = match &of {
        Address::User(_) => None,
        Address::Application(key) => before.applications.get(key).map(|found| &found.meta),
        Address::Group(key) => before.groups.get(key).map(|found| &found.meta),
        Address::Policy(key) => before.policies.get(key).map(|found| &found.meta),
    };
    // An object that is gone is found out as changed; until then its fields do not matter.
    let mut meta = live.cloned().unwrap_or_default();
    let description = match &changes.description {
        Some(change) => {
            let (from, to) = both(change)?;
            meta.description.clone_from(to);
            Some((from.clone(), to.clone()))
        }
        None => None,
    };
    let (mut tags, mut owner) = (None, None);
    if let Some(change) = &changes.tags {
        let (from, to) = both(change)?;
        let ((owned, had), (owns, has)) = (split(from), split(to));
        (meta.owner, meta.tags) = (owns.clone(), has.clone());
        tags = (had != has).then_some((had, has));
        owner = (owned != owns).then_some((owned, owns));
    }
    let name = match &changes.name {
        Some(change) => {
            let (from, to) = both(change)?;
            Some((key(from)?, to.parse().ok()?))
        }
        None => None,
    };
    let attachment = match &changes.principal {
        Some(change) => {
            let (from, to) = both(change)?;
            Some((self::attachment(from)?, self::attachment(to)?))
        }
        None => None,
    };
    Some(Update { address: of, name, description, tags, owner, attachment, meta })
}
