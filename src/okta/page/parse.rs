//! Parses a page.

use super::app_page::{AppPage, MAX_PAGE_BYTES};
use super::classify::PageClassifier;
use super::error::PageError;
use super::form_reader::FormReader;
use crate::okta::html::{Piece, pieces};

const GZIP: [u8; 2] = [0x1f, 0x8b];

impl AppPage {
    /// Parses the page of an HTTP 200 response.
    ///
    /// # Errors
    /// [`PageError`] if a SAML form has more than one reading, or the bytes are no page.
    pub fn parse(body: &[u8]) -> Result<Self, PageError> {
        if body.len() > MAX_PAGE_BYTES {
            return Err(PageError::TooLarge);
        }
        if body.starts_with(&GZIP) {
            return Err(PageError::Compressed);
        }
        let html = std::str::from_utf8(body).map_err(|_| PageError::Charset)?;
        let mut form = FormReader::default();
        let mut classifier = PageClassifier::default();
        for piece in pieces(html) {
            let piece = piece?;
            match &piece {
                Piece::Start(tag) => form.start(tag),
                Piece::End(name) => form.end(name),
                Piece::Text { .. } => {}
            }
            classifier.add(piece);
        }
        match form.finish()? {
            Some(form) => Ok(Self::SamlForm(form)),
            None => Ok(classifier.finish()),
        }
    }
}
