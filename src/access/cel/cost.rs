//! A bound for the work of an expression, by its text alone.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::walk::{Bound, Walk, walk};

/// The characters that are copied in the time of one step.
const CHARACTERS: f64 = 64.0;
/// The size of a field of a request or of a grant, in steps.
const FIELD: f64 = 5.0;

/// Returns a bound for the steps that evaluating an expression takes; infinite when it is beyond all.
pub(super) fn steps(tree: &IdedExpr) -> f64 {
    walk(tree, &mut Costs).steps
}

struct Costs;

/// Bounds for a part, all at least 1 but the steps of a variable's element.
#[derive(Clone, Copy)]
struct Cost {
    /// The steps to evaluate it.
    steps: f64,
    /// The steps to copy its value, which has at most so many elements.
    size: f64,
    /// The steps to copy its largest element.
    element: f64,
}

impl<'a> Walk<'a> for Costs {
    type Answer = Cost;

    fn element(&self, range: &Cost) -> Cost {
        Cost { steps: 1.0, size: range.element, element: range.element }
    }

    fn part(&mut self, part: &'a IdedExpr, bound: &Bound<'a, Cost>, below: Vec<Cost>) -> Cost {
        let steps = 1.0 + below.iter().map(|cost| cost.steps).sum::<f64>();
        let size = 1.0 + below.iter().map(|cost| cost.size).sum::<f64>();
        let largest = |of: fn(&Cost) -> f64| below.iter().map(of).fold(1.0, f64::max);
        let text = |size: f64| Cost { steps: 1.0, size, element: size };
        match &part.expr {
            Expr::Literal(LiteralValue::String(written)) => text(1.0 + length(written.inner()) / CHARACTERS),
            Expr::Literal(_) | Expr::Unspecified => text(1.0),
            Expr::Ident(name) => bound.get(name).copied().unwrap_or(text(FIELD)),
            Expr::Select(_) => Cost { steps, size, element: size },
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => {
                Cost { steps: steps + size, size, element: largest(|cost| cost.size) }
            }
            Expr::Call(call) => {
                let pattern =
                    if call.func_name == "matches" { call.args.last().map_or(0.0, pattern) } else { 0.0 };
                let steps = steps + size + pattern;
                match call.func_name.as_str() {
                    // What can hold a whole operand, or several.
                    "_+_" | "_?_:_" | "_[_]" | "bytes" | "dyn" | "string" => {
                        Cost { steps, size, element: largest(|cost| cost.element) }
                    }
                    _ => Cost { steps, ..text(1.0) },
                }
            }
            Expr::Comprehension(_) => {
                let [range, start, condition, step, result] = below.as_slice() else {
                    return text(f64::INFINITY);
                };
                let once = range.steps + start.steps + result.steps;
                Cost {
                    steps: once + range.size * (condition.steps + step.steps),
                    size: start.size + range.size * step.size,
                    element: step.element,
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the texts have a few thousand characters")]
const fn length(text: &str) -> f64 {
    text.len() as f64
}

/// Returns a bound for the steps to prepare a pattern, which happens at each call; what is repeated is written out.
fn pattern(part: &IdedExpr) -> f64 {
    /// The steps for one character: a class of characters is a table.
    const CLASS: f64 = 40.0;
    let Expr::Literal(LiteralValue::String(text)) = &part.expr else { return 500.0 * CLASS };
    let text = text.inner();
    let counts = text.split('{').skip(1).map(|rest| {
        let inside = rest.split('}').next().unwrap_or_default();
        inside.split(',').filter_map(|count| count.trim().parse::<f64>().ok()).fold(1.0, f64::max)
    });
    // What a group repeats may repeat, too.
    let nested = text.contains("){");
    CLASS
        * if nested {
            length(text) * counts.product::<f64>()
        } else {
            length(text) + 4.0 * counts.sum::<f64>()
        }
}
