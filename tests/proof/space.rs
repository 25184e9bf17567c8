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

type Rules = &'static [Grants];
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
}

/// One side of a pair. What does not exist is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) exist: [u8; 3],
    pub(crate) members: [u8; 2],
    pub(crate) to: [To; 2],
    pub(crate) rules: [usize; 2],
}

/// All pairs within a bound.
pub(crate) struct Space {
    pub(crate) name: &'static str,
    /// What a policy may grant.
    pub(crate) rules: &'static [Rules],
    /// Whether the principals are people, or applications.
    pub(crate) people: bool,
    /// Whether the second group is the built-in one of all applications.
    pub(crate) builtin: bool,
    /// The groups in which a third principal stays, as bits.
    pub(crate) stays: u8,
    pub(crate) events: Vec<Event>,
    /// Of the principals, groups and policies: whether pairs that differ only in which is which count once.
    pub(crate) swaps: [bool; 3],
}

fn events(kinds: &[usize]) -> Vec<Event> {
    let mut events = Vec::new();
    for kind in kinds {
        for of in [Event::Made, Event::Deleted, Event::Replaced, Event::Succeeded] {
            events.extend([of(*kind, 0), of(*kind, 1)]);
        }
    }
    events
}

/// All spaces; together they are the proof.
pub(crate) fn spaces() -> Vec<Space> {
    let plain = Space {
        name: "changes of members, rules and principals",
        rules: &[A, B, MIXED],
        people: true,
        builtin: false,
        stays: 0,
        events: vec![Event::Nothing],
        swaps: [true; 3],
    };
    // One after the other needs what both grant in between; a policy without rules is like one that is not there.
    let (few, fewest): (&[Rules], &[Rules]) = (&[NONE, A, MIXED], &[A, MIXED]);
    let renamed =
        |kinds: [usize; 2]| kinds.map(|kind| [Event::Renamed(kind, 0), Event::Renamed(kind, 1)]).concat();
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
            people: false,
            events: renamed([PRINCIPAL, POLICY]),
            ..plain
        },
        Space {
            name: "an event of an application",
            rules: few,
            people: false,
            events: events(&[PRINCIPAL]),
            ..plain
        },
        Space {
            name: "the group of all applications",
            rules: few,
            people: false,
            builtin: true,
            events: {
                let mut events = events(&[PRINCIPAL, POLICY]);
                events.extend([Event::Nothing, Event::BothMade(PRINCIPAL)]);
                events
            },
            swaps: [true, false, true],
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

impl Event {
    /// The objects that are there in the beginning and in the end.
    fn exist(self) -> [[u8; 3]; 2] {
        let mut exist = [[0b111, 0b11, 0b11]; 2];
        match self {
            Self::Nothing | Self::Renamed(..) => {}
            Self::Made(kind, at) => exist[0][kind] &= !(1 << at),
            Self::Deleted(kind, at) | Self::Succeeded(kind, at) => exist[1][kind] &= !(1 << at),
            Self::Replaced(kind, at) => {
                exist[0][kind] &= !(2 >> at);
                exist[1][kind] &= !(1 << at);
            }
            Self::BothMade(kind) => exist[0][kind] &= !0b11,
        }
        exist
    }

    /// The object that gets another name, by its kind and position, and the name.
    pub(crate) const fn renamed(self) -> Option<(usize, usize, u8)> {
        match self {
            Self::Renamed(kind, at) => Some((kind, at, 3)),
            Self::Succeeded(kind, at) => Some((kind, 1 - at, at as u8)),
            Self::Nothing | Self::Made(..) | Self::Deleted(..) | Self::Replaced(..) | Self::BothMade(_) => {
                None
            }
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
        }
    }

    fn number(self) -> u64 {
        let (word, kind, at) = match self {
            Self::Nothing => (0, 0, 0),
            Self::BothMade(kind) => (1, kind, 0),
            Self::Made(kind, at) => (2, kind, at),
            Self::Deleted(kind, at) => (3, kind, at),
            Self::Renamed(kind, at) => (4, kind, at),
            Self::Replaced(kind, at) => (5, kind, at),
            Self::Succeeded(kind, at) => (6, kind, at),
        };
        word * 6 + kind as u64 * 2 + at as u64
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
            self.exist[PRINCIPAL] = swap_bits(self.exist[PRINCIPAL]);
        }
        if groups {
            self.members.reverse();
            self.exist[GROUP] = swap_bits(self.exist[GROUP]);
        }
        if policies {
            self.to.reverse();
            self.rules.reverse();
            self.exist[POLICY] = swap_bits(self.exist[POLICY]);
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
            let computed = self.builtin && group == 1;
            let who = exist[PRINCIPAL] & 0b11;
            let sets = (0..4u8).filter(move |set| match (there, computed) {
                (false, _) => *set == 0,
                (true, true) => *set == who,
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
            to.into_iter().filter(good).flat_map(move |to| (0..rules).map(move |rules| (to, rules)))
        };
        let mut sides = Vec::new();
        for first in members(0) {
            for second in members(1) {
                for one in attached(0) {
                    for other in attached(1) {
                        let (to, rules) = ([one.0, other.0], [one.1, other.1]);
                        sides.push(Side { exist, members: [first, second], to, rules });
                    }
                }
            }
        }
        sides
    }

    /// Returns the live and the desired sides of an event: each with each is a pair.
    pub(crate) fn pairs(&self, event: Event) -> [Vec<Side>; 2] {
        event.exist().map(|exist| self.sides(exist))
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
        let parts = |rules: usize| self.rules[rules].iter().fold(0, |all, grants| all | grants.parts());
        Organization {
            exist: side.exist,
            members: side.members,
            to: side.to,
            grants: side.rules.map(parts),
            names,
            builtin: self.builtin,
        }
    }

    /// Whether a pair stands for all that differ from it only in which object is which. Of these any one would do for the
    /// laws; the planner breaks ties by order, so the one is chosen as if by chance.
    pub(crate) fn stands(&self, event: Event, live: &Side, desired: &Side) -> bool {
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
