//! `scw-iam export`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, Judge, Reach};
use super::failure::Failure;
use super::output::{Output, talk, write_whole};
use super::prepare;
use super::session::Session;
use crate::config::{self, ExportOptions, ExportedFile, Source, Split};
use crate::files::make_folder;
use crate::live::{self, Live};
use crate::model::{Catalogue, Object, Owner, Stack};
use crate::plan::{Caller, Plan};
use crate::render::plan::PlanReport;
use crate::render::{Format, Report as _, Style};

const EXAMPLES: &str = "\
Examples:
  scw-iam export
  scw-iam export --out iam --stack platform
  scw-iam export --out iam --emulate state.json";

/// Writes the organization as files that plan to nothing
///
/// What files cannot say becomes a comment with the reason. The files are read again and planned before they are
/// written: nothing would change. Nothing is ever written to the API.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    #[command(flatten)]
    reach: Reach,
    /// The folder to write to; without it, one file goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write one file, not one for each kind
    #[arg(long, requires = "out")]
    one_file: bool,
    /// The stack that will own what the files declare; a plan then shows the adoption
    #[arg(long, value_name = "NAME")]
    stack: Option<Stack>,
    /// Replace files that are there
    #[arg(long, requires = "out")]
    force: bool,
}

impl Export {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let session = Session::open(&self.reach, None).await?;
        let needs = live::Needs { projects: true, ..live::Needs::default() };
        let live = prepare::read(&session, &needs).await?;
        let split = if self.out.is_some() && !self.one_file { Split::ByKind } else { Split::One };
        let (schema, text) = config::SCHEMA;
        let files = files(common, &live, self.stack.as_ref(), split, self.out.is_some().then_some(schema));
        let adopted = prove(common, &live, &files, self.stack.as_ref())?;
        self.hint_at_stacks(&live);
        match &self.out {
            None => {
                for file in &files {
                    Output { format: Format::Text, file: None }.write(file.text.as_bytes())?;
                }
            }
            Some(folder) => {
                // A link that leads nowhere is there too.
                let there = files
                    .iter()
                    .map(|file| folder.join(&file.path))
                    .find(|path| path.symlink_metadata().is_ok());
                if let (Some(path), false) = (there, self.force) {
                    return Err(Failure::error(anyhow::anyhow!(
                        "{} is there already\nhint: choose another folder, or say --force to replace it",
                        path.display()
                    )));
                }
                if folder.is_file() {
                    let name = folder.display();
                    return Err(Failure::error(anyhow::anyhow!("{name} is a file; --out names a folder")));
                }
                make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
                write_whole(&folder.join(schema), text.as_bytes())?;
                for file in &files {
                    write_whole(&folder.join(&file.path), file.text.as_bytes())?;
                }
                let names: Vec<_> = files.iter().map(|file| file.path.display().to_string()).collect();
                let plan = match adopted {
                    0 => "changes nothing".to_owned(),
                    1 => "adopts 1 object and changes nothing else".to_owned(),
                    many => format!("adopts {many} objects and changes nothing else"),
                };
                talk(&format!("Wrote {} to {}. A plan of it {plan}.", names.join(", "), folder.display()));
            }
        }
        session.close().await?;
        Ok(Exit::Done)
    }
}

impl Export {
    /// What belongs to a stack is only exported as that stack's.
    fn hint_at_stacks(&self, live: &Live) {
        if self.stack.is_some() {
            return;
        }
        let metas = live.state.objects.values().filter_map(Object::meta);
        let mut stacks = BTreeMap::new();
        for meta in metas {
            if let Some(Owner::Stack(stack)) = &meta.owner {
                *stacks.entry(stack).or_insert(0usize) += 1;
            }
        }
        for (stack, count) in stacks {
            let objects = if count == 1 { "1 object belongs" } else { &format!("{count} objects belong") };
            talk(&format!("hint: {objects} to stack {stack}; export what it owns with `--stack {stack}`"));
        }
    }
}

/// The organization as files.
pub(super) fn files(
    common: &Common,
    live: &Live,
    stack: Option<&Stack>,
    split: Split,
    schema: Option<&str>,
) -> Vec<ExportedFile> {
    let options = ExportOptions {
        stack,
        split,
        titles: &live.titles,
        catalogue: Catalogue::published(),
        now: common.now(),
        schema,
    };
    config::export(&live.state, &options)
}

/// Reads the files as anybody would, and plans them: but for adoptions, nothing may change.
///
/// Returns how many objects would be adopted.
fn prove(
    common: &Common,
    live: &Live,
    files: &[ExportedFile],
    stack: Option<&Stack>,
) -> Result<usize, Failure> {
    let text =
        |file: &ExportedFile| Source::Text { name: file.path.clone(), bytes: file.text.clone().into_bytes() };
    let sources: Vec<_> = files.iter().map(text).collect();
    let bug = "the exported files do not say what is live; please report it";
    let read = config::read(&sources, common.now())?;
    let resolved = read.resolve(Some(&live.state), Catalogue::published(), false)?;
    let judge = Judge { allow: Vec::new(), caller: None };
    let caller = Caller::Unresolved("nothing is planned for real".to_owned());
    let plan = prepare::plan(common, &judge.options(common.strict), live, &caller, &resolved.desired)?;
    let changed = plan.summary().total();
    if changed == crate::plan::Counts::default() && plan.conflicts().is_empty() {
        return Ok(plan.summary().adopted);
    }
    if let Some(stack) = stack
        && changed.deleted > 0
    {
        return Err(unsayable(&plan, stack));
    }
    let mut shown = Vec::new();
    PlanReport::new(&plan).text(&mut shown, Style::default())?;
    Err(Failure::error(anyhow::anyhow!("{}", String::from_utf8_lossy(&shown)).context(bug)))
}

/// What the stack owns and files cannot say would be taken for undeclared, and deleted.
fn unsayable(plan: &Plan, stack: &Stack) -> Failure {
    let deleted = plan.steps().iter().filter_map(|step| step.action.deletes());
    let deleted: Vec<_> = deleted.map(|address| format!("\n  {address}")).collect();
    let hint = format!(
        "hint: an export without --stack says why, in comments; mend them, or take their tag scw-iam={stack} away"
    );
    Failure::error(anyhow::anyhow!(
        "stack {stack} owns what files cannot say, so that a plan of them would delete it:{}\n{hint}",
        deleted.concat()
    ))
}
