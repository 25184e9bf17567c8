//! The calls about groups and their members.
//!
//! Facts: no call about members moves a group's `updated_at`; two at once on one group make one of them answer 409
//! `transient_state`, which is tried again; there is no call that removes several members.
use super::client::Client;
use super::error::Error;
use super::http::Call;
use super::id::{ApplicationId, GroupId, UserId};
use super::list::{List, Query, orders};
use super::wire::{CreateGroup, Group, InOrganization, Member, Members, UpdateGroup};

const PATH: &str = "/iam/v1alpha1/groups";

/// Which groups to list, and in which order. Fact: `name` matches the whole text (reported, not documented). It is not known
/// whether `tag` does, so compare the results again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListGroups {
    /// The order.
    pub order_by: GroupOrder,
    /// With this name, of at least one character.
    pub name: Option<String>,
    /// With these applications in them.
    pub application_ids: Vec<ApplicationId>,
    /// With these users in them.
    pub user_ids: Vec<UserId>,
    /// With these ids.
    pub group_ids: Vec<GroupId>,
    /// With this tag.
    pub tag: Option<String>,
}

orders! {
    /// The orders of the list of groups. By name, case does not count.
    GroupOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
        UpdatedAtAsc = "updated_at_asc",
        UpdatedAtDesc = "updated_at_desc",
        NameAsc = "name_asc",
        NameDesc = "name_desc",
    }
}

impl Client {
    /// Lists groups of the organization, their members included.
    ///
    /// Source: IAM API v1alpha1, `GET /groups` (ListGroups).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::ListGroups;
    ///
    /// for group in client.list_groups(&ListGroups::default()).all().await? {
    ///     println!("{}: {} users", group.name, group.user_ids.len());
    /// #   let users = if group.all_users { 3 } else if group.all_applications { 0 } else { 2 };
    /// #   assert_eq!(group.user_ids.len(), users, "{}", group.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_groups(&self, list: &ListGroups) -> List<Group> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("name", list.name.as_ref())
            .each("application_ids", &list.application_ids)
            .each("user_ids", &list.user_ids)
            .each("group_ids", &list.group_ids)
            .one("tag", list.tag.as_ref());
        List::new(self, PATH, query.done())
    }

    /// Returns one group, its members included.
    ///
    /// Source: IAM API v1alpha1, `GET /groups/{id}` (GetGroup).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id.
    pub async fn get_group(&self, id: &GroupId) -> Result<Group, Error> {
        self.send(Call::get(format!("{PATH}/{id}"))).await
    }

    /// Creates a group without members.
    ///
    /// Source: IAM API v1alpha1, `POST /groups` (CreateGroup). The name has to be unique in the organization.
    ///
    /// # Errors
    /// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown) when no answer says whether it was created.
    pub async fn create_group(&self, group: &CreateGroup) -> Result<Group, Error> {
        let body = InOrganization { organization_id: self.organization(), body: group };
        self.send(Call::post(PATH, &body)).await
    }

    /// Changes name, description or tags of a group.
    ///
    /// Source: IAM API v1alpha1, `PATCH /groups/{id}` (UpdateGroup).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when it no longer exists.
    pub async fn update_group(&self, id: &GroupId, change: &UpdateGroup) -> Result<Group, Error> {
        self.send(Call::patch(format!("{PATH}/{id}"), change)).await
    }

    /// Deletes a group, with members or without. Policies attached to it stay, and grant nobody anything.
    ///
    /// Source: IAM API v1alpha1, `DELETE /groups/{id}` (DeleteGroup).
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when no object has this id, unless a try before this one may
    /// have deleted it.
    pub async fn delete_group(&self, id: &GroupId) -> Result<(), Error> {
        self.send_empty(Call::delete(format!("{PATH}/{id}"))).await
    }

    /// Replaces the whole membership of a group, atomically; members that no list shows are removed as well.
    ///
    /// Source: IAM API v1alpha1, `PUT /groups/{id}/members` (SetGroupMembers). Nobody saw it take two empty lists; to empty
    /// a group remove its members.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the group or one of the members does not exist.
    pub async fn set_members(&self, id: &GroupId, members: &Members) -> Result<Group, Error> {
        self.send(Call::put(format!("{PATH}/{id}/members"), members)).await
    }

    /// Adds one user or application to a group.
    ///
    /// Source: IAM API v1alpha1, `POST /groups/{id}/add-member` (AddGroupMember). Adding twice is as good as once, so it is
    /// tried again after any passing failure; if the API refuses a second time, the group is read to see whether the
    /// first request worked.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the group or the member does not exist.
    pub async fn add_member(&self, id: &GroupId, member: &Member) -> Result<Group, Error> {
        let sent = self.send(Call::action(format!("{PATH}/{id}/add-member"), member)).await;
        self.or_group_as_wanted(id, sent, |group| group.has(member)).await
    }

    /// Adds several users and applications to a group, atomically; existing members stay.
    ///
    /// Source: IAM API v1alpha1, `POST /groups/{id}/add-members` (AddGroupMembers). Tried again as [`Client::add_member`].
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the group or one of the members does not exist.
    pub async fn add_members(&self, id: &GroupId, members: &Members) -> Result<Group, Error> {
        let sent = self.send(Call::action(format!("{PATH}/{id}/add-members"), members)).await;
        self.or_group_as_wanted(id, sent, |group| group.has_all(members)).await
    }

    /// Removes one user or application from a group.
    ///
    /// Source: IAM API v1alpha1, `POST /groups/{id}/remove-member` (RemoveGroupMember). It is tried again after any passing
    /// failure; when a second try finds no such member, the group is read, and its absence is success.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](super::ErrorKind::NotFound) when the group is not there, or the member is not in it: then the
    /// error's `resource` is empty and its `resource_id` is the member's.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use scw_iam::api::wire::Member;
    ///
    /// let group = "00000000-0000-4000-8000-0000000000d1".parse()?;
    /// let alice = "00000000-0000-4000-8000-0000000000a2".parse()?;
    /// let group = client.remove_member(&group, &Member::User(alice)).await?;
    /// assert_eq!(group.user_ids.len(), 1);
    ///
    /// let ci = "00000000-0000-4000-8000-0000000000c1".parse()?;
    /// let group = client.remove_member(&group.id, &Member::Application(ci)).await?;
    /// assert!(group.application_ids.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn remove_member(&self, id: &GroupId, member: &Member) -> Result<Group, Error> {
        let sent = self.send(Call::action(format!("{PATH}/{id}/remove-member"), member)).await;
        self.or_group_as_wanted(id, sent, |group| !group.has(member)).await
    }

    /// Turns a failure into success when an earlier try may have worked and the group is as wanted.
    async fn or_group_as_wanted(
        &self,
        id: &GroupId,
        sent: Result<Group, Error>,
        wanted: impl Fn(&Group) -> bool,
    ) -> Result<Group, Error> {
        let error = match sent {
            Err(error) if error.may_have_happened() => error,
            other => return other,
        };
        match self.get_group(id).await {
            Ok(group) if wanted(&group) => Ok(group),
            _ => Err(error),
        }
    }
}
