use std::fmt;

use crate::model::{Condition, Id, PermissionSetName, ProjectName, Rule, Scope};

/// A permission set that somebody holds: on a scope, under a condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// What may be done.
    pub permission_set: PermissionSetName,
    /// Where.
    pub scope: GrantScope,
    /// When; `None` is always.
    pub condition: Option<Condition>,
}

/// Where a grant holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantScope {
    /// On the organization.
    Organization,
    /// On every project, present and future.
    AllProjects,
    /// On one project.
    Project(Id),
    /// On something that files cannot express, in words.
    Other(String),
}

impl Grant {
    /// Returns true when whoever holds `self` can do all that `other` allows.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.permission_set == other.permission_set
            && self.scope.contains(&other.scope)
            && (self.condition.is_none() || self.condition == other.condition)
    }

    /// Returns the grants with which a person administers IAM: each of them alone lets its holder give access to others.
    ///
    /// # Panics
    ///
    /// Never: the names are valid.
    #[must_use]
    pub fn administering() -> [Self; 2] {
        ["IAMManager", "OrganizationManager"].map(|set| Self {
            permission_set: set.parse().expect("a valid name"),
            scope: GrantScope::Organization,
            condition: None,
        })
    }

    /// Returns the grants of a rule: each of its sets on each of its scopes.
    pub fn of_rule(rule: &Rule) -> impl Iterator<Item = Self> + '_ {
        let scopes: Vec<GrantScope> = match &rule.scope {
            Scope::Organization => vec![GrantScope::Organization],
            Scope::AllProjects => vec![GrantScope::AllProjects],
            Scope::Projects(projects) => projects.iter().copied().map(GrantScope::Project).collect(),
            Scope::Other(words) => vec![GrantScope::Other(words.clone())],
            Scope::Gone => Vec::new(),
        };
        rule.permission_sets.iter().flat_map(move |permission_set| {
            scopes.clone().into_iter().map(move |scope| Self {
                permission_set: permission_set.clone(),
                scope,
                condition: rule.condition.clone(),
            })
        })
    }

    /// Returns the grant in words, with the name of its project where `name` knows it.
    pub fn words<'a>(&self, name: impl Fn(Id) -> Option<&'a ProjectName>) -> String {
        let mut words = format!("{} on {}", self.permission_set, self.scope.words(name));
        if let Some(condition) = &self.condition {
            words.push_str(" if ");
            words.push_str(condition.as_str());
        }
        words
    }
}

impl GrantScope {
    /// Returns true when the scope takes in all of `other`.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self == other || (matches!(self, Self::AllProjects) && matches!(other, Self::Project(_)))
    }

    /// Returns the scope in words, with the name of its project where `name` knows it.
    pub fn words<'a>(&self, name: impl Fn(Id) -> Option<&'a ProjectName>) -> String {
        match self {
            Self::Organization => "organization".to_owned(),
            Self::AllProjects => "all projects".to_owned(),
            Self::Project(id) => name(*id).map_or_else(|| id.to_string(), ToString::to_string),
            Self::Other(words) => words.clone(),
        }
    }
}

impl fmt::Display for GrantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(|_| None))
    }
}

/// Returns true for the permission sets whose holders can give themselves more.
///
/// Source: product documentation of 2026: whoever holds `IAMManager` or `OrganizationManager` can give themselves
/// anything; the other managers of IAM can through what they manage.
#[must_use]
pub fn self_escalating(set: &PermissionSetName) -> bool {
    escalating(set).is_some()
}

/// Returns the name of a permission set, if its holders can give themselves more.
pub fn escalating(set: &PermissionSetName) -> Option<&'static str> {
    const SETS: [&str; 6] = [
        "IAMManager",
        "IAMPolicyManager",
        "IAMGroupManager",
        "IAMApplicationManager",
        "IAMUserManager",
        "OrganizationManager",
    ];
    SETS.into_iter().find(|known| *known == set.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_of_iam_and_of_the_organization_can_give_themselves_more() {
        let says = |set: &str| self_escalating(&set.parse().unwrap());
        for set in ["Policy", "Group", "Application", "User", ""] {
            assert!(says(&format!("IAM{set}Manager")), "{set}");
        }
        assert!(says("OrganizationManager"));
        assert!(!says("IAMReadOnly") && !says("BillingManager") && !says("ProjectManager"));
    }
}
