//! A `SAMLResponse` form value into an [`Assertion`].
//!
//! Elements are known by namespace and by their place (`Response/Assertion/AttributeStatement/…`),
//! never by prefix or by name alone: an assertion wrapped into another element is not an assertion.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::{Assertion, Response};
use super::error::SamlError;
use super::ignored_values::IgnoredValue;
use super::reader::{Element, Node, StrictReader};
use crate::model::{SamlRole, Timestamp};
use crate::secret::Secret;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// The largest document that is decoded, in bytes.
const LARGEST: usize = 512 * 1024;
const MOST_ROLES: usize = 500;
/// The longest value that is kept of an issuer, an audience or a name.
const LONGEST_VALUE: usize = 2048;

/// Reads the value of a form's `SAMLResponse` (base64, as received).
///
/// # Errors
/// Names the first thing that is wrong; nothing is repaired.
pub fn parse(encoded: &Secret) -> Result<Response, SamlError> {
    let encoded = encoded.expose();
    if encoded.len() > LARGEST.div_ceil(3) * 4 {
        return Err(SamlError::TooLarge);
    }
    let document = STANDARD.decode(encoded).map_err(|_| SamlError::NotBase64)?;
    parse_document(&document)
}

pub(super) fn parse_document(document: &[u8]) -> Result<Response, SamlError> {
    if document.is_empty() {
        return Err(SamlError::Empty);
    }
    if document.len() > LARGEST {
        return Err(SamlError::TooLarge);
    }
    let mut xml = StrictReader::new(document)?;
    let mut found = Found::default();
    while let Some(node) = xml.next()? {
        match node {
            Node::Open(element) => found.open(&element)?,
            Node::Text(text) => found.text(&text)?,
            Node::Close => found.close()?,
        }
    }
    found.conclude()
}

/// Where in the document the reader stands: the elements that this module knows, by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Response,
    ResponseIssuer,
    Status,
    StatusCode,
    Assertion,
    AssertionIssuer,
    Subject,
    NameId,
    Confirmation,
    ConfirmationData,
    Conditions,
    AudienceRestriction,
    Audience,
    AuthnStatement,
    AttributeStatement,
    Attribute(AttributeKind),
    Value(AttributeKind),
    EncryptedAssertion,
    /// Something that nothing is read from.
    Elsewhere,
}

/// What an attribute is for, by the end of its name: the host part differs between partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AttributeKind {
    Role,
    RoleSessionName,
    SessionDuration,
    Other,
}

impl AttributeKind {
    fn of(name: &str) -> Self {
        match name.rsplit_once("/SAML/Attributes/") {
            Some((_, "Role")) => Self::Role,
            Some((_, "RoleSessionName")) => Self::RoleSessionName,
            Some((_, "SessionDuration")) => Self::SessionDuration,
            _ => Self::Other,
        }
    }
}

#[derive(Default)]
struct Found {
    path: Vec<Place>,
    value: String,
    status: Option<String>,
    plain: usize,
    encrypted: usize,
    assertion: Assertion,
}

impl Found {
    fn open(&mut self, element: &Element) -> Result<(), SamlError> {
        let parent = self.path.last().copied();
        if parent.is_some_and(is_value) {
            return Err(SamlError::ElementInValue);
        }
        self.value.clear();
        let place = self.place(parent, element)?;
        match place {
            Place::Response => {
                self.assertion.envelope.destination = bounded(element.attribute("Destination"))?;
            }
            Place::StatusCode => self.status = bounded(element.attribute("Value"))?,
            Place::ConfirmationData => self.confirmation(element)?,
            Place::AuthnStatement => {
                once(
                    &mut self.assertion.session_not_on_or_after,
                    "SessionNotOnOrAfter",
                    time(element, "SessionNotOnOrAfter")?,
                )?;
            }
            _ => {}
        }
        self.path.push(place);
        Ok(())
    }

    /// The place of `element` below `parent`; assertions and responses where none may be are refused.
    fn place(&mut self, parent: Option<Place>, element: &Element) -> Result<Place, SamlError> {
        let is = |namespace, name| element.is(namespace, name);
        let place = match parent {
            None if is(PROTOCOL, "Response") => Place::Response,
            None => return Err(SamlError::wrong_root(element)),
            Some(Place::Response) if is(ASSERTION, "Issuer") => Place::ResponseIssuer,
            Some(Place::Response) if is(PROTOCOL, "Status") => Place::Status,
            Some(Place::Response) if is(ASSERTION, "Assertion") => Place::Assertion,
            Some(Place::Response) if is(ASSERTION, "EncryptedAssertion") => {
                Place::EncryptedAssertion
            }
            Some(Place::Status) if is(PROTOCOL, "StatusCode") => Place::StatusCode,
            Some(Place::Assertion) if is(ASSERTION, "Issuer") => Place::AssertionIssuer,
            Some(Place::Assertion) if is(ASSERTION, "Subject") => Place::Subject,
            Some(Place::Assertion) if is(ASSERTION, "Conditions") => Place::Conditions,
            Some(Place::Assertion) if is(ASSERTION, "AuthnStatement") => Place::AuthnStatement,
            Some(Place::Assertion) if is(ASSERTION, "AttributeStatement") => {
                Place::AttributeStatement
            }
            Some(Place::Subject) if is(ASSERTION, "NameID") => Place::NameId,
            Some(Place::Subject) if is(ASSERTION, "SubjectConfirmation") => Place::Confirmation,
            Some(Place::Confirmation) if is(ASSERTION, "SubjectConfirmationData") => {
                Place::ConfirmationData
            }
            Some(Place::Conditions) if is(ASSERTION, "AudienceRestriction") => {
                Place::AudienceRestriction
            }
            Some(Place::AudienceRestriction) if is(ASSERTION, "Audience") => Place::Audience,
            Some(Place::AttributeStatement) if is(ASSERTION, "Attribute") => Place::Attribute(
                element
                    .attribute("Name")
                    .map_or(AttributeKind::Other, AttributeKind::of),
            ),
            Some(Place::Attribute(meaning)) if is(ASSERTION, "AttributeValue") => {
                Place::Value(meaning)
            }
            Some(_) => Place::Elsewhere,
        };
        match place {
            Place::Assertion => self.plain += 1,
            Place::EncryptedAssertion => self.encrypted += 1,
            Place::Elsewhere => return refuse_misplaced(element).map(|()| place),
            _ => {}
        }
        if self.plain + self.encrypted > 1 {
            return Err(SamlError::TwoAssertions);
        }
        Ok(place)
    }

    fn confirmation(&mut self, element: &Element) -> Result<(), SamlError> {
        let limit = time(element, "NotOnOrAfter")?;
        once(&mut self.assertion.not_on_or_after, "NotOnOrAfter", limit)?;
        let recipient = bounded(element.attribute("Recipient"))?;
        once(&mut self.assertion.recipient, "Recipient", recipient)
    }

    fn text(&mut self, text: &str) -> Result<(), SamlError> {
        if self.path.last().copied().is_some_and(is_value) {
            if text.len() > LONGEST_VALUE * 2 + 1 {
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
            Some(Place::ResponseIssuer) => once(
                &mut assertion.envelope.issuer,
                "Issuer",
                bounded(Some(value))?,
            ),
            Some(Place::AssertionIssuer) => {
                once(&mut assertion.issuer, "Issuer", bounded(Some(value))?)
            }
            Some(Place::Audience) => {
                assertion.audiences.extend(bounded(Some(value))?);
                Ok(())
            }
            Some(Place::Value(meaning)) => self.value(meaning, value),
            _ => Ok(()),
        }
    }

    /// Takes the value of an attribute. One that cannot be used is left out: STS judges the roles one by one, and
    /// nothing else depends on it.
    fn value(&mut self, meaning: AttributeKind, value: &str) -> Result<(), SamlError> {
        let text = || bounded(Some(value)).map(Option::unwrap_or_default);
        let assertion = &mut self.assertion;
        let ignored_values = match meaning {
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
        // A slip of an administrator's has no markup in it, as CDATA or as references.
        if ignored_values.is_some() && value.contains(['<', '>']) {
            return Err(SamlError::MarkupInValue);
        }
        assertion.ignored_values.extend(ignored_values);
        if assertion.roles.len() + assertion.ignored_values.len() > MOST_ROLES {
            return Err(SamlError::TooManyRoles);
        }
        Ok(())
    }

    fn conclude(self) -> Result<Response, SamlError> {
        match self.status {
            Some(status) if status != SUCCESS => return Err(SamlError::Status(status)),
            _ => {}
        }
        match (self.plain, self.encrypted) {
            (1, 0) => Ok(Response::Plain(self.assertion)),
            (0, 1) => Ok(Response::Encrypted(self.assertion.envelope)),
            _ => Err(SamlError::NoAssertion),
        }
    }
}

/// Places whose text is a value, so that an element in it would split it.
const fn is_value(place: Place) -> bool {
    matches!(
        place,
        Place::ResponseIssuer
            | Place::AssertionIssuer
            | Place::NameId
            | Place::Audience
            | Place::Value(
                AttributeKind::Role
                    | AttributeKind::RoleSessionName
                    | AttributeKind::SessionDuration
            )
    )
}

/// An assertion or a response in a place where none belongs is an attempt at signature wrapping.
fn refuse_misplaced(element: &Element) -> Result<(), SamlError> {
    let known = |namespace, name| element.is(namespace, name);
    match element.name.as_str() {
        "Assertion" | "EncryptedAssertion" if element.namespace.as_deref() == Some(ASSERTION) => {
            Err(SamlError::MisplacedAssertion)
        }
        "Response" if known(PROTOCOL, "Response") => Err(SamlError::TwoResponses),
        "Assertion" | "EncryptedAssertion" | "Response" => Err(SamlError::Namespace),
        _ => Ok(()),
    }
}

fn once<T>(slot: &mut Option<T>, what: &'static str, value: Option<T>) -> Result<(), SamlError> {
    match (slot.is_some(), value) {
        (_, None) => Ok(()),
        (true, Some(_)) => Err(SamlError::Twice(what)),
        (false, value) => {
            *slot = value;
            Ok(())
        }
    }
}

fn bounded(value: Option<&str>) -> Result<Option<String>, SamlError> {
    match value {
        Some(value) if value.len() > LONGEST_VALUE => Err(SamlError::ValueTooLong),
        other => Ok(other.filter(|value| !value.is_empty()).map(str::to_owned)),
    }
}

fn time(element: &Element, name: &'static str) -> Result<Option<Timestamp>, SamlError> {
    element
        .attribute(name)
        .map(|text| Timestamp::from_rfc3339(text.trim()).ok_or(SamlError::Time(name)))
        .transpose()
}
