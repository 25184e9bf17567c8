//! The client's own secret, taken out of what the API says: nobody may echo it into a log.

use super::secret::Secret;

/// What stands in its place.
const INSTEAD: &[u8] = b"[secret]";

/// Shorter texts are no secrets, and stand in answers by chance.
const SHORTEST: usize = 16;

/// Finds a secret in foreign text, whatever its case, with its hyphens or without.
pub(super) struct Redactor {
    forms: Vec<Secret>,
}

impl Redactor {
    pub(super) fn new(secret: &Secret) -> Self {
        let whole = secret.expose().to_owned();
        let bare = whole.replace('-', "");
        let mut forms = vec![whole, bare];
        forms.dedup();
        forms.retain(|form| form.len() >= SHORTEST);
        Self { forms: forms.into_iter().map(Secret::new).collect() }
    }

    /// Takes every occurrence out.
    pub(super) fn clean(&self, text: &mut Vec<u8>) {
        for form in &self.forms {
            let form = form.expose().as_bytes();
            let mut from = 0;
            while let Some(at) = find(&text[from..], form) {
                text.splice(from + at..from + at + form.len(), INSTEAD.iter().copied());
                from += at + INSTEAD.len();
            }
        }
    }

    /// Takes every occurrence out of a line.
    pub(super) fn cleaned(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.clean(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn find(text: &[u8], form: &[u8]) -> Option<usize> {
    let (lower, upper) = (form.first()?.to_ascii_lowercase(), form.first()?.to_ascii_uppercase());
    let last = text.len().checked_sub(form.len())?;
    (0..=last).find(|at| {
        (text[*at] == lower || text[*at] == upper) && text[*at..*at + form.len()].eq_ignore_ascii_case(form)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "5ec2e700-0000-4abc-8000-00000000000a";

    fn cleaned(text: &str) -> String {
        Redactor::new(&Secret::new(SECRET)).cleaned(text)
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
    fn a_short_one_is_none() {
        assert_eq!(Redactor::new(&Secret::new("any")).cleaned("many"), "many");
    }
}
