//! How much work an expression can be at most, by its text: the lists that it walks multiply.

use std::rc::Rc;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue};

/// The characters that are copied in the time of one step.
const CHARACTERS: f64 = 64.0;
/// The characters that a field of a request or of a grant is taken to have.
const FIELD: f64 = 256.0;

/// A bound for the size of a value.
#[derive(Debug, Clone, Default)]
struct Size {
    /// The characters of a text, the elements of a list.
    len: f64,
    /// The largest element of a list or a map.
    of: Option<Rc<Self>>,
}

impl Size {
    const fn text(len: f64) -> Self {
        Self { len, of: None }
    }

    /// Returns the steps that copying or comparing the whole takes.
    fn whole(&self) -> f64 {
        match &self.of {
            Some(of) => 1.0 + self.len * of.whole(),
            None => 1.0 + self.len / CHARACTERS,
        }
    }

    fn element(&self) -> Self {
        self.of.as_ref().map_or_else(|| self.clone(), |of| (**of).clone())
    }

    /// Returns the larger of two.
    fn or(&self, other: &Self) -> Self {
        Self { len: self.len.max(other.len), of: either(&self.of, &other.of) }
    }

    /// Returns the two one after the other.
    fn and(&self, other: &Self) -> Self {
        Self { len: self.len + other.len, of: either(&self.of, &other.of) }
    }
}

fn either(a: &Option<Rc<Size>>, b: &Option<Rc<Size>>) -> Option<Rc<Size>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Rc::new(a.or(b))),
        (Some(one), None) | (None, Some(one)) => Some(Rc::clone(one)),
        (None, None) => None,
    }
}

/// Returns a bound for the steps that evaluating an expression takes; infinite when it is beyond all.
pub(super) fn steps(tree: &IdedExpr) -> f64 {
    let mut cost = Cost { bound: Vec::new(), times: 1.0, steps: 0.0 };
    cost.look(tree);
    // Endless rounds over nothing are not a number.
    if cost.steps.is_nan() { f64::INFINITY } else { cost.steps }
}

struct Cost<'a> {
    /// The variables that comprehensions bind.
    bound: Vec<(&'a str, Size)>,
    /// How often the part that is looked at is evaluated.
    times: f64,
    steps: f64,
}

impl<'a> Cost<'a> {
    fn spend(&mut self, steps: f64) {
        self.steps += self.times * steps;
    }

    fn look(&mut self, part: &'a IdedExpr) -> Size {
        self.spend(1.0);
        match &part.expr {
            Expr::Unspecified | Expr::Struct(_) => Size::default(),
            Expr::Literal(LiteralValue::String(text)) => Size::text(length(text.inner().len())),
            Expr::Literal(LiteralValue::Bytes(bytes)) => Size::text(length(bytes.inner().len())),
            Expr::Literal(_) => Size::default(),
            Expr::Ident(name) => {
                let bound = self.bound.iter().rev().find(|(bound, _)| bound == name);
                bound.map_or_else(|| Size::text(FIELD), |(_, size)| size.clone())
            }
            Expr::Select(select) => self.look(&select.operand).element(),
            Expr::List(list) => self.items(list.elements.iter()),
            Expr::Map(map) => self.items(
                map.entries
                    .iter()
                    .flat_map(|entry| match &entry.expr {
                        EntryExpr::StructField(field) => [Some(&field.value), None],
                        EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)],
                    })
                    .flatten(),
            ),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn items(&mut self, items: impl Iterator<Item = &'a IdedExpr>) -> Size {
        let mut size = Size::default();
        for item in items {
            let one = self.look(item);
            self.spend(one.whole());
            size = Size { len: size.len + 1.0, of: either(&size.of, &Some(Rc::new(one))) };
        }
        size
    }

    fn call(&mut self, call: &'a CallExpr) -> Size {
        let parts: Vec<Size> =
            call.target.as_deref().into_iter().chain(&call.args).map(|part| self.look(part)).collect();
        let result = match (call.func_name.as_str(), parts.as_slice()) {
            ("_?_:_", [_, yes, no]) => return yes.or(no),
            ("_+_", [left, right]) => left.and(right),
            ("_[_]", [of, _]) => of.element(),
            ("string", [of]) => Size::text(64.0 + of.len),
            ("bytes", [of]) => Size::text(of.len * 4.0),
            ("dyn", [of]) => of.clone(),
            ("matches", _) => {
                self.spend(call.args.last().map_or(0.0, pattern));
                Size::default()
            }
            _ => Size::default(),
        };
        self.spend(parts.iter().map(Size::whole).sum::<f64>() + result.whole());
        result
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Size {
        let range = self.look(&comprehension.iter_range);
        let start = self.look(&comprehension.accu_init);
        let outer = (self.bound.len(), self.times);
        let element = range.element();
        self.times *= range.len;
        self.spend(1.0 + element.whole());
        self.bound.push((&comprehension.iter_var, element.clone()));
        self.bound.extend(comprehension.iter_var2.as_deref().map(|name| (name, element)));
        self.bound.push((&comprehension.accu_var, start));
        self.look(&comprehension.loop_cond);
        let step = self.look(&comprehension.loop_step);
        self.times = outer.1;
        // What a list gains in each round, it has gained that often in the end.
        let size = Size { len: step.len * range.len, of: step.of };
        if let Some((_, accumulated)) = self.bound.last_mut() {
            *accumulated = size;
        }
        let result = self.look(&comprehension.result);
        self.spend(result.whole());
        self.bound.truncate(outer.0);
        result
    }
}

#[expect(clippy::cast_precision_loss, reason = "the texts have a few thousand characters")]
const fn length(len: usize) -> f64 {
    len as f64
}

/// Returns the steps for making a pattern ready: each time anew, and what is repeated is written out.
fn pattern(part: &IdedExpr) -> f64 {
    /// What no pattern exceeds: the engine refuses larger ones.
    const MOST: f64 = 400_000.0;
    let Expr::Literal(LiteralValue::String(text)) = &part.expr else { return MOST / 20.0 };
    let text = text.inner();
    let signs = text.replace("\\.", "");
    // Classes of characters are tables.
    let heavy = ["\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\p", "\\P", "\\b", "\\B", "[^", ".", "(?"];
    let weight = if heavy.iter().any(|class| signs.contains(class)) { 20.0 } else { 1.0 };
    let counts = text.split('{').skip(1).map(|rest| {
        let inside = rest.split('}').next().unwrap_or_default();
        inside.split(',').filter_map(|count| count.trim().parse::<f64>().ok()).fold(1.0, f64::max)
    });
    let written = if text.contains("){") {
        // What a group repeats may repeat, too.
        length(text.len()) * counts.product::<f64>()
    } else {
        length(text.len()) + 4.0 * counts.sum::<f64>()
    };
    (100.0 + 5.0 * weight * written).min(MOST)
}
