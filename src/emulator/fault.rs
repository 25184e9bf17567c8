//! Faults on purpose: which requests fail, and how.

use std::str::FromStr;

use thiserror::Error;

use super::rng::Rng;

/// How to write [`Faults`], for the help of the command line.
pub const FAULTS_HELP: &str = "\
FAULT=WHEN, several separated by commas; the first that fires counts:
  429                 too many requests: empty body, X-Envoy-Ratelimited
  429-retry-after     the same with Retry-After: 1
  500, 503            an error instead of the effect
  500-after           an error after the effect
  409                 a write finds its object in a transient state
  cut-before          the connection is cut before the effect
  cut-after           the connection is cut after the effect
  slow-body           the answer comes in pieces
  truncated           the answer ends too early
  wrong-content-type  the answer calls itself text/html
  403-after-grant     403 within the 20 requests after a write of a policy,
                      of rules or of members
WHEN is a probability (0.05 or 5%), or a range of matching requests: #1, #2-4,
or #3- (from the third on); a request that an earlier fault hit is not counted.
FAULT:METHOD/PATH limits the fault to requests by method, by path, or both.
PATH is the part after /iam/v1alpha1, /account/v3 or, for Secret Manager and
Audit Trail, the region; * stands for one segment of it. For example:
  cut-after:POST/groups=#1,500:PUT=5%,409:/groups/*/add-member=0.5";

/// How many requests after a grant `403-after-grant` may hit.
const SETTLING: u32 = 20;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    RateLimited,
    RateLimitedRetryAfter,
    ServerError,
    ServerErrorAfter,
    Unavailable,
    Transient,
    CutBefore,
    CutAfter,
    SlowBody,
    Truncated,
    WrongContentType,
    ForbiddenAfterGrant,
}

const NAMES: &[(&str, Fault)] = &[
    ("429", Fault::RateLimited),
    ("429-retry-after", Fault::RateLimitedRetryAfter),
    ("500", Fault::ServerError),
    ("500-after", Fault::ServerErrorAfter),
    ("503", Fault::Unavailable),
    ("409", Fault::Transient),
    ("cut-before", Fault::CutBefore),
    ("cut-after", Fault::CutAfter),
    ("slow-body", Fault::SlowBody),
    ("truncated", Fault::Truncated),
    ("wrong-content-type", Fault::WrongContentType),
    ("403-after-grant", Fault::ForbiddenAfterGrant),
];

/// Which requests a fault hits.
#[derive(Debug, Clone, PartialEq)]
enum When {
    Probability(f64),
    /// From the first of them to the last, counted from 1.
    Counted(u64, u64),
}

#[derive(Debug, Clone, PartialEq)]
struct FaultRule {
    fault: Fault,
    method: Option<String>,
    path: Option<Vec<String>>,
    when: When,
}

/// The faults to inject; read from text with [`str::parse`], as [`FAULTS_HELP`] says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    rules: Vec<FaultRule>,
}

/// An invalid part of a fault specification.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultsError {
    /// There is no such fault.
    #[error("no fault is called `{0}`")]
    Unknown(String),
    /// It does not say when.
    #[error(
        "`{0}` does not say when: give a probability such as 0.05 or 5%, or a count such as #1, #2-4 or #3-"
    )]
    When(String),
    /// The method is invalid.
    #[error("`{0}` is not a method of the API")]
    Method(String),
}

impl FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(rule).collect::<Result<_, _>>().map(|rules| Self { rules })
    }
}

fn rule(part: &str) -> Result<FaultRule, FaultsError> {
    let (what, when) = part.rsplit_once('=').ok_or_else(|| FaultsError::When(part.to_owned()))?;
    let (name, requests) = what.split_once(':').unwrap_or((what, ""));
    let known = NAMES.iter().find(|(known, _)| *known == name.trim());
    let (_, fault) = *known.ok_or_else(|| FaultsError::Unknown(name.to_owned()))?;
    let (method, path) = match requests.find('/') {
        Some(at) => (&requests[..at], Some(&requests[at + 1..])),
        None => (requests, None),
    };
    let method = match method {
        "" => None,
        "GET" | "POST" | "PUT" | "PATCH" | "DELETE" => Some(method.to_owned()),
        _ => return Err(FaultsError::Method(method.to_owned())),
    };
    let path = path.map(|path| path.split('/').map(str::to_owned).collect());
    let when = when_of(when.trim()).ok_or_else(|| FaultsError::When(part.to_owned()))?;
    Ok(FaultRule { fault, method, path, when })
}

fn when_of(text: &str) -> Option<When> {
    if let Some(count) = text.strip_prefix('#') {
        let (first, last) = match count.split_once('-') {
            None => (count.parse().ok()?, count.parse().ok()?),
            Some((first, "")) => (first.parse().ok()?, u64::MAX),
            Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
        };
        return (1 <= first && first <= last).then_some(When::Counted(first, last));
    }
    let probability: f64 = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&probability).then_some(When::Probability(probability))
}

/// What a fault is decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) method: &'a str,
    /// Without its query.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
}

/// Decides over requests as they come.
pub(super) struct FaultPicker {
    faults: Faults,
    counted: Vec<u64>,
    rng: Rng,
    settling: u32,
}

impl FaultPicker {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        let counted = vec![0; faults.rules.len()];
        Self { faults, counted, rng: Rng::new(seed), settling: 0 }
    }

    /// Says that a write has changed what somebody may do.
    pub(super) fn granted(&mut self) {
        self.settling = SETTLING;
    }

    /// Decides what happens to a request.
    ///
    /// A probability is decided by the request itself and by how often it came before, so that it does not matter
    /// in which order requests that run side by side arrive; the digits in which ids tell their age are left out.
    pub(super) fn decide(&mut self, target: Target<'_>) -> Option<Fault> {
        let settling = self.settling > 0;
        self.settling = self.settling.saturating_sub(1);
        if self.faults.rules.is_empty() {
            return None;
        }
        let path = ageless(target.path.as_bytes());
        let query = ageless(target.query.as_bytes());
        let body = ageless(target.body);
        for (at, rule) in self.faults.rules.iter().enumerate() {
            let applies = match rule.fault {
                Fault::ForbiddenAfterGrant => settling,
                Fault::Transient => target.method != "GET",
                _ => true,
            };
            if !applies || !rule.is_for(&target) {
                continue;
            }
            let hit = match rule.when {
                When::Counted(first, last) => {
                    self.counted[at] += 1;
                    (first..=last).contains(&self.counted[at])
                }
                When::Probability(probability) => {
                    let words: [&[u8]; 5] =
                        [&at.to_le_bytes(), target.method.as_bytes(), &path, &query, &body];
                    self.rng.draw(&words).unit() < probability
                }
            };
            if hit {
                return Some(rule.fault);
            }
        }
        None
    }
}

impl FaultRule {
    fn is_for(&self, target: &Target<'_>) -> bool {
        let regional = ["/secret-manager/v1beta1/regions/", "/audit-trail/v1alpha1/regions/"]
            .iter()
            .find_map(|prefix| Some(target.path.strip_prefix(prefix)?.split_once('/')?.1));
        let global = || {
            let prefixes = ["/iam/v1alpha1/", "/account/v3/", "/"];
            prefixes.iter().find_map(|prefix| target.path.strip_prefix(prefix))
        };
        let short = regional.or_else(global);
        let same = |wanted: &Vec<String>| {
            let parts: Vec<&str> = short.unwrap_or_default().split('/').collect();
            wanted.len() == parts.len()
                && wanted.iter().zip(parts).all(|(wanted, part)| wanted == "*" || wanted == part)
        };
        self.method.as_ref().is_none_or(|method| method == target.method)
            && self.path.as_ref().is_none_or(same)
    }
}

/// Blanks the first eight digits of each UUID.
fn ageless(text: &[u8]) -> Vec<u8> {
    const SHAPE: &[u8; 36] = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let mut text = text.to_vec();
    let mut at = 0;
    while at + SHAPE.len() <= text.len() {
        let fits = SHAPE.iter().zip(&text[at..]).all(|(shape, byte)| match shape {
            b'-' => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        if fits {
            text[at..at + 8].fill(b'x');
            at += SHAPE.len();
        } else {
            at += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target<'a>(method: &'a str, path: &'a str) -> Target<'a> {
        Target { method, path, query: "", body: b"" }
    }

    #[test]
    fn a_specification_is_kept_to_its_requests() {
        let faults: Faults =
            "cut-after:POST/groups=#1, 500:PUT=#2-3,409:/groups/*/add-member=100%".parse().unwrap();
        let mut faults = FaultPicker::new(faults, 1);
        assert_eq!(faults.decide(target("GET", "/iam/v1alpha1/groups")), None);
        assert_eq!(faults.decide(target("POST", "/iam/v1alpha1/groups")), Some(Fault::CutAfter));
        assert_eq!(faults.decide(target("POST", "/iam/v1alpha1/groups")), None);
        let puts: Vec<_> = (0..4).map(|_| faults.decide(target("PUT", "/iam/v1alpha1/rules"))).collect();
        assert_eq!(puts, [None, Some(Fault::ServerError), Some(Fault::ServerError), None]);
        assert_eq!(
            faults.decide(target("POST", "/iam/v1alpha1/groups/x/add-member")),
            Some(Fault::Transient)
        );
        assert_eq!(faults.decide(target("POST", "/iam/v1alpha1/groups/x/y/add-member")), None);
    }

    #[test]
    fn a_wrong_specification_says_what_is_wrong() {
        let wrong = |text: &str| text.parse::<Faults>().unwrap_err().to_string();
        assert_eq!(wrong("418=1"), "no fault is called `418`");
        assert_eq!(wrong("429:FETCH=1"), "`FETCH` is not a method of the API");
        for text in ["429", "429=", "429=2", "429=-1", "429=#0", "429=#3-2", "429=x%", "429=NaN"] {
            assert!(wrong(text).contains("does not say when"), "{text}");
        }
        assert_eq!("".parse::<Faults>(), Ok(Faults::default()));
    }

    #[test]
    fn decisions_do_not_hang_on_the_order_of_requests() {
        let paths: Vec<String> = (0..200).map(|n| format!("/iam/v1alpha1/applications?page={n}")).collect();
        let decide = |paths: Vec<&String>| {
            let mut faults = FaultPicker::new("500=0.3".parse().unwrap(), 42);
            let mut hit: Vec<&String> =
                paths.into_iter().filter(|path| faults.decide(target("GET", path)).is_some()).collect();
            hit.sort();
            hit.len().to_string() + &hit.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(decide(paths.iter().collect()), decide(paths.iter().rev().collect()));
    }

    #[test]
    fn a_403_comes_only_after_a_grant() {
        let mut faults = FaultPicker::new("403-after-grant=1".parse().unwrap(), 0);
        assert_eq!(faults.decide(target("GET", "/x")), None);
        faults.granted();
        let hit = (0..30).filter(|_| faults.decide(target("GET", "/x")).is_some()).count();
        assert_eq!(hit, 20);
    }
}
