//! The agent under attack: other users, tampering with its directory, invalid frames, stalled
//! clients; and the ways in which it ends.

mod barred;
mod confined;
mod directory;
mod foreign_uid;
mod frames;
mod idle;
mod lifetime;
mod load;
mod questions;
mod runtime_directories;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use ob::secret::Secret;
use ob::wire::{
    self, Account, Answer, Ask, CaBundle, FromAgent, Hello, PROTOCOL, Reply, Request, Route,
    SecretText, SignInWay, TO_AGENT_WITH_CERTIFICATES_MAX, ToAgent,
};

use crate::support::TestEnv;

/// Longer than any of the agent's limits on receiving a frame.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

fn frame(message: &ToAgent) -> Vec<u8> {
    wire::encode(message, TO_AGENT_WITH_CERTIFICATES_MAX)
        .unwrap()
        .to_vec()
}

fn hello(protocol: u16) -> Vec<u8> {
    let build = "test".to_owned();
    frame(&ToAgent::Hello(Hello { protocol, build }))
}

fn request(request: Request) -> Vec<u8> {
    let bundle = CaBundle {
        path: "/ca.pem".into(),
        version: "1".into(),
    };
    let route = Route {
        proxy: None,
        ca_bundle: Some(bundle),
    };
    frame(&ToAgent::Request {
        request: Box::new(request),
        route: Some(Box::new(route)),
    })
}

/// A request that every agent answers.
fn status() -> Vec<u8> {
    [hello(PROTOCOL), request(Request::Status)].concat()
}

fn connect(env: &TestEnv) -> UnixStream {
    let stream = UnixStream::connect(env.socket()).unwrap();
    stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
    stream
}

/// Reads the next frame; `None` when the agent has closed the connection.
fn recv(stream: &mut UnixStream) -> Option<FromAgent> {
    let mut header = [0; wire::HEADER];
    match stream.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            panic!("the agent is silent")
        }
        Err(_) => return None,
    }
    let mut body = vec![0; wire::body_length(header, wire::FROM_AGENT_MAX).unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(wire::decode(&body).unwrap())
}

/// Sends bytes and returns the agent's frames until it closes or has replied.
fn replies_to(env: &TestEnv, bytes: &[u8]) -> Vec<FromAgent> {
    let mut stream = connect(env);
    // The agent may close before the last byte.
    let _ = stream.write_all(bytes);
    let mut replies = Vec::new();
    while let Some(message) = recv(&mut stream) {
        replies.push(message);
        if matches!(replies.last(), Some(FromAgent::Reply(_))) {
            break;
        }
    }
    replies
}

/// Carol's account as a client sends it; the lifetimes may be shorter than settings allow.
fn account(env: &TestEnv, idle: u32, max: u32) -> Account {
    Account {
        org: env.sandbox.org_url(),
        username: Some(env.user().login.clone()),
        way: SignInWay::Terminal,
        factor: None,
        vpn: false,
        security_keys: false,
        client_id: None,
        machine: None,
        idle: Duration::from_secs(idle.into()),
        max: Duration::from_secs(max.into()),
    }
}

/// Signs in over the socket as a client does.
pub(crate) fn sign_in(env: &TestEnv, idle: u32, max: u32) {
    send_sign_in(env, account(env, idle, max));
}

/// Signs in over the socket with the device grant.
pub(crate) fn sign_in_at_a_browser(env: &TestEnv, idle: u32, max: u32) {
    let client = env.sandbox.clients().0.to_owned();
    send_sign_in(
        env,
        Account {
            way: SignInWay::Browser,
            client_id: Some(client),
            ..account(env, idle, max)
        },
    );
}

fn send_sign_in(env: &TestEnv, account: Account) {
    let mut stream = connect(env);
    let sign_in_request = request(Request::SignIn {
        account,
        again: false,
    });
    stream
        .write_all(&[hello(PROTOCOL), sign_in_request].concat())
        .unwrap();
    loop {
        let answer = match recv(&mut stream).unwrap() {
            FromAgent::Ask(Ask::CaCertificates) => {
                Answer::CaCertificates(env.sandbox.ca_pem().into())
            }
            FromAgent::Ask(Ask::OpenPage { .. }) => Answer::PageShown,
            FromAgent::Ask(Ask::Password { .. }) => {
                Answer::Password(SecretText(Secret::new(env.user().password.as_str())))
            }
            FromAgent::Reply(Reply::SignedIn { .. }) => return,
            FromAgent::Reply(other) => panic!("{other:?}"),
            _ => continue,
        };
        stream.write_all(&frame(&ToAgent::Answer(answer))).unwrap();
    }
}

/// Starts an agent that has no session.
pub(crate) fn start_agent(env: &TestEnv) -> nix::unistd::Pid {
    // A sign-in without a password fails and leaves its agent running.
    let ended = crate::support::run(env.ob(["login"]), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    env.agent().unwrap()
}
