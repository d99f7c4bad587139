//! The only room that speaks to servers: one client, one TLS, one proxy rule, one cookie rule.
//!
//! Nothing is followed, decompressed, retried or logged behind the caller's back. Every answer is bounded
//! in bytes and time; [`CookieClient`] adds a jar of cookies for one origin and follows redirects by hand.

mod browser;
mod client;
mod error;
mod network;
mod pool;

pub use browser::{CookieClient, DateObserver};
pub use client::{Client, Request, Response};
pub use error::HttpError;
pub use network::Network;
pub use pool::KeepAlive;

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(
            f,
            "Page({} from {host}, {} bytes)",
            self.status,
            self.body.len()
        )
    }
}
