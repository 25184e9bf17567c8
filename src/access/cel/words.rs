//! The words that expressions may use, and the look-up of each.

use std::collections::BTreeMap;
use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::Expr;

use super::fault::{ExpressionFault, FaultKind};
use super::places::ExpressionPlaces;
use super::walk::{Bound, Walk, literal_text, walk};

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
pub const FUNCTIONS: &[&str] = &[
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
    pub fn variables_with_fields(self) -> impl Iterator<Item = String> {
        let all = self.variables().iter();
        all.flat_map(|(name, fields)| fields.iter().map(move |field| format!("{name}.{field}")))
    }
}

/// Looks up every word of an expression.
struct WordCheck<'a> {
    vocabulary: Vocabulary,
    places: &'a ExpressionPlaces<'a>,
    found: Vocables,
}

/// What an expression speaks of.
#[derive(Default)]
pub(super) struct Vocables {
    /// The words that nobody knows.
    pub(super) faults: Vec<ExpressionFault>,
    /// The parts that are fields, by number, as one writes them: `resource.name`.
    pub(super) fields: BTreeMap<u64, String>,
    /// How deep the tree is.
    pub(super) depth: usize,
}

/// Looks up every word of an expression.
pub(super) fn look_up(vocabulary: Vocabulary, places: &ExpressionPlaces<'_>, tree: &IdedExpr) -> Vocables {
    let mut words = WordCheck { vocabulary, places, found: Vocables::default() };
    let SeenPart { depth, alone } = walk(tree, &mut words);
    words.without_field(alone);
    Vocables { depth, ..words.found }
}

/// What was seen of a part.
#[derive(Clone, Default)]
struct SeenPart<'a> {
    depth: usize,
    /// The part itself, when it is a variable that no macro binds: it has no meaning without a field.
    alone: Option<(&'a IdedExpr, &'a str)>,
}

impl<'a> Walk<'a> for WordCheck<'a> {
    type Answer = SeenPart<'a>;

    fn element(&self, _: &SeenPart<'a>) -> SeenPart<'a> {
        SeenPart::default()
    }

    fn part(
        &mut self,
        part: &'a IdedExpr,
        bound: &Bound<'a, SeenPart<'a>>,
        mut below: Vec<SeenPart<'a>>,
    ) -> SeenPart<'a> {
        let depth = below.iter().map(|seen| seen.depth + 1).max().unwrap_or_default();
        let field = match &part.expr {
            Expr::Ident(name) if bound.get(name).is_none() && !TYPES.contains(&name.as_str()) => {
                return SeenPart { depth, alone: Some((part, name)) };
            }
            Expr::Select(select) => Some(select.field.as_str()),
            Expr::Call(call) => {
                self.function(part, &call.func_name);
                call.args.get(1).and_then(literal_text).filter(|_| call.func_name == "_[_]")
            }
            Expr::Struct(message) => {
                self.fault_variable(part, &message.type_name);
                None
            }
            Expr::Comprehension(_)
            | Expr::Ident(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Unspecified => None,
        };
        if let Some(field) = field
            && let Some((_, of)) = below.first_mut().and_then(|of| of.alone.take())
        {
            self.field(part, of, field);
        }
        below.into_iter().for_each(|seen| self.without_field(seen.alone));
        SeenPart { depth, alone: None }
    }
}

impl<'a> WordCheck<'a> {
    fn without_field(&mut self, alone: Option<(&'a IdedExpr, &'a str)>) {
        if let Some((part, name)) = alone {
            self.fault_variable(part, name);
        }
    }

    fn field(&mut self, part: &IdedExpr, of: &str, field: &str) {
        let name = format!("{of}.{field}");
        if self.vocabulary.fields_of(of).unwrap_or_default().contains(&field) {
            self.found.fields.insert(part.id, name);
        } else {
            self.fault_variable(part, &name);
        }
    }

    fn fault_variable(&mut self, part: &IdedExpr, name: &str) {
        let at = self.find(part, name);
        self.found.faults.push(ExpressionFault { at, kind: FaultKind::Variable { name: name.to_owned() } });
    }

    fn function(&mut self, part: &IdedExpr, name: &str) {
        // Operators have names of signs; the macros' own helpers begin with `@`.
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if word && !FUNCTIONS.contains(&name) {
            let at = self.find(part, name);
            self.found
                .faults
                .push(ExpressionFault { at, kind: FaultKind::Function { name: name.to_owned() } });
        }
    }

    /// Returns where `word` stands: nearest to where the parser places the part, which may be its dot or bracket.
    fn find(&self, part: &IdedExpr, word: &str) -> Range<usize> {
        let text = self.places.info.source.as_str();
        let at = self.places.own(part).unwrap_or(0..text.len());
        let last = word.rsplit('.').next().unwrap_or(word);
        let nearest = |word: &str| {
            let all = text.match_indices(word).map(|(start, _)| start..start + word.len());
            all.min_by_key(|range| {
                let before = at.start.saturating_sub(range.end);
                before + range.start.saturating_sub(at.end)
            })
        };
        nearest(word).or_else(|| nearest(last)).unwrap_or(at.clone())
    }
}
