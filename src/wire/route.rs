//! The network settings of a request: the proxy and the trusted certificates.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::wire::SecretText;

/// The network settings of one request.
///
/// They belong to the request, because a session outlives a change of network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Absent: connections are direct.
    pub proxy: Option<ProxyRoute>,
    /// Absent: the system's certificate authorities are trusted.
    pub ca_bundle: Option<CaBundle>,
}

/// The proxy for https, and the hosts that are connected to without it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyRoute {
    /// May contain a username and a password.
    pub url: SecretText,
    /// The URL without username and password.
    pub address: String,
    pub no_proxy: Option<String>,
}

/// Identifies a file of CA certificates and its version. The agent asks for the certificates when
/// it needs them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaBundle {
    pub path: String,
    /// Changes with each change of the file.
    pub version: String,
}

/// A route to be displayed, without the proxy's password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSummary {
    pub proxy: Option<String>,
    pub no_proxy: Option<String>,
    pub ca_bundle: Option<CaBundle>,
}

impl Route {
    pub fn summary(&self) -> RouteSummary {
        let proxy = self.proxy.as_ref();
        RouteSummary {
            proxy: proxy.map(|proxy| proxy.address.clone()),
            no_proxy: proxy.and_then(|proxy| proxy.no_proxy.clone()),
            ca_bundle: self.ca_bundle.clone(),
        }
    }
}

impl RouteSummary {
    /// Describes what differs from `other`, such as `the proxy http://proxy:3128, no CA bundle`.
    /// Empty if nothing differs.
    pub fn differences(&self, other: &Self) -> String {
        let mut words = Vec::new();
        if self.proxy != other.proxy {
            words.push(match &self.proxy {
                Some(proxy) => format!("the proxy {proxy}"),
                None => "no proxy".to_owned(),
            });
        } else if self.no_proxy != other.no_proxy {
            words.push(match &self.no_proxy {
                Some(hosts) => format!("NO_PROXY={hosts}"),
                None => "no NO_PROXY".to_owned(),
            });
        }
        let path = |summary: &Self| summary.ca_bundle.as_ref().map(|bundle| bundle.path.clone());
        if path(self) != path(other) {
            words.push(match path(self) {
                Some(path) => format!("the CA bundle {path}"),
                None => "no CA bundle".to_owned(),
            });
        } else if self.ca_bundle != other.ca_bundle {
            words.push("another version of the CA bundle".to_owned());
        }
        words.join(", ")
    }
}

impl Clone for ProxyRoute {
    fn clone(&self) -> Self {
        Self {
            url: SecretText(self.url.0.duplicate()),
            address: self.address.clone(),
            no_proxy: self.no_proxy.clone(),
        }
    }
}

impl PartialEq for ProxyRoute {
    fn eq(&self, other: &Self) -> bool {
        self.url.0 == other.url.0 && self.no_proxy == other.no_proxy
    }
}

impl Eq for ProxyRoute {}

impl Hash for ProxyRoute {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.url.0.expose().hash(state);
        self.no_proxy.hash(state);
    }
}

impl fmt::Debug for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyRoute([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn through(url: &str, no_proxy: Option<&str>) -> Route {
        Route {
            proxy: Some(ProxyRoute {
                url: SecretText(Secret::new(url)),
                address: "http://proxy:3128".into(),
                no_proxy: no_proxy.map(str::to_owned),
            }),
            ca_bundle: None,
        }
    }

    #[test]
    fn password_and_exceptions_make_routes_differ() {
        let route = through("http://alice:canary@proxy:3128", None);
        assert_eq!(route, route.clone());
        assert_ne!(route, through("http://alice:other@proxy:3128", None));
        assert_ne!(
            route,
            through("http://alice:canary@proxy:3128", Some(".acme.com"))
        );
        assert_ne!(route, Route::default());
        assert!(!format!("{route:?} {:?}", route.summary()).contains("canary"));
    }

    #[test]
    fn differences_name_what_one_side_has() {
        let office = through("http://proxy:3128", Some("intranet")).summary();
        let home = Route::default().summary();
        assert_eq!(office.differences(&home), "the proxy http://proxy:3128");
        assert_eq!(home.differences(&office), "no proxy");
        assert_eq!(office.differences(&office), "");
        let bundle = |version: &str| RouteSummary {
            ca_bundle: Some(CaBundle {
                path: "/etc/acme.pem".into(),
                version: version.into(),
            }),
            ..home.clone()
        };
        assert_eq!(
            bundle("1").differences(&home),
            "the CA bundle /etc/acme.pem"
        );
        assert_eq!(
            bundle("2").differences(&bundle("1")),
            "another version of the CA bundle"
        );
    }
}
