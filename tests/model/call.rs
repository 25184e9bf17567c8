//! The calls of a sequence, as small numbers: which of what exists, and which of a few texts. Smaller is plainer.
use proptest::prelude::*;

/// Which of what exists, in the order of ids; [`NOBODY`] for an id that nothing bears.
pub(crate) type At = u8;

pub(crate) const NOBODY: At = At::MAX;

/// What an object is made with; the numbers choose from the tables below.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) name: usize,
    pub(crate) description: usize,
    pub(crate) tags: usize,
}

/// What of it is changed.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) name: Option<usize>,
    pub(crate) description: Option<usize>,
    pub(crate) tags: Option<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum Who {
    User(At),
    Application(At),
}

#[derive(Debug, Clone)]
pub(crate) enum Holder {
    Nobody,
    User(At),
    Group(At),
    Application(At),
}

#[derive(Debug, Clone)]
pub(crate) enum Scope {
    Organization,
    Projects(Vec<At>),
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) sets: Vec<usize>,
    pub(crate) condition: usize,
    pub(crate) scope: Scope,
    /// Whether the first permission set is named a second time, and the first project too.
    pub(crate) twice: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) email: usize,
    pub(crate) username: usize,
    pub(crate) first_name: usize,
    pub(crate) tags: usize,
}

/// One call, or a look at every list.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    Look(usize),
    CreateApplication(Meta),
    GetApplication(At),
    UpdateApplication(At, Change),
    DeleteApplication(At),
    CreateGroup(Meta),
    GetGroup(At),
    UpdateGroup(At, Change),
    DeleteGroup(At),
    SetMembers(At, Vec<Who>),
    AddMember(At, Who),
    AddMembers(At, Vec<Who>),
    RemoveMember(At, Who),
    CreatePolicy(Meta, Holder, Vec<Rule>),
    GetPolicy(At),
    UpdatePolicy(At, Change, Option<Holder>),
    DeletePolicy(At),
    ListRules(At),
    SetRules(At, Vec<Rule>),
    CreateProject(Meta),
    GetProject(At),
    UpdateProject(At, Change),
    DeleteProject(At),
    CreateApiKey { who: Who, description: usize, expires: Option<usize>, project: Option<At> },
    GetApiKey(At),
    UpdateApiKey { key: At, description: Option<usize>, expires: Option<usize>, project: Option<At> },
    DeleteApiKey(At),
    CreateSshKey { name: usize, public_key: usize, project: At },
    GetSshKey(At),
    UpdateSshKey { key: At, name: Option<usize>, disabled: Option<bool> },
    DeleteSshKey(At),
    CreateUser(Person),
    GetUser(At),
    UpdateUser { user: At, email: Option<usize>, first_name: Option<usize>, tags: Option<usize> },
    UpdateUsername(At, usize),
    LockUser(At),
    UnlockUser(At),
    DeleteUser(At),
    GetQuotum(At),
}

/// Names; what each kind makes of them, the model says.
pub(crate) fn name(at: usize) -> String {
    let plain = [
        "alpha",
        "Beta",
        "gamma 2",
        "delta-4",
        "Epsilon_5",
        "z.eta",
        "Theta (8)",
        "",
        "a/b",
        " left",
        "right ",
        "two  spaces",
        "é",
        "tab\there",
    ];
    match at {
        14 => "x".repeat(64),
        15 => "x".repeat(65),
        _ => plain[at].to_owned(),
    }
}
const NAMES: usize = 16;

pub(crate) fn description(at: usize) -> String {
    match at {
        0 => String::new(),
        1 => "a description: €, \"quoted\"".to_owned(),
        2 => "é".repeat(200), // 200 characters, 400 bytes
        _ => "d".repeat(201),
    }
}
const DESCRIPTIONS: usize = 4;

pub(crate) fn tags(at: usize) -> Vec<String> {
    let numbered = |count| (0..count).map(|number| format!("tag-{number}")).collect();
    match at {
        0 => vec![],
        1 => vec!["team=blue".to_owned()],
        2 => vec!["Stage=prod".to_owned(), "a".to_owned()],
        3 => numbered(10),
        4 => numbered(11),
        5 => vec!["a".to_owned(), "team:blue".to_owned()],
        6 => vec!["x".repeat(71)],
        _ => vec!["a".to_owned(), "a".to_owned()],
    }
}
const TAGS: usize = 8;

/// Permission sets: three of projects, two of the organization, one that does not exist.
pub(crate) const SETS: [&str; 6] = [
    "InstancesFullAccess",
    "AllProductsReadOnly",
    "ObjectStorageReadOnly",
    "IAMManager",
    "BillingReadOnly",
    "NoSuchSet",
];

pub(crate) fn condition(at: usize) -> String {
    match at {
        0 => String::new(),
        1 => "request.user_agent == 'terraform-test'".to_owned(),
        2 => "1 ==".to_owned(),
        _ => format!("'{}' == ''", "c".repeat(2048)),
    }
}
const CONDITIONS: usize = 4;

pub(crate) const EXPIRIES: [&str; 4] = [
    "2093-07-06T09:00:00Z",
    "2095-07-06T09:00:00.879Z",
    "2094-07-06T11:00:00.648653377+02:00", // more than microseconds: cut
    "2020-07-06T09:00:00Z",
];

/// A recorded key and its fingerprint.
pub(crate) const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICJEoOOgQBLJPs4g/XcPTKT82NywNPpxeuA20FlOPlpO";
pub(crate) const FINGERPRINT: &str = "256 MD5:6b:cd:72:8a:ae:45:24:4b:2b:72:f6:d0:6a:8d:16:06 (ssh-ed25519)";

pub(crate) fn public_key(at: usize) -> String {
    match at {
        0 => PUBLIC_KEY.to_owned(),
        1 => format!("{PUBLIC_KEY} me@example.com"),
        2 => "ssh-ed25519 nonsense".to_owned(),
        _ => String::new(),
    }
}

pub(crate) fn ssh_key_name(at: usize) -> String {
    match at {
        0 => "laptop".to_owned(),
        1 => "Büro / 2".to_owned(),
        2 => String::new(),
        3 => "k".repeat(1000),
        _ => "k".repeat(1001),
    }
}

pub(crate) fn email(at: usize) -> String {
    format!("person{at}@example.com")
}
const EMAILS: usize = 5;

pub(crate) fn username(at: usize) -> String {
    match at {
        0..4 => ["ann", "Bob.b", "carl@x", "d_d-4"][at].to_owned(),
        4 => "u".repeat(150),
        5 => "u".repeat(151),
        6 => "u".to_owned(),
        _ => "with space".to_owned(),
    }
}
const USERNAMES: usize = 8;

pub(crate) fn first_name(at: usize) -> String {
    match at {
        0 => String::new(),
        1 => "Zoé".to_owned(),
        _ => "n".repeat(65),
    }
}
const FIRST_NAMES: usize = 3;

fn at() -> impl Strategy<Value = At> + Clone {
    prop_oneof![14 => 0_u8..12, 1 => Just(NOBODY)]
}

/// Mostly one of the first, which are good.
fn of(good: usize, all: usize) -> impl Strategy<Value = usize> + Clone {
    prop_oneof![12 => 0..good, 1 => 0..all]
}

fn meta() -> impl Strategy<Value = Meta> + Clone {
    (of(7, NAMES), of(3, DESCRIPTIONS), of(4, TAGS)).prop_map(|(name, description, tags)| Meta {
        name,
        description,
        tags,
    })
}

fn change() -> impl Strategy<Value = Change> + Clone {
    let option = |good, all| prop::option::of(of(good, all));
    (option(7, NAMES), option(3, DESCRIPTIONS), option(4, TAGS))
        .prop_map(|(name, description, tags)| Change { name, description, tags })
}

fn who() -> impl Strategy<Value = Who> + Clone {
    prop_oneof![at().prop_map(Who::Application), at().prop_map(Who::User)]
}

fn holder() -> impl Strategy<Value = Holder> + Clone {
    prop_oneof![
        Just(Holder::Nobody),
        at().prop_map(Holder::Application),
        at().prop_map(Holder::Group),
        at().prop_map(Holder::User),
    ]
}

fn rule() -> impl Strategy<Value = Rule> + Clone {
    let sets = prop::collection::vec(0_usize..3, 1..3);
    let projects = prop::collection::vec(at(), 1..4);
    let of_projects = (sets, projects).prop_map(|(sets, projects)| (sets, Scope::Projects(projects)));
    let of_organization =
        prop::collection::vec(0_usize..5, 1..2).prop_map(|sets| (sets, Scope::Organization));
    let scope =
        prop_oneof![Just(Scope::Organization), prop::collection::vec(at(), 0..2).prop_map(Scope::Projects)];
    let any = (prop::collection::vec(0..SETS.len(), 0..3), scope);
    (
        prop_oneof![6 => of_projects, 4 => of_organization, 1 => any],
        of(2, CONDITIONS),
        prop::bool::weighted(0.04),
    )
        .prop_map(|((sets, scope), condition, twice)| Rule { sets, condition, scope, twice })
}

fn application_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => meta().prop_map(Call::CreateApplication),
        1 => at().prop_map(Call::GetApplication),
        2 => (at(), change()).prop_map(|(at, change)| Call::UpdateApplication(at, change)),
        2 => at().prop_map(Call::DeleteApplication),
    ]
}

fn group_call() -> impl Strategy<Value = Call> {
    let several = prop::collection::vec(who(), 1..4);
    prop_oneof![
        6 => meta().prop_map(Call::CreateGroup),
        1 => at().prop_map(Call::GetGroup),
        2 => (at(), change()).prop_map(|(at, change)| Call::UpdateGroup(at, change)),
        1 => at().prop_map(Call::DeleteGroup),
        2 => (at(), prop::collection::vec(who(), 0..4)).prop_map(|(at, who)| Call::SetMembers(at, who)),
        3 => (at(), who()).prop_map(|(at, who)| Call::AddMember(at, who)),
        2 => (at(), several).prop_map(|(at, who)| Call::AddMembers(at, who)),
        3 => (at(), who()).prop_map(|(at, who)| Call::RemoveMember(at, who)),
    ]
}

fn policy_call() -> impl Strategy<Value = Call> {
    let rules = || prop::collection::vec(rule(), 0..4);
    prop_oneof![
        6 => (meta(), holder(), rules()).prop_map(|(meta, holder, rules)| Call::CreatePolicy(meta, holder, rules)),
        1 => at().prop_map(Call::GetPolicy),
        2 => (at(), change(), prop::option::of(holder()))
            .prop_map(|(at, change, holder)| Call::UpdatePolicy(at, change, holder)),
        1 => at().prop_map(Call::DeletePolicy),
        1 => at().prop_map(Call::ListRules),
        3 => (at(), rules()).prop_map(|(at, rules)| Call::SetRules(at, rules)),
    ]
}

fn project_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => meta().prop_map(Call::CreateProject),
        1 => at().prop_map(Call::GetProject),
        1 => (at(), change()).prop_map(|(at, change)| Call::UpdateProject(at, change)),
        2 => at().prop_map(Call::DeleteProject),
    ]
}

fn key_call() -> impl Strategy<Value = Call> {
    let descriptions = || of(3, DESCRIPTIONS);
    let expires = || prop::option::of(of(3, EXPIRIES.len()));
    let project = || prop::option::of(at());
    let change = (at(), prop::option::of(descriptions()), expires(), project());
    let ssh_key = (of(4, 5), of(2, 4), at());
    let change_ssh = (at(), prop::option::of(of(4, 5)), prop::option::of(any::<bool>()));
    prop_oneof![
        6 => (who(), descriptions(), expires(), project()).prop_map(|(who, description, expires, project)| {
            Call::CreateApiKey { who, description, expires, project }
        }),
        1 => at().prop_map(Call::GetApiKey),
        2 => change.prop_map(|(key, description, expires, project)| {
            Call::UpdateApiKey { key, description, expires, project }
        }),
        1 => at().prop_map(Call::DeleteApiKey),
        2 => ssh_key
            .prop_map(|(name, public_key, project)| Call::CreateSshKey { name, public_key, project }),
        1 => at().prop_map(Call::GetSshKey),
        2 => change_ssh.prop_map(|(key, name, disabled)| Call::UpdateSshKey { key, name, disabled }),
        1 => at().prop_map(Call::DeleteSshKey),
    ]
}

fn user_call() -> impl Strategy<Value = Call> {
    let person = (0..EMAILS, of(5, USERNAMES), of(2, FIRST_NAMES), of(4, TAGS));
    let email = prop::option::of(0..EMAILS);
    let change = (at(), email, prop::option::of(of(2, FIRST_NAMES)), prop::option::of(of(4, TAGS)));
    prop_oneof![
        4 => person.prop_map(|(email, username, first_name, tags)| {
            Call::CreateUser(Person { email, username, first_name, tags })
        }),
        1 => at().prop_map(Call::GetUser),
        2 => change.prop_map(|(user, email, first_name, tags)| {
            Call::UpdateUser { user, email, first_name, tags }
        }),
        2 => (at(), of(5, USERNAMES)).prop_map(|(at, username)| Call::UpdateUsername(at, username)),
        1 => at().prop_map(Call::LockUser),
        1 => at().prop_map(Call::UnlockUser),
        2 => at().prop_map(Call::DeleteUser),
        1 => at().prop_map(Call::GetQuotum),
    ]
}

/// Any sequence of calls, with a look now and then.
pub(crate) fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        2 => application_call(),
        3 => group_call(),
        3 => policy_call(),
        2 => project_call(),
        2 => key_call(),
        2 => user_call(),
        1 => (0_usize..60).prop_map(Call::Look),
    ];
    prop::collection::vec(call, 1..60)
}
