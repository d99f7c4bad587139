//! The cookies of one service. Each service has its own jar.

use url::Url;

use super::set_cookie::{Cookie, CookieError};
use crate::model::Timestamp;
use crate::secret::Secret;

/// Limit of cookies. Okta orgs set less than half as many.
const MAX_COOKIES: usize = 64;

/// Cookies, each bound to the host that set it.
#[derive(Debug, Default)]
pub struct CookieJar(Vec<Cookie>);

impl CookieJar {
    /// Stores the cookie of a `Set-Cookie` header of `url`. It replaces one of the same name, host
    /// and path; in a full jar it replaces the oldest.
    ///
    /// # Errors
    /// [`CookieError`] if the cookie is refused. The jar stays unchanged.
    pub fn store(&mut self, header: &[u8], url: &Url, now: Timestamp) -> Result<(), CookieError> {
        let cookie = Cookie::parse(header, url, now)?;
        self.0.retain(|known| {
            !(known.name == cookie.name && known.host == cookie.host && known.path == cookie.path)
        });
        if !cookie.is_expired(now) {
            if self.0.len() == MAX_COOKIES {
                self.0.remove(0);
            }
            self.0.push(cookie);
        }
        Ok(())
    }

    /// Returns the `Cookie` header for `url`, longest path first. `None` without cookies.
    pub fn header_for(&self, url: &Url, now: Timestamp) -> Option<Secret> {
        let mut chosen: Vec<&Cookie> = self
            .0
            .iter()
            .filter(|cookie| cookie.is_sent_to(url, now))
            .collect();
        chosen.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut header = String::new();
        for cookie in chosen {
            if !header.is_empty() {
                header.push_str("; ");
            }
            header.push_str(&cookie.name);
            header.push('=');
            header.push_str(cookie.value.expose());
        }
        (!header.is_empty()).then(|| Secret::new(header))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::counted;

    const NOW: Timestamp = Timestamp(1_795_309_375);

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn org() -> Url {
        url("https://acme.okta.com/api/v1/authn")
    }

    fn sent(jar: &CookieJar, to: &str) -> Option<String> {
        jar.header_for(&url(to), NOW)
            .map(|header| header.expose().to_owned())
    }

    #[test]
    fn session_cookie_is_sent_to_its_host_only() {
        let mut jar = CookieJar::default();
        let header = b"sid=102abc; Path=/; Secure; HttpOnly; SameSite=None";
        jar.store(header, &org(), NOW).unwrap();
        assert_eq!(
            sent(&jar, "https://acme.okta.com/home").as_deref(),
            Some("sid=102abc")
        );
        for elsewhere in counted::<5, _>([
            "https://evil.okta.com/",
            "https://okta.com/",
            "https://x.acme.okta.com/",
            "https://acme.okta.com.evil.example/",
            "http://acme.okta.com/",
        ]) {
            assert_eq!(sent(&jar, elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn domain_attribute_never_widens_the_host() {
        let mut jar = CookieJar::default();
        jar.store(b"DT=1; Domain=.okta.com; Secure", &org(), NOW)
            .unwrap();
        assert_eq!(sent(&jar, "https://other.okta.com/"), None);
        assert_eq!(
            sent(&jar, "https://acme.okta.com/").as_deref(),
            Some("DT=1")
        );
        let by_number = url("https://127.0.0.1/");
        let refused = jar.store(b"a=b; Domain=0.1; Secure", &by_number, NOW);
        assert_eq!(refused, Err(CookieError::ForeignDomain));
        for domain in counted::<4, _>(["evil.example", "me.okta.com", "x.acme.okta.com", "."]) {
            let header = format!("a=b; Domain={domain}; Secure");
            let refused = jar.store(header.as_bytes(), &org(), NOW);
            assert_eq!(refused, Err(CookieError::ForeignDomain), "{domain}");
        }
    }

    #[test]
    fn invalid_cookies_are_refused() {
        let long = format!("a={}; Secure", "x".repeat(5000));
        for (header, expected) in counted::<12, _>([
            ("a=b", CookieError::NotSecure),
            ("a=b; Path=/", CookieError::NotSecure),
            ("=b; Secure", CookieError::NoName),
            ("b; Secure", CookieError::NoName),
            ("a\0=b; Secure", CookieError::Character),
            ("a=b\r\nX: y; Secure", CookieError::Character),
            ("a b=c; Secure", CookieError::Character),
            ("a=ü; Secure", CookieError::Character),
            ("__Host-a=b; Secure; Path=/x", CookieError::Prefix),
            (
                "__Host-a=b; Secure; Path=/; Domain=acme.okta.com",
                CookieError::Prefix,
            ),
            ("__host-a=b; Secure", CookieError::Prefix),
            (long.as_str(), CookieError::TooLarge),
        ]) {
            let refused = CookieJar::default().store(header.as_bytes(), &org(), NOW);
            assert_eq!(refused, Err(expected), "{header:.40}");
        }
        let sound = b"__Host-a=b; Secure; Path=/";
        assert_eq!(CookieJar::default().store(sound, &org(), NOW), Ok(()));
    }

    #[test]
    fn loopback_http_needs_no_secure() {
        let loopback = url("http://127.0.0.1:8080/");
        let mut jar = CookieJar::default();
        jar.store(b"sid=1", &loopback, NOW).unwrap();
        assert_eq!(
            sent(&jar, "http://127.0.0.1:8080/x").as_deref(),
            Some("sid=1")
        );
        let refused = jar.store(b"__Secure-a=1", &loopback, NOW);
        assert_eq!(refused, Err(CookieError::Prefix));
        let plain = jar.store(b"sid=1", &url("http://acme.okta.com/"), NOW);
        assert_eq!(plain, Err(CookieError::NotSecure));
    }

    #[test]
    fn cookies_expire_by_max_age_expires_and_removal() {
        let mut jar = CookieJar::default();
        let mut store = |header: &str| jar.store(header.as_bytes(), &org(), NOW).unwrap();
        store("gone=1; Secure; Max-Age=3600");
        store("gone=1; Secure; Max-Age=0");
        store("past=1; Secure; Expires=Thu, 01 Jan 1970 00:00:10 GMT");
        store("both=1; Secure; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Max-Age=60");
        store("odd=1; Secure; Max-Age=soon; Expires=never");
        store("far=\"q\"; Secure; Max-Age=99999999999999999999");
        assert_eq!(
            sent(&jar, "https://acme.okta.com/").as_deref(),
            Some("both=1; odd=1; far=\"q\"")
        );
        let later = jar.header_for(&org(), NOW.plus(60)).unwrap();
        assert!(!later.expose().contains("both="));
    }

    #[test]
    fn cookies_are_bound_to_paths_and_the_jar_to_64() {
        let mut jar = CookieJar::default();
        jar.store(b"deep=1; Secure; Path=/app", &org(), NOW)
            .unwrap();
        jar.store(b"root=1; Secure; Path=/", &org(), NOW).unwrap();
        assert_eq!(
            sent(&jar, "https://acme.okta.com/app/x").as_deref(),
            Some("deep=1; root=1")
        );
        assert_eq!(
            sent(&jar, "https://acme.okta.com/apple").as_deref(),
            Some("root=1")
        );
        for number in 0..65 {
            let header = format!("c{number}=1; Secure");
            jar.store(header.as_bytes(), &org(), NOW).unwrap();
        }
        assert_eq!(jar.0.len(), MAX_COOKIES);
        let header = sent(&jar, "https://acme.okta.com/").unwrap();
        assert!(!header.contains("root=") && header.contains("c64="));
    }

    proptest! {
        #[test]
        fn arbitrary_header_stays_with_its_host(
            header in "([a-z_=; ]|Domain=|Secure|Path=/|Max-Age=|__Host-|\\PC){0,30}"
        ) {
            let mut jar = CookieJar::default();
            let _ = jar.store(header.as_bytes(), &org(), NOW);
            prop_assert_eq!(sent(&jar, "https://evil.example/"), None);
            prop_assert_eq!(sent(&jar, "https://other.okta.com/"), None);
            if let Some(header) = sent(&jar, "https://acme.okta.com/") {
                prop_assert!(header.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }
    }
}
