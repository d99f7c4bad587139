//! Errors of a SAML response.

use thiserror::Error;

use super::xml_error::XmlError;
use crate::model::{ArnError, Timestamp};
use crate::report::{Exit, Report};

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
    /// Returns the report's name.
    pub fn name(&self) -> String {
        let what = match self {
            Self::Audience(_) => "audience",
            Self::ElementInValue => "element_in_value",
            Self::Empty => "empty",
            Self::Expired(_) => "expired",
            Self::MarkupInValue => "markup_in_value",
            Self::MisplacedAssertion => "misplaced_assertion",
            Self::Namespace => "namespace",
            Self::NoAssertion => "no_assertion",
            Self::NoAudience => "no_audience",
            Self::NoRecipient => "no_recipient",
            Self::NoRoles => "no_roles",
            Self::NotBase64 => "not_base64",
            Self::Recipient(_) => "recipient",
            Self::Role { why, .. } => return format!("saml.role.{}", role_error_name(*why)),
            Self::Status(_) => "status",
            Self::Time(_) => "time",
            Self::TooLarge => "too_large",
            Self::TooManyRoles => "too_many_roles",
            Self::Twice(_) => "twice",
            Self::TwoAssertions => "two_assertions",
            Self::TwoResponses => "two_responses",
            Self::ValueTooLong => "value_too_long",
            Self::WrongRoot(_) => "wrong_root",
            Self::Xml(error) => return format!("saml.xml.{}", error.name()),
        };
        format!("saml.{what}")
    }
}

const fn role_error_name(error: ArnError) -> &'static str {
    match error {
        ArnError::NotAnArn => "not_an_arn",
        ArnError::NotAPair => "not_a_pair",
        ArnError::Partition => "partition",
        ArnError::Account => "account",
        ArnError::Resource => "resource",
        ArnError::Name => "name",
        ArnError::AccountsDiffer => "accounts_differ",
        ArnError::TooLong => "too_long",
    }
}

impl From<SamlError> for Report {
    fn from(error: SamlError) -> Self {
        let name = error.name();
        let (exit, summary, hint) = match &error {
            SamlError::Audience(_)
            | SamlError::NoAudience
            | SamlError::NoRecipient
            | SamlError::Recipient(_) => (
                Exit::Usage,
                "the SAML response is for another service",
                "set `aws.app` to the embed link of the AWS app, or leave it out and let `ob \
                 roles` find it",
            ),
            SamlError::NoRoles => (
                Exit::Refused,
                "Okta grants you no AWS role",
                "ask your Okta admin to assign roles to you in the AWS app, then `ob login` again",
            ),
            SamlError::Expired(_) => (
                Exit::Failed,
                "the SAML response is too old",
                "if this repeats, this machine's clock is off: `date -u` shows it",
            ),
            SamlError::Status(_) => (
                Exit::Refused,
                "Okta refused to vouch for you to this app",
                "open the app in a browser: its page says what is missing",
            ),
            SamlError::Role { .. } => (
                Exit::Failed,
                "a role in the SAML response cannot be used",
                "ask your Okta admin to look at the app's role values: one role ARN and one \
                 provider ARN of the same account",
            ),
            SamlError::TooManyRoles => (
                Exit::Failed,
                "the SAML response holds too much",
                "ask your Okta admin for fewer roles in one app",
            ),
            _ => (
                Exit::Failed,
                "the SAML response cannot be read",
                "run the same command again; if it stays so, `ob doctor` shows what stands between \
                 this machine and Okta",
            ),
        };
        Self::new(exit, name, summary).cause(error).hint(hint)
    }
}
