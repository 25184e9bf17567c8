//! `docs/library.md`: the calls that programs make most often, run on an emulator as the page shows them.

use std::fmt::Write as _;

use scw_iam::api::{Client, ErrorKind, Secret};
use scw_iam::emulator::{Behaviour, EmulatorOptions, Quota, start};
use serde_json::json;

use crate::scripted::{ORGANIZATION, id};

#[expect(unreachable_pub, reason = "a program would have it in a module of its own")]
#[path = "../../examples/library/operations.rs"]
mod operations;

const INTRODUCTION: &str = "\
# The library

The program is a thin layer on the crate `scw_iam`. `scw_iam::reconcile` plans, applies and looks for drift, as the commands do; the first
page of the crate's documentation has a complete program. `scw_iam::api` is the API client by itself, which this page shows: one typed
method for each call, with paging, retries and a request rate that adapts to the limit of the API.

```rust
let client = scw_iam::api::Client::builder(Secret::new(secret_key), organization_id).build()?;
```

An `scw_iam::api::Error` has the method, the path, the status, the message of the API, and the request id. `error.kind()` distinguishes the
cases that a program may want to handle. A request that may have been executed is not repeated unless that is safe: a POST whose response is
lost fails with `ErrorKind::OutcomeUnknown`.

The functions below are in [examples/library/operations.rs](../examples/library/operations.rs).
";

#[test]
fn the_page_shows_the_operations() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(root.join("examples/library/operations.rs")).unwrap();
    let mut page = INTRODUCTION.to_owned();
    let mut shown = 0;
    for function in source.split("\n\n/// ").skip(1) {
        let (title, rest) = function.split_once('\n').unwrap();
        let words = rest.lines().take_while(|line| line.starts_with("///"));
        let words: Vec<_> =
            words.map(|line| line.trim_start_matches('/').trim()).filter(|line| !line.is_empty()).collect();
        let code = rest.lines().skip_while(|line| line.starts_with("///")).collect::<Vec<_>>().join("\n");
        write!(page, "\n## {title}\n\n").unwrap();
        if !words.is_empty() {
            write!(page, "{}\n\n", words.join("\n")).unwrap();
        }
        write!(page, "```rust\n{}\n```\n", code.trim_end()).unwrap();
        shown += 1;
    }
    assert_eq!(shown, 9);
    let path = root.join("docs/library.md");
    if std::env::var_os("UPDATE_FILES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/library.md is not what the example says; UPDATE_FILES=1 writes it anew");
}

#[tokio::test]
async fn the_operations_do_what_the_page_says() {
    let state = json!({
        "organization": {"id": ORGANIZATION},
        "users": [{"id": id(1), "email": "owner@example.com", "type": "owner"}, {"id": id(2), "email": "a@example.com"}],
        "applications": [{"id": id(3), "name": "ci"}],
        "groups": [
            {"id": id(4), "name": "ops", "user_ids": [id(2)], "application_ids": [id(3)]},
            {"id": id(5), "name": "others"},
        ],
        "policies": [
            {"id": id(6), "name": "run", "group_id": id(4), "rules": []},
            {"id": id(7), "name": "nobody", "no_principal": true, "rules": []},
        ],
    });
    let behaviour = Behaviour { quota: Quota::Documented, ..Behaviour::default() };
    let options = EmulatorOptions { state: Some(state), behaviour, ..EmulatorOptions::default() };
    let emulator = start(options).await.unwrap();
    let client = Client::builder(Secret::new("any"), ORGANIZATION.parse().unwrap());
    let client = client.api_url(emulator.url()).build().unwrap();
    let (user, application) = (id(2).parse().unwrap(), id(3).parse().unwrap());
    let (group, policy) = (id(4).parse().unwrap(), id(6).parse().unwrap());

    let (key, secret) = operations::create_api_key(&client, id(3).parse().unwrap()).await.unwrap();
    assert_eq!(secret.expose().len(), 36);
    assert_eq!(operations::get_api_key(&client, &key.access_key).await.unwrap(), key);
    let groups = operations::list_groups(&client, id(2).parse().unwrap()).await.unwrap();
    assert!(groups.iter().any(|group| group.name == "ops"), "{groups:?}");
    assert!(!groups.iter().any(|group| group.name == "others"), "{groups:?}");
    assert_eq!(operations::list_policies(&client).await.unwrap(), ["run"]);
    let quotas = operations::list_quotas(&client, "iam_groups".parse().unwrap()).await.unwrap();
    assert_eq!(quotas.iter().map(|quotum| quotum.pretty_name.as_str()).collect::<Vec<_>>(), ["Groups"]);
    let rules = operations::set_rules(&client, &policy, ORGANIZATION.parse().unwrap()).await.unwrap();
    assert_eq!(
        rules.iter().map(|rule| rule.permission_set_names.concat()).collect::<Vec<_>>(),
        ["AllProductsReadOnly", "IAMReadOnly"]
    );
    assert_eq!(operations::list_rules(&client, &policy).await.unwrap(), rules);
    let left =
        operations::remove_members(&client, &group, id(2).parse().unwrap(), application).await.unwrap();
    assert_eq!((left.user_ids.len(), left.application_ids.len()), (0, 0));
    operations::delete_user(&client, &user).await.unwrap();
    let gone = operations::delete_user(&client, &user).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}
