//! `scw-iam export`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, ConnectArgs};
use super::failure::Failure;
use super::output::{Output, talk, write_whole};
use super::session::Connection;
use super::terraform;
use crate::config::{ExportOptions, LeftOut, OF_A_STACK, SCHEMA, Split};
use crate::files::make_folder;
use crate::live::{Live, LiveNeeds};
use crate::model::{Catalogue, Kind, Object, Owner, Stack};
use crate::reconcile::{Error, Exported, Session, export, export_terraform};
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam export
  scw-iam export --out iam --stack platform
  scw-iam export --out iam --emulate state.json
  scw-iam export --out iam --stack web --terraform-state terraform.tfstate";

/// Exports the organization as files that match it exactly
///
/// Anything that files cannot express becomes a comment with the reason. Before the files are written, they are read and
/// planned, which proves that applying them changes nothing. Export never writes to the API.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    #[command(flatten)]
    connect: ConnectArgs,
    /// Folder to write to; without it, a single file goes to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write a single file instead of one for each kind
    #[arg(long, requires = "out")]
    one_file: bool,
    /// Stack that will own the declared objects; a plan of the files shows their adoption
    #[arg(long, value_name = "NAME")]
    stack: Option<Stack>,
    /// Write exactly what this Terraform state holds, as files of the stack, and print what lets go of it in Terraform
    #[arg(long, value_name = "FILE", requires_all = ["stack", "out"])]
    terraform_state: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "out")]
    force: bool,
}

/// How many objects are named that are left out for one reason, before the rest is counted.
const MOST_NAMES: usize = 3;

/// Says what no file declares, and why; what belongs to a stack has a hint of its own.
fn say_left_out(left_out: &[LeftOut], with_stack: bool) {
    let mut reasons: BTreeMap<(&str, Kind), Vec<String>> = BTreeMap::new();
    for it in left_out {
        let name = it
            .title
            .as_ref()
            .map_or_else(|| it.address.key_text(), |title| format!("{title} ({})", it.address.key()));
        reasons.entry((it.why.as_str(), it.address.kind())).or_default().push(name);
    }
    let others = |why: &str| why.starts_with(OF_A_STACK);
    for ((why, kind), names) in reasons.iter().filter(|((why, _), _)| with_stack || !others(why)) {
        let what = if names.len() == 1 { kind.word() } else { kind.section() };
        let more = match names.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let shown: Vec<_> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
        talk(&format!("not declared: {} {what}: {why}: {}{more}", names.len(), shown.join(", ")));
    }
}

impl Export {
    pub(super) async fn run(self, common: &Common) -> Result<Exit, Failure> {
        let connection = Connection::open(&self.connect, None).await?;
        let live = read(&connection.session).await?;
        if let Some(state) = &self.terraform_state {
            let state = terraform::read(state)?;
            let taken = export_terraform(&live, &state, &self.options(common, &live))?;
            let folder = self.out.as_deref().unwrap_or(Path::new("."));
            self.write(folder, &taken.exported)?;
            terraform::let_go(&taken, folder)?;
            connection.close().await?;
            return Ok(Exit::Done);
        }
        let exported = export(&live, &self.options(common, &live))?;
        say_left_out(&exported.left_out, self.stack.is_some());
        self.hint_at_stacks(&live);
        match &self.out {
            None => {
                for file in &exported.files {
                    Output { format: Format::Text, file: None }.write(file.text.as_bytes())?;
                }
            }
            Some(folder) => self.write(folder, &exported)?,
        }
        connection.close().await?;
        Ok(Exit::Done)
    }

    fn options<'a>(&'a self, common: &Common, live: &'a Live) -> ExportOptions<'a> {
        ExportOptions {
            stack: self.stack.as_ref(),
            split: if self.out.is_some() && !self.one_file { Split::ByKind } else { Split::One },
            titles: &live.titles,
            catalogue: Catalogue::published(),
            now: common.now(),
            schema: self.out.is_some().then_some(SCHEMA.0),
            part: None,
        }
    }

    fn write(&self, folder: &Path, exported: &Exported) -> Result<(), Failure> {
        let Exported { files, left_out: _, adopted, declared: _ } = exported;
        // A link that leads nowhere is there too.
        let there =
            files.iter().map(|file| folder.join(&file.path)).find(|path| path.symlink_metadata().is_ok());
        if let (Some(path), false) = (there, self.force) {
            let there = Failure::error(anyhow::anyhow!("{} already exists", path.display()));
            return Err(there.hint("choose another folder, or pass --force to replace it"));
        }
        let name = folder.display();
        if folder.is_file() {
            return Err(anyhow::anyhow!("{name} is a file; --out takes a folder").into());
        }
        make_folder(folder).with_context(|| format!("cannot create {name}"))?;
        write_whole(&folder.join(SCHEMA.0), SCHEMA.1.as_bytes())?;
        for file in files {
            write_whole(&folder.join(&file.path), file.text.as_bytes())?;
        }
        let names: Vec<_> = files.iter().map(|file| file.path.display().to_string()).collect();
        let plan = match adopted {
            0 => "changes nothing".to_owned(),
            1 => "adopts 1 object and changes nothing else".to_owned(),
            many => format!("adopts {many} objects and changes nothing else"),
        };
        talk(&format!("Wrote {} to {name}. Planning this {plan}.", names.join(", ")));
        Ok(())
    }

    /// What belongs to a stack is only exported as that stack's.
    fn hint_at_stacks(&self, live: &Live) {
        let metas = live.state.objects.values().filter_map(Object::meta).filter(|_| self.stack.is_none());
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

/// Reads all that an export has; what only few may read is left out where it is refused, and that is said.
async fn read(session: &Session) -> Result<Live, Error> {
    let all =
        LiveNeeds { kinds: Kind::ALL.iter().copied().collect(), projects: true, ..LiveNeeds::default() };
    match session.read(&all).await {
        Err(error) if error.is_forbidden() => {
            let live = session.read(&LiveNeeds { projects: true, ..LiveNeeds::default() }).await?;
            let left_out = Kind::ALL.iter().filter(|kind| !kind.always_read()).map(|kind| kind.nouns());
            let left_out = left_out.collect::<Vec<_>>().join(", ");
            talk(&format!("hint: this key may not read everything; left out: {left_out}"));
            Ok(live)
        }
        read => read,
    }
}
