use crate::config::decode::Decoder;
use crate::config::mistake::MistakeKind;
use crate::config::tree::{Node, Value};

/// Decodes `true` or `false`.
pub(super) fn flag(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<bool> {
    const WORDS: &[&str] = &["true", "false"];
    let plain = matches!(&node.value, Value::Scalar(scalar) if scalar.plain);
    let found = node.raw().filter(|_| plain).and_then(|text| WORDS.iter().position(|word| *word == text));
    if found.is_none() && !matches!(node.value, Value::Broken) {
        let found = node.raw().map_or_else(|| node.found().to_owned(), str::to_owned);
        d.mistake(node.at, MistakeKind::NotOneOf { what: what.to_owned(), words: WORDS, found, near: None });
    }
    found.map(|at| at == 0)
}
