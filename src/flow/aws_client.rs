//! IAM's query protocol: a signed form in, XML out.
//!
//! Hand-written because aws-sdk-iam has 160 operations, of which `ob` needs five; aws-sigv4 signs.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_sts::config::Credentials as SigningCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::aws::StsRefusal;
use crate::flow::conversation::{Conversation, Unanswered};
use crate::flow::retry::RetryBudget;
use crate::http::{Client, FORM, HttpError, Request, Response};
use crate::model::{Credentials, Timestamp};
use crate::secret::Secret;
use crate::wire::Notice;

const API_VERSION: &str = "2010-05-08";
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// IAM at one endpoint.
#[derive(Debug)]
pub(super) struct AwsClient<'a> {
    pub(super) http: &'a Client,
    pub(super) endpoint: String,
    pub(super) region: String,
    pub(super) credentials: &'a Credentials,
    pub(super) now: Timestamp,
}

/// Why a call has no successful response.
#[derive(Debug)]
pub(super) enum AwsError {
    Http(HttpError),
    Refused(StsRefusal),
    Unanswered(Unanswered),
    /// The endpoint is no address, or the request cannot be signed.
    Unsignable,
}

impl AwsClient<'_> {
    /// Calls `action`. Throttling and failures that may pass are retried.
    pub(super) async fn call(
        &self,
        action: &str,
        parameters: &[(&str, &str)],
        conversation: &impl Conversation,
    ) -> Result<Response, AwsError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", action)
            .append_pair("Version", API_VERSION)
            .extend_pairs(parameters);
        let body = Secret::new(form.finish());
        let mut budget = RetryBudget::new();
        loop {
            let request = self.request(&body).ok_or(AwsError::Unsignable)?;
            let (error, is_transient) = match self.http.send(request).await {
                Ok(response) if matches!(response.status, 200..300) => return Ok(response),
                Ok(response) => {
                    let refusal = StsRefusal::parse(response.status, &response.body);
                    let is_transient = refusal.fault.is_transient();
                    (AwsError::Refused(refusal), is_transient)
                }
                Err(error) => {
                    let is_transient = error.is_transient();
                    (AwsError::Http(error), is_transient)
                }
            };
            let wait = budget.next_wait().filter(|_| is_transient).ok_or(error)?;
            conversation.notify(Notice::Doing("wait before asking IAM again".into()));
            let paused = conversation.pause(wait).await;
            paused.map_err(AwsError::Unanswered)?;
        }
    }

    fn request(&self, body: &Secret) -> Option<Request> {
        let url = Url::parse(&self.endpoint).ok()?;
        let request = Request::post_form_xml(url, body.duplicate(), MAX_RESPONSE_BYTES);
        self.sign(request, body)
    }

    fn sign(&self, request: Request, body: &Secret) -> Option<Request> {
        let credentials = self.credentials;
        let identity = SigningCredentials::new(
            &credentials.access_key_id,
            credentials.secret_access_key.expose(),
            Some(credentials.session_token.expose().to_owned()),
            None,
            "ob",
        )
        .into();
        let since_epoch = Duration::from_secs(u64::try_from(self.now.0).ok()?);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("iam")
            .time(UNIX_EPOCH + since_epoch)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let headers = [("content-type", FORM)];
        let signable = SignableRequest::new(
            "POST",
            request.url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.expose().as_bytes()),
        )
        .ok()?;
        let (instructions, _) = sign(signable, &parameters).ok()?.into_parts();
        Some(request.headers(instructions.headers()))
    }
}
