//! `scw-iam who-can`

use super::Exit;
use super::arguments::Common;
use super::ask::{Ask, scope};
use super::failure::Failure;
use super::output::Format;
use crate::access::Everything;
use crate::model::{Catalogue, PermissionSetName, near};
use crate::render;
use crate::render::question::Ground;

const EXAMPLES: &str = "\
Examples:
  scw-iam who-can InstancesFullAccess --on prod iam
  scw-iam who-can IAMManager --on organization --live";

/// Shows who can do something, and by which path
///
/// Wider permission sets that take in the one that is asked for are marked "through".
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
        let asked = self.ask.read(common).await?;
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = scope(&asked.state, &self.on)?;
        let catalogue = Catalogue::published();
        let everything = Everything::of(&asked.state);
        let request = self.ask.request(common);
        let found = everything.who_can(catalogue, &self.set, &on, request.as_ref());
        if found.is_empty() && catalogue.get(&self.set).is_none() {
            super::output::talk(&unknown(catalogue, &self.set));
        }
        let owners: Vec<_> = everything.owners().iter().map(ToString::to_string).collect();
        let question = format!("who can {} on {}", self.set, self.on);
        for output in common.outputs() {
            let mut bytes = Vec::new();
            match output.format {
                Format::Markdown => {
                    render::question::who_can_markdown(&mut bytes, ground, &question, &owners, &found)?;
                }
                Format::Text => {
                    render::question::who_can(
                        &mut bytes,
                        ground,
                        &question,
                        &owners,
                        &found,
                        output.paint(),
                    )?;
                }
                Format::Json => {
                    let value = render::question::who_can_json(ground, &owners, &found);
                    bytes.extend(format!("{value:#}\n").into_bytes());
                }
            }
            output.write(&bytes)?;
        }
        Ok(Exit::Done)
    }
}

fn unknown(catalogue: &Catalogue, set: &PermissionSetName) -> String {
    let names = catalogue.iter().map(|(name, _)| name.as_str());
    let hint = near(set.as_str(), names).map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
    format!("warning: {set} is no published permission set{hint}")
}
