use jiff::SignedDuration;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::entry::Section;
use super::flag::flag;
use super::meta::MetaDocument;
use super::span::span;
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{
    Address, BadText, Key, Kind, LoginMethods, OrganizationSettings, SecuritySettings, SpanWords,
};

document! {
    /// The settings of the organization. Only the keys that are written are managed; all other settings stay as they are.
    #[derive(Default)]
    #[schemars(rename = "organization_settings")]
    OrganizationSettingsDocument: "`organization_settings`" {
        /// The requirements for passwords, sessions and API keys.
        #[schemars(default, extend("x-api" = "`PATCH /organizations/{id}/security-settings`", "examples" = [{"max_api_key_expiration": "365d", "login_attempts_before_locked": 5}]))]
        security: SecurityDocument,
        /// How people may log in. A plan is refused if it leaves no method, or only SAML while SAML is not set up.
        #[schemars(default, extend("x-api" = "`PATCH /organizations/{id}/login-methods`", "examples" = [{"password": true, "oauth2": true}]))]
        login_methods: LoginMethodsDocument,
    }
    beside {
        shared: MetaDocument,
    }
}

document! {
    /// The requirements for passwords, sessions and API keys.
    #[derive(Default)]
    #[schemars(rename = "security")]
    SecurityDocument: "`security`" {
        /// Whether a person has to renew the password at the first log-in.
        #[schemars(extend("x-api" = "`enforce_password_renewal`", "examples" = [true]))]
        enforce_password_renewal: Option<bool>,
        /// How long a person has to renew the password or to set up a second factor, counted from the first log-in; after that
        /// Scaleway locks the person.
        #[schemars(with = "Option<text::SpanText>", extend("x-api" = "`grace_period_duration`", "examples" = ["3d"]))]
        grace_period: Option<SignedDuration>,
        /// How many failed attempts to log in lock a person.
        #[schemars(extend("minimum" = ATTEMPTS.0, "maximum" = ATTEMPTS.1, "x-api" = "`login_attempts_before_locked`", "examples" = [5]))]
        login_attempts_before_locked: Option<u32>,
        /// How long a person stays logged in.
        #[schemars(with = "Option<text::SpanText>", extend("x-api" = "`max_login_session_duration`", "examples" = ["12h"]))]
        max_login_session: Option<SignedDuration>,
        /// How long a new API key may live, or `none` for no limit. Existing keys stay as they are.
        #[schemars(with = "Option<text::SpanOrNone>", extend("x-api" = "`max_api_key_expiration_duration`", "examples" = ["365d"]))]
        max_api_key_expiration: Option<SignedDuration>,
    }
}

document! {
    /// How people may log in.
    #[derive(Default)]
    #[schemars(rename = "login_methods")]
    LoginMethodsDocument: "`login_methods`" {
        /// By password.
        #[schemars(extend("x-api" = "`login_password_enabled`", "examples" = [true]))]
        password: Option<bool>,
        /// By a code that is sent to the person.
        #[schemars(extend("x-api" = "`login_magic_code_enabled`", "examples" = [false]))]
        magic_code: Option<bool>,
        /// By an account with another service (OAuth2).
        #[schemars(extend("x-api" = "`login_oauth2_enabled`", "examples" = [true]))]
        oauth2: Option<bool>,
        /// By the organization's identity provider (SAML).
        #[schemars(extend("x-api" = "`login_saml_enabled`", "examples" = [true]))]
        saml: Option<bool>,
    }
}

/// The least and the most failed attempts.
///
/// Source: IAM API v1alpha1, `login_attempts_before_locked`.
const ATTEMPTS: (u32, u32) = (1, 50);

impl Section for OrganizationSettingsDocument {
    type Object = OrganizationSettings;

    const WORDS: &'static str = "The settings of the organization. Only the keys that are written are managed. Nothing is ever deleted, and no `stack` is needed.";
    const API: &'static str =
        "`/organizations/{id}/security-settings` and `/organizations/{id}/login-methods`";
    const MAPS: &'static [(&'static str, &'static str)] = &[
        ("organization_settings", "`organization_settings`"),
        ("security", "`organization_settings.security`"),
        ("login_methods", "`organization_settings.login_methods`"),
    ];

    fn example() -> Value {
        json!({"security": {"max_api_key_expiration": "365d"}, "login_methods": {"password": true, "saml": true}})
    }

    /// The section is its only entry.
    fn section(d: &mut Decoder<'_>, node: &Node<'_>) -> Entries<Address, Self> {
        let (kind, at) = (Kind::OrganizationSettings, node.head());
        let document = Self::decode(d, node, kind.section(), at);
        let address = Spanned { value: Address::new(kind, Key::Only), at };
        vec![(address, document.unwrap_or_default())]
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        Some(Self {
            security: fields.optional("security", d, security).unwrap_or_default(),
            login_methods: fields.optional("login_methods", d, login_methods).unwrap_or_default(),
            ..Self::default()
        })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": Self::WORDS,
            "allOf": [generator.subschema_for::<Self>()],
            "x-api": Self::API,
            "examples": [Self::example()],
        })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn resolve(&self, _: &mut Resolving<'_>, _: &Address) -> Option<OrganizationSettings> {
        let Self { security, login_methods, shared: _ } = self;
        Some(OrganizationSettings {
            security: SecuritySettings {
                enforce_password_renewal: security.enforce_password_renewal,
                grace_period: security.grace_period,
                login_attempts_before_locked: security.login_attempts_before_locked,
                max_login_session: security.max_login_session,
                max_api_key_expiration: security.max_api_key_expiration,
            },
            login_methods: LoginMethods {
                password: login_methods.password,
                magic_code: login_methods.magic_code,
                oauth2: login_methods.oauth2,
                saml: login_methods.saml,
            },
        })
    }

    fn unsayable(settings: &OrganizationSettings) -> Option<String> {
        let mut writer = YamlWriter::default();
        write(settings, &mut writer);
        let nothing = || "the API serves nothing that files can say".to_owned();
        writer.into_text().is_empty().then(nothing)
    }

    fn path(_: &Address, _: &OrganizationSettings, _: &Names) -> Vec<String> {
        Vec::new()
    }

    fn write(settings: &OrganizationSettings, writer: &mut YamlWriter, _: &Names) {
        write(settings, writer);
    }
}

/// Writes what files can say; what they leave out stays as it is.
fn write(settings: &OrganizationSettings, writer: &mut YamlWriter) {
    let OrganizationSettings { security, login_methods } = settings;
    let span = |span: Option<SignedDuration>| span.and_then(|span| SpanWords(span).for_files());
    let most = security.max_api_key_expiration;
    let unlimited = most.filter(SignedDuration::is_zero).map(|none| SpanWords(none).to_string());
    let attempts = security.login_attempts_before_locked;
    let attempts = attempts.filter(|attempts| (ATTEMPTS.0..=ATTEMPTS.1).contains(attempts));
    map(
        writer,
        "security",
        [
            ("enforce_password_renewal", security.enforce_password_renewal.map(|it| it.to_string())),
            ("grace_period", span(security.grace_period)),
            ("login_attempts_before_locked", attempts.map(|attempts| attempts.to_string())),
            ("max_login_session", span(security.max_login_session)),
            ("max_api_key_expiration", span(most).or(unlimited)),
        ],
    );
    let LoginMethods { password, magic_code, oauth2, saml } = *login_methods;
    let methods = [("password", password), ("magic_code", magic_code), ("oauth2", oauth2), ("saml", saml)];
    map(writer, "login_methods", methods.map(|(key, method)| (key, method.map(|it| it.to_string()))));
}

/// Writes a map of what has a value.
fn map<const N: usize>(writer: &mut YamlWriter, key: &str, values: [(&str, Option<String>); N]) {
    if values.iter().any(|(_, value)| value.is_some()) {
        writer.key(1, key, "");
    }
    for (key, value) in values {
        value.into_iter().for_each(|value| writer.raw(2, &format!("{key}: {value}")));
    }
}

fn security(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<SecurityDocument> {
    let mut fields = MapFields::of(d, node, key, "security", &SecurityDocument::SHAPE)?;
    let renewal = "enforce_password_renewal";
    let renewal = fields.optional(renewal, d, |d, node, _| flag(d, node, renewal));
    let mut a_span = |d: &mut Decoder<'_>, key: &'static str| {
        fields.optional(key, d, |d, node, _| span(d, node, key).map(|span| span.value))
    };
    let (grace_period, max_login_session) = (a_span(d, "grace_period"), a_span(d, "max_login_session"));
    Some(SecurityDocument {
        enforce_password_renewal: renewal,
        grace_period,
        login_attempts_before_locked: fields.optional("login_attempts_before_locked", d, attempts),
        max_login_session,
        max_api_key_expiration: fields.optional("max_api_key_expiration", d, |d, node, _| {
            let key = "max_api_key_expiration";
            if node.raw() == Some("none") {
                return Some(SignedDuration::ZERO);
            }
            span(d, node, key).map(|span| span.value)
        }),
    })
}

fn attempts(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<u32> {
    let what = "login_attempts_before_locked";
    let attempts = d.count(node, what)?;
    if (ATTEMPTS.0..=ATTEMPTS.1).contains(&attempts) {
        return Some(attempts);
    }
    let why = BadText::Shape("must be a number from 1 to 50");
    d.mistake(node.at, MistakeKind::BadValue { what: format!("`{what}`"), why });
    None
}

fn login_methods(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<LoginMethodsDocument> {
    let mut fields = MapFields::of(d, node, key, "login_methods", &LoginMethodsDocument::SHAPE)?;
    let mut method = |key| fields.optional(key, d, |d, node, _| flag(d, node, key));
    Some(LoginMethodsDocument {
        password: method("password"),
        magic_code: method("magic_code"),
        oauth2: method("oauth2"),
        saml: method("saml"),
    })
}
