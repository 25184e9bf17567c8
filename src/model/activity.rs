use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::Timestamp;

use super::Principal;

/// Whose recorded activity is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityScope {
    /// People and applications.
    Everybody,
    /// Applications alone.
    Applications,
}

/// What Audit Trail recorded about people and applications.
#[derive(Debug, Clone)]
pub struct Activity {
    /// The start of the period.
    pub since: Timestamp,
    /// Whose activity was looked up.
    pub scope: ActivityScope,
    /// The regions that were read.
    pub regions: Vec<String>,
    /// The regions that could not be read in full, each with the reason.
    pub unread: BTreeMap<String, String>,
    /// The products that are recorded, in any of the regions.
    pub products: Vec<AuditedProduct>,
    /// What each principal did.
    pub of: HashMap<Principal, PrincipalActivity>,
    /// How many principals were not looked up, because there are too many.
    pub left_out: usize,
}

impl Activity {
    /// How many principals are looked up: each costs a request or more in each region.
    pub const MOST_PRINCIPALS: usize = 1000;
}

/// A product of which Audit Trail records something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditedProduct {
    /// The name in events.
    pub name: String,
    /// The name for people.
    pub title: String,
    /// Whether calls that only read are recorded too.
    pub reads: bool,
}

/// What is recorded about one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrincipalActivity {
    /// How many calls were recorded.
    pub calls: RecordedCount,
    /// How many of these were denied.
    pub denied: RecordedCount,
    /// The last call that succeeded, by product.
    pub last: BTreeMap<String, LastCall>,
}

impl PrincipalActivity {
    /// Adds what another region recorded.
    pub fn add(&mut self, other: Self) {
        let Self { calls, denied, last } = other;
        self.calls.add(calls);
        self.denied.add(denied);
        for (product, call) in last {
            let mine = self.last.entry(product).or_insert_with(|| call.clone());
            if mine.at < call.at {
                *mine = call;
            }
        }
    }

    /// Returns the last call that succeeded, with its product.
    #[must_use]
    pub fn newest(&self) -> Option<(&str, &LastCall)> {
        let last = self.last.iter().max_by_key(|(_, call)| call.at);
        last.map(|(product, call)| (product.as_str(), call))
    }
}

/// A number of calls; counting stops at some point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordedCount {
    /// How many were counted.
    pub number: usize,
    /// Whether there may be more.
    pub more: bool,
}

impl RecordedCount {
    const fn add(&mut self, other: Self) {
        self.number += other.number;
        self.more |= other.more;
    }
}

impl fmt::Display for RecordedCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, more } = self;
        write!(f, "{}{number}", if *more { "at least " } else { "" })
    }
}

/// A recorded call that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCall {
    /// When.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The region whose Audit Trail recorded it.
    pub region: String,
}
