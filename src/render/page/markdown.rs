//! A page for a comment or a wiki.

use std::io::{self, Write};

use super::block::{Block, Cell, Page, PageTable, TableFold};
use crate::render::escape::markdown as escape;

/// Writes a page. Long tables are folded.
pub(in crate::render) fn write(out: &mut dyn Write, page: &Page) -> io::Result<()> {
    writeln!(out, "### {}\n", escape(&page.title))?;
    if let Some(warning) = &page.warning {
        writeln!(out, "⚠️ **{}**\n", escape(warning))?;
    }
    for (name, value) in &page.evidence {
        writeln!(out, "- {name}: {}", escape(value))?;
    }
    for section in &page.sections {
        writeln!(out, "\n#### {}\n", escape(&section.title))?;
        for block in &section.blocks {
            match block {
                Block::Words(words) => writeln!(out, "{}\n", escape(words))?,
                Block::Facts(facts) => {
                    for (name, value) in facts {
                        writeln!(out, "- {}: {}", escape(name), escape(value))?;
                    }
                    writeln!(out)?;
                }
                Block::List(items) => {
                    items.iter().try_for_each(|item| writeln!(out, "- {}", escape(item)))?;
                    writeln!(out)?;
                }
                Block::Table(table) => write_table(out, table)?,
            }
        }
    }
    Ok(())
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) | Cell::Link(text, _) => escape(text),
        Cell::Lines(text) => text.lines().map(escape).collect::<Vec<_>>().join("<br>"),
    }
}

fn write_table(out: &mut dyn Write, table: &PageTable) -> io::Result<()> {
    let folded = table.fold != TableFold::Open && table.rows.len() > 5;
    let caption = format!("{} ({})", escape(&table.caption), table.rows.len());
    if folded {
        writeln!(out, "<details><summary>{caption}</summary>\n")?;
    } else {
        writeln!(out, "{caption}\n")?;
    }
    let columns: Vec<String> = table.columns.iter().map(|(_, name)| escape(name)).collect();
    writeln!(out, "| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()))?;
    for row in &table.rows {
        let cells: Vec<String> = row.cells.iter().map(cell).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    if folded { writeln!(out, "\n</details>\n") } else { writeln!(out) }
}
