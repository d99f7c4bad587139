//! `ob login`: signs in.

use std::process::ExitCode;

use serde_json::json;

use crate::client::Context;
use crate::client::account;
use crate::client::ask_agent;
use crate::client::unexpected_reply;
use crate::commands::args::SignInArgs;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::wire::{Reply, Request};

/// Sign in to Okta now
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    /// Sign in again even if a session is live
    #[arg(long)]
    pub again: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Runs `ob login`.
///
/// # Errors
/// When the sign-in fails.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if context.globals.no_agent {
        return Err(Report::new(
            ErrorCode::LoginNoAgent,
            "`ob login` needs the agent, which keeps the session",
        )
        .hint("leave `--no-agent` out, or use it with `ob exec`, which signs in by itself"));
    }
    let org = context
        .settings()?
        .resolve_org(&context.flags(), &context.environment)?;
    let account = account(context, &org, &args.sign_in.options())?;
    let request = || Request::SignIn {
        account: account.clone(),
        again: args.again,
    };
    let Reply::SignedIn {
        username,
        expires_at,
        ends,
    } = ask_agent(context, request, &org, &args.sign_in.options())?
    else {
        return Err(unexpected_reply());
    };
    if context.globals.json {
        let answer = json!({
            "org": account.org,
            "username": username,
            "ends_if_unused": ends.to_string(),
            "okta_session_expires_at": expires_at.map(|time| time.to_string()),
        });
        context.output.data_json(answer)?;
    } else {
        context.output.message(&format!(
            "ob: signed in to {} as {}, until {} unless used\n",
            escape(&account.org),
            escape(&username),
            context.format_time(ends)
        ));
    }
    Ok(ExitCode::SUCCESS)
}
