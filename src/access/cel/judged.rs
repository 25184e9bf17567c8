//! What can never be judged or compared in an expression, as far as the text alone tells.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};

use super::fault::{ExpressionFault, FaultKind};
use super::places::ExpressionPlaces;
use super::sort::Sort;
use super::walk::{Bound, Walk, literal_text, walk};
use super::words::TYPES;

/// Finds the parts of an expression that can never be true or false where only that has a meaning.
struct Sorts<'a> {
    places: &'a ExpressionPlaces<'a>,
    faults: Vec<ExpressionFault>,
}

/// Returns what can never be judged or compared in an expression.
pub(super) fn faults(places: &ExpressionPlaces<'_>, tree: &IdedExpr) -> Vec<ExpressionFault> {
    let mut sorts = Sorts { places, faults: Vec::new() };
    let all = walk(tree, &mut sorts);
    sorts.judge(&all);
    sorts.faults
}

/// What is known of a part's value.
#[derive(Clone, Default)]
struct Sorted<'a> {
    /// Its sort, or `None` where that is not known.
    sort: Option<Sort>,
    /// What is surely not true or false in it: itself, or branches of a choice.
    never: Vec<(&'a IdedExpr, Sort)>,
}

impl<'a> Walk<'a> for Sorts<'a> {
    type Answer = Sorted<'a>;

    fn element(&self, _: &Sorted<'a>) -> Sorted<'a> {
        Sorted::default()
    }

    fn part(
        &mut self,
        part: &'a IdedExpr,
        bound: &Bound<'a, Sorted<'a>>,
        mut below: Vec<Sorted<'a>>,
    ) -> Sorted<'a> {
        let sort = match &part.expr {
            Expr::Call(call) if call.func_name == "_?_:_" => {
                if let [condition, ..] = below.as_slice() {
                    self.judge(condition);
                }
                return either(below.split_off(1));
            }
            Expr::Call(call) => self.call(part, call, bound, &below),
            Expr::Comprehension(_) => below.last().and_then(|result| result.sort),
            Expr::Ident(name) => match bound.get(name) {
                Some(known) => known.sort,
                None => TYPES.contains(&name.as_str()).then_some(Sort::Type),
            },
            Expr::List(_) => Some(Sort::List),
            Expr::Literal(literal) => Some(of_literal(literal)),
            Expr::Map(_) => Some(Sort::Map),
            Expr::Select(select) if select.test => Some(Sort::Bool),
            Expr::Select(select) => field_of(&select.operand, &select.field, bound),
            Expr::Struct(_) | Expr::Unspecified => None,
        };
        let never = sort.filter(|sort| *sort != Sort::Bool).map(|sort| (part, sort));
        Sorted { sort, never: never.into_iter().collect() }
    }
}

/// Returns what is known of a choice between two values.
fn either(branches: Vec<Sorted<'_>>) -> Sorted<'_> {
    let sort = match branches.as_slice() {
        [Sorted { sort: Some(yes), .. }, Sorted { sort: Some(no), .. }] if yes == no => Some(*yes),
        [Sorted { sort: Some(yes), .. }, Sorted { sort: Some(no), .. }] => {
            (*yes != Sort::Bool && *no != Sort::Bool).then_some(Sort::Other)
        }
        _ => None,
    };
    Sorted { sort, never: branches.into_iter().flat_map(|branch| branch.never).collect() }
}

impl<'a> Sorts<'a> {
    /// Notes a fault for each value that would have to be true or false, and never is.
    fn judge(&mut self, value: &Sorted<'_>) {
        let never = value.never.iter().map(|(part, found)| ExpressionFault {
            at: self.place(part),
            kind: FaultKind::NeverJudged { found: *found },
        });
        let never: Vec<ExpressionFault> = never.collect();
        self.faults.extend(never);
    }

    fn place(&self, part: &IdedExpr) -> Range<usize> {
        self.places.whole(part).unwrap_or(0..self.places.info.source.len())
    }

    fn call(
        &mut self,
        part: &IdedExpr,
        call: &'a CallExpr,
        bound: &Bound<'a, Sorted<'a>>,
        below: &[Sorted<'a>],
    ) -> Option<Sort> {
        let name = call.func_name.as_str();
        let sorts: Vec<Option<Sort>> = below.iter().map(|one| one.sort).collect();
        match (name, sorts.as_slice()) {
            ("_&&_" | "_||_" | "!_", _) => {
                below.iter().for_each(|one| self.judge(one));
                Some(Sort::Bool)
            }
            ("_<_" | "_<=_" | "_>_" | "_>=_", [Some(left), Some(right)])
                if left != right && *left != Sort::Other && *right != Sort::Other =>
            {
                let kind = FaultKind::NeverCompared { left: *left, right: *right };
                let at = self.place(part);
                self.faults.push(ExpressionFault { at, kind });
                Some(Sort::Bool)
            }
            ("_[_]", _) => field_of(call.args.first()?, literal_text(call.args.get(1)?)?, bound),
            ("_+_" | "_-_", [left, right]) => Some(sum(name, *left, *right)),
            ("dyn", _) => None,
            _ => of_function(name),
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

/// Returns the sort of a field of `request`, `resource` and `grant`.
fn field_of<T>(operand: &IdedExpr, field: &str, bound: &Bound<'_, T>) -> Option<Sort> {
    let Expr::Ident(of) = &operand.expr else { return None };
    if bound.get(of).is_some() {
        return None;
    }
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
        "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in" | "bool" | "contains" | "startsWith"
        | "endsWith" | "matches" => Sort::Bool,
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
