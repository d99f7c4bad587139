//! Questions of the agent and answers of the client.

use serde::{Deserialize, Serialize};

use crate::wire::{
    ChosenRole, KeyChallenge, KeySigned, RoleEntry, SecretText, TerminalId, UsedRole,
};

/// A question to the client that waits for a request, or to its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    CaCertificates,
    /// The terminal of the client's user. The client answers without asking the user.
    Terminal,
    /// The CA certificates for one org, if a request is about several.
    CaCertificatesOf {
        org: String,
    },
    /// The machine's key, PEM.
    PrivateKey,
    /// A page to open and a code to compare there.
    #[serde(rename = "Visit")]
    OpenPage {
        page: String,
        code: String,
        /// How long the code is valid.
        minutes: u64,
    },
    Username {
        org: String,
    },
    Password {
        org: String,
        username: String,
    },
    Factor {
        choices: Vec<FactorChoice>,
    },
    /// A code, or the answer to a security question.
    Passcode {
        factor: String,
        /// Whether the code can be sent again.
        can_resend: bool,
        /// Whether another factor can be used instead.
        can_change: bool,
    },
    /// Asks the client to have a security key touched.
    SecurityKey {
        challenge: KeyChallenge,
        /// Whether another factor can be used instead.
        can_change: bool,
    },
    /// A new password in place of an expired one.
    NewPassword {
        org: String,
        username: String,
    },
    Role {
        choices: Vec<RoleEntry>,
    },
    /// One of the roles that the client remembers. `used` tells when roles were last used.
    KnownRole {
        used: Vec<UsedRole>,
    },
    /// Whether to send a push again that was rejected or timed out.
    PushAgain {
        factor: String,
        why: String,
        /// Whether another factor can be used instead.
        can_resend: bool,
        can_change: bool,
    },
    /// Whether to use a profile that requires a confirmation.
    Confirm {
        profile: String,
        role: Option<String>,
    },
}

impl Ask {
    /// Whether the client answers with certificates from a file, without asking the user.
    pub fn is_for_certificates(&self) -> bool {
        matches!(self, Self::CaCertificates | Self::CaCertificatesOf { .. })
    }
}

/// One factor of a menu. The label is foreign text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorChoice {
    pub label: String,
    /// Why it is listed but cannot be chosen.
    pub unusable: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The client cannot ask its user: the next waiting client is asked.
    #[serde(rename = "Nobody")]
    Unavailable,
    CaCertificates(String),
    Terminal(Option<TerminalId>),
    PrivateKey(SecretText),
    /// The page was shown to the user.
    #[serde(rename = "Visiting")]
    PageShown,
    Username(String),
    Password(SecretText),
    /// An index into the choices.
    Factor(usize),
    Passcode(SecretText),
    SecurityKey(KeySigned),
    NewPassword(SecretText),
    /// Instead of a code: send it again.
    Resend,
    /// Instead of a code or another push: choose another factor.
    OtherFactor,
    /// An index into the choices.
    Role(usize),
    /// None of the remembered roles: the agent must ask Okta.
    UnknownRole,
    KnownRole(ChosenRole),
    PushAgain(bool),
    Confirm(bool),
}
