//! Who gains and who loses, folded where many share it.

use std::collections::BTreeMap;

use super::words;
use crate::access::{AccessChange, ChangedGrant, GrantScope, Path, Sharpness, self_escalating};
use crate::model::{Condition, Key, Kind, PermissionSetName, Principal, Where};
use crate::plan::Plan;
use crate::render::wrap::tied;

/// What several principals share.
pub(super) struct Fold<'p> {
    who: Vec<&'p AccessChange>,
    /// Whether nothing is left to them.
    pub(super) loses_all: bool,
    pub(super) lines: Vec<Line>,
}

/// How many of a kind are named before the rest is counted.
const MOST_NAMES: usize = 8;

impl Fold<'_> {
    /// Returns who they are: `users a, b and c`, `user a and application d`.
    pub(super) fn names(&self) -> String {
        let (mut users, mut applications) = (Vec::new(), Vec::new());
        for change in &self.who {
            let locked = if change.locked { " (locked)" } else { "" };
            let name = format!("{}{locked}", change.principal.address().key_text());
            match change.principal {
                Principal::User(_) => users.push(name),
                Principal::Application(_) => applications.push(name),
            }
        }
        let and = if self.who.len() == 2 { " and " } else { ", and " };
        let parts: Vec<_> = [(Kind::User, users), (Kind::Application, applications)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| few(kind, names))
            .collect();
        parts.join(and)
    }
}

/// `user a`, `users a, b and 7 more`.
fn few(kind: Kind, mut names: Vec<String>) -> String {
    let kind = if names.len() == 1 { kind.word() } else { kind.section() };
    if names.len() > MOST_NAMES + 1 {
        let rest = names.len() - MOST_NAMES;
        names.truncate(MOST_NAMES);
        names.push(format!("{rest} more"));
    }
    format!("{kind} {}", words::several(&names))
}

/// Permission sets that change alike, by one way.
pub(super) struct Line {
    pub(super) sharpness: Sharpness,
    /// `A, B on prod, staging if …`; the condition is tied
    pub(super) what: String,
    /// `group developers ← policy developers-run, rule 2 (iam/dev.yaml:31)`
    pub(super) path: String,
    /// What a reader must not overlook.
    pub(super) marks: Vec<&'static str>,
}

/// Folds the changes of access: principals with the same ones stand together, in the order of their names.
pub(super) fn folds(plan: &Plan) -> Vec<Fold<'_>> {
    let mut folds: Vec<Fold<'_>> = Vec::new();
    let mut known: BTreeMap<(&[ChangedGrant], bool), usize> = BTreeMap::new();
    for change in plan.access() {
        let (grants, loses_all) = (change.grants.as_slice(), change.loses_all);
        match known.get(&(grants, loses_all)) {
            Some(at) => folds[*at].who.push(change),
            None => {
                known.insert((grants, loses_all), folds.len());
                folds.push(Fold { who: vec![change], loses_all, lines: lines(plan, grants) });
            }
        }
    }
    folds
}

type Alike<'g> = (Sharpness, &'g Path, &'g Option<Condition>);

fn lines(plan: &Plan, grants: &[ChangedGrant]) -> Vec<Line> {
    let mut alike: BTreeMap<Alike<'_>, BTreeMap<&GrantScope, Vec<&PermissionSetName>>> = BTreeMap::new();
    for changed in grants {
        let key = (changed.sharpness, &changed.path, &changed.grant.condition);
        let scopes = alike.entry(key).or_default();
        scopes.entry(&changed.grant.scope).or_default().push(&changed.grant.permission_set);
    }
    let mut lines = Vec::new();
    for ((sharpness, path, condition), scopes) in alike {
        let mut by_sets: Vec<(Vec<&PermissionSetName>, Vec<&GrantScope>)> = Vec::new();
        for (scope, sets) in scopes {
            match by_sets.iter_mut().find(|(known, _)| *known == sets) {
                Some((_, scopes)) => scopes.push(scope),
                None => by_sets.push((sets, vec![scope])),
            }
        }
        for (sets, scopes) in by_sets {
            lines.push(line(plan, sharpness, path, condition.as_ref(), &sets, &scopes));
        }
    }
    lines
}

fn line(
    plan: &Plan,
    sharpness: Sharpness,
    path: &Path,
    condition: Option<&Condition>,
    sets: &[&PermissionSetName],
    scopes: &[&GrantScope],
) -> Line {
    let names = &plan.outcome().projects;
    let sets_text = sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let scopes = scopes.iter().map(|scope| scope.words(|id| names.get(&id))).collect::<Vec<_>>().join(", ");
    let mut what = format!("{sets_text} on {scopes}");
    match (sharpness, condition) {
        (Sharpness::Loosened, _) => what.push_str(", without the condition it had"),
        (Sharpness::Tightened, Some(condition)) => {
            what.push_str(&format!(", from now on only if {}", tied(condition.as_str())));
        }
        (_, Some(condition)) => what.push_str(&format!(" if {}", tied(condition.as_str()))),
        (_, None) => {}
    }
    let gains = matches!(sharpness, Sharpness::Gained | Sharpness::Loosened);
    let mut marks = Vec::new();
    if gains && sets.iter().any(|set| self_escalating(set)) {
        marks.push("can give itself more");
    }
    let adopted = |key: &Key<_>, policy: bool| {
        plan.adoptions().iter().any(|adoption| match &adoption.address {
            crate::model::Address::Policy(adopted) => policy && adopted == key,
            crate::model::Address::Group(adopted) => !policy && adopted == key,
            crate::model::Address::User(_) | crate::model::Address::Application(_) => false,
        })
    };
    if gains
        && (adopted(&path.policy, true) || path.group.as_ref().is_some_and(|group| adopted(group, false)))
    {
        marks.push("through an adopted object");
    }
    Line { sharpness, what, path: way(plan, path, sharpness), marks }
}

fn way(plan: &Plan, path: &Path, sharpness: Sharpness) -> String {
    let mut way = String::new();
    if let Some(group) = &path.group {
        way.push_str(&format!("group {group} ← "));
    }
    way.push_str(&format!("policy {}, rule {}", path.policy, path.rule + 1));
    let there = sharpness != Sharpness::Lost;
    let place = path.policy.name().and_then(|name| plan.place(&Where::Rule(name.clone(), path.rule)));
    if let (true, Some(place)) = (there, place) {
        way.push_str(&format!(" ({}:{})", place.file.display(), place.line));
    }
    way
}
