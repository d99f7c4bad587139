//! A request with its limits.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::{Method, Url};

use crate::http::timeouts::REQUEST_TIMEOUT;
use crate::secret::Secret;

const MAX_HTML_BYTES: usize = 1024 * 1024;
const MAX_JSON_BYTES: usize = 256 * 1024;

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const XML: &str = "text/xml";
/// The media type of a form.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of Identity Engine's own API.
const ION: &str = "application/ion+json; okta-version=1.0.0";

/// An HTTP request and the limits of its response.
#[derive(Debug)]
pub struct Request {
    pub url: Url,
    method: Method,
    headers: HeaderMap,
    body: Option<Secret>,
    pub(super) max_bytes: usize,
    /// From the first byte sent to the last byte read.
    pub(super) timeout: Duration,
}

impl Request {
    fn new(method: Method, url: Url, accept: &'static str, max_bytes: usize) -> Self {
        let request = Self {
            url,
            method,
            headers: HeaderMap::new(),
            body: None,
            max_bytes,
            timeout: REQUEST_TIMEOUT,
        };
        request
            .header(ACCEPT, accept)
            .header(ACCEPT_ENCODING, "identity")
    }

    fn body(self, content_type: &'static str, body: Secret) -> Self {
        let request = self.header(CONTENT_TYPE, content_type);
        Self {
            body: Some(body),
            ..request
        }
    }

    /// A `GET` that accepts `text/html`.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url, HTML, MAX_HTML_BYTES)
    }

    /// `GET` of a JSON document.
    pub fn get_json(url: Url) -> Self {
        Self::new(Method::GET, url, JSON, MAX_JSON_BYTES)
    }

    /// `POST` of JSON, answered with JSON.
    pub fn post_json(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, JSON, MAX_JSON_BYTES).body(JSON, body)
    }

    /// `POST` to Identity Engine's own API.
    pub fn post_ion(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, ION, MAX_JSON_BYTES).body(ION, body)
    }

    /// `POST` of a form, answered with JSON.
    pub fn post_form(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, JSON, MAX_JSON_BYTES).body(FORM, body)
    }

    /// `POST` of a form, answered with an HTML page.
    pub fn post_form_html(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, HTML, MAX_HTML_BYTES).body(FORM, body)
    }

    /// `POST` of a form, answered with XML.
    pub fn post_form_xml(url: Url, body: Secret, max_bytes: usize) -> Self {
        Self::new(Method::POST, url, XML, max_bytes).body(FORM, body)
    }

    /// `HEAD`, to open a connection ahead of time.
    pub fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url, HTML, MAX_HTML_BYTES)
    }

    /// `DELETE`, answered with JSON.
    pub fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url, JSON, MAX_JSON_BYTES)
    }

    /// Sets a header that a redirect does not carry along. A value that no header can have is left
    /// out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    /// Sets several headers, by lower-case names.
    #[must_use]
    pub fn headers<'a>(self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        headers
            .into_iter()
            .fold(
                self,
                |request, (name, value)| match HeaderName::from_bytes(name.as_bytes()) {
                    Ok(name) => request.header(name, value),
                    Err(_) => request,
                },
            )
    }

    /// Sets an access token.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        let value = Secret::new(format!("Bearer {}", token.expose()));
        self.header(AUTHORIZATION, value.expose())
    }

    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the request that follows a redirect of this one: the same kind of response, without
    /// body and other headers.
    pub(super) fn redirected(&self, url: Url) -> Self {
        let mut next = Self::new(Method::GET, url, HTML, self.max_bytes);
        if let Some(accept) = self.headers.get(ACCEPT) {
            next.headers.insert(ACCEPT, accept.clone());
        }
        next.with_timeout(self.timeout)
    }

    pub(super) fn build(
        self,
        client: &reqwest::Client,
    ) -> Result<reqwest::Request, reqwest::Error> {
        let request = client
            .request(self.method, self.url)
            .timeout(self.timeout)
            .headers(self.headers);
        match &self.body {
            Some(body) => request.body(body.expose().to_owned()),
            None => request,
        }
        .build()
    }
}
