//! Both sides of a pair as the library takes them, and its plans in the words of the proof: the one file here that knows
//! the library's types.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scw_iam::access::{Grant, GrantScope};
use scw_iam::model::{
    Address, Application, Attachment, Builtin, Desired, Flags, Group, Id, Identity, Ids, Key, Kind,
    Membership, Meta, Name, Object, Owner, Policy, Principal, Rule, Rules, Scope, State, User, UserStatus,
    UserType,
};
use scw_iam::plan::{Action, Caller, Facts, GuardName, GuardOptions, Plan, Reason, Step, between};

use super::organization::{Call, GROUP, Organization, POLICY, PRINCIPAL, Parts, To};
use super::space::{Grants, On, Side, Space};
use super::walk::{Interruption, Schedule};

const SETS: [&str; 2] = ["IAMManager", "OrganizationManager"];
const CONDITION: &str = "request.ip == '192.0.2.1'";
const WORDS: [&str; 3] = ["a", "g", "p"];
const STACK: &str = "stack";

fn name(kind: usize, name: u8) -> Name {
    format!("{}{name}", WORDS[kind]).parse().unwrap()
}

fn key(kind: usize, of: u8) -> Key {
    Key::Named(name(kind, of))
}

fn id(kind: usize, at: usize) -> Id {
    Id::from_bits(1000 + 10 * kind as u128 + at as u128)
}

const PROJECT: Id = Id::from_bits(1);

fn meta() -> Meta {
    Meta { owner: Some(Owner::Stack(STACK.parse().unwrap())), ..Meta::default() }
}

fn rule(grants: &Grants) -> Rule {
    Rule {
        permission_sets: [SETS[grants.set].parse().unwrap()].into(),
        scope: match grants.on {
            On::Project => Scope::Projects([PROJECT].into()),
            On::AllProjects => Scope::AllProjects,
            On::Organization => Scope::Organization,
        },
        condition: grants.conditional.then(|| CONDITION.parse().unwrap()),
    }
}

fn user_key(at: usize) -> Key {
    Key::Email(format!("u{at}@x.io").parse().unwrap())
}

/// A principal under a name; the third one, who only stays, is always a person.
fn principal(space: &Space, at: usize, names: &[[u8; 3]; 3]) -> Principal {
    if space.people || at == 2 {
        Principal::User(user_key(at))
    } else {
        Principal::Application(key(PRINCIPAL, names[PRINCIPAL][at]))
    }
}

fn members(space: &Space, members: u8, names: &[[u8; 3]; 3]) -> BTreeSet<Principal> {
    (0..3).filter(|at| members & 1 << at != 0).map(|at| principal(space, at, names)).collect()
}

/// One side; its objects bear the names of an organization.
fn state(space: &Space, side: &Side, names: &[[u8; 3]; 3]) -> State {
    let mut state = State::empty(Id::from_bits(9));
    for (at, own) in names[PRINCIPAL].into_iter().enumerate() {
        if at == 2 || space.people {
            let user = User {
                username: format!("u{at}"),
                kind: UserType::Member,
                locked: false,
                status: UserStatus::Activated,
            };
            state.insert(user_key(at), user);
        } else if side.exist[PRINCIPAL] & 1 << at != 0 {
            let made = Application { meta: meta(), flags: Flags::default(), api_keys: 0 };
            state.insert(key(PRINCIPAL, own), made);
        }
    }
    for at in (0..2).filter(|at| side.exist[GROUP] & 1 << at != 0) {
        let builtin = (space.builtin && at == 1).then_some(Builtin::AllApplications);
        let mut made = Group { meta: meta(), flags: Flags::default(), builtin, members: BTreeSet::new() };
        match builtin {
            Some(_) => {
                made.meta = Meta::default();
                made.flags = Flags { editable: false, deletable: false, managed: true };
            }
            None => made.members = members(space, side.members[at], names),
        }
        state.insert(key(GROUP, names[GROUP][at]), made);
    }
    for at in (0..2).filter(|at| side.exist[POLICY] & 1 << at != 0) {
        let attachment = match side.to[at] {
            To::Nobody => Attachment::None,
            To::Group(group) => Attachment::Group(key(GROUP, names[GROUP][group])),
            To::Principal(who) => Attachment::Principal(principal(space, who, names)),
        };
        let rules = Rules(space.rules[side.rules[at]].iter().map(rule).collect());
        let made = Policy { meta: meta(), flags: Flags::default(), attachment, rules };
        state.insert(key(POLICY, names[POLICY][at]), made);
    }
    state
}

/// The live side with its ids.
pub(crate) struct Live {
    state: State,
    ids: Ids,
}

pub(crate) fn live(space: &Space, side: &Side, organization: &Organization) -> Live {
    let names = &organization.names;
    let mut ids = Ids::default();
    let there = |kind: usize| (0..3).filter(move |at| side.exist[kind] & 1 << at != 0);
    for at in there(PRINCIPAL) {
        ids.insert(principal(space, at, names).address(), id(PRINCIPAL, at));
    }
    for at in there(GROUP) {
        ids.insert(Address::group(key(GROUP, names[GROUP][at])), id(GROUP, at));
    }
    for at in there(POLICY) {
        ids.insert(Address::policy(key(POLICY, names[POLICY][at])), id(POLICY, at));
    }
    let state = state(space, side, names);
    Live { state, ids }
}

/// What the files say, with how they find an object that is renamed.
pub(crate) fn desired(
    space: &Space,
    side: &Side,
    organization: &Organization,
    renamed: Option<(usize, usize)>,
) -> Desired {
    let mut desired = Desired::empty(Id::from_bits(9));
    desired.stack = Some(STACK.parse().unwrap());
    desired.sections = BTreeSet::from([Kind::Application, Kind::Group, Kind::Policy]);
    desired.state = state(space, side, &organization.names);
    desired
        .state
        .objects
        .retain(|_, object| !matches!(object, Object::Group(group) if group.builtin.is_some()));
    let groups = desired.state.addresses(Kind::Group);
    desired.memberships = groups.map(|address| (address.clone(), Membership::Exact)).collect();
    if let Some((kind, at)) = renamed {
        let key = key(kind, organization.names[kind][at]);
        let address = match kind {
            PRINCIPAL => Address::application(key),
            GROUP => Address::group(key),
            _ => Address::policy(key),
        };
        desired.identities.insert(address, Identity { id: Some(id(kind, at)), previously: None });
    }
    desired
}

/// Plans a pair. The first principal is who asks.
pub(crate) fn plan(
    space: &Space,
    live: &Live,
    names: &[[u8; 3]; 3],
    desired: &Desired,
) -> Result<Plan, String> {
    let facts = Facts {
        live: &live.state,
        ids: &live.ids,
        titles: &HashMap::new(),
        duplicates: &BTreeMap::new(),
        oldest_keys: &HashMap::new(),
        keys: scw_iam::plan::slot::KeyFacts::NONE,
        guards: None,
        caller: &Caller::Known(principal(space, 0, names)),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let plan = between(&facts, desired, &GuardOptions::default()).map_err(|error| error.to_string())?;
    if plan.conflicts().is_empty() { Ok(plan) } else { Err(format!("conflicts: {:?}", plan.conflicts())) }
}

/// Whether a guard found something.
pub(crate) fn found(plan: &Plan, guard: GuardName) -> bool {
    plan.findings().iter().any(|finding| finding.guard == guard)
}

/// A plan, read by somebody who knows by which names objects go in it.
struct Reader<'p> {
    plan: &'p Plan,
    wanted: &'p Organization,
}

/// Says a plan in the words of the proof, with the edges of some reasons.
pub(crate) fn schedule(plan: &Plan, wanted: &Organization, keeps: impl Fn(Reason) -> bool) -> Schedule {
    let reader = Reader { plan, wanted };
    let step = |id: u32| id as usize - 1;
    let after = |one: &Step| {
        let edges = one.after.iter().filter(|edge| keeps(edge.reason));
        edges.fold(0, |all, edge| all | 1 << step(edge.step))
    };
    Schedule {
        calls: plan.steps().iter().map(|one| reader.call(&one.action)).collect(),
        after: plan.steps().iter().map(after).collect(),
        interruptions: plan
            .interruptions()
            .iter()
            .map(|one| Interruption {
                who: reader.who(&one.principal),
                what: parts_of(&one.grant),
                from: step(one.from_step),
                to: step(one.to_step),
            })
            .collect(),
    }
}

fn parts_of(grant: &Grant) -> Parts {
    Grants {
        set: SETS.iter().position(|set| *set == grant.permission_set.as_str()).unwrap(),
        on: match &grant.scope {
            GrantScope::Project(id) if *id == PROJECT => On::Project,
            GrantScope::AllProjects => On::AllProjects,
            GrantScope::Organization => On::Organization,
            other => panic!("{other:?}"),
        },
        conditional: grant.condition.is_some(),
    }
    .parts()
}

impl Reader<'_> {
    /// Who is live is known by its id; who is made has its name alone, which is its position's.
    fn at(&self, kind: usize, address: &Address) -> usize {
        match self.plan.ids().get(address) {
            Some(found) => (0..3).find(|at| id(kind, *at) == found).unwrap(),
            None => {
                let text = address.key_text();
                (0..3)
                    .find(|at| {
                        self.wanted.exist[kind] & 1 << at != 0
                            && name(kind, self.wanted.names[kind][*at]).as_str() == text
                    })
                    .unwrap()
            }
        }
    }

    fn who(&self, principal: &Principal) -> usize {
        self.at(PRINCIPAL, &principal.address())
    }

    fn members(&self, members: &BTreeSet<Principal>) -> u8 {
        members.iter().fold(0, |all, one| all | 1 << self.who(one))
    }

    fn group(&self, key: &Key) -> usize {
        self.at(GROUP, &Address::group(key.clone()))
    }

    fn policy(&self, key: &Key) -> usize {
        self.at(POLICY, &Address::policy(key.clone()))
    }

    fn to(&self, attachment: &Attachment) -> To {
        match attachment {
            Attachment::None => To::Nobody,
            Attachment::Principal(who) => To::Principal(self.who(who)),
            Attachment::Group(key) => To::Group(self.group(key)),
        }
    }

    fn object(&self, address: &Address) -> (usize, usize) {
        let kind = match address.kind() {
            Kind::User | Kind::Application => PRINCIPAL,
            Kind::Group => GROUP,
            Kind::Policy => POLICY,
            Kind::SshKey | Kind::OrganizationSettings => unreachable!("the spaces have none"),
        };
        (kind, self.at(kind, address))
    }

    fn call(&self, action: &Action) -> Call {
        let address = action.address();
        let (kind, at) = self.object(&address);
        match action {
            Action::Create { address, object: Object::Policy(policy) } => Call::MakePolicy {
                at,
                name: number(address.key()),
                to: self.to(&policy.attachment),
                grants: parts(&policy.rules),
            },
            Action::Create { address, .. } => Call::Make { kind, at, name: number(address.key()) },
            Action::Update { address, from, before, after } => {
                assert_eq!(before.meta(), after.meta(), "{action:?}");
                Call::Patch {
                    kind,
                    at,
                    name: from.as_ref().map(|_| number(address.key())),
                    to: match (before, after) {
                        (Object::Policy(before), Object::Policy(after))
                            if before.attachment != after.attachment =>
                        {
                            Some((self.to(&before.attachment), self.to(&after.attachment)))
                        }
                        _ => None,
                    },
                }
            }
            Action::AddMembers { group, members } => {
                Call::Join { group: self.group(group), who: self.members(members) }
            }
            Action::RemoveMember { group, member } => {
                Call::Leave { group: self.group(group), who: 1 << self.who(member) }
            }
            Action::SetMembers { group, before, after } => Call::SetMembers {
                group: self.group(group),
                before: self.members(before),
                after: self.members(after),
            },
            Action::SetRules { policy, before, after } => {
                Call::SetRules { at: self.policy(policy), before: parts(before), after: parts(after) }
            }
            Action::Delete { .. } => Call::Delete { kind, at },
        }
    }
}

fn number(key: &Key) -> u8 {
    key.name().unwrap().as_str()[1..].parse().unwrap()
}

fn parts(rules: &Rules) -> Parts {
    rules.0.iter().flat_map(Grant::of_rule).fold(0, |all, grant| all | parts_of(&grant))
}
