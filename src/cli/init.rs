//! `scw-iam init`

use std::path::{Path, PathBuf};

use super::Exit;
use super::arguments::ConnectArgs;
use super::common::Common;
use super::failure::Failure;
use super::folder::write_new;
use super::output::talk;
use super::part::read_all;
use super::session::Connection;
use crate::api::CredentialSettings;
use crate::config::{self, ExportOptions, SCHEMA, Source, Split};
use crate::model::{Catalogue, Id, Stack};
use crate::reconcile::{self, configured_organization, export};

/// The organization that the examples name.
const EXAMPLE: &str = "105bdce1-64c0-48ab-899d-868455867ecf";

const EXAMPLES: &str = "\
Examples:
  scw-iam init
  scw-iam init --stack platform --ci github
  scw-iam init iam --empty --organization 105bdce1-64c0-48ab-899d-868455867ecf";

/// Starts a repository: files of the live organization, or empty ones, and a pipeline
///
/// Files that are there are never replaced; nothing is written where one of them is. With `--ci`, a folder that has files already
/// gets only the pipeline.
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
    /// The organization, by its id; without it, the configured one
    #[arg(long, value_name = "ID")]
    organization: Option<Id>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum System {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// A Kubernetes `CronJob`.
    Kubernetes,
}

impl System {
    /// Returns its files: where they go, and what is in them for a folder named `iam`.
    const fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Github => &[
                (
                    ".github/workflows/access-plan.yml",
                    include_str!("../../examples/ci/github/access-plan.yml"),
                ),
                (
                    ".github/workflows/access-apply.yml",
                    include_str!("../../examples/ci/github/access-apply.yml"),
                ),
                (
                    ".github/workflows/access-drift.yml",
                    include_str!("../../examples/ci/github/access-drift.yml"),
                ),
                (".github/workflows/access-due.yml", include_str!("../../examples/ci/github/access-due.yml")),
            ],
            Self::Gitlab => &[(".gitlab-ci.yml", include_str!("../../examples/ci/gitlab/.gitlab-ci.yml"))],
            // Plans read every visible YAML file below their folder.
            Self::Kubernetes => &[
                (".kubernetes/access-drift.yaml", include_str!("../../examples/ci/kubernetes/drift.yaml")),
                (".kubernetes/access-due.yaml", include_str!("../../examples/ci/kubernetes/due.yaml")),
            ],
        }
    }
}

/// Reads the name of a folder that can stand in a pipeline.
fn folder(text: &str) -> Result<PathBuf, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let path = Path::new(text);
    let named = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let plain = !text.is_empty() && text.chars().all(plain) && !text.starts_with('-');
    (plain && (named || path.is_absolute()))
        .then(|| path.to_owned())
        .ok_or_else(|| "not a folder as in iam or access/iam: letters, digits, `.`, `_`, `-`, `/`".to_owned())
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
            None => self.started(common).await?,
        };
        let pipeline = self.ci.map_or(&[][..], System::files);
        let pipeline = pipeline.iter().map(|(path, text)| (PathBuf::from(path), self.named(text)));
        files.extend(pipeline.map(|(path, text)| (path, text.replace(EXAMPLE, &organization.to_string()))));
        write_new(&files)?;
        let names: Vec<_> = files.iter().map(|(path, _)| path.display().to_string()).collect();
        let only = match declared {
            Some(_) => format!(" {} has files, which stay as they are.", self.folder.display()),
            None => String::new(),
        };
        talk(&format!("Wrote {}.{only}", names.join(", ")));
        talk(&format!("Next: `scw-iam plan {}`", self.folder.display()));
        match self.ci {
            Some(System::Kubernetes) => talk(
                "Plans skip .kubernetes, a hidden folder. The head of each manifest names the ConfigMap and the secret that it needs.",
            ),
            Some(System::Github | System::Gitlab) => {
                talk("The head of each pipeline names the variables and keys that it needs.");
            }
            None => {}
        }
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

    /// The first files, and their organization.
    async fn started(&self, common: &Common) -> Result<(Id, Vec<(PathBuf, String)>), Failure> {
        let schema = (self.folder.join(SCHEMA.0), SCHEMA.1.to_owned());
        if self.empty {
            let organization = self.configured()?;
            let start = (self.folder.join("organization.yaml"), self.start(organization));
            return Ok((organization, vec![schema, start]));
        }
        let (organization, exported) = self.exported(common).await?;
        Ok((organization, std::iter::once(schema).chain(exported).collect()))
    }

    /// The organization that was named, or else the configured one.
    fn configured(&self) -> Result<Id, Failure> {
        if let Some(organization) = self.organization {
            return Ok(organization);
        }
        let resolved = CredentialSettings::from_environment(self.connect.profile.as_deref());
        let configured = configured_organization(&resolved.map_err(reconcile::Error::from)?)?;
        configured.ok_or_else(|| {
            let failure = Failure::usage("no organization is configured, and none was named");
            failure.hint("pass `--organization ID`, or set SCW_DEFAULT_ORGANIZATION_ID")
        })
    }

    /// The live organization as files.
    async fn exported(&self, common: &Common) -> Result<(Id, Vec<(PathBuf, String)>), Failure> {
        let connection = Connection::open(&self.connect, self.organization).await?;
        let live = read_all(&connection.session, common.now()).await?;
        let options = ExportOptions {
            stack: self.stack.as_ref(),
            split: Split::ByKind,
            titles: &live.titles,
            catalogue: Catalogue::published(),
            now: common.now(),
            schema: Some(SCHEMA.0),
            part: None,
        };
        let exported = export(&live, &options)?;
        connection.close().await?;
        let files = exported.files.into_iter().map(|file| (self.folder.join(file.path), file.text));
        Ok((live.state.organization, files.collect()))
    }

    /// The first file of an organization about which nothing is declared yet.
    fn start(&self, organization: Id) -> String {
        let stack = match &self.stack {
            Some(stack) => format!("stack: {stack}"),
            None => "# A stack owns what its files declare, and deletes what it owns and they no longer declare.\n# \
                     stack: platform"
                .to_owned(),
        };
        format!(
            "# yaml-language-server: $schema={schema}\n\
             version: 1\n\
             organization: {organization}\n\
             {stack}\n\
             \n\
             # groups:\n\
             #   developers:\n\
             #     members:\n\
             #       users: [alice@example.com]\n\
             #\n\
             # policies:\n\
             #   developers-run:\n\
             #     principal: {{group: developers}}\n\
             #     rules:\n\
             #       - permission_sets: [InstancesFullAccess]\n\
             #         scope: [staging]\n",
            schema = SCHEMA.0,
        )
    }

    /// A pipeline for the folder that was chosen.
    fn named(&self, pipeline: &str) -> String {
        let folder = self.folder.display().to_string();
        let of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let mut named = String::with_capacity(pipeline.len());
        let mut rest = pipeline;
        while !rest.is_empty() {
            let end = rest.find(|c| !of_a_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            named.push_str(if word == "iam" { &folder } else { word });
            let mut signs = after.chars();
            named.extend(signs.next());
            rest = signs.as_str();
        }
        named
    }
}
