//! The events of a tunnel as text and as JSON.

use serde_json::json;

use crate::model::DnsScope;
use crate::report::Report;
use crate::sanitize::escape;
use crate::terminal::Output;
use crate::wire::{DnsStatus, PhaseChange, TunnelPhase};

/// Returns the phase as it is shown to the user.
pub(super) const fn phase_words(phase: TunnelPhase) -> &'static str {
    match phase {
        TunnelPhase::Preparing => "getting ready",
        TunnelPhase::Launching => "starting openvpn",
        TunnelPhase::Starting => "openvpn starts",
        TunnelPhase::SigningIn => "signing in to the VPN",
        TunnelPhase::Asking => "the VPN asks",
        TunnelPhase::WebAuth => "the VPN waits for a sign-in",
        TunnelPhase::Configuring => "setting up the device",
        TunnelPhase::Stopping => "taking the tunnel down",
        TunnelPhase::Connecting
        | TunnelPhase::Connected
        | TunnelPhase::Reconnecting
        | TunnelPhase::Ended => phase.name(),
    }
}

/// Returns the phase in one line: its name, openvpn's words about it, and the elapsed time.
pub(super) fn phase_text(phase: &PhaseChange) -> String {
    // openvpn's word for giving up on one server.
    if phase.phase == TunnelPhase::Reconnecting && phase.detail.as_deref() == Some("server_poll") {
        return format!("no answer{}, trying again", elapsed_text(phase.elapsed_ms));
    }
    let detail = phase
        .detail
        .as_deref()
        .map(|detail| format!(" ({})", escape(detail)));
    format!(
        "{}{}{}",
        phase_words(phase.phase),
        detail.unwrap_or_default(),
        elapsed_text(phase.elapsed_ms)
    )
}

/// Returns nothing within the first second.
fn elapsed_text(milliseconds: u64) -> String {
    let (seconds, tenths) = (milliseconds / 1000, milliseconds % 1000 / 100);
    let minutes = seconds / 60;
    match (minutes, seconds) {
        (0, 0) => String::new(),
        (0, _) => format!(" after {seconds}.{tenths} s"),
        (1..60, _) => format!(" after {minutes} min {} s", seconds % 60),
        _ => format!(" after {} h {} min", minutes / 60, minutes % 60),
    }
}

pub(super) fn phase_json(phase: &PhaseChange) -> serde_json::Value {
    json!({
        "event": "phase",
        "phase": phase.phase,
        "detail": phase.detail,
        "after_ms": phase.elapsed_ms,
    })
}

pub(super) fn dns_json(status: &DnsStatus) -> serde_json::Value {
    json!({
        "applied": status.applied,
        "servers": status.servers,
        "asked": status.asked,
        "domains": status.domains,
        "notes": status.notes,
        "why": status.why,
        "commands": status.commands,
    })
}

/// Describes the name servers; `None` where there are none.
pub(super) fn dns_text(status: &DnsStatus) -> Option<String> {
    let mut lines = Vec::new();
    if !status.servers.is_empty() {
        let servers = status.servers.join(", ");
        let asked = asked_text(status);
        if status.applied {
            lines.push(format!("name servers {servers} {asked}"));
        } else {
            let why = escape(status.why.as_deref().unwrap_or("as `--no-dns` asks"));
            lines.push(format!(
                "name servers {servers} {asked} are not applied: {why}"
            ));
            let commands = status.commands.iter();
            lines.extend(commands.map(|command| format!("  `{}`", escape(command))));
        }
    }
    let notes = status.notes.iter();
    lines.extend(notes.map(|note| format!("  {}", escape(note))));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Describes the names that the servers are asked for.
fn asked_text(status: &DnsStatus) -> String {
    let domains = status.domains.join(", ");
    match (status.asked, domains.as_str()) {
        (DnsScope::All, "") => "for every name".to_owned(),
        (DnsScope::All, domains) => format!("for every name, first {domains}"),
        (DnsScope::Domains, "") => {
            "for no name: the server pushes no domain, and `--dns-scope all` asks it for every name"
                .to_owned()
        }
        (DnsScope::Domains, domains) => format!("for {domains}"),
    }
}

/// Prints one line of the JSON event stream.
pub(super) fn print_event(output: Output, value: &serde_json::Value) -> Result<(), Report> {
    Ok(output.data_json(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phase_is_one_line_with_openvpns_words() {
        let lines = [
            (TunnelPhase::Connecting, None),
            (TunnelPhase::Reconnecting, Some("server_poll")),
            (TunnelPhase::Reconnecting, Some("ping-restart\u{1b}[31m")),
        ];
        let lines = lines.map(|(phase, detail)| {
            phase_text(&PhaseChange {
                phase,
                detail: detail.map(str::to_owned),
                elapsed_ms: 3700,
            })
        });
        insta::assert_snapshot!(lines.join("\n"), @r"
        connecting after 3.7 s
        no answer after 3.7 s, trying again
        reconnecting (ping-restart\u{1b}[31m) after 3.7 s
        ");
    }

    #[test]
    fn elapsed_time_is_shown_after_one_second() {
        let lines = [
            0,
            999,
            1000,
            12_340,
            59_999,
            60_000,
            3_599_000,
            8 * 3_600_000,
        ]
        .map(elapsed_text);
        insta::assert_debug_snapshot!(lines, @r#"
        [
            "",
            "",
            " after 1.0 s",
            " after 12.3 s",
            " after 59.9 s",
            " after 1 min 0 s",
            " after 59 min 59 s",
            " after 8 h 0 min",
        ]
        "#);
    }
}
