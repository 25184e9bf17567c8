//! How files are written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::{Address, Catalogue, Id, KeySlot, SlotName, Stack};

/// How files are written.
#[derive(Debug, Clone, Copy)]
pub struct ExportOptions<'a> {
    /// The stack to write, which owns what is declared. What another stack owns is not declared.
    pub stack: Option<&'a Stack>,
    /// Into how many files.
    pub split: Split,
    /// The live names of objects that are keyed by their ids.
    pub titles: &'a HashMap<Id, String>,
    /// The permission sets that the files will be checked against.
    pub catalogue: &'a Catalogue,
    /// An end that is past by then stays in the condition's text, so that the rule stays declared.
    pub now: Timestamp,
    /// What the first line of each file names as its schema: a path or an address. `None` for no such line.
    pub schema: Option<&'a str>,
    /// The part of the organization to write; `None` for all of it.
    pub part: Option<&'a ExportPart>,
}

impl<'a> ExportOptions<'a> {
    /// Returns how a whole organization is written into one file, for no stack.
    #[must_use]
    pub fn of(titles: &'a HashMap<Id, String>, now: Timestamp) -> Self {
        let catalogue = Catalogue::published();
        Self { stack: None, split: Split::One, titles, catalogue, now, schema: None, part: None }
    }
}

/// A part of an organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportPart {
    /// The objects to declare. What they refer to beside these is external.
    pub only: BTreeSet<Address>,
    /// The groups whose other members are left alone.
    pub at_least: BTreeSet<Address>,
    /// The slots for API keys, by application.
    pub slots: BTreeMap<Address, BTreeMap<SlotName, KeySlot>>,
    /// Whether the files are to be added to those of the stack; otherwise they are all of the stack's.
    pub added: bool,
}

/// Into how many files an organization is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// A file for the header, and one for each kind.
    ByKind,
    /// One file.
    One,
}
