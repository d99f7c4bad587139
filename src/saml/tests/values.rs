//! Values that are refused, documents that are cut, and bytes of any kind.

use proptest::prelude::*;

use super::*;

#[test]
fn role_values_that_are_no_pair_are_refused() {
    let role = "arn:aws:iam::123456789012:role/Deploy";
    let provider = "arn:aws:iam::123456789012:saml-provider/okta";
    let named = |name: &str| role_value(&PAIR.replace("Deploy", name));
    all_refused::<16>(&[
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
    ]);
}

#[test]
fn times_and_numbers_must_be_such() {
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
    for value in counted::<4, _>(["8h", "-1", "99999999999", "3600.5"]) {
        let document = CLASSIC.replace(">28800<", &format!(">{value}<"));
        assert_eq!(refusal(&document), "saml.session_duration", "{value}");
    }
}

#[test]
fn base64_is_strict() {
    let encoded = STANDARD.encode(CLASSIC);
    let name = |text: String| read(&Secret::new(text)).unwrap_err().name();
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
fn cut_anywhere_it_is_refused() {
    for document in counted::<2, _>([CLASSIC, IDENTITY_ENGINE]) {
        let start = document.find("<saml2p:Response").unwrap();
        for end in 0..document.len() {
            let name = refusal_of_bytes(&document.as_bytes()[..end]);
            // Behind the declaration only one name fits; within it others may.
            assert!(end <= start || name == "saml.xml.cut_short", "{end} {name}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_document(&bytes);
    }

    #[test]
    fn no_markup_makes_it_panic_or_grants_too_much(
        body in "(<a:Assertion>|</a:Assertion>|<a:Attribute |Name='x'|>|/>|</a:Attribute>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&#x41;|&|x| ){0,40}"
    ) {
        if let Ok(Response::Plain(read)) = read_document(around(&body).as_bytes()) {
            prop_assert!(read.roles.is_empty());
        }
    }

    #[test]
    fn a_changed_byte_never_yields_another_account(at in 0..5000_usize, to in any::<u8>()) {
        let mut document = CLASSIC.as_bytes().to_vec();
        let at = at % document.len();
        document[at] = to;
        if let Ok(Response::Plain(read)) = read_document(&document) {
            prop_assert!(read.roles.len() <= 3);
            for pair in &read.roles {
                prop_assert_eq!(pair.role.account(), pair.provider.account());
            }
        }
    }
}
