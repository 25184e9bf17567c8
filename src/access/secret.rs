//! Who can read a secret.

use jiff::Timestamp;

use super::{Grant, GrantScope, Holds, RequestFacts, ResourceFacts, decide, includes};
use crate::model::{Catalogue, PermissionSetName, SecretPlace};

/// The permission set that reads the data of secrets.
const READS: &str = "SecretManagerSecretAccess";

/// A secret that somebody asks to read.
#[derive(Debug)]
pub struct SecretRequest {
    reads: Option<PermissionSetName>,
    project: GrantScope,
    request: RequestFacts,
}

impl SecretRequest {
    /// Returns the request for the data of a secret at a time. Its IP address is not known.
    #[must_use]
    pub fn of(secret: &SecretPlace, now: Timestamp) -> Self {
        let SecretPlace { project, region, path, name } = secret;
        let resource = ResourceFacts {
            name: Some(format!("{}/{name}", path.trim_end_matches('/'))),
            id: None,
            locality: Some(region.to_string()),
        };
        Self {
            reads: READS.parse().ok(),
            project: GrantScope::Project(*project),
            request: RequestFacts { time: now, ip: None, user_agent: None, resource },
        }
    }

    /// Says whether a grant allows it: `None` if it does not, else whether only under a condition that may hold or not.
    #[must_use]
    pub fn allowed_by(&self, grant: &Grant) -> Option<bool> {
        let set = &grant.permission_set;
        let allows = |reads: &PermissionSetName| set == reads || includes(Catalogue::published(), set, reads);
        let reads = self.reads.as_ref().is_some_and(allows);
        if !reads || !grant.scope.contains(&self.project) {
            return None;
        }
        match decide(grant, Some(&self.request)) {
            Holds::Yes => Some(false),
            Holds::No | Holds::Ended(_) => None,
            Holds::Depends(_) => Some(true),
        }
    }
}
