//! What API keys are delivered with.

use std::path::PathBuf;
use std::str::FromStr;

use super::failure::Failure;
use crate::apply::slot::{BadCommand, DeliveryCommand, DeliveryTools};
use crate::model::CommandLabel;

/// Where the help lists what keys are delivered with.
const DELIVERIES: &str = "Deliveries of API keys";
/// What keys are delivered with. Files in a repository can name neither a folder nor a program.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DeliveryArgs {
    /// The folder below which `file` deliveries of API keys are written
    #[arg(help_heading = DELIVERIES, long, value_name = "FOLDER")]
    pub(super) deliver_dir: Option<PathBuf>,
    /// The command that a `command` delivery stands for; it reads the key as JSON from its standard input. No shell is
    /// involved; may be given several times
    #[arg(help_heading = DELIVERIES, long, value_name = "LABEL='PROGRAM ARGUMENTS'", value_parser = DeliveryCommand::from_str)]
    pub(super) deliver_command: Vec<DeliveryCommand>,
}

/// Which deliveries an apply of the plan will be able to make.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlannedDeliveryArgs {
    /// Plan `file` deliveries of API keys too, because the apply will have this folder
    #[arg(help_heading = DELIVERIES, long, value_name = "FOLDER")]
    deliver_dir: Option<PathBuf>,
    /// Plan this `command` delivery too, because the apply will have a command for it; may be given several times
    #[arg(help_heading = DELIVERIES, long, value_name = "LABEL", value_parser = label)]
    deliver_command: Vec<CommandLabel>,
}

/// Reads a label, alone or with the command that `apply` takes.
fn label(text: &str) -> Result<CommandLabel, String> {
    if text.contains('=') {
        return DeliveryCommand::from_str(text)
            .map(|command| command.label)
            .map_err(|error| error.to_string());
    }
    text.parse().map_err(|_| BadCommand::Label(text.to_owned()).to_string())
}

impl PlannedDeliveryArgs {
    /// Returns tools that name the deliveries. A plan uses none of them.
    pub(super) fn tools(&self) -> DeliveryTools {
        let commands = self.deliver_command.iter().map(|label| (label.clone(), Vec::new())).collect();
        DeliveryTools { folder: self.deliver_dir.clone(), commands }
    }
}

impl DeliveryArgs {
    pub(super) fn tools(&self) -> Result<DeliveryTools, Failure> {
        if let Some(folder) = self.deliver_dir.as_ref().filter(|folder| !folder.is_dir()) {
            // Better known before a key is made for it.
            return Err(Failure::usage(format!(
                "--deliver-dir {}: there is no such folder",
                folder.display()
            )));
        }
        let mut tools = DeliveryTools { folder: self.deliver_dir.clone(), ..DeliveryTools::default() };
        for DeliveryCommand { label, words } in &self.deliver_command {
            if tools.commands.insert(label.clone(), words.clone()).is_some() {
                return Err(Failure::usage(format!("--deliver-command {label} is given twice")));
            }
        }
        Ok(tools)
    }
}
