//! Reads the SAML form of a page, or the first reason to refuse it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::error::PageError;
use super::saml_form::SamlForm;
use crate::model::is_loopback;
use crate::okta::html::Tag;
use crate::secret::Secret;

/// Limit of a SAML response after decoding.
const MAX_RESPONSE_BYTES: usize = 512 * 1024;
/// Limit of its base64, with a line end after every 64 characters.
const MAX_ENCODED_BYTES: usize = MAX_RESPONSE_BYTES.div_ceil(3) * 4 * 66 / 64;
const MAX_RELAY_STATE_BYTES: usize = 4096;

/// Collects the forms with a SAML response.
///
/// Faults count only if the page holds a SAML response, and faults of a form only if that form
/// holds it: pages have search boxes and language menus beside it.
#[derive(Default)]
pub(super) struct FormReader {
    open: Option<Form>,
    done: Vec<Form>,
    /// The number of open elements whose content a browser may not use (`template`, `noscript`).
    inert: usize,
    is_html_open: bool,
    responses: usize,
    /// The ids of the forms that controls claim to belong to, wherever these stand.
    claimed: Vec<String>,
    fault: Option<PageError>,
}

#[derive(Default)]
struct Form {
    action: String,
    method: String,
    /// The id by which controls elsewhere on the page claim the form.
    id: String,
    response: Option<String>,
    relay_state: Option<String>,
    fault: Option<PageError>,
}

impl FormReader {
    pub(super) fn start(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "html" => self.is_html_open = true,
            "template" | "noscript" => self.inert += 1,
            "base" => self.set_fault(PageError::BaseTag),
            "meta" if is_refresh(tag) => self.set_fault(PageError::MetaRefresh),
            "form" => self.open_form(tag),
            "input" | "button" => self.control(tag),
            _ => {}
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        match name {
            "html" => self.is_html_open = false,
            "template" | "noscript" => self.inert = self.inert.saturating_sub(1),
            "form" => self.close_form(),
            _ => {}
        }
    }

    /// Returns the form, `None` on a page without any SAML response.
    pub(super) fn finish(self) -> Result<Option<SamlForm>, PageError> {
        if self.responses == 0 {
            return Ok(None);
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        // A browser closes a form that is left open. One that holds the response was cut short.
        let is_cut = self.open.is_some_and(|form| form.response.is_some());
        if is_cut || self.is_html_open {
            return Err(PageError::CutShort);
        }
        let mut forms = self.done.into_iter();
        match (forms.next(), forms.next()) {
            (Some(form), None) if self.claimed.contains(&form.id) => Err(PageError::FormAttribute),
            (Some(form), None) => form.check().map(Some),
            _ => Err(PageError::SecondForm),
        }
    }

    /// Keeps the first fault.
    fn set_fault(&mut self, fault: PageError) {
        self.fault.get_or_insert(fault);
    }

    fn open_form(&mut self, tag: &Tag) {
        if self.open.is_some() {
            self.set_fault(PageError::NestedForm);
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
            form.set_fault(PageError::InertForm);
        }
        if tag.has_duplicate {
            form.set_fault(PageError::DuplicateAttribute);
        }
        self.open = Some(form);
    }

    /// Keeps the form if it holds a SAML response.
    fn close_form(&mut self) {
        let form = self.open.take();
        let form = form.filter(|form| form.response.is_some());
        self.done.extend(form);
        // Two are enough to refuse both.
        self.done.truncate(2);
    }

    fn control(&mut self, tag: &Tag) {
        let name = tag.attribute("name").unwrap_or_default();
        let is_saml = tag.name == "input" && matches!(name, "SAMLResponse" | "RelayState");
        // The attribute assigns the control to another form than the one it stands in.
        match tag.attribute("form") {
            Some(_) if is_saml => self.set_fault(PageError::FormAttribute),
            Some(id) => self.claimed.push(id.to_owned()),
            None => {}
        }
        if let Some(form) = &mut self.open {
            if tag.attribute("formaction").is_some() {
                form.set_fault(PageError::FormAction);
            }
            if is_saml && tag.has_duplicate {
                form.set_fault(PageError::DuplicateAttribute);
            }
        }
        if is_saml {
            let value = tag.attribute("value").unwrap_or_default();
            self.saml_field(name == "SAMLResponse", value);
        }
    }

    fn saml_field(&mut self, is_response: bool, value: &str) {
        self.responses += usize::from(is_response);
        let Some(form) = &mut self.open else {
            if is_response {
                self.set_fault(PageError::ResponseOutsideForm);
            }
            return;
        };
        let (field, twice) = match is_response {
            true => (&mut form.response, PageError::TwoResponses),
            false => (&mut form.relay_state, PageError::TwoRelayStates),
        };
        if field.is_some() {
            form.set_fault(twice);
        } else {
            *field = Some(value.to_owned());
        }
    }
}

fn is_refresh(tag: &Tag) -> bool {
    tag.attribute("http-equiv")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("refresh"))
}

impl Form {
    /// Keeps the first fault.
    fn set_fault(&mut self, fault: PageError) {
        self.fault.get_or_insert(fault);
    }

    fn check(self) -> Result<SamlForm, PageError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if !self.method.eq_ignore_ascii_case("post") {
            return Err(PageError::Method);
        }
        let action = parse_action(&self.action)?;
        let relay_state = self.relay_state.unwrap_or_default();
        if relay_state.len() > MAX_RELAY_STATE_BYTES {
            return Err(PageError::RelayStateTooLong);
        }
        Ok(SamlForm {
            action,
            saml_response: parse_base64(&self.response.unwrap_or_default())?,
            relay_state: Secret::new(relay_state),
        })
    }
}

/// Parses an absolute action. One that depends on the page's own address is refused.
fn parse_action(text: &str) -> Result<Url, PageError> {
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

/// Checks base64 and returns it on one line. Line ends are allowed anywhere in it.
fn parse_base64(folded: &str) -> Result<Secret, PageError> {
    if folded.is_empty() {
        return Err(PageError::ResponseEmpty);
    }
    if folded.len() > MAX_ENCODED_BYTES {
        return Err(PageError::ResponseTooLarge);
    }
    let value = folded.replace(['\r', '\n'], "");
    if let Some(error) = value.trim_end_matches('=').chars().find_map(base64_error) {
        return Err(error);
    }
    match STANDARD.decode(&value) {
        Ok(document) if document.is_empty() => Err(PageError::ResponseEmpty),
        Ok(document) if document.len() > MAX_RESPONSE_BYTES => Err(PageError::ResponseTooLarge),
        Ok(_) => Ok(Secret::new(value)),
        Err(_) => Err(PageError::Base64Padding),
    }
}

/// Returns why a character is not of the base64 alphabet, `None` if it is.
fn base64_error(c: char) -> Option<PageError> {
    match c {
        'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => None,
        '-' | '_' => Some(PageError::Base64UrlSafe),
        '%' => Some(PageError::Base64Percent),
        '=' => Some(PageError::Base64Padding),
        c if c.is_whitespace() => Some(PageError::Base64WhiteSpace),
        _ => Some(PageError::Base64Alphabet),
    }
}
