//! Quotas beside what there is: the result of `quota`.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::escape::{markdown as escape, terminal};
use super::json::pretty;
use super::report::Report;
use super::style::Style;
use crate::live::Live;
use crate::model::{Kind, Object, Quota};

/// The quotas of an organization, and what counts for them.
#[derive(Debug, Clone, Copy)]
pub struct QuotaReport<'a> {
    /// What was read, quotas and all kinds included.
    pub live: &'a Live,
}

/// One quota.
struct Line<'a> {
    name: &'a str,
    /// The most; `None` for no limit.
    most: Option<u64>,
    /// How many there are; `None` for a quota that this version does not know.
    there: Option<usize>,
}

impl QuotaReport<'_> {
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let there = |quota: &Quota| {
            let kind = Kind::ALL.iter().copied().find(|kind| quota.is_of(*kind))?;
            // What an organization has of itself counts for nothing.
            let counts = |object: &&Object| object.kind() == kind && !object.is_built_in();
            Some(self.live.state.objects.values().filter(counts).count())
        };
        let quotas = self.live.quotas.iter();
        quotas.map(move |quota| Line { name: &quota.name, most: quota.most, there: there(quota) })
    }
}

impl Line<'_> {
    fn most(&self) -> String {
        self.most.map_or_else(|| "no limit".to_owned(), |most| most.to_string())
    }

    fn there(&self) -> String {
        self.there.map_or_else(|| "not counted".to_owned(), |there| there.to_string())
    }

    /// `3 of 50`, `3, no limit`, `at most 50; not counted`.
    fn words(&self) -> String {
        match (self.there, self.most) {
            (Some(there), Some(most)) => format!("{there} of {most}"),
            (Some(there), None) => format!("{there}, no limit"),
            (None, Some(most)) => format!("at most {most}; not counted"),
            (None, None) => "no limit; not counted".to_owned(),
        }
    }

    fn is_full(&self) -> bool {
        self.there.zip(self.most).is_some_and(|(there, most)| there as u64 >= most)
    }
}

impl Report for QuotaReport<'_> {
    fn text(&self, out: &mut dyn Write, _: Style) -> io::Result<()> {
        let width = self.lines().map(|line| terminal(line.name).chars().count()).max().unwrap_or(0);
        for line in self.lines() {
            let full = if line.is_full() { "  [full]" } else { "" };
            writeln!(out, "{:width$}  {}{full}", terminal(line.name), line.words())?;
        }
        if self.live.quotas.is_empty() {
            writeln!(out, "The organization lists no quota that is one number.")?;
        }
        Ok(())
    }

    fn markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "| quota | there | most |\n|---|---|---|")?;
        for line in self.lines() {
            let full = if line.is_full() { " **full**" } else { "" };
            writeln!(out, "| {} | {}{full} | {} |", escape(line.name), line.there(), line.most())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let quotas: Vec<Value> = self
            .lines()
            .map(|line| json!({"name": line.name, "limit": line.most, "used": line.there, "full": line.is_full()}))
            .collect();
        pretty(out, &quotas)
    }
}
