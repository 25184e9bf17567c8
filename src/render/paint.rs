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

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Something comes to be, or is gained.
    Add,
    /// Something goes, or is lost.
    Remove,
    /// Something changes.
    Change,
    /// A heading.
    Heading,
    /// What is less important.
    Faint,
    /// What must not be overlooked.
    Alarm,
}

impl Paint {
    /// Returns the text in the colour of what it stands for.
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
