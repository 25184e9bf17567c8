//! The words for each mistake.

use super::mistake::{Meant, MistakeKind, Written};
use crate::access::cel::Sort;
use crate::model::Kind;

/// The words for a mistake: lower-case fragments, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// A stable name for the sort of mistake, for machines.
    pub code: &'static str,
    /// What is wrong.
    pub title: String,
    /// What stands beside the caret: what was probably meant, or what to write; empty where the title says it all.
    pub label: String,
    /// What stands beside the other place.
    pub other: &'static str,
}

fn say(code: &'static str, title: impl Into<String>, label: impl Into<String>) -> Words {
    Words { code, title: title.into(), label: label.into(), other: "" }
}

fn both(
    code: &'static str,
    title: impl Into<String>,
    label: impl Into<String>,
    other: &'static str,
) -> Words {
    Words { code, title: title.into(), label: label.into(), other }
}

fn meant(near: Option<&String>, otherwise: impl Into<String>) -> String {
    near.map_or_else(|| otherwise.into(), |near| format!("did you mean `{near}`?"))
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Returns a text short enough for a title.
fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn all(words: &[&str]) -> String {
    listed(words).replace(" or ", " and ")
}

fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

const fn expression(written: Written) -> &'static str {
    match written {
        Written::Condition => "condition",
        Written::Guardrail => "guardrail",
    }
}

/// Returns the words for a mistake: one variant, one message.
#[expect(clippy::too_many_lines, reason = "one flat match, an arm for each message")]
pub(super) fn words(kind: &MistakeKind) -> Words {
    use MistakeKind as K;
    match kind {
        K::SourceMissing => say("source-missing", "there is no such file or folder", ""),
        K::SourceUnreadable { why } => say("source-unreadable", format!("cannot be read: {why}"), ""),
        K::FolderWithoutYaml => say(
            "folder-without-yaml",
            "the folder holds no `*.yaml` or `*.yml` (hidden files are skipped, links are not followed)",
            "",
        ),
        K::FoldersTooDeep => say("folders-too-deep", "the folders are nested too deep to be meant", ""),
        K::UpperCaseExtension { found } => say(
            "upper-case-extension",
            format!(
                "the file would be skipped: its name ends in `.{found}`; rename it to end in `.yaml` or `.yml`"
            ),
            "",
        ),
        K::LinkInPath { path } => say(
            "link-in-path",
            format!(
                "`{}` is a link, and could lead anywhere; name what it leads to, or pass `--follow-links`",
                short(path)
            ),
            "",
        ),
        K::LinkInFolder => say(
            "link-in-folder",
            "the file would be skipped: links in a folder are not followed; put the file itself here, or pass `--follow-links`",
            "",
        ),
        K::LinkedFolder => say(
            "linked-folder",
            "what this leads to would be skipped: links in a folder are not followed; put the folder itself here, name it on the command line, or pass `--follow-links`",
            "",
        ),
        K::HiddenSays { key, inner } => {
            let holds = match inner {
                Some(inner) => format!("`{}` in it holds `{key}`", short(inner)),
                None => format!("it holds `{key}`"),
            };
            say(
                "hidden",
                format!(
                    "this is not read because its name begins with a dot, but {holds}; rename it if it counts, or move it elsewhere if it does not"
                ),
                "",
            )
        }
        K::SpecialInFolder => say(
            "special-in-folder",
            "only plain files are read, and this is something else: a pipe, a socket or a device; rename or remove it",
            "",
        ),
        K::TooManyFiles { found, most } => {
            say("too-many-files", format!("the folder holds {found} YAML files, at most {most} are read"), "")
        }
        K::FileTooLarge { most } => {
            say("file-too-large", format!("the file is larger than {} MiB", mebibytes(*most)), "")
        }
        K::InputTooLarge { most } => say(
            "input-too-large",
            format!("with this file the input is larger than {} MiB; no more is read", mebibytes(*most)),
            "",
        ),
        K::StdinTwice => say("stdin-twice", "standard input can be read only once", ""),
        K::WrongEncoding { encoding } => {
            say("wrong-encoding", format!("the file is {encoding}; save it as UTF-8"), "")
        }
        K::NotUtf8 => say("not-utf8", "the file is not UTF-8", "this byte belongs to another encoding"),
        K::EmptyFile => say("empty-file", "the file says nothing: it is empty, or all of it is comments", ""),
        K::MoreMistakes { more } => {
            say("more-mistakes", format!("{more} more like those above are not shown"), "")
        }
        K::PlanFile { path } => say(
            "plan-file",
            "this is a plan file, not a file of the desired state",
            format!("`scw-iam apply {}` applies it", short(path)),
        ),

        K::Syntax { why } => say("syntax", format!("this is not YAML: {why}"), "here"),
        K::Tab => say("tab", "a tab stands where YAML allows only spaces", "write spaces"),
        K::Unclosed { open } => say("unclosed", format!("`{open}` is never closed"), "opened here"),
        K::UnclosedQuote => say("unclosed-quote", "a quote is never closed", "opened here"),
        K::TooDeep => say("too-deep", "the file is nested too deep to be meant", "this goes too deep"),
        K::UnknownAnchor { name, near } => say(
            "unknown-anchor",
            format!("no anchor `&{name}` stands before this in the file"),
            meant(near.as_ref(), "write the anchor first"),
        ),
        K::AliasInItself => say(
            "alias-in-itself",
            "an alias stands inside of the thing that it repeats",
            "this would never end",
        ),
        K::TooManyAliases => {
            say("too-many-aliases", "the aliases of this file repeat too much", "here it is too much")
        }
        K::SeveralDocuments => say(
            "several-documents",
            "a file holds one document, and here a second one begins",
            "move it to a file of its own",
        ),
        K::YamlTag { tag } => {
            say("yaml-tag", format!("the YAML tag `{}` has no meaning here", short(tag)), "leave it out")
        }
        K::KeyNotText => say("key-not-text", "a key is text, and this is not", "write a name"),
        K::DuplicateKey { key } => both(
            "duplicate-key",
            format!("the key `{}` is given twice", short(key)),
            "given again here",
            "first given here",
        ),
        K::MergeNotMap => {
            say("merge-not-map", "`<<` takes a map, or a list of maps, to copy from", "neither")
        }

        K::NotMap { what, found } => {
            say("not-map", format!("`{what}` takes a map, and this is {found}"), "write `key: value`")
        }
        K::NotList { what, found } => {
            say("not-list", format!("`{what}` takes a list, and this is {found}"), "write `[…]`")
        }
        K::NotText { what, found } => {
            say("not-text", format!("text belongs in `{what}`, and this is {found}"), "write one text")
        }
        K::NotCount { what, found } => say(
            "not-count",
            format!("`{what}` takes a whole number, and this is {}", short(found)),
            "write digits, as in `3`",
        ),
        K::QuotedCount { what, digits } => say(
            "quoted-count",
            format!("`{what}` takes a whole number, and this is a text"),
            format!("write `{}` without quotes", short(digits)),
        ),
        K::Misread { text, taken_for } => say(
            "misread",
            format!("many YAML readers take `{}` for {taken_for}", short(text)),
            format!("write \"{}\"", short(text)),
        ),
        K::Null { what, write } => say("null", format!("`{what}` has no value"), *write),
        K::NotOneOf { what, words, found, near } => say(
            "not-one-of",
            format!("`{what}` is {}, not `{}`", listed(words), short(found)),
            meant(near.as_ref(), ""),
        ),

        K::UnknownKey { key, of, keys, near } => say(
            "unknown-key",
            format!("{of} has no key `{}`", short(key)),
            meant(
                near.as_ref(),
                if keys.len() <= 6 { format!("there are {}", all(keys)) } else { String::new() },
            ),
        ),
        K::LaterKey { key } => say(
            "later-key",
            format!("`{key}` comes with a later version and cannot be used yet"),
            "leave it out",
        ),
        K::MissingKey { key, of } => {
            say("missing-key", format!("{of} has no `{key}`"), format!("needs `{key}`"))
        }
        K::FreeKeyInside { key } => say(
            "free-key-inside",
            format!("the free key `{}` stands inside of another", short(key)),
            "keys that begin with `x-` are free at the top of a file only",
        ),

        K::BadName { kind, text, why } => {
            say("bad-name", format!("the {kind} name `{}` {why}", short(text)), "not a name")
        }
        K::BadEmail { text, why } => {
            say("bad-email", format!("`{}` {why}", short(text)), "not an e-mail address")
        }
        K::BadProjectName { text, why } => {
            say("bad-project-name", format!("the project name `{}` {why}", short(text)), "not a project name")
        }
        K::BadPermissionSet { text, why } => say(
            "bad-permission-set",
            format!("the permission set name `{}` {why}", short(text)),
            "not a permission set",
        ),
        K::BadTag { text, why } => say("bad-tag", format!("the tag `{}` {why}", short(text)), "not a tag"),
        K::BadStack { text, why } => {
            say("bad-stack", format!("the stack name `{}` {why}", short(text)), "not a stack name")
        }
        K::BadDescription { why } => say("bad-description", format!("the description {why}"), ""),
        K::BadCondition { why } => say("bad-condition", format!("the condition {why}"), ""),
        K::BadGuardrailName { why } => say("bad-guardrail-name", format!("the guardrail's name {why}"), ""),
        K::BadId { text } => say(
            "bad-id",
            format!("`{}` is not an id", short(text)),
            "an id has 32 hexadecimal digits, as in `105bdce1-64c0-48ab-899d-868455867ecf`",
        ),
        K::BadTime { text } => say(
            "bad-time",
            format!("`{}` is neither a date nor a time with its offset", short(text)),
            "write `2027-01-31` or `2027-01-31T18:00:00Z`",
        ),
        K::UnsupportedVersion { found } => say(
            "unsupported-version",
            format!("this program reads version 1 of the language, not {}", short(found)),
            "write `1`",
        ),
        K::TooManyTags { found, most } => say(
            "too-many-tags",
            format!("{found} tags, and at most {most} are allowed"),
            "one of ten is the owner's when there is a stack",
        ),
        K::ConditionTooLong { found, most } => say(
            "condition-too-long",
            format!("with its `until` the condition has {found} characters, at most {most} are allowed"),
            "shorten the condition",
        ),
        K::GuardrailTooLong { found, most } => say(
            "guardrail-too-long",
            format!("the guardrail's expression has {found} characters, at most {most} are allowed"),
            "split it in two",
        ),
        K::ExpressionSyntax { written, why } => {
            say("expression-syntax", format!("the {} is not CEL: {why}", expression(*written)), "here")
        }
        K::ExpressionTooDeep { written } => say(
            "expression-too-deep",
            format!("the {} is nested too deep", expression(*written)),
            "simplify it",
        ),
        K::ExpressionTooCostly { written } => say(
            "expression-too-costly",
            format!("the {} takes too long to judge: its lists and patterns multiply", expression(*written)),
            "simplify it",
        ),
        K::NeverJudged { written, found } => say(
            "never-judged",
            format!("a {} is true or false, and this is {found}", expression(*written)),
            match found {
                Sort::Text => "compare it, as in `… == \"…\"`",
                _ => "compare it",
            },
        ),
        K::NeverCompared { written, left, right } => say(
            "never-compared",
            format!("the {} compares {left} with {right}, which has no answer", expression(*written)),
            match (left, right) {
                (Sort::Time, Sort::Text) | (Sort::Text, Sort::Time) => {
                    "write `timestamp(\"…\")` around the text"
                }
                (Sort::Duration, Sort::Text) | (Sort::Text, Sort::Duration) => {
                    "write `duration(\"…\")` around the text"
                }
                _ => "compare like with like",
            },
        ),
        K::UnknownVariable { written, name, near } => {
            let known = match written {
                Written::Condition => {
                    "there are `request.ip`, `request.time`, `request.user_agent`, `resource.name`, `resource.id` and `resource.locality`"
                }
                Written::Guardrail => {
                    "there are `grant.principal`, `grant.kind`, `grant.permission_set`, `grant.scope`, `grant.condition`, `grant.via_group`, `grant.policy` and `grant.managed`"
                }
            };
            say(
                "unknown-variable",
                format!("a {} has no variable `{}`", expression(*written), short(name)),
                meant(near.as_ref(), known),
            )
        }
        K::UnknownFunction { written, name, near } => {
            let otherwise = if name == "inIpRange" {
                "Scaleway documented it once and no longer does"
            } else {
                "not a standard function of CEL"
            };
            say(
                "unknown-function",
                format!("a {} has no function `{}`", expression(*written), short(name)),
                meant(near.as_ref(), otherwise),
            )
        }
        K::BadReason { why } => say("bad-reason", format!("the reason {why}"), ""),
        K::BadAddress { text } => say(
            "bad-address",
            format!("`{}` is not the address of an object", short(text)),
            "write `user:E-MAIL`, `application:NAME`, `group:NAME` or `policy:NAME`",
        ),

        K::NoHeader => say(
            "no-header",
            "no file here holds `version` and `organization`",
            "a part of the files cannot be taken for the whole; name the folder",
        ),
        K::HeaderTwice { key } => both(
            "header-twice",
            format!("`{key}` stands in two files"),
            "given again here",
            "first given here",
        ),
        K::HeaderApart { key } => both(
            "header-apart",
            format!("`{key}` stands outside of the file that holds `version`"),
            "move it",
            "to this file",
        ),
        K::NeedsStack { key } => say(
            "needs-stack",
            format!("`{key}` means nothing without `stack`"),
            "without a stack nothing is owned, and nothing is deleted",
        ),
        K::TakesOverItself { stack } => {
            say("takes-over-itself", format!("the stack `{stack}` takes over from itself"), "leave it out")
        }

        K::NameTwice { kind, name } => both(
            "name-twice",
            format!("the {kind} `{name}` is declared in two files"),
            "declared again here",
            "first declared here",
        ),
        K::ProjectTwice { name } => both(
            "project-twice",
            format!("the project `{}` is pinned in two files", short(name)),
            "pinned again here",
            "first pinned here",
        ),
        K::ExternalTwice { kind, name } => both(
            "external-twice",
            format!("the {kind} `{name}` is listed twice under `external`"),
            "listed again here",
            "first listed here",
        ),
        K::GuardrailTwice { name } => both(
            "guardrail-twice",
            format!("two guardrails have the name `{}`", short(name)),
            "the second",
            "the first",
        ),
        K::ListedTwice { what, name } => both(
            "listed-twice",
            format!("the {what} `{}` is listed twice", short(name)),
            "listed again here",
            "first listed here",
        ),
        K::ProjectPinnedTwice { id, other } => both(
            "project-pinned-twice",
            format!("the project {id} has another name already: `{}`", short(other)),
            "the second name",
            "the first name",
        ),
        K::IdTwice { kind, id } => {
            both("id-twice", format!("two entries claim the {kind} {id}"), "the second", "the first")
        }
        K::ExternalDeclared { kind, name } => both(
            "external-declared",
            format!("the {kind} `{name}` is both external and declared"),
            "leave it out here",
            "declared here",
        ),
        K::PreviouslyItself { name } => say(
            "previously-itself",
            format!("`previously: {name}` is the name that the entry has now"),
            "write the old name, or leave it out",
        ),
        K::PreviouslyDeclared { kind, name } => both(
            "previously-declared",
            format!("the {kind} `{name}` is declared, so nothing else can have been it"),
            "an old name",
            "declared here",
        ),
        K::PreviouslyInACircle { kind, name } => both(
            "previously-in-a-circle",
            format!(
                "the {kind} `{name}` is renamed too, and the renames lead back here; give one of them a third name \
                 first and apply, or say with `id:` which one is meant"
            ),
            "an old name",
            "renamed here",
        ),
        K::PreviouslyTwice { kind, name } => both(
            "previously-twice",
            format!("two entries claim to have been the {kind} `{name}`"),
            "the second",
            "the first",
        ),

        K::MembershipWithoutMembers { group } => say(
            "membership-without-members",
            format!("group `{group}` has `membership` but no `members`"),
            "without `members` the membership is not managed",
        ),

        K::Undeclared { by, kind, name, hint, managed } => say(
            "undeclared",
            format!("{by} names {kind} `{name}`, which is not declared"),
            undeclared(*kind, hint, *managed),
        ),
        K::UnknownUser { by, name, near } => say(
            "unknown-user",
            format!("{by} names user `{name}`, who is not in the organization"),
            meant(near.as_ref(), "nobody there has this address"),
        ),
        K::UnknownProject { by, name, near } => say(
            "unknown-project",
            format!("{by} names project `{}`, which is not in the organization", short(name)),
            meant(near.as_ref(), "no project there has this name"),
        ),
        K::AmbiguousProject { name, ids } => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            say(
                "ambiguous-project",
                format!("{} projects have the name `{}`", ids.len(), short(name)),
                format!("pin one under `projects`: {}", ids.join(", ")),
            )
        }
        K::ProjectById { id } => say(
            "project-by-id",
            format!("`{id}` is an id, and a project goes by its name"),
            "give it a name under `projects`",
        ),
        K::NoSuchProject { name, id } => say(
            "no-such-project",
            format!("`{}` is pinned to {id}, which is not a project of the organization", short(name)),
            "no such project",
        ),
        K::NoSuchExternal { kind, name, near } => say(
            "no-such-external",
            format!("the organization has no {kind} `{name}`"),
            meant(near.as_ref(), format!("nothing bears this name, or two {} do", kind.section())),
        ),
        K::NoSuchProtected { address, near } => say(
            "no-such-protected",
            format!("`{address}` is protected but does not exist"),
            meant(near.as_ref(), "neither declared nor in the organization"),
        ),
        K::PreviouslyUnknown { kind, name, old, near } => say(
            "previously-unknown",
            format!(
                "the organization has neither a {kind} `{name}` nor a {kind} `{old}`, so nothing is renamed"
            ),
            meant(near.as_ref(), "it is created; leave `previously` out"),
        ),
        K::ManagedDeclared { kind, name, built_in, external } => say(
            "managed-declared",
            format!(
                "the {kind} `{name}` is {} and cannot be declared",
                if *built_in { "built in" } else { "managed by a product" }
            ),
            if *external { "list it under `external`" } else { "leave it out" },
        ),
        K::GuardrailGroup { name, near } => say(
            "guardrail-group",
            format!(
                "the guardrail speaks of a group `{}`, which is neither declared nor external",
                short(name)
            ),
            meant(near.as_ref(), "no such group"),
        ),
        K::ProjectLookedUp { name, id } => say(
            "project-looked-up",
            format!("the project `{}` was found by its name", short(name)),
            format!(
                "pin it: under `projects`, write `{}: {id}`; else a rename in the console moves its grants",
                short(name)
            ),
        ),

        K::PrincipalWord { text } => say(
            "principal-word",
            format!(
                "`principal` is a map of one of `user`, `group` or `application`, or `none`, not `{}`",
                short(text)
            ),
            format!("write `{}`", principal(text)),
        ),
        K::PrincipalEmpty => say(
            "principal-empty",
            "the principal is nobody",
            "write one of `user`, `group` or `application`, or `principal: none`",
        ),
        K::PrincipalSeveral { kinds } => say(
            "principal-several",
            format!("a policy has one principal, not {}", kinds.len()),
            "write a policy for each",
        ),
        K::NoPermissionSets => {
            say("no-permission-sets", "the rule grants no permission set", "list at least one")
        }
        K::EmptyScope => {
            say("empty-scope", "the list of projects is empty", "name at least one, or write `all_projects`")
        }
        K::ScopeWord { text, near } => say(
            "scope-word",
            format!("a scope of one word is `organization` or `all_projects`, not `{}`", short(text)),
            meant(near.as_ref(), format!("projects are a list: write `[{}]`", short(text))),
        ),
        K::MixedScopes { organization, projects } => say(
            "mixed-scopes",
            format!(
                "one rule cannot grant `{organization}` on the organization and `{projects}` on projects"
            ),
            "write a rule for each",
        ),
        K::SetNeedsOrganization { set } => say(
            "set-needs-organization",
            format!("`{set}` is granted on the organization only"),
            "write `organization`",
        ),
        K::SetNeedsProjects { set } => say(
            "set-needs-projects",
            format!("`{set}` is granted on projects, not on the organization"),
            "write `all_projects` or a list of projects",
        ),
        K::SetNotForFiles { set } => say(
            "set-not-for-files",
            format!("`{set}` is granted on an owner's account, which files cannot say"),
            "leave it out",
        ),
        K::UnknownPermissionSet { name, near } => say(
            "unknown-permission-set",
            format!("there is no permission set `{name}` that this program knows"),
            meant(near.as_ref(), "unknown"),
        ),
        K::RuleExpired { until } => say(
            "rule-expired",
            format!("the rule has ended: {until} is past"),
            "it grants nothing any more; remove it",
        ),
        K::AllowsNothing => say(
            "allows-nothing",
            "the entry lets nothing pass",
            "list at least one object or person under `of`",
        ),
        K::AllowTooLong { until, most } => say(
            "allow-too-long",
            format!("the entry ends at {until}, which is more than 30 days from now"),
            format!("the last day is {most}"),
        ),
        K::AllowEnded { until } => say(
            "allow-ended",
            format!("the entry has ended: {until} is past"),
            "it lets nothing pass any more; remove it",
        ),
        K::MemberExpired { member, until } => say(
            "member-expired",
            format!("the membership of `{member}` has ended: {until} is past"),
            "the member leaves; remove the entry",
        ),

        K::NoExpectation => {
            say("no-expectation", "the assertion has neither `can` nor `cannot`", "write one of them")
        }
        K::BothExpectations => both(
            "both-expectations",
            "the assertion has both `can` and `cannot`",
            "write two assertions",
            "the other",
        ),
        K::AssertionOnGroup => say(
            "assertion-on-group",
            "an assertion speaks of a user or an application, not of a group",
            "name a member",
        ),
        K::AssertionOnNobody => say(
            "assertion-on-nobody",
            "an assertion about nobody says nothing",
            "name a user or an application",
        ),
        K::AssertionScope { set, needs } => say(
            "assertion-scope",
            format!("`{set}` is granted on {needs} only, so the assertion says nothing"),
            "can never be so",
        ),
    }
}

/// Returns what was probably meant by a principal of one word.
fn principal(text: &str) -> String {
    if text.eq_ignore_ascii_case("none") {
        return "none".to_owned();
    }
    let (kind, name) = match text.split_once(':') {
        Some((kind @ ("user" | "group" | "application"), name)) => (kind, name.trim()),
        _ if text.contains('@') => ("user", text),
        _ => ("group", text),
    };
    format!("{{{kind}: {}}}", short(name))
}

fn undeclared(kind: Kind, hint: &Meant, managed: bool) -> String {
    match hint {
        Meant::Renamed(now) => format!("renamed: it is `{now}` now"),
        Meant::Near(near) => format!("did you mean `{near}`?"),
        Meant::Unknown => elsewhere(kind, managed),
    }
}

fn elsewhere(kind: Kind, managed: bool) -> String {
    let section = kind.section();
    if managed {
        format!("declare it under `{section}`, or list it under `external`")
    } else {
        format!("there is no `{section}` section here: list it under `external`")
    }
}
