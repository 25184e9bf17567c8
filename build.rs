//! Tells the program which commit and which target it is built from and for.

use std::path::Path;
use std::process::Command;

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rerun-if-env-changed=SCW_IAM_COMMIT");
    println!("cargo:rerun-if-changed=build.rs");
    let built = commit().map_or_else(|| target.clone(), |commit| format!("{commit}, {target}"));
    println!("cargo:rustc-env=SCW_IAM_BUILT={built}");
}

/// Returns the commit, where somebody names it or a release is built from a checkout or from a published package.
///
/// A debug build asks for none: each commit would build everything again.
fn commit() -> Option<String> {
    let named = std::env::var("SCW_IAM_COMMIT").ok();
    let asked = || (std::env::var("PROFILE").as_deref() == Ok("release")).then(of_checkout).flatten();
    let commit = named.or_else(of_package).or_else(asked)?;
    let is_one = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| commit[..commit.len().min(12)].to_owned())
}

/// Returns the commit that `cargo publish` writes down.
fn of_package() -> Option<String> {
    let text = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let after = text.split_once("\"sha1\"")?.1;
    Some(after.split('"').nth(1)?.to_owned())
}

/// Returns the commit that is checked out.
fn of_checkout() -> Option<String> {
    let git = |words: &[&str]| {
        let output =
            Command::new("git").args(words).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo:rerun-if-changed={log}");
    }
    git(&["rev-parse", "HEAD"])
}
