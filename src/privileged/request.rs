//! Requests to `ob-vpn-root`. Values are checked while they are parsed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::resolver::DnsConfig;
use crate::model::TunDevice;

/// Raised when the meaning of requests changes. The installed program may be older or newer than
/// `ob`.
pub const PROTOCOL: u16 = 1;

/// The name of the refusal of another protocol.
pub(super) const WRONG_PROTOCOL: &str = "request.protocol";
pub(super) const MAX_REQUEST_BYTES: usize = 256 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub protocol: u16,
    pub action: Action,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Action {
    /// Prints the protocol number: the caller learns whether it may run the program, and its
    /// version.
    Probe,
    Start(StartTunnel),
    SetDns(DnsConfig),
    RevertDns(TunDevice),
}

/// The options of openvpn that the caller decides.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartTunnel {
    /// Holds the named pipe `p` with the profile and the supervisor's socket `m`.
    pub directory: PathBuf,
    pub device: TunDevice,
    /// The only networks that are routed. Absent: those of profile and server.
    pub routes: Option<Vec<String>>,
    /// Whether the server's name servers are used.
    pub dns: bool,
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Result<Action, Refusal> {
        let malformed = |error: serde_json::Error| Refusal::new("request.malformed", error);
        // Of a request of another version, only the number is known.
        let any: serde_json::Value = serde_json::from_slice(bytes).map_err(malformed)?;
        let protocol = any.get("protocol").and_then(serde_json::Value::as_u64);
        if protocol != Some(u64::from(PROTOCOL)) {
            return Err(Refusal::new(
                WRONG_PROTOCOL,
                format!(
                    "this one speaks version {PROTOCOL}; install the one that came with this `ob`"
                ),
            ));
        }
        let request: Self = serde_json::from_value(any).map_err(malformed)?;
        Ok(request.action)
    }
}
