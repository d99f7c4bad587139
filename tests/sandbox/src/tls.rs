//! The throw-away certificate authority and what the servers show: one good certificate, or one of
//! the bad ones a client must refuse. Keys live in memory and die with the sandbox.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What the servers show in the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// Valid for `localhost`, `127.0.0.1` and `::1`, by the sandbox's own CA.
    #[default]
    Good,
    /// As [`Certificate::Good`], but it ended in 2021.
    Expired,
    /// By the sandbox's own CA for `elsewhere.example`.
    WrongHost,
    /// Its own issuer.
    SelfSigned,
    /// Signed by an unknown CA.
    UnknownAuthority,
}

/// A CA for one run of the sandbox.
#[derive(Debug)]
pub(crate) struct Authority {
    /// Its certificate, as `ca_bundle` files hold it.
    pub(crate) pem: String,
    /// For the servers' listeners.
    pub(crate) server: Arc<ServerConfig>,
}

impl Authority {
    /// `host` is a name that the certificate is good for beside this machine's own.
    pub(crate) fn new(shown: Certificate, host: Option<&str>) -> io::Result<Authority> {
        let known = issuer("ob sandbox CA")?;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = leaf(shown, host)?;
        let certificate = match shown {
            Certificate::SelfSigned => params.self_signed(&key),
            Certificate::UnknownAuthority => {
                params.signed_by(&key, &*issuer("a CA that nobody knows")?)
            }
            Certificate::Good | Certificate::Expired | Certificate::WrongHost => {
                params.signed_by(&key, &*known)
            }
        }
        .map_err(io::Error::other)?;
        Ok(Authority {
            pem: known.pem(),
            server: server_config(certificate.der().clone(), &key)?,
        })
    }
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
) -> io::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key)
        })
        .map(Arc::new)
        .map_err(io::Error::other)
}

fn issuer(name: &str) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)
}

fn leaf(shown: Certificate, host: Option<&str>) -> io::Result<CertificateParams> {
    let names: &[&str] = match shown {
        Certificate::WrongHost => &["elsewhere.example"],
        _ => &["localhost", "127.0.0.1", "::1"],
    };
    let host = host.filter(|_| shown != Certificate::WrongHost);
    let names = names.iter().copied().chain(host);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "ob sandbox");
    if shown == Certificate::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    Ok(params)
}
