use std::error::Error as StdError;

use super::{Error, Outdated};
use crate::api;
use crate::apply::{LockError, StepError};
use crate::live;
use crate::model::{Delivery, Hint};
use crate::plan;
use crate::plan::file::{Stale, Unreadable};

/// Returns the hints for an error and its causes, each once, the outermost first.
#[must_use]
pub fn hints(error: &(dyn StdError + 'static)) -> Vec<Hint> {
    let mut hints = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        for hint in of(cause) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        next = cause.source();
    }
    hints
}

/// The hints of one error, without those of its causes.
fn of(error: &(dyn StdError + 'static)) -> Vec<Hint> {
    if let Some(error) = error.downcast_ref::<Error>() {
        return of_session(error);
    }
    if let Some(error) = error.downcast_ref::<StepError>() {
        return error.hints();
    }
    let hint = error.downcast_ref::<api::Error>().and_then(api::Error::hint);
    let hint = hint.or_else(|| error.downcast_ref::<api::SettingsError>()?.hint());
    let hint = hint.or_else(|| error.downcast_ref::<plan::Error>()?.hint());
    let hint = hint.or_else(|| error.downcast_ref::<Unreadable>()?.hint());
    let hint = hint.or_else(|| error.downcast_ref::<Stale>()?.hint());
    let hint = hint.or_else(|| error.downcast_ref::<LockError>()?.hint());
    hint.map(Hint::from).into_iter().collect()
}

fn of_session(error: &Error) -> Vec<Hint> {
    match error {
        Error::OtherOrganization { .. } => vec![
            "choose the profile of that organization with SCW_PROFILE, or set SCW_DEFAULT_ORGANIZATION_ID".into(),
        ],
        Error::Read { source: live::Error::Read { source, .. }, .. }
            if source.kind() == api::ErrorKind::Forbidden =>
        {
            if source.path().starts_with("/secret-manager/") {
                return vec!["to compare deliveries, the key needs SecretManagerReadOnly on the projects of the secrets".into()];
            }
            vec!["to read, the key needs IAMReadOnly and ProjectReadOnly on the organization; to apply, IAMManager too".into()]
        }
        Error::Outdated { source, .. } => match source {
            Outdated::Stale(stale) => of(stale),
            Outdated::Files(_) => vec!["plan again".into()],
            Outdated::Plan(error) => of_session(error),
        },
        Error::Clock(_) => vec!["set the clock of this machine, and try again".into()],
        Error::NoObject(objects) => {
            let near = objects.iter().filter_map(|it| it.near.as_ref());
            near.map(|near| format!("did you mean `{near}`?").into()).collect()
        }
        Error::OnlyDeletes(_) => vec!["plan without `--only`, so that its access is considered too".into()],
        Error::Undeliverable { delivery, .. } => vec![match delivery {
            Delivery::Command(label) => format!("pass `--deliver-command {label}='PROGRAM ARGUMENTS'`").into(),
            Delivery::File(_) | Delivery::SecretManager { .. } => "pass `--deliver-dir FOLDER`".into(),
        }],
        Error::NoSlot { .. } | Error::NotOwned(_) => Vec::new(),
        Error::Unsayable { stack, .. } => vec![
            format!("an export without --stack gives the reasons in comments; fix them, or remove the tag scw-iam={stack}").into(),
        ],
        // Their causes are not in the chain, because their texts are these errors' own.
        Error::Settings(error) => of(error),
        Error::Lock(error) => of(error),
        Error::Edited(error) => of_session(error),
        Error::Nobody { found, .. } if *found > 1 => {
            vec!["say who is meant by `username=NAME` or `id=ID`".into()]
        }
        Error::Files(_)
        | Error::Nobody { .. }
        | Error::Unlock { .. }
        | Error::Strict
        | Error::Client(_)
        | Error::Randomness(_)
        | Error::Read { .. }
        | Error::Plan(_)
        | Error::Unreadable { .. }
        | Error::Refused
        | Error::LockFile(_)
        | Error::Journal { .. }
        | Error::Unproven(_) => Vec::new(),
    }
}
