//! Enveloped signatures (XML Signature Syntax and Processing; RFC 4051 for ECDSA), made and
//! checked with ring's P-256. Both sides work on text that already is canonical.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// The org's signing key and the certificate an AWS admin would upload.
#[derive(Debug)]
pub(crate) struct IdentityProvider {
    /// Entity id, `http://www.okta.com/exk…`.
    pub(crate) issuer: String,
    /// The certificate of the signing key.
    pub(crate) certificate_pem: String,
    certificate: Vec<u8>,
    key: EcdsaKeyPair,
}

impl IdentityProvider {
    pub(crate) fn new(issuer: &str) -> std::io::Result<IdentityProvider> {
        let key = KeyPair::generate().map_err(std::io::Error::other)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(std::io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "acme");
        let certificate = params.self_signed(&key).map_err(std::io::Error::other)?;
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            key.serialized_der(),
            &SystemRandom::new(),
        )
        .map_err(|rejected| std::io::Error::other(rejected.to_string()))?;
        Ok(IdentityProvider {
            issuer: issuer.to_owned(),
            certificate_pem: certificate.pem(),
            certificate: certificate.der().to_vec(),
            key,
        })
    }

    /// Puts a signature of `element`, whose `ID` is `id`, behind its first `Issuer`.
    pub(crate) fn sign(&self, element: &str, id: &str) -> String {
        let issuer_end = "</saml2:Issuer>";
        let at = element
            .find(issuer_end)
            .map_or(0, |start| start + issuer_end.len());
        let signed_info = signed_info(id, &STANDARD.encode(digest(&SHA256, element.as_bytes())));
        let canonical = canonical_signed_info(&signed_info);
        let signature = self
            .key
            .sign(&SystemRandom::new(), canonical.as_bytes())
            .map(|signature| STANDARD.encode(signature))
            .unwrap_or_default();
        let certificate = STANDARD.encode(&self.certificate);
        format!(
            "{}<ds:Signature xmlns:ds=\"{XMLDSIG}\">{signed_info}<ds:SignatureValue>{signature}\
             </ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>{}",
            &element[..at],
            &element[at..]
        )
    }

    /// Whether `signature`, found at `span` inside `element`, is this provider's and covers the
    /// rest of `element`.
    pub(crate) fn covers(&self, element: &str, span: Range<usize>, signature: &Signature) -> bool {
        let rest = [&element[..span.start], &element[span.end..]].concat();
        let value = STANDARD.decode(&signature.value).unwrap_or_default();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key());
        STANDARD.encode(digest(&SHA256, rest.as_bytes())) == signature.digest
            && key
                .verify(
                    canonical_signed_info(&signature.signed_info).as_bytes(),
                    &value,
                )
                .is_ok()
    }
}

/// A signature as read from a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signature {
    /// The `SignedInfo` element as written.
    pub(crate) signed_info: String,
    /// `DigestValue`
    pub(crate) digest: String,
    /// `SignatureValue`
    pub(crate) value: String,
    /// `Reference/@URI`, with its `#`.
    pub(crate) reference: String,
}

fn signed_info(id: &str, digest: &str) -> String {
    format!(
        "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform \
         Algorithm=\"{XMLDSIG}enveloped-signature\"></ds:Transform><ds:Transform \
         Algorithm=\"{EXCLUSIVE}\"><ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" \
         PrefixList=\"xs\"></ec:InclusiveNamespaces></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\">\
         </ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>\
         </ds:SignedInfo>"
    )
}

/// `SignedInfo` standing alone: the prefix its `Signature` declared is declared on it.
fn canonical_signed_info(signed_info: &str) -> String {
    signed_info.replacen(
        "<ds:SignedInfo>",
        &format!("<ds:SignedInfo xmlns:ds=\"{XMLDSIG}\">"),
        1,
    )
}
