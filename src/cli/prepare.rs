//! The one path that plan, apply and drift walk: files and live in, plan out.

use super::Exit;
use super::arguments::{Common, Judge, Paths, Reach};
use super::failure::Failure;
use super::output::{colour_on_stderr, talk, talk_with};
use super::session::Session;
use crate::api;
use crate::config::{self, Files};
use crate::live::{self, Live};
use crate::model::{Catalogue, Desired};
use crate::plan::file::digest;
use crate::plan::{Caller, Error, Facts, Options, Plan, between};
use crate::render;
use crate::render::paint::Paint;

/// Files that were read, a session, and the plan between both sides.
pub(super) struct Prepared {
    pub(super) session: Session,
    pub(super) files: Files,
    pub(super) caller: Caller,
    pub(super) plan: Plan,
    /// The digest of all that was read.
    pub(super) digest: String,
}

/// Reads both sides and compares them.
pub(super) async fn prepare(
    common: &Common,
    paths: &Paths,
    reach: &Reach,
    judge: &Judge,
) -> Result<Prepared, Failure> {
    let (files, session) = open(common, paths, reach).await?;
    compare(common, judge, files, session).await
}

/// Reads the files and opens a session with what they are about.
pub(super) async fn open(common: &Common, paths: &Paths, reach: &Reach) -> Result<(Files, Session), Failure> {
    let files = config::read(&paths.sources(), common.now())?;
    let session = Session::open(reach, Some(files.organization())).await?;
    Ok((files, session))
}

/// Reads the live side and compares it with the files.
pub(super) async fn compare(
    common: &Common,
    judge: &Judge,
    files: Files,
    session: Session,
) -> Result<Prepared, Failure> {
    let (plan, caller, digest) = both(common, judge, &files, &session).await?;
    Ok(Prepared { session, files, caller, plan, digest })
}

/// Makes the plan between both sides, and says who runs it and what the digest is of all that was read.
pub(super) async fn both(
    common: &Common,
    judge: &Judge,
    files: &Files,
    session: &Session,
) -> Result<(Plan, Caller, String), Failure> {
    let (mut live, caller) = read_as(session, &needs(files), judge).await?;
    let desired = resolve(common, files, &live)?;
    let digest = digest(&facts(common, &live, &caller), live.catalogue.as_ref());
    let options = judge.options(common.strict);
    let plan = plan_with_key_ages(common, &options, session, &mut live, &caller, &desired).await?;
    Ok((plan, caller, digest))
}

/// Compares both sides, and finds out how old the keys of adopted applications are, which nobody else wants to know.
pub(super) async fn plan_with_key_ages(
    common: &Common,
    options: &Options,
    session: &Session,
    live: &mut Live,
    caller: &Caller,
    desired: &Desired,
) -> Result<Plan, Failure> {
    let first = plan(common, options, live, caller, desired)?;
    if read_key_ages(session, live, &first).await? {
        plan(common, options, live, caller, desired)
    } else {
        Ok(first)
    }
}

/// Finds out how old the keys of adopted applications are; false where a plan adopts no application with keys.
pub(super) async fn read_key_ages(session: &Session, live: &mut Live, plan: &Plan) -> Result<bool, Failure> {
    if !plan.adoptions().iter().any(|adoption| adoption.api_keys > 0) {
        return Ok(false);
    }
    let notices = live::oldest_keys(&session.client, live).await.map_err(|error| unread(session, error))?;
    tell(&notices);
    Ok(true)
}

/// Compares both sides.
pub(super) fn plan(
    common: &Common,
    options: &Options,
    live: &Live,
    caller: &Caller,
    desired: &Desired,
) -> Result<Plan, Failure> {
    between(&facts(common, live, caller), desired, options).map_err(|error| {
        // Names that are exchanged are for the files to settle; the rest is about what is live.
        let exit = match &error {
            Error::NamesInACircle(_) => Exit::Mistakes,
            Error::Duplicate { .. }
            | Error::UnknownId { .. }
            | Error::IdOfOther { .. }
            | Error::MatchedTwice { .. }
            | Error::NameTaken { .. }
            | Error::Cycle(_)
            | Error::Bug(_) => Exit::Error,
        };
        let place = error.place().map(ToString::to_string);
        let error = anyhow::Error::new(error);
        let error = match place {
            Some(place) => error.context(format!("cannot plan {place}")),
            None => error.context("cannot plan"),
        };
        Failure::Error { exit, error }
    })
}

/// What planning knows of the live side.
pub(super) fn facts<'a>(common: &Common, live: &'a Live, caller: &'a Caller) -> Facts<'a> {
    Facts {
        live: &live.state,
        ids: &live.ids,
        titles: &live.titles,
        duplicates: &live.duplicates,
        oldest_keys: &live.oldest_keys,
        caller,
        now: common.now(),
    }
}

/// Reads the live side as far as the files need it.
pub(super) async fn refresh(session: &Session, files: &Files) -> Result<Live, Failure> {
    read(session, &needs(files)).await
}

/// What has to be read for files.
pub(super) fn needs(files: &Files) -> live::Needs {
    let config::Needs { projects, permission_sets } = files.needs();
    live::Needs { projects, permission_sets, ..live::Needs::default() }
}

/// What a key needs to read.
const MAY_READ: &str = "\nhint: to read, the key needs IAMReadOnly and ProjectReadOnly on the organization; to apply, IAMManager too";

/// Reads the live side.
pub(super) async fn read(session: &Session, needs: &live::Needs) -> Result<Live, Failure> {
    let live = live::refresh(&session.client, session.organization, needs).await;
    let live = live.map_err(|error| unread(session, error))?;
    tell(&live.notices);
    Ok(live)
}

fn unread(session: &Session, error: live::Error) -> Failure {
    let hint = match &error {
        live::Error::Read { source, .. } if source.kind() == api::ErrorKind::Forbidden => MAY_READ,
        _ => "",
    };
    let doing = format!("cannot read organization {}{hint}", session.organization);
    Failure::error(anyhow::Error::new(error).context(doing))
}

fn tell(notices: &[live::Notice]) {
    for notice in notices {
        talk(&format!("note: {notice}"));
    }
}

/// Lays the files over what is live, and shows warnings.
pub(super) fn resolve(common: &Common, files: &Files, live: &Live) -> Result<Desired, Failure> {
    let catalogue = live.catalogue.as_ref();
    let resolved =
        files.resolve(Some(&live.state), catalogue.unwrap_or(Catalogue::published()), catalogue.is_some())?;
    warn(common, &resolved.warnings)?;
    Ok(resolved.desired)
}

/// Shows warnings and hints; with `--strict` they are mistakes.
pub(super) fn warn(common: &Common, warnings: &config::Mistakes) -> Result<(), Failure> {
    let colour = match colour_on_stderr() {
        Paint::Coloured => render::mistake::Colour::On,
        Paint::Plain => render::mistake::Colour::Off,
    };
    talk_with(|out| render::mistake::write(out, warnings, colour));
    if common.strict && warnings.count(config::Severity::Warning) > 0 {
        return Err(Failure::with(
            Exit::Mistakes,
            "there are warnings, and --strict takes them for mistakes",
        ));
    }
    Ok(())
}

/// Reads the live side, and finds out meanwhile who runs the command.
pub(super) async fn read_as(
    session: &Session,
    needs: &live::Needs,
    judge: &Judge,
) -> Result<(Live, Caller), Failure> {
    let asked = async {
        match session.access_key.as_ref().filter(|_| judge.caller.is_none()) {
            Some(key) => Ok(Some(live::caller(&session.client, key).await)),
            None => Ok(None),
        }
    };
    let (live, mut asked) = tokio::try_join!(read(session, needs), asked)?;
    // A key that may read the rest may read itself: a permission may have been on its way still.
    if let (Some(Ok(caller)), Some(key)) = (&asked, &session.access_key)
        && !caller.is_resolved()
    {
        asked = Some(live::caller(&session.client, key).await);
    }
    let caller = match (&judge.caller, asked) {
        (Some(principal), _) => Caller::Known(principal.clone()),
        (None, None) => Caller::Unresolved("no access key is configured".to_owned()),
        (None, Some(Err(why))) => Caller::Unresolved(why.to_string()),
        (None, Some(Ok(caller))) => match caller.principal(&live.ids) {
            Ok(principal) => Caller::Known(principal),
            Err(why) => Caller::Unresolved(why.to_string()),
        },
    };
    Ok((live, caller))
}
