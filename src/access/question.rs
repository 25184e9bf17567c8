//! Questions to the access model: what somebody can, and who can something.

use super::{Grant, GrantScope, Path, Request, Undecided, World, includes};
use crate::model::{Catalogue, Id, PermissionSetName, Principal, Scope, State, UserType};

/// One grant that a principal holds by one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldGrant {
    /// Who.
    pub principal: Principal,
    /// What.
    pub grant: Grant,
    /// By which way.
    pub path: Path,
    /// Whether a product of Scaleway keeps the policy.
    pub managed: bool,
}

/// Whether a grant's condition holds for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// It has no condition, or the condition is true.
    Yes,
    /// The condition is false.
    No,
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
pub struct Everything {
    grants: Vec<HeldGrant>,
    owners: Vec<Principal>,
}

impl Everything {
    /// Reads a state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let mut world = World::default();
        let holdings = world.holdings(state);
        let mut grants = Vec::new();
        for (at, principal) in world.principals.iter().enumerate() {
            let id = u32::try_from(at).unwrap_or(u32::MAX);
            for (group, policy, _) in holdings.ways(id) {
                let Some(key) = world.policies.get_index(policy as usize) else { continue };
                let Some(policy) = state.policies.get(key) else { continue };
                let group = group.and_then(|group| world.groups.get_index(group as usize)).cloned();
                for (rule, one) in policy.rules.0.iter().enumerate() {
                    grants.extend(Grant::of_rule(one).map(|grant| HeldGrant {
                        principal: principal.clone(),
                        grant,
                        path: Path { group: group.clone(), policy: key.clone(), rule },
                        managed: policy.flags.managed,
                    }));
                }
            }
        }
        grants.sort();
        let owners = state.users.iter().filter(|(_, user)| user.kind == UserType::Owner);
        Self { grants, owners: owners.map(|(key, _)| Principal::User(key.clone())).collect() }
    }

    /// Returns every grant, by principal, permission set, scope and way.
    #[must_use]
    pub fn grants(&self) -> &[HeldGrant] {
        &self.grants
    }

    /// Returns those who hold everything without any policy.
    #[must_use]
    pub fn owners(&self) -> &[Principal] {
        &self.owners
    }

    /// Returns what a principal holds.
    pub fn held_by<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a HeldGrant> {
        let from = self.grants.partition_point(|held| held.principal < *principal);
        self.grants[from..].iter().take_while(move |held| held.principal == *principal)
    }

    /// Returns every way in which anybody but an owner can do `set` on `scope`, exact grants before wider ones.
    #[must_use]
    pub fn who_can(
        &self,
        catalogue: &Catalogue,
        set: &PermissionSetName,
        scope: &GrantScope,
        request: Option<&Request>,
    ) -> Vec<CanDo> {
        let mut found: Vec<CanDo> = Vec::new();
        for held in self.grants.iter().filter(|held| held.grant.scope.contains(scope)) {
            let through = includes(catalogue, &held.grant.permission_set, set);
            if held.grant.permission_set == *set || through {
                let holds = decide(&held.grant, request);
                found.push(CanDo { held: held.clone(), through, holds });
            }
        }
        found.sort_by(|a, b| {
            (&a.held.principal, a.through, &a.held).cmp(&(&b.held.principal, b.through, &b.held))
        });
        found
    }
}

/// Returns whether a grant holds for a request; without one, a condition is left open.
#[must_use]
pub fn decide(grant: &Grant, request: Option<&Request>) -> Holds {
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
