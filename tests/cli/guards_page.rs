//! `docs/guards.md`: every guard, with a refusal as the program prints it.

use std::fmt::Write as _;

use scw_iam::model::GuardName;
use serde_json::json;

use crate::acme::{FILE, desk, live, object};
use crate::command::{Desk, Ended, edit};

const INTRODUCTION: &str = "\
# Guards

A guard checks a whole plan and refuses it when the plan does more than was probably intended. `plan` and `apply` then end
with exit code 3, and nothing is written. `drift` shows the results of the guards and never ends with 3.

There are three ways to let a plan pass, from the narrowest to the widest:

- **An entry under `allow` in the files**, reviewed together with the change that needs it. It names the guard and the objects
  or people that may pass (`of`), a reason, and an end within 30 days. It lets all or some of these pass, and nothing else.
  A refusal prints the entry.
- **`--allow GUARD=NUMBER`** on the command line, for exactly the number that the plan printed.
- **`settings.limits`** changes the number that always passes.

There is no `--force`. `scw-iam plan --base FOLDER`, with the files before a change in FOLDER, first shows what the change
weakens: settings, entries under `allow`, assertions, guardrails, sections that are gone, and members that were `exact`.

The examples below come from a small organization, some of them with lower limits than the defaults.
";

/// A guard, and a plan that it refuses.
struct Example {
    guard: GuardName,
    refuses: &'static str,
    default: &'static str,
    settings: &'static str,
    changes: &'static [(&'static str, &'static str)],
    options: &'static str,
}

const JOINS: &[(&str, &str)] =
    &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io, ann@acme.io, cho@acme.io]")];
const LEAVES: &[(&str, &str)] = &[("users: [owner@acme.io, ann@acme.io]", "users: [owner@acme.io]")];
const NO_CI: (&str, &str) = (
    "  ci-push:\n    principal: {application: ci}\n    rules:\n      - permission_sets: [ContainerRegistryFullAccess]\n        scope: [staging]\n",
    "",
);

const EXAMPLES: &[Example] = &[
    Example {
        guard: GuardName::Deletes,
        refuses: "Deleting more objects than the limit, all kinds counted together; and always the last of two or more objects of a kind that the stack owns.",
        default: "5, or 5 % of the objects that the stack owns, whichever is more",
        settings: "{limits: {deletes: 1}}",
        changes: &[NO_CI, ("  ci:\n    description: Deploys\n", "")],
        options: "",
    },
    Example {
        guard: GuardName::Losses,
        refuses: "Taking any access from more principals than the limit. A principal that leaves groups that grant something and joins none counts too, even if another group still grants the same access. Access that ended by an `until` in the last seven days does not count; an older end that is still live counts like any other loss.",
        default: "5, or 20 % of the principals that hold any access, whichever is more",
        settings: "{limits: {losses: 0}}",
        changes: &[("permission_sets: [InstancesFullAccess]", "permission_sets: [InstancesReadOnly]")],
        options: "",
    },
    Example {
        guard: GuardName::LostAccess,
        refuses: "Taking all access from more principals than the limit. Access that every person or every application holds does not count here, so a group of everybody does not disable this guard. Recent ends by `until` do not count.",
        default: "3",
        settings: "{limits: {lost_access: 0}}",
        changes: &[("users: [ann@acme.io, bob@acme.io]", "users: [ann@acme.io]")],
        options: "",
    },
    Example {
        guard: GuardName::Keys,
        refuses: "Deleting more keys than the limit: API keys together with the applications and people that hold them, and SSH keys. Everything that uses such a key stops working, and no plan restores the key.",
        default: "0",
        settings: "{}",
        changes: &[NO_CI, ("  ci:\n    description: Deploys\n", "")],
        options: "",
    },
    Example {
        guard: GuardName::People,
        refuses: "Removing more people than the limit. A person who is removed loses their API keys and has to be invited again.",
        default: "0",
        settings: "{}",
        changes: &[
            ("groups:\n  admins", "users: {}\n\ngroups:\n  admins"),
            ("[ann@acme.io, bob@acme.io]", "[ann@acme.io]"),
        ],
        options: "",
    },
    Example {
        guard: GuardName::Locks,
        refuses: "Locking more people than the limit. A person who is locked keeps all grants but cannot use them, and so counts as losing everything for `losses` and `lost_access`. An entry under `allow` that lets somebody be locked does not let them be removed.",
        default: "0",
        settings: "{}",
        changes: &[("groups:\n  admins", "users: {bob@acme.io: {locked: true}}\n\ngroups:\n  admins")],
        options: "",
    },
    Example {
        guard: GuardName::Scim,
        refuses: "Managing people (`users`) or all members of a group (`membership: exact`) while SCIM is on and `settings.scim` does not say what it provisions. The identity provider and the files would undo each other's changes. `settings: {scim: {groups: [developers]}}` says that the identity provider fills that group. Plans then never change its members, change only the tags of people, and never invite, lock or remove anybody.",
        default: "always",
        settings: "{}",
        changes: &[],
        options: "",
    },
    Example {
        guard: GuardName::Emptied,
        refuses: "Removing all members of groups that had two or more, or all rules of policies, more often than the limit. Recent ends by `until` do not count.",
        default: "0",
        settings: "{}",
        changes: &[("users: [ann@acme.io, bob@acme.io]", "users: []")],
        options: "",
    },
    Example {
        guard: GuardName::Adoptions,
        refuses: "Adopting more objects than the limit once the stack owns anything. The first run of a stack adopts; later ones create.",
        default: "0",
        settings: "{}",
        changes: &[],
        options: "",
    },
    Example {
        guard: GuardName::SelfLockout,
        refuses: "A plan after which, or during which, the caller no longer holds an `IAM…`, `Organization…` or `Project…` permission set that it held, or that deletes the caller, and files that lock the caller. A caller that cannot be identified is refused too, unless `--caller KIND:NAME` names it.",
        default: "always",
        settings: "{}",
        changes: LEAVES,
        options: "--caller user:ann@acme.io",
    },
    Example {
        guard: GuardName::MinIamAdmins,
        refuses: "A plan that leaves, at its end or in any state on the way, fewer people who can administer IAM than `settings.min_iam_admins`, and fewer than there are now. A person counts who holds `IAMManager` or `OrganizationManager` on the organization without a condition, has accepted the invitation, and is not locked; the owner counts too. If needed, the plan adds new administrators before it removes others.",
        default: "2 (`settings.min_iam_admins`)",
        settings: "{}",
        changes: LEAVES,
        options: "",
    },
    Example {
        guard: GuardName::Protect,
        refuses: "Changing an object under `settings.protect`, its members, or a policy attached to it.",
        default: "nothing is protected",
        settings: "{protect: [group:admins]}",
        changes: JOINS,
        options: "",
    },
    Example {
        guard: GuardName::Rename,
        refuses: "Deleting and creating objects of one kind in a way that looks like a rename: the deleted one is an application with API keys, or a group that shares a member with a new group. To rename an object, write `previously: OLD NAME`.",
        default: "0",
        settings: "{}",
        changes: &[
            ("  developers:\n    members", "  engineers:\n    members"),
            ("{group: developers}", "{group: engineers}"),
        ],
        options: "",
    },
    Example {
        guard: GuardName::PrivilegeGains,
        refuses: "With `--strict`: somebody gaining a permission set that can escalate, that is, that lets them give themselves more access. Without `--strict` this is shown and passes.",
        default: "shown",
        settings: "{}",
        changes: JOINS,
        options: "--strict",
    },
    Example {
        guard: GuardName::Quota,
        refuses: "Creating more objects or API keys than the organization's quotas allow. The guard counts what exists and what the plan creates, less what the plan deletes before that. A new API key counts in addition to the key that it replaces. If this version does not know a quota, or the caller may not read it, the plan only says so. The quotas are read only if a plan creates something; `scw-iam quota` shows them.",
        default: "always",
        settings: "{}",
        changes: &[("applications:\n  backup", "applications:\n  builder: {}\n  backup")],
        options: "",
    },
    Example {
        guard: GuardName::Login,
        refuses: "Turning off the last way to log in, or leaving SAML as the only one while it is not set up. Everybody but the owner would be locked out.",
        default: "always",
        settings: "{}",
        changes: &[(
            "policies:\n",
            "organization_settings:\n  login_methods: {password: false, magic_code: false, oauth2: false, saml: true}\n\npolicies:\n",
        )],
        options: "",
    },
    Example {
        guard: GuardName::Assertions,
        refuses: "A plan whose outcome breaks an assertion that holds now. With `--strict`, assertions that are already broken refuse too.",
        default: "always",
        settings: "{}",
        changes: &[
            ("{application: ci}", "{application: backup}"),
            (
                "policies:\n",
                "assertions:\n  - {principal: {application: ci}, can: ContainerRegistryFullAccess, on: staging}\n\npolicies:\n",
            ),
        ],
        options: "",
    },
    Example {
        guard: GuardName::Guardrails,
        refuses: "A plan whose outcome has a new grant that a guardrail forbids. With `--strict`, grants that are already forbidden refuse too.",
        default: "always",
        settings: "{}",
        changes: &[
            ("{application: ci}", "{application: backup}"),
            (
                "policies:\n",
                "guardrails:\n  - name: backup keeps to its store\n    forbid: grant.principal == \"application:backup\" && grant.permission_set == \"ContainerRegistryFullAccess\"\n\npolicies:\n",
            ),
        ],
        options: "",
    },
];

/// A plan that a guard refuses.
fn refused(example: &Example) -> (Desk, Ended) {
    let desk = desk();
    let text = edit(FILE, example.changes);
    let settings = format!("stack: web\nsettings: {}\n", example.settings);
    desk.file("iam.yaml", edit(&text, &[("stack: web\n", &settings)]));
    let mut state = live();
    if example.guard == GuardName::Adoptions {
        object(&mut state, "applications", "ci")["tags"] = json!([]);
    }
    if matches!(example.guard, GuardName::People | GuardName::Locks) {
        state["users"][2]["tags"] = json!(["scw-iam=web"]);
    }
    if example.guard == GuardName::Scim {
        state["organization"]["scim"] = json!({"id": "ac3e0000-0000-4000-8000-0000000000f1"});
    }
    if example.guard == GuardName::Quota {
        state["quota"] = json!([{"name": "iam_applications", "limits": [{"global": true, "limit": 2}]}]);
    }
    desk.file("live.json", state);
    let ended = plan(&desk, example, "");
    assert_eq!(ended.code, 3, "{}: {ended}", example.guard);
    (desk, ended)
}

fn plan(desk: &Desk, example: &Example, more: &str) -> Ended {
    let options = example.options;
    desk.run(&format!("plan --emulate live.json --now 2026-11-22T12:00:00Z {options} {more}"))
}

/// What a guard prints.
fn refusal(example: &Example, ended: &Ended) -> String {
    let head = format!("refused by {}:", example.guard);
    let mut lines = ended.stdout.lines().skip_while(|line| !line.starts_with(&head));
    let first = lines.next().unwrap_or_else(|| panic!("{}: {ended}", example.guard)).to_owned();
    lines.take_while(|line| line.starts_with(' ')).fold(first, |text, line| text + "\n" + line)
}

/// Whether a guard refuses a plan.
fn refuses(example: &Example, ended: &Ended) -> bool {
    ended.stdout.contains(&format!("refused by {}:", example.guard))
}

#[test]
fn what_a_refusal_offers_works_as_it_is_printed() {
    let mut entries = 0;
    for example in EXAMPLES {
        let (desk, ended) = refused(example);
        let refusal = refusal(example, &ended);
        let words: Vec<&str> = refusal.split_whitespace().collect();
        let option = words
            .iter()
            .position(|word| word.ends_with("--allow"))
            .map(|at| words[at + 1].trim_end_matches(')'));
        let option = format!("--allow {}", option.unwrap_or_else(|| panic!("{refusal}")));
        assert!(!refuses(example, &plan(&desk, example, &option)), "{}: {option}", example.guard);
        // Pasted with its line breaks, as a terminal of 80 columns shows it.
        let Some((_, entry)) = refusal.split_once("add to `allow`:") else { continue };
        entries += 1;
        desk.file("iam.yaml", format!("{}\nallow:\n  {}\n", desk.read("iam.yaml"), entry.trim()));
        let ended = plan(&desk, example, "");
        assert!(!refuses(example, &ended) && ended.code != 65, "{}: {entry}\n{ended}", example.guard);
    }
    assert!(entries >= 10, "{entries}");
}

#[test]
fn every_guard_is_documented_with_a_refusal() {
    let guards: Vec<_> = EXAMPLES.iter().map(|example| example.guard).collect();
    assert_eq!(guards, GuardName::ALL);
    let mut page = INTRODUCTION.to_owned();
    for example in EXAMPLES {
        let (guard, refuses, default) = (example.guard, example.refuses, example.default);
        let refusal = refusal(example, &refused(example).1);
        write!(
            page,
            "\n## `{guard}`\n\nRefuses: {refuses}\n\nDefault: {default}.\n\n```text\n{refusal}\n```\n"
        )
        .unwrap();
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guards.md");
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/guards.md is not what the guards say; UPDATE_FILES=1 writes it anew");
}
