//! The connections of one session, closed as soon as the work they were opened for is done.
//!
//! An idle connection keeps buffers that the allocator cannot wipe: rustls decrypts in place and hyper parses in
//! place, so the last answer (a page with an assertion) and the last request (a password, a cookie) stay readable
//! until the connection is dropped. A pool that only times out would keep them for a minute and a half.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use crate::http::client::{Client, build};
use crate::http::error::HttpError;
use crate::http::network::{HttpProxy, Network};

impl Client {
    /// # Errors
    /// When the CA bundle or the proxy's address cannot be used.
    pub fn new(network: Network) -> Result<Self, HttpError> {
        Pool::new(network).map(|pool| Self(Arc::new(pool)))
    }

    /// Keeps connections open until what is returned is dropped.
    pub fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(&self.0)
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    network: Network,
    proxy: Option<HttpProxy>,
    /// Absent while no connection is kept.
    open: Mutex<Option<reqwest::Client>>,
    uses: AtomicUsize,
}

impl Pool {
    /// # Errors
    /// When the CA bundle or the proxy's address cannot be used.
    pub(super) fn new(network: Network) -> Result<Self, HttpError> {
        let proxy = network.proxy()?;
        let open = Mutex::new(Some(build(&network, proxy.as_ref())?));
        Ok(Self {
            network,
            proxy,
            open,
            uses: AtomicUsize::new(0),
        })
    }

    /// Returns the client that holds the open connections, a new one after they were closed.
    pub(super) fn client(&self) -> Result<reqwest::Client, HttpError> {
        let mut open = self.lock();
        if let Some(client) = &*open {
            return Ok(client.clone());
        }
        let client = build(&self.network, self.proxy.as_ref())?;
        *open = Some(client.clone());
        Ok(client)
    }

    /// The name of the proxy by which `url` is reached.
    pub(super) fn proxy_to(&self, url: &Url) -> Option<&str> {
        self.proxy.as_ref()?.name_if_used_for(url)
    }

    fn lock(&self) -> MutexGuard<'_, Option<reqwest::Client>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a client's connections open between requests. When the last one is dropped, idle connections are closed;
/// a request that is under way finishes on its own.
#[derive(Debug)]
#[must_use]
pub struct KeepAlive(Arc<Pool>);

impl KeepAlive {
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        pool.uses.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(pool))
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        if self.0.uses.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.lock().take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_use_closes_the_pool_and_a_request_opens_it() {
        let pool = Arc::new(Pool::new(Network::default()).unwrap());
        let is_open = || pool.lock().is_some();
        let (first, second) = (KeepAlive::new(&pool), KeepAlive::new(&pool));
        drop(first);
        assert!(is_open(), "another use is under way");
        drop(second);
        assert!(!is_open());
        pool.client().unwrap();
        assert!(is_open());
    }
}
