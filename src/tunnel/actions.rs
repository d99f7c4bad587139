//! What the supervisor does to the world, in the order in which its state decides it.

use std::time::Duration;

use super::connections::ClientQueue;
use super::management::ManagementSocket;
use crate::openvpn::command::Command;
use crate::privileged::DnsConfig;
use crate::secret::Secret;
use crate::wire::{FromTunnel, VpnTarget};

/// The output of [`super::state::SupervisorState`].
#[derive(Debug)]
pub(super) enum Action {
    /// Queues a message to a client.
    Tell(ClientQueue, FromTunnel),
    /// Keeps openvpn's connection; the private directory is needed no more.
    AcceptOpenvpn(ManagementSocket),
    /// Writes a line to openvpn.
    Write(Secret),
    WriteLater(Duration, Command),
    CloseManagement,
    KillOpenvpn,
    /// Writes the profile to the pipe as soon as openvpn opens it.
    WriteProfile(Secret),
    /// Asks the agent for a new token.
    RenewToken(VpnTarget),
    /// Has the agent finish the sign-in at this address.
    SignIn(VpnTarget, Secret),
    SetDns(DnsConfig),
    RevertDns,
    /// Makes the reserve the reaper.
    ReplaceReaper,
    /// Marks the tunnel as up for prompts, through this device.
    MarkUp(Option<String>),
    MarkDown,
}
