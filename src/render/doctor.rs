//! What a key may do: the result of `doctor`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::paint::Ink;
use super::report::{Report, Style, pretty};
use crate::live::{Diagnosis, Part, Readability};

/// Where credentials come from, and what they may do.
#[derive(Debug)]
pub struct DoctorReport<'a> {
    /// Each setting with its value and where it comes from. No secret is among them.
    pub settings: Vec<(&'static str, String)>,
    /// What the key may do.
    pub diagnosis: &'a Diagnosis,
}

/// What a command reads.
const READS: [(&str, &[Part]); 5] = [
    ("plan, drift, export", &[Part::Users, Part::Applications, Part::Groups, Part::Policies]),
    ("project names in files", &[Part::Projects]),
    ("adopting applications with API keys", &[Part::ApiKeys]),
    (
        "snapshot",
        &[
            Part::Users,
            Part::Applications,
            Part::Groups,
            Part::Policies,
            Part::ApiKeys,
            Part::SshKeys,
            Part::Projects,
            Part::Quotas,
        ],
    ),
    ("who changed what", &[Part::AuditTrail]),
];

/// Whether something can be done, and what is in the way.
struct CommandVerdict {
    what: &'static str,
    works: Works,
}

enum Works {
    Yes,
    No(String),
    Unknown(String),
}

impl std::fmt::Display for Works {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Yes => write!(f, "yes"),
            Self::No(why) => write!(f, "no: {why}"),
            Self::Unknown(why) => write!(f, "not known: {why}"),
        }
    }
}

impl DoctorReport<'_> {
    fn caller(&self) -> String {
        let until = self.diagnosis.expires_at.map(|end| format!(", expires {end}")).unwrap_or_default();
        match &self.diagnosis.caller {
            Ok(principal) => format!("{principal}{until}"),
            Err(why) => format!("not known: {why}"),
        }
    }

    fn verdicts(&self) -> Vec<CommandVerdict> {
        let reads = READS.iter().map(|(what, parts)| {
            let mut sets: Vec<_> = self.diagnosis.lacks(parts).map(Part::permission_set).collect();
            sets.sort_unstable();
            sets.dedup();
            let works =
                if sets.is_empty() { Works::Yes } else { Works::No(format!("needs {}", sets.join(", "))) };
            CommandVerdict { what, works }
        });
        let works = match &self.diagnosis.writes {
            Ok(Some(_)) => Works::Yes,
            Ok(None) => Works::No("needs IAMManager on the organization".to_owned()),
            Err(why) => Works::Unknown(why.clone()),
        };
        reads.chain([CommandVerdict { what: "apply", works }]).collect()
    }
}

/// Says whether a part may be read.
fn words(part: Part, answer: &Readability) -> String {
    match answer {
        Readability::Readable => "readable".to_owned(),
        Readability::Refused => format!("refused; {} allows it", part.permission_set()),
        Readability::Failed(why) => format!("failed: {why}"),
    }
}

impl Report for DoctorReport<'_> {
    fn text(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        let heading = |text| style.paint.text(Ink::Heading, text);
        writeln!(out, "{}", heading("Credentials"))?;
        for (name, value) in &self.settings {
            writeln!(out, "  {name:<18}{}", terminal(value))?;
        }
        writeln!(out, "  {:<18}{}", "key of", terminal(&self.caller()))?;
        writeln!(out, "\n{}", heading("What the key can read"))?;
        for (part, answer) in &self.diagnosis.parts {
            writeln!(out, "  {:<20}{}", part.words(), terminal(&words(*part, answer)))?;
        }
        writeln!(out, "\n{}", heading("What works with it"))?;
        for CommandVerdict { what, works } in self.verdicts() {
            writeln!(out, "  {what:<38}{}", terminal(&works.to_string()))?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "### Access of this API key\n\n| | |\n|---|---|")?;
        for (name, value) in &self.settings {
            writeln!(out, "| {name} | {} |", escape(value))?;
        }
        writeln!(out, "| key of | {} |", escape(&self.caller()))?;
        for (part, answer) in &self.diagnosis.parts {
            writeln!(out, "| {} | {} |", part.words(), escape(&words(*part, answer)))?;
        }
        for CommandVerdict { what, works } in self.verdicts() {
            writeln!(out, "| {what} | {} |", escape(&works.to_string()))?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let settings = self.settings.iter().map(|(name, value)| json!({"name": name, "value": value}));
        let parts = self.diagnosis.parts.iter().map(|(part, answer)| {
            let why = match answer {
                Readability::Failed(why) => Some(why),
                Readability::Readable | Readability::Refused => None,
            };
            json!({
                "part": part.words(),
                "readable": *answer == Readability::Readable,
                "permission_set": part.permission_set(),
                "error": why,
            })
        });
        let works = self.verdicts().into_iter().map(|CommandVerdict { what, works }| match works {
            Works::Yes => json!({"what": what, "works": true, "why": null}),
            Works::No(why) => json!({"what": what, "works": false, "why": why}),
            Works::Unknown(why) => json!({"what": what, "works": null, "why": why}),
        });
        let document = json!({
            "settings": settings.collect::<Vec<Value>>(),
            "caller": self.diagnosis.caller.as_ref().ok().map(ToString::to_string),
            "expires_at": self.diagnosis.expires_at,
            "parts": parts.collect::<Vec<Value>>(),
            "works": works.collect::<Vec<Value>>(),
        });
        pretty(out, &document)
    }
}
