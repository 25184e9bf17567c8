use std::collections::BTreeSet;

use super::{Field, FieldValue, Managed, WriteCall};
use crate::model::{Address, Attachment, Condition, Flags, Id, Meta, PermissionSetName};

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

/// A policy: what it grants, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Description, tags, owner.
    pub meta: Meta,
    /// What may be done to it.
    pub flags: Flags,
    /// Who holds its grants.
    pub attachment: Attachment,
    /// What it grants.
    pub rules: Rules,
}

impl Policy {
    /// Returns true when it holds a rule that files cannot express and that grants something, so that its rules must
    /// never be written.
    #[must_use]
    pub fn untouchable(&self) -> bool {
        self.inexpressible().next().is_some()
    }

    /// Returns these rules, by position from 0.
    pub fn inexpressible(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.rules.0.iter().enumerate().filter(|(_, rule)| !rule.expressible() && rule.scope != Scope::Gone)
    }

    /// Returns the rules that grant nothing because their projects were deleted, by position from 0.
    pub fn leftovers(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.rules.0.iter().enumerate().filter(|(_, rule)| rule.scope == Scope::Gone)
    }
}

impl Managed for Policy {
    super::has_meta!();

    fn flags(&self) -> Flags {
        self.flags
    }

    fn refers(&self) -> Vec<Address> {
        self.attachment.address().into_iter().collect()
    }

    fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        match &mut self.attachment {
            Attachment::None => {}
            Attachment::Principal(principal) => principal.readdress(to),
            Attachment::Group(key) => {
                if let Some(moved) = to(&Address::group(key.clone())) {
                    *key = moved.key().clone();
                }
            }
        }
    }

    fn forget(&mut self, gone: &Address) {
        if self.attachment.address().as_ref() == Some(gone) {
            self.attachment = Attachment::None;
        }
    }

    fn keep(&mut self, live: &Self) {
        self.flags = live.flags;
    }

    fn patch(&mut self, before: &Self, after: &Self) {
        self.meta.patch(&before.meta, &after.meta);
        if before.attachment != after.attachment {
            self.attachment.clone_from(&after.attachment);
        }
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { meta, flags, attachment, rules } = self;
        let mut fields = Field::of_meta(meta);
        fields.push(Field::new("principal", FieldValue::Attachment(attachment), WriteCall::Patch));
        fields.push(Field::new("rules", FieldValue::Rules(rules), WriteCall::Rules));
        fields.extend(Field::of_flags(*flags));
        fields
    }
}

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
