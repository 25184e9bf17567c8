//! A saved plan, planned again: it is applied exactly as reviewed, or not at all.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::only::resolve_part;
use super::plan::LiveReading;
use super::resolve::needs;
use super::session::Session;
use super::{Error, KeyOptions, PlanOptions, Planned};
use crate::config::{self, Files, Source};
use crate::model::{Address, Id, Stack};
use crate::plan::Plan;
use crate::plan::file::{FileDocument, MadeFrom, PartialDocument, PlanDocument, Standing, Unreadable};
use crate::plan::slot::Occasion;

/// A plan file that may be applied if planning again gives the same plan.
#[derive(Debug)]
pub struct SavedPlan {
    name: String,
    document: PlanDocument,
    made_from: MadeFrom,
    only: Vec<Address>,
    files: Files,
}

/// The result of making a plan again.
#[derive(Debug)]
#[must_use = "only the plan in it may be applied"]
pub enum Again {
    /// It is the same.
    Same(Planned),
    /// It was already applied; this is the (empty) plan for the rest.
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
        let asked = document.partial.as_ref().map(PartialDocument::asked).transpose();
        let only = asked.map_err(|why| mismatch(Unreadable::Shape(format!("`only` {why}")).into()))?;
        let source = |file: &FileDocument| Source::Text {
            name: (&file.path).into(),
            bytes: file.text.clone().into_bytes(),
        };
        let sources: Vec<_> = made_from.files.iter().map(source).collect();
        let files = config::read(&sources, document.created_at)?;
        Ok(Self { name: name.to_owned(), document, made_from, only: only.unwrap_or_default(), files })
    }

    /// Returns the organization that it is for.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.files.organization()
    }

    /// Returns the stack that owns the objects in its files.
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
    /// Plans a saved plan again for the current organization and today's caller, and compares.
    ///
    /// # Errors
    /// [`Error::Outdated`] when the organization changed, [`Error::Unreadable`] when the file was edited.
    pub async fn plan_saved(&self, saved: &SavedPlan, options: &PlanOptions) -> Result<Again, Error> {
        let guards = saved.made_from.options(&options.guards);
        let planned = saved.made_from.hands();
        let keys = KeyOptions { occasion: Occasion::Saved, planned, ..options.keys.clone() };
        let options = &PlanOptions { guards, keys, only: saved.only.clone(), ..options.clone() };
        let mut reading = self.read_for(&saved.files, options).await?;
        let mut name = None;
        // As when it was made.
        if !saved.document.steps.is_empty() {
            name = self.names(&saved.files, &mut reading.live).await?.organization;
        }
        let digest = self.digest_as_before(&mut reading, saved, options);
        let unfit = |error| saved.unfit(error, &digest);
        let resolved = resolve_part(&saved.files, &reading.live, options).map_err(unfit)?;
        let desired = self.accepted(resolved, options).map_err(unfit)?;
        self.keys_for(&mut reading, &desired).await?;
        let plan = reading.compare(&desired, options).map_err(unfit)?;
        let standing = saved.document.check(&plan, &digest, options.now);
        let standing = standing.map_err(|why| Error::mismatch(&saved.name, why))?;
        // No option helps a plan that is stale or applied already.
        if standing == Standing::Same
            && let Some(delivery) = options.keys.lacks(plan.keys())
        {
            return Err(Error::Undeliverable { name: saved.name.clone(), delivery });
        }
        let plan = self.completed(&mut reading, &desired, options, plan).await?;
        let plan = plan.dated(saved.document.created_at).named(name);
        Ok(match standing {
            Standing::Same => {
                let (keys, now) = (options.keys.clone(), options.now);
                Again::Same(Planned {
                    plan,
                    caller: reading.caller,
                    made_from: Box::new(saved.made_from.clone()),
                    keys,
                    now,
                })
            }
            Standing::Applied => Again::Applied(plan),
        })
    }

    /// Returns the digest of what was read, of as many projects as were read when the plan was made: where its files pinned all
    /// that they named, those that it may show. An edited file may need more of them, which is no change of the organization.
    fn digest_as_before(
        &self,
        reading: &mut LiveReading,
        saved: &SavedPlan,
        options: &PlanOptions,
    ) -> String {
        let digest = reading.digest(options);
        if digest == saved.made_from.digest {
            return digest;
        }
        let shown: BTreeSet<Id> =
            saved.files.shown_projects(&reading.live.state).into_iter().map(|(id, _)| id).collect();
        let all = reading.live.state.projects.clone();
        reading.live.state.projects.retain(|id, _| shown.contains(id));
        reading.live.state.projects.sort_unstable_keys();
        let of_shown = reading.digest(options);
        reading.live.state.projects = all;
        if of_shown == saved.made_from.digest { of_shown } else { digest }
    }

    /// Plans again after the confirmation, in case the organization has changed in the meantime.
    ///
    /// # Errors
    /// As [`Session::plan_saved`].
    pub async fn plan_again(
        &self,
        files: &Files,
        planned: Planned,
        options: &PlanOptions,
    ) -> Result<Again, Error> {
        let mut live = self.refresh(&needs(files)).await?;
        let name =
            if planned.plan.is_empty() { None } else { self.names(files, &mut live).await?.organization };
        // Warnings were reported when the plan was made.
        let desired = resolve_part(files, &live, options)?.desired;
        let mut reading = LiveReading {
            live,
            caller: planned.caller.clone(),
            keys: None,
            guards: None,
            own: self.own_key(),
        };
        self.keys_for(&mut reading, &desired).await?;
        let plan = reading.compare(&desired, options)?;
        let plan = self.completed(&mut reading, &desired, options, plan).await?;
        match planned.plan.document().check(&plan, "", options.now) {
            Ok(Standing::Same) => Ok(Again::Same(Planned {
                plan: plan.dated(planned.plan.created_at()).named(name),
                ..planned
            })),
            Ok(Standing::Applied) => Ok(Again::Applied(plan)),
            Err(why) => Err(Error::mismatch("the plan", why)),
        }
    }
}
