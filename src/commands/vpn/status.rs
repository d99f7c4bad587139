//! `ob vpn status`: whether the tunnel is up, and what it did to this machine.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::running;
use super::watch::{dns_json, dns_text, in_words};
use crate::commands::Context;
use crate::commands::exec::unexpected;
use crate::paths;
use crate::report::{Exit, Report};
use crate::shown::shown;
use crate::terminal::data;
use crate::tunnel;
use crate::wire::{FromTunnel, ToTunnel, TunnelStatus};

const PATIENCE: Duration = Duration::from_secs(5);

/// Show the tunnel; exits 1 when there is none
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {}

/// # Errors
/// When the tunnel's supervisor cannot be asked.
pub(super) fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(status) = ask(context)? else {
        return not_up(context);
    };
    if context.globals.json {
        data(&format!("{}\n", as_json(&status)))?;
    } else {
        data(&as_text(&status))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that there is no tunnel.
pub(super) fn not_up(context: &Context) -> Result<ExitCode, Report> {
    if context.globals.json {
        data("null\n")?;
    } else {
        data("the VPN is not up\n")?;
    }
    Ok(ExitCode::from(Exit::Failed.code()))
}

/// The tunnel for `ob status`: one line, and JSON. Nothing where there is none.
///
/// # Errors
/// When its supervisor cannot be asked.
pub fn tunnel_in_short(context: &Context) -> Result<Option<(String, Value)>, Report> {
    Ok(ask(context)?.map(|status| {
        let address = status
            .address
            .as_deref()
            .map(|address| format!(" as {}", shown(address)));
        let text = format!(
            "VPN {} {}{}\n",
            shown(&status.host),
            in_words(&status.phase),
            address.unwrap_or_default()
        );
        (text, as_json(&status))
    }))
}

fn ask(context: &Context) -> Result<Option<TunnelStatus>, Report> {
    let Some(mut link) = running(context)? else {
        // A supervisor that was killed left its names behind, and prompts believe one of them.
        if let Some(directory) = paths::existing_runtime_dir(&context.environment)?
            && tunnel::mark(directory.path()).is_symlink()
        {
            tunnel::clean_up(directory.path());
        }
        return Ok(None);
    };
    link.say(&ToTunnel::Status)?;
    match link.hear(Some(PATIENCE)) {
        Ok(FromTunnel::Status(status)) => Ok(Some(*status)),
        Ok(_) => Err(unexpected()),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn as_text(status: &TunnelStatus) -> String {
    let mut text = format!(
        "{} at {}: {} for {} s\n",
        shown(&status.username),
        shown(&status.host),
        in_words(&status.phase),
        status.seconds
    );
    if let (Some(device), Some(address)) = (&status.device, &status.address) {
        let remote = status.remote.as_deref().unwrap_or("its server");
        let (device, address) = (shown(device), shown(address));
        let _ = writeln!(text, "  {device} {address}, through {}", shown(remote));
    }
    for route in &status.routes {
        let _ = writeln!(text, "  route {}", shown(route));
    }
    if let Some(dns) = status.dns.as_ref().and_then(dns_text) {
        let _ = writeln!(text, "  {dns}");
    }
    let _ = writeln!(text, "  {} bytes in, {} out", status.received, status.sent);
    if status.reconnections > 0 {
        let _ = writeln!(text, "  reconnected {} times", status.reconnections);
    }
    text
}

fn as_json(status: &TunnelStatus) -> Value {
    json!({
        "pid": status.pid,
        "host": status.host,
        "username": status.username,
        "phase": status.phase,
        "seconds_in_phase": status.seconds,
        "started": status.started.to_string(),
        "device": status.device,
        "address": status.address,
        "remote": status.remote,
        "routes": status.routes,
        "bytes_in": status.received,
        "bytes_out": status.sent,
        "reconnections": status.reconnections,
        "dns": status.dns.as_ref().map(dns_json),
    })
}
