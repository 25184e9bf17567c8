use std::io::{self, Write};

use super::access::Folds;
use super::{Reading, words};
use crate::access::Sharpness;
use crate::plan::{Plan, Verdict};
use crate::render::escape::{code, markdown as escape};
use crate::render::report::Extent;
use crate::render::wrap::loose;

/// Writes a plan for a pull request's comment: access first, details folded.
pub(super) fn markdown(out: &mut dyn Write, plan: &Plan, reading: Reading) -> io::Result<()> {
    head(out, plan, reading)?;
    details(out, plan, reading)
}

/// Writes what is not folded. The first line is not shown: a pipeline finds the comment by it, to update it.
pub(in crate::render) fn head(out: &mut dyn Write, plan: &Plan, reading: Reading) -> io::Result<()> {
    let drift = reading == Reading::Drift;
    let (word, title) = if drift { ("drift", "Access drift") } else { ("plan", "Access plan") };
    let organization = plan.organization();
    let (mark, stack) = match plan.stack() {
        Some(stack) => (format!(" {stack}"), format!(" of stack `{stack}`")),
        None => (String::new(), String::new()),
    };
    writeln!(
        out,
        "<!-- scw-iam {word} {organization}{mark} -->\n### {title}{stack} in organization `{organization}`\n"
    )?;
    if settles(plan, drift) {
        let word = if drift { "No drift" } else { "No changes" };
        writeln!(out, "{word}. {}", loose(&words::settled(plan)))?;
        if plan.findings().is_empty() {
            return Ok(());
        }
        writeln!(out)?;
    } else {
        let refused = if plan.refused() && !drift { " — **refused**" } else { "" };
        writeln!(out, "**{}**{refused}\n", escape(&loose(&words::summary(plan))))?;
    }
    let would = if drift { "an apply would be " } else { "" };
    for conflict in plan.conflicts() {
        writeln!(out, "- 🛑 {would}refused: {}", escape(&words::conflict(plan, conflict)))?;
    }
    for finding in plan.findings() {
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
    }
    if !plan.findings().is_empty() || !plan.conflicts().is_empty() {
        writeln!(out)?;
    }
    table(out, plan, drift)?;
    everybody(out, plan, drift)
}

/// Whether there is nothing to say but this.
fn settles(plan: &Plan, drift: bool) -> bool {
    plan.is_empty() && plan.conflicts().is_empty() && (drift || !plan.refused())
}

/// Writes the steps and what is left alone, folded.
pub(in crate::render) fn details(out: &mut dyn Write, plan: &Plan, reading: Reading) -> io::Result<()> {
    if settles(plan, reading == Reading::Drift) && plan.findings().is_empty() {
        return Ok(());
    }
    let mut details = Vec::new();
    super::text::details(&mut details, plan, reading)?;
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
    let folds = Folds::of(plan, drift);
    if folds.all.is_empty() {
        let what = if drift { "No difference of access." } else { "No change of access." };
        return writeln!(out, "{what}\n");
    }
    if drift {
        writeln!(out, "Live against the files:\n")?;
    }
    writeln!(out, "| who | | what | by |\n|---|---|---|---|")?;
    for fold in &folds.all {
        let mut who = escape(&fold.names(Extent::Folded));
        match (fold.loses_all, drift) {
            (false, _) => {}
            (true, false) => who.push_str(", **loses all access**"),
            (true, true) => who.push_str(", **has no access in the files**"),
        }
        for line in folds.lines(fold) {
            let sign = match (line.sharpness, drift) {
                (Sharpness::Gained | Sharpness::Loosened, false) | (Sharpness::Lost, true) => "➕",
                (Sharpness::Tightened, _) | (Sharpness::Loosened, true) => "✏️",
                (Sharpness::Lost, false) | (Sharpness::Gained, true) => "➖",
            };
            let what = loose(&line.what);
            // The verb stands apart, so that a reader can look down the column.
            let (verb, what) = what.split_once(' ').unwrap_or(("", &what));
            let marks: String = line.marks.iter().map(|mark| format!(" **{mark}**")).collect();
            writeln!(out, "| {who} | {sign} {verb} | {}{marks} | {} |", escape(what), escape(&line.path))?;
            who.clear();
        }
    }
    writeln!(out)
}
