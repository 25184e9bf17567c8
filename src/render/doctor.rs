//! What a key may do: the result of `doctor`.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::paint::Ink;
use super::report::Report;
use super::style::Style;
use crate::live::{Diagnosis, Part, Readability};

/// Where credentials come from, and what they may do.
#[derive(Debug)]
pub struct DoctorReport<'a> {
    /// Each setting with its value and where it comes from. No secret is among them.
    pub settings: Vec<(&'static str, String)>,
    /// What the key may do.
    pub diagnosis: &'a Diagnosis,
}

/// What a command reads: it fails without the first parts, and leaves out the second if they are refused.
struct CommandReads {
    what: &'static str,
    needs: &'static [Part],
    uses: &'static [Part],
}

const READS: [CommandReads; 10] = [
    CommandReads { what: "plan", needs: &Part::MODELLED, uses: &[] },
    CommandReads { what: "plan of files that name projects", needs: &Part::NAMED, uses: &[] },
    CommandReads {
        what: "plan of files with API keys",
        needs: &[Part::Users, Part::Applications, Part::Groups, Part::Policies, Part::ApiKeys],
        uses: &[],
    },
    CommandReads {
        what: "plan of files with SSH keys",
        needs: &[
            Part::Users,
            Part::Applications,
            Part::Groups,
            Part::Policies,
            Part::Projects,
            Part::SshKeys,
        ],
        uses: &[],
    },
    CommandReads {
        what: "plan of files with settings",
        needs: &[Part::Users, Part::Applications, Part::Groups, Part::Policies, Part::Settings],
        uses: &[],
    },
    CommandReads { what: "drift, explain, who-can", needs: &Part::NAMED, uses: &[] },
    CommandReads { what: "export, init", needs: &Part::NAMED, uses: &[Part::SshKeys, Part::Settings] },
    CommandReads { what: "report", needs: &Part::NAMED, uses: &[Part::ApiKeys, Part::Settings] },
    CommandReads {
        what: "snapshot",
        needs: &Part::NAMED,
        uses: &[Part::ApiKeys, Part::SshKeys, Part::Quotas, Part::Settings],
    },
    CommandReads { what: "who changed what", needs: &[Part::AuditTrail], uses: &[] },
];

/// Whether something can be done, and what is in the way.
struct CommandVerdict {
    what: &'static str,
    works: Works,
}

enum Works {
    Yes,
    Partly(String),
    No(String),
    Unknown(String),
}

impl std::fmt::Display for Works {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Yes => write!(f, "yes"),
            Self::Partly(why) => write!(f, "yes, {why}"),
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
        let reads = READS.iter().map(|CommandReads { what, needs, uses }| {
            let (lacks, without) = (self.lacks(needs), self.lacks(uses));
            let works = match (lacks.words.is_empty(), without.words.is_empty()) {
                (true, true) => Works::Yes,
                (true, false) => Works::Partly(format!("without {} ({})", without.words, without.helps)),
                (false, _) => Works::No(lacks.helps),
            };
            CommandVerdict { what, works }
        });
        let lacks = self.lacks(&Part::MODELLED);
        let works = match &self.diagnosis.writes {
            _ if !lacks.words.is_empty() => Works::No(lacks.helps),
            Ok(Some(_)) => Works::Yes,
            Ok(None) => Works::No("needs IAMManager on the organization".to_owned()),
            Err(why) => Works::Unknown(why.clone()),
        };
        reads.chain([CommandVerdict { what: "apply", works }]).collect()
    }

    /// Returns which of these parts cannot be read, and what would help.
    fn lacks(&self, parts: &[Part]) -> LackingParts {
        let lacks: Vec<Part> = self.diagnosis.lacks(parts).collect();
        let words: Vec<_> = lacks.iter().map(|part| part.words()).collect();
        let failed = self.diagnosis.parts.iter().find_map(|(part, answer)| match answer {
            Readability::Failed(_) => lacks.contains(part).then_some(part),
            Readability::Readable | Readability::Refused => None,
        });
        let sets: BTreeSet<_> = lacks.iter().flat_map(|part| part.permission_sets()).copied().collect();
        let sets = Vec::from_iter(sets).join(", ");
        let helps = failed
            .map_or_else(|| format!("needs {sets}"), |part| format!("reading the {} failed", part.words()));
        LackingParts { words: words.join(", "), helps }
    }
}

/// Parts that cannot be read.
struct LackingParts {
    /// Which; empty for none.
    words: String,
    /// What would help.
    helps: String,
}

/// Says whether a part may be read.
fn words(part: Part, answer: &Readability) -> String {
    match answer {
        Readability::Readable => "readable".to_owned(),
        Readability::Refused => match part.permission_sets() {
            [set] => format!("refused; {set} allows it"),
            sets => format!("refused; {} allow it", sets.join(" and ")),
        },
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
            writeln!(out, "  {what:<34}{}", terminal(&works.to_string()))?;
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
                "permission_sets": part.permission_sets(),
                "error": why,
            })
        });
        let works = self.verdicts().into_iter().map(|CommandVerdict { what, works }| match works {
            Works::Yes => json!({"what": what, "works": true, "why": null}),
            Works::Partly(why) => json!({"what": what, "works": true, "why": why}),
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
