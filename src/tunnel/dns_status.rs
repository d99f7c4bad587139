//! What clients are told about the tunnel's name servers.

use crate::model::{DnsScope, Domain};
use crate::openvpn::network::TunnelNetwork;
use crate::privileged::DnsConfig;
use crate::wire::DnsStatus;

/// Returns the servers of `config`, not applied.
pub(super) fn status_of(config: &DnsConfig) -> DnsStatus {
    DnsStatus {
        applied: false,
        servers: config.servers.iter().map(ToString::to_string).collect(),
        asked: config.scope,
        domains: domains(config).map(ToString::to_string).collect(),
        notes: Vec::new(),
        why: None,
        commands: Vec::new(),
    }
}

/// Returns the status of an openvpn that used another device than it was told to.
pub(super) fn foreign_device() -> DnsStatus {
    DnsStatus {
        applied: false,
        servers: Vec::new(),
        asked: DnsScope::Domains,
        domains: Vec::new(),
        notes: vec!["openvpn reports another device than `ob` assigned".to_owned()],
        why: None,
        commands: Vec::new(),
    }
}

/// Names the options of the server that are not used.
pub(super) fn notes_on(network: &TunnelNetwork, config: &DnsConfig) -> Vec<String> {
    let mut notes: Vec<String> = network
        .unused
        .iter()
        .map(|option| format!("the server pushes `{option}`, which is not used"))
        .collect();
    let domains: Vec<&str> = domains(config).map(Domain::as_str).collect();
    if config.servers.is_empty() && !domains.is_empty() {
        let domains = domains.join(", ");
        notes.push(format!(
            "the server pushes {domains} and no name server: nothing is set"
        ));
    }
    if network.resolves_all && config.scope == DnsScope::Domains {
        notes.push(
            "the server wants all names resolved there; your DNS scope limits it to its domains"
                .into(),
        );
    }
    notes
}

fn domains(config: &DnsConfig) -> impl Iterator<Item = &Domain> {
    config.search.iter().chain(&config.route_domains)
}
