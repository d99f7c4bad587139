//! The VPN of the settings.

use std::path::PathBuf;

use url::Url;

use super::target::below_home;
use super::{Settings, Value};
use crate::model::{DnsScope, Environment};
use crate::openvpn::policy::{Network, NetworkError};
use crate::report::{Exit, Report};

/// Which VPN, and what it may change here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpn {
    /// With a port where it is not 443.
    pub host: String,
    pub saml_host: Option<String>,
    /// A file for [`super::read_vpn_ca_bundle`].
    pub ca_bundle: Option<PathBuf>,
    /// The embed link of its app.
    pub app: Option<String>,
    /// The only networks to route; absent: those the server names.
    pub routes: Option<Vec<Network>>,
    /// The names that its name servers are asked for; absent: as the server pushes.
    pub dns_scope: Option<DnsScope>,
}

impl Settings {
    /// The VPN.
    ///
    /// # Errors
    /// When none is configured.
    pub fn vpn(&self, environment: &Environment) -> Result<Vpn, Report> {
        let text = |path| self.text(path, None).map(ToOwned::to_owned);
        let host = text("vpn.host").ok_or_else(|| {
            Report::new(Exit::Usage, "config.no-vpn", "no VPN is configured")
                .hint("name its server in the settings: `[vpn]` with `host = \"vpn.acme.com\"`")
                .hint("or `export OB_VPN_HOST=vpn.acme.com`")
        })?;
        Ok(Vpn {
            host,
            saml_host: text("vpn.saml_host"),
            ca_bundle: match self.at("vpn.ca_bundle", None) {
                Some((Value::Path(path), _)) => Some(below_home(path.clone(), environment)),
                _ => None,
            },
            app: text("vpn.app"),
            routes: match self.at("vpn.routes", None) {
                Some((Value::Networks(networks), _)) => Some(networks.clone()),
                _ => None,
            },
            dns_scope: text("vpn.dns_scope").and_then(|scope| scope.parse().ok()),
        })
    }
}

/// A host, with its port where it is not 443.
pub(super) fn is_host(text: &str) -> bool {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    text.chars().all(bare)
        && Url::parse(&format!("https://{text}/")).is_ok_and(|url| url.path() == "/")
}

/// Address ranges, `10.0.0.0/8`.
pub(super) fn networks(items: &[&str]) -> Result<Vec<Network>, NetworkError> {
    items.iter().map(|item| item.parse()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_host_and_nothing_else() {
        for good in [
            "vpn.acme.com",
            "127.0.0.1:8443",
            "[::1]:443",
            "vpn-2.acme.com",
        ] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "https://vpn.acme.com",
            "vpn.acme.com/x",
            "a@b",
            "a b",
            "",
            "vpn.acme.com:x",
            "a?b",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
        assert!(networks(&["10.0.0.0/8", "fd00::/8"]).is_ok());
        assert!(networks(&["10.0.0.1/8"]).is_err());
    }
}
