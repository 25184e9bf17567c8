use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// Why a text is not valid. `Display` is a fragment that follows the quoted text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// An empty text.
    #[error("must not be empty")]
    Empty,
    /// More characters than the API takes.
    #[error("has {found} characters, but at most {most} are allowed")]
    TooLong {
        /// How many characters there are.
        found: usize,
        /// How many are allowed.
        most: usize,
    },
    /// A character that the API refuses there, and what it allows.
    #[error("must not hold {found:?} (character {position}): {allowed}")]
    Character {
        /// The first character that is refused.
        found: char,
        /// Its position, from 1.
        position: usize,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// A wrong form, in words.
    #[error("{0}")]
    Shape(&'static str),
}

macro_rules! text {
    ($(#[$doc:meta])* $type:ident, $check:path $(, $normal:path)?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(Arc<str>);

        impl $type {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = BadText;

            fn from_str(text: &str) -> Result<Self, BadText> {
                $(let text = $normal(text);)?
                $check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text! {
    /// The name of an application, a group or a policy: 1 to 64 of ASCII letters, digits, `_ ( ) . -` and inner
    /// spaces.
    ///
    /// Source: IAM API v1alpha1, `name` of the create requests, with the pattern of the official clients.
    Name, check_name
}

text! {
    /// The name of a permission set, such as `InstancesFullAccess`.
    ///
    /// Source: IAM API v1alpha1, `permission_set_names` of a rule. The catalogue lists those that exist.
    PermissionSetName, check_permission_set
}

text! {
    /// The name of a project: 1 to 64 characters, not unique in an organization.
    ///
    /// Source: Account API v3, `name` of a project. What the API serves is taken as it is, so only the length and
    /// control characters are checked.
    ProjectName, check_project
}

text! {
    /// The name of an object within another or within a project: 1 to 255 characters.
    ///
    /// Source: IAM API v1alpha1, `name` of an SSH key, of up to 1000 characters. Often the comment of the key:
    /// `alice@laptop`. Longer ones and empty ones go by their ids.
    ChildName, check_project
}

text! {
    /// A tag of an object, except for the ownership tag.
    ///
    /// Source: IAM API v1alpha1, `tags`: at most ten, none twice, each 1 to 70 of ASCII letters, digits,
    /// `. _ - / = + @` and spaces. Anything else is refused with 400. Objects made before that rule may have others.
    Tag, check_tag
}

text! {
    /// The name of a stack: `[a-z0-9][a-z0-9-]{0,30}`.
    Stack, check_stack
}

text! {
    /// The name of a slot for API keys, unique within its application: `[a-z0-9][a-z0-9-]{0,30}`.
    SlotName, check_stack
}

text! {
    /// The public half of an API key, which is its id: `SCW` and 17 capital letters or digits.
    ///
    /// Source: IAM API v1alpha1, `access_key`.
    AccessKeyId, check_access_key
}

text! {
    /// A condition of a rule, as text: CEL, 1 to 2048 characters, without the white space at both ends, which has no
    /// meaning.
    ///
    /// Source: IAM API v1alpha1, `condition` of a rule, stored and served verbatim (recorded: policy-condition).
    Condition, check_condition, str::trim
}

text! {
    /// The name that a person logs in with, unique in an organization: 2 to 150 of ASCII letters, digits and `@ . _ -`.
    ///
    /// Source: IAM API v1alpha1, `username` of `POST /users`, with the pattern of the official clients.
    Username, check_username
}

const NAME_MOST: usize = 64;

fn length(text: &str, most: usize) -> Result<(), BadText> {
    if text.is_empty() {
        return Err(BadText::Empty);
    }
    let found = text.chars().count();
    if found > most { Err(BadText::TooLong { found, most }) } else { Ok(()) }
}

fn characters(text: &str, good: impl Fn(char) -> bool, allowed: &'static str) -> Result<(), BadText> {
    match text.chars().enumerate().find(|(_, c)| !good(*c)) {
        Some((at, found)) => Err(BadText::Character { found, position: at + 1, allowed }),
        None => Ok(()),
    }
}

fn check_name(text: &str) -> Result<(), BadText> {
    length(text, NAME_MOST)?;
    let good = |c: char| c.is_ascii_alphanumeric() || "_().- ".contains(c);
    characters(text, good, "letters without accents, digits, `_ ( ) . -` and spaces in between")?;
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(BadText::Shape("must not begin or end with a space"));
    }
    Ok(())
}

fn check_permission_set(text: &str) -> Result<(), BadText> {
    length(text, 255)?;
    characters(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-', "letters and digits")
}

fn check_project(text: &str) -> Result<(), BadText> {
    length(text, 255)?;
    characters(text, |c| !c.is_control(), "no control characters")
}

/// The prefix of the ownership tag.
pub(super) const OWNER_TAG: &str = "scw-iam=";

/// Checks a tag as the API does, whether a file or this tool writes it.
fn check_tag_text(text: &str) -> Result<(), BadText> {
    length(text, 70)?;
    let good = |c: char| c.is_ascii_alphanumeric() || "._-/=+@ ".contains(c);
    characters(text, good, "letters without accents, digits, `. _ - / = + @` and spaces")
}

fn check_tag(text: &str) -> Result<(), BadText> {
    check_tag_text(text)?;
    if text.starts_with(OWNER_TAG) {
        return Err(BadText::Shape("is written by the tool itself; name the owner with `stack`"));
    }
    if text.starts_with("iam-managed-") {
        return Err(BadText::Shape("is reserved for objects that a product manages"));
    }
    Ok(())
}

fn check_stack(text: &str) -> Result<(), BadText> {
    length(text, 31)?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    characters(text, good, "lower-case letters, digits and `-`")?;
    if text.starts_with('-') {
        return Err(BadText::Shape("must begin with a letter or a digit"));
    }
    Ok(())
}

fn check_access_key(text: &str) -> Result<(), BadText> {
    length(text, 20)?;
    let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    characters(text, good, "`SCW` and 17 capital letters or digits")?;
    if text.len() != 20 || !text.starts_with("SCW") {
        return Err(BadText::Shape("is not an access key, which is `SCW` and 17 capital letters or digits"));
    }
    Ok(())
}

fn check_username(text: &str) -> Result<(), BadText> {
    length(text, 150)?;
    let good = |c: char| c.is_ascii_alphanumeric() || "@._-".contains(c);
    characters(text, good, "letters without accents, digits and `@ . _ -`")?;
    if text.len() < 2 { Err(BadText::Shape("must have at least 2 characters")) } else { Ok(()) }
}

fn check_condition(text: &str) -> Result<(), BadText> {
    length(text, 2048)
}

/// Checks a description: at most 200 characters, without control characters but tabs and line ends.
///
/// Source: IAM API v1alpha1, `description` of the create requests.
///
/// # Errors
/// The first rule that the text breaks.
pub fn check_description(text: &str) -> Result<(), BadText> {
    if text.is_empty() {
        return Ok(());
    }
    length(text, 200)?;
    characters(text, |c| !c.is_control() || "\n\t".contains(c), "no control characters")
}

/// The e-mail address of a user. Compares without ASCII case; shows as it was written.
#[derive(Clone)]
pub struct Email(Arc<str>);

impl Email {
    /// Returns the address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|b| b.to_ascii_lowercase())
    }
}

impl FromStr for Email {
    type Err = BadText;

    fn from_str(text: &str) -> Result<Self, BadText> {
        length(text, 254)?;
        let good = |c: char| !c.is_control() && !c.is_whitespace() && !"<>(),;:\"[]\\".contains(c);
        characters(text, good, "an address as in `alice@example.com`")?;
        match text.split_once('@') {
            Some((user, host)) if !user.is_empty() && !host.is_empty() && !host.contains('@') => {
                Ok(Self(text.into()))
            }
            _ => Err(BadText::Shape("is not an e-mail address: it needs one `@` with text on both sides")),
        }
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Byte by byte a hasher takes several times as long.
        for part in self.0.as_bytes().chunks(64) {
            let mut folded = [0; 64];
            let folded = &mut folded[..part.len()];
            folded.copy_from_slice(part);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_u8(0xff);
    }
}

impl Ord for Email {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl PartialOrd for Email {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_words_of_the_allowed_characters() {
        for good in ["a", "Project - default (105bdce1)", "tf_tests.x-y", "a  b"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", " a", "a ", "é", "a/b", "a:b", "a@b", "a\tb", &"x".repeat(65)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_refused_character_is_named_with_its_position() {
        let error = "ops/team".parse::<Name>().unwrap_err().to_string();
        assert!(error.starts_with("must not hold '/' (character 4)"), "{error}");
    }

    #[test]
    fn emails_compare_without_ascii_case_and_show_as_written() {
        let (a, b): (Email, Email) =
            ("Alice@Example.com".parse().unwrap(), "alice@example.COM".parse().unwrap());
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
        assert_eq!(a.to_string(), "Alice@Example.com");
    }

    #[test]
    fn emails_that_are_equal_are_one_key() {
        let long = "Longer.Than.One.Part".repeat(4);
        let emails = [format!("{long}@x.io"), format!("{long}@X.IO").to_uppercase(), format!("{long}.@x.io")];
        let set: std::collections::HashSet<Email> =
            emails.iter().map(|email| email.parse().unwrap()).collect();
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in ["", "alice", "@x", "a@", "a@b@c", "a b@c", "<a@b>", "a@b\n"] {
            assert!(bad.parse::<Email>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_tags_that_the_tool_and_the_products_write_are_refused() {
        for bad in ["scw-iam=platform", "iam-managed-product=x", "a\u{1b}[0m"] {
            assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_tag_has_the_characters_that_the_api_takes() {
        for good in ["team=platform", "a.b_c-d/e+f@g h", " ", "Z", &"x".repeat(70)] {
            assert!(good.parse::<Tag>().is_ok(), "{good:?}");
        }
        for bad in ["team:platform", "a*b", "é", "a,b", "a\tb", "", &"x".repeat(71)] {
            assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_tag_of_every_stack_is_one_that_the_api_takes() {
        let longest: Stack = "0-abcdefghijklmnopqrstuvwxyz-12".parse().unwrap();
        assert_eq!(check_tag_text(&format!("{OWNER_TAG}{longest}")), Ok(()));
    }

    #[test]
    fn a_username_has_the_characters_that_the_api_takes() {
        for good in ["ops", "alice@example.com", "a_b-c.d", &"x".repeat(150)] {
            assert!(good.parse::<Username>().is_ok(), "{good:?}");
        }
        for bad in ["", "a", "a b", "é2", "a+b", &"x".repeat(151)] {
            assert!(bad.parse::<Username>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_stack_is_short_and_lower_case() {
        assert!("platform-2".parse::<Stack>().is_ok());
        for bad in ["", "-a", "A", "a_b", &"x".repeat(32)] {
            assert!(bad.parse::<Stack>().is_err(), "{bad:?}");
        }
    }
}
