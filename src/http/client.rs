//! Sends one request and reads one bounded response.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_ENCODING;
use reqwest::{StatusCode, Url};
use zeroize::Zeroizing;

use crate::http::error::HttpError;
use crate::http::network::Network;
use crate::http::pool::{KeepAlive, Pool};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::model::is_loopback;

/// A pool of connections with one trust and proxy configuration. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Client(Arc<Pool>);

impl Client {
    /// Builds a client without connections.
    ///
    /// # Errors
    /// [`HttpError::CaBundle`] or [`HttpError::Proxy`] if the settings cannot be used.
    pub fn new(network: Network) -> Result<Self, HttpError> {
        Pool::new(network).map(|pool| Self(Arc::new(pool)))
    }

    /// Keeps connections open until the returned guard is dropped.
    pub fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(&self.0)
    }

    /// Sends one request and reads the whole response. The status is not judged.
    ///
    /// # Errors
    /// Any [`HttpError`] below the protocol, and if the response exceeds the request's limits.
    pub async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let (max_bytes, timeout) = (request.max_bytes, request.timeout);
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let built = request.build(&self.0.client()?);
        let request = built.map_err(|_| HttpError::NotHttps(host))?;
        self.send_bounded(request, max_bytes, timeout).await
    }

    /// Sends a request that an SDK built, within the same limits.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_raw(
        &self,
        request: http::Request<Vec<u8>>,
        max_bytes: usize,
        timeout: Duration,
    ) -> Result<Response, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let mut request =
            reqwest::Request::try_from(request).map_err(|_| HttpError::NotHttps(host))?;
        *request.timeout_mut() = Some(timeout);
        self.send_bounded(request, max_bytes, timeout).await
    }

    async fn send_bounded(
        &self,
        request: reqwest::Request,
        max_bytes: usize,
        timeout: Duration,
    ) -> Result<Response, HttpError> {
        let url = request.url().clone();
        let host = || url.host_str().unwrap_or_default().to_owned();
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(HttpError::NotHttps(host()));
        }
        let failed = |error| self.failed(&error, &url, timeout);
        let sent = self.0.client()?.execute(request).await;
        let mut response = sent.map_err(failed)?;
        // Only an intermediary answers with 511 (RFC 6585).
        if response.status() == StatusCode::NETWORK_AUTHENTICATION_REQUIRED {
            return Err(HttpError::CaptivePortal { host: host() });
        }
        let encoding = response.headers().get(CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| encoding != "identity") {
            return Err(HttpError::Compressed { host: host() });
        }
        let too_large = || HttpError::TooLarge {
            host: host(),
            max_bytes,
        };
        let announced = response.content_length();
        if announced.is_some_and(|length| length > max_bytes as u64) {
            return Err(too_large());
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > max_bytes {
                return Err(too_large());
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

    fn failed(&self, error: &reqwest::Error, url: &Url, timeout: Duration) -> HttpError {
        let host = url.host_str().unwrap_or_default();
        HttpError::from_reqwest(error, host, self.0.proxy_to(url), timeout)
    }
}
