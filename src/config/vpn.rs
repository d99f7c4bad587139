//! The VPN of the settings.

use super::{Settings, Value};
use crate::openvpn::policy::Network;
use crate::report::{Exit, Report};

/// Which VPN, and what it may change here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpn {
    /// With a port where it is not 443.
    pub host: String,
    pub saml_host: Option<String>,
    /// The embed link of its app.
    pub app: Option<String>,
    /// The only networks to route; absent: those the server names.
    pub routes: Option<Vec<Network>>,
}

impl Settings {
    /// The VPN.
    ///
    /// # Errors
    /// When none is configured.
    pub fn vpn(&self) -> Result<Vpn, Report> {
        let text = |path| self.text(path, None).map(ToOwned::to_owned);
        let host = text("vpn.host").ok_or_else(|| {
            Report::new(Exit::Usage, "config.no-vpn", "no VPN is configured")
                .hint("name its server in the settings: `[vpn]` with `host = \"vpn.acme.com\"`")
                .hint("or `export OB_VPN_HOST=vpn.acme.com`")
        })?;
        Ok(Vpn {
            host,
            saml_host: text("vpn.saml_host"),
            app: text("vpn.app"),
            routes: match self.at("vpn.routes", None) {
                Some((Value::Networks(networks), _)) => Some(networks.clone()),
                _ => None,
            },
        })
    }
}
