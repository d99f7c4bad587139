//! Response bodies of STS: no panic, and credentials only as they stand in the body.
//!
//! The first byte is the status: `r` means 403, any other byte 200. The rest is the body.

use ob::aws::{Issued, StsRefusal};
use ob::model::{RoleArn, Timestamp};

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "sts_xml",
    dictionary: &[
        "<AccessKeyId>",
        "</AccessKeyId>",
        "<SecretAccessKey>",
        "</SecretAccessKey>",
        "<SessionToken>",
        "</SessionToken>",
        "<Expiration>2026-11-22T02:02:55Z</Expiration>",
        "<Expiration>soon</Expiration>",
        "<Credentials>",
        "</Credentials>",
        "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/Deploy/a</Arn>\
         </AssumedRoleUser>",
        "<AssumeRoleWithSAMLResult>",
        "</AssumeRoleWithSAMLResponse>",
        "<Code>AccessDenied</Code>",
        "<Message>",
        "</Message>",
        "ASIAIOSFODNN7EXAMPLE",
        "<!DOCTYPE r [<!ENTITY e \"x\">]>",
        "&e;",
        "&amp;",
        "&#x41;",
        "&#0;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x?>",
        "<a",
        ">",
        "/>",
        " x='",
        "\0",
        "é",
        "$(id)",
    ],
    templates: &[
        (
            "s<AssumeRoleWithSAMLResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleWithSAMLResult><AssumedRoleUser>\
             <Arn>arn:aws:sts::123456789012:assumed-role/Deploy/a</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\
             <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "</SecretAccessKey><SessionToken>FwoGZXIvYXdzE</SessionToken>\
             <Expiration>2026-11-22T02:02:55Z</Expiration></Credentials>\
             </AssumeRoleWithSAMLResult></AssumeRoleWithSAMLResponse>",
        ),
        (
            "r<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>",
            "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
        ),
    ],
    target,
};

/// The time at which expiry is checked.
const NOW: Timestamp = Timestamp(1_795_309_375);

/// Returns the text of the element `tag` if the body holds it once and plain, `None` otherwise.
fn plain_text<'a>(body: &'a [u8], tag: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    let (value, after) = rest.split_once(&format!("</{tag}>"))?;
    let plain = !value.contains(['<', '&']) && !text.contains("<!");
    (plain && !after.contains(tag)).then_some(value)
}

fn target(bytes: &[u8]) {
    let (kind, body) = bytes.split_first().unwrap_or((&b's', b""));
    let role = RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").expect("a role");
    if *kind == b'r' {
        let report = StsRefusal::parse(403, body).report(&role, None);
        assert!(report.name().starts_with("sts.") && !report.hints.is_empty());
        let lines = 1 + report.causes.len() + report.hints.len();
        assert_eq!(report.render().lines().count(), lines);
        return;
    }
    let Ok(issued) = Issued::parse("AssumeRoleWithSAML", body) else {
        return;
    };
    let Ok(credentials) = issued.check(&role, NOW) else {
        return;
    };
    let unquoted = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=".contains(&byte);
    let secret = credentials.secret_access_key.expose();
    let token = credentials.session_token.expose();
    assert!(
        credentials
            .access_key_id
            .bytes()
            .chain(secret.bytes())
            .all(unquoted)
    );
    assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
    for (tag, value) in [
        ("AccessKeyId", &*credentials.access_key_id),
        ("SecretAccessKey", secret),
        ("SessionToken", token),
    ] {
        let written = plain_text(body, tag);
        assert!(
            written.is_none_or(|written| written == value),
            "{tag}: {value:?}"
        );
    }
}
