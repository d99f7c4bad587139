//! SOCKS proxies, and the hosts that `NO_PROXY` excepts.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use ob_sandbox::Server;

use super::{assert_ran, exec_by, login_by, sign_in_by};
use crate::hostile::proxy::{Behavior, Proxy};
use crate::support::{TestEnv, counted, relay};

/// A SOCKS 5 proxy (RFC 1928, 1929) and the hosts it was asked to connect to.
struct Socks {
    name: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    /// With a password, the proxy serves only clients that send it.
    fn new(password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || serve(client, password, &log));
            }
        });
        Self { name, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, password: Option<&str>, log: &Mutex<Vec<String>>) -> Option<()> {
    let bytes = |client: &mut TcpStream, count: u8| {
        let mut buffer = vec![0; count.into()];
        client.read_exact(&mut buffer).ok().map(|()| buffer)
    };
    let head = bytes(&mut client, 2)?;
    let methods = bytes(&mut client, head[1])?;
    let method = if password.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        client.write_all(&[5, 0xff]).ok()?;
        return None;
    }
    client.write_all(&[5, method]).ok()?;
    if let Some(password) = password {
        let head = bytes(&mut client, 2)?;
        let user = bytes(&mut client, head[1])?;
        let length = bytes(&mut client, 1)?;
        let given = bytes(&mut client, length[0])?;
        let good = user == b"alice" && given == password.as_bytes();
        client.write_all(&[1, u8::from(!good)]).ok()?;
        if !good {
            return None;
        }
    }
    let request = bytes(&mut client, 4)?;
    let host = match request[3] {
        1 => {
            let ip = bytes(&mut client, 4)?;
            Ipv4Addr::new(ip[0], ip[1], ip[2], ip[3]).to_string()
        }
        _ => {
            let length = bytes(&mut client, 1)?;
            String::from_utf8(bytes(&mut client, length[0])?).ok()?
        }
    };
    let port = bytes(&mut client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    log.lock().unwrap().push(host);
    let server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    relay(client, server);
    Some(())
}

/// An environment whose STS has a host name.
fn env_with_named_sts() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings();
    env.write_settings(&settings.replace(&env.sandbox.sts_url(), &sts_url_by_name(&env)));
    env
}

fn sts_url_by_name(env: &TestEnv) -> String {
    env.sandbox.sts_url().replace("127.0.0.1", "localhost")
}

#[test]
fn socks_proxies_resolve_names_as_their_scheme_says() {
    for (scheme, expected) in counted::<3, _>([
        ("socks5h", "localhost"),
        ("socks5", "127.0.0.1"),
        // As desktop settings write it.
        ("socks", "localhost"),
    ]) {
        let env = env_with_named_sts();
        let socks = Socks::new(None);
        let proxy = format!("{scheme}://{}/", socks.name);
        let through = [("ALL_PROXY", proxy.as_str())];
        sign_in_by(&env, &through);
        assert_ran(&exec_by(&env, &through, &[]));
        let requests = socks.requests();
        assert!(
            requests.iter().any(|host| host == expected),
            "{scheme}: {requests:?}"
        );
        let connections =
            env.sandbox.connections(Server::Org) + env.sandbox.connections(Server::Sts);
        assert_eq!(requests.len(), connections, "{scheme}: {requests:?}");
    }
}

#[test]
fn socks_proxies_take_a_name_and_password() {
    let env = TestEnv::of("carol").configured();
    let socks = Socks::new(Some("canary-socks"));
    let good = format!("socks5h://alice:canary-socks@{}", socks.name);
    let through = [("ALL_PROXY", good.as_str())];
    sign_in_by(&env, &through);
    assert_ran(&exec_by(&env, &through, &[]));
    for (case, login) in counted::<2, _>([("wrong", "alice:canary-other@"), ("none", "")]) {
        let bad = format!("socks5h://{login}{}", socks.name);
        let ended = exec_by(
            &TestEnv::of("carol").configured(),
            &[("ALL_PROXY", &bad)],
            &[],
        );
        assert_eq!(ended.code(), Some(3), "{case} {}", ended.stderr);
        let env = TestEnv::of("carol").configured();
        let ended = login_by(&env, &[("ALL_PROXY", &bad)]);
        let report = ended.report();
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(5), "http.proxy_refused"),
            "{case} {report}"
        );
        assert!(report.to_string().contains(&socks.name), "{case} {report}");
        assert!(!ended.stderr.contains("canary"), "{case} {report}");
    }
    let ended = login_by(
        &TestEnv::of("carol").configured(),
        &[("ALL_PROXY", "socks5://127.0.0.1:1")],
    );
    assert_eq!((ended.code(), &*ended.error()), (Some(5), "http.connect"));
    assert!(
        ended
            .stderr
            .contains("cannot connect to the proxy 127.0.0.1:1"),
        "{}",
        ended.stderr
    );
}

#[test]
fn no_proxy_excepts_hosts_ports_and_networks() {
    let office = Proxy::new(Behavior::Forward);
    for (list, org_is_direct, sts_is_direct) in counted::<9, _>([
        ("127.0.0.1", true, false),
        ("example.com localhost", false, true),
        ("example.com,\tLOCALHOST.", false, true),
        ("{org}", true, false),
        ("{sts}", false, true),
        ("localhost:1 127.0.0.1:1", false, false),
        ("127.0.0.0/8", true, false),
        (".localhost", false, true),
        ("example.com *", true, true),
    ]) {
        for name in ["NO_PROXY", "no_proxy"] {
            let env = env_with_named_sts();
            let host = |url: String| url.trim_start_matches("https://").to_owned();
            let list = list
                .replace("{org}", &host(env.sandbox.org_url()))
                .replace("{sts}", &host(sts_url_by_name(&env)));
            let by = [
                ("HTTPS_PROXY", office.address.as_str()),
                (name, list.as_str()),
            ];
            let before = office.requests().len();
            sign_in_by(&env, &by);
            assert_ran(&exec_by(&env, &by, &[]));
            let requests = office.requests()[before..].join("");
            assert_eq!(
                !requests.contains("CONNECT 127.0.0.1:"),
                org_is_direct,
                "{list}: {requests}"
            );
            assert_eq!(
                !requests.contains("CONNECT localhost:"),
                sts_is_direct,
                "{list}: {requests}"
            );
        }
    }
}

/// The order of curl and Python: lower case first, the variable for https before the one for all
/// schemes.
#[test]
fn variables_of_either_case_have_the_order_of_curl() {
    let (right, wrong) = (Proxy::new(Behavior::Forward), "http://127.0.0.1:1");
    for (first, second) in counted::<4, _>([
        ("https_proxy", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "all_proxy"),
        ("https_proxy", "ALL_PROXY"),
        ("all_proxy", "ALL_PROXY"),
    ]) {
        let env = TestEnv::of("carol").configured();
        let by = [(first, right.address.as_str()), (second, wrong)];
        sign_in_by(&env, &by);
        // An empty variable counts as unset.
        let by = [(first, ""), (second, right.address.as_str())];
        assert_ran(&exec_by(&env, &by, &[]));
    }
}
