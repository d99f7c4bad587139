//! Scripted faults: what a server does wrong, for which requests and how often. Some replace the
//! response, so that the request has no effect; others spoil the delivery of a real one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::http::{Answer, Request};
use crate::log::Server;

/// A fault of one server. The oldest one that matches a request and has turns left is used.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The faulty server.
    pub server: Server,
    /// For the org and the foreign host, what the path begins with; for STS, the `Action`. Empty
    /// fits everything.
    pub path_prefix: String,
    /// How many matching requests pass first.
    pub skip: usize,
    /// How many requests it affects; `usize::MAX` for all.
    pub times: usize,
    /// The kind of fault.
    pub kind: FaultKind,
}

impl Fault {
    /// Hits one request of the org whose path begins like this.
    pub fn org(path_prefix: &str, kind: FaultKind) -> Fault {
        Fault::new(Server::Org, path_prefix, kind)
    }

    /// Hits one STS call of this `Action`.
    pub fn sts(action: &str, kind: FaultKind) -> Fault {
        Fault::new(Server::Sts, action, kind)
    }

    /// Hits one request of the VPN's web server whose path begins like this.
    pub fn vpn(path_prefix: &str, kind: FaultKind) -> Fault {
        Fault::new(Server::Vpn, path_prefix, kind)
    }

    /// Hits that many requests instead of one.
    #[must_use]
    pub fn times(mut self, times: usize) -> Fault {
        self.times = times;
        self
    }

    /// Hits every fitting request.
    #[must_use]
    pub fn always(self) -> Fault {
        self.times(usize::MAX)
    }

    /// Lets that many fitting requests pass first.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Fault {
        self.skip = skip;
        self
    }

    fn new(server: Server, path_prefix: &str, kind: FaultKind) -> Fault {
        Fault {
            server,
            path_prefix: path_prefix.to_owned(),
            skip: 0,
            times: 1,
            kind,
        }
    }

    fn fits(&self, server: Server, request: &Request) -> bool {
        self.server == server
            && match server {
                Server::Sts if !self.path_prefix.is_empty() => {
                    let action = request
                        .form("Action")
                        .or_else(|| request.parameter("Action"));
                    action.as_deref() == Some(&self.path_prefix)
                }
                _ => request.path.starts_with(&self.path_prefix),
            }
    }
}

/// Kinds of faults.
#[derive(Debug, Clone)]
pub enum FaultKind {
    /// This response instead of the real one.
    Status {
        /// The status code.
        code: u16,
        /// Besides `Date` and `Content-Length`.
        headers: Vec<(String, String)>,
        /// Sent unchanged.
        body: Vec<u8>,
    },
    /// A captive portal's sign-in page with status 200, instead of JSON or XML.
    HtmlInsteadOfJson,
    /// 302 with this `Location`, written as it is.
    RedirectTo(String),
    /// The real answer, one byte per this pause.
    Drip(Duration),
    /// The real answer up to this many bytes of its body, then the connection is closed (its
    /// `Content-Length` promised all of them).
    CutAfter(usize),
    /// The request is read and never answered; the connection stays open.
    Hang,
    /// The real body with another content type.
    WrongContentType(String),
    /// The real answer with more headers.
    ExtraHeaders(Vec<(String, String)>),
    /// The real status and headers with another body.
    ReplaceBody {
        /// The other body.
        body: Vec<u8>,
        /// Its type.
        content_type: String,
    },
    /// The real response, delayed.
    Delay(Duration),
    /// The request takes effect, but the connection is closed instead of an answer.
    CloseBeforeAnswer,
    /// 429 in the server's own format.
    RateLimited {
        /// `X-Rate-Limit-Reset`, in seconds from the server's now; `None` leaves the header out.
        reset_in: Option<i64>,
    },
    /// Exactly these bytes, status line and all, then the connection is closed.
    Raw(Vec<u8>),
}

/// The effect of the faults on one request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// This response, without asking the server.
    Instead(Answer),
    /// These bytes, then the connection is closed, without asking the server.
    Bytes(Vec<u8>),
    /// No response, without asking the server.
    Silence,
    /// The server's response, delivered in this way.
    Deliver(Delivery),
}

/// How a real answer is delivered.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) delay: Duration,
    pub(crate) per_byte: Duration,
    pub(crate) cut_after: Option<usize>,
    pub(crate) close_first: bool,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Option<Vec<u8>>,
}

/// The faults not used up yet.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn arm(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Uses up one turn of the oldest fault that fits.
    pub(crate) fn verdict(&self, server: Server, request: &Request, now: u64) -> Verdict {
        let kind = self.take(server, request);
        kind.map_or_else(
            || Verdict::Deliver(Delivery::default()),
            |kind| kind.verdict(server, now),
        )
    }

    fn take(&self, server: Server, request: &Request) -> Option<FaultKind> {
        for fault in self.lock().iter_mut() {
            if fault.times == 0 || !fault.fits(server, request) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times != usize::MAX {
                fault.times -= 1;
            }
            return Some(fault.kind.clone());
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultKind {
    fn verdict(self, server: Server, now: u64) -> Verdict {
        let mut delivery = Delivery::default();
        match self {
            FaultKind::Status {
                code,
                headers,
                body,
            } => {
                return Verdict::Instead(Answer {
                    status: code,
                    headers,
                    body,
                });
            }
            FaultKind::HtmlInsteadOfJson => return Verdict::Instead(Answer::html(200, PORTAL)),
            FaultKind::RedirectTo(url) => return Verdict::Instead(Answer::redirect(&url)),
            FaultKind::Hang => return Verdict::Silence,
            FaultKind::Raw(bytes) => return Verdict::Bytes(bytes),
            FaultKind::RateLimited { reset_in } => {
                return Verdict::Instead(rate_limited(server, reset_in, now));
            }
            FaultKind::Drip(pause) => delivery.per_byte = pause,
            FaultKind::CutAfter(bytes) => delivery.cut_after = Some(bytes),
            FaultKind::WrongContentType(name) => delivery.content_type = Some(name),
            FaultKind::ExtraHeaders(headers) => delivery.headers = headers,
            FaultKind::ReplaceBody { body, content_type } => {
                delivery.body = Some(body);
                delivery.content_type = Some(content_type);
            }
            FaultKind::Delay(delay) => delivery.delay = delay,
            FaultKind::CloseBeforeAnswer => delivery.close_first = true,
        }
        Verdict::Deliver(delivery)
    }
}

const PORTAL: &str = "<!doctype html><html><head><title>Welcome to Free WiFi</title></head>\
    <body><form action=\"/accept\" method=\"post\"><button>Accept</button></form></body></html>";

fn rate_limited(server: Server, reset_in: Option<i64>, now: u64) -> Answer {
    if server == Server::Sts {
        return crate::sts::error(400, "Throttling", "Rate exceeded");
    }
    let mut answer = crate::okta::error(
        429,
        "E0000047",
        "API call exceeded rate limit due to too many requests.",
    );
    answer
        .headers
        .retain(|(name, _)| !name.starts_with("X-Rate-Limit"));
    answer = answer
        .with("X-Rate-Limit-Limit", "600")
        .with("X-Rate-Limit-Remaining", "0");
    match reset_in {
        Some(seconds) => answer.with(
            "X-Rate-Limit-Reset",
            &now.saturating_add_signed(seconds).to_string(),
        ),
        None => answer,
    }
}
