//! Who gains and who loses, folded where many share it.

use std::collections::BTreeMap;

use crate::access::{AccessChange, ChangedGrant, GrantScope, Path, Sharpness, self_escalating};
use crate::model::{Condition, Key, PermissionSetName, Where};
use crate::plan::Plan;

/// What several principals share.
pub(super) struct Fold<'p> {
    pub(super) who: Vec<&'p AccessChange>,
    pub(super) lines: Vec<Line>,
}

/// Permission sets that change alike, by one way.
pub(super) struct Line {
    pub(super) sharpness: Sharpness,
    /// `A, B on prod, staging if …`
    pub(super) what: String,
    /// `group developers ← policy developers-run, rule 2 (iam/dev.yaml:31)`
    pub(super) path: String,
    /// What a reader must not overlook.
    pub(super) marks: Vec<&'static str>,
}

/// Folds the changes of access: principals with the same ones stand together, in the order of their names.
pub(super) fn folds(plan: &Plan) -> Vec<Fold<'_>> {
    let mut folds: Vec<(&[ChangedGrant], Fold<'_>)> = Vec::new();
    let mut known: BTreeMap<&[ChangedGrant], usize> = BTreeMap::new();
    for change in plan.access() {
        match known.get(change.grants.as_slice()) {
            Some(at) => folds[*at].1.who.push(change),
            None => {
                known.insert(&change.grants, folds.len());
                folds.push((&change.grants, Fold { who: vec![change], lines: lines(plan, &change.grants) }));
            }
        }
    }
    folds.into_iter().map(|(_, fold)| fold).collect()
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
            what.push_str(&format!(", from now on only if {condition}"));
        }
        (_, Some(condition)) => what.push_str(&format!(" if {condition}")),
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
