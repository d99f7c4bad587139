//! The signature against `xmlsec1`, and what the reader makes of altered documents.

use std::process::Command;

use super::read::Refusal;
use super::*;

fn claims(roles: &[&str]) -> Claims {
    Claims {
        acs: super::AWS_ACS.to_owned(),
        audience: super::AWS_AUDIENCE.to_owned(),
        login: "bob@acme.com".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        session_duration: Some(3600),
        odd_values: Vec::new(),
        session_not_on_or_after: Some(1_800_000_000),
        now: 1_790_000_000,
        lifetime: 300,
    }
}

fn provider() -> IdentityProvider {
    IdentityProvider::new("http://www.okta.com/exk1").unwrap()
}

const PAIR: &str =
    "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/Engineer";

/// Runs xmlsec1 over one of the two signatures.
fn xmlsec1(provider: &IdentityProvider, xml: &str, signature: &str) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let document = directory.path().join("response.xml");
    let certificate = directory.path().join("idp.pem");
    std::fs::write(&document, xml).unwrap();
    std::fs::write(&certificate, &provider.certificate_pem).unwrap();
    let output = Command::new("xmlsec1")
        .arg("--verify")
        .args([
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
        ])
        .args([
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:protocol:Response",
        ])
        .args([
            "--enabled-key-data",
            "key-name,raw-x509-cert",
            "--node-xpath",
            signature,
        ])
        .arg("--pubkey-cert-pem")
        .args([certificate.as_path(), document.as_path()])
        .output()
        .expect("xmlsec1 must be installed: `apt-get install xmlsec1`");
    let said = String::from_utf8_lossy(&output.stderr);
    println!("{said}{}", String::from_utf8_lossy(&output.stdout));
    output.status.success()
}

const OF_RESPONSE: &str = "/*/*[local-name()='Signature']";
const OF_ASSERTION: &str = "/*/*[local-name()='Assertion']/*[local-name()='Signature']";

#[test]
fn xmlsec1_accepts_both_signatures() {
    let provider = provider();
    let hostile = crate::users::hostile_in_xml("role <&>\"'");
    let xml = provider.respond(&claims(&[PAIR, &hostile]), &Canaries::default());
    assert!(xmlsec1(&provider, &xml, OF_RESPONSE), "{xml}");
    assert!(xmlsec1(&provider, &xml, OF_ASSERTION), "{xml}");
}

#[test]
fn xmlsec1_refuses_an_altered_role() {
    let provider = provider();
    let xml = provider.respond(&claims(&[PAIR]), &Canaries::default());
    let altered = xml.replace("role/Engineer", "role/Admin");
    assert!(!xmlsec1(&provider, &altered, OF_RESPONSE));
    assert!(!xmlsec1(&provider, &altered, OF_ASSERTION));
}

#[test]
fn what_was_claimed_is_read_back() {
    let provider = provider();
    let hostile = crate::users::hostile_in_xml("role <&>\"'");
    let xml = provider.respond(&claims(&[PAIR, &hostile]), &Canaries::default());
    let document = read(&xml).unwrap();
    assert_eq!(document.check(&xml, &provider), Ok(()));
    assert_eq!(document.roles, [PAIR.to_owned(), hostile]);
    assert_eq!(document.session_name, "bob@acme.com");
    assert_eq!(document.subject, "bob@acme.com");
    assert_eq!(document.recipient, AWS_ACS);
    assert_eq!(document.not_on_or_after, 1_790_000_300);
    assert_eq!(document.session_not_on_or_after, Some(1_800_000_000));
}

#[test]
fn alterations_are_refused() {
    let provider = provider();
    let xml = provider.respond(&claims(&[PAIR]), &Canaries::default());
    let verdict = |xml: &str| read(xml).and_then(|document| document.check(xml, &provider));
    for (from, to) in [
        ("role/Engineer", "role/Admin"),
        ("bob@acme.com", "eve@acme.com"),
        (":Success", ":Failure"),
        ("http://www.okta.com/exk1<", "http://www.okta.com/exk2<"),
    ] {
        let altered = xml.replace(from, to);
        assert!(altered != xml, "{from} is not there");
        assert_eq!(verdict(&altered), Err(Refusal::SignatureInvalid), "{from}");
    }
    let other = IdentityProvider::new("http://www.okta.com/exk1").unwrap();
    let foreign = other.respond(&claims(&[PAIR]), &Canaries::default());
    assert_eq!(verdict(&foreign), Err(Refusal::SignatureInvalid));
    assert_eq!(verdict("<a></a>"), Err(Refusal::NoAssertion));
    assert_eq!(verdict("<a></b>"), Err(Refusal::NotXml));
}
