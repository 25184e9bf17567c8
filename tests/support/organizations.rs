//! Random pairs of a live organization and what its files say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use scw_iam::model::{
    Address, Application, Attachment, Builtin, Desired, Flags, Group, Id, Identity, Ids, Key, Kind,
    Membership, Meta, Object, OfKind as _, Owner, Policy, Principal, Rule, Rules, Scope, State, User,
};
use scw_iam::plan::{Caller, Error, Facts, GuardOptions, Plan, between};

const USERS: usize = 6;
const APPLICATIONS: usize = 6;
const GROUPS: usize = 6;
const POLICIES: usize = 8;

/// Whether it is there, what it is attached to, its rules (sets, scope, condition).
type PolicyGenes = (u8, u8, Vec<(u8, u8, u8)>);

/// One side of a random organization, as plain numbers that shrink well.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    applications: u8,
    groups: Vec<(u8, u16)>,
    policies: Vec<PolicyGenes>,
}

fn side() -> impl Strategy<Value = Side> {
    let rule = (1u8..8, 0u8..5, 0u8..6);
    let policy = (0u8..8, 0u8..24, proptest::collection::vec(rule, 0..4));
    (
        any::<u8>(),
        proptest::collection::vec((0u8..8, 0u16..4096), GROUPS),
        proptest::collection::vec(policy, POLICIES),
    )
        .prop_map(|(applications, groups, policies)| Side { applications, groups, policies })
}

/// A live side, and a desired one that shares most of it.
pub(crate) fn pair() -> impl Strategy<Value = Pair> {
    (
        side(),
        side(),
        proptest::collection::vec(0u8..4, 1 + 2 * GROUPS + 3 * POLICIES),
        any::<u8>(),
        any::<u8>(),
    )
        .prop_map(|(live, fresh, keep, renames, leave)| Pair { live, fresh, keep, renames, leave })
}

#[derive(Debug, Clone)]
pub(crate) struct Pair {
    live: Side,
    fresh: Side,
    /// For each gene: the desired side has the live one (0, 1) or a fresh one (2, 3).
    keep: Vec<u8>,
    /// Which groups are renamed.
    renames: u8,
    /// Which policies no stack owns and no file declares.
    leave: u8,
}

fn email(n: usize) -> Principal {
    Principal::User(Key::Email(format!("u{n}@x.io").parse().unwrap()))
}

fn application(n: usize) -> Principal {
    Principal::Application(Key::Named(format!("a{n}").parse().unwrap()))
}

fn group_key(n: usize, renamed: bool) -> Key {
    Key::Named(format!("{}{n}", if renamed { "h" } else { "g" }).parse().unwrap())
}

fn rule((sets, scope, condition): (u8, u8, u8)) -> Rule {
    let names = ["InstancesFullAccess", "ObjectStorageReadOnly", "IAMManager"];
    let chosen =
        names.iter().enumerate().filter(|(n, _)| sets & (1 << n) != 0).map(|(_, name)| name.parse().unwrap());
    let project = |n: u8| Id::from_bits(u128::from(n));
    let scope = match scope {
        0 => Scope::Organization,
        1 => Scope::AllProjects,
        2 => Scope::Projects([project(1)].into()),
        3 => Scope::Projects([project(2)].into()),
        _ => Scope::Projects([project(1), project(2)].into()),
    };
    let condition = match condition {
        0..=3 => None,
        4 => Some("request.ip == '192.0.2.1'".parse().unwrap()),
        _ => Some("request.user_agent == 'x'".parse().unwrap()),
    };
    Rule { permission_sets: chosen.collect(), scope, condition }
}

impl Side {
    fn state(&self, renames: u8, owner: Option<&Owner>) -> State {
        let meta = || Meta { owner: owner.cloned(), ..Meta::default() };
        let mut state = State::empty(Id::from_bits(9));
        for n in 0..USERS {
            let user = User::member(format!("u{n}"));
            state.insert(Key::Email(format!("u{n}@x.io").parse().unwrap()), user);
        }
        for n in (0..APPLICATIONS).filter(|n| self.applications & (1 << n) != 0) {
            let made = Application { meta: meta(), flags: Flags::default(), api_keys: 0 };
            state.insert(Key::Named(format!("a{n}").parse().unwrap()), made);
        }
        let principals: Vec<Principal> =
            (0..USERS).map(email).chain((0..APPLICATIONS).map(application)).collect();
        let exists = |principal: &Principal, state: &State| state.has(&principal.address());
        for (n, (there, members)) in self.groups.iter().enumerate().filter(|(_, (there, _))| *there != 7) {
            let _ = there;
            let members = principals.iter().enumerate().filter(|(at, _)| members & (1 << at) != 0);
            let members: BTreeSet<_> =
                members.map(|(_, p)| p.clone()).filter(|principal| exists(principal, &state)).collect();
            let made = Group { meta: meta(), flags: Flags::default(), builtin: None, members };
            state.insert(group_key(n, renames & (1 << n) != 0), made);
        }
        for (key, builtin) in
            [("All-users", Builtin::AllUsers), ("All-applications", Builtin::AllApplications)]
        {
            let flags = Flags { editable: false, deletable: false, managed: true };
            let made =
                Group { meta: Meta::default(), flags, builtin: Some(builtin), members: BTreeSet::new() };
            state.insert(Key::Named(key.parse().unwrap()), made);
        }
        for (n, (there, to, rules)) in self.policies.iter().enumerate() {
            if *there == 7 {
                continue;
            }
            let group = |n: usize| {
                let key = group_key(n, renames & (1 << n) != 0);
                state.group(&key).is_some().then_some(Attachment::Group(key))
            };
            let attachment = match usize::from(*to) {
                0 => None,
                n @ 1..=2 => Some(Attachment::Principal(email(n))),
                n @ 3..=4 => Some(application(n))
                    .filter(|principal| exists(principal, &state))
                    .map(Attachment::Principal),
                5 => Some(Attachment::Group(Key::Named("All-applications".parse().unwrap()))),
                n => group(n % GROUPS),
            };
            let rules = Rules(rules.iter().map(|genes| rule(*genes)).collect());
            let attachment = attachment.unwrap_or(Attachment::None);
            let made = Policy { meta: meta(), flags: Flags::default(), attachment, rules };
            state.insert(Key::Named(format!("p{n}").parse().unwrap()), made);
        }
        state
    }
}

/// A live side with its ids, and the files.
pub(crate) struct Case {
    pub(crate) live: State,
    pub(crate) ids: Ids,
    pub(crate) desired: Desired,
}

impl Pair {
    /// Builds both sides.
    pub(crate) fn case(&self) -> Case {
        let stack: scw_iam::model::Stack = "stack".parse().unwrap();
        let owner = Owner::Stack(stack.clone());
        let mut live = self.live.state(0, Some(&owner));
        let mut keep = self.keep.iter().map(|gene| *gene < 2);
        let mut pick = || keep.next().unwrap_or(true);
        let mut wanted = self.live.clone();
        if !pick() {
            wanted.applications = self.fresh.applications;
        }
        for n in 0..GROUPS {
            if !pick() {
                wanted.groups[n].0 = self.fresh.groups[n].0;
            }
            if !pick() {
                wanted.groups[n].1 = self.fresh.groups[n].1;
            }
        }
        for n in 0..POLICIES {
            if !pick() {
                wanted.policies[n].0 = self.fresh.policies[n].0;
            }
            if !pick() {
                wanted.policies[n].1 = self.fresh.policies[n].1;
            }
            if !pick() {
                wanted.policies[n].2.clone_from(&self.fresh.policies[n].2);
            }
        }
        // Some policies belong to nobody, and no file declares them.
        let mut state = wanted.state(self.renames, None);
        for n in (0..POLICIES).filter(|n| self.leave & 0b1100_0000 == 0 && self.leave & (1 << n) != 0) {
            let key = Key::Named(format!("p{n}").parse().unwrap());
            if let Some(policy) = live.find_mut::<Policy>(&key) {
                policy.meta.owner = None;
                state.objects.shift_remove(&Address::policy(key.clone()));
            }
        }
        let builtin = |object: &Object| Group::of(object).is_some_and(|group| group.builtin.is_some());
        state.objects.retain(|_, object| !builtin(object));
        let mut desired = Desired::empty(live.organization);
        desired.stack = Some(stack);
        desired.sections = BTreeSet::from([Kind::Application, Kind::Group, Kind::Policy]);
        for n in 0..GROUPS {
            if self.renames & (1 << n) != 0 {
                let identity = Identity { id: None, previously: Some(group_key(n, false)) };
                desired.identities.insert(Address::group(group_key(n, true)), identity);
            }
        }
        for (n, key) in state.groups().map(|(key, _)| key).enumerate() {
            let membership = if n == 3 { Membership::AtLeast } else { Membership::Exact };
            desired.memberships.insert(Address::group(key.clone()), membership);
        }
        desired.state = state;
        let mut ids = Ids::default();
        let addresses = (live.users().map(|(key, _)| key).cloned().map(Address::user))
            .chain(live.applications().map(|(key, _)| key).cloned().map(Address::application))
            .chain(live.groups().map(|(key, _)| key).cloned().map(Address::group))
            .chain(live.policies().map(|(key, _)| key).cloned().map(Address::policy));
        for (n, address) in addresses.enumerate() {
            ids.insert(address, Id::from_bits(1000 + n as u128));
        }
        Case { live, ids, desired }
    }
}

impl Case {
    /// Plans the case.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        let facts = Facts {
            live: &self.live,
            ids: &self.ids,
            titles: &HashMap::new(),
            duplicates: &BTreeMap::new(),
            oldest_keys: &HashMap::new(),
            keys: scw_iam::plan::slot::KeyFacts::NONE,
            people: scw_iam::plan::PeopleFacts::NONE,
            guards: None,
            caller: &Caller::Unresolved("nobody asked".to_owned()),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        between(&facts, &self.desired, &GuardOptions::default())
    }
}
