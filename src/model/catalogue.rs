use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::PermissionSetName;

/// The scope type of a permission set.
///
/// Source: IAM API v1alpha1, `scope_type` of a permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeType {
    /// Granted on the organization.
    Organization,
    /// Granted on projects, or on all of them.
    Projects,
    /// Granted on the account of an owner; never written by files.
    AccountRootUser,
    /// A type that this version does not know.
    Other,
}

/// A permission set as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionSet {
    /// What its scope may be.
    pub scope_type: ScopeType,
    /// The product it belongs to, such as `compute`; empty if that is not known.
    pub category: String,
}

/// Which permission sets there are, and where they may be granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    sets: BTreeMap<PermissionSetName, PermissionSet>,
}

impl Catalogue {
    /// Returns the published permission sets that this version was built with.
    #[must_use]
    pub fn published() -> &'static Self {
        static PUBLISHED: OnceLock<Catalogue> = OnceLock::new();
        PUBLISHED.get_or_init(|| Self::from_table(include_str!("catalogue.tsv")))
    }

    /// Returns the catalogue of a table: name, scope type and category between tabs, `#` for comments. Invalid
    /// lines are skipped.
    #[must_use]
    pub fn from_table(table: &str) -> Self {
        let entries = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let mut columns = line.split('\t');
            let name = columns.next()?.parse().ok()?;
            let scope_type = match columns.next()? {
                "organization" => ScopeType::Organization,
                "projects" => ScopeType::Projects,
                "account_root_user" => ScopeType::AccountRootUser,
                _ => ScopeType::Other,
            };
            Some((name, PermissionSet { scope_type, category: columns.next().unwrap_or("").to_owned() }))
        });
        Self { sets: entries.collect() }
    }

    /// Returns the table of the catalogue, as [`Catalogue::from_table`] reads it. A category that the API does not tell
    /// is taken from `known`.
    #[must_use]
    pub fn to_table(&self, known: &Self) -> String {
        let mut table = "# name\tscope_type\tcategory\n".to_owned();
        for (name, set) in &self.sets {
            let scope_type = match set.scope_type {
                ScopeType::Organization => "organization",
                ScopeType::Projects => "projects",
                ScopeType::AccountRootUser => "account_root_user",
                ScopeType::Other => "other",
            };
            let category = match (set.category.as_str(), known.get(name)) {
                ("", Some(known)) => known.category.as_str(),
                (category, _) => category,
            };
            table.push_str(&format!("{name}\t{scope_type}\t{category}\n"));
        }
        table
    }

    /// Returns what is known of a set, or `None` for one that is not in the catalogue.
    #[must_use]
    pub fn get(&self, name: &PermissionSetName) -> Option<&PermissionSet> {
        self.sets.get(name)
    }

    /// Returns every set, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&PermissionSetName, &PermissionSet)> {
        self.sets.iter()
    }
}

impl FromIterator<(PermissionSetName, PermissionSet)> for Catalogue {
    fn from_iter<I: IntoIterator<Item = (PermissionSetName, PermissionSet)>>(entries: I) -> Self {
        Self { sets: entries.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_published_table_is_an_entry() {
        let lines = include_str!("catalogue.tsv").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(Catalogue::published().iter().count(), lines);
        assert!(lines >= 202);
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let published = Catalogue::published();
        assert_eq!(&Catalogue::from_table(&published.to_table(&Catalogue::default())), published);
        let bare = published
            .iter()
            .map(|(name, set)| (name.clone(), PermissionSet { category: String::new(), ..set.clone() }));
        assert_eq!(&Catalogue::from_table(&Catalogue::from_iter(bare).to_table(published)), published);
    }

    #[test]
    fn a_set_has_the_published_scope_type() {
        let scope = |name: &str| Catalogue::published().get(&name.parse().unwrap()).map(|set| set.scope_type);
        assert_eq!(scope("IAMManager"), Some(ScopeType::Organization));
        assert_eq!(scope("InstancesFullAccess"), Some(ScopeType::Projects));
        assert_eq!(scope("InstanceFullAccess"), None);
    }
}
