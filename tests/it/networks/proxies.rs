//! SOCKS proxies, and the hosts that `NO_PROXY` excepts.

use std::io::{Read as _, Write as _, copy};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use ob_sandbox::Server;

use super::{exec_by, ran, sign_in_by};
use crate::hostile::proxy::{Manner, Proxy};
use crate::support::{TestEnv, counted};

/// A SOCKS 5 proxy (RFC 1928, 1929) and what it was asked to connect to.
struct Socks {
    name: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    /// With a password, only who has it is served.
    fn new(password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                thread::spawn(move || serve(client, password, &noted));
            }
        });
        Self { name, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, password: Option<&str>, noted: &Mutex<Vec<String>>) -> Option<()> {
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
    noted.lock().unwrap().push(host);
    let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut client);
    Some(())
}

/// A env whose org and STS have a name.
fn named() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings();
    env.write_settings(&settings.replace(&env.sandbox.sts_url(), &by_name(&env)));
    env
}

fn by_name(env: &TestEnv) -> String {
    env.sandbox.sts_url().replace("127.0.0.1", "localhost")
}

#[test]
fn socks_proxies_resolve_names_as_their_scheme_says() {
    for (scheme, expected) in counted::<3, _>([
        ("socks5h", "localhost"),
        ("socks5", "127.0.0.1"),
        // As desktops write it.
        ("socks", "localhost"),
    ]) {
        let env = named();
        let socks = Socks::new(None);
        let proxy = format!("{scheme}://{}/", socks.name);
        let through = [("ALL_PROXY", proxy.as_str())];
        sign_in_by(&env, &through);
        ran(&exec_by(&env, &through, &[]));
        let asked = socks.asked();
        assert!(
            asked.iter().any(|host| host == expected),
            "{scheme}: {asked:?}"
        );
        let connections =
            env.sandbox.connections(Server::Org) + env.sandbox.connections(Server::Sts);
        assert_eq!(asked.len(), connections, "{scheme}: {asked:?}");
    }
}

#[test]
fn socks_proxies_take_a_name_and_password() {
    let env = TestEnv::of("carol").configured();
    let socks = Socks::new(Some("canary-socks"));
    let good = format!("socks5h://alice:canary-socks@{}", socks.name);
    let through = [("ALL_PROXY", good.as_str())];
    sign_in_by(&env, &through);
    ran(&exec_by(&env, &through, &[]));
    for (case, login) in counted::<2, _>([("wrong", "alice:canary-other@"), ("none", "")]) {
        let bad = format!("socks5h://{login}{}", socks.name);
        let ended = exec_by(
            &TestEnv::of("carol").configured(),
            &[("ALL_PROXY", &bad)],
            &[],
        );
        assert_eq!(ended.code(), Some(3), "{case} {}", ended.stderr);
        let env = TestEnv::of("carol").configured();
        let ended = login_by(&env, &bad);
        let report = ended.report();
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(5), "http.proxy_refused"),
            "{case} {report}"
        );
        assert!(report.to_string().contains(&socks.name), "{case} {report}");
        assert!(!ended.stderr.contains("canary"), "{case} {report}");
    }
    let ended = login_by(&TestEnv::of("carol").configured(), "socks5://127.0.0.1:1");
    assert_eq!((ended.code(), &*ended.error()), (Some(5), "http.connect"));
    assert!(
        ended
            .stderr
            .contains("cannot connect to the proxy 127.0.0.1:1"),
        "{}",
        ended.stderr
    );
}

fn login_by(env: &TestEnv, proxy: &str) -> crate::support::Finished {
    let mut login = env.ob(["login", "--json"]);
    login.args(env.answer_flags()).env("ALL_PROXY", proxy);
    crate::support::run(login, &env.answers())
}

#[test]
fn no_proxy_excepts_hosts_ports_and_networks() {
    let office = Proxy::new(Manner::Good);
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
            let env = named();
            let host = |url: String| url.trim_start_matches("https://").to_owned();
            let list = list
                .replace("{org}", &host(env.sandbox.org_url()))
                .replace("{sts}", &host(by_name(&env)));
            let by = [
                ("HTTPS_PROXY", office.address.as_str()),
                (name, list.as_str()),
            ];
            let before = office.asked().len();
            sign_in_by(&env, &by);
            ran(&exec_by(&env, &by, &[]));
            let asked = office.asked()[before..].join("");
            assert_eq!(
                !asked.contains("CONNECT 127.0.0.1:"),
                org_is_direct,
                "{list}: {asked}"
            );
            assert_eq!(
                !asked.contains("CONNECT localhost:"),
                sts_is_direct,
                "{list}: {asked}"
            );
        }
    }
}

/// curl's and Python's order: lower case first, the variable for https before the one for
/// everything.
#[test]
fn variables_of_either_case_have_the_order_of_curl() {
    let (right, wrong) = (Proxy::new(Manner::Good), "http://127.0.0.1:1");
    for (first, second) in counted::<4, _>([
        ("https_proxy", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "all_proxy"),
        ("https_proxy", "ALL_PROXY"),
        ("all_proxy", "ALL_PROXY"),
    ]) {
        let env = TestEnv::of("carol").configured();
        let by = [(first, right.address.as_str()), (second, wrong)];
        sign_in_by(&env, &by);
        // An empty one is none.
        let by = [(first, ""), (second, right.address.as_str())];
        ran(&exec_by(&env, &by, &[]));
    }
}
