//! The addresses, routes and name servers of a tunnel, from the variables of `>UPDOWN:`.
//!
//! openvpn sends them on the management socket when `--management-up-down` is set, so no script is
//! needed. Two families are read: `foreign_option_N` of 2.6 and `dns_server_N_…` of 2.7. The
//! values come from the server: only addresses and host names are accepted. Options about name
//! servers that are not used are collected in [`TunnelNetwork::unused`] for the user.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::policy::Network;
use crate::model::Domain;

/// How many variables of one event are kept.
const MAX_VARIABLES: usize = 2000;
/// Limits of the name service settings. glibc uses three servers, systemd-resolved accepts more.
const MAX_SERVERS: usize = 16;
const MAX_DOMAINS: usize = 256;
/// Limits of the options that are kept for the user.
const MAX_UNUSED: usize = 20;
const MAX_UNUSED_CHARS: usize = 120;
/// All IPv4 addresses. A tunnel whose routes cover them is a full tunnel.
const ALL_IPV4: (u128, u128) = (0, u32::MAX as u128);
/// The addresses of IPv6 global unicast, `2000::/3`.
const ALL_IPV6: (u128, u128) = (0x2 << 124, (0x4 << 124) - 1);

/// The variables of one `>UPDOWN:` event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// The settings of a tunnel that openvpn does not make itself, and its routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelNetwork {
    /// The device, `tun-ob0`.
    pub device: String,
    pub address: Option<IpAddr>,
    pub address6: Option<IpAddr>,
    pub gateway: Option<IpAddr>,
    pub name_servers: Vec<IpAddr>,
    /// Search domains, which are resolved through the tunnel.
    pub search: Vec<Domain>,
    /// Domains that are resolved through the tunnel but not searched.
    pub route_domains: Vec<Domain>,
    /// The server wants every name resolved through the tunnel (`DOMAIN-ROUTE .`).
    pub resolves_all: bool,
    pub routes: Vec<Network>,
    /// openvpn redirects the default gateway.
    pub redirect_gateway: bool,
    /// Pushed options about name servers that are not used, as the server wrote them.
    pub unused: Vec<String>,
}

impl TunnelNetwork {
    /// Whether all traffic of IPv4 or IPv6 goes through the tunnel: by `redirect-gateway`, or by
    /// routes that together cover every address (`0.0.0.0/1` and `128.0.0.0/1`).
    pub fn is_full_tunnel(&self) -> bool {
        let ranges = |is_ipv4: bool| {
            let routes = self.routes.iter();
            routes
                .filter(move |route| route.address.is_ipv4() == is_ipv4)
                .map(|route| route.range())
                .collect()
        };
        self.redirect_gateway || covers(ranges(true), ALL_IPV4) || covers(ranges(false), ALL_IPV6)
    }

    fn add_unused(&mut self, option: &str) {
        let shown: String = option.chars().take(MAX_UNUSED_CHARS).collect();
        if self.unused.len() < MAX_UNUSED && !self.unused.contains(&shown) {
            self.unused.push(shown);
        }
    }

    fn add_server(&mut self, server: &str) -> bool {
        let bare = server
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let Ok(address) = bare.unwrap_or(server).parse() else {
            return false;
        };
        if self.name_servers.contains(&address) {
            return true;
        }
        let has_room = self.name_servers.len() < MAX_SERVERS;
        let is_usable = has_room && !IpAddr::is_unspecified(&address);
        if is_usable {
            self.name_servers.push(address);
        }
        is_usable
    }

    /// Adds a domain. `~` means the same as in systemd: resolved through the tunnel and not
    /// searched. `.` means every name. A leading dot is removed.
    fn add_domain(&mut self, name: &str, is_searched: bool) -> bool {
        let (name, is_searched) = match name.strip_prefix('~') {
            Some(name) => (name, false),
            None => (name, is_searched),
        };
        if name == "." {
            self.resolves_all = true;
            return true;
        }
        let Ok(domain) = name.strip_prefix('.').unwrap_or(name).parse::<Domain>() else {
            return false;
        };
        let domains = if is_searched {
            &mut self.search
        } else {
            &mut self.route_domains
        };
        if domains.contains(&domain) {
            return true;
        }
        let has_room = domains.len() < MAX_DOMAINS;
        if has_room {
            domains.push(domain);
        }
        has_room
    }
}

/// Whether `ranges` together hold every address of `all`.
fn covers(mut ranges: Vec<(u128, u128)>, all: (u128, u128)) -> bool {
    ranges.sort_unstable();
    let mut next = all.0;
    for (first, last) in ranges {
        if first > next {
            return false;
        }
        if last >= all.1 {
            return true;
        }
        next = next.max(last + 1);
    }
    false
}

impl Environment {
    pub fn set(&mut self, name: String, value: String) {
        if self.0.len() < MAX_VARIABLES {
            self.0.insert(name, value);
        }
    }

    /// Returns the settings in the variables. Invalid values are left out.
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
            if !network.add_domain(domain, true) {
                network.add_unused(&format!("dns search-domains {domain}"));
            }
        }
        self.read_dns_servers(&mut network);
        self.read_routes(&mut network);
        network
    }

    fn read_dns_servers(&self, network: &mut TunnelNetwork) {
        for (name, value) in &self.0 {
            let Some(rest) = name.strip_prefix("dns_server_") else {
                continue;
            };
            let Some((number, rest)) = rest.split_once('_') else {
                continue;
            };
            let (is_used, option) = if rest.starts_with("address_") {
                (network.add_server(value), "address")
            } else if rest.starts_with("resolve_domain_") {
                (network.add_domain(value, false), "resolve-domains")
            } else if rest.starts_with("port") {
                (value == "53", "port")
            } else if rest == "transport" {
                (value == "plain", "transport")
            } else {
                // The resolver has its own settings for DNSSEC and the TLS name.
                (matches!(rest, "dnssec" | "sni"), rest)
            };
            if !is_used {
                network.add_unused(&format!("dns server {number} {option} {value}"));
            }
        }
    }

    fn read_routes(&self, network: &mut TunnelNetwork) {
        for number in 1..=MAX_VARIABLES {
            let Some(address) = self.address(&format!("route_network_{number}")) else {
                break;
            };
            let mask = self
                .value(&format!("route_netmask_{number}"))
                .and_then(parse_netmask_bits);
            network.routes.push(Network {
                address,
                bits: mask.unwrap_or(32),
            });
        }
        for number in 1..=MAX_VARIABLES {
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

    /// Returns the values of `PREFIX1`, `PREFIX2`, … in the order of their numbers.
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

/// Reads `dhcp-option KIND VALUE…`. One option may have several values.
fn foreign_option(option: &str, network: &mut TunnelNetwork) {
    let mut words = option.split(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | ';'));
    let mut words = words.by_ref().filter(|word| !word.is_empty());
    if words.next() != Some("dhcp-option") {
        return;
    }
    let kind = words.next().unwrap_or_default();
    let mut values = words.peekable();
    let mut is_used = values.peek().is_some();
    for value in values {
        is_used &= match kind {
            "DNS" | "DNS6" => network.add_server(value),
            "DOMAIN" | "DOMAIN-SEARCH" | "ADAPTER_DOMAIN_SUFFIX" => network.add_domain(value, true),
            "DOMAIN-ROUTE" => network.add_domain(value, false),
            _ => false,
        };
    }
    if !is_used {
        network.add_unused(option);
    }
}

/// Whether `name` is the name of a Linux network device that no command would misread.
fn is_device(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn parse_netmask_bits(mask: &str) -> Option<u8> {
    let mask = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    let bits = mask.leading_ones();
    (mask.checked_shl(bits).unwrap_or(0) == 0).then_some(u8::try_from(bits).ok()?)
}

#[cfg(test)]
mod tests;
