//! The one walk over an expression, from its leaves to its root.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, StructExpr};

/// A question to an expression: its answer for a part is made of those for the parts right below.
pub(super) trait Walk<'a> {
    /// What is known of a part.
    type Answer: Clone;

    /// Returns what is known of the variable that a macro binds to each element of its range.
    fn element(&self, range: &Self::Answer) -> Self::Answer;

    /// Returns what is known of a part, given what is known of [`parts`], in that order.
    fn part(
        &mut self,
        part: &'a IdedExpr,
        bound: &Bound<'a, Self::Answer>,
        below: Vec<Self::Answer>,
    ) -> Self::Answer;
}

/// The variables that macros bind around a part, the innermost last.
pub(super) struct Bound<'a, T>(Vec<(&'a str, T)>);

impl<T> Bound<'_, T> {
    /// Returns what is known of a variable, or `None` when no macro binds it here.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().rev().find(|(bound, _)| *bound == name).map(|(_, known)| known)
    }
}

/// Asks a whole expression.
pub(super) fn walk<'a, W: Walk<'a>>(tree: &'a IdedExpr, question: &mut W) -> W::Answer {
    step(tree, question, &mut Bound(Vec::new()))
}

fn step<'a, W: Walk<'a>>(
    part: &'a IdedExpr,
    question: &mut W,
    bound: &mut Bound<'a, W::Answer>,
) -> W::Answer {
    let mut below = Vec::new();
    let outer = bound.0.len();
    for inner in parts(part) {
        let answer = step(inner, question, bound);
        below.push(answer);
        if let (Expr::Comprehension(of), [range, start]) = (&part.expr, below.as_slice()) {
            let element = question.element(range);
            bound.0.extend(of.iter_var2.as_deref().map(|name| (name, element.clone())));
            bound.0.push((&of.iter_var, element));
            bound.0.push((&of.accu_var, start.clone()));
        }
    }
    bound.0.truncate(outer);
    question.part(part, bound, below)
}

macro_rules! parts {
    ($(#[$doc:meta])* $name:ident, $iter:ident, $deref:ident $(, $mutable:tt)?) => {
        $(#[$doc])*
        pub(super) fn $name(part: &$($mutable)? IdedExpr) -> Vec<&$($mutable)? IdedExpr> {
            match &$($mutable)? part.expr {
                Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Vec::new(),
                Expr::Select(select) => vec![&$($mutable)? select.operand],
                Expr::Call(call) => call.target.$deref().into_iter().chain(&$($mutable)? call.args).collect(),
                Expr::List(list) => list.elements.$iter().collect(),
                Expr::Map(MapExpr { entries }) | Expr::Struct(StructExpr { entries, .. }) => entries
                    .$iter()
                    .flat_map(|entry| match &$($mutable)? entry.expr {
                        EntryExpr::StructField(field) => vec![&$($mutable)? field.value],
                        EntryExpr::MapEntry(entry) => vec![&$($mutable)? entry.key, &$($mutable)? entry.value],
                    })
                    .collect(),
                Expr::Comprehension(of) => {
                    let ComprehensionExpr { iter_range, accu_init, loop_cond, loop_step, result, .. } =
                        &$($mutable)? **of;
                    vec![iter_range, accu_init, loop_cond, loop_step, result]
                }
            }
        }
    };
}

parts! {
    /// Returns the parts right below a part: of a call the target and the arguments, of a macro the range, the start, the
    /// condition, the step and the result.
    parts, iter, as_deref
}
parts! {
    /// Returns the [`parts`], to be changed.
    parts_mut, iter_mut, as_deref_mut, mut
}

pub(super) fn literal_text(part: &IdedExpr) -> Option<&str> {
    match &part.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
