//! Where the parts of an expression stand in its text.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{Expr, SourceInfo};

use super::walk::parts;

/// Where the parts of an expression stand in its text.
pub(super) struct ExpressionPlaces<'a> {
    pub(super) info: &'a SourceInfo,
    /// Where each character begins, and where the text ends; the parser counts characters. Empty for ASCII, where one is
    /// the other.
    starts: Vec<usize>,
}

impl<'a> ExpressionPlaces<'a> {
    pub(super) fn of(info: &'a SourceInfo) -> Self {
        let text = &info.source;
        let starts = || text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self { info, starts: if text.is_ascii() { Vec::new() } else { starts() } }
    }

    /// Returns where a part stands by itself, in bytes.
    pub(super) fn own(&self, part: &IdedExpr) -> Option<Range<usize>> {
        let (start, stop) = self.info.offset_for(part.id)?;
        let byte = |count: u32| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let end = self.info.source.len();
            if self.starts.is_empty() {
                count.min(end)
            } else {
                self.starts.get(count).copied().unwrap_or(end)
            }
        };
        let (start, stop) = (byte(start), byte(stop.saturating_add(1)));
        Some(start..stop.max(start))
    }

    /// Returns where a part stands with all that belongs to it, in bytes; without brackets around it.
    pub(super) fn whole(&self, part: &IdedExpr) -> Option<Range<usize>> {
        let source = self.info.source.as_str();
        let below = parts(part).into_iter().filter_map(|inner| self.whole(inner));
        let mut at =
            self.own(part).into_iter().chain(below).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))?;
        // The parser places a field at its dot, and a call at its name or its bracket.
        if let Expr::Select(select) = &part.expr {
            let rest = source.get(at.end..)?;
            if rest.trim_start().starts_with(&select.field) {
                at.end += rest.len() - rest.trim_start().len() + select.field.len();
            }
        }
        if let Expr::Call(call) = &part.expr
            && call.target.is_none()
            && source.get(..at.start)?.trim_end().ends_with(&call.func_name)
        {
            at.start = source.get(..at.start)?.trim_end().len() - call.func_name.len();
        }
        at.end = closed(source, &at)?;
        Some(at)
    }
}

/// Returns where a part ends with the brackets that close what it opens.
fn closed(source: &str, at: &Range<usize>) -> Option<usize> {
    let (mut open, mut quote) = (0usize, None);
    for byte in source.get(at.clone())?.bytes() {
        match byte {
            b'"' | b'\'' if quote == Some(byte) => quote = None,
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            b'(' | b'[' | b'{' if quote.is_none() => open += 1,
            b')' | b']' | b'}' if quote.is_none() => open = open.saturating_sub(1),
            _ => {}
        }
    }
    let mut end = at.end;
    for _ in 0..open {
        let rest = source.get(end..)?.trim_start();
        if !rest.starts_with([')', ']', '}']) {
            break;
        }
        end = source.len() - rest.len() + 1;
    }
    Some(end)
}
