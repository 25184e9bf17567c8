//! Patterns over names, as in `prod-*`.

/// Says whether a word is a pattern: it holds `*` or `?`.
#[must_use]
pub fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?'])
}

/// Says whether a name matches a pattern: `*` is any text, `?` any character.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where the last `*` is, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(c) if *c == '?' || *c == name[of] => (at, of) = (at + 1, of + 1),
            Some(_) | None => {
                let Some((begin, taken)) = star else { return false };
                star = Some((begin, taken + 1));
                (at, of) = (begin + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_any_character() {
        for (pattern, name) in [
            ("prod-*", "prod-eu"),
            ("prod-*", "prod-"),
            ("*", ""),
            ("*-eu", "prod-eu-eu"),
            ("p?od", "prod"),
            ("a*b*c", "a-b-b-c"),
            ("é*", "été"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("prod-*", "preprod-eu"), ("p?od", "pod"), ("a*b", "a-b-c"), ("", "a"), ("*b", "a")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(is_pattern("prod-*") && is_pattern("p?od") && !is_pattern("prod"));
    }
}
