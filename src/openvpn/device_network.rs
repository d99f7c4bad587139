//! The network of the tunnel's own device. The kernel routes it into the tunnel without a pushed
//! route, so a wide one would take traffic that the user's settings keep out of the tunnel.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::network::Environment;
use super::policy::Network;

/// The shortest IPv4 prefix that is accepted. `10.0.0.0/8` is the widest private network.
const MIN_IPV4_BITS: u8 = 8;
/// The shortest IPv6 prefix that is accepted: the widest allocation that an organisation gets.
const MIN_IPV6_BITS: u8 = 32;

/// Returns the device's network if it is too wide, from the variables of `>UPDOWN:UP`.
pub(super) fn overbroad_network(environment: &Environment) -> Option<Network> {
    overbroad_ipv4(environment).or_else(|| overbroad_ipv6(environment))
}

fn overbroad_ipv4(environment: &Environment) -> Option<Network> {
    let address: Ipv4Addr = environment.value("ifconfig_local")?.parse().ok()?;
    let mask: Ipv4Addr = environment.value("ifconfig_netmask")?.parse().ok()?;
    let bits = u32::from(mask).leading_ones();
    let first = Ipv4Addr::from(u32::from(address) & u32::from(mask));
    let bits = u8::try_from(bits).ok()?;
    let network = Network {
        address: first.into(),
        bits,
    };
    (bits < MIN_IPV4_BITS).then_some(network)
}

fn overbroad_ipv6(environment: &Environment) -> Option<Network> {
    let address: Ipv6Addr = environment.value("ifconfig_ipv6_local")?.parse().ok()?;
    let bits: u8 = environment.value("ifconfig_ipv6_netbits")?.parse().ok()?;
    let host_bits = 128_u32.checked_sub(bits.into())?;
    let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
    let network = Network {
        address: Ipv6Addr::from(u128::from(address) & mask).into(),
        bits,
    };
    (bits < MIN_IPV6_BITS).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_wider_than_any_allocation_is_found() {
        for (variables, expected) in [
            (
                "ifconfig_local=10.88.0.2 ifconfig_netmask=255.255.255.0",
                None,
            ),
            ("ifconfig_local=10.0.0.2 ifconfig_netmask=255.0.0.0", None),
            ("ifconfig_local=10.88.0.6 ifconfig_remote=10.88.0.5", None),
            ("ifconfig_ipv6_local=fd00::2 ifconfig_ipv6_netbits=64", None),
            ("ifconfig_local=x ifconfig_netmask=0.0.0.0", None),
            (
                "ifconfig_local=192.0.2.2 ifconfig_netmask=128.0.0.0",
                Some("128.0.0.0/1"),
            ),
            (
                "ifconfig_local=10.0.0.2 ifconfig_netmask=0.0.0.0",
                Some("0.0.0.0/0"),
            ),
            (
                "ifconfig_ipv6_local=2001:db8::2 ifconfig_ipv6_netbits=3",
                Some("2000::/3"),
            ),
            (
                "ifconfig_ipv6_local=2001:db8::2 ifconfig_ipv6_netbits=0",
                Some("::/0"),
            ),
        ] {
            let mut environment = Environment::default();
            for (name, value) in variables.split(' ').filter_map(|one| one.split_once('=')) {
                environment.set(name.to_owned(), value.to_owned());
            }
            let found = overbroad_network(&environment).map(|network| network.to_string());
            assert_eq!(found.as_deref(), expected, "{variables}");
        }
    }
}
