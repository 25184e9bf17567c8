//! The slots for API keys of an application, and where their keys are delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rule::project;
use super::span::span;
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, ScalarPlace, YamlWriter, scalar};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::schema::text;
use crate::config::tree::{Node, Value};
use crate::config::until;
use crate::model::{
    AccessKeyId, Address, ApplicationKeys, CommandLabel, Delivery, Id, KeySlot, Membership, ProjectName,
    SecretPlace, SlotName,
};

document! {
    /// A slot: one API key in use, which is replaced before it ends.
    #[schemars(rename = "slot")]
    SlotDocument: "a slot" {
        /// The project that Object Storage takes for the key. Absent means the organization's default project.
        #[schemars(extend("x-api" = "`default_project_id` of an API key", "examples" = ["prod"]))]
        default_project: Option<Spanned<ProjectName>>,
        /// How long a key lives: a number with `d`, `h` or `m` for days, hours or minutes. The organization's maximum, less
        /// five minutes, cuts it short.
        #[schemars(with = "text::SpanText", extend("x-api" = "`expires_at` of an API key", "examples" = ["90d"]))]
        expires_after: SignedDuration,
        /// How long before its end a key is replaced by another one. Shorter than `expires_after`.
        #[schemars(with = "text::SpanText", extend("x-api" = "–", "examples" = ["14d"]))]
        rotate_before: SignedDuration,
        /// How long the old key stays once the new one is delivered: the time that its users have to read the new one.
        /// Shorter than `rotate_before`.
        #[schemars(with = "text::SpanText", extend("x-api" = "–", "examples" = ["7d"]))]
        overlap: SignedDuration,
        /// A key that was made before this is replaced, from then on: for a key that somebody may have seen.
        #[schemars(with = "Option<text::Until>", extend("x-api" = "`created_at` of an API key", "examples" = ["2026-11-26"]))]
        made_after: Option<Timestamp>,
        /// An API key of this application that nobody has marked: the slot takes it in and replaces it. It means nothing once
        /// the slot has a younger key.
        #[schemars(extend("x-api" = "`access_key`; `description` in a `PATCH`", "examples" = ["SCW00000000000000000"]))]
        adopt: Option<Spanned<AccessKeyId>>,
        /// The name that the slot had before; remove it once its keys bear the new one.
        #[schemars(extend("x-api" = "`description` in a `PATCH`", "examples" = ["old-name"]))]
        previously: Option<Spanned<SlotName>>,
        /// Where a new key is delivered; at least one place. It is in use once all of them have it.
        #[schemars(extend("minItems" = 1, "x-api" = "–", "examples" = [[{"secret_manager": {"project": "prod", "region": "fr-par", "path": "/ci", "name": "scw-key"}}]]))]
        deliver: Vec<DeliveryDocument>,
    }
}

document! {
    /// A place to deliver keys to: exactly one of these.
    #[schemars(rename = "delivery", extend("minProperties" = 1, "maxProperties" = 1))]
    DeliveryDocument: "a delivery" {
        /// A secret of Secret Manager. Each key is a version of it, with both halves as JSON: `{"access_key": …, "secret_key": …}`.
        #[schemars(extend("x-api" = "`POST /secrets/{id}/versions`", "examples" = [{"project": "prod", "region": "fr-par", "path": "/ci", "name": "scw-key"}]))]
        secret_manager: Option<SecretDocument>,
        /// A file below the folder that `--deliver-dir` names, for its owner alone, with both halves as JSON. Without that option
        /// the slot is left alone.
        #[schemars(with = "Option<text::DeliveredFile>", extend("x-api" = "–", "examples" = ["ci/scw-key.json"]))]
        file: Option<Spanned<String>>,
        /// A label. Which command it stands for is said by `--deliver-command LABEL='PROGRAM ARGUMENTS'` alone; application, slot
        /// and both halves reach it on its standard input. Without that option the slot is left alone.
        #[schemars(extend("x-api" = "–", "examples" = ["github"]))]
        command: Option<Spanned<CommandLabel>>,
    }
    beside {
        /// Where the entry stands.
        at: Span,
    }
}

document! {
    /// A secret of Secret Manager, by its place. One that is not there is made, with the tag `scw-iam=STACK`.
    #[schemars(rename = "secret")]
    SecretDocument: "a secret" {
        /// The project.
        #[schemars(extend("x-api" = "`project_id` of a secret", "examples" = ["prod"]))]
        project: Spanned<ProjectName>,
        /// The region.
        #[schemars(with = "text::RegionName", extend("x-api" = "the region in the path of the request", "examples" = ["fr-par"]))]
        region: String,
        /// The folder.
        #[schemars(with = "Option<text::SecretFolder>", extend("default" = "/", "x-api" = "`path` of a secret", "examples" = ["/ci"]))]
        path: Option<String>,
        /// The name.
        #[schemars(with = "text::SecretName", extend("x-api" = "`name` of a secret", "examples" = ["scw-key"]))]
        name: String,
        /// Whether a secret that is there without the tag of any stack may be used. One that belongs to another stack may not.
        #[schemars(with = "Option<bool>", extend("default" = false, "x-api" = "–", "examples" = [true]))]
        adopt: Option<bool>,
    }
}

/// Decodes `api_keys` of an application.
pub(super) fn slots(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    _: Span,
) -> Option<Entries<SlotName, SlotDocument>> {
    let map = d.map(node, "api_keys")?;
    let mut entries = Vec::with_capacity(map.entries.len());
    for (key, value) in &map.entries {
        let Some(text) = d.key(key) else { continue };
        let name = match text.parse::<SlotName>() {
            Ok(name) => Some(Spanned { value: name, at: key.at }),
            Err(why) => {
                d.mistake(key.at, MistakeKind::BadSlot { text: text.to_owned(), why });
                None
            }
        };
        let slot = slot(d, value, text, key.at);
        entries.extend(name.zip(slot));
    }
    Some(entries)
}

fn slot(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<SlotDocument> {
    let mut fields = MapFields::of(d, node, at, name, &SlotDocument::SHAPE)?;
    let of = || format!("the slot `{name}`");
    let default_project =
        fields.optional("default_project", d, |d, node, _| project(d, node, "default_project"));
    let expires = fields.required("expires_after", d, of, |d, node, _| span(d, node, "expires_after"));
    let rotate = fields.required("rotate_before", d, of, |d, node, _| span(d, node, "rotate_before"));
    let overlap = fields.required("overlap", d, of, |d, node, _| span(d, node, "overlap"));
    shorter(d, ("rotate_before", rotate.as_ref()), ("expires_after", expires.as_ref()));
    shorter(d, ("overlap", overlap.as_ref()), ("rotate_before", rotate.as_ref()));
    let made_after = fields.optional("made_after", d, |d, node, _| made_after(d, node));
    let adopt = fields.optional("adopt", d, |d, node, _| {
        d.value(node, "adopt", |text, why| MistakeKind::BadAccessKey { text, why })
    });
    let previously = fields.optional("previously", d, |d, node, _| {
        d.value(node, "previously", |text, why| MistakeKind::BadSlot { text, why })
    });
    let deliver = fields.required("deliver", d, of, |d, node, key| {
        let items = d.list(node, "deliver")?;
        if items.is_empty() {
            d.mistake(key, MistakeKind::NoDelivery);
        }
        Some(items.iter().filter_map(|item| delivery(d, item)).collect())
    });
    Some(SlotDocument {
        default_project,
        expires_after: expires?.value,
        rotate_before: rotate?.value,
        overlap: overlap?.value,
        made_after,
        adopt,
        previously,
        deliver: deliver?,
    })
}

fn shorter(
    d: &mut Decoder<'_>,
    (what, short): (&'static str, Option<&Spanned<SignedDuration>>),
    (than, long): (&'static str, Option<&Spanned<SignedDuration>>),
) {
    if let Some((short, long)) = short.zip(long)
        && short.value >= long.value
    {
        d.mistake(short.at, MistakeKind::NotShorter { what, than });
    }
}

/// Decodes a time; a date is the midnight UTC that begins it.
fn made_after(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Timestamp> {
    let text = match &node.value {
        Value::Scalar(scalar) if !scalar.is_null() => &*scalar.text,
        Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Broken => d.text(node, "made_after")?,
    };
    let date = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp());
    let read = until::read(text).and_then(|until| if text.len() == 10 { date() } else { Some(until) });
    if read.is_none() {
        d.mistake(node.at, MistakeKind::BadTime { text: text.to_owned() });
    }
    read
}

fn delivery(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<DeliveryDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "deliver", &DeliveryDocument::SHAPE)?;
    let given = DeliveryDocument::SHAPE.keys().filter(|key| fields.get(key).is_some()).count();
    let secret_manager = fields.optional("secret_manager", d, secret);
    let file = fields.optional("file", d, |d, node, _| {
        let text = d.text(node, "file")?;
        checked(
            d,
            node.at,
            "file",
            text,
            is_file_path(text),
            "parts of letters, digits, `_`, `-` and `.` with `/` between, none beginning with `.`",
        )?;
        Some(Spanned { value: text.to_owned(), at: node.at })
    });
    let command = fields.optional("command", d, |d, node, _| {
        d.value(node, "command", |text, why| MistakeKind::BadSlot { text, why })
    });
    if given != 1 {
        if given > 1 || !DeliveryDocument::SHAPE.keys().any(|key| fields.excused(key)) {
            d.mistake(at, MistakeKind::NotOneDelivery);
        }
        return None;
    }
    Some(DeliveryDocument { secret_manager, file, command, at })
}

fn secret(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<SecretDocument> {
    let mut fields = MapFields::of(d, node, key, "secret_manager", &SecretDocument::SHAPE)?;
    let of = || "the secret".to_owned();
    let project = fields.required("project", d, of, |d, node, _| project(d, node, "project"));
    let region = fields.required("region", d, of, |d, node, _| {
        let text = d.text(node, "region")?;
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let good = (1..=32).contains(&text.len()) && text.bytes().all(good);
        checked(d, node.at, "region", text, good, "a region such as `fr-par`")
    });
    let path = fields.optional("path", d, |d, node, _| {
        let text = d.text(node, "path")?;
        let inner = text.strip_prefix('/').map(|inner| inner.strip_suffix('/').unwrap_or(inner));
        let good = inner.is_some_and(|inner| inner.is_empty() || inner.split('/').all(is_element));
        checked(d, node.at, "path", text, good, "a folder such as `/ci/deploy`")?;
        Some(format!("/{}", inner.unwrap_or_default()))
    });
    let name = fields.required("name", d, of, |d, node, _| {
        let text = d.text(node, "name")?;
        checked(d, node.at, "name", text, is_element(text), "1 to 255 letters, digits, `_`, `-` and `.`")
    });
    let adopt = fields.optional("adopt", d, |d, node, _| match node.raw() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => {
            let found = node.raw().unwrap_or(node.found()).to_owned();
            let words: &[&str] = &["true", "false"];
            d.mistake(node.at, MistakeKind::NotOneOf { what: "adopt".to_owned(), words, found, near: None });
            None
        }
    });
    Some(SecretDocument { project: project?, region: region?, path, name: name?, adopt })
}

fn checked(
    d: &mut Decoder<'_>,
    at: Span,
    what: &'static str,
    text: &str,
    good: bool,
    allowed: &'static str,
) -> Option<String> {
    if good {
        return Some(text.to_owned());
    }
    d.mistake(at, MistakeKind::BadDeliveryPart { what, text: text.to_owned(), allowed });
    None
}

/// An element of a secret's name.
///
/// Source: Secret Manager API v1beta1, `name` and `path` of a secret.
fn is_element(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
}

fn is_file_path(text: &str) -> bool {
    text.len() <= 255 && text.split('/').all(is_element)
}

impl SlotDocument {
    /// Returns the projects that it names.
    pub(super) fn projects(&self) -> impl Iterator<Item = &Spanned<ProjectName>> {
        let secrets = self.deliver.iter().filter_map(|it| it.secret_manager.as_ref());
        self.default_project.iter().chain(secrets.map(|secret| &secret.project))
    }
}

impl DeliveryDocument {
    /// Returns what two slots may not both deliver to, in words; a command may be anything.
    pub(in crate::config) fn place(&self) -> Option<String> {
        if let Some(SecretDocument { project, region, path, name, adopt: _ }) = &self.secret_manager {
            let path = path.as_deref().unwrap_or("/").trim_end_matches('/');
            return Some(format!("secret `{path}/{name}` of project `{}` in {region}", project.value));
        }
        self.file.as_ref().map(|file| format!("file `{}`", file.value))
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, of: &Address) -> Option<Delivery> {
        if let Some(SecretDocument { project, region, path, name, adopt }) = &self.secret_manager {
            let secret = SecretPlace {
                project: resolving.project(project, Some(of)),
                region: region.as_str().into(),
                path: path.as_deref().unwrap_or("/").into(),
                name: name.as_str().into(),
            };
            return Some(Delivery::SecretManager { secret, adopt: adopt.unwrap_or(false) });
        }
        let file = self.file.as_ref().map(|file| Delivery::File(Arc::from(file.value.as_str())));
        file.or_else(|| self.command.as_ref().map(|label| Delivery::Command(label.value.clone())))
    }
}

/// Writes the slots of an application.
pub(in crate::config) fn write_slots(
    writer: &mut YamlWriter,
    slots: &BTreeMap<SlotName, KeySlot>,
    names: &Names,
) {
    let project = |id: &Id| names.project(*id).map_or_else(|| id.to_string(), ToOwned::to_owned);
    let flow = |text: &str| scalar(text, ScalarPlace::Flow);
    writer.key(2, "api_keys", "");
    for (name, slot) in slots {
        let KeySlot {
            default_project,
            expires_after,
            rotate_before,
            overlap,
            made_after,
            adopt,
            previously,
            deliver,
            at: _,
        } = slot;
        writer.key(3, name.as_str(), "");
        if let Some(id) = default_project {
            writer.text(4, "default_project", &project(id));
        }
        writer.text(4, "expires_after", &span_words(*expires_after));
        writer.text(4, "rotate_before", &span_words(*rotate_before));
        writer.text(4, "overlap", &span_words(*overlap));
        if let Some(at) = made_after {
            writer.text(4, "made_after", &at.to_string());
        }
        if let Some(key) = adopt {
            writer.text(4, "adopt", key.as_str());
        }
        if let Some(name) = previously {
            writer.text(4, "previously", name.as_str());
        }
        writer.key(4, "deliver", "");
        for delivery in deliver {
            let words = match delivery {
                Delivery::SecretManager {
                    secret: SecretPlace { project: of, region, path, name },
                    adopt,
                } => {
                    let adopt = if *adopt { ", adopt: true" } else { "" };
                    let (of, region, path, name) = (flow(&project(of)), flow(region), flow(path), flow(name));
                    format!(
                        "secret_manager: {{project: {of}, region: {region}, path: {path}, name: {name}{adopt}}}"
                    )
                }
                Delivery::File(path) => format!("file: {}", scalar(path, ScalarPlace::Block)),
                Delivery::Command(label) => {
                    format!("command: {}", scalar(label.as_str(), ScalarPlace::Block))
                }
            };
            writer.raw(5, &format!("- {words}"));
        }
    }
}

/// Writes a span of time as [`span`] reads it.
fn span_words(span: SignedDuration) -> String {
    match span.as_mins() {
        minutes if minutes % (24 * 60) == 0 => format!("{}d", minutes / (24 * 60)),
        minutes if minutes % 60 == 0 => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

/// Turns the slots of an application into what is desired.
pub(super) fn resolve(
    slots: &Entries<SlotName, SlotDocument>,
    membership: Membership,
    resolving: &mut Resolving<'_>,
    of: &Address,
) -> ApplicationKeys {
    let slots = slots.iter().map(|(name, slot)| {
        let default_project =
            slot.default_project.as_ref().map(|project| resolving.project(project, Some(of)));
        let deliver = slot.deliver.iter().filter_map(|delivery| delivery.resolve(resolving, of)).collect();
        let slot = KeySlot {
            default_project,
            expires_after: slot.expires_after,
            rotate_before: slot.rotate_before,
            overlap: slot.overlap,
            made_after: slot.made_after,
            adopt: slot.adopt.as_ref().map(|key| key.value.clone()),
            previously: slot.previously.as_ref().map(|name| name.value.clone()),
            deliver,
            at: resolving.where_is(name.at),
        };
        (name.value.clone(), slot)
    });
    ApplicationKeys { slots: slots.collect(), membership }
}
