//! Lines that are broken where a screen ends.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::render::paint::{Ink, Paint};

/// The width of text without a terminal: in a log, a file, a pipe.
pub const USUAL_WIDTH: usize = 80;

/// The minimum width for words, however narrow the screen and deep the indent.
const LEAST: usize = 24;

/// Keeps two words on one line; it is written as a space.
pub(super) const TIE: char = '\u{a0}';

/// A line of pieces, each of one colour, that is broken at spaces where it is too long.
#[derive(Debug, Clone, Default)]
pub(super) struct WrappedLine {
    text: String,
    /// Where each piece ends, and its colour.
    pieces: Vec<(usize, Option<Ink>)>,
}

impl WrappedLine {
    /// A line that begins with this.
    pub(super) fn of(ink: Option<Ink>, text: &str) -> Self {
        Self::default().and(ink, text)
    }

    /// Adds a piece. The text is safe already.
    pub(super) fn and(mut self, ink: Option<Ink>, text: &str) -> Self {
        self.text.push_str(text);
        let end = self.text.len();
        match self.pieces.last_mut() {
            Some((last, same)) if *same == ink => *last = end,
            _ => self.pieces.push((end, ink)),
        }
        self
    }

    /// Writes the line, `indent` from the left, and what does not fit `hang` further in, on lines of their own. A word
    /// that is longer than a line stays whole.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        screen: Screen,
        indent: usize,
        hang: usize,
    ) -> io::Result<()> {
        let (mut from, mut left) = (0, indent);
        loop {
            let room = screen.width.saturating_sub(left).max(LEAST);
            let (end, next) = cut(&self.text[from..], room);
            write!(out, "{:left$}", "")?;
            self.write_part(out, screen.paint, from, from + end)?;
            out.write_all(b"\n")?;
            from += next;
            if from == self.text.len() {
                return Ok(());
            }
            left = indent + hang;
        }
    }

    /// Returns what [`Self::write`] writes.
    pub(super) fn text(&self, screen: Screen, indent: usize, hang: usize) -> String {
        let mut bytes = Vec::with_capacity(self.text.len() + 2 * indent);
        // Writing to a vector cannot fail.
        _ = self.write(&mut bytes, screen, indent, hang);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes the text between two positions.
    fn write_part(&self, out: &mut dyn Write, paint: Paint, from: usize, to: usize) -> io::Result<()> {
        let mut at = from;
        for (end, ink) in &self.pieces {
            let end = to.min(*end);
            if end <= at {
                continue;
            }
            let text = &self.text[at..end];
            match ink.filter(|_| paint == Paint::Coloured) {
                Some(ink) => out.write_all(paint.text(ink, &loose(text)).as_bytes())?,
                None => {
                    for (word, text) in text.split(TIE).enumerate() {
                        let tie: &[u8] = if word == 0 { b"" } else { b" " };
                        out.write_all(tie)?;
                        out.write_all(text.as_bytes())?;
                    }
                }
            }
            at = end;
        }
        Ok(())
    }
}

/// Where text is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    pub(super) paint: Paint,
    pub(super) width: usize,
}

/// Returns a text that no line ends in.
pub(super) fn tied(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// Returns a text as it is meant, for what breaks no lines.
pub(super) fn loose(text: &str) -> String {
    text.replace(TIE, " ")
}

/// Returns the end of the longest part that fits into the columns and is followed by a space, and the start of the rest.
fn cut(text: &str, room: usize) -> (usize, usize) {
    let whole = (text.len(), text.len());
    // No letter has more columns than bytes.
    if text.len() <= room {
        return whole;
    }
    let mut taken = 0;
    let too_long = text.char_indices().find(|(_, letter)| {
        taken += letter.width().unwrap_or_default();
        taken > room
    });
    let Some((fitting, _)) = too_long else { return whole };
    let bytes = text.as_bytes();
    let is_space = |at: usize| bytes[at] == b' ';
    // The first space may be an indent of its own, and to break there would gain nothing.
    let first = text.len() - text.trim_start_matches(' ').len();
    let fits = (first..=fitting).rev().find(|at| is_space(*at));
    let Some(mut end) = fits.or_else(|| (fitting + 1..text.len()).find(|at| is_space(*at))) else {
        return whole;
    };
    let mut next = end;
    while end > 0 && is_space(end - 1) {
        end -= 1;
    }
    while next < text.len() && is_space(next) {
        next += 1;
    }
    (end, next)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn shown(line: &WrappedLine, width: usize, paint: Paint) -> String {
        let mut bytes = Vec::new();
        line.write(&mut bytes, Screen { paint, width }, 2, 4).unwrap();
        String::from_utf8(bytes).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn what_does_not_fit_hangs() {
        let line = WrappedLine::of(None, "one two three four five six seven eight nine ten eleven twelve");
        assert_snapshot!(shown(&line, 32, Paint::Plain), @"
        one two three four five six
            seven eight nine ten
            eleven twelve
        ");
        assert_eq!(shown(&line, 64, Paint::Plain).lines().count(), 1, "62 letters and an indent of 2 fit");
        assert_eq!(shown(&line, 63, Paint::Plain).lines().count(), 2);
    }

    #[test]
    fn a_long_word_stays_whole_and_tied_words_together() {
        let line = WrappedLine::of(None, &format!("{} and --allow{TIE}deletes=7", "x".repeat(40)));
        assert_snapshot!(shown(&line, 32, Paint::Plain), @"
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
            and --allow deletes=7
        ");
    }

    #[test]
    fn a_colour_goes_on_after_a_break_and_nothing_empty_is_coloured() {
        let line = WrappedLine::of(Some(Ink::Alarm), "refused: this is too much for one line")
            .and(None, " (said once)")
            .and(Some(Ink::Faint), "");
        assert_snapshot!(shown(&line, 32, Paint::Coloured), @"
        ^[1m^[31mrefused: this is too much for^[0m
            ^[1m^[31mone line^[0m (said once)
        ");
    }

    #[test]
    fn a_line_is_as_long_as_it_looks() {
        let line = WrappedLine::of(
            None,
            "日本語の 説明は 二倍の 幅を とる e\u{301}e\u{301}e\u{301} e\u{301}e\u{301}e\u{301}",
        );
        assert_snapshot!(shown(&line, 32, Paint::Plain), @"
        日本語の 説明は 二倍の 幅を
            とる ééé ééé
        ");
    }
}
