use jiff::Timestamp;

use super::meta::{MetaDocument, meta};
use super::rule::until;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::{Node, Value};
use crate::model::{Email, Kind, Membership, Name};

/// `groups: {NAME: …}`.
#[derive(Debug, Default)]
pub(in crate::config) struct GroupDocument {
    pub(in crate::config) meta: MetaDocument,
    pub(in crate::config) members: Option<MembersDocument>,
    pub(in crate::config) membership: Option<Membership>,
}

/// `members` of a group.
#[derive(Debug, Default)]
pub(in crate::config) struct MembersDocument {
    pub(in crate::config) users: Vec<MemberDocument<Email>>,
    pub(in crate::config) applications: Vec<MemberDocument<Name>>,
}

/// A member, by itself or with its end.
#[derive(Debug)]
pub(in crate::config) struct MemberDocument<N> {
    pub(in crate::config) name: Spanned<N>,
    pub(in crate::config) until: Option<Spanned<Timestamp>>,
}

pub(in crate::config) const SHAPE: Shape = Shape {
    of: "a group",
    keys: &["description", "tags", "id", "previously", "members", "membership"],
    top: false,
};

pub(in crate::config) const MEMBERS: Shape =
    Shape { of: "`members`", keys: &["users", "applications"], top: false };

pub(in crate::config) const USER: Shape = Shape { of: "a user", keys: &["email", "until"], top: false };

pub(in crate::config) const APPLICATION: Shape =
    Shape { of: "an application in a group", keys: &["name", "until"], top: false };

/// The words for `membership`.
pub(in crate::config) const MEMBERSHIPS: &[&str] = &["exact", "at_least"];

pub(super) fn group(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<GroupDocument> {
    let mut fields = Fields::of(d, node, at, name, &SHAPE)?;
    let meta = meta(&mut fields, d, Kind::Group);
    let has_members = fields.get("members").is_some() || fields.excused("members");
    let members = fields.optional("members", d, members);
    let membership = fields.optional("membership", d, |d, node, key| {
        if !has_members {
            d.mistake(key, MistakeKind::MembershipWithoutMembers { group: name.to_owned() });
        }
        d.one_of(node, "membership", MEMBERSHIPS, &[Membership::Exact, Membership::AtLeast])
    });
    Some(GroupDocument { meta, members, membership })
}

fn members(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<MembersDocument> {
    let mut fields = Fields::of(d, node, key, "members", &MEMBERS)?;
    let users = fields.optional("users", d, |d, node, _| {
        members_of(d, node, "users", &USER, "email", |d, node| d.email(node, "email"))
    });
    let applications = fields.optional("applications", d, |d, node, _| {
        members_of(d, node, "applications", &APPLICATION, "name", |d, node| {
            d.name(node, "name", Kind::Application)
        })
    });
    let (mut users, mut applications) = (users.unwrap_or_default(), applications.unwrap_or_default());
    d.distinct(&mut users, "user", |member| (member.name.value.clone(), member.name.at));
    d.distinct(&mut applications, "application", |member| (member.name.value.clone(), member.name.at));
    Some(MembersDocument { users, applications })
}

fn members_of<N>(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    what: &'static str,
    shape: &Shape,
    key: &'static str,
    mut name: impl FnMut(&mut Decoder<'_>, &Node<'_>) -> Option<Spanned<N>>,
) -> Option<Vec<MemberDocument<N>>> {
    let items = d.list(node, what)?;
    let mut members = Vec::with_capacity(items.len());
    for item in items {
        if !matches!(item.value, Value::Map(_)) {
            members.extend(name(d, item).map(|name| MemberDocument { name, until: None }));
            continue;
        }
        let Some(mut fields) = Fields::of(d, item, item.head(), what, shape) else { continue };
        let name = fields.required(key, d, || "the member".to_owned(), |d, node, _| name(d, node));
        let until = fields.optional("until", d, until);
        members.extend(name.map(|name| MemberDocument { name, until }));
    }
    Some(members)
}
