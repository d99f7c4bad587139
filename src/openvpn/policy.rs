//! What the user lets a VPN server change on this machine: routes, name servers, what it may know.
//!
//! The same policy is applied twice: to the profile's own directives here, and as `--pull-filter`s to
//! what the server pushes (`argv.rs`). It is a value; where it comes from is the settings' business.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use thiserror::Error;

use super::profile::{Directive, Value};
use crate::report::{Exit, Report};

/// What a VPN may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub routes: Routes,
    /// Whether name servers and search domains are taken from the server.
    pub dns: bool,
    /// Whether the server is told this machine's hardware address and versions (`push-peer-info`).
    pub peer_info: bool,
}

/// Which networks go through the tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routes {
    /// Those that profile and server name.
    AsOffered,
    /// These and no other, whatever the server says; none at all when empty.
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
    /// Why a directive of a profile is left out, or `None` where it may stay.
    pub(super) fn takes_away(&self, directive: &Directive) -> Option<&'static str> {
        let limited = self.routes != Routes::AsOffered;
        match directive.name {
            "route" | "route-ipv6" | "route-metric" | "route-delay" | "redirect-gateway"
            | "redirect-private" | "block-ipv6"
                if limited =>
            {
                Some("your settings say which networks are routed")
            }
            "dhcp-option" if !self.dns => Some("your settings leave name servers alone"),
            "push-peer-info" if !self.peer_info => {
                Some("your settings keep this machine's details")
            }
            // The first filter that matches decides, and the profile's stand before ours.
            "pull-filter" if limited || !self.dns => match &directive.value {
                Value::Quoted(words) if words.first().is_some_and(|word| word == "accept") => {
                    Some("your settings say what is accepted")
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl Network {
    /// The mask of an IPv4 network, as `--route` takes it.
    pub fn netmask(self) -> Ipv4Addr {
        Ipv4Addr::from(
            u32::MAX
                .checked_shl(32 - u32::from(self.bits.min(32)))
                .unwrap_or(0),
        )
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `10.77.0.0/16`, `fd00::/8` or a single address.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits
            .map_or(Ok(most), str::parse)
            .map_err(|_| NetworkError::NotANetwork)?;
        if bits > most {
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
            Exit::Usage,
            "openvpn.network",
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
    fn networks_are_read_and_written() {
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
