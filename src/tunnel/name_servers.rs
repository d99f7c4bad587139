//! Telling this machine of the tunnel's name servers, and taking it back whatever happens.
//!
//! The reaper (`reaper.rs`) does it, which outlives the supervisor. As root it runs the resolver's commands itself; else
//! it has the installed `ob-vpn-root` do it, or runs each command by a sudo or doas that does not ask.

use crate::model::{DnsScope, TunDevice};
use crate::openvpn::argv::Elevator;
use crate::openvpn::network::TunnelNetwork;
use crate::privileged::{self, Action, DnsConfig, Resolver, Step};
use crate::process::Program;
use crate::wire::DnsStatus;

/// The name servers that are set, and the resolver that knows them.
pub(super) struct NameServers {
    resolver: Option<Resolver>,
    /// The device whose servers are set.
    applied: Option<TunDevice>,
}

impl NameServers {
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
        match as_root(Action::SetDns(config.clone()), &steps) {
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
            // A device that is gone has taken its servers along, or never had any.
            let _ = as_root(Action::RevertDns(device), &[resolver.revert(device)]);
        }
    }
}

/// The servers of `config`, not applied.
pub(super) fn status_of(config: &DnsConfig) -> DnsStatus {
    let domains = config.search.iter().chain(&config.route_domains);
    DnsStatus {
        applied: false,
        servers: config.servers.iter().map(ToString::to_string).collect(),
        asked: config.scope,
        domains: domains.map(ToString::to_string).collect(),
        notes: Vec::new(),
        why: None,
        commands: Vec::new(),
    }
}

/// What the user is told about options of the server that are not used.
pub(super) fn notes_on(network: &TunnelNetwork, config: &DnsConfig) -> Vec<String> {
    let mut notes: Vec<String> = network
        .unused
        .iter()
        .map(|option| format!("the server pushes `{option}`, which is not used"))
        .collect();
    let domains = config.search.iter().chain(&config.route_domains);
    let domains: Vec<&str> = domains.map(crate::model::Domain::as_str).collect();
    if config.servers.is_empty() && !domains.is_empty() {
        let domains = domains.join(", ");
        notes.push(format!(
            "the server pushes {domains} and no name server: nothing is set"
        ));
    }
    if network.resolves_all && config.scope == DnsScope::Domains {
        notes.push("the server wants every name asked there; `--dns-scope` says otherwise".into());
    }
    notes
}

/// Does it as root: as we are, by the installed program, or by a sudo or doas that does not ask.
fn as_root(action: Action, steps: &[Step]) -> Result<(), String> {
    if nix::unistd::geteuid().is_root() {
        return steps.iter().try_for_each(Step::run);
    }
    // Where sudo or doas allows only the commands themselves, those are tried.
    let refused = match privileged::ask_if_installed(action) {
        Some(Ok(())) => return Ok(()),
        Some(Err(why)) => Some(why),
        None => None,
    };
    let outcome = elevator().and_then(|elevator| {
        let words = elevator.words();
        steps.iter().try_for_each(|step| step.run_after(&words))
    });
    outcome.map_err(|why| refused.unwrap_or(why))
}

/// It fails rather than asks: the reaper has no terminal.
fn elevator() -> Result<Elevator, String> {
    let path = |name| Program::find(name).map(|program| program.path().to_owned());
    match path("sudo") {
        Ok(path) => Ok(Elevator::Sudo { path, quiet: true }),
        // The one that is missing is named.
        Err(error) => path("doas")
            .map(|path| Elevator::Doas { path, quiet: true })
            .map_err(|_| error.to_string()),
    }
}
