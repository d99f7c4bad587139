//! An assertion's recipient and audience, and unusable values in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob_sandbox::{AwsApp, Fault, Options, Server};

use super::pages::{altered_assertion_fails, form};
use super::{exec, misled, page, succeeded};
use crate::support::{TestEnv, counted, run};

const TO_AWS: &str = "=\"https://signin.aws.amazon.com/saml\"";

#[test]
fn assertion_for_another_recipient_never_reaches_aws() {
    let replaced = |what: &'static str, with: &'static str| {
        move |xml: &str| {
            let other = xml.replace(what, with);
            assert_ne!(xml, other);
            other
        }
    };
    altered_assertion_fails(
        "no recipient and no destination",
        |xml| {
            let xml = xml.replace(&format!(" Recipient{TO_AWS}"), "");
            xml.replace(&format!(" Destination{TO_AWS}"), "")
        },
        &misled("saml.no_recipient", "neither a recipient nor a destination"),
    );
    altered_assertion_fails(
        "empty ones",
        replaced(TO_AWS, "=\"\""),
        &misled("saml.no_recipient", ""),
    );
    altered_assertion_fails(
        "another's",
        replaced(TO_AWS, "=\"https://vpn.acme.com/saml/acs\""),
        &misled("saml.recipient", "https://vpn.acme.com/saml/acs"),
    );
    altered_assertion_fails(
        "one of two is another's",
        replaced(
            " Recipient=\"https://signin.aws.amazon.com/",
            " Recipient=\"https://signin.aws.amazon.com.evil.example/",
        ),
        &misled("saml.recipient", ""),
    );
    altered_assertion_fails(
        "no audience",
        replaced(
            "<saml2:Audience>urn:amazon:webservices</saml2:Audience>",
            "",
        ),
        &misled("saml.no_audience", ""),
    );
}

/// Has the VPN's app return an altered assertion and checks the error.
fn vpn_refuses(case: &str, spoil: impl Fn(&str) -> String, error: &str) {
    let env = TestEnv::of("bob").configured();
    env.write_settings(&format!(
        "{}\n[vpn]\nhost = '{}'\napp = '{}'\n",
        env.full_settings(),
        env.sandbox.vpn_url().trim_start_matches("https://"),
        env.sandbox.vpn_app_url()
    ));
    env.sign_in();
    let acs = format!("{}/saml/acs", env.sandbox.vpn_url());
    let xml = env.sandbox.assertion("bob", AwsApp::Production);
    let xml = String::from_utf8(STANDARD.decode(xml).unwrap()).unwrap();
    let xml = xml
        .replace("https://signin.aws.amazon.com/saml", &acs)
        .replace(
            "urn:amazon:webservices",
            "https://vpn.acme.com/saml/metadata",
        );
    let html = form(&acs, &STANDARD.encode(spoil(&xml)));
    env.sandbox
        .fault(Fault::org("/home/openvpn", page(html)).always());
    let ended = run(env.ob(["vpn", "profile", "--json"]), "");
    assert_eq!(ended.error(), error, "{case}: {}", ended.stderr);
    let sent = env.sandbox.requests(Server::Vpn, "/saml/acs").len();
    // The last case is valid but for its signature, which only the server can check.
    assert_eq!(sent, usize::from(case == "as it should be"), "{case}");
    if sent == 0 {
        assert_eq!(ended.code(), Some(2), "{case}: {}", ended.stderr);
        assert!(ended.stderr.contains("SP ACS"), "{case}: {}", ended.stderr);
    }
}

#[test]
fn assertion_for_another_recipient_never_reaches_the_vpn() {
    let with_attribute = |xml: &str, name: &str, value: &str| {
        let start = xml.find(&format!(" {name}=\"")).unwrap();
        let end = start + name.len() + 3 + xml[start + name.len() + 3..].find('"').unwrap() + 1;
        format!("{}{value}{}", &xml[..start], &xml[end..])
    };
    let without_both =
        |xml: &str| with_attribute(&with_attribute(xml, "Recipient", ""), "Destination", "");
    vpn_refuses("neither is there", without_both, "saml.no_recipient");
    for name in counted::<2, _>(["Recipient", "Destination"]) {
        let other = format!(" {name}=\"https://other.acme.com/saml/acs\"");
        vpn_refuses(
            name,
            |xml| with_attribute(xml, name, &other),
            "saml.recipient",
        );
    }
    for audience in counted::<4, _>([
        "urn:amazon:webservices",
        "https://signin.aws.amazon.com/saml",
        "https://other.acme.com/",
        "x",
    ]) {
        vpn_refuses(
            audience,
            |xml| xml.replace("https://vpn.acme.com/saml/metadata", audience),
            "saml.audience",
        );
    }
    let audience = "<saml2:Audience>https://vpn.acme.com/saml/metadata</saml2:Audience>";
    vpn_refuses(
        "no audience",
        |xml| xml.replace(audience, ""),
        "saml.no_audience",
    );
    vpn_refuses(
        "as it should be",
        |xml| with_attribute(xml, "Destination", ""),
        "openvpn.refused",
    );
}

/// Values seen in practice, all of them beside bob's valid roles.
const UNUSABLE_VALUES: [(&str, &str); 8] = [
    (
        "Role",
        "arn:aws:iam::12345678901:saml-provider/okta,arn:aws:iam::12345678901:role/Typo",
    ),
    (
        "Role",
        "arn:aws:iam::999999999999:saml-provider/okta,arn:aws:iam::123456789012:role/Other",
    ),
    ("Role", "arn:aws:iam::123456789012:role/Bare"),
    (
        "Role",
        "arn:aws:iam::${accountid}:saml-provider/OKTA,arn:aws:iam::${accountid}:role/${role}",
    ),
    (
        "Role",
        "arn:aws:iam::123456789012:saml-provider/okta,arn:aws:iam::123456789012:role/Dev,",
    ),
    ("SessionDuration", "12h"),
    ("SessionDuration", "3600"),
    ("RoleSessionName", "alice"),
];

#[test]
fn unusable_values_are_named_once_and_valid_roles_work() {
    let options = Options {
        odd_values: UNUSABLE_VALUES.to_vec(),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options).configured();
    let mut words = vec!["exec"];
    words.extend(super::COMMAND);
    let ended = env.answered(&words);
    succeeded(&env, &ended, "odd values");
    for part in counted::<8, _>([
        "12345678901:role/Typo` is left out: ",
        "role/Other` is left out: ",
        "role/Bare` is left out: ",
        "role/${role}` is left out: ",
        "role/Dev,` is left out: ",
        "the session duration `12h` is left out",
        "a second session duration, `3600`",
        "a second role session name, `alice`",
    ]) {
        assert_eq!(
            ended.stderr.matches(part).count(),
            1,
            "{part}: {}",
            ended.stderr
        );
    }
    // The session's next assertion repeats none of the warnings.
    let before = env.sandbox.requests(Server::Org, "/home/amazon_aws").len();
    let roles = run(env.ob(["roles"]), "");
    assert_eq!(roles.code(), Some(0), "{}", roles.stderr);
    assert!(!roles.stderr.contains("left out"), "{}", roles.stderr);
    let after = env.sandbox.requests(Server::Org, "/home/amazon_aws").len();
    assert!(after > before, "`ob roles` has fetched the assertion anew");
    for name in ["Typo", "Other", "Bare"] {
        assert!(!roles.stdout.contains(name), "{}", roles.stdout);
    }
}

#[test]
fn unusable_values_are_named_ten_times_at_most() {
    let options = Options {
        odd_values: (0..40)
            .map(|at| {
                (
                    "Role",
                    Box::leak(format!("odd-{at}").into_boxed_str()) as &str,
                )
            })
            .collect(),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options).configured();
    let ended = exec(&env);
    succeeded(&env, &ended, "many");
    let mut warnings = ended.stderr.matches("is left out").count();
    warnings += usize::from(ended.stderr.contains("30 more values are left out"));
    assert_eq!(warnings, 11, "{}", ended.stderr);
}

#[test]
fn assertion_without_a_usable_role_is_refused_by_name() {
    altered_assertion_fails(
        "no good role",
        |xml| xml.replace(":role/", ":user/"),
        &super::broken("saml.role.not_a_pair", ":user/Engineer`: "),
    );
}
