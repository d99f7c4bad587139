//! The messages themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Labels, SessionPolicy, Timestamp};
use crate::report::Report;
use crate::wire::vpn::{IssuedProfile, VpnProfileRequest, VpnSignIn};
use crate::wire::{
    ChosenRole, ConsoleRequest, CredentialsRequest, DiscoverRequest, DiscoveredRole, KeyChallenge,
    KeySigned, Part, RoleEntry, RolesRequest, Route, Sealed, StatusReply, TerminalId, TunnelEnd,
    UsedRole,
};

/// The first frame in each direction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    pub protocol: u16,
    /// The program's version, for the message when the protocols differ.
    pub build: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ToAgent {
    Hello(Hello),
    Request {
        request: Box<Request>,
        /// How the client's settings reach the servers; absent: as the last client's did.
        route: Option<Box<Route>>,
    },
    Answer(Answer),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum FromAgent {
    Hello(Hello),
    Ask(Ask),
    Notice(Notice),
    /// One of many results; the reply says that there are no more.
    Part(Part),
    Reply(Reply),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Request {
    /// Sign in now, even if a session is live when `again` is set.
    SignIn {
        account: Account,
        again: bool,
    },
    Credentials(CredentialsRequest),
    Roles(RolesRequest),
    VpnProfile(VpnProfileRequest),
    /// Finish the sign-in that a VPN server asks for while it keeps the tunnel waiting.
    VpnSignIn(VpnSignIn),
    /// The credentials of every role, each as a [`Part`].
    EveryRole(Target),
    Console(ConsoleRequest),
    Discover(Box<DiscoverRequest>),
    Status,
    /// A tunnel has ended; with how, if somebody may wonder. It is kept until the next one ends.
    TunnelEnded(Option<TunnelEnd>),
    SignOut {
        scope: SignOutScope,
        /// The routes of the orgs in the settings; the request's own is for every other org.
        routes: BTreeMap<String, Route>,
    },
    Stop,
}

/// Whose sessions a sign-out ends.
#[derive(Debug, Serialize, Deserialize)]
pub enum SignOutScope {
    Everything,
    Org(String),
}

/// An Okta account; sessions are keyed by org and user. The way there is the request's [`Route`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The org's origin; checked again by the agent.
    pub org: String,
    pub username: Option<String>,
    pub way: SignInWay,
    /// The factor to take without asking, as the user names it.
    pub factor: Option<String>,
    /// Whether the client can talk to a security key beside it.
    pub security_keys: bool,
    /// The OIDC app of a browser's or a machine's sign-in.
    pub client_id: Option<String>,
    /// Whether the settings name a VPN, whose app a browser's sign-in asks to open too.
    pub vpn: bool,
    /// Set for [`SignInWay::Machine`].
    pub machine: Option<MachineAccount>,
    /// Seconds without a request until everything is wiped.
    pub idle: u32,
    /// Seconds after the sign-in until everything is wiped.
    pub max: u32,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignInWay {
    /// Ask the org which pipeline it runs.
    Auto,
    /// In the terminal, as a Classic org does.
    Terminal,
    /// In the terminal, as an Identity Engine org does.
    IdentityEngine,
    /// A person confirms a code at their browser.
    Browser,
    /// A private key signs in; nobody is asked.
    Machine,
}

/// What a machine's token is asked with; the key itself is asked for ([`Ask::PrivateKey`]).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineAccount {
    pub key_id: String,
    /// `default`, or the id of a custom authorization server.
    pub authorization_server: String,
    pub scope: String,
}

/// Which role of which app, as the settings and the flags resolve it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub account: Account,
    /// The AWS app's embed link or instance id; absent: found among the user's tiles.
    pub app: Option<String>,
    /// An ARN, `account/role`, a name or a glob; absent: the only one, or asked.
    pub role: Option<String>,
    /// An identity provider's ARN, name or glob.
    pub provider: Option<String>,
    /// The ARN of the one that opened the role before: taken if it still does.
    pub through: Option<String>,
    /// Roles to assume one after another, starting from `role`.
    pub chain: Vec<String>,
    /// What is left of the last role's rights.
    pub policy: SessionPolicy,
    /// Seconds the credentials should last.
    pub duration: u32,
    /// The region whose STS is asked; absent: the partition's own.
    pub region: Option<String>,
    /// Whether it is a general default, which gives way to that of another partition.
    pub region_gives_way: bool,
    /// An STS of one's own (tests, endpoints in a private network).
    pub sts_endpoint: Option<String>,
    /// Account number to the user's name for it.
    pub accounts: BTreeMap<String, String>,
    /// The user's words for roles and identity providers.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// What the agent wants to know from whoever started the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    CaCertificates,
    /// The terminal that the client's user sits at; answered without asking the user.
    Terminal,
    /// The same where a request is about several orgs.
    CaCertificatesOf {
        org: String,
    },
    /// The machine's key, PEM.
    PrivateKey,
    /// A page to open and a code to compare there.
    #[serde(rename = "Visit")]
    OpenPage {
        page: String,
        code: String,
        /// How long the code is good.
        minutes: u64,
    },
    Username {
        org: String,
    },
    Password {
        org: String,
        username: String,
    },
    Factor {
        choices: Vec<FactorChoice>,
    },
    /// A code, or the answer to a security question.
    Passcode {
        factor: String,
        /// Whether it can be sent once more.
        can_resend: bool,
        /// Whether another factor can be taken instead.
        can_change: bool,
    },
    /// A security key beside the client is to be touched.
    SecurityKey {
        challenge: KeyChallenge,
        /// Whether another factor can be taken instead.
        can_change: bool,
    },
    /// A password to take the place of one that has expired.
    NewPassword {
        org: String,
        username: String,
    },
    Role {
        choices: Vec<RoleEntry>,
    },
    /// One of the roles that the client remembers; with when they were last used.
    KnownRole {
        used: Vec<UsedRole>,
    },
    /// Send the push again? (Rejected or timed out.)
    PushAgain {
        factor: String,
        why: String,
        /// Whether another factor can be taken instead.
        can_change: bool,
    },
    /// Use a profile that wants to be asked for?
    Confirm {
        profile: String,
        role: Option<String>,
    },
}

impl Ask {
    /// Whether the client answers from a file, and no person is asked.
    pub fn is_for_certificates(&self) -> bool {
        matches!(self, Self::CaCertificates | Self::CaCertificatesOf { .. })
    }
}

/// One factor a person may choose; labels are foreign text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorChoice {
    pub label: String,
    /// Why it cannot be chosen here; listed all the same.
    pub unusable: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// Nobody is here to answer: the next waiting client is asked.
    #[serde(rename = "Nobody")]
    Unavailable,
    CaCertificates(String),
    Terminal(Option<TerminalId>),
    PrivateKey(Sealed),
    /// The page was shown to somebody.
    #[serde(rename = "Visiting")]
    PageShown,
    Username(String),
    Password(Sealed),
    /// An index into the choices.
    Factor(usize),
    Passcode(Sealed),
    SecurityKey(KeySigned),
    NewPassword(Sealed),
    /// Instead of a code: send it once more.
    Resend,
    /// Instead of a code, or of another push: choose another factor.
    OtherFactor,
    /// An index into the choices.
    Role(usize),
    /// None of those that are remembered: the agent is to look itself.
    UnknownRole,
    KnownRole(ChosenRole),
    PushAgain(bool),
    Confirm(bool),
}

/// What a person should know while they wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// What the agent is doing; shown when it takes longer than a second.
    Doing(String),
    /// A server takes the next request in so many seconds; a person sees them run down.
    Wait {
        seconds: u64,
        why: String,
    },
    /// Nothing new: the agent is alive and still waiting.
    StillWaiting,
    PushSent {
        factor: String,
    },
    /// The number to tap on the phone.
    NumberChallenge {
        number: String,
    },
    /// Another client is asked the questions of this sign-in.
    AskedElsewhere,
    /// The last question needs no answer any more: another client has given it, or it is too late. One is sent
    /// all the same, [`Answer::Unavailable`] if there is none.
    NoAnswerWanted {
        too_late: bool,
    },
    /// Something a person should read, in a sentence.
    #[serde(rename = "Said")]
    Message(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    SignedIn {
        username: String,
        /// When Okta ends the session, where it has said so.
        expires_at: Option<Timestamp>,
        /// When the agent forgets it, if it is not used before.
        ends: Timestamp,
    },
    Credentials(IssuedCredentials),
    Roles(Vec<RoleEntry>),
    VpnProfile(Box<IssuedProfile>),
    VpnSignedIn,
    /// Every role has had its [`Part`].
    AllRoles,
    Console {
        /// Signs in whoever opens it, for 15 minutes.
        link: Sealed,
        role: String,
    },
    Discovered(Vec<DiscoveredRole>),
    Status(StatusReply),
    SignedOut {
        sessions: usize,
        server_unreachable: Option<String>,
        /// Until when keys that were handed out can be used; absent if there are none left.
        keys_until: Option<Timestamp>,
    },
    Noted,
    Stopping,
    Failed(Report),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedCredentials {
    pub access_key_id: String,
    pub secret_access_key: Sealed,
    pub session_token: Sealed,
    pub expires_at: Timestamp,
    pub role: String,
    /// The identity provider that opened it, where there are several.
    pub provider: Option<String>,
    /// What a menu has answered, now or before in the same terminal; absent where the target matches one role.
    pub chosen: Option<ChosenRole>,
}
