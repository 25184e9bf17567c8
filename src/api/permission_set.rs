//! The call about permission sets.
use super::client::Client;
use super::list::{List, Query, orders};
use super::wire::PermissionSet;

orders! {
    /// The orders of the list of permission sets.
    PermissionSetOrder {
        NameAsc = "name_asc",
        NameDesc = "name_desc",
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
    }
}

impl Client {
    /// Lists the permission sets that rules of the organization can grant.
    ///
    /// Source: IAM API v1alpha1, `GET /permission-sets` (ListPermissionSets). It has no filters.
    pub fn list_permission_sets(&self, order_by: PermissionSetOrder) -> List<PermissionSet> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&order_by));
        List::new(self, "/iam/v1alpha1/permission-sets", query.done())
    }
}
