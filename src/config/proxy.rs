//! Selects the proxy, and the hosts that are reached without it.
//!
//! A proxy's address may hold a password. It is kept as a secret and shown without.

use std::fmt;

use thiserror::Error;
use url::Url;

use crate::model::Environment;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::web::NoProxy;

/// An http, https or SOCKS 5 proxy.
pub struct Proxy {
    url: Secret,
    address: String,
    no_proxy: String,
}

impl Proxy {
    pub(super) fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        // Desktops write `socks://` for SOCKS 5, and mean that names are resolved by the proxy.
        let with_scheme = match with_scheme.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("socks") => {
                format!("socks5h://{rest}")
            }
            _ => with_scheme,
        };
        let mut url = Url::parse(&with_scheme).map_err(|_| ProxyError::NotAnAddress)?;
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return Err(ProxyError::Scheme);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(ProxyError::NotAnAddress);
        }
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        let whole = url.as_str().to_owned();
        // Neither fails on an address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Self {
            url: Secret::new(whole),
            address: url.as_str().trim_end_matches('/').to_owned(),
            no_proxy: String::new(),
        })
    }

    /// Returns the whole address, with the name and password that it may hold.
    pub const fn url(&self) -> &Secret {
        &self.url
    }

    /// Returns the address without name and password, to be shown.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the hosts that are reached without it, as in `NO_PROXY`: names, `.suffixes` and
    /// networks, with commas between.
    pub fn no_proxy(&self) -> &str {
        &self.no_proxy
    }

    /// Whether `url` is reached through the proxy.
    pub fn is_used_for(&self, url: &Url) -> bool {
        !NoProxy::parse(&self.no_proxy).matches(url)
    }

    /// Returns the entries of `NO_PROXY` that cannot be parsed.
    pub fn unreadable_exceptions(&self) -> Vec<String> {
        NoProxy::parse(&self.no_proxy).invalid().to_vec()
    }

    /// Returns the proxy of the environment, for orgs that have no settings.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn of_environment(environment: &Environment) -> Result<Option<Self>, Report> {
        Self::choose(None, environment).map_err(unusable)
    }

    /// Returns the setting's proxy, else the environment's. `NO_PROXY=*` disables both.
    pub(super) fn choose(
        setting: Option<&Self>,
        environment: &Environment,
    ) -> Result<Option<Self>, (&'static str, ProxyError)> {
        let no_proxy = first_set(environment, &["no_proxy", "NO_PROXY"])
            .map_or("", |(_, hosts)| hosts)
            .trim();
        if no_proxy.split([',', ' ']).any(|entry| entry == "*") {
            return Ok(None);
        }
        let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        let proxy = match (setting, first_set(environment, &names)) {
            (Some(proxy), _) => proxy.clone(),
            (None, Some((name, text))) => Self::parse(text).map_err(|error| (name, error))?,
            (None, None) => return Ok(None),
        };
        Ok(Some(Self {
            no_proxy: no_proxy.to_owned(),
            ..proxy
        }))
    }
}

/// Returns the report for a proxy in a variable.
pub(super) fn unusable((variable, error): (&'static str, ProxyError)) -> Report {
    Report::new(
        ErrorCode::ConfigProxy,
        format!("cannot use the proxy of {variable}"),
    )
    .cause(error)
    .hint("set `proxy` of the org, or `NO_PROXY=*` to go without")
}

/// Returns the first of `names` that is set. Callers put lower case first, as curl and Python's
/// requests do.
fn first_set<'a>(
    environment: &'a Environment,
    names: &[&'static str],
) -> Option<(&'static str, &'a str)> {
    names
        .iter()
        .find_map(|name| environment.text(name).map(|text| (*name, text)))
}

impl Clone for Proxy {
    fn clone(&self) -> Self {
        Self {
            url: self.url.duplicate(),
            address: self.address.clone(),
            no_proxy: self.no_proxy.clone(),
        }
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url && self.no_proxy == other.no_proxy
    }
}

impl Eq for Proxy {}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}, except {:?})", self.address, self.no_proxy)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum ProxyError {
    #[error("not the address of a proxy, `http://proxy:3128`")]
    NotAnAddress,
    #[error("only http, https, socks5 and socks5h proxies are spoken to")]
    Scheme,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn setting_takes_precedence_over_either_case() {
        let variables = environment(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("ALL_PROXY", "http://all:2"),
            ("NO_PROXY", "localhost,.acme.com"),
        ]);
        let setting = Proxy::parse("proxy:3128").unwrap();
        let chosen = Proxy::choose(Some(&setting), &variables).unwrap().unwrap();
        assert_eq!(
            (chosen.address(), chosen.no_proxy()),
            ("http://proxy:3128", "localhost,.acme.com")
        );
        let chosen = Proxy::choose(None, &variables).unwrap().unwrap();
        assert_eq!(chosen.address(), "http://upper:1");
        let lower = environment(&[
            ("https_proxy", "http://lower:1"),
            ("HTTPS_PROXY", "http://upper:1"),
        ]);
        assert_eq!(
            Proxy::choose(None, &lower).unwrap().unwrap().address(),
            "http://lower:1"
        );
        assert_eq!(Proxy::choose(None, &environment(&[])), Ok(None));
        let none = environment(&[("all_proxy", "socks4://x:1"), ("no_proxy", "*")]);
        assert_eq!(Proxy::choose(None, &none), Ok(None));
        let none = environment(&[("all_proxy", "http://x:1"), ("no_proxy", "a.example, *")]);
        assert_eq!(Proxy::choose(None, &none), Ok(None));
        let socks = environment(&[("all_proxy", "socks4://x:1")]);
        assert_eq!(
            Proxy::choose(None, &socks),
            Err(("all_proxy", ProxyError::Scheme))
        );
    }

    #[test]
    fn socks_schemes_are_parsed() {
        let address = |text| Proxy::parse(text).map(|proxy| proxy.address().to_owned());
        assert_eq!(address("socks5://proxy"), Ok("socks5://proxy".into()));
        assert_eq!(
            address("SOCKS5H://alice:canary@proxy:1080/"),
            Ok("socks5h://proxy:1080".into())
        );
        // As GNOME writes it.
        assert_eq!(
            address("socks://proxy:1080/"),
            Ok("socks5h://proxy:1080".into())
        );
        assert_eq!(address("socks4a://proxy:1080"), Err(ProxyError::Scheme));
        assert_eq!(address("socks5://"), Err(ProxyError::NotAnAddress));
    }

    #[test]
    fn other_hosts_than_no_proxy_use_the_proxy() {
        let variables = environment(&[
            ("https_proxy", "http://proxy:3128"),
            ("no_proxy", "localhost *.acme.com"),
        ]);
        let chosen = Proxy::choose(None, &variables).unwrap().unwrap();
        let reaches = |url| chosen.is_used_for(&Url::parse(url).unwrap());
        assert!(reaches("https://acme.okta.com") && !reaches("https://vpn.acme.com"));
    }
}
