//! An expression for which some fields are not known.

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};

/// Returns the tree with each field in `unknown` in the place of a variable that does not exist, also where `has` asks
/// for it: not known is not the same as absent.
pub(super) fn without(tree: &IdedExpr, unknown: &[&str]) -> IdedExpr {
    let mut tree = tree.clone();
    hide(&mut tree, unknown, &mut Vec::new());
    tree
}

fn hide(part: &mut IdedExpr, unknown: &[&str], bound: &mut Vec<String>) {
    if let Some(name) = field(&part.expr)
        && unknown.contains(&name.as_str())
        && !bound.iter().any(|bound| name.split('.').next() == Some(bound))
    {
        part.expr = Expr::Ident(name);
        return;
    }
    match &mut part.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => {}
        Expr::Select(select) => hide(&mut select.operand, unknown, bound),
        Expr::Call(call) => {
            for part in call.target.as_deref_mut().into_iter().chain(&mut call.args) {
                hide(part, unknown, bound);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|element| hide(element, unknown, bound)),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| of_entry(&mut entry.expr, unknown, bound)),
        Expr::Struct(message) => {
            message.entries.iter_mut().for_each(|entry| of_entry(&mut entry.expr, unknown, bound));
        }
        Expr::Comprehension(comprehension) => {
            hide(&mut comprehension.iter_range, unknown, bound);
            let outer = bound.len();
            bound.push(comprehension.iter_var.clone());
            bound.extend(comprehension.iter_var2.clone());
            hide(&mut comprehension.accu_init, unknown, bound);
            hide(&mut comprehension.loop_cond, unknown, bound);
            hide(&mut comprehension.loop_step, unknown, bound);
            hide(&mut comprehension.result, unknown, bound);
            bound.truncate(outer);
        }
    }
}

fn of_entry(entry: &mut EntryExpr, unknown: &[&str], bound: &mut Vec<String>) {
    match entry {
        EntryExpr::StructField(field) => hide(&mut field.value, unknown, bound),
        EntryExpr::MapEntry(entry) => {
            hide(&mut entry.key, unknown, bound);
            hide(&mut entry.value, unknown, bound);
        }
    }
}

/// Returns a field as one writes it, `resource.name`: asked for, tested, or in brackets.
fn field(expr: &Expr) -> Option<String> {
    let (of, field) = match expr {
        Expr::Select(select) => (&select.operand, select.field.as_str()),
        Expr::Call(call) if call.func_name == "_[_]" && call.target.is_none() => match call.args.as_slice() {
            [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(field)), .. }] => {
                return name(of, field.inner());
            }
            _ => return None,
        },
        _ => return None,
    };
    name(of, field)
}

fn name(of: &IdedExpr, field: &str) -> Option<String> {
    match &of.expr {
        Expr::Ident(of) => Some(format!("{of}.{field}")),
        _ => None,
    }
}
