//! Findings about policies.

use std::collections::BTreeSet;

use super::Exam;
use crate::access::{Grant, GrantScope};
use crate::model::{Address, Attachment, Builtin, FindingId, Policy, Principal, count};
use crate::review::finding::Subject;

impl Exam<'_> {
    pub(super) fn policies(&mut self) {
        let state = self.of.state;
        for (key, policy) in state.policies().filter(|(_, policy)| !policy.flags.managed) {
            let address = Address::policy(key.clone());
            let subject = self.subject(&address);
            match &policy.attachment {
                Attachment::None if self.settled(&address) => {
                    let rules = count(policy.rules.0.len(), "rule", "rules");
                    let what = format!("is attached to nobody and has {rules}");
                    self.add(FindingId::OrphanPolicy, subject.clone(), what, &[]);
                }
                Attachment::Principal(Principal::User(person)) => {
                    let what = format!("is attached to user {person}");
                    self.add(FindingId::DirectPolicy, subject.clone(), what, &[&person.to_string()]);
                }
                Attachment::Group(group) => {
                    let everybody = state.group(group).and_then(|group| group.builtin);
                    if let Some(builtin) = everybody.filter(|_| !policy.rules.0.is_empty()) {
                        let whom = match builtin {
                            Builtin::AllUsers => "everybody, now and later",
                            Builtin::AllApplications => "every application, now and later",
                        };
                        let sets = self.sets(policy);
                        let what = format!("gives {sets} to {whom}");
                        self.add(FindingId::EverybodyGrant, subject.clone(), what, &[&group.to_string()]);
                    }
                }
                Attachment::None | Attachment::Principal(Principal::Application(_)) => {}
            }
            self.all_products(&subject, policy);
        }
    }

    fn all_products(&mut self, subject: &Subject, policy: &Policy) {
        if policy.attachment == Attachment::None {
            return;
        }
        let direct = matches!(policy.attachment, Attachment::Principal(Principal::User(_)));
        let grants: BTreeSet<Grant> = policy.rules.0.iter().flat_map(Grant::of_rule).collect();
        for grant in grants.iter().filter(|grant| grant.permission_set.as_str() == "AllProductsFullAccess") {
            let wide = match &grant.scope {
                GrantScope::Organization | GrantScope::AllProjects => true,
                GrantScope::Project(_) | GrantScope::Other(_) => direct,
            };
            if wide {
                let whom = policy.attachment.address().map(|to| to.to_string()).unwrap_or_default();
                let what = format!("gives {} to {whom}", self.words(grant));
                self.add(FindingId::AllProducts, subject.clone(), what, &[&grant.words(|_| None)]);
            }
        }
    }
}
