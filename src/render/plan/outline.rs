//! What a plan and drift found, as values.

use crate::model::{Address, DriftKind, Id, Kind, Place, Where};
use crate::plan::{Action, Findings, Plan, Verdict};
use crate::review::{FindingId, FindingResult, Gauge, Outline, ReportedFinding, Subject};

/// What a plan is looked through for.
const OF_PLAN: [FindingId; 5] =
    [FindingId::Refused, FindingId::Blocked, FindingId::Interruption, FindingId::Gone, FindingId::Change];

/// What drift is looked through for.
const OF_DRIFT: [FindingId; 11] = [
    FindingId::Broken,
    FindingId::Escalation,
    FindingId::Gone,
    FindingId::Missing,
    FindingId::Extra,
    FindingId::Changed,
    FindingId::Blocked,
    FindingId::Unmanaged,
    FindingId::LockedWithAccess,
    FindingId::Due,
    FindingId::StaleIgnore,
];

/// Returns what a plan says that a reviewer has to know.
pub(super) fn of_plan(plan: &Plan, home: Option<&Place>) -> Outline {
    let mut found = Found::new("plan", plan, home);
    found.refused();
    found.blocked();
    found.interruptions();
    found.gone();
    found.steps();
    if let Some(partial) = plan.partial().filter(|_| plan.is_empty()) {
        // An empty partial plan says nothing about the rest.
        let why = super::words::partial(partial);
        found.outline.results.insert(FindingId::Change, FindingResult::NotJudged { why, helps: None });
    }
    found.outline.counted(OF_PLAN)
}

/// Returns what drift found.
pub(super) fn of_drift(plan: &Plan, drift: &Findings, home: Option<&Place>) -> Outline {
    let mut found = Found::new("drift", plan, home);
    found.drift(drift);
    found.objects(drift);
    found.outline.counted(OF_DRIFT)
}

/// Returns what a finding of drift is called among all findings.
pub(super) const fn id_of(kind: DriftKind) -> FindingId {
    match kind {
        DriftKind::Broken => FindingId::Broken,
        DriftKind::Escalation => FindingId::Escalation,
        DriftKind::Gone => FindingId::Gone,
        DriftKind::Missing => FindingId::Missing,
        DriftKind::Extra => FindingId::Extra,
        DriftKind::Changed => FindingId::Changed,
        DriftKind::Locked => FindingId::LockedWithAccess,
        DriftKind::Due => FindingId::Due,
        DriftKind::StaleIgnore => FindingId::StaleIgnore,
        DriftKind::Unmanaged => FindingId::Unmanaged,
    }
}

struct Found<'a> {
    plan: &'a Plan,
    outline: Outline,
}

impl<'a> Found<'a> {
    fn new(command: &'static str, plan: &'a Plan, home: Option<&Place>) -> Self {
        let outline = Outline {
            organization: Some(plan.organization()),
            stack: plan.stack().map(ToString::to_string),
            home: home.cloned(),
            ..Outline::new(command, plan.created_at())
        };
        Self { plan, outline }
    }

    fn add(
        &mut self,
        id: FindingId,
        subject: Subject,
        what: String,
        told_apart: &[&str],
    ) -> &mut ReportedFinding {
        self.outline.add((id, self.plan.organization()), subject, what, told_apart)
    }

    fn subject(&self, address: &Address) -> Subject {
        let id = self.plan.ids().get(address).map(|id| id.to_string());
        Subject { kind: address.kind().word().to_owned(), name: address.key_text(), id }
    }

    fn refused(&mut self) {
        for finding in self.plan.findings().iter().filter(|finding| finding.verdict == Verdict::Refused) {
            let subject = Subject { kind: "guard".into(), name: finding.guard.to_string(), id: None };
            let mut items: Vec<&str> = finding.items.iter().map(String::as_str).collect();
            items.sort_unstable();
            let list = if items.is_empty() { String::new() } else { format!(": {}", items.join(", ")) };
            self.add(FindingId::Refused, subject, format!("{}{list}", finding.message), &items);
        }
        for conflict in self.plan.conflicts() {
            let subject = self.subject(&conflict.address);
            let what = "is declared, and must not be changed".to_owned();
            self.add(FindingId::Refused, subject, what, &[]).place.clone_from(&conflict.at);
        }
    }

    fn blocked(&mut self) {
        for blocked in self.plan.blocked() {
            let rules: Vec<String> =
                blocked.rules.iter().map(|(at, why)| format!("rule {}: {why}", at + 1)).collect();
            let what = format!("cannot be rewritten ({})", rules.join("; "));
            let subject = self.subject(&blocked.address);
            self.add(FindingId::Blocked, subject, what, &[]).place.clone_from(&blocked.at);
        }
    }

    fn interruptions(&mut self) {
        for interruption in self.plan.interruptions() {
            let grant = interruption.grant.words(|id| self.plan.before().projects.get(&id));
            let (from, to) = (interruption.from_step, interruption.to_step);
            let what = format!("is without {grant} from step {from} to step {to}");
            let subject = self.subject(&interruption.principal.address());
            let fixed = interruption.grant.words(|_: Id| None);
            self.add(FindingId::Interruption, subject, what, &[&fixed]);
        }
    }

    fn gone(&mut self) {
        for missing in self.plan.missing() {
            let subject = Subject { kind: missing.kind.word().into(), name: missing.name.clone(), id: None };
            let what = format!("is named by {}, and is not in the organization", missing.by);
            self.add(FindingId::Gone, subject, what, &[&missing.by]).place = Some(missing.at.clone());
        }
    }

    fn steps(&mut self) {
        for step in self.plan.steps() {
            let address = step.action.address();
            let headline = super::words::headline(self.plan, step);
            let what = match &step.action {
                Action::Create { .. } => "is to be created".to_owned(),
                Action::Delete { .. } => format!("is to be deleted: {headline}"),
                Action::Update { .. }
                | Action::AddMembers { .. }
                | Action::RemoveMember { .. }
                | Action::SetMembers { .. }
                | Action::SetRules { .. } => format!("is to be changed: {headline}"),
            };
            let subject = self.subject(&address);
            let place = self.plan.place(&Where::Object(address)).cloned();
            self.add(FindingId::Change, subject, what.clone(), &[&what]).place = place;
        }
    }

    fn drift(&mut self, drift: &Findings) {
        for finding in &drift.findings {
            let (kind, name) = match finding.kind {
                DriftKind::StaleIgnore => ("ignored finding", finding.subject.as_str()),
                DriftKind::Broken
                | DriftKind::Escalation
                | DriftKind::Gone
                | DriftKind::Missing
                | DriftKind::Extra
                | DriftKind::Changed
                | DriftKind::Locked
                | DriftKind::Due
                | DriftKind::Unmanaged => finding.subject.split_once(' ').unwrap_or((&finding.subject, "")),
            };
            let blocked = self.plan.blocked().iter().any(|it| Some(&it.address) == finding.object.as_ref());
            let id = match id_of(finding.kind) {
                FindingId::Changed if blocked => FindingId::Blocked,
                id => id,
            };
            self.outline.findings.push(ReportedFinding {
                id,
                severity: id.text().severity,
                subject: Subject {
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                    id: finding
                        .object
                        .as_ref()
                        .and_then(|it| self.plan.ids().get(it))
                        .map(|id| id.to_string()),
                },
                what: finding.what.clone(),
                way: finding.way.clone(),
                place: finding.place.clone(),
                fingerprint: finding.fingerprint.clone(),
                ignored: finding.ignored.clone(),
                done_by: finding.done_by.clone(),
            });
        }
    }

    /// How many objects there are of each kind, and how many of them are what.
    fn objects(&mut self, drift: &Findings) {
        const STATES: [DriftKind; 4] =
            [DriftKind::Changed, DriftKind::Missing, DriftKind::Extra, DriftKind::Unmanaged];
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for kind in Kind::ALL {
            let mut add = |state: &str, count: usize| {
                self.outline.numbers.push(Gauge {
                    family: "scw_iam_objects",
                    help: "Objects of the organization, by kind, and how many of them differ from the files.",
                    labels: vec![("kind", kind.word().to_owned()), ("state", state.to_owned())],
                    value: number(count),
                });
            };
            add("live", self.plan.before().addresses(*kind).count());
            for state in STATES {
                let of = |subject: &str| subject.split_once(' ').is_some_and(|(word, _)| word == kind.word());
                let found = drift.counted().filter(|it| it.kind == state && of(&it.subject)).count();
                add(state.as_str(), found);
            }
        }
    }
}
