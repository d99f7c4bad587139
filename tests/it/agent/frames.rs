//! Invalid frames: each ends its own connection and affects no other.

use std::io::{Read as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use ob::wire::{Answer, FromAgent, PROTOCOL, Reply, Request, ToAgent};

use super::{connect, frame, hello, recv, replies_to, request, start_agent, status};
use crate::support::{TestEnv, counted};

fn with_length(length: u32, body: &[u8]) -> Vec<u8> {
    [&length.to_be_bytes()[..], body].concat()
}

#[test]
fn invalid_hello_gets_no_answer() {
    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    let json = |text: &str| with_length(u32::try_from(text.len()).unwrap(), text.as_bytes());
    for (case, bytes) in counted::<16, _>([
        ("length zero", with_length(0, b"")),
        ("length one", with_length(1, b"x")),
        ("64 KiB of nothing", with_length(65_536, &[0; 65_536])),
        ("64 KiB and one", with_length(65_537, &[0; 65_537])),
        ("1 MiB", with_length(1 << 20, &[b' '; 1 << 20])),
        ("2 GiB", with_length(1 << 31, b"{}")),
        ("4 GiB", with_length(u32::MAX, b"{}")),
        ("garbage", b"GET / HTTP/1.1\r\nHost: ob\r\n\r\n".to_vec()),
        ("no text", with_length(4, b"\xff\xfe\x00\x01")),
        ("null", json("null")),
        ("unknown", json("{\"Steal\":{}}")),
        (
            "more in it",
            json(&format!(
                "{{\"Hello\":{{\"protocol\":{PROTOCOL},\"build\":\"x\",\"more\":1}}}}"
            )),
        ),
        (
            "nested",
            json(&format!(
                "{{\"Hello\":{}1{}}}",
                "[".repeat(30_000),
                "]".repeat(30_000)
            )),
        ),
        ("hello missing", request(Request::Status)),
        ("stop without hello", request(Request::Stop)),
        ("answer first", frame(&ToAgent::Answer(Answer::Unavailable))),
    ]) {
        let replies = replies_to(&env, &bytes);
        assert!(replies.is_empty(), "{case}: {replies:?}");
    }
    assert_eq!(env.agent(), Some(agent), "the agent is the same");
}

#[test]
fn only_one_request_is_accepted_after_the_hello() {
    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    let other = replies_to(
        &env,
        &[hello(PROTOCOL + 1), request(Request::Status)].concat(),
    );
    assert!(
        matches!(&other[..], [FromAgent::Hello(hello)] if hello.protocol == PROTOCOL),
        "{other:?}"
    );
    let twice = replies_to(&env, &[hello(PROTOCOL), hello(PROTOCOL)].concat());
    assert!(matches!(&twice[..], [FromAgent::Hello(_)]), "{twice:?}");
    let unasked = [status(), frame(&ToAgent::Answer(Answer::Factor(0)))].concat();
    assert!(replies_to(&env, &unasked).len() <= 2);
    let unknown = replies_to(
        &env,
        &[
            hello(PROTOCOL),
            with_length(32, b"{\"Request\":{\"request\":\"Steal\"}} "),
        ]
        .concat(),
    );
    let [FromAgent::Hello(_), FromAgent::Reply(Reply::Failed(report))] = &unknown[..] else {
        panic!("{unknown:?}");
    };
    assert_eq!(report.name(), "agent.request");
    assert_eq!(env.agent(), Some(agent));
}

#[test]
fn frames_in_one_write_or_byte_by_byte_are_equal() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    let at_once = replies_to(&env, &status());
    assert!(
        matches!(
            at_once[..],
            [FromAgent::Hello(_), FromAgent::Reply(Reply::Status(_))]
        ),
        "{at_once:?}"
    );
    let mut stream = connect(&env);
    for byte in status() {
        stream.write_all(&[byte]).unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    assert!(matches!(recv(&mut stream), Some(FromAgent::Hello(_))));
    assert!(matches!(
        recv(&mut stream),
        Some(FromAgent::Reply(Reply::Status(_)))
    ));
}

#[test]
fn unfinished_frame_is_cut_after_five_seconds() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    let slow = |bytes: Vec<u8>, pause: Duration| {
        let mut stream = connect(&env);
        thread::spawn(move || {
            let begun = Instant::now();
            let mut writer = stream.try_clone().unwrap();
            thread::spawn(move || {
                for byte in bytes {
                    if writer.write_all(&[byte]).is_err() {
                        return;
                    }
                    thread::sleep(pause);
                }
                thread::sleep(Duration::from_secs(30));
            });
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
            (begun.elapsed(), rest)
        })
    };
    let all = [
        ("one byte of a header", slow(vec![0], Duration::ZERO)),
        (
            "a header and silence",
            slow(vec![0, 0, 0, 40], Duration::ZERO),
        ),
        ("one byte a second", slow(status(), Duration::from_secs(1))),
    ];
    for (case, client) in all {
        let (took, rest) = client.join().unwrap();
        assert!(took < Duration::from_secs(20), "{case}: {took:?}");
        assert_eq!(rest, b"", "{case}");
    }
    assert!(env.agent().is_some());
}
