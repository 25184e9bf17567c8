//! `scw-iam demo`

use std::time::Instant;

use anyhow::Context as _;

use super::arguments::ConnectArgs;
use super::demo_stage::{DemoPart, DemoStage};
use super::failure::Failure;
use super::output::Output;
use super::session::Connection;
use super::{Common, Exit};
use crate::config::{self, ExportOptions, Source};
use crate::live::LiveNeeds;
use crate::model::Stack;
use crate::reconcile::{ApplyOptions, PlanOptions, export};
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam demo
  scw-iam demo | less";

/// Demonstrates the whole workflow on an embedded organization, without credentials or network
///
/// Exports, changes, plans, applies and plans again. It touches nothing real and leaves nothing behind.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Demo {}

/// The organization that the demo runs on.
const ORGANIZATION: &str = include_str!("../../examples/demo/organization.json");
/// What somebody wants it to be.
const DESIRED: &str = include_str!("../../examples/demo/iam.yaml");

const EXPORT: DemoPart = (
    "Export the live organization as YAML",
    "scw-iam export --stack platform > iam.yaml",
    "It is written only after a plan of it has shown that it changes nothing.",
);
const EDIT: DemoPart = (
    "Edit the file",
    "git diff",
    "Developers become engineers and get access to production. Alice leaves; Carol, an intern until now, and Dave join.\n\
     The old deployer is deleted.",
);
const PLAN: DemoPart = (
    "Plan: who gains, who loses, and in which order",
    "scw-iam plan",
    "Alice leaves the group before it gains production: see `after`, the steps that a step waits for.",
);
const APPLY: DemoPart =
    ("Apply it", "scw-iam apply --yes", "Steps that do not wait for each other run in parallel.");
const AGAIN: DemoPart = ("Plan again", "scw-iam plan", "Nothing is left to do.");

/// Returns that file as somebody would leave an export: standard output has no schema for an editor.
fn edited() -> &'static str {
    DESIRED.split_once("\n\n").map_or(DESIRED, |(_schema, file)| file)
}

impl Demo {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let started = Instant::now();
        let Self {} = self;
        let out = Output { format: Format::Text, file: None };
        let mut stage = DemoStage { paint: out.paint(), out, number: 0 };
        let how = ConnectArgs { emulate: None, save: None, profile: None, parallelism: 20, max_rps: 1000 };
        let state =
            serde_json::from_str(ORGANIZATION).context("the embedded organization is not valid JSON")?;
        let connection = Connection::embedded(&how, state, None, None).await?;
        let session = &connection.session;
        let now = common.now();
        stage.say(
            "An example organization in an embedded emulator: five people, three applications, three groups.\n\
             Nothing real is read or changed.",
        )?;

        stage.part(EXPORT)?;
        let live = session.read(&LiveNeeds { projects: true, ..LiveNeeds::default() }).await?;
        let stack: Stack = "platform".parse().map_err(anyhow::Error::new)?;
        let options = ExportOptions { stack: Some(&stack), ..ExportOptions::of(&live.titles, now) };
        let exported: String = export(&live, &options)?.files.into_iter().map(|file| file.text).collect();
        stage.say(exported.trim_end())?;

        stage.part(EDIT)?;
        let desired = edited();
        stage.diff(&exported, desired)?;

        stage.part(PLAN)?;
        let source = Source::Text { name: "iam.yaml".into(), bytes: desired.as_bytes().to_vec() };
        let files = config::read(&[source], now)?;
        let options = PlanOptions { now, ..PlanOptions::default() };
        let planned = session.plan(&files, &options).await?;
        stage.plan(&planned.plan)?;

        stage.part(APPLY)?;
        let outcome = session.apply(&planned, ApplyOptions::default()).await?;
        stage.outcome(&planned.plan, &outcome)?;

        stage.part(AGAIN)?;
        let again = session.plan(&files, &options).await?.plan;
        stage.plan(&again)?;
        let seconds = started.elapsed().as_secs_f64();
        stage.say(&format!(
            "\nThat took {seconds:.1} s. On your own organization, start with `scw-iam doctor` and `scw-iam export --out iam`.\n\
             To rehearse on a copy of it: `scw-iam snapshot --out state.json`, then `scw-iam plan iam --emulate state.json`."
        ))?;
        connection.close().await?;
        if again.is_empty() {
            Ok(Exit::Done)
        } else {
            Err(Failure::with(Exit::NotConverged, "the demo did not converge"))
        }
    }
}
