//! `ob config check`: every file read, every profile followed to what it means.

use std::process::ExitCode;

use serde_json::json;

use crate::aws::SessionDuration;
use crate::client::Context;
use crate::client::check_network;
use crate::config::{Flags, check_private_key, read_vpn_ca_bundle};
use crate::report::Report;
use crate::sanitize::escape;

/// # Errors
/// What is wrong, as every other command would say it.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let orgs = settings.orgs(&context.environment)?;
    for org in &orgs {
        check_network(org, &context.environment)?;
        check_private_key(&org.machine, &context.environment)?;
    }
    // Without `vpn.host` there is no VPN to check.
    let vpn = settings.vpn(&context.environment).ok();
    if let Some(path) = vpn.and_then(|vpn| vpn.ca_bundle) {
        read_vpn_ca_bundle(&path, &context.environment)?;
    }
    for profile in settings.profiles() {
        let flags = Flags {
            profile: Some(profile.to_owned()),
            ..Flags::default()
        };
        let during =
            |report: Report| report.during(format!("the profile {profile} cannot be used"));
        let target = settings
            .resolve(&flags, &context.environment)
            .map_err(during)?;
        if !target.chain.is_empty() && target.duration > SessionDuration::HOUR {
            context.voice.say(&format!(
                "ob: {}: at the end of its chain AWS grants an hour at most, whatever `duration` says",
                escape(profile)
            ));
        }
    }
    let unknown = context.unknown_variables();
    for (name, nearest) in &unknown {
        let meant = nearest
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        context
            .voice
            .say(&format!("ob: {name} is set and is no setting{meant}"));
    }
    let files = settings.files();
    if context.globals.json {
        let files = files
            .iter()
            .map(|(path, found)| json!({ "path": path, "found": found }));
        let names = unknown.iter().map(|(name, _)| name);
        let answer = json!({
            "files": files.collect::<Vec<_>>(),
            "orgs": orgs.iter().map(|org| org.org.origin()).collect::<Vec<_>>(),
            "profiles": settings.profiles().collect::<Vec<_>>(),
            "unknown_variables": names.collect::<Vec<_>>(),
        });
        context.voice.data_json(format_args!("{answer:#}"))?;
    } else {
        for (path, found) in files.iter().rev() {
            let state = if *found { "read" } else { "not there" };
            let path = escape(&path.to_string_lossy());
            context.voice.list(format!("{path}: {state}\n"))?;
        }
        let orgs: Vec<&str> = orgs.iter().map(|org| org.org.origin()).collect();
        let orgs = orgs.join(", ");
        context
            .voice
            .list(format!("the settings are good for {orgs}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
