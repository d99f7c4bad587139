//! The hosts of `NO_PROXY`: as curl, Go and Python's requests read it where they agree, and every
//! form of any of them where they do not.

use std::net::IpAddr;

use url::{Host, Url};

/// Hosts that are reached without a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy {
    entries: Vec<Entry>,
    invalid: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// A domain and its subdomains, or only these (`*.`).
    Domain {
        name: String,
        only_below: bool,
    },
    /// Addresses with these leading bits. Names are not resolved.
    Network(IpAddr, u8),
}

impl NoProxy {
    /// Parses entries separated by commas, semicolons or white space: `acme.com`, `.acme.com`,
    /// `*.acme.com`, `10.0.0.0/8`, `[::1]`, each with an optional `:port`, and `*` for every host.
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        let words = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
        for word in words.filter(|word| !word.is_empty()) {
            match parse_entry(word) {
                Some(entry) => list.entries.push(entry),
                None => list.invalid.push(word.to_owned()),
            }
        }
        list
    }

    /// Whether `url` is reached without the proxy.
    pub fn matches(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        self.entries.iter().any(|entry| {
            entry.port.is_none_or(|wanted| Some(wanted) == port)
                && url.host().is_some_and(|host| entry.hosts.contain(&host))
        })
    }

    /// Returns the invalid entries.
    pub fn invalid(&self) -> &[String] {
        &self.invalid
    }
}

impl Hosts {
    fn contain(&self, host: &Host<&str>) -> bool {
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(IpAddr::from(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::from(*ip).to_canonical()),
        };
        match (self, host, address) {
            (Self::All, ..) => true,
            (Self::Domain { name, only_below }, Host::Domain(host), _) => {
                let host = host.trim_end_matches('.');
                match host.strip_suffix(name.as_str()) {
                    Some("") => !only_below,
                    Some(front) => front.ends_with('.'),
                    None => false,
                }
            }
            (Self::Network(network, bits), _, Some(address)) => is_within(address, *network, *bits),
            _ => false,
        }
    }
}

fn parse_entry(word: &str) -> Option<Entry> {
    let word = word.split_once("://").map_or(word, |(_, rest)| rest);
    let word = word.strip_suffix('/').unwrap_or(word);
    if let Some((address, bits)) = word.split_once('/') {
        let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let max_bits = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= max_bits).then_some(Entry {
            hosts: Hosts::Network(address, bits),
            port: None,
        });
    }
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(Entry {
            hosts: single_address(address),
            port: None,
        });
    }
    let (name, port) = match word.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok()?)),
        None => (word, None),
    };
    if name == "*" {
        return Some(Entry {
            hosts: Hosts::All,
            port,
        });
    }
    let only_below = name.starts_with("*.");
    let name = name
        .trim_start_matches("*.")
        .trim_start_matches('.')
        .trim_end_matches('.');
    let hosts = match Host::parse(name).ok()? {
        Host::Domain(name) if name.contains('*') => return None,
        Host::Domain(name) => Hosts::Domain { name, only_below },
        Host::Ipv4(ip) => single_address(ip.into()),
        Host::Ipv6(ip) => single_address(ip.into()),
    };
    Some(Entry { hosts, port })
}

fn single_address(address: IpAddr) -> Hosts {
    let address = address.to_canonical();
    Hosts::Network(address, if address.is_ipv4() { 32 } else { 128 })
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        _ => return false,
    };
    // A shift by the whole width overflows: the network is everything.
    let shift = u32::from(width - bits);
    address.checked_shr(shift).unwrap_or(0) == network.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::counted;

    fn matches(list: &str, url: &str) -> bool {
        NoProxy::parse(list).matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn hosts_ports_and_networks_are_matched() {
        for (list, url, expected) in counted::<39, _>([
            ("acme.okta.com", "https://acme.okta.com/", true),
            ("ACME.okta.com.", "https://acme.okta.com/", true),
            ("okta.com", "https://acme.okta.com/", true),
            (".okta.com", "https://acme.okta.com/", true),
            (".okta.com", "https://okta.com/", true),
            ("*.okta.com", "https://acme.okta.com/", true),
            ("*.okta.com", "https://a.acme.okta.com/", true),
            ("*.okta.com", "https://okta.com/", false),
            ("kta.com", "https://acme.okta.com/", false),
            ("acme.okta.com", "https://okta.com/", false),
            ("okta.com.evil.example", "https://acme.okta.com/", false),
            ("localhost, .acme.com", "https://vpn.acme.com/", true),
            ("localhost .acme.com", "https://vpn.acme.com/", true),
            ("localhost\t\n.acme.com", "https://vpn.acme.com/", true),
            ("localhost;.acme.com", "https://vpn.acme.com/", true),
            (",, ,vpn.acme.com,", "https://vpn.acme.com/", true),
            ("*", "https://acme.okta.com/", true),
            ("a.example, *", "https://acme.okta.com/", true),
            ("acme.okta.com:443", "https://acme.okta.com/", true),
            ("acme.okta.com:8443", "https://acme.okta.com/", false),
            (".okta.com:8443", "https://acme.okta.com:8443/", true),
            ("*.okta.com:443", "https://acme.okta.com/", true),
            ("*:443", "https://acme.okta.com/", true),
            ("acme.okta.com:https", "https://acme.okta.com/", false),
            ("https://acme.okta.com/", "https://acme.okta.com/", true),
            ("10.0.0.0/8", "https://10.1.2.3/", true),
            ("10.0.0.0/8", "https://11.1.2.3/", false),
            ("0.0.0.0/0", "https://11.1.2.3/", true),
            ("0.0.0.0/0", "https://acme.okta.com/", false),
            ("10.0.0.0/33", "https://10.0.0.0/", false),
            ("127.0.0.1", "https://127.0.0.1:4430/", true),
            ("127.0.0.1:443", "https://127.0.0.1:4430/", false),
            ("127.0.0.1:4430", "https://127.0.0.1:4430/", true),
            ("::1", "https://[::1]/", true),
            ("[::1]:443", "https://[::1]/", true),
            ("fd00::/8", "https://[fd12::1]/", true),
            ("::/0", "https://[fd12::1]/", true),
            ("10.0.0.0/8", "https://[::ffff:10.1.2.3]/", true),
            (
                "b\u{fc}cher.example",
                "https://xn--bcher-kva.example/",
                true,
            ),
        ]) {
            assert_eq!(matches(list, url), expected, "{list} {url}");
        }
    }

    #[test]
    fn invalid_entries_are_kept() {
        let list = NoProxy::parse("acme.com, 10.*, host:port, 10.0.0.0/99, a b");
        assert_eq!(list.invalid(), ["10.*", "host:port", "10.0.0.0/99"]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_parsed(text in ".{0,64}") {
            let list = NoProxy::parse(&text);
            let _ = list.matches(&Url::parse("https://acme.okta.com/").unwrap());
        }
    }
}
