//! Every key that a tool documents: for any value, the written settings are valid, and each key is
//! taken or named. `OB_CASES=1000` tests more files of each tool.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Home, TOOLS};

/// Files of each tool.
const CASES: usize = 12;

/// A tool, its file, and its keys with a typical value. A star marks keys that have no meaning
/// alone.
const KEYS: &[(&str, &[(&str, &str)])] = &[
    (
        "okta-aws-cli",
        &[
            ("all-profiles", "true"),
            ("authz-id", "aus1"),
            ("aws-acct-fed-app-id", "0oa2app"),
            ("aws-credentials", "/home/alice/.aws/other"),
            (
                "aws-iam-idp",
                "arn:aws:iam::111111111111:saml-provider/Okta",
            ),
            ("aws-iam-role", "arn:aws:iam::111111111111:role/Dev"),
            ("aws-region", "eu-west-1"),
            ("aws-session-duration", "3600"),
            ("aws-sts-role-session-name", "alice"),
            ("cache-access-token", "true"),
            ("custom-scope", "okta-m2m-access"),
            ("debug", "true"),
            ("debug-api-calls", "true"),
            ("exec", "true"),
            ("*expiry-aws-variables", "true"),
            ("format", "env-var"),
            ("key-id", "kid1"),
            ("legacy-aws-variables", "true"),
            ("oidc-client-id", "0oa1client"),
            ("oie-client-id", "0oa1client"),
            ("open-browser", "true"),
            ("open-browser-command", "open -a Firefox"),
            ("org-domain", "acme.okta.com"),
            ("password", "canary"),
            ("private-key", "canary"),
            ("private-key-file", "/etc/ob/key.pem"),
            ("profile", "work"),
            ("*qr-code", "true"),
            ("session-duration", "3600"),
            ("short-user-agent", "true"),
            ("username", "alice@acme.com"),
            ("write-aws-credentials", "true"),
        ],
    ),
    (
        "gimme-aws-creds",
        &[
            ("app_url", "https://acme.okta.com/home/amazon_aws/0oa1/272"),
            ("aws_appname", "AWS"),
            ("aws_default_duration", "3600"),
            ("aws_rolename", "arn:aws:iam::111111111111:role/Dev"),
            ("client_id", "0oa1client"),
            ("conf_profile", "work"),
            ("cred_profile", "role"),
            ("device_token", "canary"),
            ("duo_universal_factor", "Duo Push"),
            ("enable_keychain", "y"),
            ("force_classic", "true"),
            ("gimme_creds_server", "internal"),
            ("include_path", "y"),
            ("okta_auth_server", "aus1"),
            ("okta_org_url", "https://acme.okta.com"),
            ("okta_username", "alice@acme.com"),
            ("open_browser", "true"),
            ("output_format", "json"),
            ("preferred_mfa_provider", "OKTA"),
            ("preferred_mfa_type", "token:software:totp"),
            ("remember_device", "y"),
            ("resolve_aws_alias", "y"),
            ("write_aws_creds", "True"),
        ],
    ),
    (
        "saml2aws",
        &[
            ("app_id", "1"),
            ("aws_profile", "saml"),
            ("aws_session_duration", "3600"),
            ("aws_urn", "urn:amazon:webservices:govcloud"),
            ("browser_autofill", "true"),
            ("browser_driver_dir", "/opt/driver"),
            ("browser_executable_path", "/usr/bin/chromium"),
            ("browser_type", "chromium"),
            ("credentials_file", "/home/alice/c"),
            ("*disable_remember_device", "true"),
            ("*disable_sessions", "true"),
            ("download_browser_driver", "true"),
            ("headless", "true"),
            ("http_attempts_count", "3"),
            ("http_retry_delay", "3"),
            ("kc_auth_error_element", "x"),
            ("kc_auth_error_message", "x"),
            ("kc_broker", "x"),
            ("mfa", "PUSH"),
            ("mfa_ip_address", "127.0.0.1"),
            ("*name", "default"),
            ("policy_arn_list", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ("policy_file", "/home/alice/p.json"),
            ("prompter", "default"),
            ("*provider", "Okta"),
            ("region", "eu-west-1"),
            ("resource_id", "x"),
            ("role_arn", "arn:aws:iam::111111111111:role/Dev"),
            ("saml_cache", "true"),
            ("saml_cache_file", "/home/alice/s"),
            ("skip_verify", "true"),
            ("subdomain", "x"),
            ("target_url", "https://acme.okta.com/x"),
            ("timeout", "9"),
            ("url", "https://acme.okta.com/home/amazon_aws/0oa1/272"),
            ("username", "alice@acme.com"),
        ],
    ),
    (
        "tokendito",
        &[
            ("aws_config_file", "/home/alice/c"),
            ("aws_output", "text"),
            ("aws_profile", "work"),
            ("aws_region", "eu-west-1"),
            ("aws_role_arn", "arn:aws:iam::111111111111:role/Dev"),
            ("aws_shared_credentials_file", "/home/alice/c"),
            ("okta_client_id", "0oa1client"),
            ("okta_device_token", "canary"),
            ("okta_mfa", "okta_push"),
            ("okta_mfa_response", "canary"),
            ("okta_org", "https://acme.okta.com/"),
            ("okta_password", "canary"),
            (
                "okta_tile",
                "https://acme.okta.com/home/amazon_aws/0oa1/272",
            ),
            ("okta_username", "alice@acme.com"),
            ("user_config_dir", "/home/alice"),
            ("user_config_file", "/home/alice/t.ini"),
            ("user_encoding", "utf-8"),
            ("user_log_output_file", "/home/alice/l"),
            ("user_loglevel", "DEBUG"),
            ("user_quiet", "true"),
            ("user_use_device_token", "true"),
        ],
    ),
    (
        "oktaws",
        &[
            ("application", "AWS"),
            ("duration_seconds", "3600"),
            ("role", "Dev"),
            ("username", "alice@acme.com"),
        ],
    ),
    (
        "aws-okta",
        &[
            ("assume_role_ttl", "1h"),
            ("aws_saml_url", "home/amazon_aws/0oa1/272"),
            ("mfa_factor_type", "push"),
            ("mfa_provider", "OKTA"),
            ("okta_account_name", "work"),
            ("okta_aws_role_arn", "arn:aws:iam::111111111111:role/Dev"),
            ("okta_session_cookie_key", "key"),
            ("*output", "json"),
            ("region", "eu-west-1"),
            ("session_ttl", "12h"),
        ],
    ),
    (
        "okta-java",
        &[
            (
                "OKTA_AWS_APP_URL",
                "https://acme.okta.com/home/amazon_aws/0oa1/272",
            ),
            ("OKTA_AWS_REGION", "eu-west-1"),
            (
                "OKTA_AWS_ROLE_TO_ASSUME",
                "arn:aws:iam::111111111111:role/Dev",
            ),
            ("OKTA_BROWSER_AUTH", "true"),
            ("OKTA_COOKIES_PATH", "/home/alice/c"),
            ("OKTA_CREDENTIALS_SUFFIX", "x"),
            ("OKTA_ENV_MODE", "true"),
            ("OKTA_MFA_CHOICE", "OKTA.push"),
            ("OKTA_ORG", "acme.okta.com"),
            ("OKTA_PASSWORD", "canary"),
            ("OKTA_PASSWORD_CMD", "pass canary"),
            ("*OKTA_PROFILE", "work"),
            ("OKTA_PROFILE_PREFIX", "x"),
            ("OKTA_STS_DURATION", "3600"),
            ("OKTA_USERNAME", "alice@acme.com"),
        ],
    ),
    (
        "aws-okta-processor",
        &[
            ("aws_okta_account_alias", "prod-*"),
            (
                "aws_okta_application",
                "https://acme.okta.com/home/amazon_aws/0oa1/272",
            ),
            ("aws_okta_duration", "3600"),
            ("aws_okta_environment", "true"),
            ("aws_okta_factor", "token:software:totp:okta"),
            ("aws_okta_key", "dev"),
            ("aws_okta_no_aws_cache", "true"),
            ("aws_okta_no_okta_cache", "true"),
            ("aws_okta_organization", "acme.okta.com"),
            ("aws_okta_pass", "canary"),
            ("aws_okta_region", "eu-west-1"),
            ("aws_okta_role", "arn:aws:iam::111111111111:role/Dev"),
            ("aws_okta_sign_in_url", "https://signin.aws.amazon.com/saml"),
            ("aws_okta_silent", "true"),
            ("aws_okta_target_shell", "fish"),
            ("aws_okta_user", "alice@acme.com"),
        ],
    ),
];

/// Plausible values, and some that are not.
const VALUES: &[&str] = &[
    "",
    "true",
    "0",
    "-1",
    "99999999999",
    "a b",
    "a # b",
    "x;y",
    "\"quoted\"",
    "ü",
    "all",
    "/.*/",
    "arn:aws:iam::1:role/x",
    "arn:aws-cn:iam::111111111111:role/Dev",
    "arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess",
    "https://canary:canary@acme.okta.com",
    "https://example.okta.com/home/amazon_aws/0oa1/272",
    "https://acme.okta.com/app/amazon_aws/exk1/sso/saml",
    "app/amazon_aws/exk1/sso/saml",
    "http://acme.okta.com",
    "okta.com",
    "us-gov-west-1",
    "12h",
];

/// Returns a file that sets `pairs` in two profiles.
fn file(tool: &str, pairs: &[(&str, &str)]) -> String {
    let mut file = match tool {
        "okta-aws-cli" => "awscli:\n  profiles:\n".to_owned(),
        _ => String::new(),
    };
    for name in ["one", "two"] {
        match tool {
            "okta-aws-cli" => writeln!(file, "    {name}:"),
            "oktaws" => writeln!(file, "[profiles.{name}]"),
            "aws-okta" => writeln!(file, "[profile {name}]"),
            "okta-java" => Ok(()),
            "aws-okta-processor" if name == "one" => writeln!(file, "[defaults]"),
            "aws-okta-processor" => writeln!(file, "[authenticate]"),
            _ => writeln!(file, "[{name}]"),
        }
        .unwrap();
        // What both profiles have is reported once.
        let half = pairs.len() / 2;
        let pairs = match (tool, name) {
            ("okta-java" | "aws-okta-processor", "one") => &pairs[..half],
            ("okta-java" | "aws-okta-processor", _) => &pairs[half..],
            _ => pairs,
        };
        for (key, value) in pairs {
            let key = key.trim_start_matches('*');
            match tool {
                "okta-aws-cli" => writeln!(file, "      {key}: '{}'", value.replace('\'', "''")),
                "oktaws" => writeln!(file, "{key} = {}", toml::Value::from(*value)),
                "okta-java" => writeln!(file, "{key}={value}"),
                _ => writeln!(file, "{key} = {value}"),
            }
            .unwrap();
        }
    }
    file
}

fn home(tool: &str, file: &str) -> Home {
    let home = Home::new();
    let (_, place) = TOOLS.iter().find(|(name, _)| *name == tool).unwrap();
    home.write(place, file);
    home
}

#[test]
fn every_tool_has_its_documented_keys_here() {
    let listed = KEYS.iter().map(|(tool, _)| *tool);
    assert!(listed.eq(TOOLS.map(|(tool, _)| tool)));
}

#[test]
fn each_documented_key_is_taken_or_answered() {
    for (tool, keys) in KEYS {
        let home = home(tool, &file(tool, keys));
        let printed = home.imported(&["--print", "--url", "acme.okta.com"]);
        let said = &printed.stderr;
        for (key, _) in keys.iter().filter(|(key, _)| !key.starts_with('*')) {
            let dashed = key.trim_start_matches("aws_okta_").replace('_', "-");
            let names = [format!("{key} "), format!("{dashed} ")];
            let is_named = names.iter().any(|name| said.contains(name));
            assert!(is_named, "{tool}: {key}: {said}");
        }
        assert!(!home.said(&printed).contains("canary"));
    }
}

#[test]
fn what_is_written_of_any_values_is_good() {
    let cases = std::env::var("OB_CASES").ok();
    let cases = cases.map_or(CASES, |count| count.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let choices = proptest::collection::vec((any::<bool>(), any::<u8>()), 40);
    let mut written = 0;
    for (tool, keys) in KEYS {
        for case in 0..cases {
            let choices = choices.new_tree(&mut runner).unwrap().current();
            let pairs: Vec<(&str, &str)> = (keys.iter().zip(&choices))
                .filter(|(_, (is_set, _))| *is_set)
                // Two of three keep the tool's typical value.
                .map(|((key, value), (_, pick))| match usize::from(*pick) % 3 {
                    0 => (*key, VALUES[usize::from(*pick) / 3 % VALUES.len()]),
                    _ => (*key, *value),
                })
                .collect();
            let file = file(tool, &pairs);
            let home = home(tool, &file);
            let url: &[&str] = if case % 2 == 0 {
                &["--url", "acme.okta.com"]
            } else {
                &[]
            };
            let made = home.import(url);
            let said = home.said(&made);
            assert!(!said.contains("canary"), "{tool}: {file}\n{said}");
            match made.status.code() {
                Some(0) => {
                    written += 1;
                    home.is_good();
                }
                Some(2) => assert!(said.contains("cause: "), "{tool}: {file}\n{said}"),
                code => panic!("{tool}: {code:?}: {file}\n{said}"),
            }
            // Each of two contradicting values is left out alone.
            assert!(!said.contains("is not written"), "{tool}: {file}\n{said}");
        }
    }
    assert!(written > KEYS.len() * cases / 3, "{written}");
}
