//! The forms of the settings, as the official clients check them.

/// What an id looks like, for messages.
pub(super) const UUID: &str = "a UUID";

/// Reads an id, which has to be a UUID.
pub(super) fn uuid<T: std::str::FromStr>(text: &str) -> Option<T> {
    if is_uuid(text) { text.parse().ok() } else { None }
}

/// Whether it is a UUID, in either case.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == uuid::fmt::Hyphenated::LENGTH && uuid::Uuid::try_parse(text).is_ok()
}

/// `SCW` and 17 capital letters or digits.
pub(super) fn is_access_key(text: &str) -> bool {
    text.strip_prefix("SCW").is_some_and(|rest| {
        rest.len() == 17 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    })
}

/// Two letters, a dash, three to seven letters.
pub(super) fn is_region(text: &str) -> bool {
    let lower = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    text.split_once('-').is_some_and(|(country, city)| {
        country.len() == 2 && (3..=7).contains(&city.len()) && lower(country) && lower(city)
    })
}

/// A region, a dash, one or two digits.
pub(super) fn is_zone(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(region, number)| {
        is_region(region)
            && (1..=2).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Reads what Go's `strconv.ParseBool` reads.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
