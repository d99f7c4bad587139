//! What a sign-in does next, of all that an answer offers.

use serde_json::{Value, json};
use url::Url;

use super::choice::{AuthenticatorOption, Method, detail, list_options};
use super::continuation::Continuation;
use super::form::{Remediation, at_org, given};
use super::password::PasswordChange;
use super::response::Response;
use super::{IdxError, form};
use crate::model::Timestamp;
use crate::okta::Post;
use crate::okta::json::{host_of, text, text_at};
use crate::secret::Secret;

/// The next step.
#[derive(Debug)]
pub enum Step {
    /// GET exactly this: it sets the cookies and leads on.
    Done(Url),
    Identify(Identify),
    /// A password, a code or an answer is typed.
    Answer(Challenge),
    /// The person acts on another device.
    Wait(PendingPush),
    Select(Selection),
    /// Okta looks for its own program on this device; this goes on without.
    DeviceProbe(Post),
    /// Something may be put off, which is said in the messages.
    Skip(Post),
    /// The password's age is to be dealt with first.
    Password(PasswordChange),
    /// A form that needs nothing from the user: posted as it is.
    Continue(Continuation),
    /// An authenticator has to be set up.
    Enroll,
    /// The user, or an administrator, has to agree to something.
    Consent,
    /// The sign-in goes on at another identity provider; what it is called, foreign text.
    IdentityProvider(String),
    /// None of the offers is known; their names.
    Unknown(Vec<String>),
}

impl Step {
    /// The order matters: what leads on by itself before what asks, what is asked before other ways.
    pub(super) fn of(response: Response) -> Result<Self, IdxError> {
        if let Some(done) = done(&response)? {
            return Ok(Self::Done(done));
        }
        let has = |name: &str| response.remediation(name).is_some();
        if has("identify") {
            return Ok(Self::Identify(Identify(response)));
        }
        let probes = has("device-challenge-poll")
            || (has("launch-authenticator") && !has("challenge-authenticator"));
        if probes && let Some(past) = past_the_probe(&response)? {
            return Ok(Self::DeviceProbe(past));
        }
        if has("challenge-authenticator") {
            return Ok(Self::Answer(Challenge::new(response)));
        }
        if has("challenge-poll") || (has("resend") && is_push(&response)) {
            return Ok(Self::Wait(PendingPush(response)));
        }
        if has("authenticator-verification-data") {
            return Ok(Self::Select(Selection::new(
                response,
                "authenticator-verification-data",
            )));
        }
        if has("select-authenticator-authenticate") {
            return Ok(Self::Select(Selection::new(
                response,
                "select-authenticator-authenticate",
            )));
        }
        if PasswordChange::is_in(&response) {
            return Ok(Self::Password(PasswordChange::new(response)));
        }
        if let Some(skip) = response.remediation("skip") {
            let post = skip.post(&response.org, &response.handle, Value::Null)?;
            return Ok(Self::Skip(post));
        }
        if has("select-authenticator-enroll") || has("enroll-authenticator") {
            return Ok(Self::Enroll);
        }
        if CONSENT.iter().any(|name| has(name)) {
            return Ok(Self::Consent);
        }
        if let Some(provider) = elsewhere(&response) {
            return Ok(Self::IdentityProvider(provider));
        }
        if let Some(continuation) = Continuation::find(&response)? {
            return Ok(Self::Continue(continuation));
        }
        let names = response.remediations.iter().map(|offer| offer.name.clone());
        Ok(Self::Unknown(names.collect()))
    }
}

/// What has to be agreed to, by whom and where.
const CONSENT: [&str; 3] = ["consent", "admin-consent", "email-challenge-consent"];

/// Remediations that send the user to another provider, for a sign-in or a proof of identity.
const ELSEWHERE: [&str; 3] = ["redirect-idp", "piv-idp", "redirect-idverify"];

/// The identity provider that the sign-in goes on at: its name, else its kind, else its host.
fn elsewhere(response: &Response) -> Option<String> {
    let all = response.raw.0.pointer("/remediation/value")?.as_array()?;
    let away = all
        .iter()
        .find(|found| text(found, "name").is_some_and(|name| ELSEWHERE.contains(&name)))?;
    let called = text_at(away, "/idp/name").or_else(|| text(away, "type"));
    let host = text(away, "href").map(host_of);
    called.map(str::to_owned).or(host)
}

/// Both shapes of success; the address is used as it is.
fn done(response: &Response) -> Result<Option<Url>, IdxError> {
    if let Some(href) = text_at(&response.raw.0, "/success/href") {
        return at_org(&response.org, href).map(Some);
    }
    let remediation = response.remediation("success-redirect");
    remediation
        .map(|found| found.url(&response.org))
        .transpose()
}

/// Where the looking is called off. It is found beside the challenge, under one of several names.
fn past_the_probe(response: &Response) -> Result<Option<Post>, IdxError> {
    let raw = &response.raw.0;
    let cancel = [
        "/authenticatorChallenge/value/cancel",
        "/currentAuthenticator/value/contextualData/challenge/value/cancel",
        "/currentAuthenticator/value/cancel",
    ]
    .into_iter()
    .find_map(|path| raw.pointer(path).and_then(Remediation::parse));
    let members = json!({ "reason": "OV_UNREACHABLE_BY_LOOPBACK", "statusCode": null });
    cancel
        .map(|cancel| cancel.post(&response.org, &response.handle, members))
        .transpose()
}

fn is_push(response: &Response) -> bool {
    text(response.current(), "key") == Some("okta_verify")
}

/// Who signs in is asked.
#[derive(Debug)]
pub struct Identify(Response);

impl Identify {
    /// Whether the password goes on the same page.
    pub fn takes_password(&self) -> bool {
        self.form()
            .is_some_and(|form| form.field("credentials").is_some())
    }

    /// # Errors
    /// When the form leads elsewhere.
    pub fn send(self, username: &str, password: Option<&Secret>) -> Result<Post, IdxError> {
        let mut members = json!({ "identifier": username });
        if let Some(password) = password {
            members["credentials"] = json!({ "passcode": password.expose() });
        }
        let form = self.form().ok_or(IdxError::Shape)?;
        form.post(&self.0.org, &self.0.handle, members)
    }

    fn form(&self) -> Option<&Remediation> {
        self.0.remediation("identify")
    }
}

/// An authenticator waits for something typed.
#[derive(Debug)]
pub struct Challenge {
    pub(super) response: Response,
    pub method: Method,
    /// Okta's name for the authenticator; foreign text.
    pub label: String,
    /// A number, an address, the question; foreign text.
    pub detail: Option<String>,
}

impl Challenge {
    fn new(response: Response) -> Self {
        let current = response.current();
        let sent_by = current["methods"][0]["type"].as_str();
        let fields = response
            .remediation("challenge-authenticator")
            .map(|form| form.inner("credentials"))
            .unwrap_or_default();
        let has_totp = fields.iter().any(|field| field["name"] == "totp");
        let method = match (text(current, "key"), sent_by) {
            (Some("okta_verify"), _) if has_totp => Method::Totp,
            (_, by) => Method::of(current, by),
        };
        Self {
            method,
            label: text(current, "displayName").unwrap_or_default().to_owned(),
            detail: detail(current),
            response,
        }
    }

    /// Whether what is asked can be typed.
    pub fn can_be_typed(&self) -> bool {
        !matches!(self.method, Method::Browser(_)) && self.typed_field().is_some()
    }

    pub fn can_resend(&self) -> bool {
        self.resend_form().is_some()
    }

    /// Whether another authenticator can be taken instead.
    pub fn can_choose_other(&self) -> bool {
        self.response
            .remediation("select-authenticator-authenticate")
            .is_some()
    }

    /// # Errors
    /// When the form has no field to type into, or leads elsewhere.
    pub fn answer(self, typed: &Secret) -> Result<Post, IdxError> {
        let form = self.form().ok_or(IdxError::Shape)?;
        let field = self.typed_field().ok_or(IdxError::Shape)?;
        let mut credentials = given(&form.inner("credentials"));
        credentials.insert(field, typed.expose().into());
        let members = json!({ "credentials": credentials });
        form.post(&self.response.org, &self.response.handle, members)
    }

    /// Has the code sent once more.
    ///
    /// # Errors
    /// When there is no such link.
    pub fn resend(&self) -> Result<Post, IdxError> {
        let resend = self.resend_form().ok_or(IdxError::Shape)?;
        resend.post(&self.response.org, &self.response.handle, Value::Null)
    }

    /// The choice of authenticators that stands beside.
    pub fn choose_other(self) -> Selection {
        Selection::new(self.response, "select-authenticator-authenticate")
    }

    pub(super) fn form(&self) -> Option<&Remediation> {
        self.response.remediation("challenge-authenticator")
    }

    fn resend_form(&self) -> Option<Remediation> {
        Remediation::parse(&self.response.current()["resend"])
            .or_else(|| self.response.remediation("resend").cloned())
    }

    /// The one field that Okta has not filled in.
    fn typed_field(&self) -> Option<String> {
        let fields = self.form()?.inner("credentials");
        let open = fields.iter().find(|field| field["value"].is_null())?;
        text(open, "name")
            .filter(|name| matches!(*name, "passcode" | "totp" | "otp" | "answer"))
            .map(str::to_owned)
    }
}

/// A push is out.
#[derive(Debug)]
pub struct PendingPush(Response);

impl PendingPush {
    /// Milliseconds between polls, where Okta says so.
    pub fn refresh(&self) -> Option<u64> {
        self.0.remediation("challenge-poll")?.refresh
    }

    /// The number to tap on the phone: text here, and zero is a number.
    pub fn number(&self) -> Option<&str> {
        let raw = &self.0.raw.0;
        [
            "/currentAuthenticator/value/contextualData/correctAnswer",
            "/currentAuthenticatorEnrollment/value/contextualData/correctAnswer",
        ]
        .into_iter()
        .find_map(|path| text_at(raw, path))
    }

    pub fn detail(&self) -> Option<String> {
        detail(self.0.current())
    }

    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Whether Okta still waits; else it was rejected or ran out.
    pub fn is_polling(&self) -> bool {
        self.0.remediation("challenge-poll").is_some()
    }

    /// # Errors
    /// When there is nothing to poll.
    pub fn poll(&self) -> Result<Post, IdxError> {
        self.follow("challenge-poll")
    }

    /// Another push.
    ///
    /// # Errors
    /// When Okta offers none.
    pub fn resend(&self) -> Result<Post, IdxError> {
        let resend = self.0.remediation("resend").ok_or(IdxError::Shape)?;
        let authenticator = form::given(&resend.inner("authenticator"));
        let members = match authenticator.is_empty() {
            true => Value::Null,
            false => json!({ "authenticator": authenticator }),
        };
        resend.post(&self.0.org, &self.0.handle, members)
    }

    pub fn can_resend(&self) -> bool {
        self.0.remediation("resend").is_some()
    }

    pub fn can_choose_other(&self) -> bool {
        self.0
            .remediation("select-authenticator-authenticate")
            .is_some()
    }

    /// The choice of authenticators that stands beside.
    pub fn choose_other(self) -> Selection {
        Selection::new(self.0, "select-authenticator-authenticate")
    }

    fn follow(&self, name: &str) -> Result<Post, IdxError> {
        let form = self.0.remediation(name).ok_or(IdxError::Shape)?;
        form.post(&self.0.org, &self.0.handle, Value::Null)
    }
}

/// An authenticator is to be chosen.
#[derive(Debug)]
pub struct Selection {
    response: Response,
    remediation: &'static str,
    pub options: Vec<AuthenticatorOption>,
}

impl Selection {
    fn new(response: Response, remediation: &'static str) -> Self {
        let raw = &response.raw.0;
        let form = response.remediation(remediation);
        let field = form.and_then(|form| form.field("authenticator"));
        let options = match field.map(|field| &field["options"]) {
            Some(options) if options.is_array() => list_options(raw, options),
            // One authenticator with its methods: a phone's ways.
            _ => {
                let label = field
                    .and_then(|field| text(field, "label"))
                    .unwrap_or_default();
                let inner = field.map(|field| field["form"].clone()).unwrap_or_default();
                let related = json!({ "value": response.current() });
                let option = json!([{ "label": label, "form": inner, "relatesTo": related }]);
                list_options(raw, &option)
            }
        };
        Self {
            remediation,
            options,
            response,
        }
    }

    /// Takes the choice at `index`.
    ///
    /// # Errors
    /// When there is none, or the form leads elsewhere.
    pub fn choose(self, index: usize) -> Result<Post, IdxError> {
        let choice = self
            .options
            .get(index)
            .ok_or(IdxError::NoSuchChoice(index))?;
        let members = json!({ "authenticator": choice.body });
        let form = self.response.remediation(self.remediation);
        let form = form.ok_or(IdxError::Shape)?;
        form.post(&self.response.org, &self.response.handle, members)
    }
}
