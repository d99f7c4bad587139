//! What can happen to a tunnel.

use std::io;

use super::connections::ClientEvent;
use super::management::SocketEvent;
use crate::openvpn::command::Command;
use crate::report::Report;
use crate::secret::Secret;
use crate::wire::DnsStatus;

/// The input of [`super::state::SupervisorState`].
#[derive(Debug)]
pub(super) enum Event {
    Client(ClientEvent),
    Openvpn(SocketEvent),
    /// A delayed command is due.
    CommandDue(Command),
    /// openvpn has read its profile from the pipe, or cannot.
    ProfileWritten(io::Result<()>),
    /// The agent's username and token; `None` where the server issues none.
    TokenRenewed(Result<Option<(String, Secret)>, Report>),
    /// The agent has finished, or refused, the sign-in at this address.
    SignInFinished(Secret, Result<(), Report>),
    Dns(DnsStatus),
    ReaperExited,
    /// The deadline of the present phase has passed.
    Deadline,
    /// A signal asks this process to end.
    Terminate,
}
