//! Why a server could not be spoken to, told in words that say whose turn it is.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use thiserror::Error;

use crate::http::client::CONNECT;
use crate::report::{Exit, Report};
use crate::web::RedirectError;

/// How hyper-util's and reqwest's errors begin that are about a proxy.
const TUNNEL: &str = "tunnel error: ";
const SOCKS: &str = "SOCKS error: ";
const SOCKS_CONNECT: &str = "error connecting to socks proxy";
/// The rest of one about the connection to the proxy itself.
const UNDERLYING: &str = "failed to create underlying connection";

/// A failure below the protocol. Carries the host, never the address: that may hold a token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HttpError {
    #[error("the CA bundle cannot be used: {0}")]
    CaBundle(String),
    #[error("the proxy's address cannot be used")]
    Proxy,
    #[error("{0} is not an https address")]
    NotHttps(String),
    #[error("cannot find {host}: no such host, or no DNS")]
    Dns { host: String },
    #[error("cannot connect to {host}: {why}")]
    Connect { host: String, why: String },
    #[error("the proxy {proxy} does not connect to {host}: {why}")]
    ProxyRefused {
        proxy: String,
        host: String,
        why: String,
    },
    #[error("cannot find the proxy {proxy}: no such host, or no DNS")]
    ProxyDns { proxy: String },
    #[error("cannot connect to the proxy {proxy}: {why}")]
    ProxyConnect { proxy: String, why: String },
    #[error("the proxy {proxy} did not connect to {host} within {seconds} seconds")]
    ProxyTimedOut {
        proxy: String,
        host: String,
        seconds: u64,
    },
    #[error(
        "a network that asks for a sign-in of its own answered in the place of {host} (status 511)"
    )]
    Portal { host: String },
    #[error("{host} did not answer within {seconds} seconds")]
    TimedOut { host: String, seconds: u64 },
    #[error("{host}'s certificate is not from an authority this machine trusts")]
    UnknownAuthority { host: String },
    #[error("{host}'s certificate is not valid at this time by this machine's clock")]
    CertificateTime { host: String },
    #[error("{host} showed a certificate for another name")]
    CertificateName { host: String },
    #[error("no TLS with {host}: {why}")]
    Tls { host: String, why: String },
    #[error("{host} broke off in the middle of its answer")]
    BrokenOff { host: String },
    #[error("{host} answered with more than {limit} bytes")]
    TooLong { host: String, limit: usize },
    #[error("{host} compressed an answer that it was asked not to compress")]
    Compressed { host: String },
    #[error("{host} is not {origin}")]
    Foreign { host: String, origin: String },
    #[error("{host}: {why}")]
    Redirect { host: String, why: RedirectError },
}

impl HttpError {
    /// Whether the same question may be put again: nothing was decided by the server.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::ProxyConnect { .. }
                | Self::ProxyDns { .. }
                | Self::ProxyTimedOut { .. }
                | Self::TimedOut { .. }
                | Self::BrokenOff { .. }
                | Self::Dns { .. }
        )
    }

    /// Reads reqwest's chain of causes; its own text is not used, since that quotes addresses.
    /// With the proxy's host and port, where the request went by one: a failure before the proxy
    /// has taken the
    /// request is the proxy's.
    pub(super) fn from_reqwest(
        error: &reqwest::Error,
        host: &str,
        proxy: Option<&str>,
        seconds: u64,
    ) -> Self {
        let host = host.to_owned();
        if error.is_timeout() {
            // It was given up before the time of a whole exchange was over.
            let seconds = match error.is_connect() {
                true => seconds.min(CONNECT.as_secs()),
                false => seconds,
            };
            return match proxy.filter(|_| error.is_connect()) {
                Some(proxy) => Self::ProxyTimedOut {
                    proxy: proxy.to_owned(),
                    host,
                    seconds,
                },
                None => Self::TimedOut { host, seconds },
            };
        }
        let mut cause = error.source();
        let mut innermost = String::new();
        // The connection to the proxy failed, or it refused; what goes through it fails as it does
        // without one.
        let mut at_proxy = false;
        while let Some(inner) = cause {
            if let Some(tls) = unwrapped(inner).downcast_ref::<rustls::Error>() {
                let host = match proxy.filter(|_| at_proxy) {
                    Some(proxy) => format!("the proxy {proxy}"),
                    None => host,
                };
                return Self::from_tls(tls, host);
            }
            innermost = inner.to_string();
            at_proxy |= innermost.starts_with(TUNNEL) || innermost == SOCKS_CONNECT;
            cause = inner.source();
        }
        if let Some(proxy) = proxy.filter(|_| at_proxy) {
            return Self::from_proxy(proxy.to_owned(), host, innermost);
        }
        if innermost == "tls handshake eof" {
            let why = "the connection ended before it began".into();
            return Self::Tls { host, why };
        }
        if is_dns(&innermost) {
            return Self::Dns { host };
        }
        if error.is_connect() {
            return Self::Connect {
                host,
                why: innermost,
            };
        }
        Self::BrokenOff { host }
    }

    fn from_proxy(proxy: String, host: String, innermost: String) -> Self {
        let said = innermost.strip_prefix(TUNNEL);
        match said.or_else(|| innermost.strip_prefix(SOCKS)) {
            Some(UNDERLYING) => {
                let why = "nothing answers there".to_owned();
                Self::ProxyConnect { proxy, why }
            }
            Some(why) => {
                let why = match why {
                    "unsuccessful" => "it did not answer CONNECT with status 200",
                    why => why,
                };
                let why = why.to_owned();
                Self::ProxyRefused { proxy, host, why }
            }
            None if is_dns(&innermost) => Self::ProxyDns { proxy },
            None => {
                let why = innermost;
                Self::ProxyConnect { proxy, why }
            }
        }
    }

    fn from_tls(error: &rustls::Error, host: String) -> Self {
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                // A signature by another key: an authority of the same name is trusted, this one is not.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    Self::UnknownAuthority { host }
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::CertificateTime { host },
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => Self::CertificateName { host },
                other => Self::Tls {
                    host,
                    why: other.to_string(),
                },
            },
            other => Self::Tls {
                host,
                why: other.to_string(),
            },
        }
    }
}

fn is_dns(innermost: &str) -> bool {
    innermost.contains("lookup address") || innermost.contains("dns error")
}

/// What an error of the system was made from: its `source` passes over what it wraps.
fn unwrapped<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => unwrapped(inner),
        None => error,
    }
}

impl From<HttpError> for Report {
    fn from(error: HttpError) -> Self {
        let (exit, name, hint) = match &error {
            HttpError::CaBundle(_) => (
                Exit::Usage,
                "http.ca_bundle",
                "`ca_bundle` takes a file of PEM certificates",
            ),
            HttpError::Proxy => (
                Exit::Usage,
                "http.proxy",
                "write `proxy = \"http://proxy:3128\"`, or fix HTTPS_PROXY",
            ),
            HttpError::NotHttps(_) => (
                Exit::Refused,
                "http.not_https",
                "only https is spoken; check the address in `ob config check`",
            ),
            HttpError::Dns { .. } => (
                Exit::Unreachable,
                "http.dns",
                "check the network, and the host in `ob config check`",
            ),
            HttpError::Connect { .. } => (
                Exit::Unreachable,
                "http.connect",
                "check the network; behind a proxy set HTTPS_PROXY or `proxy =`",
            ),
            HttpError::ProxyRefused { .. } => (
                Exit::Unreachable,
                "http.proxy_refused",
                "check the proxy's address, name and password in HTTPS_PROXY or `proxy =`; NO_PROXY names hosts that need none",
            ),
            HttpError::ProxyDns { .. } => (
                Exit::Unreachable,
                "http.dns",
                "check the proxy's address in HTTPS_PROXY or `proxy =`; in a network without it `unset HTTPS_PROXY`",
            ),
            HttpError::ProxyConnect { .. } => (
                Exit::Unreachable,
                "http.connect",
                "check the proxy's address in HTTPS_PROXY or `proxy =`; in a network without it `unset HTTPS_PROXY`",
            ),
            HttpError::ProxyTimedOut { .. } => (
                Exit::Unreachable,
                "http.timeout",
                "check the proxy's address in HTTPS_PROXY or `proxy =`; in a network without it `unset HTTPS_PROXY`",
            ),
            HttpError::Portal { .. } => (
                Exit::Unreachable,
                "http.portal",
                "open any page in a browser and sign in to this network (hotel, train, guest WLAN), then run the same command again",
            ),
            HttpError::TimedOut { .. } => (
                Exit::Unreachable,
                "http.timeout",
                "check the network, then run the same command again; behind a proxy set HTTPS_PROXY or `proxy =`",
            ),
            HttpError::UnknownAuthority { .. } => (
                Exit::Unreachable,
                "http.tls_authority",
                "if your company inspects TLS, set `ca_bundle` to its certificates; else something is in between: a network that wants a sign-in of its own, or an attacker",
            ),
            HttpError::CertificateTime { .. } => (
                Exit::Unreachable,
                "http.tls_time",
                "check this machine's clock with `date -u`",
            ),
            HttpError::CertificateName { .. } => (
                Exit::Unreachable,
                "http.tls_name",
                "check the address in `ob config check`; a network that wants a sign-in of its own (hotel, train) answers so: open any page in a browser",
            ),
            HttpError::Tls { .. } => (
                Exit::Unreachable,
                "http.tls",
                "TLS 1.2 or newer is needed, end to end",
            ),
            HttpError::BrokenOff { .. } => (
                Exit::Unreachable,
                "http.broken_off",
                "run the same command again; if it stays so, a proxy may be cutting answers",
            ),
            HttpError::TooLong { .. } => (
                Exit::Refused,
                "http.too_long",
                "this is not what that server usually sends: is a portal in between?",
            ),
            HttpError::Compressed { .. } => (
                Exit::Refused,
                "http.compressed",
                "a proxy may be changing answers: try without it",
            ),
            HttpError::Foreign { .. } => (
                Exit::Usage,
                "http.foreign",
                "app links must belong to the org: check `ob config check`",
            ),
            HttpError::Redirect { .. } => (
                Exit::Refused,
                "http.redirect",
                "check the address in `ob config check`; is a portal in between?",
            ),
        };
        Self::new(exit, name, "cannot get an answer")
            .cause(&error)
            .hint(hint)
    }
}
