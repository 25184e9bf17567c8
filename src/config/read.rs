//! Texts → [`Files`], or every error in them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;

use super::decode::Decoder;
use super::files::Files;
use super::merge::merge;
use super::mistake::{Mistake, Span};
use super::mistakes::Mistakes;
use super::parse::parse;
use super::section::file::{FileDocument, file};
use super::source::{ReadSources, Source};
use super::sources::Sources;
use super::tree::{Node, Value};
use super::words::MistakeKind;
use super::{check, source};
use crate::model::Catalogue;

/// Reads all sources, and checks them without the organization.
///
/// `now` decides which entries with `until` have ended.
///
/// # Errors
/// Every mistake in them, with the texts to show them in.
pub fn read(sources: &[Source], now: Timestamp) -> Result<Files, Mistakes> {
    let ReadSources { sources, mut mistakes, warnings } = source::read(sources);
    let unread: HashSet<u32> = mistakes.iter().chain(&warnings).map(|mistake| mistake.at.file).collect();
    let first = (0..).zip(sources.texts()).map(|(file, _)| file).find(|file| !unread.contains(file));
    let everything = mistakes.is_empty();
    let (files, decoded) = decode_all(&sources, &unread, &mut mistakes);
    let whole = everything && decoded;
    // Unread parts could hold anything, so only the rest is checked.
    let whole = whole && mistakes.iter().all(|mistake| !sources.text(mistake.at).is_empty());
    let document = merge(files, whole, first.unwrap_or(0), now, &mut mistakes);
    mistakes.retain(|mistake| !document.knows_variable(&mistake.kind));
    if whole {
        check::files(&document, &mut mistakes);
    }
    let sources = Arc::new(sources);
    match document.organization {
        Some(organization) if mistakes.is_empty() => Ok(Files { sources, warnings, document, organization }),
        _ => {
            // A second run would show these; people want all errors at once.
            check::catalogue(&document, Catalogue::published(), false, None, &mut mistakes);
            mistakes.extend(warnings);
            Err(Mistakes::new(sources, mistakes))
        }
    }
}

/// How many threads decode; the stack lets the tree be walked by recursion.
const THREADS: usize = 2;

const STACK: usize = 32 << 20;

/// Decodes every text except for unread ones; returns false if any text is incomplete.
fn decode_all(
    sources: &Sources,
    unread: &HashSet<u32>,
    mistakes: &mut Vec<Mistake>,
) -> (Vec<FileDocument>, bool) {
    let texts: Vec<(u32, &str)> = (0u32..)
        .zip(sources.texts())
        .filter(|(file, _)| !unread.contains(file))
        .map(|(file, text)| (file, text.text.as_str()))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut decoder = Decoder::new("");
        let mut done = Vec::new();
        while let Some((file, text)) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*file, decode_one(&mut decoder, sources, *file, text)));
        }
        done
    };
    let mut done: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS.min(texts.len()))
            .filter_map(|_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok())
            .collect();
        if workers.is_empty() {
            return work();
        }
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(file, _)| *file);
    let mut whole = true;
    let mut documents = Vec::with_capacity(done.len());
    for (_, one) in done {
        whole &= one.whole;
        mistakes.extend(one.mistakes);
        documents.push(one.document);
    }
    (documents, whole)
}

struct Decoded {
    document: FileDocument,
    whole: bool,
    mistakes: Vec<Mistake>,
}

fn decode_one<'t>(decoder: &mut Decoder<'t>, sources: &Sources, number: u32, text: &'t str) -> Decoded {
    let parsed = parse(number, text);
    decoder.turn_to(text);
    let mut mistakes = parsed.mistakes;
    if let Some(at) = parsed.root.as_ref().and_then(plan_file) {
        let path = sources.name(at).display().to_string();
        mistakes = vec![Mistake::new(at, MistakeKind::PlanFile { path })];
        return Decoded { document: FileDocument::default(), whole: false, mistakes };
    }
    let document = match &parsed.root {
        Some(root) => file(decoder, root),
        None => {
            if mistakes.is_empty() {
                let at = Span { file: number, start: 0, end: 0 };
                mistakes.push(Mistake::new(at, MistakeKind::EmptyFile));
            }
            FileDocument::default()
        }
    };
    mistakes.extend(decoder.take_mistakes());
    // A text that is no map says nothing about what is missing.
    let whole = parsed.whole && matches!(&parsed.root, Some(Node { value: Value::Map(_), .. }));
    Decoded { document, whole, mistakes }
}

/// Returns where a saved plan, which a plan's own keys tell, says that it is one.
fn plan_file(root: &Node<'_>) -> Option<Span> {
    let Value::Map(map) = &root.value else { return None };
    let key = |name: &str| map.entries.iter().find(|(key, _)| key.raw() == Some(name)).map(|(key, _)| key.at);
    key("steps").or_else(|| key("tool")).and(key("format_version"))
}
