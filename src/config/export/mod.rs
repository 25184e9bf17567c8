//! [`State`] → files: with names instead of ids, and comments for everything that files cannot declare.

mod declare;
mod names;
mod options;
#[cfg(test)]
mod round_trip;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

pub use self::declare::OF_A_STACK;
use self::declare::{Declared, declare};
pub(super) use self::names::Names;
pub use self::options::{ExportOptions, ExportPart, Split};
pub(super) use self::write::{ScalarPlace, YamlWriter, scalar, yaml};
use super::fields::Keyed as _;
use super::files::Files;
use super::read::read;
use super::section::api_key::write_slots;
use super::section::external::ExternalDocument;
use super::section::group::write_guests;
use super::section::{Sections, path, projects_of, write};
use super::{Mistakes, Source};
use crate::model::{Address, Id, KeySlot, Kind, Object, State};

/// The schema of the files, for editors: its name beside them, and its text.
pub const SCHEMA: (&str, &str) = ("scw-iam.schema.json", include_str!("../../../schema/scw-iam.schema.json"));

/// Files that say what is live, and what they leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFiles {
    /// The files.
    pub files: Vec<ExportedFile>,
    /// What no file declares, though somebody may want to.
    pub left_out: Vec<LeftOut>,
}

/// An object that no file declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The object.
    pub address: Address,
    /// Its live name, where it goes by its id.
    pub title: Option<String>,
    /// Why.
    pub why: String,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its path, relative to the folder.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Writes a state as files that load to the same state.
///
/// What the language cannot say becomes a comment with the reason: objects whose name is not unique, policies with
/// rules that cannot be written, what products and other stacks keep. What refers to such an object by its name
/// finds it under `external`.
#[must_use]
pub fn export(state: &State, options: &ExportOptions<'_>) -> ExportedFiles {
    let mut refused: BTreeMap<Address, String> = BTreeMap::new();
    loop {
        let declared = declare(state, options, &refused);
        let names = Names { aliases: aliases(state, &declared, options.part), now: options.now };
        let left_out = left_out(&declared, state, options);
        let exporting = Exporting { state, options, declared, names };
        let (files, blocks) = exporting.files();
        // The reader has the last word on what files can say.
        let Some(mistakes) = mistakes(&files, options) else { return ExportedFiles { files, left_out } };
        let known = refused.len();
        refused.extend(blame(&mistakes, &files, &blocks));
        if refused.len() == known {
            return ExportedFiles { files, left_out };
        }
    }
}

/// Returns what is left out, without what every organization has.
fn left_out(declared: &Declared<'_>, state: &State, options: &ExportOptions<'_>) -> Vec<LeftOut> {
    let all = declared.left_out.iter();
    let all = all.filter(|(address, _)| !state.get(address).is_some_and(Object::is_built_in));
    let one = |(address, why): (&&Address, &String)| LeftOut {
        address: (*address).clone(),
        title: address.key().id().and_then(|id| options.titles.get(&id)).cloned(),
        why: why.clone(),
    };
    all.map(one).collect()
}

/// Returns what is wrong with the files, if anything is.
fn mistakes(files: &[ExportedFile], options: &ExportOptions<'_>) -> Option<Mistakes> {
    let sources: Vec<Source> = files
        .iter()
        .map(|file| Source::Text { name: file.path.clone(), bytes: file.text.clone().into_bytes() })
        .collect();
    let resolve = |files: Files| files.resolve(None, options.catalogue, false);
    read(&sources, options.now).and_then(resolve).err()
}

/// Returns the objects in whose lines mistakes stand, with the reason.
fn blame(mistakes: &Mistakes, files: &[ExportedFile], blocks: &[Block]) -> BTreeMap<Address, String> {
    let mut refused = BTreeMap::new();
    for mistake in mistakes.iter().filter(|mistake| mistake.severity == super::Severity::Error) {
        let place = mistakes.place(mistake);
        let at = |block: &&Block| {
            let same = files.get(block.file).is_some_and(|file| *file.path == *place.file);
            same && (block.from..block.to).contains(&place.line)
        };
        if let Some(block) = blocks.iter().find(at) {
            refused.entry(block.address.clone()).or_insert_with(|| mistake.words().title);
        }
    }
    refused
}

/// The lines that declare an object.
struct Block {
    file: usize,
    from: u32,
    to: u32,
    address: Address,
}

struct Exporting<'a> {
    state: &'a State,
    options: &'a ExportOptions<'a>,
    declared: Declared<'a>,
    names: Names,
}

/// The files in the making: one, or one for each kind.
struct Out {
    files: Vec<(String, YamlWriter)>,
    blocks: Vec<Block>,
}

impl Out {
    /// Turns to the file that holds a section.
    fn open(&mut self, split: Split, name: &str, schema: Option<&str>) {
        if split == Split::ByKind || self.files.is_empty() {
            let mut writer = YamlWriter::default();
            if let Some(schema) = schema {
                writer.raw(0, &format!("# yaml-language-server: $schema={schema}"));
            }
            let name = if split == Split::One { "iam" } else { name };
            self.files.push((format!("{name}.yaml"), writer));
        }
        self.writer().gap();
    }

    fn writer(&mut self) -> &mut YamlWriter {
        &mut self.files.last_mut().expect("a file is opened before anything is written").1
    }

    /// Writes an object, and remembers its lines.
    fn block(&mut self, address: Address, write: impl FnOnce(&mut YamlWriter)) {
        let from = self.writer().line();
        write(self.writer());
        let (file, to) = (self.files.len() - 1, self.writer().line());
        self.blocks.push(Block { file, from, to, address });
    }
}

impl Exporting<'_> {
    fn files(self) -> (Vec<ExportedFile>, Vec<Block>) {
        let mut out = Out { files: Vec::new(), blocks: Vec::new() };
        self.header(&mut out);
        for kind in Sections::KINDS {
            // A section that is there manages its kind; files may name people without that.
            let declared = self.declared.objects.keys().any(|address| address.kind() == *kind);
            if declared || !kind.named_undeclared() {
                self.section(&mut out, *kind);
            }
        }
        let files = out.files.into_iter().map(|(path, writer)| {
            let text = writer.into_text();
            ExportedFile { path: path.into(), text: format!("{}\n", text.trim_end_matches('\n')) }
        });
        (files.collect(), out.blocks)
    }

    fn header(&self, out: &mut Out) {
        out.open(self.options.split, "organization", self.options.schema);
        let writer = out.writer();
        writer.raw(0, "version: 1");
        writer.raw(0, &format!("organization: {}", self.state.organization));
        if let Some(stack) = self.options.stack {
            writer.text(0, "stack", stack.as_str());
        }
        if !self.names.aliases.is_empty() {
            writer.gap();
            writer.raw(0, "projects:");
            let sorted: BTreeMap<&String, Id> =
                self.names.aliases.iter().map(|(id, name)| (name, *id)).collect();
            for (name, id) in sorted {
                let live = self.state.projects.get(&id).map(|live| live.as_str());
                match live.filter(|live| live != name) {
                    Some(live) => writer.comment(
                        1,
                        &format!("`{live}` in the console, a name that does not tell it from others"),
                    ),
                    None if live.is_none() => writer.comment(1, "a project whose name is not known"),
                    None => {}
                }
                writer.key(1, name, &id.to_string());
            }
        }
        if !self.declared.external.is_empty() {
            writer.gap();
            writer.raw(0, "external:");
        }
        for key in ExternalDocument::KEYS {
            let listed = self.declared.external.iter().filter(|address| address.kind().section() == *key);
            let names: Vec<String> = listed.map(Address::key_text).collect();
            if !names.is_empty() {
                writer.list(1, key, names.iter().map(String::as_str));
            }
        }
        // Entries that are added to others are only what was asked for.
        let added = self.options.part.is_some_and(|part| part.added);
        if self.options.stack.is_some() && !added {
            write_guests(writer, self.state, |address| self.declared.objects.contains_key(address));
        }
    }

    fn section(&self, out: &mut Out, kind: Kind) {
        let declared = self.declared.objects.iter().filter(|(address, _)| address.kind() == kind);
        let mut declared = declared.peekable();
        // A plan of the files is not to read more than this export could, and entries that are added to others do not say that
        // there are no more.
        let said = declared.peek().is_some() || self.declared.left_out.keys().any(|it| it.kind() == kind);
        let added = self.options.part.is_some_and(|part| part.added);
        if declared.peek().is_none() && added || !said && !kind.always_read() {
            return;
        }
        out.open(self.options.split, kind.section(), self.options.schema);
        let none = if declared.peek().is_none() { "{}" } else { "" };
        out.writer().key(0, kind.section(), none);
        let mut before: Vec<String> = Vec::new();
        for (address, object) in declared {
            let mut keys = YamlWriter::default();
            write(object, &mut keys, &self.names);
            if self.options.part.is_some_and(|part| part.at_least.contains(address)) {
                keys.key(2, "membership", "at_least");
            }
            if let Some(slots) = self.options.part.and_then(|part| part.slots.get(address)) {
                write_slots(&mut keys, slots, &self.names);
            }
            let keys = keys.into_text();
            let path = path(address, object, &self.names);
            let (own, above) = path.split_last().map_or(("", &[][..]), |(own, above)| (own.as_str(), above));
            // What several entries stand under is written once.
            let same = before.iter().zip(above).take_while(|(before, now)| before == now).count();
            for (depth, key) in above.iter().enumerate().skip(same) {
                out.writer().key(depth + 1, key, "");
            }
            out.block((*address).clone(), |writer| {
                if !path.is_empty() {
                    writer.key(path.len(), own, if keys.is_empty() { "{}" } else { "" });
                }
                writer.append(&keys);
            });
            before = above.to_vec();
        }
        self.left_out(out, kind);
    }

    /// Says what is not declared, and why.
    fn left_out(&self, out: &mut Out, kind: Kind) {
        let mut reasons: Vec<(String, &str)> = Vec::new();
        for (address, why) in self.declared.left_out.iter().filter(|(address, _)| address.kind() == kind) {
            let key = address.key_text();
            let title = key.parse().ok().and_then(|id: Id| self.options.titles.get(&id));
            let what = title.map_or_else(|| format!("`{key}`"), |title| format!("`{title}` ({key})"));
            reasons.push((what, why));
        }
        if reasons.is_empty() {
            return;
        }
        let writer = out.writer();
        let depth = 1;
        writer.comment(depth, "Not declared:");
        for (what, why) in reasons {
            writer.comment(depth, &format!("- {what}: {why}"));
        }
    }
}

/// Gives each project that the declared objects name a name of its own.
fn aliases(state: &State, declared: &Declared<'_>, part: Option<&ExportPart>) -> HashMap<Id, String> {
    let slots = part.into_iter().flat_map(|part| &part.slots);
    let slots = slots.filter(|(address, _)| declared.objects.contains_key(address));
    let of_slots = slots.flat_map(|(_, slots)| slots.values()).flat_map(KeySlot::projects);
    let of_objects = declared.objects.values().flat_map(|object| projects_of(object));
    let used: BTreeSet<Id> = of_objects.chain(of_slots).collect();
    let name_of =
        |id: &Id| state.projects.get(id).map(|name| name.as_str()).filter(|name| name.parse::<Id>().is_err());
    let mut bearers: HashMap<&str, usize> = HashMap::new();
    for id in &used {
        *bearers.entry(name_of(id).unwrap_or_default()).or_default() += 1;
    }
    let alone = |name: &&str| bearers.get(name) == Some(&1);
    let mut aliases: HashMap<Id, String> = HashMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for id in &used {
        if let Some(name) = name_of(id).filter(alone) {
            taken.insert(name.to_owned());
            aliases.insert(*id, name.to_owned());
        }
    }
    for id in &used {
        if aliases.contains_key(id) {
            continue;
        }
        let stem: String = name_of(id).unwrap_or("project").chars().take(200).collect();
        let text = id.to_string();
        // The first digits tell two projects apart; where they do not, the whole id does.
        let short = format!("{stem}-{}", &text[..8]);
        let alias = if taken.contains(&short) { format!("{stem}-{text}") } else { short };
        taken.insert(alias.clone());
        aliases.insert(*id, alias);
    }
    aliases
}
