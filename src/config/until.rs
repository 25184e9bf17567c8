//! `until`: when an entry ends by itself, and the condition that ends a rule on the server.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The most characters of a condition on the wire.
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
        && digits(17..19)
        && sign(19, b".Zz+-");
    if !date_and_time || text.contains('[') {
        return None;
    }
    text.parse().ok()
}

fn comparison(until: Timestamp) -> String {
    format!("request.time < timestamp(\"{until}\")")
}

/// Returns the condition's text with its end in it.
pub(super) fn compose(condition: Option<&str>, until: Timestamp) -> String {
    match condition {
        Some(condition) => format!("({condition}) && {}", comparison(until)),
        None => comparison(until),
    }
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
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }
}
