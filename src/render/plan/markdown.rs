use std::io::{self, Write};

use super::access::{AccessLine, Folds, openings};
use super::reading::PlanReading;
use super::{drift, words};
use crate::access::AccessEffect;
use crate::plan::{Findings, Plan, Verdict};
use crate::render::escape::{code, markdown as escape};
use crate::render::style::Extent;
use crate::render::wrap::loose;

/// Writes a plan for a pull request's comment: access first, details folded.
pub(super) fn markdown(
    out: &mut dyn Write,
    (plan, found): (&Plan, Option<&Findings>),
    reading: PlanReading,
) -> io::Result<()> {
    head(out, (plan, found), reading)?;
    details(out, (plan, found), reading)
}

/// Writes what is not folded. The first line is not shown: a pipeline finds the comment by it, to update it.
pub(in crate::render) fn head(
    out: &mut dyn Write,
    (plan, found): (&Plan, Option<&Findings>),
    reading: PlanReading,
) -> io::Result<()> {
    let is_drift = reading == PlanReading::Drift;
    let (word, title) = if is_drift { ("drift", "Access drift") } else { ("plan", "Access plan") };
    let organization = plan.organization();
    let (mark, stack) = match plan.stack() {
        Some(stack) => (format!(" {stack}"), format!(" of stack `{stack}`")),
        None => (String::new(), String::new()),
    };
    let named = plan.organization_name().map(|name| format!("{} ", code(name))).unwrap_or_default();
    let organization = match named.as_str() {
        "" => code(&organization.to_string()),
        named => format!("{named}({})", code(&organization.to_string())),
    };
    writeln!(
        out,
        "<!-- scw-iam {word} {}{mark} -->\n### {title}{stack} in organization {organization}\n",
        plan.organization()
    )?;
    if let Some(partial) = plan.partial() {
        writeln!(out, "⚠️ **{}**; {}.\n", escape(&words::partial(partial)), words::PARTIAL)?;
    }
    for blocked in plan.blocked() {
        for (who, grant) in &blocked.stays {
            let grant = grant.words(|id| plan.outcome().projects.get(&id));
            let line = format!(
                "Access that stays: {who} keeps {grant}, because {} cannot be rewritten",
                blocked.address
            );
            writeln!(out, "🛑 {}\n", escape(&line))?;
        }
    }
    for (at, line) in plan.weaker().iter().enumerate() {
        if at == 0 {
            writeln!(out, "**Weaker checks than before the change**\n")?;
        }
        writeln!(out, "- ⚠️ {}", escape(line))?;
    }
    if !plan.weaker().is_empty() {
        writeln!(out)?;
    }
    let settled = settles(plan, is_drift);
    let counts = found.map(drift::counts).unwrap_or_default();
    if settled && !counts.is_empty() {
        writeln!(out, "**{}**\n", escape(&counts))?;
    } else if settled {
        let word = if is_drift { "No drift" } else { "No changes" };
        writeln!(out, "{word}. {}", escape(&loose(&words::settled(plan))))?;
        if plan.findings().is_empty() && found.is_none_or(|drift| drift::shown(drift).next().is_none()) {
            return Ok(());
        }
        writeln!(out)?;
    } else {
        let more = if counts.is_empty() { String::new() } else { format!("; {counts}") };
        let refused = if plan.refused() && !is_drift { " — **refused**" } else { "" };
        writeln!(out, "**{}{}**{refused}\n", escape(&loose(&words::summary(plan))), escape(&more))?;
    }
    for finding in found.into_iter().flat_map(drift::shown) {
        let way = finding.way.as_ref().map(|way| format!(" ← {}", escape(way))).unwrap_or_default();
        let ignored = finding
            .ignored
            .as_ref()
            .map(|(reason, until)| format!(", ignored until {until}: {}", escape(reason)));
        let (sign, ignored) = (if ignored.is_some() { "⚪" } else { "🛑" }, ignored.unwrap_or_default());
        let words = escape(&drift::words(finding));
        writeln!(out, "- {sign} **{}**: {words}{way} (`{}`{ignored})", finding.kind, finding.fingerprint)?;
    }
    if found.is_some_and(|drift| drift::shown(drift).next().is_some()) {
        writeln!(out)?;
    }
    let would = if is_drift { "an apply would be " } else { "" };
    for conflict in plan.conflicts() {
        writeln!(out, "- 🛑 {would}refused: {}", escape(&words::conflict(plan, conflict)))?;
    }
    for finding in plan.findings().iter().filter(|note| !(is_drift && drift::repeats(note))) {
        let allow = code(&format!("--allow {}={}", finding.guard, finding.found));
        match finding.verdict {
            Verdict::Refused => {
                writeln!(
                    out,
                    "- 🛑 {would}refused by `{}`: {} ({allow})",
                    finding.guard,
                    escape(&finding.message)
                )?;
            }
            Verdict::Lifted => writeln!(out, "- ⚠️ allowed: {} ({allow})", escape(&finding.message))?,
            Verdict::Shown => writeln!(out, "- ⚠️ {}", escape(&finding.message))?,
        }
        items(out, &finding.items)?;
        if let (Verdict::Refused, Some(entry)) = (finding.verdict, finding.entry(plan.created_at())) {
            writeln!(out, "  - to let exactly this pass, add to `allow`: {}", code(&entry))?;
        }
    }
    if !plan.findings().is_empty() || !plan.conflicts().is_empty() {
        writeln!(out)?;
    }
    table(out, plan, is_drift)?;
    let people = [("Invitations", words::invitations(plan)), ("Locked out", words::locks(plan))];
    for (heading, lines) in people.iter().filter(|(_, lines)| !lines.is_empty() && !is_drift) {
        writeln!(out, "**{heading}**\n")?;
        lines.iter().try_for_each(|line| writeln!(out, "- {}", escape(line)))?;
        writeln!(out)?;
    }
    attributed(out, found)?;
    everybody(out, plan, is_drift)
}

/// Writes who caused the findings.
fn attributed(out: &mut dyn Write, found: Option<&Findings>) -> io::Result<()> {
    let lines = found.map(drift::attributed).unwrap_or_default();
    if lines.is_empty() {
        return Ok(());
    }
    if let [(what, who)] = lines.as_slice()
        && what.is_empty()
    {
        return writeln!(out, "Who did it: {}\n", escape(who));
    }
    writeln!(out, "Who did it:\n\n| what | who |\n|---|---|")?;
    for (what, who) in lines {
        writeln!(out, "| {} | {} |", escape(&what), escape(&who))?;
    }
    writeln!(out)
}

/// Whether there is nothing else to write.
fn settles(plan: &Plan, drift: bool) -> bool {
    plan.is_empty() && plan.conflicts().is_empty() && (drift || plan.blocked().is_empty() && !plan.refused())
}

/// Writes the steps and the objects left unchanged, folded.
pub(in crate::render) fn details(
    out: &mut dyn Write,
    (plan, found): (&Plan, Option<&Findings>),
    reading: PlanReading,
) -> io::Result<()> {
    let quiet =
        found.is_none_or(|found| drift::counts(found).is_empty() && drift::shown(found).next().is_none());
    if settles(plan, reading == PlanReading::Drift) && plan.findings().is_empty() && quiet {
        return Ok(());
    }
    let mut details = Vec::new();
    super::text::details(&mut details, (plan, found), reading)?;
    let details = String::from_utf8_lossy(&details);
    if details.is_empty() {
        return Ok(());
    }
    let details = details.trim_end();
    let longest = details.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    writeln!(
        out,
        "<details><summary>Steps and details</summary>\n\n{fence}text\n{details}\n{fence}\n\n</details>"
    )
}

/// Writes the names that the table counts, folded.
fn everybody(out: &mut dyn Write, plan: &Plan, drift: bool) -> io::Result<()> {
    let folds = Folds::of(plan, drift);
    let long: Vec<_> = folds.all.iter().filter(|fold| fold.is_long()).collect();
    if long.is_empty() {
        return Ok(());
    }
    writeln!(out, "<details><summary>All names</summary>\n")?;
    for fold in long {
        let (few, all) = (fold.names(Extent::Folded), fold.names(Extent::Full));
        writeln!(out, "- **{}**: {}", escape(&few), escape(&all))?;
    }
    writeln!(out, "\n</details>\n")
}

/// Writes what a guard found, of a long list the rest folded.
fn items(out: &mut dyn Write, items: &[String]) -> io::Result<()> {
    let (first, rest) = items.split_at(items.len().min(words::MOST_ITEMS));
    for item in first {
        writeln!(out, "  - {}", escape(item))?;
    }
    if rest.is_empty() {
        return Ok(());
    }
    writeln!(out, "  - <details><summary>and {} more</summary>\n", rest.len())?;
    for item in rest {
        writeln!(out, "    - {}", escape(item))?;
    }
    writeln!(out, "\n    </details>")
}

fn table(out: &mut dyn Write, plan: &Plan, drift: bool) -> io::Result<()> {
    let (folds, openings) = (Folds::of(plan, drift), openings(plan, drift));
    if folds.all.is_empty() && openings.is_empty() {
        let what = if drift { "No difference in access." } else { "No change in access." };
        return writeln!(out, "{what}\n");
    }
    if drift {
        writeln!(out, "Live compared with the files:\n")?;
    }
    writeln!(out, "| who | | what | by |\n|---|---|---|---|")?;
    for fold in &folds.all {
        let mut who = escape(&fold.names(Extent::Folded));
        if !fold.note(drift).is_empty() {
            who.push_str(&format!(", **{}**", fold.note(drift)));
        }
        for of_policy in folds.lines(fold) {
            for row in of_policy.made(|line| access_row(line, drift)) {
                writeln!(out, "| {who} | {row}")?;
                who.clear();
            }
        }
    }
    for opening in &openings {
        writeln!(out, "| {} | {}", escape(&opening.who), access_row(&opening.line, drift))?;
    }
    writeln!(out)
}

/// Returns what stands behind the principal in a row of the table of access.
fn access_row(line: &AccessLine, drift: bool) -> String {
    let sign = match (line.effect, drift) {
        (AccessEffect::Gained | AccessEffect::Loosened, false) | (AccessEffect::Lost, true) => "➕",
        (AccessEffect::Tightened, _) | (AccessEffect::Loosened, true) => "✏️",
        (AccessEffect::Lost, false) | (AccessEffect::Gained, true) => "➖",
    };
    let what = loose(&line.what);
    // The verb stands apart, so that a reader can look down the column.
    let (verb, what) = what.split_once(' ').unwrap_or(("", &what));
    let marks: String = line.marks.iter().map(|mark| format!(" **{mark}**")).collect();
    format!("{sign} {verb} | {}{marks} | {} |", escape(what), escape(&line.path))
}
