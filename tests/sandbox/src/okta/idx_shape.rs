//! The JSON of Identity Engine's responses: remediations, authenticators, messages, the end.

use serde_json::{Value, json};

use super::Visit;
use super::authenticators::{
    authenticator, authenticator_id, display_name, method, password_object,
};
use super::idx::{Interaction, Stage};
use super::idx_end::finish;
use super::idx_json::{ION, handle_field, messages, push};
use super::webauthn::is_key;
use crate::clock::milliseconds;
use crate::http::Answer;
use crate::users::{Factor, FactorKind, Standing, User};

pub(super) fn answer(
    visit: &Visit<'_>,
    handle: &str,
    interaction: &Interaction,
    error: Option<(&str, &str)>,
) -> Answer {
    let login = interaction.login.as_deref().unwrap_or_default();
    let user = visit.state.user(login);
    let mut body = json!({
        "version": "1.0.0",
        "stateHandle": handle,
        "expiresAt": milliseconds(visit.now + visit.state.options.state_token_seconds),
        "intent": "LOGIN",
        "cancel": {
            "rel": ["create-form"], "name": "cancel", "href": visit.url("/idp/idx/cancel"),
            "method": "POST", "value": [handle_field(handle)]
        },
        "app": { "type": "object", "value": { "name": "amazon_aws", "label": "AWS production" } }
    });
    if let Some(user) = user {
        body["user"] = json!({ "type": "object", "value": { "id": user.id } });
    }
    let shape = Shape {
        visit,
        handle,
        user,
        interaction,
    };
    shape.fill(&mut body);
    let mut status = 200;
    if let Some((key, message)) = error {
        status = if key == "tooManyRequests" { 429 } else { 401 };
        let fields = body.pointer_mut("/remediation/value/0/value/0/form/value/0");
        match fields {
            // A wrong code is told beside its field, everything else above the form.
            Some(field) if key.starts_with("api.authn.error") || key.starts_with("password.") => {
                field["messages"] = messages("ERROR", key, message);
            }
            _ => body["messages"] = messages("ERROR", key, message),
        }
        let beside = ["api.authn", "authfactor.webauthn", "password."];
        if beside.iter().any(|start| key.starts_with(start)) {
            status = 400;
        }
    }
    Answer::empty(status).body(ION, body.to_string())
}

pub(super) struct Shape<'s> {
    pub(super) visit: &'s Visit<'s>,
    handle: &'s str,
    user: Option<&'s User>,
    interaction: &'s Interaction,
}

impl Shape<'_> {
    fn fill(&self, body: &mut Value) {
        match &self.interaction.stage {
            Stage::Probe => {
                body["authenticatorChallenge"] = json!({ "type": "object", "value": {
                    "challengeMethod": "LOOPBACK", "challengeRequest": "eyJsandbox",
                    "domain": "http://localhost", "ports": ["2000", "6511"],
                    "probeTimeoutMillis": 100,
                    "cancel": { "name": "cancel-polling", "method": "POST",
                        "href": self.visit.url("/idp/idx/authenticators/poll/cancel"),
                        "value": [
                            { "name": "reason", "required": true },
                            { "name": "statusCode" },
                            handle_field(self.handle)
                        ] }
                }});
                let mut poll =
                    self.remediation("device-challenge-poll", "authenticators/poll", vec![]);
                poll["refresh"] = 2000.into();
                self.remediations(body, vec![poll]);
            }
            Stage::Identify => self.identify(body),
            Stage::Password => {
                self.current(body, &password_object());
                let answer = self.answer_form(&[("passcode", true)]);
                self.remediations(body, vec![answer]);
            }
            Stage::Expired => {
                self.current(body, &password_object());
                let change = self.new_password("reenroll-authenticator");
                self.remediations(body, vec![change]);
            }
            Stage::Aging => {
                let mut password = password_object();
                password["settings"] = json!({ "daysToExpiry": 5 });
                self.current(body, &password);
                body["messages"] = messages(
                    "INFO",
                    "idx.password.expiring.message",
                    "When your password expires you will be locked out of your Okta account.",
                );
                let change = self.new_password("reenroll-authenticator-warning");
                let skip = self.remediation("skip", "skip", vec![]);
                self.remediations(body, vec![change, skip]);
            }
            Stage::Enroll => {
                let mut all = vec![self.remediation(
                    "select-authenticator-enroll",
                    "credential/enroll",
                    vec![],
                )];
                if self
                    .user
                    .is_some_and(|user| user.standing == Standing::MayEnroll)
                {
                    all.push(self.remediation("skip", "skip", vec![]));
                }
                self.remediations(body, all);
            }
            Stage::Consent => {
                let scopes = json!({ "name": "scopes", "required": true, "form": { "value": [] } });
                let consent = self.remediation("consent", "consent", vec![scopes]);
                self.remediations(body, vec![consent]);
            }
            Stage::Elsewhere => {
                let away = json!({ "name": "redirect-idp", "type": "SAML2", "method": "GET",
                    "idp": { "id": "0oa1adfs00000000h7", "name": "Acme ADFS" },
                    "href": self.visit.url("/sso/idps/0oa1adfs00000000h7") });
                self.remediations(body, vec![away]);
            }
            Stage::Select => {
                let select = self.select(body);
                self.remediations(body, vec![select]);
            }
            Stage::PhoneData(factor) => self.phone_data(body, factor),
            Stage::Challenge(factor) => self.challenge(body, factor),
            Stage::Push {
                factor,
                polls,
                rejected,
            } => self.push(body, factor, *polls, *rejected),
            Stage::Interlude(index) => super::idx_interlude::fill(self, body, *index),
            Stage::Done => self.done(body),
        }
    }

    fn identify(&self, body: &mut Value) {
        let mut fields =
            vec![json!({ "name": "identifier", "label": "Username", "required": true })];
        if !self.visit.state.options.idx_identifier_first {
            fields.push(
                json!({ "name": "credentials", "type": "object", "required": true,
                "form": { "value": [{ "name": "passcode", "label": "Password",
                    "secret": true }] } }),
            );
        }
        fields.push(
            json!({ "name": "rememberMe", "type": "boolean", "label": "Remember this device" }),
        );
        let identify = self.remediation("identify", "identify", fields);
        let launch = json!({ "name": "launch-authenticator", "method": "POST",
            "href": self.visit.url("/idp/idx/authenticators/okta-verify/launch"),
            "value": [handle_field(self.handle)] });
        self.remediations(body, vec![identify, launch]);
    }

    fn select(&self, body: &mut Value) -> Value {
        let mut enrolments: Vec<Value> = Vec::new();
        let mut options: Vec<Value> = Vec::new();
        let factors = self
            .user
            .map(|user| user.factors.as_slice())
            .unwrap_or_default();
        for factor in factors {
            let id = authenticator_id(factor.kind);
            let known = enrolments.iter().position(|known| known["id"] == id);
            if let Some(place) = known {
                // One authenticator, another method of it.
                if let Some(method) = method(factor.kind) {
                    push(
                        &mut options[place],
                        "/value/form/value/1/options",
                        json!({ "label": method, "value": method }),
                    );
                }
                continue;
            }
            let mut form =
                vec![json!({ "name": "id", "required": true, "value": id, "mutable": false })];
            match method(factor.kind) {
                _ if is_key(factor.kind) => form.push(json!({ "name": "methodType",
                    "required": false, "value": "webauthn", "mutable": false })),
                Some(method) => form.push(json!({ "name": "methodType", "required": false,
                    "options": [{ "label": method, "value": method }] })),
                None => form.push(json!({ "name": "methodType", "required": false,
                    "value": "otp", "mutable": false })),
            }
            if factor.kind == FactorKind::Rsa {
                form.push(
                    json!({ "name": "enrollmentId", "required": true, "value": factor.id,
                    "mutable": false }),
                );
            }
            let place = enrolments.len();
            options.push(json!({
                "label": display_name(factor.kind),
                "value": { "form": { "value": form } },
                "relatesTo": format!("$.authenticatorEnrollments.value[{place}]")
            }));
            enrolments.push(authenticator(factor));
        }
        // Each key is an enrolment, all of them are one choice.
        let more = factors.iter().filter(|factor| is_key(factor.kind)).skip(1);
        enrolments.extend(more.map(authenticator));
        body["authenticatorEnrollments"] = json!({ "type": "array", "value": enrolments });
        self.remediation(
            "select-authenticator-authenticate",
            "challenge",
            vec![json!({
                "name": "authenticator", "type": "object", "required": true, "options": options
            })],
        )
    }

    fn phone_data(&self, body: &mut Value, factor: &str) {
        self.enrollment(body, factor);
        let data = self.remediation("authenticator-verification-data", "challenge", vec![json!({
            "name": "authenticator", "label": "Phone", "form": { "value": [
                { "name": "id", "required": true, "value": authenticator_id(FactorKind::Sms),
                    "mutable": false },
                { "name": "methodType", "required": true, "options": [
                    { "label": "SMS", "value": "sms" }, { "label": "Output call", "value": "voice" }
                ] }
            ]}
        })]);
        let select = self.select(body);
        self.remediations(body, vec![data, select]);
    }

    fn challenge(&self, body: &mut Value, factor: &str) {
        self.enrollment(body, factor);
        let kind = self.factor(factor).map(|factor| factor.kind);
        let alice = self.user.is_some_and(|user| user.name() == "alice");
        let fields: &[(&str, bool)] = match kind {
            Some(FactorKind::Question) => &[("answer", false), ("questionKey", false)],
            Some(FactorKind::Totp) if !alice => &[("totp", false)],
            Some(FactorKind::Hotp) => &[("otp", false)],
            _ => &[("passcode", false)],
        };
        let mut answer = self.answer_form(fields);
        if let (Some(user), Some(key)) = (self.user, &self.interaction.key)
            && kind.is_some_and(is_key)
        {
            answer = self.answer_form(&[
                ("clientData", false),
                ("authenticatorData", false),
                ("signatureData", false),
            ]);
            // The enrolments stand beside, none of them is the one in question.
            if let Some(members) = body.as_object_mut() {
                members.remove("currentAuthenticatorEnrollment");
            }
            let shown = json!({ "type": "security_key", "key": "webauthn",
                "id": authenticator_id(FactorKind::WebAuthn),
                "displayName": display_name(FactorKind::WebAuthn),
                "methods": [{ "type": "webauthn" }],
                "contextualData": { "challengeData": key.shown(self.visit, user) } });
            self.current(body, &shown);
        }
        if kind.is_some_and(FactorKind::is_sent) {
            body["currentAuthenticatorEnrollment"]["value"]["resend"] = json!({
                "name": "resend", "method": "POST",
                    "href": self.visit.url("/idp/idx/challenge/resend"),
                "value": [handle_field(self.handle)]
            });
        }
        let select = self.select(body);
        self.remediations(body, vec![answer, select]);
    }

    fn push(&self, body: &mut Value, factor: &str, polls: usize, rejected: bool) {
        self.enrollment(body, factor);
        let script = self.visit.state.push_script();
        if let Some(number) = script.number.filter(|_| polls >= script.number_from_poll) {
            body["currentAuthenticator"] = json!({ "type": "object", "value": {
                "key": "okta_verify", "type": "app", "id": authenticator_id(FactorKind::Push),
                "contextualData": { "correctAnswer": number.to_string() }
            }});
        }
        let select = self.select(body);
        if rejected {
            body["messages"] = messages(
                "ERROR",
                "api.authn.poll.error.push_rejected",
                "You have chosen to reject this login.",
            );
            let resend = self.remediation("resend", "challenge", vec![json!({
                "name": "authenticator", "required": true, "visible": false, "form": { "value": [
                    { "name": "id", "required": true,
                        "value": authenticator_id(FactorKind::Push), "mutable": false },
                    { "name": "methodType", "required": true, "value": "push", "mutable": false }
                ]}
            })]);
            self.remediations(body, vec![resend, select]);
            return;
        }
        let mut poll = self.remediation("challenge-poll", "authenticators/poll", vec![]);
        poll["refresh"] = 4000.into();
        self.remediations(body, vec![poll, select]);
    }

    fn done(&self, body: &mut Value) {
        let token = finish(self.visit.state, self.interaction);
        let href = self
            .visit
            .url(&format!("/login/token/redirect?stateToken={token}"));
        if self.visit.state.options.idx_success_remediation {
            body["remediation"] = json!({ "type": "array", "value": [
                { "name": "success-redirect", "method": "GET", "href": href }
            ]});
        } else {
            body["success"] = json!({ "name": "success-redirect", "href": href });
        }
    }

    fn factor(&self, id: &str) -> Option<&Factor> {
        self.user?.factor(id)
    }

    fn current(&self, body: &mut Value, authenticator: &Value) {
        body["currentAuthenticator"] = json!({ "type": "object", "value": authenticator });
    }

    fn enrollment(&self, body: &mut Value, factor: &str) {
        if let Some(factor) = self.factor(factor) {
            body["currentAuthenticatorEnrollment"] =
                json!({ "type": "object", "value": authenticator(factor) });
        }
    }

    fn new_password(&self, name: &str) -> Value {
        let fields = json!([
            { "name": "passcode", "label": "New password", "secret": true },
            { "name": "revokeSessions", "type": "boolean", "label": "Sign me out of all other \
                devices" }
        ]);
        let credentials = json!({
            "name": "credentials", "type": "object", "required": true, "form": { "value": fields }
        });
        self.remediation(name, "challenge/answer", vec![credentials])
    }

    fn answer_form(&self, fields: &[(&str, bool)]) -> Value {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, secret)| match *name {
                "questionKey" => json!({ "name": name, "required": true,
                    "value": "disliked_food", "mutable": false }),
                _ => json!({ "name": name, "required": true, "secret": secret }),
            })
            .collect();
        self.remediation("challenge-authenticator", "challenge/answer", vec![json!({
            "name": "credentials", "type": "object", "required": true, "form": { "value": fields }
        })])
    }

    pub(super) fn remediation(&self, name: &str, path: &str, mut fields: Vec<Value>) -> Value {
        fields.push(handle_field(self.handle));
        json!({
            "rel": ["create-form"], "name": name, "method": "POST",
            "href": self.visit.url(&format!("/idp/idx/{path}")),
            "produces": ION, "accepts": "application/json; okta-version=1.0.0",
            "value": fields
        })
    }

    pub(super) fn remediations(&self, body: &mut Value, all: Vec<Value>) {
        body["remediation"] = json!({ "type": "array", "value": all });
    }
}
