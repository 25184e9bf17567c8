//! What an organization holds, a file per kind: [`Object`] is one of them, and answers for itself.

mod application;
mod field;
mod group;
mod policy;
mod user;

use std::fmt;

pub use self::application::Application;
pub use self::field::{Field, FieldValue, WriteCall};
pub use self::group::{Builtin, Group};
pub use self::policy::{Policy, Rule, Rules, Scope};
pub use self::user::{User, UserStatus, UserType};
use super::{Address, Flags, Meta};

/// The type of the objects of one kind.
pub trait OfKind: Clone + PartialEq + Into<Object> {
    /// The kind.
    const KIND: Kind;

    /// Returns what is in an [`Object`], where it is of this kind.
    fn of(object: &Object) -> Option<&Self>;

    /// The same, to change it.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}

/// What each kind answers for its objects, so that code that is not about one kind names none.
pub trait Managed: OfKind {
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

    /// Returns true for what an organization has of itself.
    fn is_built_in(&self) -> bool {
        false
    }

    /// Returns how many API keys end together with it.
    fn api_keys(&self) -> u32 {
        0
    }

    /// Returns what it refers to: members, the attachment.
    fn refers(&self) -> Vec<Address> {
        Vec::new()
    }

    /// Gives what it refers to other addresses, where they move.
    fn readdress(&mut self, _: &impl Fn(&Address) -> Option<Address>) {}

    /// Does what the API does to it when something else is deleted.
    fn forget(&mut self, _: &Address) {}

    /// Takes over from the live object what files cannot say.
    fn keep(&mut self, live: &Self);

    /// Takes over the fields that a PATCH writes, as far as they differ between both.
    fn patch(&mut self, _: &Self, _: &Self) {}

    /// Returns all that is compared, field by field, as the API names them.
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
    (($d:tt) $($(#[$doc:meta])* $kind:ident, $word:literal, $section:literal;)*) => {
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
        }

        /// An object of any kind, without its address.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Object {
            $($(#[$doc])* $kind($kind),)*
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(object)
            }
        })*

        $(impl OfKind for $kind {
            const KIND: Kind = Kind::$kind;

            fn of(object: &Object) -> Option<&Self> {
                if let Object::$kind(it) = object { Some(it) } else { None }
            }

            fn of_mut(object: &mut Object) -> Option<&mut Self> {
                if let Object::$kind(it) = object { Some(it) } else { None }
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

        impl Object {
            /// Says whether the service computes what it holds, and every organization has it.
    #[must_use]
    pub const fn computed(&self) -> bool {
        matches!(self, Self::Group(group) if group.builtin.is_some())
    }

    /// Returns the kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Takes over from the live object what files cannot say.
            pub fn keep(&mut self, live: &Self) {
                match self {
                    $(Self::$kind(it) => _ = $kind::of(live).map(|live| it.keep(live)),)*
                }
            }

            /// Takes over the fields that a PATCH writes, as far as they differ between both.
            pub fn patch(&mut self, before: &Self, after: &Self) {
                match self {
                    $(Self::$kind(it) => {
                        if let (Some(before), Some(after)) = ($kind::of(before), $kind::of(after)) {
                            it.patch(before, after);
                        }
                    })*
                }
            }
        }
    };
}

kinds! { ($)
    /// People.
    User, "user", "users";
    /// Machines.
    Application, "application", "applications";
    /// Sets of people and machines.
    Group, "group", "groups";
    /// What a principal may do.
    Policy, "policy", "policies";
}

impl Kind {
    /// Returns true for a kind that files can declare.
    #[must_use]
    pub const fn declarable(self) -> bool {
        match self {
            Self::User => false,
            Self::Application | Self::Group | Self::Policy => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
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
        ask!(self, it => it.meta_mut())
    }

    /// Returns what may be done to it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        ask!(self, it => it.flags())
    }

    /// Returns true for what an organization has of itself.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        ask!(self, it => it.is_built_in())
    }

    /// Returns how many API keys end together with it.
    #[must_use]
    pub fn api_keys(&self) -> u32 {
        ask!(self, it => it.api_keys())
    }

    /// Returns what it refers to: members, the attachment.
    #[must_use]
    pub fn refers(&self) -> Vec<Address> {
        ask!(self, it => it.refers())
    }

    /// Gives what it refers to other addresses, where they move.
    pub fn readdress(&mut self, to: &impl Fn(&Address) -> Option<Address>) {
        ask!(self, it => it.readdress(to));
    }

    /// Does what the API does to it when something else is deleted.
    pub fn forget(&mut self, gone: &Address) {
        ask!(self, it => it.forget(gone));
    }

    /// Returns all that is compared, field by field, as the API names them.
    #[must_use]
    pub fn fields(&self) -> Vec<Field<'_>> {
        ask!(self, it => it.fields())
    }
}
