//! Requests of the same user. Those of other users are in `tests/it/trust`.

use std::thread;

use super::*;

const DESTINATION: &str = "https://signin.aws.amazon.com/federation?SigninToken=canary";

/// Sends `request` and returns the response.
fn fetch(port: u16, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return "closed".into();
    };
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn with_page(test: impl FnOnce(u16, &str, &str)) -> RedirectOutcome {
    let page = OneShotRedirect::open().unwrap();
    let (port, path) = (page.local.port(), page.path.clone());
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            page.redirect(&Secret::new(DESTINATION), || {
                stop.load(std::sync::atomic::Ordering::SeqCst)
            })
        });
        test(port, &path, &format!("127.0.0.1:{port}"));
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        served.join().unwrap().unwrap()
    })
}

#[test]
fn first_request_is_redirected_and_closes_the_port() {
    let outcome = with_page(|port, path, host| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
        let answer = fetch(port, &request);
        assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
        assert!(answer.contains(&format!("Location: {DESTINATION}\r\n")));
        assert!(answer.contains("Referrer-Policy: no-referrer\r\n"));
        thread::sleep(Duration::from_millis(100));
        assert_eq!(fetch(port, &request), "closed");
    });
    assert_eq!(outcome, RedirectOutcome::Redirected(Peer::SameUser));
}

#[test]
fn wrong_host_origin_or_path_gets_not_found() {
    let end = with_page(|port, path, host| {
        for request in [
            format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            format!("GET {path}x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", &path[1..20]),
            format!("GET {path} HTTP/1.1\r\nHost: evil.com\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: evil.com\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.com\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\norigin: null\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\n\r\n"),
            format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        ] {
            let answer = fetch(port, &request);
            assert!(answer.starts_with("HTTP/1.1 404 "), "{request} {answer}");
            assert!(!answer.contains("canary"));
        }
    });
    assert_eq!(end, RedirectOutcome::Cancelled);
}

#[test]
fn many_wrong_requests_close_the_page() {
    let end = with_page(|port, _, host| {
        let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        for _ in 0..MAX_WRONG_REQUESTS {
            fetch(port, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        }
        thread::sleep(Duration::from_millis(100));
        assert_eq!(fetch(port, "GET / HTTP/1.1\r\n\r\n"), "closed");
    });
    assert_eq!(end, RedirectOutcome::NotFetched { refused: 0 });
}

#[test]
fn silent_connections_keep_no_browser_out() {
    let end = with_page(|port, path, host| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let mut open: Vec<TcpStream> = (0..MAX_CONNECTIONS * 3)
            .map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap())
            .collect();
        for stream in open.iter_mut().rev().take(MAX_CONNECTIONS / 2) {
            stream.write_all(&request.as_bytes()[..20]).unwrap();
        }
        let begun = Instant::now();
        assert!(fetch(port, &request).contains(DESTINATION));
        assert!(
            begun.elapsed() < REDIRECT_TIMEOUT / 2,
            "{:?}",
            begun.elapsed()
        );
    });
    assert_eq!(end, RedirectOutcome::Redirected(Peer::SameUser));
}

#[test]
fn request_in_pieces_after_a_pause_is_served() {
    let end = with_page(|port, path, host| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        // Browsers open connections before they need them.
        thread::sleep(REQUEST_TIMEOUT + Duration::from_millis(300));
        for piece in request.as_bytes().chunks(9) {
            stream.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(DESTINATION), "{answer}");
    });
    assert_eq!(end, RedirectOutcome::Redirected(Peer::SameUser));
}

#[test]
fn two_pages_have_different_paths_and_ports() {
    let (a, b) = (
        OneShotRedirect::open().unwrap(),
        OneShotRedirect::open().unwrap(),
    );
    assert_eq!(a.path.len(), 41);
    assert!(a.path != b.path && a.local != b.local);
}
