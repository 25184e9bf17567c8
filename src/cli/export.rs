//! `scw-iam export`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Exit;
use super::arguments::{Common, ConnectArgs, object};
use super::ask::meant;
use super::failure::Failure;
use super::output::{Output, talk, write_whole};
use super::session::Connection;
use super::terraform;
use crate::config::{ExportOptions, ExportPart, LeftOut, OF_A_STACK, SCHEMA, Split};
use crate::files::make_folder;
use crate::live::{Live, LiveNeeds};
use crate::model::{Address, Catalogue, Key, Kind, Object, Owner, People, Stack};
use crate::reconcile::{Error, Exported, Session, export, export_terraform};
use crate::render::Format;

const EXAMPLES: &str = "\
Examples:
  scw-iam export
  scw-iam export --out iam --stack platform
  scw-iam export group:developers policy:developers-run
  scw-iam export --out iam --emulate state.json
  scw-iam export --out iam --stack web --terraform-state terraform.tfstate";

/// Exports the organization as files that match it exactly
///
/// Anything that files cannot express becomes a comment with the reason. Before the files are written, they are read and
/// planned, which proves that applying them changes nothing. Export never writes to the API.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    /// Export only these objects and what they refer to
    #[arg(value_name = "KIND:NAME", value_parser = object, conflicts_with = "terraform_state")]
    objects: Vec<Address>,
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
    /// Write exactly what this Terraform state holds, as files of the stack, and print the commands that make Terraform forget it
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
        let mut live = read(&connection.session).await?;
        if let Some(state) = &self.terraform_state {
            let state = terraform::read(state)?;
            if state.has_api_keys() {
                connection.session.inventory(&mut live).await?;
            }
            let taken = export_terraform(&live, &state, &self.options(common, &live, None))?;
            let folder = self.out.as_deref().unwrap_or(Path::new("."));
            self.write(folder, &taken.exported, taken.keys.len())?;
            terraform::let_go(&taken, folder)?;
            connection.close().await?;
            return Ok(Exit::Done);
        }
        let part = self.part(&live)?;
        let exported = export(&live, &self.options(common, &live, part.as_ref()))?;
        say_left_out(&exported.left_out, self.stack.is_some());
        match &part {
            Some(_) => self.all_written(&live, &exported)?,
            None => self.hint_at_stacks(&live),
        }
        match &self.out {
            None => {
                for file in &exported.files {
                    Output { format: Format::Text, file: None }.write(file.text.as_bytes())?;
                }
            }
            Some(folder) => self.write(folder, &exported, 0)?,
        }
        connection.close().await?;
        Ok(Exit::Done)
    }

    /// The objects that were asked for, with all that they refer to; `None` for the whole organization.
    fn part(&self, live: &Live) -> Result<Option<ExportPart>, Failure> {
        if self.objects.is_empty() {
            return Ok(None);
        }
        let mut next = Vec::new();
        for object in &self.objects {
            let known = known(live, object);
            if !live.state.has(&known) {
                let alike: Vec<_> = live.state.addresses(object.kind()).map(Address::text).collect();
                let hint = meant(&object.text(), alike.iter().map(String::as_str));
                return Err(Failure::usage(format!("there is no {object}")).hints(hint));
            }
            next.push(known);
        }
        let mut only = BTreeSet::new();
        while let Some(address) = next.pop() {
            let refers = live.state.get(&address).map(Object::refers).unwrap_or_default();
            if only.insert(address) {
                next.extend(refers);
            }
        }
        Ok(Some(ExportPart { only, added: true, ..ExportPart::default() }))
    }

    /// Refuses an export that lacks a requested object, and says what else the stack owns.
    fn all_written(&self, live: &Live, exported: &Exported) -> Result<(), Failure> {
        for object in self.objects.iter().map(|object| known(live, object)) {
            if exported.declared.contains(&object) {
                continue;
            }
            let left = exported.left_out.iter().find(|left| left.address == object);
            let why = left.map_or("files do not declare this kind", |left| left.why.as_str());
            let failure = Failure::error(anyhow::anyhow!("cannot export {object}: {why}"));
            let owner = live.state.get(&object).and_then(|it| it.meta()?.owner.as_ref());
            return Err(match owner {
                Some(Owner::Stack(stack)) if self.stack.as_ref() != Some(stack) => {
                    failure.hint(format!("pass --stack {stack} to write the files of that stack"))
                }
                Some(_) | None => failure,
            });
        }
        let Some(stack) = &self.stack else { return Ok(()) };
        let owned = live.state.objects.iter().filter(|(address, object)| {
            let owner = object.meta().and_then(|meta| meta.owner.as_ref());
            owner.is_some_and(|owner| owner.is(stack)) && !exported.declared.contains(*address)
        });
        match owned.count() {
            0 => {}
            others => talk(&format!(
                "note: stack {stack} owns {others} other {}; move these entries into its files, because a plan of these files alone would delete the others",
                if others == 1 { "object" } else { "objects" }
            )),
        }
        Ok(())
    }

    fn options<'a>(
        &'a self,
        common: &Common,
        live: &'a Live,
        part: Option<&'a ExportPart>,
    ) -> ExportOptions<'a> {
        ExportOptions {
            stack: self.stack.as_ref(),
            split: if self.out.is_some() && !self.one_file { Split::ByKind } else { Split::One },
            titles: &live.titles,
            catalogue: Catalogue::published(),
            now: common.now(),
            schema: self.out.is_some().then_some(SCHEMA.0),
            part,
        }
    }

    /// Writes the files. `keys` is how many API keys a plan of them replaces.
    fn write(&self, folder: &Path, exported: &Exported, keys: usize) -> Result<(), Failure> {
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
        let objects = if *adopted == 1 { "1 object".to_owned() } else { format!("{adopted} objects") };
        let plan = match (adopted, keys) {
            (0, 0) => "changes nothing".to_owned(),
            (_, 0) => format!("adopts {objects} and changes nothing else"),
            (_, 1) => format!("adopts {objects}, replaces 1 API key, and changes nothing else"),
            (_, keys) => format!("adopts {objects}, replaces {keys} API keys, and changes nothing else"),
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

/// Returns the live address of an object that is named by its id, of a person named by username, or of an object named with its
/// project's name.
fn known(live: &Live, object: &Address) -> Address {
    if let Key::Child(child) = object.key()
        && let Key::Project(name) = &child.parent
    {
        let of_name = live.state.projects.iter().filter(|(_, known)| *known == name);
        let mut there = of_name.map(|(id, _)| object.sibling(Key::child(Key::Id(*id), child.name.clone())));
        return there.find(|address| live.state.has(address)).unwrap_or_else(|| object.clone());
    }
    People::of(&live.state, Some(&live.ids)).known(object).unwrap_or_else(|| object.clone())
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
