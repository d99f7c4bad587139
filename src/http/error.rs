//! Failures below the protocol: DNS, connection, proxy, TLS, limits, redirects.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use thiserror::Error;

use crate::http::timeouts::CONNECT_TIMEOUT;
use crate::report::{ErrorCode, Report};
use crate::web::RedirectError;

// Beginnings of hyper-util's and reqwest's error texts about a proxy. They export no type for it.
const TUNNEL_ERROR: &str = "tunnel error: ";
const SOCKS_ERROR: &str = "SOCKS error: ";
const SOCKS_CONNECT_ERROR: &str = "error connecting to socks proxy";
/// The rest of such a text if the proxy itself was not reached.
const NO_CONNECTION: &str = "failed to create underlying connection";

/// A failure below the protocol. It carries the host, never the address, which may hold a token.
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
    #[error(
        "the proxy {proxy} did not connect to {host} within {} seconds",
        .timeout.as_secs()
    )]
    ProxyTimedOut {
        proxy: String,
        host: String,
        timeout: Duration,
    },
    #[error(
        "a network that asks for a sign-in of its own answered in the place of {host} (status 511)"
    )]
    CaptivePortal { host: String },
    #[error("{host} did not answer within {} seconds", .timeout.as_secs())]
    TimedOut { host: String, timeout: Duration },
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
    #[error("{host} answered with more than {max_bytes} bytes")]
    TooLarge { host: String, max_bytes: usize },
    #[error("{host} compressed an answer that it was asked not to compress")]
    Compressed { host: String },
    #[error("{host} is not {origin}")]
    ForeignHost { host: String, origin: String },
    #[error("{host}: {error}")]
    Redirect { host: String, error: RedirectError },
}

impl HttpError {
    /// Whether the request may be sent again: the server has decided nothing.
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

    /// Classifies a failure by its chain of causes. reqwest's own text quotes addresses and is not
    /// used. `proxy` names the proxy that the request went through: a failure before the proxy took
    /// the request is the proxy's.
    pub(super) fn from_reqwest(
        error: &reqwest::Error,
        host: &str,
        proxy: Option<&str>,
        timeout: Duration,
    ) -> Self {
        let host = host.to_owned();
        if error.is_timeout() {
            return match (error.is_connect(), proxy) {
                (true, Some(proxy)) => Self::ProxyTimedOut {
                    proxy: proxy.to_owned(),
                    host,
                    timeout: timeout.min(CONNECT_TIMEOUT),
                },
                (true, None) => Self::TimedOut {
                    host,
                    timeout: timeout.min(CONNECT_TIMEOUT),
                },
                (false, _) => Self::TimedOut { host, timeout },
            };
        }
        let mut cause = error.source();
        let mut innermost = String::new();
        // Whether the proxy failed or refused.
        let mut at_proxy = false;
        while let Some(inner) = cause {
            if let Some(tls) = wrapped(inner).downcast_ref::<rustls::Error>() {
                let host = match proxy.filter(|_| at_proxy) {
                    Some(proxy) => format!("the proxy {proxy}"),
                    None => host,
                };
                return Self::from_tls(tls, host);
            }
            innermost = inner.to_string();
            at_proxy |= innermost.starts_with(TUNNEL_ERROR) || innermost == SOCKS_CONNECT_ERROR;
            cause = inner.source();
        }
        if let Some(proxy) = proxy.filter(|_| at_proxy) {
            return Self::from_proxy(proxy.to_owned(), host, innermost);
        }
        if innermost == "tls handshake eof" {
            let why = "the server closed the connection during the TLS handshake".into();
            return Self::Tls { host, why };
        }
        if is_dns(&innermost) {
            return Self::Dns { host };
        }
        if error.is_connect() {
            let why = innermost;
            return Self::Connect { host, why };
        }
        Self::BrokenOff { host }
    }

    fn from_proxy(proxy: String, host: String, innermost: String) -> Self {
        let why = innermost
            .strip_prefix(TUNNEL_ERROR)
            .or_else(|| innermost.strip_prefix(SOCKS_ERROR));
        match why {
            Some(NO_CONNECTION) => Self::ProxyConnect {
                proxy,
                why: "nothing answers there".to_owned(),
            },
            Some("unsuccessful") => Self::ProxyRefused {
                proxy,
                host,
                why: "it did not answer CONNECT with status 200".to_owned(),
            },
            Some(why) => Self::ProxyRefused {
                proxy,
                host,
                why: why.to_owned(),
            },
            None if is_dns(&innermost) => Self::ProxyDns { proxy },
            None => Self::ProxyConnect {
                proxy,
                why: innermost,
            },
        }
    }

    fn from_tls(error: &rustls::Error, host: String) -> Self {
        if let rustls::Error::InvalidCertificate(certificate) = error {
            match certificate {
                // `BadSignature`: an authority of the same name is trusted, with another key.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    return Self::UnknownAuthority { host };
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => {
                    return Self::CertificateTime { host };
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => {
                    return Self::CertificateName { host };
                }
                other => {
                    let why = other.to_string();
                    return Self::Tls { host, why };
                }
            }
        }
        let why = error.to_string();
        Self::Tls { host, why }
    }
}

fn is_dns(innermost: &str) -> bool {
    innermost.contains("lookup address") || innermost.contains("dns error")
}

/// Returns the error that an `io::Error` wraps: its `source` skips that one.
fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let io_error = error.downcast_ref::<io::Error>();
    match io_error.and_then(io::Error::get_ref) {
        Some(inner) => wrapped(inner),
        None => error,
    }
}

impl From<HttpError> for Report {
    fn from(error: HttpError) -> Self {
        const CHECK_PROXY: &str = "check the proxy's address in HTTPS_PROXY or `proxy =`; \
             in a network without it `unset HTTPS_PROXY`";
        let (code, hint) = match &error {
            HttpError::CaBundle(_) => (
                ErrorCode::HttpCaBundle,
                "`ca_bundle` takes a file of PEM certificates",
            ),
            HttpError::Proxy => (
                ErrorCode::HttpProxy,
                "write `proxy = \"http://proxy:3128\"`, or fix HTTPS_PROXY",
            ),
            HttpError::NotHttps(_) => (
                ErrorCode::HttpNotHttps,
                "only https is spoken; check the address in `ob config check`",
            ),
            HttpError::Dns { .. } => (
                ErrorCode::HttpDns,
                "check the network, and the host in `ob config check`",
            ),
            HttpError::Connect { .. } => (
                ErrorCode::HttpConnect,
                "check the network; behind a proxy set HTTPS_PROXY or `proxy =`",
            ),
            HttpError::ProxyRefused { .. } => (
                ErrorCode::HttpProxyRefused,
                "check the proxy's address, name and password in HTTPS_PROXY or `proxy =`; \
                 NO_PROXY names hosts that need none",
            ),
            HttpError::ProxyDns { .. } => (ErrorCode::HttpDns, CHECK_PROXY),
            HttpError::ProxyConnect { .. } => (ErrorCode::HttpConnect, CHECK_PROXY),
            HttpError::ProxyTimedOut { .. } => (ErrorCode::HttpTimeout, CHECK_PROXY),
            HttpError::CaptivePortal { .. } => (
                ErrorCode::HttpPortal,
                "open any page in a browser and sign in to this network (hotel, train, guest \
                 WLAN), then run the same command again",
            ),
            HttpError::TimedOut { .. } => (
                ErrorCode::HttpTimeout,
                "check the network, then run the same command again; \
                 behind a proxy set HTTPS_PROXY or `proxy =`",
            ),
            HttpError::UnknownAuthority { .. } => (
                ErrorCode::HttpTlsAuthority,
                "if your company inspects TLS, set `ca_bundle` to its certificates; else \
                 something is in between: a network that wants a sign-in of its own, or an \
                 attacker",
            ),
            HttpError::CertificateTime { .. } => (
                ErrorCode::HttpTlsTime,
                "check this machine's clock with `date -u`",
            ),
            HttpError::CertificateName { .. } => (
                ErrorCode::HttpTlsName,
                "check the address in `ob config check`; a network that wants a sign-in of its \
                 own (hotel, train) answers so: open any page in a browser",
            ),
            HttpError::Tls { .. } => (ErrorCode::HttpTls, "TLS 1.2 or newer is needed, end to end"),
            HttpError::BrokenOff { .. } => (
                ErrorCode::HttpBrokenOff,
                "run the same command again; if it stays so, a proxy may be cutting answers",
            ),
            HttpError::TooLarge { .. } => (
                ErrorCode::HttpTooLong,
                "this is not what that server usually sends: is a portal in between?",
            ),
            HttpError::Compressed { .. } => (
                ErrorCode::HttpCompressed,
                "a proxy may be changing answers: try without it",
            ),
            HttpError::ForeignHost { .. } => (
                ErrorCode::HttpForeign,
                "app links must belong to the org: check `ob config check`",
            ),
            HttpError::Redirect { .. } => (
                ErrorCode::HttpRedirect,
                "check the address in `ob config check`; is a portal in between?",
            ),
        };
        Self::new(code, "cannot get an answer")
            .cause(&error)
            .hint(hint)
    }
}
