//! `scw-iam export`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, ConnectArgs};
use super::failure::Failure;
use super::output::{Output, talk, write_whole};
use super::session::Connection;
use crate::config::{ExportOptions, SCHEMA, Split};
use crate::files::make_folder;
use crate::live::{Live, LiveNeeds};
use crate::model::{Catalogue, Object, Owner, Stack};
use crate::reconcile::{Exported, export};
use crate::render::Format;

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
    connect: ConnectArgs,
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
        let connection = Connection::open(&self.connect, None).await?;
        let live = connection.session.read(&LiveNeeds { projects: true, ..LiveNeeds::default() }).await?;
        let exported = export(&live, &self.options(common, &live))?;
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
        }
    }

    fn write(&self, folder: &Path, exported: &Exported) -> Result<(), Failure> {
        let Exported { files, adopted } = exported;
        // A link that leads nowhere is there too.
        let there =
            files.iter().map(|file| folder.join(&file.path)).find(|path| path.symlink_metadata().is_ok());
        if let (Some(path), false) = (there, self.force) {
            let there = Failure::error(anyhow::anyhow!("{} is there already", path.display()));
            return Err(there.hint("choose another folder, or pass --force to replace it"));
        }
        let name = folder.display();
        if folder.is_file() {
            return Err(anyhow::anyhow!("{name} is a file; --out names a folder").into());
        }
        make_folder(folder).with_context(|| format!("cannot make {name}"))?;
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
        talk(&format!("Wrote {} to {name}. A plan of it {plan}.", names.join(", ")));
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
