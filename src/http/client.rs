//! One request, one bounded answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, DATE,
    HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use reqwest::{Certificate, Method, StatusCode, Url, redirect};
use zeroize::Zeroizing;

use crate::http::HttpError;
use crate::http::network::{HttpProxy, Network};
use crate::http::pool::Pool;
use crate::model::{Timestamp, is_loopback};
use crate::secret::Secret;

/// Nobody who is there takes longer to say so.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// From the first byte sent to the last byte read; nobody looks at a cursor for longer without a word.
pub(super) const WHOLE: Duration = Duration::from_secs(30);

/// The one HTTP client of a session: a pool of connections and what to trust.
#[derive(Clone, Debug)]
pub struct Client(pub(super) Arc<Pool>);

/// Builds a client without connections, or says what of the settings cannot be used.
pub(super) fn build(
    network: &Network,
    proxy: Option<&HttpProxy>,
) -> Result<reqwest::Client, HttpError> {
    // Fails when one is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("ob/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        .pool_max_idle_per_host(32);
    if let Some(pem) = &network.ca_bundle {
        let certificates = Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|_| HttpError::CaBundle("not PEM".into()))?;
        if certificates.is_empty() {
            return Err(HttpError::CaBundle("it holds no certificate".into()));
        }
        builder = builder.tls_certs_only(certificates);
    }
    if let Some(proxy) = proxy {
        builder = builder.proxy(proxy.rule());
    }
    builder.build().map_err(|_| match network.ca_bundle {
        Some(_) => HttpError::CaBundle("a certificate in it cannot be read".into()),
        None => HttpError::CaBundle("this machine has no CA certificates".into()),
    })
}

impl Client {
    /// Sends a request that another library made, within the same bounds; the answer comes with its `Date`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_raw(
        &self,
        request: http::Request<Vec<u8>>,
        limit: usize,
        deadline: Duration,
    ) -> Result<(http::Response<Vec<u8>>, Option<Timestamp>), HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let mut request =
            reqwest::Request::try_from(request).map_err(|_| HttpError::NotHttps(host.clone()))?;
        *request.timeout_mut() = Some(deadline);
        let page = self.bounded(request, limit, deadline).await?;
        let date = page.date();
        let mut response = http::Response::new(page.body.to_vec());
        *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or_default();
        *response.headers_mut() = page.headers;
        Ok((response, date))
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer, or not one within the bounds. A status is not judged here.
    pub async fn send(&self, exchange: Request) -> Result<Response, HttpError> {
        let (limit, deadline) = (exchange.limit, exchange.deadline);
        let host = exchange.url.host_str().unwrap_or_default().to_owned();
        let request = exchange
            .build(&self.0.client()?)
            .map_err(|_| HttpError::NotHttps(host))?;
        self.bounded(request, limit, deadline).await
    }

    async fn bounded(
        &self,
        request: reqwest::Request,
        limit: usize,
        deadline: Duration,
    ) -> Result<Response, HttpError> {
        let url = request.url().clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(HttpError::NotHttps(host));
        }
        let proxy = self.0.proxy_to(&url);
        let refused = |error: &reqwest::Error| {
            HttpError::from_reqwest(error, &host, proxy, deadline.as_secs())
        };
        let mut response = self
            .0
            .client()?
            .execute(request)
            .await
            .map_err(|error| refused(&error))?;
        // Only what stands in between answers so (RFC 6585).
        if response.status() == StatusCode::NETWORK_AUTHENTICATION_REQUIRED {
            return Err(HttpError::Portal { host });
        }
        let headers = response.headers();
        if headers
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding != "identity")
        {
            return Err(HttpError::Compressed { host });
        }
        let too_long = || HttpError::TooLong {
            host: host.clone(),
            limit,
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_long());
        }
        let (status, headers) = (response.status().as_u16(), headers.clone());
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| refused(&error))? {
            if body.len() + chunk.len() > limit {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            url,
            redirected_from: Vec::new(),
            status,
            headers,
            body,
        })
    }
}

/// A request to be.
#[derive(Debug)]
pub struct Request {
    pub url: Url,
    method: Method,
    accept: &'static str,
    body: Option<(&'static str, Secret)>,
    more: &'static [(&'static str, &'static str)],
    bearer: Option<Secret>,
    pub(super) cookies: Option<Secret>,
    limit: usize,
    deadline: Duration,
}

impl Request {
    /// A page for people, of at most a MiB.
    pub fn get(url: Url) -> Self {
        Self {
            url,
            method: Method::GET,
            accept: "text/html",
            body: None,
            more: &[],
            bearer: None,
            cookies: None,
            limit: 1024 * 1024,
            deadline: WHOLE,
        }
    }

    /// JSON of at most 256 KiB.
    pub fn get_json(url: Url) -> Self {
        Self {
            accept: "application/json",
            limit: 256 * 1024,
            ..Self::get(url)
        }
    }

    pub fn post_json(url: Url, body: Secret) -> Self {
        Self {
            method: Method::POST,
            body: Some(("application/json", body)),
            ..Self::get_json(url)
        }
    }

    /// With headers of the server's own.
    #[must_use]
    pub fn with(self, more: &'static [(&'static str, &'static str)]) -> Self {
        Self { more, ..self }
    }

    /// As [`Self::post_json`], in the dialect of Identity Engine's own interface.
    pub fn post_ion(url: Url, body: Secret) -> Self {
        const ION: &str = "application/ion+json; okta-version=1.0.0";
        Self {
            accept: ION,
            body: Some((ION, body)),
            ..Self::post_json(url, Secret::new(""))
        }
    }

    /// A form, answered with JSON.
    pub fn post_form(url: Url, body: Secret) -> Self {
        Self {
            body: Some(("application/x-www-form-urlencoded", body)),
            ..Self::post_json(url, Secret::new(""))
        }
    }

    /// A form, answered with a page.
    pub fn post_form_html(url: Url, body: Secret) -> Self {
        let page = Self::get(url.clone());
        Self {
            accept: page.accept,
            limit: page.limit,
            ..Self::post_form(url, body)
        }
    }

    /// With an access token; a redirect does not take it along.
    #[must_use]
    pub fn bearer(self, token: &Secret) -> Self {
        Self {
            bearer: Some(token.duplicate()),
            ..self
        }
    }

    /// Opens a connection, no more.
    pub fn head(url: Url) -> Self {
        Self {
            method: Method::HEAD,
            ..Self::get(url)
        }
    }

    pub fn delete(url: Url) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get_json(url)
        }
    }

    /// What a redirect of this exchange is asked for with: the same kind of answer, no body.
    pub(super) fn shape(&self) -> Shape {
        Shape {
            accept: self.accept,
            limit: self.limit,
            deadline: self.deadline,
        }
    }

    #[must_use]
    pub fn within(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    fn build(self, client: &reqwest::Client) -> Result<reqwest::Request, reqwest::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let sensitive = self
            .cookies
            .as_ref()
            .and_then(|text| HeaderValue::from_str(text.expose()).ok());
        if let Some(mut cookies) = sensitive {
            cookies.set_sensitive(true);
            headers.insert(COOKIE, cookies);
        }
        let bearer = self.bearer.as_ref().and_then(|token| {
            let text = Secret::new(format!("Bearer {}", token.expose()));
            HeaderValue::from_str(text.expose()).ok()
        });
        if let Some(mut bearer) = bearer {
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let mut request = client
            .request(self.method, self.url)
            .timeout(self.deadline)
            .headers(headers);
        for (name, value) in self.more {
            request = request.header(*name, *value);
        }
        if let Some((kind, body)) = &self.body {
            request = request
                .header(CONTENT_TYPE, *kind)
                .body(body.expose().to_owned());
        }
        request.build()
    }
}

/// How the hops of a redirect are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    accept: &'static str,
    limit: usize,
    deadline: Duration,
}

impl Shape {
    pub(super) fn at(self, url: Url) -> Request {
        let Self {
            accept,
            limit,
            deadline,
        } = self;
        Request {
            accept,
            limit,
            deadline,
            ..Request::get(url)
        }
    }
}

/// A server's whole answer.
pub struct Response {
    pub url: Url,
    /// The addresses that led here by redirects, in order.
    pub redirected_from: Vec<Url>,
    pub status: u16,
    pub body: Zeroizing<Vec<u8>>,
    headers: HeaderMap,
}

impl Response {
    /// The server's clock.
    pub fn date(&self) -> Option<Timestamp> {
        self.header(DATE.as_str())
            .and_then(Timestamp::from_http_date)
    }

    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    /// Seconds to wait, by `X-Rate-Limit-Reset` against the server's own `Date`, else by `Retry-After`.
    pub fn retry_in(&self) -> Option<i64> {
        let reset = self
            .header("x-rate-limit-reset")
            .and_then(|text| text.parse().ok());
        let limit = self.header("x-rate-limit-limit");
        match (reset, self.date()) {
            (Some(reset), Some(date)) if limit != Some("0") => {
                Some(Timestamp(reset).seconds_since(date))
            }
            _ => self
                .header(RETRY_AFTER.as_str())
                .and_then(|text| text.parse().ok()),
        }
    }

    /// Where a redirect leads, as the server wrote it.
    pub fn location(&self) -> Option<&[u8]> {
        self.headers.get(LOCATION).map(HeaderValue::as_bytes)
    }

    pub(super) fn set_cookies(&self) -> impl Iterator<Item = &[u8]> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .map(HeaderValue::as_bytes)
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
