//! The texts that a guardrail compares fields of a grant with.

use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::walk::{Bound, Walk, walk};

/// Returns the literals that a field of `grant` is compared with by `==`, `!=` or `in`, with the field: also inside of
/// macros, and element by element of a list that a macro goes through.
pub(super) fn compared(tree: &IdedExpr) -> Vec<(&str, &IdedExpr)> {
    let mut gather = Gather { found: BTreeMap::new() };
    walk(tree, &mut gather);
    gather.found.into_iter().map(|((_, field), literal)| (field, literal)).collect()
}

struct Gather<'a> {
    /// By the literal's number, and the field.
    found: BTreeMap<(u64, &'a str), &'a IdedExpr>,
}

/// What a part may be.
#[derive(Clone, Default)]
struct Either<'a> {
    /// The variable `grant`.
    grant: bool,
    /// Fields of it.
    fields: BTreeSet<&'a str>,
    /// Texts, or those of a list.
    literals: Vec<&'a IdedExpr>,
}

impl<'a> Either<'a> {
    fn of(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut all, one| {
            all.fields.extend(one.fields);
            all.literals.extend(one.literals);
            all
        })
    }
}

impl<'a> Walk<'a> for Gather<'a> {
    type Answer = Either<'a>;

    fn element(&self, range: &Either<'a>) -> Either<'a> {
        range.clone()
    }

    fn part(
        &mut self,
        part: &'a IdedExpr,
        bound: &Bound<'a, Either<'a>>,
        mut below: Vec<Either<'a>>,
    ) -> Either<'a> {
        let field = |field| Either { fields: BTreeSet::from([field]), ..Either::default() };
        match &part.expr {
            Expr::Literal(LiteralValue::String(_)) => Either { literals: vec![part], ..Either::default() },
            Expr::Literal(_) | Expr::Unspecified | Expr::Struct(_) | Expr::Comprehension(_) => {
                Either::default()
            }
            Expr::Ident(name) => match bound.get(name) {
                Some(known) => known.clone(),
                None => Either { grant: name == "grant", ..Either::default() },
            },
            Expr::Select(select) if !select.test && below[0].grant => field(&select.field),
            Expr::Select(_) => Either::default(),
            Expr::List(_) | Expr::Map(_) => Either::of(below),
            Expr::Call(call) => match (call.func_name.as_str(), below.as_slice(), call.args.as_slice()) {
                ("_==_" | "_!=_" | "@in", [left, right], _) => {
                    for (one, other) in [(left, right), (right, left)] {
                        let pairs = one
                            .fields
                            .iter()
                            .flat_map(|field| other.literals.iter().map(|literal| (*field, *literal)));
                        self.found.extend(pairs.map(|(field, literal)| ((literal.id, field), literal)));
                    }
                    Either::default()
                }
                ("_[_]", [of, _], [_, IdedExpr { expr: Expr::Literal(LiteralValue::String(name)), .. }])
                    if of.grant =>
                {
                    field(name.inner())
                }
                ("_[_]" | "_?_:_", ..) => Either::of(below.split_off(usize::from(call.func_name == "_?_:_"))),
                ("dyn", ..) => Either::of(below),
                _ => Either::default(),
            },
        }
    }
}
