use std::io::{self, Write};

use super::access::Folds;
use super::text::text;
use super::{Reading, words};
use crate::access::Sharpness;
use crate::plan::{Plan, Verdict};
use crate::render::escape::{code, markdown as escape};
use crate::render::report::Style;
use crate::render::wrap::loose;

/// Writes a plan for a pull request's comment: access first, details folded.
pub(super) fn markdown(out: &mut dyn Write, plan: &Plan, reading: Reading) -> io::Result<()> {
    let drift = reading == Reading::Drift;
    let title = if drift { "Access drift" } else { "Access plan" };
    writeln!(out, "### {title}\n")?;
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
    let settled = plan.is_empty()
        && plan.conflicts().is_empty()
        && plan.blocked().is_empty()
        && (drift || !plan.refused());
    if settled {
        let word = if drift { "No drift" } else { "Nothing to do" };
        writeln!(out, "{word}: {}.", loose(&words::settled(plan)))?;
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
        writeln!(out, "- 🛑 {would}refused: {}", escape(&words::conflict(conflict)))?;
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
        for item in finding.items.iter().take(words::MOST_ITEMS) {
            writeln!(out, "  - {}", escape(item))?;
        }
        if finding.items.len() > words::MOST_ITEMS {
            writeln!(out, "  - and {} more", finding.items.len() - words::MOST_ITEMS)?;
        }
        if let (Verdict::Refused, Some(entry)) = (finding.verdict, finding.entry(plan.created_at())) {
            writeln!(out, "  - to let exactly this pass, add to `allow`: {}", code(&entry))?;
        }
    }
    if !plan.findings().is_empty() || !plan.conflicts().is_empty() {
        writeln!(out)?;
    }
    table(out, plan, drift)?;
    let mut details = Vec::new();
    text(&mut details, plan, reading, Style::default())?;
    let details = String::from_utf8_lossy(&details);
    let longest = details.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    writeln!(
        out,
        "<details><summary>Steps and details</summary>\n\n{fence}text\n{details}{fence}\n\n</details>"
    )
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
        let mut who = escape(&fold.names());
        match (fold.loses_all, drift) {
            (false, _) => {}
            (true, false) => who.push_str(", **left without any access**"),
            (true, true) => who.push_str(", **without any access by the files**"),
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
