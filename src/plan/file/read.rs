//! A saved plan, read again: checked against what is live now, and made a plan once more.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use serde_json::Value;

use super::decode::address;
use super::{ContentDocument, Document, FORMAT_VERSION, basis, fit};
use crate::access::{World, changes};
use crate::model::{Address, Id, Key, Name, Stack, State};
use crate::plan::align::{self, Alignment};
use crate::plan::{Facts, Options, Plan, Step, Summary, guard, order, scene::Scene};

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
    /// What it says is not what its steps do to what is live.
    #[error("its parts do not fit together: {0}\nhint: plan again")]
    Unfit(String),
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
    /// When it is no plan, or of another version; when it says anything twice, for other readers may have shown the
    /// other value.
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
        // From the text: a value no longer knows which keys were there twice.
        serde_json::from_slice(text).map_err(|error| shape(error.to_string()))
    }

    /// Makes it a plan again, for what is live now. `most` is how old it may be.
    ///
    /// Every object that it touches or depends on must be what it was. Nothing that it says is believed: what its steps
    /// do to what is live, and in which orders they are safe, is found out anew and must be what it says. The caller is
    /// judged anew.
    ///
    /// # Errors
    /// When it must not be applied.
    pub fn reread(&self, facts: &Facts<'_>, options: &Options, most: SignedDuration) -> Result<Plan, Reread> {
        if self.organization != facts.live.organization.to_string() {
            let found = facts.live.organization;
            return Err(Unreadable::Organization { planned: self.organization.clone(), found }.into());
        }
        if self.was_refused() {
            return Err(Unreadable::Refused.into());
        }
        let age = facts.now.duration_since(self.created_at);
        if age > most || age < SignedDuration::from_mins(-5) {
            return Err(Stale::Age { age: span(age), most: span(most) }.into());
        }
        let shape = || Unreadable::Shape("a step or an address in it makes no sense".to_owned());
        let stack = self.stack.as_deref().map(str::parse::<Stack>).transpose().map_err(|_| shape())?;
        let renamed = self.renamed().ok_or_else(shape)?;
        let (before, ids) = align::renamed(facts, &renamed);
        let steps = self.decoded_steps(&before).filter(|steps| sound(steps)).ok_or_else(shape)?;
        let adoptions = self.decoded_adoptions().ok_or_else(shape)?;
        self.consistent()?;
        self.unchanged(facts, &renamed, &before)?;
        let outcome = Scene::play_all(before.clone(), steps.iter().map(|step| &step.action));
        let live_keys: HashMap<_, _> =
            renamed.iter().filter_map(|(to, from)| Some((to.clone(), name_key(from)?))).collect();
        fit::names(facts, &steps, &live_keys)?;
        fit::covered(&self.objects, &basis::objects(&steps, &before, &outcome, &live_keys), &steps)?;
        fit::owned(&steps, (&before, &outcome), stack.as_ref(), &adoptions)?;
        let alignment = alignment(before, outcome, ids, live_keys, facts);
        let interruptions =
            order::prove(&alignment, &steps).map_err(|unproven| Unreadable::Unfit(unproven.0))?;
        let Alignment { before, outcome, ids, live_keys, .. } = alignment;
        let mut world = World::default();
        let (held, will) = (world.holdings(&before), world.holdings(&outcome));
        let access = changes(&world, (&held, &before), (&will, &outcome));
        let caller =
            facts.caller.renamed(|live| renamed.iter().find(|(_, from)| *from == live).map(|(to, _)| to));
        let findings = guard::of_caller(&caller, &before, &steps, &options.allow);
        let summary = Summary::of(&steps, &adoptions);
        let plan = Plan {
            steps,
            ids,
            titles: facts.titles.clone(),
            stack,
            created_at: self.created_at,
            access,
            interruptions,
            adoptions,
            conflicts: Vec::new(),
            spared: Vec::new(),
            spent: Vec::new(),
            absent: Vec::new(),
            expiries: Vec::new(),
            findings,
            summary,
            places: HashMap::new(),
            live_keys,
            before,
            outcome,
        };
        fit::says(self, &plan.document())?;
        Ok(plan)
    }

    /// Whether anything in it says that it must not be applied.
    fn was_refused(&self) -> bool {
        self.summary.refused
            || !self.conflicts.is_empty()
            || self.guards.iter().any(|guard| guard.verdict == "refused")
    }

    /// Address → live address, of what goes by another one live.
    fn renamed(&self) -> Option<HashMap<Address, Address>> {
        let mut renamed = HashMap::new();
        let mut from = BTreeSet::new();
        for object in &self.objects {
            if let Some(live) = &object.live {
                let to = address(&object.address)?;
                let live = address(&format!("{} {live}", to.kind()))?;
                if to == live || !from.insert(live.clone()) {
                    return None;
                }
                renamed.insert(to, live);
            }
        }
        Some(renamed)
    }

    /// Refuses objects that are listed twice, and hashes that are not those of the content beside them.
    fn consistent(&self) -> Result<(), Unreadable> {
        let mut seen = BTreeSet::new();
        for object in &self.objects {
            let shape = |why: &str| Err(Unreadable::Shape(format!("{} {why}", object.address)));
            if !seen.insert(&object.address) {
                return shape("is among its objects twice");
            }
            if object.planned_from.as_ref().map(basis::hash) != object.hash {
                return shape("has a hash that is not that of `planned_from`");
            }
        }
        Ok(())
    }

    fn unchanged(
        &self,
        facts: &Facts<'_>,
        renamed: &HashMap<Address, Address>,
        before: &State,
    ) -> Result<(), Reread> {
        let live: BTreeSet<&Address> = renamed.values().collect();
        let mut changed = Vec::new();
        for object in &self.objects {
            let of = address(&object.address).ok_or_else(|| Unreadable::Shape(object.address.clone()))?;
            // Somebody may have taken the name that it is to take.
            let taken = || basis::content(facts.live, &of).filter(|_| !live.contains(&of));
            let taken = renamed.contains_key(&of).then(taken).flatten();
            let differs = taken.is_some();
            let now = taken.or_else(|| basis::content(before, &of));
            if differs || now.as_ref().map(basis::hash) != object.hash {
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
}

/// Both sides, as the planner saw them.
fn alignment(
    before: State,
    outcome: State,
    ids: crate::model::Ids,
    live_keys: HashMap<Address, Key<Name>>,
    facts: &Facts<'_>,
) -> Alignment {
    let mut renamed = HashMap::new();
    let mut displaced = HashMap::new();
    for (to, from) in &live_keys {
        match (name_key(to), from) {
            (Some(Key::Id(_)), Key::Named(name)) => _ = displaced.insert(to.clone(), name.clone()),
            (Some(Key::Named(name)), from) if !fit::bears(facts, from, &name) => {
                renamed.insert(to.clone(), from.clone());
            }
            _ => {}
        }
    }
    Alignment {
        before,
        outcome,
        ids,
        renamed,
        displaced,
        memberships: HashMap::new(),
        rekeyed: HashMap::new(),
        live_keys,
        adoptions: Vec::new(),
        conflicts: Vec::new(),
        spared: Vec::new(),
        spent: Vec::new(),
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
            && step.after.iter().all(|edge| (1..step.id).contains(&edge.step))
    })
}

fn name_key(address: &Address) -> Option<Key<Name>> {
    match address {
        Address::User(_) => None,
        Address::Application(key) | Address::Group(key) | Address::Policy(key) => Some(key.clone()),
    }
}
