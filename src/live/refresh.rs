//! The requests of a refresh: as many at once as the client may send.
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use futures::try_join;

use super::answers::{ObjectWithRules, RefreshAnswers};
use super::any::AnyAnswer;
use super::notice::Notice;
use super::side::{Live, LiveNeeds};
use super::{Error, provisioning, state};
use crate::api::{Client, ErrorKind, List, ListProjects, ListQuota, Listed, PermissionSetOrder, wire};
use crate::model::{Id, Kind, Scim};

/// How often a policy is read again whose rules are fewer than it counts.
const READ_AGAIN: u32 = 3;

/// Reads the live side of an organization.
///
/// Lists only, of different kinds at once; the rules of a policy as soon as the policies are there, and not at all for one
/// that counts none. How many requests are in flight is up to the client.
///
/// # Errors
/// Whatever could not be read, by name. The result is never a part of what there is: a smaller state would be taken for
/// deletions, or for no drift.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (_emulator, client) = example().await?;
/// use scw_iam::live::{self, LiveNeeds};
///
/// let organization = client.organization().as_str().parse()?;
/// let live = live::refresh(&client, organization, &LiveNeeds { projects: true, ..LiveNeeds::default() }).await?;
/// assert!(live.state.groups().any(|(key, _)| key.to_string() == "developers"));
/// assert!(live.notices.is_empty());
/// # Ok(()) }
/// ```
pub async fn refresh(client: &Client, organization: Id, needs: &LiveNeeds) -> Result<Live, Error> {
    if client.organization().as_str().parse() != Ok(organization) {
        let what = "the client".to_owned();
        return Err(Error::Foreign { what, found: client.organization().to_string(), wanted: organization });
    }
    let LiveNeeds { kinds, projects, permission_sets, quota, scim } = needs;
    let kinds = Kind::ALL.iter().copied().filter(|kind| kind.always_read() || kinds.contains(kind));
    let objects = try_join_all(kinds.map(|kind| objects(client, kind)));
    let (objects, projects, permission_sets, quota, scim) = try_join!(
        objects,
        read_if(*projects, "the projects", || client.list_projects(&ListProjects::default())),
        read_if(*permission_sets, "the permission sets", || client
            .list_permission_sets(PermissionSetOrder::NameAsc)),
        read_if(*quota, "the quotas", || client.list_quota(&ListQuota::default())),
        async { if *scim { provisioning::scim(client).await } else { Ok(Scim::Unread) } },
    )?;
    let answers = RefreshAnswers {
        objects: objects.into_iter().flatten().collect(),
        projects: projects.unwrap_or_default(),
        permission_sets,
        quota: quota.unwrap_or_default(),
    };
    let mut live = state::assemble(organization, &answers)?;
    live.scim = scim;
    if needs.scim && scim == Scim::Unread {
        live.notices.push(Notice::ScimUnread);
    }
    Ok(live)
}

async fn read<T: Listed>(what: &str, list: List<T>) -> Result<Vec<T>, Error> {
    list.all().await.map_err(Error::reading(what))
}

async fn read_if<T: Listed>(
    needed: bool,
    what: &str,
    list: impl FnOnce() -> List<T>,
) -> Result<Option<Vec<T>>, Error> {
    if needed { read(what, list()).await.map(Some) } else { Ok(None) }
}

/// Returns whether the caller may read a kind: false for a 403.
///
/// # Errors
/// When it cannot be read for another reason.
pub async fn may_read(client: &Client, kind: Kind) -> Result<bool, Error> {
    match AnyAnswer::all(client, kind).await {
        Ok(_) => Ok(true),
        Err(Error::Read { source, .. }) if source.kind() == ErrorKind::Forbidden => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads the objects of a kind, and then what has a list of its own.
async fn objects(client: &Client, kind: Kind) -> Result<Vec<ObjectWithRules>, Error> {
    let answers = AnyAnswer::all(client, kind).await?;
    let mut read: Vec<_> = stream::iter(answers.into_iter().enumerate())
        .map(|(at, answer)| async move { whole(client, answer).await.map(|read| (at, read)) })
        // As the answers come: a slow one is to keep no other waiting.
        .buffer_unordered(client.parallelism())
        .try_collect()
        .await?;
    read.sort_unstable_by_key(|(at, _)| *at);
    Ok(read.into_iter().map(|(_, answer)| answer).collect())
}

async fn whole(client: &Client, answer: AnyAnswer) -> Result<ObjectWithRules, Error> {
    match answer {
        AnyAnswer::Policy(policy) => with_rules(client, policy).await,
        answer => Ok(ObjectWithRules { answer, rules: Vec::new() }),
    }
}

/// Adds the rules to a policy. Fewer than it counts may have been set since, so that it is read again; if the two still
/// do not agree, something is not shown.
async fn with_rules(client: &Client, mut policy: wire::Policy) -> Result<ObjectWithRules, Error> {
    let name = format!("policy `{}`", policy.name);
    let mut again = READ_AGAIN;
    loop {
        // All of them: one that says none beside others that say some is no count to be trusted.
        let counts = [policy.nb_rules, policy.nb_scopes, policy.nb_permission_sets];
        if counts.iter().all(|count| *count == Some(0)) {
            return Ok(ObjectWithRules { answer: policy.into(), rules: Vec::new() });
        }
        let rules = read(&format!("the rules of {name}"), client.list_rules(&policy.id)).await?;
        let counted = policy.nb_rules.unwrap_or(0);
        if rules.len() as u64 >= counted {
            return Ok(ObjectWithRules { answer: policy.into(), rules });
        }
        if again == 0 {
            return Err(Error::MissingRules { policy: name, counted, listed: rules.len() });
        }
        again -= 1;
        policy = client.get_policy(&policy.id).await.map_err(Error::reading(&name))?;
    }
}
