//! Faults, the log and the counters.

use std::time::{Duration, Instant};

use super::{Client, exchange, sts};
use crate::{Certificate, Fault, FaultKind, Options, Sandbox, Server};

const ORGANIZATION: &str = "/.well-known/okta-organization";

fn get(sandbox: &Sandbox) -> std::io::Result<super::Reply> {
    exchange(sandbox, &sandbox.org_url(), "GET", ORGANIZATION, &[], "")
}

#[test]
fn fault_hits_as_often_as_and_where_it_is_set() {
    let sandbox = Sandbox::start();
    let kind = FaultKind::Status {
        code: 503,
        headers: Vec::new(),
        body: b"later".to_vec(),
    };
    sandbox.fault(Fault::org("/.well-known", kind).after(1).times(2));
    let client = Client::new(&sandbox);
    let statuses: Vec<_> = (0..4).map(|_| client.get(ORGANIZATION).status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    let log = sandbox.requests(Server::Org, ORGANIZATION);
    assert_eq!(log.len(), 4);
    assert_eq!(log[1].status, Some(503));
    assert_eq!(
        (
            sandbox.handshakes(Server::Org),
            sandbox.handshakes(Server::Sts)
        ),
        (4, 0)
    );
    sandbox.clear_log();
    assert_eq!(
        (sandbox.log().len(), sandbox.connections(Server::Org)),
        (0, 0)
    );
}

#[test]
fn answers_can_be_replaced_and_spoiled() {
    let sandbox = Sandbox::start();
    let elsewhere = sandbox.other_url() + "/x";
    sandbox.fault(Fault::org("", FaultKind::RedirectTo(elsewhere.clone())));
    assert_eq!(
        get(&sandbox).unwrap().header("Location"),
        Some(elsewhere.as_str())
    );
    sandbox.fault(Fault::org("", FaultKind::HtmlInsteadOfJson));
    assert!(get(&sandbox).unwrap().body.contains("Free WiFi"));
    sandbox.fault(Fault::org(
        "",
        FaultKind::WrongContentType("text/plain".to_owned()),
    ));
    assert_eq!(
        get(&sandbox).unwrap().header("content-type"),
        Some("text/plain")
    );
    let extra = vec![("Set-Cookie".to_owned(), "sid=evil".to_owned())];
    sandbox.fault(Fault::org("", FaultKind::ExtraHeaders(extra)));
    assert!(
        get(&sandbox)
            .unwrap()
            .headers
            .iter()
            .any(|(_, value)| value == "sid=evil")
    );
    sandbox.fault(Fault::org("", FaultKind::RateLimited { reset_in: Some(7) }));
    let limited = get(&sandbox).unwrap();
    let reset: u64 = limited
        .header("X-Rate-Limit-Reset")
        .unwrap()
        .parse()
        .unwrap();
    assert!(reset >= sandbox.now() + 5);
    assert_eq!(limited.status, 429);
    sandbox.fault(Fault::org(
        "",
        FaultKind::Raw(b"HTTP/1.1 299 Odd\r\nA: b\r\n\r\nx".to_vec()),
    ));
    let raw = get(&sandbox).unwrap();
    assert_eq!((raw.status, raw.body.as_str()), (299, "x"));
    sandbox.fault(Fault::sts(
        "GetCallerIdentity",
        FaultKind::RateLimited { reset_in: None },
    ));
    let throttled = sts(&sandbox, &[("Action", "GetCallerIdentity")], &[]);
    assert_eq!(throttled.element("Code"), "Throttling");
}

#[test]
fn connections_can_be_cut_delayed_and_left_hanging() {
    let sandbox = Sandbox::start();
    sandbox.fault(Fault::org("", FaultKind::CutAfter(10)));
    let cut = get(&sandbox).unwrap();
    assert_eq!(cut.body.len(), 10);
    assert_ne!(cut.header("Content-Length"), Some("10"));
    sandbox.fault(Fault::org("", FaultKind::CloseBeforeAnswer));
    assert!(get(&sandbox).is_err());
    for slow in [
        FaultKind::Delay(Duration::from_millis(150)),
        FaultKind::Drip(Duration::from_millis(1)),
    ] {
        sandbox.fault(Fault::org("", slow));
        let begun = Instant::now();
        assert_eq!(get(&sandbox).unwrap().status, 200);
        assert!(begun.elapsed() >= Duration::from_millis(150));
    }
    sandbox.fault(Fault::org("", FaultKind::Hang));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| get(&sandbox));
        std::thread::sleep(Duration::from_millis(200));
        assert!(!waiting.is_finished());
        assert_eq!(get(&sandbox).unwrap().status, 200);
        sandbox.stop();
        assert!(waiting.join().unwrap().is_err());
    });
}

#[test]
fn bad_certificates_are_refused_by_a_client() {
    for certificate in [
        Certificate::Expired,
        Certificate::WrongHost,
        Certificate::SelfSigned,
        Certificate::UnknownAuthority,
    ] {
        let sandbox = Sandbox::with(Options {
            certificate,
            ..Options::default()
        });
        assert!(get(&sandbox).is_err(), "{certificate:?}");
        assert_eq!(sandbox.log().len(), 0);
    }
}

#[test]
fn the_foreign_host_records_and_the_clock_can_be_wrong() {
    let sandbox = Sandbox::with(Options {
        clock_skew_seconds: 86_400,
        ..Options::default()
    });
    let url = sandbox.other_url();
    let reply = exchange(&sandbox, &url, "GET", "/a?b=c", &[("X-Y", "z")], "").unwrap();
    let date = httpdate::parse_http_date(reply.header("Date").unwrap()).unwrap();
    assert!(date > std::time::SystemTime::now() + Duration::from_secs(86_000));
    let log = sandbox.log();
    assert_eq!(log[0].server, Server::Other);
    assert_eq!(log[0].header("x-y"), Some("z"));
    assert_eq!(log[0].parameter("b").as_deref(), Some("c"));
}
