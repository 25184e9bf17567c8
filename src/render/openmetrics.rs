//! OpenMetrics, for a Prometheus that reads it from a file or through GitLab.
//!
//! Gauges only and no timestamps: Prometheus' older text format reads the same file then.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::review::{FindingSeverity, Gauge, Outline};

/// Writes the numbers of a run. Every finding that is looked for is written with every severity, 0 included, or an alert
/// would never resolve; of a run that ended early only that it did.
pub(super) fn write(out: &mut dyn Write, outline: &Outline) -> io::Result<()> {
    let mut gauges = Vec::new();
    let mut add = |family, help, labels, value| gauges.push(Gauge { family, help, labels, value });
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if outline.errors.is_empty() {
        for id in outline.results.keys() {
            for severity in FindingSeverity::ALL {
                let found = outline.counting().filter(|it| it.id == *id && it.severity == severity).count();
                let labels = vec![("category", id.to_string()), ("severity", severity.to_string())];
                add(
                    "scw_iam_findings",
                    "Findings that count, by what was found and how bad it is.",
                    labels,
                    number(found),
                );
            }
        }
        let ignored = outline.findings.len() - outline.counting().count();
        add(
            "scw_iam_ignored_findings",
            "Findings that the settings leave out for a while.",
            Vec::new(),
            number(ignored),
        );
        let not_judged = number(outline.not_judged().count());
        add("scw_iam_not_judged", "Findings that could not be looked for.", Vec::new(), not_judged);
    }
    add("scw_iam_complete", "Whether everything could be judged.", Vec::new(), outline.complete().into());
    if outline.complete() {
        let help = "When everything was judged for the last time.";
        add("scw_iam_last_complete_run_timestamp_seconds", help, Vec::new(), outline.now.as_second());
    }
    gauges.extend(outline.numbers.iter().cloned());
    let mut families: BTreeMap<&str, Vec<&Gauge>> = BTreeMap::new();
    for gauge in &gauges {
        families.entry(gauge.family).or_default().push(gauge);
    }
    for (family, gauges) in families {
        writeln!(out, "# TYPE {family} gauge")?;
        if family.ends_with("_seconds") {
            writeln!(out, "# UNIT {family} seconds")?;
        }
        writeln!(out, "# HELP {family} {}", gauges[0].help)?;
        for gauge in gauges {
            writeln!(out, "{family}{{{}}} {}", labels(outline, gauge), gauge.value)?;
        }
    }
    writeln!(out, "# EOF")
}

/// The labels: organization and stack first, so that the files of two stacks can lie in one folder.
fn labels(outline: &Outline, gauge: &Gauge) -> String {
    let organization = outline.organization.map(|id| id.to_string()).unwrap_or_default();
    let stack = outline.stack.clone().unwrap_or_default();
    let mut labels = vec![("organization", organization), ("stack", stack)];
    labels.extend(gauge.labels.iter().cloned());
    let label = |(name, value): &(&str, String)| format!("{name}=\"{}\"", escaped(value));
    labels.iter().map(label).collect::<Vec<_>>().join(",")
}

/// The value of a label: two `#` could be a command to the runner of a CI job.
fn escaped(value: &str) -> String {
    let safe = super::escape::terminal(value).replace('\\', "\\\\").replace('"', "\\\"");
    safe.replace("##", "#")
}
