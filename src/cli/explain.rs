//! `scw-iam explain`

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Exit;
use super::arguments::principal;
use super::ask::{AlsoRead, Ask, Asked, meant};
use super::common::Common;
use super::failure::Failure;
use crate::access::{Everything, Grant, decide, decide_held, given, includes, nearest, receivers};
use crate::live::HeldKeys;
use crate::model::{Address, Catalogue, Kind, PermissionSetName, Principal, State};
use crate::render::given::GivenReport;
use crate::render::question::{ExplainedCan, ExplainedKeys, Explanation, Ground};

const EXAMPLES: &str = "\
Examples:
  scw-iam explain alice@example.com --on prod iam
  scw-iam explain alice@example.com --can InstancesFullAccess --on prod iam
  scw-iam explain application:ci --live
  scw-iam explain group:developers iam";

/// Shows all access that a user or an application holds and where it comes from, or all that a group or a policy gives and
/// to whom
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// The user, application, group or policy
    #[arg(value_name = "E-MAIL|KIND:NAME", value_parser = subject)]
    subject: Address,
    /// Show only access to this project, to `organization` or to `all_projects`
    #[arg(long, value_name = "PROJECT")]
    on: Option<String>,
    /// Say whether the user or application holds this permission set, and if not, which grant comes nearest and what it lacks
    #[arg(long, value_name = "PERMISSION-SET", requires = "on")]
    can: Option<PermissionSetName>,
    #[command(flatten)]
    ask: Ask,
}

impl Explain {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let published = Catalogue::published();
        let unpublished = self.can.as_ref().is_some_and(|set| published.get(set).is_none());
        let also = AlsoRead { permission_sets: unpublished, keys: self.subject.principal().is_some() };
        let asked = self.ask.read(common, also).await?;
        match self.subject.principal() {
            Some(principal) => self.held(common, &asked, principal),
            None if self.can.is_some() => {
                let why = "--can works only for a user or an application";
                Err(Failure::usage(why).hint("`scw-iam who-can` lists everybody who can"))
            }
            None => self.given(common, &asked),
        }
    }

    /// Shows what a user or an application holds.
    fn held(&self, common: &Common, asked: &Asked, principal: Principal) -> Result<Exit, Failure> {
        let principal = asked.known(principal)?;
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = self.on.as_deref().map(|text| asked.scope(text)).transpose()?;
        let catalogue = asked.catalogue.as_ref().unwrap_or(Catalogue::published());
        if let (Some(set), Some(on)) = (&self.can, &on) {
            asked.grantable(set, catalogue, on)?;
        }
        let organization = match &asked.files {
            Some(files) if !asked.live => Cow::Owned(files.organization(Some(principal.clone()))),
            _ => Cow::Borrowed(&asked.state),
        };
        let everything = Everything::of(&organization);
        let owner = everything.owners().contains(&principal);
        if !owner && !known(&asked.state, &principal, &Everything::of(&asked.state)) {
            return Err(nobody(asked, &principal));
        }
        let request = self.ask.request(common);
        let can = |set: &PermissionSetName| {
            self.can.as_ref().is_none_or(|can| set == can || includes(catalogue, set, can))
        };
        let there = |grant: &Grant| {
            on.as_ref().is_none_or(|on| grant.scope.contains(on)) && can(&grant.permission_set)
        };
        let all = everything.held_by(&principal);
        let (held, elsewhere): (Vec<_>, Vec<_>) = all.into_iter().partition(|held| there(&held.grant));
        let unseen = everything.unseen().filter(|unseen| there(&unseen.grant)).collect();
        let can = self.can.clone().zip(on).map(|(permission_set, scope)| {
            let wanted = Grant { permission_set, scope, condition: None };
            let nearest = nearest(elsewhere.iter().cloned(), catalogue, &wanted);
            let groups = everything.groups_that_grant(catalogue, &wanted, &principal);
            ExplainedCan { wanted, nearest, groups }
        });
        let held: Vec<_> = held
            .into_iter()
            .map(|held| (decide_held(&held, asked.expiries(), &request), held))
            .map(|(holds, held)| (held, holds))
            .collect();
        let elsewhere = elsewhere.len();
        let (keys, now) = (asked.keys(&principal), common.now());
        let keys = keys.map(|HeldKeys { number, oldest }| ExplainedKeys { number, oldest, now });
        common.show(&Explanation { ground, principal, owner, keys, held, elsewhere, unseen, can })?;
        Ok(Exit::Done)
    }

    /// Shows what a group or a policy gives.
    fn given(&self, common: &Common, asked: &Asked) -> Result<Exit, Failure> {
        let by = asked.object(&self.subject);
        let ground = Ground { state: &asked.state, files: asked.files.as_ref() };
        let on = self.on.as_deref().map(|text| asked.scope(text)).transpose()?;
        // From files alone, the groups of everybody are still known: every organization has them.
        let organization = match &asked.files {
            Some(files) if !asked.live => Cow::Owned(files.organization(None)),
            _ => Cow::Borrowed(&asked.state),
        };
        let all = given(&organization, &by);
        let external = asked.files.as_ref().is_some_and(|files| files.external.contains(&by));
        if all.is_empty() && !organization.has(&by) && !external {
            return Err(asked.no_object(&self.subject));
        }
        let request = self.ask.request(common);
        let (given, elsewhere): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|given| on.as_ref().is_none_or(|on| given.grant.scope.contains(on)));
        let given =
            given.into_iter().map(|given| (decide(&given.grant, Some(&request)), given)).map(|(a, b)| (b, a));
        let given = given.collect();
        let to = receivers(&organization, &by);
        common.show(&GivenReport { ground, by, given, elsewhere: elsewhere.len(), to })?;
        Ok(Exit::Done)
    }
}

/// Parses the object that the question is about.
fn subject(text: &str) -> Result<Address, String> {
    match text.split_once(':') {
        Some(("user" | "application", _)) => principal(text).map(|principal| principal.address()),
        None if text.contains('@') => principal(text).map(|principal| principal.address()),
        Some((word, _)) if [Kind::Group, Kind::Policy].map(Kind::word).contains(&word) => {
            text.parse().map_err(|error| format!("`{text}` {error}"))
        }
        Some(_) | None => {
            Err("expected an e-mail address, user:E-MAIL, application:NAME, group:NAME or policy:NAME"
                .to_owned())
        }
    }
}

/// Whether anybody knows of the principal: it is listed, or holds something.
fn known(state: &State, principal: &Principal, everything: &Everything<'_>) -> bool {
    let listed = state.has(&principal.address());
    let member = || state.groups().any(|(_, group)| group.members.contains(principal));
    listed || member() || !everything.held_by(principal).is_empty()
}

fn nobody(asked: &Asked, principal: &Principal) -> Failure {
    let state = &asked.state;
    let members = state.groups().flat_map(|(_, group)| group.members.iter());
    let listed = state.objects.keys().filter_map(Address::principal);
    let all =
        listed.chain(members.cloned()).filter(|known| known.address().kind() == principal.address().kind());
    let names: BTreeSet<String> = all.map(|known| known.to_string()).collect();
    let hint = meant(&principal.to_string(), names.iter().map(String::as_str));
    let ask = "the files do not name them; pass --live to ask the organization";
    let hint = hint.or_else(|| (!asked.live).then(|| ask.into()));
    Failure::usage(format!("there is no {principal}")).hints(hint)
}
