//! Looks at every list: all pages, in one of its orders, and with a filter.
use std::fmt::Debug;

use jiff::Timestamp;
use scw_iam::api::wire::{
    ApiKey, Application, Bearer, Group, Policy, Principal, Project, QuotaAmount, SshKey, User, UserType,
};
use scw_iam::api::{
    ApiKeyOrder, ApplicationOrder, BearerType, GroupOrder, List, ListApiKeys, ListApplications, ListGroups,
    ListPolicies, ListProjects, ListQuota, ListSshKeys, ListUsers, Listed, PolicyOrder, ProjectOrder,
    QuotaOrder, SshKeyOrder, UserOrder,
};

use super::play::{Agreed, Play};

/// What a list is sorted by. `None` is left out of the comparison: nothing says where the absent goes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Time(Timestamp),
    Text(String),
}

type KeyOf<T> = fn(&T) -> Option<Key>;

/// Sorting by a name ignores case.
fn text(text: &str) -> Option<Key> {
    Some(Key::Text(text.to_lowercase()))
}

fn time(time: Option<Timestamp>) -> Option<Key> {
    time.map(Key::Time)
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Up,
    Down,
}
use Way::{Down, Up};

/// Holds a list against what the model has of it: the same items, and in the order asked for, ids deciding a tie.
async fn same<T: Listed + PartialEq + Debug>(
    list: List<T>,
    mut want: Vec<T>,
    key: KeyOf<T>,
    way: Way,
) -> Agreed {
    let what = format!("{list:?}");
    let mut got = list.all().await.map_err(|error| format!("{what}: {error}"))?;
    let keys: Vec<_> = got.iter().filter_map(|item| Some((key(item)?, item.id()))).collect();
    let ordered = keys.windows(2).all(|two| match way {
        Up => two[0] < two[1],
        Down => two[0].0 >= two[1].0,
    });
    if !ordered {
        return Err(format!("{what} is not in order: {keys:?}"));
    }
    got.sort_by(|a, b| a.id().cmp(b.id()));
    want.sort_by(|a, b| a.id().cmp(b.id()));
    if got != want {
        return Err(format!("{what} has {got:#?}\nthe model has {want:#?}"));
    }
    Ok(())
}

/// Sections 4.15 and 7: a text filter finds parts, without regard to case.
fn holds(whole: &str, part: &str) -> bool {
    whole.to_lowercase().contains(&part.to_lowercase())
}

fn tagged(tags: &[String], part: &str) -> bool {
    tags.iter().any(|tag| holds(tag, part))
}

fn kept<T: Clone>(all: &[T], keep: impl Fn(&T) -> bool) -> Vec<T> {
    all.iter().filter(|item| keep(item)).cloned().collect()
}

impl Play {
    /// `number` chooses the orders and the filters.
    pub(crate) async fn look(&self, number: usize) -> Agreed {
        self.look_at_applications(number).await?;
        self.look_at_groups(number).await?;
        self.look_at_policies(number).await?;
        self.look_at_users(number).await?;
        self.look_at_projects(number).await?;
        self.look_at_api_keys(number).await?;
        self.look_at_ssh_keys(number).await?;
        self.look_at_quota(number).await
    }

    async fn look_at_applications(&self, number: usize) -> Agreed {
        let orders: [(ApplicationOrder, KeyOf<Application>, Way); 6] = [
            (ApplicationOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (ApplicationOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (ApplicationOrder::UpdatedAtAsc, |it| time(it.updated_at), Up),
            (ApplicationOrder::UpdatedAtDesc, |it| time(it.updated_at), Down),
            (ApplicationOrder::NameAsc, |it| text(&it.name), Up),
            (ApplicationOrder::NameDesc, |it| text(&it.name), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.applications.keys().map(|id| self.model.application(id)).collect();
        let list = ListApplications { order_by, ..Default::default() };
        same(self.client.list_applications(&list), all.clone(), key, way).await?;
        let ids: Vec<_> = all.iter().step_by(2).map(|it| it.id.clone()).take(20).collect();
        let (list, want) = match number % 5 {
            0 => (
                ListApplications { name: Some("LPh".to_owned()), ..list },
                kept(&all, |it| holds(&it.name, "lph")),
            ),
            1 => (ListApplications { editable: Some(true), ..list }, kept(&all, |it| it.editable)),
            2 => (ListApplications { editable: Some(false), ..list }, kept(&all, |it| !it.editable)),
            3 => (
                ListApplications { tag: Some("TEAM".to_owned()), ..list },
                kept(&all, |it| tagged(&it.tags, "team")),
            ),
            _ if ids.is_empty() => return Ok(()),
            _ => (
                ListApplications { application_ids: ids.clone(), ..list },
                kept(&all, |it| ids.contains(&it.id)),
            ),
        };
        same(self.client.list_applications(&list), want, key, way).await
    }

    async fn look_at_groups(&self, number: usize) -> Agreed {
        let orders: [(GroupOrder, KeyOf<Group>, Way); 6] = [
            (GroupOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (GroupOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (GroupOrder::UpdatedAtAsc, |it| time(it.updated_at), Up),
            (GroupOrder::UpdatedAtDesc, |it| time(it.updated_at), Down),
            (GroupOrder::NameAsc, |it| text(&it.name), Up),
            (GroupOrder::NameDesc, |it| text(&it.name), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.groups.values().cloned().chain(self.model.computed_groups()).collect();
        let list = ListGroups { order_by, ..Default::default() };
        same(self.client.list_groups(&list), all.clone(), key, way).await?;
        let user = self.model.users.keys().nth(number % self.model.users.len()).unwrap().clone();
        let application =
            self.model.applications.keys().nth(number % self.model.applications.len()).unwrap().clone();
        let (list, want) = match number % 5 {
            0 => (ListGroups { name: Some("ops".to_owned()), ..list }, kept(&all, |it| it.name == "ops")),
            1 => (
                ListGroups { user_ids: vec![user.clone()], ..list },
                kept(&all, |it| it.user_ids.contains(&user)),
            ),
            2 => (
                ListGroups { application_ids: vec![application.clone()], ..list },
                kept(&all, |it| it.application_ids.contains(&application)),
            ),
            3 => (
                ListGroups { tag: Some("tag-9".to_owned()), ..list },
                kept(&all, |it| tagged(&it.tags, "tag-9")),
            ),
            _ if all.is_empty() => return Ok(()),
            _ => (ListGroups { group_ids: vec![all[0].id.clone()], ..list }, vec![all[0].clone()]),
        };
        same(self.client.list_groups(&list), want, key, way).await
    }

    async fn look_at_policies(&self, number: usize) -> Agreed {
        let orders: [(PolicyOrder, KeyOf<Policy>, Way); 4] = [
            (PolicyOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (PolicyOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (PolicyOrder::NameAsc, |it| text(&it.name), Up),
            (PolicyOrder::NameDesc, |it| text(&it.name), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let list = ListPolicies { order_by, ..Default::default() };
        let served = self.client.list_policies(&list).all().await.map_err(|error| error.to_string())?;
        let all = self.model.policies.values().map(|policy| {
            let served = served.iter().find(|served| served.id == policy.id).unwrap_or(policy);
            self.model.policy(&policy.id, served)
        });
        let all: Vec<_> = all.collect();
        same(self.client.list_policies(&list), all.clone(), key, way).await?;
        let user = self.model.users.keys().nth(number % self.model.users.len()).unwrap().clone();
        let application =
            self.model.applications.keys().nth(number % self.model.applications.len()).unwrap().clone();
        let held = |by: Principal| kept(&all, |it| it.principal.as_ref() == Some(&by));
        let nobody = |it: &Policy| it.principal == Some(Principal::Nobody);
        let (list, want) = match number % 9 {
            0 => (ListPolicies { no_principal: Some(true), ..list }, kept(&all, nobody)),
            1 => (ListPolicies { no_principal: Some(false), ..list }, kept(&all, |it| !nobody(it))),
            2 => (ListPolicies { user_ids: vec![user.clone()], ..list }, held(Principal::User(user))),
            3 => (
                ListPolicies { application_ids: vec![application.clone()], ..list },
                held(Principal::Application(application)),
            ),
            4 => (
                ListPolicies { policy_name: Some("aLP".to_owned()), ..list },
                kept(&all, |it| holds(&it.name, "alp")),
            ),
            5 => (
                ListPolicies { tag: Some("stage".to_owned()), ..list },
                kept(&all, |it| tagged(&it.tags, "stage")),
            ),
            6 => (ListPolicies { editable: Some(true), ..list }, kept(&all, |it| it.editable)),
            7 => match self.model.groups.keys().next() {
                Some(group) => (
                    ListPolicies { group_ids: vec![group.clone()], ..list },
                    held(Principal::Group(group.clone())),
                ),
                None => return Ok(()),
            },
            _ => (ListPolicies { policy_ids: vec![all[0].id.clone()], ..list }, vec![all[0].clone()]),
        };
        same(self.client.list_policies(&list), want, key, way).await?;
        for id in self.model.policies.keys() {
            self.list_rules(id).await?;
        }
        Ok(())
    }

    async fn look_at_users(&self, number: usize) -> Agreed {
        let orders: [(UserOrder, KeyOf<User>, Way); 10] = [
            (UserOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (UserOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (UserOrder::UpdatedAtAsc, |it| time(it.updated_at), Up),
            (UserOrder::UpdatedAtDesc, |it| time(it.updated_at), Down),
            (UserOrder::EmailAsc, |it| text(&it.email), Up),
            (UserOrder::EmailDesc, |it| text(&it.email), Down),
            (UserOrder::LastLoginAsc, |it| time(it.last_login_at), Up),
            (UserOrder::LastLoginDesc, |it| time(it.last_login_at), Down),
            (UserOrder::UsernameAsc, |it| text(&it.username), Up),
            (UserOrder::UsernameDesc, |it| text(&it.username), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.users.values().cloned().collect();
        let list = ListUsers { order_by, ..Default::default() };
        same(self.client.list_users(&list), all.clone(), key, way).await?;
        let (list, want) = match number % 6 {
            0 => (
                ListUsers { kind: Some(UserType::Owner), ..list },
                kept(&all, |it| it.kind == UserType::Owner),
            ),
            1 => (
                ListUsers { kind: Some(UserType::Member), ..list },
                kept(&all, |it| it.kind == UserType::Member),
            ),
            2 => (ListUsers { kind: Some(UserType::Unspecified), mfa: Some(false), ..list }, all),
            3 => (ListUsers { mfa: Some(true), ..list }, vec![]),
            4 => (
                ListUsers { tag: Some("=BLUE".to_owned()), ..list },
                kept(&all, |it| tagged(&it.tags, "=blue")),
            ),
            _ => (ListUsers { user_ids: vec![all[0].id.clone()], ..list }, vec![all[0].clone()]),
        };
        same(self.client.list_users(&list), want, key, way).await
    }

    async fn look_at_projects(&self, number: usize) -> Agreed {
        let orders: [(ProjectOrder, KeyOf<Project>, Way); 4] = [
            (ProjectOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (ProjectOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (ProjectOrder::NameAsc, |it| text(&it.name), Up),
            (ProjectOrder::NameDesc, |it| text(&it.name), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.projects.values().cloned().collect();
        let list = ListProjects { order_by, ..Default::default() };
        same(self.client.list_projects(&list), all.clone(), key, way).await?;
        let (list, want) = match number % 2 {
            0 => (
                ListProjects { name: Some("PRO".to_owned()), ..list },
                kept(&all, |it| holds(&it.name, "pro")),
            ),
            _ => (ListProjects { project_ids: vec![all[0].id.clone()], ..list }, vec![all[0].clone()]),
        };
        same(self.client.list_projects(&list), want, key, way).await
    }

    async fn look_at_api_keys(&self, number: usize) -> Agreed {
        let orders: [(ApiKeyOrder, KeyOf<ApiKey>, Way); 8] = [
            (ApiKeyOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (ApiKeyOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (ApiKeyOrder::UpdatedAtAsc, |it| time(it.updated_at), Up),
            (ApiKeyOrder::UpdatedAtDesc, |it| time(it.updated_at), Down),
            (ApiKeyOrder::ExpiresAtAsc, |it| time(it.expires_at), Up),
            (ApiKeyOrder::ExpiresAtDesc, |it| time(it.expires_at), Down),
            (ApiKeyOrder::AccessKeyAsc, |it| text(it.access_key.as_str()), Up),
            (ApiKeyOrder::AccessKeyDesc, |it| text(it.access_key.as_str()), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.api_keys.values().cloned().collect();
        let list = ListApiKeys { order_by, ..Default::default() };
        same(self.client.list_api_keys(&list), all.clone(), key, way).await?;
        let now = Timestamp::now();
        let expired = |it: &ApiKey| it.expires_at.is_some_and(|time| time < now);
        let application =
            self.model.applications.keys().nth(number % self.model.applications.len()).unwrap().clone();
        let bearer = Bearer::Application(application);
        let of_users = |it: &ApiKey| matches!(it.bearer, Some(Bearer::User(_)));
        let (list, want) = match number % 7 {
            0 => (ListApiKeys { expired: Some(true), ..list }, kept(&all, expired)),
            1 => (ListApiKeys { expired: Some(false), ..list }, kept(&all, |it| !expired(it))),
            2 => (
                ListApiKeys { bearer: Some(bearer.clone()), ..list },
                kept(&all, |it| it.bearer.as_ref() == Some(&bearer)),
            ),
            3 => (ListApiKeys { bearer_type: Some(BearerType::User), ..list }, kept(&all, of_users)),
            4 => (
                ListApiKeys { bearer_type: Some(BearerType::Application), ..list },
                kept(&all, |it| !of_users(it)),
            ),
            5 => (ListApiKeys { editable: Some(true), ..list }, all),
            _ if all.is_empty() => return Ok(()),
            _ => (ListApiKeys { access_keys: vec![all[0].access_key.clone()], ..list }, vec![all[0].clone()]),
        };
        same(self.client.list_api_keys(&list), want, key, way).await
    }

    async fn look_at_ssh_keys(&self, number: usize) -> Agreed {
        let orders: [(SshKeyOrder, KeyOf<SshKey>, Way); 6] = [
            (SshKeyOrder::CreatedAtAsc, |it| time(it.created_at), Up),
            (SshKeyOrder::CreatedAtDesc, |it| time(it.created_at), Down),
            (SshKeyOrder::UpdatedAtAsc, |it| time(it.updated_at), Up),
            (SshKeyOrder::UpdatedAtDesc, |it| time(it.updated_at), Down),
            (SshKeyOrder::NameAsc, |it| text(&it.name), Up),
            (SshKeyOrder::NameDesc, |it| text(&it.name), Down),
        ];
        let (order_by, key, way) = orders[number % orders.len()];
        let all: Vec<_> = self.model.ssh_keys.values().cloned().collect();
        let list = ListSshKeys { order_by, ..Default::default() };
        same(self.client.list_ssh_keys(&list), all.clone(), key, way).await?;
        let project = self.model.projects.keys().nth(number % self.model.projects.len()).unwrap().clone();
        let (list, want) = match number % 4 {
            0 => (ListSshKeys { disabled: Some(true), ..list }, kept(&all, |it| it.disabled)),
            1 => (ListSshKeys { disabled: Some(false), ..list }, kept(&all, |it| !it.disabled)),
            2 => (
                ListSshKeys { name: Some("TOP".to_owned()), ..list },
                kept(&all, |it| holds(&it.name, "top")),
            ),
            _ => (
                ListSshKeys { project_id: Some(project.clone()), ..list },
                kept(&all, |it| it.project_id == project),
            ),
        };
        same(self.client.list_ssh_keys(&list), want, key, way).await
    }

    /// By name; the names that the state does not give are the emulator's own, so only those given are compared.
    async fn look_at_quota(&self, number: usize) -> Agreed {
        let down = number % 2 == 1;
        let order_by = if down { QuotaOrder::NameDesc } else { QuotaOrder::NameAsc };
        let quotum_names = self.model.quota.keys().map(|name| name.parse().unwrap()).collect();
        let list = ListQuota { order_by, quotum_names };
        if self.model.quota.is_empty() {
            return Ok(());
        }
        let got = self.client.list_quota(&list).all().await.map_err(|error| error.to_string())?;
        let got: Vec<_> = got.into_iter().map(|it| (it.name.as_str().to_owned(), it.amount)).collect();
        let mut want: Vec<_> = self
            .model
            .quota
            .iter()
            .map(|(name, limit)| (name.clone(), limit.map(QuotaAmount::Limit)))
            .collect();
        if down {
            want.reverse();
        }
        if got == want { Ok(()) } else { Err(format!("{list:?} has {got:?}, the model has {want:?}")) }
    }
}
