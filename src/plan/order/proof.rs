//! Proves of steps that were written down earlier that no order which their edges allow breaks a law.
//!
//! The steps must be the calls that lead from one state to the other, and no more. Which edges a law needs is found out
//! anew from both states; the edges that are written down must imply them. So it does not matter who wrote them.

use std::collections::HashSet;

use super::gap::stated as gap;
use super::{Allowed, Ordered, detach_first, leak, references, writers};
use crate::plan::align::Alignment;
use crate::plan::diff::{self, Change, Draft};
use crate::plan::graph::{Graph, Node};
use crate::plan::{Action, Error, Interruption, Reason, Step, StepId, Update, rehearse};

/// Why steps are not proven, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Unproven(pub(in crate::plan) String);

/// Proves the steps, and returns what they interrupt.
pub(in crate::plan) fn prove(alignment: &Alignment, steps: &[Step]) -> Result<Vec<Interruption>, Unproven> {
    let draft = diff::diff(alignment);
    let placed = place(&draft, steps)?;
    let at = |node: Node| placed[node as usize];
    let stated = Stated::new(steps);
    let mut allowed = Allowed::new(&draft);
    let mut graph = Graph::new(draft.changes.len());
    references(&draft, &mut graph).map_err(|error| in_words(&error))?;
    leak::edges(&draft, &mut allowed, &mut graph).map_err(|error| in_words(&error))?;
    for (first, then, reason) in graph.edges() {
        stated.demand(at(first), at(then), reason)?;
    }
    let bridged = |first: Node, then: Node| at(first) == at(then) || stated.leads(at(first), at(then), true);
    let unresolved = gap::unbridged(&draft, &mut allowed, bridged);
    for nodes in gap::sequences(&draft, &unresolved) {
        let mut sequence: Vec<usize> = nodes.into_iter().map(at).collect();
        sequence.sort_unstable();
        sequence.dedup();
        for pair in sequence.windows(2) {
            stated.demand(pair[0], pair[1], Reason::Gap)?;
        }
    }
    // Either order is lawful, but what a call replaces must be known beforehand.
    let mut detached = Graph::new(draft.changes.len());
    detach_first(&draft, &mut detached);
    for (first, then, reason) in detached.edges() {
        if !stated.leads(at(then), at(first), false) {
            stated.demand(at(first), at(then), reason)?;
        }
    }
    rehearsed(alignment, draft, &placed, steps, &stated, unresolved)
}

/// Goes through the steps in the order given, and through what depends on it.
fn rehearsed(
    alignment: &Alignment,
    mut draft: Draft,
    placed: &[usize],
    steps: &[Step],
    stated: &Stated<'_>,
    unresolved: Vec<(crate::access::PrincipalId, crate::access::Packed)>,
) -> Result<Vec<Interruption>, Unproven> {
    let mut changes: Vec<Option<Change>> = steps
        .iter()
        .map(|step| Some(Change { action: unsettled(&step.action), moves: Vec::new(), effect: step.effect }))
        .collect();
    for (change, at) in std::mem::take(&mut draft.changes).into_iter().zip(placed) {
        if change.effect != steps[*at].effect {
            return Err(Unproven(format!("step {} does not do to access what it says", number(*at))));
        }
        if let Some(united) = &mut changes[*at] {
            united.moves.extend(change.moves);
        }
    }
    let order: Vec<Node> = (0..changes.len()).filter_map(|at| Node::try_from(at).ok()).collect();
    let mut graph = Graph::new(changes.len());
    writers(&draft, &changes, &order, &mut graph).map_err(|error| in_words(&error))?;
    for (first, then, reason) in graph.edges() {
        stated.demand(first as usize, then as usize, reason)?;
    }
    let mut ordered =
        Ordered { changes: changes.into_iter().flatten().collect(), after: Vec::new(), unresolved };
    let rehearsal = rehearse::run(alignment, &draft, &mut ordered, None).map_err(|bug| Unproven(bug.0))?;
    let differs = ordered.changes.iter().zip(steps).find(|(change, step)| change.action != step.action);
    match differs {
        Some((_, step)) => Err(Unproven(format!("step {} does not replace what it says", step.id))),
        None => Ok(rehearsal.interruptions),
    }
}

fn in_words(error: &Error) -> Unproven {
    Unproven(match error {
        Error::Cycle(_) => "what its steps need of each other closes a circle".to_owned(),
        error => error.to_string(),
    })
}

fn number(at: usize) -> StepId {
    StepId::try_from(at + 1).unwrap_or(StepId::MAX)
}

/// Finds the step that makes each change, and refuses steps that do anything else.
fn place(draft: &Draft, steps: &[Step]) -> Result<Vec<usize>, Unproven> {
    let mut rest: Vec<Option<Action>> = steps.iter().map(|step| Some(unsettled(&step.action))).collect();
    let mut by_address: std::collections::HashMap<_, Vec<usize>> = std::collections::HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        by_address.entry(step.action.address()).or_default().push(at);
    }
    let mut placed = Vec::with_capacity(draft.changes.len());
    for change in &draft.changes {
        let candidates = by_address.get(&change.action.address()).into_iter().flatten();
        let mut found = candidates.copied().filter(|at| take(&mut rest[*at], &change.action));
        let Some(at) = found.next() else {
            let (word, address) = (change.action.word(), change.action.address());
            return Err(Unproven(format!("no step is the `{word}` of {address} that this takes")));
        };
        placed.push(at);
    }
    match rest.iter().position(Option::is_some) {
        Some(at) => Err(Unproven(format!("step {} does more than it leads to", number(at)))),
        None => Ok(placed),
    }
}

/// Takes a change out of what a step does; false when it is not in there. What is left of a step that is used up is
/// `None`.
fn take(rest: &mut Option<Action>, change: &Action) -> bool {
    match (rest.as_mut(), change) {
        (Some(Action::AddMembers { members, .. }), Action::AddMembers { members: joining, .. }) => {
            if !joining.is_subset(members) {
                return false;
            }
            members.retain(|member| !joining.contains(member));
            if members.is_empty() {
                *rest = None;
            }
            true
        }
        (Some(Action::SetMembers { before: leavers, .. }), Action::RemoveMember { member, .. }) => {
            let took = leavers.remove(member);
            if leavers.is_empty() {
                *rest = None;
            }
            took
        }
        (Some(action), change) => {
            let same = *action == unsettled(change);
            if same {
                *rest = None;
            }
            same
        }
        (None, _) => false,
    }
}

/// An action as it is before the rehearsal has filled in what it replaces.
fn unsettled(action: &Action) -> Action {
    match action {
        Action::SetMembers { group, before, after } => Action::SetMembers {
            group: group.clone(),
            before: before.difference(after).cloned().collect(),
            after: std::collections::BTreeSet::new(),
        },
        Action::SetRules { policy, before: _, after } => Action::SetRules {
            policy: policy.clone(),
            before: crate::model::Rules::default(),
            after: after.clone(),
        },
        Action::Update(Update { attachment: Some((_, to)), .. }) => {
            let mut action = action.clone();
            if let Action::Update(update) = &mut action {
                update.attachment = Some((crate::model::Attachment::None, to.clone()));
            }
            action
        }
        Action::CreateApplication { .. }
        | Action::CreateGroup { .. }
        | Action::CreatePolicy { .. }
        | Action::Update(_)
        | Action::AddMembers { .. }
        | Action::RemoveMember { .. }
        | Action::Delete { .. } => action.clone(),
    }
}

/// The edges that are written down, all from earlier steps to later ones.
struct Stated<'s> {
    steps: &'s [Step],
}

impl<'s> Stated<'s> {
    const fn new(steps: &'s [Step]) -> Self {
        Self { steps }
    }

    /// Refuses steps whose edges do not imply this one.
    fn demand(&self, first: usize, then: usize, reason: Reason) -> Result<(), Unproven> {
        if self.leads(first, then, reason.safety()) {
            return Ok(());
        }
        let why = match reason {
            Reason::Leak => "or somebody would hold what they must never hold",
            Reason::Gap => "or somebody would lack what they keep",
            Reason::Reference => "which makes, frees or uses what it needs",
            Reason::Writer => "which writes the same object",
        };
        let (first, then) = (number(first), number(then));
        Err(Unproven(format!("step {then} has to come after step {first}, {why}, and no edge says so")))
    }

    /// Returns true when a path leads from one step to another: where it is for safety, by an edge that is for safety.
    fn leads(&self, first: usize, then: usize, safely: bool) -> bool {
        let mut open = vec![(then, !safely)];
        let mut seen = HashSet::new();
        while let Some((at, safe)) = open.pop() {
            for edge in &self.steps[at].after {
                let Some(before) = usize::try_from(edge.step).ok().and_then(|id| id.checked_sub(1)) else {
                    continue;
                };
                let safe = safe || edge.reason.safety();
                if before == first && safe {
                    return true;
                }
                if before > first && seen.insert((before, safe)) {
                    open.push((before, safe));
                }
            }
        }
        false
    }
}
