//! Sets the tunnel's name servers on this machine and reverts them.
//!
//! Runs in the reaper, which outlives the supervisor. As root it runs the resolver's commands
//! itself. Otherwise it uses the installed `ob-vpn-root`, or runs each command by sudo or doas,
//! which must not ask for a password: the reaper has no terminal.

use super::dns_status::status_of;
use crate::model::TunDevice;
use crate::privileged::{self, Action, DnsConfig, Resolver, Step};
use crate::wire::DnsStatus;

pub(super) struct NameServers {
    resolver: Option<Resolver>,
    /// The device whose servers are set.
    applied: Option<TunDevice>,
}

impl NameServers {
    /// Finds this machine's resolver.
    pub(super) fn find() -> Self {
        Self {
            resolver: Resolver::find(),
            applied: None,
        }
    }

    pub(super) fn apply(&mut self, config: &DnsConfig) -> DnsStatus {
        let mut status = status_of(config);
        let Some(resolver) = &self.resolver else {
            status.why = Some("there is neither systemd-resolved nor resolvconf".to_owned());
            return status;
        };
        status.asked = resolver.asked(config);
        if status.asked != config.scope {
            let note = "this machine's resolvconf asks the tunnel's name servers for every name";
            status.notes.push(note.to_owned());
        }
        let steps = match resolver.apply(config) {
            Ok(steps) => steps,
            Err(error) => {
                status.why = Some(error.to_string());
                return status;
            }
        };
        self.applied = Some(config.device);
        match run_as_root(Action::SetDns(config.clone()), &steps) {
            Ok(()) => status.applied = true,
            Err(why) => {
                status.why = Some(why);
                status.commands = steps.iter().map(Step::typed).collect();
            }
        }
        status
    }

    pub(super) fn revert(&mut self) {
        if let (Some(resolver), Some(device)) = (&self.resolver, self.applied.take()) {
            // Fails where the device is gone; its servers are gone with it.
            let _ = run_as_root(Action::RevertDns(device), &[resolver.revert(device)]);
        }
    }
}

/// Has `action`, which consists of `steps`, done as root.
fn run_as_root(action: Action, steps: &[Step]) -> Result<(), String> {
    if nix::unistd::geteuid().is_root() {
        return steps.iter().try_for_each(Step::run);
    }
    let refusal = match privileged::ask_if_installed(action) {
        Some(Ok(())) => return Ok(()),
        Some(Err(why)) => Some(why),
        None => None,
    };
    // A rule of sudo or doas may allow the commands and not the installed program.
    let outcome = privileged::find_elevator(true)
        .map_err(|error| error.to_string())
        .and_then(|elevator| {
            let words = elevator.words();
            steps.iter().try_for_each(|step| step.run_after(&words))
        });
    outcome.map_err(|why| refusal.unwrap_or(why))
}
