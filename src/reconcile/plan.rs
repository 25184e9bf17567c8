//! Makes a plan from files and the live organization, for `plan`, `drift` and `apply`.

use jiff::Timestamp;

use super::only::{deletes_only_what_was_asked, resolve_part, unknown};
use super::options::{AbsentObject, PlanOptions};
use super::resolve::{facts, needs};
use super::session::Session;
use super::{Error, KeyOptions};
use crate::config::{self, Files};
use crate::live::{self, Live, LiveNeeds, Notice, SamlSwitch};
use crate::model::{AccessKeyId, Address, Desired, GuardFacts, LiveKeys, People};
use crate::plan::file::{FileDocument, MadeFrom, PlanDocument, digest};
use crate::plan::slot::KeyFacts;
use crate::plan::{Caller, Facts, Plan, between};

/// A plan, with what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Who runs it.
    pub caller: Caller,
    pub(super) made_from: Box<MadeFrom>,
    /// How API keys were planned.
    pub(super) keys: KeyOptions,
    /// What time it was.
    pub(super) now: Timestamp,
}

impl Planned {
    /// Returns the plan with what is weaker in its files than in those before the change ([`crate::plan::weaker`]).
    #[must_use]
    pub fn beside(self, weaker: Vec<String>) -> Self {
        Self { plan: self.plan.beside(weaker), ..self }
    }

    /// Returns the plan as a document that [`super::SavedPlan`] reads, to be applied later.
    #[must_use]
    pub fn document(&self) -> PlanDocument {
        self.plan.saved((*self.made_from).clone())
    }
}

impl Session {
    /// Compares files with the live organization.
    ///
    /// # Errors
    /// When the organization cannot be read, or the files do not fit it.
    pub async fn plan(&self, files: &Files, options: &PlanOptions) -> Result<Planned, Error> {
        let mut reading = self.read_for(files, options).await?;
        let mut resolved = resolve_part(files, &reading.live, options)?;
        let unknown = unknown(&resolved.desired, &reading.live);
        match options.absent {
            AbsentObject::Refused if !unknown.is_empty() => return Err(Error::NoObject(unknown)),
            AbsentObject::Warned => {
                unknown.into_iter().for_each(|one| self.watch.absent(&Error::NoObject(vec![one])));
            }
            AbsentObject::Refused => {}
        }
        self.keys_for(&mut reading, &resolved.desired).await?;
        let mut plan = reading.compare(&resolved.desired, options)?;
        let mut name = None;
        if !plan.is_empty() {
            // What a plan with steps shows, and what it relies on.
            let (known, guards) =
                futures::join!(self.names(files, &mut reading.live), self.guard_facts(&plan));
            let known = known?;
            (name, reading.guards) = (known.organization, guards?);
            if known.projects {
                resolved = resolve_part(files, &reading.live, options)?;
            }
            if known.projects || reading.guards.is_some() {
                plan = reading.compare(&resolved.desired, options)?;
            }
        }
        let desired = self.accepted(resolved, options)?;
        let plan = self.completed(&mut reading, &desired, options, plan).await?.named(name);
        deletes_only_what_was_asked(&plan, &desired)?;
        self.warn_of_usernames(&plan).await?;
        let made_from = made_from(files, options, reading.digest(options));
        let made_from = Box::new(made_from);
        Ok(Planned { plan, caller: reading.caller, made_from, keys: options.keys.clone(), now: options.now })
    }

    /// Reads the names of the projects that a plan may show, unless they are known, and of the organization.
    pub(super) async fn names(&self, files: &Files, live: &mut Live) -> Result<ReadNames, Error> {
        let organization = self.organization_name();
        // Every organization has a project at least.
        if !live.state.projects.is_empty() {
            return Ok(ReadNames { organization: organization.await, projects: false });
        }
        let shown = files.shown_projects(&live.state);
        let (organization, notices) =
            futures::join!(organization, live::projects(&self.client, live, &shown));
        let notices = notices.map_err(|source| self.unread(source))?;
        notices.iter().for_each(|notice| self.watch.notice(notice));
        Ok(ReadNames { organization, projects: !live.state.projects.is_empty() })
    }

    /// Reads the name of the organization; `None` where the key may not.
    pub(super) async fn organization_name(&self) -> Option<String> {
        let name = self.client.get_organization().await.ok()?.name;
        Some(name).filter(|name| !name.is_empty())
    }

    /// Warns of usernames that change if people log in with them through an identity provider.
    async fn warn_of_usernames(&self, plan: &Plan) -> Result<(), Error> {
        let mut people = plan.new_usernames().peekable();
        if people.peek().is_none() {
            return Ok(());
        }
        let saml = live::saml(&self.client).await.map_err(|source| self.unread(source))?;
        if saml == SamlSwitch::Off {
            return Ok(());
        }
        let notice = |person: &Address| Notice::NewUsername { person: person.to_string(), saml };
        people.for_each(|person| self.watch.notice(&notice(person)));
        Ok(())
    }

    /// Reports the warnings of files, or treats them as errors where that is asked for.
    pub(super) fn accepted(
        &self,
        resolved: config::Resolved,
        options: &PlanOptions,
    ) -> Result<Desired, Error> {
        self.watch.warnings(&resolved.warnings);
        if options.guards.strict && resolved.warnings.count(config::Severity::Warning) > 0 {
            return Err(Error::Strict);
        }
        Ok(resolved.desired)
    }

    /// Reads what the files need, and identifies the caller at the same time.
    pub(super) async fn read_for(&self, files: &Files, options: &PlanOptions) -> Result<LiveReading, Error> {
        self.read_as(&needs(files), options).await
    }

    /// Reads the live organization, and identifies the caller at the same time.
    pub(super) async fn read_as(
        &self,
        needs: &LiveNeeds,
        options: &PlanOptions,
    ) -> Result<LiveReading, Error> {
        let asked = async {
            match self.access_key.as_ref().filter(|_| !self.rehearses || options.caller.is_none()) {
                Some(key) => Ok(Some(live::caller(&self.client, key).await)),
                None => Ok(None),
            }
        };
        let (live, mut asked) = tokio::try_join!(self.read(needs), asked)?;
        // A key that may read the rest may read itself: a permission may have been on its way still.
        if let (Some(Ok(caller)), Some(key)) = (&asked, &self.access_key)
            && !caller.is_resolved()
        {
            asked = Some(live::caller(&self.client, key).await);
        }
        let caller = match asked {
            None => Caller::Unresolved("no access key is configured".to_owned()),
            Some(Err(why)) => Caller::Unresolved(why.to_string()),
            Some(Ok(caller)) => match caller.principal(&live.ids) {
                Ok(principal) => Caller::Known(principal),
                Err(why) => Caller::Unresolved(why.to_string()),
            },
        };
        // The owner of the API key runs the plan. Guards rely on that, so no option replaces a caller whom the key identifies.
        let caller = match (&options.caller, caller) {
            (Some(said), Caller::Unresolved(_)) => {
                let mut principal = said.clone();
                let people = People::of(&live.state, Some(&live.ids));
                principal.readdress(&|address| people.known(address));
                Caller::Known(principal)
            }
            (_, caller) => caller,
        };
        Ok(LiveReading { live, caller, keys: None, guards: None, own: self.own_key() })
    }

    /// Reads the additional facts that guards need for a plan; `None` if the organization is enough.
    async fn guard_facts(&self, plan: &Plan) -> Result<Option<GuardFacts>, Error> {
        let (quotas, saml) = (plan.creates(), plan.relies_on_saml());
        if !quotas && !saml {
            return Ok(None);
        }
        let facts = live::guard_facts(&self.client, quotas, saml).await;
        facts.map(Some).map_err(|source| self.unread(source))
    }

    /// Plans once more with facts that are read only if a plan needs them: those that guards need, the ages of the keys of
    /// adopted applications, and the keys of people who are removed.
    pub(super) async fn completed(
        &self,
        reading: &mut LiveReading,
        desired: &Desired,
        options: &PlanOptions,
        plan: Plan,
    ) -> Result<Plan, Error> {
        let mut more = false;
        if reading.guards.is_none() {
            reading.guards = self.guard_facts(&plan).await?;
            more = reading.guards.is_some();
        }
        let adopts = plan.adoptions().iter().any(|adoption| adoption.api_keys > 0);
        if adopts || plan.removes_people() {
            let notices = live::oldest_keys(&self.client, &mut reading.live).await;
            let notices = notices.map_err(|source| self.unread(source))?;
            notices.iter().for_each(|notice| self.watch.notice(notice));
            more = true;
        }
        if more { reading.compare(desired, options) } else { Ok(plan) }
    }
}

/// What was read of names.
pub(super) struct ReadNames {
    /// The organization's.
    pub(super) organization: Option<String>,
    /// Whether those of the projects are new.
    pub(super) projects: bool,
}

/// The live organization, and who looks at it.
pub(super) struct LiveReading {
    pub(super) live: Live,
    pub(super) caller: Caller,
    /// What is live of API keys, once it is read.
    pub(super) keys: Option<LiveKeys>,
    /// The additional facts that guards need, once they are read.
    pub(super) guards: Option<GuardFacts>,
    /// The key that makes the calls.
    pub(super) own: Option<AccessKeyId>,
}

impl LiveReading {
    pub(super) fn compare(&self, desired: &Desired, options: &PlanOptions) -> Result<Plan, Error> {
        let hands = options.keys.hands();
        let keys = KeyFacts {
            live: self.keys.as_ref(),
            own: self.own.as_ref(),
            hands: &hands,
            occasion: options.keys.occasion,
        };
        let guards = self.guards.as_ref();
        let facts = Facts { keys, guards, ..facts(&self.live, &self.caller, options.now) };
        Ok(between(&facts, desired, &options.guards)?)
    }

    pub(super) fn digest(&self, options: &PlanOptions) -> String {
        digest(&facts(&self.live, &self.caller, options.now), self.live.catalogue.as_ref())
    }
}

pub(super) fn made_from(files: &Files, options: &PlanOptions, digest: String) -> MadeFrom {
    let file = |(path, text): (&std::path::Path, &str)| FileDocument {
        path: path.display().to_string(),
        text: text.to_owned(),
    };
    let made_from = MadeFrom::new(files.texts().map(file).collect(), &options.guards, digest);
    made_from.with_deliveries(&options.keys.hands())
}
