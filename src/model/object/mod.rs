//! The objects of an organization, with a file per kind.

mod application;
mod field;
mod group;
mod managed;
mod meta;
mod organization_settings;
mod policy;
mod rule;
mod ssh_key;
mod user;

use std::sync::Arc;

pub use self::application::Application;
pub use self::field::{Field, FieldValue, WriteCall};
pub use self::group::{Builtin, Group};
pub use self::managed::Managed;
pub use self::meta::{Flags, Meta, Owner, Unsaid};
pub use self::organization_settings::{LoginMethods, OrganizationSettings, SecuritySettings, SpanWords};
pub use self::policy::Policy;
pub use self::rule::{Rule, Rules, Scope};
pub use self::ssh_key::SshKey;
pub use self::user::{Mails, User, UserProfile, UserStatus, UserType};
use super::kind::{Kind, kinds};
use super::{Address, Id, Key, KeyForm, Principal};

/// The type of the objects of one kind.
pub trait OfKind: Clone + PartialEq + Into<Object> {
    /// The kind.
    const KIND: Kind;

    /// Returns what is in an [`Object`], where it is of this kind.
    fn of(object: &Object) -> Option<&Self>;

    /// The same, to change it.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}

macro_rules! objects {
    (($d:tt) $($(#[$doc:meta])* $kind:ident, $word:literal, $section:literal, $noun:literal, $nouns:literal;)*) => {
        impl Kind {
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

kinds!(objects, $);

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

    /// Returns the fields in which two objects of one kind differ, with both values. Fields that no answer shows are left out.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<(Field<'a>, Field<'a>)> {
        self.fields()
            .into_iter()
            .zip(other.fields())
            .filter(|(here, there)| here.value != there.value && here.writer != WriteCall::Create)
            .collect()
    }
}
