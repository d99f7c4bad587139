//! SAML responses: what is accepted has one reading only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob::report::Report;
use ob::saml::{Response, parse};
use ob::secret::Secret;

use super::Harness;

const BEGIN: &str = "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
    xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\"><p:Status>\
    <p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>\
    <a:Assertion><a:AttributeStatement>\
    <a:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/Role\"><a:AttributeValue>";
const END: &str =
    "</a:AttributeValue></a:Attribute></a:AttributeStatement></a:Assertion></p:Response>";

pub(crate) const HARNESS: Harness = Harness {
    name: "saml",
    dictionary: &[
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        "</p:Response>",
        "<a:Assertion>",
        "</a:Assertion>",
        "<a:AttributeStatement>",
        "</a:AttributeStatement>",
        "<a:Attribute Name=\"https://aws.amazon.com/SAML/Attributes/Role\">",
        "</a:Attribute>",
        "<a:AttributeValue>",
        "</a:AttributeValue>",
        "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/Dev",
        "arn:aws:iam::123456789012:role/Ops,arn:aws:iam::123456789012:saml-provider/okta",
        "arn:aws:iam::210987654321:role/Dev",
        "arn:aws:iam::210987654321:saml-provider/okta,",
        "arn:aws:iam::123456789012:saml-provider/okta,",
        "arn:aws-cn:iam::123456789012:role/Dev",
        "arn:aws:iam::123456789012:role/$(id)",
        "</a:AttributeValue><a:AttributeValue>",
        "<a:Issuer>x</a:Issuer>",
        "<p:Status><p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>",
        "<a:Conditions NotOnOrAfter=\"2026-11-22T00:00:00Z\">",
        "</a:Conditions>",
        "<a:EncryptedAssertion/>",
        "<!DOCTYPE r [<!ENTITY e \"x\">]>",
        "<!--x-->",
        "<![CDATA[",
        "]]>",
        "<?php x?>",
        "&e;",
        "&#0;",
        "&#x41;",
        "&amp;",
        "xmlns:a=\"urn:evil\"",
        "<a:a a=\"1\" a=\"2\"/>",
        "\0",
        "<",
        ">",
        "</",
        "/>",
        "\"",
        "=",
        " ",
        "x",
    ],
    templates: &[
        (BEGIN, END),
        (
            "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\"><p:Status>\
             <p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>",
            "<a:Assertion/></p:Response>",
        ),
    ],
    target,
};

fn target(bytes: &[u8]) {
    match parse(&Secret::new(STANDARD.encode(bytes))) {
        Ok(response) => check_accepted(bytes, &response),
        Err(error) => {
            let report = Report::from(error);
            assert!(report.name().starts_with("saml."), "{}", report.name());
            assert!(!report.hints.is_empty(), "{} has no hint", report.name());
        }
    }
    // Also the input itself in place of the base64 value.
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = parse(&Secret::new(text));
    }
}

fn check_accepted(bytes: &[u8], response: &Response) {
    let text = std::str::from_utf8(bytes).expect("only UTF-8 is accepted");
    assert!(!text.contains("<!DOCTYPE") && !text.contains("<!ENTITY"));
    assert!(!text.contains('\0'));
    let Response::Plain(assertion) = response else {
        return;
    };
    assert!((1..=500).contains(&assertion.roles.len()) || assertion.roles.is_empty());
    for role in &assertion.roles {
        assert_eq!(role.role.account(), role.provider.account());
        for arn in [role.role.as_str(), role.provider.as_str()] {
            assert!(
                arn.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_/:-".contains(&byte)),
                "{arn:?} needs quoting somewhere"
            );
        }
    }
}
