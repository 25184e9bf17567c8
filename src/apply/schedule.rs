//! Which step may start: a graph of numbers, some of which revoke. It knows no resource, no request and no clock.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

use super::WhyNot;
use crate::plan::{Effect, Step, StepId};

/// What may still start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Everything whose predecessors are done.
    Open,
    /// After a failure: of these only what takes access away.
    Revocations,
    /// Nothing.
    Shut(WhyNot),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScheduleStatus {
    Waiting,
    Running,
    Done,
    Failed,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Start this step, by position.
    Start(usize),
    /// A step may start then.
    At(Instant),
    /// Nothing may start before something that runs has ended.
    Nothing,
}

struct ScheduledStep {
    id: StepId,
    revokes: bool,
    /// Steps that wait for this one, and whether a law of access makes them.
    then: Vec<(usize, bool)>,
    /// Steps that this one waits for.
    after: Vec<usize>,
    waits_for: usize,
    /// How many steps the longest chain from here has.
    chain: usize,
    not_before: Option<Instant>,
    status: ScheduleStatus,
}

/// The steps and what became of them.
pub(super) struct Schedule {
    nodes: Vec<ScheduledStep>,
    /// Steps whose predecessors are done, the heads of long chains first.
    free: BTreeSet<(std::cmp::Reverse<usize>, usize)>,
    gate: Gate,
}

impl Schedule {
    /// Returns the schedule before anything has started. An edge from a step that does not exist never opens.
    pub(super) fn new(steps: &[Step]) -> Self {
        let position: HashMap<StepId, usize> =
            steps.iter().enumerate().map(|(at, step)| (step.id, at)).collect();
        let mut nodes: Vec<ScheduledStep> = steps
            .iter()
            .map(|step| ScheduledStep {
                id: step.id,
                revokes: step.effect == Effect::Revokes,
                then: Vec::new(),
                after: Vec::new(),
                waits_for: step.after.len(),
                chain: 1,
                not_before: None,
                status: ScheduleStatus::Waiting,
            })
            .collect();
        for (at, step) in steps.iter().enumerate() {
            for edge in &step.after {
                if let Some(first) = position.get(&edge.step) {
                    nodes[*first].then.push((at, edge.reason.safety()));
                    nodes[at].after.push(*first);
                }
            }
        }
        measure(&mut nodes);
        let free = (0..nodes.len()).filter(|at| nodes[*at].waits_for == 0);
        let free = free.map(|at| (std::cmp::Reverse(nodes[at].chain), at)).collect();
        Self { nodes, free, gate: Gate::Open }
    }

    /// Returns the step to start at this time, and counts it as running.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let mut soonest: Option<Instant> = None;
        let mut found = None;
        for key @ (_, at) in &self.free {
            let node = &self.nodes[*at];
            match (self.gate, node.not_before) {
                (Gate::Shut(_), _) => break,
                (Gate::Revocations, _) if !node.revokes => {}
                (_, Some(then)) if then > now => {
                    soonest = Some(soonest.map_or(then, |soonest| soonest.min(then)));
                }
                _ => {
                    found = Some(*key);
                    break;
                }
            }
        }
        let Some(key) = found else { return soonest.map_or(Next::Nothing, Next::At) };
        self.free.remove(&key);
        self.nodes[key.1].status = ScheduleStatus::Running;
        Next::Start(key.1)
    }

    /// Counts a step as done; steps tied to it by a law of access may start no sooner than `settled`.
    pub(super) fn done(&mut self, at: usize, settled: Instant) {
        self.nodes[at].status = ScheduleStatus::Done;
        for (then, safety) in std::mem::take(&mut self.nodes[at].then) {
            let node = &mut self.nodes[then];
            if safety {
                node.not_before = node.not_before.max(Some(settled));
            }
            node.waits_for -= 1;
            if node.waits_for == 0 {
                self.free.insert((std::cmp::Reverse(node.chain), then));
            }
        }
    }

    /// Counts a step as failed: what depends on it never starts, and of the rest only what revokes.
    pub(super) fn failed(&mut self, at: usize) {
        self.nodes[at].status = ScheduleStatus::Failed;
        if self.gate == Gate::Open {
            self.gate = Gate::Revocations;
        }
    }

    /// Lets nothing more start.
    pub(super) fn shut(&mut self, why: WhyNot) {
        if !matches!(self.gate, Gate::Shut(_)) {
            self.gate = Gate::Shut(why);
        }
    }

    /// Takes back a step that [`Schedule::next`] gave out and that was not started.
    pub(super) fn put_back(&mut self, at: usize) {
        self.nodes[at].status = ScheduleStatus::Waiting;
        self.free.insert((std::cmp::Reverse(self.nodes[at].chain), at));
    }

    /// Says whether a step was started and has not ended.
    pub(super) fn running(&self, at: usize) -> bool {
        self.nodes[at].status == ScheduleStatus::Running
    }

    /// Says why a step has not started.
    pub(super) fn why_not(&self, at: usize) -> WhyNot {
        let lost = |before: &&usize| self.lost(**before);
        match (self.nodes[at].after.iter().find(lost), self.gate) {
            (Some(before), _) => WhyNot::After(self.nodes[*before].id),
            (None, Gate::Shut(why)) => why,
            (None, Gate::Open | Gate::Revocations) => WhyNot::NoGrantAfterFailure,
        }
    }

    /// Whether a step failed, or can never start because one before it failed.
    fn lost(&self, at: usize) -> bool {
        let mut open = vec![at];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            match self.nodes[at].status {
                ScheduleStatus::Failed => return true,
                ScheduleStatus::Waiting => {
                    open.extend(self.nodes[at].after.iter().filter(|before| seen.insert(**before)));
                }
                ScheduleStatus::Running | ScheduleStatus::Done => {}
            }
        }
        false
    }
}

/// Measures the longest chain from each node; what is on a cycle, which no plan has, keeps 1.
fn measure(nodes: &mut [ScheduledStep]) {
    let mut open: Vec<usize> = (0..nodes.len()).filter(|at| nodes[*at].then.is_empty()).collect();
    let mut left: Vec<usize> = nodes.iter().map(|node| node.then.len()).collect();
    while let Some(at) = open.pop() {
        for before in nodes[at].after.clone() {
            nodes[before].chain = nodes[before].chain.max(nodes[at].chain + 1);
            left[before] -= 1;
            if left[before] == 0 {
                open.push(before);
            }
        }
    }
}
