use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::entry::Section;
use super::flag::flag;
use super::meta::{MetaDocument, tags};
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{Address, BadText, Email, Id, Key, Kind, Mails, Name, Tag, User, UserProfile, Username};

document! {
    /// A person who is a member of the organization.
    #[derive(Default)]
    #[schemars(rename = "user")]
    UserDocument: "a user" {
        /// The e-mail address, if the key of the entry is another name for the person.
        #[schemars(extend("x-default" = "the key of the entry", "x-api" = "`email`", "examples" = ["alice@example.com"]))]
        email: Option<Spanned<Email>>,
        /// The name that the person logs in with, unique in the organization. If absent, it is not managed here, and a new
        /// person gets the e-mail address as username. Required if the address has characters that a username cannot have.
        /// If SAML is on, people log in through SAML with their usernames.
        #[schemars(with = "Option<Username>", extend("x-api" = "`username`; changed by `POST /users/{id}/update-username`", "examples" = ["alice"]))]
        username: Option<Spanned<Username>>,
        /// The first name; `""` removes it. If absent, it is not managed here.
        #[schemars(with = "Option<text::ProfileText>", extend("x-api" = "`first_name`", "examples" = ["Alice"]))]
        first_name: Option<String>,
        /// The last name; `""` removes it. If absent, it is not managed here.
        #[schemars(with = "Option<text::ProfileText>", extend("x-api" = "`last_name`", "examples" = ["Martin"]))]
        last_name: Option<String>,
        /// The phone number; `""` removes it. If absent, it is not managed here.
        #[schemars(with = "Option<text::ProfileText>", extend("x-api" = "`phone_number`", "examples" = ["+33100000000"]))]
        phone_number: Option<String>,
        /// The language. If absent, it is not managed here, and a new person gets `en_US`.
        #[schemars(with = "Option<text::ProfileText>", extend("x-api" = "`locale`", "examples" = ["fr_FR"]))]
        locale: Option<String>,
        /// Your own tags. If absent, they are not managed here; `[]` means that there are none. With a `stack` there can be at most nine, because one more names the owner.
        #[schemars(extend("maxItems" = 10, "uniqueItems" = true, "x-api" = "`tags`", "examples" = [["team=platform"]]))]
        tags: Option<Vec<Spanned<Tag>>>,
        /// Whether the invitation sends a welcome by e-mail. It has no effect on somebody who is already a member.
        #[schemars(default, extend("default" = false, "x-api" = "`send_welcome_email` of `POST /users`", "examples" = [true]))]
        welcome_email: bool,
        /// Whether the invitation sends a password by e-mail. It has no effect on somebody who is already a member.
        #[schemars(default, extend("default" = false, "x-api" = "`send_password_email` of `POST /users`", "examples" = [true]))]
        password_email: bool,
        /// Locks the person, who can then neither log in nor use API keys. If absent, it is not managed here, because Scaleway
        /// locks people too. To unlock a person, run `scw-iam unlock`.
        #[schemars(with = "Option<bool>", extend("const" = true, "x-api" = "`POST /users/{id}/lock`", "examples" = [true]))]
        locked: bool,
        /// The id of the live user, if two people share the address.
        #[schemars(extend("x-api" = "`id`", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
        id: Option<Spanned<Id>>,
        /// The previous e-mail address: the person gets the new one instead of being removed and invited again. It is used
        /// while no live user has the new address; remove it once that is done.
        #[schemars(with = "Option<Email>", extend("x-api" = "`email` in a `PATCH`", "examples" = ["alice@old.example"]))]
        previously: Option<Spanned<Key>>,
    }
    beside {
        shared: MetaDocument,
    }
}

/// The most characters of a name. The API states no limit for phone number and language.
///
/// Source: IAM API v1alpha1, `first_name` and `last_name` of CreateUser.
const TEXT_MOST: usize = 64;

impl Section for UserDocument {
    type Object = User;

    const WORDS: &'static str = "The people who are members of the organization, by e-mail address. People who are listed and not yet members are\ninvited. If the section is absent, people are not managed here. Groups and policies may name people who are not listed here.";
    const API: &'static str = "`email` of a user";
    const MAPS: &'static [(&'static str, &'static str)] = &[("user", "`users.ADDRESS`")];

    fn example() -> Value {
        json!({"alice@example.com": {"username": "alice", "tags": ["team=platform"], "welcome_email": true}})
    }

    fn section(d: &mut Decoder<'_>, node: &Node<'_>) -> Entries<Address, Self> {
        let Some(map) = d.map(node, Kind::User.section()) else { return Vec::new() };
        let mut entries = Vec::with_capacity(map.entries.len());
        for (key, value) in &map.entries {
            let Some(text) = d.key(key) else { continue };
            let document = Self::decode(d, value, text, key.at);
            // An entry with mistakes still declares its address.
            let email = match document.as_ref().and_then(|document| document.email.as_ref()) {
                Some(email) => label(d, text, key.at, &email.value).then(|| email.value.clone()),
                None => address(d, text, key.at),
            };
            let Some(email) = email else { continue };
            let address = Spanned { value: Address::user(email), at: key.at };
            entries.push((address, document.unwrap_or_default()));
        }
        // Addresses that differ in case alone are one.
        d.distinct(&mut entries, "user", |(address, _)| (address.value.key().clone(), address.at));
        entries
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        let email = fields.optional("email", d, |d, node, _| d.email(node, "email"));
        let username = fields.optional("username", d, |d, node, _| {
            let bad = |text, why| MistakeKind::BadUsername { text, why };
            d.value::<Username>(node, "username", bad)
        });
        if fields.get("username").is_none() && !fields.excused("username") {
            let address = email.as_ref().map_or(name, |email| email.value.as_str());
            if address.contains('@') && address.parse::<Username>().is_err() {
                d.mistake(at, MistakeKind::NoUsername { email: address.to_owned() });
            }
        }
        let mut text = |key| fields.optional(key, d, |d, node, _| profile(d, node, key));
        let (first_name, last_name) = (text("first_name"), text("last_name"));
        let (phone_number, locale) = (text("phone_number"), text("locale"));
        let tags = fields.optional("tags", d, tags);
        let mut sends = |key| fields.optional(key, d, |d, node, _| flag(d, node, key)).unwrap_or_default();
        let (welcome_email, password_email) = (sends("welcome_email"), sends("password_email"));
        let locked = fields.optional("locked", d, |d, node, _| {
            let locked = flag(d, node, "locked")?;
            if !locked {
                d.mistake(node.at, MistakeKind::Unlocked { name: name.to_owned() });
            }
            Some(locked)
        });
        let id = fields.optional("id", d, |d, node, _| d.id(node, "id"));
        let previously = fields.optional("previously", d, |d, node, _| {
            d.email(node, "previously").map(|email| email.map(Key::Email))
        });
        let document = Self {
            email,
            username,
            first_name,
            last_name,
            phone_number,
            locale,
            tags,
            welcome_email,
            password_email,
            locked: locked.unwrap_or_default(),
            id,
            previously,
            shared: MetaDocument::default(),
        };
        let Self { tags, id, previously, .. } = document;
        let shared = MetaDocument { description: None, tags, id, previously };
        Some(Self { tags: None, id: None, previously: None, shared, ..document })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let (email, name) = (generator.subschema_for::<Email>(), generator.subschema_for::<Name>());
        json_schema!({
            "description": Self::WORDS,
            "type": "object",
            "additionalProperties": generator.subschema_for::<Self>(),
            "propertyNames": {"anyOf": [email, name]},
            "x-api": Self::API,
            "examples": [Self::example()],
        })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn second_name(&self) -> Option<Spanned<String>> {
        self.username.as_ref().map(|username| Spanned { value: username.value.to_string(), at: username.at })
    }

    fn unsaid(&self) -> Vec<&'static str> {
        let said = [
            ("username", self.username.is_some()),
            ("first_name", self.first_name.is_some()),
            ("last_name", self.last_name.is_some()),
            ("phone_number", self.phone_number.is_some()),
            ("locale", self.locale.is_some()),
            ("locked", self.locked),
        ];
        said.into_iter().filter(|(_, said)| !said).map(|(field, _)| field).collect()
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<User> {
        let default = UserProfile::default();
        let said = |text: &Option<String>, default: String| text.clone().unwrap_or(default);
        let username = self.username.as_ref().map(|username| username.value.to_string());
        Some(User {
            meta: resolving.meta(&self.shared),
            profile: Box::new(UserProfile {
                first_name: said(&self.first_name, default.first_name),
                last_name: said(&self.last_name, default.last_name),
                phone_number: said(&self.phone_number, default.phone_number),
                locale: said(&self.locale, default.locale),
            }),
            locked: self.locked,
            mails: Mails { welcome: self.welcome_email, password: self.password_email },
            ..User::member(username.unwrap_or_else(|| address.key_text()))
        })
    }

    /// A lock is not written: the service locks people too, and its lock is to end.
    fn write(user: &User, writer: &mut YamlWriter, _: &Names) {
        writer.text(2, "username", &user.username);
        let UserProfile { first_name, last_name, phone_number, locale } = &*user.profile;
        let texts = [("first_name", first_name), ("last_name", last_name), ("phone_number", phone_number)];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            writer.text(2, key, text);
        }
        if !locale.is_empty() && *locale != UserProfile::default().locale {
            writer.text(2, "locale", locale);
        }
        if !user.meta.tags.is_empty() {
            writer.list(2, "tags", user.meta.tags.iter().map(String::as_str));
        }
    }
}

/// Decodes the key of an entry that has no `email`.
fn address(d: &mut Decoder<'_>, text: &str, at: Span) -> Option<Email> {
    if text.contains('@') {
        return d.email_of(text, at);
    }
    d.mistake(at, MistakeKind::PersonWithoutAddress { name: text.to_owned() });
    None
}

/// Checks the key of an entry with an `email`: any other name, or the same address. A different address as the key is probably
/// somebody whose address changes, and would be planned as an invitation.
fn label(d: &mut Decoder<'_>, text: &str, at: Span, email: &Email) -> bool {
    if text.parse::<Email>().is_ok_and(|key| key == *email) {
        return true;
    }
    if text.contains('@') {
        let (key, email) = (text.to_owned(), email.to_string());
        d.mistake(at, MistakeKind::OtherAddress { key, email });
        return false;
    }
    d.name_of(text, at, Kind::User).is_some()
}

/// Decodes a text in a person's profile.
fn profile(d: &mut Decoder<'_>, node: &Node<'_>, key: &'static str) -> Option<String> {
    let text = d.text(node, key)?;
    let found = text.chars().count();
    let position = text.chars().position(char::is_control);
    let why = match position.and_then(|at| Some((at, text.chars().nth(at)?))) {
        _ if found > TEXT_MOST => BadText::TooLong { found, most: TEXT_MOST },
        Some((at, found)) => BadText::Character { found, position: at + 1, allowed: "no control characters" },
        None => return Some(text.to_owned()),
    };
    d.mistake(node.at, MistakeKind::BadValue { what: format!("`{key}`"), why });
    None
}
