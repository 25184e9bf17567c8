//! Plays a call on both sides: what the client answers is what the model predicts, and the model learns ids and times.
use std::fmt::Debug;

use jiff::Timestamp;
use scw_iam::api::wire::Bearer;
use scw_iam::api::wire::{
    CreateApiKey, CreateApplication, CreateGroup, CreatePolicy, CreateProject, CreateSshKey, CreateUser,
    Group, Member, Members, NewMember, NewUser, Policy, QuotaAmount, Rule, RuleScope, RuleSpec, SpecScope,
    UpdateApiKey, UpdateApplication, UpdateGroup, UpdatePolicy, UpdateProject, UpdateSshKey, UpdateUser,
    User, UserStatus, UserType,
};
use scw_iam::api::{Client, Error, ErrorKind, GroupId, PolicyId, UserId};

use super::call::{self, At, Call, Change, EXPIRIES, FINGERPRINT, Meta, Person};
use super::plain::{
    Faults, Model, OWN_KEY, OWNER, UNKNOWN, bounded, fault, pick, project_text_faults, scope_type,
    text_faults, unique,
};

pub(crate) type Agreed<T = ()> = Result<T, String>;

/// Both sides.
pub(crate) struct Play {
    pub(crate) client: Client,
    pub(crate) model: Model,
}

/// Holds an answer against what the model has against the call; `None` when both refuse.
fn expect<T: Debug>(faults: &[ErrorKind], answer: Result<T, Error>) -> Agreed<Option<T>> {
    match answer {
        Ok(value) if faults.is_empty() => Ok(Some(value)),
        Ok(value) => Err(format!("answered {value:?}, and the model refuses: {faults:?}")),
        Err(error) if faults.contains(&error.kind()) => Ok(None),
        Err(error) => Err(format!("refused: {error} ({:?}); the model: {faults:?}", error.kind())),
    }
}

fn same<T: PartialEq + Debug>(got: &T, want: &T) -> Agreed {
    if got == want { Ok(()) } else { Err(format!("answered {got:#?}\nthe model has {want:#?}")) }
}

/// A new object is stamped once; a change moves the time, and nothing goes back.
fn born(created: Option<Timestamp>, updated: Option<Timestamp>) -> Agreed {
    if created.is_some() && created == updated {
        Ok(())
    } else {
        Err(format!("made {created:?}, changed {updated:?}"))
    }
}

fn moved(before: Option<Timestamp>, after: Option<Timestamp>, changed: bool) -> Agreed {
    let right = if changed { before < after } else { before <= after };
    if right { Ok(()) } else { Err(format!("`updated_at` went from {before:?} to {after:?}")) }
}

fn not_there(is: bool) -> Faults {
    fault(!is, ErrorKind::NotFound)
}

/// Section 5.7 and 7: what a product manages answers 403.
fn protected(managed: Option<bool>) -> Faults {
    fault(managed == Some(true), ErrorKind::Forbidden)
}

/// Nanoseconds are cut to microseconds.
fn cut(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap()
}

struct Texts {
    name: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
}

impl Texts {
    fn of(change: &Change) -> Self {
        Self {
            name: change.name.map(call::name),
            description: change.description.map(call::description),
            tags: change.tags.map(call::tags),
        }
    }

    fn faults(&self) -> Faults {
        text_faults(self.name.as_deref(), self.description.as_deref(), self.tags.as_deref())
    }
}

fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        *field = value.clone();
    }
}

impl Play {
    pub(crate) async fn play(&mut self, call: &Call) -> Agreed {
        match call {
            Call::Look(number) => self.look(*number).await,
            Call::CreateApplication(meta) => self.create_application(meta).await,
            Call::GetApplication(at) => self.get_application(*at).await,
            Call::UpdateApplication(at, change) => self.update_application(*at, change).await,
            Call::DeleteApplication(at) => self.delete_application(*at).await,
            Call::CreateGroup(meta) => self.create_group(meta).await,
            Call::GetGroup(at) => self.get_group(*at).await,
            Call::UpdateGroup(at, change) => self.update_group(*at, change).await,
            Call::DeleteGroup(at) => self.delete_group(*at).await,
            Call::SetMembers(at, who) => self.set_members(*at, who).await,
            Call::AddMember(at, who) => self.add_member(*at, who).await,
            Call::AddMembers(at, who) => self.add_members(*at, who).await,
            Call::RemoveMember(at, who) => self.remove_member(*at, who).await,
            Call::CreatePolicy(meta, holder, rules) => self.create_policy(meta, holder, rules).await,
            Call::GetPolicy(at) => self.get_policy(*at).await,
            Call::UpdatePolicy(at, change, holder) => self.update_policy(*at, change, holder.as_ref()).await,
            Call::DeletePolicy(at) => self.delete_policy(*at).await,
            Call::ListRules(at) => self.list_rules(&pick(&self.model.policies, *at)).await,
            Call::SetRules(at, rules) => self.set_rules(*at, rules).await,
            Call::CreateProject(meta) => self.create_project(meta).await,
            Call::GetProject(at) => self.get_project(*at).await,
            Call::UpdateProject(at, change) => self.update_project(*at, change).await,
            Call::DeleteProject(at) => self.delete_project(*at).await,
            Call::CreateApiKey { who, description, expires, project } => {
                self.create_api_key(who, *description, *expires, *project).await
            }
            Call::GetApiKey(at) => self.get_api_key(*at).await,
            Call::UpdateApiKey { key, description, expires, project } => {
                self.update_api_key(*key, *description, *expires, *project).await
            }
            Call::DeleteApiKey(at) => self.delete_api_key(*at).await,
            Call::CreateSshKey { name, public_key, project } => {
                self.create_ssh_key(*name, *public_key, *project).await
            }
            Call::GetSshKey(at) => self.get_ssh_key(*at).await,
            Call::UpdateSshKey { key, name, disabled } => self.update_ssh_key(*key, *name, *disabled).await,
            Call::DeleteSshKey(at) => self.delete_ssh_key(*at).await,
            Call::CreateUser(person) => self.create_user(person).await,
            Call::GetUser(at) => self.get_user(*at).await,
            Call::UpdateUser { user, email, first_name, tags } => {
                self.update_user(*user, *email, *first_name, *tags).await
            }
            Call::UpdateUsername(at, name) => self.update_username(*at, *name).await,
            Call::LockUser(at) => self.lock(*at, true).await,
            Call::UnlockUser(at) => self.lock(*at, false).await,
            Call::DeleteUser(at) => self.delete_user(*at).await,
            Call::GetQuotum(at) => self.get_quotum(*at).await,
        }
    }

    async fn create_application(&mut self, meta: &Meta) -> Agreed {
        let wanted = CreateApplication {
            name: call::name(meta.name),
            description: call::description(meta.description),
            tags: call::tags(meta.tags),
        };
        let mut faults = text_faults(Some(&wanted.name), Some(&wanted.description), Some(&wanted.tags));
        faults.extend(self.model.quota_faults("iam_applications", self.model.applications.len()));
        let Some(got) = expect(&faults, self.client.create_application(&wanted).await)? else {
            return Ok(());
        };
        let mut want = got.clone();
        (want.name, want.description, want.tags) = (wanted.name, wanted.description, wanted.tags);
        want.organization_id = self.model.organization.clone();
        (want.editable, want.deletable, want.managed, want.nb_api_keys) = (true, true, false, 0);
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.applications.insert(got.id.clone(), want), &None)
    }

    async fn get_application(&self, at: At) -> Agreed {
        let id = pick(&self.model.applications, at);
        let faults = not_there(self.model.applications.contains_key(&id));
        let got = expect(&faults, self.client.get_application(&id).await)?;
        same(&got, &faults.is_empty().then(|| self.model.application(&id)))
    }

    async fn update_application(&mut self, at: At, change: &Change) -> Agreed {
        let id = pick(&self.model.applications, at);
        let texts = Texts::of(change);
        let mut faults = not_there(self.model.applications.contains_key(&id));
        faults.extend(protected(self.model.applications.get(&id).map(|it| it.managed)));
        faults.extend(texts.faults());
        let Texts { name, description, tags } = texts;
        let sent = UpdateApplication { name, description, tags };
        let Some(got) = expect(&faults, self.client.update_application(&id, &sent).await)? else {
            return Ok(());
        };
        let old = self.model.application(&id);
        let mut want = old.clone();
        set(&mut want.name, sent.name.as_ref());
        set(&mut want.description, sent.description.as_ref());
        set(&mut want.tags, sent.tags.as_ref());
        moved(old.updated_at, got.updated_at, want != old)?;
        want.updated_at = got.updated_at;
        same(&got, &want)?;
        self.model.applications.insert(id, want);
        Ok(())
    }

    async fn delete_application(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.applications, at);
        let mut faults = not_there(self.model.applications.contains_key(&id));
        faults.extend(protected(self.model.applications.get(&id).map(|it| it.managed)));
        if expect(&faults, self.client.delete_application(&id).await)?.is_some() {
            self.model.forget_application(&id);
            expect(&[ErrorKind::NotFound], self.client.get_application(&id).await)?;
        }
        Ok(())
    }

    async fn create_group(&mut self, meta: &Meta) -> Agreed {
        let wanted = CreateGroup {
            name: call::name(meta.name),
            description: call::description(meta.description),
            tags: call::tags(meta.tags),
        };
        self.make_group(wanted).await
    }

    pub(crate) async fn make_group(&mut self, wanted: CreateGroup) -> Agreed {
        let mut faults = text_faults(Some(&wanted.name), Some(&wanted.description), Some(&wanted.tags));
        faults.extend(self.model.group_name_faults(None, &wanted.name));
        faults.extend(self.model.quota_faults("iam_groups", self.model.groups.len()));
        let Some(got) = expect(&faults, self.client.create_group(&wanted).await)? else { return Ok(()) };
        let mut want = got.clone();
        (want.name, want.description, want.tags) = (wanted.name, wanted.description, wanted.tags);
        want.organization_id = self.model.organization.clone();
        (want.user_ids, want.application_ids) = (vec![], vec![]);
        (want.editable, want.deletable, want.managed) = (true, true, false);
        (want.all_users, want.all_applications) = (false, false);
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.groups.insert(got.id.clone(), want), &None)
    }

    async fn get_group(&self, at: At) -> Agreed {
        let id = pick(&self.model.groups, at);
        let want = self.model.groups.get(&id).cloned();
        let got = expect(&not_there(want.is_some()), self.client.get_group(&id).await)?;
        same(&got, &want)
    }

    async fn update_group(&mut self, at: At, change: &Change) -> Agreed {
        let id = pick(&self.model.groups, at);
        let texts = Texts::of(change);
        let mut faults = not_there(self.model.groups.contains_key(&id));
        faults.extend(texts.faults());
        if let Some(name) = &texts.name {
            faults.extend(self.model.group_name_faults(Some(&id), name));
        }
        let Texts { name, description, tags } = texts;
        let sent = UpdateGroup { name, description, tags };
        let Some(got) = expect(&faults, self.client.update_group(&id, &sent).await)? else { return Ok(()) };
        let old = self.model.groups[&id].clone();
        let mut want = old.clone();
        set(&mut want.name, sent.name.as_ref());
        set(&mut want.description, sent.description.as_ref());
        set(&mut want.tags, sent.tags.as_ref());
        moved(old.updated_at, got.updated_at, want != old)?;
        want.updated_at = got.updated_at;
        same(&sorted(got), &want)?;
        self.model.groups.insert(id, want);
        Ok(())
    }

    async fn delete_group(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.groups, at);
        let faults = not_there(self.model.groups.contains_key(&id));
        if expect(&faults, self.client.delete_group(&id).await)?.is_some() {
            self.model.forget_group(&id);
            expect(&[ErrorKind::NotFound], self.client.get_group(&id).await)?;
        }
        Ok(())
    }

    fn members(&self, who: &[call::Who]) -> (Vec<Member>, Members) {
        let members = unique(who.iter().map(|who| self.model.pick_member(who)));
        let mut sent = Members::default();
        for member in &members {
            match member {
                Member::User(id) => sent.user_ids.push(id.clone()),
                Member::Application(id) => sent.application_ids.push(id.clone()),
            }
        }
        (members, sent)
    }

    /// The group after a call about members: `updated_at` stays, and members are a set.
    fn group_now(&mut self, id: &GroupId, got: Group, change: impl FnOnce(&mut Group)) -> Agreed {
        let mut want = self.model.groups[id].clone();
        change(&mut want);
        let want = sorted(want);
        same(&sorted(got), &want)?;
        self.model.groups.insert(id.clone(), want);
        Ok(())
    }

    async fn set_members(&mut self, at: At, who: &[call::Who]) -> Agreed {
        let id = pick(&self.model.groups, at);
        let (members, sent) = self.members(who);
        let mut faults = not_there(self.model.groups.contains_key(&id));
        faults.extend(self.model.member_faults(&members));
        let Some(got) = expect(&faults, self.client.set_members(&id, &sent).await)? else { return Ok(()) };
        same(&(&got.user_ids, &got.application_ids), &(&sent.user_ids, &sent.application_ids))?; // in request order
        self.group_now(&id, got, |group| {
            (group.user_ids, group.application_ids) = (sent.user_ids, sent.application_ids);
        })
    }

    async fn add_member(&mut self, at: At, who: &call::Who) -> Agreed {
        let id = pick(&self.model.groups, at);
        let member = self.model.pick_member(who);
        let mut faults = not_there(self.model.groups.contains_key(&id));
        faults.extend(self.model.member_faults(std::slice::from_ref(&member)));
        let Some(got) = expect(&faults, self.client.add_member(&id, &member).await)? else { return Ok(()) };
        self.group_now(&id, got, |group| add(group, &member))
    }

    async fn add_members(&mut self, at: At, who: &[call::Who]) -> Agreed {
        let id = pick(&self.model.groups, at);
        let (members, sent) = self.members(who);
        let mut faults = not_there(self.model.groups.contains_key(&id));
        faults.extend(self.model.member_faults(&members));
        let Some(got) = expect(&faults, self.client.add_members(&id, &sent).await)? else { return Ok(()) };
        self.group_now(&id, got, |group| members.iter().for_each(|member| add(group, member)))
    }

    async fn remove_member(&mut self, at: At, who: &call::Who) -> Agreed {
        let id = pick(&self.model.groups, at);
        let member = self.model.pick_member(who);
        let group = self.model.groups.get(&id);
        let faults = not_there(group.is_some_and(|group| group.has(&member)));
        let answer = self.client.remove_member(&id, &member).await;
        if let (Some(_), Err(error)) = (group, &answer) {
            let of = match &member {
                Member::User(id) => id.as_str(),
                Member::Application(id) => id.as_str(),
            };
            same(&(error.resource(), error.resource_id()), &(Some(""), Some(of)))?; // as recorded
        }
        let Some(got) = expect(&faults, answer)? else { return Ok(()) };
        self.group_now(&id, got, |group| match &member {
            Member::User(id) => group.user_ids.retain(|other| other != id),
            Member::Application(id) => group.application_ids.retain(|other| other != id),
        })
    }

    async fn create_policy(&mut self, meta: &Meta, holder: &call::Holder, rules: &[call::Rule]) -> Agreed {
        let wanted = CreatePolicy {
            name: call::name(meta.name),
            description: call::description(meta.description),
            tags: call::tags(meta.tags),
            rules: rules.iter().map(|rule| self.model.spec(rule)).collect(),
            principal: self.model.pick_principal(holder),
        };
        self.make_policy(wanted).await
    }

    pub(crate) async fn make_policy(&mut self, wanted: CreatePolicy) -> Agreed {
        let mut faults = text_faults(Some(&wanted.name), Some(&wanted.description), Some(&wanted.tags));
        faults.extend(self.model.principal_faults(&wanted.principal));
        faults.extend(self.model.rule_faults(&wanted.rules));
        faults.extend(self.model.quota_faults("iam_policies", self.model.policies.len()));
        let Some(got) = expect(&faults, self.client.create_policy(&wanted).await)? else { return Ok(()) };
        let mut want = got.clone();
        (want.name, want.description, want.tags) = (wanted.name, wanted.description, wanted.tags);
        want.organization_id = self.model.organization.clone();
        (want.editable, want.deletable, want.managed) = (true, true, false);
        (want.nb_rules, want.nb_scopes, want.nb_permission_sets) = (Some(0), Some(0), Some(0)); // until the next read
        want.principal = Some(wanted.principal);
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        let id = got.id.clone();
        same(&self.model.policies.insert(id.clone(), want), &None)?;
        let rules = self.client.list_rules(&id).all().await.map_err(|error| error.to_string())?;
        self.learn_rules(&id, rules, &wanted.rules)?;
        self.read_policy(&id).await.map(drop)
    }

    async fn read_policy(&self, id: &PolicyId) -> Agreed<Policy> {
        let got = self.client.get_policy(id).await.map_err(|error| error.to_string())?;
        same(&got, &self.model.policy(id, &got))?;
        Ok(got)
    }

    async fn get_policy(&self, at: At) -> Agreed {
        let id = pick(&self.model.policies, at);
        if self.model.policies.contains_key(&id) {
            return self.read_policy(&id).await.map(drop);
        }
        expect(&[ErrorKind::NotFound], self.client.get_policy(&id).await).map(drop)
    }

    /// Section 5.3: the answer has the old `updated_at`. A change of principal leaves it, another one moves it.
    async fn update_policy(&mut self, at: At, change: &Change, holder: Option<&call::Holder>) -> Agreed {
        let id = pick(&self.model.policies, at);
        let texts = Texts::of(change);
        let principal = holder.map(|holder| self.model.pick_principal(holder));
        let mut faults = not_there(self.model.policies.contains_key(&id));
        faults.extend(protected(self.model.policies.get(&id).map(|it| it.managed)));
        faults.extend(texts.faults());
        faults.extend(principal.iter().flat_map(|principal| self.model.principal_faults(principal)));
        let Texts { name, description, tags } = texts;
        let sent = UpdatePolicy { name, description, tags, principal };
        let Some(got) = expect(&faults, self.client.update_policy(&id, &sent).await)? else { return Ok(()) };
        let mut want = self.model.policies[&id].clone();
        set(&mut want.name, sent.name.as_ref());
        set(&mut want.description, sent.description.as_ref());
        set(&mut want.tags, sent.tags.as_ref());
        let meta_changed = want != self.model.policies[&id];
        set(&mut want.principal, Some(&sent.principal).filter(|principal| principal.is_some()));
        self.model.policies.insert(id.clone(), want);
        same(&got, &self.model.policy(&id, &got))?;
        if sent.name.is_none() && sent.description.is_none() && sent.tags.is_none() {
            return self.read_policy(&id).await.map(drop);
        }
        self.policy_moved(&id, meta_changed).await
    }

    /// Learns the time of a policy that a call has moved.
    async fn policy_moved(&mut self, id: &PolicyId, changed: bool) -> Agreed {
        let got = self.client.get_policy(id).await.map_err(|error| error.to_string())?;
        let policy = self.model.policies.get_mut(id).unwrap();
        moved(policy.updated_at, got.updated_at, changed)?;
        policy.updated_at = got.updated_at;
        self.read_policy(id).await.map(drop)
    }

    async fn delete_policy(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.policies, at);
        let mut faults = not_there(self.model.policies.contains_key(&id));
        faults.extend(protected(self.model.policies.get(&id).map(|it| it.managed)));
        if expect(&faults, self.client.delete_policy(&id).await)?.is_some() {
            self.model.policies.remove(&id);
            self.model.rules.remove(&id);
            expect(&[ErrorKind::NotFound], self.client.get_policy(&id).await)?;
            expect(&[ErrorKind::NotFound], self.client.list_rules(&id).all().await)?;
        }
        Ok(())
    }

    pub(crate) async fn list_rules(&self, policy: &PolicyId) -> Agreed {
        let want = self.model.rules.get(policy).cloned();
        let got = expect(&not_there(want.is_some()), self.client.list_rules(policy).all().await)?;
        same(&got, &want)
    }

    async fn set_rules(&mut self, at: At, rules: &[call::Rule]) -> Agreed {
        let rules: Vec<_> = rules.iter().map(|rule| self.model.spec(rule)).collect();
        let id = pick(&self.model.policies, at);
        self.replace_rules(id, &rules).await
    }

    pub(crate) async fn replace_rules(&mut self, id: PolicyId, rules: &[RuleSpec]) -> Agreed {
        let mut faults = not_there(self.model.policies.contains_key(&id));
        faults.extend(protected(self.model.policies.get(&id).map(|it| it.managed)));
        faults.extend(self.model.rule_faults(rules));
        let Some(got) = expect(&faults, self.client.set_rules(&id, rules).await)? else { return Ok(()) };
        self.learn_rules(&id, got, rules)?;
        self.policy_moved(&id, !rules.is_empty()).await?;
        self.list_rules(&id).await
    }

    /// Rules come in the order of the request, each with an id that no rule had before.
    fn learn_rules(&mut self, policy: &PolicyId, got: Vec<Rule>, sent: &[RuleSpec]) -> Agreed {
        let old = self.model.rules.values().flatten().map(|rule| &rule.id);
        let ids = unique(old.chain(got.iter().map(|rule| &rule.id)));
        same(&ids.len(), &(self.model.rules.values().flatten().count() + got.len()))?;
        same(&got.len(), &sent.len())?;
        for (got, sent) in got.iter().zip(sent) {
            let mut want = got.clone();
            want.permission_set_names.clone_from(&sent.permission_set_names);
            want.permission_sets_scope_type = scope_type(&sent.permission_set_names[0]);
            want.condition.clone_from(&sent.condition);
            want.scope = Some(match &sent.scope {
                SpecScope::Projects(ids) => RuleScope::Projects(ids.clone()),
                SpecScope::Organization(id) => RuleScope::Organization(id.clone()),
            });
            same(got, &want)?;
        }
        self.model.rules.insert(policy.clone(), got);
        Ok(())
    }

    async fn create_project(&mut self, meta: &Meta) -> Agreed {
        let (name, description) = (call::name(meta.name), call::description(meta.description));
        let mut faults = project_text_faults(Some(&name), Some(&description));
        faults.extend(self.model.quota_faults("projects", self.model.projects.len()));
        let wanted = CreateProject { name, description };
        let Some(got) = expect(&faults, self.client.create_project(&wanted).await)? else { return Ok(()) };
        let mut want = got.clone();
        (want.name, want.description, want.status) = (wanted.name, wanted.description, None);
        want.organization_id = self.model.organization.clone();
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.projects.insert(got.id.clone(), want), &None)
    }

    async fn get_project(&self, at: At) -> Agreed {
        let id = pick(&self.model.projects, at);
        let want = self.model.projects.get(&id).cloned();
        let got = expect(&not_there(want.is_some()), self.client.get_project(&id).await)?;
        same(&got, &want)
    }

    async fn update_project(&mut self, at: At, change: &Change) -> Agreed {
        let id = pick(&self.model.projects, at);
        let Texts { name, description, tags: _ } = Texts::of(change);
        let mut faults = not_there(self.model.projects.contains_key(&id));
        faults.extend(project_text_faults(name.as_deref(), description.as_deref()));
        let sent = UpdateProject { name, description };
        let Some(got) = expect(&faults, self.client.update_project(&id, &sent).await)? else { return Ok(()) };
        let old = self.model.projects[&id].clone();
        let mut want = old.clone();
        set(&mut want.name, sent.name.as_ref());
        set(&mut want.description, sent.description.as_ref());
        moved(old.updated_at, got.updated_at, want != old)?;
        want.updated_at = got.updated_at;
        same(&got, &want)?;
        self.model.projects.insert(id, want);
        Ok(())
    }

    /// A project has to be empty: SSH keys are in it. The default one is the organization's own.
    async fn delete_project(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.projects, at);
        let mut faults = not_there(self.model.projects.contains_key(&id));
        let used = self.model.ssh_keys.values().any(|key| key.project_id == id);
        faults.extend(fault(
            used || id.as_str() == self.model.organization.as_str(),
            ErrorKind::PreconditionFailed,
        ));
        if expect(&faults, self.client.delete_project(&id).await)?.is_some() {
            self.model.forget_project(&id);
            expect(&[ErrorKind::NotFound], self.client.get_project(&id).await)?;
        }
        Ok(())
    }

    /// Keys are made for applications and for oneself, which is the owner; never for another person.
    async fn create_api_key(
        &mut self,
        who: &call::Who,
        text: usize,
        expires: Option<usize>,
        project: Option<At>,
    ) -> Agreed {
        let member = self.model.pick_member(who);
        let bearer = match &member {
            Member::User(id) => Bearer::User(id.clone()),
            Member::Application(id) => Bearer::Application(id.clone()),
        };
        let expires_at: Option<Timestamp> = expires.map(|at| EXPIRIES[at].parse().unwrap());
        let wanted = CreateApiKey {
            bearer: bearer.clone(),
            description: call::description(text),
            expires_at,
            default_project_id: project.map(|at| pick(&self.model.projects, at)),
        };
        let mut faults = self.model.member_faults(std::slice::from_ref(&member));
        faults.extend(fault(
            !bounded(Some(&wanted.description)) || is_past(expires_at),
            ErrorKind::InvalidArguments,
        ));
        faults.extend(self.model.project_faults(wanted.default_project_id.as_ref()));
        faults.extend(self.model.quota_faults("iam_api_keys", self.model.api_keys.len()));
        if let Bearer::User(id) = &bearer {
            faults.extend(fault(id.as_str() != OWNER, ErrorKind::Forbidden));
        }
        if let Bearer::Application(id) = &bearer
            && self.model.applications.get(id).is_some_and(|application| application.managed)
        {
            return Ok(()); // nothing is known of it
        }
        let Some(got) = expect(&faults, self.client.create_api_key(&wanted).await)? else { return Ok(()) };
        same(&got.secret.expose().len(), &36)?;
        let (got, mut want) = (got.key.clone(), got.key);
        want.bearer = Some(bearer);
        want.description = wanted.description;
        want.expires_at = wanted.expires_at.map(cut);
        want.default_project_id =
            wanted.default_project_id.unwrap_or_else(|| self.model.organization.as_str().parse().unwrap());
        (want.editable, want.deletable, want.managed) = (true, true, false);
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.api_keys.insert(got.access_key.clone(), want), &None)
    }

    async fn get_api_key(&self, at: At) -> Agreed {
        let id = self.model.pick_key(at);
        let want = self.model.api_keys.get(&id).cloned();
        let got = expect(&not_there(want.is_some()), self.client.get_api_key(&id).await)?;
        same(&got, &want)
    }

    async fn update_api_key(
        &mut self,
        at: At,
        text: Option<usize>,
        expires: Option<usize>,
        project: Option<At>,
    ) -> Agreed {
        let id = self.model.pick_key(at);
        let sent = UpdateApiKey {
            default_project_id: project.map(|at| pick(&self.model.projects, at)),
            description: text.map(call::description),
            expires_at: expires.map(|at| EXPIRIES[at].parse().unwrap()),
        };
        let mut faults = not_there(self.model.api_keys.contains_key(&id));
        let bad = !bounded(sent.description.as_deref()) || is_past(sent.expires_at);
        let current = self.model.api_keys.get(&id).and_then(|key| key.expires_at);
        let changes = sent.expires_at.map(cut).zip(current).is_some_and(|(new, old)| new != old);
        faults.extend(fault(bad || changes, ErrorKind::InvalidArguments));
        faults.extend(self.model.project_faults(sent.default_project_id.as_ref()));
        let Some(got) = expect(&faults, self.client.update_api_key(&id, &sent).await)? else { return Ok(()) };
        let old = self.model.api_keys[&id].clone();
        let mut want = old.clone();
        set(&mut want.default_project_id, sent.default_project_id.as_ref());
        set(&mut want.description, sent.description.as_ref());
        want.expires_at = sent.expires_at.map(cut).or(want.expires_at);
        moved(old.updated_at, got.updated_at, want != old)?;
        want.updated_at = got.updated_at;
        same(&got, &want)?;
        self.model.api_keys.insert(id, want);
        Ok(())
    }

    async fn delete_api_key(&mut self, at: At) -> Agreed {
        let id = self.model.pick_key(at);
        if id.as_str() == OWN_KEY {
            return Ok(()); // it would be the last call
        }
        let faults = not_there(self.model.api_keys.contains_key(&id));
        if expect(&faults, self.client.delete_api_key(&id).await)?.is_some() {
            self.model.api_keys.remove(&id);
            expect(&[ErrorKind::NotFound], self.client.get_api_key(&id).await)?;
        }
        Ok(())
    }

    /// The comment of a public key is cut off; the same key twice is allowed.
    async fn create_ssh_key(&mut self, name: usize, public_key: usize, project: At) -> Agreed {
        let wanted = CreateSshKey {
            name: call::ssh_key_name(name),
            public_key: call::public_key(public_key),
            project_id: pick(&self.model.projects, project),
        };
        let bad = wanted.name.chars().count() > 1000 || !wanted.public_key.starts_with(call::PUBLIC_KEY);
        let mut faults = fault(bad, ErrorKind::InvalidArguments);
        faults.extend(self.model.project_faults(Some(&wanted.project_id)));
        faults.extend(self.model.quota_faults("iam_ssh_keys", self.model.ssh_keys.len()));
        let Some(got) = expect(&faults, self.client.create_ssh_key(&wanted).await)? else { return Ok(()) };
        let mut want = got.clone();
        (want.name, want.public_key, want.project_id) =
            (wanted.name, call::PUBLIC_KEY.to_owned(), wanted.project_id);
        (want.fingerprint, want.disabled) = (FINGERPRINT.to_owned(), false);
        want.organization_id = self.model.organization.clone();
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.ssh_keys.insert(got.id.clone(), want), &None)
    }

    async fn get_ssh_key(&self, at: At) -> Agreed {
        let id = pick(&self.model.ssh_keys, at);
        let want = self.model.ssh_keys.get(&id).cloned();
        let got = expect(&not_there(want.is_some()), self.client.get_ssh_key(&id).await)?;
        same(&got, &want)
    }

    async fn update_ssh_key(&mut self, at: At, name: Option<usize>, disabled: Option<bool>) -> Agreed {
        let id = pick(&self.model.ssh_keys, at);
        let sent = UpdateSshKey { name: name.map(call::ssh_key_name), disabled };
        let mut faults = not_there(self.model.ssh_keys.contains_key(&id));
        let long = sent.name.as_ref().is_some_and(|name| name.chars().count() > 1000);
        faults.extend(fault(long, ErrorKind::InvalidArguments));
        let Some(got) = expect(&faults, self.client.update_ssh_key(&id, &sent).await)? else { return Ok(()) };
        let old = self.model.ssh_keys[&id].clone();
        let mut want = old.clone();
        set(&mut want.name, sent.name.as_ref());
        set(&mut want.disabled, sent.disabled.as_ref());
        moved(old.updated_at, got.updated_at, want != old)?;
        want.updated_at = got.updated_at;
        same(&got, &want)?;
        self.model.ssh_keys.insert(id, want);
        Ok(())
    }

    async fn delete_ssh_key(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.ssh_keys, at);
        let faults = not_there(self.model.ssh_keys.contains_key(&id));
        if expect(&faults, self.client.delete_ssh_key(&id).await)?.is_some() {
            self.model.ssh_keys.remove(&id);
            expect(&[ErrorKind::NotFound], self.client.get_ssh_key(&id).await)?;
        }
        Ok(())
    }

    async fn create_user(&mut self, person: &Person) -> Agreed {
        let member = NewMember {
            email: call::email(person.email),
            username: call::username(person.username),
            first_name: call::first_name(person.first_name),
            ..NewMember::default()
        };
        self.make_user(member, call::tags(person.tags)).await
    }

    pub(crate) async fn make_user(&mut self, member: NewMember, tags: Vec<String>) -> Agreed {
        let mut faults = self.model.user_faults(None, Some(&member.email), Some(&member.username));
        faults.extend(text_faults(None, None, Some(&tags)));
        faults.extend(fault(member.first_name.len() > 64, ErrorKind::InvalidArguments));
        faults.extend(self.model.quota_faults("iam_users", self.model.users.len()));
        let wanted = CreateUser { tags: tags.clone(), user: NewUser::Member(Box::new(member.clone())) };
        let Some(got) = expect(&faults, self.client.create_user(&wanted).await)? else { return Ok(()) };
        let none = String::new;
        let want = User {
            id: got.id.clone(),
            email: member.email,
            username: member.username,
            first_name: member.first_name,
            last_name: none(),
            phone_number: none(),
            locale: "en_US".to_owned(),
            created_at: got.created_at,
            updated_at: got.updated_at,
            organization_id: self.model.organization.clone(),
            deletable: true,
            last_login_at: None,
            kind: UserType::Member,
            two_factor_enabled: false,
            status: Some(UserStatus::Activated),
            mfa: false,
            account_root_user_id: none(),
            tags,
            locked: false,
            unknown: Default::default(),
        };
        same(&got, &want)?;
        born(got.created_at, got.updated_at)?;
        same(&self.model.users.insert(got.id.clone(), want), &None)
    }

    async fn get_user(&self, at: At) -> Agreed {
        let id = pick(&self.model.users, at);
        let want = self.model.users.get(&id).cloned();
        let got = expect(&not_there(want.is_some()), self.client.get_user(&id).await)?;
        same(&got, &want)
    }

    /// Section 5.6: the answer has the old `updated_at`, the next read the new one.
    async fn user_moved(&mut self, id: &UserId, got: &User, change: impl FnOnce(&mut User)) -> Agreed {
        let old = self.model.users[id].clone();
        let mut want = old.clone();
        change(&mut want);
        let changed = want != old;
        same(got, &want)?;
        let read = self.client.get_user(id).await.map_err(|error| error.to_string())?;
        moved(old.updated_at, read.updated_at, changed)?;
        want.updated_at = read.updated_at;
        same(&read, &want)?;
        self.model.users.insert(id.clone(), want);
        Ok(())
    }

    async fn update_user(
        &mut self,
        at: At,
        email: Option<usize>,
        first: Option<usize>,
        tags: Option<usize>,
    ) -> Agreed {
        let id = pick(&self.model.users, at);
        let sent = UpdateUser {
            email: email.map(call::email),
            first_name: first.map(call::first_name),
            tags: tags.map(call::tags),
            ..UpdateUser::default()
        };
        let mut faults = not_there(self.model.users.contains_key(&id));
        faults.extend(self.model.user_faults(Some(&id), sent.email.as_deref(), None));
        let long = sent.first_name.as_ref().is_some_and(|name| name.chars().count() > 64);
        faults.extend(text_faults(None, None, sent.tags.as_deref()));
        faults.extend(fault(long, ErrorKind::InvalidArguments));
        let Some(got) = expect(&faults, self.client.update_user(&id, &sent).await)? else { return Ok(()) };
        self.user_moved(&id, &got, |user| {
            set(&mut user.email, sent.email.as_ref());
            set(&mut user.first_name, sent.first_name.as_ref());
            set(&mut user.tags, sent.tags.as_ref());
        })
        .await
    }

    async fn update_username(&mut self, at: At, name: usize) -> Agreed {
        let (id, username) = (pick(&self.model.users, at), call::username(name));
        let mut faults = not_there(self.model.users.contains_key(&id));
        faults.extend(self.model.user_faults(Some(&id), None, Some(&username)));
        if id.as_str() == OWNER {
            return Ok(()); // nothing is known of it
        }
        let Some(got) = expect(&faults, self.client.update_username(&id, &username).await)? else {
            return Ok(());
        };
        self.user_moved(&id, &got, |user| user.username = username).await
    }

    /// Whether locking moves `updated_at`, and when, is not known: it is learned.
    async fn lock(&mut self, at: At, locked: bool) -> Agreed {
        let id = pick(&self.model.users, at);
        if id.as_str() == OWNER {
            return Ok(()); // nothing is known of it
        }
        let faults = not_there(self.model.users.contains_key(&id));
        let answer =
            if locked { self.client.lock_user(&id).await } else { self.client.unlock_user(&id).await };
        let Some(got) = expect(&faults, answer)? else { return Ok(()) };
        let read = self.client.get_user(&id).await.map_err(|error| error.to_string())?;
        let user = self.model.users.get_mut(&id).unwrap();
        moved(user.updated_at, read.updated_at, false)?;
        (user.updated_at, user.locked) = (read.updated_at, locked);
        same(&got.locked, &locked)?;
        same(&read, user)
    }

    async fn delete_user(&mut self, at: At) -> Agreed {
        let id = pick(&self.model.users, at);
        let mut faults = not_there(self.model.users.contains_key(&id));
        faults.extend(fault(id.as_str() == OWNER, ErrorKind::Forbidden));
        if expect(&faults, self.client.delete_user(&id).await)?.is_some() {
            self.model.forget_user(&id);
            expect(&[ErrorKind::NotFound], self.client.get_user(&id).await)?;
        }
        Ok(())
    }

    async fn get_quotum(&self, at: At) -> Agreed {
        let name: String = pick(&self.model.quota, at);
        let limit = self.model.quota.get(&name).copied();
        if limit.is_none() && name != UNKNOWN {
            return Ok(());
        }
        let got = expect(&not_there(limit.is_some()), self.client.get_quotum(&name.parse().unwrap()).await)?;
        let want = limit.map(|limit| limit.map(QuotaAmount::Limit));
        same(&got.map(|quotum| quotum.amount), &want)
    }
}

fn is_past(time: Option<Timestamp>) -> bool {
    time.is_some_and(|time| time < Timestamp::now())
}

/// Members are a set: a read serves them sorted, a write as they were sent.
fn sorted(mut group: Group) -> Group {
    group.user_ids.sort();
    group.application_ids.sort();
    group
}

fn add(group: &mut Group, member: &Member) {
    match member {
        Member::User(id) if !group.user_ids.contains(id) => group.user_ids.push(id.clone()),
        Member::Application(id) if !group.application_ids.contains(id) => {
            group.application_ids.push(id.clone());
        }
        Member::User(_) | Member::Application(_) => {}
    }
}
