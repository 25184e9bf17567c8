//! Colours, decided at the edge.

use anstyle::{AnsiColor, Style};

/// Whether output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paint {
    /// No escape sequence at all.
    #[default]
    Plain,
    /// ANSI colours, for a terminal.
    Coloured,
}

/// The meaning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Something is created or gained.
    Add,
    /// Something is deleted or lost.
    Remove,
    /// Something changes.
    Change,
    /// A heading.
    Heading,
    /// Less important text.
    Faint,
    /// A warning that must not be overlooked.
    Alarm,
}

impl Paint {
    /// Returns the text in the colour of its meaning.
    #[must_use]
    pub fn text(self, ink: Ink, text: &str) -> String {
        if self == Self::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = match ink {
            Ink::Add => AnsiColor::Green.on_default(),
            Ink::Remove => AnsiColor::Red.on_default(),
            Ink::Change => AnsiColor::Yellow.on_default(),
            Ink::Heading => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
            Ink::Alarm => AnsiColor::Red.on_default().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}
