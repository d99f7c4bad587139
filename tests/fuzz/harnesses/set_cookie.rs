//! `Set-Cookie` headers of one response, one a line: no cookie is sent to another host, none breaks
//! out of the `Cookie` header.

use ob::model::Timestamp;
use ob::web::CookieJar;
use url::Url;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "set_cookie",
    dictionary: &[
        "sid=102canary",
        "DT=1",
        "a=b",
        "__Host-a=1",
        "__Secure-a=1",
        "; Secure",
        "; HttpOnly",
        "; Path=/",
        "; Path=/app",
        "; Path=",
        "; Domain=acme.okta.com",
        "; Domain=.okta.com",
        "; Domain=evil.example",
        "; Domain=com",
        "; Domain=",
        "; Max-Age=0",
        "; Max-Age=60",
        "; Max-Age=99999999999999999999",
        "; Expires=Thu, 01 Jan 1970 00:00:10 GMT",
        "; SameSite=None",
        "\n",
        "\r",
        "\0",
        "=",
        ";",
        ",",
        "\"",
        " ",
        "\u{e9}",
    ],
    templates: &[("sid=1", "; Secure"), ("sid=1; Secure", "")],
    target,
};

fn target(bytes: &[u8]) {
    let now = Timestamp(1_795_309_375);
    let url = |text| Url::parse(text).expect("an address");
    let mut jar = CookieJar::default();
    for header in bytes.split(|byte| *byte == b'\n') {
        let _ = jar.store(header, &url("https://acme.okta.com/api/v1/authn"), now);
    }
    for elsewhere in [
        "https://evil.example/",
        "https://other.okta.com/",
        "https://okta.com/",
        "https://x.acme.okta.com/",
        "http://acme.okta.com/",
    ] {
        assert!(
            jar.header_for(&url(elsewhere), now).is_none(),
            "{elsewhere}"
        );
    }
    if let Some(header) = jar.header_for(&url("https://acme.okta.com/app/x"), now) {
        let header = header.expose();
        assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(header.split("; ").count() <= 64);
        assert!(header.split("; ").all(|pair| pair.contains('=')));
    }
}
