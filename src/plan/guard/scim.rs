use super::alarm::Alarm;
use super::case::Case;
use crate::model::Scim;

/// Refuses to manage people or all members of a group while an identity provider provisions some of them: they would keep
/// undoing each other's changes. The API does not say whom it provisions, so the files must.
pub(super) fn judge(case: &Case<'_>) -> Option<Alarm> {
    // It is read if files manage people or exact members and have no `settings.scim`.
    let unsaid = case.desired.settings.scim.is_none() && case.facts.people.scim == Scim::On;
    unsaid.then(|| Alarm {
        found: 1,
        limit: 0,
        message:
            "SCIM is on, and the files do not say what it provisions: list the groups that it fills under \
                  `settings.scim`"
                .to_owned(),
        items: Vec::new(),
        refuses: true,
    })
}
