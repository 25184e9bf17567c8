//! Access that the files do not declare.

use std::collections::BTreeMap;

use super::traces::Suspect;
use super::{Sorting, told_apart};
use crate::access::{HeldGrant, self_escalating};
use crate::model::{Address, DriftKind, Group, Key, Kind, Object, Owner, Principal, WriteKind, WriteTrace};

/// Whether the files declare what a grant comes by.
#[derive(Debug, Clone, Copy)]
enum Trust {
    Declared,
    /// A trusted stack does.
    Trusted,
    /// Why not, in words, and what of its way gives it.
    Undeclared(&'static str, Suspect),
}

impl Sorting<'_> {
    /// Access by what the files do not declare, and keys that they do not list.
    pub(super) fn access(&mut self, keys: &BTreeMap<Address, Vec<String>>) {
        let before = self.plan.before();
        let principals: Vec<Principal> = before.objects.keys().filter_map(Address::principal).collect();
        for principal in principals {
            if self.everything.owners().contains(&principal) {
                continue;
            }
            let held = self.everything.held_by(&principal);
            let mut declared = false;
            for held in &held {
                match self.standing(held) {
                    Trust::Declared => declared = true,
                    Trust::Trusted => {
                        self.drift.trusted += usize::from(self_escalating(&held.grant.permission_set));
                    }
                    Trust::Undeclared(why, by) => {
                        if self_escalating(&held.grant.permission_set) {
                            self.escalation(&principal, held, why, by);
                        }
                        if !held.managed && self.stays(held) {
                            self.drift.undeclared.push(held.clone());
                        }
                    }
                }
            }
            if declared {
                self.locked(&principal);
            }
            self.keys(&principal, &held, keys);
        }
    }

    /// A person who is locked keeps all access but cannot use it.
    fn locked(&mut self, principal: &Principal) {
        let person = Some(principal).filter(|it| it.kind() == Kind::User);
        if person.and_then(|it| self.plan.before().user(it.key())).is_some_and(|user| user.locked) {
            let address = principal.address();
            let what = "cannot use the access that the files grant".to_owned();
            let trace = WriteTrace::Object(address.clone(), [WriteKind::Lock].into());
            self.add(DriftKind::Locked, &address, what, &[]).traces = [trace].into();
        }
    }

    fn escalation(&mut self, principal: &Principal, held: &HeldGrant, why: &str, by: Suspect) {
        let what = format!("has {}, {why}", self.grant(held));
        let told_apart = told_apart(held);
        let told_apart: Vec<&str> = told_apart.iter().map(String::as_str).collect();
        let finding = self.add(DriftKind::Escalation, &principal.address(), what, &told_apart);
        (finding.way, finding.traces) = (Some(held.path.to_string()), by.traces(&held.path));
    }

    /// Keys of a declared application that can escalate: the holder of a key can do what the application can.
    fn keys(&mut self, principal: &Principal, held: &[HeldGrant], keys: &BTreeMap<Address, Vec<String>>) {
        let address = principal.address();
        let escalates = held.iter().find(|held| self_escalating(&held.grant.permission_set));
        let number = self.plan.before().get(&address).map_or(0, Object::api_keys);
        let Some(held) = escalates.filter(|_| number > 0 && self.desired.state.has(&address)) else { return };
        let grant = self.grant(held);
        let live = self
            .plan
            .renamed_from(&address)
            .map_or_else(|| address.clone(), |key| address.sibling(key.clone()));
        let listed = keys.get(&live).cloned().unwrap_or_default();
        let names = if listed.is_empty() { String::new() } else { format!(" ({})", listed.join(", ")) };
        let keys = if number == 1 { "1 API key".to_owned() } else { format!("{number} API keys") };
        let what = format!("has {keys}{names} that no file lists, and can escalate by {grant}");
        let told_apart = format!("{number} {}", listed.join(" "));
        let way = held.path.to_string();
        let finding = self.add(DriftKind::Escalation, &address, what, &["keys", &told_apart]);
        finding.way = Some(way);
        finding.traces = listed.into_iter().map(WriteTrace::ApiKey).collect();
    }

    /// Whether the files declare all that a grant comes by.
    fn standing(&self, held: &HeldGrant) -> Trust {
        let policy = Address::policy(held.path.policy.clone());
        let of_policy = self.of(&policy, "by a policy that no file declares", Suspect::Policy);
        let Some(group) = &held.path.group else { return of_policy };
        let of_group = self.of_group(group, &held.principal);
        match (of_policy, of_group) {
            (undeclared @ Trust::Undeclared(..), _) | (_, undeclared @ Trust::Undeclared(..)) => undeclared,
            (Trust::Trusted, _) | (_, Trust::Trusted) => Trust::Trusted,
            (Trust::Declared, Trust::Declared) => Trust::Declared,
        }
    }

    fn of(&self, address: &Address, why: &'static str, suspect: Suspect) -> Trust {
        if self.desired.state.has(address) {
            return Trust::Declared;
        }
        let owner =
            self.plan.before().get(address).and_then(Object::meta).and_then(|meta| meta.owner.as_ref());
        match owner {
            Some(Owner::Stack(stack)) if self.desired.settings.drift.stacks.contains(stack) => Trust::Trusted,
            Some(Owner::Stack(_) | Owner::Unclear(_)) | None => Trust::Undeclared(why, suspect),
        }
    }

    fn of_group(&self, key: &Key, member: &Principal) -> Trust {
        let address = Address::group(key.clone());
        let live = self.plan.before().group(key);
        // Who is in a computed group follows from what they are.
        if live.is_some_and(|group| group.builtin.is_some()) {
            return Trust::Declared;
        }
        match self.of(&address, "by a group that no file declares", Suspect::Group) {
            Trust::Declared => {}
            other @ (Trust::Trusted | Trust::Undeclared(..)) => return other,
        }
        let listed = |group: &Group| group.members.contains(member);
        let manages = self.desired.memberships.contains_key(&address);
        if manages && self.desired.state.group(key).is_some_and(listed) {
            Trust::Declared
        } else {
            Trust::Undeclared("as a member of a group that no file lists", Suspect::Membership)
        }
    }

    /// Whether an apply leaves the grant where it is.
    fn stays(&self, held: &HeldGrant) -> bool {
        let outcome = self.plan.outcome();
        let member = |key: &Key| outcome.group(key).is_some_and(|group| group.has(outcome, &held.principal));
        outcome.policy(&held.path.policy).is_some() && held.path.group.as_ref().is_none_or(member)
    }
}
