//! Text → tree: events with marks become nodes with places, going on after a mistake where YAML allows it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::mistake::{Mistake, MistakeKind, Span};
use super::tree::{Map, Node, Scalar, Value};
use crate::model::NearBudget;

/// Collections nested deeper than this are refused.
const DEEPEST: usize = 64;
/// The most nodes that the aliases of a file may repeat.
const MOST_REPEATED: usize = 200_000;
/// The most nodes that are kept for aliases, those of an anchor within another counted for both.
const MOST_KEPT: usize = 4_000_000;

/// After so many errors, the rest of a text is not read.
const MOST_MISTAKES: usize = 1000;
/// The most anchors among which the probably meant one is looked for.
const MOST_NAMES: usize = 1000;
/// So many anchors are looked at in the smallest text; in others, one for each byte.
const LEAST_LOOKS: usize = 10_000;
/// How far before a node its tag is looked for, in bytes.
const TAG_WITHIN: usize = 4096;

/// The result of parsing a text.
pub(super) struct Parsed<'t> {
    /// The tree, as far as it could be read; `None` for an empty text.
    pub(super) root: Option<Node<'t>>,
    /// Whether the tree is all of the text.
    pub(super) whole: bool,
    pub(super) mistakes: Vec<Mistake>,
}

/// Reads a text into a tree.
pub(super) fn parse(file: u32, text: &str) -> Parsed<'_> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        disallow_directives: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder {
        file,
        text,
        root: None,
        frames: Vec::new(),
        anchors: HashMap::new(),
        names: Vec::new(),
        budget: NearBudget::of(text.len().max(LEAST_LOOKS)),
        made: 0,
        repeated: 0,
        kept: 0,
        documents: 0,
        mistakes: Vec::new(),
        stopped: false,
    };
    let mut whole = true;
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => {
                let bytes = span.byte_range().unwrap_or(0..0);
                builder.event(event, bytes.start, bytes.end);
            }
            Err(error) => {
                builder.syntax(&error);
                whole = false;
            }
        }
        if !whole || builder.stopped {
            break;
        }
    }
    whole &= !builder.stopped;
    builder.close_all();
    Parsed { root: builder.root, whole, mistakes: builder.mistakes }
}

/// A collection that is not closed yet.
struct Frame<'t> {
    start: u32,
    flow: bool,
    anchor: usize,
    made_before: usize,
    depth: usize,
    open: OpenNode<'t>,
}

enum OpenNode<'t> {
    List(Vec<Node<'t>>),
    Map { map: Map<'t>, key: Option<Node<'t>> },
}

/// What an alias repeats.
enum Anchored<'t> {
    /// The node is not finished.
    Open,
    Done {
        node: Node<'t>,
        size: usize,
        depth: usize,
    },
}

struct Builder<'t> {
    file: u32,
    text: &'t str,
    root: Option<Node<'t>>,
    frames: Vec<Frame<'t>>,
    anchors: HashMap<usize, Anchored<'t>>,
    names: Vec<String>,
    budget: NearBudget,
    /// How many nodes there are, repeated ones included.
    made: usize,
    repeated: usize,
    /// How many nodes are kept for aliases.
    kept: usize,
    documents: usize,
    mistakes: Vec<Mistake>,
    stopped: bool,
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl<'t> Builder<'t> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: offset(start), end: offset(end.max(start)) }
    }

    fn mistake(&mut self, at: Span, kind: MistakeKind) {
        self.note(Mistake::new(at, kind));
    }

    fn note(&mut self, mistake: Mistake) {
        if self.mistakes.len() < MOST_MISTAKES {
            self.mistakes.push(mistake);
        } else {
            // With so many errors, nobody reads on.
            self.stopped = true;
        }
    }

    fn event(&mut self, event: Event<'t>, start: usize, end: usize) {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let at = self.span(start, end);
                    self.mistake(at, MistakeKind::SeveralDocuments);
                    self.stopped = true;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let forced = tag.as_ref().is_some_and(|tag| self.tag(&tag.original(), start, "str"));
                let end = start + self.text.get(start..end).map_or(0, |text| text.trim_end().len());
                let value = Value::Scalar(Scalar { text, plain: plain && !forced });
                self.leaf(Node { at: self.span(start, end), value }, anchor);
            }
            Event::SequenceStart(style, anchor, tag) => {
                if let Some(tag) = tag {
                    self.tag(&tag.original(), start, "seq");
                }
                self.open(start, style, anchor, OpenNode::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, tag) => {
                if let Some(tag) = tag {
                    self.tag(&tag.original(), start, "map");
                }
                self.open(start, style, anchor, OpenNode::Map { map: Map::default(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(end)),
            Event::Alias(id) => self.alias(id, start, end),
            Event::UnresolvedAlias(name) => self.unknown_anchor(&name, start, end),
            Event::Anchor(_, name) if self.names.len() < MOST_NAMES => self.names.push(name.into_owned()),
            _ => {}
        }
    }

    /// Notes a tag that means nothing here; returns true for one that says what the node is anyway.
    fn tag(&mut self, tag: &str, start: usize, core: &str) -> bool {
        if tag.strip_prefix("!!") == Some(core) {
            return true;
        }
        let mut from = start.saturating_sub(TAG_WITHIN + tag.len());
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = self.text[from..start].rfind(tag).map(|at| from + at);
        let at = before.map_or(start..start, |at| at..at + tag.len());
        let at = self.span(at.start, at.end);
        self.mistake(at, MistakeKind::YamlTag { tag: tag.to_owned() });
        false
    }

    fn leaf(&mut self, node: Node<'t>, anchor: usize) {
        self.made += 1;
        if anchor > 0 {
            self.keep(anchor, &node, 1, 0);
        }
        self.attach(node);
    }

    fn open(&mut self, start: usize, style: StructureStyle, anchor: usize, open: OpenNode<'t>) {
        if self.frames.len() >= DEEPEST {
            let at = self.span(start, start + 1);
            self.mistake(at, MistakeKind::TooDeep);
            self.stopped = true;
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored::Open);
        }
        let flow = style == StructureStyle::Flow;
        let frame = Frame { start: offset(start), flow, anchor, made_before: self.made, depth: 0, open };
        self.frames.push(frame);
    }

    /// Closes the innermost collection; `end` is `None` when the text broke off inside of it.
    fn close(&mut self, end: Option<usize>) {
        let Some(frame) = self.frames.pop() else { return };
        let last = match &frame.open {
            OpenNode::List(items) => items.last().map(|item| item.at.end),
            OpenNode::Map { map, .. } => map.entries.last().map(|(key, value)| key.at.end.max(value.at.end)),
        };
        let end = match end {
            Some(end) if frame.flow => offset(end),
            Some(_) | None => last.unwrap_or(frame.start).max(frame.start),
        };
        let value = match frame.open {
            OpenNode::List(items) => Value::List(items),
            OpenNode::Map { map, .. } => Value::Map(self.finish(map)),
        };
        self.made += 1;
        let node = Node { at: Span { file: self.file, start: frame.start, end }, value };
        if let Some(outer) = self.frames.last_mut() {
            outer.depth = outer.depth.max(frame.depth + 1);
        }
        if frame.anchor > 0 {
            let size = self.made - frame.made_before;
            self.keep(frame.anchor, &node, size, frame.depth + 1);
        }
        self.attach(node);
    }

    /// Keeps a finished node for the aliases that repeat it.
    fn keep(&mut self, anchor: usize, node: &Node<'t>, size: usize, depth: usize) {
        self.kept = self.kept.saturating_add(size);
        if self.kept > MOST_KEPT {
            if !self.stopped {
                self.mistake(node.at, MistakeKind::TooManyAliases);
            }
            self.stopped = true;
            return;
        }
        self.anchors.insert(anchor, Anchored::Done { node: node.clone(), size, depth });
    }

    /// Puts a finished node where it belongs.
    fn attach(&mut self, mut node: Node<'t>) {
        match self.frames.last_mut().map(|frame| &mut frame.open) {
            None => {
                self.root.get_or_insert(node);
            }
            Some(OpenNode::List(items)) => items.push(node),
            Some(OpenNode::Map { map, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    if node.at.start == node.at.end {
                        // A value that is not written stands where its key does.
                        node.at = key.at;
                    }
                    map.entries.push((key, node));
                }
            },
        }
    }

    fn alias(&mut self, id: usize, start: usize, end: usize) {
        let at = self.span(start, end);
        match self.anchors.get(&id) {
            Some(Anchored::Done { node, size, depth }) => {
                let (node, size, depth) = (node.clone(), *size, *depth);
                self.repeated = self.repeated.saturating_add(size);
                if self.repeated > MOST_REPEATED {
                    self.mistake(at, MistakeKind::TooManyAliases);
                    self.stopped = true;
                } else if self.frames.len() + depth > DEEPEST {
                    self.mistake(at, MistakeKind::TooDeep);
                    self.stopped = true;
                } else {
                    self.made += size;
                    if let Some(frame) = self.frames.last_mut() {
                        frame.depth = frame.depth.max(depth + 1);
                    }
                    return self.attach(node);
                }
            }
            Some(Anchored::Open) | None => self.mistake(at, MistakeKind::AliasInItself),
        }
        self.attach(Node { at, value: Value::Broken });
    }

    fn unknown_anchor(&mut self, name: &str, start: usize, end: usize) {
        let at = self.span(start, end);
        let near = self.budget.near(name, self.names.iter().map(String::as_str)).map(str::to_owned);
        self.mistake(at, MistakeKind::UnknownAnchor { name: name.to_owned(), near });
        self.attach(Node { at, value: Value::Broken });
    }

    /// Checks the keys of a map and copies in what `<<` names.
    fn finish(&mut self, map: Map<'t>) -> Map<'t> {
        let mut seen: HashMap<Cow<'t, str>, Span> = HashMap::new();
        let mut small: Vec<(Cow<'t, str>, Span)> = Vec::new();
        let many = map.entries.len() > 12;
        let mut kept = Vec::with_capacity(map.entries.len());
        let mut copied = Vec::new();
        for (key, value) in map.entries {
            let Value::Scalar(scalar) = &key.value else {
                if !matches!(key.value, Value::Broken) {
                    self.mistake(key.at, MistakeKind::KeyNotText);
                }
                continue;
            };
            if scalar.plain && scalar.text == "<<" {
                copied.push(value);
                continue;
            }
            let first = if many {
                seen.get(&scalar.text).copied()
            } else {
                small.iter().find(|(text, _)| *text == scalar.text).map(|(_, at)| *at)
            };
            if let Some(first) = first {
                let kind = MistakeKind::DuplicateKey { key: scalar.text.to_string() };
                self.note(Mistake::new(key.at, kind).also(first));
                continue;
            }
            if many {
                seen.insert(scalar.text.clone(), key.at);
            } else {
                small.push((scalar.text.clone(), key.at));
            }
            kept.push((key, value));
        }
        let mut map = Map { entries: kept, cut: map.cut };
        if copied.is_empty() {
            return map;
        }
        let own = map.entries.iter().filter_map(|(key, _)| key.raw());
        let mut has: HashSet<String> = own.map(str::to_owned).collect();
        for value in copied {
            self.copy_in(&mut map, &mut has, value);
        }
        map
    }

    /// Copies the entries of a map, or of several, into `map`, unless it has the key already, as `has` tells.
    fn copy_in(&mut self, map: &mut Map<'t>, has: &mut HashSet<String>, from: Node<'t>) {
        let from = match from.value {
            Value::Map(_) => vec![from],
            Value::List(items) => items,
            Value::Broken => return,
            Value::Scalar(_) => return self.mistake(from.at, MistakeKind::MergeNotMap),
        };
        for node in from {
            match node.value {
                Value::Map(other) => {
                    map.cut |= other.cut;
                    for (key, value) in other.entries {
                        if key.raw().is_some_and(|key| has.insert(key.to_owned())) {
                            map.entries.push((key, value));
                        }
                    }
                }
                Value::Broken => {}
                Value::Scalar(_) | Value::List(_) => self.mistake(node.at, MistakeKind::MergeNotMap),
            }
        }
    }

    /// Closes what a broken text left open.
    fn close_all(&mut self) {
        while let Some(frame) = self.frames.last_mut() {
            if let OpenNode::Map { map, .. } = &mut frame.open {
                map.cut = true;
            }
            self.close(None);
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let start = error.marker().byte_offset().unwrap_or_else(|| {
            let index = error.marker().index();
            self.text.char_indices().nth(index).map_or(self.text.len(), |(at, _)| at)
        });
        let start = start.min(self.text.len());
        let next = self.text.get(start..).and_then(|rest| rest.chars().next());
        let width = next.filter(|c| *c != '\n').map_or(0, char::len_utf8);
        let at = self.span(start, start + width);
        let kind = syntax_kind(error, next);
        self.mistake(at, kind);
    }
}

fn syntax_kind(error: &ScanError, next: Option<char>) -> MistakeKind {
    use ErrorKind as E;
    let why = match error.kind() {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => return MistakeKind::Tab,
        _ if next == Some('\t') => return MistakeKind::Tab,
        E::RecursionLimitExceeded => return MistakeKind::TooDeep,
        E::UnclosedFlowCollection { open } => return MistakeKind::Unclosed { open: *open },
        E::UnexpectedEofFlowSequence => return MistakeKind::Unclosed { open: '[' },
        E::UnexpectedEofFlowMapping | E::UnexpectedEofImplicitFlowMapping => {
            return MistakeKind::Unclosed { open: '{' };
        }
        E::UnclosedQuotedScalar => return MistakeKind::UnclosedQuote,
        E::MappingValueNotAllowed => "a `:` is not allowed here; text that contains `: ` needs quotes",
        E::ExpectedBlockMappingKey | E::InvalidIndentation | E::SimpleKeyExpected | E::InvalidSimpleKey => {
            "a `key:` is missing, or the indentation is wrong"
        }
        E::BlockSequenceEntryNotAllowed | E::BlockEntryInFlowCollection => "a `-` is not allowed here",
        E::ExpectedFlowMappingSeparator => "a `,` or a `}` is missing",
        E::ExpectedFlowSequenceSeparator => "a `,` or a `]` is missing",
        E::InvalidColonPlacement => "a `:` is not allowed here; perhaps an earlier bracket is not closed",
        E::DirectiveDisallowed => "directives (`%…`) are not supported",
        E::UnexpectedCharacter { character } => {
            let why = format!("text that begins with `{character}` needs quotes");
            return MistakeKind::Syntax { why: why.into() };
        }
        E::UnknownQuotedScalarEscape => "unknown escape; write `\\\\` for a backslash, or use single quotes",
        other => {
            let words_of_all = other.to_string();
            let words = words_of_all.split_once(", ").filter(|(first, _)| first.starts_with("while "));
            let why = words.map_or(&*words_of_all, |(_, rest)| rest);
            return MistakeKind::Syntax { why: why.into() };
        }
    };
    MistakeKind::Syntax { why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_within_anchors_are_not_kept_without_end() {
        // Each of sixty lists within each other would be kept whole.
        let text = format!("{}{}{}", "&a [".repeat(60), "x, ".repeat(100_000), "]".repeat(60));
        let parsed = parse(0, &text);
        assert!(!parsed.whole);
        assert!(matches!(parsed.mistakes.as_slice(), [Mistake { kind: MistakeKind::TooManyAliases, .. }]));
        let few = format!("{}{}{}", "&a [".repeat(30), "x, ".repeat(100_000), "]".repeat(30));
        assert!(parse(0, &few).whole);
    }

    #[test]
    fn an_anchor_is_not_looked_for_among_all_of_them_each_time() {
        let anchors: String = (0..1000).map(|n| format!("&{}{n:010b} x, ", "ab".repeat(30))).collect();
        let aliases: String = (0..900).map(|n| format!("*{}{n:010b}, ", "ba".repeat(30))).collect();
        let text = format!("[{anchors}{aliases}]");
        _ = crate::model::spent::take();
        let parsed = parse(0, &text);
        assert_eq!(parsed.mistakes.len(), 900);
        let spent = crate::model::spent::take();
        assert!(spent <= text.len() + 256 + 900, "{spent} for {} bytes", text.len());
    }
}
