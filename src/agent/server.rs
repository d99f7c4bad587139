//! Conversations with clients: many at a time, each with limits, none of which can delay another.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{interval, sleep};

use crate::agent::handlers::Handlers;
use crate::agent::shutdown::SocketWatch;
use crate::agent::timeouts::Timeouts;
use crate::agent::waiters::Client;
use crate::link::connections::{Connections, Slot};
use crate::link::server::{Incoming, Listener, Outgoing, from_stream};
use crate::model::Confinement;
use crate::process::{max_descriptors, panic_point};
use crate::report::{ErrorCode, Report};
use crate::wire::{
    Answer, FromAgent, Hello, Notice, PROTOCOL, Reply, Request, Route, TO_AGENT_MAX, ToAgent,
};

/// Pause after a failed accept where no connection can be closed to free a descriptor.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves until the socket is lost, the last session has ended, or a client or signal stops it.
pub(super) async fn serve(
    listener: UnixListener,
    watch: SocketWatch,
    confinement: Confinement,
    timeouts: Timeouts,
) -> io::Result<()> {
    let listener = Listener::new(listener)?;
    let handlers = Rc::new(Handlers::new(confinement, true, timeouts));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        () = accept(&listener, &handlers) => {}
        () = watch.lost() => {}
        () = handlers.wait_for_shutdown() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        _ = interrupt.recv() => {}
    }
    // The listener stays open until then: no other socket can get the inode that identifies it.
    watch.remove_socket();
    drop(listener);
    handlers.wipe();
    // Lets the reply to a stop request leave.
    yield_now().await;
    Ok(())
}

async fn accept(listener: &Listener, handlers: &Rc<Handlers>) {
    let connections = Connections::new(max_descriptors());
    loop {
        connections.wait_for_slot().await;
        match listener.accept().await {
            Ok(Some((incoming, outgoing))) => {
                let handlers = Rc::clone(handlers);
                connections.serve(|slot| async move {
                    converse(incoming, outgoing, &handlers, Some(slot)).await;
                });
                // Reads a request that came with the connection before the next accept: otherwise
                // many new connections could close this one as a silent one.
                yield_now().await;
            }
            Ok(None) => {}
            // Out of descriptors: a silent connection gives one back, or a served one that ends.
            Err(_) if connections.close_oldest_silent().await => {}
            Err(_) => sleep(ACCEPT_RETRY).await,
        }
    }
}

/// Serves one conversation and returns.
pub(super) async fn serve_one(
    stream: UnixStream,
    confinement: Confinement,
    timeouts: Timeouts,
) -> io::Result<()> {
    let handlers = Rc::new(Handlers::new(confinement, false, timeouts));
    if let Some((incoming, outgoing)) = from_stream(stream)? {
        converse(incoming, outgoing, &handlers, None).await;
        handlers.drain().await;
    }
    handlers.wipe();
    Ok(())
}

/// Serves one client from its hello to the reply. Errors of the connection end it silently: the
/// client has disconnected or is broken.
async fn converse(
    mut incoming: Incoming,
    mut outgoing: Outgoing,
    handlers: &Rc<Handlers>,
    slot: Option<Slot>,
) {
    let first_message = handlers.timeouts().first_message;
    let received = incoming.recv(|| TO_AGENT_MAX, first_message).await;
    let Ok(ToAgent::Hello(hello)) = received else {
        return;
    };
    let ours = FromAgent::Hello(Hello {
        protocol: PROTOCOL,
        build: env!("CARGO_PKG_VERSION").into(),
    });
    if outgoing.send(&ours).await.is_err() || hello.protocol != PROTOCOL {
        return;
    }
    panic_point("agent.conversation", "");
    let (request, route) = match incoming.recv(|| TO_AGENT_MAX, first_message).await {
        Ok(ToAgent::Request { request, route }) => (*request, route.map(Rc::from)),
        Ok(_) => return,
        Err(error) => {
            let refusal = Report::new(ErrorCode::AgentRequest, "the agent cannot use this request")
                .cause(error)
                .hint(
                    "client and agent may differ: `ob agent stop`, then run the same command again",
                );
            let refusal = FromAgent::Reply(Reply::Failed(refusal));
            let _ = outgoing.send(&refusal).await;
            return;
        }
    };
    if let Some(slot) = &slot {
        slot.mark_busy();
    }
    // Boxed, so that a connection without a request costs some hundred bytes.
    Box::pin(serve_request(request, route, incoming, outgoing, handlers)).await;
}

async fn serve_request(
    request: Request,
    route: Option<Rc<Route>>,
    mut incoming: Incoming,
    mut outgoing: Outgoing,
    handlers: &Rc<Handlers>,
) {
    let timeouts = handlers.timeouts();
    let (client, messages, answers) = Client::new(route, timeouts);
    let sending = send_messages(&mut outgoing, messages);
    let receiving = receive_answers(&mut incoming, &client, &answers, timeouts.next_message);
    let handling = async {
        let stop = matches!(request, Request::Stop);
        let reply = handlers.handle(request, &client).await;
        client.send(FromAgent::Reply(reply));
        stop
    };
    let heartbeat = async {
        let mut ticks = interval(timeouts.heartbeat);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            client.send(FromAgent::Notice(Notice::StillWaiting));
        }
    };
    tokio::select! {
        (stop, ()) = async { tokio::join!(handling, sending) } => {
            if stop {
                handlers.stop();
            }
        }
        () = receiving => {}
        () = heartbeat => {}
    }
    client.leave();
}

/// Sends queued messages to the client, up to and including the reply.
async fn send_messages(outgoing: &mut Outgoing, mut messages: mpsc::UnboundedReceiver<FromAgent>) {
    while let Some(message) = messages.recv().await {
        let is_last = matches!(message, FromAgent::Reply(_));
        if outgoing.send(&message).await.is_err() || is_last {
            return;
        }
    }
}

/// Receives the client's answers. Returns when the client disconnects, or answers without a
/// question.
async fn receive_answers(
    incoming: &mut Incoming,
    client: &Client,
    answers: &mpsc::UnboundedSender<Answer>,
    timeout: Duration,
) {
    loop {
        let limit = || client.next_frame_limit().unwrap_or(TO_AGENT_MAX);
        let Ok(ToAgent::Answer(answer)) = incoming.recv(limit, timeout).await else {
            return;
        };
        match client.take_pending() {
            Some(true) if answers.send(answer).is_ok() => {}
            // Another client answered first.
            Some(false) => {}
            _ => return,
        }
    }
}
