//! The kind of a question, for errors about one that has no answer.

use std::fmt;

use crate::wire::Ask;

/// The kind of an [`Ask`]. Its `Display` is the noun phrase that errors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskKind {
    CaBundle,
    Terminal,
    PrivateKey,
    Browser,
    Username,
    Password,
    Factor,
    Passcode,
    SecurityKey,
    NewPassword,
    Role,
    PushAgain,
    Confirmation,
}

impl Ask {
    /// Returns the kind of the question.
    pub fn kind(&self) -> AskKind {
        match self {
            Self::CaCertificates | Self::CaCertificatesOf { .. } => AskKind::CaBundle,
            Self::Terminal => AskKind::Terminal,
            Self::PrivateKey => AskKind::PrivateKey,
            Self::OpenPage { .. } => AskKind::Browser,
            Self::Username { .. } => AskKind::Username,
            Self::Password { .. } => AskKind::Password,
            Self::Factor { .. } => AskKind::Factor,
            Self::Passcode { .. } => AskKind::Passcode,
            Self::SecurityKey { .. } => AskKind::SecurityKey,
            Self::NewPassword { .. } => AskKind::NewPassword,
            Self::Role { .. } | Self::KnownRole { .. } => AskKind::Role,
            Self::PushAgain { .. } => AskKind::PushAgain,
            Self::Confirm { .. } => AskKind::Confirmation,
        }
    }
}

impl fmt::Display for AskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CaBundle => "the CA bundle",
            Self::Terminal => "which terminal it is",
            Self::PrivateKey => "the private key",
            Self::Browser => "a person at a browser",
            Self::Username => "the username",
            Self::Password => "the password",
            Self::Factor => "which factor to use",
            Self::Passcode => "the passcode",
            Self::SecurityKey => "the touch of a security key",
            Self::NewPassword => "a new password",
            Self::Role => "which role to assume",
            Self::PushAgain => "whether to send the push again",
            Self::Confirmation => "whether to use the profile",
        })
    }
}
