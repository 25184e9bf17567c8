//! Terraform states, and the commands that let go of what they hold.

use std::path::Path;

use anyhow::Context as _;

use super::failure::Failure;
use super::output::{Output, talk};
use crate::config::{TERRAFORM_MOST, TerraformError, TerraformState};
use crate::files::{self, Links};
use crate::reconcile::{AdoptedKey, TakenOver};
use crate::render::Format;
use crate::render::escape::{harmful, terminal};

/// Reads a state.
pub(super) fn read(path: &Path) -> Result<TerraformState, Failure> {
    let name = path.display();
    let text = files::read(path, TERRAFORM_MOST, Links::Refused);
    let text = text.with_context(|| format!("cannot read {name}")).map_err(|error| {
        Failure::error(error)
            .hint("`terraform state pull > terraform.tfstate` writes the state that Terraform uses")
    })?;
    TerraformState::read(&text).map_err(|error| {
        let deposed = matches!(error, TerraformError::Deposed(_));
        let failure = Failure::error(anyhow::Error::new(error).context(format!("cannot read {name}")));
        if deposed {
            failure.hint(
                "run `terraform apply`, and export again: `terraform state rm` would forget that object too",
            )
        } else {
            failure
        }
    })
}

/// Prints what to run, so that Terraform forgets the objects and deletes none of them.
pub(super) fn let_go(taken: &TakenOver, folder: &Path) -> Result<(), Failure> {
    for (address, why) in &taken.left {
        talk(&terminal(&format!("note: {address} stays in Terraform: {why}")));
    }
    for (address, person) in &taken.people {
        let words = format!(
            "the files refer to {person} and do not declare people, so nothing manages this entry afterwards"
        );
        talk(&terminal(&format!("note: {address}: {words}")));
    }
    for key in &taken.keys {
        let AdoptedKey { application, slot, access_key, delivery, overlap } = key;
        let days = overlap.as_hours() / 24;
        talk(&terminal(&format!(
            "note: an apply makes a new API key for slot {slot} of {application}, delivers it to {delivery}, and deletes {access_key} {days} days later; set the place of delivery in applications.yaml"
        )));
    }
    let folder = folder.display();
    let mut script = format!(
        "# 1. Stop other runs of Terraform. Then let it forget these {} resources; it deletes none of them:\n",
        taken.taken.len()
    );
    for address in &taken.taken {
        script.push_str(&format!("terraform state rm {}\n", quoted(address)));
    }
    script.push_str(&format!(
        "# 2. Delete the blocks of these resources from the configuration. `terraform plan` has nothing to change then.\n\
         # 3. Take over what it forgot:\n\
         scw-iam apply {}\n",
        quoted(&folder.to_string())
    ));
    Output { format: Format::Text, file: None }.write(script.as_bytes())?;
    Ok(())
}

/// Writes a word so that a shell takes it as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.contains(harmful) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    // What moves the cursor or turns text around reaches no terminal, and the shell all the same.
    let letters = word.chars().map(|c| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if harmful(c) => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        c => c.to_string(),
    });
    format!("$'{}'", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_reaches_the_shell_whole_and_the_terminal_harmless() {
        for (word, safe) in [
            ("scaleway_iam_user.ana", "scaleway_iam_user.ana"),
            ("a[\"it's\"]", "'a[\"it'\\''s\"]'"),
            ("a[\"\u{202e}b\"]", "$'a[\"\\xe2\\x80\\xaeb\"]'"),
            ("a[\"\u{1b}[31m\\'\u{9b}\"]", "$'a[\"\\x1b[31m\\\\\\'\\xc2\\x9b\"]'"),
        ] {
            assert_eq!(quoted(word), safe);
        }
    }
}
