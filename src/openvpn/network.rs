//! What the server gave the tunnel: addresses, routes, name servers; from the variables of `>UPDOWN:`.
//!
//! openvpn hands them over on the management socket when `--management-up-down` is set, so no script is
//! needed. Two families are read: `foreign_option_N` of 2.6 and `dns_server_N_…` of 2.7. The values are
//! the server's: only addresses and names of hosts are taken, everything else is left where it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::policy::Network;

/// The most variables that are kept of one event.
const MOST_VARIABLES: usize = 2000;

/// The environment of one `>UPDOWN:` event, while it is still coming in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// What is to be set on this machine for the tunnel, beyond what openvpn does itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelNetwork {
    /// The device, `tun-ob0`.
    pub device: String,
    pub address: Option<IpAddr>,
    pub address6: Option<IpAddr>,
    pub gateway: Option<IpAddr>,
    pub name_servers: Vec<IpAddr>,
    /// Domains that are searched and resolved through the tunnel.
    pub search: Vec<String>,
    /// Domains that are resolved through the tunnel and not searched.
    pub route_domains: Vec<String>,
    pub routes: Vec<Network>,
    /// Whether all traffic goes through the tunnel.
    pub redirect_gateway: bool,
}

impl Environment {
    pub fn set(&mut self, name: String, value: String) {
        if self.0.len() < MOST_VARIABLES {
            self.0.insert(name, value);
        }
    }

    /// What the variables say, as far as it is sound.
    pub fn network(&self) -> TunnelNetwork {
        let mut network = TunnelNetwork {
            device: self
                .value("dev")
                .filter(|name| is_device(name))
                .unwrap_or_default()
                .to_owned(),
            address: self.address("ifconfig_local"),
            address6: self.address("ifconfig_ipv6_local"),
            gateway: self.address("route_vpn_gateway"),
            redirect_gateway: self.value("redirect_gateway") == Some("1"),
            ..TunnelNetwork::default()
        };
        for option in self.numbered("foreign_option_") {
            foreign_option(option, &mut network);
        }
        for domain in self.numbered("dns_search_domain_") {
            add_domain(domain, &mut network.search);
        }
        self.servers_of_27(&mut network);
        self.routes(&mut network);
        network
    }

    fn servers_of_27(&self, network: &mut TunnelNetwork) {
        for (name, value) in &self.0 {
            let Some(rest) = name.strip_prefix("dns_server_") else {
                continue;
            };
            let Some((_, rest)) = rest.split_once('_') else {
                continue;
            };
            if rest.starts_with("address_") {
                add_server(value, &mut network.name_servers);
            } else if rest.starts_with("resolve_domain_") {
                add_domain(value, &mut network.route_domains);
            }
        }
    }

    fn routes(&self, network: &mut TunnelNetwork) {
        for number in 1..=MOST_VARIABLES {
            let Some(address) = self.address(&format!("route_network_{number}")) else {
                break;
            };
            let mask = self
                .value(&format!("route_netmask_{number}"))
                .and_then(bits_of_mask);
            network.routes.push(Network {
                address,
                bits: mask.unwrap_or(32),
            });
        }
        for number in 1..=MOST_VARIABLES {
            let Some(route) = self.value(&format!("route_ipv6_network_{number}")) else {
                break;
            };
            network.routes.extend(route.parse::<Network>());
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn address(&self, name: &str) -> Option<IpAddr> {
        self.value(name)?.parse().ok()
    }

    /// The values of `PREFIX1`, `PREFIX2`, … in the order of their numbers.
    fn numbered(&self, prefix: &str) -> Vec<&str> {
        let mut found: Vec<(u32, &str)> = self
            .0
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix(prefix)?.parse().ok()?, value.as_str()))
            })
            .collect();
        found.sort_unstable_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, value)| value).collect()
    }
}

/// One `dhcp-option KIND VALUE`.
fn foreign_option(option: &str, network: &mut TunnelNetwork) {
    let mut words = option.split_ascii_whitespace();
    if words.next() != Some("dhcp-option") {
        return;
    }
    match (words.next(), words.next()) {
        (Some("DNS" | "DNS6"), Some(server)) => add_server(server, &mut network.name_servers),
        (Some("DOMAIN" | "DOMAIN-SEARCH" | "ADAPTER_DOMAIN_SUFFIX"), Some(domain)) => {
            add_domain(domain, &mut network.search);
        }
        (Some("DOMAIN-ROUTE"), Some(domain)) => add_domain(domain, &mut network.route_domains),
        _ => {}
    }
}

fn add_server(server: &str, servers: &mut Vec<IpAddr>) {
    if let Ok(address) = server.parse()
        && !servers.contains(&address)
        && !IpAddr::is_unspecified(&address)
    {
        servers.push(address);
    }
}

/// Adds a domain that is one: it becomes an argument of a privileged command.
fn add_domain(domain: &str, domains: &mut Vec<String>) {
    let domain = domain
        .strip_suffix('.')
        .unwrap_or(domain)
        .to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if domain.len() <= 253 && domain.split('.').all(label) && !domains.contains(&domain) {
        domains.push(domain);
    }
}

/// The name of a network device as Linux has it, without anything a command could misread.
fn is_device(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn bits_of_mask(mask: &str) -> Option<u8> {
    let mask = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    let bits = mask.leading_ones();
    (mask.checked_shl(bits).unwrap_or(0) == 0).then_some(u8::try_from(bits).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(text: &str) -> TunnelNetwork {
        let mut environment = Environment::default();
        for (name, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
            environment.set(name.to_owned(), value.to_owned());
        }
        environment.network()
    }

    #[test]
    fn what_2_6_hands_over_is_read() {
        let network = environment(
            "dev=tun-ob0\nifconfig_local=10.88.0.2\nroute_vpn_gateway=10.88.0.1\n\
             foreign_option_10=dhcp-option DOMAIN-ROUTE internal.test\n\
             foreign_option_1=dhcp-option DNS 10.88.0.1\nforeign_option_2=dhcp-option DNS 10.88.0.2\n\
             foreign_option_3=dhcp-option DOMAIN corp.test\nforeign_option_4=dhcp-option DOMAIN-SEARCH svc.corp.test\n\
             route_network_1=10.77.0.0\nroute_netmask_1=255.255.255.0\nroute_gateway_1=10.88.0.1",
        );
        assert_eq!(network.device, "tun-ob0");
        assert_eq!(
            network.name_servers,
            [
                "10.88.0.1".parse::<IpAddr>().unwrap(),
                "10.88.0.2".parse().unwrap()
            ]
        );
        assert_eq!(network.search, ["corp.test", "svc.corp.test"]);
        assert_eq!(network.route_domains, ["internal.test"]);
        assert_eq!(network.routes, ["10.77.0.0/24".parse().unwrap()]);
        assert!(!network.redirect_gateway);
    }

    #[test]
    fn what_2_7_hands_over_is_read() {
        let network = environment(
            "dev=tun0\ndns_search_domain_1=corp.test\ndns_server_1_address_1=10.88.0.1\n\
             dns_server_1_resolve_domain_1=svc.test\nredirect_gateway=1\nroute_ipv6_network_1=fd00::/64",
        );
        assert_eq!(
            network.name_servers,
            ["10.88.0.1".parse::<IpAddr>().unwrap()]
        );
        assert_eq!(
            (
                network.search.len(),
                network.route_domains.len(),
                network.routes.len()
            ),
            (1, 1, 1)
        );
        assert!(network.redirect_gateway);
    }

    #[test]
    fn a_hostile_value_is_no_argument_of_a_command() {
        let network = environment(
            "dev=-x\nforeign_option_1=dhcp-option DNS --help\nforeign_option_2=dhcp-option DOMAIN -x.test\n\
             foreign_option_3=dhcp-option DOMAIN a;b\nforeign_option_4=dhcp-option DNS 0.0.0.0\n\
             foreign_option_5=dhcp-option DOMAIN ~.\nroute_network_1=x",
        );
        assert_eq!(network, TunnelNetwork::default());
    }
}
