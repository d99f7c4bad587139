//! The request log: each request in order of arrival, with its connection and the status of the
//! response.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::http::{self, Request};

/// Which of the sandbox's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Server {
    /// The Okta org.
    Org,
    /// AWS STS.
    Sts,
    /// A foreign host, which must receive no secret.
    Other,
    /// The web pages of the OpenVPN Access Server.
    Vpn,
}

/// One request as it arrived, and how it was answered.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The server that received it.
    pub server: Server,
    /// Counts TCP connections over all servers, from 1.
    pub connection: u64,
    /// When its last byte had arrived, by the machine's clock.
    pub at: SystemTime,
    /// `GET`, `POST`, …
    pub method: String,
    /// Before the `?`, as sent.
    pub path: String,
    /// After the `?`, as sent; empty when there was none.
    pub query: String,
    /// In order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
    /// `None` until answered, and for good when the answer was withheld by a fault.
    pub status: Option<u16>,
}

impl Logged {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        http::find_header(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field of a form body, decoded.
    pub fn form(&self, name: &str) -> Option<String> {
        http::find_pair(&http::decode_pairs(&self.text()), name)
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        http::find_pair(&http::decode_pairs(&self.query), name)
    }

    /// The body as JSON; null when it is not.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The request log and the counters beside it.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: Mutex<Vec<(usize, Logged)>>,
    next: AtomicUsize,
    connections: [AtomicUsize; 4],
    handshakes: [AtomicUsize; 4],
}

impl Log {
    /// Writes a request down and returns its number for [`Log::answered`].
    pub(crate) fn received(&self, server: Server, connection: u64, request: &Request) -> usize {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let logged = Logged {
            server,
            connection,
            at: SystemTime::now(),
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            status: None,
        };
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((number, logged));
        number
    }

    pub(crate) fn answered(&self, number: usize, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, logged)) = requests.iter_mut().rfind(|(known, _)| *known == number) {
            logged.status = Some(status);
        }
    }

    pub(crate) fn all(&self) -> Vec<Logged> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().map(|(_, logged)| logged.clone()).collect()
    }

    /// Forgets requests and counters.
    pub(crate) fn clear(&self) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        for counter in self.connections.iter().chain(&self.handshakes) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn connected(&self, server: Server) {
        self.connections[server as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn shook_hands(&self, server: Server) {
        self.handshakes[server as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connections(&self, server: Server) -> usize {
        self.connections[server as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn handshakes(&self, server: Server) -> usize {
        self.handshakes[server as usize].load(Ordering::Relaxed)
    }
}
