//! Reports why a command failed: what it was doing, the causes, and hints.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::paint::Ink;
use super::report::Report;
use super::style::Style;
use crate::model::Hint;
use crate::plan::file::{PartDifference, PlanDifference};
use crate::review::Outline;

/// An error as a result.
#[derive(Debug, Clone)]
pub struct FailureReport<'a> {
    /// The exit code of the command.
    pub exit: u8,
    /// The error and its causes, the outermost first.
    pub causes: Vec<String>,
    /// What helps.
    pub hints: Vec<Hint>,
    /// For a plan that does not match: the differences.
    pub differences: &'a [PlanDifference],
}

impl FailureReport<'_> {
    /// The causes without repetition: libraries wrap one cause in another of the same words.
    fn causes(&self) -> Vec<&str> {
        let mut causes: Vec<&str> = self.causes.iter().map(String::as_str).collect();
        causes.dedup();
        causes
    }
}

impl Report for FailureReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        for PlanDifference { of, parts } in self.differences {
            writeln!(out, "{}", terminal(of))?;
            for (line, indent) in parts.iter().flat_map(lines) {
                writeln!(out, "{:indent$}{}", "", terminal(&line))?;
            }
        }
        for (at, cause) in self.causes().into_iter().enumerate() {
            let start =
                if at == 0 { style.paint.text(Ink::Alarm, "error:") } else { "  because:".to_owned() };
            let mut lines = cause.lines();
            writeln!(out, "{start} {}", terminal(lines.next().unwrap_or_default()))?;
            for line in lines {
                writeln!(out, "    {}", terminal(line))?;
            }
        }
        for hint in &self.hints {
            writeln!(out, "hint: {}", terminal(&hint.to_string()))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### Error\n")?;
        for (at, cause) in self.causes().into_iter().enumerate() {
            let start = if at == 0 { "🛑" } else { "because:" };
            writeln!(out, "- {start} {}", escape(&cause.replace('\n', " ")))?;
        }
        for hint in &self.hints {
            writeln!(out, "- hint: {}", escape(&hint.to_string()))?;
        }
        for PlanDifference { of, parts } in self.differences {
            writeln!(out, "\n{}\n", escape(of))?;
            for (line, _) in parts.iter().flat_map(lines) {
                writeln!(out, "- {}", escape(&line))?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let part =
            |part: &PartDifference| json!({"part": part.name, "planned": part.planned, "now": part.now});
        let one = |difference: &PlanDifference| {
            let parts: Vec<Value> = difference.parts.iter().map(part).collect();
            json!({"of": difference.of, "parts": parts})
        };
        let causes = self.causes();
        let hints: Vec<String> = self.hints.iter().map(ToString::to_string).collect();
        let mut error = json!({
            "exit": self.exit,
            "message": causes.first(),
            "causes": causes.get(1..).unwrap_or_default(),
            "hints": hints,
        });
        if !self.differences.is_empty() {
            error["differences"] = self.differences.iter().map(one).collect();
        }
        pretty(out, &json!({"error": error}))
    }

    fn outline(&self) -> Option<Outline> {
        let mut outline = Outline::new("run", Timestamp::UNIX_EPOCH);
        outline.errors = self.causes().into_iter().map(ToOwned::to_owned).collect();
        Some(outline)
    }
}

/// A line for each thing that is gone, and for each that is new, with its indent.
fn lines(part: &PartDifference) -> Vec<(String, usize)> {
    let PartDifference { name, planned, now } = part;
    let signed = [('-', planned), ('+', now)];
    let signed = signed.into_iter().flat_map(|(sign, lines)| lines.iter().map(move |line| (sign, line)));
    std::iter::once(((*name).to_owned(), 2))
        .chain(signed.map(|(sign, line)| (format!("{sign} {line}"), 4)))
        .collect()
}
