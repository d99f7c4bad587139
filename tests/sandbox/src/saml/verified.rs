//! What STS has found genuine: an assertion of many roles is redeemed many times, and looked at
//! once.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::read::{Document, Refusal, read};
use super::sign::IdentityProvider;

/// The last genuine assertion, as it came and as it was read.
#[derive(Debug, Default)]
pub(crate) struct Verified(Mutex<Option<(String, Arc<Document>)>>);

impl Verified {
    /// What `encoded` says, if `provider` has signed it for AWS.
    pub(crate) fn genuine(
        &self,
        encoded: String,
        provider: &IdentityProvider,
    ) -> Result<Arc<Document>, Refusal> {
        let last = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = last().as_ref().filter(|(known, _)| *known == encoded) {
            return Ok(Arc::clone(document));
        }
        // In lines of 76 characters too, as MIME folds it: tokendito sends it so, and AWS takes it.
        let folded = encoded
            .bytes()
            .filter(|byte| !matches!(byte, b'\r' | b'\n'));
        let bytes = STANDARD
            .decode(folded.collect::<Vec<_>>())
            .map_err(|_| Refusal::NotBase64)?;
        let xml = String::from_utf8(bytes).map_err(|_| Refusal::NotBase64)?;
        let document = Arc::new(read(&xml)?);
        document.check(&xml, provider)?;
        *last() = Some((encoded, Arc::clone(&document)));
        Ok(document)
    }
}
