//! Conditions and guardrails in a file: checked as CEL, with places inside of the scalar.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue};

use super::decode::{Decoder, Spanned};
use super::mistake::{MistakeKind, Span, Written};
use super::tree::Node;
use crate::access::cel::{Expression, Fault, FaultKind, Vocabulary, compile};

/// The names that a guardrail compares with.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) groups: Vec<Spanned<String>>,
    pub(super) permission_sets: Vec<Spanned<String>>,
}

impl Decoder<'_> {
    /// Checks the expression that a scalar holds.
    pub(super) fn expression(&mut self, text: &str, node: &Node<'_>, vocabulary: Vocabulary) -> Compared {
        match vocabulary {
            Vocabulary::Condition => {
                let faults = self.condition_faults(text);
                self.faults(&faults, text, node, Written::Condition);
                Compared::default()
            }
            Vocabulary::Guardrail => match compile(text, vocabulary) {
                Ok(expression) => {
                    let mut compared = Compared::default();
                    let place = |range: Range<usize>| place(self.text, node.at, text, &range);
                    gather(&expression, expression.tree(), &place, &mut compared);
                    compared
                }
                Err(faults) => {
                    self.faults(&faults, text, node, Written::Guardrail);
                    Compared::default()
                }
            },
        }
    }

    /// Checks what a good condition and its end make together.
    pub(super) fn combined(&mut self, alone: &str, together: &str, at: Span) {
        if self.condition_faults(alone).is_empty() {
            for fault in self.condition_faults(together) {
                self.mistake(at, mistake(fault.kind, Written::Condition));
            }
        }
    }

    fn condition_faults(&mut self, text: &str) -> Vec<Fault> {
        if let Some(known) = self.expressions.get(text) {
            return known.clone();
        }
        let faults = compile(text, Vocabulary::Condition).err().unwrap_or_default();
        self.expressions.insert(text.to_owned(), faults.clone());
        faults
    }

    fn faults(&mut self, faults: &[Fault], text: &str, node: &Node<'_>, written: Written) {
        for fault in faults {
            let at = place(self.text, node.at, text, &fault.at);
            self.mistake(at, mistake(fault.kind.clone(), written));
        }
    }
}

fn mistake(fault: FaultKind, written: Written) -> MistakeKind {
    match fault {
        FaultKind::Syntax(why) => MistakeKind::ExpressionSyntax { written, why },
        FaultKind::TooDeep => MistakeKind::ExpressionTooDeep { written },
        FaultKind::Variable { name, near } => MistakeKind::UnknownVariable { written, name, near },
        FaultKind::Function { name, near } => {
            MistakeKind::UnknownFunction { written, name, near: near.map(str::to_owned) }
        }
        FaultKind::NeverJudged { found } => MistakeKind::NeverJudged { written, found },
        FaultKind::NeverCompared { left, right } => MistakeKind::NeverCompared { written, left, right },
        FaultKind::TooCostly => MistakeKind::ExpressionTooCostly { written },
    }
}

/// Returns where a part of a scalar's text stands in the file; all of the scalar when its notation hides it.
fn place(file: &str, scalar: Span, text: &str, part: &Range<usize>) -> Span {
    let written = file.get(scalar.start()..scalar.end()).unwrap_or_default();
    let offset = |at: usize| offset(written, text, at).and_then(|at| u32::try_from(at).ok());
    let (Some(start), Some(end)) = (offset(part.start), offset(part.end)) else {
        return scalar;
    };
    Span {
        file: scalar.file,
        start: scalar.start + start,
        end: (scalar.start + end).max(scalar.start + start),
    }
}

/// Returns where the byte `at` of a scalar's text stands in the way it is written: behind a quote, between line
/// breaks and indentation, after an escape.
fn offset(written: &str, text: &str, at: usize) -> Option<usize> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut from = usize::from(quote.is_some());
    for (index, wanted) in text.char_indices() {
        // Blanks that the text does not have are indentation or the end of a folded line.
        while written[from..].starts_with(char::is_whitespace) && !written[from..].starts_with(wanted) {
            if wanted.is_whitespace() {
                break;
            }
            from += written[from..].chars().next()?.len_utf8();
        }
        if index >= at {
            return Some(from);
        }
        let next = written[from..].chars().next()?;
        if next == '\\' && quote == Some('"') {
            let escaped = written[from + 1..].chars().next()?;
            if escaped != wanted {
                return None;
            }
            from += 1 + escaped.len_utf8();
        } else if next == '\'' && quote == Some('\'') {
            from += 2;
        } else if next == wanted {
            from += next.len_utf8();
        } else if wanted.is_whitespace() && next.is_whitespace() {
            let blanks = written[from..].len() - written[from..].trim_start().len();
            from += blanks;
        } else {
            return None;
        }
    }
    Some(from)
}

/// Gathers the texts that `grant.via_group` and `grant.permission_set` are compared with.
fn gather(
    expression: &Expression,
    part: &IdedExpr,
    place: &dyn Fn(Range<usize>) -> Span,
    compared: &mut Compared,
) {
    match &part.expr {
        Expr::Call(call) => {
            comparison(expression, call, place, compared);
            if let Some(target) = &call.target {
                gather(expression, target, place, compared);
            }
            for arg in &call.args {
                gather(expression, arg, place, compared);
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                gather(expression, element, place, compared);
            }
        }
        Expr::Unspecified
        | Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_) => {}
    }
}

fn comparison(
    expression: &Expression,
    call: &CallExpr,
    place: &dyn Fn(Range<usize>) -> Span,
    compared: &mut Compared,
) {
    let [left, right] = call.args.as_slice() else { return };
    let (field, with) = match call.func_name.as_str() {
        "_==_" | "_!=_" => match (field(left), field(right)) {
            (Some(field), _) => (field, right),
            (None, Some(field)) => (field, left),
            (None, None) => return,
        },
        "@in" => match field(left) {
            Some(field) => (field, right),
            None => return,
        },
        _ => return,
    };
    let into = match field {
        "via_group" => &mut compared.groups,
        "permission_set" => &mut compared.permission_sets,
        _ => return,
    };
    let literals = match &with.expr {
        Expr::List(list) => list.elements.as_slice(),
        _ => std::slice::from_ref(with),
    };
    for literal in literals {
        let Expr::Literal(LiteralValue::String(text)) = &literal.expr else { continue };
        let at = expression.place(literal).unwrap_or_default();
        into.push(Spanned { value: text.inner().to_owned(), at: place(at) });
    }
}

/// Returns the field of `grant` that an expression is.
fn field(part: &IdedExpr) -> Option<&str> {
    match &part.expr {
        Expr::Select(select) if !select.test => match &select.operand.expr {
            Expr::Ident(name) if name == "grant" => Some(&select.field),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn a_part_of_a_scalar_is_found_in_every_notation() {
        for (written, text, at, found) in [
            ("a == b", "a == b", 5, "b"),
            ("'a == ''b'''", "a == 'b'", 6, "b'''"),
            ("\"a == \\\"b\\\"\"", "a == \"b\"", 6, "b\\\"\""),
            ("a ||\n      b\n", "a ||\nb\n", 5, "b\n"),
            ("a ||\n\n      b", "a ||\nb", 5, "b"),
            ("a ||\n      b", "a || b", 5, "b"),
        ] {
            assert_eq!(offset(written, text, at).map(|at| &written[at..]), Some(found), "{written:?}");
        }
        assert_eq!(offset("\"\\u0061 b\"", "a b", 2), None);
    }
}
