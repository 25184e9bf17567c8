//! `scw-iam explain`

use super::Exit;
use super::arguments::{Common, principal};
use super::ask::{Ask, scope};
use super::failure::Failure;
use super::output::Format;
use crate::access::{Everything, decide};
use crate::model::{Principal, State};
use crate::render;
use crate::render::question::Ground;

const EXAMPLES: &str = "\
Examples:
  scw-iam explain user:alice@example.com --on prod iam
  scw-iam explain application:ci --live";

/// Shows everything that somebody holds, and by which path
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// Who
    #[arg(value_name = "user:E-MAIL|application:NAME", value_parser = principal)]
    principal: Principal,
    /// Only what reaches this project; or `organization`, or `all_projects`
    #[arg(long, value_name = "PROJECT")]
    on: Option<String>,
    #[command(flatten)]
    ask: Ask,
}

impl Explain {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let asked = self.ask.read(common).await?;
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = self.on.as_deref().map(|text| scope(&asked.state, text)).transpose()?;
        let everything = Everything::of(&asked.state);
        let owner = everything.owners().contains(&self.principal);
        if !owner && !known(&asked.state, &self.principal, &everything) {
            return Err(Failure::usage(format!("there is no {} here", self.principal)));
        }
        let request = self.ask.request(common);
        let held: Vec<_> = everything
            .held_by(&self.principal)
            .filter(|held| on.as_ref().is_none_or(|on| held.grant.scope.contains(on)))
            .map(|held| (held.clone(), decide(&held.grant, request.as_ref())))
            .collect();
        let who = self.principal.to_string();
        for output in common.outputs() {
            let mut bytes = Vec::new();
            match output.format {
                Format::Text => {
                    render::question::explain(&mut bytes, ground, &who, owner, &held, output.paint())?;
                }
                Format::Markdown => {
                    render::question::explain_markdown(&mut bytes, ground, &who, owner, &held)?;
                }
                Format::Json => {
                    let value = render::question::explain_json(ground, &who, owner, &held);
                    bytes.extend(format!("{value:#}\n").into_bytes());
                }
            }
            output.write(&bytes)?;
        }
        Ok(Exit::Done)
    }
}

/// Whether anybody knows of the principal: it is listed, or holds something.
fn known(state: &State, principal: &Principal, everything: &Everything) -> bool {
    let listed = match principal {
        Principal::User(key) => state.users.contains_key(key),
        Principal::Application(key) => state.applications.contains_key(key),
    };
    let member = || state.groups.values().any(|group| group.members.contains(principal));
    listed || member() || everything.held_by(principal).next().is_some()
}
