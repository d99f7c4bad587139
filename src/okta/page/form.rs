//! The SAML form of a page, or the first reason not to take it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::SamlForm;
use super::error::{Base64Flaw, PageError};
use crate::model::is_loopback;
use crate::okta::html::Tag;
use crate::secret::Secret;

/// The largest SAML response, decoded, in bytes.
const LARGEST_RESPONSE: usize = 512 * 1024;
const LONGEST_RELAY_STATE: usize = 4096;

/// Collects what matters of forms. Flaws count only if the page turns out to hold a SAML response, and those of
/// a form only if that form holds it: pages carry search boxes and language menus beside it.
#[derive(Default)]
pub(super) struct FormReader {
    open: Option<Form>,
    done: Vec<Form>,
    /// How many elements are open whose content a browser may not use (`template`, `noscript`).
    inert: usize,
    html: Nesting,
    responses: usize,
    /// The forms that controls claim to belong to, whatever form they stand in.
    claimed: Vec<String>,
    flaw: Option<PageError>,
}

#[derive(Default, PartialEq, Eq)]
enum Nesting {
    #[default]
    Never,
    Open,
    Closed,
}

#[derive(Default)]
struct Form {
    action: String,
    method: String,
    /// By which controls elsewhere on the page name it.
    id: String,
    response: Option<String>,
    relay_state: Option<String>,
    /// The first reason not to take it.
    flaw: Option<PageError>,
}

impl FormReader {
    pub(super) fn start(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "html" => self.html = Nesting::Open,
            "template" | "noscript" => self.inert += 1,
            "base" => self.note(PageError::BaseTag),
            "meta" if is_refresh(tag) => self.note(PageError::MetaRefresh),
            "form" => self.open_form(tag),
            "input" | "button" => self.control(tag),
            _ => {}
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        match name {
            "html" => self.html = Nesting::Closed,
            "template" | "noscript" => self.inert = self.inert.saturating_sub(1),
            "form" => self.close_form(),
            _ => {}
        }
    }

    /// The form; `None` on a page without any SAML response.
    pub(super) fn conclude(self) -> Result<Option<SamlForm>, PageError> {
        if self.responses == 0 {
            return Ok(None);
        }
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        // A browser closes a form that is left open; only in one with a response is something missing.
        let is_open = self.open.is_some_and(|form| form.response.is_some());
        if is_open || self.html == Nesting::Open {
            return Err(PageError::CutShort);
        }
        let mut with_response = self.done.into_iter();
        match (with_response.next(), with_response.next()) {
            (Some(form), None) if self.claimed.contains(&form.id) => Err(PageError::FormAttribute),
            (Some(form), None) => form.check().map(Some),
            _ => Err(PageError::SecondForm),
        }
    }

    fn note(&mut self, flaw: PageError) {
        self.flaw.get_or_insert(flaw);
    }

    fn open_form(&mut self, tag: &Tag) {
        if self.open.is_some() {
            self.note(PageError::NestedForm);
        }
        let value = |name| tag.attribute(name).unwrap_or_default().to_owned();
        self.close_form();
        let mut form = Form {
            action: value("action"),
            method: value("method"),
            id: value("id"),
            ..Form::default()
        };
        if self.inert > 0 {
            form.note(PageError::InertForm);
        }
        if tag.has_duplicate {
            form.note(PageError::DuplicateAttribute);
        }
        self.open = Some(form);
    }

    /// Keeps the form if it carries a SAML response; others are of no concern.
    fn close_form(&mut self) {
        let form = self.open.take();
        self.done
            .extend(form.filter(|form| form.response.is_some()));
        // The second is one too many already.
        self.done.truncate(2);
    }

    fn control(&mut self, tag: &Tag) {
        let name = tag.attribute("name").unwrap_or_default();
        let is_ours = tag.name == "input" && matches!(name, "SAMLResponse" | "RelayState");
        // It belongs to the form that it names, wherever it stands. A search box's is of no concern.
        match tag.attribute("form") {
            Some(_) if is_ours => self.note(PageError::FormAttribute),
            Some(id) => self.claimed.push(id.to_owned()),
            None => {}
        }
        if let Some(form) = &mut self.open {
            if tag.attribute("formaction").is_some() {
                form.note(PageError::FormAction);
            }
            if is_ours && tag.has_duplicate {
                form.note(PageError::DuplicateAttribute);
            }
        }
        if !is_ours {
            return;
        }
        let is_response = name == "SAMLResponse";
        self.responses += usize::from(is_response);
        let Some(form) = &mut self.open else {
            if is_response {
                self.note(PageError::ResponseOutsideForm);
            }
            return;
        };
        let slot = if is_response {
            &mut form.response
        } else {
            &mut form.relay_state
        };
        if slot.is_some() {
            form.note(if is_response {
                PageError::TwoResponses
            } else {
                PageError::TwoRelayStates
            });
            return;
        }
        *slot = Some(tag.attribute("value").unwrap_or_default().to_owned());
    }
}

fn is_refresh(tag: &Tag) -> bool {
    tag.attribute("http-equiv")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("refresh"))
}

impl Form {
    fn note(&mut self, flaw: PageError) {
        self.flaw.get_or_insert(flaw);
    }

    fn check(self) -> Result<SamlForm, PageError> {
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        if !self.method.eq_ignore_ascii_case("post") {
            return Err(PageError::Method);
        }
        let action = action(&self.action)?;
        let relay_state = self.relay_state.unwrap_or_default();
        if relay_state.len() > LONGEST_RELAY_STATE {
            return Err(PageError::RelayStateTooLong);
        }
        let folded = self.response.unwrap_or_default();
        Ok(SamlForm {
            action,
            saml_response: strict_base64(&folded)?,
            relay_state: Secret::new(relay_state),
        })
    }
}

/// The address, which must be whole: one that depends on the page's own is refused.
fn action(text: &str) -> Result<Url, PageError> {
    if text.trim().is_empty() {
        return Err(PageError::ActionEmpty);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(PageError::ActionInvalid);
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => PageError::ActionRelative,
        _ => PageError::ActionInvalid,
    })?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(PageError::ActionPlainHttp),
        other => return Err(PageError::ActionScheme(other.to_owned())),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(PageError::ActionUserInfo);
    }
    Ok(url)
}

/// The value on one line (lines may be folded with CR LF), if it is base64 to the last bit.
fn strict_base64(folded: &str) -> Result<Secret, PageError> {
    if folded.is_empty() {
        return Err(PageError::ResponseEmpty);
    }
    if folded.len() > LARGEST_RESPONSE.div_ceil(3) * 4 * 66 / 64 {
        return Err(PageError::ResponseTooLarge);
    }
    let value: String = folded
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    let flaw = |flaw| Err(PageError::NotBase64(flaw));
    let body = value.trim_end_matches('=');
    for c in body.chars() {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => {}
            '-' | '_' => return flaw(Base64Flaw::UrlSafe),
            '%' => return flaw(Base64Flaw::Percent),
            '=' => return flaw(Base64Flaw::Padding),
            c if c.is_whitespace() => return flaw(Base64Flaw::WhiteSpace),
            _ => return flaw(Base64Flaw::Alphabet),
        }
    }
    match STANDARD.decode(&value) {
        Ok(document) if document.is_empty() => Err(PageError::ResponseEmpty),
        Ok(document) if document.len() > LARGEST_RESPONSE => Err(PageError::ResponseTooLarge),
        Ok(_) => Ok(Secret::new(value)),
        Err(_) => flaw(Base64Flaw::Padding),
    }
}
