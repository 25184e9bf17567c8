//! The language of the files, from outside: what loads, what does not, and what is said about it.

use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use scw_iam::config::{Files, Mistakes, Severity, Source, manual, read, schema};
use scw_iam::model::{
    Address, Attachment, Catalogue, Desired, Expectation, GuardName, Key, Kind, Membership, Name, Principal,
    Prune, Scope, State, User, Where,
};
use scw_iam::render::mistake::text;

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("a time")
}

fn load(files: &[(&str, &str)]) -> Result<Files, Mistakes> {
    let sources: Vec<Source> = files
        .iter()
        .map(|(name, text)| Source::Text { name: name.into(), bytes: text.as_bytes().to_vec() })
        .collect();
    read(&sources, now())
}

fn desired(text: &str) -> Desired {
    let files = load(&[("iam.yaml", text)]).unwrap_or_else(|mistakes| panic!("{}", self::text(&mistakes)));
    match files.resolve(None, Catalogue::published(), false) {
        Ok(resolved) => resolved.desired,
        Err(mistakes) => panic!("{}", self::text(&mistakes)),
    }
}

const EVERYTHING: &str = r#"# yaml-language-server: $schema=schema/scw-iam.schema.json
version: 1
organization: 105bdce1-64c0-48ab-899d-868455867ecf
stack: platform

x-sets: &read [InstancesReadOnly, ObjectStorageReadOnly]

settings:
  prune: owned
  min_iam_admins: 3
  protect: [user:owner@example.com, group:break-glass]
  takes_over: [old-stack]
  limits: {deletes: 5, lost_access: 3}

projects:
  prod: 6b1f0000-64c0-48ab-899d-868455867ecf

external:
  groups: [All Users]

applications:
  ci:
    description: Deploys from CI
    tags: [team=platform]

groups:
  developers:
    previously: devs
    members:
      users: [alice@example.com, {email: bob@example.com, until: 2027-01-31}, {email: carl@example.com, until: 2026-11-01}]
      applications: [ci]
    membership: at_least
  break-glass: {}

policies:
  developers-run:
    principal: {group: developers}
    rules:
      - permission_sets: *read
        scope: [prod, staging]
      - permission_sets: [SecretManagerSecretAccess]
        scope: [prod]
        condition: resource.name.startsWith("/ci/") || !has(resource.id)
        until: 2026-12-31T18:00:00Z
      - permission_sets: [IAMReadOnly]
        scope: organization
        until: 2026-11-21
  everyone:
    principal: {group: All Users}
    rules: []
  nobody:
    principal: none
    rules:
      - {permission_sets: [AllProductsReadOnly], scope: all_projects}

assertions:
  - {principal: {user: alice@example.com}, can: InstancesFullAccess, on: prod}
  - {principal: {application: ci}, cannot: IAMManager, on: organization}

guardrails:
  - name: people administer IAM through the owners group only
    forbid: grant.permission_set in ["IAMManager", "OrganizationManager"] && grant.via_group != "developers"
"#;

#[test]
fn everything_that_the_language_has_loads() {
    let desired = desired(EVERYTHING);
    assert_eq!(desired.stack.as_ref().unwrap().as_str(), "platform");
    assert_eq!(desired.sections, [Kind::Application, Kind::Group, Kind::Policy].into());
    assert_eq!(desired.settings.prune, Prune::Owned);
    assert_eq!(desired.settings.min_iam_admins, 3);
    assert_eq!(desired.settings.protect.len(), 2);
    assert_eq!(desired.settings.takes_over.len(), 1);
    assert_eq!(desired.settings.limits[&GuardName::LostAccess], 3);
    let group = &desired.state.group(&Key::Named("developers".parse().unwrap())).unwrap();
    let members: Vec<String> = group.members.iter().map(ToString::to_string).collect();
    assert_eq!(members, ["user alice@example.com", "user bob@example.com", "application ci"]);
    assert_eq!(desired.memberships[&of_group("developers")], Membership::AtLeast);
    assert!(!desired.memberships.contains_key(&of_group("break-glass")));
    let policy = &desired.state.policy(&Key::Named("developers-run".parse().unwrap())).unwrap();
    assert_eq!(policy.attachment, Attachment::Group(Key::Named("developers".parse().unwrap())));
    assert_eq!(policy.rules.0.len(), 2);
    assert_eq!(
        policy.rules.0[1].condition.as_ref().unwrap().as_str(),
        "(resource.name.startsWith(\"/ci/\") || !has(resource.id)) && request.time < timestamp(\"2026-12-31T18:00:00Z\")"
    );
    let Scope::Projects(projects) = &policy.rules.0[0].scope else { panic!() };
    let names: Vec<&str> = projects.iter().map(|id| desired.state.projects[id].as_str()).collect();
    assert!(names.contains(&"prod") && names.contains(&"staging"), "{names:?}");
    let expired: Vec<bool> = desired.expiries.iter().map(|expiry| expiry.expired).collect();
    assert_eq!(expired, [false, true, false, true]);
    assert_eq!(desired.assertions[1].expectation, Expectation::Cannot);
    assert!(matches!(&desired.assertions[0].principal, Principal::User(_)));
    assert_eq!(desired.guardrails.len(), 1);
    assert_eq!(desired.guardrails[0].at.to_string(), "iam.yaml:62:13");
}

#[test]
fn mistakes_of_every_sort_come_together() {
    let wrong = EVERYTHING
        .replace("members:", "memebrs:")
        .replace("IAMReadOnly", "IAMRaedOnly")
        .replace("prune: owned", "prune: maybe")
        .replace("scope: organization", "scope: prod")
        .replace("!has(", "!hs(")
        .replace("version: 1", "version: one");
    assert_snapshot!(text(&load(&[("iam.yaml", &wrong)]).unwrap_err()), @r#"
    error: `version` must be a whole number, not `one`
     --> iam.yaml:2:10
      |
    2 | version: one
      |          ^^^ write digits, as in `3`

    error: `prune` must be `owned` or `none`, not `maybe`
     --> iam.yaml:9:10
      |
    9 |   prune: maybe
      |          ^^^^^

    error: a group has no key `memebrs`
      --> iam.yaml:29:5
       |
    29 |     memebrs:
       |     ^^^^^^^ did you mean `members`?

    error: a condition has no function `hs`
      --> iam.yaml:43:57
       |
    43 |         condition: resource.name.startsWith("/ci/") || !hs(resource.id)
       |                                                         ^^ did you mean `has`?

    error: `scope` must be `organization`, `all_projects` or a list of projects, not `prod`
      --> iam.yaml:46:16
       |
    46 |         scope: prod
       |                ^^^^ write a list: `[prod]`
    "#);
}

fn header(rest: &str) -> String {
    format!("version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\n{rest}")
}

#[test]
fn a_section_that_is_absent_is_not_managed_and_an_empty_one_is() {
    let absent = desired(&header(""));
    assert!(absent.sections.is_empty());
    let empty = desired(&header("policies: {}\n"));
    assert_eq!(empty.sections, [Kind::Policy].into());
    assert!(empty.state.policies().next().is_none());
}

#[test]
fn without_a_stack_nobody_owns_anything() {
    let files = header("applications: {ci: {}}\n");
    assert_eq!(desired(&files).state.applications().next().unwrap().1.meta.owner, None);
    let owned = desired(&format!("{files}stack: platform\n"));
    assert!(owned.state.applications().next().unwrap().1.meta.owner.is_some());
}

#[test]
fn members_that_are_not_written_are_not_managed() {
    let desired = desired(&header("groups: {a: {}, b: {members: {}}, c: {members: {users: []}}}\n"));
    assert!(!desired.memberships.contains_key(&of_group("a")));
    assert_eq!(desired.memberships[&of_group("b")], Membership::Exact);
    assert_eq!(desired.memberships[&of_group("c")], Membership::Exact);
}

#[test]
fn an_entry_ends_at_its_instant_and_a_date_after_its_day() {
    for (until, expired) in [
        ("2026-11-21", true),
        ("2026-11-22", false),
        ("2026-11-22T00:00:00Z", true),
        ("2026-11-22T00:00:01Z", false),
        ("2026-11-22T01:00:00+02:00", true),
        ("\"2026-11-22\"", false),
    ] {
        let text = format!("groups: {{ops: {{members: {{users: [{{email: a@x.io, until: {until}}}]}}}}}}\n");
        let desired = desired(&header(&text));
        assert_eq!(desired.expiries[0].expired, expired, "{until}");
        assert_eq!(desired.state.groups().next().unwrap().1.members.is_empty(), expired, "{until}");
    }
}

#[test]
fn the_rules_that_are_left_are_counted_for_their_places() {
    let text = "policies:\n  p:\n    principal: none\n    rules:\n\
                \x20     - {permission_sets: [VPCReadOnly], scope: all_projects, until: 2026-01-01}\n\
                \x20     - {permission_sets: [IPAMReadOnly], scope: all_projects}\n";
    let desired = desired(&header(text));
    let policy = Address::policy("p".parse::<Name>().unwrap());
    assert_eq!(desired.state.policies().next().unwrap().1.rules.0.len(), 1);
    assert_eq!(desired.places[&Where::Rule(policy, 0)].line, 8);
    assert_eq!(desired.expiries[0].rule, Some(0));
}

#[test]
fn what_an_alias_or_a_merge_key_repeats_counts_as_written() {
    let text = "x-common: &common {description: shared, tags: [a]}\nx-more: &more {tags: [b], description: no}\n\
                applications:\n  one: *common\n  two:\n    <<: *common\n    description: own\n  three:\n    <<: [*common, {description: late}]\n";
    let desired = desired(&header(text));
    let words = |name: &str| {
        let meta = &desired.state.application(&Key::Named(name.parse::<Name>().unwrap())).unwrap().meta;
        format!("{} {:?}", meta.description, meta.tags)
    };
    assert_eq!(words("one"), "shared {\"a\"}");
    assert_eq!(words("two"), "own {\"a\"}");
    assert_eq!(words("three"), "shared {\"a\"}");
}

#[test]
fn a_project_without_an_id_gets_the_same_made_up_one_each_time() {
    let text = |scope: &str| {
        header(&format!(
            "policies:\n  p:\n    principal: none\n    rules: [{{permission_sets: [VPCReadOnly], scope: [{scope}]}}]\n"
        ))
    };
    let scope = |text: &str| desired(text).state.policies().next().unwrap().1.rules.0[0].scope.clone();
    assert_eq!(scope(&text("prod")), scope(&text("prod")));
    assert_ne!(scope(&text("prod")), scope(&text("staging")));
    let files = load(&[("iam.yaml", &text("prod"))]).unwrap();
    assert!(files.needs().projects);
    let pinned = format!("{}projects: {{prod: 6b1f5d3c-64c0-48ab-899d-868455867ecf}}\n", text("prod"));
    assert!(!load(&[("iam.yaml", &pinned)]).unwrap().needs().projects);
}

#[test]
fn a_project_is_found_by_its_live_name_and_its_pin_is_offered_once() {
    let rule = "{permission_sets: [VPCReadOnly], scope: [prod]}";
    let text = header(&format!("policies:\n  p:\n    principal: none\n    rules: [{rule}, {rule}]\n"));
    let files = load(&[("iam.yaml", &text)]).unwrap();
    let mut live = State::empty(files.organization());
    let prod = "6b1f5d3c-64c0-48ab-899d-868455867ecf".parse().unwrap();
    live.projects.insert(prod, "prod".parse().unwrap());
    let resolved = files.resolve(Some(&live), Catalogue::published(), true).unwrap();
    assert_eq!(
        resolved.desired.state.policies().next().unwrap().1.rules.0[0].scope,
        Scope::Projects([prod].into())
    );
    assert_eq!(resolved.warnings.len(), 1);
    assert_eq!(resolved.warnings.count(Severity::Hint), 1);
}

#[test]
fn an_address_is_found_without_regard_to_case() {
    let text = header("groups: {ops: {members: {users: [ALICE@example.com]}}}\n");
    let files = load(&[("iam.yaml", &text)]).unwrap();
    let mut live = State::empty(files.organization());
    let user = User::member("alice");
    live.insert(Key::Email("alice@example.com".parse().unwrap()), user);
    assert!(files.resolve(Some(&live), Catalogue::published(), true).is_ok());
}

/// Holds a file of the repository to what the program makes of its types; `UPDATE_FILES=1` writes it.
fn holds(path: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, made).expect("the folder of the test takes files");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} is not what the types say; UPDATE_FILES=1 writes it anew", path.display());
}

#[test]
fn the_schema_is_what_the_types_say() {
    holds("schema/scw-iam.schema.json", &format!("{:#}\n", schema()));
}

#[test]
fn the_manual_is_what_the_types_say() {
    holds("docs/language.md", &manual());
}

fn of_group(name: &str) -> Address {
    Address::group(name.parse::<Name>().unwrap())
}

/// What a file says, without the places where it says it.
fn facts(desired: &Desired) -> String {
    let Desired {
        state,
        stack,
        sections,
        settings,
        external,
        identities,
        memberships,
        unsaid,
        guests,
        only: _,
        released,
        assertions,
        guardrails,
        allow,
        expiries,
        api_keys,
        missing: _,
        places: _,
    } = desired;
    let slots = |keys: &scw_iam::model::ApplicationKeys| {
        let slot = |(name, slot): (&scw_iam::model::SlotName, &scw_iam::model::KeySlot)| {
            let at = scw_iam::model::Place { file: std::path::Path::new("").into(), line: 0, column: 0 };
            format!("{name:?} {:?}", scw_iam::model::KeySlot { at, ..slot.clone() })
        };
        (keys.slots.iter().map(slot).collect::<Vec<_>>(), keys.membership)
    };
    let api_keys: Vec<_> = api_keys.iter().map(|(of, keys)| (of, slots(keys))).collect();
    let mut identities: Vec<String> = identities.iter().map(|entry| format!("{entry:?}")).collect();
    identities.sort();
    let mut memberships: Vec<String> = memberships.iter().map(|entry| format!("{entry:?}")).collect();
    memberships.sort();
    let mut unsaid: Vec<String> = unsaid.iter().map(|entry| format!("{entry:?}")).collect();
    unsaid.sort();
    let assertions: Vec<_> = assertions
        .iter()
        .map(|assertion| {
            (&assertion.principal, assertion.expectation, &assertion.permission_set, &assertion.on)
        })
        .collect();
    let guardrails: Vec<_> =
        guardrails.iter().map(|guardrail| (&guardrail.name, &guardrail.forbid)).collect();
    let expiries: Vec<_> = expiries
        .iter()
        .map(|expiry| (&expiry.address, &expiry.member, expiry.rule, expiry.until, expiry.expired))
        .collect();
    let allow: Vec<_> =
        allow.iter().map(|entry| (entry.guard, &entry.of, entry.until, &entry.reason)).collect();
    format!(
        "{state:?} {stack:?} {sections:?} {settings:?} {external:?} {identities:?} {memberships:?} {unsaid:?} {guests:?} {released:?} {assertions:?} \
         {guardrails:?} {allow:?} {expiries:?} {api_keys:?}"
    )
    .to_lowercase()
}

/// What any reader of YAML sees in a file; the free keys aside, and without case, which ids and addresses ignore.
fn seen(text: &str) -> Option<String> {
    let mut value: serde_json::Value = serde_yaml::from_str(text).ok()?;
    value.as_object_mut()?.retain(|key, _| !key.starts_with("x-"));
    Some(value.to_string())
}

/// Nothing in it is a default or has ended, so that every part of it counts.
const EVERY_PART_COUNTS: &str = r#"version: 1
organization: 105bdce1-64c0-48ab-899d-868455867ecf
stack: platform
x-sets: &read [InstancesReadOnly, ObjectStorageReadOnly]
settings:
  prune: none
  min_iam_admins: 3
  protect: [user:owner@example.com, group:break-glass]
  takes_over: [old-stack]
  limits: {deletes: 7, lost_access: 5}
allow:
  - {guard: deletes, of: [group:legacy, application:old], until: 2026-12-01, reason: the legacy team is dissolved}
projects:
  prod: 6b1f0000-64c0-48ab-899d-868455867ecf
external:
  groups: [All Users]
applications:
  ci:
    description: Deploys from CI
    tags: [team=platform]
groups:
  developers:
    previously: devs
    members:
      users: [alice@example.com, {email: bob@example.com, until: 2027-01-31}]
      applications: [ci]
    membership: at_least
policies:
  developers-run:
    principal: {group: developers}
    rules:
      - permission_sets: *read
        scope: [prod, staging]
      - permission_sets: [SecretManagerSecretAccess]
        scope: [prod]
        condition: resource.name.startsWith("/ci/") || !has(resource.id)
        until: 2026-12-31T18:00:00Z
  nobody:
    principal: none
    rules:
      - {permission_sets: [AllProductsReadOnly], scope: all_projects}
assertions:
  - {principal: {user: alice@example.com}, can: InstancesFullAccess, on: prod}
guardrails:
  - name: people administer IAM
    forbid: grant.kind == "application"
"#;

/// Holds a changed file to this: it is a mistake, or every change that a reader of YAML sees is a change of what is
/// desired, and no other is.
fn judge(changed: &str) -> Result<(), TestCaseError> {
    let Ok(files) = load(&[("iam.yaml", changed)]) else { return Ok(()) };
    let Ok(resolved) = files.resolve(None, Catalogue::published(), false) else { return Ok(()) };
    let (before, after) = (facts(&desired(EVERY_PART_COUNTS)), facts(&resolved.desired));
    match seen(changed) {
        Some(seen_after) => {
            let seen_before = seen(EVERY_PART_COUNTS).expect("a good file");
            // Case counts in names, and not in addresses, ids and times.
            if seen_before == seen_after {
                prop_assert_eq!(before, after, "{}", changed);
            } else if seen_before.to_lowercase() != seen_after.to_lowercase() {
                prop_assert_ne!(before, after, "{}", changed);
            }
        }
        None => prop_assert_eq!(before, after, "{}", changed),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_byte_is_never_passed_over(changes in prop::collection::vec((any::<Index>(), any::<u8>(), 0u8..3), 1..3)) {
        let mut bytes = EVERY_PART_COUNTS.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => judge(&text)?,
            Err(error) => {
                let source = Source::Text { name: "iam.yaml".into(), bytes: error.into_bytes() };
                prop_assert!(read(&[source], now()).is_err());
            }
        }
    }

    #[test]
    fn a_changed_word_is_never_passed_over(at: Index, with: Index, how in 0u8..4) {
        let text = EVERY_PART_COUNTS;
        let edge = |c: char| !(c.is_alphanumeric() || "_-.@".contains(c));
        let words: Vec<(usize, &str)> = text
            .split(edge)
            .filter(|word| !word.is_empty())
            .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
            .collect();
        let (start, word) = words[at.index(words.len())];
        let (_, other) = words[with.index(words.len())];
        let other = match how {
            0 => other.to_owned(),
            1 => String::new(),
            2 => format!("{word}x"),
            _ => format!("{word}: {other}"),
        };
        judge(&format!("{}{other}{}", &text[..start], &text[start + word.len()..]))?;
    }

    #[test]
    fn a_changed_line_is_never_passed_over(at: Index, with: Index, how in 0u8..3) {
        let mut lines: Vec<String> = EVERY_PART_COUNTS.lines().map(str::to_owned).collect();
        let (at, with) = (at.index(lines.len()), with.index(lines.len()));
        match how {
            0 => { lines.remove(at); }
            1 => { let line = lines[with].clone(); lines.insert(at, line); }
            _ => lines[at] = format!(" {}", lines[at]),
        }
        judge(&format!("{}\n", lines.join("\n")))?;
    }

    #[test]
    fn no_bytes_make_it_stumble(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let source = Source::Text { name: "iam.yaml".into(), bytes };
        if let Err(mistakes) = read(&[source], now()) {
            prop_assert!(!text(&mistakes).is_empty());
        }
    }
}

#[test]
fn the_good_file_is_good_and_every_reader_sees_it() {
    assert!(seen(EVERY_PART_COUNTS).is_some());
    assert!(facts(&desired(EVERY_PART_COUNTS)).contains("alice@example.com"));
}

#[test]
fn of_very_many_mistakes_the_first_are_shown_and_the_others_counted() {
    let many = |from: usize| {
        let keys: String = (from..from + 700).map(|at| format!("k{at}: 1\n")).collect();
        header("").replace("version: 1\n", if from == 0 { "version: 1\n" } else { "" }) + &keys
    };
    let files: Vec<(String, String)> = (0..4)
        .map(|at| (format!("{at}.yaml"), many(at * 1000).replace("organization", "x-organization")))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mistakes = load(&files).unwrap_err();
    assert_eq!(mistakes.len(), 1001);
    // Each key that does not exist, and `organization`, which is missing.
    assert_eq!(mistakes.count(Severity::Error), 2801);
    let said = text(&mistakes);
    assert!(said.contains("error: 1801 more like those above are not shown\n   --> 1.yaml:300:1\n"));
}

#[test]
fn a_condition_with_a_comment_ends_where_it_should() {
    let rule = |condition: &str| {
        let yaml = header(&format!(
            "policies:\n  p:\n    principal: none\n    rules:\n      - permission_sets: [InstancesReadOnly]\n        scope: all_projects\n        condition: {condition}\n        until: 2027-01-01\n"
        ));
        let desired = desired(&yaml);
        desired.state.policies().next().unwrap().1.rules.0[0].condition.as_ref().unwrap().to_string()
    };
    let end = "request.time < timestamp(\"2027-01-02T00:00:00Z\")";
    assert_eq!(rule("\"true // always\""), format!("(true // always\n) && {end}"));
    assert_eq!(rule("|-\n          true\n          // always"), format!("(true\n// always\n) && {end}"));
    assert_eq!(rule("resource.name == \"http://x\""), format!("(resource.name == \"http://x\") && {end}"));
}
