//! `ob credential`: what an SDK's `credential_process` runs. It never prompts, opens no browser and starts no
//! agent: without a session it says so at once.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::aws::process_json;
use crate::commands::Context;
use crate::commands::exec::{received, unexpected};
use crate::commands::running::ask_running_agent_for;
use crate::commands::talk::SignInArgs;
use crate::commands::target::{Resolved, RoleArgs, resolve};
use crate::config::Flags;
use crate::flow::not_signed_in;
use crate::model::Timestamp;
use crate::paths::{existing_runtime_dirs, expiry_file};
use crate::report::Report;
use crate::terminal::data;
use crate::wire::{CredentialsRequest, Reply, Request};

/// Print credentials for an SDK's `credential_process`; never asks
///
/// Prints the JSON that AWS SDKs take from a `credential_process` (version 1). Without a live session it exits
/// with 3 at once: no network, no question. `ob config aws` writes the profiles that call it.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub role: RoleArgs,
}

impl Args {
    /// Reads the form that `ob config aws` writes, `ob credential -p PROFILE`, without clap, as `ob exec` does.
    pub fn recognise(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
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

/// # Errors
/// When nobody is signed in, the role is not plain, or STS refuses.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let target = resolve(context, &args.role, &SignInArgs::default())?;
    target.unconfirmed()?;
    let nobody = || not_signed_in(&target.wire.account);
    if context.globals.no_agent {
        return Err(nobody());
    }
    let request = CredentialsRequest::without_sign_in(target.wire.clone(), None);
    let org = &target.settings.org;
    match ask_running_agent_for(context, Request::Credentials(request), org)? {
        Some(Reply::Credentials(issued)) => {
            note_expiry(context, &target, issued.expires_at);
            data(&process_json(&received(issued)?))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(_) => Err(unexpected()),
        None => Err(nobody()),
    }
}

/// Tells the shells that use a profile of `org`, or any, that nothing is held for it any more.
pub(super) fn note_nothing_held(context: &Context, org: Option<&str>) {
    let directories = existing_runtime_dirs(&context.environment);
    let Ok(settings) = context.settings() else {
        return;
    };
    for profile in settings.profiles() {
        let flags = Flags {
            profile: Some(profile.to_owned()),
            ..context.flags()
        };
        let is_its = org.is_none_or(|org| {
            let target = settings.resolve_org(&flags, &context.environment);
            target.is_ok_and(|target| target.org.origin() == org)
        });
        if is_its {
            for directory in &directories {
                directory.put_again(&expiry_file(profile), "\n");
            }
        }
    }
}

/// Tells the shells that use this profile until when: they know no other way, and nothing waits for it.
fn note_expiry(context: &Context, target: &Resolved, expires_at: Timestamp) {
    if let Some(profile) = &target.settings.profile {
        let text = format!("{:010}\n", expires_at.0);
        for directory in existing_runtime_dirs(&context.environment) {
            directory.replace(&expiry_file(profile), &text);
        }
    }
}
