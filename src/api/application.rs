//! The calls about applications.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::ApplicationId;
use super::list::{List, Query, orders};
use super::wire::{Application, CreateApplication, InOrganization, UpdateApplication};

const PATH: &str = "/iam/v1alpha1/applications";

/// Which applications to list, and in which order. Fact: it is not documented whether a filter matches the whole text
/// or a part, so compare the results again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListApplications {
    /// The order.
    pub order_by: ApplicationOrder,
    /// With this name, which must be valid for an application.
    pub name: Option<String>,
    /// Only those that may be changed, or only those that may not.
    pub editable: Option<bool>,
    /// With these ids.
    pub application_ids: Vec<ApplicationId>,
    /// With this tag.
    pub tag: Option<String>,
}

orders! {
    /// The orders of the list of applications. By name, case does not count.
    ApplicationOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
        NameAsc = "name_asc",
        NameDesc = "name_desc",
    }
}

impl Client {
    /// Lists applications of the organization.
    ///
    /// Source: IAM API v1alpha1, `GET /applications` (ListApplications).
    pub fn list_applications(&self, list: &ListApplications) -> List<Application> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("name", list.name.as_ref())
            .one("editable", list.editable.as_ref())
            .each("application_ids", &list.application_ids)
            .one("tag", list.tag.as_ref());
        List::new(self, PATH, query.done())
    }

    /// Returns one application.
    ///
    /// Source: IAM API v1alpha1, `GET /applications/{id}` (GetApplication).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_application(&self, id: &ApplicationId) -> Result<Application, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Creates an application. It is not documented whether the API refuses a name that is in use.
    ///
    /// Source: IAM API v1alpha1, `POST /applications` (CreateApplication).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created.
    pub async fn create_application(&self, application: &CreateApplication) -> Result<Application, Error> {
        let body = InOrganization { organization_id: self.organization(), body: application };
        self.send(Call::post(PATH, &body)).await
    }

    /// Changes name, description or tags of an application.
    ///
    /// Source: IAM API v1alpha1, `PATCH /applications/{id}` (UpdateApplication).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_application(
        &self,
        id: &ApplicationId,
        change: &UpdateApplication,
    ) -> Result<Application, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Deletes an application, and with it its API keys. Policies attached to it stay, and grant nobody anything.
    ///
    /// Source: IAM API v1alpha1, `DELETE /applications/{id}` (DeleteApplication).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    pub async fn delete_application(&self, id: &ApplicationId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }
}
