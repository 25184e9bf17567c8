//! The errors, warnings and hints in files, and their messages.

use std::borrow::Cow;
use std::fmt;

use crate::access::cel::Sort;
use crate::model::{Address, BadText, Id, Key, Kind};

/// The messages of a mistake: lower-case fragments, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MistakeWords {
    /// A stable code for the kind of mistake, for programs.
    pub code: String,
    /// What is wrong.
    pub title: String,
    /// The label at the caret: a suggestion, or what to write; empty if the title is enough.
    pub label: String,
    /// The label at the other place.
    pub other: &'static str,
}

/// Which of two expressions a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// A rule's `condition`.
    Condition,
    /// A guardrail's `forbid`.
    Guardrail,
}

impl Written {
    const fn variables(self) -> &'static str {
        match self {
            Self::Condition => {
                "the variables are `request.ip`, `request.time`, `request.user_agent`, `resource.name`, `resource.id` and `resource.locality`; to use a newer one, list it under `settings.conditions.variables`"
            }
            Self::Guardrail => {
                "the variables are `grant.principal`, `grant.kind`, `grant.permission_set`, `grant.scope`, `grant.condition`, `grant.via_group`, `grant.policy` and `grant.managed`"
            }
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "condition",
            Self::Guardrail => "guardrail",
        })
    }
}

/// What was probably meant by a name that is not declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// The new name of an object that was renamed with `previously`.
    Renamed(String),
    /// A similar name.
    Near(String),
    /// Unknown.
    Unknown,
}

/// Declares what can be wrong: each variant with its title, and where there are some, with its label and with what
/// stands beside the other place. A text in brackets is an expression; `meant near or …` asks for the nearest name.
macro_rules! mistakes {
    ($($variant:ident $({ $($field:ident: $type:ty),* })? => $title:tt $(, $label:tt $(, $other:literal)?)?;)*) => {
        /// What is wrong. One variant, one message.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the words that a variant stands for are its documentation")]
        pub enum MistakeKind {
            $($variant $({ $($field: $type),* })?,)*
        }

        /// Returns the words for a mistake.
        pub(super) fn words(kind: &MistakeKind) -> MistakeWords {
            match kind {
                $(MistakeKind::$variant $({ $($field),* })? => {
                    $($(let $field = Shown::shown($field);)*)?
                    MistakeWords {
                        code: code(stringify!($variant)),
                        title: mistakes!(@text $title),
                        label: mistakes!(@text $($label)?),
                        other: concat!($($($other)?)?),
                    }
                })*
            }
        }
    };
    (@text) => { String::new() };
    (@text $text:literal) => { format!($text) };
    (@text (meant $near:ident or $($otherwise:tt)*)) => { meant($near, format!($($otherwise)*)) };
    (@text ($text:expr)) => { String::from($text) };
}

/// A part of a mistake, as its words show it.
trait Shown {
    type As<'a>
    where
        Self: 'a;

    fn shown(&self) -> Self::As<'_>;
}

impl Shown for String {
    type As<'a> = Cow<'a, str>;

    fn shown(&self) -> Cow<'_, str> {
        short(self)
    }
}

macro_rules! shown_as_it_is {
    ($($type:ty),*) => {
        $(impl Shown for $type {
            type As<'a> = &'a Self;

            fn shown(&self) -> &Self {
                self
            }
        })*
    };
}

shown_as_it_is!(
    &'static str,
    &'static [&'static str],
    Box<str>,
    Option<String>,
    Vec<&'static str>,
    Vec<String>,
    Vec<Id>,
    bool,
    char,
    usize,
    u64,
    BadText,
    Id,
    Kind,
    Meant,
    Sort,
    Written
);

/// Returns a text short enough for a title.
fn short(text: &str) -> Cow<'_, str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Returns `like-this` for `LikeThis`.
fn code(variant: &str) -> String {
    let dash =
        |c: char| if c.is_uppercase() { format!("-{}", c.to_ascii_lowercase()) } else { c.to_string() };
    variant.chars().map(dash).collect::<String>().trim_start_matches('-').to_owned()
}

fn meant(near: &Option<String>, otherwise: impl Into<String>) -> String {
    near.as_ref().map_or_else(|| otherwise.into(), |near| format!("did you mean `{near}`?"))
}

fn listed(words: &[&str], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((end, rest)) if !rest.is_empty() => format!("{} {last} {end}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// How many of the things that share a name are listed before the rest is counted: each error lists them again.
const MOST_ALIKE: usize = 3;

/// Lists the first of several things, and how many more there are.
fn some(things: &[impl fmt::Display], between: &str) -> String {
    let shown: Vec<String> = things.iter().take(MOST_ALIKE).map(ToString::to_string).collect();
    let more = things.len().saturating_sub(MOST_ALIKE);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", shown.join(between))
}

/// Describes what happens to a name that no longer exists in the organization.
fn guessed(near: &Option<String>) -> String {
    near.as_ref().map_or_else(
        || "left out of the plan".to_owned(),
        |near| format!("left out of the plan; a guess: did you mean `{near}`?"),
    )
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
    format!("{{{kind}: {name}}}")
}

mistakes! {
    // What is read.
    SourceMissing => "there is no such file or folder";
    SourceUnreadable { why: Box<str> } => "cannot be read: {why}";
    FolderWithoutYaml =>
        "the folder holds no `*.yaml` or `*.yml` (hidden files are skipped, links are not followed)";
    FoldersTooDeep => "the folders are nested too deeply";
    UpperCaseExtension { found: String } =>
        "the file would be skipped: its name ends in `.{found}`; rename it to end in `.yaml` or `.yml`";
    LinkInPath { path: String } =>
        "`{path}` is a symbolic link, which could lead anywhere; name its target, or pass `--follow-links`";
    LinkInFolder =>
        "the file would be skipped: links in a folder are not followed; put the file itself here, or pass `--follow-links`";
    LinkedFolder =>
        "this folder would be skipped: links in a folder are not followed; put the folder itself here, name it on \
         the command line, or pass `--follow-links`";
    Hidden { key: &'static str, inner: Option<String> } => (format!(
        "this is skipped because its name begins with a dot, but {}; rename it to include it, or move it \
         elsewhere",
        match inner {
            Some(inner) => format!("`{}` in it holds `{key}`", short(inner)),
            None => format!("it holds `{key}`"),
        },
    ));
    SpecialInFolder =>
        "this is not a regular file but a pipe, a socket or a device; rename or remove it";
    TooManyFiles { found: usize, most: usize } => "the folder holds {found} YAML files, but the limit is {most}";
    FileTooLarge { mebibytes: u64 } => "the file is larger than {mebibytes} MiB";
    InputTooLarge { mebibytes: u64 } => "with this file the input exceeds {mebibytes} MiB; nothing more is read";
    StdinTwice => "standard input can be read only once";
    WrongEncoding { encoding: &'static str } => "the file is {encoding}; save it as UTF-8";
    NotUtf8 => "the file is not UTF-8", "this byte is not valid UTF-8";
    EmptyFile => "the file is empty, or has only comments";
    MoreMistakes { more: usize } => "{more} more like those above are not shown";
    PlanFile { path: String } =>
        "this is a plan file, not a file of the desired state", "`scw-iam apply {path}` applies it";

    // YAML.
    Syntax { why: Box<str> } => "this is not YAML: {why}", "here";
    Tab => "YAML does not allow a tab here", "use spaces";
    Unclosed { open: char } => "`{open}` is never closed", "opened here";
    UnclosedQuote => "a quote is never closed", "opened here";
    TooDeep => "the file is nested too deeply", "too deep";
    UnknownAnchor { name: String, near: Option<String> } =>
        "no anchor `&{name}` is defined before this", (meant near or "define the anchor first");
    AliasInItself => "an alias repeats a value that contains it", "this would never end";
    TooManyAliases => "the aliases of this file repeat too many values", "the limit is exceeded here";
    SeveralDocuments => "a file must hold a single YAML document, but a second one begins here", "move it to a file of its own";
    YamlTag { tag: String } => "the YAML tag `{tag}` has no meaning here", "leave it out";
    KeyNotText => "a key must be text", "write a name";
    DuplicateKey { key: String } => "the key `{key}` is given twice", "given again here", "first given here";
    MergeNotMap => "`<<` takes a map, or a list of maps, to copy from", "not a map";

    // Types.
    NotMap { what: String, found: &'static str } =>
        "`{what}` must be a map, not {found}",
        (if what == "members" { "write `{users: […], applications: […]}`" } else { "write `key: value`" });
    NotList { what: String, found: &'static str } => "`{what}` must be a list, not {found}", "write `[…]`";
    NotText { what: String, found: &'static str } => "`{what}` must be text, not {found}", "write a single text";
    NotCount { what: String, found: String } =>
        "`{what}` must be a whole number, not {found}", "write digits, as in `3`";
    QuotedCount { what: String, digits: String } =>
        "`{what}` must be a whole number, not a text", "write `{digits}` without quotes";
    Misread { text: String, taken_for: &'static str } =>
        "many YAML parsers read `{text}` as {taken_for}", "write \"{text}\"";
    Null { what: String, write: &'static str } => "`{what}` has no value", "{write}";
    NotOneOf { what: String, words: &'static [&'static str], found: String, near: Option<String> } =>
        (format!("`{what}` must be {}, not `{found}`", listed(words, "or"))), (meant near or "");

    // Keys.
    UnknownKey { key: String, of: &'static str, keys: Vec<&'static str>, near: Option<String> } =>
        "{of} has no key `{key}`",
        (match near {
            None if keys.len() <= 6 => format!("the keys are {}", listed(keys, "and")),
            near => meant(near, String::new()),
        });
    MissingKey { key: &'static str, of: String } => "{of} has no `{key}`", "needs `{key}`";
    FreeKeyInside { key: String } =>
        "the key `{key}` is not at the top of the file", "keys that begin with `x-` are allowed only at the top of a file";

    // Values.
    BadName { kind: Kind, text: String, why: BadText } => "the {kind} name `{text}` {why}", "not a name";
    BadEmail { text: String, why: BadText } => "`{text}` {why}", "not an e-mail address";
    BadUsername { text: String, why: BadText } => "the username `{text}` {why}", "not a username";
    BadPerson { text: String, why: BadText } =>
        "`{text}` names no person: it {why}", "write an e-mail address, `username=NAME` or `id=ID`";
    PersonByWord { text: String } =>
        "people go by their e-mail addresses, and `{text}` is none",
        "write the address, or `{{username: {text}}}` for a username";
    PersonWithoutAddress { name: String } =>
        "`{name}` has no e-mail address", "write the address as the key, or under `email`";
    OtherAddress { key: String, email: String } =>
        "the entry `{key}` has a different address under `email`: `{email}`",
        "write `{email}` here; if the address changes, write the old one under `previously`";
    NoUsername { email: String } =>
        "`{email}` needs a `username`, because the address is not a valid one",
        "a username can have letters without accents, digits and `@ . _ -`";
    Unlocked { name: String } =>
        "`locked: false` of `{name}` would also unlock a person whom Scaleway has locked",
        "remove the line; to unlock a person, run `scw-iam unlock`";
    PersonUnclear => "a person is named by one of `email`, `username` and `id`", "write exactly one of them";
    NameAndId => "an application has either `name` or `id`", "write exactly one of them";
    BadProjectName { text: String, why: BadText } => "the project name `{text}` {why}", "not a project name";
    BadPermissionSet { text: String, why: BadText } =>
        "the permission set name `{text}` {why}", "not a permission set";
    BadTag { text: String, why: BadText } => "the tag `{text}` {why}", "not a tag";
    BadStack { text: String, why: BadText } => "the stack name `{text}` {why}", "not a stack name";
    BadSlot { text: String, why: BadText } =>
        "the name `{text}` {why}", "small letters, digits and `-`, as in `deploy`";
    BadAccessKey { text: String, why: BadText } => "`{text}` {why}", "not an access key";
    BadSpan { text: String } =>
        "`{text}` is not a span of time", "write a number of days, hours or minutes, as in `90d`, `12h` or `30m`";
    BadDeliveryPart { what: &'static str, text: String, allowed: &'static str } =>
        "`{text}` cannot be the `{what}` of a delivery", "write {allowed}";
    BadDescription { why: BadText } => "the description {why}";
    BadCondition { why: BadText } => "the condition {why}";
    BadFingerprint { text: String } =>
        "`{text}` is not a fingerprint", "write the 12 hexadecimal digits that `drift` prints";
    IgnoreUnclear =>
        "an ignored finding is named by its `fingerprint`, or by `object` and `findings`", "write one of both";
    IgnoredByFingerprint { finding: &'static str } =>
        "a finding `{finding}` is ignored by its fingerprint only", "write the `fingerprint` that `drift` prints";
    IgnoresNothing => "the entry ignores no finding", "list at least one";
    BadReason { why: BadText } => "the reason {why}", "say why it is ignored";
    BadQuestionName { why: BadText } => "the question's name {why}";
    BadGuardrailName { why: BadText } => "the guardrail's name {why}";
    BadId { text: String } =>
        "`{text}` is not an id",
        "an id has 32 hexadecimal digits, as in `105bdce1-64c0-48ab-899d-868455867ecf`";
    BadTime { text: String } =>
        "`{text}` is neither a date nor a time with its offset", "write `2027-01-31` or `2027-01-31T18:00:00Z`";
    UnsupportedVersion { found: String } =>
        "this program reads version 1 of the language, not {found}", "write `1`";
    TooManyTags { found: usize, most: usize } =>
        "{found} tags, but at most {most} are allowed", "an object has at most ten tags, and with a stack one of them is the owner's";
    ConditionTooLong { found: usize, most: usize } =>
        "with its `until` the condition has {found} characters, but at most {most} are allowed", "shorten the condition";
    GuardrailTooLong { found: usize, most: usize } =>
        "the guardrail's expression has {found} characters, but at most {most} are allowed", "split it in two";
    ExpressionSyntax { written: Written, why: Box<str> } => "the {written} is not CEL: {why}", "here";
    ExpressionTooDeep { written: Written } => "the {written} is nested too deeply", "simplify it";
    ExpressionTooCostly { written: Written } =>
        "the {written} takes too long to evaluate: its lists and patterns multiply", "simplify it";
    NeverJudged { written: Written, found: Sort } =>
        "a {written} must be true or false, but this is {found}",
        (if *found == Sort::Text { "compare it, as in `… == \"…\"`" } else { "compare it" });
    NeverCompared { written: Written, left: Sort, right: Sort } =>
        "a {written} cannot compare {left} with {right}",
        (match (left, right) {
            (Sort::Time, Sort::Text) | (Sort::Text, Sort::Time) => "write `timestamp(\"…\")` around the text",
            (Sort::Duration, Sort::Text) | (Sort::Text, Sort::Duration) => {
                "write `duration(\"…\")` around the text"
            }
            _ => "compare values of the same type",
        });
    UnknownVariable { written: Written, name: String, near: Option<String> } =>
        "a {written} has no variable `{name}`", (meant near or "{}", written.variables());
    UnknownFunction { written: Written, name: String, near: Option<String> } =>
        "a {written} has no function `{name}`",
        (meant(near, match &*name {
            "inIpRange" => "Scaleway no longer documents it",
            _ => "not a standard function of CEL",
        }));
    BadAddress { text: String } =>
        "`{text}` is not the address of an object",
        "write `user:E-MAIL` (or `user:username=NAME`), `application:NAME`, `group:NAME`, `policy:NAME` or `ssh_key:PROJECT/NAME`";

    // The header.
    NoHeader =>
        "no file declares `version` and `organization`",
        "name the whole folder; a part of the files is never planned alone";
    HeaderTwice { key: &'static str } => "`{key}` is given in two files", "given again here", "first given here";
    HeaderApart { key: &'static str } =>
        "`{key}` must be in the file that holds `version`", "move it", "to this file";
    NeedsStack { key: &'static str } =>
        "`{key}` has no effect without `stack`", "without a stack, nothing is owned or deleted";
    TakesOverItself { stack: String } => "the stack `{stack}` takes over from itself", "leave it out";

    // Names.
    NameTwice { kind: Kind, name: String } =>
        "the {kind} `{name}` is declared in two files", "declared again here", "first declared here";
    ProjectTwice { name: String } =>
        "the project `{name}` is pinned in two files", "pinned again here", "first pinned here";
    ExternalTwice { kind: Kind, name: String } =>
        "the {kind} `{name}` is listed twice under `external`", "listed again here", "first listed here";
    GuardrailTwice { name: String } => "two guardrails have the name `{name}`", "the second", "the first";
    ListedTwice { what: &'static str, name: String } =>
        "the {what} `{name}` is listed twice", "listed again here", "first listed here";
    BadValue { what: String, why: BadText } => "{what} {why}";
    ProjectPinnedAs { name: String, pinned: String } =>
        "the project `{name}` is pinned as `{pinned}`", "use the name under `projects`";
    ProjectPinnedTwice { id: Id, other: String } =>
        "the project {id} has another name already: `{other}`", "the second name", "the first name";
    IdTwice { kind: Kind, id: Id } => "two entries claim the {kind} {id}", "the second", "the first";
    UsernameTwice { name: String } =>
        "two people have the username `{name}`", "the second", "the first";
    ExternalDeclared { kind: Kind, name: String } =>
        "the {kind} `{name}` is both external and declared", "leave it out here", "declared here";
    PreviouslyItself { name: String } =>
        "`previously: {name}` is the name that the entry has now", "write the old name, or leave it out";
    PreviouslyDeclared { kind: Kind, name: String } =>
        "the {kind} `{name}` is still declared, so it cannot be a previous name", "an old name", "declared here";
    PreviouslyInACircle { kind: Kind, name: String } =>
        "the {kind} `{name}` is renamed too, and the renames lead back here; give one of them a third name first and \
         apply, or set `id:` to tell which object is meant",
        "an old name", "renamed here";
    PreviouslyTwice { kind: Kind, name: String } =>
        "two {kind} entries have `previously: {name}`", "the second", "the first";

    // Groups.
    MembershipWithoutMembers { group: String } =>
        "group `{group}` has `membership` but no `members`", "without `members` the membership is not managed";

    // API keys.
    KeysMembershipWithoutKeys { application: String } =>
        "application `{application}` has `api_keys_membership` but no `api_keys`",
        "without `api_keys` its keys are not managed";
    NotShorter { what: &'static str, than: &'static str } =>
        "`{what}` is not shorter than `{than}`", "write a shorter time: `overlap` < `rotate_before` < `expires_after`";
    NoDelivery => "the slot delivers its keys nowhere", "list at least one place: nobody else ever sees a secret key";
    NotOneDelivery =>
        "a delivery goes to one place", "write one of `secret_manager`, `file` and `command`";
    DeliveredTwice { place: String } => "two slots deliver to the {place}", "delivered again here", "first here";
    PreviouslySlot { name: String, itself: bool } =>
        (if *itself {
            format!("`previously: {name}` is the name that the slot has now")
        } else {
            format!("the slot `{name}` is declared, so no other slot can have been it")
        }),
        "an old name", "declared here";

    GuestsOfDeclared { name: String } =>
        "group `{name}` is declared here and cannot be listed under `memberships`", "list the members in its entry",
        "declared here";
    GuestsOfManaged { name: String } =>
        "nothing can change the members of group `{name}`: it is built in, or a product manages it", "leave it out";
    GuestNotDeclared { kind: Kind, name: String } =>
        "`memberships` names {kind} `{name}`, which is not declared here",
        "a stack adds only its own people and applications to groups of other stacks";
    ReleasedDeclared { kind: Kind, name: String } =>
        "the {kind} `{name}` is both declared and released", "keep one of the two", "declared here";

    // References.
    Undeclared { by: String, kind: Kind, name: String, hint: Meant, managed: bool } =>
        "{by} names {kind} `{name}`, which is not declared",
        (match (hint, kind.section()) {
            (Meant::Renamed(now), _) => format!("it has been renamed to `{now}`"),
            (Meant::Near(near), _) => format!("did you mean `{near}`?"),
            (Meant::Unknown, section) if *managed => {
                format!("declare it under `{section}`, or list it under `external`")
            }
            (Meant::Unknown, section) => {
                format!("there is no `{section}` section: list it under `external`")
            }
        });
    UnknownUser { by: String, name: String, near: Option<String> } =>
        "{by} names user `{name}`, who is not in the organization", (guessed(near));
    StillNamed { by: String, name: String } =>
        "{by} still names user `{name}`, who would be removed because the stack owns them and no file declares them",
        "declare the person under `users`, or remove the name here";
    PersonMoves { name: String, now: String } =>
        "user `{name}` is declared as `{now}`", "write the address";
    ScimOff =>
        "SCIM is off in this organization, so `settings.scim` has no effect", "people and members are managed as the files say; remove it";
    NotProvisioned { name: String } =>
        "`{name}` is not in the organization, and no plan invites people while SCIM provisions them (`settings.scim`)",
        "left out of the plan";
    UnknownId { by: String, kind: Kind, id: Id } =>
        "{by} names the {kind} {id}, which nothing in the organization refers to", "left out of the plan";
    NamedById { kind: Kind, id: Id, name: String } =>
        "the {kind} {id} is listed by the API as `{name}`", "write its name";
    PeopleShare { name: String, people: Vec<String> } =>
        (format!("{} people have the address `{name}`", people.len())),
        (format!("name one of them: {}", some(people, " or ")));
    NameShared { kind: Kind, name: String, ids: Vec<Id> } =>
        (format!("{} live {} share the name `{name}`", ids.len(), kind.section())),
        (format!("rename all but one of them: {}", some(ids, ", ")));
    GuardrailProject { name: String, near: Option<String> } =>
        "the guardrail names project `{name}`, which is not in the organization",
        (meant near or "no project there has this name");
    UnknownProject { by: String, name: String, near: Option<String> } =>
        "{by} names project `{name}`, which is not in the organization",
        (meant near or "no project there has this name");
    AmbiguousProject { name: String, ids: Vec<Id> } =>
        (format!("{} projects have the name `{name}`", ids.len())),
        (format!("pin one under `projects`: {}", some(ids, ", ")));
    ProjectById { id: String } =>
        "`{id}` is an id, but projects are referred to by name", "give it a name under `projects`";
    NoSuchProject { name: String, id: Id } =>
        "`{name}` is pinned to {id}, which is not a project of the organization", "no such project";
    LookAlike { kind: &'static str, name: String, other: String } =>
        "the {kind} `{name}` looks like `{other}` and is another one", "make sure which one is meant";
    PinOfAnother { name: String, id: Id, called: String, other: Id } =>
        "`{name}` is pinned to {id}, which is the project `{called}`, while {other} is named `{name}`",
        "give the pin another name";
    NoSuchExternal { kind: Kind, name: String, near: Option<String> } =>
        "the organization has no {kind} `{name}`",
        (guessed(near));
    NoSuchProtected { address: String, near: Option<String> } =>
        "`{address}` is protected but does not exist", (meant near or "neither declared nor in the organization");
    PreviouslyUnknown { kind: Kind, name: String, old: String, near: Option<String> } =>
        "the organization has neither a {kind} `{name}` nor a {kind} `{old}`, so nothing is renamed",
        (meant near or "it is created; leave `previously` out");
    ManagedDeclared { kind: Kind, name: String, keeper: &'static str, instead: &'static str } =>
        "the {kind} `{name}` is {keeper} and cannot be declared", "{instead}";
    GuardrailNever { field: &'static str, text: String, written: &'static str } =>
        "the guardrail compares `grant.{field}` with `{text}`, which it never is", "write {written}";
    GuardrailPrincipal { principal: String } =>
        "the guardrail names {principal}, and the organization has no such principal",
        "not in the organization";
    GuardrailGroup { name: String, near: Option<String> } =>
        "the guardrail refers to group `{name}`, which is neither declared nor external",
        (meant near or "no such group");
    ProjectLookedUp { name: String, id: Id } =>
        "the project `{name}` was found by its name",
        "pin it: under `projects`, write `{name}: {id}`; otherwise a rename in the console moves its grants";

    // Policies and rules.
    PrincipalWord { text: String } =>
        "`principal` must be `none` or a map of one `user`, `group` or `application`, not `{text}`",
        (format!("write `{}`", principal(&text)));
    PrincipalEmpty =>
        "the principal is empty", "write one of `user`, `group` or `application`, or `principal: none`";
    PrincipalSeveral { kinds: Vec<&'static str> } =>
        (format!("a policy has one principal, not {}", kinds.len())), "write one policy for each";
    NoPermissionSets => "the rule grants no permission set", "list at least one";
    EmptyScope => "the list of projects is empty", "name at least one, or write `all_projects`";
    ScopeWord { text: String, near: Option<String> } =>
        "`scope` must be `organization`, `all_projects` or a list of projects, not `{text}`",
        (meant near or "write a list: `[{}]`", text);
    MixedScopes { organization: String, projects: String } =>
        "one rule cannot grant `{organization}` on the organization and `{projects}` on projects",
        "write one rule for each";
    SetNeedsOrganization { set: String } => "`{set}` is granted on the organization only", "write `organization`";
    SetNeedsProjects { set: String } =>
        "`{set}` is granted on projects, not on the organization", "write `all_projects` or a list of projects";
    SetNotForFiles { set: String } =>
        "`{set}` is granted on an owner's account, which files cannot declare", "leave it out";
    PermissionSetGone { name: String } =>
        "the organization no longer offers the permission set `{name}`", "left out of the plan";
    UnknownPermissionSet { name: String, near: Option<String> } =>
        "this version does not know the permission set `{name}`", (meant near or "unknown");
    RuleExpired { until: String } => "the rule has ended: {until} is past", "it grants nothing any more; remove it";
    MemberExpired { member: String, until: String } =>
        "the membership of `{member}` has ended: {until} is past", "the member leaves; remove the entry";
    UntilProvisioned { member: String } =>
        "`until` does not end the membership of `{member}`, because SCIM fills this group (`settings.scim`)",
        "end it at the identity provider, and remove `until` here";

    // What is allowed.
    AllowsNothing => "the entry allows nothing", "list at least one object or person under `of`";
    AllowTooLong { until: String, most: String } =>
        "the entry ends at {until}, which is more than 30 days from now", "the last day is {most}";
    AllowEnded { until: String } =>
        "the entry has ended: {until} is past", "it allows nothing any more; remove it";

    // Assertions.
    NoExpectation => "the assertion has neither `can` nor `cannot`", "write one of them";
    BothExpectations => "the assertion has both `can` and `cannot`", "write two assertions", "the other";
    AssertionOnGroup => "an assertion must be about a user or an application, not a group", "name a member";
    AssertionOnNobody => "an assertion must name a principal", "name a user or an application";
    AssertionScope { set: String, needs: &'static str } =>
        "`{set}` is granted on {needs} only, so the assertion has no effect", "never granted here";
}

/// Returns the words for what refers to something.
pub(super) fn by(address: Option<&Address>) -> String {
    match address {
        None => "the assertion".to_owned(),
        // The list of a project, which is named by it.
        Some(list) if matches!(list.key(), Key::Project(_)) => format!("`{}`", list.kind().section()),
        Some(object) => format!("{} `{}`", object.kind(), object.key()),
    }
}
