//! A request with its limits.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName,
    HeaderValue,
};
use reqwest::{Method, Url};

use crate::http::network::REQUEST_TIMEOUT;
use crate::secret::Secret;

const MAX_HTML_BYTES: usize = 1024 * 1024;
const MAX_JSON_BYTES: usize = 256 * 1024;

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of Identity Engine's own API.
const ION: &str = "application/ion+json; okta-version=1.0.0";

/// An HTTP request and the limits of its response.
#[derive(Debug)]
pub struct Request {
    pub url: Url,
    method: Method,
    accept: &'static str,
    /// Content type and text.
    body: Option<(&'static str, Secret)>,
    extra_headers: &'static [(&'static str, &'static str)],
    bearer: Option<Secret>,
    pub(super) cookies: Option<Secret>,
    pub(super) max_bytes: usize,
    /// From the first byte sent to the last byte read.
    pub(super) timeout: Duration,
}

impl Request {
    fn new(method: Method, url: Url, accept: &'static str, max_bytes: usize) -> Self {
        Self {
            url,
            method,
            accept,
            body: None,
            extra_headers: &[],
            bearer: None,
            cookies: None,
            max_bytes,
            timeout: REQUEST_TIMEOUT,
        }
    }

    fn with_body(self, content_type: &'static str, body: Secret) -> Self {
        Self {
            body: Some((content_type, body)),
            ..self
        }
    }

    /// `GET` of an HTML page.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url, HTML, MAX_HTML_BYTES)
    }

    /// `GET` of a JSON document.
    pub fn get_json(url: Url) -> Self {
        Self::new(Method::GET, url, JSON, MAX_JSON_BYTES)
    }

    /// `POST` of JSON, answered with JSON.
    pub fn post_json(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, JSON, MAX_JSON_BYTES).with_body(JSON, body)
    }

    /// `POST` to Identity Engine's own API.
    pub fn post_ion(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, ION, MAX_JSON_BYTES).with_body(ION, body)
    }

    /// `POST` of a form, answered with JSON.
    pub fn post_form(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, JSON, MAX_JSON_BYTES).with_body(FORM, body)
    }

    /// `POST` of a form, answered with an HTML page.
    pub fn post_form_html(url: Url, body: Secret) -> Self {
        Self::new(Method::POST, url, HTML, MAX_HTML_BYTES).with_body(FORM, body)
    }

    /// `HEAD`, to open a connection ahead of time.
    pub fn head(url: Url) -> Self {
        Self::new(Method::HEAD, url, HTML, MAX_HTML_BYTES)
    }

    /// `DELETE`, answered with JSON.
    pub fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url, JSON, MAX_JSON_BYTES)
    }

    /// Adds headers that one server requires.
    #[must_use]
    pub fn with_headers(self, extra_headers: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            extra_headers,
            ..self
        }
    }

    /// Adds an access token. A redirect does not carry it along.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        Self {
            bearer: Some(token.duplicate()),
            ..self
        }
    }

    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the request that follows a redirect of this one: the same kind of response, without
    /// body, token and extra headers.
    pub(super) fn redirected(&self, url: Url) -> Self {
        Self::new(Method::GET, url, self.accept, self.max_bytes).with_timeout(self.timeout)
    }

    pub(super) fn build(
        self,
        client: &reqwest::Client,
    ) -> Result<reqwest::Request, reqwest::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let mut insert_secret = |name: HeaderName, text: &str| {
            if let Ok(mut value) = HeaderValue::from_str(text) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        };
        if let Some(cookies) = &self.cookies {
            insert_secret(COOKIE, cookies.expose());
        }
        if let Some(token) = &self.bearer {
            let text = Secret::new(format!("Bearer {}", token.expose()));
            insert_secret(AUTHORIZATION, text.expose());
        }
        let mut request = client
            .request(self.method, self.url)
            .timeout(self.timeout)
            .headers(headers);
        for (name, value) in self.extra_headers {
            request = request.header(*name, *value);
        }
        if let Some((content_type, body)) = &self.body {
            request = request
                .header(CONTENT_TYPE, *content_type)
                .body(body.expose().to_owned());
        }
        request.build()
    }
}
