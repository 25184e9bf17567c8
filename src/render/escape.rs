//! Text from the API or a file, made safe for where it goes.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns true for characters that move the cursor, change colours, turn the direction of what follows, or hide.
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns the text for a terminal: harmful characters are shown as `\u{1b}`, line ends as `\n`.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            c if harmful(c) => _ = write!(safe, "\\u{{{:x}}}", u32::from(c)),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns a JSON document with its harmful characters escaped, which stand in strings only; it says the same.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != '\n' && harmful(c);
    if !document.contains(harmful) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 8);
    for c in document.chars() {
        match c {
            c if harmful(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    _ = write!(safe, "\\u{unit:04x}");
                }
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns the text for Markdown outside of code: nothing in it is a link, an image, a mention or markup.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in terminal(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '#' => safe.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Returns the text as inline code of Markdown, with as many backticks as it takes.
#[must_use]
pub fn code(text: &str) -> String {
    let safe = terminal(text);
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if safe.starts_with('`') || safe.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", safe.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_shown_instead() {
        assert_eq!(terminal("plain – text"), "plain – text");
        assert_eq!(terminal("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\\u{1b}[2Jb\\u{d}\\nc\\u{202e}d");
    }

    #[test]
    fn json_says_the_same_in_characters_that_do_no_harm() {
        let value = serde_json::json!({"name": "a\u{9b}b\u{202e}c\u{e0041}\u{7f}d\ne é"});
        let text = format!("{value:#}\n");
        let safe = json(&text);
        assert!(safe.contains(r"a\u009bb\u202ec\udb40\udc41\u007fd\ne é"), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        assert_eq!(json("{\n  \"a\": 1\n}\n"), "{\n  \"a\": 1\n}\n");
    }

    #[test]
    fn markdown_from_outside_stays_text() {
        assert_eq!(
            markdown("<img src=x> @all [x](y) | #1"),
            "&lt;img src=x&gt; &#64;all \\[x\\](y) \\| &#35;1"
        );
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
