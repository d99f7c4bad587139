//! The VPN's part of the conversation with the agent: from a session to a profile that may be used.

use serde::{Deserialize, Serialize};

use crate::report::Report;
use crate::wire::{Account, Sealed};

/// Which VPN, and who reaches it how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnTarget {
    pub account: Account,
    /// The web pages of the VPN server: `vpn.acme.com`, with a port where it is not 443.
    pub host: String,
    /// Where its SAML sign-in has another name.
    pub saml_host: Option<String>,
    /// PEM certificates that are trusted for these hosts alone, in the place of the account's.
    pub ca_bundle: Option<String>,
    /// The embed link of the VPN's app; absent: found among the user's tiles.
    pub app: Option<String>,
}

/// What the user lets the VPN server change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnPolicy {
    /// The only networks that are routed; absent: those the server names.
    pub routes: Option<Vec<String>>,
    /// Whether name servers are taken from it.
    pub dns: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnProfileRequest {
    pub target: VpnTarget,
    pub policy: VpnPolicy,
    /// The verdicts alone: the text stays with the agent.
    pub explain: bool,
    /// Whether a sign-in may be started for this request.
    pub may_sign_in: bool,
}

/// Where to finish a sign-in that a tunnel waits for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VpnSignIn {
    pub target: VpnTarget,
    /// Belongs to one connection, and whoever has it can sign in as the user.
    pub url: Sealed,
}

/// A profile out of the allow-list, or why it may not be used.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedProfile {
    /// The text for openvpn; absent where only the verdicts were asked for.
    pub text: Option<Sealed>,
    /// Why it may not be used; with [`VpnProfileRequest::explain`] alone, else the reply is a failure.
    pub refused: Option<Report>,
    pub verdicts: Vec<ProfileVerdict>,
    /// Whom it was made for.
    pub username: Option<String>,
    /// A token in place of the password of the first connection, where the server gave one.
    pub token: Option<Sealed>,
    pub asks_user_password: bool,
    /// The servers it leads to, as `HOST:PORT/PROTOCOL`; foreign text.
    pub remotes: Vec<String>,
    /// Which of the server's doors gave it.
    pub door: String,
    /// What the web server calls itself; foreign text.
    pub server: Option<String>,
}

/// What becomes of one directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileVerdict {
    /// The line of the downloaded profile, from 1.
    pub line: usize,
    /// As `ob` writes it, or its name alone; keys are never in it.
    pub directive: String,
    /// `allowed`, `changed`, `dropped` or `refused`.
    pub ruling: String,
    pub why: Option<String>,
}
