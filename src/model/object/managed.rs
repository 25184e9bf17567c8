//! What each kind implements for its objects.

use super::field::{Field, WriteCall};
use crate::model::kind::Kind;
use crate::model::{Address, Flags, Id, Key, KeyForm, Meta, Principal, Unsaid};

/// The methods that each kind implements for its objects, so that code that is not about one kind names none.
pub trait Managed: Clone + PartialEq {
    /// What its objects go by.
    const FORM: KeyForm = KeyForm::Name;

    /// The kind of what its objects are within; `None` for what stands by itself, or is within a project.
    const PARENT: Option<Kind> = None;

    /// Whether files may refer to one that no file declares or lists as external.
    const NAMED_UNDECLARED: bool = false;

    /// Whether every plan reads it, since anybody's access depends on it. Others are read where the files have a section for
    /// them.
    const ALWAYS_READ: bool = true;

    /// Makes the principal that an object is; `None` for what cannot hold access.
    const PRINCIPAL: Option<fn(Key) -> Principal> = None;

    /// Returns description, tags and owner, or `None` for a kind without them.
    fn meta(&self) -> Option<&Meta> {
        None
    }

    /// The same, to change it.
    fn meta_mut(&mut self) -> Option<&mut Meta> {
        None
    }

    /// Returns what may be done to it.
    fn flags(&self) -> Flags {
        Flags::default()
    }

    /// Returns true for a built-in object.
    fn is_built_in(&self) -> bool {
        false
    }

    /// Returns how many API keys are deleted together with it.
    fn api_keys(&self) -> u32 {
        0
    }

    /// Returns how many keys of any sort end together with it, and the words for one and for several.
    fn keys(&self) -> (u32, [&'static str; 2]) {
        (self.api_keys(), ["API key", "API keys"])
    }

    /// Returns the project that it is in, of a kind whose objects are in one.
    fn project(&self) -> Option<Id> {
        None
    }

    /// Returns what tells it from others of its kind, where that is not the name but what it holds.
    fn likeness(&self) -> Option<String> {
        None
    }

    /// Says whether no PATCH makes the live object of the same name or id into this one: it is made beside that.
    fn replaces(&self, _: &Self) -> bool {
        false
    }

    /// Says whether it is as good as nothing, so that it is not made where it is not there.
    fn is_nothing(&self) -> bool {
        false
    }

    /// Returns what it opens to the holder of its private key, in words, with the project: no policy says who that is.
    fn opens(&self) -> Option<(&'static str, Id)> {
        None
    }

    /// Returns what it refers to: members, the attachment.
    fn refers(&self) -> Vec<Address> {
        Vec::new()
    }

    /// Gives the objects it refers to their new addresses.
    fn readdress(&mut self, _: &impl Fn(&Address) -> Option<Address>) {}

    /// Changes it as the API does when another object is deleted.
    fn forget(&mut self, _: &Address) {}

    /// Returns its second unique name, which no other object of the kind may have at the same time.
    fn second_key(&self) -> Option<Key> {
        None
    }

    /// Returns true for the owner of the organization, whom files may declare and no plan changes.
    fn is_owner(&self) -> bool {
        false
    }

    /// Says whether the change to `after` stops it from using the access that it still holds.
    fn locks_out(&self, _after: &Self) -> bool {
        false
    }

    /// Takes over from the live object the fields that files cannot declare.
    fn keep(&mut self, live: &Self);

    /// Takes over from the live object the counts that others change at any time.
    fn keep_counts(&mut self, _live: &Self) {}

    /// Takes over from the live object the fields that files can declare and leave out.
    fn keep_unsaid(&mut self, live: &Self, unsaid: &Unsaid) {
        if let (Some(meta), Some(live)) = (self.meta_mut(), live.meta()) {
            meta.keep(live, unsaid);
        }
    }

    /// Takes over everything but the tags from the live object, if something other than the files manages it.
    fn keep_all_but_tags(&mut self, _live: &Self) {}

    /// Returns the object that the create makes; further calls do the rest.
    fn created(&self) -> Self {
        self.clone()
    }

    /// Returns the calls that turn it into `after`, each with the object after that call. Calls that change nothing are left out.
    fn by_calls(&self, after: &Self) -> Vec<(WriteCall, Self)> {
        vec![(WriteCall::Patch, after.clone())]
    }

    /// Takes over the fields that a PATCH writes, as far as they differ between both.
    fn patch(&mut self, _: &Self, _: &Self) {}

    /// Returns all fields that are compared, with the API's names.
    fn fields(&self) -> Vec<Field<'_>>;
}

/// What [`Managed`] asks of a kind with `meta` and `flags`.
macro_rules! has_meta {
    () => {
        fn meta(&self) -> Option<&Meta> {
            Some(&self.meta)
        }

        fn meta_mut(&mut self) -> Option<&mut Meta> {
            Some(&mut self.meta)
        }
    };
}
pub(super) use has_meta;
