//! What an assertion says of whom it is for, and values in it that nothing can be done with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob_sandbox::{AwsApp, Fault, Options, Server};

use super::pages::{form, spoiled};
use super::{exec, misled, page, succeeded};
use crate::support::{TestEnv, counted, run};

const TO_AWS: &str = "=\"https://signin.aws.amazon.com/saml\"";

#[test]
fn an_assertion_that_is_not_for_aws_is_never_sent() {
    let replaced = |what: &'static str, with: &'static str| {
        move |xml: &str| {
            let other = xml.replace(what, with);
            assert_ne!(xml, other);
            other
        }
    };
    spoiled(
        "no recipient and no destination",
        |xml| {
            let xml = xml.replace(&format!(" Recipient{TO_AWS}"), "");
            xml.replace(&format!(" Destination{TO_AWS}"), "")
        },
        &misled("saml.no_recipient", "neither a recipient nor a destination"),
    );
    spoiled(
        "empty ones",
        replaced(TO_AWS, "=\"\""),
        &misled("saml.no_recipient", ""),
    );
    spoiled(
        "another's",
        replaced(TO_AWS, "=\"https://vpn.acme.com/saml/acs\""),
        &misled("saml.recipient", "https://vpn.acme.com/saml/acs"),
    );
    spoiled(
        "one of two is another's",
        replaced(
            " Recipient=\"https://signin.aws.amazon.com/",
            " Recipient=\"https://signin.aws.amazon.com.evil.example/",
        ),
        &misled("saml.recipient", ""),
    );
    spoiled(
        "no audience",
        replaced(
            "<saml2:Audience>urn:amazon:webservices</saml2:Audience>",
            "",
        ),
        &misled("saml.no_audience", ""),
    );
}

/// What the VPN's app hands over instead of its own assertion.
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
    // Nothing is wrong with the last one but its signature, which only the server can judge.
    assert_eq!(sent, usize::from(case == "as it should be"), "{case}");
    if sent == 0 {
        assert_eq!(ended.code(), Some(2), "{case}: {}", ended.stderr);
        assert!(ended.stderr.contains("SP ACS"), "{case}: {}", ended.stderr);
    }
}

#[test]
fn an_assertion_that_is_not_for_the_vpn_is_never_sent() {
    let named = |xml: &str, name: &str, value: &str| {
        let start = xml.find(&format!(" {name}=\"")).unwrap();
        let end = start + name.len() + 3 + xml[start + name.len() + 3..].find('"').unwrap() + 1;
        format!("{}{value}{}", &xml[..start], &xml[end..])
    };
    let none = |xml: &str| named(&named(xml, "Recipient", ""), "Destination", "");
    vpn_refuses("neither is there", none, "saml.no_recipient");
    for name in counted::<2, _>(["Recipient", "Destination"]) {
        let other = format!(" {name}=\"https://other.acme.com/saml/acs\"");
        vpn_refuses(name, |xml| named(xml, name, &other), "saml.recipient");
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
        |xml| named(xml, "Destination", ""),
        "openvpn.refused",
    );
}

/// Values of a report from the field, all of them beside bob's proper roles.
const ODD: [(&str, &str); 8] = [
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
fn an_odd_value_is_named_once_and_the_good_roles_work() {
    let options = Options {
        odd_values: ODD.to_vec(),
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
    // The next assertion of the session says nothing of it again.
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
fn many_odd_values_are_named_ten_times_at_most() {
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
    let mut said = ended.stderr.matches("is left out").count();
    said += usize::from(ended.stderr.contains("30 more values are left out"));
    assert_eq!(said, 11, "{}", ended.stderr);
}

#[test]
fn an_assertion_of_odd_values_alone_is_refused_by_name() {
    spoiled(
        "no good role",
        |xml| xml.replace(":role/", ":user/"),
        &super::broken("saml.role.not_a_pair", ":user/Engineer`: "),
    );
}
