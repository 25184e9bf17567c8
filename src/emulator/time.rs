//! Times as the API reads and writes them.

use jiff::Timestamp;
use serde_json::Value;

/// Returns a time as `created_at` and `updated_at` are served: UTC, six decimals.
///
/// Recorded: all resources.
pub(super) fn six_decimals(at: Timestamp) -> Value {
    Value::from(format!("{at:.6}"))
}

/// Returns a time as `expires_at` is served: as precise as it was given, in 0, 3 or 6 decimals.
///
/// Recorded: api-key-expires, list-iamapi-keys-basic.
pub(super) fn as_given(at: Timestamp) -> Value {
    let micros = at.as_microsecond().rem_euclid(1_000_000);
    Value::from(match (micros % 1000, micros) {
        (_, 0) => format!("{at:.0}"),
        (0, _) => format!("{at:.3}"),
        _ => format!("{at:.6}"),
    })
}

/// Reads an RFC 3339 time with any offset; what is finer than a microsecond is cut off, not rounded.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let shaped = text.len() <= 40 && matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    if !shaped || text.contains('[') {
        return None;
    }
    text.parse::<Timestamp>().ok().map(to_microsecond)
}

/// Cuts off what is finer than a microsecond.
pub(super) fn to_microsecond(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Returns the next microsecond, or the same time at the end of all times.
pub(super) fn just_after(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().saturating_add(1)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_comes_back_in_utc_and_as_precise_as_it_was_given() {
        let back = |text: &str| as_given(parse(text).unwrap());
        assert_eq!(back("2035-07-06T11:00:00+02:00"), "2035-07-06T09:00:00Z");
        assert_eq!(back("2027-03-24T15:10:40.879Z"), "2027-03-24T15:10:40.879Z");
        assert_eq!(back("2027-03-24T15:10:57.648653377+02:00"), "2027-03-24T13:10:57.648653Z");
        assert_eq!(six_decimals(parse("2035-07-06T09:00:00Z").unwrap()), "2035-07-06T09:00:00.000000Z");
    }

    #[test]
    fn what_is_not_rfc_3339_is_no_time() {
        for text in [
            "",
            "2035-07-06",
            "2035-07-06 09:00:00Z",
            "never",
            "2035-07-06T09:00:00",
            "2035-07-06T09:00:00Z[UTC]",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
