//! `scw-iam explain`

use std::collections::BTreeSet;

use super::Exit;
use super::arguments::{Common, principal};
use super::ask::{Ask, Asked, meant};
use super::failure::Failure;
use crate::access::{Everything, decide};
use crate::model::{Address, Principal, State};
use crate::render::question::{Explanation, Ground};

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
        let asked = self.ask.read(common, false).await?;
        let principal = asked.known(self.principal.clone())?;
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = self.on.as_deref().map(|text| asked.scope(text)).transpose()?;
        let everything = Everything::of(&asked.state);
        let owner = everything.owners().contains(&principal);
        if !owner && !known(&asked.state, &principal, &everything) {
            return Err(nobody(&asked, &principal));
        }
        let request = self.ask.request(common);
        let held: Vec<_> = everything
            .held_by(&principal)
            .into_iter()
            .filter(|held| on.as_ref().is_none_or(|on| held.grant.scope.contains(on)))
            .map(|held| (decide(&held.grant, request.as_ref()), held))
            .map(|(holds, held)| (held, holds))
            .collect();
        let principal = principal.to_string();
        common.show(&Explanation { ground, principal, owner, held })?;
        Ok(Exit::Done)
    }
}

/// Whether anybody knows of the principal: it is listed, or holds something.
fn known(state: &State, principal: &Principal, everything: &Everything<'_>) -> bool {
    let listed = state.has(&principal.address());
    let member = || state.groups().any(|(_, group)| group.members.contains(principal));
    listed || member() || !everything.held_by(principal).is_empty()
}

fn nobody(asked: &Asked, principal: &Principal) -> Failure {
    let state = &asked.state;
    let members = state.groups().flat_map(|(_, group)| group.members.iter());
    let listed = state.objects.keys().filter_map(Address::principal);
    let all =
        listed.chain(members.cloned()).filter(|known| known.address().kind() == principal.address().kind());
    let names: BTreeSet<String> = all.map(|known| known.to_string()).collect();
    let hint = meant(&principal.to_string(), names.iter().map(String::as_str));
    let ask = "these files name nobody like that; --live asks the organization";
    let hint = hint.or_else(|| (!asked.live).then(|| ask.into()));
    Failure::usage(format!("there is no {principal} here")).hints(hint)
}
