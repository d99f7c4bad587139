//! A client with a jar: one origin's cookies, and redirects that stay at it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::http::{Client, Exchange, HttpError, Page};
use crate::model::{Org, Timestamp};
use crate::web::{CookieJar, Method, follow};

/// Speaks to one origin as a browser would, with the cookies it was given there and nowhere else.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    origin: Org,
    jar: RefCell<CookieJar>,
    date: Cell<Option<Timestamp>>,
    hears: Hears,
}

/// Who wants to hear each `Date` as it arrives.
#[derive(Clone, Default)]
pub struct Hears(Option<Rc<dyn Fn(Timestamp)>>);

impl Hears {
    pub fn new(listener: impl Fn(Timestamp) + 'static) -> Self {
        Self(Some(Rc::new(listener)))
    }
}

impl std::fmt::Debug for Hears {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hears")
    }
}

impl Browser {
    pub fn new(client: Client, origin: Org, hears: Hears) -> Self {
        Self {
            client,
            origin,
            jar: RefCell::new(CookieJar::new()),
            date: Cell::new(None),
            hears,
        }
    }

    pub fn org(&self) -> &Org {
        &self.origin
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The `Date` of the last answer.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.date.get()
    }

    /// One request to the origin, with its cookies; a redirect is returned as it is.
    ///
    /// # Errors
    /// When there is no answer within the bounds, or the address is not the origin's.
    pub async fn send(&self, mut exchange: Exchange) -> Result<Page, HttpError> {
        if !self.origin.owns(&exchange.url) {
            let host = exchange.url.host_str().unwrap_or_default();
            return Err(HttpError::Foreign {
                host: host.into(),
                origin: self.origin.to_string(),
            });
        }
        // Cookies whose end depends on the time live by the server's clock; before it has spoken there are none.
        let now = self.date.get().unwrap_or(Timestamp(0));
        exchange.cookies = self.jar.borrow().header_for(&exchange.url, now);
        let page = self.client.send(exchange).await?;
        if let Some(date) = page.date() {
            self.date.set(Some(date));
            if let Some(hears) = &self.hears.0 {
                hears(date);
            }
        }
        let now = self.date.get().unwrap_or(Timestamp(0));
        let mut jar = self.jar.borrow_mut();
        for header in page.set_cookies() {
            // A cookie that breaks the rules is not kept; what needs it will say so.
            let _ = jar.store(header, &page.url, now);
        }
        drop(jar);
        Ok(page)
    }

    /// Like [`Self::send`], and follows redirects as long as they stay at the origin.
    ///
    /// # Errors
    /// As [`Self::send`], and when a redirect leads elsewhere or in circles.
    pub async fn follow(&self, exchange: Exchange) -> Result<Page, HttpError> {
        let shape = exchange.shape();
        let mut page = self.send(exchange).await?;
        for hops in 0.. {
            if !matches!(page.status, 301..=303 | 307 | 308) {
                break;
            }
            let origins = [self.origin.url()];
            let hop = follow(
                page.status,
                page.location(),
                &page.url,
                Method::Get,
                &origins,
                hops,
            )
            .map_err(|why| HttpError::Redirect {
                host: self.origin.host().into(),
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
