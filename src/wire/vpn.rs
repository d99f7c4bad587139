//! Requests for a VPN profile, and the profile.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::wire::{Account, SecretText};

/// Which VPN, and the account to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnTarget {
    pub account: Account,
    /// The host of the VPN server's web pages: `vpn.acme.com`, with the port if it is not 443.
    pub host: String,
    /// The host of its SAML sign-in, if it is another one.
    pub saml_host: Option<String>,
    /// PEM certificates that are trusted for these hosts only, instead of the account's.
    pub ca_bundle: Option<String>,
    /// The embed link of the VPN's app; absent: found among the user's apps.
    pub app: Option<String>,
}

/// What the user lets the VPN server change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnPolicy {
    /// The only networks that are routed; absent: those of the server.
    pub routes: Option<Vec<String>>,
    /// Whether the server's name servers are used.
    pub dns: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnProfileRequest {
    pub target: VpnTarget,
    pub policy: VpnPolicy,
    /// Return only the verdicts, and not the text.
    pub explain: bool,
    /// Whether a sign-in may be started for this request.
    pub may_sign_in: bool,
}

/// Completes a sign-in that a tunnel waits for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnSignIn {
    pub target: VpnTarget,
    /// Valid for one connection; anyone who knows it can sign in as the user.
    pub url: SecretText,
}

/// A profile that passed the allow-list, or why it did not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedProfile {
    /// The text for openvpn; absent if only the verdicts were requested.
    pub text: Option<SecretText>,
    /// Why it was refused. Only with [`VpnProfileRequest::explain`]; otherwise the reply is a
    /// failure.
    pub refused: Option<Report>,
    pub verdicts: Vec<ProfileVerdict>,
    /// The user of the profile.
    pub username: Option<String>,
    /// A token to use instead of the password of the first connection, if the server sent one.
    pub token: Option<SecretText>,
    pub asks_user_password: bool,
    /// The servers it connects to, as `HOST:PORT/PROTOCOL`; foreign text.
    pub remotes: Vec<String>,
    /// The endpoint of the server that returned it.
    #[serde(rename = "door")]
    pub endpoint: String,
    /// The web server's `Server` header; foreign text.
    pub server: Option<String>,
}

/// The decision on one directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    Allowed,
    Changed,
    Dropped,
    Refused,
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "allowed",
            Self::Changed => "changed",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
        })
    }
}

/// What is done with one directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileVerdict {
    /// The line of the downloaded profile, from 1.
    pub line: usize,
    /// As `ob` writes it, or only its name. Never contains keys.
    pub directive: String,
    pub ruling: Ruling,
    pub why: Option<String>,
}
