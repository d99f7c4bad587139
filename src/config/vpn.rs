//! The settings of the VPN.

use std::path::PathBuf;

use super::settings::Settings;
use super::value::Value;
use crate::model::{DnsScope, Environment};
use crate::openvpn::policy::Network;
use crate::report::{ErrorCode, Report};

/// The VPN, and what it may change on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpn {
    /// With a port where it is not 443.
    pub host: String,
    pub saml_host: Option<String>,
    /// A file for [`super::read_vpn_ca_bundle`].
    pub ca_bundle: Option<PathBuf>,
    /// The embed link of its app.
    pub app: Option<String>,
    /// The only networks to route; if none, those that the server pushes.
    pub routes: Option<Vec<Network>>,
    /// The names to resolve at its name servers; if none, as the server pushes.
    pub dns_scope: Option<DnsScope>,
}

impl Settings {
    /// Returns the VPN.
    ///
    /// # Errors
    /// When none is configured.
    pub fn vpn(&self, environment: &Environment) -> Result<Vpn, Report> {
        let host = self.string("vpn.host", None).ok_or_else(|| {
            Report::new(ErrorCode::ConfigNoVpn, "no VPN is configured")
                .hint("name its server in the settings: `[vpn]` with `host = \"vpn.acme.com\"`")
                .hint("or `export OB_VPN_HOST=vpn.acme.com`")
        })?;
        let scope = self.text("vpn.dns_scope", None);
        Ok(Vpn {
            host,
            saml_host: self.string("vpn.saml_host", None),
            ca_bundle: self.path("vpn.ca_bundle", None, environment),
            app: self.string("vpn.app", None),
            routes: match self.value("vpn.routes", None) {
                Some(Value::Networks(networks)) => Some(networks.clone()),
                _ => None,
            },
            dns_scope: scope.and_then(|scope| scope.parse().ok()),
        })
    }
}
