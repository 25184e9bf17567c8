//! What `explain` and `who-can` share: which state is asked, and about which request.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;

use super::arguments::{Common, Paths, Reach};
use super::failure::Failure;
use super::prepare;
use super::session::Session;
use crate::access::{self, GrantScope, Request, Resource};
use crate::config;
use crate::live;
use crate::model::{Catalogue, Desired, State};

/// Which state is asked, and about which request.
#[derive(Debug, clap::Args)]
pub(super) struct Ask {
    /// Files, or folders with *.yaml and *.yml files; the current folder unless --live or --emulate is given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Ask the live organization; with PATHs, what no file declares is marked unmanaged
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    reach: Reach,
    /// Judge conditions for this time (RFC 3339); now, where another of these is given
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Judge conditions for a request from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<std::net::IpAddr>,
    /// Judge conditions for a request of this client
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// Judge conditions for a request about this resource
    #[arg(long, value_name = "NAME[,ID[,LOCALITY]]")]
    resource: Option<String>,
}

/// The state that is asked, and the files, where they were read.
pub(super) struct Asked {
    pub(super) state: State,
    pub(super) files: Option<Desired>,
}

impl Ask {
    /// Reads what is asked.
    pub(super) async fn read(&self, common: &Common) -> Result<Asked, Failure> {
        let live = self.live || self.reach.emulate.is_some();
        let paths = match (self.paths.is_empty(), live) {
            (true, true) => None,
            (true, false) => Some(Paths { paths: vec![".".into()] }),
            (false, _) => Some(Paths { paths: self.paths.clone() }),
        };
        let files = paths.map(|paths| config::read(&paths.sources(), common.now())).transpose()?;
        if !live {
            let files = files.context("there are no files")?;
            let resolved = files.resolve(None, Catalogue::published(), false)?;
            prepare::warn(common, &resolved.warnings)?;
            return Ok(Asked { state: resolved.desired.state.clone(), files: Some(resolved.desired) });
        }
        let session = Session::open(&self.reach, files.as_ref().map(config::Files::organization)).await?;
        let needs = live::Needs { projects: true, ..live::Needs::default() };
        let live = prepare::read(&session, &needs).await?;
        session.close().await?;
        let files = files.map(|files| prepare::resolve(common, &files, &live)).transpose()?;
        Ok(Asked { state: live.state, files })
    }

    /// The request that conditions are judged for, where anything of it was said.
    pub(super) fn request(&self, common: &Common) -> Option<Request> {
        let said =
            self.at.is_some() || self.ip.is_some() || self.user_agent.is_some() || self.resource.is_some();
        said.then(|| Request {
            time: self.at.unwrap_or_else(|| common.now()),
            ip: self.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.clone(),
            resource: self.resource.as_ref().map(|text| {
                let mut parts = text.splitn(3, ',').map(ToOwned::to_owned);
                let mut next = || parts.next().unwrap_or_default();
                Resource { name: next(), id: next(), locality: next() }
            }),
        })
    }
}

/// Reads `organization`, `all_projects`, or a project by name or id.
pub(super) fn scope(state: &State, text: &str) -> Result<GrantScope, Failure> {
    match text {
        "organization" => Ok(GrantScope::Organization),
        "all_projects" => Ok(GrantScope::AllProjects),
        name => match access::project(state, name) {
            Ok(id) => Ok(GrantScope::Project(id)),
            Err(ids) if ids.is_empty() => Err(Failure::usage(format!("no project is named `{name}` here"))),
            Err(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                Err(Failure::usage(format!(
                    "several projects are named `{name}`: {}; give the id",
                    ids.join(", ")
                )))
            }
        },
    }
}
