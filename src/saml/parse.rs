//! Parses the form value `SAMLResponse`.
//!
//! Elements are identified by namespace and place (`Response/Assertion/AttributeStatement/…`),
//! never by prefix or by name alone: an assertion within another element is not the assertion.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::{Assertion, Response};
use super::error::SamlError;
use super::ignored_value::IgnoredValue;
use super::schema::{AttributeKind, Place};
use super::xml_reader::{Element, Node, StrictReader};
use crate::model::{SamlRole, Timestamp};
use crate::secret::Secret;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

const MAX_DOCUMENT_BYTES: usize = 512 * 1024;
/// Limit of roles and ignored values.
const MAX_ROLES: usize = 500;
/// Limit of an issuer, an audience or a name.
const MAX_VALUE_BYTES: usize = 2048;
/// Limit of a value before it is trimmed.
const MAX_RAW_VALUE_BYTES: usize = MAX_VALUE_BYTES * 2 + 1;

/// Parses the value of a form's `SAMLResponse` (base64, as received).
///
/// # Errors
/// The first fault. Nothing is repaired.
pub fn parse(encoded: &Secret) -> Result<Response, SamlError> {
    let encoded = encoded.expose();
    if encoded.len() > MAX_DOCUMENT_BYTES.div_ceil(3) * 4 {
        return Err(SamlError::TooLarge);
    }
    let document = STANDARD.decode(encoded).map_err(|_| SamlError::NotBase64)?;
    parse_document(&document)
}

pub(super) fn parse_document(document: &[u8]) -> Result<Response, SamlError> {
    if document.is_empty() {
        return Err(SamlError::Empty);
    }
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(SamlError::TooLarge);
    }
    let mut xml = StrictReader::new(document)?;
    let mut parser = Parser::default();
    while let Some(node) = xml.next()? {
        match node {
            Node::Open(element) => parser.open(&element)?,
            Node::Text(text) => parser.text(&text)?,
            Node::Close => parser.close()?,
        }
    }
    parser.finish()
}

#[derive(Default)]
struct Parser {
    /// The open elements, from the root.
    path: Vec<Place>,
    value: String,
    status: Option<String>,
    assertion: Assertion,
    plain_assertions: usize,
    encrypted_assertions: usize,
}

impl Parser {
    fn open(&mut self, element: &Element) -> Result<(), SamlError> {
        let parent = self.path.last().copied();
        if parent.is_some_and(Place::is_value) {
            return Err(SamlError::ElementInValue);
        }
        self.value.clear();
        let place = Place::of(element, parent)?;
        let assertion = &mut self.assertion;
        match place {
            Place::Response => {
                assertion.envelope.destination = bounded(element.attribute("Destination"))?;
            }
            Place::StatusCode => self.status = bounded(element.attribute("Value"))?,
            Place::Assertion => self.plain_assertions += 1,
            Place::EncryptedAssertion => self.encrypted_assertions += 1,
            Place::ConfirmationData => {
                let limit = time(element, "NotOnOrAfter")?;
                set_once(&mut assertion.not_on_or_after, "NotOnOrAfter", limit)?;
                let recipient = bounded(element.attribute("Recipient"))?;
                set_once(&mut assertion.recipient, "Recipient", recipient)?;
            }
            Place::AuthnStatement => {
                let name = "SessionNotOnOrAfter";
                let limit = time(element, name)?;
                set_once(&mut assertion.session_not_on_or_after, name, limit)?;
            }
            _ => {}
        }
        if self.plain_assertions + self.encrypted_assertions > 1 {
            return Err(SamlError::TwoAssertions);
        }
        self.path.push(place);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), SamlError> {
        if self.path.last().copied().is_some_and(Place::is_value) {
            if text.len() > MAX_RAW_VALUE_BYTES {
                return Err(SamlError::ValueTooLong);
            }
            text.clone_into(&mut self.value);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), SamlError> {
        let place = self.path.pop();
        let value = std::mem::take(&mut self.value);
        let value = value.trim();
        let assertion = &mut self.assertion;
        match place {
            Some(Place::ResponseIssuer) => {
                let issuer = bounded(Some(value))?;
                set_once(&mut assertion.envelope.issuer, "Issuer", issuer)
            }
            Some(Place::AssertionIssuer) => {
                set_once(&mut assertion.issuer, "Issuer", bounded(Some(value))?)
            }
            Some(Place::Audience) => {
                assertion.audiences.extend(bounded(Some(value))?);
                Ok(())
            }
            Some(Place::Value(kind)) => self.attribute_value(kind, value),
            _ => Ok(()),
        }
    }

    /// Adds the value of an attribute. An unusable one is ignored: STS checks each role by itself,
    /// and nothing else depends on the value.
    fn attribute_value(&mut self, kind: AttributeKind, value: &str) -> Result<(), SamlError> {
        let text = || bounded(Some(value)).map(Option::unwrap_or_default);
        let assertion = &mut self.assertion;
        let ignored = match kind {
            AttributeKind::Role => match SamlRole::parse(value) {
                Ok(role) => {
                    if !assertion.roles.contains(&role) {
                        assertion.roles.push(role);
                    }
                    None
                }
                Err(why) => Some(IgnoredValue::Role {
                    value: text()?,
                    why,
                }),
            },
            AttributeKind::RoleSessionName if assertion.role_session_name.is_none() => {
                assertion.role_session_name = bounded(Some(value))?;
                None
            }
            AttributeKind::RoleSessionName => Some(IgnoredValue::SecondRoleSessionName(text()?)),
            AttributeKind::SessionDuration => match (value.parse(), assertion.session_duration) {
                (Err(_), _) => Some(IgnoredValue::SessionDuration(text()?)),
                (Ok(_), Some(_)) => Some(IgnoredValue::SecondSessionDuration(text()?)),
                (Ok(seconds), None) => {
                    assertion.session_duration = Some(seconds);
                    None
                }
            },
            AttributeKind::Other => None,
        };
        // A mistake in the org's settings contains no markup, neither as CDATA nor as references.
        if ignored.is_some() && value.contains(['<', '>']) {
            return Err(SamlError::MarkupInValue);
        }
        assertion.ignored_values.extend(ignored);
        if assertion.roles.len() + assertion.ignored_values.len() > MAX_ROLES {
            return Err(SamlError::TooManyRoles);
        }
        Ok(())
    }

    fn finish(self) -> Result<Response, SamlError> {
        if let Some(status) = self.status.filter(|status| status != SUCCESS) {
            return Err(SamlError::Status(status));
        }
        match (self.plain_assertions, self.encrypted_assertions) {
            (1, 0) => Ok(Response::Plain(self.assertion)),
            (0, 1) => Ok(Response::Encrypted(self.assertion.envelope)),
            _ => Err(SamlError::NoAssertion),
        }
    }
}

/// Sets a field that the document may give once.
fn set_once<T>(
    field: &mut Option<T>,
    name: &'static str,
    value: Option<T>,
) -> Result<(), SamlError> {
    if field.is_some() && value.is_some() {
        return Err(SamlError::Twice(name));
    }
    if value.is_some() {
        *field = value;
    }
    Ok(())
}

/// Returns a value within the limit, `None` if it is empty.
fn bounded(value: Option<&str>) -> Result<Option<String>, SamlError> {
    match value {
        Some(value) if value.len() > MAX_VALUE_BYTES => Err(SamlError::ValueTooLong),
        other => Ok(other.filter(|value| !value.is_empty()).map(str::to_owned)),
    }
}

fn time(element: &Element, name: &'static str) -> Result<Option<Timestamp>, SamlError> {
    element
        .attribute(name)
        .map(|text| Timestamp::from_rfc3339(text.trim()).ok_or(SamlError::Time(name)))
        .transpose()
}
