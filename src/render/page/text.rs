//! A page for a terminal.

use std::io::{self, Write};

use super::block::{Block, Page, PageSection, PageTable, RowText, TableFold};
use crate::render::escape::terminal;
use crate::render::paint::Ink;
use crate::render::style::Style;
use crate::render::wrap::{Screen, WrappedLine};

/// How many rows and items are shown before the rest is counted.
const MOST: usize = 20;

/// Writes a page.
pub(in crate::render) fn write(out: &mut dyn Write, page: &Page, style: Style) -> io::Result<()> {
    let screen = Screen { paint: style.paint, width: style.width };
    let mut line = |indent: usize, ink: Option<Ink>, words: &str| {
        WrappedLine::of(ink, &terminal(words)).write(out, screen, indent, 4)
    };
    line(0, Some(Ink::Heading), &page.title)?;
    if let Some(warning) = &page.warning {
        line(0, Some(Ink::Alarm), warning)?;
    }
    for (name, value) in &page.evidence {
        line(2, None, &format!("{name}: {value}"))?;
    }
    for section in &page.sections {
        write_section(out, section, style)?;
    }
    Ok(())
}

fn write_section(out: &mut dyn Write, section: &PageSection, style: Style) -> io::Result<()> {
    let screen = Screen { paint: style.paint, width: style.width };
    writeln!(out)?;
    WrappedLine::of(Some(Ink::Heading), &terminal(&section.title)).write(out, screen, 0, 2)?;
    for block in &section.blocks {
        let mut plain = |words: &str| WrappedLine::of(None, &terminal(words)).write(out, screen, 2, 4);
        match block {
            Block::Words(words) => plain(words)?,
            Block::Facts(facts) => {
                facts.iter().try_for_each(|(name, value)| plain(&format!("{name}: {value}")))?;
            }
            Block::List(items) => {
                let most = style.extent.most(MOST);
                items.iter().take(most).try_for_each(|item| plain(&format!("- {item}")))?;
                if items.len() > most {
                    plain(&format!("and {} more (--full shows all)", items.len() - most))?;
                }
            }
            Block::Table(table) => rows(out, table, style)?,
        }
    }
    Ok(())
}

/// Writes each row as what it is about, and below what is said of it.
fn rows(out: &mut dyn Write, table: &PageTable, style: Style) -> io::Result<()> {
    let screen = Screen { paint: style.paint, width: style.width };
    let mut line =
        |indent: usize, words: &str| WrappedLine::of(None, &terminal(words)).write(out, screen, indent, 4);
    let most = match table.fold {
        TableFold::Open => style.extent.most(MOST),
        TableFold::Closed => style.extent.most(3),
        TableFold::Searched => style.extent.most(10),
    };
    line(2, &format!("{} ({})", table.caption, table.rows.len()))?;
    for row in table.rows.iter().take(most) {
        let lines = (table.lines)(&RowText { table, row });
        let mut lines = lines.iter().filter(|words| !words.is_empty());
        lines.next().map_or(Ok(()), |first| line(4, first))?;
        lines.try_for_each(|words| line(8, words))?;
    }
    if table.rows.len() > most {
        line(4, &format!("and {} more (--full shows all)", table.rows.len() - most))?;
    }
    Ok(())
}
