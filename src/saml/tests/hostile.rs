//! Documents that are refused as XML or as a response. Scripts may rely on the names of the errors.

use super::*;

/// Returns the classic response with `text` between the XML declaration and the root.
fn prologue(text: &str) -> String {
    CLASSIC.replacen("?>", &format!("?>{text}"), 1)
}

#[test]
fn declarations_and_entities_are_refused() {
    let billion: String = (1..10)
        .map(|n| format!(r#"<!ENTITY l{n} "&l{};&l{};">"#, n - 1, n - 1))
        .collect();
    all_refused::<13>(&[
        ("DTD", prologue("<!DOCTYPE r>"), "saml.xml.doctype"),
        (
            "internal entity",
            prologue(r#"<!DOCTYPE r [<!ENTITY e "x">]>"#),
            "saml.xml.doctype",
        ),
        (
            "external entity",
            prologue(r#"<!DOCTYPE r SYSTEM "file:///etc/passwd">"#),
            "saml.xml.doctype",
        ),
        (
            "billion laughs",
            prologue(&format!(r#"<!DOCTYPE r [<!ENTITY l0 "l">{billion}]>"#)),
            "saml.xml.doctype",
        ),
        (
            "quadratic blowup",
            prologue(&format!(
                r#"<!DOCTYPE r [<!ENTITY a "{}">]>"#,
                "a".repeat(50_000)
            )),
            "saml.xml.doctype",
        ),
        (
            "DTD within",
            role_value(r#"<!DOCTYPE r [<!ENTITY e "x">]>"#),
            "saml.xml.doctype",
        ),
        (
            "unknown entity",
            role_value(&format!("{PAIR}&e;")),
            "saml.xml.unknown_entity",
        ),
        (
            "HTML's entity",
            role_value("&nbsp;"),
            "saml.xml.unknown_entity",
        ),
        (
            "entity in an attribute",
            response(r#"<a:Attribute Name="&e;"/>"#),
            "saml.xml.unknown_entity",
        ),
        (
            "processing instruction",
            prologue("<?php x?>"),
            "saml.xml.processing_instruction",
        ),
        (
            "PI in a value",
            role_value(&format!("<?x?>{PAIR}")),
            "saml.xml.processing_instruction",
        ),
        (
            "declaration again",
            role_value(r#"<?xml version="1.0"?>"#),
            "saml.xml.processing_instruction",
        ),
        (
            "XML 1.1",
            CLASSIC.replacen("1.0", "1.1", 1),
            "saml.xml.version",
        ),
    ]);
}

#[test]
fn values_in_pieces_are_refused() {
    let (front, end) = PAIR.split_at(40);
    let comment = "saml.xml.comment_in_value";
    let split = "saml.xml.split_value";
    all_refused::<13>(&[
        (
            "comment in front",
            role_value(&format!("<!--x-->{PAIR}")),
            comment,
        ),
        (
            "comment in the middle",
            role_value(&format!("{front}<!--x-->{end}")),
            comment,
        ),
        (
            "comment at the end",
            role_value(&format!("{PAIR}<!--x-->")),
            comment,
        ),
        ("comment alone", role_value("<!--x-->"), comment),
        (
            "comment beside CDATA",
            role_value(&format!("<!--x--><![CDATA[{PAIR}]]>")),
            comment,
        ),
        (
            "comment in the name",
            CLASSIC.replace(
                "alice@acme.com</saml2:N",
                "alice@acme.com<!-- -->.example</saml2:N",
            ),
            comment,
        ),
        (
            "CDATA then text",
            role_value(&format!("<![CDATA[{front}]]>{end}")),
            split,
        ),
        (
            "text then CDATA",
            role_value(&format!("{front}<![CDATA[{end}]]>")),
            split,
        ),
        (
            "CDATA twice",
            role_value(&format!("<![CDATA[{front}]]><![CDATA[{end}]]>")),
            split,
        ),
        (
            "empty CDATA",
            role_value(&format!("<![CDATA[]]>{PAIR}")),
            split,
        ),
        (
            "CDATA then reference",
            role_value(&format!("<![CDATA[{front}]]>&#97;{end}")),
            split,
        ),
        (
            "element in a value",
            role_value(&format!("{front}<b/>{end}")),
            "saml.element_in_value",
        ),
        (
            "element in the name",
            CLASSIC.replace("alice@acme.com</saml2:N", "alice<b>x</b></saml2:N"),
            "saml.element_in_value",
        ),
    ]);
}

#[test]
fn second_root_response_or_assertion_is_refused() {
    let one = format!(
        "<a:Assertion><a:AttributeStatement>{}</a:AttributeStatement></a:Assertion>",
        role_attribute(&[PAIR])
    );
    let encrypted = "<a:EncryptedAssertion/>";
    let nested = one.replace(
        "<a:Assertion>",
        "<a:Assertion><a:Advice><a:Assertion/></a:Advice>",
    );
    let wrapped = format!(
        "<d:Signature xmlns:d='http://www.w3.org/2000/09/xmldsig#'><d:Object>{one}</d:Object>\
         </d:Signature>"
    );
    all_refused::<12>(&[
        (
            "two assertions",
            with_body(&one.repeat(2)),
            "saml.two_assertions",
        ),
        (
            "an empty one in front",
            with_body(&format!("<a:Assertion/>{one}")),
            "saml.two_assertions",
        ),
        (
            "an encrypted one too",
            with_body(&format!("{one}{encrypted}")),
            "saml.two_assertions",
        ),
        (
            "nested in another",
            with_body(&nested),
            "saml.misplaced_assertion",
        ),
        (
            "wrapped in a signature",
            with_body(&format!("{wrapped}{one}")),
            "saml.misplaced_assertion",
        ),
        (
            "wrapped alone",
            with_body(&wrapped),
            "saml.misplaced_assertion",
        ),
        (
            "two responses",
            with_body(&format!(
                "<p:Extensions><p:Response>{one}</p:Response></p:Extensions>{one}"
            )),
            "saml.two_responses",
        ),
        (
            "two roots",
            CLASSIC.to_owned() + &CLASSIC[CLASSIC.find("<saml2p").unwrap()..],
            "saml.xml.second_root",
        ),
        ("none", with_body(""), "saml.no_assertion"),
        (
            "another root",
            format!(r#"<a:Assertion xmlns:a="{NS}"/>"#),
            "saml.wrong_root",
        ),
        (
            "an HTML page",
            "<html><body>x</body></html>".to_owned(),
            "saml.wrong_root",
        ),
        (
            "not for you",
            CLASSIC.replace("status:Success", "status:Responder"),
            "saml.status",
        ),
    ]);
}

#[test]
fn foreign_namespaces_are_refused() {
    all_refused::<9>(&[
        (
            "assertion of another",
            CLASSIC.replace(NS, "urn:evil"),
            "saml.namespace",
        ),
        (
            "assertion of SAML 1",
            CLASSIC.replace(NS, "urn:oasis:names:tc:SAML:1.0:assertion"),
            "saml.namespace",
        ),
        (
            "no namespace",
            "<Response><Assertion/></Response>".to_owned(),
            "saml.namespace",
        ),
        (
            "prefix not declared",
            CLASSIC.replace("xmlns:saml2=", "xmlns:other="),
            "saml.xml.prefix",
        ),
        (
            "prefix shadowed",
            role_value(PAIR).replace("<a:Assertion>", r#"<a:Assertion xmlns:a="urn:evil">"#),
            "saml.namespace",
        ),
        (
            "prefix taken back",
            role_value(PAIR).replace("<a:Assertion>", r#"<a:Assertion xmlns:a="">"#),
            "saml.xml.prefix",
        ),
        (
            "xml rebound",
            with_body(r#"<a:Assertion xmlns:xml="urn:evil"/>"#),
            "saml.xml.prefix",
        ),
        (
            "duplicate attribute",
            response(r#"<a:Attribute Name="x" Name="y"/>"#),
            "saml.xml.duplicate_attribute",
        ),
        (
            "duplicate by namespace",
            response(r#"<a:Attribute xmlns:b="urn:b" xmlns:c="urn:b" b:x="" c:x=""/>"#),
            "saml.xml.duplicate_attribute",
        ),
    ]);
    // Elements with a shadowed prefix are not SAML's, so they grant no role.
    let shadowed = role_value(PAIR).replace("<a:Attribute ", r#"<a:Attribute xmlns:a="urn:evil" "#);
    assert!(assertion(&shadowed).roles.is_empty());
}

#[test]
fn sizes_are_bounded() {
    let many = |count, one: &str| one.repeat(count);
    let numbered = |start: &str| -> String {
        (0..10_000)
            .map(|n| format!(" {start}{n}='urn:x'"))
            .collect()
    };
    let nest = |depth: usize| format!("{}{}", "<b>".repeat(depth), "</b>".repeat(depth));
    let roles: Vec<String> = (0..501)
        .map(|n| PAIR.replace("Deploy", &format!("R{n}")))
        .collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    all_refused::<10>(&[
        (
            "10k attributes",
            response(&format!("<b{}/>", numbered("b"))),
            "saml.xml.too_many_attributes",
        ),
        (
            "10k xmlns",
            response(&format!("<b{}/>", numbered("xmlns:b"))),
            "saml.xml.too_many_attributes",
        ),
        ("depth 65", nest(65), "saml.wrong_root"),
        ("depth 65 within", with_body(&nest(64)), "saml.xml.too_deep"),
        ("depth 10k", with_body(&nest(10_000)), "saml.xml.too_deep"),
        (
            "4097 elements",
            with_body(&many(4096, "<b/>")),
            "saml.xml.too_many_elements",
        ),
        (
            "501 roles",
            response(&role_attribute(&roles)),
            "saml.too_many_roles",
        ),
        (
            "1 MiB of text",
            role_value(&many(1 << 20, "x")),
            "saml.too_large",
        ),
        (
            "a long value",
            role_value(&many(5000, "x")),
            "saml.value_too_long",
        ),
        (
            "a long issuer",
            with_body(&format!("<a:Issuer>{}</a:Issuer>", many(2049, "x"))),
            "saml.value_too_long",
        ),
    ]);
    assert!(
        read_text(&with_body(&format!(
            "<a:Assertion>{}</a:Assertion>",
            nest(62)
        )))
        .is_ok()
    );
    let million = format!("{}{}", "<b>".repeat(1_000_000), "</b>".repeat(1_000_000));
    assert_eq!(refusal(&million), "saml.too_large");
}
