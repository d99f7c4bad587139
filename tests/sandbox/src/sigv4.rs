//! AWS Signature Version 4 for requests to STS ("Create a signed AWS API request" of the IAM User
//! Guide): what the signature of a request must be, given the secret key. STS's requests have the
//! path `/` and no query, so neither is canonicalised.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::http::Request;

/// An `Authorization` header, taken apart.
#[derive(Debug)]
pub(crate) struct Authorization<'h> {
    pub(crate) access_key_id: &'h str,
    /// `20260102/eu-west-1/sts/aws4_request`
    scope: &'h str,
    signed_headers: &'h str,
    signature: &'h str,
}

impl<'h> Authorization<'h> {
    pub(crate) fn parse(header: &'h str) -> Option<Authorization<'h>> {
        let fields = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name: &str| {
            let mut fields = fields
                .split(',')
                .filter_map(|field| field.trim().split_once('='));
            fields.find_map(|(key, value)| (key == name).then_some(value))
        };
        let (access_key_id, scope) = field("Credential")?.split_once('/')?;
        Some(Authorization {
            access_key_id,
            scope,
            signed_headers: field("SignedHeaders")?,
            signature: field("Signature")?,
        })
    }

    /// Whether the request was signed with this secret access key.
    pub(crate) fn matches(&self, request: &Request, secret_access_key: &str) -> bool {
        self.expected(request, secret_access_key).as_deref() == Some(self.signature)
    }

    fn expected(&self, request: &Request, secret_access_key: &str) -> Option<String> {
        let mut headers = String::new();
        for name in self.signed_headers.split(';') {
            let value = request.header(name)?.split_whitespace();
            let value = value.collect::<Vec<_>>().join(" ");
            let _ = writeln!(headers, "{name}:{value}");
        }
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            request.method,
            request.path,
            request.query,
            self.signed_headers,
            hex(digest(&SHA256, &request.body).as_ref())
        );
        let date = request.header("x-amz-date")?;
        let scope = self.scope;
        let hashed = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}");
        let key = format!("AWS4{secret_access_key}").into_bytes();
        let key = scope.split('/').fold(key, |key, part| hmac(&key, part));
        Some(hex(&hmac(&key, &text)))
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = Key::new(HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The headers a client signs a form post with.
#[cfg(test)]
pub(crate) fn sign(
    host: &str,
    body: &str,
    access_key_id: &str,
    secret_access_key: &str,
    session_token: &str,
) -> Vec<(&'static str, String)> {
    let date = crate::clock::seconds(crate::clock::unix_now()).replace(['-', ':'], "");
    let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        headers: vec![
            owned("host", host),
            owned("x-amz-date", &date),
            owned("x-amz-security-token", session_token),
        ],
        body: body.as_bytes().to_vec(),
        ..Request::default()
    };
    let authorization = Authorization {
        access_key_id,
        scope: &format!("{}/eu-west-1/sts/aws4_request", &date[..8]),
        signed_headers: "host;x-amz-date;x-amz-security-token",
        signature: "",
    };
    let signature = authorization.expected(&request, secret_access_key).unwrap();
    let credential = format!("{access_key_id}/{}", authorization.scope);
    let signed = authorization.signed_headers;
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    );
    vec![
        ("Authorization", value),
        ("X-Amz-Date", date),
        ("X-Amz-Security-Token", session_token.to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_test_suite() {
        // `get-vanilla` of AWS's Signature Version 4 test suite.
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut request = Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: vec![
                owned("Host", "example.amazonaws.com"),
                owned("X-Amz-Date", "20150830T123600Z"),
            ],
            ..Request::default()
        };
        let header = "AWS4-HMAC-SHA256 \
            Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
            SignedHeaders=host;x-amz-date, \
            Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let authorization = Authorization::parse(header).unwrap();
        assert_eq!(authorization.access_key_id, "AKIDEXAMPLE");
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        assert!(authorization.matches(&request, secret));
        assert!(!authorization.matches(&request, "another"));
        request.body = b"altered".to_vec();
        assert!(!authorization.matches(&request, secret));
    }
}
