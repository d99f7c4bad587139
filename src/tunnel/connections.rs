//! Those who come to the supervisor's socket, and the one who started it.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local, yield_now};

use crate::link::connections::{Connections, Slot};
use crate::link::server::{Incoming, Listener, Outgoing, from_stream};
use crate::process::max_descriptors;
use crate::wire::{
    FromTunnel, Hello, PROTOCOL, TO_AGENT_MAX, TO_AGENT_WITH_CERTIFICATES_MAX, ToTunnel,
};

const FIRST_WORDS: Duration = Duration::from_secs(30);
/// The starter signs in between its words, and later waits for a tunnel that lasts for days.
const STARTERS_WORDS: Duration = Duration::from_secs(30 * 86_400);

/// What comes of them.
#[derive(Debug)]
pub(super) enum Visit {
    Starter(Number, ToTunnel),
    StarterLeft(Number),
    /// Somebody wants to be in the place of the one who started us.
    Attached(Number, UnboundedSender<FromTunnel>),
    Visitor(ToTunnel, UnboundedSender<FromTunnel>),
    VisitorLeft,
}

/// Tells those apart who were in the starter's place, one after the other.
pub(super) type Number = u64;

/// The one who started us.
pub(super) const FIRST: Number = 0;

/// Serves the one who started us. What is sent into the channel is said to it; the task ends when all has been.
pub(super) fn starter(
    stream: UnixStream,
    tell: impl Fn(Visit) + 'static,
) -> io::Result<(UnboundedSender<FromTunnel>, JoinHandle<()>)> {
    let (mut incoming, outgoing) =
        from_stream(stream)?.ok_or_else(|| io::Error::other("started by another user"))?;
    let (say, said) = unbounded_channel();
    let _ = say.send(hello());
    let speaking = spawn_local(speak(outgoing, said));
    spawn_local(async move { hear_starter(&mut incoming, FIRST, &tell).await });
    Ok((say, speaking))
}

async fn hear_starter(incoming: &mut Incoming, number: Number, tell: &impl Fn(Visit)) {
    let limit = || TO_AGENT_WITH_CERTIFICATES_MAX;
    loop {
        match incoming.recv::<ToTunnel>(limit, STARTERS_WORDS).await {
            Ok(ToTunnel::Hello(_)) => {}
            Ok(message) => tell(Visit::Starter(number, message)),
            Err(_) => return tell(Visit::StarterLeft(number)),
        }
    }
}

/// Serves everybody who comes to `listener`.
pub(super) fn receive(
    listener: UnixListener,
    tell: impl Fn(Visit) + Clone + 'static,
) -> io::Result<()> {
    let listener = Listener::new(listener)?;
    let connections = Connections::new(max_descriptors());
    spawn_local(async move {
        let mut number = FIRST;
        loop {
            connections.wait_for_slot().await;
            match listener.accept().await {
                Ok(Some((incoming, outgoing))) => {
                    number += 1;
                    let tell = tell.clone();
                    connections.serve(|slot| visit(incoming, outgoing, number, tell, slot));
                    // What has come with the connection is read before it could give way to the next one.
                    yield_now().await;
                }
                Ok(None) => {}
                Err(_) if connections.close_oldest_silent().await => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(())
}

async fn visit(
    mut incoming: Incoming,
    outgoing: Outgoing,
    number: Number,
    tell: impl Fn(Visit) + 'static,
    slot: Slot,
) {
    let limit = || TO_AGENT_MAX;
    let Ok(ToTunnel::Hello(theirs)) = incoming.recv(limit, FIRST_WORDS).await else {
        return;
    };
    let (say, said) = unbounded_channel();
    let _ = say.send(hello());
    let speaking = spawn_local(speak(outgoing, said));
    if theirs.protocol == PROTOCOL
        && let Ok(message) = incoming.recv(limit, FIRST_WORDS).await
    {
        slot.mark_busy();
        if matches!(message, ToTunnel::Attach) {
            tell(Visit::Attached(number, say));
            return hear_starter(&mut incoming, number, &tell).await;
        }
        tell(Visit::Visitor(message, say));
        // It says nothing more; its going away ends what it listens to.
        tokio::select! {
            _ = incoming.recv::<ToTunnel>(limit, STARTERS_WORDS) => {}
            _ = speaking => {}
        }
        tell(Visit::VisitorLeft);
    }
}

async fn speak(mut outgoing: Outgoing, mut said: UnboundedReceiver<FromTunnel>) {
    while let Some(message) = said.recv().await {
        if outgoing.send(&message).await.is_err() {
            return;
        }
    }
}

pub(super) fn hello() -> FromTunnel {
    FromTunnel::Hello(Hello {
        protocol: PROTOCOL,
        build: env!("CARGO_PKG_VERSION").into(),
    })
}
