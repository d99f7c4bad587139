//! The connections of one session, closed as soon as the last user of them is done.
//!
//! An idle connection keeps buffers that the allocator cannot wipe: rustls decrypts in place and
//! hyper parses in place. The last response (a page with an assertion) and the last request (a
//! password, a cookie) stay readable until the connection is dropped, and a pool that only times
//! out would keep them for 90 seconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use crate::http::error::HttpError;
use crate::http::network::{HttpProxy, Network};

#[derive(Debug)]
pub(super) struct Pool {
    network: Network,
    proxy: Option<HttpProxy>,
    /// `None` after the last guard closed the connections, until the next request.
    open: Mutex<Option<reqwest::Client>>,
    guards: AtomicUsize,
}

impl Pool {
    pub(super) fn new(network: Network) -> Result<Self, HttpError> {
        let proxy = network.proxy()?;
        let open = Mutex::new(Some(network.build(proxy.as_ref())?));
        Ok(Self {
            network,
            proxy,
            open,
            guards: AtomicUsize::new(0),
        })
    }

    /// Returns the client that holds the open connections, or a new one after they were closed.
    pub(super) fn client(&self) -> Result<reqwest::Client, HttpError> {
        let mut open = self.lock();
        if let Some(client) = &*open {
            return Ok(client.clone());
        }
        let client = self.network.build(self.proxy.as_ref())?;
        *open = Some(client.clone());
        Ok(client)
    }

    /// Returns the name of the proxy by which `url` is reached.
    pub(super) fn proxy_to(&self, url: &Url) -> Option<&str> {
        self.proxy.as_ref()?.name_if_used_for(url)
    }

    fn lock(&self) -> MutexGuard<'_, Option<reqwest::Client>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a client's connections open between requests. Dropping the last guard closes the idle
/// connections; a request under way finishes.
#[derive(Debug)]
#[must_use]
pub struct KeepAlive(Arc<Pool>);

impl KeepAlive {
    pub(super) fn new(pool: &Arc<Pool>) -> Self {
        pool.guards.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(pool))
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        if self.0.guards.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.lock().take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_the_last_guard_closes_the_pool() {
        let pool = Arc::new(Pool::new(Network::default()).unwrap());
        let is_open = || pool.lock().is_some();
        let (first, second) = (KeepAlive::new(&pool), KeepAlive::new(&pool));
        drop(first);
        assert!(is_open(), "the second guard is alive");
        drop(second);
        assert!(!is_open());
        pool.client().unwrap();
        assert!(is_open());
    }
}
