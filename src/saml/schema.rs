//! The elements of a response that are read, by their place in the document.

use super::error::SamlError;
use super::xml_reader::Element;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// Limit of an unknown element name in an error.
const MAX_NAME_CHARS: usize = 64;

/// The place of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
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
    /// An element that nothing is read from.
    Other,
}

/// The kind of an attribute, by the end of its name: the host part differs between partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttributeKind {
    Role,
    RoleSessionName,
    SessionDuration,
    Other,
}

/// Parent, namespace, name and place of an element.
const CHILDREN: [(Place, &str, &str, Place); 15] = [
    (Place::Response, ASSERTION, "Issuer", Place::ResponseIssuer),
    (Place::Response, PROTOCOL, "Status", Place::Status),
    (Place::Response, ASSERTION, "Assertion", Place::Assertion),
    (
        Place::Response,
        ASSERTION,
        "EncryptedAssertion",
        Place::EncryptedAssertion,
    ),
    (Place::Status, PROTOCOL, "StatusCode", Place::StatusCode),
    (
        Place::Assertion,
        ASSERTION,
        "Issuer",
        Place::AssertionIssuer,
    ),
    (Place::Assertion, ASSERTION, "Subject", Place::Subject),
    (Place::Assertion, ASSERTION, "Conditions", Place::Conditions),
    (
        Place::Assertion,
        ASSERTION,
        "AuthnStatement",
        Place::AuthnStatement,
    ),
    (
        Place::Assertion,
        ASSERTION,
        "AttributeStatement",
        Place::AttributeStatement,
    ),
    (Place::Subject, ASSERTION, "NameID", Place::NameId),
    (
        Place::Subject,
        ASSERTION,
        "SubjectConfirmation",
        Place::Confirmation,
    ),
    (
        Place::Confirmation,
        ASSERTION,
        "SubjectConfirmationData",
        Place::ConfirmationData,
    ),
    (
        Place::Conditions,
        ASSERTION,
        "AudienceRestriction",
        Place::AudienceRestriction,
    ),
    (
        Place::AudienceRestriction,
        ASSERTION,
        "Audience",
        Place::Audience,
    ),
];

impl AttributeKind {
    fn of(attribute: &Element) -> Self {
        let name = attribute.attribute("Name").unwrap_or_default();
        match name.rsplit_once("/SAML/Attributes/") {
            Some((_, "Role")) => Self::Role,
            Some((_, "RoleSessionName")) => Self::RoleSessionName,
            Some((_, "SessionDuration")) => Self::SessionDuration,
            _ => Self::Other,
        }
    }
}

impl Place {
    /// Returns the place of `element` below `parent`, which is `None` for the root.
    ///
    /// # Errors
    /// [`SamlError::WrongRoot`], [`SamlError::Namespace`], and for an assertion or a response in
    /// another place, an attempt at signature wrapping, [`SamlError::MisplacedAssertion`] or
    /// [`SamlError::TwoResponses`].
    pub(super) fn of(element: &Element, parent: Option<Self>) -> Result<Self, SamlError> {
        match parent {
            None if element.is(PROTOCOL, "Response") => return Ok(Self::Response),
            None => return Err(wrong_root(element)),
            Some(Self::AttributeStatement) if element.is(ASSERTION, "Attribute") => {
                return Ok(Self::Attribute(AttributeKind::of(element)));
            }
            Some(Self::Attribute(kind)) if element.is(ASSERTION, "AttributeValue") => {
                return Ok(Self::Value(kind));
            }
            Some(_) => {}
        }
        let mut children = CHILDREN.into_iter();
        let known = children.find(|(above, namespace, name, _)| {
            Some(*above) == parent && element.is(namespace, name)
        });
        match known {
            Some((.., place)) => Ok(place),
            None => check_other(element).map(|()| Self::Other),
        }
    }

    /// Whether the element's text is a value, which an element within would split.
    pub(super) const fn is_value(self) -> bool {
        use AttributeKind::{Role, RoleSessionName, SessionDuration};
        matches!(
            self,
            Self::ResponseIssuer
                | Self::AssertionIssuer
                | Self::NameId
                | Self::Audience
                | Self::Value(Role | RoleSessionName | SessionDuration)
        )
    }
}

fn wrong_root(element: &Element) -> SamlError {
    if element.name == "Response" {
        SamlError::Namespace
    } else {
        SamlError::WrongRoot(element.name.chars().take(MAX_NAME_CHARS).collect())
    }
}

fn check_other(element: &Element) -> Result<(), SamlError> {
    match element.name.as_str() {
        "Response" if element.is(PROTOCOL, "Response") => Err(SamlError::TwoResponses),
        name @ ("Assertion" | "EncryptedAssertion") if element.is(ASSERTION, name) => {
            Err(SamlError::MisplacedAssertion)
        }
        "Assertion" | "EncryptedAssertion" | "Response" => Err(SamlError::Namespace),
        _ => Ok(()),
    }
}
