use super::address::addresses;
use super::drift::{DriftDocument, drift};
use super::report::{ReportDocument, report};
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{Address, GuardName, Kind, Name, Prune, Stack};

document! {
    /// How plans are made and when they are refused.
    #[derive(Default)]
    #[schemars(rename = "settings")]
    SettingsDocument: "`settings`" {
        /// What happens to objects that the stack owns and no file declares: `owned` deletes them, `none` keeps them.
        /// Requires a `stack`.
        #[schemars(with = "Option<String>", extend("enum" = ["owned", "none"], "default" = "owned", "x-api" = "`DELETE` of users, applications, groups and policies", "examples" = ["none"]))]
        prune: Option<Spanned<Prune>>,
        /// The minimum number of people who can administer IAM. A plan that lowers the number below it is refused.
        #[schemars(with = "Option<text::Count>", extend("default" = 2, "x-api" = "–", "examples" = [3]))]
        min_iam_admins: Option<u32>,
        /// Protected objects: no plan may change them, their members, or a policy attached to them.
        #[schemars(default, extend("uniqueItems" = true, "default" = [], "x-api" = "–", "examples" = [["user:owner@example.com", "group:break-glass"]]))]
        protect: Vec<Spanned<Address>>,
        /// Stacks whose objects this stack may adopt. Requires a `stack`.
        #[schemars(extend("uniqueItems" = true, "default" = [], "x-api" = "one of the `tags` of users, applications, groups and policies", "examples" = [["old-platform"]]))]
        takes_over: Option<Spanned<Vec<Spanned<Stack>>>>,
        /// Additions to what conditions may use.
        #[schemars(default, extend("default" = {}, "x-api" = "–", "examples" = [{"variables": ["resource.annotation"]}]))]
        conditions: ConditionsDocument,
        /// Limits for guards, by guard name.
        #[schemars(default, extend("default" = {}, "x-api" = "–", "examples" = [{"deletes": 5, "lost_access": 3}]))]
        limits: LimitsDocument,
        /// Which findings `drift` fails on, and which it ignores.
        #[schemars(default, extend("default" = {}, "x-api" = "–", "examples" = [{"fail_on": ["broken", "escalation"]}]))]
        drift: DriftDocument,
        /// What an identity provider provisions by SCIM. Plans never change the members of the groups that it fills, change only
        /// the tags of people, and never invite, lock or remove anybody. Required if SCIM is on and the files manage people or
        /// exact members.
        #[schemars(with = "Option<ScimDocument>", extend("x-api" = "`GET /organizations/{id}/scim`", "examples" = [{"groups": ["developers"]}]))]
        scim: Option<Spanned<ScimDocument>>,
        /// What `report --files` reports, and which questions it answers first.
        #[schemars(default, extend("default" = {}, "x-api" = "–", "examples" = [{"grace": "14d"}]))]
        report: ReportDocument,
    }
}

document! {
    /// What an identity provider provisions by SCIM.
    #[schemars(rename = "scim")]
    ScimDocument: "`scim`" {
        /// The groups that it fills, by name; `[]` if it provisions only people.
        #[schemars(with = "Vec<Name>", extend("uniqueItems" = true, "x-api" = "–", "examples" = [["developers"]]))]
        groups: Vec<Spanned<Name>>,
    }
}

impl ScimDocument {
    /// Returns the groups that the identity provider fills.
    pub(in crate::config) fn addresses(&self) -> impl Iterator<Item = Spanned<Address>> + '_ {
        self.groups.iter().map(|name| name.clone().map(Address::group))
    }
}

document! {
    /// What conditions may use in addition to what this version knows.
    #[derive(Default)]
    #[schemars(rename = "conditions")]
    ConditionsDocument: "`conditions`" {
        /// Variables that Scaleway introduced after this version. Their values are unknown: `explain` and `who-can` answer
        /// `depends` for a condition that uses one.
        #[schemars(with = "Vec<String>", default, extend("uniqueItems" = true, "default" = [], "x-api" = "a part of `condition`", "examples" = [["resource.annotation"]]))]
        variables: Vec<Spanned<String>>,
    }
}

document! {
    /// The numbers up to which guards let a plan pass.
    #[derive(Default)]
    #[schemars(rename = "limits")]
    LimitsDocument: "`limits`" {
        /// How many objects a plan may delete, all kinds together.
        #[schemars(with = "Option<text::Count>", extend("x-default" = "5, or 5 % of the objects that the stack owns, whichever is more", "x-api" = "–", "examples" = [5]))]
        deletes: Option<u32>,
        /// How many principals may lose any access.
        #[schemars(with = "Option<text::Count>", extend("x-default" = "5, or 20 % of the principals that hold any access, whichever is more", "x-api" = "–", "examples" = [20]))]
        losses: Option<u32>,
        /// How many principals may lose all access, not counting access that every person or every application holds.
        #[schemars(with = "Option<text::Count>", extend("default" = 3, "x-api" = "–", "examples" = [10]))]
        lost_access: Option<u32>,
        /// How many API keys may be deleted together with their applications or their owners, and how many SSH keys.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [2]))]
        keys: Option<u32>,
        /// How many people may be removed.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [1]))]
        people: Option<u32>,
        /// How many people may be locked.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [1]))]
        locks: Option<u32>,
        /// How many groups of two or more members may lose all members, or policies all rules.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [1]))]
        emptied: Option<u32>,
        /// How many objects a plan may adopt once the stack owns anything.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [4]))]
        adoptions: Option<u32>,
        /// How many deletions may look like part of a rename: of an application with keys, or of a group that shares
        /// a member with a new one.
        #[schemars(with = "Option<text::Count>", extend("default" = 0, "x-api" = "–", "examples" = [1]))]
        rename: Option<u32>,
    }
}

impl LimitsDocument {
    /// Returns the numbers that are set, by guard.
    pub(in crate::config) fn numbers(&self) -> impl Iterator<Item = (GuardName, u32)> {
        let Self { deletes, losses, lost_access, keys, people, locks, emptied, adoptions, rename } = self;
        let numbers = [
            (GuardName::Deletes, *deletes),
            (GuardName::Losses, *losses),
            (GuardName::LostAccess, *lost_access),
            (GuardName::Keys, *keys),
            (GuardName::People, *people),
            (GuardName::Locks, *locks),
            (GuardName::Emptied, *emptied),
            (GuardName::Adoptions, *adoptions),
            (GuardName::Rename, *rename),
        ];
        numbers.into_iter().filter_map(|(guard, number)| Some((guard, number?)))
    }
}

/// The words for `prune`.
pub(in crate::config) const PRUNES: &[&str] = &["owned", "none"];

pub(super) fn settings(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<SettingsDocument> {
    let mut fields = MapFields::of(d, node, key, "settings", &SettingsDocument::SHAPE)?;
    Some(SettingsDocument {
        prune: fields.optional("prune", d, |d, node, at| {
            let value = d.one_of(node, "prune", PRUNES, &[Prune::Owned, Prune::None])?;
            Some(Spanned { value, at })
        }),
        min_iam_admins: fields.optional("min_iam_admins", d, |d, node, _| d.count(node, "min_iam_admins")),
        protect: fields
            .optional("protect", d, |d, node, _| addresses(d, node, "protect", "protected object"))
            .unwrap_or_default(),
        takes_over: fields.optional("takes_over", d, |d, node, at| {
            let stack = |text, why| MistakeKind::BadStack { text, why };
            let mut value =
                d.each(node, "takes_over", |d, item| d.value::<Stack>(item, "takes_over", stack))?;
            d.distinct(&mut value, "stack", |stack| (stack.value.clone(), stack.at));
            Some(Spanned { value, at })
        }),
        conditions: fields.optional("conditions", d, conditions).unwrap_or_default(),
        limits: fields.optional("limits", d, limits).unwrap_or_default(),
        drift: fields.optional("drift", d, drift).unwrap_or_default(),
        scim: fields.optional("scim", d, scim),
        report: fields.optional("report", d, report).unwrap_or_default(),
    })
}

fn scim(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<Spanned<ScimDocument>> {
    let mut fields = MapFields::of(d, node, key, "scim", &ScimDocument::SHAPE)?;
    let of = || "`scim`".to_owned();
    let groups = fields.required("groups", d, of, |d, node, _| {
        let mut groups = d.each(node, "groups", |d, item| d.name(item, "groups", Kind::Group))?;
        d.distinct(&mut groups, "group", |group| (group.value.clone(), group.at));
        Some(groups)
    });
    Some(Spanned { value: ScimDocument { groups: groups.unwrap_or_default() }, at: key })
}

fn limits(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<LimitsDocument> {
    let mut fields = MapFields::of(d, node, key, "limits", &LimitsDocument::SHAPE)?;
    let mut number = |guard| fields.optional(guard, d, |d, node, _| d.count(node, guard));
    Some(LimitsDocument {
        deletes: number("deletes"),
        losses: number("losses"),
        lost_access: number("lost_access"),
        keys: number("keys"),
        people: number("people"),
        locks: number("locks"),
        emptied: number("emptied"),
        adoptions: number("adoptions"),
        rename: number("rename"),
    })
}

fn conditions(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<ConditionsDocument> {
    let mut fields = MapFields::of(d, node, key, "conditions", &ConditionsDocument::SHAPE)?;
    let variables = fields.optional("variables", d, |d, node, _| {
        let variable = |d: &mut Decoder<'_>, node: &Node<'_>| {
            d.text(node, "variables").map(|text| Spanned { value: text.to_owned(), at: node.at })
        };
        let mut variables = d.each(node, "variables", variable)?;
        d.distinct(&mut variables, "variable", |variable| (variable.value.clone(), variable.at));
        Some(variables)
    });
    Some(ConditionsDocument { variables: variables.unwrap_or_default() })
}
