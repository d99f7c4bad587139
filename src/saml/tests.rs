//! Documents that are accepted, and documents that are refused, each with its own error.

mod characters;
mod hostile;
mod valid;
mod values;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::parse::parse_document;
use super::{Assertion, Response, SamlError, parse};
use crate::model::counted;
use crate::secret::Secret;

const CLASSIC: &str = include_str!("../../tests/fixtures/saml/classic.xml");
const IDENTITY_ENGINE: &str = include_str!("../../tests/fixtures/saml/identity_engine.xml");
const NS: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const PAIR: &str =
    "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/Deploy";

/// Returns a response with one assertion and `attributes` in its statement.
fn response(attributes: &str) -> String {
    let statement = format!("<a:AttributeStatement>{attributes}</a:AttributeStatement>");
    with_body(&format!("<a:Assertion>{statement}</a:Assertion>"))
}

/// Returns a response with one role value, as raw XML.
fn role_value(value: &str) -> String {
    response(&role_attribute(&[value]))
}

fn role_attribute(values: &[&str]) -> String {
    let values: String = values
        .iter()
        .map(|value| format!("<a:AttributeValue>{value}</a:AttributeValue>"))
        .collect();
    format!(
        r#"<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role">{values}</a:Attribute>"#
    )
}

fn read_text(document: &str) -> Result<Response, SamlError> {
    parse(&Secret::new(STANDARD.encode(document)))
}

fn assertion(document: &str) -> Assertion {
    match read_text(document) {
        Ok(Response::Plain(assertion)) => assertion,
        other => panic!("{other:?}\n{document}"),
    }
}

/// Returns the name of the error.
fn refusal(document: &str) -> String {
    match read_text(document) {
        Err(error) => error.code().name().to_owned(),
        Ok(read) => panic!("{read:?}\n{document:.400}"),
    }
}

/// Returns the name of the error of bytes that may be no text.
fn refusal_of_bytes(document: &[u8]) -> String {
    match parse_document(document) {
        Err(error) => error.code().name().to_owned(),
        Ok(read) => panic!("{read:?}"),
    }
}

/// Returns a response with `body` in place of its assertion.
fn with_body(body: &str) -> String {
    format!("<p:Response xmlns:p=\"{PROTOCOL}\" xmlns:a=\"{NS}\">{body}</p:Response>")
}

fn all_refused<const N: usize>(cases: &[(&str, String, &str); N]) {
    for (what, document, expected) in cases {
        assert_eq!(refusal(document), *expected, "{what}");
    }
}
