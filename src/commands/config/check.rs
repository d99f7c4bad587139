//! `ob config check`: reads every file and resolves every profile.

use std::process::ExitCode;

use serde_json::json;

use crate::aws::SessionDuration;
use crate::client::{Context, check_network};
use crate::config::{Flags, OrgTarget, Settings, check_private_key, read_vpn_ca_bundle};
use crate::report::Report;
use crate::sanitize::escape;

/// Runs `ob config check`.
///
/// # Errors
/// The first error of the settings, as every other command reports it.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let orgs = settings.orgs(&context.environment)?;
    check_files(settings, &orgs, context)?;
    for profile in settings.profiles() {
        let flags = Flags::for_profile(profile);
        let target = settings
            .resolve(&flags, &context.environment)
            .map_err(|report| report.context(format!("the profile {profile} cannot be used")))?;
        if !target.chain.is_empty() && target.duration > SessionDuration::HOUR {
            context.output.message(&format!(
                "ob: {}: at the end of its chain AWS grants an hour at most, \
                 whatever `duration` says",
                escape(profile)
            ));
        }
    }
    let unknown = context.unknown_variables();
    for (name, similar) in &unknown {
        let suggestion = similar
            .map(|similar| format!("; did you mean {similar}?"))
            .unwrap_or_default();
        context
            .output
            .message(&format!("ob: {name} is set and is no setting{suggestion}"));
    }
    let files = settings.files();
    let origins: Vec<&str> = orgs.iter().map(|org| org.org.origin()).collect();
    if context.globals.json {
        let files = files
            .iter()
            .map(|(path, found)| json!({ "path": path, "found": found }));
        let names = unknown.iter().map(|(name, _)| name);
        let answer = json!({
            "files": files.collect::<Vec<_>>(),
            "orgs": origins,
            "profiles": settings.profiles().collect::<Vec<_>>(),
            "unknown_variables": names.collect::<Vec<_>>(),
        });
        context.output.data_json(format_args!("{answer:#}"))?;
    } else {
        for (path, found) in files.iter().rev() {
            let state = if *found { "read" } else { "not there" };
            let path = escape(&path.to_string_lossy());
            context.output.list(format!("{path}: {state}\n"))?;
        }
        let origins = origins.join(", ");
        context
            .output
            .list(format!("the settings are good for {origins}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks the certificates, proxies and private keys that the settings name.
fn check_files(settings: &Settings, orgs: &[OrgTarget], context: &Context) -> Result<(), Report> {
    for org in orgs {
        check_network(org, &context.environment)?;
        check_private_key(&org.machine, &context.environment)?;
    }
    // Without `vpn.host` there is no VPN to check.
    let vpn = settings.vpn(&context.environment).ok();
    if let Some(path) = vpn.and_then(|vpn| vpn.ca_bundle) {
        read_vpn_ca_bundle(&path, &context.environment)?;
    }
    Ok(())
}
