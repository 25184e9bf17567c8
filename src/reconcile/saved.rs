//! A saved plan, planned again: what was reviewed is applied exactly, or not at all.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::plan::{LiveReading, needs, resolve};
use super::{Error, PlanOptions, Planned, Session};
use crate::config::{self, Files, Source};
use crate::model::{Id, Stack};
use crate::plan::Plan;
use crate::plan::file::{FileDocument, MadeFrom, PlanDocument, Standing, Unreadable};

/// A plan file that may be applied if planning again gives the same plan.
#[derive(Debug)]
pub struct SavedPlan {
    name: String,
    document: PlanDocument,
    made_from: MadeFrom,
    files: Files,
}

/// What a plan is to the organization when it is made again.
#[derive(Debug)]
#[must_use = "only the plan in it may be applied"]
pub enum Again {
    /// It is the same.
    Same(Planned),
    /// It was applied already; this is the plan for what is left, which is nothing.
    Applied(Plan),
}

impl SavedPlan {
    /// Reads a plan file, and the files in it as they were when the plan was made. `name` is what errors call it; it may
    /// be this old at most.
    ///
    /// # Errors
    /// When it is not a plan of this version, was refused, or is too old.
    pub fn read(name: &str, text: &[u8], now: Timestamp, max_age: Duration) -> Result<Self, Error> {
        let mismatch = |why| Error::mismatch(name, why);
        let document = PlanDocument::parse(text).map_err(|why| mismatch(why.into()))?;
        let most = SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX);
        let made_from = document.usable(now, most).map_err(mismatch)?.clone();
        if made_from.files.is_empty() {
            return Err(mismatch(Unreadable::Report.into()));
        }
        let source = |file: &FileDocument| Source::Text {
            name: (&file.path).into(),
            bytes: file.text.clone().into_bytes(),
        };
        let sources: Vec<_> = made_from.files.iter().map(source).collect();
        let files = config::read(&sources, document.created_at)?;
        Ok(Self { name: name.to_owned(), document, made_from, files })
    }

    /// Returns the organization that it is for.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.files.organization()
    }

    /// Returns the stack that owns what its files declare.
    #[must_use]
    pub fn stack(&self) -> Option<&Stack> {
        self.files.stack()
    }

    /// Says of an error in files that could be planned when the plan was made: the organization changed, or, where it did
    /// not, the files in the plan did.
    fn unfit(&self, error: Error, digest: &str) -> Error {
        if matches!(error, Error::Strict) {
            return error;
        }
        if self.made_from.digest != digest {
            return Error::unfit(&self.name, error);
        }
        match error {
            Error::Files(_) => error,
            other => Error::Edited(Box::new(other)),
        }
    }
}

impl Session {
    /// Plans a saved plan again for what is live now, judged for today's caller, and compares.
    ///
    /// # Errors
    /// [`Error::Outdated`] when the organization changed, [`Error::Unreadable`] when the file was edited.
    pub async fn plan_saved(&self, saved: &SavedPlan, options: &PlanOptions) -> Result<Again, Error> {
        let guards = saved.made_from.options(&options.guards);
        let options = &PlanOptions { guards, ..options.clone() };
        let mut reading = self.read_for(&saved.files, options).await?;
        let digest = reading.digest(options);
        let unfit = |error| saved.unfit(error, &digest);
        let desired = self.resolve_for(&saved.files, &reading.live, options).map_err(unfit)?;
        let plan = reading.compare(&desired, options).map_err(unfit)?;
        let standing = saved.document.check(&plan, &digest, options.now);
        let standing = standing.map_err(|why| Error::mismatch(&saved.name, why))?;
        let plan = self.with_key_ages(&mut reading, &desired, options, plan).await?;
        let plan = plan.dated(saved.document.created_at);
        Ok(match standing {
            Standing::Same => {
                Again::Same(Planned { plan, caller: reading.caller, made_from: saved.made_from.clone() })
            }
            Standing::Applied => Again::Applied(plan),
        })
    }

    /// Plans again after somebody thought about a plan, in case the organization changed meanwhile.
    ///
    /// # Errors
    /// As [`Session::plan_saved`].
    pub async fn plan_again(
        &self,
        files: &Files,
        planned: Planned,
        options: &PlanOptions,
    ) -> Result<Again, Error> {
        let live = self.refresh(&needs(files)).await?;
        // Warnings were reported when the plan was made.
        let desired = resolve(files, &live)?.desired;
        let mut reading = LiveReading { live, caller: planned.caller.clone() };
        let plan = reading.compare(&desired, options)?;
        let plan = self.with_key_ages(&mut reading, &desired, options, plan).await?;
        match planned.plan.document().check(&plan, "", options.now) {
            Ok(Standing::Same) => {
                Ok(Again::Same(Planned { plan: plan.dated(planned.plan.created_at()), ..planned }))
            }
            Ok(Standing::Applied) => Ok(Again::Applied(plan)),
            Err(why) => Err(Error::mismatch("the plan", why)),
        }
    }
}
