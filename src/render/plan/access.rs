//! Who gains and who loses, folded where many share it.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use super::words;
use crate::access::{AccessChange, AccessEffect, ChangedGrant, Grant, GrantScope, Path, self_escalating};
use crate::model::{Address, Condition, Kind, Object, PermissionSetName, Principal, Where, joined};
use crate::plan::{Action, KeyReader, Plan, Step};
use crate::render::style::Extent;
use crate::render::wrap::{TIE, tied};

/// The changes of access, folded: principals with the same ones stand together, in the order of their names.
pub(super) struct Folds<'p> {
    plan: &'p Plan,
    /// For drift, the words describe the live side, and not a change.
    drift: bool,
    pub(super) all: Vec<Fold<'p>>,
    adopted: HashSet<&'p Address>,
    /// The lines that are known, by the addresses of their grants and paths: the members of a group share them.
    known: RefCell<ByAddress<Vec<AlikeGrant>, Rc<PolicyLines>>>,
}

/// What of a changed grant tells its line from others.
type AlikeGrant = (AccessEffect, *const Grant, *const Path);

/// What several principals share.
pub(super) struct Fold<'p> {
    plan: &'p Plan,
    who: Vec<&'p AccessChange>,
    /// Whether nothing is left to them.
    pub(super) loses_all: bool,
}

/// How many of a kind are named before the rest is counted.
const MOST_NAMES: usize = 8;

impl Fold<'_> {
    /// Says of those who are left with nothing that they are; of drift, that the files give them nothing. Empty for others.
    pub(super) const fn note(&self, drift: bool) -> &'static str {
        match (self.loses_all, drift, self.who.len()) {
            (false, _, _) => "",
            (true, false, 0 | 1) => "loses all access",
            (true, false, _) => "lose all access",
            (true, true, 0 | 1) => "has no access in the files",
            (true, true, _) => "have no access in the files",
        }
    }

    /// Says whether its names are folded, unless all are asked for.
    pub(super) fn is_long(&self) -> bool {
        self.who.len() > MOST_NAMES && self.names(Extent::Folded) != self.names(Extent::Full)
    }

    /// Returns who they are: `users a, b and c`, `user a and application d`.
    pub(super) fn names(&self, extent: Extent) -> String {
        names(self.plan, self.who.iter().map(|change| &change.principal), extent)
    }
}

fn names<'p>(plan: &Plan, who: impl Iterator<Item = &'p Principal>, extent: Extent) -> String {
    let (mut users, mut applications) = (Vec::new(), Vec::new());
    for principal in who {
        let name = format!("{}{}", principal.address().key_text(), words::asleep(plan, principal));
        match principal {
            Principal::User(_) => users.push(name),
            Principal::Application(_) => applications.push(name),
        }
    }
    let and = if users.len() + applications.len() == 2 { " and " } else { ", and " };
    let parts: Vec<_> = [(Kind::User, users), (Kind::Application, applications)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| few(kind, names, extent.most(MOST_NAMES)))
        .collect();
    parts.join(and)
}

/// `user a`, `users a, b and 7 more`.
fn few(kind: Kind, mut names: Vec<String>, most: usize) -> String {
    let kind = if names.len() == 1 { kind.noun() } else { kind.nouns() };
    if names.len() > most.saturating_add(1) {
        let rest = names.len() - most;
        names.truncate(most);
        names.push(format!("{rest} more"));
    }
    format!("{kind} {}", joined(&names))
}

/// Permission sets that change alike, by one way.
pub(super) struct AccessLine {
    pub(super) effect: AccessEffect,
    /// `gains A, B on prod, staging if …`; the condition is tied
    pub(super) what: String,
    /// `group developers ← policy developers-run, rule 2 (iam/dev.yaml:31)`
    pub(super) path: String,
    /// What a reader must not overlook.
    pub(super) marks: Vec<&'static str>,
}

/// What changes by one policy, with what a format makes of each line, which is made once.
pub(super) struct PolicyLines {
    lines: Vec<AccessLine>,
    made: OnceCell<Vec<String>>,
}

impl PolicyLines {
    pub(super) fn lines(&self) -> &[AccessLine] {
        &self.lines
    }

    /// Returns what a format makes of each line. There is one format for each [`Folds`].
    pub(super) fn made(&self, make: impl Fn(&AccessLine) -> String) -> &[String] {
        self.made.get_or_init(|| self.lines.iter().map(make).collect())
    }
}

impl<'p> Folds<'p> {
    pub(super) fn of(plan: &'p Plan, drift: bool) -> Self {
        let mut all: Vec<Fold<'_>> = Vec::new();
        let mut known: HashMap<AlikeChange<'_>, usize> = HashMap::new();
        for change in plan.access() {
            let at = *known.entry(AlikeChange(change)).or_insert(all.len());
            match all.get_mut(at) {
                Some(fold) => fold.who.push(change),
                None => all.push(Fold { plan, who: vec![change], loses_all: change.loses_all }),
            }
        }
        let adopted = plan.adoptions().iter().map(|adoption| &adoption.address).collect();
        Self { plan, drift, all, adopted, known: RefCell::default() }
    }

    /// Returns what changes for the principals of one fold, by policy. There may be a million lines in total.
    pub(super) fn lines(&self, fold: &Fold<'_>) -> Vec<Rc<PolicyLines>> {
        let Some(change) = fold.who.first() else { return Vec::new() };
        let by_path: Vec<&ChangedGrant> =
            change.by_path.iter().map(|at| &change.grants[*at as usize]).collect();
        let one_policy = |a: &&ChangedGrant, b: &&ChangedGrant| {
            let (one, other) = (&*a.path, &*b.path);
            let same = || (&one.policy, &one.group) == (&other.policy, &other.group);
            a.effect == b.effect && (Arc::ptr_eq(&a.path, &b.path) || same())
        };
        let mut known = self.known.borrow_mut();
        let mut alike: Vec<AlikeGrant> = Vec::new();
        let of_policy = |grants: &[&ChangedGrant]| {
            alike.clear();
            alike.extend(grants.iter().map(|it| (it.effect, Arc::as_ptr(&it.grant), Arc::as_ptr(&it.path))));
            if let Some(lines) = known.get(alike.as_slice()) {
                return Rc::clone(lines);
            }
            let lines = Rc::new(PolicyLines { lines: lines(self, grants), made: OnceCell::new() });
            known.insert(alike.clone(), Rc::clone(&lines));
            lines
        };
        by_path.chunk_by(one_policy).map(of_policy).collect()
    }

    /// Whether a path goes through an object that the plan adopts.
    fn adopts(&self, path: &Path) -> bool {
        if self.adopted.is_empty() {
            return false;
        }
        let group = path.group.clone().map(Address::group);
        self.adopted.contains(&Address::policy(path.policy.clone()))
            || group.is_some_and(|group| self.adopted.contains(&group))
    }
}

/// A change of access, equal to those of others that change alike.
struct AlikeChange<'p>(&'p AccessChange);

impl PartialEq for AlikeChange<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.loses_all == other.0.loses_all && self.0.grants == other.0.grants
    }
}

impl Eq for AlikeChange<'_> {}

impl Hash for AlikeChange<'_> {
    /// Some of the grants tell most from others.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let grants = &self.0.grants;
        (grants.len(), self.0.loses_all).hash(state);
        for changed in grants.iter().take(2).chain(grants.iter().rev().take(2)) {
            (changed.effect, &changed.path.policy, changed.path.rule).hash(state);
            changed.grant.hash(state);
        }
    }
}

/// By addresses, which nobody from outside chooses, so that a simple hash is good enough.
type ByAddress<K, V> = HashMap<K, V, BuildHasherDefault<AddressHasher>>;

/// Mixes numbers by one multiplication each.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(20)
    }
}

/// Access that no policy gives: what an SSH key opens to the holder of its private half, and what a delivered key gives to
/// everybody who can read it.
pub(super) struct Opening {
    /// `the holder of SSH key prod/alice-laptop`, `users a and b`
    pub(super) who: String,
    pub(super) line: AccessLine,
}

/// Returns what the steps open and close.
pub(super) fn openings(plan: &Plan, drift: bool) -> Vec<Opening> {
    let opens = |object: Option<&Object>| object.and_then(Object::opens);
    let of_step = |step: &Step| {
        let (before, after) = match &step.action {
            Action::Create { object, .. } => (None, opens(Some(object))),
            Action::Update { before, after, .. } => (opens(Some(before)), opens(Some(after))),
            Action::Delete { object, .. } => (opens(Some(object)), None),
            Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. } => (None, None),
        };
        let (effect, (what, project)) = match (before, after) {
            (None, Some(opened)) => (AccessEffect::Gained, opened),
            (Some(closed), None) => (AccessEffect::Lost, closed),
            (None, None) | (Some(_), Some(_)) => return None,
        };
        let name = plan.outcome().projects.get(&project);
        let name = name.map_or_else(|| project.to_string(), ToString::to_string);
        let what = self::what(effect, &format!("{what} to {name}"), None, drift);
        let address = step.action.address();
        let who = format!("the holder of {} {}", address.kind(), words::named(plan, &address));
        Some(Opening { who, line: AccessLine { effect, what, path: String::new(), marks: Vec::new() } })
    };
    plan.steps().iter().filter_map(of_step).chain(readings(plan, drift)).collect()
}

/// Returns what people and applications gain by reading a key where it is delivered. All of them are named.
fn readings(plan: &Plan, drift: bool) -> Vec<Opening> {
    // Live and the files grant the same until the key is made.
    let readers = if drift { &[][..] } else { plan.keys().readers.as_slice() };
    let alike = |a: &KeyReader, b: &KeyReader| {
        (&a.application, &a.secret, &a.gains, a.conditional)
            == (&b.application, &b.secret, &b.gains, b.conditional)
    };
    let of_some = |some: &[KeyReader]| {
        let reader = some.first()?;
        let effect = AccessEffect::Gained;
        let held = reader.gains.iter().map(|grant| grant.words(|id| plan.outcome().projects.get(&id)));
        let what = self::what(effect, &held.collect::<Vec<_>>().join(", "), None, drift);
        let condition = if reader.conditional { ", under a condition" } else { "" };
        let path = format!("a key of {} ← secret {}{condition}", reader.application, reader.secret);
        let escalates = reader.gains.iter().any(|grant| self_escalating(&grant.permission_set));
        let marks = if escalates { vec!["can escalate"] } else { Vec::new() };
        let who = names(plan, some.iter().map(|reader| &reader.principal), Extent::Full);
        Some(Opening { who, line: AccessLine { effect, what, path, marks } })
    };
    readers.chunk_by(alike).filter_map(of_some).collect()
}

fn lines(folds: &Folds<'_>, grants: &[&ChangedGrant]) -> Vec<AccessLine> {
    let alike = |a: &&ChangedGrant, b: &&ChangedGrant| {
        (a.effect, &a.path, &a.grant.condition) == (b.effect, &b.path, &b.grant.condition)
    };
    let mut lines = Vec::with_capacity(grants.len());
    for alike in grants.chunk_by(alike) {
        let (effect, path) = (alike[0].effect, &*alike[0].path);
        lines.extend(together(folds, (effect, path), alike));
    }
    lines
}

/// Says what happens to grants by one path under one condition: the same sets on several scopes are one line.
fn together<'g>(
    folds: &Folds<'_>,
    (effect, path): (AccessEffect, &Path),
    alike: &[&'g ChangedGrant],
) -> Vec<AccessLine> {
    let (plan, drift) = (folds.plan, folds.drift);
    let mut scopes: BTreeMap<&'g GrantScope, Vec<&'g PermissionSetName>> = BTreeMap::new();
    for changed in alike {
        scopes.entry(&changed.grant.scope).or_default().push(&changed.grant.permission_set);
    }
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
    let condition = alike[0].grant.condition.as_ref();
    let line = |(scopes, sets): (Vec<(bool, String)>, Vec<&PermissionSetName>)| {
        let where_to = scopes.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(", ");
        let held = format!("{} on {where_to}", words::listed(&sets));
        let what = what(effect, &held, condition, drift);
        AccessLine {
            effect,
            what,
            path: way(plan, path, effect == AccessEffect::Lost),
            marks: marks(folds, effect, path, &sets),
        }
    };
    by_sets.into_iter().map(line).collect()
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
fn what(effect: AccessEffect, held: &str, condition: Option<&Condition>, drift: bool) -> String {
    let condition = condition.map(|condition| tied(condition.as_str()));
    let only = |words: &str| condition.as_ref().map(|text| format!("{words}{TIE}{text}")).unwrap_or_default();
    match (effect, drift) {
        (AccessEffect::Gained, false) => format!("gains {held}{}", only(" if")),
        (AccessEffect::Gained, true) => format!("lacks {held}{}, which the files grant", only(" if")),
        (AccessEffect::Lost, false) => format!("loses {held}{}", only(" if")),
        (AccessEffect::Lost, true) => format!("has {held}{}, which the files do not grant", only(" if")),
        (AccessEffect::Loosened, false) => format!("loosened {held}, without the condition it had"),
        (AccessEffect::Loosened, true) => format!("has {held} under a condition that the files do not set"),
        (AccessEffect::Tightened, false) => format!("tightened {held}{}", only(", now only if")),
        (AccessEffect::Tightened, true) => {
            format!("has {held} without the condition that the files set{}", only(":"))
        }
    }
}

/// What a reader must not overlook.
fn marks(
    folds: &Folds<'_>,
    effect: AccessEffect,
    path: &Path,
    sets: &[&PermissionSetName],
) -> Vec<&'static str> {
    let gains = matches!(effect, AccessEffect::Gained | AccessEffect::Loosened);
    // In drift, what live has beyond the files.
    let more = if folds.drift { !gains } else { gains };
    let mut marks = Vec::new();
    if more && sets.iter().any(|set| self_escalating(set)) {
        marks.push("can escalate");
    }
    if gains && !folds.drift && folds.adopts(path) {
        marks.push("through an adopted object");
    }
    marks
}

fn way(plan: &Plan, path: &Path, lost: bool) -> String {
    let mut way = path.to_string();
    let place = plan.place(&Where::Rule(Address::policy(path.policy.clone()), path.rule));
    if let (false, Some(place)) = (lost, place) {
        _ = write!(way, " ({}:{})", place.file.display(), place.line);
    }
    way
}
