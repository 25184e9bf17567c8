//! Looks up who caused the findings of drift, as far as it is recorded.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::Drift;
use super::session::Session;
use crate::api::{self, ErrorKind};
use crate::live::{WriteQuery, logged_writes, recorded_writes};
use crate::model::{Attribution, RecordedWrite, WriteKind, WriteTrace};
use crate::plan::Plan;
use crate::review::attribute;

/// How many objects are asked about: each costs a request.
const MOST_QUERIES: usize = 50;
/// How long to wait for answers: looking up who did it must not delay the findings for long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long events are kept.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The writes that a query found, or the reason why it failed.
type Answered = Result<Vec<RecordedWrite>, String>;

impl Session {
    /// Looks up who caused each finding, in Audit Trail or else in IAM's own logs. Ignored findings are not looked up.
    ///
    /// It never fails, and adds, changes and removes no finding: what cannot be read is noted as not available.
    pub async fn attribute(&self, drift: &mut Drift) {
        let since = drift.plan.created_at().checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut queries = BTreeSet::new();
        for finding in drift.findings.findings.iter().filter(|finding| finding.ignored.is_none()) {
            for trace in &finding.traces {
                if queries.len() < MOST_QUERIES
                    && !drift.is_too_old(trace, since)
                    && let Some(query) = query_of(&drift.plan, trace)
                {
                    queries.insert(query);
                }
            }
        }
        let queries: Vec<WriteQuery> = queries.into_iter().collect();
        let asked: Vec<WriteQuery> = queries.clone();
        let answers = tokio::time::timeout(PATIENCE, self.recorded(queries, since)).await;
        let late = || Err(format!("Audit Trail did not answer within {} s", PATIENCE.as_secs()));
        let answers = answers.unwrap_or_else(|_| asked.into_iter().map(|query| (query, late())).collect());
        let mut findings = std::mem::take(&mut drift.findings.findings);
        for finding in findings.iter_mut().filter(|finding| finding.ignored.is_none()) {
            finding.done_by = drift.attribution(&finding.traces, &answers, since);
        }
        drift.findings.findings = findings;
    }

    /// Runs all queries. The first one shows whether Audit Trail may be read, and whether IAM's logs may.
    async fn recorded(
        &self,
        mut queries: Vec<WriteQuery>,
        since: Timestamp,
    ) -> HashMap<WriteQuery, Answered> {
        let Some(first) = queries.pop() else { return HashMap::new() };
        let client = &self.client;
        let mut logs = false;
        let mut answer = recorded_writes(client, &first, since).await;
        if let Err(refused) = &answer
            && refused.kind() == ErrorKind::Forbidden
        {
            logs = true;
            // If the logs cannot be read either, report the missing permission for Audit Trail.
            answer = logged_writes(client, &first, since).await.or(answer);
        }
        let refused = answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Forbidden);
        let mut answers: HashMap<_, _> = [(first, answered(answer))].into();
        if refused {
            let why = answers.values().next().cloned().expect("one answer was just put in");
            answers.extend(queries.into_iter().map(|query| (query, why.clone())));
            return answers;
        }
        let ask = |query: WriteQuery| async move {
            let answer = if logs {
                logged_writes(client, &query, since).await
            } else {
                recorded_writes(client, &query, since).await
            };
            (query, answered(answer))
        };
        let rest = stream::iter(queries.into_iter().map(ask)).buffer_unordered(client.parallelism());
        answers.extend(rest.collect::<Vec<_>>().await);
        answers
    }
}

fn answered(answer: Result<Vec<RecordedWrite>, api::Error>) -> Answered {
    answer.map_err(|error| why_unread(&error))
}

/// Returns why Audit Trail could not be read.
pub(super) fn why_unread(error: &api::Error) -> String {
    match error.kind() {
        ErrorKind::Forbidden => "403 on Audit Trail; needs AuditTrailReadOnly".to_owned(),
        _ => format!("Audit Trail: {error}"),
    }
}

/// Returns what to ask for a trace; `None` for an object without an id.
fn query_of(plan: &Plan, trace: &WriteTrace) -> Option<WriteQuery> {
    match trace {
        WriteTrace::Object(address, _) => plan.ids().get(address).map(|id| WriteQuery::Of(id.to_string())),
        WriteTrace::Deleted(object) => Some(WriteQuery::Deleted(object.kind)),
        WriteTrace::ApiKey(access_key) => Some(WriteQuery::Of(access_key.clone())),
    }
}

impl Drift {
    /// Says whether the write of a trace is older than the events that are kept, so that a query cannot find it.
    fn is_too_old(&self, trace: &WriteTrace, since: Timestamp) -> bool {
        let WriteTrace::Object(address, kinds) = trace else { return false };
        let Some(id) = self.plan.ids().get(address) else { return false };
        let at = if *kinds == BTreeSet::from([WriteKind::Create]) {
            self.created.get(&id).copied()
        } else {
            self.rules_set_at(trace)
        };
        at.is_some_and(|at| at < since)
    }

    /// Returns when the rules were replaced that a trace is about: of all writes only this one moves the time of an object for
    /// certain.
    fn rules_set_at(&self, trace: &WriteTrace) -> Option<Timestamp> {
        match trace {
            WriteTrace::Object(address, kinds) if *kinds == BTreeSet::from([WriteKind::Rules]) => {
                self.plan.ids().changed_at(self.plan.ids().get(address)?)
            }
            WriteTrace::Object(..) | WriteTrace::Deleted(..) | WriteTrace::ApiKey(_) => None,
        }
    }

    /// Returns who made the writes of some traces; `None` if no trace leads to a write.
    fn attribution(
        &self,
        traces: &BTreeSet<WriteTrace>,
        answers: &HashMap<WriteQuery, Answered>,
        since: Timestamp,
    ) -> Option<Attribution> {
        let ids = self.plan.ids();
        let mut recorded: Vec<(&WriteTrace, &[RecordedWrite])> = Vec::new();
        for trace in traces {
            let Some(query) = query_of(&self.plan, trace) else { continue };
            match answers.get(&query) {
                Some(Ok(writes)) => recorded.push((trace, writes)),
                Some(Err(why)) => return Some(Attribution::NotAvailable(why.clone())),
                None if self.is_too_old(trace, since) => recorded.push((trace, &[])),
                None => {
                    let why = format!("only the first {MOST_QUERIES} objects are looked up");
                    return Some(Attribution::NotAvailable(why));
                }
            }
        }
        if recorded.is_empty() {
            return None;
        }
        let name = |id: &str| {
            let address = id.parse().ok().and_then(|id| ids.address_of(id));
            address.map_or_else(|| format!("unknown principal {id}"), ToString::to_string)
        };
        Some(attribute(recorded, name, |trace| self.rules_set_at(trace)))
    }
}
