//! Listening, TLS and one connection at a time: reads a request, logs it, lets a fault have its
//! say, asks the server it is for, delivers the answer. Knows nothing of Okta or AWS.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::clock;
use crate::fault::{Delivery, Verdict};
use crate::federation;
use crate::http::{self, Answer, Request};
use crate::log::Server;
use crate::state::SandboxState;
use crate::{access_server, okta, sts};

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// A listener on a free port of 127.0.0.1, and its address as a URL.
pub(crate) fn bind() -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("https://127.0.0.1:{}", listener.local_addr()?.port());
    Ok((listener, url))
}

/// A listener on `port` of 127.0.0.1, and the URL of a host name that leads there.
pub(crate) fn bind_as(name: &str, port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let url = match port {
        443 => format!("https://{name}"),
        _ => format!("https://{name}:{port}"),
    };
    Ok((listener, url))
}

/// Serves until the runtime ends.
pub(crate) async fn serve(
    state: Arc<SandboxState>,
    server: Server,
    listener: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: those of ended connections come back.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        state.log.connected(server);
        let (state, acceptor) = (Arc::clone(&state), acceptor.clone());
        tokio::spawn(async move {
            // A client that goes away or talks nonsense ends its own connection only.
            let _ = connection(&state, server, stream, &acceptor).await;
        });
    }
}

async fn connection(
    state: &SandboxState,
    server: Server,
    stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> io::Result<()> {
    let connection = CONNECTIONS.fetch_add(1, Ordering::Relaxed) + 1;
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    state.log.shook_hands(server);
    let mut held = Vec::new();
    while let Some(request) = http::read_request(&mut stream, &mut held).await? {
        let number = state.log.received(server, connection, &request);
        if !state.options.latency.is_zero() {
            tokio::time::sleep(state.options.latency).await;
        }
        let now = state.clock.now();
        let (answer, delivery) = match state.faults.verdict(server, &request, now) {
            Verdict::Silence => return std::future::pending().await,
            Verdict::Bytes(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Verdict::Instead(answer) => (answer, Delivery::default()),
            Verdict::Deliver(delivery) => (dispatch(state, server, &request), delivery),
        };
        if delivery.close_first {
            return Ok(());
        }
        state.log.answered(number, answer.status);
        let complete =
            deliver(&mut stream, answer, delivery, now, request.method == "HEAD").await?;
        if !complete || !http::keeps_open(&request) {
            break;
        }
    }
    stream.shutdown().await
}

fn dispatch(state: &SandboxState, server: Server, request: &Request) -> Answer {
    match server {
        Server::Org => okta::answer(state, request),
        Server::Sts if request.path == "/federation" => federation::answer(state, request),
        Server::Sts => sts::answer(state, request),
        Server::Vpn => access_server::answer(state, request),
        Server::Other => Answer::html(200, "<!doctype html><title>elsewhere</title>"),
    }
}

/// Writes the answer; says whether the client got all of it.
async fn deliver<S: AsyncWrite + Unpin>(
    stream: &mut S,
    mut answer: Answer,
    delivery: Delivery,
    now: u64,
    head_only: bool,
) -> io::Result<bool> {
    tokio::time::sleep(delivery.delay).await;
    if let Some(body) = delivery.body {
        answer.body = body;
    }
    if let Some(content_type) = delivery.content_type {
        answer
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        answer = answer.with("Content-Type", &content_type);
    }
    answer.headers.extend(delivery.headers);
    let mut bytes = answer.head(&clock::http_date(now));
    let body = match delivery.cut_after {
        _ if head_only => &[][..],
        Some(limit) => &answer.body[..limit.min(answer.body.len())],
        None => &answer.body[..],
    };
    bytes.extend(body);
    if delivery.per_byte.is_zero() {
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    } else {
        for byte in bytes {
            stream.write_all(&[byte]).await?;
            stream.flush().await?;
            tokio::time::sleep(delivery.per_byte).await;
        }
    }
    Ok(delivery.cut_after.is_none())
}
