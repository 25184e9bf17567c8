//! What is planned, and with what.

use jiff::Timestamp;

use crate::apply::slot::DeliveryTools;
use crate::model::{Address, Delivery, Principal};
use crate::plan::GuardOptions;
use crate::plan::slot::{Hands, KeysPlan, Occasion};

/// How a plan is made.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// What time it is.
    pub now: Timestamp,
    /// Who plans and applies, if the session's access key does not tell.
    pub caller: Option<Principal>,
    /// The only objects to plan, with what they need; empty for all.
    pub only: Vec<Address>,
    /// What to do about such an object if neither the files nor the organization has it.
    pub absent: AbsentObject,
    /// How strictly the plan is judged.
    pub guards: GuardOptions,
    /// How API keys are planned.
    pub keys: KeyOptions,
}

impl Default for PlanOptions {
    /// Returns the options of a plan that is made now and overrides no guard.
    fn default() -> Self {
        Self {
            now: Timestamp::now(),
            caller: None,
            only: Vec::new(),
            absent: AbsentObject::Refused,
            guards: GuardOptions::default(),
            keys: KeyOptions::default(),
        }
    }
}

/// What to do about an object that was requested, if neither the files nor the organization has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentObject {
    /// [`Error::NoObject`](super::Error::NoObject): the name is probably mistyped.
    Refused,
    /// A warning: it may be deleted already, and an apply can be repeated.
    Warned,
}

/// How API keys are planned.
#[derive(Debug, Clone)]
pub struct KeyOptions {
    /// What delivers keys to files and commands; `None` if no deliveries are made.
    pub tools: Option<DeliveryTools>,
    /// The deliveries that a saved plan was made with, which no others are added to.
    pub planned: Option<Hands>,
    /// Why they are looked at.
    pub occasion: Occasion,
}

impl Default for KeyOptions {
    fn default() -> Self {
        Self { tools: None, planned: None, occasion: Occasion::Files }
    }
}

impl KeyOptions {
    pub(super) fn hands(&self) -> Hands {
        let named = || self.tools.as_ref().map_or(Hands::Unasked, DeliveryTools::hands);
        self.planned.clone().unwrap_or_else(named)
    }

    /// Returns a planned delivery of a first key for which no option names a folder or a program.
    pub(super) fn lacks(&self, plan: &KeysPlan) -> Option<Delivery> {
        let tools = self.tools.as_ref()?;
        let lacks = |delivery: &&Delivery| match delivery {
            Delivery::SecretManager { .. } => false,
            Delivery::File(_) => tools.folder.is_none(),
            Delivery::Command(label) => !tools.commands.contains_key(label),
        };
        plan.first_keys().flat_map(|slot| &slot.deliver).find(lacks).cloned()
    }
}
