//! `ob status`: shows the sessions, the roles held and the VPN.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::aws::Names;
use crate::client::Context;
use crate::client::changed_network;
use crate::client::find_all_agents;
use crate::client::unexpected_reply;
use crate::clock::Clock;
use crate::commands::vpn::tunnel_in_short;
use crate::config::Settings;
use crate::model::{RoleArn, SessionPolicy};
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{HeldRole, Reply, Request, StatusReply};

/// Maximum of roles that are named without `-v`.
const MAX_SHOWN_ROLES: usize = 3;

/// Show the session, the roles held and the VPN
///
/// Exits 1 when there is no session.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// Runs `ob status`. Exits 1 when there is no session.
///
/// # Errors
/// When a running agent cannot be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    Ok(match show(context)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Prints the status; returns whether there is a session.
///
/// # Errors
/// As [`run`].
pub(super) fn show(context: &Context) -> Result<bool, Report> {
    let mut agents = find_all_agents(context)?.into_iter();
    let status = match agents.next().map(|agent| agent.ask(Request::Status)) {
        None => None,
        Some(reply) => match reply? {
            None => None,
            Some(Reply::Status(status)) => Some(status),
            Some(_) => return Err(unexpected_reply()),
        },
    };
    let others: Vec<PathBuf> = agents.map(|agent| agent.directory).collect();
    let tunnel = tunnel_in_short(context)?;
    let is_signed_in = status.as_ref().is_some_and(|all| !all.sessions.is_empty());
    if context.globals.json {
        let mut answer = as_json(status.as_ref());
        if !others.is_empty() {
            answer["other_agents"] = json!(others);
        }
        answer["vpn"] = tunnel.map_or(serde_json::Value::Null, |(_, tunnel)| tunnel);
        context.output.data_json(answer)?;
        return Ok(is_signed_in);
    }
    // Invalid settings are no reason to fail here.
    let settings = context.settings().ok();
    let accounts = BTreeMap::new();
    let labels = settings.map(Settings::labels).unwrap_or_default();
    let names = Names::new(&accounts, &labels);
    let mut text = match &status {
        None => "nobody is signed in (no agent is running)\n".to_owned(),
        Some(status) => sessions_text(context, status) + &roles_text(context, status, &names),
    };
    let has_vpn = settings.is_some_and(|settings| settings.vpn(&context.environment).is_ok());
    text += &match tunnel {
        Some((tunnel, _)) => tunnel,
        None if has_vpn => "VPN not connected\n".to_owned(),
        None => String::new(),
    };
    if let Some(status) = &status {
        text += &agent_text(status, context.globals.verbose > 0);
    }
    context.output.sentences(text)?;
    for other in others {
        context.output.message(&format!(
            "ob: another agent runs in {}; `ob agent stop` ends both",
            escape(&other.display().to_string())
        ));
    }
    Ok(is_signed_in)
}

/// Formats one line a session.
fn sessions_text(context: &Context, status: &StatusReply) -> String {
    if status.sessions.is_empty() {
        return "nobody is signed in\n".into();
    }
    let mut text = String::new();
    for session in &status.sessions {
        let (user, org) = (escape(&session.username), escape(&session.org));
        let ends = context.format_time(session.ends);
        text += &format!("{user} at {org}, until {ends} unless used\n");
        if let Some((then, _)) = changed_network(context, session) {
            text += &format!(
                "  last used with other network settings: {}\n",
                escape(&then)
            );
        }
    }
    text
}

/// Formats the roles in one line, the longest valid first; with `-v` one line a role.
fn roles_text(context: &Context, status: &StatusReply, names: &Names<'_>) -> String {
    let is_in_full = context.globals.verbose > 0;
    let mut roles: Vec<&HeldRole> = status.roles.iter().collect();
    if roles.is_empty() {
        return match status.sessions.is_empty() {
            true => String::new(),
            false => "no role's credentials are held yet\n".into(),
        };
    }
    roles.sort_by_key(|role| std::cmp::Reverse(role.seconds_left));
    if !is_in_full {
        // A role that was asked for in several ways is held several times.
        let mut seen: Vec<(&str, &SessionPolicy)> = Vec::new();
        roles.retain(|held| {
            let key = (held.role.as_str(), &held.policy);
            let is_new = !seen.contains(&key);
            seen.extend(is_new.then_some(key));
            is_new
        });
    }
    if is_in_full {
        let lines = roles.iter().map(|role| {
            let arn = RoleArn::parse(&role.role).ok();
            let label = arn.as_ref().and_then(|role| names.role(role));
            let label = label.map(|label| escape(label) + "  ").unwrap_or_default();
            let name = escape(&role.role);
            format!("  {label}{}\n", role_text(context, &name, role))
        });
        return lines.collect();
    }
    let shown: Vec<String> = roles
        .iter()
        .take(MAX_SHOWN_ROLES)
        .map(|role| role_text(context, &short_name(role, names), role))
        .collect();
    let rest = match roles.len() - shown.len() {
        0 => String::new(),
        rest => format!("; {rest} more (`ob status -v`)"),
    };
    format!("{}{rest}\n", shown.join("; "))
}

/// Returns the user's name for the role, else `ACCOUNT/ROLE`.
fn short_name(role: &HeldRole, names: &Names<'_>) -> String {
    let Ok(arn) = RoleArn::parse(&role.role) else {
        return escape(&role.role);
    };
    let label = names.role(&arn).map(ToOwned::to_owned);
    escape(&label.unwrap_or_else(|| format!("{}/{}", arn.account(), arn.name())))
}

/// Returns `name`, its limits and its end.
fn role_text(context: &Context, name: &str, role: &HeldRole) -> String {
    let limits = role.policy.summary();
    let limits = limits
        .map(|words| format!(" ({words})"))
        .unwrap_or_default();
    // The agent counts the seconds, because it corrects this machine's clock.
    match role.seconds_left {
        ..=0 => format!("{name}{limits}, expired"),
        left => {
            let end = Clock::system().now().plus(left);
            format!("{name}{limits}, until {}", context.format_time(end))
        }
    }
}

/// Formats the agent and what the kernel bars it from; not `in_full` only if that is less than it
/// should be.
fn agent_text(status: &StatusReply, in_full: bool) -> String {
    if !in_full && status.confinement.is_complete() {
        return String::new();
    }
    let mut text = format!(
        "agent {} (pid {}): {}\n",
        escape(&status.build),
        status.pid,
        status.confinement.summary()
    );
    for line in status.confinement.lines().iter().filter(|_| in_full) {
        text += &format!("  {line}\n");
    }
    text
}

fn as_json(status: Option<&StatusReply>) -> serde_json::Value {
    let Some(status) = status else {
        return json!({ "agent": null, "sessions": [], "roles": [] });
    };
    let sessions = status.sessions.iter().map(|session| {
        json!({
            "org": session.org,
            "username": session.username,
            "signed_in": session.signed_in.to_string(),
            "ends_if_unused": session.ends.to_string(),
            "network": {
                "proxy": session.network.proxy,
                "no_proxy": session.network.no_proxy,
                "ca_bundle": session.network.ca_bundle.as_ref().map(|bundle| &bundle.path),
            },
        })
    });
    let roles = status.roles.iter().map(|role| {
        json!({
            "role": role.role,
            "username": role.username,
            "policy": role.policy.summary(),
            "expires_at": role.expires_at.to_string(),
            "seconds_left": role.seconds_left,
        })
    });
    json!({
        "agent": {
            "pid": status.pid,
            "version": status.build,
            "started": status.started.to_string(),
            "confined": status.confinement.is_complete(),
            "confinement": status.confinement.summary(),
            "landlock": status.confinement.landlock,
            "seccomp": status.confinement.seccomp,
        },
        "sessions": sessions.collect::<Vec<_>>(),
        "roles": roles.collect::<Vec<_>>(),
    })
}
