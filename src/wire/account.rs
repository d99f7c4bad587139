//! The Okta account that a request is about, and how to sign in to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::wire::seconds;

/// An Okta account. Sessions are keyed by org and user. The network settings to reach it are the
/// request's [`Route`](crate::wire::Route).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The org's origin. The agent checks it again.
    pub org: String,
    pub username: Option<String>,
    pub way: SignInWay,
    /// The factor to use without asking, as the user names it.
    pub factor: Option<String>,
    /// Whether the client can use a security key.
    pub security_keys: bool,
    /// The OIDC app of a browser or machine sign-in.
    pub client_id: Option<String>,
    /// Whether the settings name a VPN. A browser sign-in then asks to open its app too.
    pub vpn: bool,
    /// Set for [`SignInWay::Machine`].
    pub machine: Option<MachineAccount>,
    /// Time without a request after which the session is wiped.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// Time after the sign-in after which the session is wiped.
    #[serde(with = "seconds")]
    pub max: Duration,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInWay {
    /// Ask the org which pipeline it runs.
    Auto,
    /// In the terminal, with the Classic authentication API.
    Terminal,
    /// In the terminal, with the Identity Engine API.
    IdentityEngine,
    /// The user confirms a code in a browser.
    Browser,
    /// A private key signs in without a user.
    Machine,
}

/// What a machine's token is requested with. The key itself is asked for
/// ([`Ask::PrivateKey`](crate::wire::Ask::PrivateKey)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineAccount {
    pub key_id: String,
    /// `default`, or the id of a custom authorization server.
    pub authorization_server: String,
    pub scope: String,
}
