use super::managed::{Managed, has_meta};
use super::rule::{Rule, Rules, Scope};
use super::{Field, FieldValue, WriteCall};
use crate::model::{Address, Attachment, Flags, Meta};

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
    has_meta!();

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
