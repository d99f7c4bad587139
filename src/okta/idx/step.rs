//! The next step of a sign-in, of all that a response offers.

use serde_json::json;
use url::Url;

use super::challenge::{CHALLENGE, Challenge};
use super::continuation::Continuation;
use super::error::IdxError;
use super::identify::{IDENTIFY, Identify};
use super::password_change::{PasswordChange, SKIP};
use super::pending_push::{POLL, PendingPush, RESEND};
use super::remediation::Remediation;
use super::response::Response;
use super::selection::{SELECT, SELECT_METHOD, Selection};
use crate::okta::json::{text, text_at};
use crate::okta::link::host_of;
use crate::okta::post::Post;

/// Remediations that ask the user or an administrator for a consent.
const CONSENT: [&str; 3] = ["consent", "admin-consent", "email-challenge-consent"];
/// Remediations that send the user to another provider, for a sign-in or a proof of identity.
const OTHER_PROVIDER: [&str; 3] = ["redirect-idp", "piv-idp", "redirect-idverify"];

/// The next step.
#[derive(Debug)]
pub enum Step {
    /// The sign-in is done. A GET of exactly this URL sets the cookies and leads on.
    Done(Url),
    Identify(Identify),
    /// An authenticator waits for input.
    Answer(Challenge),
    /// A push waits for the user.
    Wait(PendingPush),
    Select(Selection),
    /// Okta probes for its own program on this device. The request goes on without it.
    DeviceProbe(Post),
    /// An optional step, which the messages describe. The request skips it.
    Skip(Post),
    /// The password has expired or expires soon.
    Password(PasswordChange),
    /// A form that needs no input.
    Continue(Continuation),
    /// An authenticator must be set up.
    Enroll,
    /// The user or an administrator must give a consent.
    Consent,
    /// The sign-in goes on at another identity provider. Its name is untrusted text.
    IdentityProvider(String),
    /// The names of the remediations, of which none is known.
    Unknown(Vec<String>),
}

impl Step {
    /// Chooses the next step of a response.
    ///
    /// The order matters: automatic steps come before those that need input, and the current
    /// authenticator before a selection of others.
    pub fn next(response: Response) -> Result<Self, IdxError> {
        if let Some(url) = success_url(&response)? {
            return Ok(Self::Done(url));
        }
        let has = |name: &str| response.has(name);
        if has(IDENTIFY) {
            return Ok(Self::Identify(Identify(response)));
        }
        let probes =
            has("device-challenge-poll") || (has("launch-authenticator") && !has(CHALLENGE));
        if probes && let Some(post) = cancel_probe(&response)? {
            return Ok(Self::DeviceProbe(post));
        }
        if has(CHALLENGE) {
            return Ok(Self::Answer(Challenge::new(response)));
        }
        if has(POLL) || (has(RESEND) && is_okta_verify(&response)) {
            return Ok(Self::Wait(PendingPush(response)));
        }
        if let Some(name) = [SELECT_METHOD, SELECT].into_iter().find(|name| has(name)) {
            return Ok(Self::Select(Selection::new(response, name)));
        }
        if PasswordChange::is_in(&response) {
            return Ok(Self::Password(PasswordChange::new(response)));
        }
        if has(SKIP) {
            return Ok(Self::Skip(response.follow(SKIP, json!({}))?));
        }
        if has("select-authenticator-enroll") || has("enroll-authenticator") {
            return Ok(Self::Enroll);
        }
        if CONSENT.into_iter().any(has) {
            return Ok(Self::Consent);
        }
        if let Some(provider) = other_provider(&response) {
            return Ok(Self::IdentityProvider(provider));
        }
        if let Some(continuation) = Continuation::find(&response)? {
            return Ok(Self::Continue(continuation));
        }
        let names = response.remediations.into_iter().map(|found| found.name);
        Ok(Self::Unknown(names.collect()))
    }
}

/// Returns the URL that ends the sign-in, in either of its two shapes.
fn success_url(response: &Response) -> Result<Option<Url>, IdxError> {
    let by_remediation = || Some(response.remediation("success-redirect")?.href.as_str());
    let href = text_at(&response.raw, "/success/href").or_else(by_remediation);
    href.map(|href| response.url(href)).transpose()
}

/// Builds the request that ends the probing, which Okta offers in one of three places.
fn cancel_probe(response: &Response) -> Result<Option<Post>, IdxError> {
    let cancel = [
        "/authenticatorChallenge/value/cancel",
        "/currentAuthenticator/value/contextualData/challenge/value/cancel",
        "/currentAuthenticator/value/cancel",
    ]
    .into_iter()
    .find_map(|pointer| response.raw.pointer(pointer).and_then(Remediation::parse));
    let members = json!({ "reason": "OV_UNREACHABLE_BY_LOOPBACK", "statusCode": null });
    cancel
        .map(|cancel| response.post(&cancel, members))
        .transpose()
}

fn is_okta_verify(response: &Response) -> bool {
    text(response.current(), "key") == Some("okta_verify")
}

/// Returns the other identity provider by its name, else by its type, else by its host.
fn other_provider(response: &Response) -> Option<String> {
    let mut remediations = response.raw_remediations().iter();
    let found = remediations
        .find(|found| text(found, "name").is_some_and(|name| OTHER_PROVIDER.contains(&name)))?;
    let name = text_at(found, "/idp/name").or_else(|| text(found, "type"));
    let host = text(found, "href").map(host_of);
    name.map(str::to_owned).or(host)
}
