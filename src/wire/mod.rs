//! The messages between client and agent.
//!
//! One [`Hello`] each way, one [`Request`], then any number of [`Ask`]/[`Answer`] and [`Notice`],
//! then one [`Reply`]. No message returns the Okta session. Enums are externally tagged, because
//! with an internal tag serde keeps escaped strings in buffers that are not wiped. A secret crosses
//! only inside [`SecretText`], and no derived `Debug` can show one.

mod account;
mod ask;
mod ask_kind;
mod credentials;
mod frame;
mod messages;
mod roles;
mod route;
mod seconds;
mod secret_text;
mod security_key;
mod status;
mod target;
mod tunnel;
mod vpn;

pub use account::{Account, MachineAccount, SignInWay};
pub use ask::{Answer, Ask, FactorChoice};
pub use ask_kind::AskKind;
pub use credentials::{CredentialsRequest, IssuedCredentials};
pub use frame::{
    FROM_AGENT_MAX, FrameError, HEADER, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX, body_length,
    decode, encode,
};
pub use messages::{FromAgent, Hello, Notice, Reply, Request, SignOutScope, ToAgent};
pub use roles::{
    ConsoleRequest, DiscoverRequest, DiscoveredRole, Part, RoleEntry, RolesRequest, UsedRole,
};
pub use route::{CaBundle, ProxyRoute, Route, RouteSummary};
pub use secret_text::SecretText;
pub use security_key::{FromKey, KeyChallenge, KeyFault, KeySigned, PinUse, ToKey, tries_left};
pub use status::{HeldRole, SessionStatus, StatusReply, TunnelEnd};
pub use target::{ChosenRole, Confirmation, DisplayNames, RoleMenu, Target, TerminalId};
pub use tunnel::{
    Begin, DnsStatus, FromTunnel, PhaseChange, ToTunnel, TunnelAnswer, TunnelPhase, TunnelQuestion,
    TunnelStatus,
};
pub use vpn::{
    IssuedProfile, ProfileVerdict, Ruling, VpnPolicy, VpnProfileRequest, VpnSignIn, VpnTarget,
};

/// Increased by hand when a message changes its meaning, independently of the package version.
pub const PROTOCOL: u16 = 9;

/// Returns what must be equal in the client and the agent that it starts: version and protocol.
///
/// A running agent of another version is used as long as its protocol is the same.
pub fn build_id() -> String {
    format!("{}/{PROTOCOL}", env!("CARGO_PKG_VERSION"))
}
