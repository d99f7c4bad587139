//! A client with a jar: one origin's cookies, and redirects that stay at it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::http::{Client, HttpError, Request, Response};
use crate::model::{Org, Timestamp};
use crate::report::Report;
use crate::web::{CookieJar, Method, next_hop};

/// Speaks to one origin as a browser would, with the cookies it was given there and nowhere else.
///
/// Clones share the cookies and the server's time.
#[derive(Clone, Debug)]
pub struct CookieClient {
    client: Client,
    state: Rc<State>,
}

/// What does not depend on the way to the server.
#[derive(Debug)]
struct State {
    origin: Org,
    jar: RefCell<CookieJar>,
    date: Cell<Option<Timestamp>>,
    /// Where the last answer redirected to, if that is another host, and its status.
    sent_away: RefCell<Option<(u16, String)>>,
    hears: DateObserver,
}

/// Who wants to hear each `Date` as it arrives.
#[derive(Clone, Default)]
pub struct DateObserver(Option<Rc<dyn Fn(Timestamp)>>);

impl DateObserver {
    pub fn new(listener: impl Fn(Timestamp) + 'static) -> Self {
        Self(Some(Rc::new(listener)))
    }
}

impl std::fmt::Debug for DateObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hears")
    }
}

impl CookieClient {
    pub fn new(client: Client, origin: Org, hears: DateObserver) -> Self {
        Self {
            client,
            state: Rc::new(State {
                origin,
                jar: RefCell::new(CookieJar::new()),
                date: Cell::new(None),
                sent_away: RefCell::default(),
                hears,
            }),
        }
    }

    /// The same cookies over the connections of another client.
    #[must_use]
    pub fn with_network(&self, client: Client) -> Self {
        Self {
            client,
            state: Rc::clone(&self.state),
        }
    }

    pub fn org(&self) -> &Org {
        &self.state.origin
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The `Date` of the last answer.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.state.date.get()
    }

    /// One request to the origin, with its cookies; a redirect is returned as it is.
    ///
    /// # Errors
    /// When there is no answer within the bounds, or the address is not the origin's.
    pub async fn send(&self, mut exchange: Request) -> Result<Response, HttpError> {
        if !self.state.origin.owns(&exchange.url) {
            let host = exchange.url.host_str().unwrap_or_default();
            return Err(HttpError::Foreign {
                host: host.into(),
                origin: self.state.origin.to_string(),
            });
        }
        // Cookies whose end depends on the time live by the server's clock; before it has spoken there are none.
        let now = self.state.date.get().unwrap_or(Timestamp(0));
        exchange.cookies = self.state.jar.borrow().header_for(&exchange.url, now);
        let page = self.client.send(exchange).await?;
        if let Some(date) = page.date() {
            self.state.date.set(Some(date));
            if let Some(hears) = &self.state.hears.0 {
                hears(date);
            }
        }
        let sent_away = self.leads_away(&page).map(|host| (page.status, host));
        self.state.sent_away.replace(sent_away);
        let now = self.state.date.get().unwrap_or(Timestamp(0));
        let mut jar = self.state.jar.borrow_mut();
        for header in page.set_cookies() {
            // A cookie that breaks the rules is not kept; what needs it will say so.
            let _ = jar.store(header, &page.url, now);
        }
        drop(jar);
        Ok(page)
    }

    /// The host that a redirect leads to, if it is not the origin's.
    fn leads_away(&self, page: &Response) -> Option<String> {
        let location = std::str::from_utf8(page.location()?).ok();
        let to = page.url.join(location?).ok()?;
        let is_redirect = matches!(page.status, 301..=303 | 307 | 308);
        let port = to.port().map(|port| format!(":{port}")).unwrap_or_default();
        let host = to
            .host_str()
            .filter(|_| is_redirect && !self.state.origin.owns(&to))?;
        Some(format!("{host}{port}"))
    }

    /// Adds to a failure that the origin's last answer sent us to another host: the org may have
    /// moved, or something stands in between.
    pub fn with_redirect(&self, mut report: Report) -> Report {
        let Some((status, to)) = &*self.state.sent_away.borrow() else {
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
            .hint("if that is the sign-in page of a network (hotel, train), open it in a browser first")
    }

    /// Like [`Self::send`], and follows redirects as long as they stay at the origin.
    ///
    /// # Errors
    /// As [`Self::send`], and when a redirect leads elsewhere or in circles.
    pub async fn follow(&self, exchange: Request) -> Result<Response, HttpError> {
        let shape = exchange.shape();
        let mut page = self.send(exchange).await?;
        for hops in 0.. {
            if !matches!(page.status, 301..=303 | 307 | 308) {
                break;
            }
            let origins = [self.state.origin.url()];
            let hop = next_hop(
                page.status,
                page.location(),
                &page.url,
                Method::Get,
                &origins,
                hops,
            )
            .map_err(|why| HttpError::Redirect {
                host: self.state.origin.host().into(),
                why,
            })?;
            let mut redirected_from = std::mem::take(&mut page.redirected_from);
            redirected_from.push(page.url);
            page = self.send(shape.at(hop.url)).await?;
            page.redirected_from = redirected_from;
        }
        Ok(page)
    }
}
