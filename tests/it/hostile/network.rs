//! Untrusted TLS, clocks that differ, hosts that do not answer.

use std::time::Duration;

use ob_sandbox::{Certificate, Fault, FaultKind, Options};

use super::{exec, exec_messages, exec_with, failed, succeeded, unreachable, with_clock_skew};
use crate::support::{SOON, TestEnv, counted};

fn env_with_certificate(certificate: Certificate) -> TestEnv {
    TestEnv::with(
        "carol",
        Options {
            certificate,
            ..Options::default()
        },
    )
    .configured()
}

#[test]
fn invalid_certificate_ends_before_a_secret_is_sent() {
    for (certificate, error, expected_text) in counted::<4, _>([
        (Certificate::Expired, "http.tls_time", "clock"),
        (Certificate::WrongHost, "http.tls_name", "another name"),
        (Certificate::SelfSigned, "http.tls_authority", "ca_bundle"),
        (
            Certificate::UnknownAuthority,
            "http.tls_authority",
            "ca_bundle",
        ),
    ]) {
        let env = env_with_certificate(certificate);
        failed(&env, &exec(&env), &unreachable(error, expected_text), error);
        assert!(env.sandbox.log().is_empty());
    }
}

#[test]
fn clock_difference_is_reported_and_does_no_harm() {
    for (skew, words) in counted::<6, _>([
        (600, "10 min behind"),
        (-720, "12 min ahead of"),
        (8 * 3600, "8 h behind"),
        (86_400, "24 h behind"),
        (-86_400, "24 h ahead of"),
        (-20 * 365 * 86_400, "7300 days ahead of"),
    ]) {
        let env = with_clock_skew(skew);
        let ended = exec(&env);
        succeeded(&env, &ended, words);
        assert!(
            ended
                .stderr
                .contains(&format!("this machine's clock is {words}")),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn unreachable_host_is_reported_at_once() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.stop();
    let ended = exec(&env);
    failed(
        &env,
        &ended,
        &unreachable("http.connect", "127.0.0.1"),
        "no org",
    );
    assert!(ended.took < SOON, "{:?}", ended.took);
}

#[test]
fn servers_that_never_answer_time_out_by_name() {
    let hang = |fault: Fault, expected_text: &'static str| {
        std::thread::spawn(move || {
            let env = TestEnv::of("carol").configured();
            env.sandbox.fault(fault.always());
            let ended = exec(&env);
            failed(
                &env,
                &ended,
                &unreachable("http.timeout", expected_text),
                expected_text,
            );
            assert!(ended.took < Duration::from_secs(40), "{:?}", ended.took);
        })
    };
    let all = [
        hang(
            Fault::org("/api/v1/authn", FaultKind::Hang),
            "sign carol@acme.com in",
        ),
        hang(Fault::org("/home/", FaultKind::Hang), "open AWS"),
        hang(Fault::sts("AssumeRoleWithSAML", FaultKind::Hang), "STS"),
        hang(
            Fault::org("/api/v1/authn", FaultKind::Drip(Duration::from_millis(100))),
            "seconds",
        ),
    ];
    for one in all {
        one.join().unwrap();
    }
}

#[test]
fn foreign_variables_have_no_effect() {
    let env = TestEnv::of("carol").configured();
    let other = env.sandbox.other_url();
    let keys = env.path("tmp/keys").display().to_string();
    let ended = exec_with(
        &env,
        &[
            ("AWS_ENDPOINT_URL", &other),
            ("AWS_ENDPOINT_URL_STS", &other),
            ("AWS_PROFILE", "evil"),
            ("AWS_CONFIG_FILE", &keys),
            ("SSLKEYLOGFILE", &keys),
            ("SSL_CERT_FILE", "/dev/null"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
            ("OB_ACCOUNT", "999999999999"),
        ],
    );
    succeeded(&env, &ended, "variables");
    assert_eq!(ended.messages(), "");
    assert!(!env.path("tmp/keys").exists());
}

#[test]
fn connection_without_a_handshake_times_out() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let env = TestEnv::of("carol").configured();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let settings = env
        .full_settings()
        .replace(&env.sandbox.org_url(), &address);
    env.write_settings(&settings);
    let ended = exec(&env);
    failed(
        &env,
        &ended,
        &unreachable("http.timeout", "127.0.0.1"),
        "silent",
    );
    assert!(ended.took < SOON * 4, "{:?}", ended.took);
}

#[test]
fn answer_that_is_not_tls_is_refused() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let env = TestEnv::of("carol").configured();
    let address = format!("https://{}", plain.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Write as _;
        for stream in plain.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let settings = env
        .full_settings()
        .replace(&env.sandbox.org_url(), &address);
    env.write_settings(&settings);
    failed(&env, &exec(&env), &unreachable("http.tls", "TLS"), "plain");
}

#[test]
fn plain_http_in_the_settings_is_refused() {
    let env = TestEnv::of("carol").configured();
    let settings = env
        .full_settings()
        .replace(&env.sandbox.sts_url(), "http://sts.example");
    env.write_settings(&settings);
    let ended = exec(&env);
    assert_eq!(
        (ended.code(), ended.error().as_str()),
        (Some(2), "config.invalid"),
        "{}",
        ended.stderr
    );
}

#[test]
fn message_when_the_certificate_has_expired() {
    insta::assert_snapshot!(exec_messages(&env_with_certificate(Certificate::Expired)), @r"
    ob: cannot sign carol@acme.com in at 127.0.0.1
      cause: cannot get an answer
      cause: 127.0.0.1's certificate is not valid at this time by this machine's clock
      hint: check this machine's clock with `date -u`
    ");
}

#[test]
fn message_when_the_authority_is_unknown() {
    insta::assert_snapshot!(exec_messages(&env_with_certificate(Certificate::UnknownAuthority)), @"
    ob: cannot sign carol@acme.com in at 127.0.0.1
      cause: cannot get an answer
      cause: 127.0.0.1's certificate is not from an authority this machine trusts
      hint: if your company inspects TLS, set `ca_bundle` to its certificates; else something is \
        in between: a network that wants a sign-in of its own, or an attacker
    ");
}
