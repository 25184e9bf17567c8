//! Escapes text from the API or a file for its destination.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns true for characters that move the cursor, change colours, turn the direction of what follows, or hide.
pub fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns the text for a terminal: harmful characters are shown as `\u{1b}`, line ends as `\n`.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    // Most texts are plain ASCII, and that is a faster check than the one for harmful characters.
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if plain || !text.contains(harmful) {
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
    if !document.contains(harmful) && !document.contains("##") {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 8);
    let mut before = ' ';
    for c in document.chars() {
        // `##[` anywhere in a line is a command to a runner, see `runner`.
        let twice = c == '#' && before == '#';
        before = c;
        match c {
            '#' if twice => safe.push_str("\\u0023"),
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

/// Returns text in which no line is a command to the runner of a CI job.
///
/// GitHub's runner obeys a line that begins with `::` after any blanks, and `##[` anywhere in it; that of Azure obeys
/// `##vso[` anywhere, that of TeamCity `##teamcity[`. A backslash keeps the signs apart, and is seen.
#[must_use]
pub fn runner(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive(['\n', '\r']) {
        let blank = blank(line);
        let (blank, mut rest) = line.split_at(blank);
        safe.push_str(blank);
        // No command's name begins with a colon; three of them frame the second place of a mistake.
        if rest.starts_with("::") && !rest.starts_with("::: ") {
            safe.push('\\');
        }
        while let Some(at) = rest.find("##") {
            let (before, after) = rest.split_at(at + 1);
            safe.push_str(before);
            let word = after[1..].trim_start_matches(|c: char| c.is_ascii_alphabetic());
            if word.starts_with('[') {
                safe.push('\\');
            }
            rest = after;
        }
        safe.push_str(rest);
    }
    Cow::Owned(safe)
}

/// Returns how many bytes of a line's beginning are blanks and colours, which a runner skips or strips.
fn blank(line: &str) -> usize {
    let mut rest = line;
    loop {
        let next = rest.trim_start();
        let next = next.strip_prefix("\u{1b}[").map_or(next, |colour| {
            colour.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').trim_start_matches('m')
        });
        if next.len() == rest.len() {
            return line.len() - rest.len();
        }
        rest = next;
    }
}

/// Returns the text for XML, in an element or an attribute.
///
/// XML 1.0 has no way to write control characters but tab and line ends, so that these become U+FFFD; of two `#` the
/// second is an entity, as they could be a command to a runner, see [`runner`].
#[must_use]
pub fn xml(text: &str) -> Cow<'_, str> {
    let plain =
        |c: char| !matches!(c, '<' | '>' | '&' | '"' | '\'' | '#' | '\u{fffe}' | '\u{ffff}') && !harmful(c);
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        let twice = c == '#' && before == '#';
        before = c;
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '#' if twice => safe.push_str("&#35;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if harmful(c) => _ = write!(safe, "\\u{{{:x}}}", u32::from(c)),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Returns the text for Markdown outside of code: nothing in it is a link, an image, a mention, a reference or markup.
///
/// GitHub and GitLab look for mentions, references and addresses in the rendered text, where an entity is what it stands
/// for, and leave code alone. So a word that could be one of these is written as code.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = terminal(text);
    let mut safe = String::with_capacity(text.len() + 8);
    let mut rest = &*text;
    while let Some((before, inside, after)) = quoted(rest) {
        safe.push_str(&prose(before));
        safe.push_str(&code(inside));
        let closing = after.len() - after.trim_start_matches(CLOSING).len();
        safe.push_str(&words(&after[..closing]));
        rest = &after[closing..];
    }
    safe.push_str(&prose(rest));
    safe
}

/// What may stand between a word and the blank after it.
const CLOSING: [char; 6] = [',', ';', ':', '.', ')', '"'];

/// Splits a text at the first part between backticks that stands by itself, as our messages quote: what is before it,
/// in it and after it. No other backtick may touch it, because two backticks have another meaning than one.
fn quoted(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('`')?;
        let close = open + 1 + text[open + 1..].find('`')?;
        let (before, inside, after) = (&text[..open], &text[open + 1..close], &text[close + 1..]);
        let begins = before.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '(');
        let ends = after.trim_start_matches(CLOSING).chars().next().is_none_or(char::is_whitespace);
        if begins && ends && !inside.trim().is_empty() {
            return Some((before, inside, after));
        }
        from = close;
    }
}

/// Escapes text, and writes as code each word that a forge could act on.
fn prose(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if active(word) {
            let (open, word, close) = bare(word);
            safe.push_str(&words(open));
            safe.push_str(&code(word));
            safe.push_str(&words(close));
        } else {
            safe.push_str(&words(word));
        }
        safe.push_str(&piece[word.len()..]);
    }
    safe
}

/// Returns true for a word in which a forge may find a mention, a reference or an address.
fn active(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let followed = |sign: char, good: fn(char) -> bool| {
        word.match_indices(sign).any(|(at, _)| word[at + sign.len_utf8()..].starts_with(good))
    };
    let number = |c: char| c.is_ascii_digit();
    let issue = lower.match_indices("gh-").any(|(at, _)| lower[at + 3..].starts_with(number));
    let commit = |part: &str| part.len() >= 7 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.contains(['@', '#'])
        || lower.contains("://")
        || lower.contains("www.")
        || lower.contains("mailto:")
        || lower.contains("xmpp:")
        || word.contains("[[")
        || issue
        || followed('!', number)
        || followed('$', number)
        || followed('&', number)
        || followed('%', |c| c.is_alphanumeric() || c == '"')
        || followed('~', |c| c.is_alphanumeric() || c == '"')
        || followed('^', char::is_alphanumeric)
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(commit)
}

/// Splits a word from the brackets and the punctuation around it.
fn bare(word: &str) -> (&str, &str, &str) {
    let inner = word.trim_start_matches(['(', '"']);
    let (open, rest) = word.split_at(word.len() - inner.len());
    let inner = rest.trim_end_matches(CLOSING);
    let (inner, close) = rest.split_at(inner.len());
    if inner.is_empty() { ("", word, "") } else { (open, inner, close) }
}

/// Escapes the signs of Markdown in words that are no more than that.
fn words(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
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
    fn no_line_commands_a_runner() {
        for (line, safe) in [
            ("::stop-commands::x", "\\::stop-commands::x"),
            (" \u{a0}\t::set-output name=a::b", " \u{a0}\t\\::set-output name=a::b"),
            ("\u{1b}[1;31m ::x", "\u{1b}[1;31m \\::x"),
            ("a ##[group]b ##vso[task] ##VSO[x", "a #\\#[group]b #\\#vso[task] #\\#VSO[x"),
            ("###[x", "##\\#[x"),
            ("##teamcity[x]", "#\\#teamcity[x]"),
        ] {
            assert_eq!(runner(line), safe);
            assert_eq!(runner(&format!("a\n{line}\nb")), format!("a\n{safe}\nb"));
        }
        for fine in ["", "  ::: iam.yaml:1:2", "a ::b", "a::b\n", "## Heading", "### [x](y)", "##"] {
            assert_eq!(runner(fine), fine);
        }
    }

    #[test]
    fn json_says_the_same_in_characters_that_do_no_harm() {
        assert_eq!(json(r###"["##[group]x", "#"]"###), r##"["#\u0023[group]x", "#"]"##);
        let value = serde_json::json!({"name": "a\u{9b}b\u{202e}c\u{e0041}\u{7f}d\ne é"});
        let text = format!("{value:#}\n");
        let safe = json(&text);
        assert!(safe.contains(r"a\u009bb\u202ec\udb40\udc41\u007fd\ne é"), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        assert_eq!(json("{\n  \"a\": 1\n}\n"), "{\n  \"a\": 1\n}\n");
    }

    #[test]
    fn markdown_from_outside_stays_text() {
        assert_eq!(markdown("<img src=x> @all [x](y) | #1"), "&lt;img src=x&gt; `@all` \\[x\\](y) \\| `#1`");
        assert_eq!(markdown("see (ann@x.io), GH-1."), "see (`ann@x.io`), `GH-1`.");
        assert_eq!(
            markdown("`PATCH /x` answered 403: (`a b`), no."),
            "`PATCH /x` answered 403: (`a b`), no."
        );
        assert_eq!(markdown("a ` b"), "a \\` b");
        assert_eq!(markdown("`a`@b `` `c"), "`` `a`@b `` \\`\\` \\`c");
        assert_eq!(markdown("a-b 1 != 2 100 % </details>"), "a-b 1 \\!= 2 100 % &lt;/details&gt;");
        for word in [
            "www.x.io",
            "http://x",
            "hTTps://x",
            "WWW.x",
            "org/repo#1",
            "#1",
            "gh-12",
            "!1",
            "$1",
            "%1",
            "~bug",
            "&1",
            "a@b.io",
            "@org/team",
            "6b1f0000",
            "org/repo@0123abc",
            "mailto:x",
            "[[wiki]]",
            "`@a`",
            "@",
        ] {
            let safe = markdown(word);
            assert!(safe.starts_with('`') && safe.ends_with('`'), "{safe}");
        }
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
