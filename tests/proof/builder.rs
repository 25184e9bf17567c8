//! Both sides of a pair as the library takes them, and its plans in the words of the proof: the one file here that knows
//! the library's types.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scw_iam::access::{Grant, GrantScope};
use scw_iam::model::{
    Address, Application, ApplicationKeys, Attachment, Builtin, Delivery, Desired, Flags, Group, Id,
    Identity, Ids, Key, KeySlot, Kind, LiveKey, LiveKeys, Marking, Membership, Meta, Name, Object, Owner,
    Place, Policy, Principal, Rule, Rules, Scope, State, User,
};
use scw_iam::plan::slot::{Hands, KeyFacts, Occasion};
use scw_iam::plan::{
    Action, Caller, Facts, GuardName, GuardOptions, PeopleFacts, Plan, Reason, Step, between,
};

use super::organization::{Call, GROUP, Organization, POLICY, PRINCIPAL, Parts, To};
use super::space::{Grants, On, Second, Side, Space};
use super::walk::{Interruption, Schedule};

const SETS: [&str; 2] = ["IAMManager", "OrganizationManager"];
pub(crate) const CONDITION: &str = "request.ip == '192.0.2.1'";
const WORDS: [&str; 3] = ["a", "g", "p"];
const STACK: &str = "stack";
const OTHER_STACK: &str = "other";

fn name(kind: usize, name: u8) -> Name {
    format!("{}{name}", WORDS[kind]).parse().unwrap()
}

fn key(kind: usize, of: u8) -> Key {
    Key::Named(name(kind, of))
}

pub(crate) fn id(kind: usize, at: usize) -> Id {
    Id::from_bits(1000 + 10 * kind as u128 + at as u128)
}

pub(crate) const PROJECT: Id = Id::from_bits(1);

fn meta_of(stack: &str) -> Meta {
    Meta { owner: Some(Owner::Stack(stack.parse().unwrap())), ..Meta::default() }
}

fn meta() -> Meta {
    meta_of(STACK)
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

fn user_key(name: u8) -> Key {
    Key::Email(format!("u{name}@x.io").parse().unwrap())
}

/// A principal under a name; the third one, who only stays, is always a person.
fn principal(space: &Space, at: usize, names: &[[u8; 3]; 3]) -> Principal {
    let name = names[PRINCIPAL][at];
    if space.person(at) {
        Principal::User(user_key(name))
    } else {
        Principal::Application(key(PRINCIPAL, name))
    }
}

/// How many API keys a principal has.
const fn keys_of(at: usize) -> usize {
    at + 1
}

fn members(space: &Space, members: u8, names: &[[u8; 3]; 3]) -> BTreeSet<Principal> {
    (0..3).filter(|at| members & 1 << at != 0).map(|at| principal(space, at, names)).collect()
}

/// One side; its objects bear the names of an organization.
fn state(space: &Space, side: &Side, names: &[[u8; 3]; 3]) -> State {
    let mut state = State::empty(Id::from_bits(9));
    for (at, own) in names[PRINCIPAL].into_iter().enumerate() {
        if side.exist[PRINCIPAL] & 1 << at == 0 {
            continue;
        }
        if space.person(at) {
            let meta = if space.manages_people() { meta() } else { Meta::default() };
            let locked = side.locked & 1 << at != 0;
            state.insert(user_key(own), User { meta, locked, ..User::member(format!("u{at}")) });
        } else {
            let api_keys = u32::try_from(keys_of(at)).unwrap();
            state
                .insert(key(PRINCIPAL, own), Application { meta: meta(), flags: Flags::default(), api_keys });
        }
    }
    for at in (0..2).filter(|at| side.exist[GROUP] & 1 << at != 0) {
        let members = members(space, side.members[at], names);
        let mut made = Group { meta: meta(), flags: Flags::default(), builtin: None, members };
        match space.second {
            Second::Builtin if at == 1 => {
                (made.builtin, made.meta) = (Some(Builtin::AllApplications), Meta::default());
                made.flags = Flags { editable: false, deletable: false, managed: true };
                made.members.clear();
            }
            Second::Foreign if at == 1 => made.meta = meta_of(OTHER_STACK),
            Second::Own | Second::Builtin | Second::Foreign => {}
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

/// The live side with its ids, and what is known of keys.
pub(crate) struct Live {
    pub(crate) state: State,
    pub(crate) ids: Ids,
    keys: LiveKeys,
    people_keys: HashMap<Address, u32>,
}

pub(crate) fn live(space: &Space, side: &Side, organization: &Organization) -> Live {
    let names = &organization.names;
    let (mut ids, mut keys, mut people_keys) = (Ids::default(), LiveKeys::default(), HashMap::new());
    let there = |kind: usize| (0..3).filter(move |at| side.exist[kind] & 1 << at != 0);
    for at in there(PRINCIPAL) {
        let address = principal(space, at, names).address();
        ids.insert(address.clone(), id(PRINCIPAL, at));
        if space.person(at) {
            people_keys.insert(address, u32::try_from(keys_of(at)).unwrap());
        } else {
            let key = |number: usize| LiveKey {
                access_key: format!("SCWK{at:08}{number:08}").parse().unwrap(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                expires_at: None,
                marking: Marking::None,
                ordinary: true,
            };
            keys.applications.insert(id(PRINCIPAL, at), (0..keys_of(at)).map(key).collect());
        }
    }
    for at in there(GROUP) {
        ids.insert(Address::group(key(GROUP, names[GROUP][at])), id(GROUP, at));
    }
    for at in there(POLICY) {
        ids.insert(Address::policy(key(POLICY, names[POLICY][at])), id(POLICY, at));
    }
    let state = state(space, side, names);
    Live { state, ids, keys, people_keys }
}

/// What the files say, with how they find an object that is renamed.
pub(crate) fn desired(
    space: &Space,
    side: &Side,
    organization: &Organization,
    renamed: Option<(usize, usize)>,
) -> Desired {
    let names = &organization.names;
    let address = |kind: usize, at: usize| match kind {
        PRINCIPAL => principal(space, at, names).address(),
        GROUP => Address::group(key(kind, names[kind][at])),
        _ => Address::policy(key(kind, names[kind][at])),
    };
    let mut desired = Desired::empty(Id::from_bits(9));
    desired.stack = Some(STACK.parse().unwrap());
    desired.sections = BTreeSet::from([Kind::Application, Kind::Group, Kind::Policy]);
    if space.manages_people() {
        desired.sections.insert(Kind::User);
    }
    desired.state = state(space, side, names);
    match space.second {
        Second::Own => {}
        Second::Builtin => _ = desired.state.objects.shift_remove(&address(GROUP, 1)),
        Second::Foreign => {
            desired.state.objects.shift_remove(&address(GROUP, 1));
            desired.external.insert(address(GROUP, 1));
            desired.guests.insert(address(GROUP, 1), members(space, side.members[1] & 0b11, names));
        }
    }
    for kind in [PRINCIPAL, GROUP, POLICY] {
        desired
            .released
            .extend((0..2).filter(|at| side.released[kind] & 1 << at != 0).map(|at| address(kind, at)));
    }
    for released in &desired.released {
        desired.state.objects.shift_remove(released);
    }
    let groups = desired.state.addresses(Kind::Group);
    desired.memberships = groups.map(|address| (address.clone(), Membership::Exact)).collect();
    if let Some((kind, at)) = renamed {
        desired.identities.insert(address(kind, at), Identity { id: Some(id(kind, at)), previously: None });
    }
    let managed = side.exist[PRINCIPAL] & !side.released[PRINCIPAL];
    for at in (0..2).filter(|at| !space.person(*at) && managed & 1 << at != 0) {
        desired.api_keys.insert(address(PRINCIPAL, at), slots(at));
    }
    desired
}

/// A slot, which the live keys are not of. The first application's keys are declared as a whole.
fn slots(at: usize) -> ApplicationKeys {
    let hours = jiff::SignedDuration::from_hours;
    let slot = KeySlot {
        default_project: None,
        expires_after: hours(300),
        rotate_before: hours(200),
        overlap: hours(100),
        made_after: None,
        adopt: None,
        previously: None,
        deliver: vec![Delivery::File("key".into())],
        at: Place { file: std::path::Path::new("iam.yaml").into(), line: 1, column: 1 },
    };
    let membership = if at == 0 { Membership::Exact } else { Membership::AtLeast };
    ApplicationKeys { slots: BTreeMap::from([("main".parse().unwrap(), slot)]), membership }
}

/// Plans a pair.
pub(crate) fn plan(
    space: &Space,
    live: &Live,
    names: &[[u8; 3]; 3],
    desired: &Desired,
) -> Result<Plan, String> {
    let keys =
        KeyFacts { live: Some(&live.keys), own: None, hands: &Hands::Unasked, occasion: Occasion::Files };
    let facts = Facts {
        live: &live.state,
        ids: &live.ids,
        titles: &HashMap::new(),
        duplicates: &BTreeMap::new(),
        oldest_keys: &HashMap::new(),
        keys,
        people: PeopleFacts { keys: Some(&live.people_keys), ..PeopleFacts::NONE },
        guards: None,
        caller: &Caller::Known(principal(space, space.caller(), names)),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let plan = between(&facts, desired, &GuardOptions::default()).map_err(|error| error.to_string())?;
    if plan.conflicts().is_empty() { Ok(plan) } else { Err(format!("conflicts: {:?}", plan.conflicts())) }
}

/// Judges what a plan says of keys: each application that the files declare gets its first key and no other one does, and
/// the guard `keys` counts those that end with their holder, and those of the first application that no slot declares.
pub(crate) fn judge_keys(
    space: &Space,
    before: &Organization,
    wanted: &Organization,
    plan: &Plan,
) -> Result<(), String> {
    let first: BTreeSet<_> = plan.keys().first_keys().map(|slot| slot.application.clone()).collect();
    let declared = |at: &usize| {
        !space.person(*at)
            && wanted.exist[PRINCIPAL] & 1 << at != 0
            && wanted.released[PRINCIPAL] & 1 << at == 0
    };
    let applications = (0..2).filter(declared).map(|at| principal(space, at, &wanted.names).address());
    if first != applications.collect::<BTreeSet<_>>() {
        return Err(format!("first keys of {first:?}"));
    }
    let gone = before.exist[PRINCIPAL] & !wanted.exist[PRINCIPAL];
    let deleted = (0..2).filter(|at| gone & 1 << at != 0).map(keys_of);
    let pruned =
        Some(0usize).filter(|at| declared(at) && before.exist[PRINCIPAL] & 1 << at != 0).map(keys_of);
    let most: usize = deleted.chain(pruned).sum();
    let counted = found_number(plan, GuardName::Keys);
    if counted == most {
        Ok(())
    } else {
        Err(format!("the guard keys counts {counted}, of {most}: {:?}", plan.keys().pruned))
    }
}

/// Returns the number that a guard found, 0 where it found nothing.
pub(crate) fn found_number(plan: &Plan, guard: GuardName) -> usize {
    let finding = plan.findings().iter().find(|finding| finding.guard == guard);
    finding.map_or(0, |finding| finding.found as usize)
}

/// Whether a guard found something.
pub(crate) fn found(plan: &Plan, guard: GuardName) -> bool {
    plan.findings().iter().any(|finding| finding.guard == guard)
}

/// A plan, read by somebody who knows by which names objects go in it.
struct Reader<'p> {
    space: &'p Space,
    plan: &'p Plan,
    wanted: &'p Organization,
}

/// Says a plan in the words of the proof, with the edges of some reasons.
pub(crate) fn schedule(
    space: &Space,
    plan: &Plan,
    wanted: &Organization,
    keeps: impl Fn(Reason) -> bool,
) -> Schedule {
    let reader = Reader { space, plan, wanted };
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
                let names = &self.wanted.names;
                let named = |at: usize| match kind {
                    PRINCIPAL => principal(self.space, at, names).address() == *address,
                    _ => name(kind, names[kind][at]).as_str() == text,
                };
                (0..3).find(|at| self.wanted.exist[kind] & 1 << at != 0 && named(*at)).unwrap()
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
            Action::Update { before, after, .. } if before.locks_out(after) => {
                assert!(action.changes().len() == 1, "{action:?}");
                Call::Lock { at }
            }
            Action::Update { address, from, before, after } => {
                let owner = |object: &Object| object.meta().and_then(|meta| meta.owner.clone());
                let releases = owner(before).is_some() && owner(after).is_none();
                assert!(releases || owner(before) == owner(after), "{action:?}");
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
                    releases,
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
    key.to_string().trim_end_matches("@x.io")[1..].parse().unwrap()
}

fn parts(rules: &Rules) -> Parts {
    rules.0.iter().flat_map(Grant::of_rule).fold(0, |all, grant| all | parts_of(&grant))
}
