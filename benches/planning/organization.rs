//! An organization of any size, live and as files, and what changes between the two: each object follows from its
//! number.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use scw_iam::model::{
    Address, Application, Attachment, Flags, Group, Id, Ids, Key, Meta, Owner, Policy, Principal, Rule,
    Rules, Scope, State, User, UserType,
};

const PROJECTS: usize = 100;
const FILES: usize = 50;
const MEMBERS: usize = 20;
const RULES: usize = 10;
const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";

/// Which of the two sides.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Live,
    Desired,
}
use Side::{Desired, Live};

/// What is live.
#[derive(Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Start {
    /// Everything, owned by the stack.
    Owned,
    /// Everything, owned by nobody.
    Untagged,
    /// The users alone.
    Users,
}

/// What the files declare.
#[derive(Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) enum End {
    /// The organization.
    Everything,
    /// Its sections without anything in them.
    Nothing,
}

/// An organization and what is to become of it.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Organization {
    /// Ten thousand applications, and all else in proportion, are 1000 thousandths.
    pub(crate) thousandths: usize,
    /// How many of a hundred objects change.
    pub(crate) changed: u64,
    pub(crate) start: Start,
    pub(crate) end: End,
    /// Whether the files have assertions and guardrails.
    pub(crate) sentences: bool,
}

#[derive(Clone, Copy)]
enum What {
    Application,
    Group,
    Policy,
}

fn key(name: &str) -> Key {
    Key::Named(name.parse().expect("a good name"))
}

fn user(n: usize) -> Principal {
    Principal::User(Key::Email(format!("user-{n}@example.com").parse().expect("a good address")))
}

fn project(n: usize) -> Id {
    Id::from_bits(0x105b_dce1_64c0_48ab_899d_0000_0000_0000 + n as u128)
}

/// One rule: its set, its project, and its condition.
type OneRule = (&'static str, usize, Option<String>);

impl Organization {
    fn applications(&self) -> usize {
        self.thousandths * 10
    }

    fn groups(&self) -> usize {
        self.thousandths * 5
    }

    fn policies(&self) -> usize {
        self.thousandths * 5
    }

    /// What happens to an object, one of ten; `None` when nothing does.
    fn fate(&self, what: What, n: usize) -> Option<u64> {
        let seed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((what as u64 + 1) << 40);
        let hash = (seed ^ (seed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = hash ^ (hash >> 32);
        (hash % 100 < self.changed).then_some(hash / 100 % 10)
    }

    /// Name of an object, and the one that it had, or `None` when it is deleted.
    fn name(&self, what: What, n: usize, side: Side) -> Option<String> {
        let (word, renamed, deleted) = match what {
            What::Application => ("app", 7, 6),
            What::Group => ("group", 7, 8),
            What::Policy => ("policy", 8, 9),
        };
        match self.fate(what, n).filter(|_| side == Desired) {
            Some(fate) if fate == deleted => None,
            Some(fate) if fate == renamed => Some(format!("{word}-{n}-renamed")),
            _ => Some(format!("{word}-{n}")),
        }
    }

    /// The description and tags.
    fn meta(&self, what: What, n: usize, side: Side) -> Meta {
        let changed =
            side == Desired && matches!((what, self.fate(what, n)), (What::Application, Some(0..4)));
        let description =
            if changed { format!("Application {n}, described anew") } else { format!("Number {n}") };
        let tags = BTreeSet::from(["team=platform".to_owned(), format!("n={n}")]);
        let owner = (self.start == Start::Owned).then(|| Owner::Stack("platform".parse().expect("a stack")));
        Meta { description, tags, owner }
    }

    /// The members of a group: half users, half applications.
    fn members(&self, n: usize, side: Side) -> Vec<Principal> {
        let number = |slot: usize| (n * 37 + slot * 101) % self.applications();
        let fate = self.fate(What::Group, n).filter(|_| side == Desired);
        let (slots, moved) = match fate {
            Some(0..5) => (0..MEMBERS, 2),  // two leave, two join
            Some(5) => (3..MEMBERS, 0),     // three leave
            Some(6) => (0..MEMBERS + 2, 0), // two join
            _ => (0..MEMBERS, 0),
        };
        let member = |slot: usize| {
            let is_user = slot < MEMBERS / 2 && (slot != 1 || moved == 0);
            let number = if slot < moved { number(slot) + 7 } else { number(slot) } % self.applications();
            if is_user {
                return Some(user(number));
            }
            let name = self.name(What::Application, number, side)?;
            Some(Principal::Application(key(&name)))
        };
        let mut members: Vec<_> = slots.filter_map(member).collect();
        let new = side == Desired && matches!(self.fate(What::Application, n), Some(4 | 5));
        members.extend(new.then(|| Principal::Application(key(&format!("new-app-{n}")))));
        members.sort();
        members.dedup();
        members
    }

    /// What a policy is attached to: mostly the group of its number.
    fn attachment(&self, n: usize, side: Side) -> Attachment {
        let moves = side == Desired && matches!(self.fate(What::Policy, n), Some(6 | 7));
        match n % 20 {
            1 if !moves => return Attachment::Principal(user(n)),
            2 if !moves => {
                if let Some(name) = self.name(What::Application, n, side) {
                    return Attachment::Principal(Principal::Application(key(&name)));
                }
            }
            _ => {}
        }
        let from = if moves { n + 1 } else { n };
        let mut names = (from..).filter_map(|n| self.name(What::Group, n % self.groups(), side));
        names.next().map_or(Attachment::None, |name| Attachment::Group(key(&name)))
    }

    /// The rules of a policy, a tenth of them with a condition of its own.
    fn rules(&self, n: usize, side: Side) -> Vec<OneRule> {
        let sets = [
            "InstancesFullAccess",
            "ObjectStorageReadOnly",
            "VPCReadOnly",
            "IPAMReadOnly",
            "SecretManagerReadOnly",
        ];
        let condition = |rule| {
            (rule == 0).then(|| format!("resource.name.startsWith(\"/team-{n}/\") || !has(resource.id)"))
        };
        let rule = |rule: usize| (sets[rule % sets.len()], (n + rule) % PROJECTS, condition(rule));
        let mut rules: Vec<OneRule> = (0..RULES).map(rule).collect();
        match self.fate(What::Policy, n).filter(|_| side == Desired) {
            Some(0..3 | 7) => rules[3].0 = "BlockStorageReadOnly",
            Some(3) => rules.push(("KubernetesReadOnly", n % PROJECTS, None)),
            Some(4) => _ = rules.pop(),
            Some(5) => rules[0].2 = None,
            _ => {}
        }
        rules
    }

    /// Returns the live side and its ids.
    pub(crate) fn live(&self) -> (State, Ids) {
        let mut state = State::empty(ORGANIZATION.parse().expect("an id"));
        for n in 0..PROJECTS {
            state.projects.insert(project(n), format!("project-{n}").parse().expect("a name"));
        }
        for n in 0..self.applications() {
            let Principal::User(key) = user(n) else { continue };
            let kind = if n == 0 { UserType::Owner } else { UserType::Member };
            state.insert(key, User { kind, ..User::member(format!("user-{n}")) });
        }
        if self.start != Start::Users {
            self.fill(&mut state);
        }
        let addresses = (state.users().map(|(key, _)| key).cloned().map(Address::user))
            .chain(state.applications().map(|(key, _)| key).cloned().map(Address::application))
            .chain(state.groups().map(|(key, _)| key).cloned().map(Address::group))
            .chain(state.policies().map(|(key, _)| key).cloned().map(Address::policy));
        let mut ids = Ids::default();
        for (n, address) in addresses.enumerate() {
            ids.insert(address, Id::from_bits(0x1000_0000_0000 + n as u128));
        }
        (state, ids)
    }

    fn fill(&self, state: &mut State) {
        let flags = Flags::default();
        let name = |what, n| self.name(what, n, Live).map(|name| key(&name)).expect("all are live");
        for n in 0..self.applications() {
            let meta = self.meta(What::Application, n, Live);
            let made = Application { meta, flags, api_keys: u32::from(n % 3 == 0) };
            state.insert(name(What::Application, n), made);
        }
        for n in 0..self.groups() {
            let members = self.members(n, Live).into_iter().collect();
            let made = Group { meta: self.meta(What::Group, n, Live), flags, builtin: None, members };
            state.insert(name(What::Group, n), made);
        }
        for n in 0..self.policies() {
            let one = |(set, at, condition): OneRule| Rule {
                permission_sets: BTreeSet::from([set.parse().expect("a set")]),
                scope: Scope::Projects(BTreeSet::from([project(at)])),
                condition: condition.map(|text| text.parse().expect("a condition")),
            };
            let mut rules: Vec<Rule> = self.rules(n, Live).into_iter().map(one).collect();
            // The API serves them in an order of its own.
            if n % 2 == 0 {
                rules.reverse();
            }
            let (meta, attachment) = (self.meta(What::Policy, n, Live), self.attachment(n, Live));
            let made = Policy { meta, flags, attachment, rules: Rules(rules) };
            state.insert(name(What::Policy, n), made);
        }
        let owner = Owner::Stack("platform".parse().expect("a stack"));
        let meta = || Meta { owner: (self.start == Start::Owned).then(|| owner.clone()), ..Meta::default() };
        let members = BTreeSet::from([user(1), user(2)]);
        state.insert(key("admins"), Group { meta: meta(), flags, builtin: None, members });
        let rule = Rule {
            permission_sets: BTreeSet::from(["IAMManager".parse().expect("a set")]),
            scope: Scope::Organization,
            condition: None,
        };
        let (attachment, rules) = (Attachment::Group(key("admins")), Rules(vec![rule]));
        state.insert(key("admins"), Policy { meta: meta(), flags, attachment, rules });
    }

    /// Writes the files.
    pub(crate) fn files(&self, folder: &Path) {
        std::fs::write(folder.join("organization.yaml"), self.header()).expect("a folder to write in");
        for file in (0..FILES).filter(|_| self.end == End::Everything) {
            let text = self.part(file).expect("a string");
            std::fs::write(folder.join(format!("part-{file:02}.yaml")), text).expect("a folder to write in");
        }
    }

    fn header(&self) -> String {
        let mut text = format!(
            "version: 1\norganization: {ORGANIZATION}\nstack: platform\nsettings:\n  protect: [user:user-0@example.com, group:admins]\nprojects:\n"
        );
        for n in 0..PROJECTS {
            text += &format!("  project-{n}: {}\n", project(n));
        }
        if self.end == End::Nothing {
            return text + "applications: {}\ngroups: {}\npolicies: {}\n";
        }
        text += "groups:\n  admins:\n    members:\n      users: [user-1@example.com, user-2@example.com]\n";
        text += "policies:\n  admins:\n    principal: {group: admins}\n    rules:\n      - {permission_sets: [IAMManager], scope: organization}\n";
        if self.sentences {
            text += SENTENCES;
        }
        text
    }

    fn part(&self, file: usize) -> Result<String, std::fmt::Error> {
        let mut text = String::from("applications:\n");
        for n in (file..self.applications()).step_by(FILES) {
            if matches!(self.fate(What::Application, n), Some(4 | 5)) {
                writeln!(text, "  new-app-{n}: {{}}")?;
            }
            let Some(name) = self.name(What::Application, n, Desired) else { continue };
            self.head(&mut text, What::Application, n, &name)?;
        }
        text += "groups:\n";
        for n in (file..self.groups()).step_by(FILES) {
            if self.fate(What::Group, n) == Some(9) {
                writeln!(text, "  new-group-{n}:")?;
                list(&mut text, &self.members(n, Desired))?;
            }
            let Some(name) = self.name(What::Group, n, Desired) else { continue };
            self.head(&mut text, What::Group, n, &name)?;
            list(&mut text, &self.members(n, Desired))?;
        }
        text += "policies:\n";
        for n in (file..self.policies()).step_by(FILES) {
            if self.fate(What::Group, n) == Some(9) {
                let to = Attachment::Group(key(&format!("new-group-{n}")));
                writeln!(text, "  new-policy-{n}:")?;
                body(&mut text, &to, &self.rules(n, Live))?;
            }
            let Some(name) = self.name(What::Policy, n, Desired) else { continue };
            self.head(&mut text, What::Policy, n, &name)?;
            body(&mut text, &self.attachment(n, Desired), &self.rules(n, Desired))?;
        }
        Ok(text)
    }

    fn head(&self, text: &mut String, what: What, n: usize, name: &str) -> std::fmt::Result {
        let meta = self.meta(what, n, Desired);
        let tags: Vec<_> = meta.tags.into_iter().collect();
        writeln!(text, "  {name}:\n    description: {:?}\n    tags: {tags:?}", meta.description)?;
        match self.name(what, n, Live).filter(|old| old != name) {
            Some(old) => writeln!(text, "    previously: {old}"),
            None => Ok(()),
        }
    }
}

fn list(text: &mut String, members: &[Principal]) -> std::fmt::Result {
    let names = |users: bool| {
        let of_kind = members.iter().filter(move |member| matches!(member, Principal::User(_)) == users);
        of_kind.map(|member| member.address().key_text()).collect::<Vec<_>>().join(", ")
    };
    writeln!(text, "    members:\n      users: [{}]\n      applications: [{}]", names(true), names(false))
}

fn body(text: &mut String, attachment: &Attachment, rules: &[OneRule]) -> std::fmt::Result {
    let principal = match attachment {
        Attachment::None => "none".to_owned(),
        Attachment::Principal(Principal::User(key)) => format!("{{user: {key}}}"),
        Attachment::Principal(Principal::Application(key)) => format!("{{application: {key}}}"),
        Attachment::Group(key) => format!("{{group: {key}}}"),
    };
    writeln!(text, "    principal: {principal}\n    rules:")?;
    for (set, project, condition) in rules {
        writeln!(text, "      - permission_sets: [{set}]\n        scope: [project-{project}]")?;
        if let Some(condition) = condition {
            writeln!(text, "        condition: {condition}")?;
        }
    }
    Ok(())
}

const SENTENCES: &str = r#"assertions:
  - {principal: {user: user-1@example.com}, can: IAMManager, on: organization}
  - {principal: {user: user-2@example.com}, can: IAMManager, on: organization}
  - {principal: {user: user-3@example.com}, cannot: IAMManager, on: organization}
  - {principal: {user: user-4@example.com}, cannot: OrganizationManager, on: organization}
  - {principal: {user: user-5@example.com}, cannot: BillingManager, on: organization}
guardrails:
  - name: people administer IAM through the admins group only
    forbid: grant.permission_set in ["IAMManager", "OrganizationManager"] && grant.via_group != "admins"
  - name: no application has full access to everything
    forbid: grant.kind == "application" && grant.scope == "all_projects" && grant.permission_set.endsWith("FullAccess")
"#;
