//! `ob logout`: wipe what the agent holds, then end the Okta session at the server.

use std::process::ExitCode;

use serde_json::json;

use crate::commands::Context;
use crate::commands::exec::unexpected;
use crate::commands::running::ask_running_agent;
use crate::report::{Exit, Report};
use crate::wire::{Reply, Request, SignOutScope};

/// Wipe every credential and end the Okta session
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// # Errors
/// When the server could not be told (everything is wiped all the same), or the agent not be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let scope = match &context.globals.org {
        None => SignOutScope::Everything,
        Some(_) => {
            let org = context
                .settings()?
                .resolve_org(&context.flags(), &context.environment)?;
            SignOutScope::Org(org.org.origin().to_owned())
        }
    };
    let (sessions, unreachable) = match ask_running_agent(context, Request::SignOut(scope))? {
        None => (0, None),
        Some(Reply::SignedOut {
            sessions,
            server_unreachable,
        }) => (sessions, server_unreachable),
        Some(_) => return Err(unexpected()),
    };
    if let Some(why) = unreachable {
        return Err(Report::new(Exit::Unreachable, "logout.server", "signed out here, not at Okta")
            .cause(why)
            .hint("everything is wiped on this machine; the Okta session ends by itself, or sign out in the browser"));
    }
    if context.globals.json {
        context.voice.data_json(json!({ "sessions": sessions }))?;
    } else if sessions == 0 {
        context.voice.say("ob: nobody was signed in\n");
    } else {
        context.voice.say("ob: signed out\n");
    }
    Ok(ExitCode::SUCCESS)
}
