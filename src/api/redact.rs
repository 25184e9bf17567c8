//! Removes the client's own secret from answers of the API, so that no answer can echo it into a log.
//!
//! A reader sees decoded text, so the strings of an answer are decoded before they are searched. Encodings of
//! other layers are found as well: JSON escapes, percent and HTML encoding, hex, and
//! base64 wherever the secret stands in the encoded bytes.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::secret::Secret;

/// The replacement.
const INSTEAD: &[u8] = b"[secret]";

/// Shorter texts are not secrets, and occur in answers by chance.
const SHORTEST: usize = 16;

/// So many encodings of one character within each other are undone; a run of any length would cost its square.
const DEEPEST: usize = 8;

/// Finds a secret in foreign text, in whatever form.
pub(super) struct Redactor {
    secret: Option<Secret>,
    /// Hex and base64, which hide where a character begins.
    encoded: Option<AhoCorasick>,
}

impl Redactor {
    pub(super) fn new(secret: &Secret) -> Self {
        let text = secret.expose();
        if text.len() < SHORTEST {
            return Self { secret: None, encoded: None };
        }
        let patterns = encodings(text);
        let encoded = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok();
        Self { secret: Some(Secret::new(text.to_owned())), encoded }
    }

    /// Takes every occurrence out of an answer's body; JSON stays JSON.
    pub(super) fn clean(&self, body: &mut Vec<u8>) {
        // A body without a backslash is its own decoded text, and most hold no secret: that costs one scan.
        let found = self.finds(body);
        if !found && !body.contains(&b'\\') {
            return;
        }
        let outside = |text| if found { Cow::Owned(self.without(text)) } else { Cow::Borrowed(text) };
        let mut clean = Vec::with_capacity(body.len());
        let mut rest = body.as_slice();
        while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
            let end = end_of_string(&rest[start..]);
            let (before, string) = (&rest[..start], &rest[start..start + end]);
            clean.extend_from_slice(&outside(before));
            match self.decoded(string, found) {
                Some(string) => clean.extend_from_slice(&string),
                None => clean.extend_from_slice(string),
            }
            rest = &rest[start + end..];
        }
        clean.extend_from_slice(&outside(rest));
        *body = clean;
    }

    /// Takes every occurrence out of a line.
    pub(super) fn cleaned(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.without(text.as_bytes())).into_owned()
    }

    /// Returns a string of JSON, quotes included, without the secret; `None` when it holds none. `all` tells that it may
    /// hold one without any escape.
    fn decoded(&self, string: &[u8], all: bool) -> Option<Vec<u8>> {
        if !all && !string.contains(&b'\\') {
            return None;
        }
        match serde_json::from_slice::<String>(string) {
            Ok(text) => {
                let found = self.finds(text.as_bytes());
                found.then(|| serde_json::to_vec(&self.cleaned(&text)).ok()).flatten()
            }
            // Not JSON: readers see it as it is.
            Err(_) => Some(self.without(string)),
        }
    }

    fn without(&self, text: &[u8]) -> Vec<u8> {
        let Some(secret) = &self.secret else { return text.to_vec() };
        let secret = secret.expose().as_bytes();
        let mut clean = Vec::with_capacity(text.len());
        let mut from = 0;
        while let Some((start, end)) = next_spelled(text, from, secret) {
            clean.extend_from_slice(&text[from..start]);
            clean.extend_from_slice(INSTEAD);
            from = end;
        }
        clean.extend_from_slice(&text[from..]);
        match &self.encoded {
            Some(encoded) => {
                let spelled = std::mem::take(&mut clean);
                encoded.replace_all_with_bytes(&spelled, &mut clean, |_, _, into| {
                    into.extend_from_slice(INSTEAD);
                    true
                });
                clean
            }
            None => clean,
        }
    }

    /// Returns true when there is an occurrence.
    fn finds(&self, text: &[u8]) -> bool {
        let Some(secret) = &self.secret else { return false };
        let encoded = self.encoded.as_ref().is_some_and(|encoded| encoded.is_match(text));
        encoded || next_spelled(text, 0, secret.expose().as_bytes()).is_some()
    }
}

/// Returns where the next spelled occurrence begins and ends.
fn next_spelled(text: &[u8], from: usize, secret: &[u8]) -> Option<(usize, usize)> {
    let first = secret.first()?.to_ascii_lowercase();
    let begins = |byte: u8| byte.to_ascii_lowercase() == first || matches!(byte, b'\\' | b'%' | b'&');
    (from..text.len())
        .filter(|at| begins(text[*at]))
        .find_map(|at| Some((at, spelled(&text[at..], secret)? + at)))
}

/// Returns how long a string of JSON is that begins with its quote; all there is when it does not end.
fn end_of_string(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// Returns where the secret ends that the text begins with, however each character is written, whatever its case, and
/// with its hyphens or without.
fn spelled(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for wanted in secret {
        match character(&text[at..]) {
            Some((found, len)) if found.eq_ignore_ascii_case(wanted) => at += len,
            _ if *wanted == b'-' => {}
            _ => return None,
        }
    }
    Some(at)
}

/// Returns the character of ASCII that a text begins with, and how many bytes it is written in.
fn character(text: &[u8]) -> Option<(u8, usize)> {
    let (value, len) = match text.first()? {
        b'\\' => {
            let slashes = text.iter().take(DEEPEST).take_while(|byte| **byte == b'\\').count();
            let (digits, most) = match text.get(slashes)? {
                b'u' if text.get(slashes + 1) == Some(&b'{') => (slashes + 2, DEEPEST),
                b'u' => (slashes + 1, 4),
                b'x' => (slashes + 1, 2),
                other => return Some((*other, slashes + 1)),
            };
            let (value, len) = number(&text[digits..], 16, most)?;
            (value, digits + len + usize::from(text.get(digits + len) == Some(&b'}')))
        }
        b'%' => {
            let again = repeated(&text[1..], b"25");
            // The last `25` may be the character itself.
            let (value, len) = number(&text[1 + again..], 16, 2)?;
            (value, 1 + again + len)
        }
        b'&' => {
            let start = 1 + repeated(&text[1..], b"amp;");
            let rest = &text[start..];
            let names: [&[u8]; 2] = [b"hyphen;", b"dash;"];
            if let Some(name) = names.into_iter().find(|name| rest.starts_with(name)) {
                return Some((b'-', start + name.len()));
            }
            let (radix, digits) = match rest {
                [b'#', b'x' | b'X', ..] => (16, 2),
                [b'#', ..] => (10, 1),
                _ => return None,
            };
            let (value, len) = number(&rest[digits..], radix, DEEPEST)?;
            let end = digits + len;
            (value, start + end + usize::from(rest.get(end) == Some(&b';')))
        }
        plain => return Some((*plain, 1)),
    };
    u8::try_from(value).ok().filter(u8::is_ascii).map(|value| (value, len))
}

/// Returns how many bytes the repetitions of a word take.
fn repeated(text: &[u8], word: &[u8]) -> usize {
    text.chunks(word.len()).take(DEEPEST).take_while(|chunk| *chunk == word).count() * word.len()
}

fn number(text: &[u8], radix: u32, most: usize) -> Option<(u32, usize)> {
    let digits: Vec<u32> =
        text.iter().take(most).map_while(|byte| char::from(*byte).to_digit(radix)).collect();
    let value = digits.iter().try_fold(0u32, |value, digit| value.checked_mul(radix)?.checked_add(*digit));
    value.filter(|_| !digits.is_empty()).map(|value| (value, digits.len()))
}

/// Returns hex and base64 of the secret in each case that a program may write it in, and of the bytes that a UUID stands
/// for.
fn encodings(text: &str) -> Vec<String> {
    let bare = |text: &str| text.replace('-', "");
    let cases = [text.to_owned(), text.to_lowercase(), text.to_uppercase()];
    let texts: Vec<String> = cases.iter().cloned().chain(cases.iter().map(|text| bare(text))).collect();
    let mut bytes: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    bytes.extend(uuid_bytes(&bare(text)));
    bytes.sort_unstable();
    bytes.dedup();
    let mut all = Vec::new();
    for bytes in &bytes {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(hex.to_uppercase());
        all.push(hex);
        for offset in 0..3 {
            all.extend(base64_core(&URL_SAFE_NO_PAD, bytes, offset));
            all.extend(base64_core(&STANDARD_NO_PAD, bytes, offset));
        }
    }
    all.retain(|pattern| pattern.len() >= SHORTEST);
    all.sort_unstable();
    all.dedup();
    all
}

fn uuid_bytes(hex: &str) -> Option<Vec<u8>> {
    let value = u128::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 32)?;
    Some(value.to_be_bytes().to_vec())
}

/// Returns the letters of base64 that depend on these bytes alone when `offset` others come before them.
fn base64_core(engine: &impl base64::Engine, bytes: &[u8], offset: usize) -> Option<String> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let text = engine.encode(&padded);
    let (first, end) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    text.get(first..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    const SECRET: &str = "5ec2e700-0000-4abc-8000-00000000000a";

    fn redactor() -> Redactor {
        Redactor::new(&Secret::new(SECRET))
    }

    fn cleaned(text: &str) -> String {
        redactor().cleaned(text)
    }

    #[test]
    fn a_secret_is_found_in_any_case_and_without_its_hyphens() {
        let text = format!("a {SECRET} b {} c {}", SECRET.to_uppercase(), SECRET.replace('-', ""));
        assert_eq!(cleaned(&text), "a [secret] b [secret] c [secret]");
        assert_eq!(cleaned(&format!("{SECRET}{SECRET}")), "[secret][secret]");
        assert_eq!(cleaned(&SECRET[1..]), SECRET[1..]);
        assert_eq!(cleaned(""), "");
    }

    #[test]
    fn a_short_text_is_not_taken_for_a_secret() {
        assert_eq!(Redactor::new(&Secret::new("any")).cleaned("many"), "many");
    }

    /// Every character, or the hyphens alone, written by `write`.
    fn written(write: impl Fn(char) -> String) -> [String; 2] {
        let all = SECRET.chars().map(&write).collect();
        [all, SECRET.replace('-', &write('-'))]
    }

    #[test]
    fn a_secret_is_found_however_its_characters_are_written() {
        let code = |c: char| u32::from(c);
        let forms = [
            written(|c| format!("\\u{:04x}", code(c))),
            written(|c| format!("\\\\u{:04X}", code(c))),
            written(|c| format!("\\u{{{:x}}}", code(c))),
            written(|c| format!("\\x{:02x}", code(c))),
            written(|c| format!("%{:02X}", code(c))),
            written(|c| format!("%25{:02x}", code(c))),
            written(|c| format!("&#{};", code(c))),
            written(|c| format!("&#x{:X};", code(c))),
            written(|c| format!("&amp;#{:03};", code(c))),
            written(|c| if c == '-' { "&hyphen;".to_owned() } else { c.to_string() }),
        ];
        for text in forms.as_flattened() {
            assert_eq!(cleaned(&format!("a {text} b")), "a [secret] b", "{text}");
        }
    }

    #[test]
    fn a_secret_is_found_in_hex_and_in_base64_at_each_offset() {
        let bytes = uuid_bytes(&SECRET.replace('-', "")).unwrap();
        let upper = SECRET.to_uppercase();
        for inside in [SECRET.as_bytes(), upper.as_bytes(), bytes.as_slice()] {
            for before in 0..6 {
                for after in 0..4 {
                    let all = [&b"header"[..before], inside, &b"~?>"[..after.min(3)]].concat();
                    for text in [STANDARD_NO_PAD.encode(&all), URL_SAFE_NO_PAD.encode(&all)] {
                        let clean = cleaned(&text);
                        assert!(clean.contains("[secret]") && clean.len() < 30, "{text} {clean}");
                    }
                    let hex: String = all.iter().map(|byte| format!("{byte:02X}")).collect();
                    assert!(cleaned(&hex).contains("[secret]"), "{hex}");
                }
            }
        }
    }

    #[test]
    fn an_answer_is_cleaned_as_it_is_read_and_stays_json() {
        let escaped = SECRET.replace('-', "\\u002d");
        let whole: String = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let body = format!(
            r#"{{"a":"{escaped}","b":["x \" {whole}","\b\\"],"{escaped}":"{SECRET}","c":"\\\"é\n","n":1.50,"n":2}}"#
        );
        let mut bytes = body.into_bytes();
        redactor().clean(&mut bytes);
        let expected = r#"{"a":"[secret]","b":["x \" [secret]","\b\\"],"[secret]":"[secret]","c":"\\\"é\n","n":1.50,"n":2}"#;
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn an_escape_that_begins_like_the_secret_stays_one() {
        let secret = "b1111111-0000-4000-8000-000000000000";
        let mut body = format!(r#"{{"a":"\{secret}"}}"#).into_bytes();
        let before = body.clone();
        Redactor::new(&Secret::new(secret)).clean(&mut body);
        assert!(
            serde_json::from_slice::<serde_json::Value>(&body).is_ok(),
            "{}",
            String::from_utf8_lossy(&body)
        );
        assert_eq!(body, before, "a backspace, not the secret");
        let mut broken = format!("\"{secret} and no end \\").into_bytes();
        Redactor::new(&Secret::new(secret)).clean(&mut broken);
        assert_eq!(String::from_utf8(broken).unwrap(), "\"[secret] and no end \\");
    }
}
