//! The elements of a response that are read, by their place in the document.

use super::error::SamlError;
use super::xml_reader::Element;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// Limit of an unknown element name in an error.
const MAX_NAME_CHARS: usize = 64;

/// Which element of the response this is, by its name and its parent.
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
        let Some(parent) = parent else {
            return match element.is(PROTOCOL, "Response") {
                true => Ok(Self::Response),
                false => Err(wrong_root(element)),
            };
        };
        match parent.child(element) {
            Some(place) => Ok(place),
            None => check_other(element).map(|()| Self::Other),
        }
    }

    /// Returns the place of a known element below this one.
    fn child(self, element: &Element) -> Option<Self> {
        let place = match (self, element.name.as_str()) {
            (Self::Response, "Issuer") => Self::ResponseIssuer,
            (Self::Response, "Status") => Self::Status,
            (Self::Response, "Assertion") => Self::Assertion,
            (Self::Response, "EncryptedAssertion") => Self::EncryptedAssertion,
            (Self::Status, "StatusCode") => Self::StatusCode,
            (Self::Assertion, "Issuer") => Self::AssertionIssuer,
            (Self::Assertion, "Subject") => Self::Subject,
            (Self::Assertion, "Conditions") => Self::Conditions,
            (Self::Assertion, "AuthnStatement") => Self::AuthnStatement,
            (Self::Assertion, "AttributeStatement") => Self::AttributeStatement,
            (Self::Subject, "NameID") => Self::NameId,
            (Self::Subject, "SubjectConfirmation") => Self::Confirmation,
            (Self::Confirmation, "SubjectConfirmationData") => Self::ConfirmationData,
            (Self::Conditions, "AudienceRestriction") => Self::AudienceRestriction,
            (Self::AudienceRestriction, "Audience") => Self::Audience,
            (Self::AttributeStatement, "Attribute") => Self::Attribute(AttributeKind::of(element)),
            (Self::Attribute(kind), "AttributeValue") => Self::Value(kind),
            _ => return None,
        };
        let namespace = match place {
            Self::Status | Self::StatusCode => PROTOCOL,
            _ => ASSERTION,
        };
        element.is(namespace, &element.name).then_some(place)
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
