//! The messages between client and agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::report::Report;
use crate::wire::{
    Account, Answer, Ask, ConsoleRequest, CredentialsRequest, DiscoverRequest, DiscoveredRole,
    IssuedCredentials, IssuedProfile, Part, RoleEntry, RolesRequest, Route, SecretText,
    StatusReply, Target, TunnelEnd, VpnProfileRequest, VpnSignIn,
};

/// The first frame in each direction.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    pub protocol: u16,
    /// The program's version, shown if the protocols differ.
    pub build: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ToAgent {
    Hello(Hello),
    Request {
        request: Box<Request>,
        /// The network settings of the client; absent: those of the last client.
        route: Option<Box<Route>>,
    },
    Answer(Answer),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum FromAgent {
    Hello(Hello),
    Ask(Ask),
    Notice(Notice),
    /// One of many results, which precede the reply.
    Part(Part),
    Reply(Reply),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Request {
    /// Sign in now. If `again` is set, even if a session is live.
    SignIn {
        account: Account,
        again: bool,
    },
    Credentials(CredentialsRequest),
    Roles(RolesRequest),
    VpnProfile(VpnProfileRequest),
    /// Complete the sign-in that a VPN server requires while the tunnel waits for it.
    VpnSignIn(VpnSignIn),
    /// Send the credentials of every role, each as a [`Part`].
    EveryRole(Target),
    Console(ConsoleRequest),
    Discover(Box<DiscoverRequest>),
    /// Check the request's route, without a connection: its CA bundle and its proxy.
    CheckRoute,
    Status,
    /// A tunnel has ended. Holds the reason if the user did not end it, for the status until the
    /// next tunnel ends.
    TunnelEnded(Option<TunnelEnd>),
    SignOut {
        scope: SignOutScope,
        /// The routes of the orgs in the settings. The request's own route is for all other orgs.
        routes: BTreeMap<String, Route>,
    },
    Stop,
}

/// The orgs whose sessions a sign-out ends.
#[derive(Debug, Serialize, Deserialize)]
pub enum SignOutScope {
    Everything,
    Org(String),
}

/// Progress to show while a request is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// What the agent is doing; shown if it takes more than a second.
    Doing(String),
    /// A server accepts the next request in so many seconds; shown as a countdown.
    Wait { seconds: u64, why: String },
    /// The agent is alive and still waits.
    StillWaiting,
    /// A push is out; Okta waits for its approval for so many seconds.
    PushSent { factor: String, seconds: u64 },
    /// The number to tap on the phone, within so many seconds.
    NumberChallenge { number: String, seconds: u64 },
    /// Another client is asked the questions of this sign-in.
    AskedElsewhere,
    /// The last question needs no answer: another client has answered, or it is too late. The
    /// client still sends one, [`Answer::Unavailable`] if it has none.
    NoAnswerWanted { too_late: bool },
    /// A message for the user.
    #[serde(rename = "Said")]
    Message(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    SignedIn {
        username: String,
        /// When Okta ends the session, if it has said so.
        expires_at: Option<Timestamp>,
        /// When the agent wipes the session if no request uses it.
        ends: Timestamp,
    },
    Credentials(IssuedCredentials),
    Roles(Vec<RoleEntry>),
    VpnProfile(Box<IssuedProfile>),
    VpnSignedIn,
    /// Every role has had its [`Part`].
    AllRoles,
    Console {
        /// Signs in any browser that opens it, for 15 minutes.
        link: SecretText,
        role: String,
    },
    Discovered(Vec<DiscoveredRole>),
    Status(StatusReply),
    SignedOut {
        sessions: usize,
        server_unreachable: Option<String>,
        /// Until when issued keys are valid; absent if all have expired.
        keys_until: Option<Timestamp>,
    },
    RouteIsUsable,
    Noted,
    Stopping,
    Failed(Report),
}
