//! Cookies, redirects and `NO_PROXY`: pure decisions on headers and URLs.
//!
//! The rules for cookies and redirects are stricter than a browser's: a sign-in needs neither
//! cookies for a whole domain nor redirects to any host.

mod cookie_jar;
mod no_proxy;
mod redirect;
mod set_cookie;

pub use cookie_jar::CookieJar;
pub use no_proxy::NoProxy;
pub use redirect::{Method, RedirectError, next_hop};
pub use set_cookie::CookieError;
