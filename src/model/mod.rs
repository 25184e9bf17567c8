//! The domain: names, users, applications, groups, policies, rules, scopes, conditions, the catalogue of
//! permission sets, [`State`] for both sides, and [`Desired`] for what only files say.
//!
//! Nothing here knows about files, HTTP or plans. Values check their rules when they are made, so every
//! [`Name`] is valid.

mod activity;
mod address;
mod api_key;
mod attribution;
mod catalogue;
mod desired;
mod drift;
mod family;
mod finding;
mod guard;
mod guard_facts;
mod hint;
mod id;
mod ids;
mod inventory;
mod kind;
mod members;
mod membership;
mod name;
mod near;
mod object;
mod people;
mod place;
mod report;
mod state;
mod words;

pub use activity::{Activity, ActivityScope, AuditedProduct, LastCall, PrincipalActivity, RecordedCount};
pub use address::{Address, Attachment, Child, Key, KeyForm, Principal};
pub use api_key::{
    ApplicationKeys, CommandLabel, Delivery, EmptySecret, FoundSecret, KeyMark, KeySlot, KeyStage, LiveKey,
    LiveKeys, LiveSecret, LiveVersion, Marking, SecretPlace, VersionState, version_description, version_key,
};
pub use attribution::{Attribution, DeletedObject, DoneBy, RecordedWrite, WriteKind, WriteTrace};
pub use catalogue::{Catalogue, PermissionSet, ScopeType};
pub use desired::{
    AllowEntry, Assertion, Desired, Expectation, Expiry, Guardrail, Identity, Limits, Missing, MissingKind,
    Prune, Settings, Where,
};
pub use drift::{DriftKind, DriftSettings, IgnoredBy, IgnoredFinding, UnknownDriftKind};
pub use family::{ProductFamily, only_reads};
pub use finding::{FindingId, FindingSeverity, FindingText, UnknownFindingId, UnknownSeverity};
pub use guard::{GuardName, UnknownGuard};
pub use guard_facts::{GuardFacts, Quota};
pub use hint::Hint;
pub use id::{BadId, Id};
pub use ids::Ids;
pub use inventory::{ApiKeyFacts, DeliveredKey, Inventory, PersonFacts, Readout};
pub use kind::Kind;
pub use membership::Membership;
pub use name::{
    AccessKeyId, BadText, ChildName, Condition, Email, Name, PermissionSetName, ProjectName, SlotName, Stack,
    Tag, Username, check_description,
};
#[cfg(test)]
pub(crate) use near::spent;
pub use near::{NearBudget, near};
pub use object::{
    Application, Builtin, Field, FieldValue, Flags, Group, LoginMethods, Mails, Managed, Meta, Object,
    OfKind, OrganizationSettings, Owner, Policy, Rule, Rules, Scope, SecuritySettings, SpanWords, SshKey,
    Unsaid, User, UserProfile, UserStatus, UserType, WriteCall,
};
pub use people::{People, Scim};
pub use place::Place;
pub use report::{ReportQuestion, ReportSettings};
pub use state::State;
pub use words::{count, day, joined, second};
