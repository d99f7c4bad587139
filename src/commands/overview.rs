//! `ob` without a verb: the status, and what to type next.

use std::process::ExitCode;

use crate::client::{Context, find_agent};
use crate::commands::status;
use crate::report::{ErrorCode, Report};
use crate::sanitize::shell_word;
use crate::wire::{Reply, Request};

/// Runs `ob`.
///
/// # Errors
/// When a running agent cannot be asked.
pub fn run(context: &Context) -> Result<ExitCode, Report> {
    status::show(context)?;
    if !context.globals.json {
        context.output.message(&format!(
            "next: {}; `ob help` lists the verbs",
            next(context)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the command line that leads on from the present state, with what it does.
fn next(context: &Context) -> String {
    let settings = context.settings();
    let orgs = settings.and_then(|settings| settings.orgs(&context.environment).map(|_| settings));
    let settings = match orgs {
        Ok(settings) => settings,
        Err(report) if report.code == ErrorCode::ConfigNoOrg => {
            return "`ob config init` asks for your org and writes the settings".to_owned();
        }
        Err(_) => return "`ob config check` says what is wrong with the settings".to_owned(),
    };
    if !is_signed_in(context) {
        return "`ob login` signs you in".to_owned();
    }
    let default = settings.default_profile();
    match default.or_else(|| settings.profiles().next()) {
        Some(profile) => format!("`ob exec {} -- CMD` runs a command", shell_word(profile)),
        None => "`ob config add NAME` makes a profile from a menu of your roles".to_owned(),
    }
}

fn is_signed_in(context: &Context) -> bool {
    let agent = find_agent(context).ok().flatten();
    match agent.map(|agent| agent.ask(Request::Status)) {
        Some(Ok(Some(Reply::Status(status)))) => !status.sessions.is_empty(),
        _ => false,
    }
}
