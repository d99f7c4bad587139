//! `ob vpn status`: shows whether the tunnel is up, and what it changed on this machine.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::event_text::{dns_json, dns_text, phase_json, phase_text, phase_words, print_event};
use super::find::{clean_up_markers, find_supervisor, supervisor_gone};
use crate::client::{Context, ask_running_agent, unexpected_reply};
use crate::clock::span;
use crate::link::SupervisorConnection;
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::terminal::data;
use crate::wire::{FromTunnel, Reply, Request, ToTunnel, TunnelPhase, TunnelStatus};

const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// Show the tunnel; exits 1 when there is none
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Go on showing what happens to it, until it ends
    #[arg(short, long)]
    pub follow: bool,
}

/// Runs `ob vpn status`.
///
/// # Errors
/// When the tunnel's supervisor cannot be asked; followed to its end, why it ended unless it was
/// taken down.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    // Subscribes before it asks for the state, so that no event is missed.
    let events = match args.follow {
        true => subscribe(context)?,
        false => None,
    };
    let Some(status) = ask(context)? else {
        return not_up(context);
    };
    match (context.globals.json, events.is_some()) {
        (true, false) => context.output.data_json(as_json(&status))?,
        (true, true) => print_event(
            context.output,
            &json!({ "event": "status", "status": as_json(&status) }),
        )?,
        (false, _) => context.output.sentences(as_text(&status))?,
    }
    match events {
        Some(events) => follow(events, context),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Subscribes to every later event.
fn subscribe(context: &Context) -> Result<Option<SupervisorConnection>, Report> {
    let Some(mut link) = find_supervisor(context)? else {
        return Ok(None);
    };
    link.send(&ToTunnel::Events)?;
    loop {
        match link.recv(Some(REPLY_TIMEOUT)) {
            Ok(FromTunnel::Listening) => return Ok(Some(link)),
            Ok(_) => {}
            Err(error) if error.is_gone() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Prints each event until the tunnel ends. That has no deadline, so it says what it waits for.
fn follow(mut events: SupervisorConnection, context: &Context) -> Result<ExitCode, Report> {
    let json = context.globals.json;
    context
        .output
        .message("ob: waiting for what happens to the VPN; Ctrl-C leaves it as it is\n");
    loop {
        match events.recv(None) {
            // Printed with its reason below.
            Ok(FromTunnel::Phase(phase)) if phase.phase == TunnelPhase::Ended => {}
            Ok(FromTunnel::Phase(phase)) if json => {
                print_event(context.output, &phase_json(&phase))?;
            }
            Ok(FromTunnel::Phase(phase)) => {
                context.output.list(format!("{}\n", phase_text(&phase)))?;
            }
            Ok(FromTunnel::Dns(status)) if json => {
                print_event(
                    context.output,
                    &json!({ "event": "dns", "dns": dns_json(&status) }),
                )?;
            }
            Ok(FromTunnel::Dns(status)) => {
                if let Some(text) = dns_text(&status) {
                    context.output.list(format!("{text}\n"))?;
                }
            }
            Ok(FromTunnel::Ended(report)) => return ended(report, context),
            Ok(_) => {}
            Err(error) if error.is_gone() => return ended(Some(supervisor_gone()), context),
            Err(error) => return Err(error.into()),
        }
    }
}

fn ended(report: Option<Report>, context: &Context) -> Result<ExitCode, Report> {
    let name = report.as_ref().map(|report| report.name().to_owned());
    if context.globals.json {
        print_event(context.output, &json!({ "event": "ended", "error": name }))?;
    } else {
        data("ended\n")?;
    }
    report.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Prints that there is no tunnel, and how the last one ended if it did so by itself.
pub(super) fn not_up(context: &Context) -> Result<ExitCode, Report> {
    let ended = match ask_running_agent(context, Request::Status) {
        Ok(Some(Reply::Status(status))) => status.tunnel_ended,
        // Only the agent remembers.
        _ => None,
    };
    match (context.globals.json, ended) {
        (true, None) => data("null\n")?,
        (true, Some(end)) => print_event(
            context.output,
            &json!({
                "phase": "ended",
                "ended": end.at.to_string(),
                "error": end.report.name(),
                "causes": end.report.causes,
            }),
        )?,
        (false, None) => data("the VPN is not up\n")?,
        (false, Some(end)) => {
            let why = end.report.causes.last().unwrap_or(&end.report.summary);
            let why = escape(why);
            data(&format!(
                "the VPN is not up\n  it ended at {}: {why}\n",
                end.at
            ))?;
        }
    }
    Ok(ExitCode::from(Exit::Failed.code()))
}

/// Returns the tunnel for `ob status` as one line and as JSON; `None` where there is none.
///
/// # Errors
/// When the tunnel's supervisor cannot be asked.
pub fn tunnel_in_short(context: &Context) -> Result<Option<(String, Value)>, Report> {
    Ok(ask(context)?.map(|status| {
        let address = status
            .address
            .as_deref()
            .map(|address| format!(" as {}", escape(address)));
        let text = format!(
            "VPN {} {}{}\n",
            escape(&status.host),
            phase_words(status.phase),
            address.unwrap_or_default()
        );
        (text, as_json(&status))
    }))
}

fn ask(context: &Context) -> Result<Option<TunnelStatus>, Report> {
    let Some(mut link) = find_supervisor(context)? else {
        // A killed supervisor may have left its marker behind.
        clean_up_markers(context);
        return Ok(None);
    };
    link.send(&ToTunnel::Status)?;
    match link.recv(Some(REPLY_TIMEOUT)) {
        Ok(FromTunnel::Status(status)) => Ok(Some(*status)),
        Ok(_) => Err(unexpected_reply()),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn as_text(status: &TunnelStatus) -> String {
    let mut text = format!(
        "{} at {}: {} for {}\n",
        escape(&status.username),
        escape(&status.host),
        phase_words(status.phase),
        span(i64::try_from(status.seconds_in_phase).unwrap_or(i64::MAX))
    );
    if let Some(asks) = &status.question {
        let _ = writeln!(text, "  {}", escape(asks));
        if status.is_unattended {
            text += "  no client is attached to answer: run `ob vpn up`; until then the VPN is not \
                     up\n";
        }
    }
    if let (Some(device), Some(address)) = (&status.device, &status.address) {
        let remote = status.remote.as_deref().unwrap_or("its server");
        let (device, address) = (escape(device), escape(address));
        let _ = writeln!(text, "  {device} {address}, through {}", escape(remote));
    }
    for route in &status.routes {
        let _ = writeln!(text, "  route {}", escape(route));
    }
    if let Some(dns) = status.dns.as_ref().and_then(dns_text) {
        let _ = writeln!(text, "  {dns}");
    }
    let _ = writeln!(
        text,
        "  {} bytes in, {} out",
        status.bytes_received, status.bytes_sent
    );
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
        "asks": status.question,
        "seconds_in_phase": status.seconds_in_phase,
        "started": status.started.to_string(),
        "device": status.device,
        "address": status.address,
        "remote": status.remote,
        "routes": status.routes,
        "bytes_in": status.bytes_received,
        "bytes_out": status.bytes_sent,
        "reconnections": status.reconnections,
        "dns": status.dns.as_ref().map(dns_json),
    })
}
