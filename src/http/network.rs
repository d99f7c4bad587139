//! The settings of a client's connections: trusted certificates and a proxy.

use std::sync::Arc;

use reqwest::{Proxy, Url};

use crate::http::HttpError;
use crate::secret::Secret;
use crate::web::NoProxy;

/// The network settings that the client resolved: certificates and a proxy.
#[derive(Debug, Default)]
pub struct Network {
    /// PEM certificates that replace the system's authorities.
    pub ca_bundle: Option<Arc<str>>,
    /// A proxy's address, which may carry a password, and what bypasses it.
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
    pub(super) fn proxy(&self) -> Result<Option<HttpProxy>, HttpError> {
        let Some((text, no_proxy)) = &self.proxy else {
            return Ok(None);
        };
        let url = Url::parse(text.expose()).map_err(|_| HttpError::Proxy)?;
        Ok(Some(HttpProxy {
            name: name(&url).into(),
            url: Arc::new(text.duplicate()),
            no_proxy: NoProxy::parse(no_proxy.as_deref().unwrap_or_default()),
        }))
    }
}

impl HttpProxy {
    /// Returns the rule as reqwest takes it. reqwest's own reading of `NO_PROXY` knows neither ports nor
    /// `*.acme.com`.
    pub(super) fn rule(&self) -> Proxy {
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

/// Returns the proxy's host and port (`proxy:3128`), without a password of its address.
fn name(proxy: &Url) -> String {
    let host = proxy.host_str().unwrap_or_default();
    let usual = match proxy.scheme() {
        "socks5" | "socks5h" => Some(1080),
        _ => proxy.port_or_known_default(),
    };
    match proxy.port().or(usual) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
