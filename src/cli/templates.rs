//! What `init` writes beside an export: a first file, and pipelines.

use std::path::{Path, PathBuf};

use crate::config::SCHEMA;
use crate::model::{Id, Stack};

/// The organization that the examples name.
const EXAMPLE: &str = "105bdce1-64c0-48ab-899d-868455867ecf";

/// A system that runs pipelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum System {
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
    /// Returns the pipeline for a folder and an organization: where its files go, and what is in them.
    pub(super) fn pipeline(self, folder: &Path, organization: Id) -> Vec<(PathBuf, String)> {
        let (folder, organization) = (folder.display().to_string(), organization.to_string());
        let text = |text| named(text, &folder).replace(EXAMPLE, &organization);
        self.files().iter().map(|(path, pipeline)| (path.into(), text(pipeline))).collect()
    }

    /// Says what the pipeline needs.
    pub(super) const fn needs(self) -> &'static str {
        match self {
            Self::Kubernetes => {
                "Plans skip .kubernetes, a hidden folder. The head of each manifest names the ConfigMap and the secret that it needs."
            }
            Self::Github | Self::Gitlab => {
                "The head of each pipeline names the variables and keys that it needs."
            }
        }
    }
}

/// Reads the name of a folder that can stand in a pipeline.
pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let path = Path::new(text);
    let named = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let plain = !text.is_empty() && text.chars().all(plain) && !text.starts_with('-');
    (plain && (named || path.is_absolute()))
        .then(|| path.to_owned())
        .ok_or_else(|| "not a folder as in iam or access/iam: letters, digits, `.`, `_`, `-`, `/`".to_owned())
}

/// The first file of an organization about which nothing is declared yet.
pub(super) fn first_file(organization: Id, stack: Option<&Stack>) -> String {
    let stack = match stack {
        Some(stack) => format!("stack: {stack}"),
        None => {
            "# A stack owns what its files declare, and deletes what it owns and they no longer declare.\n# \
                 stack: platform"
                .to_owned()
        }
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

/// Names a folder in a pipeline that is written for the folder `iam`.
fn named(pipeline: &str, folder: &str) -> String {
    let of_a_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut named = String::with_capacity(pipeline.len());
    let mut rest = pipeline;
    while !rest.is_empty() {
        let end = rest.find(|c| !of_a_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        named.push_str(if word == "iam" { folder } else { word });
        let mut signs = after.chars();
        named.extend(signs.next());
        rest = signs.as_str();
    }
    named
}
