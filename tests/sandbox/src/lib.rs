//! `ob-sandbox`: an Okta org, an AWS STS, an OpenVPN Access Server and a foreign host on loopback
//! over TLS, for the tests of `ob` and for people who want to try it. Every secret it gives out is
//! a recognisable canary, every request is logged, and each server can be told to misbehave. It
//! shares no code with `ob`, so that neither can hide the other's mistakes.
//!
//! ```no_run
//! use ob_sandbox::{Fault, FaultKind, Sandbox, Server};
//!
//! let sandbox = Sandbox::start();
//! sandbox.fault(Fault::org("/api/v1/authn", FaultKind::HtmlInsteadOfJson));
//! let alice = sandbox.user("alice");
//! println!("{} {} {}", sandbox.org_url(), alice.password, alice.totp_now());
//! assert_eq!(sandbox.handshakes(Server::Org), 0);
//! ```

mod access_server;
mod canary;
mod clock;
mod fault;
mod federation;
mod http;
mod iam;
mod inspect;
mod log;
mod okta;
mod openvpn_auth;
mod openvpn_server;
mod options;
mod saml;
mod security_key;
mod server;
mod sigv4;
mod state;
mod sts;
mod tls;
mod totp;
mod users;
mod virtual_key;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

pub use crate::access_server::{VpnOptions, VpnQuestion};
pub use crate::fault::{Fault, FaultKind};
pub use crate::log::{Logged, Server};
pub use crate::okta::{DeviceOutcome, DeviceScript, PushOutcome, PushScript};
pub use crate::openvpn_server::OpenVpn;
pub use crate::options::{Interlude, Interstitial, Options, Pipeline, StepUpEnd};
pub use crate::security_key::{PRESENT, SecurityKey, Signed, VERIFIED};
pub use crate::tls::Certificate;
pub use crate::users::User;
pub use crate::virtual_key::{Plugged, Touch};

use crate::canary::Canaries;
use crate::clock::Clock;
use crate::iam::{Grant, Iam};
use crate::okta::{AppId, Org};
use crate::saml::{IdentityProvider, Verified};
use crate::state::SandboxState;

/// One of the org's AWS apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsApp {
    /// "AWS production"; alice, bob, carol, dave, ivan and mallory have it.
    Production,
    /// "AWS labs"; alice has it.
    Labs,
}

/// The running servers. They stop when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    state: Arc<SandboxState>,
    ca_pem: String,
    vpn_ca_pem: String,
    runtime: Mutex<Option<Runtime>>,
}

impl Sandbox {
    /// The usual sandbox.
    ///
    /// # Panics
    /// When the machine gives no port or no random numbers.
    pub fn start() -> Sandbox {
        Sandbox::with(Options::default())
    }

    /// A sandbox that differs.
    ///
    /// # Panics
    /// As [`Sandbox::start`].
    #[expect(clippy::panic, reason = "a test cannot go on without its sandbox")]
    pub fn with(options: Options) -> Sandbox {
        Sandbox::launch(options)
            .unwrap_or_else(|error| panic!("the sandbox did not start: {error}"))
    }

    /// As [`Sandbox::with`], for callers that can go on without.
    ///
    /// # Errors
    /// When the machine gives no port, no thread or no random numbers.
    pub fn launch(options: Options) -> io::Result<Sandbox> {
        let name = options.host.as_ref().map(|(name, _)| name.as_str());
        let authority = tls::Authority::new(options.certificate, name)?;
        let vpn_authority = match options.vpn.own_authority {
            true => Some(tls::Authority::new(tls::Certificate::Good, name)?),
            false => None,
        };
        let (org, org_url) = match &options.host {
            Some((name, port)) => server::bind_as(name, *port)?,
            None => server::bind()?,
        };
        let (sts, sts_url) = server::bind()?;
        let (other, other_url) = server::bind()?;
        let (vpn, vpn_url) = server::bind()?;
        let canaries = Arc::new(Canaries::default());
        let state = Arc::new(SandboxState {
            clock: Clock::new(options.clock_skew_seconds),
            log: log::Log::default(),
            faults: fault::Faults::default(),
            users: users::everybody(&canaries, &org_url),
            identity_provider: IdentityProvider::new("http://www.okta.com/exk1awsprod0000000h7")?,
            org_url,
            sts_url,
            other_url,
            vpn_url,
            vpn: Mutex::default(),
            org: Mutex::new(Org::default()),
            iam: Mutex::new(Iam::new(options.extra_roles)),
            push: Mutex::new(PushScript::approve()),
            verified: Verified::default(),
            canaries,
            options,
        });
        openvpn_server::paper_profile(&state)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("ob-sandbox")
            .enable_all()
            .build()?;
        let inside = runtime.enter();
        let acceptor = TlsAcceptor::from(authority.server);
        for (server, listener) in [
            (Server::Org, org),
            (Server::Sts, sts),
            (Server::Other, other),
            (Server::Vpn, vpn),
        ] {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let state = Arc::clone(&state);
            let acceptor = match (&vpn_authority, server) {
                (Some(own), Server::Vpn) => TlsAcceptor::from(Arc::clone(&own.server)),
                _ => acceptor.clone(),
            };
            runtime.spawn(server::serve(state, server, listener, acceptor));
        }
        drop(inside);
        Ok(Sandbox {
            state,
            vpn_ca_pem: vpn_authority.map_or_else(|| authority.pem.clone(), |own| own.pem),
            ca_pem: authority.pem,
            runtime: Mutex::new(Some(runtime)),
        })
    }

    /// `https://127.0.0.1:PORT` of the Okta org, or what [`Options::host`] says.
    pub fn org_url(&self) -> String {
        self.state.org_url.clone()
    }

    /// `https://127.0.0.1:PORT` of STS.
    pub fn sts_url(&self) -> String {
        self.state.sts_url.clone()
    }

    /// `https://127.0.0.1:PORT` of a host that must never see a secret.
    pub fn other_url(&self) -> String {
        self.state.other_url.clone()
    }

    /// The CA of all three, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The CA of the VPN's web pages, PEM.
    pub fn vpn_ca_pem(&self) -> &str {
        &self.vpn_ca_pem
    }

    /// The certificate of the org's SAML signing key, PEM.
    pub fn identity_provider_pem(&self) -> &str {
        &self.state.identity_provider.certificate_pem
    }

    /// A person, by login or by what stands before the `@`.
    ///
    /// # Panics
    /// When there is no such person.
    #[expect(clippy::panic, reason = "a misspelt name is a mistake in the test")]
    pub fn user(&self, name: &str) -> &User {
        self.state
            .user(name)
            .unwrap_or_else(|| panic!("nobody at acme is called {name}"))
    }

    /// Everybody.
    pub fn users(&self) -> &[User] {
        &self.state.users
    }

    /// ARNs of the roles an app grants a person, in the order of the assertion.
    pub fn roles(&self, name: &str, app: AwsApp) -> Vec<String> {
        let granted = self.state.iam().granted(&self.user(name).login, app.into());
        granted.into_iter().map(|grant| grant.role).collect()
    }

    /// The embed link of an AWS app.
    pub fn app_url(&self, app: AwsApp) -> String {
        self.org_url() + &AppId::from(app).home_path()
    }

    /// A signed SAML response for a person, base64, without signing in.
    pub fn assertion(&self, name: &str, app: AwsApp) -> String {
        okta::assertion(&self.state, self.user(name), app.into())
    }

    /// Gives a person one more role. The role is not made to exist by this.
    pub fn grant(&self, name: &str, app: AwsApp, provider_arn: &str, role_arn: &str) {
        let login = self.user(name).login.clone();
        self.state.iam().add_grant(Grant {
            login,
            app: app.into(),
            provider: provider_arn.to_owned(),
            role: role_arn.to_owned(),
        });
    }

    /// Takes every role from a person that an app grants by this provider.
    pub fn withdraw(&self, name: &str, app: AwsApp, provider_arn: &str) {
        let login = &self.user(name).login;
        self.state.iam().withdraw(login, app.into(), provider_arn);
    }

    /// Makes a role, or changes its `MaxSessionDuration`.
    pub fn role(&self, arn: &str, max_session_seconds: u64) {
        self.state.iam().set_role(arn, max_session_seconds);
    }

    /// Scripts a fault. Faults are tried in the order they were scripted.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.arm(fault);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// How phones behave from now on, also towards pushes already sent.
    pub fn push(&self, script: PushScript) {
        *self
            .state
            .push
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// Pushes are approved on the second poll (how a sandbox starts).
    pub fn approve_push(&self) {
        self.push(PushScript::approve());
    }

    /// Pushes are rejected on the second poll.
    pub fn reject_push(&self) {
        self.push(PushScript::reject());
    }

    /// How the person at the browser behaves from now on.
    pub fn device(&self, script: DeviceScript) {
        self.state.org().device_script = script;
    }

    /// The client ids of the device grant and of machines.
    pub fn clients(&self) -> (&'static str, &'static str) {
        (okta::oauth::CLIENT, okta::oauth::MACHINE)
    }

    /// The keys of machines with their ids, PEM: RSA as PKCS#8 and PKCS#1, EC as PKCS#8.
    pub fn machine_keys(&self) -> [(&'static str, &'static str); 3] {
        use okta::oauth::{EC_PKCS8, RSA_PKCS1, RSA_PKCS8};
        [
            ("kid-rsa", RSA_PKCS8),
            ("kid-rsa", RSA_PKCS1),
            ("kid-ec", EC_PKCS8),
        ]
    }

    /// Moves the servers' clock, so that lifetimes end without waiting.
    pub fn advance_clock(&self, seconds: i64) {
        self.state.clock.advance(seconds);
    }

    /// The servers' clock, seconds since the epoch.
    pub fn now(&self) -> u64 {
        self.state.clock.now()
    }

    /// Lets codes be used again, for tests that sign in twice within thirty seconds.
    pub fn forget_used_codes(&self) {
        self.state.org().used_codes.clear();
    }

    /// The code that was last sent to a person by `sms`, `call` or `email`.
    pub fn delivered(&self, name: &str, by: &str) -> Option<String> {
        let prefix = match by {
            "call" => "clf",
            "email" => "emf",
            _ => "sms",
        };
        let login = self.user(name).login.clone();
        let org = self.state.org();
        let mut sent = org.delivered.iter();
        sent.find(|((person, factor), _)| *person == login && factor.starts_with(prefix))
            .map(|(_, (code, _))| code.clone())
    }

    /// Why answers of security keys were refused, oldest first. Okta does not report it.
    pub fn key_refusals(&self) -> Vec<&'static str> {
        self.state.org().key_refusals.clone()
    }

    /// Ends every Okta session and sign-in, as an administrator can.
    pub fn end_sessions(&self) {
        self.state.org().end_sessions();
    }

    /// How many access and refresh tokens are still good at the org, and how many sessions.
    pub fn live(&self) -> (usize, usize) {
        self.state.org().live(self.state.clock.now())
    }

    /// Stops the servers for good: connections end, ports refuse. Log and canaries stay.
    pub fn stop(&self) {
        if let Some(runtime) = self.take_runtime() {
            // A thread of its own, because a runtime must not be waited for inside another.
            let stopping = std::thread::spawn(|| runtime.shutdown_timeout(Duration::from_secs(5)));
            let _ = stopping.join();
        }
    }

    /// Every secret given out so far, as kind and value: passwords, TOTP secrets and passcodes,
    /// state and session tokens, `sid` and `DT` cookies, SAML responses (base64, XML and ids),
    /// secret access keys and session tokens.
    pub fn canaries(&self) -> Vec<(String, String)> {
        self.state.canaries.all()
    }

    fn take_runtime(&self) -> Option<Runtime> {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.take()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.take_runtime() {
            runtime.shutdown_background();
        }
    }
}

impl From<AwsApp> for AppId {
    fn from(app: AwsApp) -> AppId {
        match app {
            AwsApp::Production => AppId::AwsProduction,
            AwsApp::Labs => AppId::AwsLabs,
        }
    }
}

/// The code an authenticator app with this base32 secret shows now; `None` when it is no secret.
pub fn totp_of_secret(secret: &str) -> Option<String> {
    totp::decode_secret(secret).map(|key| totp::code(&key, clock::unix_now()))
}
