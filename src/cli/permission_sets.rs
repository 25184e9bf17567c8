//! `scw-iam permission-sets`

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::output::talk;
use super::session::Connection;
use super::{Common, Exit};
use crate::live;
use crate::model::Catalogue;
use crate::render::permission_sets::PermissionSetsReport;

const EXAMPLES: &str = "\
Examples:
  scw-iam permission-sets | grep Secret
  scw-iam permission-sets --live -o json";

// `--live -o json` is what src/model/catalogue.tsv is renewed with (CONTRIBUTING.md).
/// Lists permission sets with their scope types, from the built-in catalogue or the organization
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PermissionSetsCommand {
    /// Ask the organization instead of the built-in catalogue
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl PermissionSetsCommand {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let read = if self.live || self.connect.emulate.is_some() {
            let connection = Connection::open(&self.connect, None).await?;
            let needs = live::LiveNeeds { permission_sets: true, ..live::LiveNeeds::default() };
            let live = connection.session.read(&needs).await?;
            connection.close().await?;
            live.catalogue
        } else {
            None
        };
        let built_in = Catalogue::published();
        let catalogue = read.as_ref().unwrap_or(built_in);
        common.show(&PermissionSetsReport { catalogue, built_in })?;
        if read.is_some() {
            let new = catalogue.iter().filter(|(name, _)| built_in.get(name).is_none()).count();
            let gone = built_in.iter().filter(|(name, _)| catalogue.get(name).is_none()).count();
            let are = |number: usize| if number == 1 { "is" } else { "are" };
            let (new_are, gone_are) = (are(new), are(gone));
            talk(&format!(
                "{new} {new_are} not in the built-in catalogue; {gone} of the built-in ones {gone_are} not in the organization."
            ));
        }
        Ok(Exit::Done)
    }
}
