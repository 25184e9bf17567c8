//! A saved plan beside the one that is made again: where they differ, said of objects, access and steps.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::basis::{self, ContentExtent, without_keys};
use super::document::{
    AccessDocument, AdoptionDocument, ChangesDocument, ContentDocument, FromTo, InterruptionDocument,
    ObjectDocument, PlanDocument, PlanScope, RuleDocument, StepDocument,
};
use super::value::address;
use crate::model::Address;
use crate::plan::whole_plan::Plan;

/// Something that is not as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDifference {
    /// What it is: `group developers`, `access of user alice@example.com`, `step 3`.
    pub of: String,
    /// What of it differs.
    pub parts: Vec<PartDifference>,
}

/// A part of something, and what differs in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartDifference {
    /// Its name: `members`, say.
    pub name: &'static str,
    /// What was there when the plan was made, and is not now.
    pub planned: Vec<String>,
    /// What is there now, and was not.
    pub now: Vec<String>,
}

/// The parts of something by name, each as lines.
type Parts = BTreeMap<&'static str, Vec<String>>;

/// The part of an object that it becomes.
const OUTCOME: &str = "outcome";

/// What must be the same in both. Left out is what no call and nobody's access depends on, the order of rules included.
fn compared(document: &PlanDocument) -> impl PartialEq + '_ {
    let PlanDocument {
        format_version: _,
        tool: _,
        organization,
        organization_name: _,
        stack,
        created_at: _,
        partial: _,
        summary: _,
        weaker: _,
        access,
        steps,
        keys,
        interruptions,
        guards: _,
        conflicts,
        blocked: _,
        leftovers: _,
        adoptions,
        spared: _,
        not_managed: _,
        expiries: _,
        missing: _,
        hidden_members: _,
        projects: _,
        objects,
        made_from: _,
    } = document;
    let mut access = access.clone();
    // Whoever accepts an invitation meanwhile holds what they were to hold.
    access.iter_mut().for_each(|access| access.not_activated = false);
    for change in access.iter_mut().flat_map(|access| &mut access.changes) {
        (change.path.place, change.path.rule) = (None, 0);
    }
    let mut steps = steps.clone();
    for step in &mut steps {
        if let Some(rules) = step.changes.rules.as_mut().and_then(|change| change.from.as_mut()) {
            rules.sort_by_cached_key(rule);
        }
    }
    let adoption = |it: &AdoptionDocument| AdoptionDocument { oldest_api_key: None, ..it.clone() };
    let adoptions: Vec<_> = adoptions.iter().map(adoption).collect();
    let keys: Vec<_> = keys.iter().filter(|key| key.saved).cloned().collect();
    (organization, stack, access, steps, keys, interruptions, conflicts.is_empty(), adoptions, objects)
}

/// Returns where the two differ. What changed in objects explains what follows from it, so that access is told only where
/// no object differs, and steps only where no access does.
pub(super) fn differences(saved: &PlanDocument, again: &Plan) -> Vec<PlanDifference> {
    let made = again.document();
    if compared(saved) == compared(&made) {
        return Vec::new();
    }
    let head = |document: &PlanDocument| {
        let conflicts = document.conflicts.iter();
        let parts = Parts::from([
            ("organization", vec![document.organization.clone()]),
            ("stack", document.stack.iter().cloned().collect()),
            ("conflicts", conflicts.map(|it| format!("{}: {}", it.address, it.reason)).collect()),
            ("adoptions", document.adoptions.iter().map(adoption).collect()),
        ]);
        vec![("the plan".to_owned(), parts)]
    };
    let ways = [
        objects(saved, &made, again),
        difference(access(&saved.access), access(&made.access)),
        difference(steps(&saved.steps), steps(&made.steps)),
        difference(interruptions(&saved.interruptions), interruptions(&made.interruptions)),
        difference(keys(saved), keys(&made)),
        difference(head(saved), head(&made)),
    ];
    let found = ways.into_iter().find(|found| !found.is_empty());
    // Only the order differs, or something is there twice.
    found.unwrap_or_else(|| vec![PlanDifference { of: "the order in it".to_owned(), parts: Vec::new() }])
}

/// Returns true when the organization holds what the steps of a saved plan lead to, of the very objects that it was made
/// for, and nothing is left to be done.
pub(super) fn applied(saved: &PlanDocument, again: &Plan) -> bool {
    let live = LiveTexts::of(again);
    let touched: BTreeSet<&str> = saved.steps.iter().map(|step| step.address.as_str()).collect();
    let done = |object: &ObjectDocument| {
        let of = object.address.as_str();
        let same = object.id.is_none() || object.desired.is_none() || object.id == live.id(of);
        let content = || live.content(of, ContentExtent::Whole).map(without_keys);
        same && (!touched.contains(of) || content() == object.desired)
    };
    let something = !saved.steps.is_empty() || saved.keys.iter().any(|key| key.saved);
    again.is_empty() && something && saved.objects.iter().all(done)
}

/// The live objects by the texts that stand for them in a document.
struct LiveTexts<'p> {
    plan: &'p Plan,
    addresses: HashMap<String, Address>,
}

impl<'p> LiveTexts<'p> {
    fn of(plan: &'p Plan) -> Self {
        let state = plan.before();
        Self { plan, addresses: state.objects.keys().map(|of| (address(of), of.clone())).collect() }
    }

    fn content(&self, of: &str, extent: ContentExtent) -> Option<ContentDocument> {
        basis::content(self.plan.before(), self.addresses.get(of)?, extent)
    }

    fn id(&self, of: &str) -> Option<String> {
        self.plan.ids().get(self.addresses.get(of)?).map(|id| id.to_string())
    }
}

/// The objects that differ. One that only one of the plans has to do with is compared with what is live.
fn objects(saved: &PlanDocument, made: &PlanDocument, again: &Plan) -> Vec<PlanDifference> {
    let live = LiveTexts::of(again);
    let now: HashMap<&str, &ObjectDocument> =
        made.objects.iter().map(|object| (object.address.as_str(), object)).collect();
    let before: BTreeSet<&str> = saved.objects.iter().map(|object| object.address.as_str()).collect();
    let mut found = Vec::new();
    for object in &saved.objects {
        let of = object.address.as_str();
        let parts = match now.get(of) {
            Some(now) => difference_of(object_parts(object), object_parts(now)),
            None => {
                let extent = ContentExtent::of(saved.steps.iter().any(|step| step.address == of));
                let planned_from = live.content(of, extent);
                let now = ObjectDocument { id: live.id(of), planned_from, ..object.clone() };
                difference_of(object_parts(object), object_parts(&now))
            }
        };
        if !parts.is_empty() {
            found.push(PlanDifference { of: of.to_owned(), parts });
        }
    }
    for object in made.objects.iter().filter(|object| !before.contains(object.address.as_str())) {
        let there = if object.planned_from.is_some() { "there, and part of the plan" } else { "created" };
        let part = PartDifference {
            name: "object",
            planned: vec!["no part of the plan".to_owned()],
            now: vec![there.to_owned()],
        };
        found.push(PlanDifference { of: object.address.clone(), parts: vec![part] });
    }
    found
}

/// What was live of an object; where that is the same, what it is to become tells.
fn object_parts(object: &ObjectDocument) -> Parts {
    let ObjectDocument { address: _, live, id, hash: _, planned_from, desired } = object;
    let mut parts = Parts::from([
        ("id", id.iter().cloned().collect()),
        ("live name", live.iter().cloned().collect()),
        ("object", vec![if planned_from.is_some() { "there" } else { "not there" }.to_owned()]),
    ]);
    parts.extend(planned_from.iter().flat_map(content_parts));
    let desired = desired.iter().flat_map(content_parts);
    let desired =
        desired.flat_map(|(name, lines)| lines.into_iter().map(move |line| format!("{name}: {line}")));
    parts.insert(OUTCOME, desired.collect());
    parts
}

/// What a saved plan does about API keys.
fn keys(document: &PlanDocument) -> Vec<(String, Parts)> {
    let saved = document.keys.iter().filter(|key| key.saved);
    let line = |key: &super::KeyDocument| {
        let slot = key.slot.as_ref().map(|slot| format!(" of slot {slot}")).unwrap_or_default();
        let mut line = format!("{} a key{slot} of application {}", key.work, key.application);
        let others = key.deliver.iter().filter(|to| !to.starts_with("secret ")).cloned();
        let secrets = key.secrets.iter().map(|secret| {
            let super::KeySecretDocument { project, region, path, name, adopt } = secret;
            let adopted = if *adopt { ", adopted" } else { "" };
            format!("secret {}/{name} in {region} of project {project}{adopted}", path.trim_end_matches('/'))
        });
        let to: Vec<String> = secrets.chain(others).collect();
        if !to.is_empty() {
            line.push_str(&format!(", delivered to {}", to.join(", ")));
        }
        for (what, value) in
            [("default project", &key.default_project), ("expires after", &key.expires_after)]
        {
            value.iter().for_each(|value| line.push_str(&format!(", {what} {value}")));
        }
        line
    };
    vec![("the work on API keys".to_owned(), Parts::from([("work", saved.map(line).collect())]))]
}

fn adoption(adoption: &AdoptionDocument) -> String {
    let AdoptionDocument { address, from_stack, api_keys, oldest_api_key: _ } = adoption;
    let from = from_stack.as_ref().map(|stack| format!(" from stack {stack}")).unwrap_or_default();
    format!("{address}{from}, API keys: {api_keys}")
}

fn content_parts(content: &ContentDocument) -> Parts {
    let ContentDocument { description, members, principal, rules, tags, username, api_keys, fields } =
        content;
    let one = |text: &Option<String>| text.iter().cloned().collect();
    Parts::from([
        ("description", one(description)),
        ("members", members.clone().unwrap_or_default()),
        ("principal", one(principal)),
        ("rules", rules.iter().flatten().map(rule).collect()),
        ("tags", tags.clone().unwrap_or_default()),
        ("username", one(username)),
        ("API keys", api_keys.iter().map(u32::to_string).collect()),
        ("fields", fields.iter().map(|(name, value)| format!("{name}: {value}")).collect()),
    ])
}

fn rule(rule: &RuleDocument) -> String {
    let RuleDocument { permission_sets, scope, condition } = rule;
    let scope = match scope {
        PlanScope::Word(word) => word.clone(),
        PlanScope::Projects(ids) => ids.join(", "),
    };
    format!("{} on {scope}{}", permission_sets.join(", "), only_if(condition.as_ref()))
}

fn access(access: &[AccessDocument]) -> Vec<(String, Parts)> {
    let one = |access: &AccessDocument| {
        let AccessDocument { principal, loses_all, locked, not_activated: _, changes } = access;
        let changes = changes.iter().map(|it| {
            let condition = only_if(it.grant.condition.as_ref());
            let group = it.path.group.as_ref().map(|group| format!(" by group {group}")).unwrap_or_default();
            let (set, scope) = (&it.grant.permission_set, &it.grant.scope);
            format!("{}: {set} on {scope}{condition}{group} by policy {}", it.change, it.path.policy)
        });
        let parts = Parts::from([
            ("changes", changes.collect()),
            ("loses all", vec![loses_all.to_string()]),
            ("locked", vec![locked.to_string()]),
        ]);
        (format!("access of {principal}"), parts)
    };
    access.iter().map(one).collect()
}

fn steps(steps: &[StepDocument]) -> Vec<(String, Parts)> {
    let numbers = |list: &[u32]| list.iter().map(|step| format!("step {step}")).collect();
    let one = |step: &StepDocument| {
        let StepDocument { id, action, address, effect, changes, after, after_for_safety } = step;
        let parts = Parts::from([
            ("action", vec![format!("{action} {address}")]),
            ("effect", vec![effect.clone()]),
            ("changes", change_lines(changes)),
            ("after", numbers(after)),
            ("after for safety", numbers(after_for_safety)),
        ]);
        (format!("step {id}"), parts)
    };
    steps.iter().map(one).collect()
}

fn interruptions(interruptions: &[InterruptionDocument]) -> Vec<(String, Parts)> {
    let one = |it: &InterruptionDocument| {
        let InterruptionDocument { principal, grant, from_step, to_step } = it;
        let grant =
            format!("{} on {}{}", grant.permission_set, grant.scope, only_if(grant.condition.as_ref()));
        format!("{principal} lacks {grant} after step {from_step}, until step {to_step}")
    };
    vec![("the interruptions".to_owned(), Parts::from([("list", interruptions.iter().map(one).collect())]))]
}

fn only_if(condition: Option<&String>) -> String {
    condition.map(|condition| format!(" if {condition}")).unwrap_or_default()
}

/// What a step changes: a line for each value that it replaces or writes.
fn change_lines(changes: &ChangesDocument) -> Vec<String> {
    let ChangesDocument { name, description, tags, principal, rules, members, fields: own } = changes;
    let one = |text: &String| vec![text.clone()];
    let fields = [
        sides("name", name.as_ref(), one),
        sides("description", description.as_ref(), one),
        sides("tags", tags.as_ref(), Clone::clone),
        sides("principal", principal.as_ref(), one),
        sides("rules", rules.as_ref(), |rules: &Vec<_>| rules.iter().map(rule).collect()),
        sides("members", members.as_ref(), Clone::clone),
    ];
    let own = own.iter().map(|(name, change)| sides(name, Some(change), |value| vec![value.to_string()]));
    fields.into_iter().chain(own).flatten().collect()
}

fn sides<T>(field: &str, change: Option<&FromTo<T>>, lines: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    let Some(FromTo { from, to }) = change else { return Vec::new() };
    let side = |word: &str, side: &Option<T>| {
        let lines = side.as_ref().map(&lines).unwrap_or_default();
        lines.into_iter().map(|line| format!("{field} {word} {line}")).collect::<Vec<_>>()
    };
    [side("from", from), side("to", to)].concat()
}

fn difference(saved: Vec<(String, Parts)>, made: Vec<(String, Parts)>) -> Vec<PlanDifference> {
    let mut saved: BTreeMap<String, Parts> = saved.into_iter().collect();
    let mut found = Vec::new();
    for (of, parts) in made {
        let parts = difference_of(saved.remove(&of).unwrap_or_default(), parts);
        if !parts.is_empty() {
            found.push(PlanDifference { of, parts });
        }
    }
    let gone =
        saved.into_iter().map(|(of, parts)| PlanDifference { of, parts: difference_of(parts, Parts::new()) });
    found.extend(gone);
    found
}

fn difference_of(mut saved: Parts, mut made: Parts) -> Vec<PartDifference> {
    let mut parts = Vec::new();
    let names: BTreeSet<&'static str> = saved.keys().chain(made.keys()).copied().collect();
    for name in names {
        let planned = saved.remove(name).unwrap_or_default();
        let now = made.remove(name).unwrap_or_default();
        if planned != now {
            let (planned, now) = (without(&planned, &now), without(&now, &planned));
            parts.push(PartDifference { name, planned, now });
        }
    }
    // What an object becomes differs because it is another one already.
    if parts.iter().any(|part| part.name != OUTCOME) {
        parts.retain(|part| part.name != OUTCOME);
    }
    parts
}

/// The lines of one list that another does not have, as often as they are there.
fn without(lines: &[String], others: &[String]) -> Vec<String> {
    let mut rest: BTreeMap<&str, usize> = BTreeMap::new();
    others.iter().for_each(|line| *rest.entry(line).or_default() += 1);
    let mut new = |line: &&String| match rest.get_mut(line.as_str()) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    lines.iter().filter(|line| new(line)).cloned().collect()
}
