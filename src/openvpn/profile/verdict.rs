//! What was decided about each directive of a profile, for `ob vpn profile --explain` and for refusals.
//!
//! A verdict shows what `ob` would write, never what the server wrote: of a refused directive the name
//! alone, of a block its title. A key that lost its tag must not come out here as an unknown directive.

use serde::Serialize;

use super::directives::{allowed_name, known_directives};

/// One directive and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The line of the downloaded profile, counted from 1.
    pub line: usize,
    /// The directive as it will be written, or its name alone.
    pub directive: String,
    pub ruling: Ruling,
}

/// What becomes of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// Written anew from its value.
    Allowed,
    /// Kept in another form, and which.
    Changed(String),
    /// Left out, and why nothing is lost by it.
    Dropped(String),
    /// The whole profile is refused because of it.
    Refused(String),
}

impl Ruling {
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

/// The name of a directive as it may be shown: a known one as it is; of an unknown one only what
/// cannot be a piece of a key.
pub(super) fn showable(name: &str) -> String {
    let known = allowed_name(name).is_some() || known_directives().any(|known| known == name);
    let harmless = name.len() <= 24 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if known || (harmless && !name.is_empty()) {
        name.to_owned()
    } else {
        "(not a directive)".to_owned()
    }
}

/// Why a directive is refused.
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
    /// The directive is allowed, this value of it is not.
    Value(&'static str),
    Unclassified,
}

impl RefusalReason {
    /// The end of a sentence that begins with the directive's name.
    pub const fn says(self) -> &'static str {
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
            Self::Value(says) => says,
            Self::Unclassified => "is not a directive that `ob` knows",
        }
    }
}
