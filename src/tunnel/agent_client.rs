//! Questions for the agent, each in a thread of its own: its protocol blocks, and the tunnel must not.

use std::path::{Path, PathBuf};

use crate::link;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{
    Answer, FromAgent, Reply, Request, Sealed, TunnelEnd, VpnPolicy, VpnProfileRequest, VpnSignIn,
    VpnTarget,
};

/// What the agent was asked and what it said.
#[derive(Debug)]
pub(super) enum FromSession {
    /// A new token in place of a password, if the server gives any.
    Token(Result<Option<(String, Secret)>, Report>),
    /// The sign-in at this address is done, or was not to be done.
    SignedIn(Secret, Result<(), Report>),
}

/// Asks for a new token, of a new profile that nobody will read.
pub(super) fn renew(
    directory: PathBuf,
    target: VpnTarget,
    tell: impl FnOnce(FromSession) + Send + 'static,
) {
    std::thread::spawn(move || {
        let request = Request::VpnProfile(VpnProfileRequest {
            target,
            policy: VpnPolicy {
                routes: None,
                dns: true,
            },
            explain: false,
            may_sign_in: false,
        });
        tell(FromSession::Token(match ask(&directory, request) {
            Ok(Reply::VpnProfile(profile)) => {
                let token = profile.token.map(|token| token.0);
                Ok(profile.username.zip(token))
            }
            Ok(_) => Err(nonsense()),
            Err(report) => Err(report),
        }));
    });
}

/// Has the agent finish the sign-in that the server waits for.
pub(super) fn sign_in(
    directory: PathBuf,
    target: VpnTarget,
    url: Secret,
    tell: impl FnOnce(FromSession) + Send + 'static,
) {
    std::thread::spawn(move || {
        let request = Request::VpnSignIn(VpnSignIn {
            target,
            url: Sealed(url.duplicate()),
        });
        let outcome = match ask(&directory, request) {
            Ok(Reply::VpnSignedIn) => Ok(()),
            Ok(_) => Err(nonsense()),
            Err(report) => Err(report),
        };
        tell(FromSession::SignedIn(url, outcome));
    });
}

/// Leaves with the agent how the tunnel ended, for whoever looks later. Without an agent nobody knows.
pub(super) fn report_end(directory: &Path, end: Option<TunnelEnd>) {
    let _ = ask(directory, Request::TunnelEnded(end));
}

fn ask(directory: &Path, request: Request) -> Result<Reply, Report> {
    let Some(mut link) = link::connect(directory)? else {
        return Err(Report::new(ErrorCode::SignInNeeded, "nobody is signed in")
            .cause("no agent is running")
            .hint("`ob login` signs you in"));
    };
    link.request(request)?;
    loop {
        match link.recv()? {
            FromAgent::Reply(Reply::Failed(report)) => return Err(report),
            FromAgent::Reply(reply) => return Ok(reply),
            FromAgent::Ask(_) => link.answer(Answer::Unavailable)?,
            FromAgent::Notice(_) | FromAgent::Part(_) | FromAgent::Hello(_) => {}
        }
    }
}

fn nonsense() -> Report {
    Report::new(
        ErrorCode::AgentReply,
        "the agent answered something else than it was asked",
    )
    .hint("supervisor and agent may differ: `ob vpn down`, `ob agent stop`, then try again")
}
