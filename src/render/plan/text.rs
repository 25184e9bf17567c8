use std::collections::BTreeMap;
use std::io::{self, Write};

use similar::ChangeTag;

use super::access::{self, AccessLine, Fold, Folds};
use super::reading::PlanReading;
use super::{drift, words};
use crate::access::AccessEffect;
use crate::model::{
    Address, Attachment, DriftKind, Field, FieldValue, Key, KeyForm, Kind, Principal, Rules, UserType,
    WriteCall,
};
use crate::plan::{Action, ConflictKind, Findings, LiftedBy, Plan, SparedReason, Step, Verdict};
use crate::render::diff::line_changes;
use crate::render::escape::terminal;
use crate::render::keys;
use crate::render::paint::{Ink, Paint};
use crate::render::style::{Extent, Style};
use crate::render::wrap::{Screen, TIE, WrappedLine, tied};

/// Writes a plan for a terminal or a log: access first, then the steps in the order of the apply, then what is
/// spared, the guards and a summary.
pub(super) fn text(
    out: &mut dyn Write,
    (plan, found): (&Plan, Option<&Findings>),
    reading: PlanReading,
    style: Style,
) -> io::Result<()> {
    let mut page = TextPage { out, plan, found, drift: reading == PlanReading::Drift, style };
    page.partial()?;
    page.stays()?;
    page.weaker()?;
    page.found()?;
    if !plan.steps().is_empty() {
        page.access()?;
        page.people()?;
    }
    page.attributed()?;
    page.details()?;
    page.refusals()?;
    page.summary()
}

/// Writes what a pull request's comment folds: everything but access, refusals and the summary, which it begins with.
pub(super) fn details(
    out: &mut dyn Write,
    (plan, found): (&Plan, Option<&Findings>),
    reading: PlanReading,
) -> io::Result<()> {
    let style = Style { extent: Extent::Full, ..Style::default() };
    TextPage { out, plan, found, drift: reading == PlanReading::Drift, style }.details()
}

/// Returns the lines below the headline of a step.
pub(super) fn below(plan: &Plan, step: &Step, reading: PlanReading) -> String {
    let mut bytes = Vec::new();
    let style = Style { extent: Extent::Full, ..Style::default() };
    let drift = reading == PlanReading::Drift;
    // Writing to a vector cannot fail.
    _ = TextPage { out: &mut bytes, plan, found: None, drift, style }.step(step, 0);
    String::from_utf8_lossy(&bytes).trim_end().to_owned()
}

/// How many names of a list are shown before the rest is counted.
const MOST_NAMES: usize = 3;

struct TextPage<'a> {
    out: &'a mut dyn Write,
    plan: &'a Plan,
    found: Option<&'a Findings>,
    drift: bool,
    style: Style,
}

/// The sign of a change; of drift, that of what live has beside the files.
const fn sign(effect: AccessEffect, drift: bool) -> (Ink, &'static str) {
    match (effect, drift) {
        (AccessEffect::Gained | AccessEffect::Loosened, false) | (AccessEffect::Lost, true) => {
            (Ink::Add, "+")
        }
        (AccessEffect::Tightened, _) | (AccessEffect::Loosened, true) => (Ink::Change, "~"),
        (AccessEffect::Lost, false) | (AccessEffect::Gained, true) => (Ink::Remove, "-"),
    }
}

pub(super) const fn mark(action: &Action) -> (Ink, &'static str) {
    match action {
        Action::Create { .. } | Action::AddMembers { .. } => (Ink::Add, "+"),
        Action::Update { .. } | Action::SetRules { .. } => (Ink::Change, "~"),
        Action::RemoveMember { .. } | Action::SetMembers { .. } | Action::Delete { .. } => (Ink::Remove, "-"),
    }
}

impl TextPage<'_> {
    /// Writes a line of words, `indent` from the left; what does not fit goes below, `hang` further in.
    fn line(&mut self, indent: usize, hang: usize, line: &WrappedLine) -> io::Result<()> {
        let screen = self.screen();
        line.write(self.out, screen, indent, hang)
    }

    const fn screen(&self) -> Screen {
        Screen { paint: self.style.paint, width: self.style.width }
    }

    fn plain(&mut self, indent: usize, hang: usize, text: &str) -> io::Result<()> {
        self.line(indent, hang, &WrappedLine::of(None, &terminal(text)))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.paint.text(Ink::Heading, text))
    }

    /// Writes findings that no step shows.
    fn found(&mut self) -> io::Result<()> {
        let Some(drift) = self.found else { return Ok(()) };
        if drift::shown(drift).next().is_none() {
            return Ok(());
        }
        self.heading("Findings")?;
        for finding in drift::shown(drift) {
            let ink = if finding.ignored.is_some() { Ink::Faint } else { Ink::Alarm };
            let what = format!("{}: {}", finding.kind, terminal(&drift::words(finding)));
            self.line(2, 4, &WrappedLine::of(Some(ink), &what))?;
            if let Some(way) = &finding.way {
                self.line(6, 4, &WrappedLine::of(Some(Ink::Faint), &format!("←{TIE}{}", terminal(way))))?;
            }
            let end = match &finding.ignored {
                Some((reason, until)) => format!(", ignored until {until}: {}", terminal(reason)),
                None => String::new(),
            };
            // Nothing ignores an entry that ignores nothing.
            if finding.kind != DriftKind::StaleIgnore {
                let line = format!("fingerprint {}{end}", finding.fingerprint);
                self.line(6, 4, &WrappedLine::of(Some(Ink::Faint), &line))?;
            }
        }
        writeln!(self.out)
    }

    /// Writes who caused the findings.
    fn attributed(&mut self) -> io::Result<()> {
        let lines = self.found.map(drift::attributed).unwrap_or_default();
        if lines.is_empty() {
            return Ok(());
        }
        self.heading("Who did it")?;
        for (what, who) in lines {
            let line = if what.is_empty() { who } else { format!("{what}: {who}") };
            self.plain(2, 4, &line)?;
        }
        writeln!(self.out)
    }

    /// Writes the access that no file declares, by principal.
    fn undeclared(&mut self) -> io::Result<()> {
        let Some(drift) = self.found.filter(|drift| !drift.undeclared.is_empty()) else { return Ok(()) };
        self.heading("Access that no file declares")?;
        let all = drift::undeclared(self.plan, drift);
        for (principal, grants) in all.iter().take(drift::MOST_PRINCIPALS) {
            self.plain(2, 4, &format!("{principal}{}", words::asleep(self.plan, principal)))?;
            for (grant, escalates, way) in grants {
                let mark = if *escalates { format!("  [{}]", tied("can escalate")) } else { String::new() };
                self.line(4, 6, &WrappedLine::of(None, &terminal(grant)).and(Some(Ink::Alarm), &mark))?;
                self.line(8, 4, &WrappedLine::of(Some(Ink::Faint), &format!("←{TIE}{}", terminal(way))))?;
            }
        }
        if let Some(more @ 1..) = all.len().checked_sub(drift::MOST_PRINCIPALS) {
            self.plain(2, 4, &format!("and {more} more; `-o json` lists all"))?;
        }
        writeln!(self.out)
    }

    /// Writes the members that the API does not list: they are unknown, and they stay.
    fn hidden(&mut self) -> io::Result<()> {
        let group = |(key, members): (&Key, Vec<&Principal>)| {
            let members: Vec<String> = members.iter().map(ToString::to_string).collect();
            format!("group {key}: {}", members.join(", "))
        };
        let groups: Vec<String> = self.plan.hidden_members().map(group).collect();
        if groups.is_empty() {
            return Ok(());
        }
        self.heading("Members that the API does not list; they stay")?;
        for group in groups {
            self.plain(2, 4, &group)?;
        }
        writeln!(self.out)
    }

    /// Writes the access that the files take away and that stays.
    fn stays(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let mut written = false;
        for blocked in plan.blocked() {
            for (who, grant) in &blocked.stays {
                let grant = grant.words(|id| plan.outcome().projects.get(&id));
                let line = format!(
                    "Access that stays: {who} keeps {grant}, because {} cannot be rewritten",
                    blocked.address
                );
                self.line(0, 2, &WrappedLine::of(Some(Ink::Alarm), &terminal(&line)))?;
                written = true;
            }
        }
        if written { writeln!(self.out) } else { Ok(()) }
    }

    /// Writes the scope of a partial plan.
    fn partial(&mut self) -> io::Result<()> {
        let Some(partial) = self.plan.partial() else { return Ok(()) };
        self.line(0, 2, &WrappedLine::of(Some(Ink::Heading), &terminal(&words::partial(partial))))?;
        self.line(2, 2, &WrappedLine::of(Some(Ink::Faint), words::PARTIAL))?;
        writeln!(self.out)
    }

    fn weaker(&mut self) -> io::Result<()> {
        if self.plan.weaker().is_empty() {
            return Ok(());
        }
        self.heading("Weaker checks than before the change")?;
        for line in self.plan.weaker() {
            self.line(2, 4, &WrappedLine::of(Some(Ink::Alarm), &terminal(line)))?;
        }
        writeln!(self.out)
    }

    /// Writes the steps and the objects left unchanged.
    fn details(&mut self) -> io::Result<()> {
        if !self.plan.steps().is_empty() {
            self.steps()?;
        }
        keys::section(self.out, self.plan.keys(), self.style)?;
        self.interruptions()?;
        self.missing()?;
        self.expiries()?;
        self.adoptions()?;
        self.undeclared()?;
        self.hidden()?;
        self.spared()?;
        self.notes()
    }

    fn access(&mut self) -> io::Result<()> {
        let drift = self.drift;
        self.heading(if drift { "Access: live compared with the files" } else { "Access" })?;
        let folds = Folds::of(self.plan, drift);
        let openings = access::openings(self.plan, drift);
        if folds.all.is_empty() && openings.is_empty() {
            writeln!(
                self.out,
                "  {}",
                if drift { "no difference in access" } else { "no change in access" }
            )?;
        }
        for fold in &folds.all {
            self.fold(fold)?;
            for of_policy in folds.lines(fold) {
                for line in of_policy.made(|line| self.access_line(line)) {
                    self.out.write_all(line.as_bytes())?;
                }
            }
        }
        for opening in &openings {
            self.plain(2, 4, &opening.who)?;
            let line = self.access_line(&opening.line);
            self.out.write_all(line.as_bytes())?;
        }
        writeln!(self.out)
    }

    /// Writes whom the plan invites, and whom it locks out.
    fn people(&mut self) -> io::Result<()> {
        let lists = [("Invitations", words::invitations(self.plan)), ("Locked out", words::locks(self.plan))];
        for (heading, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            if self.drift {
                continue;
            }
            self.heading(heading)?;
            for line in lines {
                self.plain(2, 4, &line)?;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn fold(&mut self, fold: &Fold<'_>) -> io::Result<()> {
        let note = match fold.note(self.drift) {
            "" => String::new(),
            note => format!(", {note}"),
        };
        let who =
            WrappedLine::of(None, &terminal(&fold.names(self.style.extent))).and(Some(Ink::Alarm), &note);
        self.line(2, 4, &who)
    }

    /// Returns what happens to a grant, and below it by which path.
    fn access_line(&self, line: &AccessLine) -> String {
        let (ink, sign) = sign(line.effect, self.drift);
        let what = format!("{sign}{TIE}{}", terminal(&line.what));
        let marks: String = line.marks.iter().map(|mark| format!("  [{}]", tied(mark))).collect();
        let what = WrappedLine::of(Some(ink), &what).and(Some(Ink::Alarm), &marks);
        let mut text = what.text(self.screen(), 4, 6);
        if !line.path.is_empty() {
            let path = WrappedLine::of(Some(Ink::Faint), &format!("←{TIE}{}", terminal(&line.path)));
            text.push_str(&path.text(self.screen(), 8, 4));
        }
        text
    }

    fn steps(&mut self) -> io::Result<()> {
        self.heading(if self.drift { "Steps: what an apply would change" } else { "Steps" })?;
        let width = self.plan.steps().len().to_string().len();
        for alike in self.plan.steps().chunk_by(adopts_alike) {
            if let [first, _, ..] = alike {
                self.adopted(alike, first.action.address().kind(), width)?;
                continue;
            }
            for step in alike {
                let (ink, sign) = mark(&step.action);
                let headline = words::headline(self.plan, step);
                let line = WrappedLine::of(None, &tied(&format!("{:>width$}  ", step.id)))
                    .and(Some(ink), &format!("{sign}{TIE}{}", terminal(&headline)))
                    .and(Some(Ink::Faint), &after(step, self.style.extent));
                self.line(2, width + 6, &line)?;
                self.step(step, width + 6)?;
            }
        }
        writeln!(self.out)
    }

    /// Writes steps that only adopt, of one kind, as one line.
    fn adopted(&mut self, steps: &[Step], kind: Kind, width: usize) -> io::Result<()> {
        let names: Vec<_> =
            steps.iter().map(|step| words::named(self.plan, &step.action.address())).collect();
        let (from, to) = (&steps[0].id, &steps[steps.len() - 1].id);
        let line = WrappedLine::of(None, &tied(&format!("{from:>width$}–{to}  ")))
            .and(Some(Ink::Change), &format!("~{TIE}{} adopted: ", words::many(names.len(), kind)))
            .and(None, &terminal(&self.some(&names)));
        self.line(2, width + 6, &line)
    }

    /// Lists names, of many the first ones.
    fn some(&self, names: &[String]) -> String {
        let most = self.style.extent.most(MOST_NAMES);
        let shown = names.iter().take(most).map(|name| tied(name)).collect::<Vec<_>>().join(", ");
        match names.len().saturating_sub(most) {
            0 => shown,
            more => format!("{shown}, and {more} more"),
        }
    }

    fn step(&mut self, step: &Step, indent: usize) -> io::Result<()> {
        match &step.action {
            Action::Create { object, .. } => self.created(indent, &object.fields()),
            Action::Update { from, .. } => self.update(indent, step, from.as_ref()),
            Action::SetRules { before, after, .. } => self.rules(indent, before, after),
            Action::Delete { address, .. } => match words::left_behind(self.plan, address) {
                Some(line) => self.plain(indent, 2, &line),
                None => Ok(()),
            },
            Action::AddMembers { .. } | Action::RemoveMember { .. } | Action::SetMembers { .. } => Ok(()),
        }
    }

    /// Writes the fields of a new object, except for its name.
    fn created(&mut self, indent: usize, fields: &[Field<'_>]) -> io::Result<()> {
        for field in fields.iter().filter(|field| field.writer != WriteCall::Nothing) {
            if let FieldValue::Rules(rules) = field.value {
                self.diff(indent, "", &words::rules(self.plan, rules))?;
            } else if let Some(value) = words::value(field) {
                writeln!(self.out, "{:indent$}{}: {}", "", field.name, terminal(&value))?;
            }
        }
        Ok(())
    }

    fn update(&mut self, indent: usize, step: &Step, from: Option<&Key>) -> io::Result<()> {
        if let Some(from) = from {
            let address = step.action.address();
            let name = if address.kind().form() == KeyForm::Email { "email" } else { "name" };
            self.field(indent, name, &from.to_string(), &address.key_text())?;
        }
        let adopts = step.action.only_adopts();
        for (before, after) in step.action.changes() {
            match (before.value, after.value) {
                (FieldValue::Text(from), FieldValue::Text(to))
                    if from.contains('\n') || to.contains('\n') =>
                {
                    writeln!(self.out, "{:indent$}{}:", "", before.name)?;
                    self.diff(indent + 2, &lines(from), &lines(to))?;
                }
                (FieldValue::Text(from), FieldValue::Text(to)) => {
                    self.field(indent, before.name, &quoted(from), &quoted(to))?;
                }
                (FieldValue::Tags(from), FieldValue::Tags(to)) => {
                    let gone = from.difference(to).map(|tag| format!("-{tag}"));
                    let new = to.difference(from).map(|tag| format!("+{tag}"));
                    let changes: Vec<_> = gone.chain(new).collect();
                    writeln!(self.out, "{:indent$}{}: {}", "", before.name, terminal(&changes.join(", ")))?;
                }
                (FieldValue::Owner(None), FieldValue::Owner(_)) if adopts => {}
                (FieldValue::Owner(from), FieldValue::Owner(to)) => {
                    self.field(indent, before.name, &words::owner(from), &words::owner(to))?;
                }
                (FieldValue::Attachment(from), FieldValue::Attachment(to)) => {
                    self.field(indent, before.name, &words::attachment(from), &words::attachment(to))?;
                    self.owner_note(indent, to)?;
                }
                (from, to) => {
                    // Fields that no call writes are not shown.
                    if let (Some(from), Some(to)) = (words::plain(from), words::plain(to)) {
                        self.field(indent, before.name, &from, &to)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A policy for the owner adds nothing: the owner holds everything.
    fn owner_note(&mut self, indent: usize, to: &Attachment) -> io::Result<()> {
        let Attachment::Principal(Principal::User(key)) = to else { return Ok(()) };
        if self.plan.outcome().user(key).is_some_and(|user| user.kind == UserType::Owner) {
            writeln!(self.out, "{:indent$}note: {key} is the owner and holds everything already", "")?;
        }
        Ok(())
    }

    fn field(&mut self, indent: usize, name: &str, from: &str, to: &str) -> io::Result<()> {
        let from = self.style.paint.text(Ink::Remove, &terminal(from));
        let to = self.style.paint.text(Ink::Add, &terminal(to));
        writeln!(self.out, "{:indent$}{name}: {from} → {to}", "")
    }

    fn rules(&mut self, indent: usize, before: &Rules, after: &Rules) -> io::Result<()> {
        self.diff(indent, &words::rules(self.plan, before), &words::rules(self.plan, after))
    }

    fn diff(&mut self, indent: usize, before: &str, after: &str) -> io::Result<()> {
        for (tag, line) in line_changes(before, after) {
            let line = terminal(line);
            let (ink, sign) = match tag {
                ChangeTag::Delete => (Some(Ink::Remove), "- "),
                ChangeTag::Insert => (Some(Ink::Add), "+ "),
                ChangeTag::Equal => (None, "  "),
            };
            match ink.filter(|_| self.style.paint == Paint::Coloured) {
                Some(ink) => {
                    let line = self.style.paint.text(ink, &format!("{sign}{line}"));
                    writeln!(self.out, "{:indent$}{line}", "")?;
                }
                None => writeln!(self.out, "{:indent$}{sign}{line}", "")?,
            }
        }
        Ok(())
    }

    fn interruptions(&mut self) -> io::Result<()> {
        let names = &self.plan.outcome().projects;
        if self.plan.interruptions().is_empty() {
            return Ok(());
        }
        self.heading("Interruptions: access that is missing temporarily")?;
        for interruption in self.plan.interruptions() {
            let what = interruption.grant.words(|id| names.get(&id));
            let (who, from, to) = (&interruption.principal, interruption.from_step, interruption.to_step);
            let asleep = words::asleep(self.plan, who);
            self.plain(2, 4, &format!("{who}{asleep}: {what} from step {from} to step {to}"))?;
        }
        writeln!(self.out)
    }

    fn missing(&mut self) -> io::Result<()> {
        if self.plan.missing().is_empty() {
            return Ok(());
        }
        self.heading("Missing from the organization; left out of the plan")?;
        for it in self.plan.missing() {
            let line = format!("{} {}, named by {} ({})", it.kind.word(), it.name, it.by, it.at);
            self.plain(2, 4, &line)?;
        }
        writeln!(self.out)
    }

    fn expiries(&mut self) -> io::Result<()> {
        let soon: Vec<_> = self.plan.ending().collect();
        if soon.is_empty() {
            return Ok(());
        }
        self.heading("Ending")?;
        for expiry in soon {
            let what = match (&expiry.member, expiry.rule) {
                (Some(member), _) => {
                    format!("{member}{} in {}", words::asleep(self.plan, member), expiry.address)
                }
                (None, Some(rule)) => format!("rule {} of {}", rule + 1, expiry.address),
                (None, None) => expiry.address.to_string(),
            };
            let verb = if expiry.expired { "ended" } else { "ends" };
            let place = format!("{}:{}", expiry.at.file.display(), expiry.at.line);
            self.plain(2, 4, &format!("{what} {verb} {} ({place})", expiry.until))?;
        }
        writeln!(self.out)
    }

    fn adoptions(&mut self) -> io::Result<()> {
        let with_keys = self.plan.adoptions().iter().filter(|adoption| adoption.api_keys > 0);
        let lines: Vec<String> = with_keys
            .map(|adoption| {
                let keys = adoption.api_keys;
                let oldest = adoption.oldest_key.map(|made| {
                    let days = self.plan.created_at().duration_since(made).as_hours() / 24;
                    format!(", the oldest {days} {} old", if days == 1 { "day" } else { "days" })
                });
                let keys = if keys == 1 { "1 API key".to_owned() } else { format!("{keys} API keys") };
                format!("{} comes with {keys}{}", adoption.address, oldest.unwrap_or_default())
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        self.heading("Adopted applications with API keys")?;
        for line in lines {
            self.plain(2, 4, &line)?;
        }
        writeln!(self.out)
    }

    fn spared(&mut self) -> io::Result<()> {
        let mut by_reason: BTreeMap<(&SparedReason, Kind), Vec<String>> = BTreeMap::new();
        let mut counted: BTreeMap<&SparedReason, usize> = BTreeMap::new();
        for spared in self.plan.spared() {
            match (words::matters(self.plan, spared), self.style.extent) {
                (None, _) => {}
                (Some(false), Extent::Folded) => *counted.entry(&spared.reason).or_default() += 1,
                (Some(_), _) => {
                    let name = words::named(self.plan, &spared.address);
                    by_reason.entry((&spared.reason, spared.address.kind())).or_default().push(name);
                }
            }
        }
        if by_reason.is_empty() && counted.is_empty() {
            return Ok(());
        }
        self.heading("Left unchanged")?;
        for ((reason, kind), mut names) in by_reason {
            names.sort_unstable();
            self.plain(2, 4, &format!("{}: {}", words::many(names.len(), kind), words::spared(reason)))?;
            let shown = self.some(&names);
            self.line(6, 2, &WrappedLine::of(Some(Ink::Faint), &terminal(&shown)))?;
        }
        for (reason, number) in counted {
            let objects = if number == 1 { "object" } else { "objects" };
            self.plain(2, 4, &format!("{number} {objects}: {}", words::spared(reason)))?;
        }
        writeln!(self.out)
    }

    fn notes(&mut self) -> io::Result<()> {
        // Where both names are live, nothing is done yet, and a conflict says so.
        let conflicts = self.plan.conflicts();
        let live_twice = |address: &Address| {
            conflicts.iter().any(|conflict| {
                conflict.address == *address && matches!(conflict.kind, ConflictKind::BothLive { .. })
            })
        };
        let spent: Vec<_> = self.plan.spent().iter().filter(|address| !live_twice(address)).collect();
        let (blocked, leftovers) = (self.plan.blocked(), self.plan.leftovers());
        let deletes = !self.drift && self.plan.steps().iter().any(words::undeclares);
        if spent.is_empty() && blocked.is_empty() && leftovers.is_empty() && !deletes {
            return Ok(());
        }
        for blocked in blocked {
            let line = format!("not rewritten: {}", words::blocked(blocked));
            self.line(0, 2, &WrappedLine::of(Some(Ink::Alarm), &terminal(&line)))?;
        }
        for leftover in leftovers {
            self.plain(0, 2, &format!("note: {}", words::leftover(leftover)))?;
        }
        if deletes {
            let line = "note: to stop managing an object without deleting it, list it under `release`";
            self.plain(0, 2, line)?;
        }
        for address in spent {
            let line = format!("note: `previously` of {address} is no longer needed and can be removed");
            self.plain(0, 2, &line)?;
        }
        writeln!(self.out)
    }

    fn refusals(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let would = if self.drift { "an apply would be " } else { "" };
        for conflict in plan.conflicts() {
            let line = format!("{would}refused: {}", words::conflict(plan, conflict));
            self.line(0, 2, &WrappedLine::of(Some(Ink::Alarm), &terminal(&line)))?;
        }
        let drift = self.drift;
        let findings: Vec<_> =
            plan.findings().iter().filter(|note| !(drift && drift::repeats(note))).collect();
        for finding in &findings {
            let allow = format!(" (--allow{TIE}{}={})", finding.guard, finding.found);
            let (word, ink, how) = match finding.verdict {
                Verdict::Refused => {
                    (format!("{would}refused by {}", finding.guard), Ink::Alarm, allow.as_str())
                }
                Verdict::Lifted => {
                    let how = match finding.lifted_by {
                        Some(LiftedBy::Files) => " (`allow` in the files)",
                        Some(LiftedBy::Number) | None => allow.as_str(),
                    };
                    (format!("allowed by {}", finding.guard), Ink::Change, how)
                }
                Verdict::Shown => ("note".to_owned(), Ink::Change, ""),
            };
            let line = format!("{word}: {}", terminal(&finding.message));
            self.line(0, 2, &WrappedLine::of(Some(ink), &line).and(None, how))?;
            let most = self.style.extent.most(words::MOST_ITEMS);
            for item in finding.items.iter().take(most) {
                self.plain(4, 2, item)?;
            }
            if finding.items.len() > most {
                let more = finding.items.len() - most;
                writeln!(self.out, "    and {more} more (--full shows all)")?;
            }
            if let (Verdict::Refused, Some(entry)) = (finding.verdict, finding.entry(plan.created_at())) {
                self.plain(4, 2, &format!("to let exactly this pass, add to `allow`: {entry}"))?;
            }
        }
        if !plan.conflicts().is_empty() || !findings.is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn summary(&mut self) -> io::Result<()> {
        let (plan, drift) = (self.plan, self.drift);
        let found = self.found.map(drift::counts).unwrap_or_default();
        if plan.is_empty()
            && plan.conflicts().is_empty()
            && (drift || plan.blocked().is_empty() && !plan.refused())
        {
            if !found.is_empty() {
                return self.line(0, 6, &WrappedLine::of(Some(Ink::Heading), &format!("Drift: {found}.")));
            }
            let word = if drift { "No drift" } else { "No changes" };
            let line = format!("{word}. {}", terminal(&words::settled(plan)));
            return self.line(0, 2, &WrappedLine::of(None, &line));
        }
        let word = match (drift, plan.partial()) {
            (true, _) => "Drift",
            (false, Some(_)) => "Partial plan",
            (false, None) => "Plan",
        };
        let refused = if plan.refused() && !drift { "; refused" } else { "" };
        let found = if found.is_empty() { found } else { format!("; {found}") };
        let line = format!("{word}: {}{found}{refused}.", words::summary(plan));
        self.line(0, 6, &WrappedLine::of(Some(Ink::Heading), &line))
    }
}

/// Whether two steps of one kind only adopt, and wait for nothing.
fn adopts_alike(a: &Step, b: &Step) -> bool {
    let free = |step: &Step| step.action.only_adopts() && step.after.is_empty();
    free(a) && free(b) && a.action.address().kind() == b.action.address().kind()
}

fn after(step: &Step, extent: Extent) -> String {
    let mut steps: Vec<_> = step.after.iter().map(|edge| edge.step).collect();
    steps.dedup();
    match steps.as_slice() {
        [] => String::new(),
        steps if steps.len() > extent.most(6) => {
            let last = steps.last().copied().unwrap_or_default();
            format!(
                "    after {}, … and {last}",
                steps[..4].iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            )
        }
        steps => {
            format!("    after {}", steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn lines(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
