use std::collections::BTreeMap;

use super::Sections;
use super::address::addresses;
use super::allow::{AllowDocument, allow};
use super::assertion::{AssertionDocument, assertion};
use super::external::{ExternalDocument, external};
use super::group::{GuestsDocument, guests};
use super::guardrail::{GuardrailDocument, guardrail};
use super::settings::{SettingsDocument, settings};
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::fields::{Keyed as _, MapFields, Shape, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Address, Id, ProjectName, Stack};

document! {
    /// The access of a Scaleway organization, as a set of files declares it.
    #[derive(Default)]
    #[schemars(
        title = "scw-iam",
        extend("patternProperties" = {"^x-": true}),
        extend("dependencies" = {
            "version": ["organization"],
            "organization": ["version"],
            "stack": ["version", "organization"],
            "settings": ["version", "organization"],
        })
    )]
    FileDocument: "a file" {
        /// The version of the language.
        ///
        /// Required in exactly one of the files that are read together, so that a part of them is never taken for the whole.
        #[schemars(with = "Option<u32>", extend("const" = 1, "x-api" = "–", "x-limits" = "1", "examples" = [1]))]
        version: Option<Span>,
        /// The organization that the files describe. Must be in the file that has `version`.
        #[schemars(with = "Option<Id>", extend("x-api" = "`organization_id` of every request", "examples" = ["105bdce1-64c0-48ab-899d-868455867ecf"]))]
        organization: Option<(Span, Option<Id>)>,
        /// The owner of the declared objects: every object that is created or adopted gets the tag `scw-iam=STACK`. Without
        /// a stack, nothing is tagged and nothing is ever deleted. Must be in the file that has `version`.
        #[schemars(with = "Option<Stack>", extend("x-api" = "one of the `tags` of users, applications, groups and policies", "examples" = ["platform"]))]
        stack: Option<(Span, Option<Spanned<Stack>>)>,
        /// How plans are made and when they are refused. Must be in the file that has `version`.
        #[schemars(with = "Option<SettingsDocument>", extend("x-api" = "–", "examples" = [{"min_iam_admins": 2, "limits": {"deletes": 5}}]))]
        settings: Option<(Span, SettingsDocument)>,
        /// Exceptions from guards, by object, for a limited time.
        #[schemars(default, extend("x-api" = "–", "examples" = [[{"guard": "deletes", "of": ["group:legacy"], "until": "2026-12-01", "reason": "the legacy team is dissolved"}]]))]
        allow: Vec<AllowDocument>,
        /// Names for project ids. A name that is pinned here keeps its meaning when the project is renamed in the
        /// console; any other name is looked up among the live projects.
        #[schemars(
            with = "Option<BTreeMap<String, Id>>",
            extend(
                "propertyNames" = {"minLength": 1, "maxLength": 255},
                "x-api" = "`project_ids` of a rule",
                "examples" = [{"prod": "6b1f5d3c-64c0-48ab-899d-868455867ecf"}]
            )
        )]
        projects: Entries<ProjectName, Spanned<Id>>,
        /// Objects that the files refer to but do not declare: other stacks' objects, built-in groups, applications of
        /// products.
        #[schemars(with = "Option<ExternalDocument>", extend("x-api" = "–", "examples" = [{"groups": ["All Users"]}]))]
        external: ExternalDocument,
        #[schemars(flatten)]
        @of sections: Sections,
        /// This stack's own people and applications in groups that are declared elsewhere, by group. Those whom the stack owns
        /// and does not list here leave the group; other members are never touched. Keep a group listed, with an empty list, until
        /// its members have left. Requires a `stack`; the stack that declares the group must set `membership: at_least`.
        #[schemars(with = "Option<BTreeMap<String, GuestsDocument>>", extend("propertyNames" = {"$ref": "#/definitions/name"}, "x-api" = "the calls that add and remove one member", "examples" = [{"all-deployers": {"applications": ["ci"]}}]))]
        memberships: Entries<Address, GuestsDocument>,
        /// Objects that this stack stops managing without deleting them: the ownership tag is removed, and the object stays.
        /// Remove the entry once that is done. Requires a `stack`.
        #[schemars(default, extend("uniqueItems" = true, "default" = [], "x-api" = "one of the `tags` in a `PATCH`", "examples" = [["group:old-team"]]))]
        release: Vec<Spanned<Address>>,
        /// Statements about access that must be true. A plan whose outcome breaks one is refused.
        #[schemars(default, extend("x-api" = "–", "examples" = [[{"principal": {"application": "ci"}, "cannot": "IAMManager", "on": "organization"}]]))]
        assertions: Vec<AssertionDocument>,
        /// Grants that are forbidden. A plan whose outcome has such a grant is refused.
        #[schemars(default, extend("x-api" = "–", "examples" = [[{"name": "no locks on all projects", "forbid": "grant.scope == \"all_projects\""}]]))]
        guardrails: Vec<GuardrailDocument>,
    }
}

/// The keys of a file: beside its own, those that begin with `x-` are free.
pub(in crate::config) const SHAPE: Shape = Shape { free: true, ..FileDocument::SHAPE };

/// The version of the language.
pub(in crate::config) const VERSION: u32 = 1;

/// Decodes a whole file.
pub(in crate::config) fn file(d: &mut Decoder<'_>, node: &Node<'_>) -> FileDocument {
    let Some(mut fields) = MapFields::of(d, node, node.head(), "the file", &SHAPE) else {
        return FileDocument::default();
    };
    FileDocument {
        version: fields.optional("version", d, version),
        organization: fields.optional("organization", d, |d, node, key| {
            Some((key, d.id(node, "organization").map(|id| id.value)))
        }),
        stack: fields.optional("stack", d, |d, node, key| {
            let bad = |text, why| MistakeKind::BadStack { text, why };
            Some((key, d.value(node, "stack", bad)))
        }),
        settings: fields
            .optional("settings", d, |d, node, key| settings(d, node, key).map(|document| (key, document))),
        allow: fields.optional("allow", d, |d, node, _| items(d, node, "allow", allow)).unwrap_or_default(),
        projects: fields.optional("projects", d, |d, node, _| projects(d, node)).unwrap_or_default(),
        external: fields.optional("external", d, external).unwrap_or_default(),
        sections: Sections::decode(&mut fields, d),
        memberships: fields.optional("memberships", d, |d, node, _| guests(d, node)).unwrap_or_default(),
        release: fields
            .optional("release", d, |d, node, _| addresses(d, node, "release", "released object"))
            .unwrap_or_default(),
        assertions: fields
            .optional("assertions", d, |d, node, _| items(d, node, "assertions", assertion))
            .unwrap_or_default(),
        guardrails: fields
            .optional("guardrails", d, |d, node, _| items(d, node, "guardrails", guardrail))
            .unwrap_or_default(),
    }
}

fn version(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<Span> {
    let version = d.count(node, "version");
    if let Some(found) = version.filter(|version| *version != VERSION) {
        d.mistake(node.at, MistakeKind::UnsupportedVersion { found: found.to_string() });
    }
    Some(key)
}

fn projects(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Entries<ProjectName, Spanned<Id>>> {
    let map = d.map(node, "projects")?;
    let mut entries = Vec::with_capacity(map.entries.len());
    for (key, value) in &map.entries {
        let id = d.key(key).map(str::to_owned).and_then(|text| {
            let id = d.id(value, &text);
            d.project_of(&text, key.at).zip(id)
        });
        entries.extend(id.map(|(value, id)| (Spanned { value, at: key.at }, id)));
    }
    Some(entries)
}

fn items<T>(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    what: &str,
    decode: impl Fn(&mut Decoder<'_>, &Node<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let items = d.list(node, what)?;
    Some(items.iter().filter_map(|item| decode(d, item)).collect())
}
