use std::io::{self, Write};

use super::access::Folds;
use super::text::{Style, text};
use super::words;
use crate::access::Sharpness;
use crate::plan::{Plan, Verdict};
use crate::render::escape::{code, markdown as escape};

/// Writes a plan for a pull request's comment: access first, details folded.
///
/// # Errors
/// When the writer fails.
pub fn markdown(out: &mut dyn Write, plan: &Plan, drift: bool) -> io::Result<()> {
    let title = if drift { "Access drift" } else { "Access plan" };
    writeln!(out, "### {title}\n")?;
    if plan.is_empty() && plan.conflicts().is_empty() {
        let line = if drift {
            "No drift: live is what the files say."
        } else {
            "Nothing to do: live is what the files say."
        };
        return writeln!(out, "{line}");
    }
    let refused = if plan.refused() && !drift { " — **refused**" } else { "" };
    writeln!(out, "**{}**{refused}\n", escape(&words::summary(plan.summary())))?;
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
        for item in finding.items.iter().take(10) {
            writeln!(out, "  - {}", escape(item))?;
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
    let folds = Folds::of(plan);
    if folds.all.is_empty() {
        return writeln!(out, "No change of access.\n");
    }
    writeln!(out, "| who | | what | by |\n|---|---|---|---|")?;
    for fold in &folds.all {
        let mut names: Vec<_> = fold.who.iter().take(8).map(|change| change.principal.to_string()).collect();
        if fold.who.len() > 8 {
            names.push(format!("{} more", fold.who.len() - 8));
        }
        let mut who = escape(&words::several(&names));
        for line in folds.lines(fold) {
            let verb = match line.sharpness {
                Sharpness::Gained => "➕ gains",
                Sharpness::Loosened => "➕ loosened",
                Sharpness::Tightened => "✏️ tightened",
                Sharpness::Lost => "➖ loses",
            };
            let marks: String = line.marks.iter().map(|mark| format!(" **{mark}**")).collect();
            writeln!(out, "| {who} | {verb} | {}{marks} | {} |", escape(&line.what), escape(&line.path))?;
            who.clear();
        }
    }
    writeln!(out)
}
