//! `scw-iam explain`

use super::arguments::principal;
use super::ask::{AlsoRead, Ask, Asked};
use super::failure::Failure;
use super::{Common, Exit};
use crate::access::GrantScope;
use crate::live::HeldKeys;
use crate::model::{Address, Catalogue, Kind, PermissionSetName, Principal};
use crate::render::given::GivenReport;
use crate::render::question::{ExplainedKeys, Explanation};

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
        let also = AlsoRead { permission_sets: unpublished, keys_of: self.subject.principal() };
        let asked = self.ask.read(common, also).await?;
        let on = self.on.as_deref().map(|text| asked.scope(text)).transpose()?;
        match self.subject.principal() {
            Some(principal) => self.held(common, &asked, principal, on)?,
            None if self.can.is_some() => {
                let why = "--can works only for a user or an application";
                return Err(Failure::usage(why).hint("`scw-iam who-can` lists everybody who can"));
            }
            None => self.given(common, &asked, on.as_ref())?,
        }
        Ok(Exit::Done)
    }

    /// Shows what a user or an application holds.
    fn held(
        &self,
        common: &Common,
        asked: &Asked,
        principal: Principal,
        on: Option<GrantScope>,
    ) -> Result<(), Failure> {
        let principal = asked.known(principal)?;
        if let (Some(set), Some(on)) = (&self.can, &on) {
            asked.grantable(set, on)?;
        }
        let organization = asked.organization(Some(&principal));
        let question = asked.question(&organization, self.ask.request(common));
        asked.knows(&principal, &question)?;
        let now = common.now();
        let keys = asked.keys.map(|HeldKeys { number, oldest }| ExplainedKeys { number, oldest, now });
        Ok(common.show(&Explanation::of(&question, principal, on, self.can.as_ref(), keys))?)
    }

    /// Shows what a group or a policy gives.
    fn given(&self, common: &Common, asked: &Asked, on: Option<&GrantScope>) -> Result<(), Failure> {
        let by = asked.object(&self.subject);
        // From files alone, the groups of everybody are still known: every organization has them.
        let organization = asked.organization(None);
        let external = asked.files.as_ref().is_some_and(|files| files.external.contains(&by));
        let there = external || organization.has(&by);
        let given = GivenReport::of(asked.ground(), &organization, by, on, &self.ask.request(common));
        if given.given.is_empty() && given.elsewhere == 0 && !there {
            return Err(asked.no_object(&self.subject));
        }
        Ok(common.show(&given)?)
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
