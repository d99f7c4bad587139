//! The HTTP client: one TLS configuration, one proxy rule, one cookie rule.
//!
//! Redirects, compression and retries of reqwest are off, and nothing is logged. Every response is
//! bounded in bytes and time. [`CookieClient`] adds the cookies of one origin and follows redirects
//! itself, so that each hop is checked.

mod client;
mod cookie_client;
mod error;
mod network;
mod pool;
mod request;
mod response;
mod timeouts;

pub use client::Client;
pub use cookie_client::{CookieClient, DateObserver};
pub use error::HttpError;
pub use network::Network;
pub use pool::KeepAlive;
pub use request::{FORM, Request};
pub use response::Response;
