//! What client and agent say to each other.
//!
//! One [`Hello`] each way, one [`Request`], then any number of [`Ask`]/[`Answer`] and [`Notice`], then
//! one [`Reply`]. No message returns the Okta session. Enums are externally tagged on purpose: with an
//! internal tag serde parks escaped strings in buffers of its own. A secret crosses only inside
//! [`Sealed`]; nothing here derives a `Debug` that could show one.

mod ask_kind;
mod frame;
mod messages;
mod roles;
mod route;
mod sealed;
mod security_key;
mod status;
mod tunnel;
mod vpn;

pub use ask_kind::AskKind;
pub use frame::{
    FROM_AGENT_MAX, FrameError, HEADER, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX, body_length,
    decode, encode,
};
pub use messages::{
    Account, Answer, Ask, FactorChoice, FromAgent, Hello, IssuedCredentials, MachineAccount,
    Notice, Reply, Request, SignInWay, SignOutScope, Target, ToAgent,
};
pub use roles::{
    ChosenRole, Confirmation, ConsoleRequest, CredentialsRequest, DiscoverRequest, DiscoveredRole,
    Part, RoleEntry, RoleMenu, RolesRequest, TerminalId, UsedRole,
};
pub use route::{CaBundle, ProxyRoute, Route, RouteSummary};
pub use sealed::Sealed;
pub use security_key::{FromKey, KeyChallenge, KeyFault, KeySigned, PinUse, ToKey, tries};
pub use status::{HeldRole, SessionStatus, StatusReply, TunnelEnd};
pub use tunnel::{
    Begin, DnsStatus, FromTunnel, PhaseChange, ToTunnel, TunnelAnswer, TunnelPhase, TunnelQuestion,
    TunnelStatus,
};
pub use vpn::{IssuedProfile, ProfileVerdict, VpnPolicy, VpnProfileRequest, VpnSignIn, VpnTarget};

/// Raised by hand when a message changes its meaning; never derived from the package's version.
pub const PROTOCOL: u16 = 7;
