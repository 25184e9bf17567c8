use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::{Address, Key, KeyForm, Kind};

/// What a write changes, as far as its method tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteKind {
    /// It makes an object.
    Create,
    /// It deletes one.
    Delete,
    /// It changes an object's own fields.
    Fields,
    /// It puts somebody into a group.
    Joins,
    /// It takes somebody out of a group.
    Leaves,
    /// It sets who is in a group.
    Members,
    /// It replaces the rules of a policy.
    Rules,
    /// It locks or unlocks a person.
    Lock,
}

/// The writes that can have led to a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteTrace {
    /// Writes of these kinds to a live object.
    Object(Address, BTreeSet<WriteKind>),
    /// The deletion of an object that is gone.
    Deleted(DeletedObject),
    /// The creation of an API key.
    ApiKey(String),
}

/// An object that is gone, by what its deletion may call it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeletedObject {
    /// The kind.
    pub kind: Kind,
    /// The names that it had: of a person, the e-mail address and the username.
    pub names: BTreeSet<String>,
    /// The name that it may have had: of a person whose username is not known, the part of the e-mail address before the `@`.
    pub guess: Option<String>,
    /// The id, where files give it.
    pub id: Option<String>,
}

impl DeletedObject {
    /// Returns what the deletion of an object may call it. `username` is that of a person, where files give it.
    #[must_use]
    pub fn of(kind: Kind, key: &Key, username: Option<&str>) -> Self {
        let mut names: BTreeSet<String> = key.title().map(ToOwned::to_owned).into_iter().collect();
        names.extend(username.filter(|name| !name.is_empty()).map(ToOwned::to_owned));
        let local = match key {
            Key::Email(email) if names.len() == 1 => email.as_str().split('@').next(),
            Key::Named(_)
            | Key::Email(_)
            | Key::Username(_)
            | Key::Id(_)
            | Key::Project(_)
            | Key::Child(_)
            | Key::Only => None,
        };
        let id = match key {
            Key::Id(id) => Some(id.to_string()),
            Key::Named(_)
            | Key::Email(_)
            | Key::Username(_)
            | Key::Project(_)
            | Key::Child(_)
            | Key::Only => None,
        };
        Self { kind, names, guess: local.map(ToOwned::to_owned), id }
    }

    /// Says whether a deletion was that of the object; `None` if it may have been.
    #[must_use]
    pub fn is(&self, write: &RecordedWrite) -> Option<bool> {
        if let Some(id) = &self.id {
            return Some(write.object_id.eq_ignore_ascii_case(id));
        }
        let Some(name) = &write.name else { return Some(false) };
        let same = |known: &String| match self.kind.form() {
            KeyForm::Email => known.eq_ignore_ascii_case(name),
            KeyForm::Name | KeyForm::Child | KeyForm::Only => known == name,
        };
        match self.names.iter().any(same) {
            true => Some(true),
            false if self.guess.as_ref().is_some_and(same) => None,
            false => Some(false),
        }
    }
}

/// One write, as the API recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWrite {
    /// When.
    pub at: Timestamp,
    /// What it changes; `None` for a change of an unknown kind.
    pub kind: Option<WriteKind>,
    /// The method, where the record has it.
    pub method: String,
    /// The id of the object, or the access key.
    pub object_id: String,
    /// The name that the object had.
    pub name: Option<String>,
    /// The id of the user or application that did it.
    pub principal_id: String,
    /// The address that it came from.
    pub address: String,
    /// The client, by its User-Agent.
    pub client: String,
    /// The id of the request.
    pub request_id: String,
    /// The run of this program, according to the User-Agent: a label, not a proof.
    pub run_id: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribution {
    /// Exactly one recorded write matches.
    Exact(DoneBy),
    /// Several fit, and this is the last of them; or its record is not sure about the object.
    Likely(DoneBy),
    /// No recorded write matches.
    Unknown,
    /// The records could not be read, with the reason.
    NotAvailable(String),
}

/// A write, with who did it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoneBy {
    /// When.
    pub at: Timestamp,
    /// The user or application, by name where somebody has this id.
    pub principal: String,
    /// Its id.
    pub principal_id: String,
    /// The address that it came from.
    pub address: String,
    /// The client, by its User-Agent.
    pub client: String,
    /// The method, where the record has it.
    pub method: String,
    /// The id of the request.
    pub request_id: String,
    /// The run of this program, according to the User-Agent: a label, not a proof.
    pub run_id: Option<String>,
}

impl Attribution {
    /// Returns the word for how sure it is.
    #[must_use]
    pub const fn certainty(&self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::Likely(_) => "likely",
            Self::Unknown => "unknown",
            Self::NotAvailable(_) => "not available",
        }
    }

    /// Returns who did it, where that is known.
    #[must_use]
    pub const fn done_by(&self) -> Option<&DoneBy> {
        match self {
            Self::Exact(done_by) | Self::Likely(done_by) => Some(done_by),
            Self::Unknown | Self::NotAvailable(_) => None,
        }
    }
}

impl fmt::Display for Attribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(done_by) => done_by.fmt(f),
            Self::Likely(done_by) => write!(f, "likely {done_by}"),
            Self::Unknown => f.write_str("unknown"),
            Self::NotAvailable(why) => write!(f, "not available: {why}"),
        }
    }
}

impl DoneBy {
    /// Returns when, to the second.
    #[must_use]
    pub fn time(&self) -> String {
        self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Returns the tool: a run of this program, or the client without the details of its machine.
    #[must_use]
    pub fn tool(&self) -> String {
        match &self.run_id {
            Some(run) => format!("a run of scw-iam, {run}"),
            None if self.client.starts_with("Mozilla/") => "a browser".to_owned(),
            None => outside_brackets(&self.client),
        }
    }
}

/// Returns the words of a User-Agent that are not a comment in brackets.
fn outside_brackets(user_agent: &str) -> String {
    let mut depth = 0_usize;
    let outside: String = user_agent
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    outside.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for DoneBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.principal, self.time())?;
        if !self.address.is_empty() {
            write!(f, " from {}", self.address)?;
        }
        match (&self.run_id, self.tool().as_str()) {
            (Some(_), run) => write!(f, " by {run}")?,
            (None, "") => {}
            (None, client) => write!(f, " with {client}")?,
        }
        let said: Vec<String> = [("", &self.method), ("request ", &self.request_id)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(word, text)| format!("{word}{text}"))
            .collect();
        if said.is_empty() { Ok(()) } else { write!(f, " ({})", said.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_without_its_machine() {
        for (client, named) in [
            ("scaleway-cli/2.45.0 (go1.25.3; linux; amd64)", "scaleway-cli/2.45.0"),
            (
                "scaleway-sdk-go/v1 (go1; linux) terraform-provider/2.1 terraform/1.11",
                "scaleway-sdk-go/v1 terraform-provider/2.1 terraform/1.11",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "a browser"),
            ("x ((y) z", "x"),
            (")", ""),
        ] {
            assert_eq!(
                DoneBy {
                    at: Timestamp::UNIX_EPOCH,
                    principal: String::new(),
                    principal_id: String::new(),
                    address: String::new(),
                    client: client.to_owned(),
                    method: String::new(),
                    request_id: String::new(),
                    run_id: None,
                }
                .tool(),
                named
            );
        }
    }
}
