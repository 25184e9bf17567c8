//! The configuration file: its text, and the profiles in it.
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::SettingsError;
use crate::api::error::escaped;
use crate::api::secret::Secret;

/// The maximum size of a configuration file, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// The text of a configuration file, and who may read it.
#[derive(Clone)]
pub struct ConfigFile {
    /// The text. It holds secrets.
    pub text: String,
    /// The permission bits, where the system has them.
    pub mode: Option<u32>,
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// The keys of a profile. Unknown ones are for other tools.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Profile {
    pub(super) access_key: Option<String>,
    pub(super) secret_key: Option<Secret>,
    pub(super) default_organization_id: Option<String>,
    pub(super) default_project_id: Option<String>,
    pub(super) default_region: Option<String>,
    pub(super) default_zone: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) insecure: Option<bool>,
    pub(super) user_agent: Option<String>,
}

/// What the file's root holds besides the keys of a profile.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Root {
    pub(super) active_profile: Option<String>,
    pub(super) profiles: Option<BTreeMap<String, Option<Profile>>>,
}

impl Profile {
    /// Lays another profile over this one, key by key.
    pub(super) fn under(self, over: Self) -> Self {
        Self {
            access_key: over.access_key.or(self.access_key),
            secret_key: over.secret_key.or(self.secret_key),
            default_organization_id: over.default_organization_id.or(self.default_organization_id),
            default_project_id: over.default_project_id.or(self.default_project_id),
            default_region: over.default_region.or(self.default_region),
            default_zone: over.default_zone.or(self.default_zone),
            api_url: over.api_url.or(self.api_url),
            insecure: over.insecure.or(self.insecure),
            user_agent: over.user_agent.or(self.user_agent),
        }
    }
}

/// Returns the first of the files that is there.
pub(super) fn first_file<'a>(
    paths: &'a [PathBuf],
    read: &dyn Fn(&Path) -> io::Result<ConfigFile>,
) -> Result<Option<(&'a Path, ConfigFile)>, SettingsError> {
    for path in paths {
        match read(path) {
            Ok(file) => return Ok(Some((path, file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(SettingsError::Unreadable { path: shown(path), source }),
        }
    }
    Ok(None)
}

pub(super) fn shown(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// Reads a file of the real file system, up to a bound.
pub(super) fn read_file(path: &Path) -> io::Result<ConfigFile> {
    let file = std::fs::File::open(path)?;
    let mode = mode(&file.metadata()?);
    let mut text = String::new();
    file.take(LARGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 1 MiB"));
    }
    Ok(ConfigFile { text, mode })
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file().then(|| metadata.mode())
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> Option<u32> {
    None
}
