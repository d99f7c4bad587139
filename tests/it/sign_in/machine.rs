//! Machine sign-in: a key instead of a user, in this process and through the program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use ob::model::SessionPolicy;
use ob::report::Exit;
use ob::wire::{Account, MachineAccount, SignInWay};
use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Sandbox, Server};

use super::{Person, account, credentials, sign_in, target, times_sent};

fn machine(sandbox: &Sandbox, key_id: &str) -> Account {
    Account {
        username: Some(sandbox.clients().1.to_owned()),
        client_id: Some(sandbox.clients().1.to_owned()),
        machine: Some(MachineAccount {
            key_id: key_id.to_owned(),
            authorization_server: "default".into(),
            scope: "okta-m2m-access".into(),
        }),
        ..account(sandbox, "alice", SignInWay::Machine, None)
    }
}

#[test]
fn every_form_of_key_gives_credentials_without_a_question() {
    let sandbox = Sandbox::start();
    for (key_id, pem) in sandbox.machine_keys() {
        sandbox.clear_log();
        let role = sandbox.roles("alice", AwsApp::Production).remove(0);
        let target = target(&sandbox, machine(&sandbox, key_id), Some(&role));
        let person = Person::new(&sandbox, "alice", &[]).with_key(pem);
        credentials(&sandbox, &target, &person, 2).unwrap();
        assert_eq!(sandbox.sts_calls("AssumeRoleWithWebIdentity").len(), 2);
        // One token serves both calls, and the key is in no request.
        assert_eq!(sandbox.requests(Server::Org, "/").len(), 1);
        assert_eq!(times_sent(&sandbox, "PRIVATE"), 0);
    }
}

#[test]
fn a_machine_can_limit_its_role_too() {
    let sandbox = Sandbox::start();
    let (key_id, pem) = sandbox.machine_keys()[0];
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let mut target = target(&sandbox, machine(&sandbox, key_id), Some(&role));
    target.policy = SessionPolicy::ReadOnly;
    let person = Person::new(&sandbox, "alice", &[]).with_key(pem);
    credentials(&sandbox, &target, &person, 1).unwrap();
    let call = &sandbox.sts_calls("AssumeRoleWithWebIdentity")[0];
    let policy = call.form("PolicyArns.member.1.arn");
    assert_eq!(
        policy.as_deref(),
        Some("arn:aws:iam::aws:policy/ReadOnlyAccess")
    );
}

#[test]
fn custom_authorization_server_and_scope_are_used() {
    let sandbox = Sandbox::start();
    let (key_id, pem) = sandbox.machine_keys()[2];
    let mut user_account = machine(&sandbox, key_id);
    let custom = MachineAccount {
        key_id: key_id.into(),
        authorization_server: "aus1acme0h7".into(),
        scope: "aws".into(),
    };
    user_account.machine = Some(custom);
    let person = Person::new(&sandbox, "alice", &[]).with_key(pem);
    sign_in(&user_account, &person).unwrap();
    let log = sandbox.requests(Server::Org, "/oauth2/");
    assert!(
        log.iter()
            .all(|request| request.path == "/oauth2/aus1acme0h7/v1/token")
    );
}

#[test]
fn each_refusal_has_its_name() {
    let sandbox = Sandbox::start();
    let (key_id, pem) = sandbox.machine_keys()[0];
    let person = || Person::new(&sandbox, "alice", &[]).with_key(pem);
    let unknown = sign_in(&machine(&sandbox, "kid-other"), &person()).unwrap_err();
    assert_eq!(
        (unknown.name(), unknown.exit),
        ("okta.oauth.assertion_key_id", Exit::Usage)
    );
    let other_key = Person::new(&sandbox, "alice", &[]).with_key(sandbox.machine_keys()[2].1);
    let forged = sign_in(&machine(&sandbox, key_id), &other_key).unwrap_err();
    assert_eq!(forged.name(), "okta.oauth.assertion_key_id");
    let no_key = Person::new(&sandbox, "alice", &[]).with_key("hello");
    let report = sign_in(&machine(&sandbox, key_id), &no_key).unwrap_err();
    assert_eq!(
        (report.name(), report.exit),
        ("okta.oauth.private_key", Exit::Usage)
    );
    assert!(!format!("{report:?}").contains("hello"));
    let mut scope = machine(&sandbox, key_id);
    scope.machine.as_mut().unwrap().scope = "none".into();
    assert_eq!(
        sign_in(&scope, &person()).unwrap_err().name(),
        "okta.oauth.scope"
    );
    let target = target(&sandbox, machine(&sandbox, key_id), Some("Engineer"));
    let report = credentials(&sandbox, &target, &person(), 1).unwrap_err();
    assert_eq!(report.name(), "machine.role");
}

#[test]
fn wrong_local_clock_is_corrected_from_the_server() {
    let sandbox = Sandbox::with(Options {
        clock_skew_seconds: 86_400,
        ..Options::default()
    });
    let (key_id, pem) = sandbox.machine_keys()[2];
    let person = Person::new(&sandbox, "alice", &[]).with_key(pem);
    sign_in(&machine(&sandbox, key_id), &person).unwrap();
    assert_eq!(sandbox.requests(Server::Org, "/oauth2").len(), 2);
}

/// Builds a command with nothing but settings: no HOME, no terminal, no agent that stays.
fn bare(sandbox: &Sandbox, directory: &std::path::Path, settings: &str) -> Command {
    let ca = directory.join("ca.pem");
    fs::write(&ca, sandbox.ca_pem()).unwrap();
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let text = format!(
        "{settings}url = \"{}\"\nca_bundle = \"{}\"\n[aws]\nregion = \"eu-west-1\"\n\
         sts_endpoint = \"{}\"\n[profiles.ci]\nrole = \"{role}\"\n",
        sandbox.org_url(),
        ca.display(),
        sandbox.sts_url(),
    );
    let file = directory.join("config.toml");
    fs::write(&file, text).unwrap();
    // A session of its own has no terminal.
    let mut command = Command::new("setsid");
    command
        .arg(env!("CARGO_BIN_EXE_ob"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .arg("--config")
        .arg(file)
        .stdin(Stdio::null());
    command
}

#[test]
fn program_needs_no_home_no_terminal_and_no_agent() {
    let sandbox = Sandbox::start();
    let (key_id, pem) = sandbox.machine_keys()[2];
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key.pem");
    fs::write(&key, pem).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let base = format!(
        "[org]\nsign_in = \"machine\"\nclient_id = \"{}\"\nkey_id = \"{key_id}\"\n",
        sandbox.clients().1
    );
    let by_file = format!("{base}private_key_file = \"{}\"\n", key.display());
    let by_variable = format!("{base}private_key_env = \"CI_KEY\"\n");
    let lines = pem.lines().filter(|line| line.len() > 20);
    let lines: Vec<&str> = lines.collect();
    for settings in [by_file, by_variable] {
        let output = bare(&sandbox, directory.path(), &settings)
            .env("CI_KEY", pem.replace('\n', "\\n"))
            .args(["--no-agent", "exec", "-p", "ci", "--", "env"])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let environment = String::from_utf8_lossy(&output.stdout);
        assert!(
            environment.contains("AWS_ACCESS_KEY_ID=ASIA"),
            "{environment}"
        );
        assert!(!environment.contains("HOME="), "{environment}");
        // Only the variable named in the settings is withheld from the command.
        assert_eq!(
            environment.contains("CI_KEY"),
            settings.contains("key_file")
        );
        assert!(!lines.iter().any(|line| stderr.contains(line)), "{stderr}");
    }
}

#[test]
fn program_uses_the_configured_server_and_scope() {
    for (key_id, pem) in Sandbox::start().machine_keys() {
        let sandbox = Sandbox::start();
        let directory = tempfile::tempdir().unwrap();
        let settings = format!(
            "[org]\nsign_in = \"machine\"\nclient_id = \"{}\"\nkey_id = \"{key_id}\"\n\
             private_key_env = \"CI_KEY\"\nauthorization_server = \"aus1acme0h7\"\n\
             scope = \"aws\"\n",
            sandbox.clients().1
        );
        let output = bare(&sandbox, directory.path(), &settings)
            .env("CI_KEY", pem)
            .args(["--no-agent", "exec", "-p", "ci", "--", "/bin/true"])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let log = sandbox.requests(Server::Org, "/");
        let [request] = &log[..] else {
            panic!("{log:#?}");
        };
        assert_eq!(request.path, "/oauth2/aus1acme0h7/v1/token");
        let form = |name| request.form(name).unwrap_or_default();
        assert_eq!(
            (form("grant_type"), form("scope")),
            ("client_credentials".to_owned(), "aws".to_owned())
        );
        assert_eq!(sandbox.sts_calls("AssumeRoleWithWebIdentity").len(), 1);
    }
}

#[test]
fn an_app_that_demands_dpop_is_refused_by_name_and_exit_code() {
    let sandbox = Sandbox::start();
    let (key_id, pem) = sandbox.machine_keys()[2];
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "[org]\nsign_in = \"machine\"\nclient_id = \"{}\"\nkey_id = \"{key_id}\"\n\
         private_key_env = \"CI_KEY\"\n",
        sandbox.clients().1
    );
    let body = br#"{"error":"use_dpop_nonce",
            "error_description":"Authorization server requires nonce in DPoP proof."}"#;
    sandbox.fault(
        Fault::org(
            "/oauth2/default/v1/token",
            FaultKind::Status {
                code: 400,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: body.to_vec(),
            },
        )
        .always(),
    );
    let output = bare(&sandbox, directory.path(), &settings)
        .env("CI_KEY", pem)
        .args(["--no-agent", "exec", "-p", "ci", "--", "/bin/true"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("use_dpop_nonce") && stderr.contains("Require DPoP"),
        "{stderr}"
    );
    assert_eq!(sandbox.requests(Server::Org, "/").len(), 1);
}

#[test]
fn rate_limit_retries_with_a_new_assertion_or_gives_up() {
    let limited = |reset_in| {
        let sandbox = Sandbox::start();
        let (key_id, pem) = sandbox.machine_keys()[2];
        let kind = FaultKind::RateLimited {
            reset_in: Some(reset_in),
        };
        sandbox.fault(Fault::org("/oauth2/default/v1/token", kind));
        let person = Person::new(&sandbox, "alice", &[]).with_key(pem);
        let outcome = sign_in(&machine(&sandbox, key_id), &person).map(|_| ());
        let log = sandbox.requests(Server::Org, "/oauth2");
        let sent: Vec<_> = log
            .iter()
            .map(|request| request.form("client_assertion"))
            .collect();
        (outcome, person.waited.get().as_secs(), sent)
    };
    let (outcome, waited, sent) = limited(29);
    outcome.unwrap();
    assert_eq!((waited, sent.len()), (29, 2));
    assert_ne!(sent[0], sent[1], "an assertion is good once");
    let (outcome, waited, sent) = limited(600);
    let report = outcome.unwrap_err();
    assert_eq!(
        (report.name(), report.exit),
        ("okta.rate_limited", Exit::Unreachable)
    );
    assert_eq!((waited, sent.len()), (0, 1));
}
