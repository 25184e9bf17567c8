//! The pairs of organizations within a bound.

use super::organization::{GROUP, Organization, POLICY, PRINCIPAL, Parts, To};

/// Where a rule grants a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Project,
    /// Covers the project.
    AllProjects,
    Organization,
}

/// A rule with one set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grants {
    pub(crate) set: usize,
    pub(crate) on: On,
    pub(crate) conditional: bool,
}

const fn grants(set: usize, on: On, conditional: bool) -> Grants {
    Grants { set, on, conditional }
}

impl Grants {
    /// Returns what it allows: bits 0, 1 on the project with and without the condition; 2, 3 on the others; 4, 5 on the
    /// organization.
    pub(crate) const fn parts(self) -> Parts {
        let on = match self.on {
            On::Project => 0b00_00_11,
            On::AllProjects => 0b00_11_11,
            On::Organization => 0b11_00_00,
        };
        let when = if self.conditional { 0b01_01_01 } else { 0b11_11_11 };
        (on & when) << (6 * self.set)
    }
}

pub(crate) type Rules = &'static [Grants];
const NONE: Rules = &[];
const A: Rules = &[grants(0, On::Project, false)];
const A_IF: Rules = &[grants(0, On::Project, true)];
/// Covers `A`.
const B: Rules = &[grants(0, On::AllProjects, false)];
/// Neither covers `A` or `B` nor is covered; has something in common with each, and something of its own, with which people
/// administer.
const MIXED: Rules = &[grants(0, On::AllProjects, true), grants(1, On::Organization, false)];
const MANAGER: Rules = &[grants(0, On::Organization, false)];
const OTHER_MANAGER: Rules = &[grants(1, On::Organization, false)];

/// What happens to an object beside what becomes of memberships and policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Nothing,
    /// It is there in the end only.
    Made(usize, usize),
    /// It is there in the beginning only.
    Deleted(usize, usize),
    /// It gets a new name.
    Renamed(usize, usize),
    /// It is deleted, and the other one is made.
    Replaced(usize, usize),
    /// It is deleted, and the other one gets its name.
    Succeeded(usize, usize),
    /// Both are made.
    BothMade(usize),
    /// The person is locked.
    Locked(usize),
    /// The person is invited, and locked.
    MadeLocked(usize),
    /// The person is locked in the beginning already.
    StaysLocked(usize),
    /// The stack stops managing it: all that it is stays.
    Released(usize, usize),
}

/// What happens in a pair: one thing, or two to different objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Events(pub(crate) Event, pub(crate) Event);

impl From<Event> for Events {
    fn from(one: Event) -> Self {
        Self(one, Event::Nothing)
    }
}

/// One side of a pair. What does not exist is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) exist: [u8; 3],
    pub(crate) members: [u8; 2],
    pub(crate) to: [To; 2],
    pub(crate) rules: [usize; 2],
    /// People who are locked.
    pub(crate) locked: u8,
    /// Principals who are there in the end only.
    pub(crate) born: u8,
    /// Objects that the stack has released.
    pub(crate) released: [u8; 3],
}

/// What the principals are. A third one, who only stays, is always a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Principals {
    Applications,
    /// People whom files name and do not manage.
    People,
    /// People whom files manage.
    ManagedPeople,
    /// A person whom files manage, and an application.
    Mixed,
}

/// All pairs within a bound.
pub(crate) struct Space {
    pub(crate) name: &'static str,
    /// What a policy may grant.
    pub(crate) rules: &'static [Rules],
    pub(crate) principals: Principals,
    /// What the second group is.
    pub(crate) second: Second,
    /// The groups in which a third principal stays, as bits.
    pub(crate) stays: u8,
    pub(crate) events: Vec<Events>,
    /// Whether the second group and the second policy are the same in all pairs: the first principal, who is in the group, holds
    /// the last of the rules by them.
    pub(crate) fixed: bool,
    /// Of the principals, groups and policies: whether pairs that differ only in which is which count once.
    pub(crate) swaps: [bool; 3],
}

/// What the second group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Second {
    /// Like the first.
    Own,
    /// The built-in one of all applications.
    Builtin,
    /// Another stack's, into which files put principals of theirs.
    Foreign,
}

type Of = fn(usize, usize) -> Event;

/// Events of these sorts, of all objects of these kinds.
fn each(sorts: &[Of], kinds: &[usize]) -> Vec<Event> {
    let of = |kind: usize| sorts.iter().flat_map(move |of| [of(kind, 0), of(kind, 1)]);
    kinds.iter().flat_map(|kind| of(*kind)).collect()
}

fn alone(events: impl IntoIterator<Item = Event>) -> Vec<Events> {
    events.into_iter().map(Events::from).collect()
}

/// Each of the one with each of the other.
fn beside(one: &[Event], other: &[Event]) -> Vec<Events> {
    one.iter().flat_map(|one| other.iter().map(|other| Events(*one, *other))).collect()
}

fn events(kinds: &[usize]) -> Vec<Events> {
    alone(each(&[Event::Made, Event::Deleted, Event::Replaced, Event::Succeeded], kinds))
}

const LOCKS: [Event; 6] = [
    Event::Locked(0),
    Event::Locked(1),
    Event::MadeLocked(0),
    Event::MadeLocked(1),
    Event::StaysLocked(0),
    Event::StaysLocked(1),
];

/// All spaces; together they are the proof.
pub(crate) fn spaces() -> Vec<Space> {
    let plain = Space {
        name: "changes of members, rules and principals",
        rules: &[A, B, MIXED],
        principals: Principals::People,
        second: Second::Own,
        stays: 0,
        events: alone([Event::Nothing]),
        fixed: false,
        swaps: [true; 3],
    };
    // One after the other needs what both grant in between; a policy without rules is like one that is not there.
    let (few, fewest): (&[Rules], &[Rules]) = (&[NONE, A, MIXED], &[A, MIXED]);
    let renamed = |kinds: [usize; 2]| alone(each(&[Event::Renamed], &kinds));
    vec![
        Space {
            name: "every tie between principals and groups broken in every way",
            rules: fewest,
            swaps: [false, false, true],
            ..Space { events: plain.events.clone(), ..plain }
        },
        Space {
            name: "somebody stays in both groups",
            rules: fewest,
            stays: 0b11,
            events: plain.events.clone(),
            ..plain
        },
        Space {
            name: "somebody stays in one group",
            rules: fewest,
            stays: 0b01,
            events: plain.events.clone(),
            swaps: [true, false, true],
            ..plain
        },
        Space {
            name: "who administers",
            rules: &[NONE, MANAGER, OTHER_MANAGER],
            events: plain.events.clone(),
            ..plain
        },
        Space {
            name: "an event of a group or policy",
            rules: few,
            events: events(&[GROUP, POLICY]),
            ..plain
        },
        Space {
            name: "a new name of a group or policy",
            rules: fewest,
            events: renamed([GROUP, POLICY]),
            ..plain
        },
        Space {
            name: "a new name of an application or policy",
            rules: fewest,
            principals: Principals::Applications,
            events: renamed([PRINCIPAL, POLICY]),
            ..plain
        },
        Space {
            name: "an event of an application",
            rules: few,
            principals: Principals::Applications,
            events: events(&[PRINCIPAL]),
            ..plain
        },
        Space {
            name: "the group of all applications",
            rules: few,
            principals: Principals::Applications,
            second: Second::Builtin,
            events: {
                let mut events = events(&[PRINCIPAL, POLICY]);
                events.extend(alone([Event::Nothing, Event::BothMade(PRINCIPAL)]));
                events
            },
            swaps: [true, false, true],
            ..plain
        },
        Space {
            name: "people who are invited, locked and removed",
            rules: fewest,
            principals: Principals::ManagedPeople,
            events: {
                let mut events = events(&[PRINCIPAL]);
                events.extend(alone(LOCKS));
                events.extend(alone(each(&[Event::Renamed, Event::Released], &[PRINCIPAL])));
                events
            },
            ..plain
        },
        Space {
            name: "people who are invited, locked and removed, and somebody stays",
            rules: fewest,
            principals: Principals::ManagedPeople,
            stays: 0b01,
            events: {
                let mut events = alone(each(&[Event::Made, Event::Deleted], &[PRINCIPAL]));
                events.extend(alone(LOCKS));
                events
            },
            swaps: [true, false, true],
            ..plain
        },
        Space {
            name: "a person beside an application or group",
            rules: fewest,
            principals: Principals::Mixed,
            events: {
                let mut others = vec![Event::Made(PRINCIPAL, 1), Event::Deleted(PRINCIPAL, 1)];
                others.extend(each(&[Event::Made, Event::Deleted], &[GROUP]));
                let person = [
                    Event::Made(PRINCIPAL, 0),
                    Event::Deleted(PRINCIPAL, 0),
                    Event::Locked(0),
                    Event::MadeLocked(0),
                ];
                beside(&person, &others)
            },
            swaps: [false, true, true],
            ..plain
        },
        Space {
            name: "principals in a group of another stack",
            rules: fewest,
            principals: Principals::Applications,
            second: Second::Foreign,
            stays: 0b10,
            events: {
                let mut events = events(&[PRINCIPAL]);
                events.extend(alone([Event::Nothing, Event::Made(GROUP, 0), Event::Deleted(GROUP, 0)]));
                events.extend(alone(each(&[Event::Made, Event::Deleted], &[POLICY])));
                events
            },
            swaps: [true, false, true],
            ..plain
        },
        Space {
            name: "objects that are released",
            rules: few,
            principals: Principals::Applications,
            events: alone(each(&[Event::Released], &[PRINCIPAL, GROUP, POLICY])),
            ..plain
        },
        Space {
            name: "objects that are released beside one that goes",
            rules: fewest,
            principals: Principals::Applications,
            events: {
                let all = [PRINCIPAL, GROUP, POLICY];
                let mut events = beside(&each(&[Event::Released], &all), &each(&[Event::Deleted], &all));
                events.retain(|Events(released, deleted)| released.object() != deleted.object());
                events
            },
            ..plain
        },
        Space {
            name: "changes with a policy without rules",
            rules: &[NONE, A, MIXED],
            events: plain.events.clone(),
            ..plain
        },
        Space {
            name: "changes with a rule under a condition",
            rules: &[A_IF, A, MIXED],
            events: plain.events.clone(),
            ..plain
        },
        plain,
    ]
}

/// The spaces in which somebody else writes too, while two principals, a group and a policy change beside a group and a policy
/// that stay. All pairs are there, each with each change at each moment.
pub(crate) fn writer_spaces() -> Vec<Space> {
    let plain = Space {
        name: "another writer beside changes of members, rules and principals",
        rules: &[A, MIXED],
        principals: Principals::Applications,
        second: Second::Own,
        stays: 0,
        events: alone([Event::Nothing]),
        fixed: true,
        swaps: [false; 3],
    };
    let first = |sorts: &[Of]| {
        let all = sorts.iter().flat_map(|of| [PRINCIPAL, GROUP, POLICY].map(|kind| of(kind, 0)));
        alone(all)
    };
    vec![
        Space {
            name: "another writer beside an object that is made, deleted, renamed or released",
            rules: &[A],
            events: first(&[Event::Made, Event::Deleted, Event::Renamed, Event::Released]),
            ..plain
        },
        plain,
    ]
}

impl Event {
    /// The objects that are there in the beginning and in the end.
    fn exist(self) -> [[u8; 3]; 2] {
        let mut exist = [[0b111, 0b11, 0b11]; 2];
        match self {
            Self::Nothing
            | Self::Renamed(..)
            | Self::Locked(_)
            | Self::StaysLocked(_)
            | Self::Released(..) => {}
            Self::Made(kind, at) => exist[0][kind] &= !(1 << at),
            Self::MadeLocked(at) => exist[0][PRINCIPAL] &= !(1 << at),
            Self::Deleted(kind, at) | Self::Succeeded(kind, at) => exist[1][kind] &= !(1 << at),
            Self::Replaced(kind, at) => {
                exist[0][kind] &= !(2 >> at);
                exist[1][kind] &= !(1 << at);
            }
            Self::BothMade(kind) => exist[0][kind] &= !0b11,
        }
        exist
    }

    /// The people who are locked in the beginning and in the end.
    const fn locked(self) -> [u8; 2] {
        match self {
            Self::Locked(at) | Self::MadeLocked(at) => [0, 1 << at],
            Self::StaysLocked(at) => [1 << at; 2],
            _ => [0; 2],
        }
    }

    /// The object that it happens to, by its kind and position.
    const fn object(self) -> Option<(usize, usize)> {
        match self {
            Self::Nothing | Self::BothMade(_) => None,
            Self::Made(kind, at)
            | Self::Deleted(kind, at)
            | Self::Renamed(kind, at)
            | Self::Replaced(kind, at)
            | Self::Succeeded(kind, at)
            | Self::Released(kind, at) => Some((kind, at)),
            Self::Locked(at) | Self::MadeLocked(at) | Self::StaysLocked(at) => Some((PRINCIPAL, at)),
        }
    }

    const fn renamed(self) -> Option<(usize, usize, u8)> {
        match self {
            Self::Renamed(kind, at) => Some((kind, at, 3)),
            Self::Succeeded(kind, at) => Some((kind, 1 - at, at as u8)),
            _ => None,
        }
    }

    fn swapped(self, swap: [bool; 3]) -> Self {
        let other = |kind: usize, at: usize| if swap[kind] { 1 - at } else { at };
        match self {
            Self::Nothing | Self::BothMade(_) => self,
            Self::Made(kind, at) => Self::Made(kind, other(kind, at)),
            Self::Deleted(kind, at) => Self::Deleted(kind, other(kind, at)),
            Self::Renamed(kind, at) => Self::Renamed(kind, other(kind, at)),
            Self::Replaced(kind, at) => Self::Replaced(kind, other(kind, at)),
            Self::Succeeded(kind, at) => Self::Succeeded(kind, other(kind, at)),
            Self::Released(kind, at) => Self::Released(kind, other(kind, at)),
            Self::Locked(at) => Self::Locked(other(PRINCIPAL, at)),
            Self::MadeLocked(at) => Self::MadeLocked(other(PRINCIPAL, at)),
            Self::StaysLocked(at) => Self::StaysLocked(other(PRINCIPAL, at)),
        }
    }

    fn number(self) -> u64 {
        let word = match self {
            Self::Nothing => 0,
            Self::BothMade(_) => 1,
            Self::Made(..) => 2,
            Self::Deleted(..) => 3,
            Self::Renamed(..) => 4,
            Self::Replaced(..) => 5,
            Self::Succeeded(..) => 6,
            Self::Locked(_) => 7,
            Self::MadeLocked(_) => 8,
            Self::StaysLocked(_) => 9,
            Self::Released(..) => 10,
        };
        let (kind, at) = self.object().unwrap_or_default();
        word * 6 + kind as u64 * 2 + at as u64
    }
}

impl Events {
    fn both<T>(self, of: impl Fn(Event) -> T) -> [T; 2] {
        [of(self.0), of(self.1)]
    }

    /// The objects that are there in the beginning and in the end.
    fn exist(self) -> [[u8; 3]; 2] {
        let [one, other] = self.both(Event::exist);
        std::array::from_fn(|end| std::array::from_fn(|kind| one[end][kind] & other[end][kind]))
    }

    /// The object that gets another name, by its kind and position, and the name.
    pub(crate) fn renamed(self) -> Option<(usize, usize, u8)> {
        self.0.renamed().or(self.1.renamed())
    }

    /// The objects that are released, by kind and position.
    fn released(self) -> impl Iterator<Item = (usize, usize)> {
        self.both(|event| match event {
            Event::Released(kind, at) => Some((kind, at)),
            _ => None,
        })
        .into_iter()
        .flatten()
    }

    fn swapped(self, swap: [bool; 3]) -> Self {
        Self(self.0.swapped(swap), self.1.swapped(swap))
    }

    fn number(self) -> u64 {
        self.0.number() << 8 | self.1.number()
    }
}

const fn swap_bits(bits: u8) -> u8 {
    bits & 0b100 | (bits & 1) << 1 | (bits & 2) >> 1
}

impl Side {
    fn swapped(mut self, [principals, groups, policies]: [bool; 3]) -> Self {
        let of = |to: To| match to {
            To::Nobody => To::Nobody,
            To::Group(group) => To::Group(if groups { 1 - group } else { group }),
            To::Principal(who) => To::Principal(if principals { 1 - who } else { who }),
        };
        self.to = self.to.map(of);
        if principals {
            self.members = self.members.map(swap_bits);
            self.locked = swap_bits(self.locked);
            self.born = swap_bits(self.born);
        }
        if groups {
            self.members.reverse();
        }
        if policies {
            self.to.reverse();
            self.rules.reverse();
        }
        for (kind, _) in [principals, groups, policies].into_iter().enumerate().filter(|(_, swap)| *swap) {
            self.exist[kind] = swap_bits(self.exist[kind]);
            self.released[kind] = swap_bits(self.released[kind]);
        }
        self
    }

    /// A number of its own for each side with the same objects.
    fn number(&self) -> u64 {
        let to = |to: To| match to {
            To::Nobody => 0,
            To::Group(group) => 1 + group as u64,
            To::Principal(who) => 3 + who as u64,
        };
        let policy = |at: usize| to(self.to[at]) * 8 + self.rules[at] as u64;
        (policy(0) * 64 + policy(1)) * 64 + u64::from(self.members[0]) * 8 + u64::from(self.members[1])
    }
}

/// Spreads numbers evenly (splitmix64).
pub(crate) fn spread(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

impl Space {
    /// Returns all sides on which the objects of one side of an event are there.
    fn sides(&self, exist: [u8; 3]) -> Vec<Side> {
        let stays = |group: u8| if self.stays & 1 << group != 0 { 0b100 } else { 0 };
        let members = |group: u8| {
            let there = exist[GROUP] & 1 << group != 0;
            let computed = self.second == Second::Builtin && group == 1;
            let who = exist[PRINCIPAL] & 0b11;
            let fixed = self.fixed && group == 1;
            let sets = (0..4u8).filter(move |set| match (there, computed) {
                (false, _) => *set == 0,
                (true, true) => *set == who,
                (true, false) if fixed => *set == who & 1,
                (true, false) => set & !who == 0,
            });
            sets.map(move |set| if there { set | stays(group) } else { 0 })
        };
        let attached = |policy: u8| {
            let there = exist[POLICY] & 1 << policy != 0;
            let to = [To::Nobody, To::Group(0), To::Group(1), To::Principal(0), To::Principal(1)];
            let good = move |to: &To| match *to {
                To::Nobody => true,
                To::Group(group) => there && exist[GROUP] & 1 << group != 0,
                To::Principal(who) => there && exist[PRINCIPAL] & 1 << who != 0,
            };
            let rules = if there { self.rules.len() } else { 1 };
            let fixed = self.fixed && policy == 1;
            let all =
                to.into_iter().filter(good).flat_map(move |to| (0..rules).map(move |rules| (to, rules)));
            all.filter(move |one| !fixed || *one == (To::Group(1), rules - 1))
        };
        let mut sides = Vec::new();
        for first in members(0) {
            for second in members(1) {
                for one in attached(0) {
                    for other in attached(1) {
                        let (to, rules) = ([one.0, other.0], [one.1, other.1]);
                        let members = [first, second];
                        sides.push(Side { exist, members, to, rules, locked: 0, born: 0, released: [0; 3] });
                    }
                }
            }
        }
        sides
    }

    /// Returns the live and the desired sides of an event: each with each is a pair.
    pub(crate) fn pairs(&self, events: Events) -> [Vec<Side>; 2] {
        let exist = events.exist();
        let [one, other] = events.both(Event::locked);
        let mut pairs = exist.map(|exist| self.sides(exist));
        for (end, sides) in pairs.iter_mut().enumerate() {
            for side in sides {
                side.locked = one[end] | other[end];
                if end == 1 {
                    side.born = exist[1][PRINCIPAL] & !exist[0][PRINCIPAL];
                    events.released().for_each(|(kind, at)| side.released[kind] |= 1 << at);
                }
            }
        }
        pairs
    }

    /// Whether a desired side leaves released objects as they are live, except for what the deletion of other objects does to them.
    pub(crate) fn fits(&self, events: Events, live: &Side, desired: &Side) -> bool {
        events.released().all(|(kind, at)| match kind {
            GROUP => desired.members[at] == live.members[at] & desired.exist[PRINCIPAL],
            POLICY => {
                let stays = match live.to[at] {
                    To::Nobody => true,
                    To::Group(group) => desired.exist[GROUP] & 1 << group != 0,
                    To::Principal(who) => desired.exist[PRINCIPAL] & 1 << who != 0,
                };
                let to = if stays { live.to[at] } else { To::Nobody };
                desired.to[at] == to && desired.rules[at] == live.rules[at]
            }
            _ => true,
        })
    }

    /// Whether a principal is a person.
    pub(crate) fn person(&self, at: usize) -> bool {
        match self.principals {
            Principals::Applications => at == 2,
            Principals::People | Principals::ManagedPeople => true,
            Principals::Mixed => at != 1,
        }
    }

    /// Whether files manage people.
    pub(crate) fn manages_people(&self) -> bool {
        matches!(self.principals, Principals::ManagedPeople | Principals::Mixed)
    }

    /// Who asks: no plan changes a person who asks, so where files manage people it is the one who stays.
    pub(crate) fn caller(&self) -> usize {
        if self.manages_people() { 2 } else { 0 }
    }

    /// Returns the organization that a side is, under the names before the event or after it.
    pub(crate) fn organization(&self, side: &Side, renamed: Option<(usize, usize, u8)>) -> Organization {
        let mut names = [[0, 1, 2]; 3];
        if let Some((kind, at, name)) = renamed {
            names[kind][at] = name;
        }
        for (names, exist) in names.iter_mut().zip(side.exist) {
            (0..3).filter(|at| exist & 1 << at == 0).for_each(|at| names[at] = 0);
        }
        let people = (0..3).filter(|at| self.person(*at)).fold(0, |all, at| all | 1 << at);
        let parts = |rules: usize| self.rules[rules].iter().fold(0, |all, grants| all | grants.parts());
        Organization {
            exist: side.exist,
            members: side.members,
            to: side.to,
            grants: std::array::from_fn(|at| {
                if side.exist[POLICY] & 1 << at == 0 { 0 } else { parts(side.rules[at]) }
            }),
            names,
            builtin: self.second == Second::Builtin,
            people,
            locked: side.locked,
            invited: side.born & people,
            released: side.released,
        }
    }

    /// Whether a pair stands for all that differ from it only in which object is which. Of these any one would do for the
    /// laws; the planner breaks ties by order, so the one is chosen as if by chance.
    pub(crate) fn stands(&self, event: Events, live: &Side, desired: &Side) -> bool {
        let rank = |swap: [bool; 3]| {
            let event = event.swapped(swap).number();
            spread(live.swapped(swap).number() << 40 | desired.swapped(swap).number() << 16 | event)
        };
        let own = rank([false; 3]);
        (1..8u8).all(|bits| {
            let swap = [0, 1, 2].map(|kind| bits & 1 << kind != 0);
            swap.iter().zip(self.swaps).any(|(swap, may)| *swap && !may) || own <= rank(swap)
        })
    }
}
