//! What drift found, in every format.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::access::{HeldGrant, self_escalating};
use crate::model::{Attribution, DoneBy, DriftKind, Principal};
use crate::plan::file::PlanDocument;
use crate::plan::{DriftFinding, Finding, Findings, GuardName, Plan, Verdict};

/// How many principals are listed with access that no file declares, before the rest is counted.
pub(super) const MOST_PRINCIPALS: usize = 50;

/// Returns a finding in words, without its way.
pub(super) fn words(finding: &DriftFinding) -> String {
    let place = finding.place.as_ref().map(|at| format!(" ({}:{})", at.file.display(), at.line));
    let mark = finding.mark;
    format!("{}{mark}{} {}", finding.subject, place.unwrap_or_default(), finding.what)
}

/// Returns the findings that neither the steps nor the objects left alone show, and what is ignored.
pub(super) fn shown(drift: &Findings) -> impl Iterator<Item = &DriftFinding> {
    drift.findings.iter().filter(|finding| !finding.in_plan || finding.ignored.is_some())
}

/// Says whether a guard's note repeats what `broken` findings say.
pub(super) fn repeats(note: &Finding) -> bool {
    match note.guard {
        GuardName::Assertions | GuardName::Guardrails => note.verdict == Verdict::Shown,
        GuardName::Deletes
        | GuardName::Losses
        | GuardName::LostAccess
        | GuardName::Keys
        | GuardName::People
        | GuardName::Locks
        | GuardName::Scim
        | GuardName::Emptied
        | GuardName::Adoptions
        | GuardName::SelfLockout
        | GuardName::MinIamAdmins
        | GuardName::Protect
        | GuardName::Rename
        | GuardName::PrivilegeGains
        | GuardName::Quota
        | GuardName::Login => false,
    }
}

/// Returns how many findings there are that the plan's own counts leave out: `1 broken, 2 escalation`.
pub(super) fn counts(drift: &Findings) -> String {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for finding in drift.counted().filter(|finding| !finding.in_plan) {
        *counts.entry(finding.kind).or_default() += 1;
    }
    counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// Returns the access that no file declares: each principal with its grants, in words, and marks.
pub(super) fn undeclared<'a>(
    plan: &'a Plan,
    drift: &'a Findings,
) -> BTreeMap<&'a Principal, Vec<(String, bool, String)>> {
    let mut by: BTreeMap<&Principal, Vec<_>> = BTreeMap::new();
    for held in &drift.undeclared {
        let escalates = self_escalating(&held.grant.permission_set);
        by.entry(&held.principal).or_default().push((grant(plan, held), escalates, held.path.to_string()));
    }
    by
}

fn grant(plan: &Plan, held: &HeldGrant) -> String {
    held.grant.words(|id| plan.before().projects.get(&id))
}

/// Returns who did what was found, in words: what it is about, and who did it. What is not known comes last, and names nothing
/// where it is all that there is to say.
pub(super) fn attributed(drift: &Findings) -> Vec<(String, String)> {
    let mut by: BTreeMap<&DoneBy, (Vec<&str>, &Attribution)> = BTreeMap::new();
    let (mut unknown, mut unavailable) = (BTreeSet::new(), BTreeMap::<&str, BTreeSet<&str>>::new());
    for finding in drift.counted() {
        let subject = finding.subject.as_str();
        match &finding.done_by {
            Some(known @ (Attribution::Exact(done_by) | Attribution::Likely(done_by))) => {
                let subjects = &mut by.entry(done_by).or_insert_with(|| (Vec::new(), known)).0;
                if !subjects.contains(&subject) {
                    subjects.push(subject);
                }
            }
            // Unmanaged objects are often older than the recorded events.
            Some(Attribution::Unknown) if finding.kind == DriftKind::Unmanaged => {}
            Some(Attribution::Unknown) => _ = unknown.insert(subject),
            Some(Attribution::NotAvailable(why)) => _ = unavailable.entry(why).or_default().insert(subject),
            None => {}
        }
    }
    let mut lines: Vec<_> = by.into_values().map(|(of, who)| (few(&of), who.to_string())).collect();
    let known = lines.len();
    if !unknown.is_empty() {
        let words = "unknown (no matching event in the last 90 days)".to_owned();
        lines.push((few(&Vec::from_iter(unknown)), words));
    }
    lines.extend(unavailable.into_iter().map(|(why, of)| {
        let why = Attribution::NotAvailable(why.to_owned()).to_string();
        (few(&Vec::from_iter(of)), why)
    }));
    if let ([(of, _)], 0) = (lines.as_mut_slice(), known) {
        of.clear();
    }
    lines
}

/// How many objects are named that somebody changed at once.
const MOST_NAMED: usize = 3;

fn few(subjects: &[&str]) -> String {
    let named = subjects.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join(", ");
    match subjects.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Drift for programs: the plan's document, and what was found.
#[derive(Debug, Serialize)]
pub(super) struct DriftReportDocument {
    #[serde(flatten)]
    plan: PlanDocument,
    /// What was found.
    drift: Vec<FindingDocument>,
    /// The access that no file declares.
    undeclared_access: Vec<UndeclaredDocument>,
    /// How many grants a trusted stack excuses.
    trusted: usize,
}

#[derive(Debug, Serialize)]
struct FindingDocument {
    kind: String,
    fingerprint: String,
    subject: String,
    /// Why the person that it is about cannot log in; null for everybody else.
    asleep: Option<String>,
    what: String,
    way: Option<String>,
    place: Option<String>,
    ignored: Option<IgnoredDocument>,
    /// Who did it; null if it was not looked up.
    done_by: Option<AttributionDocument>,
}

/// Who did something, as far as it is known.
#[derive(Debug, Serialize)]
struct AttributionDocument {
    /// `exact`, `likely`, `unknown`, `not available`.
    known: &'static str,
    /// Why it is not available.
    why: Option<String>,
    #[serde(flatten)]
    done_by: Option<DoneByDocument>,
}

#[derive(Debug, Serialize)]
struct DoneByDocument {
    principal: String,
    principal_id: String,
    at: String,
    address: String,
    client: String,
    method: String,
    request_id: String,
    /// The run of this program; null for another client.
    run_id: Option<String>,
}

impl AttributionDocument {
    fn of(attribution: &Attribution) -> Self {
        let why = match attribution {
            Attribution::NotAvailable(why) => Some(why.clone()),
            Attribution::Exact(_) | Attribution::Likely(_) | Attribution::Unknown => None,
        };
        let done_by = attribution.done_by().map(|by| {
            let DoneBy { at, principal, principal_id, address, client, method, request_id, run_id } =
                by.clone();
            let at = at.to_string();
            DoneByDocument { principal, principal_id, at, address, client, method, request_id, run_id }
        });
        Self { known: attribution.certainty(), why, done_by }
    }
}

#[derive(Debug, Serialize)]
struct IgnoredDocument {
    reason: String,
    until: String,
}

#[derive(Debug, Serialize)]
struct UndeclaredDocument {
    principal: String,
    /// Why the person cannot log in; null for everybody else.
    asleep: Option<String>,
    permission_set: String,
    scope: String,
    condition: Option<String>,
    escalates: bool,
    group: Option<String>,
    policy: String,
    /// From 1.
    rule: usize,
}

impl DriftReportDocument {
    pub(super) fn of(plan: &Plan, drift: &Findings) -> Self {
        let finding = |it: &DriftFinding| FindingDocument {
            kind: it.kind.to_string(),
            fingerprint: it.fingerprint.clone(),
            subject: it.subject.clone(),
            asleep: Some(it.mark.trim_matches([' ', '(', ')']).to_owned()).filter(|mark| !mark.is_empty()),
            what: it.what.clone(),
            way: it.way.clone(),
            place: it.place.as_ref().map(ToString::to_string),
            ignored: it
                .ignored
                .as_ref()
                .map(|(reason, until)| IgnoredDocument { reason: reason.clone(), until: until.to_string() }),
            done_by: it.done_by.as_ref().map(AttributionDocument::of),
        };
        let undeclared = |it: &HeldGrant| UndeclaredDocument {
            principal: it.principal.to_string(),
            asleep: Some(super::words::asleep(plan, &it.principal).trim_matches([' ', '(', ')']).to_owned())
                .filter(|mark| !mark.is_empty()),
            permission_set: it.grant.permission_set.to_string(),
            scope: it.grant.scope.words(|id| plan.before().projects.get(&id)),
            condition: it.grant.condition.as_ref().map(|condition| condition.as_str().to_owned()),
            escalates: self_escalating(&it.grant.permission_set),
            group: it.path.group.as_ref().map(ToString::to_string),
            policy: it.path.policy.to_string(),
            rule: it.path.rule + 1,
        };
        Self {
            plan: plan.document(),
            drift: drift.findings.iter().map(finding).collect(),
            undeclared_access: drift.undeclared.iter().map(undeclared).collect(),
            trusted: drift.trusted,
        }
    }
}
