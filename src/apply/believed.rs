//! The expected state of the organization, according to the plan and the steps of this run.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::live::LiveObject;
use crate::model::{Address, Attachment, Email, Key, Object, State};
use crate::plan::{Action, PartialState, Plan, Step, StepId, rehearse};

/// A possible state of an object; `None` if it does not exist. The name is there if it is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    pub(super) title: Option<String>,
    pub(super) object: Option<Object>,
}

/// The expected state: the planned-from state, plus the finished steps. A step in flight may or may not have been
/// executed, so both versions of its object are possible.
pub(super) struct Believed<'a> {
    plan: &'a Plan,
    now: PartialState,
    /// The names of objects whose address does not contain them.
    titles: HashMap<Address, String>,
    /// Steps that were begun and whose end is not known.
    open: BTreeMap<StepId, &'a Action>,
    /// Objects that a step deletes or has deleted. It is not known how the API shows references to them, so they are left
    /// out of every comparison.
    leaving: HashSet<Address>,
    /// The policies that are ever attached to a group, by the plan.
    attached: HashMap<Key, BTreeSet<Address>>,
}

impl<'a> Believed<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let titled = |address: &Address| Some((address.clone(), live_title(plan, address)?));
        let titles = plan.before().objects.keys().filter_map(titled).collect();
        let now = PartialState::part(plan.before(), plan.steps().iter().map(|step| &step.action));
        let (open, leaving) = (BTreeMap::new(), HashSet::new());
        Self { plan, now, titles, open, leaving, attached: attached(plan) }
    }

    /// Notes that a step is about to be sent.
    pub(super) fn begin(&mut self, step: &'a Step) {
        self.open.insert(step.id, &step.action);
        self.leaving.extend(step.action.deletes().cloned());
    }

    /// Notes that a step is done.
    pub(super) fn done(&mut self, step: &Step) {
        self.open.remove(&step.id);
        self.now.play(&step.action);
        if let Action::Update { address, from: Some(_), .. } = &step.action {
            self.titles.remove(address);
        }
    }

    /// Notes that a step was surely not executed.
    pub(super) fn undone(&mut self, step: &Step) {
        self.open.remove(&step.id);
        if let Some(address) = step.action.deletes() {
            self.leaving.remove(address);
        }
    }

    /// Returns an object after the finished steps.
    pub(super) fn get(&self, address: &Address) -> Option<&Object> {
        self.now.get(self.plan.before(), address)
    }

    /// Returns the name of an object after the finished steps; `None` if only its id is known.
    fn title(&self, address: &Address) -> Option<String> {
        self.titles.get(address).cloned().or_else(|| address.key().title().map(str::to_owned))
    }

    /// Returns the possible states of an object: the current one, and that after each step in flight, except for the step
    /// that asks.
    pub(super) fn versions(&self, address: &Address, asking: Option<StepId>) -> Vec<Version> {
        let now = Version { title: self.title(address), object: self.get(address).cloned() };
        let open =
            self.open.iter().filter(|(id, action)| Some(**id) != asking && action.address() == *address);
        let changed: Vec<_> = open.map(|(_, action)| now.after(action)).collect();
        std::iter::once(now).chain(changed).collect()
    }

    /// Returns what an object is to be when a step is done.
    pub(super) fn after(&self, step: &Step) -> Version {
        let address = step.action.address();
        let now = Version { title: self.title(&address), object: self.get(&address).cloned() };
        now.after(&step.action)
    }

    /// Returns the policies that may be attached to a group.
    pub(super) fn attached(&self, group: &Key) -> impl Iterator<Item = &Address> {
        self.attached.get(group).into_iter().flatten()
    }

    /// Returns what a create that is on its way makes, where it makes an object of this name.
    pub(super) fn being_made(&self, seen: &LiveObject) -> Option<Address> {
        let made = |action: &&Action| match *action {
            Action::Create { address, object } => (object.kind() == seen.object.kind()
                && address.key().title() == Some(&seen.title))
            .then(|| address.clone()),
            Action::Update { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. } => None,
        };
        self.open.values().find_map(made)
    }

    /// Says whether what was found of an object is one of the versions.
    pub(super) fn is_any(&self, versions: &[Version], found: Option<&LiveObject>) -> bool {
        versions.iter().any(|version| self.is(version, found))
    }

    pub(super) fn is(&self, version: &Version, found: Option<&LiveObject>) -> bool {
        match (&version.object, found) {
            (None, None) => true,
            (Some(object), Some(found)) => {
                version.titled(&found.title) && self.comparable(object) == self.comparable(&found.object)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    /// Returns an object without what refers to something that this run deletes.
    pub(super) fn comparable(&self, object: &Object) -> Object {
        let mut object = object.clone();
        if !self.leaving.is_empty() {
            for gone in object.refers().iter().filter(|referred| self.leaving.contains(*referred)) {
                object.forget(gone);
            }
        }
        object
    }
}

impl Version {
    fn after(&self, action: &Action) -> Self {
        let address = action.address();
        let mut state = State::empty(crate::model::Id::from_bits(0));
        state.objects.extend(self.object.clone().map(|object| (address.clone(), object)));
        rehearse(&mut state, action);
        let renamed = matches!(action, Action::Update { from: Some(_), .. } | Action::Create { .. });
        let title = if renamed { address.key().title().map(str::to_owned) } else { self.title.clone() };
        Self { title, object: state.objects.swap_remove(&address) }
    }

    /// Says whether this is the name, as far as the name is known.
    pub(super) fn titled(&self, found: &str) -> bool {
        let Some(title) = &self.title else { return true };
        let same_address = || match (title.parse::<Email>(), found.parse::<Email>()) {
            (Ok(one), Ok(other)) => one == other,
            (Err(_), _) | (_, Err(_)) => false,
        };
        title == found || same_address()
    }
}

/// Returns what an object is called before the plan begins, where its address does not say it.
fn live_title(plan: &Plan, address: &Address) -> Option<String> {
    let key = plan.renamed_from(address).unwrap_or(address.key());
    if let Key::Username(_) = key {
        return plan.title(plan.ids().get(address)?).map(str::to_owned);
    }
    match (key.title(), key.id()) {
        (Some(title), _) => (Some(title) != address.key().title()).then(|| title.to_owned()),
        (None, Some(id)) => plan.title(id).map(str::to_owned),
        (None, None) => None,
    }
}

/// Returns the policies that are attached to each group before, or come to be on the way.
fn attached(plan: &Plan) -> HashMap<Key, BTreeSet<Address>> {
    let mut attached: HashMap<Key, BTreeSet<Address>> = HashMap::new();
    let mut note = |address: Address, to: &Attachment| {
        if let Attachment::Group(key) = to {
            attached.entry(key.clone()).or_default().insert(address);
        }
    };
    for (key, policy) in plan.before().policies().chain(plan.outcome().policies()) {
        note(Address::policy(key.clone()), &policy.attachment);
    }
    for step in plan.steps() {
        if let Some(to) = step.action.attaches() {
            note(step.action.address(), to);
        }
    }
    attached
}
