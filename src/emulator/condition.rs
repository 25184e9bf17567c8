//! Conditions of rules: CEL.

use std::collections::HashMap;

use cel::{Context, Program, Value};
use jiff::Timestamp;

/// What a call is about. Only Secret Manager's calls say so here.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// Nothing for what is yet to be made, and for a list.
    pub(super) id: Option<String>,
    /// The folder and the name of a secret.
    pub(super) name: Option<String>,
    pub(super) locality: String,
}

/// What a condition is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    pub(super) now: Timestamp,
    pub(super) ip: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) resource: Option<&'a Resource>,
}

/// Checks the syntax of a condition, as the API does; whether it can ever hold is not asked.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let compile = || {
        Program::compile(text).map(drop).map_err(|errors| {
            let first = errors.to_string();
            let line = first.lines().find(|line| !line.trim().is_empty()).unwrap_or("syntax error");
            line.chars().filter(|c| !c.is_control()).take(120).collect()
        })
    };
    deep(compile).unwrap_or(Err("syntax error".to_owned()))
}

/// Runs what parses CEL where there is room: 96 levels of brackets, which the parser takes, need some 20 MiB of stack.
///
/// Nothing when there is no such thread to be had, or the work panics.
fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    const ROOM: usize = 64 << 20;
    std::thread::scope(|scope| {
        std::thread::Builder::new().stack_size(ROOM).spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Says whether a condition holds; one that cannot be judged does not.
///
/// At most one macro over a list is judged: nested ones could take for ever.
pub(super) fn holds(text: &str, situation: Situation<'_>) -> bool {
    if text.is_empty() {
        return true;
    }
    let macros = [".all(", ".exists(", ".exists_one(", ".map(", ".filter("];
    if macros.iter().map(|name| text.matches(name).count()).sum::<usize>() > 1 {
        return false;
    }
    let judge = || -> Option<bool> {
        let mut context = Context::default();
        let time =
            Program::compile(&format!("timestamp('{:.6}')", situation.now)).ok()?.execute(&context).ok()?;
        // The real one cuts a user agent at 255 characters.
        let user_agent: String = situation.user_agent.chars().take(255).collect();
        let request: HashMap<String, Value> = HashMap::from([
            ("ip".into(), Value::from(situation.ip)),
            ("user_agent".into(), Value::from(user_agent)),
            ("time".into(), time),
        ]);
        context.add_variable_from_value("request", request);
        let mut resource = HashMap::<String, Value>::new();
        if let Some(Resource { id, name, locality }) = situation.resource {
            let known = [("id", id.as_ref()), ("name", name.as_ref()), ("locality", Some(locality))];
            let known = known.into_iter().filter_map(|(key, text)| Some((key.into(), text?.as_str().into())));
            resource.extend(known);
        }
        context.add_variable_from_value("resource", resource);
        match Program::compile(text).ok()?.execute(&context).ok()? {
            Value::Bool(held) => Some(held),
            _ => None,
        }
    };
    deep(judge).flatten().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syntax_is_checked_and_meaning_is_not() {
        for text in
            ["", "1 == 1", "request.user_agent == 'terraform-test'", "nonsense(x) || !has(resource.id)"]
        {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in [
            "1 ==",
            "request.ip = 'x'",
            "(",
            "'",
            " ",
            "&&",
            &"(".repeat(2000),
            &"!".repeat(2048),
            &"-".repeat(2048),
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_condition_sees_the_request() {
        let now: Timestamp = "2026-06-12T15:44:14Z".parse().unwrap();
        let situation = Situation { now, ip: "192.0.2.10", user_agent: "scw-iam/1", resource: None };
        for text in [
            "request.ip == '192.0.2.10'",
            "request.user_agent.startsWith('scw-iam/')",
            "request.time < timestamp('2026-12-31T18:00:00Z')",
            "resource.name.startsWith('/ci/') || !has(resource.id)",
        ] {
            assert!(holds(text, situation), "{text}");
        }
        for text in [
            "request.ip == '198.51.100.1'",
            "request.time < timestamp('2026-01-01T00:00:00Z')",
            "1",
            "nonsense",
            "(",
        ] {
            assert!(!holds(text, situation), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_check_panic(text in "[a-z0-9 ()\\[\\]{}.,:?!&|<>=+*/%'\"\\\\-]{0,200}", any in "\\PC{0,200}") {
            let situation = Situation { now: Timestamp::UNIX_EPOCH, ip: "", user_agent: "", resource: None };
            for text in [text, any] {
                let _ = check(&text);
                holds(&text, situation);
            }
        }
    }
}
