//! An organization in a few numbers, what calls do to it, and who holds what in it: written anew in the plainest way, so
//! that the proof asks nothing of the code it judges.
//!
//! Everything goes by its position: principals 0 to 2, groups 0 and 1, policies 0 and 1. Sets are bits.

/// What somebody may do, in the smallest parts: two permission sets, each on one project, on all others, and on the
/// organization, while the condition holds and while it does not. Who covers a grant has all of its parts.
pub(crate) type Parts = u16;

/// The kinds of objects that have names.
pub(crate) const PRINCIPAL: usize = 0;
pub(crate) const GROUP: usize = 1;
pub(crate) const POLICY: usize = 2;

/// What a policy is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum To {
    Nobody,
    Group(usize),
    Principal(usize),
}

/// An organization at one moment. What does not exist is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Organization {
    /// Which objects of each kind exist.
    pub(crate) exist: [u8; 3],
    pub(crate) members: [u8; 2],
    pub(crate) to: [To; 2],
    pub(crate) grants: [Parts; 2],
    /// The name that each object bears: its own position, or 3 for a new one.
    pub(crate) names: [[u8; 3]; 3],
    /// Whether the second group is the built-in one of all applications.
    pub(crate) builtin: bool,
    /// Which principals are people.
    pub(crate) people: u8,
    /// Which of them are locked: they hold what they hold, and cannot use it.
    pub(crate) locked: u8,
    /// Which of them were invited, and have not accepted: they do not count among those who administer.
    pub(crate) invited: u8,
    /// Which objects of each kind the stack has released.
    pub(crate) released: [u8; 3],
}

/// Both sets on the organization, without a condition.
const ADMINISTERS: Parts = 0b1000_0010_0000;

/// One call of the API, as what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Make { kind: usize, at: usize, name: u8 },
    MakePolicy { at: usize, name: u8, to: To, grants: Parts },
    Patch { kind: usize, at: usize, name: Option<u8>, to: Option<(To, To)>, releases: bool },
    Lock { at: usize },
    Join { group: usize, who: u8 },
    Leave { group: usize, who: u8 },
    SetMembers { group: usize, before: u8, after: u8 },
    SetRules { at: usize, before: Parts, after: Parts },
    Delete { kind: usize, at: usize },
}

const APPLICATIONS: u8 = 0b011;

impl Organization {
    fn is(&self, kind: usize, at: usize) -> bool {
        self.exist[kind] & 1 << at != 0
    }

    fn take(&mut self, kind: usize, at: usize, name: u8) -> Result<(), String> {
        let taken =
            (0..3).any(|other| other != at && self.is(kind, other) && self.names[kind][other] == name);
        self.names[kind][at] = name;
        if taken { Err("takes a name that is not free".to_owned()) } else { Ok(()) }
    }

    fn attach(&mut self, at: usize, to: To) -> Result<(), String> {
        let there = match to {
            To::Nobody => true,
            To::Group(group) => self.is(GROUP, group),
            To::Principal(who) => self.is(PRINCIPAL, who),
        };
        self.to[at] = to;
        if there { Ok(()) } else { Err("attaches to what is not there".to_owned()) }
    }

    /// Lets the built-in group have its members.
    fn computed(mut self) -> Self {
        if self.builtin {
            self.members[1] = self.exist[PRINCIPAL] & APPLICATIONS;
        }
        self
    }

    /// Returns the organization after a call, or why the call cannot be made, or would not find what it replaces.
    pub(crate) fn after(mut self, call: &Call) -> Result<Self, String> {
        let there = match *call {
            Call::Make { kind, at, .. } => !self.is(kind, at),
            Call::MakePolicy { at, .. } => !self.is(POLICY, at),
            Call::Patch { kind, at, .. } | Call::Delete { kind, at } => self.is(kind, at),
            Call::Lock { at } => self.is(PRINCIPAL, at),
            Call::SetRules { at, .. } => self.is(POLICY, at),
            Call::Join { group, .. } | Call::Leave { group, .. } | Call::SetMembers { group, .. } => {
                self.is(GROUP, group)
            }
        };
        if !there {
            return Err("writes what is not there, or makes what is".to_owned());
        }
        match *call {
            Call::Make { kind, at, name } => {
                self.exist[kind] |= 1 << at;
                self.take(kind, at, name)?;
                if kind == PRINCIPAL {
                    self.invited |= self.people & 1 << at;
                }
            }
            Call::MakePolicy { at, name, to, grants } => {
                self.exist[POLICY] |= 1 << at;
                self.take(POLICY, at, name)?;
                self.attach(at, to)?;
                self.grants[at] = grants;
            }
            Call::Lock { at } => self.locked |= 1 << at,
            Call::Patch { kind, at, name, to, releases } => {
                if releases {
                    self.released[kind] |= 1 << at;
                }
                if let Some(name) = name {
                    self.take(kind, at, name)?;
                }
                if let Some((before, to)) = to {
                    if self.to[at] != before {
                        return Err(format!("replaces {before:?} and finds {:?}", self.to[at]));
                    }
                    self.attach(at, to)?;
                }
            }
            Call::Join { group, who } => {
                if self.exist[PRINCIPAL] & who != who {
                    return Err("adds somebody who is not there".to_owned());
                }
                self.members[group] |= who;
            }
            Call::Leave { group, who } => self.members[group] &= !who,
            Call::SetMembers { group, before, after } => {
                if self.members[group] != before {
                    return Err(format!("replaces members {before:03b}, finds {:03b}", self.members[group]));
                }
                self.members[group] = after;
            }
            Call::SetRules { at, before, after } => {
                if self.grants[at] != before {
                    return Err(format!("replaces rules {before:b} and finds {:b}", self.grants[at]));
                }
                self.grants[at] = after;
            }
            Call::Delete { kind, at } => self.delete(kind, at),
        }
        Ok(self.computed())
    }

    fn delete(&mut self, kind: usize, at: usize) {
        self.exist[kind] &= !(1 << at);
        self.names[kind][at] = 0;
        let gone = match kind {
            PRINCIPAL => {
                self.members.iter_mut().for_each(|members| *members &= !(1 << at));
                self.locked &= !(1 << at);
                self.invited &= !(1 << at);
                To::Principal(at)
            }
            GROUP => {
                self.members[at] = 0;
                To::Group(at)
            }
            _ => {
                (self.to[at], self.grants[at]) = (To::Nobody, 0);
                return;
            }
        };
        self.to.iter_mut().filter(|to| **to == gone).for_each(|to| *to = To::Nobody);
    }

    /// Returns all that each principal may do.
    pub(crate) fn access(&self) -> [Parts; 3] {
        let mut access = [0; 3];
        for (to, grants) in self.to.iter().zip(self.grants) {
            let holders = match *to {
                To::Nobody => 0,
                To::Group(group) => self.members[group],
                To::Principal(who) => 1 << who,
            };
            for (who, held) in access.iter_mut().enumerate() {
                *held |= if holders & 1 << who != 0 { grants } else { 0 };
            }
        }
        access
    }

    /// Returns all that each principal can make use of: what it may do, unless it is locked.
    pub(crate) fn usable(&self) -> [Parts; 3] {
        let access = self.access();
        std::array::from_fn(|who| if self.locked & 1 << who != 0 { 0 } else { access[who] })
    }

    /// Returns how many people administer.
    pub(crate) fn administrators(&self) -> u32 {
        let counted = self.people & !self.locked & !self.invited;
        let administers = |(who, held): (usize, Parts)| counted & 1 << who != 0 && held & ADMINISTERS != 0;
        self.access().into_iter().enumerate().map(|one| u32::from(administers(one))).sum()
    }
}
