use std::collections::BTreeSet;
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue, SourceInfo};

use super::{Fault, FaultKind, place};
use crate::model::near;

/// What an expression may speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// A rule's condition: `request` and `resource`.
    ///
    /// Source: product documentation, July to October 2026.
    Condition,
    /// A guardrail: `grant`.
    Guardrail,
}

/// The fields of `grant` in a guardrail.
pub const GRANT_FIELDS: &[&str] =
    &["principal", "kind", "permission_set", "scope", "condition", "via_group", "policy", "managed"];

const REQUEST_FIELDS: &[&str] = &["ip", "time", "user_agent"];
const RESOURCE_FIELDS: &[&str] = &["name", "id", "locality"];

/// The standard functions, as one writes them.
const FUNCTIONS: &[&str] = &[
    "all",
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "has",
    "int",
    "map",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// The names of types, which are values too.
pub(super) const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "timestamp",
    "uint",
];

impl Vocabulary {
    /// Returns the most steps that an expression may take: a step is well below a microsecond and a hundred bytes, and
    /// a guardrail is judged for thousands of grants.
    pub(super) const fn steps_most(self) -> f64 {
        match self {
            Self::Condition => 200_000.0,
            Self::Guardrail => 50_000.0,
        }
    }

    const fn variables(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Condition => &[("request", REQUEST_FIELDS), ("resource", RESOURCE_FIELDS)],
            Self::Guardrail => &[("grant", GRANT_FIELDS)],
        }
    }

    fn fields_of(self, variable: &str) -> Option<&'static [&'static str]> {
        self.variables().iter().find(|(name, _)| *name == variable).map(|(_, fields)| *fields)
    }

    /// Returns every variable with its field, as one writes it.
    fn full_names(self) -> impl Iterator<Item = String> {
        let all = self.variables().iter();
        all.flat_map(|(name, fields)| fields.iter().map(move |field| format!("{name}.{field}")))
    }
}

/// Looks up every word of an expression.
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) vocabulary: Vocabulary,
    pub(super) info: &'a SourceInfo,
    /// The variables that comprehensions bind.
    pub(super) bound: Vec<&'a str>,
    pub(super) faults: Vec<Fault>,
    /// The fields of the vocabulary's variables that are read.
    pub(super) reads: BTreeSet<&'static str>,
    pub(super) deepest: usize,
}

impl<'a> Words<'a> {
    pub(super) fn look(&mut self, part: &'a IdedExpr, depth: usize) {
        self.deepest = self.deepest.max(depth);
        let depth = depth + 1;
        match &part.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.variable(part, name),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(of) if !self.bound.contains(&of.as_str()) => {
                    self.field(part, of, &select.field);
                }
                _ => self.look(&select.operand, depth),
            },
            Expr::Call(call) => {
                self.function(part, &call.func_name);
                match (&call.target, call.args.as_slice()) {
                    (None, [IdedExpr { expr: Expr::Ident(of), .. }, key])
                        if call.func_name == "_[_]" && !self.bound.contains(&of.as_str()) =>
                    {
                        match &key.expr {
                            Expr::Literal(LiteralValue::String(field)) => {
                                self.field(part, of, field.inner());
                            }
                            _ => self.fault_variable(part, of),
                        }
                    }
                    (target, args) => {
                        if let Some(target) = target {
                            self.look(target, depth);
                        }
                        for arg in args {
                            self.look(arg, depth);
                        }
                    }
                }
            }
            Expr::List(list) => list.elements.iter().for_each(|element| self.look(element, depth)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(entry, depth)),
            Expr::Struct(message) => {
                self.fault_variable(part, &message.type_name);
                message.entries.iter().for_each(|entry| self.entry(entry, depth));
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, depth),
        }
    }

    fn entry(&mut self, entry: &'a IdedEntryExpr, depth: usize) {
        match &entry.expr {
            EntryExpr::StructField(field) => self.look(&field.value, depth),
            EntryExpr::MapEntry(entry) => {
                self.look(&entry.key, depth);
                self.look(&entry.value, depth);
            }
        }
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr, depth: usize) {
        self.look(&comprehension.iter_range, depth);
        let outer = self.bound.len();
        self.bound.push(&comprehension.iter_var);
        self.bound.extend(comprehension.iter_var2.as_deref());
        self.bound.push(&comprehension.accu_var);
        self.look(&comprehension.accu_init, depth);
        self.look(&comprehension.loop_cond, depth);
        self.look(&comprehension.loop_step, depth);
        self.look(&comprehension.result, depth);
        self.bound.truncate(outer);
    }

    fn variable(&mut self, part: &IdedExpr, name: &'a str) {
        if !self.bound.contains(&name) && !TYPES.contains(&name) {
            self.fault_variable(part, name);
        }
    }

    fn field(&mut self, part: &IdedExpr, of: &str, field: &str) {
        let known = self.vocabulary.fields_of(of).unwrap_or_default().iter().find(|known| **known == field);
        match known {
            Some(known) => _ = self.reads.insert(known),
            None => self.fault_variable(part, &format!("{of}.{field}")),
        }
    }

    fn fault_variable(&mut self, part: &IdedExpr, name: &str) {
        let known: Vec<String> = self.vocabulary.full_names().collect();
        let near = near(name, known.iter().map(String::as_str)).map(str::to_owned);
        let at = self.find(part, name);
        self.faults.push(Fault { at, kind: FaultKind::Variable { name: name.to_owned(), near } });
    }

    fn function(&mut self, part: &IdedExpr, name: &str) {
        // Operators have names of signs; the macros' own helpers begin with `@`.
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !word || FUNCTIONS.contains(&name) {
            return;
        }
        let near = near(name, FUNCTIONS.iter().copied());
        let at = self.find(part, name);
        self.faults.push(Fault { at, kind: FaultKind::Function { name: name.to_owned(), near } });
    }

    /// Returns where `word` stands: nearest to where the parser places the part, which may be its dot or bracket.
    fn find(&self, part: &IdedExpr, word: &str) -> Range<usize> {
        let at = place(self.info, part.id).unwrap_or(0..self.text.len());
        let last = word.rsplit('.').next().unwrap_or(word);
        let nearest = |word: &str| {
            let all = self.text.match_indices(word).map(|(start, _)| start..start + word.len());
            all.min_by_key(|range| {
                let before = at.start.saturating_sub(range.end);
                before + range.start.saturating_sub(at.end)
            })
        };
        nearest(word).or_else(|| nearest(last)).unwrap_or(at.clone())
    }
}
