//! Random pairs with all that makes an organization less tidy: owners, locked and hidden people, other stacks' objects,
//! names by id, built-in groups, kinds that nobody manages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use scw_iam::model::{
    Address, Application, Attachment, Desired, Flags, Group, Id, Identity, Ids, Key, Kind, Membership, Meta,
    Object, Owner, Policy, Principal, ProjectName, Prune, Rule, Rules, Scope, SshKey, Stack, State, Unsaid,
    User, UserType,
};
use scw_iam::plan::file::{MadeFrom, Mismatch, PlanDocument, digest};
use scw_iam::plan::{Caller, Error, Facts, GuardOptions, Plan, between};

use super::organizations::{Case, Pair, pair};

/// A pair, and a byte for each way in which it is less tidy.
#[derive(Debug, Clone)]
pub(crate) struct Wild {
    pair: Pair,
    genes: Genes,
}

#[derive(Debug, Clone)]
struct Genes {
    people: u8,
    hidden: u8,
    at_least: u8,
    unmanaged: u8,
    absent: u8,
    foreign_groups: u8,
    foreign_applications: u8,
    policies_by_id: u8,
    shifted: u8,
    shifted_others: u8,
    renamed_applications: u8,
    all_users: (u8, u8, u8),
    rare: u8,
    caller: u8,
    managed: u8,
    left: u8,
    ssh_keys: (u8, u8, u8),
}

/// Returns a random pair that is less tidy than [`pair`] makes them.
pub(crate) fn wild() -> impl Strategy<Value = Wild> {
    let byte = any::<u8>;
    let genes = (
        (byte(), byte(), byte(), byte(), byte(), byte(), byte()),
        (byte(), byte(), byte(), byte(), (byte(), byte(), byte()), byte(), byte()),
        (byte(), byte(), (byte(), byte(), byte())),
    );
    let genes = genes.prop_map(
        |(
            (people, hidden, at_least, unmanaged, absent, foreign_groups, foreign_applications),
            (policies_by_id, shifted, shifted_others, renamed_applications, all_users, rare, caller),
            (managed, left, ssh_keys),
        )| Genes {
            people,
            hidden,
            at_least,
            unmanaged,
            absent,
            foreign_groups,
            foreign_applications,
            policies_by_id,
            shifted,
            shifted_others,
            renamed_applications,
            all_users,
            rare,
            caller,
            managed,
            left,
            ssh_keys,
        },
    );
    (pair(), genes).prop_map(|(pair, genes)| Wild { pair, genes })
}

/// A live side with all that is known of it, and the files.
pub(crate) struct WildCase {
    pub(crate) live: State,
    pub(crate) ids: Ids,
    pub(crate) titles: HashMap<Id, String>,
    pub(crate) duplicates: BTreeMap<Address, Vec<Id>>,
    pub(crate) desired: Desired,
    pub(crate) caller: Principal,
}

fn key(name: &str) -> Key {
    Key::Named(name.parse().unwrap())
}

/// The numbers of the bits that are set; none unless the highest one is.
fn chosen(byte: u8) -> impl Iterator<Item = usize> {
    (0..7).filter(move |n| byte & 0x80 != 0 && byte & (1 << n) != 0)
}

fn other() -> Stack {
    "other".parse().unwrap()
}

impl Wild {
    /// Builds both sides.
    pub(crate) fn case(&self) -> WildCase {
        let Case { live, ids, desired } = self.pair.case();
        let titles = HashMap::new();
        let caller = Principal::User(Key::Email("u1@x.io".parse().unwrap()));
        let mut case = WildCase { live, ids, titles, duplicates: BTreeMap::new(), desired, caller };
        let genes = &self.genes;
        case.people(genes.people);
        case.memberships(genes);
        case.foreign(genes.foreign_groups, genes.foreign_applications);
        case.all_users(genes.all_users);
        case.rare(genes.rare);
        case.policies_by_id(genes.policies_by_id);
        case.shifted(genes.shifted);
        case.shifted_others(genes.shifted_others);
        case.renamed_applications(genes.renamed_applications);
        case.absent(genes.absent);
        case.managed_people(genes);
        case.drop_dangling();
        case.memberships_of_declared();
        case.ssh_keys(genes.ssh_keys);
        case.caller = case.some_principal(genes.caller);
        case
    }
}

impl WildCase {
    fn people(&mut self, genes: u8) {
        for (n, user) in self.live.all_mut::<User>().map(|(_, it)| it).enumerate() {
            match n {
                0 if genes & 1 != 0 => user.kind = UserType::Owner,
                1..4 => user.locked = genes & (1 << n) != 0,
                _ => {}
            }
        }
    }

    /// Lets the files declare SSH keys of two projects: some are added, some removed where the list is exact, some disabled, and
    /// some have the name that another key has.
    fn ssh_keys(&mut self, (live, desired, more): (u8, u8, u8)) {
        if live & 0x80 == 0 {
            return;
        }
        self.desired.sections.insert(Kind::SshKey);
        let project = |n: usize| Id::from_bits(1 + n as u128 % 2);
        let name = |n: usize| -> ProjectName { format!("p{}", 1 + n % 2).parse().unwrap() };
        for n in 0..2 {
            self.live.projects.insert(project(n), name(n));
            self.desired.state.projects.insert(project(n), name(n));
            let list = Address::new(Kind::SshKey, Key::Project(name(n)));
            let exact = more & (0x40 << n) != 0;
            self.desired
                .memberships
                .insert(list, if exact { Membership::Exact } else { Membership::AtLeast });
        }
        let key = |n: usize, material: usize, disabled| {
            let public_key = format!("ssh-ed25519 {material}");
            SshKey { project: project(n), public_key, disabled }
        };
        // Keys of one project have the same evenness.
        let shift = if desired & 0x80 == 0 { 0 } else { 2 };
        for n in 0..6 {
            let title = || format!("k{}", n / 2).parse().unwrap();
            let (has, disabled) =
                (|genes: u8| genes & (1 << n) != 0, |odd: bool| more & (1 << n) != 0 && odd);
            if has(live) {
                let address = Address::new(Kind::SshKey, Key::child(Key::Id(project(n)), title()));
                self.ids.insert(address.clone(), Id::from_bits(700 + n as u128));
                self.live.objects.insert(address, key(n, n, disabled(n % 3 == 0)).into());
            }
            if has(desired) {
                let address = Address::new(Kind::SshKey, Key::child(Key::Project(name(n)), title()));
                self.desired
                    .state
                    .objects
                    .insert(address, key(n, (n + shift) % 6, disabled(n % 3 == 1)).into());
            }
        }
    }

    /// Lets the files declare people: some are invited, some removed, some locked.
    fn managed_people(&mut self, genes: &Genes) {
        if genes.managed & 0x80 == 0 {
            return;
        }
        self.desired.sections.insert(Kind::User);
        let first_run = genes.rare % 16 == 5;
        let owner = || (!first_run).then(|| Owner::Stack("stack".parse().unwrap()));
        self.live.all_mut::<User>().for_each(|(_, user)| user.meta.owner = owner());
        let people: Vec<Address> = self.live.addresses(Kind::User).cloned().collect();
        for (n, address) in people.iter().enumerate() {
            let has = |genes: u8| genes & (1 << n) != 0;
            let owner = self.live.user(address.key()).is_some_and(|user| user.kind == UserType::Owner);
            // Somebody is there to plan.
            if has(genes.managed) && !owner && n > 0 {
                self.live.remove_all(&BTreeSet::from([address.clone()]));
                self.ids.remove(address);
            } else if has(genes.left) {
                self.desired.state.remove_all(&BTreeSet::from([address.clone()]));
            }
            // Somebody who comes may have the username of somebody who leaves, and so may somebody who stays.
            let next = (n + 1) % people.len();
            let leaves = genes.left & (1 << next) != 0 && genes.managed & (1 << next) == 0;
            let Some(user) = self.desired.state.find_mut::<User>(address.key()) else { continue };
            if leaves && genes.left & 0x40 == 0 {
                user.username = format!("u{next}");
            }
            user.locked = genes.left & 0x40 != 0 && n % 2 == 1;
            if !user.locked {
                let unsaid = Unsaid { fields: vec!["locked"], ..Unsaid::default() };
                self.desired.unsaid.insert(address.clone(), unsaid);
            }
        }
    }

    fn memberships(&mut self, genes: &Genes) {
        let ordinary = self.live.groups().filter(|(_, group)| group.builtin.is_none());
        let live: Vec<_> = ordinary.map(|(key, _)| key.clone()).collect();
        for n in chosen(genes.hidden) {
            if let Some(group) = live.get(n).and_then(|key| self.live.find_mut::<Group>(key)) {
                let id = Key::Id(Id::from_bits(600 + n as u128 / 2));
                group.members.insert(Principal::Application(id));
            }
        }
        let declared: Vec<_> = self.desired.memberships.keys().cloned().collect();
        let declared: BTreeSet<_> = declared.into_iter().collect();
        for (n, name) in declared.into_iter().enumerate() {
            if chosen(genes.at_least).any(|chosen| chosen == n) {
                self.desired.memberships.insert(name.clone(), Membership::AtLeast);
            }
            if chosen(genes.unmanaged).any(|chosen| chosen == n) {
                self.desired.memberships.remove(&name);
            }
        }
    }

    /// Gives objects to another stack: referred to, or taken over.
    fn foreign(&mut self, groups: u8, applications: u8) {
        let owner = || Some(Owner::Stack(other()));
        let takes_over = groups & 0x40 != 0;
        if takes_over {
            self.desired.settings.takes_over.insert(other());
        }
        for n in chosen(groups & 0xbf) {
            let name = key(&format!("g{n}"));
            if let Some(group) = self.live.find_mut::<Group>(&name) {
                group.meta.owner = owner();
                if !takes_over {
                    self.desired.state.objects.shift_remove(&Address::group(name.clone()));
                }
            }
        }
        for n in chosen(applications & 0xbf) {
            let name = key(&format!("a{n}"));
            if let Some(application) = self.live.find_mut::<Application>(&name) {
                application.meta.owner = owner();
                application.flags.managed = applications & 0x40 != 0;
                if application.flags.managed || !takes_over {
                    self.desired.state.objects.shift_remove(&Address::application(name.clone()));
                }
            }
        }
    }

    fn all_users(&mut self, (which, live, desired): (u8, u8, u8)) {
        for n in (0..8).filter(|n| which & 0x11 << (n % 4) != 0) {
            let name = key(&format!("p{n}"));
            let all = || Attachment::Group(key("All-users"));
            if let Some(policy) = self.live.find_mut::<Policy>(&name).filter(|_| live & 1 << n != 0) {
                policy.attachment = all();
            }
            let declared = self.desired.state.find_mut::<Policy>(&name);
            if let Some(policy) = declared.filter(|_| desired & 1 << n != 0) {
                policy.attachment = all();
            }
        }
    }

    fn rare(&mut self, genes: u8) {
        let rule =
            |scope| Rule { permission_sets: ["IAMManager".parse().unwrap()].into(), scope, condition: None };
        let policy = |attachment, rule| Policy {
            meta: Meta::default(),
            flags: Flags::default(),
            attachment,
            rules: Rules(vec![rule]),
        };
        match genes % 16 {
            // Somebody whom no list shows has a policy.
            0 => {
                let hidden = Attachment::Principal(Principal::User(Key::Id(Id::from_bits(650))));
                self.add_policy(key("hidden"), 660, policy(hidden, rule(Scope::Organization)));
            }
            // A policy holds a rule that cannot be written.
            1 => {
                if let Some((_, policy)) = self.live.all_mut::<Policy>().next() {
                    policy.rules.0.push(rule(Scope::Gone));
                }
            }
            2 => self.desired.settings.prune = Prune::None,
            // Two policies share a name, and one of them is declared by its id.
            3 | 4 => {
                let ids = [Id::from_bits(670), Id::from_bits(671)];
                for id in ids {
                    let to = Attachment::Principal(Principal::User(Key::Email("u3@x.io".parse().unwrap())));
                    self.add_policy(Key::Id(id), id.bits(), policy(to, rule(Scope::Organization)));
                    self.titles.insert(id, "twin".to_owned());
                }
                self.duplicates.insert(Address::policy(key("twin")), ids.to_vec());
                let declared = policy(Attachment::Group(key("All-users")), rule(Scope::Organization));
                self.desired.state.insert(key("twin"), declared);
                let identity = Identity { id: Some(ids[0]), previously: None };
                self.desired.identities.insert(Address::policy(key("twin")), identity);
            }
            // Nobody owns anything here: a first run.
            5 => {
                let metas = self.live.objects.values_mut().filter_map(Object::meta_mut);
                metas.for_each(|meta| meta.owner = None);
            }
            6 => self.desired.stack = None,
            _ => {}
        }
    }

    fn add_policy(&mut self, key: Key, id: u128, policy: Policy) {
        self.ids.insert(Address::policy(key.clone()), Id::from_bits(id));
        self.live.insert(key, policy);
    }

    fn policies_by_id(&mut self, genes: u8) {
        for n in chosen(genes) {
            let (old, new) = (key(&format!("p{n}")), key(&format!("q{n}")));
            let Some(id) = self.ids.get(&Address::policy(old.clone())) else { continue };
            if let Some(policy) = self.desired.state.objects.shift_remove(&Address::policy(old.clone())) {
                self.desired.state.objects.insert(Address::policy(new.clone()), policy);
                self.desired
                    .identities
                    .insert(Address::policy(new), Identity { id: Some(id), previously: None });
            }
        }
    }

    /// Moves names along a chain of groups, or around a circle.
    fn shifted(&mut self, genes: u8) {
        let count = usize::from(genes & 3);
        if genes & 0x80 == 0 || count < 2 {
            return;
        }
        let both = |key: &&Key| self.live.group(key).is_some();
        let names: Vec<_> =
            self.desired.state.groups().map(|(key, _)| key).filter(both).take(count).cloned().collect();
        for pair in names.windows(2) {
            self.declare_by_id(&pair[0], &pair[1]);
        }
        match (names.as_slice(), genes & 0x40) {
            ([first, .., last], 0) => self.declare_by_id(last, first),
            ([_, .., last], _) => _ = self.desired.state.objects.shift_remove(&Address::group(last.clone())),
            _ => {}
        }
    }

    /// The same for applications and policies, of which some are then declared by the ids of others.
    fn shifted_others(&mut self, genes: u8) {
        let count = usize::from(genes & 3);
        if genes & 0x80 == 0 || count < 2 {
            return;
        }
        let kind = if genes & 4 == 0 { Kind::Policy } else { Kind::Application };
        let all: Vec<_> = self.desired.state.addresses(kind).cloned().collect();
        let both = |address: &&Address| self.ids.get(address).is_some();
        let from = usize::from(genes >> 3 & 3);
        let names: Vec<_> = all.iter().filter(both).skip(from).take(count).cloned().collect();
        for pair in names.windows(2) {
            let identity = Identity { id: self.ids.get(&pair[1]), previously: None };
            self.desired.identities.insert(pair[0].clone(), identity);
        }
        let ([_, .., last], 0) = (names.as_slice(), genes & 0x40) else { return };
        self.desired.state.objects.shift_remove(last);
        if let Some(gone) = last.principal() {
            for (_, group) in self.desired.state.all_mut::<Group>() {
                group.members.remove(&gone);
            }
        }
    }

    fn declare_by_id(&mut self, name: &Key, live: &Key) {
        let id = self.ids.get(&Address::group(live.clone()));
        self.desired.identities.insert(Address::group(name.clone()), Identity { id, previously: None });
    }

    fn renamed_applications(&mut self, genes: u8) {
        for n in chosen(genes) {
            let (old, new) = (key(&format!("a{n}")), key(&format!("b{n}")));
            if self.live.application(&old).is_none() {
                continue;
            }
            let Some(application) =
                self.desired.state.objects.shift_remove(&Address::application(old.clone()))
            else {
                continue;
            };
            self.desired.state.objects.insert(Address::application(new.clone()), application);
            let identity = Identity { id: None, previously: Some(old.clone()) };
            self.desired.identities.insert(Address::application(new.clone()), identity);
            let (old, new) = (Principal::Application(old), Principal::Application(new));
            for group in self
                .desired
                .state
                .all_mut::<Group>()
                .map(|(_, it)| it)
                .filter(|group| group.members.contains(&old))
            {
                group.members.remove(&old);
                group.members.insert(new.clone());
            }
            for policy in self.desired.state.all_mut::<Policy>().map(|(_, it)| it) {
                if policy.attachment == Attachment::Principal(old.clone()) {
                    policy.attachment = Attachment::Principal(new.clone());
                }
            }
        }
    }

    fn absent(&mut self, genes: u8) {
        let kind = match genes % 12 {
            0 => Kind::Application,
            1 => Kind::Group,
            2 => Kind::Policy,
            _ => return,
        };
        self.desired.sections.remove(&kind);
        self.desired.identities.retain(|address, _| address.kind() != kind);
        self.desired.state.objects.retain(|address, _| address.kind() != kind);
    }

    /// Lists as external what is referred to and stays, and drops what is referred to and does not.
    fn drop_dangling(&mut self) {
        let (live, desired) = (&self.live, &mut self.desired);
        let stack = desired.stack.clone();
        let stays = |kind: Kind, meta: &Meta| {
            let ours = stack.as_ref().is_some_and(|stack| meta.owner.as_ref().is_some_and(|it| it.is(stack)));
            !ours || !desired.sections.contains(&kind)
        };
        let applications = live.applications().filter(|(_, it)| stays(Kind::Application, &it.meta));
        let applications: BTreeSet<_> = applications.filter_map(|(key, _)| key.name().cloned()).collect();
        let groups = live.groups().filter(|(_, it)| stays(Kind::Group, &it.meta));
        let groups: BTreeSet<_> = groups.filter_map(|(key, _)| key.name().cloned()).collect();
        let declared: BTreeSet<_> = desired.state.applications().map(|(key, _)| key).cloned().collect();
        let known = |principal: &Principal| match principal {
            Principal::User(_) => true,
            Principal::Application(key) => {
                declared.contains(key) || key.name().is_some_and(|name| applications.contains(name))
            }
        };
        for group in desired.state.all_mut::<Group>().map(|(_, it)| it) {
            group.members.retain(known);
        }
        let declared: BTreeSet<_> = desired.state.groups().map(|(key, _)| key).cloned().collect();
        for policy in desired.state.all_mut::<Policy>().map(|(_, it)| it) {
            let good = match &policy.attachment {
                Attachment::None => true,
                Attachment::Principal(principal) => known(principal),
                Attachment::Group(key) => {
                    declared.contains(key) || key.name().is_some_and(|name| groups.contains(name))
                }
            };
            if !good {
                policy.attachment = Attachment::None;
            }
        }
        let listed = (groups.into_iter().map(Address::group))
            .chain(applications.into_iter().map(Address::application));
        desired.external = listed.filter(|address| !desired.state.has(address)).collect();
    }

    fn memberships_of_declared(&mut self) {
        let state = &self.desired.state;
        self.desired.memberships.retain(|address, _| state.has(address));
        self.desired.identities.retain(|address, _| address.kind() != Kind::Group || state.has(address));
        // Members of a group that files do not speak of are none in the files.
        for (key, group) in self.desired.state.all_mut::<Group>() {
            if !self.desired.memberships.contains_key(&Address::group(key.clone())) {
                group.members.clear();
            }
        }
    }

    fn some_principal(&self, gene: u8) -> Principal {
        let all: Vec<_> = self.live.objects.keys().filter_map(Address::principal).collect();
        all[usize::from(gene) % all.len()].clone()
    }

    /// Plans the case.
    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        self.with_facts(|facts| between(facts, &self.desired, &GuardOptions::default()))
    }

    /// Returns a plan as it is when it was saved and is read again, refused or not.
    pub(crate) fn saved(&self, plan: &Plan) -> Result<Plan, Mismatch> {
        let digest = self.with_facts(|facts| digest(facts, None));
        let document = plan.saved(MadeFrom::new(Vec::new(), &GuardOptions::default(), digest.clone()));
        let document = PlanDocument::parse(&serde_json::to_vec(&document).unwrap())?;
        let again = self.plan().unwrap();
        document.check(&again, &digest, jiff::Timestamp::UNIX_EPOCH).map(|_| again)
    }

    fn with_facts<T>(&self, then: impl FnOnce(&Facts<'_>) -> T) -> T {
        then(&Facts {
            live: &self.live,
            ids: &self.ids,
            titles: &self.titles,
            duplicates: &self.duplicates,
            oldest_keys: &HashMap::new(),
            keys: scw_iam::plan::slot::KeyFacts::NONE,
            people: scw_iam::plan::PeopleFacts::NONE,
            guards: None,
            caller: &Caller::Known(self.caller.clone()),
            now: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    /// Returns the case in which a plan has been carried out.
    pub(crate) fn after(mut self, plan: &Plan) -> Self {
        let mut ids = plan.ids().clone();
        let live = plan.outcome().clone();
        for (n, address) in live.objects.keys().enumerate() {
            if ids.get(address).is_none() {
                ids.insert(address.clone(), Id::from_bits(5000 + n as u128));
            }
        }
        (self.live, self.ids) = (live, ids);
        self
    }
}
