use std::collections::HashMap;

use cel::{Context, ExecutionError, Value};
use jiff::Timestamp;

use super::cel::{Expression, FaultKind, Vocabulary, compile, context};
use crate::model::Condition;

/// A request, as far as conditions ask about it. What is `None` is not known, and a condition that needs it is
/// neither true nor false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// When it is made: `request.time`.
    pub time: Timestamp,
    /// The public address it comes from: `request.ip`.
    pub ip: Option<String>,
    /// `request.user_agent`; Scaleway cuts it at 255 characters, and so does the evaluation.
    pub user_agent: Option<String>,
    /// What it is about.
    pub resource: ResourceFacts,
}

impl RequestFacts {
    /// Returns the fields that are not known, as conditions name them.
    fn unknown(&self) -> Vec<&'static str> {
        let Self { time: _, ip, user_agent, resource: ResourceFacts { name, id, locality } } = self;
        let fields = [
            ("request.ip", ip),
            ("request.user_agent", user_agent),
            ("resource.name", name),
            ("resource.id", id),
            ("resource.locality", locality),
        ];
        fields.into_iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field).collect()
    }
}

/// What a request is about, for the products that tell: IAM, Key Manager and Secret Manager. What is `None` is not
/// known, which is not the same as a request without a resource, as a list is.
///
/// Source: product documentation, July to October 2026.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceFacts {
    /// `resource.name`.
    pub name: Option<String>,
    /// `resource.id`.
    pub id: Option<String>,
    /// `resource.locality`: a region, a zone, or `global`.
    pub locality: Option<String>,
}

/// Why a condition or a guardrail is neither true nor false.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// It is not CEL, or uses a word that does not exist.
    #[error("the expression is not valid: {0}")]
    Invalid(String),
    /// It depends on something that nobody said, as `request.ip`.
    #[error("it depends on `{0}`, which is not known")]
    Unknown(String),
    /// It fails, as a comparison of a number with a text does.
    #[error("it cannot be evaluated: {0}")]
    Fails(String),
    /// It is no yes or no.
    #[error("it is neither true nor false")]
    NoAnswer,
    /// It would take too long, or too much memory.
    #[error("it is too costly to judge")]
    TooCostly,
}

/// Evaluates a condition for a request: what is not known matters only where the answer depends on it.
///
/// # Errors
/// [`Undecided`] when the condition has no answer; Scaleway grants nothing then.
pub fn holds(condition: &Condition, request: &RequestFacts) -> Result<bool, Undecided> {
    let expression = expression(condition.as_str(), Vocabulary::Condition)?;
    let time = time_value(request.time)?;
    answer(&expression, &request.unknown(), || {
        let mut variables = context();
        variables.add_variable_from_value("request", request_value(request, time));
        variables.add_variable_from_value("resource", resource_value(&request.resource));
        variables
    })
}

/// Returns when a condition ends for good: the earliest `request.time < timestamp("…")` that must be true.
#[must_use]
pub fn ends(condition: &Condition) -> Option<Timestamp> {
    expression(condition.as_str(), Vocabulary::Condition).ok()?.ends()?.parse().ok()
}

/// What a guardrail sees of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantFacts {
    /// `user:alice@example.com`, `application:ci`.
    pub principal: String,
    /// `user` or `application`.
    pub kind: &'static str,
    /// The permission set.
    pub permission_set: String,
    /// `organization`, `all_projects`, or the project's name.
    pub scope: String,
    /// The condition, empty for none.
    pub condition: String,
    /// The group that the grant comes through, empty for a policy attached to the principal itself.
    pub via_group: String,
    /// The policy.
    pub policy: String,
    /// Whether a product manages the policy.
    pub managed: bool,
}

/// A guardrail's expression, ready to judge grants.
#[derive(Debug)]
pub struct Forbidden(Expression);

impl Forbidden {
    /// Reads a guardrail's expression.
    ///
    /// # Errors
    /// [`Undecided::Invalid`] when it is not CEL or uses a word that does not exist.
    pub fn new(text: &str) -> Result<Self, Undecided> {
        expression(text, Vocabulary::Guardrail).map(Self)
    }

    /// Returns true when the answer can depend on this field of a grant.
    pub(super) fn reads(&self, field: &str) -> bool {
        self.0.reads(field)
    }

    /// Returns true when the guardrail forbids the grant.
    ///
    /// # Errors
    /// [`Undecided`] when the expression has no answer for it.
    pub fn forbids(&self, grant: &GrantFacts) -> Result<bool, Undecided> {
        let GrantFacts { principal, kind, permission_set, scope, condition, via_group, policy, managed } =
            grant;
        let fields: HashMap<String, Value> = HashMap::from([
            ("principal".to_owned(), principal.clone().into()),
            ("kind".to_owned(), (*kind).into()),
            ("permission_set".to_owned(), permission_set.clone().into()),
            ("scope".to_owned(), scope.clone().into()),
            ("condition".to_owned(), condition.clone().into()),
            ("via_group".to_owned(), via_group.clone().into()),
            ("policy".to_owned(), policy.clone().into()),
            ("managed".to_owned(), (*managed).into()),
        ]);
        answer(&self.0, &[], || {
            let mut variables = context();
            variables.add_variable_from_value("grant", fields);
            variables
        })
    }
}

fn expression(text: &str, vocabulary: Vocabulary) -> Result<Expression, Undecided> {
    compile(text, vocabulary).map_err(|faults| {
        if faults.iter().any(|fault| fault.kind == FaultKind::TooCostly) {
            return Undecided::TooCostly;
        }
        let words = faults.iter().map(|fault| match &fault.kind {
            FaultKind::Syntax(words) => words.clone(),
            FaultKind::TooDeep => "it is nested too deep".to_owned(),
            FaultKind::Variable { name, .. } => format!("there is no variable `{name}`"),
            FaultKind::Function { name, .. } => format!("there is no function `{name}`"),
            FaultKind::NeverJudged { found } => format!("{found} is neither true nor false"),
            FaultKind::NeverCompared { left, right } => format!("{left} cannot be compared with {right}"),
            FaultKind::TooCostly => "it is too costly to judge".to_owned(),
        });
        Undecided::Invalid(words.collect::<Vec<_>>().join("; "))
    })
}

fn answer(
    expression: &Expression,
    unknown: &[&str],
    variables: impl FnOnce() -> Context<'static, 'static> + Send,
) -> Result<bool, Undecided> {
    let read = |result| match result {
        Ok(Value::Bool(answer)) => Ok(answer),
        Ok(_) => Err(Undecided::NoAnswer),
        Err(ExecutionError::UndeclaredReference(name)) => Err(Undecided::Unknown(name.as_ref().clone())),
        Err(error) => Err(Undecided::Fails(error.to_string())),
    };
    let no_room = || Err(Undecided::Fails("there is no room to evaluate it".to_owned()));
    expression.evaluate(unknown, variables, read).unwrap_or_else(no_room)
}

/// Where Scaleway cuts a user agent.
const USER_AGENT_MOST: usize = 255;

fn request_value(request: &RequestFacts, time: Value) -> HashMap<String, Value> {
    let mut fields = HashMap::from([("time".to_owned(), time)]);
    if let Some(ip) = &request.ip {
        fields.insert("ip".to_owned(), ip.clone().into());
    }
    if let Some(agent) = &request.user_agent {
        let agent: String = agent.chars().take(USER_AGENT_MOST).collect();
        fields.insert("user_agent".to_owned(), agent.into());
    }
    fields
}

fn resource_value(resource: &ResourceFacts) -> HashMap<String, Value> {
    let ResourceFacts { name, id, locality } = resource;
    let fields = [("name", name), ("id", id), ("locality", locality)];
    let known = |(field, value): (&str, &Option<String>)| Some((field.to_owned(), value.clone()?.into()));
    fields.into_iter().filter_map(known).collect()
}

/// Returns the instant as CEL has it: read from text by CEL itself, so that its clock library stays its own.
fn time_value(time: Timestamp) -> Result<Value, Undecided> {
    let fails = |error: &dyn std::fmt::Display| Undecided::Fails(error.to_string());
    let program = cel::Program::compile("timestamp(text)").map_err(|error| fails(&error))?;
    let mut variables = context();
    variables.add_variable_from_value("text", time.to_string());
    program.execute(&variables).map_err(|error| fails(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestFacts {
        RequestFacts {
            time: "2026-06-01T06:30:00Z".parse().unwrap(),
            ip: Some("192.0.2.7".to_owned()),
            user_agent: Some("terraform-test".to_owned()),
            resource: ResourceFacts {
                name: Some("/ci/deploy".to_owned()),
                id: Some("11111111-1111-1111-1111-111111111111".to_owned()),
                locality: Some("fr-par".to_owned()),
            },
        }
    }

    fn judge(text: &str, request: &RequestFacts) -> Result<bool, Undecided> {
        holds(&text.parse().unwrap(), request)
    }

    #[test]
    fn a_condition_is_judged_by_time_address_agent_and_resource() {
        for (text, answer) in [
            ("request.time < timestamp(\"2026-06-01T06:30:01Z\")", true),
            ("request.time < timestamp(\"2026-06-01T06:30:00Z\")", false),
            ("request.time.getHours(\"Europe/Paris\") == 8", true),
            ("request.time.getDayOfWeek() == 1", true),
            ("request.ip.startsWith(\"192.0.2.\")", true),
            ("request.user_agent == 'terraform-test'", true),
            ("resource.name.startsWith(\"/ci/\") && resource.locality == \"fr-par\"", true),
            ("!has(resource.id)", false),
            ("1 == 2", false),
        ] {
            assert_eq!(judge(text, &request()), Ok(answer), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_leaves_it_undecided_unless_it_does_not_matter() {
        let unknown = RequestFacts { ip: None, resource: ResourceFacts::default(), ..request() };
        let depends = |on: &str| Err(Undecided::Unknown(on.to_owned()));
        for (text, answer) in [
            ("request.ip == \"x\"", depends("request.ip")),
            ("request[\"ip\"] == \"x\"", depends("request.ip")),
            ("request.ip == \"x\" || true", Ok(true)),
            ("true || request.ip == \"x\"", Ok(true)),
            ("request.ip == \"x\" && false", Ok(false)),
            ("has(resource.name) && false", Ok(false)),
            ("has(resource.name) || true", Ok(true)),
            ("has(resource.name) && resource.locality == \"fr-par\"", depends("resource.locality")),
            ("!has(resource.id)", depends("resource.id")),
            ("resource.name == \"x\" || !has(resource.id)", depends("resource.id")),
            ("request.time > timestamp(\"2030-01-01T00:00:00Z\") && has(resource.id)", Ok(false)),
            ("[\"a\"].exists(n, resource.name == n)", depends("resource.name")),
            ("[{\"name\": \"a\"}].exists(resource, resource.name == \"a\")", Ok(true)),
            ("has(resource.id) ? true : true", depends("resource.id")),
        ] {
            assert_eq!(judge(text, &unknown), answer, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_resource_may_be_known() {
        let resource = ResourceFacts { locality: None, ..request().resource };
        let some = RequestFacts { resource, ..request() };
        assert_eq!(judge("resource.name == \"/ci/deploy\" && has(resource.id)", &some), Ok(true));
        let depends = Err(Undecided::Unknown("resource.locality".to_owned()));
        assert_eq!(judge("has(resource.name) && resource.locality != \"fr-par\"", &some), depends);
    }

    #[test]
    fn a_condition_that_is_no_yes_or_no_has_no_answer() {
        assert!(matches!(judge("1 + 1", &request()), Err(Undecided::Invalid(_))));
        assert_eq!(judge("dyn(1)", &request()), Err(Undecided::NoAnswer));
        assert!(matches!(judge("dyn(1) < \"a\"", &request()), Err(Undecided::Fails(_))));
        assert!(matches!(judge("nope", &request()), Err(Undecided::Invalid(_))));
    }

    #[test]
    fn a_bomb_is_not_judged() {
        let list = format!("[{}]", vec!["1"; 30].join(","));
        for bomb in [
            "LIST.all(a, LIST.all(b, LIST.all(c, LIST.all(d, LIST.all(e, LIST.all(f, a + b + c + d + e + f > 0))))))",
            "LIST.map(a, LIST.map(b, LIST.map(c, LIST.map(d, LIST.map(e, LIST.map(f, 1)))))).size() > 0",
        ] {
            assert_eq!(judge(&bomb.replace("LIST", &list), &request()), Err(Undecided::TooCostly));
        }
        let doubled = format!("[\"a\"]{}.size() == 1", ".map(x, x + x)".repeat(60));
        assert_eq!(judge(&doubled, &request()), Err(Undecided::TooCostly));
        let two = "LIST.exists(a, LIST.exists(b, a + b == 2))".replace("LIST", &list);
        assert_eq!(judge(&two, &request()), Ok(true));
    }

    #[test]
    fn a_user_agent_is_cut_as_scaleway_cuts_it() {
        let long = RequestFacts { user_agent: Some("é".repeat(300)), ..request() };
        assert_eq!(judge("size(request.user_agent) == 255", &long), Ok(true));
    }

    #[test]
    fn a_guardrail_judges_a_grant() {
        let text = "grant.permission_set in [\"IAMManager\"] && grant.via_group != \"owners\"";
        let guardrail = Forbidden::new(text).unwrap();
        let mut grant = GrantFacts {
            principal: "user:a@x.io".to_owned(),
            kind: "user",
            permission_set: "IAMManager".to_owned(),
            scope: "organization".to_owned(),
            condition: String::new(),
            via_group: String::new(),
            policy: "p".to_owned(),
            managed: false,
        };
        assert_eq!(guardrail.forbids(&grant), Ok(true));
        grant.via_group = "owners".to_owned();
        assert_eq!(guardrail.forbids(&grant), Ok(false));
        assert!(Forbidden::new("grant.nope").is_err());
    }
}
