//! The kinds of objects.

use std::fmt;

/// Gives the kinds to a macro: the list of them stands here alone.
macro_rules! kinds {
    ($declare:ident $(, $dollar:tt)?) => {
        $declare! { $(($dollar))?
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
    };
}
pub(super) use kinds;

macro_rules! words {
    ($($(#[$doc:meta])* $kind:ident, $word:literal, $section:literal, $noun:literal, $nouns:literal;)*) => {
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
        }
    };
}

kinds!(words);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.noun())
    }
}
