//! Requests to the agent. Each runs in a thread of its own, because the agent's protocol blocks.

use std::path::{Path, PathBuf};

use crate::link;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::wire::{
    Answer, FromAgent, Reply, Request, SecretText, TunnelEnd, VpnPolicy, VpnProfileRequest,
    VpnSignIn, VpnTarget,
};

/// Asks for a new token, which comes with a profile that is not used. Calls `notify` with the
/// username and the token, if the server issues one.
pub(super) fn renew_token(
    directory: PathBuf,
    target: VpnTarget,
    notify: impl FnOnce(Result<Option<(String, Secret)>, Report>) + Send + 'static,
) {
    let request = Request::VpnProfile(VpnProfileRequest {
        target,
        policy: VpnPolicy {
            routes: None,
            dns: true,
        },
        explain: false,
        may_sign_in: false,
    });
    std::thread::spawn(move || {
        notify(match ask(&directory, request) {
            Ok(Reply::VpnProfile(profile)) => {
                let token = profile.token.map(|token| token.0);
                Ok(profile.username.zip(token))
            }
            Ok(_) => Err(unexpected_reply()),
            Err(report) => Err(report),
        });
    });
}

/// Has the agent finish the sign-in at `url` that the server waits for.
pub(super) fn sign_in(
    directory: PathBuf,
    target: VpnTarget,
    url: Secret,
    notify: impl FnOnce(Secret, Result<(), Report>) + Send + 'static,
) {
    std::thread::spawn(move || {
        let request = Request::VpnSignIn(VpnSignIn {
            target,
            url: SecretText(url.duplicate()),
        });
        let outcome = match ask(&directory, request) {
            Ok(Reply::VpnSignedIn) => Ok(()),
            Ok(_) => Err(unexpected_reply()),
            Err(report) => Err(report),
        };
        notify(url, outcome);
    });
}

/// Leaves with the agent how the tunnel ended, for `ob vpn status`. Without an agent it is lost.
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

fn unexpected_reply() -> Report {
    Report::new(ErrorCode::AgentReply, "the agent sent an unexpected reply")
        .hint("supervisor and agent may differ: `ob vpn down`, `ob agent stop`, then try again")
}
