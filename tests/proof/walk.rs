//! Goes through every state that the edges of a plan allow, and judges each.

use super::organization::{Call, Organization, POLICY, PRINCIPAL, Parts};

/// A plan in the words of the proof.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) calls: Vec<Call>,
    /// The calls that come before each, as bits.
    pub(crate) after: Vec<u32>,
    pub(crate) interruptions: Vec<Interruption>,
}

/// Access that the plan says is missing from one call to another.
#[derive(Debug)]
pub(crate) struct Interruption {
    pub(crate) who: usize,
    pub(crate) what: Parts,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// What the walk found.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Found {
    /// States, told apart by what is done.
    pub(crate) states: u64,
    /// Whether each principal lacks, in some state, a part that it had in the beginning.
    pub(crate) loses: [bool; 3],
    /// The least number of people who administer in a state.
    pub(crate) least_administrators: u32,
}

/// What may and what must be held on the way, and what may be made use of: whom the plan locks must not get on the way what
/// they are to hold only while they are locked.
struct Laws {
    most: [Parts; 3],
    least: [Parts; 3],
    usable: [Parts; 3],
}

impl Laws {
    fn between(before: &Organization, after: &Organization) -> Self {
        let usable = std::array::from_fn(|who| before.usable()[who] | after.usable()[who]);
        let (before, after) = (before.access(), after.access());
        let both = |join: fn(Parts, Parts) -> Parts| std::array::from_fn(|who| join(before[who], after[who]));
        Self { most: both(|a, b| a | b), least: both(|a, b| a & b), usable }
    }

    fn judge(&self, now: &Organization, open: &[&Interruption]) -> Result<(), String> {
        let (access, usable) = (now.access(), now.usable());
        for (who, held) in access.iter().copied().enumerate() {
            if held & !self.most[who] != 0 {
                return Err(format!("a leak: {who} holds {held:b}, of {:b}", self.most[who]));
            }
            if usable[who] & !self.usable[who] != 0 {
                return Err(format!(
                    "a leak: {who} can use {held:b}, of {:b}, before the lock",
                    self.usable[who]
                ));
            }
            let listed = open.iter().filter(|one| one.who == who).fold(0, |all, one| all | one.what);
            let missing = self.least[who] & !held & !listed;
            if missing != 0 {
                return Err(format!("a gap that is not listed: {who} lacks {missing:b}"));
            }
        }
        match open.iter().find(|one| one.what & !access[one.who] == 0) {
            Some(one) => Err(format!("listed, and not missing: {one:?}")),
            None => Ok(()),
        }
    }
}

/// Walks all states; each is told apart by the calls that are done and by the organization that they left, so that calls
/// that do not commute are seen in every order.
pub(crate) fn walk(
    before: &Organization,
    wanted: &Organization,
    schedule: &Schedule,
) -> Result<Found, String> {
    let laws = Laws::between(before, wanted);
    let held = before.access();
    let mut found = Found { least_administrators: u32::MAX, ..Found::default() };
    let mut layer = vec![(0u32, *before)];
    for length in 0..=schedule.calls.len() {
        let mut next = Vec::new();
        if layer.is_empty() {
            return Err("the edges close a cycle".to_owned());
        }
        found.states += layer.len() as u64;
        for (done, now) in layer {
            let open = |one: &&Interruption| done & 1 << one.from != 0 && done & 1 << one.to == 0;
            let open: Vec<_> = schedule.interruptions.iter().filter(open).collect();
            let access = now.access();
            laws.judge(&now, &open).map_err(|what| format!("{what}; done {done:b}"))?;
            for who in 0..3 {
                found.loses[who] |= held[who] & !access[who] != 0
                    || before.exist[PRINCIPAL] & !now.exist[PRINCIPAL] & 1 << who != 0;
            }
            found.least_administrators = found.least_administrators.min(now.administrators());
            if length == schedule.calls.len() && now != *wanted {
                return Err(format!("the calls lead to {now:?}"));
            }
            for (at, call) in schedule.calls.iter().enumerate() {
                if done & 1 << at == 0 && schedule.after[at] & !done == 0 {
                    let then = now.after(call).map_err(|what| format!("{call:?} {what}; done {done:b}"))?;
                    next.push((done | 1 << at, then));
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        layer = next;
    }
    Ok(found)
}

/// Whether some order of the same calls keeps both laws without an interruption, and always so many who administer: that of
/// the calls for one policy stays, and every call must be possible; no other edge counts.
pub(crate) fn avoidable(
    before: &Organization,
    wanted: &Organization,
    schedule: &Schedule,
    least: u32,
) -> bool {
    let laws = Laws::between(before, wanted);
    let policy = |call: &Call| match *call {
        Call::MakePolicy { at, .. } | Call::SetRules { at, .. } => Some(at),
        Call::Patch { kind: POLICY, at, .. } | Call::Delete { kind: POLICY, at } => Some(at),
        _ => None,
    };
    let calls = schedule.calls.iter().map(|call| match *call {
        Call::SetMembers { group, before, after } => Call::Leave { group, who: before & !after },
        other => other,
    });
    let calls: Vec<Call> = calls.collect();
    let waits = |at: usize, done: u32| {
        let own = policy(&calls[at]);
        own.is_some() && (0..at).any(|first| policy(&calls[first]) == own && done & 1 << first == 0)
    };
    let mut layer = vec![(0u32, *before)];
    for _ in 0..calls.len() {
        let mut next = Vec::new();
        for (done, now) in layer {
            for at in (0..calls.len()).filter(|at| done & 1 << at == 0 && !waits(*at, done)) {
                let Ok(then) = now.after(&calls[at]) else { continue };
                if then.administrators() >= least && laws.judge(&then, &[]).is_ok() {
                    next.push((done | 1 << at, then));
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        layer = next;
    }
    layer.iter().any(|(_, last)| last == wanted)
}
