//! A proxy in between: a good one, one that wants a password, one that answers with a page.

use std::io::{BufRead as _, BufReader, Write as _, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{exec, exec_with, failed, succeeded, unreachable};
use crate::support::{TestEnv, counted};

/// What a proxy does when it is asked to connect.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Good,
    Says(&'static str),
}

pub(crate) struct Proxy {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    gone: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let gone = Arc::new(AtomicBool::new(false));
        let left = Arc::clone(&gone);
        let open = Arc::new(Mutex::new(Vec::new()));
        let opened = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if left.load(Ordering::Acquire) {
                    return;
                }
                opened.lock().unwrap().push(client.try_clone().unwrap());
                let noted = Arc::clone(&noted);
                thread::spawn(move || serve(client, manner, &noted));
            }
        });
        Self {
            address,
            asked,
            gone,
            open,
        }
    }

    /// As if the machine had left the network of the proxy: nothing listens there any more, and
    /// what was open is cut.
    pub(crate) fn leave(&self) {
        self.gone.store(true, Ordering::Release);
        for client in self.open.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.name());
    }

    /// Host and port.
    pub(crate) fn name(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, manner: Manner, noted: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    noted.lock().unwrap().push(head.clone());
    let Manner::Good = manner else {
        let Manner::Says(words) = manner else { return };
        let _ = client.write_all(words.as_bytes());
        let _ = client.shutdown(Shutdown::Write);
        // A socket that is closed with something unread takes back what it has said.
        let _ = std::io::copy(&mut lines, &mut std::io::sink());
        return;
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let Ok(mut server) = TcpStream::connect(target) else {
        return;
    };
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .unwrap();
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = copy(&mut server, &mut client);
}

fn behind(proxy: &str) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env
        .full_settings()
        .replace("[aws]", &format!("proxy = '{proxy}'\n\n[aws]"));
    env.write_settings(&settings);
    env
}

#[test]
fn everything_goes_through_the_proxy_of_the_settings() {
    let proxy = Proxy::new(Manner::Good);
    let env = behind(&proxy.address);
    succeeded(&env, &exec(&env), "good proxy");
    let asked = proxy.asked();
    assert_eq!(
        asked.len(),
        env.sandbox.connections(ob_sandbox::Server::Org)
            + env.sandbox.connections(ob_sandbox::Server::Sts)
    );
    for head in asked {
        assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");
        for (kind, secret) in env.sandbox.canaries() {
            assert!(!head.contains(&secret), "{kind}");
        }
    }
}

#[test]
fn a_proxy_that_refuses_is_named_and_its_password_not_shown() {
    for (case, words, error, says) in counted::<4, _>([
        (
            "407",
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
            "http.proxy_refused",
            "authorization",
        ),
        (
            "html",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>",
            "http.tls",
            "TLS",
        ),
        ("nonsense", "What?\r\n\r\n", "http.proxy_refused", "proxy"),
        (
            "503",
            "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
            "http.proxy_refused",
            "did not answer CONNECT with status 200",
        ),
    ]) {
        let proxy = Proxy::new(Manner::Says(words));
        let env = behind(
            &proxy
                .address
                .replace("//", "//alice:canary-proxy-password@"),
        );
        let ended = exec(&env);
        failed(&env, &ended, &unreachable(error, says), case);
        assert!(!ended.stderr.contains("canary-proxy"), "{}", ended.stderr);
        assert!(
            proxy.asked()[0]
                .to_lowercase()
                .contains("proxy-authorization: basic")
        );
    }
}

#[test]
fn variables_name_a_proxy_and_what_goes_past_it_in_either_case() {
    for (proxy_name, past_name) in counted::<4, _>([
        ("HTTPS_PROXY", "NO_PROXY"),
        ("https_proxy", "no_proxy"),
        ("ALL_PROXY", "NO_PROXY"),
        ("all_proxy", "no_proxy"),
    ]) {
        let proxy = Proxy::new(Manner::Good);
        let env = TestEnv::of("carol").configured();
        let ended = exec_with(
            &env,
            &[(proxy_name, &proxy.address), (past_name, "127.0.0.1")],
        );
        succeeded(&env, &ended, past_name);
        assert_eq!(proxy.asked().len(), 0);
        let env = TestEnv::of("carol").configured();
        succeeded(
            &env,
            &exec_with(&env, &[(proxy_name, &proxy.address)]),
            proxy_name,
        );
        assert!(proxy.asked().len() >= 2);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told() {
    let env = behind("http://127.0.0.1:1");
    failed(
        &env,
        &exec(&env),
        &unreachable("http.connect", "cannot connect to the proxy 127.0.0.1:1"),
        "no proxy",
    );
}

#[test]
fn a_proxy_that_is_none_is_told() {
    for (case, scheme) in counted::<2, _>([
        ("the org itself", "http"),
        ("the org itself, by https", "https"),
    ]) {
        let env = TestEnv::of("carol").configured();
        let itself = env.sandbox.org_url().replace("https", scheme);
        let settings = env.full_settings();
        env.write_settings(&settings.replace("[aws]", &format!("proxy = '{itself}'\n\n[aws]")));
        let ended = exec(&env);
        let expected = unreachable("http.proxy_refused", "proxy");
        failed(&env, &ended, &expected, case);
    }
}

#[test]
fn variables_for_plain_http_are_not_for_us() {
    for name in counted::<4, _>(["HTTP_PROXY", "http_proxy", "FTP_PROXY", "SOCKS_PROXY"]) {
        let env = TestEnv::of("carol").configured();
        let ended = exec_with(&env, &[(name, "http://127.0.0.1:1")]);
        succeeded(&env, &ended, name);
    }
}
