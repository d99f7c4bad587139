//! Conversations with clients: many at a time, each with its limits, none that can hold up another.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::{interval, sleep};

use crate::agent::handlers::Handlers;
use crate::agent::shutdown::Watch;
use crate::agent::waiters::Client;
use crate::link::connections::{Connections, Slot};
use crate::link::server::{Incoming, Listener, Outgoing, from_stream};
use crate::model::Confinement;
use crate::process::{max_descriptors, panic_point};
use crate::report::{Exit, Report};
use crate::wire::{
    Answer, FromAgent, Hello, Notice, PROTOCOL, Reply, Request, Route, TO_AGENT_MAX, ToAgent,
};

/// From connecting to having said what it wants.
const FIRST_WORDS: Duration = Duration::from_secs(30);
/// Between a client's frames; people are slow, and their deadline is in the question.
const NEXT_WORDS: Duration = Duration::from_secs(3600);
/// How often a waiting client hears that the agent is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Serves until the socket is lost, the sessions are over, or a client or a signal says stop.
pub(super) async fn serve(
    listener: UnixListener,
    watch: Watch,
    confinement: Confinement,
) -> io::Result<()> {
    let listener = Listener::new(listener)?;
    let handlers = Rc::new(Handlers::new(confinement, true));
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
    // While it is open no other socket can get its inode, by which it is known.
    watch.clean_up();
    drop(listener);
    handlers.wipe();
    // A client that asked us to stop hears that we do.
    tokio::task::yield_now().await;
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
                // A request that came with the connection is read before the next one is accepted: else many new
                // connections could close this one as a silent one.
                yield_now().await;
            }
            Ok(None) => {}
            // Out of descriptors: a silent client gives one back, or one that is served and finishes.
            Err(_) if connections.close_oldest_silent().await => {}
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves one conversation and returns.
pub(super) async fn serve_one(stream: UnixStream, confinement: Confinement) -> io::Result<()> {
    let handlers = Rc::new(Handlers::new(confinement, false));
    if let Some((incoming, outgoing)) = from_stream(stream)? {
        converse(incoming, outgoing, &handlers, None).await;
        handlers.drain().await;
    }
    handlers.wipe();
    Ok(())
}

/// One client from hello to reply. What goes wrong here is the client's to notice: it is gone or broken.
async fn converse(
    mut incoming: Incoming,
    mut outgoing: Outgoing,
    handlers: &Rc<Handlers>,
    slot: Option<Slot>,
) {
    let Ok(ToAgent::Hello(hello)) = incoming.recv(|| TO_AGENT_MAX, FIRST_WORDS).await else {
        return;
    };
    let ours = Hello {
        protocol: PROTOCOL,
        build: env!("CARGO_PKG_VERSION").into(),
    };
    if outgoing.send(&FromAgent::Hello(ours)).await.is_err() || hello.protocol != PROTOCOL {
        return;
    }
    panic_point("agent.conversation", "");
    let (request, route) = match incoming.recv(|| TO_AGENT_MAX, FIRST_WORDS).await {
        Ok(ToAgent::Request { request, route }) => (*request, route.map(Rc::from)),
        Ok(_) => return,
        Err(error) => {
            let refusal = Report::new(
                Exit::Failed,
                "agent.request",
                "the agent cannot use this request",
            )
            .cause(error)
            .hint("client and agent may differ: `ob agent stop`, then run the same command again");
            let _ = outgoing
                .send(&FromAgent::Reply(Reply::Failed(refusal)))
                .await;
            return;
        }
    };
    if let Some(slot) = &slot {
        slot.mark_busy();
    }
    // On the heap of its own: who has only knocked so far costs a few hundred bytes, not a sign-in's worth.
    Box::pin(serve_request(request, route, incoming, outgoing, handlers)).await;
}

async fn serve_request(
    request: Request,
    route: Option<Rc<Route>>,
    mut incoming: Incoming,
    mut outgoing: Outgoing,
    handlers: &Rc<Handlers>,
) {
    let (client, said, answers) = Client::new(route);
    let speaking = speak(&mut outgoing, said);
    let listening = listen(&mut incoming, &client, &answers);
    let handling = async {
        let stop = matches!(request, Request::Stop);
        let reply = handlers.handle(request, &client).await;
        client.say(FromAgent::Reply(reply));
        stop
    };
    let heartbeat = async {
        let mut beat = interval(HEARTBEAT);
        beat.tick().await;
        loop {
            beat.tick().await;
            client.say(FromAgent::Notice(Notice::StillWaiting));
        }
    };
    tokio::select! {
        (stop, ()) = async { tokio::join!(handling, speaking) } => {
            if stop {
                handlers.stop();
            }
        }
        () = listening => {}
        () = heartbeat => {}
    }
    client.leave();
}

/// Passes on what is said to the client, up to and with the reply.
async fn speak(outgoing: &mut Outgoing, mut said: mpsc::UnboundedReceiver<FromAgent>) {
    while let Some(message) = said.recv().await {
        let last = matches!(message, FromAgent::Reply(_));
        if outgoing.send(&message).await.is_err() || last {
            return;
        }
    }
}

/// Takes the client's answers; returns when it is gone, or answers what nobody asked.
async fn listen(incoming: &mut Incoming, client: &Client, answers: &mpsc::UnboundedSender<Answer>) {
    loop {
        let limit = || client.next_frame_limit().unwrap_or(TO_AGENT_MAX);
        match incoming.recv(limit, NEXT_WORDS).await {
            Ok(ToAgent::Answer(answer)) => match client.answers() {
                Some(true) if answers.send(answer).is_ok() => {}
                // Somebody else was quicker.
                Some(false) => {}
                _ => return,
            },
            _ => return,
        }
    }
}
