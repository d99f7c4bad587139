//! Classifies a page without a SAML form, by the marks of Okta's pages.

use url::Url;

use super::app_page::AppPage;
use super::explanation::append_words;
use super::password_form::PasswordReader;
use crate::okta::html::{Piece, Tag};
use crate::okta::state_token::StateToken;

/// The class, or the script member, of the page that asks for the password again.
const PASSWORD_CHALLENGE: &str = "password-verification-challenge";

/// The marks found so far.
#[derive(Default)]
pub(super) struct PageClassifier {
    open: Open,
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

/// The element whose text is read.
#[derive(Default, PartialEq, Eq)]
enum Open {
    #[default]
    Other,
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
                    self.open = Open::Other;
                }
            }
            Piece::Text { text, in_script } => self.text(&text, in_script),
        }
    }

    fn tag(&mut self, tag: &Tag) {
        self.password.start(tag);
        match tag.name.as_str() {
            "title" => self.open = Open::Title,
            "h1" | "h2" => self.open = Open::Heading,
            "script" => self.has_script = true,
            "form" => self.form_action = tag.attribute("action").unwrap_or_default().to_owned(),
            "input" | "button" | "select" => self.control(tag),
            _ => {}
        }
        self.has_sign_in |= tag.is_called("okta-sign-in");
        self.has_password_challenge |= tag.is_called(PASSWORD_CHALLENGE);
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
            self.has_password_challenge |= text.contains(PASSWORD_CHALLENGE);
            return;
        }
        match self.open {
            Open::Title => append_words(&mut self.title, text),
            Open::Heading => {
                append_words(&mut self.headings, text);
                if self.in_error_content {
                    append_words(&mut self.error_text, text);
                }
            }
            Open::Other => {}
        }
    }

    /// Returns the kind of the page. The order matters: the more specific mark wins.
    pub(super) fn finish(self) -> AppPage {
        if let Some(action) = self.saml_request_to {
            let url = Url::parse(&action).ok();
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            return AppPage::IdpRedirect {
                host: host.to_owned(),
            };
        }
        let heading = format!("{} {}", self.title, self.headings);
        if heading.contains("App Access Locked") {
            return AppPage::AccessLocked;
        }
        if self.has_password_challenge {
            let form = self.password.finish();
            return AppPage::PasswordAgain { form };
        }
        let state_token = self.state_token;
        if heading.contains("Extra Verification") {
            return AppPage::StepUp { state_token };
        }
        if self.in_error_content {
            let text = match self.error_text.is_empty() {
                true => self.title,
                false => self.error_text,
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
