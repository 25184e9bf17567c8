//! Credentials and settings, found as Scaleway's own tools find them: the environment over a configuration file.
//!
//! [`resolve`] is a pure function of the variables and of a reader for files, so that every rule can be tested.
//! [`CredentialSettings::from_environment`] gives it the real ones.
mod file;
mod form;
mod trouble;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::file::ConfigFile;
use self::file::{Profile, Root, first_file, read_file, shown};
use self::form::{UUID, is_access_key, is_region, is_uuid, is_zone, parse_bool, uuid};
pub use self::trouble::{SettingsError, Warning};
use super::client::{self, API_URL, Client, ClientBuilder};
use super::error::escaped;
use super::id::{AccessKey, OrganizationId, ProjectId};
use super::secret::Secret;

/// The settings from the environment and the configuration file. All of them are optional.
#[derive(Debug, Clone)]
pub struct CredentialSettings {
    /// The public half of the API key, by which the caller finds out who it is. It is never sent as a credential.
    pub access_key: Option<AccessKey>,
    /// The secret half, which authenticates.
    pub secret_key: Option<Secret>,
    /// The default organization.
    pub default_organization_id: Option<OrganizationId>,
    /// The default project.
    pub default_project_id: Option<ProjectId>,
    /// The default region, `fr-par` for example. IAM has none; it is checked as the official tools check it.
    pub default_region: Option<String>,
    /// The default zone, `fr-par-1` for example.
    pub default_zone: Option<String>,
    /// The address of the API, without a slash at the end.
    pub api_url: String,
    /// Whether certificates are not verified.
    pub insecure: bool,
    /// What to append to the User-Agent.
    pub user_agent: Option<String>,
}

/// Settings, and warnings about them.
#[derive(Debug, Clone)]
pub struct ResolvedSettings {
    /// The settings.
    pub settings: CredentialSettings,
    /// Settings that work, but should be changed.
    pub warnings: Vec<Warning>,
    /// Where each setting comes from that is set, by its words: `access key` from `variable SCW_ACCESS_KEY`, for example.
    pub origins: BTreeMap<&'static str, String>,
}

impl CredentialSettings {
    /// Finds the settings in the environment of this process and in the configuration file, in this profile of it where one
    /// is named.
    ///
    /// # Errors
    /// See [`resolve`].
    pub fn from_environment(profile: Option<&str>) -> Result<ResolvedSettings, SettingsError> {
        let mut variables = BTreeMap::new();
        for name in VARIABLES {
            match std::env::var(name) {
                Ok(value) => drop(variables.insert((*name).to_owned(), value)),
                Err(std::env::VarError::NotPresent) => {}
                Err(std::env::VarError::NotUnicode(_)) => return Err(SettingsError::NotText(name)),
            }
        }
        variables.extend(profile.map(|name| ("SCW_PROFILE".to_owned(), name.to_owned())));
        resolve(&variables, &read_file)
    }

    /// Returns the configuration files that [`Self::from_environment`] looks for, in this order.
    #[must_use]
    pub fn files() -> Vec<PathBuf> {
        let set = |name: &&str| Some(((*name).to_owned(), std::env::var(name).ok()?));
        config_files(&VARIABLES.iter().filter_map(set).collect())
    }

    /// Starts a client for an organization with these settings.
    ///
    /// # Errors
    /// [`SettingsError::NoSecretKey`] when there is none.
    pub fn client(&self, organization: OrganizationId) -> Result<ClientBuilder, SettingsError> {
        let secret = self.secret_key.clone().ok_or(SettingsError::NoSecretKey)?;
        let mut builder = Client::builder(secret, organization).api_url(&self.api_url);
        if self.insecure {
            builder = builder.insecure();
        }
        Ok(match &self.user_agent {
            Some(extra) => builder.user_agent(extra),
            None => builder,
        })
    }

    /// Returns the default organization.
    ///
    /// # Errors
    /// [`SettingsError::NoOrganization`] when there is none.
    pub fn organization(&self) -> Result<&OrganizationId, SettingsError> {
        self.default_organization_id.as_ref().ok_or(SettingsError::NoOrganization)
    }

    /// Returns the access key.
    ///
    /// # Errors
    /// [`SettingsError::NoAccessKey`] when there is none.
    pub fn access_key(&self) -> Result<&AccessKey, SettingsError> {
        self.access_key.as_ref().ok_or(SettingsError::NoAccessKey)
    }
}

/// The variables of a setting, today's name first, then the older ones in the order in which they are asked.
type VariableNames = &'static [&'static str];

const ACCESS_KEY: VariableNames = &["SCW_ACCESS_KEY", "SCALEWAY_ACCESS_KEY"];
const SECRET_KEY: VariableNames = &["SCW_SECRET_KEY", "SCW_TOKEN", "SCALEWAY_TOKEN", "SCALEWAY_ACCESS_KEY"];
const ORGANIZATION: VariableNames =
    &["SCW_DEFAULT_ORGANIZATION_ID", "SCW_ORGANIZATION", "SCALEWAY_ORGANIZATION"];
const PROJECT: VariableNames = &["SCW_DEFAULT_PROJECT_ID"];
const REGION: VariableNames = &["SCW_DEFAULT_REGION", "SCW_REGION", "SCALEWAY_REGION"];
const ZONE: VariableNames = &["SCW_DEFAULT_ZONE"];
const URL: VariableNames = &["SCW_API_URL"];
const INSECURE: VariableNames = &["SCW_INSECURE", "SCW_TLSVERIFY"];

/// Every variable that [`resolve`] asks for.
const VARIABLES: &[&str] = &[
    "HOME",
    "SCALEWAY_ACCESS_KEY",
    "SCALEWAY_ORGANIZATION",
    "SCALEWAY_REGION",
    "SCALEWAY_TOKEN",
    "SCW_ACCESS_KEY",
    "SCW_API_URL",
    "SCW_CONFIG_PATH",
    "SCW_DEFAULT_ORGANIZATION_ID",
    "SCW_DEFAULT_PROJECT_ID",
    "SCW_DEFAULT_REGION",
    "SCW_DEFAULT_ZONE",
    "SCW_INSECURE",
    "SCW_ORGANIZATION",
    "SCW_PROFILE",
    "SCW_REGION",
    "SCW_SECRET_KEY",
    "SCW_TLSVERIFY",
    "SCW_TOKEN",
    "SCW_USER_AGENT",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
];

/// Finds the settings in a set of variables and in the file that they lead to.
///
/// Source: the official Go SDK and its tools.
/// - The file is `SCW_CONFIG_PATH`, else `scw/config.yaml` under `XDG_CONFIG_HOME`, `$HOME/.config` or
///   `%USERPROFILE%/.config`, else `config.yml` beside that. None is needed.
/// - The profile is `SCW_PROFILE`, else the file's `active_profile`, else the file's root, which is also called `default`. A
///   named profile is the root with its own keys laid over it. `SCW_PROFILE` and `SCW_CONFIG_PATH` count as unset when empty.
/// - A variable takes precedence over the profile. An empty variable is an error.
///
/// # Errors
/// A value in a wrong form, or empty; a profile that is not there; a file that cannot be read.
pub fn resolve(
    variables: &BTreeMap<String, String>,
    read: &dyn Fn(&Path) -> io::Result<ConfigFile>,
) -> Result<ResolvedSettings, SettingsError> {
    let mut finder = Finder {
        variables,
        warnings: Vec::new(),
        profile: Profile::default(),
        file: String::new(),
        origins: BTreeMap::new(),
    };
    finder.load(read)?;
    let settings = finder.settings()?;
    Ok(ResolvedSettings { settings, warnings: finder.warnings, origins: finder.origins })
}

struct Finder<'a> {
    variables: &'a BTreeMap<String, String>,
    warnings: Vec<Warning>,
    profile: Profile,
    /// The file that the profile comes from, for messages.
    file: String,
    origins: BTreeMap<&'static str, String>,
}

fn non_empty<'a>(variables: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// The files to try, in this order.
fn config_files(variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let variable = |name| non_empty(variables, name);
    if let Some(path) = variable("SCW_CONFIG_PATH") {
        return vec![PathBuf::from(path)];
    }
    let home = variable("HOME").or(variable("USERPROFILE"));
    let folder = match (variable("XDG_CONFIG_HOME"), home) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(home)) => Path::new(home).join(".config"),
        (None, None) => return Vec::new(),
    };
    vec![folder.join("scw/config.yaml"), folder.join("scw/config.yml")]
}

/// A value, and where it stands.
struct Located<T> {
    value: T,
    origin: String,
}

impl Finder<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn non_empty(&self, name: &str) -> Option<&str> {
        non_empty(self.variables, name)
    }

    /// Reads the file and picks the profile.
    fn load(&mut self, read: &dyn Fn(&Path) -> io::Result<ConfigFile>) -> Result<(), SettingsError> {
        let wanted = self.non_empty("SCW_PROFILE").map(str::to_owned);
        let paths = config_files(self.variables);
        let Some((path, file)) = first_file(&paths, read)? else {
            let path = paths.first().map(|path| shown(path)).unwrap_or_default();
            return match wanted {
                Some(name) if name != "default" => {
                    Err(SettingsError::NoProfile { name: escaped(&name), path })
                }
                _ => {
                    let named = self.non_empty("SCW_CONFIG_PATH").is_some();
                    self.warnings.extend(named.then_some(Warning::NoFile { path }));
                    Ok(())
                }
            };
        };
        self.file = shown(path);
        if let Some(mode) = file.mode.map(|mode| mode & 0o777).filter(|mode| mode & 0o077 != 0) {
            self.warnings.push(Warning::OpenFile { path: self.file.clone(), mode });
        }
        let root = self.parse::<Profile>(&file.text)?;
        let Root { active_profile, profiles } = self.parse(&file.text)?;
        self.profile = match wanted.or(active_profile) {
            Some(name) if name != "default" => match profiles.unwrap_or_default().remove(&name) {
                Some(profile) => root.under(profile.unwrap_or_default()),
                None => {
                    return Err(SettingsError::NoProfile { name: escaped(&name), path: self.file.clone() });
                }
            },
            _ => root,
        };
        Ok(())
    }

    /// Reads YAML. Elsewhere only `config` does that, with places for every mistake; this file belongs to other tools, has
    /// a fixed shape, and must not be quoted, so it is read on its own.
    fn parse<T: for<'de> Deserialize<'de> + Default>(&self, text: &str) -> Result<T, SettingsError> {
        match serde_yaml::from_str::<Option<T>>(text) {
            Ok(value) => Ok(value.unwrap_or_default()),
            Err(error) => {
                let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
                Err(SettingsError::Invalid { path: self.file.clone(), line, column })
            }
        }
    }

    /// Returns the first of the variables that is set, with a warning when it is an older name.
    fn set_variable(&mut self, names: VariableNames) -> Option<Located<String>> {
        let name = names.iter().find(|name| self.variables.contains_key(**name))?;
        if *name != names[0] {
            let warning = Warning::OldName { old: name, new: names[0] };
            self.warnings.push(warning);
        }
        Some(Located { value: self.variable(name)?.to_owned(), origin: format!("variable {name}") })
    }

    fn set_in_profile<T>(&self, key: &str, value: Option<T>) -> Option<Located<T>> {
        value.map(|value| Located { value, origin: format!("{key} in {}", self.file) })
    }

    /// Returns a text setting: the variable's, else the profile's. Empty is an error.
    fn text(
        &mut self,
        what: &'static str,
        names: VariableNames,
        key: &'static str,
        in_profile: Option<String>,
    ) -> Result<Option<Located<String>>, SettingsError> {
        let found = self.set_variable(names).or_else(|| self.set_in_profile(key, in_profile));
        match found {
            Some(Located { value, origin }) if value.is_empty() => Err(SettingsError::Empty { what, origin }),
            found => {
                self.origins.extend(found.as_ref().map(|found| (what, found.origin.clone())));
                Ok(found)
            }
        }
    }

    fn settings(&mut self) -> Result<CredentialSettings, SettingsError> {
        let profile = self.profile.clone();
        let access_key = self.text("access key", ACCESS_KEY, "access_key", profile.access_key)?;
        let organization = self.text(
            "default organization ID",
            ORGANIZATION,
            "default_organization_id",
            profile.default_organization_id,
        )?;
        let project =
            self.text("default project ID", PROJECT, "default_project_id", profile.default_project_id)?;
        let region = self.text("default region", REGION, "default_region", profile.default_region)?;
        let region = region.map(|found| self.region_of_today(found));
        let zone = self.text("default zone", ZONE, "default_zone", profile.default_zone)?;
        let settings = CredentialSettings {
            access_key: checked("access key", "SCWXXXXXXXXXXXXXXXXX", access_key, |text| {
                is_access_key(text).then(|| text.parse().ok()).flatten()
            })?,
            secret_key: self.secret_key(profile.secret_key)?,
            default_organization_id: checked("default organization ID", UUID, organization, uuid)?,
            default_project_id: checked("default project ID", UUID, project, uuid)?,
            default_region: checked("default region", "xx-yyy", region, |text| {
                is_region(text).then(|| text.to_owned())
            })?,
            default_zone: checked("default zone", "xx-yyy-1", zone, |text| {
                is_zone(text).then(|| text.to_owned())
            })?,
            insecure: self.insecure(profile.insecure),
            api_url: self.api_url(profile.api_url)?,
            user_agent: self.non_empty("SCW_USER_AGENT").map(str::to_owned).or(profile.user_agent),
        };
        self.warnings.extend(settings.insecure.then_some(Warning::Insecure));
        Ok(settings)
    }

    fn secret_key(&mut self, in_profile: Option<Secret>) -> Result<Option<Secret>, SettingsError> {
        const WHAT: &str = "secret key";
        let variable = self.set_variable(SECRET_KEY);
        let variable =
            variable.map(|Located { value, origin }| Located { value: Secret::new(value), origin });
        match variable.or_else(|| self.set_in_profile("secret_key", in_profile)) {
            None => Ok(None),
            Some(found) if found.value.expose().is_empty() => {
                Err(SettingsError::Empty { what: WHAT, origin: found.origin })
            }
            Some(found) if is_uuid(found.value.expose()) => {
                self.origins.insert(WHAT, found.origin);
                Ok(Some(found.value))
            }
            Some(found) => Err(SettingsError::Format { what: WHAT, origin: found.origin, form: UUID }),
        }
    }

    fn api_url(&mut self, in_profile: Option<String>) -> Result<String, SettingsError> {
        const FORM: &str = "https://api.example.com, without a slash at the end";
        let found = self.text("API URL", URL, "api_url", in_profile)?;
        let Some(url) = checked("API URL", FORM, found, client::api_url)? else {
            return Ok(API_URL.to_owned());
        };
        if url.scheme() == "http" && !client::is_this_machine(&url) {
            self.warnings.push(Warning::ClearText);
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    fn insecure(&mut self, in_profile: Option<bool>) -> bool {
        let Some(name) = INSECURE.iter().copied().find(|name| self.variables.contains_key(*name)) else {
            return in_profile.unwrap_or(false);
        };
        let value = self.set_variable(INSECURE).and_then(|found| parse_bool(&found.value));
        match (value, name) {
            (Some(value), "SCW_TLSVERIFY") => !value,
            (Some(value), _) => value,
            (None, variable) => {
                self.warnings.push(Warning::NoBoolean { variable });
                false
            }
        }
    }

    /// Turns the names of the first generation into those of today.
    fn region_of_today(&mut self, found: Located<String>) -> Located<String> {
        let (old, new) = match found.value.as_str() {
            "par1" => ("par1", "fr-par"),
            "ams1" => ("ams1", "nl-ams"),
            _ => return found,
        };
        self.warnings.push(Warning::OldRegion { old, new });
        Located { value: new.to_owned(), ..found }
    }
}

/// Turns a value into its type, or says that it is not of its form.
fn checked<T>(
    what: &'static str,
    form: &'static str,
    found: Option<Located<String>>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, SettingsError> {
    let Some(Located { value, origin }) = found else { return Ok(None) };
    match read(&value) {
        Some(value) => Ok(Some(value)),
        None => Err(SettingsError::Format { what, origin, form }),
    }
}

#[cfg(test)]
mod tests;
