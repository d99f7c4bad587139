//! `ob credential`: what an SDK's `credential_process` runs. It asks no question, opens no browser
//! and starts no agent: without a session it fails at once.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::aws::process_json;
use crate::client::{
    Context, SignInOptions, ask_running_agent_for, parse_credentials, resolve, unexpected_reply,
    update_expiry_files,
};
use crate::commands::args::RoleArgs;
use crate::report::Report;
use crate::terminal::data;
use crate::validate::not_signed_in;
use crate::wire::{CredentialsRequest, Reply, Request};

/// Print credentials for an SDK's `credential_process`; never asks
///
/// Prints the JSON that AWS SDKs take from a `credential_process` (version 1). Without a live
/// session it exits with 3 at once: no network, no question. `ob config aws` writes the profiles
/// that call it.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub role: RoleArgs,
}

impl Args {
    /// Parses `ob credential -p PROFILE`, which `ob config aws` writes, without clap. Returns
    /// `None` for any other form.
    pub fn parse_fast_path(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut words = arguments.into_iter().skip(1);
        let (verb, flag, profile) = (words.next()?, words.next()?, words.next()?);
        let profile = profile
            .into_string()
            .ok()
            .filter(|name| !name.starts_with('-'))?;
        if words.next().is_some() || verb != "credential" || flag != "-p" {
            return None;
        }
        let mut args = Self::default();
        args.role.profile = Some(profile);
        Some(args)
    }
}

/// Runs `ob credential`.
///
/// # Errors
/// When there is no session, several roles match, or STS refuses.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let target = resolve(context, args.role.selection(), &SignInOptions::default())?;
    target.reject_confirm()?;
    let no_session = || not_signed_in(&target.wire.account);
    if context.globals.no_agent {
        return Err(no_session());
    }
    let request = CredentialsRequest::without_sign_in(target.wire.clone(), None);
    let org = &target.settings.org;
    match ask_running_agent_for(context, Request::Credentials(request), org)? {
        Some(Reply::Credentials(issued)) => {
            if let Some(profile) = &target.settings.profile {
                update_expiry_files(context, profile, issued.expires_at);
            }
            data(&process_json(&parse_credentials(issued)?))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(_) => Err(unexpected_reply()),
        None => Err(no_session()),
    }
}
