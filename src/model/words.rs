//! Numbers and times as people read them.

use jiff::Timestamp;

/// Returns a number with its noun: `1 rule`, `3 rules`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Joins words: `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn joined(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns the day of a time, in UTC.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// Returns a time to the second, in UTC.
#[must_use]
pub fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
