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
use crate::model::RoleArn;
use crate::report::Report;
use crate::sanitize::escape;
use crate::wire::{Reply, Request, StatusReply};

/// Show the session, the roles held and the VPN
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// Runs `ob status`.
///
/// # Errors
/// When a running agent cannot be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
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
    if context.globals.json {
        let mut answer = as_json(status.as_ref());
        if !others.is_empty() {
            answer["other_agents"] = json!(others);
        }
        answer["vpn"] = tunnel.map_or(serde_json::Value::Null, |(_, tunnel)| tunnel);
        context.output.data_json(answer)?;
    } else {
        let tunnel = tunnel.map(|(tunnel, _)| tunnel);
        // Invalid settings are no reason to fail here.
        let settings = context.settings().ok();
        let accounts = BTreeMap::new();
        let labels = settings.map(Settings::labels).unwrap_or_default();
        let names = Names::new(&accounts, &labels);
        context
            .output
            .list(as_text(context, status.as_ref(), &names) + &tunnel.unwrap_or_default())?;
        for other in others {
            context.output.message(&format!(
                "ob: another agent runs in {}; `ob agent stop` ends both",
                escape(&other.display().to_string())
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn as_text(context: &Context, status: Option<&StatusReply>, names: &Names<'_>) -> String {
    let Some(status) = status else {
        return "nobody is signed in (no agent is running)\n".into();
    };
    let mut text = String::new();
    if status.sessions.is_empty() {
        text += "nobody is signed in\n";
    }
    for session in &status.sessions {
        let (user, org) = (escape(&session.username), escape(&session.org));
        let ends = context.format_time(session.ends);
        text += &format!("{user} at {org}, until {ends} if not used\n");
        if let Some((then, _)) = changed_network(context, session) {
            text += &format!(
                "  last used with other network settings: {}\n",
                escape(&then)
            );
        }
    }
    for role in &status.roles {
        let limit = role.policy.summary();
        let arn = RoleArn::parse(&role.role).ok();
        // The agent counts the seconds, because it corrects this machine's clock.
        let until = match role.seconds_left {
            ..=0 => "expired".to_owned(),
            left => {
                let end = Clock::system().now().plus(left);
                format!("until {}", context.format_time(end))
            }
        };
        let label = arn.as_ref().and_then(|role| names.role(role));
        text += &format!(
            "  {}{}{}, {}\n",
            label.map(|label| escape(label) + "  ").unwrap_or_default(),
            escape(&role.role),
            limit.map(|words| format!(" ({words})")).unwrap_or_default(),
            until
        );
    }
    text += &format!(
        "agent {} (pid {}): {}\n",
        escape(&status.build),
        status.pid,
        status.confinement.summary()
    );
    if context.globals.verbose > 0 {
        for line in status.confinement.lines() {
            text += &format!("  {line}\n");
        }
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
