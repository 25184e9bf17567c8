//! The texts that were read, and places in them.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::mistake::Span;
use crate::model::Place;

/// A file's name and text, kept for as long as a mistake may point into it.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) name: Arc<Path>,
    pub(super) text: String,
    lines: OnceLock<Vec<u32>>,
    characters: OnceLock<Vec<u32>>,
}

/// After so many bytes each the characters of a text are counted once.
pub(super) const COUNTED: usize = 1024;

impl Text {
    fn new(name: &Path, text: String) -> Self {
        Self { name: name.into(), text, lines: OnceLock::new(), characters: OnceLock::new() }
    }

    /// Returns the offset at which each line begins.
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            // A text is at most 16 MiB, so every offset fits.
            std::iter::once(0).chain(ends.filter_map(|(at, _)| u32::try_from(at + 1).ok())).collect()
        })
    }

    /// Returns how many characters begin before an offset. It looks at no more than [`COUNTED`] bytes, however long the
    /// line is: a file may have every entry in one line.
    fn characters_before(&self, at: u32) -> usize {
        let bytes = self.text.as_bytes();
        let counts = self.characters.get_or_init(|| {
            let mut all = 0;
            let counted = bytes.chunks(COUNTED).map(|chunk| {
                let before = all;
                all += characters(chunk);
                u32::try_from(before).unwrap_or(u32::MAX)
            });
            counted.collect()
        });
        let at = (at as usize).min(bytes.len());
        let chunk = at / COUNTED;
        match counts.get(chunk) {
            Some(before) => *before as usize + characters(&bytes[chunk * COUNTED..at]),
            // The text ends with its last part.
            None => counts
                .last()
                .map_or(0, |before| *before as usize + characters(&bytes[(counts.len() - 1) * COUNTED..])),
        }
    }
}

/// Counts the characters that begin in a part of a text.
fn characters(bytes: &[u8]) -> usize {
    #[cfg(test)]
    tests::LOOKED_AT.with(|looked| looked.set(looked.get() + bytes.len()));
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// Every text that was read, in the order of its paths.
#[derive(Debug, Default)]
pub struct Sources {
    texts: Vec<Text>,
}

impl Sources {
    pub(super) fn texts(&self) -> &[Text] {
        &self.texts
    }

    pub(super) fn add(&mut self, name: &Path, text: String) -> u32 {
        self.texts.push(Text::new(name, text));
        u32::try_from(self.texts.len() - 1).expect("there are at most FILES_MOST texts and as many mistakes")
    }

    /// Returns the name of the file that a span stands in.
    #[must_use]
    pub fn name(&self, span: Span) -> &Arc<Path> {
        &self.text_of(span).name
    }

    fn text_of(&self, span: Span) -> &Text {
        &self.texts[span.file as usize]
    }

    /// Returns the whole text of the file that a span stands in.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        &self.text_of(span).text
    }

    /// Returns the file, line and column of a span's first character.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let text = self.text_of(span);
        let lines = text.lines();
        let line = lines.partition_point(|start| *start <= span.start).max(1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let column = text.characters_before(span.start) - text.characters_before(lines[line - 1]);
        Place { file: Arc::clone(&text.name), line: count(line), column: count(column + 1) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
    }

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add(Path::new("a.yaml"), text.to_owned());
        sources
    }

    fn column(sources: &Sources, start: usize) -> u32 {
        let start = u32::try_from(start).unwrap();
        sources.place(Span { file: 0, start, end: start }).column
    }

    #[test]
    fn a_column_counts_characters_wherever_it_stands() {
        for text in [
            "é".repeat(COUNTED),
            format!("{}\n{}", "x".repeat(COUNTED - 1), "aé€😀".repeat(700)),
            String::new(),
        ] {
            let sources = sources(&text);
            for (at, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                assert_eq!(column(&sources, at) as usize, text[line..at].chars().count() + 1, "{at}");
            }
        }
    }

    #[test]
    fn places_in_one_long_line_cost_the_same_wherever_they_stand() {
        let text = "é: {}, ".repeat(100_000);
        let sources = sources(&text);
        LOOKED_AT.set(0);
        for at in (0..text.len()).step_by(8) {
            _ = column(&sources, at);
        }
        let places = text.len() / 8 + 1;
        let looked = LOOKED_AT.get();
        assert!(looked <= text.len() + places * COUNTED, "{looked} bytes for {places} places");
    }
}
