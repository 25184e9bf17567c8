use std::io::{self, Write};

use super::access;
use super::text::{Style, text};
use super::words;
use crate::access::Sharpness;
use crate::plan::{Plan, Verdict};
use crate::render::escape::{code, markdown as escape};
use crate::render::wrap::loose;

/// Writes a plan for a pull request's comment: access first, details folded.
///
/// # Errors
/// When the writer fails.
pub fn markdown(out: &mut dyn Write, plan: &Plan, drift: bool) -> io::Result<()> {
    let title = if drift { "Access drift" } else { "Access plan" };
    writeln!(out, "### {title}\n")?;
    let settled = plan.is_empty() && plan.conflicts().is_empty() && (drift || !plan.refused());
    if settled {
        let word = if drift { "No drift" } else { "Nothing to do" };
        writeln!(out, "{word}: {}.", loose(&words::settled(plan)))?;
        if plan.findings().is_empty() {
            return Ok(());
        }
        writeln!(out)?;
    } else {
        let refused = if plan.refused() && !drift { " — **refused**" } else { "" };
        writeln!(out, "**{}**{refused}\n", escape(&loose(&words::summary(plan.summary()))))?;
    }
    for conflict in plan.conflicts() {
        writeln!(out, "- 🛑 refused: {}", escape(&words::conflict(conflict)))?;
    }
    for finding in plan.findings() {
        let allow = code(&format!("--allow {}={}", finding.guard, finding.found));
        match finding.verdict {
            Verdict::Refused => {
                writeln!(out, "- 🛑 refused by `{}`: {} ({allow})", finding.guard, escape(&finding.message))?;
            }
            Verdict::Lifted => writeln!(out, "- ⚠️ allowed: {} ({allow})", escape(&finding.message))?,
            Verdict::Shown => writeln!(out, "- ⚠️ {}", escape(&finding.message))?,
        }
        for item in finding.items.iter().take(words::MOST_ITEMS) {
            writeln!(out, "  - {}", escape(item))?;
        }
        if finding.items.len() > words::MOST_ITEMS {
            writeln!(out, "  - and {} more", finding.items.len() - words::MOST_ITEMS)?;
        }
    }
    if !plan.findings().is_empty() || !plan.conflicts().is_empty() {
        writeln!(out)?;
    }
    table(out, plan)?;
    let mut details = Vec::new();
    text(&mut details, plan, Style { drift, ..Style::default() })?;
    let details = String::from_utf8_lossy(&details);
    let longest = details.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    writeln!(
        out,
        "<details><summary>Steps and details</summary>\n\n{fence}text\n{details}{fence}\n\n</details>"
    )
}

fn table(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let folds = access::folds(plan);
    if folds.is_empty() {
        return writeln!(out, "No change of access.\n");
    }
    writeln!(out, "| who | | what | by |\n|---|---|---|---|")?;
    for fold in folds {
        let mut who = escape(&fold.names());
        if fold.loses_all {
            who.push_str(", **left without any access**");
        }
        for line in fold.lines {
            let verb = match line.sharpness {
                Sharpness::Gained => "➕ gains",
                Sharpness::Loosened => "➕ loosened",
                Sharpness::Tightened => "✏️ tightened",
                Sharpness::Lost => "➖ loses",
            };
            let marks: String = line.marks.iter().map(|mark| format!(" **{mark}**")).collect();
            writeln!(
                out,
                "| {who} | {verb} | {}{marks} | {} |",
                escape(&loose(&line.what)),
                escape(&line.path)
            )?;
            who.clear();
        }
    }
    writeln!(out)
}
