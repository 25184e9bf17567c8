use super::managed::Managed;
use super::{Field, FieldValue, WriteCall};
use crate::model::{Id, KeyForm};

/// A public key: the holder of its private key can log in to the machines of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKey {
    /// The project.
    pub project: Id,
    /// The type of the key and its base64, without a comment.
    pub public_key: String,
    /// Whether the service ignores it.
    pub disabled: bool,
}

impl SshKey {
    /// Returns what tells a public key from others: its type and its base64. The service cuts the comment off
    /// (recorded: ssh-key-basic).
    #[must_use]
    pub fn material(line: &str) -> String {
        line.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }
}

impl Managed for SshKey {
    const FORM: KeyForm = KeyForm::Child;
    const ALWAYS_READ: bool = false;

    fn keys(&self) -> (u32, [&'static str; 2]) {
        (1, ["SSH key", "SSH keys"])
    }

    fn project(&self) -> Option<Id> {
        Some(self.project)
    }

    fn likeness(&self) -> Option<String> {
        Some(format!("{} {}", self.project, self.public_key))
    }

    /// A key that is to be disabled leaves none of its name enabled.
    fn replaces(&self, live: &Self) -> bool {
        self.public_key != live.public_key && !self.disabled
    }

    /// The service makes enabled keys only.
    fn is_nothing(&self) -> bool {
        self.disabled
    }

    fn opens(&self) -> Option<(&'static str, Id)> {
        (!self.disabled).then_some(("SSH", self.project))
    }

    fn keep(&mut self, live: &Self) {
        self.public_key.clone_from(&live.public_key);
    }

    fn patch(&mut self, _: &Self, after: &Self) {
        self.disabled = after.disabled;
    }

    fn fields(&self) -> Vec<Field<'_>> {
        let Self { project: _, public_key, disabled } = self;
        vec![
            Field::new("public_key", FieldValue::Text(public_key), WriteCall::Patch),
            Field::new("disabled", FieldValue::Flag(*disabled), WriteCall::Patch),
        ]
    }
}
