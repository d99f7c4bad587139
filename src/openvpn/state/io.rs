//! What goes into a tunnel's state and what comes out of it.

use std::time::Duration;

use crate::openvpn::challenge::PromptedChallenge;
use crate::openvpn::command::Command;
use crate::openvpn::management::Event;
use crate::openvpn::network::TunnelNetwork;
use crate::secret::Secret;

/// What happened.
#[derive(Debug)]
pub enum Input {
    Event(Event),
    Answer(AuthAnswer),
    /// The deadline of the present phase has passed.
    Deadline,
    /// The user wants the tunnel down.
    Stop,
    /// openvpn's end of the management socket is closed.
    Closed,
}

/// An answer to a [`AuthPrompt`].
#[derive(Debug)]
pub enum AuthAnswer {
    Credentials(VpnCredentials),
    Challenge(Secret),
    /// Nobody will answer.
    Declined,
}

/// What openvpn sends to prove who the user is.
#[derive(Debug)]
pub struct VpnCredentials {
    pub username: String,
    /// Empty where the sign-in is by web; or a session token.
    pub password: Secret,
    /// The answer to the static challenge, if one was asked.
    pub challenge: Option<Secret>,
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    Send(Command),
    SendAfter(Duration, Command),
    Ask(AuthPrompt),
    /// Finish the sign-in at this address, with the session at hand or by a browser.
    SignIn {
        url: Secret,
        flags: Vec<String>,
    },
    /// The question that was asked last needs no answer any more.
    Withdraw,
    /// The device is up: apply name servers and domains. Comes again after each reconnection.
    Configure(TunnelNetwork),
    /// The device goes: take back what was applied.
    Revert,
    /// openvpn did not end when told to.
    Kill,
}

/// What only a person or the agent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthPrompt {
    Credentials {
        why: CredentialReason,
        challenge: Option<PromptedChallenge>,
    },
    /// The server's own question.
    Challenge { text: String, echo: bool },
}

/// Why credentials are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialReason {
    First,
    /// The server's token has died: the agent can renew it without a person.
    SessionExpired,
    /// The last ones were refused, in the server's words.
    Refused(Option<String>),
}
