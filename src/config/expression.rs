//! Conditions and guardrails in a file: checked as CEL, with places inside of the scalar.

use std::ops::Range;

use super::decode::{Decoder, Spanned};
use super::mistake::{MistakeKind, Span, Written};
use super::tree::Node;
use crate::access::cel::{ExpressionFault, FUNCTIONS, FaultKind, Vocabulary, compile};

/// The names that a guardrail compares with.
#[derive(Debug, Clone, Default)]
pub(super) struct Compared {
    pub(super) groups: Vec<Spanned<String>>,
    pub(super) permission_sets: Vec<Spanned<String>>,
    pub(super) kinds: Vec<Spanned<String>>,
    pub(super) principals: Vec<Spanned<String>>,
    pub(super) scopes: Vec<Spanned<String>>,
    /// Whether the answer depends on a grant's scope at all.
    pub(super) reads_scope: bool,
}

impl Decoder<'_> {
    /// Checks the expression that a scalar holds.
    pub(super) fn expression(&mut self, text: &str, node: &Node<'_>, vocabulary: Vocabulary) -> Compared {
        match vocabulary {
            Vocabulary::Condition => {
                let faults = self.condition_faults(text);
                self.faults(&faults, text, node, vocabulary);
                Compared::default()
            }
            Vocabulary::Guardrail => match compile(text, vocabulary) {
                Ok(expression) => {
                    let places = ScalarPlaces::of(self.text, node.at, text);
                    let reads_scope = expression.reads("scope");
                    let mut compared = Compared { reads_scope, ..Compared::default() };
                    for (field, value, at) in expression.compared() {
                        let into = match field {
                            "via_group" => &mut compared.groups,
                            "permission_set" => &mut compared.permission_sets,
                            "kind" => &mut compared.kinds,
                            "principal" => &mut compared.principals,
                            "scope" => &mut compared.scopes,
                            _ => continue,
                        };
                        into.push(Spanned { value: value.to_owned(), at: places.at(&at) });
                    }
                    compared
                }
                Err(faults) => {
                    self.faults(&faults, text, node, vocabulary);
                    Compared::default()
                }
            },
        }
    }

    /// Checks what a good condition and its end make together.
    pub(super) fn combined(&mut self, alone: &str, together: &str, at: Span) {
        if self.condition_faults(alone).is_empty() {
            for fault in self.condition_faults(together) {
                let kind = self.fault(fault.kind, Vocabulary::Condition);
                self.mistake(at, kind);
            }
        }
    }

    fn condition_faults(&mut self, text: &str) -> Vec<ExpressionFault> {
        if let Some(known) = self.expressions.get(text) {
            return known.clone();
        }
        let faults = compile(text, Vocabulary::Condition).err().unwrap_or_default();
        self.expressions.insert(text.to_owned(), faults.clone());
        faults
    }

    fn faults(&mut self, faults: &[ExpressionFault], text: &str, node: &Node<'_>, vocabulary: Vocabulary) {
        if faults.is_empty() {
            return;
        }
        let places = ScalarPlaces::of(self.text, node.at, text);
        for fault in faults {
            let kind = self.fault(fault.kind.clone(), vocabulary);
            self.mistake(places.at(&fault.at), kind);
        }
    }

    fn fault(&mut self, fault: FaultKind, vocabulary: Vocabulary) -> MistakeKind {
        let written = match vocabulary {
            Vocabulary::Condition => Written::Condition,
            Vocabulary::Guardrail => Written::Guardrail,
        };
        match fault {
            FaultKind::Syntax(why) => MistakeKind::ExpressionSyntax { written, why: why.into() },
            FaultKind::TooDeep => MistakeKind::ExpressionTooDeep { written },
            FaultKind::Variable { name } => {
                let known: Vec<String> = vocabulary.variables_with_fields().collect();
                let near = self.budget.near(&name, known.iter().map(String::as_str)).map(str::to_owned);
                MistakeKind::UnknownVariable { written, name, near }
            }
            FaultKind::Function { name } => {
                let near = self.budget.near(&name, FUNCTIONS.iter().copied()).map(str::to_owned);
                MistakeKind::UnknownFunction { written, name, near }
            }
            FaultKind::NeverJudged { found } => MistakeKind::NeverJudged { written, found },
            FaultKind::NeverCompared { left, right } => MistakeKind::NeverCompared { written, left, right },
            FaultKind::TooCostly => MistakeKind::ExpressionTooCostly { written },
        }
    }
}

/// Where the parts of a scalar's text stand in the file.
struct ScalarPlaces {
    scalar: Span,
    /// For each byte of the text and its end, the byte of what is written; `None` when its notation hides it.
    offsets: Vec<Option<u32>>,
}

impl ScalarPlaces {
    fn of(file: &str, scalar: Span, text: &str) -> Self {
        let written = file.get(scalar.start()..scalar.end()).unwrap_or_default();
        Self { scalar, offsets: offsets(written, text) }
    }

    /// Returns where a part stands; all of the scalar when its notation hides it.
    fn at(&self, part: &Range<usize>) -> Span {
        let offset = |at: usize| self.offsets.get(at).copied().flatten();
        let (Some(start), Some(end)) = (offset(part.start), offset(part.end)) else { return self.scalar };
        let (file, from) = (self.scalar.file, self.scalar.start);
        Span { file, start: from + start, end: (from + end).max(from + start) }
    }
}

/// Returns where each byte of a scalar's text, and its end, stands in the way it is written: behind a quote, between line
/// breaks and indentation, after an escape. `None` from where the notation hides it.
fn offsets(written: &str, text: &str) -> Vec<Option<u32>> {
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut from = Some(usize::from(quote.is_some()));
    for wanted in text.chars() {
        from = from.map(|from| from + indent(&written[from..], wanted));
        offsets.extend(std::iter::repeat_n(from.and_then(|at| u32::try_from(at).ok()), wanted.len_utf8()));
        from = from.and_then(|from| Some(from + notation(&written[from..], wanted, quote)?));
    }
    offsets.push(from.and_then(|at| u32::try_from(at).ok()));
    offsets
}

/// Returns the bytes of the blanks that the text does not have: indentation, or the end of a folded line.
fn indent(written: &str, wanted: char) -> usize {
    let blank = |c: char| c.is_whitespace() && c != wanted && !wanted.is_whitespace();
    written.len() - written.trim_start_matches(blank).len()
}

/// Returns the bytes that one character takes as it is written.
fn notation(written: &str, wanted: char, quote: Option<char>) -> Option<usize> {
    let next = written.chars().next()?;
    match (next, quote) {
        ('\\', Some('"')) => {
            let escaped = written[1..].chars().next()?;
            (escaped == wanted).then_some(1 + escaped.len_utf8())
        }
        ('\'', Some('\'')) => Some(2),
        _ if next == wanted => Some(next.len_utf8()),
        _ if wanted.is_whitespace() && next.is_whitespace() => {
            Some(written.len() - written.trim_start().len())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::offsets;
    use crate::config::Source;
    use crate::config::mistake::{Mistake, MistakeKind};
    use crate::config::read::read;

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
            let offset = offsets(written, text)[at];
            assert_eq!(offset.map(|at| &written[at as usize..]), Some(found), "{written:?}");
        }
        assert_eq!(offsets("\"\\u0061 b\"", "a b")[2], None);
    }

    #[test]
    fn unknown_words_in_expressions_cost_no_more_than_the_budget_of_their_file() {
        let mut text =
            "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\nguardrails:\n".to_owned();
        for n in 0..300 {
            text.push_str(&format!(
                "  - {{name: n{n}, forbid: \"{}true\"}}\n",
                "grant.polcy==''||".repeat(30)
            ));
        }
        let budget = text.len().max(100_000);
        let source = Source::Text { name: "a.yaml".into(), bytes: text.into_bytes() };
        let mistakes = read(&[source], "2026-11-22T00:00:00Z".parse().unwrap()).unwrap_err();
        let meant =
            |mistake: &&Mistake| matches!(mistake.kind, MistakeKind::UnknownVariable { near: Some(_), .. });
        let meant = mistakes.iter().filter(meant).count();
        assert!(meant > 100 && meant <= budget / 256, "{meant} of {}", mistakes.len());
        assert!(mistakes.len() > budget / 256);
    }
}
