//! A report as pages have it: evidence, and sections of words, lists and tables. One value, written as text, Markdown, JSON
//! and HTML. All texts in it are taken for hostile.

pub(super) mod found;
mod html;
mod json;
mod markdown;
mod text;

pub(super) use html::write as html;
pub(super) use json::write as json;
pub(super) use markdown::write as markdown;
pub(super) use text::write as text;

/// A report, ready to be written.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The heading.
    pub title: String,
    /// What could not be judged, where there is anything: it is said first.
    pub warning: Option<String>,
    /// What the report was made from: each with its name.
    pub evidence: Vec<(&'static str, String)>,
    /// The parts, in the order in which they are read.
    pub sections: Vec<PageSection>,
}

/// A part of a page.
#[derive(Debug, Clone)]
pub struct PageSection {
    /// The name for links and programs.
    pub id: &'static str,
    /// The heading.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// What a section holds.
#[derive(Debug, Clone)]
pub enum Block {
    /// A paragraph.
    Words(String),
    /// Numbers or words with their names.
    Facts(Vec<(String, String)>),
    /// A list.
    List(Vec<String>),
    /// A table.
    Table(PageTable),
}

/// A table: a row is about what its first cell names.
#[derive(Debug, Clone)]
pub struct PageTable {
    /// The name for links and programs.
    pub id: String,
    /// What it shows.
    pub caption: String,
    /// The columns: the name for programs, and the heading.
    pub columns: Vec<(&'static str, String)>,
    /// The rows.
    pub rows: Vec<TableRow>,
    /// Whether it is shown at once, or only when asked for.
    pub fold: TableFold,
}

/// Whether a table is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFold {
    /// It is.
    Open,
    /// Only its caption, until somebody asks for more.
    Closed,
    /// It is, and can be searched: it may have many thousand rows.
    Searched,
}

/// A row of a table.
#[derive(Debug, Clone, Default)]
pub struct TableRow {
    /// What a link to the row says, the same in every report.
    pub id: Option<String>,
    /// The cells, one for each column.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Debug, Clone)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A text, and the row or section of the page that it leads to.
    Link(String, String),
}

impl Cell {
    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Link(text, _) => text,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}
