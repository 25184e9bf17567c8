use std::collections::BTreeMap;
use std::io::{self, Write};

use similar::{ChangeTag, TextDiff};

use super::access::{self, Fold, Folds};
use super::{Reading, words};
use crate::access::Sharpness;
use crate::model::{Address, Attachment, Field, FieldValue, Key, Principal, Rules, UserType, Writer};
use crate::plan::{Action, ConflictKind, LiftedBy, Plan, SparedReason, Step, Verdict};
use crate::render::escape::terminal;
use crate::render::paint::Ink;
use crate::render::report::Style;
use crate::render::wrap::{Line, Screen, TIE, tied};

/// Writes a plan for a terminal or a log: access first, then the steps in the order of the apply, then what is
/// spared, the guards and a summary.
pub(super) fn text(out: &mut dyn Write, plan: &Plan, reading: Reading, style: Style) -> io::Result<()> {
    let mut page = Page { out, plan, drift: reading == Reading::Drift, style };
    page.stays()?;
    page.weaker()?;
    if !plan.is_empty() {
        page.access()?;
        page.steps()?;
    }
    page.interruptions()?;
    page.expiries()?;
    page.adoptions()?;
    page.spared()?;
    page.notes()?;
    page.refusals()?;
    page.summary()
}

struct Page<'a> {
    out: &'a mut dyn Write,
    plan: &'a Plan,
    drift: bool,
    style: Style,
}

/// The sign of a change; of drift, that of what live has beside the files.
const fn sign(sharpness: Sharpness, drift: bool) -> (Ink, &'static str) {
    match (sharpness, drift) {
        (Sharpness::Gained | Sharpness::Loosened, false) | (Sharpness::Lost, true) => (Ink::Add, "+"),
        (Sharpness::Tightened, _) | (Sharpness::Loosened, true) => (Ink::Change, "~"),
        (Sharpness::Lost, false) | (Sharpness::Gained, true) => (Ink::Remove, "-"),
    }
}

const fn mark(action: &Action) -> (Ink, &'static str) {
    match action {
        Action::Create { .. } | Action::AddMembers { .. } => (Ink::Add, "+"),
        Action::Update { .. } | Action::SetRules { .. } => (Ink::Change, "~"),
        Action::RemoveMember { .. } | Action::SetMembers { .. } | Action::Delete { .. } => (Ink::Remove, "-"),
    }
}

impl Page<'_> {
    /// Writes a line of words, `indent` from the left; what does not fit goes below, `hang` further in.
    fn line(&mut self, indent: usize, hang: usize, line: &Line) -> io::Result<()> {
        line.write(self.out, Screen { paint: self.style.paint, width: self.style.width }, indent, hang)
    }

    fn plain(&mut self, indent: usize, hang: usize, text: &str) -> io::Result<()> {
        self.line(indent, hang, &Line::of(None, &terminal(text)))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.paint.text(Ink::Heading, text))
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
                self.line(0, 2, &Line::of(Some(Ink::Alarm), &terminal(&line)))?;
                written = true;
            }
        }
        if written { writeln!(self.out) } else { Ok(()) }
    }

    fn weaker(&mut self) -> io::Result<()> {
        if self.plan.weaker().is_empty() {
            return Ok(());
        }
        self.heading("Weaker checks than before the change")?;
        for line in self.plan.weaker() {
            self.line(2, 4, &Line::of(Some(Ink::Alarm), &terminal(line)))?;
        }
        writeln!(self.out)
    }

    fn access(&mut self) -> io::Result<()> {
        let drift = self.drift;
        self.heading(if drift { "Access: live against the files" } else { "Access" })?;
        let folds = Folds::of(self.plan, drift);
        if folds.all.is_empty() {
            writeln!(
                self.out,
                "  {}",
                if drift { "no difference of access" } else { "no change of access" }
            )?;
        }
        for fold in &folds.all {
            self.fold(fold, &folds.lines(fold))?;
        }
        writeln!(self.out)
    }

    fn fold(&mut self, fold: &Fold<'_>, lines: &[access::Line]) -> io::Result<()> {
        let note = match (fold.loses_all, self.drift) {
            (false, _) => "",
            (true, false) => ", left without any access",
            (true, true) => ", without any access by the files",
        };
        let who = Line::of(None, &terminal(&fold.names())).and(Some(Ink::Alarm), note);
        self.line(2, 4, &who)?;
        for line in lines {
            let (ink, sign) = sign(line.sharpness, self.drift);
            let what = format!("{sign}{TIE}{}", terminal(&line.what));
            let marks: String = line.marks.iter().map(|mark| format!("  [{}]", tied(mark))).collect();
            self.line(4, 6, &Line::of(Some(ink), &what).and(Some(Ink::Alarm), &marks))?;
            let path = format!("←{TIE}{}", terminal(&line.path));
            self.line(8, 4, &Line::of(Some(Ink::Faint), &path))?;
        }
        Ok(())
    }

    fn steps(&mut self) -> io::Result<()> {
        self.heading(if self.drift { "Steps: what an apply would do about it" } else { "Steps" })?;
        let width = self.plan.steps().len().to_string().len();
        for step in self.plan.steps() {
            let (ink, sign) = mark(&step.action);
            let headline = words::headline(self.plan, step);
            let line = Line::of(None, &tied(&format!("{:>width$}  ", step.id)))
                .and(Some(ink), &format!("{sign}{TIE}{}", terminal(&headline)))
                .and(Some(Ink::Faint), &after(step));
            self.line(2, width + 6, &line)?;
            self.details(step, width + 6)?;
        }
        writeln!(self.out)
    }

    fn details(&mut self, step: &Step, indent: usize) -> io::Result<()> {
        match &step.action {
            Action::Create { object, .. } => self.created(indent, &object.fields()),
            Action::Update { from, .. } => self.update(indent, step, from.as_ref()),
            Action::SetRules { before, after, .. } => self.rules(indent, before, after),
            Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::Delete { .. } => Ok(()),
        }
    }

    /// Writes what a new object holds: what its name does not say.
    fn created(&mut self, indent: usize, fields: &[Field<'_>]) -> io::Result<()> {
        for field in fields.iter().filter(|field| field.writer != Writer::Nothing) {
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
            self.field(indent, "name", &from.to_string(), &step.action.address().key_text())?;
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
                // What no PATCH writes does not differ in one.
                _ => {}
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
        for change in TextDiff::from_lines(before, after).iter_all_changes() {
            let line = terminal(change.value().trim_end_matches('\n')).into_owned();
            let line = match change.tag() {
                ChangeTag::Delete => self.style.paint.text(Ink::Remove, &format!("- {line}")),
                ChangeTag::Insert => self.style.paint.text(Ink::Add, &format!("+ {line}")),
                ChangeTag::Equal => format!("  {line}"),
            };
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    fn interruptions(&mut self) -> io::Result<()> {
        let names = &self.plan.outcome().projects;
        if self.plan.interruptions().is_empty() {
            return Ok(());
        }
        self.heading("Interruptions (kept in the end, missing on the way)")?;
        for interruption in self.plan.interruptions() {
            let what = interruption.grant.words(|id| names.get(&id));
            let (who, from, to) = (&interruption.principal, interruption.from_step, interruption.to_step);
            self.plain(2, 4, &format!("{who}: {what} from step {from} to step {to}"))?;
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
                (Some(member), _) => format!("{member} in {}", expiry.address),
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
                    format!(", the oldest {days} days old")
                });
                let keys = if keys == 1 { "1 API key".to_owned() } else { format!("{keys} API keys") };
                format!("{} comes with {keys}{}", adoption.address, oldest.unwrap_or_default())
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        self.heading("Adopted with keys that somebody holds")?;
        for line in lines {
            self.plain(2, 4, &line)?;
        }
        writeln!(self.out)
    }

    fn spared(&mut self) -> io::Result<()> {
        let mut by_reason: BTreeMap<(&SparedReason, crate::model::Kind), Vec<String>> = BTreeMap::new();
        for spared in self.plan.spared() {
            let key = (&spared.reason, spared.address.kind());
            by_reason.entry(key).or_default().push(words::named(self.plan, &spared.address));
        }
        if by_reason.is_empty() {
            return Ok(());
        }
        self.heading("Left alone")?;
        for ((reason, kind), mut names) in by_reason {
            names.sort_unstable();
            let number = names.len();
            let kind = if number == 1 { kind.word() } else { kind.section() };
            let mut shown = names.iter().take(3).map(|name| tied(name)).collect::<Vec<_>>().join(", ");
            if number > 3 {
                shown.push_str(&format!(", and {} more", number - 3));
            }
            self.plain(2, 4, &format!("{number} {kind}: {}", words::spared(reason)))?;
            self.line(6, 2, &Line::of(Some(Ink::Faint), &terminal(&shown)))?;
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
        if spent.is_empty() && blocked.is_empty() && leftovers.is_empty() {
            return Ok(());
        }
        for blocked in blocked {
            let line = format!("not rewritten: {}", words::blocked(blocked));
            self.line(0, 2, &Line::of(Some(Ink::Alarm), &terminal(&line)))?;
        }
        for leftover in leftovers {
            self.plain(0, 2, &format!("note: {}", words::leftover(leftover)))?;
        }
        for address in spent {
            let line = format!("note: `previously` of {address} has done its work and can be removed");
            self.plain(0, 2, &line)?;
        }
        writeln!(self.out)
    }

    fn refusals(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let would = if self.drift { "an apply would be " } else { "" };
        for conflict in plan.conflicts() {
            let line = format!("{would}refused: {}", words::conflict(conflict));
            self.line(0, 2, &Line::of(Some(Ink::Alarm), &terminal(&line)))?;
        }
        for finding in plan.findings() {
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
            self.line(0, 2, &Line::of(Some(ink), &line).and(None, how))?;
            for item in finding.items.iter().take(words::MOST_ITEMS) {
                self.plain(4, 2, item)?;
            }
            if finding.items.len() > words::MOST_ITEMS {
                writeln!(self.out, "    and {} more", finding.items.len() - words::MOST_ITEMS)?;
            }
            if let (Verdict::Refused, Some(entry)) = (finding.verdict, finding.entry(plan.created_at())) {
                self.plain(4, 2, &format!("to let exactly this pass, add to `allow`: {entry}"))?;
            }
        }
        if !plan.conflicts().is_empty() || !plan.findings().is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn summary(&mut self) -> io::Result<()> {
        let (plan, drift) = (self.plan, self.drift);
        if plan.is_empty()
            && plan.conflicts().is_empty()
            && plan.blocked().is_empty()
            && (drift || !plan.refused())
        {
            let word = if drift { "No drift" } else { "Nothing to do" };
            return self.line(0, 2, &Line::of(None, &format!("{word}: {}.", words::settled(plan))));
        }
        let word = if drift { "Drift" } else { "Plan" };
        let refused = if plan.refused() && !drift { "; refused" } else { "" };
        let line = format!("{word}: {}{refused}.", words::summary(plan));
        self.line(0, 6, &Line::of(Some(Ink::Heading), &line))
    }
}

fn after(step: &Step) -> String {
    let mut steps: Vec<_> = step.after.iter().map(|edge| edge.step).collect();
    steps.dedup();
    match steps.as_slice() {
        [] => String::new(),
        steps if steps.len() > 6 => {
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
