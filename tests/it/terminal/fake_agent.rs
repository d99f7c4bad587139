//! An agent that sends scripted messages, on the socket where the client looks for one.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use ob::link::SOCKET;
use ob::wire::{FROM_AGENT_MAX, FromAgent, HEADER, Hello, Notice, PROTOCOL, encode};

use crate::support::TestEnv;

pub(super) struct FakeAgent {
    socket: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl FakeAgent {
    /// Serves one client: sends `messages` after its hello, and waits for an answer to each
    /// question unless that is withdrawn at once.
    pub(super) fn new(env: &TestEnv, messages: Vec<FromAgent>) -> Self {
        let directory = env.path("run/ob");
        let _ = fs::create_dir(&directory);
        fs::set_permissions(&directory, Permissions::from_mode(0o700)).unwrap();
        let socket = directory.join(SOCKET);
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let thread = thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                // The test notices a client that is gone.
                let _ = serve(stream, &messages);
            }
        });
        Self {
            socket,
            thread: Some(thread),
        }
    }
}

impl Drop for FakeAgent {
    fn drop(&mut self) {
        // Without a client, this connection ends the wait.
        drop(UnixStream::connect(&self.socket));
        let _ = fs::remove_file(&self.socket);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: UnixStream, messages: &[FromAgent]) -> std::io::Result<()> {
    let hello = FromAgent::Hello(Hello {
        protocol: PROTOCOL,
        build: "0.0.0".to_owned(),
    });
    // The client's hello and its request.
    for _ in 0..2 {
        hear(&mut stream)?;
    }
    if !matches!(messages.first(), Some(FromAgent::Hello(_))) {
        stream.write_all(&encode(&hello, FROM_AGENT_MAX).unwrap())?;
    }
    let is_taken_back = |next: Option<&FromAgent>| {
        matches!(next, Some(FromAgent::Notice(Notice::NoAnswerWanted { .. })))
    };
    for (at, message) in messages.iter().enumerate() {
        stream.write_all(&encode(message, FROM_AGENT_MAX).unwrap())?;
        let is_asked = matches!(message, FromAgent::Ask(_)) && !is_taken_back(messages.get(at + 1));
        if is_asked || is_taken_back(Some(message)) {
            hear(&mut stream)?;
        }
    }
    // Until the client has read everything.
    let _ = stream.read(&mut [0]);
    Ok(())
}

fn hear(stream: &mut UnixStream) -> std::io::Result<()> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let length = u32::from_be_bytes(header) as usize;
    stream.read_exact(&mut vec![0; length])
}
