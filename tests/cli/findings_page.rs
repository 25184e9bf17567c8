//! `docs/findings.md` holds every finding there can be.

use std::fmt::Write as _;

use scw_iam::review::{FindingId, FindingText};

const HEAD: &str = "\
# Findings

These are the findings of `drift`, `plan`, `test`, `validate` and `report`, under the names that all formats use. Each has a severity
and a fingerprint. The fingerprint stays the same from run to run: it depends on the finding, the organization, the object, and what
distinguishes two findings about one object, never on a line, a file, a text or a time. `settings.drift.ignore` takes fingerprints.

If a check cannot be made, its finding is reported as *not judged*, with the reason, never as *none*.

| format | for |
|---|---|
| `sarif` | GitHub's code scanning: `github/codeql-action/upload-sarif`. Use it on the default branch: in a pull request GitHub shows only alerts at changed lines. Findings about objects that no file declares are placed at the line with `version:`. The upload warns that the file has fingerprints of its own; this is intended |
| `github` | annotations in the log of a GitHub job |
| `gitlab` | GitLab's code quality: `artifacts:reports:codequality` |
| `junit` | GitLab's `artifacts:reports:junit`, Jenkins and others: a case for each finding, and one for each check that found nothing |
| `openmetrics` | Prometheus' node exporter (textfile), GitLab's `artifacts:reports:metrics` |
| `csv` | spreadsheets; a cell that could be a formula begins with an apostrophe |
| `html` | people: one self-contained page that can be searched |
";

#[test]
fn the_page_of_findings_is_as_the_catalogue_says() {
    let mut page = HEAD.to_owned();
    let mut ids = FindingId::ALL.to_vec();
    ids.sort_by_key(|id| (std::cmp::Reverse(id.text().severity), id.as_str()));
    let mut section = None;
    for id in ids {
        let FindingText { word, severity, title, why, fine, check } = id.text();
        if section.replace(severity) != Some(severity) {
            let mut name = severity.to_string();
            name[..1].make_ascii_uppercase();
            write!(page, "\n## {name}\n").unwrap();
        }
        write!(
            page,
            "\n### `{word}`\n\n**{title}.** {why}\n\n- When it is fine: {fine}\n- How to check that it is gone: {check}\n"
        )
        .unwrap();
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/findings.md is not what the catalogue says; UPDATE_FILES=1 writes it anew");
}

/// `docs/limits.md` says what no report can see.
#[test]
fn the_page_of_limits_is_as_reports_say() {
    let mut page = "# What cannot be seen\n\nA report ends with these limits; they hold for every command that judges access.\n\n".to_owned();
    for limit in scw_iam::render::dossier::LIMITS {
        writeln!(page, "- {limit}").unwrap();
    }
    page.push_str(
        "\nWho can escalate is computed as a graph with five named edges: `edit-policies` (IAMPolicyManager, IAMManager, OrganizationManager),\n\
         `join-group` (IAMGroupManager), `make-key` (IAMApplicationManager), `take-over-person` (IAMUserManager) and\n\
         `read-delivered-key` (SecretManagerSecretAccess, for a key that this program delivered to a secret). Permission sets that manage\n\
         everything have the first four.\n\n\
         A list that the caller may not read (403) is *not judged*, in every format. A snapshot says for each list whether it was read. It\n\
         does not say how SAML is set up, and holds no secrets. Snapshots of older versions do not say what was read.\n\n\
         `report --activity` reads Audit Trail, in each region, and shows for every person and application the last call of the last 90\n\
         days, how many calls there were and how many of them were denied. For each product whose permission sets somebody holds it says:\n\n\
         - *seen*, with the day of the last call.\n\
         - *not seen*: Audit Trail records the product, and has no call by them. They may still use it in ways that are not recorded.\n\
         - *not recorded*: Audit Trail does not record the product, or only its changes while they can only read it.\n\
         - *not judged*: a region could not be read, or there are more than 1,000 people and applications.\n\n\
         It takes a request for each person and application in each region, or more for those with over 100 calls.\n\
         `--activity=applications` looks up applications alone, and `denied-often` says so. The review file (`-o csv`) has the same by\n\
         permission set, in its last two columns.\n",
    );
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/limits.md is not what reports say; UPDATE_FILES=1 writes it anew");
}
