//! Intermediaries that answer in place of the org: captive portals, moved orgs, inspected TLS.

use ob_sandbox::{Certificate, Fault, FaultKind, Options, Server};

use super::{assert_ran, exec_by, login_by, sign_in_by};
use crate::support::{TestEnv, counted, run};

fn http_status(code: u16, location: Option<&str>) -> FaultKind {
    FaultKind::Status {
        code,
        headers: location
            .map(|to| ("Location".to_owned(), to.to_owned()))
            .into_iter()
            .collect(),
        body: b"<html>Welcome to Hotel WLAN</html>".to_vec(),
    }
}

/// The first request of a sign-in, and a session's next one.
const FIRST: &str = "/api/v1/authn";
const APP: &str = "/home/amazon_aws/";

#[test]
fn captive_portal_is_named_by_status_511() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org("", http_status(511, None)).always());
    let ended = login_by(&env, &[]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.portal"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("in a browser and sign in to this network"),
        "{}",
        ended.stderr
    );
    env.sandbox.clear_faults();
    sign_in_by(&env, &[]);
    // In the middle of a session, which it does not end.
    env.sandbox
        .fault(Fault::org(APP, http_status(511, None)).always());
    let ended = exec_by(&env, &[], &[]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.portal"),
        "{}",
        ended.stderr
    );
    env.sandbox.clear_faults();
    assert_ran(&exec_by(&env, &[], &[]));
    env.sandbox
        .fault(Fault::sts("AssumeRoleWithSAML", http_status(511, None)).always());
    let ended = exec_by(&env, &[], &["--duration", "15m"]);
    assert_eq!(ended.code(), Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains("status 511"), "{}", ended.stderr);
}

#[test]
fn redirects_to_another_host_name_it_with_both_readings() {
    for (code, to) in counted::<6, _>([
        (302, "https://portal.hotel.example/login?mac=1"),
        (302, "http://portal.hotel.example/login"),
        (307, "https://login.acme.com/api/v1/authn"),
        (308, "https://login.acme.com:8443/"),
        (301, "//login.acme.com/"),
        (303, "https://login.acme.com/"),
    ]) {
        let host = to.trim_start_matches("https:").trim_start_matches("http:");
        let host = host.trim_matches('/').split('/').next().unwrap();
        for (path, signs_in) in [(FIRST, true), (APP, false)] {
            let env = TestEnv::of("carol").configured();
            if !signs_in {
                sign_in_by(&env, &[]);
            }
            env.sandbox
                .fault(Fault::org(path, http_status(code, Some(to))).always());
            let ended = match signs_in {
                true => login_by(&env, &[]),
                false => exec_by(&env, &[], &[]),
            };
            let case = format!("{code} {to} {path}: {}", ended.stderr);
            assert_ne!(ended.code(), Some(0), "{case}");
            let report = ended.report();
            assert!(report["causes"].to_string().contains(host), "{case}");
            let hints = report["hints"].to_string();
            let moved = format!("set `url = \\\"https://{host}\\\"` in [org]");
            assert!(hints.contains(&moved), "{case}");
            assert!(hints.contains("sign-in page of a network"), "{case}");
            assert!(!ended.stderr.contains("mac=1"), "{case}");
        }
    }
}

/// Where the settings leave the pipeline open, its query is the first request.
#[test]
fn redirect_of_the_first_question_names_the_new_host() {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings();
    env.write_settings(&settings.replace("'terminal'", "'auto'"));
    let moved = http_status(
        307,
        Some("https://login.acme.com/.well-known/okta-organization"),
    );
    env.sandbox
        .fault(Fault::org("/.well-known/", moved).always());
    let ended = login_by(&env, &[]);
    assert!(
        ended
            .stderr
            .contains("sends us to login.acme.com (status 307)"),
        "{}",
        ended.stderr
    );
}

#[test]
fn portal_with_a_certificate_of_its_own_is_named() {
    let env = TestEnv::with(
        "carol",
        Options {
            certificate: Certificate::WrongHost,
            ..Options::default()
        },
    )
    .configured();
    let ended = login_by(&env, &[]);
    assert_eq!((ended.code(), &*ended.error()), (Some(5), "http.tls_name"));
    assert!(
        ended.stderr.contains("wants a sign-in of its own"),
        "{}",
        ended.stderr
    );
    assert!(env.sandbox.log().is_empty());
}

#[test]
fn variables_that_name_certificates_are_named_and_not_trusted() {
    for name in counted::<4, _>([
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
    ]) {
        let env = TestEnv::of("carol").configured();
        let settings = env.full_settings();
        let lines = settings
            .lines()
            .filter(|line| !line.starts_with("ca_bundle"));
        env.write_settings(&lines.collect::<Vec<_>>().join("\n"));
        let bundle = env.path("ca.pem").display().to_string();
        let ended = login_by(&env, &[(name, &bundle)]);
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(5), "http.tls_authority"),
            "{name}"
        );
        let hints = ended.report()["hints"].to_string();
        assert!(
            hints.contains(name) && hints.contains(&format!("ca_bundle = \\\"{bundle}")),
            "{name} {hints}"
        );
        assert!(env.sandbox.log().is_empty(), "{name}");
        // The hint's suggestion works.
        env.write_settings(&settings);
        assert_eq!(login_by(&env, &[]).code(), Some(0), "{name}");
    }
}

#[test]
fn console_endpoint_that_is_down_is_not_called_okta() {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings();
    let signin = format!(
        "signin_endpoint = '{}/federation'\n\n[profiles",
        env.sandbox.sts_url()
    );
    env.write_settings(&settings.replace("\n[profiles", &signin));
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    for (code, error) in counted::<2, _>([(503, "aws.server_error"), (429, "aws.rate_limited")]) {
        let mut answer = http_status(code, None);
        if let FaultKind::Status { headers, .. } = &mut answer {
            headers.push(("Retry-After".into(), "3600".into()));
        }
        let fault = Fault {
            server: Server::Sts,
            path_prefix: String::new(),
            ..Fault::sts("", answer)
        };
        env.sandbox.fault(fault.always());
        let ended = run(env.ob(["console", "--print", "--json"]), "");
        env.sandbox.clear_faults();
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(5), error),
            "{}",
            ended.stderr
        );
        assert!(
            !ended.stderr.to_lowercase().contains("okta"),
            "{}",
            ended.stderr
        );
    }
}
