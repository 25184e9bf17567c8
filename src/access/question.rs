//! Questions to the access model: what somebody can, and who can something.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

use super::{
    Grant, GrantScope, GroupId, Holdings, Path, PolicyId, PrincipalId, RequestFacts, Undecided, World,
    includes,
};
use crate::model::{
    Address, Attachment, Catalogue, Expiry, Id, Key, Kind, PermissionSetName, Policy, Principal, Rule, Scope,
    State, UserType,
};

/// One grant that a principal holds by one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldGrant {
    /// Who.
    pub principal: Principal,
    /// What.
    pub grant: Grant,
    /// By which way.
    pub path: Path,
    /// Whether a Scaleway product manages the policy.
    pub managed: bool,
}

/// Whether a grant's condition holds for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// It has no condition, or the condition is true.
    Yes,
    /// The condition is false.
    No,
    /// The membership that gives it ends before that, at this time.
    Ended(Timestamp),
    /// Nothing was said of the request, or not enough.
    Depends(Option<Undecided>),
}

/// A way in which somebody can do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanDo {
    /// The grant and its way.
    pub held: HeldGrant,
    /// The wider permission set that takes in the one that was asked for.
    pub through: bool,
    /// Whether it holds now.
    pub holds: Holds,
}

/// Everything that is held in a state, by whom and by which way; owners hold more than this: everything.
#[derive(Debug)]
pub struct Everything<'s> {
    pub(super) state: &'s State,
    pub(super) world: Cow<'s, World>,
    pub(super) holdings: Cow<'s, Holdings>,
    owners: Vec<Principal>,
}

impl<'s> Everything<'s> {
    /// Reads a state.
    #[must_use]
    pub fn of(state: &'s State) -> Self {
        let mut world = World::default();
        let holdings = world.holdings(state);
        Self::new(state, Cow::Owned(world), Cow::Owned(holdings))
    }

    /// Takes what was read of a state already.
    #[must_use]
    pub fn known(state: &'s State, world: &'s World, holdings: &'s Holdings) -> Self {
        Self::new(state, Cow::Borrowed(world), Cow::Borrowed(holdings))
    }

    fn new(state: &'s State, world: Cow<'s, World>, holdings: Cow<'s, Holdings>) -> Self {
        let owners = state.users().filter(|(_, user)| user.kind == UserType::Owner);
        let owners = owners.map(|(key, _)| Principal::User(key.clone())).collect();
        Self { state, world, holdings, owners }
    }

    /// Returns every grant, by principal, permission set, scope and way.
    ///
    /// One principal's are in memory at a time: there may be millions.
    pub fn grants(&self) -> impl Iterator<Item = HeldGrant> {
        let mut principals: Vec<&Principal> =
            self.world.all::<PrincipalId>().map(|(_, principal)| principal).collect();
        principals.sort_unstable();
        principals.into_iter().flat_map(|principal| self.held_by(principal))
    }

    /// Returns those who hold everything without any policy.
    #[must_use]
    pub fn owners(&self) -> &[Principal] {
        &self.owners
    }

    /// Returns what a principal holds, by permission set, scope and way.
    #[must_use]
    pub fn held_by(&self, principal: &Principal) -> Vec<HeldGrant> {
        let id = self.world.find::<PrincipalId>(principal);
        let ways = id.into_iter().flat_map(|id| self.holdings.ways(id));
        let mut held: Vec<_> = ways
            .flat_map(|(group, policy, _)| {
                let rules = self.rules(policy).iter().enumerate();
                rules.flat_map(move |(rule, one)| {
                    Grant::of_rule(one)
                        .filter_map(move |grant| self.held(principal, grant, group, (policy, rule)))
                })
            })
            .collect();
        held.sort();
        held
    }

    /// Returns the grants of one holder that another does not cover.
    #[must_use]
    pub fn beyond(&self, of: &Address, other: &Principal) -> Vec<Grant> {
        let grants = |principal: &Principal| {
            let id = self.world.find::<PrincipalId>(principal);
            id.map(|id| self.holdings.grants_of(id)).unwrap_or_default()
        };
        let held = of.principal().map(|of| grants(&of)).unwrap_or_default();
        let covered = grants(other);
        let more = held.iter().filter(|grant| !covered.cover(*grant));
        let mut more: Vec<_> = more.map(|grant| self.world.symbols.unpack(grant)).collect();
        more.sort();
        more
    }

    /// Returns the rules of a policy.
    pub(super) fn rules(&self, policy: PolicyId) -> &[Rule] {
        let key = self.world.name(policy);
        key.and_then(|key| self.state.policy(key)).map_or(&[], |policy| &policy.rules.0)
    }

    /// Returns a grant with the way to it: the group, the policy, and the position of the rule.
    pub(super) fn held(
        &self,
        principal: &Principal,
        grant: Grant,
        group: Option<GroupId>,
        (policy, rule): (PolicyId, usize),
    ) -> Option<HeldGrant> {
        let policy = self.world.name(policy)?.clone();
        let managed = self.state.policy(&policy)?.flags.managed;
        let group = group.and_then(|group| self.world.name(group)).cloned();
        Some(HeldGrant { principal: principal.clone(), grant, path: Path { group, policy, rule }, managed })
    }

    /// Returns every way in which anybody but an owner can do `set` on `scope`, exact grants before wider ones.
    #[must_use]
    pub fn who_can(
        &self,
        catalogue: &Catalogue,
        set: &PermissionSetName,
        scope: &GrantScope,
        request: Option<&RequestFacts>,
    ) -> Vec<CanDo> {
        let mut found: Vec<CanDo> = Vec::new();
        for held in self.grants().filter(|held| held.grant.scope.contains(scope)) {
            let through = includes(catalogue, &held.grant.permission_set, set);
            if held.grant.permission_set == *set || through {
                let holds = decide(&held.grant, request);
                found.push(CanDo { held, through, holds });
            }
        }
        found.sort_by(|a, b| {
            (&a.held.principal, a.through, &a.held).cmp(&(&b.held.principal, b.through, &b.held))
        });
        found
    }
}

/// A grant to a group whose members a state does not hold: another stack's, or one of the organization's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnseenGrant {
    /// The group.
    pub group: Key,
    /// What its members hold.
    pub grant: Grant,
    /// By which way.
    pub path: Path,
}

impl Everything<'_> {
    /// Returns what is granted to groups that the state refers to and does not hold.
    pub fn unseen(&self) -> impl Iterator<Item = UnseenGrant> {
        let to_group = |(key, policy): (&Key, &Policy)| match &policy.attachment {
            Attachment::Group(group) if self.state.group(group).is_none() => {
                Some((key.clone(), group.clone()))
            }
            Attachment::Group(_) | Attachment::Principal(_) | Attachment::None => None,
        };
        self.state
            .policies()
            .filter_map(move |(key, policy)| Some((to_group((key, policy))?, policy)))
            .flat_map(|((policy, group), of)| {
                of.rules.0.iter().enumerate().flat_map(move |(rule, one)| {
                    let path = Path { group: Some(group.clone()), policy: policy.clone(), rule };
                    let group = group.clone();
                    Grant::of_rule(one).map(move |grant| UnseenGrant {
                        group: group.clone(),
                        grant,
                        path: path.clone(),
                    })
                })
            })
    }
}

impl Everything<'_> {
    /// Returns the groups that would give a principal exactly this without a condition, each with the first such way.
    #[must_use]
    pub fn groups_that_grant(&self, catalogue: &Catalogue, wanted: &Grant, to: &Principal) -> Vec<Path> {
        let mut found: Vec<Path> = Vec::new();
        for (policy, of) in self.state.policies() {
            let Attachment::Group(group) = &of.attachment else { continue };
            let joins =
                self.state.group(group).is_some_and(|it| it.builtin.is_none() && !it.members.contains(to));
            if !joins || found.iter().any(|path| path.group.as_ref() == Some(group)) {
                continue;
            }
            let grants =
                |rule: &Rule| Grant::of_rule(rule).any(|grant| lacks(catalogue, &grant, wanted) == Ok(None));
            if let Some(rule) = of.rules.0.iter().position(grants) {
                found.push(Path { group: Some(group.clone()), policy: policy.clone(), rule });
            }
        }
        found.sort();
        found
    }
}

/// What a grant lacks to allow what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// It holds under a condition only.
    Condition,
    /// It is on another scope.
    Scope,
    /// Its permission set allows less.
    Set,
}

impl Lack {
    /// Returns the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Scope => "scope",
            Self::Set => "permission set",
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "but only under a condition",
            Self::Scope => "which is another scope",
            Self::Set => "which allows less",
        })
    }
}

/// Returns what a grant lacks to allow `wanted`: nothing, one thing, or, as an error, so much that they have nothing to
/// do with each other.
pub(super) fn lacks(catalogue: &Catalogue, grant: &Grant, wanted: &Grant) -> Result<Option<Lack>, ()> {
    let (set, asked) = (&grant.permission_set, &wanted.permission_set);
    let scope = grant.scope.contains(&wanted.scope);
    if set == asked || includes(catalogue, set, asked) {
        return Ok(match (scope, &grant.condition) {
            (false, _) => Some(Lack::Scope),
            (true, Some(_)) => Some(Lack::Condition),
            (true, None) => None,
        });
    }
    if scope && includes(catalogue, asked, set) { Ok(Some(Lack::Set)) } else { Err(()) }
}

/// Returns the grant that comes nearest to allowing `wanted`, and what it lacks.
#[must_use]
pub fn nearest(
    held: impl IntoIterator<Item = HeldGrant>,
    catalogue: &Catalogue,
    wanted: &Grant,
) -> Option<(HeldGrant, Lack)> {
    let near = held.into_iter().filter_map(|held| {
        let lack = lacks(catalogue, &held.grant, wanted).ok()??;
        Some((held, lack))
    });
    near.min_by_key(|(_, lack)| *lack)
}

/// Returns whether a grant holds for a request; without one, a condition is left open.
#[must_use]
pub fn decide(grant: &Grant, request: Option<&RequestFacts>) -> Holds {
    match (&grant.condition, request) {
        (None, _) => Holds::Yes,
        (Some(_), None) => Holds::Depends(None),
        (Some(condition), Some(request)) => match super::holds(condition, request) {
            Ok(true) => Holds::Yes,
            Ok(false) => Holds::No,
            Err(why) => Holds::Depends(Some(why)),
        },
    }
}

/// Returns whether a grant holds for a request, the ends of memberships considered. A member whose end has come, and who is
/// still there, holds the grant until an apply takes them out.
#[must_use]
pub fn decide_held(held: &HeldGrant, expiries: &[Expiry], request: &RequestFacts) -> Holds {
    let ends = membership_end(expiries, held).filter(|end| !end.expired && end.until <= request.time);
    ends.map_or_else(|| decide(&held.grant, Some(request)), |end| Holds::Ended(end.until))
}

/// Returns the end of the membership that a grant comes by, where the files set one.
#[must_use]
pub fn membership_end<'e>(expiries: &'e [Expiry], held: &HeldGrant) -> Option<&'e Expiry> {
    let group = held.path.group.as_ref()?;
    expiries.iter().find(|expiry| {
        expiry.address.kind() == Kind::Group
            && expiry.address.key() == group
            && expiry.member.as_ref() == Some(&held.principal)
    })
}

/// Returns the single scope that a question or an assertion is about, or `None` for a list of several projects.
#[must_use]
pub fn single_scope(scope: &Scope) -> Option<GrantScope> {
    match scope {
        Scope::Organization => Some(GrantScope::Organization),
        Scope::AllProjects => Some(GrantScope::AllProjects),
        Scope::Projects(projects) if projects.len() == 1 => {
            projects.first().copied().map(GrantScope::Project)
        }
        Scope::Projects(_) | Scope::Gone => None,
        Scope::Other(words) => Some(GrantScope::Other(words.clone())),
    }
}

/// Returns the project of a name, or the ids of all that bear it.
///
/// # Errors
/// The ids, when it is not exactly one.
pub fn project(state: &State, name: &str) -> Result<Id, Vec<Id>> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let found: Vec<Id> =
        state.projects.iter().filter(|(_, known)| known.as_str() == name).map(|(id, _)| *id).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        _ => Err(found),
    }
}
