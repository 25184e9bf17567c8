//! What a Terraform state holds of an organization's access: which objects, and under which addresses.
//!
//! A state holds secrets in plain text. Only the fields below are ever read from it, and none of them is secret.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::Id;

/// The largest state that is read, in bytes.
pub const TERRAFORM_MOST: u64 = 256 << 20;

/// The resources of the Scaleway provider that are about access.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerraformState {
    /// Each instance, in the state's order.
    pub resources: Vec<TerraformResource>,
}

/// One instance of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerraformResource {
    /// Its address, as `terraform state rm` takes it: `module.team["data"].scaleway_iam_policy.this[0]`.
    pub address: String,
    /// What it is.
    pub holds: TerraformHolds,
}

/// What a resource holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerraformHolds {
    /// An object with an id: an application, a group, a policy, a user, an SSH key.
    Object(Id),
    /// A group whose other members Terraform leaves alone (`external_membership`).
    OpenGroup(Id),
    /// One member of a group.
    Membership {
        /// The group.
        group: Id,
        /// The user or application.
        member: Id,
    },
    /// An API key, by its public half. Whose it is, the organization says.
    ApiKey {
        /// The access key.
        access_key: String,
        /// What the resource is called, with its index: `ci`, `ci["a"]`.
        name: String,
        /// Its project, for Object Storage.
        default_project: Option<Id>,
    },
    /// One of the above, without the ids it should have.
    Unidentified,
    /// Something else of the provider's IAM.
    Other,
}

/// Why a Terraform state cannot be read. Of the state's text, only addresses are in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerraformError {
    /// It is no JSON, or not the JSON of a state.
    #[error("it is not a Terraform state (line {line}, column {column})")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has no version, or another one.
    #[error(
        "it is a Terraform state of version {0}; version 4 is read, which Terraform 0.12 and later write"
    )]
    Version(u64),
    /// OpenTofu encrypted it.
    #[error("it is encrypted; `tofu state pull` prints it decrypted")]
    Encrypted,
    /// The name of a module or a resource is not one that Terraform writes.
    #[error("the resource `{0}` has an invalid address")]
    Address(String),
    /// A run of Terraform replaced an object, and failed to delete the old one.
    #[error("it holds a deposed object of {0}, which Terraform still has to delete")]
    Deposed(String),
}

#[derive(Deserialize)]
struct StateDocument {
    version: Option<u64>,
    encrypted_data: Option<IgnoredAny>,
    #[serde(default)]
    resources: Vec<ResourceDocument>,
}

#[derive(Deserialize)]
struct ResourceDocument {
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<InstanceDocument>,
}

#[derive(Deserialize)]
struct InstanceDocument {
    index_key: Option<IndexKey>,
    /// An object that is to be destroyed has one.
    deposed: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IndexKey {
    Count(u64),
    Each(String),
}

/// The attributes that say what an instance is. There are more, secrets among them.
#[derive(Default, Deserialize)]
struct Attributes {
    id: Option<String>,
    access_key: Option<String>,
    group_id: Option<String>,
    user_id: Option<String>,
    application_id: Option<String>,
    external_membership: Option<bool>,
    default_project_id: Option<String>,
}

impl TerraformState {
    /// Says whether it holds API keys.
    #[must_use]
    pub fn has_api_keys(&self) -> bool {
        self.resources.iter().any(|resource| matches!(resource.holds, TerraformHolds::ApiKey { .. }))
    }

    /// Reads a state.
    ///
    /// Source: `terraform.tfstate`, format version 4, as Terraform 1.11 and the Scaleway provider of August 2026 write it.
    ///
    /// # Errors
    /// When it is not a state that this version reads.
    pub fn read(text: &[u8]) -> Result<Self, TerraformError> {
        let document: StateDocument = serde_json::from_slice(text)
            .map_err(|error| TerraformError::Json { line: error.line(), column: error.column() })?;
        if document.encrypted_data.is_some() {
            return Err(TerraformError::Encrypted);
        }
        match document.version {
            Some(4) => {}
            other => return Err(TerraformError::Version(other.unwrap_or_default())),
        }
        let of_access = |resource: &ResourceDocument| {
            let kind = resource.kind.as_str();
            resource.mode == "managed"
                && (kind.starts_with("scaleway_iam_") || kind == "scaleway_account_ssh_key")
        };
        let resources = || document.resources.iter().filter(|resource| of_access(resource));
        // The addresses become arguments of commands.
        if let Some(resource) = resources().find(|resource| !is_addressable(resource)) {
            return Err(TerraformError::Address(format!("{}.{}", resource.kind, resource.name)));
        }
        let instances = || resources().flat_map(|it| it.instances.iter().map(move |instance| (it, instance)));
        // `terraform state rm` would forget it, and nobody would delete it.
        if let Some((resource, instance)) = instances().find(|(_, instance)| instance.deposed.is_some()) {
            return Err(TerraformError::Deposed(address(resource, instance.index_key.as_ref())));
        }
        let resources = instances().map(|(resource, instance)| TerraformResource {
            address: address(resource, instance.index_key.as_ref()),
            holds: holds(resource, instance),
        });
        Ok(Self { resources: resources.collect() })
    }
}

/// Says whether the module and the name of a resource are of the form that Terraform gives them.
fn is_addressable(resource: &ResourceDocument) -> bool {
    let identifier = |text: &str| {
        let signs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        !text.is_empty() && !text.starts_with('-') && text.chars().all(signs)
    };
    let module = resource.module.as_deref().is_none_or(|module| module.starts_with("module."));
    module && identifier(&resource.kind) && identifier(&resource.name)
}

/// Returns the address of an instance.
fn address(resource: &ResourceDocument, index: Option<&IndexKey>) -> String {
    let module = resource.module.as_ref().map(|module| format!("{module}.")).unwrap_or_default();
    format!("{module}{}.{}", resource.kind, name(resource, index))
}

/// Returns the name of an instance.
fn name(resource: &ResourceDocument, index: Option<&IndexKey>) -> String {
    let index = match index {
        None => String::new(),
        Some(IndexKey::Count(number)) => format!("[{number}]"),
        Some(IndexKey::Each(key)) => format!("[{}]", Quoted(key)),
    };
    format!("{}{index}", resource.name)
}

/// A text in the quotes of Terraform's language.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "\"{}\"", escaped.replace("${", "$${").replace("%{", "%%{"))
    }
}

fn holds(resource: &ResourceDocument, instance: &InstanceDocument) -> TerraformHolds {
    let (kind, attributes) = (resource.kind.as_str(), &instance.attributes);
    let id = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Id>().ok());
    let bearer = id(&attributes.user_id).or_else(|| id(&attributes.application_id));
    match kind {
        "scaleway_iam_group_membership" => match (id(&attributes.group_id), bearer) {
            (Some(group), Some(member)) => TerraformHolds::Membership { group, member },
            (None, _) | (_, None) => TerraformHolds::Unidentified,
        },
        "scaleway_iam_api_key" => match &attributes.access_key {
            Some(access_key) => TerraformHolds::ApiKey {
                access_key: access_key.clone(),
                name: name(resource, instance.index_key.as_ref()),
                default_project: id(&attributes.default_project_id),
            },
            None => TerraformHolds::Unidentified,
        },
        "scaleway_iam_group" if attributes.external_membership == Some(true) => {
            id(&attributes.id).map_or(TerraformHolds::Unidentified, TerraformHolds::OpenGroup)
        }
        "scaleway_iam_application"
        | "scaleway_iam_group"
        | "scaleway_iam_policy"
        | "scaleway_iam_user"
        | "scaleway_iam_ssh_key"
        | "scaleway_account_ssh_key" => {
            id(&attributes.id).map_or(TerraformHolds::Unidentified, TerraformHolds::Object)
        }
        _ => TerraformHolds::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(resource: &str) -> Vec<TerraformResource> {
        let text = format!(r#"{{"version": 4, "resources": [{resource}]}}"#);
        TerraformState::read(text.as_bytes()).unwrap().resources
    }

    #[test]
    fn addresses_are_written_as_terraform_takes_them() {
        let resource = r#"{"module": "module.team[\"data\"]", "mode": "managed", "type": "scaleway_iam_policy", "name": "this",
            "instances": [{"index_key": 0}, {"index_key": "a\"b\\c${d}"}, {}]}"#;
        let addresses: Vec<_> = read(resource).into_iter().map(|resource| resource.address).collect();
        assert_eq!(
            addresses,
            [
                r#"module.team["data"].scaleway_iam_policy.this[0]"#,
                r#"module.team["data"].scaleway_iam_policy.this["a\"b\\c$${d}"]"#,
                r#"module.team["data"].scaleway_iam_policy.this"#,
            ]
        );
    }

    #[test]
    fn an_address_that_terraform_would_take_for_an_option_is_refused() {
        for (module, name) in [("-state=/tmp/x", "ok"), ("module.a", "b c"), ("module.a", "-b"), ("x", "ok")]
        {
            let text = format!(
                r#"{{"version": 4, "resources": [{{"module": "{module}", "mode": "managed",
                    "type": "scaleway_iam_policy", "name": "{name}", "instances": [{{}}]}}]}}"#
            );
            assert_eq!(
                TerraformState::read(text.as_bytes()),
                Err(TerraformError::Address(format!("scaleway_iam_policy.{name}"))),
                "{module} {name}"
            );
        }
    }

    #[test]
    fn data_sources_and_other_products_are_left_alone() {
        let resource = |mode: &str, kind: &str| {
            format!(r#"{{"mode": "{mode}", "type": "{kind}", "name": "x", "instances": [{{}}]}}"#)
        };
        assert_eq!(read(&resource("data", "scaleway_iam_group")), []);
        assert_eq!(read(&resource("managed", "scaleway_instance_server")), []);
        assert_eq!(read(&resource("managed", "scaleway_iam_saml"))[0].holds, TerraformHolds::Other);
    }

    #[test]
    fn what_is_no_state_says_so_without_its_text() {
        let secret = r#"{"version": 4, "resources": "e06a62f5-ca68-472e-b5c9-78473fca7982"}"#;
        let error = TerraformState::read(secret.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "it is not a Terraform state (line 1, column 66)");
        let deposed = r#"{"version": 4, "resources": [{"mode": "managed", "type": "scaleway_iam_group", "name": "web",
            "instances": [{"index_key": 1}, {"index_key": 1, "deposed": "00000000"}]}]}"#;
        let error = TerraformState::read(deposed.as_bytes()).unwrap_err();
        assert_eq!(error, TerraformError::Deposed("scaleway_iam_group.web[1]".to_owned()));
        let error = |text: &str| TerraformState::read(text.as_bytes()).unwrap_err();
        assert_eq!(error(r#"{"version": 3, "modules": []}"#), TerraformError::Version(3));
        assert_eq!(error("{}"), TerraformError::Version(0));
        assert_eq!(error(r#"{"encrypted_data": "…", "meta": {}}"#), TerraformError::Encrypted);
    }
}
