//! How an error reads: one line with the API's words.
use std::fmt;

use super::{Detail, Error, ErrorInner, ErrorKind};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "`{} {}` ", inner.method, inner.path)?;
        inner.write_what(f)?;
        inner.write_facts(f)
    }
}

impl ErrorInner {
    fn write_what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.status) {
            (ErrorKind::Connect, _) => f.write_str("could not connect to the API"),
            (ErrorKind::Certificate, _) => {
                f.write_str("was not sent: the server's certificate is not trusted")
            }
            (ErrorKind::ListChanged, _) => f.write_str("returned a list that changed each time it was read"),
            (ErrorKind::TooLarge, _) => f.write_str("received a response that is too large"),
            (ErrorKind::InvalidAnswer, _) => {
                f.write_str("received a response that does not come from the API")
            }
            (ErrorKind::Interrupted | ErrorKind::OutcomeUnknown, None) => {
                f.write_str("received an incomplete response")
            }
            (ErrorKind::OutcomeUnknown, Some(200..=299)) => f.write_str("received an unreadable response"),
            (_, Some(status)) => write!(f, "answered {status}"),
            (_, None) => f.write_str("failed"),
        }?;
        if let Some(kind) = &self.body.kind {
            write!(f, " {kind}")?;
        }
        for text in [&self.body.message, &self.body.help, &self.note].into_iter().flatten() {
            write!(f, ": {text}")?;
        }
        for detail in &self.body.details {
            write!(f, "; {detail}")?;
        }
        Ok(())
    }

    /// Writes what helps to find the object and the request, in parentheses.
    fn write_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut facts = Vec::new();
        match (self.body.resource.as_deref().unwrap_or_default(), &self.body.resource_id) {
            ("", Some(id)) => facts.push(format!("`{id}`")),
            (resource, Some(id)) => facts.push(format!("{resource} `{id}`")),
            (_, None) => {}
        }
        let state = self.body.current_state.as_ref().map(|state| format!("state {state}"));
        let precondition = self.body.precondition.as_ref().map(|it| format!("precondition {it}"));
        let reason = self.body.reason.as_ref().map(|reason| format!("reason {reason}"));
        let attempts = (self.attempts > 1).then(|| format!("{} tries", self.attempts));
        let request = self.request_id.as_ref().map(|id| format!("request id {id}"));
        facts.extend([state, precondition, reason, attempts, request].into_iter().flatten());
        if facts.is_empty() { Ok(()) } else { write!(f, " ({})", facts.join(", ")) }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self.kind {
            ErrorKind::QuotaExceeded => Some(
                "ask Scaleway to raise the quota, or delete what is no longer needed; then plan and apply again",
            ),
            ErrorKind::OutcomeUnknown => {
                Some("it may have been executed: read the list before sending it again")
            }
            ErrorKind::Unauthorized => Some("the secret key is unknown, expired or deleted"),
            ErrorKind::Certificate => Some("check the clock and the certificates that this machine trusts"),
            ErrorKind::Connect => Some("check the network, the proxy variables and SCW_API_URL"),
            ErrorKind::TransientState => Some("another change of the same object is still running"),
            ErrorKind::UnexpectedStatus if self.status.is_some_and(|status| (300..400).contains(&status)) => {
                Some(
                    "redirects are not followed, because the token would go along; set SCW_API_URL to the API itself",
                )
            }
            _ => None,
        }
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(name) = &self.argument_name {
            parts.push(format!("argument `{name}`"));
        }
        match (&self.action, &self.resource) {
            (Some(action), Some(resource)) => parts.push(format!("{action} on {resource}")),
            (Some(one), None) | (None, Some(one)) => parts.push(one.clone()),
            (None, None) => {}
        }
        if let Some(quota) = &self.quota {
            parts.push(format!("quota {quota}"));
        }
        if let Some(current) = &self.current {
            parts.push(format!("current {current}"));
        }
        parts.extend(self.reason.clone());
        parts.extend(self.help_message.clone());
        f.write_str(&parts.join(", "))
    }
}
