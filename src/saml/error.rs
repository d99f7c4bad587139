//! Errors of a SAML response.

use thiserror::Error;

use super::xml_error::XmlError;
use crate::model::{ArnError, Timestamp};
use crate::report::{ErrorCode, Report};

/// Why a response is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SamlError {
    #[error("it was made for {0}")]
    Audience(String),
    #[error("a value holds another element")]
    ElementInValue,
    #[error("it is empty")]
    Empty,
    #[error("it was good until {0}")]
    Expired(Timestamp),
    #[error("a value holds markup as text")]
    MarkupInValue,
    #[error("an assertion where none belongs")]
    MisplacedAssertion,
    #[error("its elements belong to another namespace than SAML's")]
    Namespace,
    #[error("it holds no assertion")]
    NoAssertion,
    #[error("it names no audience")]
    NoAudience,
    #[error("it names neither a recipient nor a destination")]
    NoRecipient,
    #[error("it grants no role")]
    NoRoles,
    #[error("it is not base64")]
    NotBase64,
    #[error("its recipient is {0}")]
    Recipient(String),
    #[error("the role value `{value}`: {why}")]
    Role { value: String, why: ArnError },
    #[error("Okta answered with status {0}")]
    Status(String),
    #[error("{0} is not a time")]
    Time(&'static str),
    #[error("it is larger than 512 KiB")]
    TooLarge,
    #[error("it grants more than 500 roles")]
    TooManyRoles,
    #[error("{0} is given twice")]
    Twice(&'static str),
    #[error("it holds more than one assertion")]
    TwoAssertions,
    #[error("it holds a second response")]
    TwoResponses,
    #[error("a value is longer than 2048 characters")]
    ValueTooLong,
    #[error("it starts with <{0}>")]
    WrongRoot(String),
    #[error("not the XML of a SAML response: {0}")]
    Xml(#[from] XmlError),
}

impl SamlError {
    /// Returns the code of the report, one of `saml.…`.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Audience(_) => ErrorCode::SamlAudience,
            Self::ElementInValue => ErrorCode::SamlElementInValue,
            Self::Empty => ErrorCode::SamlEmpty,
            Self::Expired(_) => ErrorCode::SamlExpired,
            Self::MarkupInValue => ErrorCode::SamlMarkupInValue,
            Self::MisplacedAssertion => ErrorCode::SamlMisplacedAssertion,
            Self::Namespace => ErrorCode::SamlNamespace,
            Self::NoAssertion => ErrorCode::SamlNoAssertion,
            Self::NoAudience => ErrorCode::SamlNoAudience,
            Self::NoRecipient => ErrorCode::SamlNoRecipient,
            Self::NoRoles => ErrorCode::SamlNoRoles,
            Self::NotBase64 => ErrorCode::SamlNotBase64,
            Self::Recipient(_) => ErrorCode::SamlRecipient,
            Self::Role { why, .. } => role_error_code(*why),
            Self::Status(_) => ErrorCode::SamlStatus,
            Self::Time(_) => ErrorCode::SamlTime,
            Self::TooLarge => ErrorCode::SamlTooLarge,
            Self::TooManyRoles => ErrorCode::SamlTooManyRoles,
            Self::Twice(_) => ErrorCode::SamlTwice,
            Self::TwoAssertions => ErrorCode::SamlTwoAssertions,
            Self::TwoResponses => ErrorCode::SamlTwoResponses,
            Self::ValueTooLong => ErrorCode::SamlValueTooLong,
            Self::WrongRoot(_) => ErrorCode::SamlWrongRoot,
            Self::Xml(error) => error.code(),
        }
    }
}

const fn role_error_code(error: ArnError) -> ErrorCode {
    match error {
        ArnError::NotAnArn => ErrorCode::SamlRoleNotAnArn,
        ArnError::NotAPair => ErrorCode::SamlRoleNotAPair,
        ArnError::Partition => ErrorCode::SamlRolePartition,
        ArnError::Account => ErrorCode::SamlRoleAccount,
        ArnError::Resource => ErrorCode::SamlRoleResource,
        ArnError::Name => ErrorCode::SamlRoleName,
        ArnError::AccountsDiffer => ErrorCode::SamlRoleAccountsDiffer,
        ArnError::TooLong => ErrorCode::SamlRoleTooLong,
    }
}

impl From<SamlError> for Report {
    fn from(error: SamlError) -> Self {
        let code = error.code();
        let (summary, hint) = match &error {
            SamlError::Audience(_)
            | SamlError::NoAudience
            | SamlError::NoRecipient
            | SamlError::Recipient(_) => (
                "the SAML response is for another service",
                "set `aws.app` to the embed link of the AWS app, or leave it out and let `ob \
                 roles` find it",
            ),
            SamlError::NoRoles => (
                "Okta grants you no AWS role",
                "ask your Okta admin to assign roles to you in the AWS app, then `ob login` again",
            ),
            SamlError::Expired(_) => (
                "the SAML response is too old",
                "if this repeats, this machine's clock is off: `date -u` shows it",
            ),
            SamlError::Status(_) => (
                "Okta refused to sign you in to this app",
                "open the app in a browser: its page says what is missing",
            ),
            SamlError::Role { .. } => (
                "a role in the SAML response cannot be used",
                "ask your Okta admin to look at the app's role values: one role ARN and one \
                 provider ARN of the same account",
            ),
            SamlError::TooManyRoles => (
                "the SAML response holds too much",
                "ask your Okta admin for fewer roles in one app",
            ),
            _ => (
                "the SAML response cannot be read",
                "run the same command again; if it stays so, `ob doctor` shows what stands between \
                 this machine and Okta",
            ),
        };
        Self::new(code, summary).cause(error).hint(hint)
    }
}
