//! A tunnel's events for a person and for a script, and its questions answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use serde_json::json;

use super::preflight::Supervisor;
use super::prompt_thread::{Finished, PromptThread};
use crate::client::Context;
use crate::client::qr_code;
use crate::link::{LinkError, SupervisorConnection};
use crate::model::DnsScope;
use crate::openvpn::access_server::browsable;
use crate::process;
use crate::report::{ErrorCode, Exit, Report};
use crate::sanitize::escape;
use crate::secret::Secret;
use crate::terminal::{Questions, Voice, leave_signals_to_others};
use crate::wire::{DnsStatus, FromTunnel, PhaseChange, ToTunnel, TunnelPhase};

/// Who brought the tunnel up and stays beside it.
pub(super) struct Watch<'a> {
    context: &'a Context,
    link: SupervisorConnection,
    /// The question that is open on the terminal.
    asking: Option<PromptThread>,
    /// What the last question was asked with, until the tunnel is up.
    questions: Option<Questions>,
    /// The name of the phase that was told last.
    told: Option<TunnelPhase>,
}

/// How the watch ended.
pub(super) enum Seen {
    /// The tunnel is up, and somebody else's from now on.
    Connected,
    /// It went down because it was asked to.
    Down,
    /// This signal to us took it down before it was up.
    GivenUp(i32),
}

impl<'a> Watch<'a> {
    pub(super) fn new(context: &'a Context, link: SupervisorConnection) -> Self {
        Self {
            context,
            link,
            asking: None,
            questions: None,
            told: None,
        }
    }

    /// Watches until the tunnel ends; with `detach` until it is up.
    ///
    /// # Errors
    /// Why it did not come up, or is no more.
    pub(super) fn until_the_end(mut self, detach: bool) -> Result<Seen, Report> {
        let mut asking = self.link.try_clone().map_err(LinkError::from)?;
        let signalled = Arc::new(AtomicI32::new(0));
        let noted = Arc::clone(&signalled);
        process::on_end_signals(move |signal| {
            noted.store(signal, Ordering::Relaxed);
            drop(asking.send(&ToTunnel::Down));
        })
        .map_err(LinkError::from)?;
        leave_signals_to_others();
        let (mut connected, mut was_up, mut dns) = (false, false, false);
        loop {
            if detach && connected && dns {
                self.link.send(&ToTunnel::Detach)?;
                return Ok(Seen::Connected);
            }
            match self.link.recv(None) {
                Ok(FromTunnel::Phase(phase)) => {
                    connected = phase.phase == TunnelPhase::Connected;
                    was_up |= connected;
                    if connected {
                        self.let_go();
                    }
                    self.phase(&phase)?;
                }
                Ok(FromTunnel::Dns(status)) => {
                    dns = true;
                    self.dns(&status)?;
                }
                Ok(FromTunnel::Ask { number, question }) => {
                    self.close();
                    let questions = self.questions.take();
                    let asking =
                        PromptThread::begin(self.context, questions, number, question, &self.link)?;
                    self.asking = Some(asking);
                }
                Ok(FromTunnel::Withdrawn) => drop(self.close()),
                Ok(FromTunnel::Browse { url, why }) => self.browse(&url.0, why.as_deref())?,
                Ok(FromTunnel::Ended(report)) => {
                    let why = self.close();
                    return match report {
                        None => Ok(match signalled.load(Ordering::Relaxed) {
                            signal if signal != 0 && !was_up => Seen::GivenUp(signal),
                            _ => Seen::Down,
                        }),
                        Some(report) if report.exit == Exit::SignIn => {
                            Err(why.into_iter().fold(report, Report::cause))
                        }
                        Some(report) => Err(report),
                    };
                }
                Ok(FromTunnel::Failed(report)) => return Err(report),
                Ok(_) => {}
                Err(error) if error.is_gone() => return Err(supervisor_gone()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes the question that is open; why it had no answer, if there could be none.
    fn close(&mut self) -> Option<String> {
        let Finished { questions, why } = self.asking.take()?.end()?;
        self.questions = Some(questions);
        why
    }

    /// Gives the terminal back: nothing more is asked.
    fn let_go(&mut self) {
        self.close();
        if let Some(questions) = self.questions.take() {
            questions.forget_typed();
        }
    }

    fn phase(&mut self, phase: &PhaseChange) -> Result<(), Report> {
        if self.context.globals.json {
            return event(self.context.voice, &phase_json(phase));
        }
        let told = std::mem::replace(&mut self.told, Some(phase.phase));
        // What became of it is said in a moment; and who connects again connects.
        if phase.phase == TunnelPhase::Ended
            || (phase.phase == TunnelPhase::Connecting && told == Some(TunnelPhase::Reconnecting))
        {
            return Ok(());
        }
        // What is asked stands on the terminal in a moment.
        let asks = phase.phase == TunnelPhase::Asking;
        let phase = PhaseChange {
            detail: phase.detail.clone().filter(|_| !asks),
            ..phase.clone()
        };
        self.context
            .voice
            .say(&format!("ob: {}\n", phase_text(&phase)));
        Ok(())
    }

    fn dns(&self, status: &DnsStatus) -> Result<(), Report> {
        if self.context.globals.json {
            return event(
                self.context.voice,
                &json!({ "event": "dns", "dns": dns_json(status) }),
            );
        }
        if let Some(text) = dns_text(status) {
            self.context.voice.say(&format!("ob: {text}\n"));
        }
        Ok(())
    }

    fn browse(&self, url: &Secret, why: Option<&str>) -> Result<(), Report> {
        let url = browsable(url)?;
        if self.context.globals.json {
            return event(
                self.context.voice,
                &json!({ "event": "browse", "url": url.as_str() }),
            );
        }
        if let Some(why) = why {
            let why = escape(why);
            self.context.voice.say(&format!(
                "ob: the session cannot finish the VPN's sign-in: {why}\n"
            ));
        }
        // The address is the person's to have: it goes to nobody else's file or log.
        self.context
            .voice
            .say("ob: the VPN server wants you to sign in here:\n");
        self.context.voice.say_address(url.as_str());
        if let Some(square) = qr_code(url.as_str(), self.context) {
            self.context.voice.say(&square);
        }
        Ok(())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Prints what openvpn says, as long as it says something.
pub(super) fn say_log(context: &Context, supervisor: &Supervisor) -> Result<(), Report> {
    let Some(mut log) = SupervisorConnection::connect(&supervisor.control)? else {
        return Ok(());
    };
    log.send(&ToTunnel::Logs { follow: true })?;
    let voice = context.voice;
    std::thread::spawn(move || {
        while let Ok(message) = log.recv(None) {
            if let FromTunnel::Log(line) = message
                && !line.starts_with("ob: ")
            {
                voice.say(&format!("openvpn: {}\n", escape(&line)));
            }
        }
    });
    Ok(())
}

/// Returns the phase as it is shown to the user.
pub(super) const fn in_words(phase: TunnelPhase) -> &'static str {
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

/// A phase in a line: what it is, openvpn's words about it, and when it began if that took a while.
pub(super) fn phase_text(phase: &PhaseChange) -> String {
    // What openvpn calls the end of its patience with one server.
    if phase.phase == TunnelPhase::Reconnecting && phase.detail.as_deref() == Some("server_poll") {
        return format!("no answer, trying again{}", after(phase.elapsed_ms));
    }
    let detail = phase
        .detail
        .as_deref()
        .map(|detail| format!(" ({})", escape(detail)));
    format!(
        "{}{}{}",
        in_words(phase.phase),
        detail.unwrap_or_default(),
        after(phase.elapsed_ms)
    )
}

/// Nothing within the first second: nobody has waited.
fn after(milliseconds: u64) -> String {
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

/// What there is to say about name servers; nothing where there are none.
pub(super) fn dns_text(status: &DnsStatus) -> Option<String> {
    let mut lines = Vec::new();
    if !status.servers.is_empty() {
        let servers = status.servers.join(", ");
        let asked = asked_text(status);
        if status.applied {
            lines.push(format!("name servers {servers} {asked}"));
        } else {
            let why = escape(status.why.as_deref().unwrap_or("as you wished"));
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

/// The names that the servers are asked for.
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

/// One line of the event stream.
pub(super) fn event(voice: Voice, value: &serde_json::Value) -> Result<(), Report> {
    Ok(voice.data_json(value)?)
}

/// The supervisor is gone without a word; openvpn goes with it.
pub(super) fn supervisor_gone() -> Report {
    Report::new(
        ErrorCode::VpnSupervisorLost,
        "the tunnel's supervisor is gone",
    )
    .cause("it ended without a word; openvpn ends with it")
    .hint("`ob vpn up` brings the tunnel up again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_a_line_with_openvpns_words_about_it() {
        let told = [
            (TunnelPhase::Connecting, None),
            (TunnelPhase::Reconnecting, Some("server_poll")),
            (TunnelPhase::Reconnecting, Some("ping-restart\u{1b}[31m")),
        ];
        let told = told.map(|(phase, detail)| {
            phase_text(&PhaseChange {
                phase,
                detail: detail.map(str::to_owned),
                elapsed_ms: 3700,
            })
        });
        insta::assert_snapshot!(told.join("\n"), @r"
        connecting after 3.7 s
        no answer, trying again after 3.7 s
        reconnecting (ping-restart\u{1b}[31m) after 3.7 s
        ");
    }

    #[test]
    fn a_time_is_told_where_somebody_has_waited() {
        let told = [
            0,
            999,
            1000,
            12_340,
            59_999,
            60_000,
            3_599_000,
            8 * 3_600_000,
        ]
        .map(after);
        insta::assert_debug_snapshot!(told, @r#"
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
