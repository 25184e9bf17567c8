//! SAML: the log-in at an identity provider, and its certificates.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::DecodePem as _;

use super::fields::{self, BodyFields, set};
use super::organization::{HandlerRequest, Organization};
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::time::micros_or_null;

/// How people log in at an identity provider.
#[derive(Serialize, Deserialize)]
pub(super) struct Saml {
    #[serde(deserialize_with = "fields::read_uuid")]
    id: String,
    #[serde(default)]
    entity_id: String,
    #[serde(default)]
    single_sign_on_url: String,
    #[serde(default)]
    certificates: Vec<SamlCertificate>,
}

/// A certificate by which an identity provider signs, or for which it encrypts.
#[derive(Serialize, Deserialize)]
struct SamlCertificate {
    #[serde(deserialize_with = "fields::read_uuid")]
    id: String,
    #[serde(rename = "type")]
    kind: CertificateKind,
    #[serde(default = "identity_provider")]
    origin: String,
    content: String,
    #[serde(default, serialize_with = "whole", deserialize_with = "micros_or_null::deserialize")]
    expires_at: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CertificateKind {
    Signing,
    Encryption,
}

fn identity_provider() -> String {
    "identity_provider".to_owned()
}

/// Writes a time without decimals (recorded: saml-certificate).
fn whole<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(&format_args!("{at:.0}")),
        None => serializer.serialize_none(),
    }
}

impl Saml {
    /// Says what is missing (recorded: saml-certificate, saml-update).
    fn status(&self) -> &'static str {
        if self.certificates.is_empty() {
            "missing_certificate"
        } else if self.entity_id.is_empty() {
            "missing_entity_id"
        } else if self.single_sign_on_url.is_empty() {
            "missing_single_sign_on_url"
        } else {
            "valid"
        }
    }

    fn json(&self) -> Value {
        let id = &self.id;
        json!({
            "id": id,
            "status": self.status(),
            "service_provider": {
                "entity_id": format!("https://iam.scaleway.com/saml/{id}"),
                "assertion_consumer_service_url": format!("https://api.scaleway.com/iam/v1/saml/{id}/login"),
            },
            "entity_id": self.entity_id,
            "single_sign_on_url": self.single_sign_on_url,
        })
    }
}

/// Reads a text of 1 to 1,024 characters that begins with `https://`.
fn address_in(fields: &mut BodyFields<'_>, key: &'static str) -> Option<String> {
    let text = fields.text(key)?;
    if !(1..=1024).contains(&text.chars().count()) || !text.starts_with("https://") {
        fields.refuse(
            key,
            ArgumentReason::Constraint,
            "value does not have prefix \"https://\", or is too long",
        );
    }
    Some(text)
}

/// Returns when a certificate in PEM ends.
fn end_of(pem: &str) -> Option<Timestamp> {
    let certificate = Certificate::from_pem(pem.trim()).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    Timestamp::from_second(i64::try_from(end.as_secs()).ok()?).ok()
}

fn certificate_not_found(id: String) -> Problem {
    Problem::NotFound { resource: "saml_certificate", id }
}

impl Organization {
    fn saml(&self, ask: &HandlerRequest<'_>) -> Result<&Saml, Problem> {
        let id = ask.uuid("saml_id")?;
        let saml = self.saml.as_ref().filter(|saml| saml.id == id);
        saml.ok_or(Problem::NotFound { resource: "saml", id })
    }

    fn saml_mut(&mut self, ask: &HandlerRequest<'_>) -> Result<&mut Saml, Problem> {
        let id = ask.uuid("saml_id")?;
        let saml = self.saml.as_mut().filter(|saml| saml.id == id);
        saml.ok_or(Problem::NotFound { resource: "saml", id })
    }

    pub(super) fn get_saml(&self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        let off = || Problem::NotFound { resource: "organization_saml", id: self.id.clone() };
        self.saml.as_ref().map(|saml| Reply::ok(saml.json())).ok_or_else(off)
    }

    /// Switches SAML on, with a new id each time; the log-in method is another switch.
    pub(super) fn enable_saml(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.itself(ask)?;
        if let Some(saml) = &self.saml {
            return Err(Problem::AlreadyExists {
                resource: "organization_saml",
                id: saml.id.clone(),
                help: "SAML is enabled already",
            });
        }
        let saml = self.saml.insert(Saml {
            id: self.rng.draw(&[b"saml"]).uuid(),
            entity_id: String::new(),
            single_sign_on_url: String::new(),
            certificates: Vec::new(),
        });
        Ok(Reply::ok(saml.json()))
    }

    pub(super) fn update_saml(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let entity_id = address_in(&mut fields, "entity_id");
        let single_sign_on_url = address_in(&mut fields, "single_sign_on_url");
        fields.done()?;
        let saml = self.saml_mut(ask)?;
        set(&mut saml.entity_id, entity_id);
        set(&mut saml.single_sign_on_url, single_sign_on_url);
        Ok(Reply::ok(saml.json()))
    }

    /// Switches SAML off.
    pub(super) fn delete_saml(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.saml(ask)?;
        self.saml = None;
        Ok(Reply::gone())
    }

    /// Lists the certificates; there are neither pages nor a count.
    pub(super) fn list_saml_certificates(&self, ask: &HandlerRequest<'_>) -> Handled {
        Ok(Reply::ok(json!({"certificates": self.saml(ask)?.certificates})))
    }

    pub(super) fn add_saml_certificate(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        self.saml(ask)?;
        let mut fields = BodyFields::new(&ask.body);
        let kind = match fields.text("type").as_deref() {
            Some("signing") => Some(CertificateKind::Signing),
            Some("encryption") => Some(CertificateKind::Encryption),
            Some(_) => {
                fields.refuse("type", ArgumentReason::Constraint, "value must be one of signing, encryption");
                None
            }
            None => fields.require("type", None),
        };
        let content = fields.text_up_to("content", 16_384);
        let content = fields.require("content", content).unwrap_or_default();
        let expires_at = end_of(&content);
        if fields.has("content") && expires_at.is_none() {
            fields.refuse("content", ArgumentReason::Format, "value must be a certificate in PEM");
        }
        fields.done()?;
        let Some(kind) = kind else { return Err(Problem::Invalid(Vec::new())) };
        let id = self.rng.draw(&[b"saml-certificate", ask.request.body]).uuid();
        let certificate = SamlCertificate { id, kind, origin: identity_provider(), content, expires_at };
        let reply = Reply::ok(json!(certificate));
        self.saml_mut(ask)?.certificates.push(certificate);
        Ok(reply)
    }

    pub(super) fn get_saml_certificate(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("certificate_id")?;
        let mut all = self.saml.iter().flat_map(|saml| &saml.certificates);
        let found = all.find(|certificate| certificate.id == id);
        found.map(|certificate| Reply::ok(json!(certificate))).ok_or_else(|| certificate_not_found(id))
    }

    pub(super) fn delete_saml_certificate(&mut self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("certificate_id")?;
        let all = self.saml.as_mut().map(|saml| &mut saml.certificates);
        let found = all.and_then(|all| Some((all.iter().position(|it| it.id == id)?, all)));
        let (at, all) = found.ok_or_else(|| certificate_not_found(id))?;
        all.remove(at);
        Ok(Reply::gone())
    }

    /// Takes the three values that a client needs out of an identity provider's metadata.
    pub(super) fn parse_saml_metadata(ask: &HandlerRequest<'_>) -> Handled {
        use base64::Engine as _;
        let mut fields = BodyFields::new(&ask.body);
        let file = fields.object("file");
        let file = fields.require("file", file);
        let content = file.and_then(|file| file.get("content")?.as_str()).unwrap_or_default().to_owned();
        // Base64 from some clients, plain text from others.
        let decoded = base64::engine::general_purpose::STANDARD.decode(&content).ok();
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(content);
        let entity_id = attribute(&text, "EntityDescriptor", "entityID");
        let single_sign_on_url = attribute(&text, "SingleSignOnService", "Location");
        if fields.has("file") && (entity_id.is_none() || single_sign_on_url.is_none()) {
            fields.refuse(
                "file",
                ArgumentReason::Format,
                "value must be the metadata of an identity provider",
            );
        }
        fields.done()?;
        let certificates: Vec<String> = elements(&text, "X509Certificate").map(str::to_owned).collect();
        Ok(Reply::ok(json!({
            "single_sign_on_url": single_sign_on_url, "entity_id": entity_id, "signing_certificates": certificates,
        })))
    }
}

/// Returns an attribute of the first element of a name, whatever its prefix.
fn attribute<'a>(xml: &'a str, element: &str, name: &str) -> Option<&'a str> {
    let tag = xml.split('<').find(|tag| {
        let tag = tag.split([' ', '\n', '\r', '\t', '>', '/']).next().unwrap_or_default();
        tag.rsplit(':').next() == Some(element)
    })?;
    let tag = tag.split('>').next()?;
    let value = tag.split_once(&format!("{name}="))?.1;
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// Returns what stands in the elements of a name, whatever their prefix.
fn elements<'a>(xml: &'a str, element: &'a str) -> impl Iterator<Item = &'a str> {
    xml.split('<').filter_map(move |tag| {
        let (head, text) = tag.split_once('>')?;
        let named = head.split([' ', '\n', '\t']).next()?.rsplit(':').next()? == element;
        (named && !head.starts_with('/')).then_some(text.trim())
    })
}
