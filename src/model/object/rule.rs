//! What a policy grants, and where.

use std::collections::BTreeSet;

use crate::model::{Condition, Id, PermissionSetName};

/// Where a rule grants its permission sets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The organization itself, for permission sets of the organization's scope type.
    Organization,
    /// All projects, present and future; `organization_id` on the wire, as the organization is.
    AllProjects,
    /// These projects, at least one. The default project has the organization's own id and is a project.
    Projects(BTreeSet<Id>),
    /// A scope that the API serves and files cannot express: kept as it is, in words.
    Other(String),
    /// A scope that no longer exists: the rule grants nothing, because its projects were deleted.
    Gone,
}

/// One rule of a policy: these permission sets, there, while the condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// The sets that are granted; all have the same scope type.
    pub permission_sets: BTreeSet<PermissionSetName>,
    /// Where they are granted.
    pub scope: Scope,
    /// When they are granted; `None` is always.
    pub condition: Option<Condition>,
}

impl Rule {
    /// Returns true when files can say the same, so that the rule may be written.
    #[must_use]
    pub fn expressible(&self) -> bool {
        match self.scope {
            Scope::Organization | Scope::AllProjects => !self.permission_sets.is_empty(),
            Scope::Projects(ref projects) => !self.permission_sets.is_empty() && !projects.is_empty(),
            Scope::Other(_) | Scope::Gone => false,
        }
    }
}

/// The rules of a policy, in the order they were written; equal as multisets, because the order has no meaning.
///
/// Source: IAM API v1alpha1, `PUT /rules`: the order is for display only, rules only allow.
#[derive(Debug, Clone, Default)]
pub struct Rules(pub Vec<Rule>);

impl Rules {
    /// Returns the rules in a canonical order.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Rule> {
        let mut rules: Vec<_> = self.0.iter().collect();
        rules.sort_unstable();
        rules
    }
}

impl Rules {
    /// Returns true when both grant the same by the same rules, apart from rules that grant nothing because their projects
    /// were deleted.
    #[must_use]
    pub fn same_but_for_leftovers(&self, other: &Self) -> bool {
        let rules =
            |rules: &Self| Self(rules.0.iter().filter(|rule| rule.scope != Scope::Gone).cloned().collect());
        rules(self) == rules(other)
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || (self.0.len() == other.0.len() && self.sorted() == other.sorted())
    }
}

impl Eq for Rules {}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(set: &str) -> Rule {
        let permission_sets = BTreeSet::from([set.parse().unwrap()]);
        Rule { permission_sets, scope: Scope::Organization, condition: None }
    }

    #[test]
    fn rules_are_equal_as_multisets() {
        let (a, b) = (rule("IAMReadOnly"), rule("IAMManager"));
        assert_eq!(Rules(vec![a.clone(), b.clone()]), Rules(vec![b.clone(), a.clone()]));
        assert_ne!(Rules(vec![a.clone(), a.clone(), b.clone()]), Rules(vec![a.clone(), b.clone(), b]));
        assert_ne!(Rules(vec![a.clone()]), Rules(vec![a.clone(), a]));
    }

    #[test]
    fn a_rule_whose_scope_is_gone_cannot_be_written() {
        assert!(rule("IAMReadOnly").expressible());
        assert!(!Rule { scope: Scope::Gone, ..rule("IAMReadOnly") }.expressible());
        assert!(!Rule { scope: Scope::Projects(BTreeSet::new()), ..rule("IAMReadOnly") }.expressible());
    }
}
