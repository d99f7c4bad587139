//! `ob vpn profile`: shows what the VPN server wants openvpn to do, and what `ob` lets through.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::resolve::{PolicyArgs, fetch_profile, resolve};
use crate::client::Context;
use crate::commands::args::SignInArgs;
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{IssuedProfile, Ruling};

/// Fetch a profile and show what is in it; its text never leaves memory
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Show the verdict on each directive
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Runs `ob vpn profile`.
///
/// # Errors
/// When no profile is issued, or the profile may not be used.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let resolved = resolve(context, &args.policy, &args.sign_in.options())?;
    let profile = fetch_profile(context, &resolved, &args.sign_in.options(), true)?;
    if context.globals.json {
        context.output.data_json(as_json(&profile))?;
    } else {
        context.output.list(as_text(&profile, args.explain))?;
    }
    match profile.refused {
        None => Ok(ExitCode::SUCCESS),
        Some(report) => Err(report),
    }
}

fn as_text(profile: &IssuedProfile, explain: bool) -> String {
    let mut text = String::new();
    let count = |ruling: Ruling| {
        let those = profile.verdicts.iter();
        those.filter(|verdict| verdict.ruling == ruling).count()
    };
    if explain {
        for verdict in &profile.verdicts {
            let why = verdict
                .why
                .as_deref()
                .map(|why| format!(" ({})", escape(why)));
            let _ = writeln!(
                text,
                "{:>5}  {:<8} {}{}",
                verdict.line,
                verdict.ruling,
                escape(&verdict.directive),
                why.unwrap_or_default()
            );
        }
    }
    if let Some(username) = &profile.username {
        let _ = writeln!(text, "for {}", escape(username));
    }
    for remote in &profile.remotes {
        let _ = writeln!(text, "server {}", escape(remote));
    }
    let server = profile
        .server
        .as_deref()
        .unwrap_or("a server without a name");
    let _ = writeln!(
        text,
        "{} allowed, {} changed, {} dropped, {} refused; from {} of {}",
        count(Ruling::Allowed),
        count(Ruling::Changed),
        count(Ruling::Dropped),
        count(Ruling::Refused),
        profile.endpoint,
        escape(server)
    );
    text
}

fn as_json(profile: &IssuedProfile) -> serde_json::Value {
    let verdicts = profile.verdicts.iter().map(|verdict| {
        json!({
            "line": verdict.line,
            "directive": verdict.directive,
            "ruling": verdict.ruling,
            "why": verdict.why,
        })
    });
    json!({
        "username": profile.username,
        "servers": profile.remotes,
        "door": profile.endpoint,
        "web_server": profile.server,
        "usable": profile.refused.is_none(),
        "verdicts": verdicts.collect::<Vec<_>>(),
    })
}
