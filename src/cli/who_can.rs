//! `scw-iam who-can`

use super::Exit;
use super::arguments::Common;
use super::ask::Ask;
use super::failure::Failure;
use super::output::talk;
use crate::access::{Everything, Grant, includes, nearest};
use crate::model::{Catalogue, PermissionSetName};
use crate::render::question::{Ground, Holders};

const EXAMPLES: &str = "\
Examples:
  scw-iam who-can InstancesFullAccess --on prod iam
  scw-iam who-can IAMManager --on organization --live";

/// Shows who holds a permission set, and where it comes from
///
/// Wider permission sets that include the one in question are marked "through".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WhoCan {
    /// The permission set
    #[arg(value_name = "PERMISSION-SET")]
    set: PermissionSetName,
    /// The project, by name or id; or `organization`, or `all_projects`
    #[arg(long, value_name = "PROJECT")]
    on: String,
    #[command(flatten)]
    ask: Ask,
}

impl WhoCan {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let published = Catalogue::published();
        let asked = self.ask.read(common, published.get(&self.set).is_none()).await?;
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = asked.scope(&self.on)?;
        let catalogue = asked.catalogue.as_ref().unwrap_or(published);
        asked.grantable(&self.set, catalogue, &on)?;
        let everything = Everything::of(&asked.state);
        let request = self.ask.request(common);
        let found = everything.who_can(catalogue, &self.set, &on, Some(&request));
        let unseen = everything.unseen().filter(|unseen| {
            let set = &unseen.grant.permission_set;
            unseen.grant.scope.contains(&on) && (*set == self.set || includes(catalogue, set, &self.set))
        });
        let unseen: Vec<_> = unseen.collect();
        let wanted = Grant { permission_set: self.set.clone(), scope: on.clone(), condition: None };
        let nobody = found.is_empty() && unseen.is_empty();
        let nearest = nobody.then(|| nearest(everything.grants(), catalogue, &wanted)).flatten();
        if !asked.live {
            talk("note: the files do not name the owner, who can do everything; pass --live to show them");
        }
        let owners: Vec<_> = everything.owners().iter().map(ToString::to_string).collect();
        let question = format!("who can {} on {}", self.set, self.on);
        common.show(&Holders { ground, question, owners, found, unseen, nearest })?;
        Ok(Exit::Done)
    }
}
