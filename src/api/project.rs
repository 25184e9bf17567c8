//! The calls about projects, which are of the Account API.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::ProjectId;
use super::list::{List, Query, orders};
use super::wire::{CreateProject, InOrganization, Project, UpdateProject};

const PATH: &str = "/account/v3/projects";

/// Which projects to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListProjects {
    /// The order.
    pub order_by: ProjectOrder,
    /// With this name, which must be valid for a project.
    pub name: Option<String>,
    /// With these ids.
    pub project_ids: Vec<ProjectId>,
}

orders! {
    /// The orders of the list of projects.
    ProjectOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        NameAsc = "name_asc",
        NameDesc = "name_desc",
    }
}

impl Client {
    /// Lists projects of the organization. It is the slowest of the lists: a second is usual.
    ///
    /// Source: Account API v3, `GET /projects` (ListProjects).
    pub fn list_projects(&self, list: &ListProjects) -> List<Project> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("name", list.name.as_ref())
            .each("project_ids", &list.project_ids);
        List::new(self, PATH, query.done())
    }

    /// Returns one project.
    ///
    /// Source: Account API v3, `GET /projects/{id}` (GetProject).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_project(&self, id: &ProjectId) -> Result<Project, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Creates a project. Fact: the API accepts a name that another project has.
    ///
    /// Source: Account API v3, `POST /projects` (CreateProject).
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created.
    pub async fn create_project(&self, project: &CreateProject) -> Result<Project, Error> {
        let body = InOrganization { organization_id: self.organization(), body: project };
        self.send(Call::post(PATH, &body)).await
    }

    /// Changes name or description of a project.
    ///
    /// Source: Account API v3, `PATCH /projects/{id}` (UpdateProject).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_project(&self, id: &ProjectId, change: &UpdateProject) -> Result<Project, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Deletes a project, which has to be empty. Rules on it stay behind without it.
    ///
    /// Source: Account API v3, `DELETE /projects/{id}` (DeleteProject).
    ///
    /// # Errors
    /// [`ErrorKind::PreconditionFailed`](super::ErrorKind::PreconditionFailed) while there is something in it;
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    pub async fn delete_project(&self, id: &ProjectId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }
}
