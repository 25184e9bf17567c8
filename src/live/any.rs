//! An answer of any kind: the one place where the kinds are told apart.

use super::Error;
use super::seen::{self, Known, LiveObject, ObjectAnswer as _};
use crate::api::Client;
use crate::api::wire::{self, Novel as _, Novelty};
use crate::model::{BadText, Id, Key, Kind};

macro_rules! answers {
    ($($kind:ident),*) => {
        /// An answer that is an object of any kind.
        #[derive(Debug)]
        pub(super) enum AnyAnswer {
            $($kind(wire::$kind),)*
        }

        $(impl From<wire::$kind> for AnyAnswer {
            fn from(answer: wire::$kind) -> Self {
                Self::$kind(answer)
            }
        })*

        impl AnyAnswer {
            /// Reads all answers of a kind.
            pub(super) async fn all(client: &Client, kind: Kind) -> Result<Vec<Self>, Error> {
                match kind {
                    $(Kind::$kind => {
                        let answers = <wire::$kind as seen::ObjectAnswer>::every(client).await?;
                        Ok(answers.into_iter().map(Self::$kind).collect())
                    })*
                }
            }

            /// Returns the kind.
            pub(super) const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// Returns the id, as the API writes it.
            pub(super) fn id(&self) -> &str {
                match self {
                    $(Self::$kind(it) => it.id(),)*
                }
            }

            /// Returns the name; of a user, the e-mail address.
            pub(super) fn title(&self) -> &str {
                match self {
                    $(Self::$kind(it) => it.title(),)*
                }
            }

            /// Returns the key that its name is, where that is a good one.
            pub(super) fn key(&self) -> Result<Key, BadText> {
                let parent = match self {
                    $(Self::$kind(it) => it.parent(),)*
                };
                self.kind().form().key(parent, self.title())
            }

            /// Returns what else tells it from others, where its name does not.
            pub(super) fn second_key(&self) -> Option<Key> {
                match self {
                    $(Self::$kind(it) => it.second_key(),)*
                }
            }

            /// Returns when it was made, and when it was last changed.
            pub(super) fn times(&self) -> (Option<jiff::Timestamp>, Option<jiff::Timestamp>) {
                match self {
                    $(Self::$kind(it) => it.times(),)*
                }
            }

            /// Returns the object that it shows.
            pub(super) fn seen(&self, known: &Known<'_>) -> Result<LiveObject, Error> {
                match self {
                    $(Self::$kind(it) => it.seen(known),)*
                }
            }

            /// Returns what of it is new to this version.
            pub(super) fn novelties(&self) -> Vec<Novelty> {
                match self {
                    $(Self::$kind(it) => it.novelties(),)*
                }
            }
        }

        /// Returns the method of Audit Trail that deletes objects of a kind; `None` where nothing deletes them.
        pub(super) const fn deleted_by(kind: Kind) -> Option<&'static str> {
            match kind {
                $(Kind::$kind => <wire::$kind as seen::ObjectAnswer>::DELETED_BY,)*
            }
        }

        /// Reads all objects of a kind.
        ///
        /// # Errors
        /// When not all of them can be read, or one is not what the model can take.
        pub async fn list(client: &Client, kind: Kind, known: &Known<'_>) -> Result<Vec<LiveObject>, Error> {
            match kind {
                $(Kind::$kind => seen::list_of::<wire::$kind>(client, known).await,)*
            }
        }

        /// Reads one object; `None` when no object has this id.
        ///
        /// # Errors
        /// When it cannot be read, or is not what the model can take.
        pub async fn get(client: &Client, kind: Kind, id: Id, known: &Known<'_>) -> Result<Option<LiveObject>, Error> {
            match kind {
                $(Kind::$kind => seen::get_of::<wire::$kind>(client, id, known).await,)*
            }
        }
    };
}

answers!(User, Application, Group, Policy, SshKey, OrganizationSettings);
