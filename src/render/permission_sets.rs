//! A list of permission sets: the result of `permission-sets`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::markdown as escape;
use super::json::pretty;
use super::report::Report;
use super::style::Style;
use crate::model::{Catalogue, ScopeType};

/// A list of permission sets, and the built-in one to compare it with.
#[derive(Debug, Clone, Copy)]
pub struct PermissionSetsReport<'a> {
    /// What is listed.
    pub catalogue: &'a Catalogue,
    /// What is built in.
    pub built_in: &'a Catalogue,
}

impl Report for PermissionSetsReport<'_> {
    fn text(&self, out: &mut dyn Write, _: Style) -> io::Result<()> {
        out.write_all(self.catalogue.to_table(self.built_in).as_bytes())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let table = self.catalogue.to_table(self.built_in);
        let row = |line: &str| {
            let cells: Vec<_> = line.split('\t').map(escape).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut lines = table.lines();
        let columns = lines.next().unwrap_or_default().trim_start_matches("# ");
        let rows: String = lines.map(row).collect();
        write!(out, "{}|{}\n{rows}", row(columns), "---|".repeat(columns.split('\t').count()))
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let sets = self.catalogue.iter().map(|(name, set)| {
            let scope_type = match set.scope_type {
                ScopeType::Organization => "organization",
                ScopeType::Projects => "projects",
                ScopeType::AccountRootUser => "account_root_user",
                ScopeType::Other => "other",
            };
            json!({"name": name.as_str(), "scope_type": scope_type, "category": set.category})
        });
        pretty(out, &sets.collect::<Vec<Value>>())
    }
}
