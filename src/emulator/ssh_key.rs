//! SSH keys of projects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, read_uuid, set};
use super::organization::{HandlerRequest, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::query::holds;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::state::Defaults;
use super::table::row;
use super::time::micros;

/// An SSH key. Neither its name nor the key itself is unique (recorded).
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SshKey {
    #[serde(deserialize_with = "read_uuid")]
    id: String,
    name: String,
    public_key: String,
    fingerprint: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    #[serde(deserialize_with = "read_uuid")]
    pub(super) project_id: String,
    disabled: bool,
    #[serde(flatten)]
    more: Map<String, Value>,
}

row!(SshKey);

const LISTING: Listing<SshKey> = Listing {
    items: "ssh_keys",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[("updated_at", |key| SortKey::Time(key.updated_at)), ("name", |key| SortKey::text(&key.name))],
};

impl SshKey {
    /// Adds to one of a state file what it takes from the state, and the fingerprint.
    pub(super) fn complete(key: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill_organization(key);
        defaults.fill(key, "project_id", || defaults.organization.as_str().into());
        let line = key.get("public_key").and_then(Value::as_str).unwrap_or_default();
        let fingerprint = PublicKey::parse(line).map(|key| key.fingerprint()).unwrap_or_default();
        defaults.fill(key, "fingerprint", || fingerprint.into());
    }

    pub(super) fn json(&self) -> Value {
        json!(self)
    }
}

/// A public key as OpenSSH writes it, without its comment.
struct PublicKey<'a> {
    kind: &'a str,
    text: &'a str,
    blob: Vec<u8>,
}

impl<'a> PublicKey<'a> {
    /// Reads a key of the kinds that the API takes.
    fn parse(line: &'a str) -> Result<Self, &'static str> {
        const KINDS: &[&str] = &[
            "ssh-rsa",
            "ssh-dss",
            "ssh-ed25519",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp384",
            "ecdsa-sha2-nistp521",
        ];
        let mut words = line.split_ascii_whitespace();
        let (Some(kind), Some(text)) = (words.next(), words.next()) else { return Err("invalid key format") };
        let blob = STANDARD.decode(text).map_err(|_| "invalid key format: illegal base64 data")?;
        let named = field(&blob, 0).is_some_and(|name| name == kind.as_bytes());
        if !KINDS.contains(&kind) || !named {
            return Err("Invalid SSH public key");
        }
        let key = Self { kind, text, blob };
        if key.bits() == 0 { Err("Invalid SSH public key") } else { Ok(key) }
    }

    /// Returns the length of the key.
    fn bits(&self) -> usize {
        // A number is written with a zero byte before it where its highest bit is set.
        let length = |number: &[u8]| {
            let number = number.strip_prefix(&[0]).unwrap_or(number);
            let leading = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
            (number.len() * 8).saturating_sub(leading)
        };
        match self.kind {
            "ssh-rsa" => field(&self.blob, 2).map_or(0, length),
            "ssh-dss" => field(&self.blob, 1).map_or(0, length),
            "ssh-ed25519" => field(&self.blob, 1).map_or(0, |key| if key.len() == 32 { 256 } else { 0 }),
            "ecdsa-sha2-nistp256" => field(&self.blob, 2).map_or(0, |_| 256),
            "ecdsa-sha2-nistp384" => field(&self.blob, 2).map_or(0, |_| 384),
            "ecdsa-sha2-nistp521" => field(&self.blob, 2).map_or(0, |_| 521),
            _ => 0,
        }
    }

    /// Returns the fingerprint: bits, MD5, kind (recorded: ssh-key-basic).
    fn fingerprint(&self) -> String {
        let hash: Vec<String> = Md5::digest(&self.blob).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} MD5:{} ({})", self.bits(), hash.join(":"), self.kind)
    }
}

/// Returns the field at a place of a key's blob: each has its length, four bytes, before it.
fn field(blob: &[u8], at: usize) -> Option<&[u8]> {
    let mut rest = blob;
    for place in 0.. {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if length > tail.len() {
            return None;
        }
        let (value, tail) = tail.split_at(length);
        if place == at {
            return Some(value);
        }
        rest = tail;
    }
    None
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "ssh_key", id }
}

impl Organization {
    pub(super) fn list_ssh_keys(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::No, "ssh_key")?;
        let query = &mut ask.query;
        let name = query.text_of("name", 1, 1000);
        let project = query.id("project_id");
        let disabled = query.flag("disabled");
        LISTING.answer(
            query,
            &self.ssh_keys,
            |key| {
                name.as_ref().is_none_or(|name| holds(&key.name, name))
                    && project.as_ref().is_none_or(|project| key.project_id == *project)
                    && disabled.is_none_or(|disabled| key.disabled == disabled)
            },
            SshKey::json,
        )
    }

    /// Adds a key, enabled; its comment is cut off (recorded: ssh-key-basic).
    pub(super) fn create_ssh_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.text_up_to("name", 1000).unwrap_or_default();
        let line = fields.text_up_to("public_key", 65_000);
        let line = fields.require("public_key", line);
        let project_id = fields.id("project_id");
        let project_id = fields.require("project_id", project_id).unwrap_or_default();
        let key = line.as_deref().map(PublicKey::parse);
        if let Some(Err(help)) = key {
            fields.refuse("public_key", ArgumentReason::Format, help);
        }
        fields.done()?;
        let Some(Ok(key)) = key else { return Err(Problem::Invalid(Vec::new())) };
        self.known_project(&project_id)?;
        self.room("ssh_key", self.ssh_keys.len())?;
        let id = unused_id(&mut self.rng, &self.ssh_keys, &[b"ssh-key", ask.request.body]);
        let now = self.stamp(ask);
        let key = SshKey {
            id,
            name,
            public_key: format!("{} {}", key.kind, key.text),
            fingerprint: key.fingerprint(),
            created_at: now,
            updated_at: now,
            organization_id: self.id.clone(),
            project_id,
            ..SshKey::default()
        };
        let reply = Reply::ok(key.json());
        self.ssh_keys.insert(key);
        Ok(reply)
    }

    pub(super) fn get_ssh_key(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("ssh_key_id")?;
        self.ssh_keys.get(&id).map(|key| Reply::ok(key.json())).ok_or_else(|| not_found(id))
    }

    pub(super) fn update_ssh_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("ssh_key_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.text_up_to("name", 1000);
        let disabled = fields.flag("disabled");
        fields.done()?;
        if !self.ssh_keys.contains(&id) {
            return Err(not_found(id));
        }
        let changed = name.is_some() || disabled.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let key = self.ssh_keys.get_mut(&id).ok_or_else(|| not_found(id))?;
        set(&mut key.name, name);
        key.disabled = disabled.unwrap_or(key.disabled);
        set(&mut key.updated_at, now);
        Ok(Reply::ok(key.json()))
    }

    pub(super) fn delete_ssh_key(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("ssh_key_id")?;
        self.ssh_keys.remove(&id).map(|_| Reply::gone()).ok_or_else(|| not_found(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_recorded_one() {
        let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO member@example.com";
        let key = PublicKey::parse(line).unwrap();
        assert_eq!(
            key.fingerprint(),
            "256 MD5:6b:cd:72:8a:ae:45:24:4b:2b:72:f6:d0:6a:8d:16:06 (ssh-ed25519)"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for line in
            ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 /////w=="]
        {
            assert!(PublicKey::parse(line).is_err(), "{line}");
        }
    }
}
