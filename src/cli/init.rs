//! `scw-iam init`

use std::path::PathBuf;

use super::arguments::ConnectArgs;
use super::failure::Failure;
use super::folder::write_new;
use super::output::talk;
use super::part::read_all;
use super::session::{Connection, organization};
use super::templates::{System, first_file, folder};
use super::{Common, Exit};
use crate::config::{self, ExportOptions, SCHEMA, Source, Split};
use crate::model::{Id, Stack};
use crate::reconcile::export;

const EXAMPLES: &str = "\
Examples:
  scw-iam init
  scw-iam init --stack platform --ci github
  scw-iam init iam --empty --organization 105bdce1-64c0-48ab-899d-868455867ecf";

/// Starts a repository with the files of the live organization, or with an empty one, and a pipeline
///
/// Existing files are never replaced: if one of the files to write exists, nothing is written. With `--ci`, a folder that already
/// has YAML files gets only the pipeline.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Init {
    /// The folder for the files
    #[arg(value_name = "DIR", default_value = "iam", value_parser = folder)]
    folder: PathBuf,
    /// Stack that will own the declared objects; a plan of the files shows their adoption
    #[arg(long, value_name = "NAME")]
    stack: Option<Stack>,
    /// Also write a pipeline for this system, into the current folder
    #[arg(long, value_name = "SYSTEM")]
    ci: Option<System>,
    /// Start with an empty file, and read nothing from the API
    #[arg(long, conflicts_with = "emulate")]
    empty: bool,
    /// The id of the organization; without it, the configured one
    #[arg(long, value_name = "ID")]
    organization: Option<Id>,
    #[command(flatten)]
    connect: ConnectArgs,
}

impl Init {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        if self.ci.is_some() && self.folder.is_absolute() {
            let failure = Failure::usage("a pipeline needs a folder within its repository");
            return Err(failure.hint("name it from here, as in `scw-iam init access/iam --ci github`"));
        }
        let declared = self.declared(common)?;
        let (organization, mut files) = match declared {
            Some(organization) => (organization, Vec::new()),
            None if self.empty => self.first()?,
            None => self.exported(common).await?,
        };
        files.extend(self.ci.iter().flat_map(|system| system.pipeline(&self.folder, organization)));
        write_new(&files)?;
        let names: Vec<_> = files.iter().map(|(path, _)| path.display().to_string()).collect();
        let (names, folder) = (names.join(", "), self.folder.display());
        talk(&match declared {
            Some(_) => format!("Wrote {names}. {folder} has files, which stay as they are."),
            None => format!("Wrote {names}."),
        });
        talk(&format!("Next: `scw-iam plan {folder}`"));
        self.ci.iter().for_each(|system| talk(system.needs()));
        Ok(Exit::Done)
    }

    /// The organization of the files that are in the folder already, where only a pipeline is still missing.
    fn declared(&self, common: &Common) -> Result<Option<Id>, Failure> {
        if self.ci.is_none() || self.empty || !config::has_files(&self.folder) {
            return Ok(None);
        }
        let files = config::read(&[Source::Path(self.folder.clone())], common.now())?;
        let organization = files.organization();
        let other = match (&self.stack, files.stack(), self.organization) {
            (_, _, Some(wanted)) if wanted != organization => {
                format!("are for organization {organization}, not {wanted}")
            }
            (Some(wanted), Some(stack), _) if wanted != stack => {
                format!("belong to stack {stack}, not {wanted}")
            }
            (Some(wanted), None, _) => format!("belong to no stack, not to {wanted}"),
            _ => return Ok(Some(organization)),
        };
        let failure = Failure::usage(format!("the files in {} {other}", self.folder.display()));
        Err(failure
            .hint("`init` does not change existing files; leave the option out, or choose another folder"))
    }

    /// An empty file, and its organization.
    fn first(&self) -> Result<(Id, Vec<(PathBuf, String)>), Failure> {
        let organization = organization(&self.connect, self.organization)?;
        let file = ("organization.yaml".into(), first_file(organization, self.stack.as_ref()));
        Ok((organization, self.with_schema(vec![file])))
    }

    /// The live organization as files.
    async fn exported(&self, common: &Common) -> Result<(Id, Vec<(PathBuf, String)>), Failure> {
        let connection = Connection::open(&self.connect, self.organization).await?;
        let live = read_all(&connection.session, common.now()).await?;
        let exported = export(
            &live,
            &ExportOptions {
                stack: self.stack.as_ref(),
                split: Split::ByKind,
                schema: Some(SCHEMA.0),
                ..ExportOptions::of(&live.titles, common.now())
            },
        )?;
        connection.close().await?;
        let files = exported.files.into_iter().map(|file| (file.path, file.text));
        Ok((live.state.organization, self.with_schema(files.collect())))
    }

    /// The schema for editors, and these files, in the folder.
    fn with_schema(&self, files: Vec<(PathBuf, String)>) -> Vec<(PathBuf, String)> {
        let schema = (SCHEMA.0.into(), SCHEMA.1.to_owned());
        let all = std::iter::once(schema).chain(files);
        all.map(|(path, text)| (self.folder.join(path), text)).collect()
    }
}
