use std::borrow::Cow;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::entry::Section;
use super::meta::{self, MetaDocument, meta};
use super::person::{self, Person, PersonKeys};
use super::rule::until;
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, ScalarPlace, YamlWriter, scalar};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::{EndingPart, Resolving};
use crate::config::schema::text;
use crate::config::tree::{Node, Value};
use crate::model::{
    Address, Email, Flags, Group, Id, Key, Kind, Managed as _, Membership, Name, Principal, State,
};

document! {
    /// A set of users and applications.
    #[derive(Default)]
    #[schemars(rename = "group", extend("dependencies" = {"membership": ["members"]}))]
    GroupDocument: "a group" {
        #[schemars(flatten)]
        @of shared: MetaDocument,
        /// Who is in it. If absent, the membership is not managed here; `{}` means nobody.
        #[schemars(extend("x-api" = "`user_ids` and `application_ids`", "examples" = [{"users": ["alice@example.com"], "applications": ["ci"]}]))]
        members: Option<MembersDocument>,
        /// `exact`: only the listed members. `at_least`: members that are not listed are never removed. Requires
        /// `members`.
        #[schemars(with = "Option<String>", extend("enum" = ["exact", "at_least"], "default" = "exact", "x-api" = "`PUT /groups/{id}/members`, or the calls that add one", "examples" = ["at_least"]))]
        membership: Option<Membership>,
    }
}

document! {
    /// Who is in a group.
    #[derive(Default)]
    #[schemars(rename = "members")]
    MembersDocument: "`members`" {
        /// People, by e-mail address; use `{email: …, until: …}` for a membership that ends. `{username: …}` names
        /// one of two people who share an address, `{id: …}` a person whom the API does not list.
        #[schemars(default, extend("default" = [], "x-api" = "`user_ids`", "examples" = [["alice@example.com", {"email": "bob@example.com", "until": "2027-01-31"}]]))]
        users: Vec<MemberDocument<Person>>,
        /// Applications, by name; use `{name: …, until: …}` for a membership that ends. `{id: …}` names one that the
        /// API does not list.
        #[schemars(default, extend("default" = [], "x-api" = "`application_ids`", "examples" = [["ci", {"name": "migration", "until": "2027-01-31"}]]))]
        applications: Vec<MemberDocument<Machine>>,
    }
}

document! {
    /// This stack's own people and applications in a group that is declared elsewhere.
    #[derive(Default)]
    #[schemars(rename = "guests", extend("anyOf" = [{"required": ["users"]}, {"required": ["applications"]}]))]
    GuestsDocument: "`memberships`" {
        /// People who are declared here, by e-mail address; use `{email: …, until: …}` for a membership that ends.
        #[schemars(default, extend("default" = [], "x-api" = "`user_id`", "examples" = [["alice@example.com"]]))]
        users: Vec<MemberDocument<Person>>,
        /// Applications that are declared here, by name; use `{name: …, until: …}` for a membership that ends.
        #[schemars(default, extend("default" = [], "x-api" = "`application_id`", "examples" = [["ci"]]))]
        applications: Vec<MemberDocument<Machine>>,
    }
}

document! {
    /// A person by username or id, or whose membership ends.
    #[schemars(rename = "user_until", extend("oneOf" = [{"required": ["email"]}, {"required": ["username"]}, {"required": ["id"]}]))]
    UserUntil: "a user" {
        #[schemars(flatten)]
        @of keys: PersonKeys,
        /// When the membership ends. The API does not enforce this: the membership ends with the first apply after this time.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Option<Spanned<Timestamp>>,
    }
}

document! {
    /// An application by id, or whose membership ends.
    #[schemars(rename = "application_until", extend("oneOf" = [{"required": ["name"]}, {"required": ["id"]}]))]
    ApplicationUntil: "an application in a group" {
        /// The name.
        #[schemars(extend("x-api" = "`name` of an application", "examples" = ["migration"]))]
        name: Option<Spanned<Name>>,
        /// The id of an application that the API does not list.
        #[schemars(extend("x-api" = "`id` of an application", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
        id: Option<Spanned<Id>>,
        /// When the membership ends. The API does not enforce this: the membership ends with the first apply after this time.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Option<Spanned<Timestamp>>,
    }
}

/// A member, by itself or with its end.
#[derive(Debug)]
pub(in crate::config) struct MemberDocument<N> {
    pub(in crate::config) key: Spanned<Key>,
    pub(in crate::config) until: Option<Spanned<Timestamp>>,
    of: PhantomData<N>,
}

/// An application in a list of members.
#[derive(Debug)]
pub(in crate::config) enum Machine {}

/// How an entry of a list of members is written.
trait MemberEntry: Sized {
    const SCHEMA: (&'static str, &'static str);
    /// An entry that is a text.
    type Alone: JsonSchema;
    /// An entry that is a map.
    type Map: JsonSchema;

    fn map(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>>;
    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Key>>;
}

impl MemberEntry for Person {
    const SCHEMA: (&'static str, &'static str) = ("user_member", "A person in a group.");
    type Alone = Email;
    type Map = UserUntil;

    fn map(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>> {
        let mut fields = MapFields::of(d, node, node.head(), "users", &UserUntil::SHAPE)?;
        let UserUntil { keys, until } =
            UserUntil { keys: person::keys(&mut fields, d), until: fields.optional("until", d, until) };
        let key = person::one(d, node, &mut fields, keys)?;
        Some(MemberDocument { key, until, of: PhantomData })
    }

    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Key>> {
        person::by_address(d, node, "email")
    }
}

impl MemberEntry for Machine {
    const SCHEMA: (&'static str, &'static str) = ("application_member", "An application in a group.");
    type Alone = Name;
    type Map = ApplicationUntil;

    fn map(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>> {
        let mut fields = MapFields::of(d, node, node.head(), "applications", &ApplicationUntil::SHAPE)?;
        let id = fields.optional("id", d, |d, node, _| d.id(node, "id"));
        let has_id = fields.get("id").is_some();
        let name = if has_id {
            if fields.get("name").is_some() {
                d.mistake(node.at, MistakeKind::NameAndId);
            }
            None
        } else {
            fields.required("name", d, of_member, |d, node, _| d.name(node, "name", Kind::Application))
        };
        let ApplicationUntil { name, id, until } =
            ApplicationUntil { name, id, until: fields.optional("until", d, until) };
        let key = name.map(|name| name.map(Key::Named)).or(id.map(|id| id.map(Key::Id)))?;
        Some(MemberDocument { key, until, of: PhantomData })
    }

    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Key>> {
        d.name(node, "name", Kind::Application).map(|name| name.map(Key::Named))
    }
}

fn of_member() -> String {
    "the member".to_owned()
}

impl<N: MemberEntry> JsonSchema for MemberDocument<N> {
    fn schema_name() -> Cow<'static, str> {
        N::SCHEMA.0.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let alone = generator.subschema_for::<N::Alone>();
        let map = generator.subschema_for::<N::Map>();
        json_schema!({"description": N::SCHEMA.1, "anyOf": [alone, map]})
    }
}

/// The words for `membership`.
pub(in crate::config) const MEMBERSHIPS: &[&str] = &["exact", "at_least"];

impl Section for GroupDocument {
    type Object = Group;

    const WORDS: &'static str = "The groups, by name. If the section is absent, groups are not managed here; `{}` means that there are none.";
    const API: &'static str = "`name` of a group";
    const MAPS: &'static [(&'static str, &'static str)] = &[
        ("group", "`groups.NAME`"),
        ("members", "`groups.NAME.members`"),
        ("user_until", "`groups.NAME.members.users`, an entry that is a map"),
        ("application_until", "`groups.NAME.members.applications`, an entry that is a map"),
    ];

    fn example() -> serde_json::Value {
        json!({"developers": {"members": {"users": ["alice@example.com"]}}})
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        let shared = meta(&mut fields, d, Kind::Group);
        let has_members = fields.get("members").is_some() || fields.excused("members");
        let members = fields.optional("members", d, members);
        let membership = fields.optional("membership", d, |d, node, key| {
            if !has_members {
                d.mistake(key, MistakeKind::MembershipWithoutMembers { group: name.to_owned() });
            }
            d.one_of(node, "membership", MEMBERSHIPS, &[Membership::Exact, Membership::AtLeast])
        });
        Some(Self { shared, members, membership })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn refers(&self, now: Timestamp) -> Vec<Spanned<Address>> {
        let principals = self.members.iter().flat_map(MembersDocument::principals);
        let principals = principals.filter(|(_, until)| until.is_none_or(|until| until.value > now));
        principals.map(|(principal, _)| principal.map(|principal| principal.address())).collect()
    }

    fn has_exact_members(&self) -> bool {
        self.members.is_some() && self.membership != Some(Membership::AtLeast)
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Group> {
        let mut members = BTreeSet::new();
        if let Some(document) = &self.members {
            let membership = self.membership.unwrap_or(Membership::Exact);
            resolving.desired.memberships.insert(address.clone(), membership);
            for (principal, until) in document.principals() {
                let ended = until.is_some_and(|until| {
                    resolving.ended(address, EndingPart::Member(&principal.value), until)
                });
                if !ended {
                    members.insert(principal.value);
                }
            }
        }
        let meta = resolving.meta(&self.shared);
        Some(Group { meta, flags: Flags::default(), builtin: None, members })
    }

    fn write(group: &Group, writer: &mut YamlWriter, _: &Names) {
        meta::write(writer, &group.meta);
        write_members(writer, group);
    }
}

/// Decodes `memberships`.
pub(super) fn guests(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Entries<Address, GuestsDocument>> {
    let map = d.map(node, "memberships")?;
    let mut entries = Vec::with_capacity(map.entries.len());
    for (key, value) in &map.entries {
        let Some(text) = d.key(key) else { continue };
        let name = d.name_of(text, key.at, Kind::Group);
        let Some(mut fields) = MapFields::of(d, value, key.at, text, &GuestsDocument::SHAPE) else {
            continue;
        };
        let of = || format!("the entry of group `{text}`");
        let users = fields.optional("users", d, |d, node, _| each::<Person>(d, node, "users"));
        let machines =
            |d: &mut Decoder<'_>, node: &Node<'_>, _: Span| each::<Machine>(d, node, "applications");
        // An empty list has to be written: a group that is not listed is one that nobody has to leave.
        let applications = match fields.get("users").is_some() || fields.excused("users") {
            true => fields.optional("applications", d, machines),
            false => fields.required("applications", d, of, machines),
        };
        let members = of_kinds(d, users, applications);
        let address = name.map(|name| Spanned { value: Address::group(name), at: key.at });
        let MembersDocument { users, applications } = members;
        entries.extend(address.map(|address| (address, GuestsDocument { users, applications })));
    }
    Some(entries)
}

impl GuestsDocument {
    /// Returns who is to be in the group.
    pub(in crate::config) fn principals(
        &self,
        resolving: &mut Resolving<'_>,
        group: &Address,
    ) -> BTreeSet<Principal> {
        let mut principals = BTreeSet::new();
        for (principal, until) in self.members() {
            let principal = principal.value;
            let ended = |until| resolving.ended(group, EndingPart::Member(&principal), until);
            if !until.is_some_and(ended) {
                principals.insert(principal);
            }
        }
        principals
    }

    /// Returns everybody who is listed, each with the end of the membership.
    pub(in crate::config) fn members(
        &self,
    ) -> impl Iterator<Item = (Spanned<Principal>, Option<&Spanned<Timestamp>>)> {
        listed(&self.users, &self.applications)
    }
}

impl MembersDocument {
    /// Returns all members, each with when its membership ends.
    fn principals(&self) -> impl Iterator<Item = (Spanned<Principal>, Option<&Spanned<Timestamp>>)> {
        listed(&self.users, &self.applications)
    }
}

/// Returns everybody in lists of members, each with the end of the membership.
fn listed<'a>(
    users: &'a [MemberDocument<Person>],
    applications: &'a [MemberDocument<Machine>],
) -> impl Iterator<Item = (Spanned<Principal>, Option<&'a Spanned<Timestamp>>)> {
    let users = users.iter().map(|it| (it.key.clone().map(Principal::User), it.until.as_ref()));
    let applications = applications.iter();
    users.chain(applications.map(|it| (it.key.clone().map(Principal::Application), it.until.as_ref())))
}

fn members(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<MembersDocument> {
    let mut fields = MapFields::of(d, node, key, "members", &MembersDocument::SHAPE)?;
    let users = fields.optional("users", d, |d, node, _| each::<Person>(d, node, "users"));
    let applications =
        fields.optional("applications", d, |d, node, _| each::<Machine>(d, node, "applications"));
    Some(of_kinds(d, users, applications))
}

/// Returns lists of members, and refuses duplicates.
fn of_kinds(
    d: &mut Decoder<'_>,
    users: Option<Vec<MemberDocument<Person>>>,
    applications: Option<Vec<MemberDocument<Machine>>>,
) -> MembersDocument {
    let (mut users, mut applications) = (users.unwrap_or_default(), applications.unwrap_or_default());
    d.distinct(&mut users, "user", |member| (member.key.value.clone(), member.key.at));
    d.distinct(&mut applications, "application", |member| (member.key.value.clone(), member.key.at));
    MembersDocument { users, applications }
}

fn each<N: MemberEntry>(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Vec<MemberDocument<N>>> {
    let items = d.list(node, what)?;
    let mut members = Vec::with_capacity(items.len());
    for item in items {
        members.extend(match item.value {
            Value::Map(_) => N::map(d, item),
            Value::Scalar(_) | Value::List(_) | Value::Broken => {
                N::alone(d, item).map(|key| MemberDocument { key, until: None, of: PhantomData })
            }
        });
    }
    Some(members)
}

/// Writes `memberships`: who of the declared people and applications is in groups that are declared elsewhere.
pub(in crate::config) fn write_guests(
    writer: &mut YamlWriter,
    state: &State,
    declared: impl Fn(&Address) -> bool,
) {
    let own = |member: &Principal| {
        let title = member.key().title().filter(|_| declared(&member.address()))?;
        Some(scalar(title, ScalarPlace::Flow))
    };
    let mut first = true;
    for (key, group) in state.groups() {
        let address = Address::group(key.clone());
        let Some(name) = key.name().filter(|_| !declared(&address) && group.flags().ordinary()) else {
            continue;
        };
        let of = |kind: Kind| group.members.iter().filter(move |member| member.kind() == kind);
        let lists = [Kind::User, Kind::Application];
        let lists = lists.map(|kind| (kind.section(), of(kind).filter_map(own).collect::<Vec<_>>()));
        if lists.iter().all(|(_, guests)| guests.is_empty()) {
            continue;
        }
        if std::mem::take(&mut first) {
            writer.gap();
            writer.raw(0, "memberships:");
        }
        writer.key(1, name.as_str(), "");
        for (key, guests) in lists.iter().filter(|(_, guests)| !guests.is_empty()) {
            writer.items(2, key, guests);
        }
    }
}

fn write_members(writer: &mut YamlWriter, group: &Group) {
    let (mut users, mut applications) = (Vec::new(), Vec::new());
    for member in &group.members {
        if member.key().id().is_some() {
            writer.comment(2, &format!("{member} is in it too, but the API does not list it"));
        }
        match member {
            Principal::User(key) => users.extend(person::written(key, ScalarPlace::Flow)),
            Principal::Application(Key::Named(name)) => {
                applications.push(scalar(name.as_str(), ScalarPlace::Flow));
            }
            Principal::Application(key) => applications.extend(person::written(key, ScalarPlace::Flow)),
        }
    }
    if users.is_empty() && applications.is_empty() {
        return writer.raw(2, "members: {}");
    }
    writer.raw(2, "members:");
    for (key, items) in [("users", users), ("applications", applications)] {
        if !items.is_empty() {
            writer.items(3, key, &items);
        }
    }
}
