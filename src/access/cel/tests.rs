use super::*;

fn faults(text: &str) -> Vec<String> {
    match compile(text, Vocabulary::Condition) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            faults.into_iter().map(|fault| format!("{} {:?}", &text[fault.at], fault.kind)).collect()
        }
    }
}

#[test]
fn the_documented_conditions_are_good() {
    for text in [
        "1 == 1",
        "request.user_agent == 'terraform-test'",
        "resource.name.startsWith(\"/ci/\") || !has(resource.id)",
        "request.time < timestamp(\"2026-12-31T18:00:00Z\")",
        "(resource.name == \"a\") && request.time < timestamp(\"2026-12-31T18:00:00Z\")",
        "request.time.getHours(\"Europe/Paris\") >= 8 && request.time.getDayOfWeek() in [1, 2, 3, 4, 5]",
        "request.ip in [\"192.0.2.1\", '192.0.2.2']",
        "[\"a\", \"b\"].exists(n, resource.name.endsWith(n)) && size(resource.id) == 36",
        "request[\"ip\"].matches(\"^192\\\\.\")",
        "type(resource.name) == string && request.time + duration(\"1h\") > request.time",
    ] {
        assert_eq!(faults(text), [""; 0], "{text}");
    }
}

#[test]
fn a_word_that_scaleway_does_not_have_is_found_where_it_stands() {
    assert_eq!(
        faults("request.usr_agent == 'x'"),
        ["request.usr_agent Variable { name: \"request.usr_agent\" }"]
    );
    assert_eq!(faults("user == 'x'"), ["user Variable { name: \"user\" }"]);
    assert_eq!(faults("request == 1"), ["request Variable { name: \"request\" }"]);
    assert_eq!(faults("inIpRange(request.ip, '10.0.0.0/8')"), ["inIpRange Function { name: \"inIpRange\" }"]);
    assert_eq!(
        faults("resource.name.startWith('é') || resource.nam == 'é'"),
        ["startWith Function { name: \"startWith\" }", "resource.nam Variable { name: \"resource.nam\" }",]
    );
}

#[test]
fn a_word_is_found_on_its_line() {
    let text = "request.ip == \"192.0.2.1\" ||\n  resource.nam == \"é\" ||\n  resource.id == \"\"";
    let Err(faults) = compile(text, Vocabulary::Condition) else { panic!() };
    assert_eq!(faults[0].at, 31..43, "{faults:?}");
    let Err(faults) = compile("true &&\n  é", Vocabulary::Condition) else { panic!() };
    assert_eq!(faults[0].at.start, 10, "{faults:?}");
}

#[test]
fn a_bound_variable_ends_with_its_comprehension() {
    assert_eq!(faults("[1].all(x, x > 0)"), [""; 0]);
    assert_eq!(faults("[1].all(x, x > 0) && x"), ["x Variable { name: \"x\" }"]);
}

#[test]
fn what_is_no_cel_is_said_once_with_its_place() {
    for (text, at) in [("request.ip ==", 13), ("request.ip = 'x'", 11), ("(a", 2), ("\"a", 0), ("a b", 2)] {
        let Err(faults) = compile(text, Vocabulary::Condition) else { panic!("{text}") };
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(matches!(faults[0].kind, FaultKind::Syntax(_)), "{text}: {faults:?}");
        assert_eq!(faults[0].at.start, at, "{text}: {faults:?}");
    }
}

#[test]
fn hostile_texts_are_refused_without_a_crash() {
    let long = |part: &str| part.repeat(2048 / part.len());
    // A guardrail may be twice as long as a condition.
    let longer = |part: &str| part.repeat(4096 / part.len());
    for text in ["!", "-", "1+", "a.", "a?b:", "f().", "a[1]", "\\", "1<"] {
        drop(compile(&longer(text), Vocabulary::Guardrail));
        drop(compile(&format!("{}1", longer(text)), Vocabulary::Guardrail));
    }
    for text in [
        long("("),
        long("["),
        long("!"),
        long("-"),
        long("1+"),
        long("{1:"),
        long("a."),
        long("a?b:"),
        long("x.map(y,"),
        long("\\"),
        long("'"),
        long("\u{0}"),
        long("é"),
        format!("{}1", long("1+")),
        format!("request.ip{}", long(".x")),
        format!("{}true", long("!")),
        format!("{}1", long("true?1:")),
        "b'\\xff'".to_owned(),
        "'\\ud800'".to_owned(),
        "99999999999999999999".to_owned(),
        "1e999999".to_owned(),
        "r'".to_owned(),
        "\"\"\"".to_owned(),
    ] {
        drop(compile(&text, Vocabulary::Condition));
    }
}

/// Runs on a stack of half the size that threads commonly have.
fn in_little_room(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn what_is_parsed_without_more_room_needs_little() {
    in_little_room(|| {
        for part in ["!", "-", "1+", "1<", "a?b:", "a.", "a.b(c).", "a[1]+", "x?", "'x'+"] {
            let signs = weight(part).1.max(1);
            for text in [part.repeat(FEW / signs), format!("{}1", part.repeat(FEW / signs))] {
                let text = format!("{}{text}{}", "(".repeat(SHALLOW - 1), ")".repeat(SHALLOW - 1));
                drop(compile_here(&text, Vocabulary::Condition));
            }
        }
    });
}

#[test]
fn what_is_let_through_can_be_evaluated_in_little_room() {
    let deep = |part: &str, n: usize| format!("{}1", part.repeat(n));
    for text in [
        format!("0<{}", deep("1+", DEEPEST_TREE - 3)),
        format!("{}==1", deep("true?true:1==", 40)),
        format!("0<{}", deep("[1].size()+", 60)),
    ] {
        let expression = compile(&text, Vocabulary::Condition).unwrap();
        in_little_room(move || assert!(expression.evaluate(&["request.ip"], context, |_| ()).is_some()));
    }
    assert!(compile(&format!("0<{}", deep("1+", DEEPEST_TREE + 2)), Vocabulary::Condition).is_err());
}

#[test]
fn what_can_never_be_true_or_false_is_found_where_it_stands() {
    for (text, found) in [
        ("request.ip", "request.ip is a text"),
        ("\"1\"", "\"1\" is a text"),
        ("(request.time)", "request.time is a time"),
        ("1", "1 is a number"),
        ("null", "null is null"),
        ("[true]", "[true] is a list"),
        ("{1: true}", "{1: true} is a map"),
        ("string", "string is a type"),
        ("size(resource.name)", "size(resource.name) is a number"),
        ("resource.name.size()", "resource.name.size() is a number"),
        ("request.time.getHours()", "request.time.getHours() is a number"),
        ("request.ip + \"1\"", "request.ip + \"1\" is a text"),
        ("1 + 2 * 3", "1 + 2 * 3 is a number"),
        ("request.time - duration(\"1h\")", "request.time - duration(\"1h\") is a time"),
        ("[1].map(x, x > 0)", "[1].map(x, x > 0) is a list"),
        ("request[\"ip\"]", "request[\"ip\"] is a text"),
        ("true ? request.ip : (1 == 1)", "request.ip is a text"),
        ("1 ? true : false", "1 is a number"),
        ("true ? 1 : request.ip", "1 is a number; request.ip is a text"),
        ("has(resource.id) && request.ip", "request.ip is a text"),
        ("!(resource.name || true)", "resource.name is a text"),
        ("[1, 2].exists(x, \"a\")", "\"a\" is a text"),
        ("request.time < \"2027-01-01\"", "request.time < \"2027-01-01\": a time with a text"),
        ("[request.ip].all(x, request.ip > 5)", "request.ip > 5: a text with a number"),
    ] {
        let Err(faults) = compile(text, Vocabulary::Condition) else { panic!("{text}") };
        let words: Vec<String> = faults
            .into_iter()
            .map(|fault| match fault.kind {
                FaultKind::NeverJudged { found } => format!("{} is {found}", &text[fault.at]),
                FaultKind::NeverCompared { left, right } => {
                    format!("{}: {left} with {right}", &text[fault.at])
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(words.join("; "), found, "{text}");
    }
}

#[test]
fn what_may_be_true_or_false_is_let_through() {
    for text in [
        "dyn(request.ip)",
        "[true][0]",
        "{\"a\": true}.a",
        "{\"a\": true}[\"a\"]",
        "[true].all(x, x)",
        "[[1]].exists(x, x.exists_one(y, y == 1))",
        "[{\"ip\": true}].exists(request, request.ip)",
        "true ? [true][0] : false",
        "1 < 2.0 && 1u < 2",
        "request.time - request.time < duration(\"1h\")",
        "request.time + duration(\"1h\") > request.time",
        "type(1) == int",
        "bool(\"true\")",
        "[1].map(x, x + 1) == [2]",
    ] {
        assert_eq!(faults(text), [""; 0], "{text}");
    }
    assert!(compile("grant.managed", Vocabulary::Guardrail).is_ok());
    for bad in ["\"1\"", "grant.scope", "grant.managed ? grant.scope : true"] {
        assert!(compile(bad, Vocabulary::Guardrail).is_err(), "{bad}");
    }
}

/// Returns the steps of a good expression, or `None` for one that takes too many.
fn steps(text: &str) -> Option<f64> {
    match compile(text, Vocabulary::Condition) {
        Ok(expression) => Some(cost::steps(expression.program.expression())),
        Err(faults) => {
            assert_eq!(faults[0].kind, FaultKind::TooCostly, "{text}");
            None
        }
    }
}

#[test]
fn nested_macros_multiply_until_an_expression_is_refused() {
    let list = |n: usize| format!("[{}]", vec!["7"; n].join(","));
    let nested = |n: usize, depth: usize| {
        (0..depth).fold("1 > 0".to_owned(), |inner, at| format!("{}.all(v{at}, {inner})", list(n)))
    };
    assert!(steps(&nested(30, 2)).unwrap() > 900.0);
    assert!(steps(&nested(20, 3)).unwrap() > 8_000.0);
    assert_eq!(steps(&nested(30, 3)), None);
    assert_eq!(steps(&nested(2, 20)), None);
    assert_eq!(steps(&nested(2, 55)), None);
    assert!(steps(&nested(0, 55)).is_some());
    for bomb in [
        // What each round makes grows.
        format!("[1]{}.size() > 0", ".map(x, [x, x])".repeat(30)),
        format!("[\"a\"]{}.size() > 0", ".map(x, x + x)".repeat(30)),
        // A pattern is written out, each time anew.
        "resource.name.matches(\"((a{99}){99}){99}\")".to_owned(),
        format!("{}.all(x, resource.name.matches(\"\\\\w{{1,200}}\"))", list(30)),
    ] {
        assert_eq!(steps(&bomb), None, "{bomb}");
    }
    for good in [
        "request.time.getHours(\"Europe/Paris\") >= 8 && request.time.getDayOfWeek() in [1, 2, 3, 4, 5]"
            .to_owned(),
        "resource.name.matches(\"^/ci/[a-z]{1,63}$\") || request.ip.matches(\"^192\\\\.0\\\\.2\\\\..*\")"
            .to_owned(),
        "resource.name.matches(\"^[a-z0-9-]{1,63}\\\\.(tmp|bak)$\") && !resource.name.matches(\"^[0-9]{1,63}\\\\..+$\")".to_owned(),
        format!("request.ip in [{}]", vec!["\"192.0.2.1\""; 140].join(",")),
        format!("[{}].exists(ip, request.ip.startsWith(ip))", vec!["\"192.0.2.\""; 150].join(",")),
    ] {
        assert!(
            steps(&good).is_some_and(|steps| steps < Vocabulary::Condition.steps_most() / 4.0),
            "{good}: {:?}",
            steps(&good)
        );
    }
}

#[test]
fn a_guardrail_speaks_of_grants_only() {
    let good = "grant.permission_set in [\"IAMManager\"] && grant.via_group != \"owners\" && !grant.managed";
    assert!(compile(good, Vocabulary::Guardrail).is_ok());
    assert!(compile("request.ip == 'x'", Vocabulary::Guardrail).is_err());
    assert!(compile("grant.permision_set == 'x'", Vocabulary::Guardrail).is_err());
}
