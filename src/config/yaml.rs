//! How YAML parsers read an unquoted word.

/// What an unquoted scalar is to a reader of YAML 1.1 or 1.2, the wider of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Text,
    Null,
    Bool,
    Number,
    Time,
    /// `<<` and `=`, which YAML 1.1 gives a meaning.
    Sign,
}

impl Plain {
    /// Returns the words for it, or `None` for text.
    pub(super) const fn words(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Null => Some("a null"),
            Self::Bool => Some("a boolean"),
            Self::Number => Some("a number"),
            Self::Time => Some("a time"),
            Self::Sign => Some("a sign"),
        }
    }
}

/// Returns how an unquoted scalar is read.
///
/// Source: YAML 1.1 types (null, bool, int, float, timestamp, merge, value) and the YAML 1.2.2 core schema.
pub(super) fn plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "<<" | "=" => return Plain::Sign,
        _ => {}
    }
    if is_bool(text) {
        return Plain::Bool;
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Plain::Text;
    }
    if is_number(text) {
        Plain::Number
    } else if is_time(text) {
        Plain::Time
    } else {
        Plain::Text
    }
}

fn is_bool(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "yes", "n", "no", "true", "false", "on", "off"];
    let cased = |word: &str| {
        text == word
            || text.chars().all(|c| c.is_ascii_uppercase())
            || (text.starts_with(|c: char| c.is_ascii_uppercase()) && text[1..] == word[1..])
    };
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word) && cased(word))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all =
        |text: &str, good: fn(u8) -> bool| !text.is_empty() && text.bytes().all(|b| b == b'_' || good(b));
    if let Some(bits) = digits.strip_prefix("0b") {
        return all(bits, |b| matches!(b, b'0' | b'1'));
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return all(hex, |b| b.is_ascii_hexdigit());
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return all(octal, |b| matches!(b, b'0'..=b'7'));
    }
    if let Some(word) = digits.strip_prefix('.') {
        let word = word.to_ascii_lowercase();
        if word == "inf" || word == "nan" {
            return true;
        }
    }
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (is_decimal(digits) || is_sexagesimal(digits))
}

/// Digits, perhaps a point, perhaps an exponent; at least one digit before the exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let good_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let points = mantissa.bytes().filter(|b| *b == b'.').count();
    good_exponent
        && points <= 1
        && mantissa.bytes().any(|b| b.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'))
}

/// `190:20:30`, a number in base 60 to YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let good =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    text.contains(':')
        && good(first)
        && parts.all(|part| part.len() <= 2 && good(part) || part.contains('.') && good(part))
}

/// A date, or a date with a time after it.
fn is_time(text: &str) -> bool {
    let mut date = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (date.next(), date.next(), date.next()) else {
        return false;
    };
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let day = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    let after = &rest[day.len()..];
    let time = after.is_empty()
        || after.starts_with(['T', 't', ' ', '\t'])
            && after[1..].trim_start().starts_with(|c: char| c.is_ascii_digit())
            && after.contains(':');
    year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2) && time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unquoted_word_is_what_any_reader_takes_it_for() {
        for (kind, words) in [
            (Plain::Null, &["", "~", "null", "NULL"][..]),
            (Plain::Bool, &["no", "No", "NO", "on", "off", "yes", "y", "N", "true", "FALSE"]),
            (
                Plain::Number,
                &["1", "-1", "+3", "08", "0o7", "0x1F", "0b1", "1e3", "1.5", ".5", "1.", "1_000"],
            ),
            (Plain::Number, &["190:20:30", ".inf", "-.INF", ".nan", "1E-3"]),
            (Plain::Time, &["2027-01-31", "2026-12-31T18:00:00Z", "2001-1-2 1:02:03"]),
            (Plain::Sign, &["<<", "="]),
            (Plain::Text, &["nO", "yEs", "none", "a", "1a", "1-2", "v1.5", "1.2.3", "-", ".", "e3", "12:ab"]),
            (Plain::Text, &["105bdce1-64c0-48ab-899d-868455867ecf", "12345678-1234-1234-1234-123456789012"]),
            (Plain::Text, &["2027-01-31-backup", "1e", "0x", "--1", "é", "Ünï"]),
        ] {
            for word in words {
                assert_eq!(plain(word), kind, "{word}");
            }
        }
    }
}
