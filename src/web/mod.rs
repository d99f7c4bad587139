//! The two rules of the web by which a secret stays with the host it belongs to: cookies and redirects.
//!
//! Beside them, which hosts are reached without a proxy.
//!
//! Owns no connection: headers come in, decisions go out. Both rules are narrower than a browser's,
//! because a sign-in needs neither cookies for a whole domain nor redirects to anywhere.

mod cookie_jar;
mod no_proxy;
mod redirect;
mod set_cookie;

pub use cookie_jar::CookieJar;
pub use no_proxy::NoProxy;
pub use redirect::{Hop, Method, RedirectError, next_hop};
pub use set_cookie::{Cookie, CookieError};
