//! What a page without a SAML form is, by the marks that Okta's pages carry.

use url::Url;

use super::AppPage;
use super::password_form::PasswordReader;
use crate::okta::html::{Piece, Tag};
use crate::okta::state_token::StateToken;

/// The longest error text that is kept, in characters.
const LONGEST_TEXT: usize = 300;

#[derive(Default)]
pub(super) struct PageClassifier {
    /// Where the reader stands, as far as its text matters.
    place: Place,
    title: String,
    headings: String,
    in_error_content: bool,
    error_text: String,
    state_token: Option<StateToken>,
    has_script: bool,
    has_sign_in: bool,
    has_password_challenge: bool,
    has_consent: bool,
    has_control: bool,
    form_action: String,
    saml_request_to: Option<String>,
    password: PasswordReader,
}

#[derive(Default, PartialEq, Eq)]
enum Place {
    #[default]
    Body,
    Title,
    Heading,
}

impl PageClassifier {
    pub(super) fn add(&mut self, piece: Piece) {
        match piece {
            Piece::Start(tag) => self.tag(&tag),
            Piece::End(name) => {
                if name == "form" {
                    self.password.end_form();
                }
                if matches!(name.as_str(), "title" | "h1" | "h2") {
                    self.place = Place::Body;
                }
            }
            Piece::Text { text, in_script } => self.text(&text, in_script),
        }
    }

    fn tag(&mut self, tag: &Tag) {
        self.password.start(tag);
        match tag.name.as_str() {
            "title" => self.place = Place::Title,
            "h1" | "h2" => self.place = Place::Heading,
            "script" => self.has_script = true,
            "form" => {
                tag.attribute("action")
                    .unwrap_or_default()
                    .clone_into(&mut self.form_action);
            }
            "input" | "button" | "select" => self.control(tag),
            _ => {}
        }
        self.has_sign_in |= tag.is_called("okta-sign-in");
        self.has_password_challenge |= tag.is_called("password-verification-challenge");
        self.has_consent |= tag.is_called("consent") || tag.is_called("consent-form");
        self.in_error_content |= tag.is_called("error-content");
    }

    fn control(&mut self, tag: &Tag) {
        self.has_control = true;
        match tag.attribute("name") {
            Some("SAMLRequest") => self.saml_request_to = Some(self.form_action.clone()),
            Some("stateToken") if self.state_token.is_none() => {
                self.state_token = tag.attribute("value").and_then(StateToken::parse);
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, in_script: bool) {
        if in_script {
            if self.state_token.is_none() {
                self.state_token = StateToken::in_script(text);
            }
            self.has_password_challenge |= text.contains("password-verification-challenge");
            return;
        }
        let slot = match self.place {
            Place::Title => &mut self.title,
            Place::Heading => &mut self.headings,
            Place::Body => return,
        };
        append_words(slot, text);
        if self.in_error_content && self.place == Place::Heading {
            append_words(&mut self.error_text, text);
        }
    }

    /// The order matters: the more particular mark wins.
    pub(super) fn conclude(self) -> AppPage {
        if let Some(action) = self.saml_request_to {
            let host = Url::parse(&action).ok();
            let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
            return AppPage::IdpRedirect {
                host: host.to_owned(),
            };
        }
        let said = format!("{} {}", self.title, self.headings);
        if said.contains("App Access Locked") {
            return AppPage::AccessLocked;
        }
        if self.has_password_challenge {
            let form = self.password.conclude();
            return AppPage::PasswordAgain { form };
        }
        let state_token = self.state_token;
        if said.contains("Extra Verification") {
            return AppPage::StepUp { state_token };
        }
        if self.in_error_content {
            let text = if self.error_text.is_empty() {
                self.title
            } else {
                self.error_text
            };
            return AppPage::ErrorPage { text };
        }
        if self.has_consent {
            return AppPage::Consent;
        }
        if self.has_sign_in || state_token.is_some() {
            return AppPage::SignIn { state_token };
        }
        if self.has_script && !self.has_control && self.headings.is_empty() {
            return AppPage::ScriptOnly;
        }
        AppPage::NoForm
    }
}

pub(super) fn append_words(slot: &mut String, text: &str) {
    for word in text.split_whitespace() {
        if slot.chars().count() + word.chars().count() >= LONGEST_TEXT {
            return;
        }
        if !slot.is_empty() {
            slot.push(' ');
        }
        slot.push_str(word);
    }
}
