//! A security key made of software ("Web Authentication", W3C; CTAP 2): it signs what a browser or
//! `ob` would have a real one sign, with a key of its own on P-256. A credential belongs to one
//! relying party, or to an app id where it was enrolled as U2F.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

/// The person touched it.
pub const PRESENT: u8 = 1;
/// And it knows who the person is, by a PIN or a finger.
pub const VERIFIED: u8 = 4;

/// One key with one credential.
#[derive(Debug, Clone)]
pub struct SecurityKey(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    credential_id: Vec<u8>,
    /// The relying party's id, or the app id.
    scope: String,
    pin: String,
    pair: EcdsaKeyPair,
    count: AtomicU32,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Which of the credentials that were asked for.
    pub credential_id: Vec<u8>,
    /// Hash of the relying party, flags, counter.
    pub authenticator_data: Vec<u8>,
    /// ASN.1.
    pub signature: Vec<u8>,
}

impl SecurityKey {
    /// A new key for `scope`. A machine without random numbers has none.
    pub(crate) fn new(scope: &str, pin: String) -> Option<SecurityKey> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
        let mut credential_id = vec![0; 64];
        random.fill(&mut credential_id).ok()?;
        Some(SecurityKey(Arc::new(Inner {
            credential_id,
            scope: scope.to_owned(),
            pin,
            pair,
            count: AtomicU32::new(0),
        })))
    }

    /// Its credential's id.
    pub fn credential_id(&self) -> &[u8] {
        &self.0.credential_id
    }

    /// What it wants to be told before it says that it knows the person.
    pub fn pin(&self) -> &str {
        &self.0.pin
    }

    /// Uncompressed point.
    pub(crate) fn public_key(&self) -> &[u8] {
        self.0.pair.public_key().as_ref()
    }

    /// Whether it would sign for this relying party, asked for these credentials.
    pub fn has(&self, rp_id: &str, credential_ids: &[Vec<u8>]) -> bool {
        rp_id == self.0.scope && credential_ids.contains(&self.0.credential_id)
    }

    /// Signs what it has been asked for; `None` when that is not its credential.
    pub fn sign(
        &self,
        rp_id: &str,
        credential_ids: &[Vec<u8>],
        client_data: &[u8],
        flags: u8,
    ) -> Option<Signed> {
        let asked = self.has(rp_id, credential_ids);
        asked.then(|| self.sign_anything(rp_id, client_data, flags))?
    }

    /// Signs for any relying party, as no real key does.
    pub fn sign_anything(&self, rp_id: &str, client_data: &[u8], flags: u8) -> Option<Signed> {
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        let count = self.0.count.fetch_add(1, Ordering::Relaxed) + 1;
        data.extend_from_slice(&count.to_be_bytes());
        let message = [&data, digest(&SHA256, client_data).as_ref()].concat();
        let signature = self.0.pair.sign(&SystemRandom::new(), &message).ok()?;
        Some(Signed {
            credential_id: self.0.credential_id.clone(),
            authenticator_data: data,
            signature: signature.as_ref().to_vec(),
        })
    }

    /// Sets its counter back, as a copy of it would be.
    pub fn set_count(&self, count: u32) {
        self.0.count.store(count, Ordering::Relaxed);
    }
}
