//! Who gains and who loses, folded where many share it.

use std::collections::{BTreeMap, HashSet};

use crate::access::{AccessChange, ChangedGrant, GrantScope, Path, Sharpness, self_escalating};
use crate::model::{Address, Condition, PermissionSetName, Where};
use crate::plan::Plan;

/// The changes of access, folded: principals with the same ones stand together, in the order of their names.
pub(super) struct Folds<'p> {
    plan: &'p Plan,
    pub(super) all: Vec<Fold<'p>>,
    adopted: HashSet<&'p Address>,
}

/// Principals whose access changes in the same way, at least one.
pub(super) struct Fold<'p> {
    pub(super) who: Vec<&'p AccessChange>,
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

impl<'p> Folds<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let mut all: Vec<Fold<'_>> = Vec::new();
        let mut known: BTreeMap<&[ChangedGrant], usize> = BTreeMap::new();
        for change in plan.access() {
            match known.get(change.grants.as_slice()) {
                Some(at) => all[*at].who.push(change),
                None => {
                    known.insert(&change.grants, all.len());
                    all.push(Fold { who: vec![change] });
                }
            }
        }
        let adopted = plan.adoptions().iter().map(|adoption| &adoption.address).collect();
        Self { plan, all, adopted }
    }

    /// Returns what changes for those of one fold. There may be a million lines over all.
    pub(super) fn lines(&self, fold: &Fold<'_>) -> Vec<Line> {
        fold.who.first().map_or_else(Vec::new, |change| lines(self, &change.grants))
    }

    /// Whether a path goes through an object that the plan adopts.
    fn adopts(&self, path: &Path) -> bool {
        let group = path.group.clone().map(Address::Group);
        self.adopted.contains(&Address::Policy(path.policy.clone()))
            || group.is_some_and(|group| self.adopted.contains(&group))
    }
}

type Alike<'g> = (Sharpness, &'g Path, &'g Option<Condition>);

fn lines(folds: &Folds<'_>, grants: &[ChangedGrant]) -> Vec<Line> {
    let mut alike: BTreeMap<Alike<'_>, BTreeMap<&GrantScope, Vec<&PermissionSetName>>> = BTreeMap::new();
    for changed in grants {
        let key = (changed.sharpness, &*changed.path, &changed.grant.condition);
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
            lines.push(line(folds, sharpness, path, condition.as_ref(), &sets, &scopes));
        }
    }
    lines
}

fn line(
    folds: &Folds<'_>,
    sharpness: Sharpness,
    path: &Path,
    condition: Option<&Condition>,
    sets: &[&PermissionSetName],
    scopes: &[&GrantScope],
) -> Line {
    let names = &folds.plan.outcome().projects;
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
    if gains && folds.adopts(path) {
        marks.push("through an adopted object");
    }
    Line { sharpness, what, path: way(folds.plan, path, sharpness), marks }
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
