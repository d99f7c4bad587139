//! Refused and ignored values, truncated documents and arbitrary bytes.

use proptest::prelude::*;

use super::*;
use crate::saml::IgnoredValue;

#[test]
fn role_values_that_are_no_pair_are_refused() {
    let role = "arn:aws:iam::123456789012:role/Deploy";
    let provider = "arn:aws:iam::123456789012:saml-provider/okta";
    let named = |name: &str| role_value(&PAIR.replace("Deploy", name));
    for (what, document, expected) in counted::<16, _>([
        ("one part", role_value(role), "saml.role.not_a_pair"),
        (
            "three parts",
            role_value(&format!("{PAIR},{role}")),
            "saml.role.not_a_pair",
        ),
        (
            "two roles",
            role_value(&format!("{role},{role}")),
            "saml.role.not_a_pair",
        ),
        (
            "two providers",
            role_value(&format!("{provider},{provider}")),
            "saml.role.not_a_pair",
        ),
        ("no ARN", role_value("Deploy"), "saml.role.not_a_pair"),
        ("empty", role_value(""), "saml.role.not_a_pair"),
        (
            "accounts differ",
            role_value(&PAIR.replacen("123456789012", "210987654321", 1)),
            "saml.role.accounts_differ",
        ),
        ("newline", named("De\nploy"), "saml.role.name"),
        ("quote", named("De&quot;ploy"), "saml.role.name"),
        ("command", named("$(id)"), "saml.role.name"),
        ("ANSI", named("De&#x9b;2Jploy"), "saml.role.name"),
        ("600 characters", named(&"x".repeat(600)), "saml.role.name"),
        ("homoglyph", named("\u{410}dmin"), "saml.role.name"),
        (
            "another cloud",
            role_value(&PAIR.replace("arn:aws:", "arn:gcp:")),
            "saml.role.partition",
        ),
        (
            "short account",
            role_value(&PAIR.replace("123456789012", "1234")),
            "saml.role.account",
        ),
        (
            "user",
            role_value(&format!(
                "arn:aws:iam::123456789012:user/x:role/,{provider}"
            )),
            "saml.role.resource",
        ),
    ]) {
        let error = assertion(&document)
            .aws_roles()
            .unwrap_err()
            .code()
            .name()
            .to_owned();
        assert_eq!(error, expected, "{what}");
    }
}

/// Values that orgs had by mistake, each beside a usable one.
#[test]
fn unusable_role_value_is_ignored_beside_usable_ones() {
    let dev = PAIR.replace("Deploy", "Dev");
    for value in counted::<10, _>([
        "arn:aws:iam::12345678901:saml-provider/okta,arn:aws:iam::12345678901:role/Typo",
        "arn:aws:iam::999999999999:saml-provider/okta,arn:aws:iam::123456789012:role/Other",
        "arn:aws:iam::123456789012:role/Bare",
        "arn:aws:iam::${accountid}:saml-provider/OKTA,arn:aws:iam::${accountid}:role/${role}",
        "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/Dev,",
        "",
        "x",
        "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/De&#10;v",
        "arn:aws:iam::123456789012:saml-provider/okta;arn:aws:iam::123456789012:role/Dev",
        "arn:aws:iam::123456789012:user/alice,arn:aws:iam::123456789012:saml-provider/okta",
    ]) {
        for values in [
            [value, PAIR, &dev],
            [PAIR, value, &dev],
            [PAIR, &dev, value],
        ] {
            let read = assertion(&response(&role_attribute(&values)));
            let names: Vec<&str> = read.roles.iter().map(|role| role.role.name()).collect();
            assert_eq!(names, ["Deploy", "Dev"], "{value}");
            let ignored_values: Vec<String> = read
                .ignored_values
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(ignored_values.len(), 1, "{ignored_values:?}");
            let named = value.replace("&#10;", "\n");
            assert!(
                ignored_values[0].contains(&format!("`{named}` is left out: ")),
                "{ignored_values:?}"
            );
        }
    }
}

/// A value with two readings refuses the document, even beside usable roles.
#[test]
fn ambiguous_value_refuses_the_whole_document() {
    let (front, end) = PAIR.split_at(40);
    let beside = |value: &str| response(&role_attribute(&[PAIR, value, PAIR]));
    let twice = r#"<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role" Name="x"/>"#;
    all_refused::<12>(&[
        (
            "comment",
            beside(&format!("{front}<!--x-->{end}")),
            "saml.xml.comment_in_value",
        ),
        (
            "markup",
            beside(&format!("{front}<b/>{end}")),
            "saml.element_in_value",
        ),
        (
            "CDATA in pieces",
            beside(&format!("<![CDATA[{front}]]>{end}")),
            "saml.xml.split_value",
        ),
        (
            "unknown entity",
            beside("&role;"),
            "saml.xml.unknown_entity",
        ),
        ("NUL", beside("a\0b"), "saml.xml.character"),
        (
            "DTD in CDATA",
            beside("<![CDATA[<!DOCTYPE r [<!ENTITY e \"x\">]>]]>"),
            "saml.markup_in_value",
        ),
        (
            "element in references",
            beside("&lt;a:Assertion/&gt;"),
            "saml.markup_in_value",
        ),
        (
            "markup as a second name",
            response(&attribute("RoleSessionName", &["alice", "&lt;b/>"])),
            "saml.markup_in_value",
        ),
        (
            "DTD",
            format!("<!DOCTYPE r>{}", beside("x")),
            "saml.xml.doctype",
        ),
        (
            "duplicate attribute",
            response(&format!("{}{twice}", role_attribute(&[PAIR]))),
            "saml.xml.duplicate_attribute",
        ),
        (
            "huge value",
            beside(&"x".repeat(10_000)),
            "saml.value_too_long",
        ),
        (
            "many values",
            response(&role_attribute(&[&[PAIR][..], &["x"; 500]].concat())),
            "saml.too_many_roles",
        ),
    ]);
}

fn attribute(name: &str, values: &[&str]) -> String {
    role_attribute(values).replace("/Role\"", &format!("/{name}\""))
}

#[test]
fn unusable_session_duration_is_ignored() {
    for (values, duration, message) in counted::<10, (&[&str], _, _)>([
        (&[""][..], None, "`` is left out"),
        (&["3600.0"], None, "`3600.0` is left out"),
        (&["12h"], None, "`12h` is left out"),
        (&["-1"], None, "`-1` is left out"),
        (&["99999999999"], None, "`99999999999` is left out"),
        (&["8h", "3600"], Some(3600), "`8h` is left out"),
        (
            &["3600", "3600"],
            Some(3600),
            "a second session duration, `3600`",
        ),
        (
            &["3600", "7200"],
            Some(3600),
            "a second session duration, `7200`",
        ),
        (&["28800"], Some(28_800), ""),
        (&[" 28800 "], Some(28_800), ""),
    ]) {
        let more = attribute("SessionDuration", values);
        let read = assertion(&response(&format!("{}{more}", role_attribute(&[PAIR]))));
        assert_eq!(
            (read.roles.len(), read.session_duration),
            (1, duration),
            "{values:?}"
        );
        let ignored_values: Vec<String> = read
            .ignored_values
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            ignored_values.len(),
            usize::from(!message.is_empty()),
            "{values:?}"
        );
        assert!(
            ignored_values.iter().all(|line| line.contains(message)),
            "{ignored_values:?}"
        );
    }
    let (front, end) = ("36", "00");
    let split = attribute("SessionDuration", &[&format!("{front}<!--x-->{end}")]);
    assert_eq!(refusal(&response(&split)), "saml.xml.comment_in_value");
    let markup = attribute("SessionDuration", &["36<b/>00"]);
    assert_eq!(refusal(&response(&markup)), "saml.element_in_value");
}

#[test]
fn second_session_name_is_ignored() {
    let names = attribute("RoleSessionName", &["alice@acme.com", "alice"]);
    let read = assertion(&response(&format!("{}{names}", role_attribute(&[PAIR]))));
    assert_eq!(read.role_session_name.as_deref(), Some("alice@acme.com"));
    assert_eq!(
        read.ignored_values,
        [IgnoredValue::SecondRoleSessionName("alice".into())]
    );
    let split = attribute("RoleSessionName", &["alice@acme.com", "ali<!--x-->ce"]);
    assert_eq!(refusal(&response(&split)), "saml.xml.comment_in_value");
    // Unlike these, a second issuer or time limit refuses the document.
    let issuer = "<a:Issuer>a</a:Issuer><a:Issuer>b</a:Issuer>";
    let document = with_body(&format!("<a:Assertion>{issuer}</a:Assertion>"));
    assert_eq!(refusal(&document), "saml.twice");
}

#[test]
fn invalid_times_are_refused() {
    let with = |name: &str, value: &str| {
        CLASSIC.replacen(
            "NotOnOrAfter=\"2026-11-22T01:07:55.643Z\" Recipient",
            &format!("{name}=\"{value}\" Recipient"),
            1,
        )
    };
    for value in counted::<6, _>([
        "soon",
        "",
        "2026-11-22",
        "2026-13-22T01:07:55Z",
        "2026-11-22T01:07:61Z",
        "22/11/2026",
    ]) {
        assert_eq!(
            refusal(&with("NotOnOrAfter", value)),
            "saml.time",
            "{value}"
        );
    }
    assert_eq!(assertion(&with("Other", "soon")).not_on_or_after, None);
}

#[test]
fn base64_is_strict() {
    let encoded = STANDARD.encode(CLASSIC);
    let name = |text: String| {
        parse(&Secret::new(text))
            .unwrap_err()
            .code()
            .name()
            .to_owned()
    };
    assert_eq!(name(String::new()), "saml.empty");
    for broken in counted::<6, _>([
        encoded[..encoded.len() - 1].to_owned(),
        format!("{encoded}="),
        format!(" {encoded}"),
        encoded.replace('+', "-").replace('/', "_") + "-_",
        encoded.replacen('A', "%41", 1),
        format!("{encoded}\0"),
    ]) {
        assert_eq!(name(broken), "saml.not_base64");
    }
    assert_eq!(name("A".repeat(800_000)), "saml.too_large");
}

#[test]
fn truncated_document_is_refused() {
    for document in counted::<2, _>([CLASSIC, IDENTITY_ENGINE]) {
        let start = document.find("<saml2p:Response").unwrap();
        for end in 0..document.len() {
            let name = refusal_of_bytes(&document.as_bytes()[..end]);
            // Within the declaration other errors are found first.
            assert!(end <= start || name == "saml.xml.cut_short", "{end} {name}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_document(&bytes);
    }

    #[test]
    fn arbitrary_markup_grants_no_role(
        body in concat!(
            "(<a:Assertion>|</a:Assertion>|<a:Attribute |Name='x'|>|/>|</a:Attribute>|",
            "<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#x41;|&|x| ){0,40}"
        )
    ) {
        if let Ok(Response::Plain(read)) = parse_document(with_body(&body).as_bytes()) {
            prop_assert!(read.roles.is_empty());
        }
    }

    #[test]
    fn changed_byte_never_yields_another_account(at in 0..5000_usize, to in any::<u8>()) {
        let mut document = CLASSIC.as_bytes().to_vec();
        let at = at % document.len();
        document[at] = to;
        if let Ok(Response::Plain(read)) = parse_document(&document) {
            prop_assert!(read.roles.len() <= 3);
            for pair in &read.roles {
                prop_assert_eq!(pair.role.account(), pair.provider.account());
            }
        }
    }
}
