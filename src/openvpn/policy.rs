//! What the user lets a VPN server change on this machine: routes and name servers, and
//! the details that it may learn.
//!
//! The policy is applied twice: to the profile's own directives, and as `--pull-filter`s to the
//! options that the server pushes (`argv.rs`).
//!
//! openvpn compares a pull filter with the raw text of a pushed option, from its first character
//! that is not a blank, and removes quotes and backslashes afterwards (`apply_pull_filter` and
//! `parse_line` of its `options.c`). So `"route" …` passes a filter that ignores `route`. The
//! filters therefore name what is accepted, and the last one ignores the rest.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// Prefixes of pushed options that every policy accepts: those that a tunnel needs, and those of
/// the server's own session.
///
/// The blank at the end excludes longer names: `ping-restart` does not begin with `ping `.
/// Compression is accepted because it changes the framing. openvpn refuses every kind that
/// compresses (`allow-compression no` in the profile); `compress migrate` would undo that.
const TUNNEL: &[&str] = &[
    "ifconfig ",
    "ifconfig-ipv6 ",
    "topology ",
    "route-gateway ",
    "tun-mtu ",
    "peer-id ",
    "cipher ",
    "key-derivation ",
    "protocol-flags ",
    "comp-lzo",
    "compress stub",
    "compress lz",
    "socket-flags TCP_NODELAY",
    "ping ",
    "ping-restart ",
    "explicit-exit-notify",
    "inactive ",
    "session-timeout ",
    "auth-token ",
    "auth-token-user ",
    "push-continuation ",
];

/// Accepted if the server may set routes.
const ROUTES: &[&str] = &[
    "route ",
    "route-ipv6 ",
    "route-metric ",
    "redirect-gateway",
    "redirect-private",
    "block-ipv6",
];

/// Accepted if the server may set name servers. Other kinds of `dhcp-option` (proxies, WINS, NTP)
/// have no effect here.
const NAME_SERVERS: &[&str] = &[
    "dhcp-option DNS ",
    "dhcp-option DNS6 ",
    "dhcp-option DOMAIN ",
    "dhcp-option DOMAIN-SEARCH ",
    "dhcp-option DOMAIN-ROUTE ",
    "dhcp-option ADAPTER_DOMAIN_SUFFIX ",
    "dns server ",
    "dns search-domains ",
];

/// The changes that a VPN may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub routes: Routes,
    /// Whether the server may set name servers and search domains.
    pub dns: bool,
    /// Whether the server is sent this machine's hardware address and versions
    /// (`push-peer-info`).
    pub peer_info: bool,
}

/// The networks that are routed through the tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routes {
    /// Those of the profile and the server.
    AsOffered,
    /// Only these, whatever the server pushes.
    Only(Vec<Network>),
}

/// An address range, `10.77.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub bits: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            routes: Routes::AsOffered,
            dns: true,
            peer_info: true,
        }
    }
}

impl Policy {
    /// Returns the prefixes of accepted pushed options. Every other option is ignored.
    pub fn accepted_pushes(&self) -> impl Iterator<Item = &'static str> {
        let routes = if self.limits_routes() { &[] } else { ROUTES };
        let name_servers = if self.dns { NAME_SERVERS } else { &[] };
        [TUNNEL, routes, name_servers]
            .into_iter()
            .flatten()
            .copied()
    }

    /// Whether the server may not set routes.
    pub fn limits_routes(&self) -> bool {
        self.routes != Routes::AsOffered
    }

    /// Returns the prefixes that both `prefix`, of a profile's own `pull-filter accept`, and this
    /// policy accept. openvpn applies the first filter that matches, and the profile's come first.
    pub(super) fn narrow(&self, prefix: &str) -> Vec<String> {
        if self.accepted_pushes().any(|own| prefix.starts_with(own)) {
            return vec![prefix.to_owned()];
        }
        self.accepted_pushes()
            .filter(|own| own.starts_with(prefix))
            .map(str::to_owned)
            .collect()
    }

    /// Returns the note for a directive of a profile that is left out, or `None` if it is kept.
    pub(super) fn exclusion_note(&self, directive: &str) -> Option<&'static str> {
        match directive {
            "route" | "route-ipv6" | "route-metric" | "route-delay" | "redirect-gateway"
            | "redirect-private" | "block-ipv6"
                if self.limits_routes() =>
            {
                Some("your settings say which networks are routed")
            }
            "dhcp-option" | "dns" if !self.dns => Some("your settings leave name servers alone"),
            "push-peer-info" if !self.peer_info => {
                Some("your settings keep this machine's details")
            }
            _ => None,
        }
    }
}

impl Network {
    /// Returns the mask of an IPv4 network, as `--route` takes it.
    pub fn netmask(self) -> Ipv4Addr {
        Ipv4Addr::from(
            u32::MAX
                .checked_shl(32 - u32::from(self.bits.min(32)))
                .unwrap_or(0),
        )
    }

    /// Returns the first and the last address as numbers.
    pub fn range(self) -> (u128, u128) {
        let (first, width) = match self.address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let host_bits = width - u32::from(self.bits).min(width);
        let hosts = 1_u128
            .checked_shl(host_bits)
            .map_or(u128::MAX, |count| count - 1);
        (first, first | hosts)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Parses `10.77.0.0/16`, `fd00::/8` or a single address.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::NotANetwork)?;
        let max_bits = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits
            .map_or(Ok(max_bits), str::parse)
            .map_err(|_| NetworkError::NotANetwork)?;
        if bits > max_bits {
            return Err(NetworkError::NotANetwork);
        }
        let host_bits = match address {
            IpAddr::V4(v4) => u128::from(u32::from(v4)).checked_shl(96 + u32::from(bits)),
            IpAddr::V6(v6) => u128::from(v6).checked_shl(u32::from(bits)),
        };
        if host_bits.unwrap_or(0) != 0 {
            return Err(NetworkError::HostBits);
        }
        Ok(Self { address, bits })
    }
}

/// A text that is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    #[error("this is not a network")]
    NotANetwork,
    #[error("the address has bits beyond the network's")]
    HostBits,
}

impl From<NetworkError> for Report {
    fn from(error: NetworkError) -> Self {
        Self::new(
            ErrorCode::OpenvpnNetwork,
            "cannot read a network of the VPN's routes",
        )
        .cause(error)
        .hint("write it as `10.77.0.0/16` or `fd00::/8`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_parsed_and_written() {
        for text in [
            "10.77.0.0/16",
            "0.0.0.0/0",
            "10.1.2.3/32",
            "fd00::/8",
            "::/0",
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!(
            "10.1.2.3".parse::<Network>().unwrap().to_string(),
            "10.1.2.3/32"
        );
        for text in [
            "10.77.0.1/16",
            "fd00::1/8",
            "10.0.0.0/33",
            "::/129",
            "x",
            "",
            "/8",
            "10.0.0.0/",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let masks = [
            ("0.0.0.0/0", "0.0.0.0"),
            ("10.77.0.0/16", "255.255.0.0"),
            ("10.1.2.3", "255.255.255.255"),
        ];
        for (network, mask) in masks {
            assert_eq!(
                network.parse::<Network>().unwrap().netmask().to_string(),
                mask
            );
        }
    }
}
