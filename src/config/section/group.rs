use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::Section;
use super::file::Entries;
use super::meta::{self, MetaDocument, meta};
use super::rule::until;
use crate::config::decode::{Decoder, Spanned};
use crate::config::export::{Names, Writer};
use crate::config::fields::{Fields, Keyed as _, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolve::{Part, Resolving};
use crate::config::schema::text;
use crate::config::tree::{Node, Value};
use crate::model::{Address, Email, Flags, Group, Key, Kind, Membership, Name, Principal};

document! {
    /// A set of users and applications.
    #[derive(Default)]
    #[schemars(rename = "group", extend("dependencies" = {"membership": ["members"]}))]
    GroupDocument: "a group" {
        #[schemars(flatten)]
        @of shared: MetaDocument,
        /// Who is in it. Absent means that the membership is not managed here; `{}` means nobody.
        #[schemars(extend("x-api" = "`user_ids` and `application_ids`", "examples" = [{"users": ["alice@example.com"], "applications": ["ci"]}]))]
        members: Option<MembersDocument>,
        /// `exact`: those listed and nobody else. `at_least`: a member that is not listed is never removed. Needs
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
        /// People, by e-mail address; with `{email: …, until: …}` for one whose membership ends.
        #[schemars(default, extend("default" = [], "x-api" = "`user_ids`", "examples" = [["alice@example.com", {"email": "bob@example.com", "until": "2027-01-31"}]]))]
        users: Vec<MemberDocument<Email>>,
        /// Applications, by name; with `{name: …, until: …}` for one whose membership ends.
        #[schemars(default, extend("default" = [], "x-api" = "`application_ids`", "examples" = [["ci", {"name": "migration", "until": "2027-01-31"}]]))]
        applications: Vec<MemberDocument<Name>>,
    }
}

document! {
    /// This stack's own applications in a group that is declared elsewhere.
    #[derive(Default)]
    #[schemars(rename = "guests")]
    GuestsDocument: "`memberships`" {
        /// Applications that are declared here, by name; with `{name: …, until: …}` for one whose membership ends.
        #[schemars(extend("x-api" = "`application_id`", "examples" = [["ci"]]))]
        applications: Vec<MemberDocument<Name>>,
    }
}

document! {
    /// A person whose membership ends.
    #[schemars(rename = "user_until")]
    UserUntil: "a user" {
        /// The address.
        #[schemars(with = "Email", extend("x-api" = "`email` of a user", "examples" = ["bob@example.com"]))]
        email: Option<Spanned<Email>>,
        /// When the membership ends. Nothing on the server ends it: it ends with the next apply after this.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Option<Spanned<Timestamp>>,
    }
}

document! {
    /// An application whose membership ends.
    #[schemars(rename = "application_until")]
    ApplicationUntil: "an application in a group" {
        /// The name.
        #[schemars(with = "Name", extend("x-api" = "`name` of an application", "examples" = ["migration"]))]
        name: Option<Spanned<Name>>,
        /// When the membership ends. Nothing on the server ends it: it ends with the next apply after this.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Option<Spanned<Timestamp>>,
    }
}

/// A member, by itself or with its end.
#[derive(Debug)]
pub(in crate::config) struct MemberDocument<N> {
    pub(in crate::config) name: Spanned<N>,
    pub(in crate::config) until: Option<Spanned<Timestamp>>,
}

/// How an entry of a list of members is written.
trait Member: Sized {
    const SCHEMA: (&'static str, &'static str);
    /// The map of an entry with its end.
    type Ending: JsonSchema;

    fn ending(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>>;
    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Self>>;
}

impl Member for Email {
    const SCHEMA: (&'static str, &'static str) = ("user_member", "A person in a group.");
    type Ending = UserUntil;

    fn ending(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>> {
        let mut fields = Fields::of(d, node, node.head(), "users", &UserUntil::SHAPE)?;
        let email = fields.required("email", d, of_member, |d, node, _| Self::alone(d, node));
        let UserUntil { email, until } = UserUntil { email, until: fields.optional("until", d, until) };
        Some(MemberDocument { name: email?, until })
    }

    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Self>> {
        d.email(node, "email")
    }
}

impl Member for Name {
    const SCHEMA: (&'static str, &'static str) = ("application_member", "An application in a group.");
    type Ending = ApplicationUntil;

    fn ending(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<MemberDocument<Self>> {
        let mut fields = Fields::of(d, node, node.head(), "applications", &ApplicationUntil::SHAPE)?;
        let name = fields.required("name", d, of_member, |d, node, _| Self::alone(d, node));
        let ApplicationUntil { name, until } =
            ApplicationUntil { name, until: fields.optional("until", d, until) };
        Some(MemberDocument { name: name?, until })
    }

    fn alone(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Self>> {
        d.name(node, "name", Kind::Application)
    }
}

fn of_member() -> String {
    "the member".to_owned()
}

impl<N: Member + JsonSchema> JsonSchema for MemberDocument<N> {
    fn schema_name() -> Cow<'static, str> {
        N::SCHEMA.0.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let alone = generator.subschema_for::<N>();
        let ending = generator.subschema_for::<N::Ending>();
        json_schema!({"description": N::SCHEMA.1, "anyOf": [alone, ending]})
    }
}

/// The words for `membership`.
pub(in crate::config) const MEMBERSHIPS: &[&str] = &["exact", "at_least"];

impl Section for GroupDocument {
    type Object = Group;

    const WORDS: &'static str = "The groups, by name. An absent section means that groups are not managed here; `{}` means that there are none.";
    const API: &'static str = "`name` of a group";
    const MAPS: &'static [(&'static str, &'static str)] = &[
        ("group", "`groups.NAME`"),
        ("members", "`groups.NAME.members`"),
        ("user_until", "`groups.NAME.members.users`, an entry with an end"),
        ("application_until", "`groups.NAME.members.applications`, an entry with an end"),
    ];

    fn example() -> serde_json::Value {
        json!({"developers": {"members": {"users": ["alice@example.com"]}}})
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = Fields::of(d, node, at, name, &Self::SHAPE)?;
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

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Group> {
        let mut members = BTreeSet::new();
        if let Some(document) = &self.members {
            let membership = self.membership.unwrap_or(Membership::Exact);
            resolving.desired.memberships.insert(address.clone(), membership);
            for (principal, until) in document.principals() {
                let ended = until
                    .is_some_and(|until| resolving.ended(address, Part::Member(&principal.value), until));
                if !ended {
                    members.insert(principal.value);
                }
            }
        }
        let meta = resolving.meta(&self.shared);
        Some(Group { meta, flags: Flags::default(), builtin: None, members })
    }

    fn write(group: &Group, writer: &mut Writer, _: &Names) {
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
        let Some(mut fields) = Fields::of(d, value, key.at, text, &GuestsDocument::SHAPE) else { continue };
        let of = || format!("the entry of group `{text}`");
        let applications =
            fields.required("applications", d, of, |d, node, _| each::<Name>(d, node, "applications"));
        let mut applications = applications.unwrap_or_default();
        d.distinct(&mut applications, "application", |member| (member.name.value.clone(), member.name.at));
        let address = name.map(|name| Spanned { value: Address::group(name), at: key.at });
        entries.extend(address.map(|address| (address, GuestsDocument { applications })));
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
        for member in &self.applications {
            let principal = Principal::Application(Key::Named(member.name.value.clone()));
            let ended = |until| resolving.ended(group, Part::Member(&principal), until);
            if !member.until.as_ref().is_some_and(ended) {
                principals.insert(principal);
            }
        }
        principals
    }
}

impl MembersDocument {
    /// Returns all members, each with when its membership ends.
    fn principals(&self) -> impl Iterator<Item = (Spanned<Principal>, Option<&Spanned<Timestamp>>)> {
        let user = |email: Email| Principal::User(Key::Email(email));
        let users = self.users.iter().map(move |it| (it.name.clone().map(user), it.until.as_ref()));
        let application = |name: Name| Principal::Application(Key::Named(name));
        let applications = self.applications.iter();
        users.chain(applications.map(move |it| (it.name.clone().map(application), it.until.as_ref())))
    }
}

fn members(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<MembersDocument> {
    let mut fields = Fields::of(d, node, key, "members", &MembersDocument::SHAPE)?;
    let users = fields.optional("users", d, |d, node, _| each::<Email>(d, node, "users"));
    let applications = fields.optional("applications", d, |d, node, _| each::<Name>(d, node, "applications"));
    let (mut users, mut applications) = (users.unwrap_or_default(), applications.unwrap_or_default());
    d.distinct(&mut users, "user", |member| (member.name.value.clone(), member.name.at));
    d.distinct(&mut applications, "application", |member| (member.name.value.clone(), member.name.at));
    Some(MembersDocument { users, applications })
}

fn each<N: Member>(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Vec<MemberDocument<N>>> {
    let items = d.list(node, what)?;
    let mut members = Vec::with_capacity(items.len());
    for item in items {
        members.extend(match item.value {
            Value::Map(_) => N::ending(d, item),
            Value::Scalar(_) | Value::List(_) | Value::Broken => {
                N::alone(d, item).map(|name| MemberDocument { name, until: None })
            }
        });
    }
    Some(members)
}

fn write_members(writer: &mut Writer, group: &Group) {
    let (mut users, mut applications, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
    for member in &group.members {
        match member {
            Principal::User(Key::Email(email)) => users.push(email.as_str()),
            Principal::Application(Key::Named(name)) => applications.push(name.as_str()),
            Principal::User(_) | Principal::Application(_) => hidden.push(member),
        }
    }
    if users.is_empty() && applications.is_empty() {
        writer.raw(2, "members: {}");
    } else {
        writer.raw(2, "members:");
        if !users.is_empty() {
            writer.list(3, "users", users);
        }
        if !applications.is_empty() {
            writer.list(3, "applications", applications);
        }
    }
    for member in &hidden {
        writer.comment(2, &format!("{member} is in it too, and no list shows who that is: it has to stay"));
    }
    if !hidden.is_empty() {
        writer.raw(2, "membership: at_least");
    }
}
