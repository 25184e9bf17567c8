//! `until`: when an entry ends by itself, and the condition that ends a rule on the server.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::access::cel::{Vocabulary, compile};
use crate::model::Condition;

/// The maximum number of characters of a condition on the wire.
///
/// Source: IAM API v1alpha1, `condition` of a rule.
pub(super) const CONDITION_MOST: usize = 2048;

/// Reads RFC 3339 with an offset, or a date: the midnight UTC that ends it.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        if date.to_string() != text {
            return None;
        }
        let end = date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
        return Some(end.timestamp());
    }
    let shape = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| shape.get(range).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    let sign = |at: usize, good: &[u8]| shape.get(at).is_some_and(|b| good.contains(b));
    let date_and_time = digits(0..4)
        && sign(4, b"-")
        && digits(5..7)
        && sign(7, b"-")
        && digits(8..10)
        && sign(10, b"Tt ")
        && digits(11..13)
        && sign(13, b":")
        && digits(14..16)
        && sign(16, b":")
        && digits(17..19);
    let rest = shape.get(19..).filter(|_| date_and_time)?;
    let fraction = match rest.strip_prefix(b".") {
        Some(rest) => 1 + rest.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    if fraction == 1 || !is_offset(&rest[fraction..]) {
        return None;
    }
    text.parse().ok()
}

/// Returns true for an offset of RFC 3339: `Z`, or hours and minutes, up to a day without a minute.
fn is_offset(text: &[u8]) -> bool {
    match text {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1 @ b'0'..=b'2', h2, b':', b'0'..=b'5', m2] => {
            h2.is_ascii_digit() && m2.is_ascii_digit() && (*h1 < b'2' || *h2 <= b'3')
        }
        _ => false,
    }
}

fn comparison(until: Timestamp) -> String {
    format!("request.time < timestamp(\"{until}\")")
}

/// Returns the condition's text with its end in it.
pub(super) fn compose(condition: Option<&str>, until: Timestamp) -> String {
    match condition {
        Some(condition) => {
            let end = if ends_in_comment(condition) { "\n" } else { "" };
            format!("({condition}{end}) && {}", comparison(until))
        }
        None => comparison(until),
    }
}

/// Returns true for a condition whose last line ends in a comment, which would take the bracket after it in.
fn ends_in_comment(condition: &str) -> bool {
    let last = condition.rsplit('\n').next().unwrap_or_default();
    // The two slashes may stand in a text.
    last.contains("//")
        && compile(&format!("({condition})"), Vocabulary::Condition).is_err()
        && compile(&format!("({condition}\n)"), Vocabulary::Condition).is_ok()
}

/// Turns a condition that [`compose`] could have written into its parts; `None` for every other one.
pub(super) fn decompose(condition: &Condition) -> Option<(Option<Condition>, Timestamp)> {
    let text = condition.as_str();
    let (inner, end) = match text.rfind("request.time < timestamp(\"")? {
        0 => (None, text),
        at => {
            let inner = text[..at].strip_prefix('(')?.strip_suffix(") && ")?;
            (Some(inner), &text[at..])
        }
    };
    let until = end.strip_prefix("request.time < timestamp(\"")?.strip_suffix("\")")?;
    let until: Timestamp = read(until).filter(|_| until.len() > 10)?;
    let Some(inner) = inner else {
        return (comparison(until) == text).then_some((None, until));
    };
    // The line break may be the one after a comment.
    let without = inner.strip_suffix('\n').into_iter();
    let inner = without.chain([inner]).find(|inner| compose(Some(inner), until) == text)?;
    // What stands in the brackets must be a condition by itself: `(a) || (b)` only looks like one.
    compile(inner, Vocabulary::Condition).ok()?;
    let inner: Condition = inner.parse().ok()?;
    // White space at its ends has no meaning in a file, and would be lost.
    (compose(Some(inner.as_str()), until) == text).then_some((Some(inner), until))
}

/// Returns when a rule ends by itself, by a condition that `until` wrote; `None` for every other condition.
#[must_use]
pub fn ends_at(condition: &Condition) -> Option<Timestamp> {
    decompose(condition).map(|(_, end)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        read(text).map(|time| time.to_string())
    }

    #[test]
    fn a_date_ends_at_the_midnight_that_ends_it() {
        assert_eq!(at("2027-01-31").as_deref(), Some("2027-02-01T00:00:00Z"));
        assert_eq!(at("2028-02-28").as_deref(), Some("2028-02-29T00:00:00Z"));
    }

    #[test]
    fn a_time_has_its_offset() {
        assert_eq!(at("2026-12-31T18:00:00Z").as_deref(), Some("2026-12-31T18:00:00Z"));
        assert_eq!(at("2026-12-31T18:00:00-23:59").as_deref(), Some("2027-01-01T17:59:00Z"));
        assert_eq!(at("2026-12-31T18:00:00.5+02:00").as_deref(), Some("2026-12-31T16:00:00.5Z"));
        for bad in [
            "",
            "never",
            "2027-02-29",
            "2027-13-01",
            "20270131",
            "2027-1-31",
            "2027-01-31T18:00:00",
            "2027-01-31T18:00Z",
            "2027-01-31T25:00:00Z",
            "2027-W01-1",
            "9999-12-31",
            "2027-01-31T18:00:00+01:00[Europe/Paris]",
            "+002027-01-31T18:00:00Z",
            "2027-01-01T00:00:00+25:00",
            "2027-01-01T00:00:00+24:00",
            "2027-01-01T00:00:00-23:60",
            "2027-01-01T00:00:00+05",
            "2027-01-01T00:00:00+0530",
            "2027-01-01T00:00:00+05:30:15",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00,5Z",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_composed_comes_apart_again() {
        let until: Timestamp = "2026-12-31T18:00:00Z".parse().unwrap();
        for inner in [
            "1 == 1",
            "request.ip == \"(\" || true",
            "true // always",
            "true //",
            "// first\ntrue",
            "true // one\n// two)",
            "true // one\n",
            "true // one\n\n",
            "resource.name == \"http://x\"",
            "resource.name == \"http://x\" // y",
            "resource.name == \"a\\n//\"",
        ] {
            assert!(compile(inner, Vocabulary::Condition).is_ok(), "{inner}");
            let inner = inner.trim();
            let text: Condition = compose(Some(inner), until).parse().unwrap();
            assert!(compile(text.as_str(), Vocabulary::Condition).is_ok(), "{text}");
            let Some((Some(again), end)) = decompose(&text) else { panic!("{text}") };
            assert_eq!(end, until);
            assert_eq!(compose(Some(again.as_str()), until), text.as_str());
            assert_eq!(again.as_str(), inner, "{text}");
        }
        let plain = compose(Some("resource.name == \"http://x\""), until);
        assert!(!plain.contains('\n'), "{plain}");
        let alone: Condition = compose(None, until).parse().unwrap();
        assert_eq!(decompose(&alone), Some((None, until)));
    }

    #[test]
    fn what_only_looks_composed_stays_whole() {
        for text in [
            "(1 == 1) || (2 == 2) && request.time < timestamp(\"2026-12-31T18:00:00Z\")",
            "(1 == 1) && request.time < timestamp(\"2026-12-31T18:00:00+00:00\")",
            "request.time < timestamp(\"2026-12-31T18:00:00Z\") && 1 == 1",
            "(1 == 1)  && request.time < timestamp(\"2026-12-31T18:00:00Z\")",
            "request.time < timestamp(\"2026-12-31\")",
            "(\n 1 == 1 \n) && request.time < timestamp(\"2026-12-31T18:00:00Z\")",
        ] {
            assert_eq!(decompose(&text.parse().unwrap()), None, "{text}");
        }
    }
}
