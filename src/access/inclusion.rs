//! Which permission sets take in others: a small table for questions, `cannot` and guardrails, never for the laws.
//!
//! As of November 2026, from the published names and their scope types; the API has no list of what a set allows.

use crate::model::{Catalogue, PermissionSetName, ScopeType};

/// Returns true when holding `outer` is as good as holding `inner`, or better, though they are not the same.
#[must_use]
pub fn includes(catalogue: &Catalogue, outer: &PermissionSetName, inner: &PermissionSetName) -> bool {
    if outer == inner {
        return false;
    }
    let scope_type = |set| catalogue.get(set).map(|known| known.scope_type);
    let kind = scope_type(inner);
    let (outer_name, inner_name) = (outer.as_str(), inner.as_str());
    let reads = inner_name.ends_with("ReadOnly");
    match outer_name {
        "AllProductsFullAccess" => kind == Some(ScopeType::Projects),
        "AllProductsReadOnly" => kind == Some(ScopeType::Projects) && reads,
        "OrganizationManager" => kind == Some(ScopeType::Organization),
        "OrganizationReadOnly" => kind == Some(ScopeType::Organization) && reads,
        "IAMManager" => kind == Some(ScopeType::Organization) && inner_name.starts_with("IAM"),
        "IAMReadOnly" => kind == Some(ScopeType::Organization) && inner_name.starts_with("IAM") && reads,
        _ => {
            let full =
                outer_name.strip_suffix("FullAccess").is_some_and(|product| inner_name.starts_with(product));
            let manager = outer_name
                .strip_suffix("Manager")
                .is_some_and(|what| inner_name == format!("{what}ReadOnly"));
            kind.is_some() && kind == scope_type(outer) && (full || manager)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(outer: &str, inner: &str) -> bool {
        includes(Catalogue::published(), &outer.parse().unwrap(), &inner.parse().unwrap())
    }

    #[test]
    fn the_wide_sets_take_in_the_narrow_ones_of_their_scope_type() {
        assert!(says("AllProductsFullAccess", "InstancesFullAccess"));
        assert!(!says("AllProductsFullAccess", "IAMManager"));
        assert!(says("AllProductsReadOnly", "InstancesReadOnly"));
        assert!(!says("AllProductsReadOnly", "InstancesFullAccess"));
        assert!(says("OrganizationManager", "IAMManager"));
        assert!(says("IAMManager", "IAMGroupManager"));
        assert!(!says("IAMManager", "BillingManager"));
        assert!(says("InstancesFullAccess", "InstancesReadOnly"));
        assert!(!says("InstancesReadOnly", "InstancesFullAccess"));
        assert!(says("InstancesFullAccess", "InstancesServerDelete"));
        assert!(says("AllProductsFullAccess", "InstancesServerDelete"));
        assert!(!says("InstancesServerDelete", "InstancesServerRead"));
        assert!(!says("IAMManager", "IAMManager"));
    }
}
