//! The clients of the supervisor: the one that started it and those that connect to its socket.

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

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// A client that answers questions is silent while the user signs in, and while the tunnel is up.
const ANSWERER_TIMEOUT: Duration = Duration::from_secs(30 * 86_400);
/// The process may be out of descriptors for a moment.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Tells apart the clients that answered questions one after the other.
pub(super) type ClientId = u64;

/// The client that started the supervisor.
pub(super) const STARTER: ClientId = 0;

/// The queue of messages to one client; a task writes them to its socket.
pub(super) type ClientQueue = UnboundedSender<FromTunnel>;

#[derive(Debug)]
pub(super) enum ClientEvent {
    /// A message of a client that answers questions.
    Answerer(ClientId, ToTunnel),
    AnswererLeft(ClientId),
    /// A client wants to answer questions.
    Attach(ClientId, ClientQueue),
    /// The one request of any other client.
    Request(ToTunnel, ClientQueue),
}

/// Serves the client that started the supervisor. The task ends when the queue is closed and
/// written.
pub(super) fn serve_starter(
    stream: UnixStream,
    notify: impl Fn(ClientEvent) + 'static,
) -> io::Result<(ClientQueue, JoinHandle<()>)> {
    let (mut incoming, outgoing) =
        from_stream(stream)?.ok_or_else(|| io::Error::other("started by another user"))?;
    let (queue, writer) = start_writer(outgoing);
    spawn_local(async move { read_answerer(&mut incoming, STARTER, &notify).await });
    Ok((queue, writer))
}

/// Serves every client that connects to `listener`.
pub(super) fn serve(
    listener: UnixListener,
    notify: impl Fn(ClientEvent) + Clone + 'static,
) -> io::Result<()> {
    let listener = Listener::new(listener)?;
    let connections = Connections::new(max_descriptors());
    spawn_local(async move {
        let mut id = STARTER;
        loop {
            connections.wait_for_slot().await;
            match listener.accept().await {
                Ok(Some((incoming, outgoing))) => {
                    id += 1;
                    let notify = notify.clone();
                    connections.serve(|slot| serve_client(incoming, outgoing, id, notify, slot));
                    // Reads what came with the connection before it could give way to the next.
                    yield_now().await;
                }
                Ok(None) => {}
                Err(_) if connections.close_oldest_silent().await => {}
                Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
            }
        }
    });
    Ok(())
}

async fn serve_client(
    mut incoming: Incoming,
    outgoing: Outgoing,
    id: ClientId,
    notify: impl Fn(ClientEvent) + 'static,
    slot: Slot,
) {
    let limit = || TO_AGENT_MAX;
    let Ok(ToTunnel::Hello(theirs)) = incoming.recv(limit, REQUEST_TIMEOUT).await else {
        return;
    };
    let (queue, writer) = start_writer(outgoing);
    if theirs.protocol == PROTOCOL
        && let Ok(message) = incoming.recv(limit, REQUEST_TIMEOUT).await
    {
        slot.mark_busy();
        if matches!(message, ToTunnel::Attach) {
            notify(ClientEvent::Attach(id, queue));
            return read_answerer(&mut incoming, id, &notify).await;
        }
        notify(ClientEvent::Request(message, queue));
        // The client sends nothing more; its disconnection ends what it follows.
        tokio::select! {
            _ = incoming.recv::<ToTunnel>(limit, ANSWERER_TIMEOUT) => {}
            _ = writer => {}
        }
    }
}

async fn read_answerer(incoming: &mut Incoming, id: ClientId, notify: &impl Fn(ClientEvent)) {
    let limit = || TO_AGENT_WITH_CERTIFICATES_MAX;
    loop {
        match incoming.recv::<ToTunnel>(limit, ANSWERER_TIMEOUT).await {
            Ok(ToTunnel::Hello(_)) => {}
            Ok(message) => notify(ClientEvent::Answerer(id, message)),
            Err(_) => return notify(ClientEvent::AnswererLeft(id)),
        }
    }
}

fn start_writer(outgoing: Outgoing) -> (ClientQueue, JoinHandle<()>) {
    let (queue, messages) = unbounded_channel();
    let _ = queue.send(hello());
    (queue, spawn_local(write(outgoing, messages)))
}

async fn write(mut outgoing: Outgoing, mut messages: UnboundedReceiver<FromTunnel>) {
    while let Some(message) = messages.recv().await {
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
