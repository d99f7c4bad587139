//! The inputs and outputs of the tunnel's state machine.

use std::time::Duration;

use crate::openvpn::challenge::StaticChallenge;
use crate::openvpn::command::Command;
use crate::openvpn::management::Event;
use crate::openvpn::network::TunnelNetwork;
use crate::secret::Secret;

/// An event that moves the state machine.
#[derive(Debug)]
pub enum Input {
    /// A line of openvpn.
    Event(Event),
    /// The answer to the last [`AuthPrompt`].
    Answer(AuthAnswer),
    /// The deadline of the present phase has passed.
    Deadline,
    /// The user takes the tunnel down.
    Stop,
    /// openvpn closed the management socket.
    Closed,
}

/// An answer to an [`AuthPrompt`].
#[derive(Debug)]
pub enum AuthAnswer {
    Credentials(VpnCredentials),
    Challenge(Secret),
    /// No answer will come.
    Declined,
}

/// The credentials that openvpn sends to the server.
#[derive(Debug)]
pub struct VpnCredentials {
    pub username: String,
    /// Empty where the sign-in is by web; or a session token.
    pub password: Secret,
    /// The answer to the static challenge, if the prompt had one.
    pub challenge: Option<Secret>,
}

/// An effect for the supervisor to carry out, in the order given.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    Send(Command),
    SendAfter(Duration, Command),
    Ask(AuthPrompt),
    /// Finish the sign-in at this address, with the Okta session or in a browser.
    SignIn {
        url: Secret,
        flags: Vec<String>,
    },
    /// Cancel the open prompt: it needs no answer any more.
    Withdraw,
    /// The device is up: apply name servers and domains. Repeated after each reconnection.
    Configure(TunnelNetwork),
    /// The device goes down: undo [`Action::Configure`].
    Revert,
    /// openvpn did not end after SIGTERM.
    Kill,
}

/// A prompt that the user or the agent has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthPrompt {
    Credentials {
        reason: CredentialReason,
        challenge: Option<StaticChallenge>,
    },
    /// A question in the server's own words.
    Challenge { text: String, echo: bool },
}

/// The reason why credentials are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CredentialReason {
    #[default]
    First,
    /// The server's token has expired. The agent can renew it without the user.
    SessionExpired,
    /// The server refused the last ones, with the text it gave.
    Refused(Option<String>),
}
