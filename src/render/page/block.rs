//! A page: sections of words, lists and tables, written once per format.

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
    /// Words a row for a terminal: its first line, and the lines below.
    pub lines: fn(&RowText<'_>) -> Vec<String>,
}

/// The cells of a row, by the names of their columns.
#[derive(Debug, Clone, Copy)]
pub struct RowText<'a> {
    pub(super) table: &'a PageTable,
    pub(super) row: &'a TableRow,
}

impl<'a> RowText<'a> {
    /// Returns the text of a cell; empty if there is no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> &'a str {
        self.all().find(|(key, _, _)| *key == column).map_or("", |(_, _, text)| text)
    }

    /// Returns the text of a cell between two other texts, or nothing if the cell is empty.
    #[must_use]
    pub fn with(&self, before: &str, column: &str, after: &str) -> String {
        match self.get(column) {
            "" => String::new(),
            text => format!("{before}{text}{after}"),
        }
    }

    /// Returns all cells: the name of the column, its heading, and the text.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'a str, &'a str)> {
        let cells = self.table.columns.iter().zip(&self.row.cells);
        cells.map(|((key, heading), cell)| (*key, heading.as_str(), cell.text()))
    }
}

/// Words a row by default: the first cell, and below it the others with their headings.
#[must_use]
pub fn plainly(row: &RowText<'_>) -> Vec<String> {
    let mut cells = row.all();
    let first = cells.next().map(|(_, _, text)| text.to_owned()).unwrap_or_default();
    let rest: Vec<String> = cells
        .filter(|(_, _, text)| !text.is_empty())
        .map(|(_, heading, text)| format!("{}: {text}", heading.to_lowercase()))
        .collect();
    vec![first, rest.join("; ")]
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
    /// Lines that are shown one below the other, as they are.
    Lines(String),
    /// A text, and the row or section of the page that it leads to.
    Link(String, String),
}

impl Cell {
    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Lines(text) | Self::Link(text, _) => text,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}
