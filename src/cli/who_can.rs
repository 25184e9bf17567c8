//! `scw-iam who-can`

use super::Exit;
use super::ask::{AlsoRead, Ask, Asked};
use super::common::Common;
use super::failure::Failure;
use super::output::talk;
use crate::access::{Everything, Grant, GrantScope, RequestFacts, decide_held, includes, nearest};
use crate::model::{Catalogue, PermissionSetName};
use crate::render::question::{Ground, Holders, HoldersByProject};

const EXAMPLES: &str = "\
Examples:
  scw-iam who-can InstancesFullAccess --on prod iam
  scw-iam who-can InstancesFullAccess --on 'prod-*' --live
  scw-iam who-can IAMManager --on organization --live";

/// Shows who holds a permission set, and where it comes from
///
/// Wider permission sets that include the one in question are marked "through".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WhoCan {
    /// The permission set
    #[arg(value_name = "PERMISSION-SET")]
    set: PermissionSetName,
    /// The project, by name or id; a pattern such as `prod-*` for every project that matches it; `organization`; or `all_projects`
    #[arg(long, value_name = "PROJECT")]
    on: String,
    #[command(flatten)]
    ask: Ask,
}

impl WhoCan {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let published = Catalogue::published();
        let asked = self
            .ask
            .read(common, AlsoRead { permission_sets: published.get(&self.set).is_none(), keys: false })
            .await?;
        let catalogue = asked.catalogue.as_ref().unwrap_or(published);
        let projects = asked.projects(&self.on)?;
        let ons: Vec<(GrantScope, String)> = match &projects {
            None => vec![(asked.scope(&self.on)?, self.on.clone())],
            Some(ids) => ids.iter().map(|id| GrantScope::Project(*id)).map(|on| named(&asked, on)).collect(),
        };
        for (on, _) in &ons {
            asked.grantable(&self.set, catalogue, on)?;
        }
        let (everything, request) = (Everything::of(&asked.state), self.ask.request(common));
        let answer = |(on, name): &(GrantScope, String)| {
            self.answer(&asked, (&everything, catalogue), &request, (on, name))
        };
        let mut answers: Vec<Holders<'_>> = ons.iter().map(answer).collect();
        if !asked.live {
            talk("note: the files do not name the owner, who can do everything; pass --live to show them");
        }
        match projects {
            Some(ids) => {
                let answers = ids.into_iter().zip(answers).collect();
                common.show(&HoldersByProject { pattern: self.on.clone(), answers })?;
            }
            None => answers.pop().map_or(Ok(()), |answer| common.show(&answer))?,
        }
        Ok(Exit::Done)
    }

    /// Answers the question for one scope, which is called `name`.
    fn answer<'a>(
        &self,
        asked: &'a Asked,
        (everything, catalogue): (&Everything<'_>, &Catalogue),
        request: &RequestFacts,
        (on, name): (&GrantScope, &str),
    ) -> Holders<'a> {
        let mut found = everything.who_can(catalogue, &self.set, on, Some(request));
        for can in &mut found {
            can.holds = decide_held(&can.held, asked.expiries(), request);
        }
        let unseen = everything.unseen().filter(|unseen| {
            let set = &unseen.grant.permission_set;
            unseen.grant.scope.contains(on) && (*set == self.set || includes(catalogue, set, &self.set))
        });
        let unseen: Vec<_> = unseen.collect();
        let wanted = Grant { permission_set: self.set.clone(), scope: on.clone(), condition: None };
        let nobody = found.is_empty() && unseen.is_empty();
        let nearest = nobody.then(|| nearest(everything.grants(), catalogue, &wanted)).flatten();
        let owners: Vec<_> = everything.owners().iter().map(ToString::to_string).collect();
        let question = format!("who can {} on {name}", self.set);
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        Holders { ground, question, owners, found, unseen, nearest }
    }
}

/// A project with its name; with its id too, where several have the name.
fn named(asked: &Asked, on: GrantScope) -> (GrantScope, String) {
    let projects = &asked.state.projects;
    let name = on.words(|id| projects.get(&id));
    let several = projects.values().filter(|other| other.as_str() == name).count() > 1;
    let name = if several { format!("{name} ({on})") } else { name };
    (on, name)
}
