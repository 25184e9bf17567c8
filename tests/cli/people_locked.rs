//! Commands about what no file says: unlocking people, and quotas.

use insta::assert_snapshot;
use serde_json::json;

use crate::acme::{ORGANIZATION, live};
use crate::command::Desk;

#[test]
fn a_person_who_was_locked_out_is_unlocked_by_a_command() {
    let mut state = live();
    state["users"][2]["locked"] = true.into();
    let desk = Desk::new();
    desk.file("live.json", state);
    let api = desk.emulate("live.json", "");
    let run = |words: &str| desk.command(words).against(&api.url, ORGANIZATION).run();
    assert_snapshot!(run("unlock Bob@acme.io"), @"
    -- stderr
    Unlocked Bob@acme.io.
    -- exit 0
    ");
    assert_snapshot!(run("unlock username=bob"), @"
    -- stderr
    username=bob is not locked. Nothing was changed.
    -- exit 0
    ");
    assert_snapshot!(run("unlock zoe@acme.io"), @"
    -- stderr
    error: nobody in the organization goes by `zoe@acme.io`
    -- exit 1
    ");
    assert_snapshot!(run("unlock zoe"), @"
    -- stderr
    error: invalid value 'zoe' for '<E-MAIL|username=NAME|id=ID>': `zoe` is not an e-mail address: it needs one `@` with text on both sides

    For more information, try '--help'.
    -- exit 64
    ");
    assert_eq!(api.writes().len(), 1, "one call unlocks");
    assert_eq!(api.stop()["users"][2]["locked"], false);
}

#[test]
fn quotas_stand_beside_what_there_is() {
    let mut state = live();
    state["quota"] = json!([
        {"name": "iam_groups", "limit": 2, "limits": [{"global": true, "limit": 2}]},
        {"name": "iam_policies", "unlimited": true},
        {"name": "of_tomorrow", "limit": 7},
    ]);
    let desk = Desk::new();
    desk.file("live.json", state);
    assert_snapshot!(desk.run("quota --emulate live.json"), @"
    -- stdout
    iam_groups    2 of 2  [full]
    iam_policies  5, no limit
    of_tomorrow   at most 7; not counted
    -- stderr
    This ran on an emulator: nothing real was changed.
    -- exit 0
    ");
    let quotas = desk.run("quota --emulate live.json -o json").ends_with(0).json();
    assert_eq!(quotas[0], json!({"name": "iam_groups", "limit": 2, "used": 2, "full": true}));
}
