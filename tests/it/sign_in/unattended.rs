//! Sign-in without a terminal: each question ends it at once with exit 3 and the question's name.
//! Only the cancellation is sent after that.

use ob_sandbox::{AwsApp, Options, Pipeline, PushScript, Server};

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::support::{TestEnv, eventually, run};

struct Case {
    user: &'static str,
    /// Arguments after `login`; with `--password-stdin` the password is typed.
    arguments: &'static [&'static str],
    /// Prefix of a settings line to leave out.
    without: &'static str,
    /// Texts that the error must contain.
    expected_texts: &'static [&'static str],
    /// Name of the factor in the error.
    factor_name: &'static str,
    exit: i32,
    /// Last path segments of the requests, for Classic and for Identity Engine.
    requests: [&'static [&'static str]; 2],
}

const START: &[&str] = &["okta-organization", "authn"];
const IDX: [&str; 4] = ["okta-organization", "UserHome", "introspect", "identify"];

/// A case for one of judy's typed factors; `is_sent` says whether Classic sends a code first.
const fn typed(arguments: &'static [&'static str], factor: &'static str, is_sent: bool) -> Case {
    const SAYS: [&str; 2] = ["the passcode is needed", "--passcode-stdin"];
    const SENT: [&str; 4] = [START[0], START[1], "verify", "cancel"];
    const CLASSIC: [&str; 3] = [START[0], START[1], "cancel"];
    Case {
        user: "judy",
        arguments,
        without: "",
        expected_texts: &SAYS,
        factor_name: factor,
        exit: 3,
        requests: [
            if is_sent { &SENT } else { &CLASSIC },
            &[IDX[0], IDX[1], IDX[2], IDX[3], "challenge", "cancel"],
        ],
    }
}

const CASES: &[Case] = &[
    Case {
        user: "bob",
        arguments: &[],
        without: "username",
        expected_texts: &["the username is needed", "set `username`"],
        factor_name: "",
        exit: 3,
        requests: [&[], &[]],
    },
    Case {
        user: "bob",
        arguments: &[],
        without: "",
        expected_texts: &["the password is needed", "--password-stdin"],
        factor_name: "",
        exit: 3,
        requests: [
            &["okta-organization"],
            &["okta-organization", "UserHome", "introspect", "cancel"],
        ],
    },
    Case {
        user: "judy",
        arguments: &["--password-stdin"],
        without: "factor",
        expected_texts: &[
            "which factor to use is needed",
            "Okta offers: push",
            "--factor",
        ],
        factor_name: "",
        exit: 3,
        requests: [
            &[START[0], START[1], "cancel"],
            &[IDX[0], IDX[1], IDX[2], IDX[3], "cancel"],
        ],
    },
    typed(
        &["--password-stdin", "--factor", "totp"],
        "Authenticator app code (Judy's phone)",
        false,
    ),
    typed(
        &["--password-stdin", "--factor", "sms"],
        "Code sent by text message to +1 XXX-XXX-1337",
        true,
    ),
    typed(
        &["--password-stdin", "--factor", "question"],
        "What is the food you least liked",
        false,
    ),
    Case {
        user: "frank",
        arguments: &["--password-stdin"],
        without: "",
        expected_texts: &["a new password is needed", "in a terminal `ob login` asks"],
        factor_name: "",
        exit: 3,
        requests: [
            &[START[0], START[1], "cancel"],
            &[IDX[0], IDX[1], IDX[2], IDX[3], "cancel"],
        ],
    },
    // A push rejected on the phone is not resent without the user, and the refusal stands.
    Case {
        user: "dave",
        arguments: &["--password-stdin"],
        without: "",
        expected_texts: &["was not approved", "reject"],
        factor_name: "",
        exit: 4,
        requests: [
            &[START[0], START[1], "verify", "verify", "cancel"],
            &[
                IDX[0],
                IDX[1],
                IDX[2],
                IDX[3],
                "challenge",
                "poll",
                "cancel",
            ],
        ],
    },
];

#[test]
fn question_without_a_terminal_ends_the_sign_in() {
    for case in CASES {
        for (pipeline, requests) in [Pipeline::V1, Pipeline::Idx].into_iter().zip(case.requests) {
            let options = Options {
                pipeline,
                ..Options::default()
            };
            let env = TestEnv::with(case.user, options);
            env.sandbox.push(PushScript {
                waits: 0,
                ..PushScript::reject()
            });
            let settings: String = env
                .minimal_settings()
                .lines()
                .filter(|line| case.without.is_empty() || !line.starts_with(case.without))
                .map(|line| format!("{line}\n"))
                .collect();
            env.write_settings(&settings);
            let mut login = env.ob(["login"]);
            login.args(case.arguments);
            let typed = match case.arguments.contains(&"--password-stdin") {
                true => format!("{}\n", env.user().password),
                false => String::new(),
            };
            let output = run(&mut login, &typed);
            let stderr = &output.stderr;
            let what = format!("{pipeline:?} {} {:?}: {stderr}", case.user, case.arguments);
            assert_eq!(output.status.code(), Some(case.exit), "{what}");
            for words in case.expected_texts.iter().chain([&case.factor_name]) {
                assert!(stderr.contains(words), "{words}: {what}");
            }
            let log = env.sandbox.requests(Server::Org, "/");
            let paths: Vec<&str> = log
                .iter()
                .map(|request| request.path.rsplit('/').next().unwrap_or_default())
                .collect();
            assert_eq!(paths, requests, "{what}");
        }
    }
}

#[test]
fn delivered_code_can_be_piped_when_it_arrives() {
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        for factor in ["sms", "call", "email"] {
            let options = Options {
                pipeline,
                ..Options::default()
            };
            let env = TestEnv::with("judy", options);
            let mut login = env.ob([
                "exec",
                "--password-stdin",
                "--passcode-stdin",
                "--factor",
                factor,
            ]);
            let role = env.sandbox.roles("judy", AwsApp::Production).remove(0);
            login.args(["-r", &role, "--", "cat"]);
            let piped = login.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = piped.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            writeln!(stdin, "{}", env.user().password).unwrap();
            eventually("the code is sent", || {
                env.sandbox.delivered("judy", factor).is_some()
            });
            let code = env.sandbox.delivered("judy", factor).unwrap();
            // Input behind the code belongs to the command.
            writeln!(stdin, "{code}\nthe rest").unwrap();
            drop(stdin);
            let mut rest = String::new();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            output.read_line(&mut rest).unwrap();
            assert!(child.wait().unwrap().success(), "{pipeline:?} {factor}");
            assert_eq!(rest, "the rest\n");
        }
    }
}
