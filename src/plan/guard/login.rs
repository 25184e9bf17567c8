use super::alarm::{Alarm, Item};
use super::case::Case;
use crate::model::{Address, Key, Kind, LoginMethods, OrganizationSettings, Readout, State};

/// Refuses a plan after which nobody can log in, or by SAML alone while SAML does not work.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    let after = changed(&case.alignment.before, &case.alignment.outcome)?;
    let address = Address::new(Kind::OrganizationSettings, Key::Only);
    if case.pardons(&address) {
        return None;
    }
    let message = if after.none() {
        "would leave people no way to log in".to_owned()
    } else if after.only_saml() {
        let why = match case.facts.guards.and_then(|facts| facts.saml_works.as_ref()) {
            Some(Readout::Read(true)) => return None,
            Some(Readout::Read(false)) => "it is not set up".to_owned(),
            Some(Readout::Unread { why, .. }) => format!("whether it is set up cannot be read: {why}"),
            None => "whether it is set up was not read".to_owned(),
        };
        format!(
            "would leave SAML as the only way to log in, and {why}; everybody but the owner would be locked out"
        )
    } else {
        return None;
    };
    Some(Alarm { found: 1, limit: 0, message, items: vec![Item::of(address)], refuses: true })
}

/// Returns the log-in methods that a plan leads to, if it changes them.
fn changed(before: &State, outcome: &State) -> Option<LoginMethods> {
    let of = |state: &State| state.find::<OrganizationSettings>(&Key::Only).map(|it| it.login_methods);
    of(outcome).filter(|after| of(before) != Some(*after))
}

/// Says whether it depends on SAML whether anybody can log in after a plan.
pub(in crate::plan) fn asks_for_saml(before: &State, outcome: &State) -> bool {
    changed(before, outcome).is_some_and(LoginMethods::only_saml)
}
