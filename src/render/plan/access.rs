//! Who gains and who loses, folded where many share it.

use std::collections::BTreeMap;

use super::words;
use crate::access::{AccessChange, ChangedGrant, GrantScope, Path, Sharpness, self_escalating};
use crate::model::{Condition, Key, Kind, PermissionSetName, Principal, Where};
use crate::plan::Plan;
use crate::render::wrap::{TIE, tied};

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
    /// `gains A, B on prod, staging if …`; the condition is tied
    pub(super) what: String,
    /// `group developers ← policy developers-run, rule 2 (iam/dev.yaml:31)`
    pub(super) path: String,
    /// What a reader must not overlook.
    pub(super) marks: Vec<&'static str>,
}

/// Folds the changes of access: principals with the same ones stand together, in the order of their names. Drift speaks
/// of what live has, and not of what would become of it.
pub(super) fn folds(plan: &Plan, drift: bool) -> Vec<Fold<'_>> {
    let mut folds: Vec<Fold<'_>> = Vec::new();
    let mut known: BTreeMap<(&[ChangedGrant], bool), usize> = BTreeMap::new();
    for change in plan.access() {
        let (grants, loses_all) = (change.grants.as_slice(), change.loses_all);
        match known.get(&(grants, loses_all)) {
            Some(at) => folds[*at].who.push(change),
            None => {
                known.insert((grants, loses_all), folds.len());
                folds.push(Fold { who: vec![change], loses_all, lines: lines(plan, grants, drift) });
            }
        }
    }
    folds
}

type Alike<'g> = (Sharpness, &'g Path, &'g Option<Condition>);

fn lines(plan: &Plan, grants: &[ChangedGrant], drift: bool) -> Vec<Line> {
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
        let mut by_sets: Vec<_> =
            by_sets.into_iter().map(|(sets, scopes)| (scope_words(plan, scopes), sets)).collect();
        by_sets.sort();
        for (scopes, sets) in by_sets {
            let where_to = scopes.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(", ");
            let held = format!("{} on {where_to}", words::listed(&sets));
            let what = what(sharpness, &held, condition.as_ref(), drift);
            let marks = marks(plan, sharpness, path, &sets, drift);
            lines.push(Line { sharpness, what, path: way(plan, path, sharpness), marks });
        }
    }
    lines
}

/// Scopes in words, in the order in which files and steps have them: projects by their names, after the wider ones.
fn scope_words(plan: &Plan, scopes: Vec<&GrantScope>) -> Vec<(bool, String)> {
    let names = &plan.outcome().projects;
    let mut words: Vec<_> = scopes
        .into_iter()
        .map(|scope| (matches!(scope, GrantScope::Project(_)), scope.words(|id| names.get(&id))))
        .collect();
    words.sort();
    words
}

/// Says what happens to a grant; of drift, on which side it is.
fn what(sharpness: Sharpness, held: &str, condition: Option<&Condition>, drift: bool) -> String {
    let condition = condition.map(|condition| tied(condition.as_str()));
    let only = |words: &str| condition.as_ref().map(|text| format!("{words}{TIE}{text}")).unwrap_or_default();
    match (sharpness, drift) {
        (Sharpness::Gained, false) => format!("gains {held}{}", only(" if")),
        (Sharpness::Gained, true) => format!("lacks {held}{}, which the files give", only(" if")),
        (Sharpness::Lost, false) => format!("loses {held}{}", only(" if")),
        (Sharpness::Lost, true) => format!("has {held}{}, which the files do not give", only(" if")),
        (Sharpness::Loosened, false) => format!("loosened {held}, without the condition it had"),
        (Sharpness::Loosened, true) => format!("has {held} under a condition that the files do not set"),
        (Sharpness::Tightened, false) => format!("tightened {held}{}", only(", from now on only if")),
        (Sharpness::Tightened, true) => {
            format!("has {held} without the condition that the files set{}", only(":"))
        }
    }
}

/// What a reader must not overlook.
fn marks(
    plan: &Plan,
    sharpness: Sharpness,
    path: &Path,
    sets: &[&PermissionSetName],
    drift: bool,
) -> Vec<&'static str> {
    let gains = matches!(sharpness, Sharpness::Gained | Sharpness::Loosened);
    // In drift, what live has beyond the files.
    let more = if drift { !gains } else { gains };
    let mut marks = Vec::new();
    if more && sets.iter().any(|set| self_escalating(set)) {
        marks.push("can give itself more");
    }
    let adopted = |key: &Key<_>, policy: bool| {
        plan.adoptions().iter().any(|adoption| match &adoption.address {
            crate::model::Address::Policy(adopted) => policy && adopted == key,
            crate::model::Address::Group(adopted) => !policy && adopted == key,
            crate::model::Address::User(_) | crate::model::Address::Application(_) => false,
        })
    };
    let through_adopted =
        adopted(&path.policy, true) || path.group.as_ref().is_some_and(|group| adopted(group, false));
    if gains && !drift && through_adopted {
        marks.push("through an adopted object");
    }
    marks
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
