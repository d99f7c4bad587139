//! Characters, references and layout that are refused.

use super::*;

#[test]
fn other_encodings_and_characters_are_refused() {
    all_refused::<28>(&[
        ("NUL", role_value("\0"), "saml.xml.character"),
        ("escape", role_value("\u{1b}"), "saml.xml.character"),
        ("noncharacter", role_value("\u{ffff}"), "saml.xml.character"),
        ("&#0;", role_value("&#0;"), "saml.xml.character"),
        ("&#x1b;", role_value("&#x1b;"), "saml.xml.character"),
        (
            "lone surrogate",
            role_value("&#xD800;"),
            "saml.xml.character",
        ),
        (
            "beyond Unicode",
            role_value("&#x110000;"),
            "saml.xml.character",
        ),
        (
            "a signed number",
            role_value("&#+65;"),
            "saml.xml.reference",
        ),
        ("no number", role_value("&#;"), "saml.xml.reference"),
        ("&#X41;", role_value("&#X41;"), "saml.xml.reference"),
        ("bare &", role_value("a & b"), "saml.xml.reference"),
        ("]]> in text", role_value("]]>"), "saml.xml.syntax"),
        (
            "< in an attribute",
            response(r#"<a:Attribute Name="<"/>"#),
            "saml.xml.syntax",
        ),
        (
            "no quotes",
            response("<a:Attribute Name=x/>"),
            "saml.xml.syntax",
        ),
        ("two colons", response("<a:b:c/>"), "saml.xml.syntax"),
        (
            "byte order mark",
            format!("\u{feff}{CLASSIC}"),
            "saml.xml.byte_order_mark",
        ),
        (
            "latin-1",
            CLASSIC.replacen("UTF-8", "ISO-8859-1", 1),
            "saml.xml.encoding",
        ),
        (
            "UTF-16 claimed",
            CLASSIC.replacen("UTF-8", "UTF-16", 1),
            "saml.xml.encoding",
        ),
        (
            "text behind",
            format!("{CLASSIC}x"),
            "saml.xml.text_outside_root",
        ),
        (
            "text in front",
            format!("x{CLASSIC}"),
            "saml.xml.text_outside_root",
        ),
        (
            "CDATA behind",
            format!("{CLASSIC}<![CDATA[ ]]>"),
            "saml.xml.text_outside_root",
        ),
        ("crossed", "<a><b></a></b>".to_owned(), "saml.wrong_root"),
        (
            "crossed within",
            with_body("<a:Issuer><a:b></a:Issuer>"),
            "saml.element_in_value",
        ),
        (
            "crossed elsewhere",
            with_body("<a:x><a:y></a:x></a:y>"),
            "saml.xml.unbalanced",
        ),
        (
            "closed twice",
            format!("{CLASSIC}</saml2p:Response>"),
            "saml.xml.unbalanced",
        ),
        ("blank", " \n".to_owned(), "saml.xml.no_root"),
        ("nothing", String::new(), "saml.empty"),
        (
            "only a declaration",
            r#"<?xml version="1.0"?>"#.to_owned(),
            "saml.xml.no_root",
        ),
    ]);
    let wide: Vec<u8> = CLASSIC.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        refusal_of_bytes(&[&[0xff, 0xfe], &wide[..]].concat()),
        "saml.xml.encoding"
    );
    assert_eq!(refusal_of_bytes(&wide), "saml.xml.character");
    assert_eq!(refusal_of_bytes(b"<a>\xc3\x28</a>"), "saml.xml.encoding");
}
