//! Parses hosts, networks and name servers in the arguments of directives.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::value::{Directive, Value};
use super::verdict::RefusalReason;

/// Returns the host without the brackets of an address and without the dot at the end of a name.
/// Returns `None` if it is neither a name nor an address.
pub(super) fn normalize_host(text: &str) -> Option<&str> {
    let bare = without_brackets(text);
    if bare != text {
        return bare.parse::<Ipv6Addr>().is_ok().then_some(bare);
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    is_host(name).then_some(name)
}

fn is_host(host: &str) -> bool {
    if host.parse::<IpAddr>().is_ok() {
        return true;
    }
    host.len() <= 200
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
        && !host.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

pub(super) fn route4(args: &[&str]) -> Result<Value, RefusalReason> {
    let special = |word: &str| matches!(word, "vpn_gateway" | "net_gateway" | "default");
    let is_valid = matches!(args.len(), 1..=4)
        && args[0].parse::<Ipv4Addr>().is_ok()
        && args
            .get(1)
            .is_none_or(|mask| mask.parse().is_ok_and(is_netmask))
        && args
            .get(2)
            .is_none_or(|gateway| special(gateway) || gateway.parse::<Ipv4Addr>().is_ok())
        && args.get(3).is_none_or(|metric| is_metric(metric));
    is_valid
        .then(|| Value::words(args))
        .ok_or(RefusalReason::Value(
            "is not a network, a mask and a gateway",
        ))
}

pub(super) fn route6(args: &[&str]) -> Result<Value, RefusalReason> {
    let network = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        let bits: u8 = bits.parse().ok()?;
        Some(address.parse::<Ipv6Addr>().is_ok() && bits <= 128)
    };
    let is_valid = matches!(args.len(), 1..=3)
        && network(args[0]) == Some(true)
        && args
            .get(1)
            .is_none_or(|gateway| *gateway == "default" || gateway.parse::<Ipv6Addr>().is_ok())
        && args.get(2).is_none_or(|metric| is_metric(metric));
    is_valid
        .then(|| Value::words(args))
        .ok_or(RefusalReason::Value("is not a network and a gateway"))
}

fn is_netmask(mask: Ipv4Addr) -> bool {
    let bits = u32::from(mask);
    bits.leading_ones() + bits.trailing_zeros().min(32) == 32 || bits == 0
}

fn is_metric(text: &str) -> bool {
    text.parse::<u32>()
        .is_ok_and(|number| number <= i32::MAX as u32)
}

/// Parses the address of a gateway.
pub(super) fn gateway<A: FromStr>(args: &[&str]) -> Result<Value, RefusalReason> {
    match args {
        [address] if address.parse::<A>().is_ok() => Ok(Value::words(args)),
        _ => Err(RefusalReason::Value("is not an address")),
    }
}

/// The directives that `dhcp-option` becomes, one for each server or domain, or the reason to leave
/// it out.
pub(super) enum DhcpOption {
    Kept(Vec<Directive>),
    Dropped(&'static str),
}

/// Parses `dhcp-option KIND VALUE`. Several servers or domains are separated by blanks, commas or
/// semicolons. A domain with a `~` before it is one of `DOMAIN-ROUTE`, as in systemd.
///
/// # Errors
/// If the kind is unknown, or a value is not an address or domain.
pub(super) fn dhcp_option(args: &[&str]) -> Result<DhcpOption, RefusalReason> {
    let refused = RefusalReason::Value("is not a server's address or a domain");
    let values: Vec<String> = match args {
        ["DNS" | "DNS6", addresses @ ..] if items(addresses).next().is_some() => {
            let addresses = items(addresses).map(address_of);
            addresses.collect::<Option<_>>().ok_or(refused)?
        }
        [
            "DOMAIN" | "DOMAIN-SEARCH" | "ADAPTER_DOMAIN_SUFFIX",
            names @ ..,
        ] if items(names).next().is_some() && items(names).all(|name| name.starts_with('~')) => {
            let names: Vec<&str> = items(names).map(|name| &name[1..]).collect();
            return dhcp_option(&[&["DOMAIN-ROUTE"], &names[..]].concat());
        }
        [
            "DOMAIN" | "DOMAIN-SEARCH" | "ADAPTER_DOMAIN_SUFFIX",
            names @ ..,
        ] => domains(names, false).ok_or(refused)?,
        ["DOMAIN-ROUTE", names @ ..] => domains(names, true).ok_or(refused)?,
        ["NTP" | "WINS" | "NBDD" | "NBT" | "NBS" | "DISABLE-NBT", ..] => {
            return Ok(DhcpOption::Dropped("has no meaning on this system"));
        }
        [
            "PROXY_HTTP" | "PROXY_HTTPS" | "PROXY_BYPASS" | "PROXY_AUTO_CONFIG_URL",
            ..,
        ] => return Ok(DhcpOption::Dropped("this machine's proxy stays as it is")),
        _ => return Err(refused),
    };
    let directive = |value: String| Directive {
        name: "dhcp-option",
        value: Value::words(&[args[0], &value]),
    };
    Ok(DhcpOption::Kept(
        values.into_iter().map(directive).collect(),
    ))
}

/// Parses `dns server N …` and `dns search-domains …`.
///
/// # Errors
/// If openvpn 2.6 would not accept it.
pub(super) fn dns(args: &[&str]) -> Result<Value, RefusalReason> {
    let refused = Err(RefusalReason::Value(
        "is not a server's address or a domain",
    ));
    let several = |values: Option<Vec<String>>, head: &[&str]| match values {
        Some(values) => {
            let head = head.iter().map(|word| (*word).to_owned());
            Ok(Value::Words(head.chain(values).collect()))
        }
        None => refused.clone(),
    };
    match args {
        ["search-domains", names @ ..] => several(domains(names, false), &args[..1]),
        ["server", priority, rest @ ..] if priority.parse::<i8>().is_ok() => match rest {
            ["address", addresses @ ..] if !addresses.is_empty() => {
                let addresses = addresses.iter().map(|address| address_and_port(address));
                several(addresses.collect(), &args[..3])
            }
            ["resolve-domains", names @ ..] => several(domains(names, true), &args[..3]),
            ["dnssec", "yes" | "no" | "optional"] | ["transport", "plain" | "DoT" | "DoH"] => {
                Ok(Value::words(args))
            }
            ["sni", name] if is_host(name) => Ok(Value::words(args)),
            _ => refused,
        },
        _ => refused,
    }
}

/// Splits `words` at blanks, commas and semicolons.
fn items<'a>(words: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let parts = words.iter().flat_map(|word| word.split([' ', ',', ';']));
    parts.filter(|part| !part.is_empty())
}

/// Returns the domains in `words`, without a dot at either end. The root, `.`, means every name. It
/// is accepted only with `may_be_root`.
fn domains(words: &[&str], may_be_root: bool) -> Option<Vec<String>> {
    let domain = |part: &str| match part {
        "." | "~." if may_be_root => Some(".".to_owned()),
        part => {
            let part = part
                .strip_prefix('~')
                .filter(|_| may_be_root)
                .unwrap_or(part);
            let name = part.strip_suffix('.').unwrap_or(part);
            let name = name.strip_prefix('.').unwrap_or(name);
            is_host(name).then(|| name.to_owned())
        }
    };
    let names: Vec<String> = items(words).map(domain).collect::<Option<_>>()?;
    (!names.is_empty()).then_some(names)
}

/// Returns `[ADDRESS]` without its brackets, any other text unchanged.
fn without_brackets(text: &str) -> &str {
    text.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text)
}

fn address_of(text: &str) -> Option<String> {
    let address = without_brackets(text);
    address
        .parse::<IpAddr>()
        .is_ok()
        .then(|| address.to_owned())
}

fn address_and_port(text: &str) -> Option<String> {
    let has_port = text
        .parse::<SocketAddr>()
        .is_ok_and(|address| address.port() > 0);
    if has_port {
        return Some(text.to_owned());
    }
    address_of(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for host in [
            "vpn.acme.com",
            "VPN-1.acme.com",
            "10.0.0.1",
            "2001:db8::1",
            "localhost",
            "a_b.c",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "-x.com",
            "a..b",
            "a b",
            "a;b",
            "vpn.acme.com/",
            "fe80::1%eth0",
            "1.2.3",
            "ünix.com",
            "x.com.",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn netmask_has_no_gaps() {
        for (mask, sound) in [
            ("255.255.255.0", true),
            ("0.0.0.0", true),
            ("255.255.255.255", true),
            ("255.0.255.0", false),
        ] {
            assert_eq!(is_netmask(mask.parse().unwrap()), sound, "{mask}");
        }
    }

    #[test]
    fn host_is_read_without_brackets_and_final_dot() {
        for (text, expected) in [
            ("vpn.acme.com.", Some("vpn.acme.com")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("vpn.acme.com..", None),
            (".", None),
            ("[10.0.0.1]", None),
            ("[vpn.acme.com]", None),
            ("[2001:db8::1", None),
            ("[fe80::1%eth0]", None),
        ] {
            assert_eq!(normalize_host(text), expected, "{text}");
        }
    }
}
