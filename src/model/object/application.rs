use super::managed::{Managed, has_meta};
use super::{Field, FieldValue, WriteCall};
use crate::model::{Flags, Key, Meta, Principal};

/// A machine's identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// Description, tags, owner.
    pub meta: Meta,
    /// What may be done to it.
    pub flags: Flags,
    /// How many API keys it has: they are deleted with it, and their holders gain the access it gains. Not part of files.
    pub api_keys: u32,
}

impl Managed for Application {
    const PRINCIPAL: Option<fn(Key) -> Principal> = Some(Principal::Application);

    has_meta!();

    fn flags(&self) -> Flags {
        self.flags
    }

    fn api_keys(&self) -> u32 {
        self.api_keys
    }

    fn keep(&mut self, live: &Self) {
        (self.flags, self.api_keys) = (live.flags, live.api_keys);
    }

    fn keep_counts(&mut self, live: &Self) {
        self.api_keys = live.api_keys;
    }

    fn patch(&mut self, before: &Self, after: &Self) {
        self.meta.patch(&before.meta, &after.meta);
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { meta, flags, api_keys } = self;
        let mut fields = Field::of_meta(meta);
        fields.push(Field::new("nb_api_keys", FieldValue::Count(*api_keys), WriteCall::Nothing));
        fields.extend(Field::of_flags(*flags));
        fields
    }
}
