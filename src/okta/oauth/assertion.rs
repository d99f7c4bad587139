//! A service's client assertion: a short-lived JWT signed with its private key (RFC 7523, RFC
//! 7515).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::json;
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

use super::error::OauthError;
use crate::model::Timestamp;
use crate::okta::json::JsonError;
use crate::okta::post::Post;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// Lifetime of an assertion in seconds. It is used at once; Okta allows up to an hour.
const LIFETIME: i64 = 300;

/// A private key: RSA (RS256) or P-256 (ES256).
pub struct SigningKey(Kind);

enum Kind {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// Why a private key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("it is not PEM (`-----BEGIN PRIVATE KEY-----`)")]
    NotPem,
    #[error("it is encrypted with a passphrase")]
    Encrypted,
    #[error("it is not a private key but another PEM object")]
    NotPrivate,
    #[error("an EC key must be PKCS#8")]
    Sec1,
    #[error("it is neither RSA of 2048 to 8192 bits nor EC on P-256")]
    Unsupported,
    #[error("this machine gives no random numbers")]
    NoRandom,
}

impl From<KeyError> for Report {
    fn from(error: KeyError) -> Self {
        let hint = match error {
            KeyError::Encrypted | KeyError::Sec1 => {
                "`openssl pkcs8 -topk8 -nocrypt -in KEY.pem` writes it in the form that is taken"
            }
            _ => "check `private_key_file` or `private_key_env` with `ob config check`",
        };
        Self::new(ErrorCode::OktaOauthPrivateKey, "cannot use the private key")
            .cause(error)
            .hint(hint)
    }
}

impl SigningKey {
    /// Parses a PEM key: RSA (PKCS#1 or PKCS#8) or P-256 (PKCS#8), not encrypted. A literal `\n`,
    /// as in environment variables, counts as a line end.
    pub fn parse(pem: &Secret) -> Result<Self, KeyError> {
        let text = Zeroizing::new(pem.expose().replace("\\n", "\n"));
        // `openssl ecparam -genkey` writes the name of the curve before the key.
        let from = text.find("-----END EC PARAMETERS-----").unwrap_or(0);
        let (_, rest) = text[from..]
            .split_once("-----BEGIN ")
            .ok_or(KeyError::NotPem)?;
        let (label, rest) = rest.split_once("-----").ok_or(KeyError::NotPem)?;
        let (body, _) = rest.split_once("-----END ").ok_or(KeyError::NotPem)?;
        if label.contains("ENCRYPTED") || body.contains("Proc-Type") {
            return Err(KeyError::Encrypted);
        }
        let body: Zeroizing<String> =
            Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        let der = STANDARD.decode(&*body).map_err(|_| KeyError::NotPem)?;
        let der = Zeroizing::new(der);
        match label {
            "RSA PRIVATE KEY" => {
                let pair = RsaKeyPair::from_der(&der).map_err(|_| KeyError::Unsupported)?;
                Ok(Self(Kind::Rsa(Box::new(pair))))
            }
            "PRIVATE KEY" => {
                if let Ok(pair) = RsaKeyPair::from_pkcs8(&der) {
                    return Ok(Self(Kind::Rsa(Box::new(pair))));
                }
                let random = SystemRandom::new();
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random)
                    .map(|pair| Self(Kind::Ec(Box::new(pair))))
                    .map_err(|_| KeyError::Unsupported)
            }
            "EC PRIVATE KEY" => Err(KeyError::Sec1),
            _ => Err(KeyError::NotPrivate),
        }
    }

    /// Signs an assertion of `client_id` for `audience`, the URL that it is sent to.
    ///
    /// # Errors
    /// [`KeyError::NoRandom`].
    pub fn assertion(
        &self,
        client_id: &str,
        key_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret, KeyError> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).map_err(|_| KeyError::NoRandom)?;
        let algorithm = match self.0 {
            Kind::Rsa(_) => "RS256",
            Kind::Ec(_) => "ES256",
        };
        let header = json!({ "alg": algorithm, "kid": key_id, "typ": "JWT" });
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience,
            "iat": now.0, "exp": now.0 + LIFETIME, "jti": URL_SAFE_NO_PAD.encode(id),
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match &self.0 {
            Kind::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    signed.as_bytes(),
                    &mut signature,
                )
                .map_err(|_| KeyError::NoRandom)?;
                signature
            }
            Kind::Ec(pair) => pair
                .sign(&random, signed.as_bytes())
                .map_err(|_| KeyError::NoRandom)?
                .as_ref()
                .to_vec(),
        };
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Secret::new(format!("{signed}.{signature}")))
    }
}

/// Builds a service's request for a token at `url`, with a signed assertion in place of a secret.
///
/// # Errors
/// [`JsonError::Shape`] if `url` is no URL.
pub fn client_credentials(url: &str, assertion: &Secret, scope: &str) -> Result<Post, OauthError> {
    let url = Url::parse(url).map_err(|_| JsonError::Shape)?;
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion.expose()),
    ];
    Ok(Post::form_to(url, &fields))
}
