//! Parses the error document of STS and IAM.

use super::iam_answer::element_texts;
use super::sts_fault::StsRefusal;

impl StsRefusal {
    /// Parses the error document of a failed request. STS and IAM have the same form.
    pub fn parse(http_status: u16, body: &[u8]) -> Self {
        let text = |name| {
            element_texts(body, &["Error", name])
                .ok()?
                .into_iter()
                .next()
        };
        let code = text("Code").unwrap_or_default();
        let message = text("Message").unwrap_or_default();
        Self::classify(&code, &message, http_status)
    }
}
