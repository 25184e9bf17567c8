//! SSH keys of projects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Map, Value};

use super::fields::{Fields, set};
use super::organization::{Ask, Needed, Organization, unused_id};
use super::page::{Key, Listing, Total};
use super::query::holds;
use super::reply::{Answer, Problem, Reason, Reply, object};
use super::state::Defaults;
use super::table::Row;
use super::time::six_decimals;

/// An SSH key. Neither its name nor the key itself is unique (recorded).
pub(super) struct SshKey {
    id: String,
    name: String,
    public_key: String,
    fingerprint: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    organization_id: String,
    pub(super) project_id: String,
    disabled: bool,
    more: Map<String, Value>,
}

impl Row for SshKey {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

const LISTING: Listing<SshKey> = Listing {
    items: "ssh_keys",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[("updated_at", |key| Key::Time(key.updated_at)), ("name", |key| Key::text(&key.name))],
};

impl SshKey {
    /// Reads one of a state file.
    pub(super) fn load(fields: &mut Fields<'_>, defaults: &Defaults) -> Self {
        let created_at = fields.time("created_at").unwrap_or(defaults.epoch);
        let public_key = fields.text("public_key").unwrap_or_default();
        let computed = || PublicKey::parse(&public_key).map(|key| key.fingerprint()).unwrap_or_default();
        let mut key = Self {
            id: defaults.id(fields, "id"),
            name: fields.text("name").unwrap_or_default(),
            fingerprint: fields.text("fingerprint").unwrap_or_else(computed),
            public_key,
            created_at,
            updated_at: fields.time("updated_at").unwrap_or(created_at),
            organization_id: fields.id("organization_id").unwrap_or_else(|| defaults.organization.clone()),
            project_id: fields.id("project_id").unwrap_or_else(|| defaults.organization.clone()),
            disabled: fields.flag("disabled").unwrap_or(false),
            more: Map::new(),
        };
        key.more = fields.rest();
        key
    }

    pub(super) fn latest(&self) -> Timestamp {
        self.updated_at.max(self.created_at)
    }

    pub(super) fn json(&self) -> Value {
        Value::Object(object(
            [
                ("id", self.id.as_str().into()),
                ("name", self.name.as_str().into()),
                ("public_key", self.public_key.as_str().into()),
                ("fingerprint", self.fingerprint.as_str().into()),
                ("created_at", six_decimals(self.created_at)),
                ("updated_at", six_decimals(self.updated_at)),
                ("organization_id", self.organization_id.as_str().into()),
                ("project_id", self.project_id.as_str().into()),
                ("disabled", self.disabled.into()),
            ],
            &self.more,
        ))
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
    pub(super) fn list_ssh_keys(&self, ask: &mut Ask<'_>) -> Answer {
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
    pub(super) fn create_ssh_key(&mut self, ask: &mut Ask<'_>) -> Answer {
        let mut fields = Fields::new(&ask.body);
        let name = fields.text_up_to("name", 1000).unwrap_or_default();
        let line = fields.text_up_to("public_key", 65_000);
        let line = fields.require("public_key", line);
        let project_id = fields.id("project_id");
        let project_id = fields.require("project_id", project_id).unwrap_or_default();
        let key = line.as_deref().map(PublicKey::parse);
        if let Some(Err(help)) = key {
            fields.refuse("public_key", Reason::Format, help);
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
            disabled: false,
            more: Map::new(),
        };
        let reply = Reply::ok(key.json());
        self.ssh_keys.insert(key);
        Ok(reply)
    }

    pub(super) fn get_ssh_key(&self, ask: &Ask<'_>) -> Answer {
        let id = ask.uuid("ssh_key_id")?;
        self.ssh_keys.get(&id).map(|key| Reply::ok(key.json())).ok_or_else(|| not_found(id))
    }

    pub(super) fn update_ssh_key(&mut self, ask: &mut Ask<'_>) -> Answer {
        let id = ask.uuid("ssh_key_id")?;
        let mut fields = Fields::new(&ask.body);
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

    pub(super) fn delete_ssh_key(&mut self, ask: &mut Ask<'_>) -> Answer {
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
