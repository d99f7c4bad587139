//! A client with the cookies of one origin.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use reqwest::Url;
use reqwest::header::COOKIE;

use crate::http::client::Client;
use crate::http::error::HttpError;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::model::{Org, Timestamp};
use crate::report::Report;
use crate::web::{CookieJar, Method, next_hop};

/// Sends requests to one origin with the cookies that this origin set.
///
/// Clones share the cookies and the server's time.
#[derive(Clone, Debug)]
pub struct CookieClient {
    client: Client,
    state: Rc<State>,
}

/// The state that does not depend on the connections.
#[derive(Debug)]
struct State {
    origin: Org,
    jar: RefCell<CookieJar>,
    date: Cell<Option<Timestamp>>,
    /// Status and foreign host of the last response if it redirected to another host.
    foreign_redirect: RefCell<Option<(u16, String)>>,
    observer: DateObserver,
}

/// A callback for each `Date` header as it arrives.
#[derive(Clone, Default)]
pub struct DateObserver(Option<Rc<dyn Fn(Timestamp)>>);

impl DateObserver {
    pub fn new(callback: impl Fn(Timestamp) + 'static) -> Self {
        Self(Some(Rc::new(callback)))
    }
}

impl fmt::Debug for DateObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateObserver")
    }
}

impl CookieClient {
    pub fn new(client: Client, origin: Org, observer: DateObserver) -> Self {
        let state = State {
            origin,
            jar: RefCell::new(CookieJar::default()),
            date: Cell::new(None),
            foreign_redirect: RefCell::default(),
            observer,
        };
        Self {
            client,
            state: Rc::new(state),
        }
    }

    /// Returns a client with the same cookies over other connections.
    #[must_use]
    pub fn with_client(&self, client: Client) -> Self {
        Self {
            client,
            state: Rc::clone(&self.state),
        }
    }

    pub fn org(&self) -> &Org {
        &self.state.origin
    }

    /// Returns the client underneath, which sends no cookies.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the address of `path` (which starts with a slash) at the origin.
    ///
    /// # Errors
    /// [`HttpError::NotHttps`] if that is no address.
    pub fn url(&self, path: &str) -> Result<Url, HttpError> {
        let origin = &self.state.origin;
        Url::parse(&origin.at(path)).map_err(|_| HttpError::NotHttps(origin.host().into()))
    }

    /// Returns the `Date` of the last response.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.state.date.get()
    }

    /// Sends one request to the origin with its cookies. A redirect is returned as it is.
    ///
    /// # Errors
    /// [`HttpError::ForeignHost`] if the address is not the origin's; else as [`Client::send`].
    pub async fn send(&self, mut request: Request) -> Result<Response, HttpError> {
        let state = &self.state;
        if !state.origin.owns(&request.url) {
            return Err(HttpError::ForeignHost {
                host: request.url.host_str().unwrap_or_default().into(),
                origin: state.origin.to_string(),
            });
        }
        // Cookies expire by the server's clock. Before the first response there are none.
        let now = || state.date.get().unwrap_or(Timestamp(0));
        if let Some(cookies) = state.jar.borrow().header_for(&request.url, now()) {
            request = request.header(COOKIE, cookies.expose());
        }
        let response = self.client.send(request).await?;
        if let Some(date) = response.date() {
            state.date.set(Some(date));
            if let Some(callback) = &state.observer.0 {
                callback(date);
            }
        }
        let foreign = self.foreign_redirect(&response);
        state.foreign_redirect.replace(foreign);
        let mut jar = state.jar.borrow_mut();
        for header in response.set_cookies() {
            // A malformed cookie is dropped. A page that needs it fails with its own error.
            let _ = jar.store(header, &response.url, now());
        }
        drop(jar);
        Ok(response)
    }

    fn foreign_redirect(&self, response: &Response) -> Option<(u16, String)> {
        let to = response
            .location_url()
            .filter(|to| response.is_redirect() && !self.state.origin.owns(to))?;
        let port = to.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some((response.status, format!("{}{port}", to.host_str()?)))
    }

    /// Adds to a failure that the last response redirected to another host: the org may have moved,
    /// or an intermediary answered.
    pub fn with_redirect(&self, mut report: Report) -> Report {
        let Some((status, to)) = &*self.state.foreign_redirect.borrow() else {
            return report;
        };
        if !report.causes.iter().any(|cause| cause.contains(to)) {
            let host = self.state.origin.host();
            report = report.cause(format!("{host} sends us to {to} (status {status})"));
        }
        report
            .hint(format!(
                "if your org has moved there, set `url = \"https://{to}\"` in [org]"
            ))
            .hint(
                "if that is the sign-in page of a network (hotel, train), \
                 open it in a browser first",
            )
    }

    /// Sends a request and follows redirects within the origin.
    ///
    /// # Errors
    /// As [`Self::send`], and [`HttpError::Redirect`] if a redirect leaves the origin or loops.
    pub async fn follow(&self, request: Request) -> Result<Response, HttpError> {
        // Template of the later hops; its address is replaced.
        let template = request.redirected(request.url.clone());
        let origins = [self.state.origin.url()];
        let mut response = self.send(request).await?;
        for hops in 0.. {
            if !response.is_redirect() {
                break;
            }
            let (status, location) = (response.status, response.location());
            let next = next_hop(status, location, &response.url, Method::Get, &origins, hops);
            let next = next.map_err(|error| HttpError::Redirect {
                host: self.state.origin.host().into(),
                error,
            })?;
            let mut redirected_from = std::mem::take(&mut response.redirected_from);
            redirected_from.push(response.url);
            response = self.send(template.redirected(next)).await?;
            response.redirected_from = redirected_from;
        }
        Ok(response)
    }
}
