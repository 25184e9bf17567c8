//! A plan that is out of date: what is not as it was when the plan was made.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::plan::file::{Difference, Part, Stale};
use crate::render::escape::terminal;

/// Writes what has changed: a line for each thing that is gone, and for each that is new.
///
/// # Errors
/// When the writer fails.
pub fn text(out: &mut dyn Write, differences: &[Difference]) -> io::Result<()> {
    for Difference { of, parts } in differences {
        writeln!(out, "{}", terminal(of))?;
        for Part { name, planned, now } in parts {
            writeln!(out, "  {name}")?;
            for (sign, lines) in [('-', planned), ('+', now)] {
                for line in lines {
                    writeln!(out, "    {sign} {}", terminal(line))?;
                }
            }
        }
    }
    Ok(())
}

/// Returns the same for programs.
#[must_use]
pub fn json(stale: &Stale) -> Value {
    let differences = match stale {
        Stale::Age { .. } | Stale::Future { .. } | Stale::Ended(_) | Stale::AllowEnded(_) => &[][..],
        Stale::Changed(differences) => differences,
    };
    let part = |part: &Part| json!({"part": part.name, "planned": part.planned, "now": part.now});
    let one = |difference: &Difference| json!({"of": difference.of, "parts": difference.parts.iter().map(part).collect::<Vec<_>>()});
    let differences = differences.iter().map(one).collect::<Vec<_>>();
    json!({"end": "stale", "message": stale.to_string(), "differences": differences})
}
