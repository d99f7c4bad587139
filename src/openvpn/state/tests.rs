//! Plays the transcripts of `tests/fixtures/openvpn` to the state machine, line by line.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::openvpn::command::Command;
use crate::openvpn::management::Event;
use crate::secret::Secret;

/// Plays one transcript; every line must be answered by exactly the lines that follow it.
fn play(text: &str) {
    let mut state = TunnelState::default();
    let mut due: VecDeque<String> = VecDeque::new();
    for (number, line) in text.lines().enumerate() {
        let at = number + 1;
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            "#" => continue,
            "===" => assert_eq!(phase(&state), rest, "line {at}"),
            "cause" => {
                let Phase::Ended(reason) = state.phase() else {
                    panic!("line {at}: not ended");
                };
                assert_eq!(reason.to_string(), rest, "line {at}");
            }
            ">>>" | "???" | "!!!" | "..." => {
                assert_eq!(
                    due.pop_front().as_deref(),
                    Some(line.trim_end()),
                    "line {at}"
                );
            }
            _ => {
                assert!(due.is_empty(), "line {at}: not done: {due:?}");
                let (next, actions) = state.step(input(mark, rest));
                state = next;
                due.extend(actions.into_iter().map(describe));
            }
        }
    }
    assert!(due.is_empty(), "at the end, not done: {due:?}");
}

fn input(mark: &str, rest: &str) -> Input {
    let mut words = rest.split(' ');
    match (mark, words.next().unwrap_or_default()) {
        ("<<<", _) => Input::Event(Event::parse(rest.as_bytes())),
        ("+++", "credentials") => Input::Answer(AuthAnswer::Credentials(VpnCredentials {
            username: words.next().unwrap_or_default().to_owned(),
            password: Secret::new(words.next().unwrap_or_default()),
            challenge: words.next().map(Secret::new),
        })),
        ("+++", "challenge") => Input::Answer(AuthAnswer::Challenge(Secret::new(
            words.next().unwrap_or_default(),
        ))),
        ("+++", "nobody") => Input::Answer(AuthAnswer::Declined),
        ("---", "stop") => Input::Stop,
        ("---", "closed") => Input::Closed,
        ("---", "deadline") => Input::Deadline,
        _ => panic!("{mark} {rest}"),
    }
}

fn phase(state: &TunnelState) -> String {
    match state.phase() {
        Phase::Connected { routes: false } => "connected without routes".to_owned(),
        phase => phase.name().to_owned(),
    }
}

fn describe(action: Action) -> String {
    let line = |command: Command| command.line().unwrap().expose().trim_end().to_owned();
    let text = match action {
        Action::Send(command) => format!(">>> {}", line(command)),
        Action::SendAfter(pause, command) => format!("... {} {}", pause.as_secs(), line(command)),
        Action::Ask(AuthPrompt::Credentials { reason, challenge }) => {
            let reason = match reason {
                CredentialReason::First => "first".to_owned(),
                CredentialReason::SessionExpired => "expired".to_owned(),
                CredentialReason::Refused(text) => {
                    format!("refused {}", text.unwrap_or_default())
                }
            };
            let challenge = challenge.map(|challenge| format!(" static {}", challenge.text));
            format!("??? credentials {reason}{}", challenge.unwrap_or_default())
        }
        Action::Ask(AuthPrompt::Challenge { text, echo }) => {
            format!(
                "??? challenge {} {text}",
                if echo { "echo" } else { "hidden" }
            )
        }
        Action::SignIn { url, .. } => format!("!!! sign-in {}", url.expose()),
        Action::Withdraw => "!!! withdraw".to_owned(),
        Action::Configure(network) => {
            let servers: Vec<_> = network
                .name_servers
                .iter()
                .map(ToString::to_string)
                .collect();
            format!("!!! configure {} {}", network.device, servers.join(" "))
        }
        Action::Revert => "!!! revert".to_owned(),
        Action::Kill => "!!! kill".to_owned(),
    };
    text.trim_end().to_owned()
}

#[test]
fn recorded_transcripts_give_the_recorded_actions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openvpn");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "transcript")
        {
            named(&path, || play(&fs::read_to_string(&path).unwrap()));
            played += 1;
        }
    }
    assert!(played >= 17, "{played}");
}

/// Names the transcript when it fails.
fn named(path: &Path, play: impl FnOnce() + std::panic::UnwindSafe) {
    assert!(std::panic::catch_unwind(play).is_ok(), "{}", path.display());
}

#[test]
fn every_phase_before_the_first_connection_has_a_deadline() {
    let reason = EndReason::Stopped;
    for phase in [
        Phase::Starting,
        Phase::Connecting,
        Phase::SigningIn,
        Phase::Asking,
        Phase::WebAuth {
            timeout: Duration::from_secs(60),
        },
        Phase::Configuring,
        Phase::Reconnecting {
            reason: String::new(),
        },
        Phase::Stopping(reason),
    ] {
        assert!(phase.deadline(false).is_some(), "{phase:?}");
    }
    assert_eq!(
        Phase::WebAuth {
            timeout: Duration::from_secs(60)
        }
        .deadline(true),
        Some(Duration::from_secs(65))
    );
    assert_eq!(
        Phase::Reconnecting {
            reason: String::new()
        }
        .deadline(true),
        None
    );
}

fn any_input() -> impl Strategy<Value = (String, String)> {
    let lines = prop::sample::select(vec![
        ">HOLD:Waiting for hold release:0",
        ">HOLD:Waiting for hold release:9",
        ">PASSWORD:Need 'Auth' username/password",
        ">PASSWORD:Need 'Auth' username/password SC:1,Code",
        ">PASSWORD:Verification Failed: 'Auth'",
        ">PASSWORD:Verification Failed: 'Auth' ['CRV1:R,E:S:ZHlu:PIN']",
        ">INFOMSG:WEB_AUTH::https://vpn.test/a",
        ">INFOMSG:CR_TEXT:R:Code",
        ">LOG:1,,Info command was pushed by server ('CR_TEXT:R:Code')",
        ">STATE:1,WAIT,,,,,,",
        ">STATE:1,AUTH,,,,,,",
        ">STATE:1,AUTH_PENDING,timeout 60,,,,,",
        ">STATE:1,GET_CONFIG,,,,,,",
        ">STATE:1,CONNECTED,SUCCESS,10.0.0.2,,,,",
        ">STATE:1,RECONNECTING,auth-failure,,,,,",
        ">STATE:1,RECONNECTING,auth-failure (auth-token),,,,,",
        ">STATE:1,RECONNECTING,ping-restart,,,,,",
        ">STATE:1,EXITING,SIGTERM,,,,,",
        ">UPDOWN:UP",
        ">UPDOWN:ENV,END",
        ">FATAL:x",
    ]);
    prop_oneof![
        8 => lines.prop_map(|line| ("<<<".to_owned(), line.to_owned())),
        3 => prop::sample::select(vec!["credentials u p c", "challenge c", "nobody"])
            .prop_map(|answer| ("+++".to_owned(), answer.to_owned())),
        1 => prop::sample::select(vec!["stop", "deadline", "closed"])
            .prop_map(|what| ("---".to_owned(), what.to_owned())),
    ]
}

proptest! {
    #[test]
    fn every_hold_is_answered_and_an_ended_tunnel_stays_ended(
        inputs in prop::collection::vec(any_input(), 0..60)
    ) {
        let mut state = TunnelState::default();
        for (mark, rest) in inputs {
            let ended = matches!(state.phase(), Phase::Ended(_));
            let (next, actions) = state.step(input(&mark, &rest));
            if ended {
                prop_assert!(actions.is_empty());
                prop_assert!(matches!(next.phase(), Phase::Ended(_)));
            } else if rest.starts_with(">HOLD") {
                let answered = actions.iter().any(|action| matches!(
                    action,
                    Action::Send(Command::HoldRelease | Command::Terminate)
                        | Action::SendAfter(_, Command::HoldRelease)
                ));
                prop_assert!(answered);
            }
            let count = |is_kind: fn(&Command) -> bool| {
                let sent = actions.iter().filter(|action| match action {
                    Action::Send(command) => is_kind(command),
                    _ => false,
                });
                sent.count()
            };
            let usernames = count(|command| matches!(command, Command::Username(_)));
            let passwords = count(|command| matches!(command, Command::Password(_)));
            prop_assert_eq!(usernames, passwords);
            state = next;
        }
    }
}
