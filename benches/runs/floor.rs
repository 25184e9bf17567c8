//! What a run cannot go below: its requests by the formula of the budget, and the time that these take at the medians
//! recorded of the API.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde_json::Value;

use crate::organization::Size;

const PAGE: usize = 100;
/// The groups that every organization has: all users, and all applications.
const COMPUTED_GROUPS: usize = 2;

/// Requests, and what follows from them.
#[derive(Default)]
pub(crate) struct Cost {
    pub(crate) requests: u64,
    /// No parts of a run can overlap: each is the longer of its longest chain and all its work over the places.
    parts: Vec<Part>,
}

/// A part of a run, in milliseconds.
struct Part {
    chain: u64,
    work: u64,
}

/// The shortest time in milliseconds, and why it is no shorter.
pub(crate) struct Floor {
    pub(crate) ms: u64,
    pub(crate) by: By,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum By {
    /// One request waits for the other.
    Chain,
    /// There are only so many in flight.
    Places,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Chain => "chain",
            Self::Places => "places",
        })
    }
}

impl Cost {
    /// Returns how long the requests that wait for each other take, in milliseconds.
    pub(crate) fn chain(&self) -> u64 {
        self.parts.iter().map(|part| part.chain).sum()
    }

    /// Returns what nobody can be faster than.
    pub(crate) fn floor(&self, places: u64) -> Floor {
        let work = self.parts.iter().map(|part| part.chain.max(part.work / places)).sum();
        if work > self.chain() {
            Floor { ms: work, by: By::Places }
        } else {
            Floor { ms: self.chain(), by: By::Chain }
        }
    }
}

/// A plan that changes nothing: the lists at once, the rules of each policy after the policies, who calls, and whether an
/// identity provider fills the groups, whose members the files list.
pub(crate) fn plan(size: Size, places: u64) -> Cost {
    let groups = size.groups + COMPUTED_GROUPS;
    let lists = [(size.users, 60), (size.applications, 53), (groups, 105), (size.policies, 109)];
    let pages = |count: usize| count.div_ceil(PAGE).max(1) as u64;
    // The first page says how many there are, the others come together.
    let list = |(count, ms): (usize, u64)| ms * pages(count).min(2);
    let (policies, rules, caller, scim) = (size.policies as u64, 54, 113, 60);
    let slowest = lists.into_iter().map(list).max().unwrap_or(0);
    let work: u64 = lists.into_iter().map(|(count, ms)| ms * pages(count)).sum();
    let part = Part {
        chain: slowest + policies.div_ceil(places) * rules,
        work: work + policies * rules + caller + scim,
    };
    let requests = lists.into_iter().map(|(count, _)| pages(count)).sum::<u64>() + policies + 2;
    Cost { requests, parts: vec![part] }
}

/// An apply of a plan as `-o json` shows it: the plan's reading, the names of the organization and of the one project, the quotas
/// where it creates something, the steps, the reading again of what was touched.
pub(crate) fn apply(size: Size, document: &Value, places: u64) -> Cost {
    let mut cost = plan(size, places);
    let steps = document["steps"].as_array().expect("steps");
    let (organization, project, quotas) = (54, 206, 54);
    let mut more = vec![organization, project];
    more.extend(steps.iter().any(|step| step["action"] == "create").then_some(quotas));
    cost.requests += more.len() as u64;
    cost.parts.push(Part { chain: project, work: more.iter().sum() });
    let (mut ends, mut work) = (HashMap::new(), 0);
    let mut touched: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for step in steps {
        let step = Step::of(step);
        let begins = step.after.iter().map(|before| ends[before]).max().unwrap_or(0);
        ends.insert(step.id, begins + step.look.unwrap_or(0) + step.call);
        work += step.look.unwrap_or(0) + step.call;
        cost.requests += 1 + u64::from(step.look.is_some());
        step.read_again(touched.entry(step.address).or_default());
    }
    cost.parts.push(Part { chain: ends.into_values().max().unwrap_or(0), work });
    let again = || touched.values().flatten();
    cost.parts.push(Part { chain: again().copied().max().unwrap_or(0), work: again().sum() });
    cost.requests += again().count() as u64;
    cost
}

/// A step, and what it takes at the recorded medians, in milliseconds.
struct Step<'d> {
    id: u64,
    action: &'d str,
    address: &'d str,
    kind: &'d str,
    after: Vec<u64>,
    call: u64,
    /// The look right before, where the call overwrites.
    look: Option<u64>,
}

impl<'d> Step<'d> {
    fn of(step: &'d Value) -> Self {
        let text = |key: &str| step[key].as_str().expect("text");
        let (action, address) = (text("action"), text("address"));
        let kind = address.split(' ').next().unwrap_or_default();
        let of_kind = |application, group, policy| match kind {
            "application" => application,
            "group" => group,
            _ => policy,
        };
        let (call, look) = match action {
            "create" => (of_kind(144, 191, 157), None),
            "update" => (of_kind(61, 72, 78), step["changes"].get("principal").map(|_| 69)),
            "delete" => (of_kind(97, 82, 103), None),
            "set_rules" => (119, Some(54)),
            "set_members" => (330, Some(57)),
            "add_members" => (381, None),
            "remove_member" => (125, None),
            other => panic!("a step that nobody has timed: {other}"),
        };
        let after = step["after"].as_array().expect("a list").iter().filter_map(Value::as_u64).collect();
        Self { id: step["id"].as_u64().expect("a number"), action, address, kind, after, call, look }
    }

    /// Adds what reading the object again takes: itself, and its rules where they were written.
    fn read_again(&self, calls: &mut Vec<u64>) {
        if calls.is_empty() {
            calls.push(match self.kind {
                "application" => 54,
                "group" => 57,
                _ => 69,
            });
        }
        match (self.kind, self.action) {
            (_, "delete") => calls.truncate(1),
            ("policy", "create" | "set_rules") if calls.len() < 2 => calls.push(54),
            _ => {}
        }
    }
}
