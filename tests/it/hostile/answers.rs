//! Answers that are invalid HTTP or JSON: each ends the sign-in with a named error, and none makes
//! the password be sent again.

use ob_sandbox::{Fault, FaultKind};

use super::{Expected, broken, fails, refused, unreachable};
use crate::support::counted;

const AUTHN: &str = "/api/v1/authn";

/// An answer that is sent as it is.
fn raw(head: &str, body: impl AsRef<[u8]>) -> FaultKind {
    FaultKind::Raw([head.as_bytes(), b"\r\n\r\n", body.as_ref()].concat())
}

fn json(body: impl Into<Vec<u8>>) -> FaultKind {
    FaultKind::ReplaceBody {
        body: body.into(),
        content_type: "application/json".into(),
    }
}

fn all_fail(cases: impl IntoIterator<Item = (&'static str, FaultKind, Expected)>) {
    for (case, kind, expected) in cases {
        let env = fails(case, Fault::org(AUTHN, kind), &expected);
        assert_eq!(env.passwords_sent(), 1, "{case}");
    }
}

#[test]
fn invalid_http_answer_is_refused_by_name() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    let headed = |more: &str, body: &[u8]| raw(&format!("{ok}\r\n{more}"), body);
    let chunked = |body: &[u8]| headed("Transfer-Encoding: chunked", body);
    let megabyte = "x".repeat(1 << 20);
    let long = |before: &str, after: &str| [before, &megabyte, after].concat().into_bytes();
    let cases = counted::<20, _>([
        ("shorter than it says", headed("Content-Length: 500", b"{}")),
        (
            "longer than it says",
            headed("Content-Length: 1", b"{\"status\":\"SUCCESS\"}"),
        ),
        (
            "two lengths",
            headed("Content-Length: 2\r\nContent-Length: 5", b"{}"),
        ),
        (
            "a length that is no number",
            headed("Content-Length: two", b"{}"),
        ),
        (
            "a length below nothing",
            headed("Content-Length: -2", b"{}"),
        ),
        (
            "a length beyond counting",
            headed("Content-Length: 99999999999999999999", b"{}"),
        ),
        ("chunks that are none", chunked(b"zz\r\n{}\r\n0\r\n\r\n")),
        ("a chunk cut short", chunked(b"20\r\n{}")),
        ("no last chunk", chunked(b"2\r\n{}\r\n")),
        ("a chunk of 2^64", chunked(b"10000000000000000\r\n{}")),
        (
            "an extension of 1 MiB",
            chunked(&long("2;", "\r\n{}\r\n0\r\n\r\n")),
        ),
        (
            "a trailer of 1 MiB",
            chunked(&long("2\r\n{}\r\n0\r\nX: ", "\r\n\r\n")),
        ),
        (
            "a header of 1 MiB",
            raw(&format!("{ok}\r\nX: {megabyte}"), b"{}"),
        ),
        ("a header without a name", headed(": x", b"{}")),
        (
            "a header on two lines",
            headed("X: a\r\n b\r\nContent-Length: 2", b"{}"),
        ),
        ("a NUL in a header", headed("X: a\0b", b"{}")),
        (
            "compressed",
            headed(
                "Content-Encoding: gzip\r\nContent-Length: 4",
                b"\x1f\x8b\x08\0",
            ),
        ),
        (
            "of another protocol",
            FaultKind::Raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()),
        ),
        (
            "of a status that is none",
            raw("HTTP/1.1 20 OK\r\nContent-Length: 2", b"{}"),
        ),
        (
            "nothing but promises",
            FaultKind::Raw(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(5000)),
        ),
    ]);
    all_fail(cases.map(|(case, kind)| {
        let expected = match case {
            "longer than it says" => broken("okta.json.not_json", ""),
            "compressed" => refused("http.compressed", ""),
            _ => unreachable("http.broken_off", "broke off"),
        };
        (case, kind, expected)
    }));
}

#[test]
fn invalid_json_answer_is_refused_by_name() {
    let no_json = || broken("okta.json.not_json", "");
    let cases: [(&str, FaultKind, Expected); 12] = [
        (
            "200 deep",
            json(
                [
                    b"{\"status\":".to_vec(),
                    b"[".repeat(200),
                    b"]".repeat(200),
                    b"}".to_vec(),
                ]
                .concat(),
            ),
            no_json(),
        ),
        (
            "a status that is no text",
            json(&br#"{"status":["SUCCESS"]}"#[..]),
            broken("okta.authn.no_status", ""),
        ),
        (
            "a byte order mark",
            json("\u{feff}{\"status\":\"SUCCESS\"}"),
            no_json(),
        ),
        (
            "not a number",
            json(&br#"{"status":"SUCCESS","n":NaN}"#[..]),
            no_json(),
        ),
        (
            "beyond all numbers",
            json(&br#"{"status":"SUCCESS","n":1e999}"#[..]),
            no_json(),
        ),
        (
            "more behind it",
            json(&br#"{"status":"SUCCESS"}{}"#[..]),
            no_json(),
        ),
        ("cut short", json(&br#"{"status":"SUCC"#[..]), no_json()),
        (
            "Latin-1",
            json(&b"{\"status\":\"SUCC\xcbSS\"}"[..]),
            no_json(),
        ),
        (
            "a comment",
            json(&br#"{"status":"SUCCESS"/* x */}"#[..]),
            no_json(),
        ),
        (
            "ten megabytes",
            json(vec![b' '; 10 << 20]),
            refused("http.too_long", "262144"),
        ),
        (
            "success without a session",
            json(&br#"{"status":"SUCCESS"}"#[..]),
            broken("okta.authn.no_session_token", ""),
        ),
        (
            "a list",
            json(&b"[]"[..]),
            broken("okta.authn.no_status", ""),
        ),
    ];
    all_fail(counted::<12, _>(cases));
}

#[test]
fn answer_cut_at_any_of_ten_places_is_refused() {
    let cuts = counted::<10, _>([0, 1, 2, 5, 10, 20, 50, 80, 120, 160]);
    all_fail(cuts.map(|cut| {
        (
            "cut",
            FaultKind::CutAfter(cut),
            unreachable("http.broken_off", "broke off"),
        )
    }));
}
