//! Why a server could not be spoken to, told in words that say whose turn it is.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use thiserror::Error;

use crate::http::client::CONNECT;
use crate::report::{Exit, Report};
use crate::web::RedirectError;

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
    #[error("the proxy does not connect to {host}: {why}")]
    ProxyRefused { host: String, why: String },
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
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::TimedOut { .. }
                | Self::BrokenOff { .. }
                | Self::Dns { .. }
        )
    }

    /// Reads reqwest's chain of causes; its own text is not used, since that quotes addresses.
    pub(super) fn from_reqwest(error: &reqwest::Error, host: &str, seconds: u64) -> Self {
        let host = host.to_owned();
        if error.is_timeout() {
            // It was given up before the time of a whole exchange was over.
            let seconds = match error.is_connect() {
                true => seconds.min(CONNECT.as_secs()),
                false => seconds,
            };
            return Self::TimedOut { host, seconds };
        }
        let mut cause = error.source();
        let mut innermost = String::new();
        while let Some(inner) = cause {
            if let Some(tls) = unwrapped(inner).downcast_ref::<rustls::Error>() {
                return Self::from_tls(tls, host);
            }
            innermost = inner.to_string();
            cause = inner.source();
        }
        if let Some(why) = innermost.strip_prefix("tunnel error: ") {
            let why = why.to_owned();
            return Self::ProxyRefused { host, why };
        }
        if innermost == "tls handshake eof" {
            let why = "the connection ended before it began".into();
            return Self::Tls { host, why };
        }
        if innermost.contains("lookup address") || innermost.contains("dns error") {
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
            HttpError::TimedOut { .. } => (
                Exit::Unreachable,
                "http.timeout",
                "check the network, then run the same command again; behind a proxy set HTTPS_PROXY or `proxy =`",
            ),
            HttpError::UnknownAuthority { .. } => (
                Exit::Unreachable,
                "http.tls_authority",
                "if your company inspects TLS, set `ca_bundle` to its certificates; else somebody is in between",
            ),
            HttpError::CertificateTime { .. } => (
                Exit::Unreachable,
                "http.tls_time",
                "check this machine's clock with `date -u`",
            ),
            HttpError::CertificateName { .. } => (
                Exit::Unreachable,
                "http.tls_name",
                "check the address in `ob config check`",
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
