use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::meta::{Flags, Meta, Owner};
use super::rule::Rules;
use crate::model::{Attachment, Principal};

/// One field of an object, to be compared and to be put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field, as the API names it.
    pub name: &'static str,
    /// What it holds.
    pub value: FieldValue<'a>,
    /// Which call writes it.
    pub writer: WriteCall,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// Free text.
    Text(&'a str),
    /// The tags, without the owner's.
    Tags(&'a BTreeSet<String>),
    /// Who the ownership tag names.
    Owner(Option<&'a Owner>),
    /// What a policy is attached to.
    Attachment(&'a Attachment),
    /// Who is in a group.
    Members(&'a BTreeSet<Principal>),
    /// What a policy grants.
    Rules(&'a Rules),
    /// How many there are of something.
    Count(u32),
    /// Whether something is so.
    Flag(bool),
    /// How long something lasts.
    Span(SignedDuration),
    /// Nothing: the API does not serve the field.
    Unsaid,
}

/// Which call writes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteCall {
    /// PATCH of the object itself.
    Patch,
    /// The calls that add, remove and set members.
    Members,
    /// PUT of the rules.
    Rules,
    /// The call that changes a username.
    Username,
    /// The call that locks somebody out.
    Lock,
    /// The create alone; no answer shows it.
    Create,
    /// None: it is read-only.
    Nothing,
}

impl<'a> Field<'a> {
    /// Returns a field that a call writes.
    #[must_use]
    pub const fn new(name: &'static str, value: FieldValue<'a>, writer: WriteCall) -> Self {
        Self { name, value, writer }
    }

    /// Returns the fields of what every declared kind has.
    #[must_use]
    pub fn of_meta(meta: &'a Meta) -> Vec<Self> {
        let mut fields =
            vec![Self::new("description", FieldValue::Text(meta.description.trim()), WriteCall::Patch)];
        fields.extend(Self::of_tags(meta));
        fields
    }

    /// Returns the fields of what a kind without a description has.
    #[must_use]
    pub fn of_tags(meta: &'a Meta) -> [Self; 2] {
        [
            Self::new("tags", FieldValue::Tags(&meta.tags), WriteCall::Patch),
            Self::new("owner", FieldValue::Owner(meta.owner.as_ref()), WriteCall::Patch),
        ]
    }

    /// Returns what may be done to an object.
    #[must_use]
    pub fn of_flags(flags: Flags) -> [Self; 3] {
        let Flags { editable, deletable, managed } = flags;
        let flag = |name, value| Self::new(name, FieldValue::Flag(value), WriteCall::Nothing);
        [flag("editable", editable), flag("deletable", deletable), flag("managed", managed)]
    }
}
