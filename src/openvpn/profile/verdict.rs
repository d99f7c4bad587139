//! The decision on each directive of a profile, for `ob vpn profile --explain` and for refusals.
//!
//! A verdict shows what `ob` would write, never what the server wrote: a refused directive by its
//! name only, a block by its title. A key that lost its tag must not be shown as an unknown
//! directive.

use serde::Serialize;

/// A directive and the decision on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The line of the downloaded profile, counted from 1.
    pub line: usize,
    /// The directive as it will be written, or only its name.
    pub directive: String,
    pub ruling: Ruling,
}

/// The decision on a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// Written anew from its value.
    Allowed,
    /// Kept in another form, with the change.
    Changed(String),
    /// Left out, with the reason why the tunnel works without it.
    Dropped(String),
    /// The whole profile is refused because of it.
    Refused(String),
}

impl Ruling {
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// The reason why a directive is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    RunsPrograms,
    LoadsLibraries,
    ReadsFiles,
    WritesFiles,
    OpensSockets,
    ChangesEnvironment,
    ChangesProcess,
    ChangesMachine,
    ThirdParty,
    WeakensProtection,
    ServerOnly,
    OtherMode,
    HardwareKeys,
    Management,
    CarriesPassword,
    PushedOnly,
    NotAConnection,
    /// The directive is allowed, but not with this value.
    Value(&'static str),
    Unclassified,
}

impl RefusalReason {
    /// Returns the predicate of a sentence whose subject is the directive.
    pub const fn predicate(self) -> &'static str {
        match self {
            Self::RunsPrograms => "runs a program",
            Self::LoadsLibraries => "loads code into openvpn",
            Self::ReadsFiles => "makes openvpn read a file",
            Self::WritesFiles => "makes openvpn write a file",
            Self::OpensSockets => "opens a socket on this machine",
            Self::ChangesEnvironment => "sets a variable of a program's environment",
            Self::ChangesProcess => "changes how the openvpn process runs",
            Self::ChangesMachine => "changes this machine beyond the tunnel",
            Self::ThirdParty => "sends the tunnel through another host",
            Self::WeakensProtection => "weakens the protection of the tunnel",
            Self::ServerOnly => "is for servers",
            Self::OtherMode => "is for another kind of tunnel than a client's `dev tun`",
            Self::HardwareKeys => "takes keys from a token or a store, not from the profile",
            Self::Management => "belongs to the management interface, which is `ob`'s",
            Self::CarriesPassword => "carries a password; `ob` answers for you",
            Self::PushedOnly => "is the server's to push, not a profile's to set",
            Self::NotAConnection => "does something else than connect",
            Self::Value(predicate) => predicate,
            Self::Unclassified => "is not a directive that `ob` knows",
        }
    }
}
