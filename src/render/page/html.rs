//! A page for a browser: one file, which asks nobody for anything.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::block::{Block, Cell, Page, PageSection, PageTable, TableFold, TableRow};
use crate::render::escape::harmful;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many rows are drawn together: what is out of sight is not.
const ROWS: usize = 200;

/// The hash by which a browser lets our own style and script run, and nothing else.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// Writes a page.
pub(in crate::render) fn write(out: &mut dyn Write, page: &Page) -> io::Result<()> {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let searched = page.sections.iter().flat_map(|section| &section.blocks).any(is_searched);
    let head = html! {
        (DOCTYPE)
        (PreEscaped("<html lang=\"en\">\n"))
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="referrer" content="no-referrer";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (visible(&page.title)) }
            style { (PreEscaped(STYLE)) }
        }
    };
    writeln!(out, "{}\n<body>", head.into_string())?;
    writeln!(out, "{}", top(page, searched).into_string())?;
    writeln!(out, "<main id=\"main\">")?;
    for (number, section) in page.sections.iter().enumerate() {
        writeln!(out, "{}", open(number + 1, section).into_string())?;
        for block in &section.blocks {
            write_block(out, block)?;
        }
        writeln!(out, "</section>")?;
    }
    let script = html! { script { (PreEscaped(SCRIPT)) } };
    writeln!(out, "</main>\n{}\n</body>\n</html>", script.into_string())
}

const fn is_searched(block: &Block) -> bool {
    match block {
        Block::Table(table) => matches!(table.fold, TableFold::Searched),
        Block::Words(_) | Block::Facts(_) | Block::List(_) => false,
    }
}

fn top(page: &Page, searched: bool) -> Markup {
    html! {
        a class="skip" href="#main" { "Skip to the content" }
        header {
            h1 { (isolated(&page.title)) }
            @if let Some(warning) = &page.warning { p class="warning" { (isolated(warning)) } }
            dl { @for (name, value) in &page.evidence { dt { (name) } dd { (isolated(value)) } } }
        }
        nav aria-label="Sections" {
            ul { @for section in &page.sections { li { a href={ "#" (section.id) } { (isolated(&section.title)) } } } }
        }
        @if searched {
            div class="find" id="find" role="search" hidden {
                label for="search" { "Search people and applications" }
                " "
                input id="search" type="search" autocomplete="off" spellcheck="false";
                " "
                output id="found" for="search" aria-live="polite" {}
            }
        }
    }
}

fn open(number: usize, section: &PageSection) -> PreEscaped<String> {
    let heading = html! { h2 { (number) ". " (isolated(&section.title)) } };
    let id = html! { (section.id) };
    PreEscaped(format!("<section id=\"{}\">{}", id.into_string(), heading.into_string()))
}

fn write_block(out: &mut dyn Write, block: &Block) -> io::Result<()> {
    let markup = match block {
        Block::Words(words) => html! { p { (isolated(words)) } },
        Block::Facts(facts) => html! {
            dl { @for (name, value) in facts { dt { (isolated(name)) } dd { (isolated(value)) } } }
        },
        Block::List(items) => html! { ul { @for item in items { li { (isolated(item)) } } } },
        Block::Table(table) => return write_table(out, table),
    };
    writeln!(out, "{}", markup.into_string())
}

fn write_table(out: &mut dyn Write, table: &PageTable) -> io::Result<()> {
    match table.fold {
        TableFold::Open => writeln!(out, "{}", one(table, &table.rows, None).into_string()),
        TableFold::Closed => {
            let summary = html! { summary { (isolated(&table.caption)) " (" (table.rows.len()) ")" } };
            let inner = one(table, &table.rows, None).into_string();
            writeln!(out, "<details>{}{inner}</details>", summary.into_string())
        }
        TableFold::Searched => {
            writeln!(out, "<div class=\"searched\">")?;
            for (at, rows) in table.rows.chunks(ROWS).enumerate() {
                let first = at * ROWS + 1;
                let part = Some((first, first + rows.len() - 1));
                writeln!(out, "<div class=\"block\">{}</div>", one(table, rows, part).into_string())?;
            }
            writeln!(out, "</div>")
        }
    }
}

fn one(table: &PageTable, rows: &[TableRow], part: Option<(usize, usize)>) -> Markup {
    let label = match part {
        Some((from, to)) => format!("{}, {from} to {to} of {}", table.caption, table.rows.len()),
        None => table.caption.clone(),
    };
    let roomy = part.is_none() && rows.len() <= ROOMY;
    html! {
        div class="scroll" role="region" tabindex="0" aria-label=(visible(&label)) {
            table {
                caption { (isolated(&label)) }
                thead { tr { @for (_, name) in &table.columns { th scope="col" { (isolated(name)) } } } }
                tbody { @for row in rows { (table_row(row, roomy)) } }
            }
        }
    }
}

/// From so many characters on, what a row is about gets room in a narrow window: an e-mail address is hard to read in pieces.
/// The columns of lists that are searched have widths of their own.
const WIDE: usize = 12;

/// In a longer table that would make the page large.
const ROOMY: usize = 300;

/// The length of the shortest word that the minimum width of a column may be too narrow for.
const NARROW: usize = 6;

fn table_row(row: &TableRow, roomy: bool) -> Markup {
    let class = |at: usize, cell: &Cell| match cell.text() {
        _ if !roomy => None,
        text if at == 0 && text.len() >= WIDE => Some("wide"),
        // Of a few words: a column that is squeezed, as on paper, breaks none. Longer texts make their columns wider.
        text => {
            let longest = text.split_whitespace().map(str::len).max().unwrap_or_default();
            (text.len() <= WIDE && longest >= NARROW).then_some("whole")
        }
    };
    html! {
        tr id=[row.id.as_deref().map(visible)] {
            @for (at, cell) in row.cells.iter().enumerate() {
                @if at == 0 { th scope="row" class=[class(at, cell)] { (shown(cell)) } }
                @else { td class=[class(at, cell)] { (shown(cell)) } }
            }
        }
    }
}

fn shown(cell: &Cell) -> Markup {
    match cell {
        Cell::Text(text) => isolated(text),
        Cell::Lines(text) => html! { pre { (isolated(text)) } },
        Cell::Link(text, to) => html! { a href={ "#" (visible(to)) } { (isolated(text)) } },
    }
}

/// Text from outside: its direction is its own matter. Most texts have no letter that could turn anything.
fn isolated(text: &str) -> Markup {
    let text = visible(text);
    if text.is_ascii() {
        html! { (text) }
    } else {
        html! { bdi { (text) } }
    }
}

/// Shows what is invisible as what it is.
fn visible(text: &str) -> Cow<'_, str> {
    // Most texts are plain ASCII, and that is a faster check.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !harmful(c) {
            seen.push(c);
        } else {
            seen.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        }
    }
    Cow::Owned(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_word_is_never_broken_in_a_narrow_column() {
        let id = "ac3e0000-0000-4000-8000-000000000001";
        let row =
            |cells: &[&str]| TableRow { id: None, cells: cells.iter().map(|it| (*it).into()).collect() };
        let shown = table_row(&row(&["user ann@acme.io", "depends", id, "not recorded"]), true).into_string();
        let whole = ["depends", "not recorded"].map(|text| format!("<td class=\"whole\">{text}</td>"));
        assert!(whole.iter().all(|cell| shown.contains(cell)), "{shown}");
        assert!(shown.contains(&format!("<td>{id}</td>")), "{shown}");
        assert!(STYLE.contains(".whole{overflow-wrap:normal}"));
    }

    #[test]
    fn the_policy_lets_our_own_style_and_script_run_and_nothing_else() {
        let mut bytes = Vec::new();
        let title =
            "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}".to_owned();
        write(&mut bytes, &Page { title, ..Page::default() }).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let between = |open: &str, close: &str| {
            let (_, rest) = text.split_once(open).unwrap();
            rest.split_once(close).unwrap().0.to_owned()
        };
        for (open, close, kind) in
            [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
        {
            let digest = STANDARD.encode(Sha256::digest(between(open, close).as_bytes()));
            assert!(
                text.contains(&format!("{kind} 'sha256-{digest}'").replace('\'', "&#39;"))
                    || text.contains(&format!("{kind} 'sha256-{digest}'")),
                "{kind}"
            );
        }
        assert_eq!(text.matches("<script").count(), 1);
        assert!(!text.contains("<img") && !text.contains(" style=") && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("⟨U+202E⟩"));
    }
}
