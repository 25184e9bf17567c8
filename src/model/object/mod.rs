//! The objects of an organization, with a file per kind.

mod application;
mod field;
mod group;
mod organization_settings;
mod policy;
mod ssh_key;
mod user;

use std::fmt;
use std::sync::Arc;

pub use self::application::Application;
pub use self::field::{Field, FieldValue, WriteCall};
pub use self::group::{Builtin, Group};
pub use self::organization_settings::{LoginMethods, OrganizationSettings, SecuritySettings, SpanWords};
pub use self::policy::{Policy, Rule, Rules, Scope};
pub use self::ssh_key::SshKey;
pub use self::user::{Mails, User, UserProfile, UserStatus, UserType};
use super::{Address, Flags, Id, Key, KeyForm, Meta, Principal, Unsaid};

/// The type of the objects of one kind.
pub trait OfKind: Clone + PartialEq + Into<Object> {
    /// The kind.
    const KIND: Kind;

    /// Returns what is in an [`Object`], where it is of this kind.
    fn of(object: &Object) -> Option<&Self>;

    /// The same, to change it.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}

/// The methods that each kind implements for its objects, so that code that is not about one kind names none.
pub trait Managed: OfKind {
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
use has_meta;

macro_rules! kinds {
    (($d:tt) $($(#[$doc:meta])* $kind:ident, $word:literal, $section:literal, $noun:literal, $nouns:literal;)*) => {
        /// A kind of object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All kinds, in the order of the files' sections.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Returns the word for one, as in an address.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }

            /// Returns the word for many, as in the files' sections.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self {
                    $(Self::$kind => $section,)*
                }
            }

            /// Returns the word for one in a sentence.
            #[must_use]
            pub const fn noun(self) -> &'static str {
                match self {
                    $(Self::$kind => $noun,)*
                }
            }

            /// Returns the word for many in a sentence.
            #[must_use]
            pub const fn nouns(self) -> &'static str {
                match self {
                    $(Self::$kind => $nouns,)*
                }
            }

            /// Returns what its objects go by.
            #[must_use]
            pub const fn form(self) -> KeyForm {
                match self {
                    $(Self::$kind => $kind::FORM,)*
                }
            }

            /// Returns the kind of what its objects are within.
            #[must_use]
            pub const fn parent(self) -> Option<Self> {
                match self {
                    $(Self::$kind => $kind::PARENT,)*
                }
            }

            /// Returns true for a kind whose objects the files can name without declaring them.
            #[must_use]
            pub const fn named_undeclared(self) -> bool {
                match self {
                    $(Self::$kind => $kind::NAMED_UNDECLARED,)*
                }
            }

            /// Returns true for a kind that every plan reads.
            #[must_use]
            pub const fn always_read(self) -> bool {
                match self {
                    $(Self::$kind => $kind::ALWAYS_READ,)*
                }
            }

            /// Returns what makes the principal that an object is, of a kind that can hold access.
            pub(super) const fn principal(self) -> Option<fn(Key) -> Principal> {
                match self {
                    $(Self::$kind => $kind::PRINCIPAL,)*
                }
            }
        }

        /// An object of any kind, without its address.
        ///
        /// Both sides of a plan and its steps share what they do not change, so that a clone costs next to nothing.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Object {
            $($(#[$doc])* $kind(Arc<$kind>),)*
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Arc::new(object))
            }
        })*

        $(impl OfKind for $kind {
            const KIND: Kind = Kind::$kind;

            fn of(object: &Object) -> Option<&Self> {
                if let Object::$kind(it) = object { Some(it) } else { None }
            }

            fn of_mut(object: &mut Object) -> Option<&mut Self> {
                if let Object::$kind(it) = object { Some(Arc::make_mut(it)) } else { None }
            }
        })*

        /// Asks the object itself.
        macro_rules! ask {
            ($d object:expr, $d it:ident => $d answer:expr) => {
                match $d object {
                    $(Object::$kind($d it) => $d answer,)*
                }
            };
        }

        /// Changes the object itself, which nobody shares then.
        macro_rules! tell {
            ($d object:expr, $d it:ident => $d answer:expr) => {
                match $d object {
                    $(Object::$kind($d it) => {
                        let $d it = Arc::make_mut($d it);
                        $d answer
                    })*
                }
            };
        }

        impl Object {
            /// Returns the kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Says whether no PATCH makes the live object into this one.
            #[must_use]
            pub fn replaces(&self, live: &Self) -> bool {
                match self {
                    $(Self::$kind(it) => $kind::of(live).is_some_and(|live| it.replaces(live)),)*
                }
            }

            /// Says whether the change to `after` stops it from using the access that it still holds.
            #[must_use]
            pub fn locks_out(&self, after: &Self) -> bool {
                match self {
                    $(Self::$kind(it) => $kind::of(after).is_some_and(|after| it.locks_out(after)),)*
                }
            }

            /// Returns the object that the create makes; further calls do the rest.
            #[must_use]
            pub fn created(&self) -> Self {
                match self {
                    $(Self::$kind(it) => it.created().into(),)*
                }
            }

            /// Returns the calls that turn it into `after`, each with the object after that call.
            #[must_use]
            pub fn by_calls(&self, after: &Self) -> Vec<(WriteCall, Self)> {
                match self {
                    $(Self::$kind(it) => {
                        let calls = $kind::of(after).map(|after| it.by_calls(after)).unwrap_or_default();
                        calls.into_iter().map(|(call, it)| (call, it.into())).collect()
                    })*
                }
            }

            /// Takes over from the live object the fields that files can declare and leave out.
            pub fn keep_unsaid(&mut self, live: &Self, unsaid: &Unsaid) {
                match self {
                    $(Self::$kind(it) => _ = $kind::of(live).map(|live| Arc::make_mut(it).keep_unsaid(live, unsaid)),)*
                }
            }

            /// Takes over from the live object everything but the tags.
            pub fn keep_all_but_tags(&mut self, live: &Self) {
                match self {
                    $(Self::$kind(it) => _ = $kind::of(live).map(|live| Arc::make_mut(it).keep_all_but_tags(live)),)*
                }
            }

            /// Takes over from the live object the fields that files cannot declare.
            pub fn keep(&mut self, live: &Self) {
                match self {
                    $(Self::$kind(it) => _ = $kind::of(live).map(|live| Arc::make_mut(it).keep(live)),)*
                }
            }

            /// Takes over from the live object the counts that others change at any time.
            pub fn keep_counts(&mut self, live: &Self) {
                match self {
                    $(Self::$kind(it) => _ = $kind::of(live).map(|live| Arc::make_mut(it).keep_counts(live)),)*
                }
            }

            /// Takes over the fields that a PATCH writes, as far as they differ between both.
            pub fn patch(&mut self, before: &Self, after: &Self) {
                match self {
                    $(Self::$kind(it) => {
                        if let (Some(before), Some(after)) = ($kind::of(before), $kind::of(after)) {
                            Arc::make_mut(it).patch(before, after);
                        }
                    })*
                }
            }
        }
    };
}

kinds! { ($)
    /// People.
    User, "user", "users", "user", "users";
    /// Machines.
    Application, "application", "applications", "application", "applications";
    /// Sets of people and machines.
    Group, "group", "groups", "group", "groups";
    /// What a principal may do.
    Policy, "policy", "policies", "policy", "policies";
    /// What opens the machines of a project.
    SshKey, "ssh_key", "ssh_keys", "SSH key", "SSH keys";
    /// How people log in, and what the organization asks of passwords, sessions and API keys.
    OrganizationSettings, "organization_settings", "organization_settings", "organization settings", "organization settings";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.noun())
    }
}

impl Object {
    /// Returns description, tags and owner, or `None` for a kind without them.
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        ask!(self, it => it.meta())
    }

    /// The same, to change it.
    pub fn meta_mut(&mut self) -> Option<&mut Meta> {
        tell!(self, it => it.meta_mut())
    }

    /// Returns what may be done to it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        ask!(self, it => it.flags())
    }

    /// Returns true for a built-in object.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        ask!(self, it => it.is_built_in())
    }

    /// Returns its second unique name, which no other object of the kind may have at the same time.
    #[must_use]
    pub fn second_key(&self) -> Option<Key> {
        ask!(self, it => it.second_key())
    }

    /// Returns true for the owner of the organization, whom no plan changes.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        ask!(self, it => it.is_owner())
    }

    /// Returns how many API keys are deleted together with it.
    #[must_use]
    pub fn api_keys(&self) -> u32 {
        ask!(self, it => it.api_keys())
    }

    /// Returns how many keys of any sort end together with it, and the words for one and for several.
    #[must_use]
    pub fn keys(&self) -> (u32, [&'static str; 2]) {
        ask!(self, it => it.keys())
    }

    /// Returns the project that it is in, of a kind whose objects are in one.
    #[must_use]
    pub fn project(&self) -> Option<Id> {
        ask!(self, it => it.project())
    }

    /// Returns what tells it from others of its kind, where that is not the name but what it holds.
    #[must_use]
    pub fn likeness(&self) -> Option<String> {
        ask!(self, it => it.likeness())
    }

    /// Says whether it is as good as nothing, so that it is not made where it is not there.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        ask!(self, it => it.is_nothing())
    }

    /// Returns what it opens to the holder of its private key, in words, with the project.
    #[must_use]
    pub fn opens(&self) -> Option<(&'static str, Id)> {
        ask!(self, it => it.opens())
    }

    /// Returns what it refers to: members, the attachment.
    #[must_use]
    pub fn refers(&self) -> Vec<Address> {
        ask!(self, it => it.refers())
    }

    /// Gives the objects it refers to their new addresses.
    pub fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        if self.refers().iter().any(|address| to(address).is_some()) {
            tell!(self, it => it.readdress(to));
        }
    }

    /// Changes it as the API does when another object is deleted.
    pub fn forget(&mut self, gone: &Address) {
        tell!(self, it => it.forget(gone));
    }

    /// Returns all fields that are compared, with the API's names.
    #[must_use]
    pub fn fields(&self) -> Vec<Field<'_>> {
        ask!(self, it => it.fields())
    }
}
