//! What a caller may ask of `ob-vpn-root`: values that are checked while they are read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::resolver::DnsConfig;
use crate::model::TunDevice;

/// Raised when a request changes its meaning. The program is installed by an administrator and may be older or newer
/// than `ob`.
pub const PROTOCOL: u16 = 1;
pub(super) const MAX_REQUEST_BYTES: usize = 256 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub protocol: u16,
    pub action: Action,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Action {
    /// Prints the protocol number: whether the caller may run the program, and which one it is.
    Probe,
    Start(StartTunnel),
    SetDns(DnsConfig),
    RevertDns(TunDevice),
}

/// Everything that a caller decides about openvpn.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartTunnel {
    /// Holds the named pipe `p` with the profile and the socket `m` on which the supervisor listens.
    pub directory: PathBuf,
    pub device: TunDevice,
    /// The only networks that are routed; absent: those that profile and server name.
    pub routes: Option<Vec<String>>,
    /// Whether name servers are taken from the server.
    pub dns: bool,
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Result<Action, Refusal> {
        let malformed = |error: serde_json::Error| Refusal::new("request.malformed", error);
        // Of another version nothing but the number is known.
        let any: serde_json::Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let protocol = any.get("protocol").and_then(serde_json::Value::as_u64);
        if protocol != Some(u64::from(PROTOCOL)) {
            return Err(Refusal::new(
                "request.protocol",
                format!(
                    "this one speaks version {PROTOCOL}; install the one that came with this `ob`"
                ),
            ));
        }
        let request: Self = serde_json::from_value(any).map_err(malformed)?;
        Ok(request.action)
    }
}
