//! Colours, decided at the edge.

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
        let code = match (self, ink) {
            (Self::Plain, _) => return text.to_owned(),
            (Self::Coloured, _) if text.is_empty() => return String::new(),
            (Self::Coloured, Ink::Add) => "32",
            (Self::Coloured, Ink::Remove) => "31",
            (Self::Coloured, Ink::Change) => "33",
            (Self::Coloured, Ink::Heading) => "1",
            (Self::Coloured, Ink::Faint) => "2",
            (Self::Coloured, Ink::Alarm) => "1;31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
