//! `scw-iam keys rotate`

use std::path::PathBuf;
use std::str::FromStr;

use super::arguments::{ConnectArgs, Paths};
use super::deliveries::DeliveryArgs;
use super::failure::Failure;
use super::output::{style_on_stderr, talk, talk_with};
use super::prompt;
use super::session::Connection;
use super::{Common, Exit};
use crate::apply::Journal;
use crate::config;
use crate::model::{Address, Name, SlotName};
use crate::reconcile::{KeyOptions, PlanOptions};
use crate::render::keys::RotationReport;

/// Makes and delivers a new key for a slot now; the old key is deleted after the overlap
#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    /// The slot, after its application
    #[arg(value_name = "APPLICATION/SLOT", value_parser = Slot::from_str)]
    slot: Slot,
    #[command(flatten)]
    paths: Paths,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    deliver: DeliveryArgs,
    /// Append what is done to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Rotate without asking for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// `ci/deploy`
#[derive(Debug, Clone)]
struct Slot {
    application: Address,
    slot: SlotName,
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (application, slot) =
            text.rsplit_once('/').ok_or("it takes APPLICATION/SLOT, as in `ci/deploy`")?;
        let application: Name = application.parse().map_err(|error| format!("`{application}` {error}"))?;
        let slot = slot.parse().map_err(|error| format!("`{slot}` {error}"))?;
        Ok(Self { application: Address::application(application), slot })
    }
}

impl Rotate {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        if !self.yes {
            prompt::no_standard_input(&self.paths)?;
            prompt::possible()?;
        }
        let tools = self.deliver.tools()?;
        let keys = KeyOptions { tools: Some(tools.clone()), ..KeyOptions::default() };
        let options = PlanOptions { now: common.now(), keys, ..PlanOptions::default() };
        let files = config::read(&self.paths.sources(), options.now)?;
        let connection = Connection::open_at(&self.connect, Some(files.organization()), common.now).await?;
        let _lock = connection.lock(files.stack()).await?;
        let slot = (&self.slot.application, &self.slot.slot);
        let planned = connection.session.plan_rotation(&files, slot, &options).await?;
        let plan = &planned.keys;
        common.preview(&RotationReport { plan, outcome: None })?;
        if plan.is_empty() {
            connection.close().await?;
            let Slot { application, slot } = &self.slot;
            return Err(Failure::error(anyhow::anyhow!(
                "slot {slot} of {application} was not rotated; it is left alone for now"
            )));
        }
        if !self.yes && !prompt::confirmed(&connection, None)? {
            talk("Nothing was changed.");
            return Ok(Exit::Error);
        }
        let session = &connection.session;
        let journal = self.journal.as_ref().map(|path| session.rotation_journal(path, &planned));
        let mut journal = journal.transpose()?.unwrap_or_else(Journal::none);
        let stop = common.interrupts.stop_signal();
        let outcome = session.rotate(&planned, &tools, &mut journal, &stop).await?;
        let report = RotationReport { plan, outcome: Some(&outcome) };
        talk_with(|out| report.ended(out, style_on_stderr()));
        common.rest().show(&report)?;
        connection.close().await?;
        Ok(match (outcome.is_done(), outcome.wrote()) {
            (true, _) => Exit::Done,
            (false, true) => Exit::PartWay,
            (false, false) => Exit::Error,
        })
    }
}
