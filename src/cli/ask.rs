//! What `explain` and `who-can` share: which state is asked, and about which request.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;

use super::arguments::{ConnectArgs, Follow, Paths};
use super::common::Common;
use super::failure::Failure;
use super::session::Connection;
use crate::access::{self, Everything, GrantScope, RequestFacts, ResourceFacts, fits, is_pattern};
use crate::config;
use crate::live::{self, HeldKeys};
use crate::model::{
    Address, Catalogue, Desired, Hint, Id, Ids, People, PermissionSetName, Principal, ScopeType, State, near,
};
use crate::reconcile::resolve;
use crate::render::question::{AccessQuestion, Ground};

/// Which state is asked, and about which request.
#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// Files or folders of *.yaml and *.yml files; the current folder unless --live or --emulate is given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    follow: Follow,
    /// Ask the live organization; with PATH, access that no file declares is marked as unmanaged
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Judge conditions and the ends of memberships for this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// Evaluate conditions for a request from this IP address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<std::net::IpAddr>,
    /// Evaluate conditions for a request with this user agent
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// Evaluate conditions for a request about this resource
    #[arg(long, value_name = "NAME[,ID[,LOCALITY]]")]
    resource: Option<String>,
}

/// The state that is asked, and the files, where they were read.
pub(super) struct Asked {
    pub(super) state: State,
    pub(super) files: Option<Desired>,
    /// The organization's own list of permission sets, where it was read.
    pub(super) catalogue: Option<Catalogue>,
    /// Whether the state is the live organization, and not the files.
    pub(super) live: bool,
    /// The ids of the organization's objects.
    ids: Ids,
    /// The addresses that several people have.
    shared: BTreeMap<Address, Vec<Id>>,
    /// The live API keys of the principal in question, where they were read.
    pub(super) keys: Option<HeldKeys>,
}

/// What is read of a live organization beside its access.
#[derive(Debug, Clone, Default)]
pub(super) struct AlsoRead {
    /// Its list of permission sets.
    pub(super) permission_sets: bool,
    /// The API keys of this principal, if the caller may read them.
    pub(super) keys_of: Option<Principal>,
}

impl Ask {
    /// Reads what is asked.
    pub(super) async fn read(&self, common: &Common, also: AlsoRead) -> Result<Asked, Failure> {
        let live = self.live || self.connect.emulate.is_some();
        let paths = match (self.paths.is_empty(), live) {
            (true, true) => None,
            (true, false) => Some(Paths { paths: vec![".".into()], follow: self.follow }),
            (false, _) => Some(Paths { paths: self.paths.clone(), follow: self.follow }),
        };
        let files = paths.map(|paths| config::read(&paths.sources(), common.now())).transpose()?;
        if !live {
            let files = files.context("there are no files")?;
            let desired = common.resolve(&files)?;
            let (ids, shared) = (Ids::default(), BTreeMap::new());
            let state = desired.state.clone();
            return Ok(Asked { state, files: Some(desired), catalogue: None, live, ids, shared, keys: None });
        }
        let organization = files.as_ref().map(config::Files::organization);
        let connection = Connection::open(&self.connect, organization).await?;
        let named = files.as_ref().is_some_and(|files| files.needs().permission_sets);
        let needs = live::LiveNeeds {
            projects: true,
            permission_sets: also.permission_sets || named,
            ..live::LiveNeeds::default()
        };
        let read = connection.session.read(&needs).await?;
        let keys = match also.keys_of {
            None => None,
            Some(mut principal) => {
                let people = People::of(&read.state, Some(&read.ids));
                principal.readdress(&|address| people.known(address));
                match connection.session.held_keys(&read, &principal).await {
                    Err(error) if error.is_forbidden() => None,
                    keys => Some(keys?),
                }
            }
        };
        connection.close().await?;
        let files = files.map(|files| common.resolved(resolve(&files, &read)?)).transpose()?;
        let (ids, shared) = (read.ids, read.duplicates);
        Ok(Asked { state: read.state, files, catalogue: read.catalogue, live, ids, shared, keys })
    }

    /// The request that conditions are judged for: now, unless another time was given.
    pub(super) fn request(&self, common: &Common) -> RequestFacts {
        RequestFacts {
            time: self.at.unwrap_or_else(|| common.now()),
            ip: self.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.clone(),
            resource: {
                let text = self.resource.as_deref().unwrap_or_default();
                let mut parts = text.splitn(3, ',');
                let mut next = || parts.next().filter(|part| !part.is_empty()).map(ToOwned::to_owned);
                ResourceFacts { name: next(), id: next(), locality: next() }
            },
        }
    }
}

impl Asked {
    /// What answers are about.
    pub(super) fn ground(&self) -> Ground<'_> {
        Ground { state: &self.state, files: self.files.as_ref() }
    }

    /// The permission sets of the organization, or else the published ones.
    fn catalogue(&self) -> &Catalogue {
        self.catalogue.as_ref().unwrap_or(Catalogue::published())
    }

    /// The live organization, or what the files give as one that somebody is in.
    pub(super) fn organization(&self, named: Option<&Principal>) -> Cow<'_, State> {
        match &self.files {
            Some(files) if !self.live => Cow::Owned(files.organization(named.cloned())),
            _ => Cow::Borrowed(&self.state),
        }
    }

    /// A question about the access in a state.
    pub(super) fn question<'a>(&'a self, state: &'a State, request: RequestFacts) -> AccessQuestion<'a> {
        let everything = Everything::of(state);
        AccessQuestion { ground: self.ground(), everything, catalogue: self.catalogue(), request }
    }

    /// Refuses a principal of whom nobody knows: it is not listed, is in no group, and holds nothing.
    pub(super) fn knows(&self, principal: &Principal, question: &AccessQuestion<'_>) -> Result<(), Failure> {
        let state = &self.state;
        let members = || state.groups().flat_map(|(_, group)| group.members.iter());
        if state.has(&principal.address())
            || members().any(|member| member == principal)
            || question.everything.owners().contains(principal)
            || !Everything::of(state).held_by(principal).is_empty()
        {
            return Ok(());
        }
        let listed = state.objects.keys().filter_map(Address::principal);
        let all = listed.chain(members().cloned());
        let all = all.filter(|known| known.address().kind() == principal.address().kind());
        let names: BTreeSet<String> = all.map(|known| known.to_string()).collect();
        let hint = meant(&principal.to_string(), names.iter().map(String::as_str));
        let ask = "the files do not name them; pass --live to ask the organization";
        let hint = hint.or_else(|| (!self.live).then(|| ask.into()));
        Err(Failure::usage(format!("there is no {principal}")).hints(hint))
    }

    /// Refuses a question whose answer would be "nobody" whatever the organization holds.
    pub(super) fn grantable(&self, set: &PermissionSetName, on: &GrantScope) -> Result<(), Failure> {
        let catalogue = self.catalogue();
        let Some(known) = catalogue.get(set) else {
            let mut rules = self.state.policies().flat_map(|(_, policy)| &policy.rules.0);
            if rules.any(|rule| rule.permission_sets.contains(set)) {
                return Ok(());
            }
            let names = catalogue.iter().map(|(name, _)| name.as_str());
            let hint = meant(set.as_str(), names);
            return Err(Failure::usage(format!("there is no permission set `{set}`")).hints(hint));
        };
        match (known.scope_type, on) {
            (ScopeType::Organization, GrantScope::AllProjects | GrantScope::Project(_)) => {
                let why = format!("`{set}` is granted on the organization, not on projects");
                Err(Failure::usage(why).hint("pass --on organization"))
            }
            (ScopeType::Projects, GrantScope::Organization) => {
                let why = format!("`{set}` is granted on projects, not on the organization");
                Err(Failure::usage(why).hint("pass --on PROJECT, or --on all_projects"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the key of a principal that is given by username or id.
    pub(super) fn known(&self, mut principal: Principal) -> Result<Principal, Failure> {
        let people = People::of(&self.state, Some(&self.ids));
        principal.readdress(&|address| people.known(address));
        let address = principal.address();
        let Some(ids) = self.shared.get(&address) else { return Ok(principal) };
        let each = ids.iter().map(|id| {
            let known = people.known(&address.sibling(*id)).unwrap_or_else(|| address.sibling(*id));
            format!("`{}` ({id})", known.text())
        });
        let each: Vec<_> = each.collect();
        let words = format!("{} {} are called `{}`", ids.len(), address.kind().section(), address.key());
        Err(Failure::usage(words).hint(format!("name one of them: {}", each.join(" or "))))
    }

    /// Returns the address of an object that is named by its id.
    pub(super) fn object(&self, object: &Address) -> Address {
        let by_id = object.key().id().and_then(|id| self.ids.address_of(id));
        by_id.filter(|known| known.kind() == object.kind()).unwrap_or(object).clone()
    }

    /// Says that there is no such object, and what was probably meant.
    pub(super) fn no_object(&self, object: &Address) -> Failure {
        let alike: Vec<String> = self.state.addresses(object.kind()).map(Address::text).collect();
        let hint = meant(&object.text(), alike.iter().map(String::as_str));
        let ask = "the files do not name it; pass --live to ask the organization";
        let hint = hint.or_else(|| (!self.live).then(|| ask.into()));
        Failure::usage(format!("there is no {object}")).hints(hint)
    }

    /// Reads a pattern over the names of projects: `prod-*`. `None` for a word that is no pattern, or the name of a project.
    pub(super) fn projects(&self, pattern: &str) -> Result<Option<Vec<Id>>, Failure> {
        let projects = &self.state.projects;
        if !is_pattern(pattern) || projects.values().any(|name| name.as_str() == pattern) {
            return Ok(None);
        }
        let mut found: Vec<_> = projects.iter().filter(|(_, name)| fits(pattern, name.as_str())).collect();
        found.sort_unstable_by_key(|(id, name)| (name.as_str(), **id));
        if found.is_empty() {
            let hint = near_pattern(pattern, projects.values().map(|name| name.as_str()));
            return Err(Failure::usage(format!("no project name matches `{pattern}`")).hints(hint));
        }
        Ok(Some(found.into_iter().map(|(id, _)| *id).collect()))
    }

    /// Reads `organization`, `all_projects`, or a project by name or id.
    pub(super) fn scope(&self, text: &str) -> Result<GrantScope, Failure> {
        match text {
            "organization" => return Ok(GrantScope::Organization),
            "all_projects" => return Ok(GrantScope::AllProjects),
            _ => {}
        }
        let projects = &self.state.projects;
        let none = || {
            let names = projects.values().map(|name| name.as_str());
            Failure::usage(format!("there is no project `{text}`")).hints(meant(text, names))
        };
        match access::project(&self.state, text) {
            // Of files an id may be one that they never name.
            Ok(id) if self.live && !projects.contains_key(&id) => Err(none()),
            Ok(id) => Ok(GrantScope::Project(id)),
            Err(ids) if ids.is_empty() => Err(none()),
            Err(ids) => {
                let shown: Vec<_> = ids.iter().take(MOST_IDS).map(ToString::to_string).collect();
                let more = match ids.len().saturating_sub(MOST_IDS) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let words = format!("{} projects are named `{text}`: {}{more}", ids.len(), shown.join(", "));
                Err(Failure::usage(words).hint("pass the id instead"))
            }
        }
    }
}

/// How many projects with the same name are listed; the others are only counted.
const MOST_IDS: usize = 3;

/// Returns a hint with the pattern that was probably meant: the text before the first wildcard is compared with the start of
/// each name.
fn near_pattern<'a>(pattern: &str, names: impl Iterator<Item = &'a str>) -> Option<Hint> {
    let (head, tail) = pattern.split_at(pattern.find(['*', '?'])?);
    let begin = |name: &'a str| match name.char_indices().nth(head.chars().count()) {
        Some((end, _)) => &name[..end],
        None => name,
    };
    let near = near(head, names.map(begin))?;
    Some(format!("did you mean `{near}{tail}`?").into())
}

/// The hint that names what was probably meant.
pub(super) fn meant<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Hint> {
    near(word, candidates).map(|near| format!("did you mean `{near}`?").into())
}

/// Reads a time as `--now` does.
fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "expected a time such as 2026-12-31T18:00:00Z".to_owned())
}
