//! `ob logout`: wipe what the agent holds, then end the Okta session at the server.

use std::process::ExitCode;

use serde_json::json;

use crate::commands::Context;
use crate::commands::credential::note_nothing_held;
use crate::commands::exec::unexpected;
use crate::commands::running::ask_all_running_agents;
use crate::report::{Exit, Report};
use crate::wire::{Reply, Request, SignOutScope};

/// Wipe every credential and end the Okta session
///
/// AWS keys that were handed out before (to a command, a shell, a file) stay valid until they expire: AWS has no call that
/// takes them back. It is said until when, as far as this agent knows: one that was started anew knows of none. For all
/// who use a role, an administrator can (IAM, "Revoke active sessions").
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// # Errors
/// When the server could not be told (everything is wiped all the same), or the agent not be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let org = match &context.globals.org {
        None => None,
        Some(_) => {
            let org = context
                .settings()?
                .resolve_org(&context.flags(), &context.environment)?;
            Some(org.org.origin().to_owned())
        }
    };
    let scope = || {
        org.clone()
            .map_or(SignOutScope::Everything, SignOutScope::Org)
    };
    let (mut sessions, mut unreachable, mut keys_until) = (0, None, None);
    for reply in ask_all_running_agents(context, || Request::SignOut(scope()))? {
        let Reply::SignedOut {
            sessions: ended,
            server_unreachable,
            keys_until: until,
        } = reply
        else {
            return Err(unexpected());
        };
        sessions += ended;
        unreachable = unreachable.or(server_unreachable);
        keys_until = keys_until.max(until);
    }
    note_nothing_held(context, org.as_deref());
    let still = keys_until.map(|until| {
        let until = context.tell_time(until);
        format!("AWS keys that were handed out stay valid until {until}: AWS takes none back")
    });
    let keys_until = keys_until.map(|until| until.to_string());
    if let Some(why) = unreachable {
        let report = Report::new(Exit::Unreachable, "logout.server", "signed out here, not at Okta")
            .cause(why)
            .hint("everything is wiped on this machine; the Okta session ends by itself, or sign out in the browser");
        let report = report.also("keys_valid_until", keys_until);
        return Err(still.into_iter().fold(report, Report::hint));
    }
    if context.globals.json {
        context
            .voice
            .data_json(json!({ "sessions": sessions, "keys_valid_until": keys_until }))?;
        return Ok(ExitCode::SUCCESS);
    }
    context.voice.say(match sessions {
        0 => "ob: nobody was signed in",
        _ => "ob: signed out",
    });
    if let Some(still) = still {
        context.voice.say(&format!("ob: {still}"));
    }
    Ok(ExitCode::SUCCESS)
}
