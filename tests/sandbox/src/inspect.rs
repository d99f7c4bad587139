//! What the servers of a sandbox have received, for assertions; and its VPN.

use std::io;

use crate::{Logged, OpenVpn, Sandbox, Server};

impl Sandbox {
    /// `https://127.0.0.1:PORT` of the OpenVPN Access Server's web pages.
    pub fn vpn_url(&self) -> String {
        self.state.vpn_url.clone()
    }

    /// The embed link of the VPN's app.
    pub fn vpn_app_url(&self) -> String {
        self.org_url() + &crate::okta::AppId::OpenVpn.home_path()
    }

    /// The sign-on address of the VPN's app.
    pub fn vpn_sign_on_url(&self) -> String {
        self.org_url() + &crate::okta::AppId::OpenVpn.sso_path()
    }

    /// Starts a real openvpn server behind the Access Server; from now on its profiles lead there.
    ///
    /// # Errors
    /// When a program is missing or we are not root of this network namespace.
    pub fn openvpn(&self) -> io::Result<OpenVpn> {
        OpenVpn::start(&self.state)
    }

    /// Every request since the start or [`Sandbox::clear_log`], in order of arrival.
    pub fn log(&self) -> Vec<Logged> {
        self.state.log.all()
    }

    /// The requests of one server whose path begins like this.
    pub fn requests(&self, server: Server, path_prefix: &str) -> Vec<Logged> {
        let mut log = self.log();
        log.retain(|logged| logged.server == server && logged.path.starts_with(path_prefix));
        log
    }

    /// The STS calls of one `Action`.
    pub fn sts_calls(&self, action: &str) -> Vec<Logged> {
        let mut calls = self.requests(Server::Sts, "/");
        calls.retain(|logged| logged.form("Action").as_deref() == Some(action));
        calls
    }

    /// The session policies of credentials that STS gave out, by their access key's id.
    pub fn session_policies(&self, access_key_id: &str) -> Option<Vec<String>> {
        let iam = self.state.iam();
        Some(iam.issued.get(access_key_id)?.policies.clone())
    }

    /// Forgets the log and sets the counters to zero.
    pub fn clear_log(&self) {
        self.state.log.clear();
    }

    /// TLS handshakes completed, resumed ones included.
    pub fn handshakes(&self, server: Server) -> usize {
        self.state.log.handshakes(server)
    }

    /// TCP connections accepted.
    pub fn connections(&self, server: Server) -> usize {
        self.state.log.connections(server)
    }
}
