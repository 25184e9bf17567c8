//! A plan for people: as text for a terminal, as Markdown for a pull request.

mod access;
mod drift;
mod markdown;
mod outline;
mod page;
mod reading;
mod text;
mod words;

use std::io::{self, Write};

pub use self::reading::PlanReading;
use super::json::pretty;
use super::report::Report;
use super::style::Style;
use crate::model::Place;
use crate::plan::file::PlanDocument;
use crate::plan::{Findings, Plan};
use crate::review::Outline;

pub(super) use markdown::{details, head};
pub use words::headline;

/// A plan as a result.
#[derive(Debug, Clone, Copy)]
pub struct PlanReport<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it is read as.
    pub reading: PlanReading,
    /// What programs read, where it is more than [`Plan::document`].
    pub document: Option<&'a PlanDocument>,
    /// What was found beyond the plan, for drift.
    pub drift: Option<&'a Findings>,
    /// Where the files begin: what no file declares is shown there.
    pub home: Option<&'a Place>,
}

impl<'a> PlanReport<'a> {
    /// Returns the report of what an apply would do.
    #[must_use]
    pub const fn new(plan: &'a Plan) -> Self {
        Self { plan, reading: PlanReading::Plan, document: None, drift: None, home: None }
    }
}

impl Report for PlanReport<'_> {
    /// Access first, then the steps in the order of the apply, then what is spared, the guards and a summary.
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        text::text(out, (self.plan, self.drift), self.reading, style)
    }

    /// Access first, details folded.
    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        markdown::markdown(out, (self.plan, self.drift), self.reading)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self.document, self.drift) {
            (Some(document), _) => pretty(out, document),
            (None, Some(drift)) => pretty(out, &drift::DriftReportDocument::of(self.plan, drift)),
            (None, None) => pretty(out, &self.plan.document()),
        }
    }

    /// What changes first, then what was found.
    fn html(&self, out: &mut dyn Write) -> io::Result<()> {
        let outline = match self.drift {
            Some(drift) => outline::of_drift(self.plan, drift, self.home),
            None => outline::of_plan(self.plan, self.home),
        };
        super::page::html(out, &page::page((self.plan, self.drift), self.reading, &outline))
    }

    fn outline(&self) -> Option<Outline> {
        Some(match self.drift {
            Some(drift) => outline::of_drift(self.plan, drift, self.home),
            None => outline::of_plan(self.plan, self.home),
        })
    }
}
