//! Another writer: every plan of small spaces is applied by the real apply, with *every* single change by somebody else
//! between *every* two of its calls. It stops or goes on, and in no state does anybody hold more than before, after, or right
//! after that change.
//!
//! The API is the emulator's organization behind a socket of this test's own: it does the other change right after a call, before
//! the answer, so that each look comes after it. What somebody holds is read from the organization in the plainest way.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use scw_iam::api::Client;
use scw_iam::apply::{End, Journal, RunOptions, StopSignal, Unwatched, apply};
use scw_iam::emulator::{Behaviour, Organization as Emulated, Request, Token};
use scw_iam::model::{Application, Desired, Policy, State};
use scw_iam::plan::Plan;
use serde_json::{Value, json};

use super::builder::{self, CONDITION, Live, PROJECT, id};
use super::organization::{GROUP, Organization, POLICY, PRINCIPAL, Parts, To};
use super::space::{Events, Grants, On, Side, Space, spread, writer_spaces};
use super::support::bench::client_of;
use super::support::state_json::to_json;
use super::{chosen, count};

/// Stand for the sets of the proof: the API takes each on scopes of its type alone.
const SETS: [(&str, &str); 2] =
    [("IAMManager", "InstancesFullAccess"), ("OrganizationManager", "IAMManager")];

/// What somebody else does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Join(usize, usize),
    Leave(usize, usize),
    Attach(usize, To),
    Rewrite(usize, usize),
    Grant(To),
    Delete(usize, usize),
    Rename(usize, usize),
    /// Another stack takes it over.
    Retag(usize, usize),
}

fn deeds(space: &Space) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let holders = [To::Group(0), To::Group(1), To::Principal(0), To::Principal(1)];
    deeds.extend(holders.map(Deed::Grant));
    for at in 0..2 {
        for who in 0..2 {
            deeds.extend([Deed::Join(at, who), Deed::Leave(at, who)]);
        }
        deeds.push(Deed::Attach(at, To::Nobody));
        deeds.extend(holders.map(|to| Deed::Attach(at, to)));
        deeds.extend((0..space.rules.len()).map(|rules| Deed::Rewrite(at, rules)));
        for kind in [PRINCIPAL, GROUP, POLICY] {
            deeds.extend([Deed::Delete(kind, at), Deed::Rename(kind, at), Deed::Retag(kind, at)]);
        }
    }
    deeds
}

const PATHS: [&str; 3] = ["applications", "groups", "policies"];

/// The organization during one apply.
struct Served {
    organization: Emulated,
    rules: Vec<Vec<Value>>,
    /// The ids of the objects, by kind and position; those that the apply makes join them.
    ids: [[Option<String>; 2]; 3],
    /// The names that these go by.
    named: BTreeMap<String, (usize, usize)>,
    deed: Deed,
    /// After which write it is done.
    at: usize,
    writes: usize,
    /// Whether it could be done.
    did: bool,
    /// What may be held.
    most: [Parts; 3],
    leak: Option<String>,
}

fn call(organization: &mut Emulated, method: &str, target: &str, body: &[u8]) -> (u16, Option<Value>) {
    let request = Request {
        method,
        target,
        body,
        token: Some(Token::SecretKey("any")),
        now: jiff::Timestamp::UNIX_EPOCH,
        ip: "127.0.0.1",
        user_agent: "proof",
        request_id: "1",
    };
    let reply = organization.answer(&request);
    (reply.status, reply.body)
}

impl Served {
    fn answer(&mut self, method: &str, target: &str, body: &[u8]) -> (u16, Option<Value>) {
        let (status, answer) = call(&mut self.organization, method, target, body);
        if method != "GET" && status < 300 {
            if let (Some(answer), "POST") = (&answer, method) {
                let name = answer["name"].as_str().unwrap_or_default();
                if let Some((kind, at)) = self.named.get(name) {
                    self.ids[*kind][*at] = answer["id"].as_str().map(str::to_owned);
                }
            }
            self.writes += 1;
            self.judge(&format!("{method} {target}"));
            self.disturb();
        }
        (status, answer)
    }

    fn judge(&mut self, after: &str) {
        for (who, held) in self.access().into_iter().enumerate() {
            if held & !self.most[who] != 0 && self.leak.is_none() {
                let most = self.most[who];
                self.leak =
                    Some(format!("after write {}, {after}: {who} holds {held:b}, of {most:b}", self.writes));
            }
        }
    }

    /// Does the other change, when its moment has come.
    fn disturb(&mut self) {
        if self.writes == self.at && !self.did && self.leak.is_none() {
            self.did = self.change().is_some();
            let held = self.access();
            self.most.iter_mut().zip(held).for_each(|(most, held)| *most |= held);
        }
    }

    fn change(&mut self) -> Option<()> {
        let of = |kind: usize, at: usize| self.ids[kind][at].clone();
        let principal = |to: To| {
            Some(match to {
                To::Nobody => json!({"no_principal": true}),
                To::Group(at) => json!({"group_id": of(GROUP, at)?}),
                To::Principal(at) => json!({"application_id": of(PRINCIPAL, at)?}),
            })
        };
        let path = |kind: usize, at: usize| Some(format!("{}/{}", PATHS[kind], of(kind, at)?));
        let member = |who: usize| Some(json!({"application_id": of(PRINCIPAL, who)?}));
        let (method, target, body) = match self.deed {
            Deed::Join(group, who) => ("POST", format!("{}/add-member", path(GROUP, group)?), member(who)?),
            Deed::Leave(group, who) => {
                ("POST", format!("{}/remove-member", path(GROUP, group)?), member(who)?)
            }
            Deed::Attach(policy, to) => ("PATCH", path(POLICY, policy)?, principal(to)?),
            Deed::Rewrite(policy, rules) => (
                "PUT",
                "rules".to_owned(),
                json!({"policy_id": of(POLICY, policy)?, "rules": self.rules[rules]}),
            ),
            Deed::Grant(to) => {
                let mut made = principal(to)?;
                made["name"] = json!("by-hand");
                made["rules"] = json!(self.rules.last());
                ("POST", "policies".to_owned(), made)
            }
            Deed::Delete(kind, at) => ("DELETE", path(kind, at)?, Value::Null),
            Deed::Rename(kind, at) => ("PATCH", path(kind, at)?, json!({"name": "by-hand"})),
            Deed::Retag(kind, at) => ("PATCH", path(kind, at)?, json!({"tags": ["scw-iam=other"]})),
        };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, _) = call(&mut self.organization, method, &format!("/iam/v1alpha1/{target}"), &body);
        (status < 300).then_some(())
    }

    /// Returns what each principal holds.
    fn access(&self) -> [Parts; 3] {
        let state = self.organization.state();
        let items = |kind: &str| state[kind].as_array().cloned().unwrap_or_default();
        let at = |id: &Value| self.ids[PRINCIPAL].iter().position(|own| own.as_deref() == id.as_str());
        let groups = items("groups");
        let mut access = [0; 3];
        for policy in items("policies") {
            let parts =
                policy["rules"].as_array().into_iter().flatten().fold(0, |all, rule| all | parts(rule));
            let group = policy["group_id"].as_str();
            let group = groups.iter().find(|one| group.is_some() && one["id"].as_str() == group);
            let members = group.and_then(|group| group["application_ids"].as_array()).into_iter().flatten();
            for who in members.chain([&policy["application_id"]]).filter(|who| who.is_string()).filter_map(at)
            {
                access[who] |= parts;
            }
        }
        access
    }
}

fn parts(rule: &Value) -> Parts {
    let conditional = rule["condition"].as_str().is_some_and(|text| !text.is_empty());
    let sets = rule["permission_set_names"].as_array().into_iter().flatten();
    sets.fold(0, |all, name| {
        let set = SETS.iter().position(|(_, served)| name == served).unwrap();
        let on = match (rule["project_ids"].is_array(), set) {
            (true, _) => On::Project,
            (false, 0) => On::AllProjects,
            (false, _) => On::Organization,
        };
        all | Grants { set, on, conditional }.parts()
    })
}

/// The rules of the space as a request has them.
fn rules(space: &Space) -> Vec<Vec<Value>> {
    let rule = |grants: &Grants| {
        let mut rule = json!({
            "permission_set_names": [SETS[grants.set].1],
            "condition": if grants.conditional { CONDITION } else { "" },
        });
        match grants.on {
            On::Project => rule["project_ids"] = json!([PROJECT.to_string()]),
            On::AllProjects | On::Organization => {
                rule["organization_id"] = json!(scw_iam::model::Id::from_bits(9).to_string());
            }
        }
        rule
    };
    space.rules.iter().map(|rules| rules.iter().map(rule).collect()).collect()
}

/// Makes of a state of the proof one that the API takes: sets on scopes of their type, and no keys.
fn servable(state: &mut State) {
    for (_, policy) in state.all_mut::<Policy>() {
        for rule in &mut policy.rules.0 {
            let served = |set: &str| SETS.iter().find(|(own, _)| *own == set).unwrap().1.parse().unwrap();
            rule.permission_sets = rule.permission_sets.iter().map(|set| served(set.as_str())).collect();
        }
    }
    state.all_mut::<Application>().for_each(|(_, application)| application.api_keys = 0);
}

/// A pair that is applied with something else in between.
struct Pair {
    live: Organization,
    wanted: Organization,
    plan: Plan,
    start: Value,
    rules: Vec<Vec<Value>>,
}

impl Pair {
    fn new(space: &Space, events: Events, live: &Side, desired: &Side) -> Result<Self, String> {
        let renamed = events.renamed();
        let (before, wanted) = (space.organization(live, None), space.organization(desired, renamed));
        let mut made: Live = builder::live(space, live, &before);
        let identity = renamed.map(|(kind, at, _)| (kind, at));
        let mut files: Desired = builder::desired(space, desired, &wanted, identity);
        files.api_keys.clear();
        servable(&mut made.state);
        servable(&mut files.state);
        let plan = builder::plan(space, &made, &before.names, &files)?;
        Ok(Self { live: before, wanted, plan, start: to_json(&made.state, &made.ids), rules: rules(space) })
    }

    /// Returns the organization in which `deed` is done after the write `at`.
    fn served(&self, at: usize, deed: Deed) -> Served {
        let there = |kind: usize, at: usize| self.live.exist[kind] & 1 << at != 0;
        let own = |kind: usize| [0, 1].map(|at| there(kind, at).then(|| id(kind, at).to_string()));
        let mut named = BTreeMap::new();
        for (kind, letter) in ["a", "g", "p"].into_iter().enumerate() {
            for at in (0..2).filter(|at| !there(kind, *at)) {
                named.insert(format!("{letter}{}", self.wanted.names[kind][at]), (kind, at));
            }
        }
        let (before, after) = (self.live.access(), self.wanted.access());
        Served {
            organization: Emulated::load(&self.start, Behaviour::default(), 1).unwrap(),
            rules: self.rules.clone(),
            ids: [PRINCIPAL, GROUP, POLICY].map(own),
            named,
            deed,
            at,
            writes: 0,
            did: false,
            most: std::array::from_fn(|who| before[who] | after[who]),
            leak: None,
        }
    }
}

/// What was seen.
#[derive(Default)]
struct Seen {
    pairs: usize,
    positions: usize,
    runs: usize,
    stopped: usize,
}

/// An API on a port of its own, with one organization after the other behind it.
struct Stage {
    served: Arc<Mutex<Option<Served>>>,
    runtime: tokio::runtime::Runtime,
    url: String,
    client: Option<Client>,
    seen: Seen,
}

fn lock(served: &Mutex<Option<Served>>) -> MutexGuard<'_, Option<Served>> {
    served.lock().unwrap()
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let served = Arc::new(Mutex::new(None));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&served);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| serve(Arc::clone(&shared), request));
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { served, runtime, url, client: None, seen: Seen::default() }
    }

    /// Applies a plan with one change in between.
    fn run(&mut self, pair: &Pair, at: usize, deed: Deed) -> Result<(), String> {
        let mut served = pair.served(at, deed);
        served.disturb();
        if at == 0 && !served.did {
            return Ok(());
        }
        *lock(&self.served) = Some(served);
        let client = self.client.get_or_insert_with(|| client_of(&self.url, &pair.plan));
        // One step at a time, so that the other change is between two of them.
        let options = RunOptions {
            parallelism: 1,
            converge_within: Duration::ZERO,
            look_after: vec![Duration::from_millis(1)],
            ..RunOptions::default()
        };
        let (mut ids, mut journal) = (pair.plan.ids().clone(), Journal::none());
        let stop = StopSignal::never();
        let run = apply(&pair.plan, client, &mut ids, &mut journal, &Unwatched, stop, &options);
        let outcome = self.runtime.block_on(run);
        let served = lock(&self.served).take().unwrap();
        if served.did {
            self.seen.runs += 1;
            self.seen.stopped += usize::from(outcome.end != End::Done);
        }
        match served.leak {
            Some(leak) => Err(format!("{deed:?} after write {at}; {leak}\n{:#?}", pair.plan.steps())),
            None => Ok(()),
        }
    }
}

async fn serve(
    served: Arc<Mutex<Option<Served>>>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    // After the end of a run nothing answers.
    let answer = lock(&served).as_mut().map(|served| served.answer(head.method.as_str(), target, &body));
    let (status, body) = answer.unwrap_or((410, None));
    let mut response = hyper::Response::builder().status(status);
    if body.is_some() {
        response = response.header("content-type", "application/json");
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    Ok(response.body(Full::new(body.into())).unwrap())
}

/// The pairs of one space and what happens in it.
struct Moments<'s> {
    space: &'s Space,
    events: Events,
    pairs: Vec<(Side, Side)>,
    deeds: Vec<Deed>,
}

impl<'s> Moments<'s> {
    fn new(space: &'s Space, events: Events) -> Self {
        let [live, desired] = space.pairs(events);
        let all = live.iter().flat_map(|live| desired.iter().map(move |desired| (*live, *desired)));
        let pairs = all.filter(|(live, desired)| space.fits(events, live, desired)).collect();
        Self { space, events, pairs, deeds: deeds(space) }
    }

    fn pair(&self, at: usize) -> Result<Pair, String> {
        let (live, desired) = &self.pairs[at];
        Pair::new(self.space, self.events, live, desired)
    }

    fn told(&self, at: usize, what: &str) -> String {
        let (live, desired) = &self.pairs[at];
        format!("{what}\n{:?}\n  {live:?}\n→ {desired:?}", self.events)
    }

    /// Goes through all moments and changes.
    fn all(&self, seen: &Mutex<Seen>, broken: &Mutex<Vec<String>>) {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut stage = Stage::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.pairs.len() {
                    break;
                }
                let pair = self.pair(number).unwrap_or_else(|why| panic!("{}", self.told(number, &why)));
                stage.seen.pairs += 1;
                for at in 0..pair.plan.steps().len() {
                    stage.seen.positions += 1;
                    for deed in &self.deeds {
                        if let Err(why) = stage.run(&pair, at, *deed) {
                            broken.lock().unwrap().push(self.told(number, &why));
                        }
                    }
                }
            }
            seen.lock().unwrap().add(&stage.seen);
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| (0..threads).for_each(|_| _ = scope.spawn(work)));
    }

    /// Goes through so many that follow from a number alone.
    fn some(&self, count: usize, seen: &Mutex<Seen>, broken: &Mutex<Vec<String>>) {
        let mut stage = Stage::new();
        let drawn = (0..).map(|number| usize::try_from(spread(number) >> 1).unwrap());
        for drawn in drawn.take(count) {
            let (at, rest) = (drawn % self.pairs.len(), drawn / self.pairs.len());
            let pair = self.pair(at).unwrap_or_else(|why| panic!("{}", self.told(at, &why)));
            let Some(position) = rest.checked_rem(pair.plan.steps().len()) else { continue };
            stage.seen.pairs += 1;
            stage.seen.positions += 1;
            let deed = self.deeds[rest / pair.plan.steps().len() % self.deeds.len()];
            if let Err(why) = stage.run(&pair, position, deed) {
                broken.lock().unwrap().push(self.told(at, &why));
            }
        }
        seen.lock().unwrap().add(&stage.seen);
    }
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.positions += other.positions;
        self.runs += other.runs;
        self.stopped += other.stopped;
    }
}

/// How many changes of each space the tests draw.
const SOME: usize = 50;

#[test]
fn no_change_by_somebody_else_between_two_calls_gives_more_than_it_gave() {
    let broken = Mutex::new(Vec::new());
    for space in &chosen(writer_spaces()) {
        let (seen, since) = (Mutex::new(Seen::default()), Instant::now());
        for events in &space.events {
            let moments = Moments::new(space, *events);
            match count(SOME) {
                None => moments.all(&seen, &broken),
                Some(count) => moments.some(count.div_ceil(space.events.len()), &seen, &broken),
            }
        }
        let Seen { pairs, positions, runs, stopped } = seen.into_inner().unwrap();
        println!(
            "{}: {pairs} pairs, {positions} positions, {runs} applies with another change, {stopped} of them stopped, {:.1?}",
            space.name,
            since.elapsed()
        );
        assert!(runs > stopped && stopped > 0, "some changes are in the way, and some are not");
    }
    let mut broken = broken.into_inner().unwrap();
    broken.sort_by_key(String::len);
    assert!(broken.is_empty(), "{} leaks; the shortest:\n{}", broken.len(), broken[0]);
}
