//! `scw-iam export`

use std::path::{Path, PathBuf};

use super::arguments::{ConnectArgs, object};
use super::failure::Failure;
use super::folder::write_export;
use super::output::Output;
use super::part::{all_written, hint_at_stacks, part, read_all, say_left_out};
use super::session::Connection;
use super::terraform;
use super::{Common, Exit};
use crate::config::{ExportOptions, ExportPart, SCHEMA, Split};
use crate::live::Live;
use crate::model::{Address, Stack};
use crate::reconcile::{export, export_terraform};
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam export
  scw-iam export --out iam --stack platform
  scw-iam export group:developers policy:developers-run
  scw-iam export --out iam --emulate state.json
  scw-iam export --out iam --stack web --terraform-state terraform.tfstate";

/// Exports the organization as files that match it exactly
///
/// Anything that files cannot express becomes a comment with the reason. Before the files are written, they are read and
/// planned, which proves that applying them changes nothing. Export never writes to the API.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// Export only these objects, to add them to files; whatever else they refer to is named under `external`
    #[arg(value_name = "KIND:NAME", value_parser = object, conflicts_with = "terraform_state")]
    objects: Vec<Address>,
    #[command(flatten)]
    connect: ConnectArgs,
    /// Folder to write to; without it, a single file goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write a single file instead of one for each kind
    #[arg(long, requires = "out")]
    one_file: bool,
    /// Stack that will own the declared objects; a plan of the files shows their adoption
    #[arg(long, value_name = "NAME")]
    stack: Option<Stack>,
    /// Write exactly what this Terraform state holds, as files of the stack, and print the commands that make Terraform forget it
    #[arg(long, value_name = "FILE", requires_all = ["stack", "out"])]
    terraform_state: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "out")]
    force: bool,
}

impl Export {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let live = read_all(&connection.session, common.now()).await?;
        if let Some(state) = &self.terraform_state {
            return self.taken_over(common, connection, live, state).await;
        }
        let part = part(&live, &self.objects)?;
        let exported = export(&live, &self.options(common, &live, part.as_ref()))?;
        say_left_out(&exported.left_out, self.stack.is_some());
        match &part {
            Some(_) => all_written((&live, &exported), &self.objects, self.stack.as_ref())?,
            None if self.stack.is_none() => hint_at_stacks(&live),
            None => {}
        }
        match &self.out {
            None => {
                for file in &exported.files {
                    Output { format: Format::Text, file: None }.write(file.text.as_bytes())?;
                }
            }
            Some(folder) => write_export(folder, &exported, (0, self.force))?,
        }
        connection.close().await?;
        Ok(Exit::Done)
    }

    /// Writes what a Terraform state holds, and prints how Terraform lets go of it.
    async fn taken_over(
        &self,
        common: &Common,
        connection: Connection,
        mut live: Live,
        state: &Path,
    ) -> Result<Exit, Failure> {
        let state = terraform::read(state)?;
        if state.has_api_keys() {
            connection.session.inventory(&mut live).await?;
        }
        let taken = export_terraform(&live, &state, &self.options(common, &live, None))?;
        let folder = self.out.as_deref().unwrap_or(Path::new("."));
        write_export(folder, &taken.exported, (taken.keys.len(), self.force))?;
        terraform::let_go(&taken, folder)?;
        connection.close().await?;
        Ok(Exit::Done)
    }

    fn options<'a>(
        &'a self,
        common: &Common,
        live: &'a Live,
        part: Option<&'a ExportPart>,
    ) -> ExportOptions<'a> {
        ExportOptions {
            stack: self.stack.as_ref(),
            split: if self.out.is_some() && !self.one_file { Split::ByKind } else { Split::One },
            schema: self.out.is_some().then_some(SCHEMA.0),
            part,
            ..ExportOptions::of(&live.titles, common.now())
        }
    }
}
