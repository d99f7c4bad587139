//! Documents that are accepted, and their contents.

use std::fmt::Write as _;
use std::time::Instant;

use super::*;
use crate::model::Timestamp;
use crate::report::Report;
use crate::saml::Envelope;

fn role_names(assertion: &Assertion) -> Vec<&str> {
    let roles = assertion.roles.iter();
    roles.map(|pair| pair.role.path_and_name()).collect()
}

#[test]
fn okta_responses_are_parsed_in_full() {
    let classic = assertion(CLASSIC);
    assert_eq!(role_names(&classic), ["Deploy", "team/a/ReadOnly", "Admin"]);
    assert_eq!(classic.session_duration, Some(28_800));
    assert_eq!(classic.not_on_or_after, Some(Timestamp(1_795_309_675)));
    assert_eq!(classic.session_not_on_or_after, None);
    assert_eq!(classic.audiences, ["urn:amazon:webservices"]);
    assert_eq!(classic.role_session_name.as_deref(), Some("alice@acme.com"));
    assert_eq!(
        classic.issuer.as_deref(),
        Some("http://www.okta.com/exkEXAMPLE")
    );
    let acs = "https://signin.aws.amazon.com/saml";
    assert_eq!(classic.recipient.as_deref(), Some(acs));
    assert_eq!(classic.envelope.destination.as_deref(), Some(acs));
    assert_eq!(classic.aws_roles().map(<[_]>::len), Ok(3));
    let named = Response::Plain(classic.clone());
    assert_eq!(named.check_recipient(|to| to == acs, |_| true), Ok(()));

    let engine = assertion(IDENTITY_ENGINE);
    assert_eq!(
        engine.session_not_on_or_after,
        Timestamp::from_rfc3339("2026-11-22T09:00:00Z")
    );
    assert_eq!(engine.roles, classic.roles);
}

#[test]
fn elements_are_identified_by_namespace() {
    for (was, is) in counted::<2, _>([("saml2:", "saml:"), ("saml2p:", "samlp:")]) {
        let other = CLASSIC
            .replace(was, is)
            .replace("xmlns:saml2=", "xmlns:saml=")
            .replace("xmlns:saml2p=", "xmlns:samlp=");
        // Each replacement alone leaves the other prefix undeclared, so both are replaced.
        let other = other
            .replace("saml2p:", "samlp:")
            .replace("saml2:", "saml:");
        assert_eq!(assertion(&other).roles.len(), 3, "{was}");
    }
    let default = format!(
        "<Response xmlns='{PROTOCOL}'><Assertion xmlns='{NS}'><AttributeStatement>\
         <x:Attribute xmlns:x='{NS}' Name='http://www.amazonaws.cn/SAML/Attributes/Role'>\
         <AttributeValue>{PAIR}</AttributeValue></x:Attribute>\
         </AttributeStatement></Assertion></Response>"
    );
    assert_eq!(assertion(&default).roles.len(), 1);
    let bound_beside =
        role_value(PAIR).replace("<a:Attribute ", r#"<b xmlns:a="urn:other"/><a:Attribute "#);
    assert_eq!(assertion(&bound_beside).roles.len(), 1);
}

#[test]
fn role_values_are_parsed_in_every_legal_spelling() {
    let swapped =
        "arn:aws:iam::123456789012:role/Deploy,arn:aws:iam::123456789012:saml-provider/okta";
    for value in counted::<7, _>([
        PAIR.to_owned(),
        swapped.to_owned(),
        format!("\n      {}\n    ", PAIR.replace(',', " ,\n  ")),
        format!("<![CDATA[{PAIR}]]>"),
        format!(" <![CDATA[{PAIR}]]>\n"),
        PAIR.replace(':', "&#58;").replace('/', "&#x2F;"),
        PAIR.replace(',', "&#x2c;"),
    ]) {
        let read = assertion(&role_value(&value));
        assert_eq!(role_names(&read), ["Deploy"], "{value}");
    }
    for partition in counted::<5, _>(["aws-us-gov", "aws-cn", "aws-iso", "aws-iso-b", "aws-eusc"]) {
        let value = PAIR.replace("arn:aws:", &format!("arn:{partition}:"));
        let read = assertion(&role_value(&value));
        assert_eq!(read.roles[0].role.partition().name(), partition);
    }
}

#[test]
fn roles_keep_their_order_without_duplicates() {
    let values: Vec<String> = (0..120)
        .map(|n| PAIR.replace("Deploy", &format!("R{n}")))
        .collect();
    let mut values: Vec<&str> = values.iter().map(String::as_str).collect();
    values.push(values[0]);
    let read = assertion(&response(&role_attribute(&values)));
    assert_eq!(read.roles.len(), 120);
    assert_eq!(read.roles[119].role.name(), "R119");
}

#[test]
fn indented_document_is_parsed() {
    let laid_out = CLASSIC
        .replace("?><saml2p", "?>\n<!-- made by hand -->\n<saml2p")
        .replace("><saml2:A", ">\n  <!-- here -->\n  <saml2:A")
        + "\n<!-- the end -->\n";
    assert_eq!(assertion(&laid_out).roles.len(), 3);
}

#[test]
fn encrypted_assertion_has_a_destination() {
    let document = format!(
        "<p:Response xmlns:p='{PROTOCOL}' xmlns:a='{NS}' \
         Destination='https://signin.aws.amazon.com/saml'><a:Issuer>okta</a:Issuer>\
         <a:EncryptedAssertion>\
         <e:EncryptedData xmlns:e='http://www.w3.org/2001/04/xmlenc#'><e:CipherData>\
         <e:CipherValue>AAAA</e:CipherValue></e:CipherData></e:EncryptedData>\
         </a:EncryptedAssertion></p:Response>"
    );
    let expected = Envelope {
        destination: Some("https://signin.aws.amazon.com/saml".to_owned()),
        issuer: Some("okta".to_owned()),
    };
    assert_eq!(read_text(&document), Ok(Response::Encrypted(expected)));
}

#[test]
fn assertion_expires_at_not_on_or_after() {
    let read = assertion(CLASSIC);
    let limit = Timestamp(1_795_309_675);
    assert_eq!(read.check_expiry(limit.plus(-1)), Ok(()));
    assert_eq!(read.check_expiry(limit), Err(SamlError::Expired(limit)));
    let unlimited = assertion(&role_value(PAIR));
    assert_eq!(unlimited.check_expiry(limit.plus(1_000_000)), Ok(()));
}

#[test]
fn assertion_for_another_service_has_no_aws_roles() {
    let vpn = CLASSIC.replace(
        "urn:amazon:webservices",
        "https://vpn.acme.com/saml/metadata",
    );
    let error = assertion(&vpn).aws_roles().unwrap_err().clone();
    assert_eq!(error.code().name().to_owned(), "saml.audience");
    assert!(Report::from(error).hints[0].contains("aws.app"));
    let no_roles = assertion(&response(""))
        .aws_roles()
        .unwrap_err()
        .code()
        .name()
        .to_owned();
    assert_eq!(no_roles, "saml.no_roles");
    let elsewhere = Response::Plain(assertion(CLASSIC))
        .check_recipient(|to| to == "https://vpn.acme.com/saml/acs", |_| true)
        .unwrap_err();
    assert_eq!(elsewhere.code().name().to_owned(), "saml.recipient");
    for audience in counted::<4, _>([
        "urn:amazon:webservices:govcloud",
        "urn:amazon:webservices:cn-north-1",
        "https://signin.aws.amazon.com/saml",
        "https://eu-west-1.signin.aws.amazon.com/saml",
    ]) {
        let other = CLASSIC.replace("urn:amazon:webservices", audience);
        assert!(assertion(&other).aws_roles().is_ok(), "{audience}");
    }
    for audience in counted::<3, _>([
        "urn:amazon:webservicesx",
        "https://signin.aws.amazon.com.evil.example/",
        "x",
    ]) {
        let other = CLASSIC.replace("urn:amazon:webservices", audience);
        assert!(assertion(&other).aws_roles().is_err(), "{audience}");
    }
}

/// Prints the time (`--nocapture`) and asserts none: a limit could fail on a busy machine.
#[test]
fn large_document_is_parsed() {
    let mut values = String::new();
    for n in 0..500 {
        let _ = write!(
            values,
            "<a:AttributeValue>{}</a:AttributeValue>",
            PAIR.replace("Deploy", &format!("R{n}"))
        );
    }
    let name = "https://aws.amazon.com/SAML/Attributes/Role";
    let document = response(&format!(
        r#"<a:Attribute Name="{name}">{values}</a:Attribute>"#
    ));
    let start = Instant::now();
    assert_eq!(assertion(&document).roles.len(), 500);
    println!("{} bytes in {:?}", document.len(), start.elapsed());
}

/// Returns `document` without the attributes of this name.
fn without_attribute(document: &str, name: &str) -> String {
    let mut text = document.to_owned();
    while let Some(at) = text.find(&format!(" {name}=\"")) {
        let value = at + name.len() + 3;
        let end = value + text[value..].find('"').unwrap() + 1;
        text.replace_range(at..end, "");
    }
    text
}

#[test]
fn recipient_or_destination_is_required_and_checked() {
    let check_aws_recipient = |document: &str| {
        read_text(document)
            .unwrap()
            .check_aws_recipient()
            .map_err(|e| e.code().name().to_owned())
    };
    let no_recipient = without_attribute(CLASSIC, "Recipient");
    let no_destination = without_attribute(CLASSIC, "Destination");
    let neither = without_attribute(&no_recipient, "Destination");
    for (what, document) in [
        ("both", CLASSIC),
        ("destination", &no_recipient),
        ("recipient", &no_destination),
    ] {
        assert_eq!(check_aws_recipient(document), Ok(()), "{what}");
        let vpn = |to: &str| to == "https://vpn.acme.com/saml/acs";
        let response = read_text(document).unwrap();
        let error = response.check_recipient(vpn, |_| true).unwrap_err();
        assert_eq!(error.code().name().to_owned(), "saml.recipient", "{what}");
    }
    assert_eq!(
        check_aws_recipient(&neither),
        Err("saml.no_recipient".into())
    );
    let empty = CLASSIC.replace("=\"https://signin.aws.amazon.com/saml\"", "=\"\"");
    assert_eq!(check_aws_recipient(&empty), Err("saml.no_recipient".into()));
    for one in ["Recipient", "Destination"] {
        let other = CLASSIC.replace(
            &format!("{one}=\"https://signin.aws.amazon.com/saml\""),
            &format!("{one}=\"https://evil.example/saml\""),
        );
        assert_ne!(other, CLASSIC);
        assert_eq!(
            check_aws_recipient(&other),
            Err("saml.recipient".into()),
            "{one}"
        );
    }
    let encrypted = with_body("<a:EncryptedAssertion/>");
    assert_eq!(
        check_aws_recipient(&encrypted),
        Err("saml.no_recipient".into())
    );
}

#[test]
fn acs_urls_of_every_partition_are_aws() {
    let at = |address: &str| {
        let document = CLASSIC.replace(
            "=\"https://signin.aws.amazon.com/saml\"",
            &format!("=\"{address}\""),
        );
        read_text(&document).unwrap().check_aws_recipient().is_ok()
    };
    for good in [
        "https://signin.aws.amazon.com/saml",
        "https://eu-west-1.signin.aws.amazon.com/saml",
        "https://signin.amazonaws-us-gov.com/saml",
        "https://signin.amazonaws.cn/saml",
        "https://us-east-1.signin.aws.amazon.com/saml/acs/SAMLSPEXAMPLE",
    ] {
        assert!(at(good), "{good}");
    }
    for bad in [
        "http://signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com/",
        "https://signin.aws.amazon.com:8443/saml",
        "https://signin.aws.amazon.com.evil.example/saml",
        "https://evilsignin.aws.amazon.com/saml",
        "signin.aws.amazon.com/saml",
    ] {
        assert!(!at(bad), "{bad}");
    }
}

#[test]
fn audience_is_required() {
    let start = CLASSIC.find("<saml2:AudienceRestriction").unwrap();
    let end = "</saml2:AudienceRestriction>";
    let stop = CLASSIC.find(end).unwrap() + end.len();
    let without = CLASSIC.replace(&CLASSIC[start..stop], "");
    let error = read_text(&without)
        .unwrap()
        .check_aws_recipient()
        .unwrap_err();
    assert_eq!(error.code().name().to_owned(), "saml.no_audience");
    let second = CLASSIC.replace(
        "<saml2:Audience>",
        "<saml2:Audience>https://vpn.acme.com/saml/metadata</saml2:Audience><saml2:Audience>",
    );
    let error = read_text(&second)
        .unwrap()
        .check_aws_recipient()
        .unwrap_err();
    assert_eq!(error.code().name().to_owned(), "saml.audience");
}
