//! Findings about applications and groups.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Exam;
use crate::access::{Grant, self_escalating};
use crate::model::{Address, Attachment, FindingId, Principal, count};

impl Exam<'_> {
    pub(super) fn applications(&mut self) {
        let state = self.of.state;
        let grouped: HashSet<&Principal> = state.groups().flat_map(|(_, group)| &group.members).collect();
        let attached: HashSet<&Attachment> = state.policies().map(|(_, policy)| &policy.attachment).collect();
        for (key, application) in state.applications().filter(|(_, it)| !it.flags.managed) {
            let principal = Principal::Application(key.clone());
            let address = principal.address();
            let held = self.everything.held_by(&principal);
            let sets: BTreeSet<&Grant> = held.iter().map(|held| &held.grant).collect();
            for set in sets.into_iter().filter(|grant| self_escalating(&grant.permission_set)) {
                let (what, subject) = (format!("holds {}", self.words(set)), self.subject(&address));
                self.add(FindingId::ApplicationAdmin, subject, what, &[&set.words(|_| None)]);
            }
            let used = grouped.contains(&principal) || attached.contains(&Attachment::Principal(principal));
            if application.api_keys == 0 && !used && self.settled(&address) {
                let what = "has no API key, is in no group and has no policy".to_owned();
                let subject = self.subject(&address);
                self.add(FindingId::UnusedApplication, subject, what, &[]);
            }
        }
    }

    pub(super) fn groups(&mut self) {
        let state = self.of.state;
        let mut policies_on: HashMap<&Attachment, usize> = HashMap::new();
        for (_, policy) in state.policies() {
            *policies_on.entry(&policy.attachment).or_default() += 1;
        }
        for (key, group) in state.groups() {
            let address = Address::group(key.clone());
            let policies = policies_on.get(&Attachment::Group(key.clone())).copied().unwrap_or_default();
            let ordinary = group.builtin.is_none() && !group.flags.managed;
            if ordinary && group.members.is_empty() && policies > 0 && self.settled(&address) {
                let what = format!("has no members and {}", count(policies, "policy", "policies"));
                let subject = self.subject(&address);
                self.add(FindingId::EmptyGroup, subject, what, &[]);
            }
            let hidden: Vec<String> = group
                .members
                .iter()
                .filter(|it| !state.has(&it.address()))
                .map(ToString::to_string)
                .collect();
            if !hidden.is_empty() {
                let apart: Vec<&str> = hidden.iter().map(String::as_str).collect();
                let what = format!("has members that no list shows: {}", hidden.join(", "));
                let subject = self.subject(&address);
                self.add(FindingId::HiddenMembers, subject, what, &apart);
            }
        }
    }
}
