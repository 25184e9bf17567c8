//! Findings about the rules of policies.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Exam, days, ends};
use crate::access::{Grant, GrantScope, Holds, RequestFacts, ResourceFacts, Undecided, decide};
use crate::model::{Address, Attachment, Condition, FindingId, Key, Policy, day};

/// What ends within this time ends soon.
const SOON: SignedDuration = days(14);

impl Exam<'_> {
    pub(super) fn rules(&mut self) {
        let (state, now) = (self.of.state, self.of.now);
        for (key, policy) in state.policies().filter(|(_, policy)| !policy.flags.managed) {
            let subject = self.subject(&Address::policy(key.clone()));
            for (at, rule) in policy.leftovers() {
                let sets: Vec<String> = rule.permission_sets.iter().map(ToString::to_string).collect();
                let what =
                    format!("has a rule ({}) whose projects were all deleted: {}", at + 1, sets.join(", "));
                self.add(FindingId::DeadRule, subject.clone(), what, &[&sets.join(" ")]);
            }
            for (at, rule) in policy.rules.0.iter().enumerate() {
                let Some(condition) = &rule.condition else { continue };
                let (number, apart) = (at + 1, format!("{rule:?}"));
                match ends(condition) {
                    Some(end) if end <= now => {
                        let what = format!("has a rule ({number}) that ended on {}", day(end));
                        self.add(FindingId::ExpiredRule, subject.clone(), what, &[&apart]);
                    }
                    Some(end) if end.duration_since(now) <= SOON => {
                        let what = format!("has a rule ({number}) that ends on {}", day(end));
                        self.add(FindingId::EndsSoon, subject.clone(), what, &[&apart]);
                    }
                    Some(_) | None => {}
                }
                if let Some(why) = never(condition, now) {
                    let what = format!("has a rule ({number}) whose condition can never hold: {why}");
                    self.add(FindingId::NeverTrue, subject.clone(), what, &[&apart]);
                }
            }
        }
    }

    /// Policies that say the same to one principal, and rules that say nothing new.
    pub(super) fn repeated(&mut self) {
        let mut by: BTreeMap<&Attachment, Vec<(&Key, &Policy)>> = BTreeMap::new();
        for (key, policy) in self.of.state.policies().filter(|(_, policy)| !policy.flags.managed) {
            if policy.attachment != Attachment::None && !policy.rules.0.is_empty() {
                by.entry(&policy.attachment).or_default().push((key, policy));
            }
        }
        for mut policies in by.into_values() {
            policies.sort_by_key(|(key, _)| *key);
            let mut alone: Vec<(&Key, &Policy)> = Vec::new();
            let mut twins: BTreeMap<&Key, Vec<String>> = BTreeMap::new();
            for (key, policy) in policies {
                match alone.iter().find(|(_, other)| other.rules == policy.rules) {
                    Some((first, _)) => twins.entry(first).or_default().push(key.to_string()),
                    None => alone.push((key, policy)),
                }
            }
            for (first, others) in twins {
                let subject = self.subject(&Address::policy(first.clone()));
                let apart: Vec<&str> = others.iter().map(String::as_str).collect();
                let what = format!("says the same to the same principal as {}", others.join(", "));
                self.add(FindingId::DuplicatePolicy, subject, what, &apart);
            }
            self.redundant(&alone);
        }
    }

    fn redundant(&mut self, policies: &[(&Key, &Policy)]) {
        let rules: Vec<(&Key, usize, Vec<Grant>)> = policies
            .iter()
            .flat_map(|(key, policy)| {
                policy.rules.0.iter().enumerate().map(|(at, rule)| (*key, at, Grant::of_rule(rule).collect()))
            })
            .collect();
        let mut dropped = BTreeSet::new();
        for (at, (key, rule, grants)) in rules.iter().enumerate().rev() {
            let others =
                rules.iter().enumerate().filter(|(other, _)| *other != at && !dropped.contains(other));
            let others: Vec<&Grant> = others.flat_map(|(_, (_, _, grants))| grants).collect();
            let covered = |grant: &Grant| others.iter().any(|other| other.covers(grant));
            if !grants.is_empty() && grants.iter().all(covered) {
                dropped.insert(at);
                let subject = self.subject(&Address::policy((*key).clone()));
                let words: Vec<String> = grants.iter().map(|grant| self.words(grant)).collect();
                let fixed: Vec<String> = grants.iter().map(|grant| grant.words(|_| None)).collect();
                let what = format!("has a rule ({}) that grants nothing new: {}", rule + 1, words.join(", "));
                self.add(FindingId::RedundantRule, subject, what, &[&fixed.join("\n")]);
            }
        }
    }
}

/// Returns why a condition can never hold, where that is sure: it fails whatever the request is.
fn never(condition: &Condition, now: Timestamp) -> Option<String> {
    let request = RequestFacts { time: now, ip: None, user_agent: None, resource: ResourceFacts::default() };
    let grant = Grant {
        permission_set: "IAMReadOnly".parse().ok()?,
        scope: GrantScope::Organization,
        condition: Some(condition.clone()),
    };
    match decide(&grant, Some(&request)) {
        Holds::Depends(Some(why @ (Undecided::Fails(_) | Undecided::NoAnswer))) => Some(why.to_string()),
        Holds::Depends(Some(Undecided::Invalid(_) | Undecided::Unknown(_) | Undecided::TooCostly) | None)
        | Holds::Yes
        | Holds::No
        | Holds::Ended(_) => None,
    }
}
