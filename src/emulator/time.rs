//! Times as the API reads and writes them.

use jiff::{SignedDuration, Timestamp};
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

/// A time in a row: read with any offset, served in UTC with six decimals.
pub(super) mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{at:.6}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::parse(&text).ok_or_else(|| D::Error::custom(super::NOT_A_TIME))
    }
}

/// The same, or null.
pub(super) mod micros_or_null {
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::micros::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        super::parse(&text).map(Some).ok_or_else(|| D::Error::custom(super::NOT_A_TIME))
    }
}

/// What is said of a text that is no time.
pub(super) const NOT_A_TIME: &str = "value must be an RFC 3339 time";

/// Reads a duration as `2592000s` or `1800.000000000s`; none is negative.
///
/// Recorded: secret-ephemeral-policy.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let (seconds, fraction) =
        text.strip_suffix('s')?.split_once('.').unwrap_or((text.strip_suffix('s')?, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    seconds.parse().ok().map(SignedDuration::from_secs)
}

/// Returns a duration as it is served: whole seconds.
pub(super) fn whole_seconds(duration: SignedDuration) -> String {
    format!("{}s", duration.as_secs())
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
    fn a_duration_is_served_in_whole_seconds() {
        let back = |text: &str| duration(text).map(whole_seconds);
        assert_eq!(back("1800.000000000s").as_deref(), Some("1800s"));
        assert_eq!(back("2592000s").as_deref(), Some("2592000s"));
        for text in ["", "s", "-1s", "1", "1m", "1.0000000000s", "1.s0", "+5s"] {
            assert_eq!(duration(text), None, "{text}");
        }
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
