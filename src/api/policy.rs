//! The calls about policies. Their rules have calls of their own.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::{ApplicationId, GroupId, PolicyId, UserId};
use super::list::{List, Query, orders};
use super::wire::{CreatePolicy, InOrganization, Nothing, Policy, UpdatePolicy};

const PATH: &str = "/iam/v1alpha1/policies";

/// Which policies to list, and in which order. Fact: it is not documented whether a filter matches the whole text or a
/// part, so compare the results again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPolicies {
    /// The order.
    pub order_by: PolicyOrder,
    /// Only those that may be changed, or only those that may not.
    pub editable: Option<bool>,
    /// Attached to these users; not to their groups.
    pub user_ids: Vec<UserId>,
    /// Attached to these groups.
    pub group_ids: Vec<GroupId>,
    /// Attached to these applications; not to their groups.
    pub application_ids: Vec<ApplicationId>,
    /// Only those attached to nobody, or only the others.
    pub no_principal: Option<bool>,
    /// With this name, of at least one character.
    pub policy_name: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// With these ids.
    pub policy_ids: Vec<PolicyId>,
}

orders! {
    /// The orders of the list of policies. By name, case does not count.
    PolicyOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        NameAsc = "policy_name_asc",
        NameDesc = "policy_name_desc",
    }
}

impl Client {
    /// Lists policies of the organization, without their rules.
    ///
    /// Source: IAM API v1alpha1, `GET /policies` (ListPolicies). Its default order is told differently by different
    /// sources, so one is always sent.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use futures::TryStreamExt;
    /// use scw_iam::api::ListPolicies;
    ///
    /// // A stream asks for the pages one after the other; `.all()` gives the whole at once.
    /// let mut policies = client.list_policies(&ListPolicies { editable: Some(true), ..Default::default() });
    /// while let Some(policy) = policies.try_next().await? {
    ///     println!("{}: {:?}", policy.name, policy.principal);
    /// #   assert_eq!(policy.name, "developers-run");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_policies(&self, list: &ListPolicies) -> List<Policy> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("editable", list.editable.as_ref())
            .each("user_ids", &list.user_ids)
            .each("group_ids", &list.group_ids)
            .each("application_ids", &list.application_ids)
            .one("no_principal", list.no_principal.as_ref())
            .one("policy_name", list.policy_name.as_ref())
            .one("tag", list.tag.as_ref())
            .each("policy_ids", &list.policy_ids);
        List::new(self, PATH, query.done())
    }

    /// Returns one policy, without its rules.
    ///
    /// Source: IAM API v1alpha1, `GET /policies/{id}` (GetPolicy).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_policy(&self, id: &PolicyId) -> Result<Policy, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Creates a policy with its rules. Fact: the counters of the answer are 0, whatever the rules.
    ///
    /// Source: IAM API v1alpha1, `POST /policies` (CreatePolicy). It is not documented whether the API refuses a name
    /// that is in use.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created.
    pub async fn create_policy(&self, policy: &CreatePolicy) -> Result<Policy, Error> {
        let body = InOrganization { organization_id: self.organization(), body: policy };
        self.send(Call::post(PATH, &body)).await
    }

    /// Changes name, description, tags or principal of a policy.
    ///
    /// Source: IAM API v1alpha1, `PATCH /policies/{id}` (UpdatePolicy). Fact: a change of principal leaves `updated_at`
    /// as it was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_policy(&self, id: &PolicyId, change: &UpdatePolicy) -> Result<Policy, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Deletes a policy, and with it its rules and what they grant.
    ///
    /// Source: IAM API v1alpha1, `DELETE /policies/{id}` (DeletePolicy).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    pub async fn delete_policy(&self, id: &PolicyId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }

    /// Copies a policy. The name and the content of the copy are not documented.
    ///
    /// Source: IAM API v1alpha1, `POST /policies/{id}/clone` (ClonePolicy).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created.
    pub async fn clone_policy(&self, id: &PolicyId) -> Result<Policy, Error> {
        self.send(Call::post(format!("{PATH}/{id}/clone"), &Nothing {})).await
    }
}
