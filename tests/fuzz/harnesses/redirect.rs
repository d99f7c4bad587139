//! `Location` headers: a redirect that is followed stays at the org.

use ob::web::{Method, next_hop};
use url::Url;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "redirect",
    dictionary: &[
        "https://",
        "http://",
        "//",
        "/",
        "acme.okta.com",
        "evil.example",
        "127.0.0.1",
        "localhost",
        ":443",
        ":8443",
        "@",
        "alice:canary@",
        "\\",
        "\t",
        "\r\nSet-Cookie: a=b",
        "javascript:",
        "data:",
        "file:///",
        "?a=b",
        "#top",
        "%2f",
        "%00",
        "..",
        ".",
        "xn--",
        "\u{ff0f}",
        "\u{3002}",
        "ACME",
        ";",
        " ",
    ],
    templates: &[
        ("https://acme.okta.com", ""),
        ("https://", "acme.okta.com/"),
    ],
    target,
};

fn target(bytes: &[u8]) {
    for org in ["https://acme.okta.com/", "http://127.0.0.1:8080/"] {
        let org = Url::parse(org).expect("an address");
        let current = org.join("home/amazon_aws/0oa1/272").expect("an address");
        for method in [Method::Get, Method::Post] {
            for (status, hops) in [(302, 0), (303, 7), (307, 0), (308, 0), (302, 8), (200, 0)] {
                let Ok(next) = next_hop(status, Some(bytes), &current, method, &[&org], hops)
                else {
                    continue;
                };
                assert_eq!(next.origin(), org.origin());
                assert!(next.username().is_empty() && next.password().is_none());
                assert_eq!(next.fragment(), None);
                assert!(hops < 8 && status != 200);
            }
        }
    }
}
