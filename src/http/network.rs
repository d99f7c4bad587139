//! The configuration of connections: trusted certificates and a proxy.

use std::sync::Arc;

use reqwest::{Certificate, Proxy, Url, redirect};

use crate::http::error::HttpError;
use crate::http::timeouts::{CONNECT_TIMEOUT, REQUEST_TIMEOUT};
use crate::secret::Secret;
use crate::web::NoProxy;

const MAX_IDLE_CONNECTIONS: usize = 32;

/// The network settings of a request: certificates and a proxy.
#[derive(Debug, Default)]
pub struct Network {
    /// PEM certificates that replace the system's authorities.
    pub ca_bundle: Option<Arc<str>>,
    /// A proxy's address, which may carry a password, and the hosts that bypass it.
    pub proxy: Option<(Secret, Option<String>)>,
}

/// A proxy, its name in messages, and the hosts that bypass it.
#[derive(Clone, Debug)]
pub(super) struct HttpProxy {
    url: Arc<Secret>,
    name: Arc<str>,
    no_proxy: NoProxy,
}

impl Network {
    /// Parses the proxy's address.
    pub(super) fn proxy(&self) -> Result<Option<HttpProxy>, HttpError> {
        let Some((text, no_proxy)) = &self.proxy else {
            return Ok(None);
        };
        let url = Url::parse(text.expose()).map_err(|_| HttpError::Proxy)?;
        Ok(Some(HttpProxy {
            name: host_and_port(&url).into(),
            url: Arc::new(text.duplicate()),
            no_proxy: NoProxy::parse(no_proxy.as_deref().unwrap_or_default()),
        }))
    }

    /// Builds a client without connections.
    ///
    /// # Errors
    /// [`HttpError::CaBundle`] if the certificates cannot be used.
    pub(super) fn build(&self, proxy: Option<&HttpProxy>) -> Result<reqwest::Client, HttpError> {
        // Fails if a provider is installed already, which is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ob/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS);
        if let Some(pem) = &self.ca_bundle {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|_| HttpError::CaBundle("not PEM".into()))?;
            if certificates.is_empty() {
                return Err(HttpError::CaBundle("it holds no certificate".into()));
            }
            builder = builder.tls_certs_only(certificates);
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy.rule());
        }
        builder.build().map_err(|_| {
            HttpError::CaBundle(match self.ca_bundle {
                Some(_) => "a certificate in it cannot be read".into(),
                None => "this machine has no CA certificates".into(),
            })
        })
    }
}

impl HttpProxy {
    /// Returns the rule for reqwest, whose own parser of `NO_PROXY` knows neither ports nor
    /// `*.acme.com`.
    fn rule(&self) -> Proxy {
        let (no_proxy, url) = (self.no_proxy.clone(), self.url.duplicate());
        Proxy::custom(move |to: &Url| {
            let url = (!no_proxy.matches(to)).then(|| Url::parse(url.expose()));
            url.and_then(Result::ok)
        })
    }

    /// Returns the proxy's name if `url` is reached through it.
    pub(super) fn name_if_used_for(&self, url: &Url) -> Option<&str> {
        (!self.no_proxy.matches(url)).then_some(&*self.name)
    }
}

/// Returns the proxy's host and port (`proxy:3128`) without the password.
fn host_and_port(proxy: &Url) -> String {
    let host = proxy.host_str().unwrap_or_default();
    let default_port = match proxy.scheme() {
        "socks5" | "socks5h" => Some(1080),
        _ => proxy.port_or_known_default(),
    };
    match proxy.port().or(default_port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
