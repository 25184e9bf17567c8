//! Reports the progress of a session on standard error.

use std::time::Duration;

use super::output::{colour_on_stderr, shows_warnings, talk, talk_with};
use crate::api::Warning;
use crate::apply::Holder;
use crate::config::Mistakes;
use crate::live::Notice;
use crate::reconcile::{Error, Watch, hints};
use crate::render::mistake;

/// Tells all of it.
pub(super) struct Talk;

impl Watch for Talk {
    fn credentials(&self, warning: &Warning) {
        talk(&format!("warning: {warning}"));
    }

    fn notice(&self, notice: &Notice) {
        talk(&format!("note: {notice}"));
    }

    fn warnings(&self, warnings: &Mistakes) {
        if shows_warnings() {
            talk_with(|out| mistake::write(out, warnings, colour_on_stderr()));
        }
    }

    fn absent(&self, object: &Error) {
        talk(&format!("warning: {object}; if it was deleted, there is nothing to do"));
        hints(object).iter().for_each(|hint| talk(&format!("hint: {hint}")));
    }

    fn killed(&self, holder: &Holder, wait: Duration) {
        let wait = wait.as_secs();
        talk(&format!(
            "An earlier apply ({holder}) was killed while writing; waiting {wait} s for its last requests to arrive."
        ));
    }
}
