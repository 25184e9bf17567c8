//! `scw-iam init`

use std::path::{Path, PathBuf};

use super::Exit;
use super::arguments::{Common, ConnectArgs};
use super::failure::Failure;
use super::folder::write_new;
use super::output::talk;
use super::session::Connection;
use crate::config::{ExportOptions, SCHEMA, Split};
use crate::live::LiveNeeds;
use crate::model::{Catalogue, Id, Stack};
use crate::reconcile::export;

const EXAMPLES: &str = "\
Examples:
  scw-iam init
  scw-iam init --stack platform --ci github
  scw-iam init iam --empty --organization 105bdce1-64c0-48ab-899d-868455867ecf";

/// Starts a repository: files of the live organization, or empty ones, and a pipeline
///
/// Files that are there are never replaced; nothing is written where one of them is.
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
    /// Start with an empty file, and read nothing
    #[arg(long, requires = "organization")]
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
            ],
            Self::Gitlab => &[(".gitlab-ci.yml", include_str!("../../examples/ci/gitlab/.gitlab-ci.yml"))],
            Self::Kubernetes => {
                &[("access-drift.yaml", include_str!("../../examples/ci/kubernetes/drift.yaml"))]
            }
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
        let mut files = vec![(self.folder.join(SCHEMA.0), SCHEMA.1.to_owned())];
        match self.organization.filter(|_| self.empty) {
            Some(organization) => {
                files.push((self.folder.join("organization.yaml"), self.start(organization)));
            }
            None => files.extend(self.exported(common).await?),
        }
        let pipeline = self.ci.map_or(&[][..], System::files);
        files.extend(pipeline.iter().map(|(path, text)| (PathBuf::from(path), self.named(text))));
        write_new(&files)?;
        let names: Vec<_> = files.iter().map(|(path, _)| path.display().to_string()).collect();
        talk(&format!("Wrote {}.", names.join(", ")));
        talk(&format!("Next: `scw-iam plan {}`", self.folder.display()));
        if self.ci.is_some() {
            talk("The head of each pipeline names the variables and keys that it needs.");
        }
        Ok(Exit::Done)
    }

    /// The live organization as files.
    async fn exported(&self, common: &Common) -> Result<Vec<(PathBuf, String)>, Failure> {
        let connection = Connection::open(&self.connect, self.organization).await?;
        let live = connection.session.read(&LiveNeeds { projects: true, ..LiveNeeds::default() }).await?;
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
        Ok(exported.files.into_iter().map(|file| (self.folder.join(file.path), file.text)).collect())
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
