//! What sort of value each part of an expression gives, as far as the text alone tells.

use std::fmt;
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, SourceInfo};

use super::words::TYPES;
use super::{Fault, FaultKind, extent};

/// A sort of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// True or false.
    Bool,
    /// A number of any of the three kinds, which compare with each other.
    Number,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A point in time.
    Time,
    /// A span of time.
    Duration,
    /// A list.
    List,
    /// A map.
    Map,
    /// Null.
    Null,
    /// The type of a value.
    Type,
    /// One of the others, and surely not true or false.
    Other,
}

/// The words for it, with their article.
impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Bytes => "bytes",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Null => "null",
            Self::Type => "a type",
            Self::Other => "something else",
        })
    }
}

/// Looks at each part of an expression, and notes those that can never be true or false where only that has a meaning.
pub(super) struct Sorts<'a> {
    text: &'a str,
    info: &'a SourceInfo,
    /// The variables that comprehensions bind.
    bound: Vec<(&'a str, Option<Sort>)>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Sorts<'a> {
    pub(super) const fn new(text: &'a str, info: &'a SourceInfo) -> Self {
        Self { text, info, bound: Vec::new(), faults: Vec::new() }
    }

    /// Returns the sort of a value, or `None` where it is not known. With `judged`, it has to be true or false.
    pub(super) fn look(&mut self, part: &'a IdedExpr, judged: bool) -> Option<Sort> {
        let sort = match &part.expr {
            // Both branches are judged in its place.
            Expr::Call(call) if call.func_name == "_?_:_" => return self.branches(call, judged),
            Expr::Call(call) => self.call(part, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Ident(name) => self.variable(name),
            Expr::List(list) => {
                for element in &list.elements {
                    self.look(element, false);
                }
                Some(Sort::List)
            }
            Expr::Literal(literal) => Some(of_literal(literal)),
            Expr::Map(map) => {
                map.entries.iter().for_each(|entry| self.entry(&entry.expr));
                Some(Sort::Map)
            }
            Expr::Select(select) => self.select(select),
            Expr::Struct(_) | Expr::Unspecified => None,
        };
        if let Some(found) = sort.filter(|sort| judged && *sort != Sort::Bool) {
            let at = self.place(part);
            self.faults.push(Fault { at, kind: FaultKind::NeverJudged { found } });
        }
        sort
    }

    fn place(&self, part: &IdedExpr) -> Range<usize> {
        extent(self.info, part).unwrap_or(0..self.text.len())
    }

    fn branches(&mut self, call: &'a CallExpr, judged: bool) -> Option<Sort> {
        let [condition, yes, no] = call.args.as_slice() else { return None };
        self.look(condition, true);
        let (yes, no) = (self.look(yes, judged)?, self.look(no, judged)?);
        if yes == no { Some(yes) } else { (yes != Sort::Bool && no != Sort::Bool).then_some(Sort::Other) }
    }

    fn call(&mut self, part: &'a IdedExpr, call: &'a CallExpr) -> Option<Sort> {
        let name = call.func_name.as_str();
        let judged = matches!(name, "_&&_" | "_||_" | "!_");
        if let Some(target) = &call.target {
            self.look(target, false);
        }
        let args: Vec<Option<Sort>> = call.args.iter().map(|arg| self.look(arg, judged)).collect();
        match (name, args.as_slice()) {
            ("_<_" | "_<=_" | "_>_" | "_>=_", [Some(left), Some(right)])
                if left != right && *left != Sort::Other && *right != Sort::Other =>
            {
                let kind = FaultKind::NeverCompared { left: *left, right: *right };
                let at = self.place(part);
                self.faults.push(Fault { at, kind });
                Some(Sort::Bool)
            }
            ("_[_]", _) => field_of(call.args.first()?, literal_text(call.args.get(1)?)?),
            ("_+_" | "_-_", [left, right]) => Some(sum(name, *left, *right)),
            ("dyn", _) => None,
            _ => of_function(name),
        }
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Option<Sort> {
        self.look(&comprehension.iter_range, false);
        let start = self.look(&comprehension.accu_init, false);
        let outer = self.bound.len();
        self.bound.push((&comprehension.iter_var, None));
        self.bound.extend(comprehension.iter_var2.as_deref().map(|name| (name, None)));
        self.bound.push((&comprehension.accu_var, start));
        self.look(&comprehension.loop_cond, false);
        self.look(&comprehension.loop_step, false);
        let sort = self.look(&comprehension.result, false);
        self.bound.truncate(outer);
        sort
    }

    fn entry(&mut self, entry: &'a EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => {
                self.look(&field.value, false);
            }
            EntryExpr::MapEntry(entry) => {
                self.look(&entry.key, false);
                self.look(&entry.value, false);
            }
        }
    }

    fn variable(&self, name: &str) -> Option<Sort> {
        match self.bound.iter().rev().find(|(bound, _)| *bound == name) {
            Some((_, sort)) => *sort,
            None => TYPES.contains(&name).then_some(Sort::Type),
        }
    }

    fn select(&mut self, select: &'a SelectExpr) -> Option<Sort> {
        self.look(&select.operand, false);
        if select.test {
            return Some(Sort::Bool);
        }
        match &select.operand.expr {
            Expr::Ident(of) if self.bound.iter().any(|(bound, _)| bound == of) => None,
            _ => field_of(&select.operand, &select.field),
        }
    }
}

const fn of_literal(literal: &LiteralValue) -> Sort {
    match literal {
        LiteralValue::Boolean(_) => Sort::Bool,
        LiteralValue::Bytes(_) => Sort::Bytes,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Sort::Number,
        LiteralValue::Null => Sort::Null,
        LiteralValue::String(_) => Sort::Text,
    }
}

fn literal_text(part: &IdedExpr) -> Option<&str> {
    match &part.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// Returns the sort of a field of `request`, `resource` and `grant`.
fn field_of(operand: &IdedExpr, field: &str) -> Option<Sort> {
    let Expr::Ident(of) = &operand.expr else { return None };
    match (of.as_str(), field) {
        ("request", "time") => Some(Sort::Time),
        ("grant", "managed") => Some(Sort::Bool),
        ("request" | "resource" | "grant", _) => Some(Sort::Text),
        _ => None,
    }
}

/// Returns the sort of a sum or a difference, which is never true or false.
fn sum(sign: &str, left: Option<Sort>, right: Option<Sort>) -> Sort {
    match (left, right) {
        (Some(Sort::Time), Some(Sort::Time)) if sign == "_-_" => Sort::Duration,
        (Some(Sort::Time), Some(Sort::Duration)) => Sort::Time,
        (Some(Sort::Duration), Some(Sort::Time)) if sign == "_+_" => Sort::Time,
        (Some(left), Some(right)) if left == right && left != Sort::Bool => left,
        _ => Sort::Other,
    }
}

/// Returns what a standard function or an operator gives.
fn of_function(name: &str) -> Option<Sort> {
    Some(match name {
        "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in" | "_&&_" | "_||_" | "!_" | "bool"
        | "contains" | "startsWith" | "endsWith" | "matches" => Sort::Bool,
        "_*_" | "_/_" | "_%_" | "-_" | "size" | "int" | "uint" | "double" => Sort::Number,
        get if get.starts_with("get") => Sort::Number,
        "string" => Sort::Text,
        "bytes" => Sort::Bytes,
        "timestamp" => Sort::Time,
        "duration" => Sort::Duration,
        "type" => Sort::Type,
        _ => return None,
    })
}
