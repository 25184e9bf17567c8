use jiff::SignedDuration;

use crate::config::decode::{Decoder, Spanned};
use crate::config::mistake::MistakeKind;
use crate::config::tree::Node;

/// The longest span: a hundred years.
const LONGEST: i64 = 36_525 * 24 * 60;

/// Decodes a span of time: `90d`, `12h`, `30m`.
pub(super) fn span(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    what: &'static str,
) -> Option<Spanned<SignedDuration>> {
    // A number without a unit gets a hint about the unit.
    let text = match node.raw().filter(|_| !node.is_null()) {
        Some(text) => text,
        None => d.text(node, what)?,
    };
    let unit = |text: &str| match text.split_at_checked(text.len().checked_sub(1)?)? {
        (digits, "d") => Some((digits.parse::<u32>().ok()?, 24 * 60)),
        (digits, "h") => Some((digits.parse().ok()?, 60)),
        (digits, "m") => Some((digits.parse().ok()?, 1)),
        _ => None,
    };
    let digits = text.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    let minutes = unit(text).filter(|_| digits).map(|(number, unit)| i64::from(number) * unit);
    match minutes.filter(|minutes| *minutes <= LONGEST) {
        Some(minutes) => Some(Spanned { value: SignedDuration::from_mins(minutes), at: node.at }),
        None => {
            d.mistake(node.at, MistakeKind::BadSpan { text: text.to_owned() });
            None
        }
    }
}
