//! How the recorded activity of a principal compares with what they hold.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Activity, PermissionSetName, Principal, PrincipalActivity, ProductFamily, only_reads};

/// Whether a principal was seen using a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyUse {
    /// A call was recorded at this time, the last one.
    Seen(Timestamp),
    /// Audit Trail records the product, and no call of the principal.
    NotSeen,
    /// Audit Trail does not record what the principal can do.
    NotRecorded,
    /// Not everything could be read, and what was read shows no call.
    NotJudged,
}

impl FamilyUse {
    /// Returns the words for it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Seen(_) => "seen",
            Self::NotSeen => "not seen",
            Self::NotRecorded => "not recorded",
            Self::NotJudged => "not judged",
        }
    }
}

/// The activity of one principal, beside what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// Who.
    pub principal: Principal,
    /// What is recorded; `None` if it was not looked up.
    pub activity: Option<PrincipalActivity>,
    /// By the product of each permission set that they hold: whether they only read it, and whether they were seen.
    pub uses: BTreeMap<String, (bool, FamilyUse)>,
}

impl ActivityRow {
    /// Compares what a principal holds with what is recorded about them.
    #[must_use]
    pub fn of<'s>(
        activity: &Activity,
        principal: &Principal,
        sets: impl IntoIterator<Item = &'s PermissionSetName>,
    ) -> Self {
        let mut families: BTreeMap<String, (ProductFamily, bool)> = BTreeMap::new();
        for set in sets {
            let family = ProductFamily::of(set);
            let known = families.entry(family.name.clone()).or_insert((family, true));
            known.1 &= only_reads(set);
        }
        let found = activity.of.get(principal);
        let uses = families.into_iter().map(|(name, (family, reads))| {
            let used = family_use(activity, found, &family, reads);
            (name, (reads, used))
        });
        Self { principal: principal.clone(), uses: uses.collect(), activity: found.cloned() }
    }

    /// Returns whether the product of a permission set was seen in use.
    #[must_use]
    pub fn use_of(&self, set: &PermissionSetName) -> Option<FamilyUse> {
        self.uses.get(&ProductFamily::of(set).name).map(|(_, used)| *used)
    }
}

fn family_use(
    activity: &Activity,
    found: Option<&PrincipalActivity>,
    family: &ProductFamily,
    reads: bool,
) -> FamilyUse {
    let products: Vec<_> = activity.products.iter().filter(|product| family.is(product)).collect();
    // Who may read everything was not seen doing so because another permission set let them write somewhere.
    let telling = products.iter().filter(|product| product.reads || !reads || !family.is_all());
    let calls = telling.filter_map(|product| found?.last.get(&product.name));
    if let Some(last) = calls.max_by_key(|call| call.at) {
        return FamilyUse::Seen(last.at);
    }
    let whole = found.is_some() && activity.unread.is_empty();
    if products.iter().any(|product| !reads || product.reads) {
        return if whole { FamilyUse::NotSeen } else { FamilyUse::NotJudged };
    }
    // A region that could not be read may record more.
    if activity.unread.is_empty() { FamilyUse::NotRecorded } else { FamilyUse::NotJudged }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::model::{ActivityScope, AuditedProduct, Key, LastCall};

    fn activity(last: &[&str], unread: &[(&str, &str)]) -> (Activity, Principal) {
        let ci = Principal::Application(Key::Named("ci".parse().unwrap()));
        let at = Timestamp::UNIX_EPOCH;
        let call = || LastCall { at, method: "CreateSecret".into(), region: "fr-par".into() };
        let last = last.iter().map(|product| ((*product).to_owned(), call())).collect();
        let product = |name: &str, reads| AuditedProduct { name: name.into(), title: String::new(), reads };
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let activity = Activity {
            since: at,
            scope: ActivityScope::Everybody,
            regions: vec!["fr-par".into()],
            unread: unread.iter().map(owned).collect(),
            products: vec![product("secret-manager", false), product("iam", true)],
            of: HashMap::from([(ci.clone(), PrincipalActivity { last, ..PrincipalActivity::default() })]),
            left_out: 0,
        };
        (activity, ci)
    }

    fn words((activity, principal): &(Activity, Principal), sets: &[&str]) -> Vec<String> {
        let sets: Vec<PermissionSetName> = sets.iter().map(|set| set.parse().unwrap()).collect();
        let row = ActivityRow::of(activity, principal, &sets);
        row.uses.iter().map(|(name, (_, used))| format!("{name}: {}", used.words())).collect()
    }

    #[test]
    fn what_is_not_recorded_is_never_called_not_seen() {
        let idle = activity(&[], &[]);
        assert_eq!(
            words(&idle, &["SecretManagerFullAccess", "ObjectStorageFullAccess", "IAMReadOnly"]),
            ["IAM: not seen", "Object Storage: not recorded", "Secret Manager: not seen"]
        );
        assert_eq!(
            words(&idle, &["SecretManagerReadOnly"]),
            ["Secret Manager: not recorded"],
            "only writes are"
        );
        assert_eq!(
            words(&idle, &["SecretManagerReadOnly", "SecretManagerSecretWrite"]),
            ["Secret Manager: not seen"]
        );
        let busy = activity(&["secret-manager"], &[]);
        assert_eq!(words(&busy, &["SecretManagerReadOnly"]), ["Secret Manager: seen"]);
        assert_eq!(words(&busy, &["AllProductsFullAccess"]), ["all products: seen"]);
        assert_eq!(
            words(&busy, &["AllProductsReadOnly"]),
            ["all products: not seen"],
            "only reads of IAM are"
        );
    }

    #[test]
    fn what_was_not_read_in_full_is_not_judged_unless_it_was_seen() {
        let partial = activity(&["secret-manager"], &[("it-mil", "no answer")]);
        assert_eq!(
            words(&partial, &["SecretManagerFullAccess", "IAMManager", "ObjectStorageReadOnly"]),
            ["IAM: not judged", "Object Storage: not judged", "Secret Manager: seen"]
        );
        let (activity, _) = activity(&[], &[]);
        let other = Principal::Application(Key::Named("other".parse().unwrap()));
        assert_eq!(words(&(activity, other), &["IAMManager"]), ["IAM: not judged"], "was not looked up");
    }
}
