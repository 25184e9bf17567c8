//! A state that is exported and loaded again is the same state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::options::{ExportOptions, Split};
use super::{SCHEMA, export};
use crate::config::Source;
use crate::config::read::read;
use crate::config::until::compose;
use crate::model::*;

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn id(bits: u128) -> Id {
    Id::from_bits(0x105b_dce1_64c0_48ab_899d_0000_0000_0000 + bits)
}

fn options<'a>(stack: Option<&'a Stack>, split: Split, titles: &'a HashMap<Id, String>) -> ExportOptions<'a> {
    ExportOptions {
        stack,
        split,
        titles,
        catalogue: Catalogue::published(),
        now: now(),
        schema: Some(SCHEMA.0),
        part: None,
    }
}

fn any_name() -> impl Strategy<Value = Name> {
    let traps =
        ["no", "on", "1e3", "08", "null", "Yes", "2027-01-31", "0x1F", "1.5", "y", "_", "-", "(", ".", "..."];
    let text = prop_oneof![
        3 => "[a-z]{1,3}".boxed(),
        2 => "[A-Za-z0-9_().-]{1,6}( {1,2}[A-Za-z0-9_().-]{1,4})?".boxed(),
        1 => select(traps.to_vec()).prop_map(str::to_owned).boxed(),
        1 => "[a-z]{64}".boxed(),
    ];
    text.prop_map(|text| text.parse().unwrap())
}

fn any_email() -> impl Strategy<Value = Email> {
    "[A-Za-z0-9.+'!#%&*/=?^_`{|}~é-]{1,8}@[a-z]{1,4}\\.io".prop_map(|text| text.parse().unwrap())
}

fn any_words() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just(String::new()), "[ -~]{1,40}", "[a-zé:#\n ]{1,40}", "\\PC{1,20}"];
    text.prop_filter("a description", |text| check_description(text).is_ok())
}

fn any_meta(stack: Option<Stack>) -> impl Strategy<Value = Meta> {
    (any_words(), btree_set("[a-zA-Z0-9._/=+@ -]{1,8}", 0..4)).prop_map(move |(description, tags)| Meta {
        description,
        tags: tags.into_iter().filter(|tag| tag.parse::<Tag>().is_ok()).collect(),
        owner: stack.clone().map(Owner::Stack),
    })
}

fn any_user(stack: Option<Stack>) -> impl Strategy<Value = User> {
    let text = || prop_oneof![Just(String::new()), "[a-zA-Zé' -]{1,9}"];
    let locale = prop_oneof![Just("en_US".to_owned()), Just("fr_FR".to_owned())];
    ("[a-zA-Z0-9@._-]{2,9}", text(), text(), locale, any_meta(stack)).prop_map(
        |(username, first_name, last_name, locale, meta)| {
            let phone_number = last_name.clone();
            let profile = Box::new(UserProfile { first_name, last_name, phone_number, locale });
            let meta = Meta { description: String::new(), ..meta };
            User { meta, profile, ..User::member(username) }
        },
    )
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let inner = select(vec![
        "1 == 1",
        "request.user_agent == 'terraform-test'",
        "resource.name.startsWith(\"/ci/\") || !has(resource.id)",
        "true",
        "[1, 2].exists(x, x == 2)",
        "request.ip == \"192.0.2.1\" ||\n  request.ip == \"192.0.2.2\"",
        "\n 1 == 1 \n\n",
        "1 == 1 // é: #\n",
        "request.time < timestamp(\"2030-01-01T00:00:00Z\")",
        "request.time < timestamp(\"2020-01-01T00:00:00Z\")",
        "(1 == 1) || (2 == 2)",
    ]);
    let end = select(vec!["2030-01-01T00:00:00Z", "2027-02-01T10:20:30.5Z", "2020-01-01T00:00:00Z"]);
    (inner, option::of(end)).prop_map(|(inner, end)| {
        let text = match end {
            Some(end) => compose(Some(inner), end.parse().unwrap()),
            None => inner.to_owned(),
        };
        text.parse().unwrap()
    })
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let of = |wanted: ScopeType| -> Vec<PermissionSetName> {
        let sets = Catalogue::published().iter().filter(|(_, set)| set.scope_type == wanted);
        sets.map(|(name, _)| name.clone()).collect()
    };
    let scope = prop_oneof![
        Just(Scope::AllProjects),
        btree_set((0u128..6).prop_map(id), 1..4).prop_map(Scope::Projects)
    ];
    let projects = (btree_set(select(of(ScopeType::Projects)), 1..9), scope);
    let organization = (btree_set(select(of(ScopeType::Organization)), 1..4), Just(Scope::Organization));
    (prop_oneof![projects, organization], option::of(any_condition()))
        .prop_map(|((permission_sets, scope), condition)| Rule { permission_sets, scope, condition })
}

/// A state that files can say all of.
fn any_state(stack: Option<Stack>) -> impl Strategy<Value = State> {
    let projects = vec(select(vec!["prod", "default", "Prod", "no", "prod-105bdce1", "a, b: [c] #d"]), 6);
    let users = btree_map(any_email(), any_user(stack.clone()), 1..5);
    let applications = btree_map(any_name(), any_meta(stack.clone()), 1..5);
    let members = vec(any::<Index>(), 0..5);
    let groups = btree_map(any_name(), (any_meta(stack.clone()), members), 1..5);
    let policies = btree_map(any_name(), (any_meta(stack), any::<Index>(), vec(any_rule(), 0..4)), 0..5);
    (projects, users, applications, groups, policies).prop_map(
        |(projects, users, applications, groups, policies)| {
            let mut state = State::empty(id(0));
            let names = projects.into_iter().map(|name| name.parse().unwrap());
            state.projects = (0..).map(id).zip(names).collect();
            let principals: Vec<Principal> = users
                .keys()
                .map(|email| Principal::User(Key::Email(email.clone())))
                .chain(applications.keys().map(|name| Principal::Application(Key::Named(name.clone()))))
                .collect();
            let attachments: Vec<Attachment> = principals
                .iter()
                .cloned()
                .map(Attachment::Principal)
                .chain(groups.keys().map(|name| Attachment::Group(Key::Named(name.clone()))))
                .chain([Attachment::None])
                .collect();
            let flags = Flags::default();
            for (name, meta) in applications {
                state.insert(name, Application { meta, flags, api_keys: 0 });
            }
            for (name, (meta, members)) in groups {
                let members = members.iter().map(|index| index.get(&principals).clone()).collect();
                state.insert(name, Group { meta, flags, builtin: None, members });
            }
            for (name, (meta, index, rules)) in policies {
                let attachment = index.get(&attachments).clone();
                state.insert(name, Policy { meta, flags, attachment, rules: Rules(rules) });
            }
            for (at, (email, mut user)) in users.into_iter().enumerate() {
                // The API knows each username once.
                user.username.push_str(&at.to_string());
                state.insert(email, user);
            }
            state
        },
    )
}

/// Loads what was exported, against the state that it came from.
fn load(state: &State, options: &ExportOptions<'_>) -> (Desired, String) {
    let files = export(state, options).files;
    let all: String =
        files.iter().map(|file| format!("--- {}\n{}", file.path.display(), file.text)).collect();
    let sources: Vec<Source> = files
        .into_iter()
        .map(|file| Source::Text { name: file.path, bytes: file.text.into_bytes() })
        .collect();
    let files = read(&sources, now()).unwrap_or_else(|mistakes| panic!("{mistakes}\n{all}"));
    assert!(!files.needs().projects, "{all}");
    match files.resolve(Some(state), Catalogue::published(), true) {
        Ok(resolved) => (resolved.desired, all),
        Err(mistakes) => panic!("{mistakes}\n{all}"),
    }
}

/// Any state, with things in it that files cannot say.
fn any_wild_state() -> impl Strategy<Value = State> {
    let disturbances = vec((0u8..15, any::<Index>()), 0..8);
    (any_state(None), disturbances).prop_map(|(mut state, disturbances)| {
        for (what, index) in disturbances {
            disturb(&mut state, what, index);
        }
        state
    })
}

fn disturb(state: &mut State, what: u8, index: Index) {
    let any = |kind| {
        let all: Vec<_> = state.addresses(kind).map(|address| address.key().clone()).collect();
        (!all.is_empty()).then(|| index.get(&all).clone())
    };
    let (application, group) = (any(Kind::Application).unwrap(), any(Kind::Group).unwrap());
    let policy = any(Kind::Policy);
    let other: Stack = "other".parse().unwrap();
    match (what, policy.and_then(|key| state.find_mut::<Policy>(&key))) {
        (0, Some(policy)) => policy.rules.0.push(Rule {
            permission_sets: BTreeSet::from(["IAMManager".parse().unwrap()]),
            scope: Scope::Gone,
            condition: None,
        }),
        (1, Some(policy)) => policy.rules.0.push(Rule {
            permission_sets: BTreeSet::from(["IAMManager".parse().unwrap()]),
            scope: Scope::Organization,
            condition: Some("nonsense ((\u{1b}".parse().unwrap()),
        }),
        (2, Some(policy)) => policy.rules.0.push(Rule {
            permission_sets: BTreeSet::from(["IAMManager".parse().unwrap(), "VPCReadOnly".parse().unwrap()]),
            scope: Scope::AllProjects,
            condition: None,
        }),
        (3, Some(policy)) => policy.attachment = Attachment::Group(Key::Id(id(99))),
        (4, Some(policy)) => policy.flags.editable = false,
        (5, Some(policy)) => policy.meta.owner = Some(Owner::Stack(other)),
        (6, Some(policy)) => policy.rules.0.push(Rule {
            permission_sets: BTreeSet::from(["VPCReadOnly".parse().unwrap()]),
            scope: Scope::Projects(BTreeSet::from([id(77)])),
            condition: None,
        }),
        (7, _) => state.find_mut::<Application>(&application).unwrap().flags.managed = true,
        (8, _) => state
            .find_mut::<Application>(&application)
            .unwrap()
            .meta
            .tags
            .extend((0..11).map(|n| format!("t{n}"))),
        (13, _) => {
            let application = state.find_mut::<Application>(&application).unwrap();
            application.meta.tags.insert("team:platform".to_owned());
        }
        (9, _) => {
            state.find_mut::<Application>(&application).unwrap().meta.description = "\u{0}\n# x".to_owned();
        }
        (10, _) => state.find_mut::<Group>(&group).unwrap().builtin = Some(Builtin::AllUsers),
        (11, _) => {
            state.find_mut::<Group>(&group).unwrap().members.insert(Principal::Application(Key::Id(id(55))));
        }
        (12, _) => {
            let application = state.application(&application).unwrap().clone();
            state.insert(Key::Id(id(44)), application);
        }
        _ => {
            state.find_mut::<Group>(&group).unwrap().meta.owner =
                Some(Owner::Unclear(["scw-iam=A\n- b: c".to_owned()].into()));
        }
    }
}

/// Settings of which files can say every value.
fn any_settings() -> impl Strategy<Value = OrganizationSettings> {
    let flags = (any::<bool>().prop_map(Some), proptest::array::uniform4(option::of(any::<bool>())));
    let spans = proptest::array::uniform3(option::of((1..100_000i64).prop_map(SignedDuration::from_mins)));
    (flags, spans, option::of(1..=50u32), any::<bool>()).prop_map(|(flags, spans, attempts, unlimited)| {
        let (renewal, [password, magic_code, oauth2, saml]) = flags;
        let [grace_period, max_login_session, most] = spans;
        OrganizationSettings {
            security: SecuritySettings {
                enforce_password_renewal: renewal,
                grace_period,
                login_attempts_before_locked: attempts,
                max_login_session,
                max_api_key_expiration: most
                    .filter(|_| !unlimited)
                    .or(unlimited.then_some(SignedDuration::ZERO)),
            },
            login_methods: LoginMethods { password, magic_code, oauth2, saml },
        }
    })
}

fn declarable(state: &State) -> BTreeMap<&Address, &Object> {
    state.objects.iter().collect()
}

proptest! {
    #[test]
    fn what_is_exported_loads_to_the_same_state(
        (stack, state) in option::of(Just("platform".parse::<Stack>().unwrap()))
            .prop_flat_map(|stack| (Just(stack.clone()), any_state(stack))),
        settings in any_settings(),
        one: bool,
    ) {
        let titles = HashMap::new();
        let mut state = state;
        state.insert(Key::Only, settings);
        let split = if one { Split::One } else { Split::ByKind };
        let (desired, all) = load(&state, &options(stack.as_ref(), split, &titles));
        prop_assert_eq!(declarable(&desired.state), declarable(&state), "{}", &all);
        let there = |kind: &Kind| kind.always_read() || state.objects.keys().any(|it| it.kind() == *kind);
        prop_assert_eq!(desired.sections, Kind::ALL.iter().copied().filter(there).collect());
        prop_assert!(desired.expiries.iter().all(|expiry| !expiry.expired), "{}", &all);
        prop_assert_eq!(desired.memberships.len(), state.groups().count());
    }

    #[test]
    fn what_files_cannot_say_is_left_out_and_said(state in any_wild_state()) {
        let titles = HashMap::from([(id(44), "a title\n- x: y".to_owned())]);
        let (desired, all) = load(&state, &options(None, Split::ByKind, &titles));
        for (key, policy) in desired.state.policies() {
            prop_assert_eq!(policy, state.policy(key).unwrap(), "{}", &all);
        }
        for (key, group) in desired.state.groups() {
            let live = state.group(key).unwrap();
            prop_assert_eq!(&group.members, &live.members, "{}", &all);
            let membership = desired.memberships[&Address::group(key.clone())];
            prop_assert_eq!(membership, Membership::Exact, "{}", &all);
        }
        let left_out = |missing: bool, key: &Key| {
            !missing || all.contains(&format!("`{key}`: ")) || all.contains(&format!("({key}): "))
        };
        for key in state.policies().map(|(key, _)| key) {
            prop_assert!(left_out(desired.state.policy(key).is_none(), key), "{key}\n{all}");
        }
        for (key, application) in state.applications() {
            let missing = desired.state.application(key).is_none();
            prop_assert!(left_out(missing, key), "{key}\n{all}");
            let tags = &application.meta.tags;
            let tagged = tags.len() < 10 && tags.iter().all(|tag| tag.parse::<Tag>().is_ok());
            let plain = key.name().is_some() && application.flags.ordinary() && tagged;
            prop_assert!(!missing || !plain || application.meta.description.contains('\0'), "{key}\n{all}");
        }
        for key in state.groups().map(|(key, _)| key) {
            prop_assert!(left_out(desired.state.group(key).is_none(), key), "{key}\n{all}");
        }
    }
}

#[test]
fn an_export_reads_as_a_person_would_write_it() {
    let mut state = State::empty(id(0));
    state.projects = [(id(0), "default"), (id(1), "prod"), (id(2), "twin"), (id(3), "twin")]
        .into_iter()
        .map(|(id, name)| (id, name.parse().unwrap()))
        .collect();
    let meta = |description: &str, tags: &[&str]| Meta {
        description: description.to_owned(),
        tags: tags.iter().map(ToString::to_string).collect(),
        owner: None,
    };
    let named = |name: &str| Key::Named(name.parse::<Name>().unwrap());
    let alice = Principal::User(Key::Email("alice@example.com".parse().unwrap()));
    let flags = Flags::default();
    let managed = Flags { editable: false, deletable: false, managed: true };
    let application = |meta, flags| Application { meta, flags, api_keys: 0 };
    state.insert(named("ci"), application(meta("Deploys: from CI", &["team=platform"]), flags));
    state.insert(named("no"), application(meta("", &[]), flags));
    state.insert(named("vpn"), application(meta("", &[]), managed));
    state.insert(Key::Id(id(9)), application(meta("", &[]), flags));
    let everyone = Group {
        meta: Meta::default(),
        flags: managed,
        builtin: Some(Builtin::AllUsers),
        members: BTreeSet::new(),
    };
    state.insert(named("All Users"), everyone);
    let hidden = Principal::Application(Key::Id(id(8)));
    let members = [alice.clone(), Principal::Application(named("vpn")), hidden].into();
    state.insert(named("developers"), Group { meta: meta("", &[]), flags, builtin: None, members });
    let rule = |sets: &[&str], scope, condition: Option<&str>| Rule {
        permission_sets: sets.iter().map(|set| set.parse().unwrap()).collect(),
        scope,
        condition: condition.map(|text| text.parse().unwrap()),
    };
    let projects = |ids: &[u128]| Scope::Projects(ids.iter().map(|n| id(*n)).collect());
    let policy = |attachment, rules| Policy { meta: meta("", &[]), flags, attachment, rules: Rules(rules) };
    let rules = vec![
        rule(&["ObjectStorageReadOnly", "InstancesFullAccess"], projects(&[0, 1, 2, 3]), None),
        rule(
            &["SecretManagerSecretAccess"],
            Scope::AllProjects,
            Some(
                "(resource.name.startsWith(\"/ci/\") || !has(resource.id)) && request.time < timestamp(\"2027-02-01T00:00:00Z\")",
            ),
        ),
        rule(
            &["IAMReadOnly"],
            Scope::Organization,
            Some("request.time < timestamp(\"2020-01-01T00:00:00Z\")"),
        ),
        rule(
            &["VPCReadOnly"],
            projects(&[1]),
            Some("request.ip == \"192.0.2.1\" ||\nrequest.ip == \"192.0.2.2\""),
        ),
    ];
    state.insert(named("run"), policy(Attachment::Group(named("developers")), rules));
    state.insert(named("all"), policy(Attachment::Group(named("All Users")), Vec::new()));
    state.insert(
        named("gone"),
        policy(Attachment::Principal(alice), vec![rule(&["IAMReadOnly"], Scope::Gone, None)]),
    );
    state.insert(
        named("odd"),
        policy(
            Attachment::None,
            vec![rule(
                &["IAMReadOnly"],
                Scope::Organization,
                Some("inIpRange(request.ip, \"192.0.2.0/24\")"),
            )],
        ),
    );
    let titles = HashMap::from([(id(9), "twin".to_owned())]);
    let stack = "platform".parse().unwrap();
    let files = export(&state, &options(Some(&stack), Split::ByKind, &titles)).files;
    let all: Vec<String> =
        files.iter().map(|file| format!("=== {}\n{}", file.path.display(), file.text)).collect();
    assert_snapshot!(all.join("\n"), @r#"
    === organization.yaml
    # yaml-language-server: $schema=scw-iam.schema.json

    version: 1
    organization: 105bdce1-64c0-48ab-899d-000000000000
    stack: platform

    projects:
      default: 105bdce1-64c0-48ab-899d-000000000000
      prod: 105bdce1-64c0-48ab-899d-000000000001
      # `twin` in the console, a name that does not tell it from others
      twin-105bdce1: 105bdce1-64c0-48ab-899d-000000000002
      # `twin` in the console, a name that does not tell it from others
      twin-105bdce1-64c0-48ab-899d-000000000003: 105bdce1-64c0-48ab-899d-000000000003

    external:
      groups: [All Users]
      applications: [vpn]

    === applications.yaml
    # yaml-language-server: $schema=scw-iam.schema.json

    applications:
      ci:
        description: "Deploys: from CI"
        tags: [team=platform]
      "no": {}
      # Not declared:
      # - `vpn`: a product manages it
      # - `twin` (105bdce1-64c0-48ab-899d-000000000009): its name is not unique, or breaks the rules for names

    === groups.yaml
    # yaml-language-server: $schema=scw-iam.schema.json

    groups:
      developers:
        # application 105bdce1-64c0-48ab-899d-000000000008 is in it too, but the API does not list it
        members:
          users: [alice@example.com]
          applications: [vpn, {id: 105bdce1-64c0-48ab-899d-000000000008}]
      # Not declared:
      # - `All Users`: it is built in

    === policies.yaml
    # yaml-language-server: $schema=scw-iam.schema.json

    policies:
      all:
        principal: {group: All Users}
        rules: []
      run:
        principal: {group: developers}
        rules:
          - permission_sets: [InstancesFullAccess, ObjectStorageReadOnly]
            scope: [default, prod, twin-105bdce1, twin-105bdce1-64c0-48ab-899d-000000000003]
          - permission_sets: [SecretManagerSecretAccess]
            scope: all_projects
            condition: resource.name.startsWith("/ci/") || !has(resource.id)
            until: 2027-02-01T00:00:00Z
          - permission_sets: [IAMReadOnly]
            scope: organization
            condition: request.time < timestamp("2020-01-01T00:00:00Z")
          - permission_sets: [VPCReadOnly]
            scope: [prod]
            condition: |-
              request.ip == "192.0.2.1" ||
              request.ip == "192.0.2.2"
      # Not declared:
      # - `gone`: the scope of a rule is gone
      # - `odd`: a condition has no function `inIpRange`
    "#);
    let one = export(&state, &options(Some(&stack), Split::One, &titles)).files;
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].path.to_str(), Some("iam.yaml"));
}
