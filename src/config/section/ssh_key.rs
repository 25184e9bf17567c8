use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::entry::Section;
use super::flag::flag;
use super::group::MEMBERSHIPS;
use super::meta::MetaDocument;
use super::rule::project;
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::tree::Node;
use crate::model::{Address, BadText, Id, Key, Kind, Membership, ProjectName, SshKey};

document! {
    /// An SSH key of a project: the holder of its private key can log in to the project's machines.
    #[derive(Default)]
    #[schemars(rename = "ssh_key")]
    SshKeyDocument: "an SSH key" {
        /// The public key, as the file `id_ed25519.pub` has it; its comment means nothing. Another public key under the same
        /// name is added beside the live one, which goes where the list is `exact`, or where `id` names it.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 65000, "x-api" = "`public_key`", "examples" = [EXAMPLE]))]
        public_key: String,
        /// Whether the service ignores the key. One that is not there is not added.
        #[schemars(default, extend("default" = false, "x-api" = "`disabled`", "examples" = [true]))]
        disabled: bool,
        /// The id of the live key that is meant, to replace it by another public key. Needs a `stack`.
        #[schemars(extend("x-api" = "`id`", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
        id: Option<Spanned<Id>>,
    }
    beside {
        shared: MetaDocument,
        /// The project and how its list is meant, where this is not a key but the list.
        list: Option<(Spanned<ProjectName>, Membership)>,
    }
}

document! {
    /// The SSH keys of a project.
    #[schemars(rename = "ssh_keys")]
    SshKeysDocument: "the SSH keys of a project" {
        /// `at_least`: a key that is not listed stays. `exact`: it is deleted. SSH keys carry no tags, so that nothing else tells
        /// whose a key is; `exact` needs a `stack`.
        #[schemars(with = "Option<String>", extend("enum" = MEMBERSHIPS, "default" = "at_least", "x-api" = "`DELETE` of SSH keys", "examples" = ["exact"]))]
        membership: Option<Membership>,
        /// The keys, by name. A live key is found by `id`, else by its type and base64, else by its name.
        #[schemars(with = "BTreeMap<crate::model::ChildName, SshKeyDocument>", extend("x-api" = "`name` of an SSH key", "examples" = [{"alice-laptop": {"public_key": EXAMPLE}}]))]
        keys: Entries<Address, SshKeyDocument>,
    }
}

const EXAMPLE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";

impl Section for SshKeyDocument {
    type Object = SshKey;

    const WORDS: &'static str = "The SSH keys, by project. A project that is absent is not managed; `keys: {}` means that there are none to add.";
    const API: &'static str = "`project_id` of an SSH key";
    const MAPS: &'static [(&'static str, &'static str)] =
        &[("ssh_keys", "`ssh_keys.PROJECT`"), ("ssh_key", "`ssh_keys.PROJECT.keys.NAME`")];

    fn example() -> Value {
        json!({"prod": {"membership": "exact", "keys": {"alice-laptop": {"public_key": EXAMPLE}}}})
    }

    fn section(d: &mut Decoder<'_>, node: &Node<'_>) -> Entries<Address, Self> {
        let Some(map) = d.map(node, Kind::SshKey.section()) else { return Vec::new() };
        let mut entries = Vec::new();
        for (key, value) in &map.entries {
            if let Some(name) = project(d, key, Kind::SshKey.section()) {
                entries.extend(of_project(d, &name, value));
            }
        }
        entries
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        let of = || format!("SSH key `{name}`");
        let public_key = fields.required("public_key", d, of, |d, node, _| {
            let text = d.text(node, "public_key")?;
            let checked = public_key(text);
            // A private key in its place is not shown again.
            let bad = |why| MistakeKind::BadValue { what: format!("the public key of `{name}`"), why };
            checked.map_err(|why| d.mistake(at, bad(why))).ok()
        });
        let disabled = fields.optional("disabled", d, |d, node, _| flag(d, node, "disabled"));
        let id = fields.optional("id", d, |d, node, _| d.id(node, "id"));
        let disabled = disabled.unwrap_or_default();
        Some(Self { public_key: public_key?, disabled, id, ..Self::default() })
    }

    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": Self::WORDS,
            "type": "object",
            "additionalProperties": generator.subschema_for::<SshKeysDocument>(),
            "propertyNames": generator.subschema_for::<ProjectName>(),
            "x-api": Self::API,
            "examples": [Self::example()],
        })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn list(&self) -> Option<(&Spanned<ProjectName>, Membership)> {
        self.list.as_ref().map(|(project, membership)| (project, *membership))
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<SshKey> {
        // The list was resolved before; a project that is not there was said then.
        let Key::Project(name) = address.key().parent()? else { return None };
        let mut projects = resolving.desired.state.projects.iter();
        let (project, _) = projects.find(|(_, known)| *known == name)?;
        Some(SshKey { project: *project, public_key: self.public_key.clone(), disabled: self.disabled })
    }

    fn unsayable(key: &SshKey) -> Option<String> {
        public_key(&key.public_key).err().map(|why| format!("its public key {why}"))
    }

    fn projects_of(key: &SshKey) -> Vec<Id> {
        vec![key.project]
    }

    fn path(address: &Address, key: &SshKey, names: &Names) -> Vec<String> {
        let project = names.project(key.project).map_or_else(|| key.project.to_string(), str::to_owned);
        vec![project, "keys".to_owned(), address.key().title().unwrap_or_default().to_owned()]
    }

    fn write(key: &SshKey, writer: &mut YamlWriter, _: &Names) {
        writer.text(4, "public_key", &key.public_key);
        if key.disabled {
            writer.raw(4, "disabled: true");
        }
    }
}

/// Decodes the list of a project: an entry for the list itself, then its keys.
fn of_project(
    d: &mut Decoder<'_>,
    project: &Spanned<ProjectName>,
    node: &Node<'_>,
) -> Entries<Address, SshKeyDocument> {
    let name = project.value.to_string();
    let Some(mut fields) = MapFields::of(d, node, project.at, &name, &SshKeysDocument::SHAPE) else {
        return Vec::new();
    };
    let membership = fields.optional("membership", d, |d, node, _| {
        d.one_of(node, "membership", MEMBERSHIPS, &[Membership::Exact, Membership::AtLeast])
    });
    let of = || format!("project `{name}`");
    let keys = fields.required("keys", d, of, |d, node, _| keys(d, project, node)).unwrap_or_default();
    let SshKeysDocument { membership, keys } = SshKeysDocument { membership, keys };
    let list = Some((project.clone(), membership.unwrap_or(Membership::AtLeast)));
    let list = SshKeyDocument { list, ..SshKeyDocument::default() };
    let address = Address::new(Kind::SshKey, Key::Project(project.value.clone()));
    std::iter::once((Spanned { value: address, at: project.at }, list)).chain(keys).collect()
}

fn keys(
    d: &mut Decoder<'_>,
    project: &Spanned<ProjectName>,
    node: &Node<'_>,
) -> Option<Entries<Address, SshKeyDocument>> {
    let map = d.map(node, "keys")?;
    let (mut entries, mut first): (Vec<_>, HashMap<String, Span>) = (Vec::new(), HashMap::new());
    for (key, value) in &map.entries {
        let Some(text) = d.key(key) else { continue };
        let name = Kind::SshKey.form().key(Some(Key::Project(project.value.clone())), text);
        let bad = |why| MistakeKind::BadName { kind: Kind::SshKey, text: text.to_owned(), why };
        let name = name.map_err(|why| d.mistake(key.at, bad(why))).ok();
        let document = SshKeyDocument::decode(d, value, text, key.at);
        let (Some(name), Some(document)) = (name, document) else { continue };
        if let Some(other) = first.insert(document.public_key.clone(), key.at) {
            let kind = MistakeKind::ListedTwice { what: "public key", name: document.public_key.clone() };
            d.note(Mistake::new(key.at, kind).also(other));
            continue;
        }
        let address = Spanned { value: Address::new(Kind::SshKey, name), at: key.at };
        let shared = MetaDocument { id: document.id.clone(), ..MetaDocument::default() };
        entries.push((address, SshKeyDocument { shared, ..document }));
    }
    Some(entries)
}

/// Checks a public key, and returns it without its comment.
///
/// Source: IAM API v1alpha1, `public_key` of CreateSSHKey: up to 65 000 characters, of these types.
fn public_key(line: &str) -> Result<String, BadText> {
    const TYPES: [&str; 6] = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "ssh-dss",
    ];
    const MOST: usize = 65_000;
    let found = line.chars().count();
    if found > MOST {
        return Err(BadText::TooLong { found, most: MOST });
    }
    let mut words = line.split_ascii_whitespace();
    let kind = words.next().filter(|kind| TYPES.contains(kind));
    let Some(kind) = kind else {
        return Err(BadText::Shape(
            "must begin with the type of a public key, as `ssh-ed25519` (the file ends with `.pub`)",
        ));
    };
    // The key says its own type once more, after its length.
    let named = |bytes: &[u8]| bytes.get(4..).is_some_and(|bytes| bytes.starts_with(kind.as_bytes()));
    match words.next().map(|text| STANDARD.decode(text)) {
        Some(Ok(bytes)) if named(&bytes) => Ok(SshKey::material(line)),
        Some(Ok(_) | Err(_)) | None => Err(BadText::Shape("must have a key of its type in base64")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_loses_its_comment_and_nothing_else_is_one() {
        assert_eq!(public_key(&format!("{EXAMPLE} alice@laptop")).unwrap(), EXAMPLE);
        let other_type = EXAMPLE.replace("ssh-ed25519", "ssh-rsa");
        for bad in ["", "ssh-ed25519", "ssh-ed25519 !!!", "-----BEGIN OPENSSH PRIVATE KEY-----", &other_type]
        {
            assert!(public_key(bad).is_err(), "{bad}");
        }
    }
}
