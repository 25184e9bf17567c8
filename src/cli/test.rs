//! `scw-iam test`

use std::io::Write as _;

use serde_json::json;

use super::Exit;
use super::arguments::{Common, Paths};
use super::failure::Failure;
use super::output::Format;
use super::prepare;
use crate::access::{Broken, Everything, broken_assertions, judge_guardrails, sentence};
use crate::config;
use crate::model::{Catalogue, Desired};
use crate::render::escape::{markdown as escape, terminal};
use crate::render::paint::Ink;

const EXAMPLES: &str = "\
Examples:
  scw-iam test iam
  scw-iam test iam -o json";

/// Judges the assertions and guardrails on what the files give, without credentials
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    #[command(flatten)]
    paths: Paths,
}

/// One sentence, and what breaks it.
struct Judged {
    kind: &'static str,
    what: String,
    place: String,
    broken: Vec<String>,
}

impl Test {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let files = config::read(&self.paths.sources(), common.now())?;
        let resolved = files.resolve(None, Catalogue::published(), false)?;
        prepare::warn(common, &resolved.warnings)?;
        let judged = judge(&resolved.desired);
        let failed = judged.iter().filter(|judged| !judged.broken.is_empty()).count();
        for output in common.outputs() {
            let mut bytes = Vec::new();
            match output.format {
                Format::Text => {
                    let paint = output.paint();
                    for one in &judged {
                        let good = one.broken.is_empty();
                        let word =
                            if good { paint.text(Ink::Add, "ok") } else { paint.text(Ink::Alarm, "FAILED") };
                        writeln!(
                            bytes,
                            "{word} {} {} ({})",
                            one.kind,
                            terminal(&one.what),
                            terminal(&one.place)
                        )?;
                        for line in &one.broken {
                            writeln!(bytes, "    {}", terminal(line))?;
                        }
                    }
                    writeln!(bytes, "{} passed, {failed} failed", judged.len() - failed)?;
                }
                Format::Markdown => {
                    writeln!(
                        bytes,
                        "### Access tests\n\n**{} passed, {failed} failed**\n",
                        judged.len() - failed
                    )?;
                    for one in &judged {
                        let (sign, what) =
                            (if one.broken.is_empty() { "✅" } else { "🛑" }, escape(&one.what));
                        writeln!(bytes, "- {sign} {} {what} ({})", one.kind, escape(&one.place))?;
                        for line in &one.broken {
                            writeln!(bytes, "  - {}", escape(line))?;
                        }
                    }
                }
                Format::Json => {
                    let one = |judged: &Judged| json!({"kind": judged.kind, "what": judged.what, "place": judged.place, "broken": judged.broken});
                    let value =
                        json!({"failed": failed, "results": judged.iter().map(one).collect::<Vec<_>>()});
                    bytes.extend(format!("{value:#}\n").into_bytes());
                }
            }
            output.write(&bytes)?;
        }
        Ok(if failed == 0 { Exit::Done } else { Exit::Refused })
    }
}

fn judge(desired: &Desired) -> Vec<Judged> {
    let (state, catalogue) = (&desired.state, Catalogue::published());
    let everything = Everything::of(state);
    let assertions = broken_assertions(&everything, catalogue, &desired.assertions);
    let judgement = judge_guardrails(&everything, catalogue, &desired.guardrails);
    let why = |broken: &[Broken], at: usize, with_principal: bool| -> Vec<String> {
        broken
            .iter()
            .filter(|broken| broken.sentence == at)
            .map(|broken| words(desired, broken, with_principal))
            .collect()
    };
    let assertions = desired.assertions.iter().enumerate().map(|(at, assertion)| Judged {
        kind: "assertion",
        what: sentence(state, assertion),
        place: assertion.at.to_string(),
        broken: why(&assertions, at, false),
    });
    let guardrails = desired.guardrails.iter().enumerate().map(|(at, guardrail)| Judged {
        kind: "guardrail",
        what: guardrail.name.clone(),
        place: guardrail.at.to_string(),
        broken: {
            let unjudged = judgement.unjudged.iter().filter(|unjudged| unjudged.sentence == at);
            unjudged.map(ToString::to_string).chain(why(&judgement.broken, at, true)).collect()
        },
    });
    assertions.chain(guardrails).collect()
}

fn words(desired: &Desired, broken: &Broken, with_principal: bool) -> String {
    let Some(held) = &broken.by else { return "nothing grants it without a condition".to_owned() };
    let who = if with_principal { format!("{} holds ", broken.principal) } else { "holds ".to_owned() };
    let through = if broken.through.is_some() { ", which takes it in" } else { "" };
    let group = held.path.group.as_ref().map(|group| format!("group {group} ← ")).unwrap_or_default();
    let place = held
        .path
        .policy
        .name()
        .and_then(|name| desired.places.get(&crate::model::Where::Rule(name.clone(), held.path.rule)))
        .map(|place| format!(" ({}:{})", place.file.display(), place.line))
        .unwrap_or_default();
    let grant = held.grant.words(|id| desired.state.projects.get(&id));
    format!("{who}{grant}{through} ← {group}policy {}, rule {}{place}", held.path.policy, held.path.rule + 1)
}
