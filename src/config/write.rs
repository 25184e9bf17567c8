//! Writes YAML as a person would: text is plain if every parser reads it as text, and quoted otherwise.

use std::fmt::Write as _;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::yaml::{Plain, plain};

/// Lists wider than this, in columns, on one line are written an item a line.
const WIDTH: usize = 100;

/// A text in the making.
#[derive(Debug, Default)]
pub(super) struct YamlWriter {
    text: String,
    /// The line ends before `counted`.
    lines: u32,
    counted: usize,
}

impl YamlWriter {
    /// Returns the number of the line that comes next, from 1.
    pub(super) fn line(&mut self) -> u32 {
        let lines = self.text[self.counted..].bytes().filter(|byte| *byte == b'\n').count();
        self.lines = self.lines.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.counted = self.text.len();
        self.lines + 1
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Writes an empty line, unless the text begins here or has one.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Writes lines as they are.
    pub(super) fn append(&mut self, lines: &str) {
        self.text.push_str(lines);
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.text.push_str("  ");
        }
    }

    /// Writes a line as it is.
    pub(super) fn raw(&mut self, depth: usize, line: &str) {
        self.indent(depth);
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Writes a comment, on one line whatever it holds.
    pub(super) fn comment(&mut self, depth: usize, words: &str) {
        self.indent(depth);
        self.text.push_str("# ");
        for c in words.chars() {
            if is_printable(c) {
                self.text.push(c);
            } else {
                // A string takes every write.
                let _ = write!(self.text, "{}", c.escape_default());
            }
        }
        self.text.push('\n');
    }

    /// Writes a key of a map that follows, or of nothing.
    pub(super) fn key(&mut self, depth: usize, key: &str, value: &str) {
        self.indent(depth);
        self.text.push_str(&scalar(key, ScalarPlace::Block));
        self.text.push(':');
        if !value.is_empty() {
            self.text.push(' ');
            self.text.push_str(value);
        }
        self.text.push('\n');
    }

    /// Writes a key with a text.
    pub(super) fn text(&mut self, depth: usize, key: &str, text: &str) {
        match block(text) {
            Some(header) => {
                self.key(depth, key, header);
                for line in text.lines() {
                    if line.is_empty() {
                        self.text.push('\n');
                    } else {
                        self.raw(depth + 1, line);
                    }
                }
            }
            None => self.key(depth, key, &scalar(text, ScalarPlace::Block)),
        }
    }

    /// Writes a key with a list, on one line where it fits.
    pub(super) fn list<'a>(&mut self, depth: usize, key: &str, items: impl IntoIterator<Item = &'a str>) {
        let items: Vec<String> = items.into_iter().map(|item| scalar(item, ScalarPlace::Flow)).collect();
        self.items(depth, key, &items);
    }

    /// Writes a key with a list of what is YAML already, on one line where it fits.
    pub(super) fn items(&mut self, depth: usize, key: &str, items: &[String]) {
        let flow = format!("[{}]", items.join(", "));
        if 2 * depth + key.width() + 2 + flow.width() <= WIDTH {
            return self.key(depth, key, &flow);
        }
        self.key(depth, key, "");
        for item in items {
            self.raw(depth + 1, &format!("- {item}"));
        }
    }
}

/// Where a scalar stands: within brackets more signs have a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarPlace {
    Block,
    Flow,
}

/// Returns a text as a scalar that every YAML parser reads as this text.
pub(super) fn scalar(text: &str, context: ScalarPlace) -> String {
    if is_plain(text, context) {
        text.to_owned()
    } else if text.contains('"') && text.chars().all(is_printable) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        quoted(text)
    }
}

/// Returns a JSON value as YAML on one line.
pub(super) fn yaml(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => scalar(text, ScalarPlace::Flow),
        Value::Array(items) => format!("[{}]", items.iter().map(yaml).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key, ScalarPlace::Flow), yaml(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn is_plain(text: &str, context: ScalarPlace) -> bool {
    let first = text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_/(.".contains(c) || !c.is_ascii());
    let last = text.ends_with(|c: char| !c.is_whitespace() && c != ':');
    let signs = |c: char| context == ScalarPlace::Flow && ",[]{}".contains(c);
    first
        && last
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains("##")
        && text.chars().all(|c| is_printable(c) && !signs(c))
        && !(context == ScalarPlace::Flow && text.contains("::"))
        && plain(text) == Plain::Text
}

/// Returns true for characters that stand for themselves on a line of any YAML reader and terminal.
fn is_printable(c: char) -> bool {
    let blank = c.is_whitespace() && c != ' ';
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{10ffff}'
    );
    !(c.is_control() || blank || hidden)
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut before = ' ';
    for c in text.chars() {
        let twice = c == '#' && before == '#';
        before = c;
        match c {
            // `##[` anywhere in a line is a command to a runner.
            '#' if twice => quoted.push_str("\\x23"),
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_printable(c) => quoted.push(c),
            c => {
                let code = u32::from(c);
                // A string takes every write.
                let _ = match code {
                    0..=0xff => write!(quoted, "\\x{code:02x}"),
                    0x100..=0xffff => write!(quoted, "\\u{code:04x}"),
                    _ => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Returns how a text of several lines begins as a block, or `None` where a block could not hold it.
fn block(text: &str) -> Option<&'static str> {
    let inner = text.strip_suffix('\n').unwrap_or(text);
    let good_line = |line: &str| {
        line.chars().all(is_printable)
            && (line.is_empty() || !line.trim().is_empty() && line == line.trim_end())
            // An export may be printed by a CI job, whose runner would take such a line for a command.
            && !line.trim_start().starts_with("::")
            && !line.contains("##")
    };
    let good = inner.contains('\n')
        && !inner.ends_with('\n')
        && !inner.starts_with([' ', '\n'])
        && inner.split('\n').all(good_line);
    match (good, inner.len() == text.len()) {
        (false, _) => None,
        (true, true) => Some("|-"),
        (true, false) => Some("|"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::parse::parse;
    use crate::config::tree;

    /// Reads the value of `k`, and whether YAML readers take it for text.
    fn reread(yaml: &str, flow: bool) -> Option<String> {
        let parsed = parse(0, yaml);
        assert!(parsed.mistakes.is_empty(), "{yaml:?}: {:?}", parsed.mistakes);
        let tree::Value::Map(map) = parsed.root?.value else { return None };
        let (_, value) = map.entries.into_iter().next()?;
        let value = match value.value {
            tree::Value::List(items) if flow => items.into_iter().nth(1)?,
            _ => value,
        };
        let tree::Value::Scalar(scalar) = value.value else { return None };
        assert_eq!(scalar.taken_for(), Plain::Text, "{yaml:?}");
        Some(scalar.text.into_owned())
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,30}",
            "\\PC{0,20}",
            any::<String>().prop_map(|text| text.chars().take(30).collect()),
            "[a-z ]{1,8}(\n[ -~]{0,12}){1,4}\n?",
            "(no|on|1e3|08|~|null|- a|a: b|a #b|'a'|\"a|\\[a|\\{a|!a|&a|\\*a|%a|@a|`a|2027-01-31|<<|=|---|\\?|:|,|#)",
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in any_text()) {
            let mut writer = YamlWriter::default();
            writer.text(0, "k", &text);
            prop_assert_eq!(reread(&writer.into_text(), false), Some(text.clone()));
            let mut writer = YamlWriter::default();
            writer.list(0, "k", ["a", &text, "b"]);
            let yaml = writer.into_text();
            prop_assert_eq!(reread(&yaml, true), Some(text), "{}", yaml);
        }

        #[test]
        fn no_line_commands_a_runner(text in "(a\n)?[ \u{a0}]{0,2}(::|##\\[|##vso\\[|###\\[)x(\n ?::y)?(\n##\\[z)?\n?") {
            let mut writer = YamlWriter::default();
            writer.text(0, "k", &text);
            let yaml = writer.into_text();
            let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##");
            prop_assert!(!yaml.lines().any(command), "{}", yaml);
            prop_assert_eq!(reread(&yaml, false), Some(text));
        }

        #[test]
        fn a_comment_is_one_line(text in any_text()) {
            let mut writer = YamlWriter::default();
            writer.comment(1, &text);
            let yaml = writer.into_text();
            prop_assert_eq!(yaml.lines().count(), 1);
            let parsed = parse(0, &yaml);
            prop_assert!(parsed.root.is_none() && parsed.mistakes.is_empty(), "{}", yaml);
        }
    }
}
