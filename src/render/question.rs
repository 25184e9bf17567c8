//! Answers of the access model: for people as text and Markdown, for programs as JSON.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::{
    CanDo, Everything, Grant, GrantScope, HeldGrant, Holds, Lack, Path, RequestFacts, Undecided, UnseenGrant,
    decide_held, ends, includes, membership_end, nearest,
};
use crate::model::{
    Address, Builtin, Catalogue, Desired, Expiry, Id, Key, Kind, PermissionSetName, Place, Principal,
    ProjectName, State, User, UserStatus, Where,
};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::keys::span;
use crate::render::paint::{Ink, Paint};
use crate::render::report::{Report, Style, pretty};

/// What an answer is about, and what helps to word it.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The state that was asked.
    pub state: &'a State,
    /// The files, where they were read: they tell where a rule is written, and what no file declares.
    pub files: Option<&'a Desired>,
}

/// A question about access, without the permission set or the scope.
#[derive(Debug)]
pub struct AccessQuestion<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// The access that is looked at: of the live organization, or of what files give as one.
    pub everything: Everything<'a>,
    /// The permission sets there are.
    pub catalogue: &'a Catalogue,
    /// The request that conditions are judged for.
    pub request: RequestFacts,
}

impl AccessQuestion<'_> {
    fn holds(&self, held: &HeldGrant) -> Holds {
        let expiries = self.ground.files.map_or(&[][..], |files| &files.expiries);
        decide_held(held, expiries, &self.request)
    }

    /// Returns the grants that give a permission set, by itself or as a part of another one, in a scope, and whose holders are not
    /// known.
    fn unseen(&self, set: Option<&PermissionSetName>, on: Option<&GrantScope>) -> Vec<UnseenGrant> {
        self.everything.unseen().filter(|unseen| self.gives(&unseen.grant, set, on)).collect()
    }

    fn gives(&self, grant: &Grant, set: Option<&PermissionSetName>, on: Option<&GrantScope>) -> bool {
        let outer = &grant.permission_set;
        on.is_none_or(|on| grant.scope.contains(on))
            && set.is_none_or(|set| outer == set || includes(self.catalogue, outer, set))
    }
}

impl Ground<'_> {
    fn project(&self, id: Id) -> Option<&ProjectName> {
        self.state.projects.get(&id)
    }

    fn user(&self, principal: &Principal) -> Option<&User> {
        match principal {
            Principal::User(key) => self.state.user(key),
            Principal::Application(_) => None,
        }
    }

    /// Why somebody cannot log in, to be put behind the name; empty for everybody else.
    pub(super) fn mark(&self, principal: &Principal) -> &'static str {
        self.user(principal).map_or("", User::mark)
    }

    pub(super) fn locked(&self, principal: &Principal) -> bool {
        self.user(principal).is_some_and(|user| user.locked)
    }

    pub(super) fn not_activated(&self, principal: &Principal) -> bool {
        self.user(principal).is_some_and(|user| user.status == UserStatus::Invited)
    }

    pub(super) fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.project(id))
    }

    fn place(&self, path: &Path) -> Option<&Place> {
        self.files?.places.get(&Where::Rule(Address::policy(path.policy.clone()), path.rule))
    }

    /// Where the rule is written, or that no file declares it.
    fn origin(&self, path: &Path, managed: bool) -> Option<String> {
        if managed {
            return Some("a product manages it".to_owned());
        }
        let files = self.files?;
        match self.place(path) {
            Some(place) => Some(format!("{}:{}", place.file.display(), place.line)),
            None if files.state.policy(&path.policy).is_some() => None,
            None => Some("unmanaged".to_owned()),
        }
    }

    pub(super) fn path(&self, path: &Path, managed: bool) -> String {
        let group = path.group.as_ref().map(|group| format!("group {group} ← ")).unwrap_or_default();
        let origin = self.origin(path, managed).map(|origin| format!(" ({origin})")).unwrap_or_default();
        format!("← {group}policy {}, rule {}{origin}", path.policy, path.rule + 1)
    }

    /// When a grant ends by itself: by its condition, or because a membership ends.
    fn ends(&self, held: &HeldGrant) -> Option<Timestamp> {
        let member = self.files.and_then(|files| membership_end(&files.expiries, held));
        let member = member.filter(|expiry| !expiry.expired).map(|expiry| expiry.until);
        let condition = held.grant.condition.as_ref().and_then(ends);
        member.into_iter().chain(condition).min()
    }

    /// The end of a membership, where the files set one.
    pub(super) fn membership_end(&self, group: &Key, member: &Principal) -> Option<&Expiry> {
        let of_group = |expiry: &&Expiry| {
            expiry.address.kind() == Kind::Group
                && expiry.address.key() == group
                && expiry.member.as_ref() == Some(member)
        };
        self.files?.expiries.iter().find(of_group)
    }

    /// Where an object is declared, or a note that no file declares it.
    pub(super) fn declared(&self, address: &Address) -> Option<String> {
        let files = self.files?;
        match files.places.get(&Where::Object(address.clone())) {
            Some(place) => Some(format!("{}:{}", place.file.display(), place.line)),
            None if files.external.contains(address) => Some("external".to_owned()),
            None => Some("unmanaged".to_owned()),
        }
    }

    fn json(&self, held: &HeldGrant) -> Value {
        let mut value = self.grant_json(&held.grant, &held.path, held.managed);
        value["principal"] = held.principal.to_string().into();
        value["locked"] = self.locked(&held.principal).into();
        value["not_activated"] = self.not_activated(&held.principal).into();
        value["ends"] = self.ends(held).map(|end| end.to_string()).into();
        value
    }

    fn unseen_json(&self, unseen: &UnseenGrant) -> Value {
        let mut value = self.grant_json(&unseen.grant, &unseen.path, false);
        value["group"] = unseen.group.to_string().into();
        value
    }

    pub(super) fn grant_json(&self, grant: &Grant, path: &Path, managed: bool) -> Value {
        let scope = match &grant.scope {
            GrantScope::Organization => "organization".to_owned(),
            GrantScope::AllProjects => "all_projects".to_owned(),
            GrantScope::Project(id) => id.to_string(),
            GrantScope::Other(words) => words.clone(),
        };
        let project = match &grant.scope {
            GrantScope::Project(id) => self.project(*id).map(ToString::to_string),
            GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => None,
        };
        json!({
            "permission_set": grant.permission_set.to_string(),
            "scope": scope,
            "project": project,
            "condition": grant.condition.as_ref().map(ToString::to_string),
            "path": {
                "group": path.group.as_ref().map(ToString::to_string),
                "policy": path.policy.to_string(),
                "rule": path.rule + 1,
                "origin": self.origin(path, managed),
            },
            "managed": managed,
        })
    }
}

pub(super) fn note(holds: &Holds, ends: Option<Timestamp>, paint: Paint) -> String {
    let ink = if matches!(holds, Holds::No | Holds::Ended(_)) { Ink::Faint } else { Ink::Change };
    let note = |words: String| paint.text(ink, &format!("  [{}]", terminal(&words)));
    verdict(holds, ends).map(note).unwrap_or_default()
}

/// Says whether a condition holds, unless there is none or it does, and when it ends.
pub(super) fn verdict(holds: &Holds, ends: Option<Timestamp>) -> Option<String> {
    let holds_then = !matches!(holds, Holds::No | Holds::Ended(_));
    let ends = ends.filter(|_| holds_then).map(|end| format!("ends {end}"));
    let verdict = open(holds);
    let words: Vec<String> = verdict.into_iter().chain(ends).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

fn open(holds: &Holds) -> Option<String> {
    match holds {
        Holds::Yes => None,
        Holds::No => Some("not now: its condition is false".to_owned()),
        Holds::Ended(at) => Some(format!("not then: the membership ends {at}")),
        Holds::Depends(Some(Undecided::Unknown(what))) => Some(format!("depends on `{what}`")),
        Holds::Depends(None) => Some("depends on its condition".to_owned()),
        Holds::Depends(Some(why)) => Some(format!("depends: {why}")),
    }
}

/// One line of a table, each cell escaped.
pub(super) fn row(out: &mut dyn Write, cells: &[&str]) -> io::Result<()> {
    let cells: Vec<_> = cells.iter().map(|cell| escape(cell)).collect();
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Who can, through which wider set, under which condition.
fn who(ground: Ground<'_>, can: &CanDo) -> String {
    let through =
        if can.through { format!(" through {}", can.held.grant.permission_set) } else { String::new() };
    let condition = can.held.grant.condition.as_ref().map(|text| format!(" if {text}")).unwrap_or_default();
    let mark = ground.mark(&can.held.principal);
    format!("{}{mark}{through}{condition}", can.held.principal)
}

pub(super) fn holds_word(holds: &Holds) -> Value {
    match holds {
        Holds::Yes => true.into(),
        Holds::No | Holds::Ended(_) => false.into(),
        Holds::Depends(_) => Value::Null,
    }
}

/// What a principal holds: the answer of `explain`.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// Who is asked about.
    pub principal: Principal,
    /// Whether it owns the organization.
    pub owner: bool,
    /// Its API keys, where they were read.
    pub keys: Option<ExplainedKeys>,
    /// What it holds, and whether it does so in the request that was asked about.
    pub held: Vec<(HeldGrant, Holds)>,
    /// What it holds elsewhere, where the question is about one scope.
    pub elsewhere: usize,
    /// What it holds, too, if it is in groups that the files do not declare.
    pub unseen: Vec<UnseenGrant>,
    /// The permission set that the question is about, if any: `held` then has only grants of it.
    pub can: Option<ExplainedCan>,
}

/// The API keys of a principal.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedKeys {
    /// How many there are.
    pub number: u32,
    /// When the oldest one was made.
    pub oldest: Option<Timestamp>,
    /// What time it is.
    pub now: Timestamp,
}

impl ExplainedKeys {
    /// `, 2 API keys, the oldest 82 days old`; nothing of none.
    fn words(self) -> String {
        let Self { number, oldest, now } = self;
        let age = oldest.map(|made| span(now.duration_since(made)));
        match (number, age) {
            (0, _) => String::new(),
            (1, Some(age)) => format!(", 1 API key, {age} old"),
            (1, None) => ", 1 API key".to_owned(),
            (_, Some(age)) => format!(", {number} API keys, the oldest {age} old"),
            (_, None) => format!(", {number} API keys"),
        }
    }
}

/// Whether a principal holds one permission set in one place, and if not, why not.
#[derive(Debug)]
pub struct ExplainedCan {
    /// What is asked about.
    pub wanted: Grant,
    /// The grant that comes nearest, and what it lacks.
    pub nearest: Option<(HeldGrant, Lack)>,
    /// The ways by which groups would give it.
    pub groups: Vec<Path>,
}

impl<'a> Explanation<'a> {
    /// Answers what a principal holds: all of it, or on one scope, or of one permission set there.
    #[must_use]
    pub fn of(
        question: &AccessQuestion<'a>,
        principal: Principal,
        on: Option<GrantScope>,
        can: Option<&PermissionSetName>,
        keys: Option<ExplainedKeys>,
    ) -> Self {
        let AccessQuestion { ground, everything, catalogue, request: _ } = question;
        let all = everything.held_by(&principal).into_iter();
        let (held, elsewhere): (Vec<_>, Vec<_>) =
            all.partition(|held| question.gives(&held.grant, can, on.as_ref()));
        let unseen = question.unseen(can, on.as_ref());
        let elsewhere_count = elsewhere.len();
        let can = can.cloned().zip(on).map(|(permission_set, scope)| {
            let wanted = Grant { permission_set, scope, condition: None };
            let nearest = nearest(elsewhere, catalogue, &wanted);
            let groups = everything.groups_that_grant(catalogue, &wanted, &principal);
            ExplainedCan { wanted, nearest, groups }
        });
        let held =
            held.into_iter().map(|held| (question.holds(&held), held)).map(|(holds, held)| (held, holds));
        let owner = everything.owners().contains(&principal);
        let (held, elsewhere) = (held.collect(), elsewhere_count);
        Self { ground: *ground, principal, owner, keys, held, elsewhere, unseen, can }
    }
}

impl Report for Explanation<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let (ground, paint) = (self.ground, style.paint);
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.heading())))?;
        if self.owner {
            writeln!(out, "  owns the organization and holds everything, without any policy")?;
        } else if let Some(answer) = self.answer() {
            writeln!(out, "  {}", terminal(&answer))?;
        } else if self.held.is_empty() {
            writeln!(out, "  {}", self.nothing())?;
        }
        for (words, path) in self.misses() {
            writeln!(out, "  {}", terminal(&words))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&path)))?;
        }
        for (held, holds) in &self.held {
            let note = note(holds, ground.ends(held), paint);
            writeln!(out, "  {}{note}", terminal(&ground.words(&held.grant)))?;
            writeln!(
                out,
                "      {}",
                paint.text(Ink::Faint, &terminal(&ground.path(&held.path, held.managed)))
            )?;
        }
        for unseen in &self.unseen {
            let words = format!("perhaps {}: {}", ground.words(&unseen.grant), members(&unseen.group));
            writeln!(out, "  {}", terminal(&words))?;
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&ground.path(&unseen.path, false))))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.heading()))?;
        if self.owner {
            writeln!(out, "Owns the organization and holds everything, without any policy.")?;
        } else if let Some(answer) = self.answer() {
            writeln!(out, "{}", escape(&answer))?;
        } else if self.held.is_empty() {
            writeln!(out, "{}.", escape(&self.nothing()))?;
        }
        let misses = self.misses();
        if !misses.is_empty() {
            writeln!(out)?;
        }
        for (words, path) in misses {
            writeln!(out, "- {} {}", escape(&words), escape(&path))?;
        }
        if self.held.is_empty() && self.unseen.is_empty() {
            return Ok(());
        }
        if self.owner {
            writeln!(out)?;
        }
        writeln!(out, "| holds | | by |\n|---|---|---|")?;
        for (held, holds) in &self.held {
            let path = self.ground.path(&held.path, held.managed);
            let path = path.trim_start_matches("← ");
            let verdict = verdict(holds, self.ground.ends(held)).unwrap_or_default();
            row(out, &[&self.ground.words(&held.grant), &verdict, path])?;
        }
        for unseen in &self.unseen {
            let path = self.ground.path(&unseen.path, false);
            let path = path.trim_start_matches("← ");
            let perhaps = format!("perhaps: {}", members(&unseen.group));
            row(out, &[&self.ground.words(&unseen.grant), &perhaps, path])?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let grants = self.held.iter().map(|(held, verdict)| {
            let mut value = self.ground.json(held);
            value["holds"] = holds_word(verdict);
            value
        });
        let grants: Vec<_> = grants.collect();
        let unseen: Vec<_> = self.unseen.iter().map(|unseen| self.ground.unseen_json(unseen)).collect();
        let answer = json!({
            "principal": self.principal.to_string(),
            "locked": self.ground.locked(&self.principal),
            "not_activated": self.ground.not_activated(&self.principal),
            "owner": self.owner,
            "api_keys": self.keys.map(|keys| keys.number),
            "oldest_api_key": self.keys.and_then(|keys| keys.oldest),
            "grants": grants,
            "elsewhere": self.elsewhere,
            "unseen_groups": unseen,
            "can": self.can.as_ref().map(|can| self.can_json(can)),
        });
        pretty(out, &answer)
    }
}

impl Explanation<'_> {
    fn heading(&self) -> String {
        let keys = self.keys.map(ExplainedKeys::words).unwrap_or_default();
        format!("{}{}{keys}", self.principal, self.ground.mark(&self.principal))
    }

    /// Says whether the permission set of the question is held; `None` if the question has none.
    fn answer(&self) -> Option<String> {
        let can = self.can.as_ref()?;
        let words = self.ground.words(&can.wanted);
        Some(match self.verdict() {
            Some(true) => format!("yes, has {words}"),
            Some(false) => format!("no, does not have {words}"),
            None => format!("maybe: whether it has {words} depends on what is not known"),
        })
    }

    /// Whether the permission set is held; `None` if that depends on facts that are not known.
    fn verdict(&self) -> Option<bool> {
        let any = |wanted: fn(&Holds) -> bool| self.held.iter().any(|(_, holds)| wanted(holds));
        if self.owner || any(|holds| *holds == Holds::Yes) {
            return Some(true);
        }
        let open = any(|holds| matches!(holds, Holds::Depends(_))) || !self.unseen.is_empty();
        if open { None } else { Some(false) }
    }

    /// Says why the permission set is not held and what would change that: in words, with the path of the access.
    fn misses(&self) -> Vec<(String, String)> {
        let Some(can) = self.can.as_ref().filter(|_| self.verdict() != Some(true)) else { return Vec::new() };
        let mut lines = Vec::new();
        if let Some((held, lack)) = can.nearest.as_ref().filter(|_| self.held.is_empty()) {
            let path = self.ground.path(&held.path, held.managed);
            lines.push((format!("nearest: holds {}, {lack}", self.ground.words(&held.grant)), path));
        }
        for path in &can.groups {
            let Some(group) = &path.group else { continue };
            let path = Path { group: None, ..path.clone() };
            let path = self.ground.path(&path, false);
            lines.push((format!("members of group {group} have it"), path));
        }
        lines
    }

    fn can_json(&self, can: &ExplainedCan) -> Value {
        let nearest = can.nearest.as_ref().filter(|_| self.held.is_empty()).map(|(held, lack)| {
            let mut value = self.ground.json(held);
            value["lacks"] = lack.word().into();
            value
        });
        let groups = can.groups.iter().map(|path| {
            json!({
                "group": path.group.as_ref().map(ToString::to_string),
                "policy": path.policy.to_string(),
                "rule": path.rule + 1,
            })
        });
        json!({
            "permission_set": can.wanted.permission_set.to_string(),
            "scope": can.wanted.scope.words(|id| self.ground.project(id)),
            "holds": self.verdict(),
            "nearest": nearest,
            "groups": groups.collect::<Vec<_>>(),
        })
    }

    fn nothing(&self) -> String {
        match self.elsewhere {
            0 => "holds nothing here".to_owned(),
            1 => "holds nothing there, but 1 grant elsewhere".to_owned(),
            more => format!("holds nothing there, but {more} grants elsewhere"),
        }
    }
}

/// Says who is in a group whose members the state does not hold.
pub(super) fn members(group: &Key) -> String {
    match group.name().and_then(|name| Builtin::named(name.as_str())) {
        Some(Builtin::AllUsers) => "every user of the organization".to_owned(),
        Some(Builtin::AllApplications) => "every application of the organization".to_owned(),
        None => format!("the members of group {group}, whom these files do not list"),
    }
}

/// Who holds a permission set: the answer of `who-can`.
#[derive(Debug)]
pub struct Holders<'a> {
    /// What the answer is about.
    pub ground: Ground<'a>,
    /// The question, in words.
    pub question: String,
    /// Those who own the organization, in words.
    pub owners: Vec<String>,
    /// Who holds it by a policy.
    pub found: Vec<CanDo>,
    /// The groups that hold it, and whose members are not known.
    pub unseen: Vec<UnseenGrant>,
    /// Where nobody holds it: the grant that comes nearest, and what it lacks.
    pub nearest: Option<(HeldGrant, Lack)>,
}

impl<'a> Holders<'a> {
    /// Answers who holds a permission set on a scope, which is called `name`.
    #[must_use]
    pub fn of(question: &AccessQuestion<'a>, set: &PermissionSetName, on: &GrantScope, name: &str) -> Self {
        let AccessQuestion { ground, everything, catalogue, request } = question;
        let mut found = everything.who_can(catalogue, set, on, Some(request));
        for can in &mut found {
            can.holds = question.holds(&can.held);
        }
        let unseen = question.unseen(Some(set), Some(on));
        let wanted = Grant { permission_set: set.clone(), scope: on.clone(), condition: None };
        let nobody = found.is_empty() && unseen.is_empty();
        let nearest = nobody.then(|| nearest(everything.grants(), catalogue, &wanted)).flatten();
        let owners = everything.owners().iter().map(ToString::to_string).collect();
        let question = format!("who can {set} on {name}");
        Self { ground: *ground, question, owners, found, unseen, nearest }
    }
}

impl Holders<'_> {
    fn is_nobody(&self) -> bool {
        self.owners.is_empty() && self.found.is_empty() && self.unseen.is_empty()
    }

    fn value(&self) -> Value {
        let found = self.found.iter().map(|can| {
            let mut value = self.ground.json(&can.held);
            value["through"] = can.through.into();
            value["holds"] = holds_word(&can.holds);
            value
        });
        let found: Vec<_> = found.collect();
        let unseen: Vec<_> = self.unseen.iter().map(|unseen| self.ground.unseen_json(unseen)).collect();
        let nearest = self.nearest.as_ref().map(|(held, lack)| {
            let mut value = self.ground.json(held);
            value["lacks"] = lack.word().into();
            value
        });
        json!({"owners": self.owners, "grants": found, "unseen_groups": unseen, "nearest": nearest})
    }

    fn nearest(&self) -> Option<String> {
        let (held, lack) = self.nearest.as_ref()?;
        Some(format!("nearest: {} holds {}, {lack}", held.principal, self.ground.words(&held.grant)))
    }
}

impl Report for Holders<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let paint = style.paint;
        writeln!(out, "{}", paint.text(Ink::Heading, &terminal(&self.question)))?;
        for owner in &self.owners {
            writeln!(out, "  {} owns the organization", terminal(owner))?;
        }
        if self.is_nobody() {
            writeln!(out, "  nobody")?;
        }
        for can in &self.found {
            let note = note(&can.holds, self.ground.ends(&can.held), paint);
            writeln!(out, "  {}{note}", terminal(&who(self.ground, can)))?;
            let path = self.ground.path(&can.held.path, can.held.managed);
            writeln!(out, "      {}", paint.text(Ink::Faint, &terminal(&path)))?;
        }
        for unseen in &self.unseen {
            let condition =
                unseen.grant.condition.as_ref().map(|text| format!(" if {text}")).unwrap_or_default();
            writeln!(out, "  {}", terminal(&format!("{}{condition}", members(&unseen.group))))?;
            writeln!(
                out,
                "      {}",
                paint.text(Ink::Faint, &terminal(&self.ground.path(&unseen.path, false)))
            )?;
        }
        if let Some(nearest) = self.nearest() {
            writeln!(out, "  {}", paint.text(Ink::Faint, &terminal(&nearest)))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### {}\n", escape(&self.question))?;
        if self.is_nobody() {
            writeln!(out, "Nobody.")?;
            return match self.nearest() {
                Some(nearest) => writeln!(out, "\n{}", escape(&nearest)),
                None => Ok(()),
            };
        }
        writeln!(out, "| who | | by |\n|---|---|---|")?;
        for owner in &self.owners {
            row(out, &[owner, "", "owns the organization"])?;
        }
        for can in &self.found {
            let path = self.ground.path(&can.held.path, can.held.managed);
            let path = path.trim_start_matches("← ");
            let verdict = verdict(&can.holds, self.ground.ends(&can.held)).unwrap_or_default();
            row(out, &[&who(self.ground, can), &verdict, path])?;
        }
        for unseen in &self.unseen {
            let path = self.ground.path(&unseen.path, false);
            row(out, &[&members(&unseen.group), "", path.trim_start_matches("← ")])?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        pretty(out, &self.value())
    }
}

/// Who holds a permission set on each of several projects: the answer of `who-can --on 'prod-*'`.
#[derive(Debug)]
pub struct HoldersByProject<'a> {
    /// The pattern for the projects.
    pub pattern: String,
    /// The answer for each.
    pub answers: Vec<(Id, Holders<'a>)>,
}

impl Report for HoldersByProject<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        for (at, (_, answer)) in self.answers.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            answer.text(out, style)?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        for (at, (_, answer)) in self.answers.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            answer.markdown(out)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let answers = self.answers.iter().map(|(id, answer)| {
            let mut value = answer.value();
            value["id"] = id.to_string().into();
            value["project"] = answer.ground.project(*id).map(ToString::to_string).into();
            value
        });
        let answers: Vec<_> = answers.collect();
        pretty(out, &json!({"on": self.pattern, "projects": answers}))
    }
}
