//! Proxies: a good one, one that requires a password, one that answers with a page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{exec, exec_with, failed, succeeded, unreachable};
use crate::support::{TestEnv, counted, relay};

/// What a proxy does on CONNECT.
#[derive(Clone, Copy)]
pub(crate) enum Behavior {
    Forward,
    Answer(&'static str),
}

pub(crate) struct Proxy {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn new(behavior: Behavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let stopped = Arc::new(AtomicBool::new(false));
        let is_stopped = Arc::clone(&stopped);
        let open = Arc::new(Mutex::new(Vec::new()));
        let opened = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if is_stopped.load(Ordering::Acquire) {
                    return;
                }
                opened.lock().unwrap().push(client.try_clone().unwrap());
                let log = Arc::clone(&log);
                thread::spawn(move || serve(client, behavior, &log));
            }
        });
        Self {
            address,
            requests,
            stopped,
            open,
        }
    }

    /// Simulates leaving the proxy's network: it stops listening and cuts its connections.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        for client in self.open.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.name());
    }

    /// Host and port.
    pub(crate) fn name(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, behavior: Behavior, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    log.lock().unwrap().push(head.clone());
    let Behavior::Forward = behavior else {
        let Behavior::Answer(words) = behavior else {
            return;
        };
        let _ = client.write_all(words.as_bytes());
        let _ = client.shutdown(Shutdown::Write);
        // Closing a socket with unread input would discard what was sent.
        let _ = std::io::copy(&mut lines, &mut std::io::sink());
        return;
    };
    let target = head.split(' ').nth(1).unwrap_or_default();
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .unwrap();
    relay(client, server);
}

fn env_with_proxy(proxy: &str) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env
        .full_settings()
        .replace("[aws]", &format!("proxy = '{proxy}'\n\n[aws]"));
    env.write_settings(&settings);
    env
}

#[test]
fn everything_goes_through_the_proxy_of_the_settings() {
    let proxy = Proxy::new(Behavior::Forward);
    let env = env_with_proxy(&proxy.address);
    succeeded(&env, &exec(&env), "good proxy");
    let requests = proxy.requests();
    assert_eq!(
        requests.len(),
        env.sandbox.connections(ob_sandbox::Server::Org)
            + env.sandbox.connections(ob_sandbox::Server::Sts)
    );
    for head in requests {
        assert!(head.starts_with("CONNECT 127.0.0.1:"), "{head}");
        for (kind, secret) in env.sandbox.canaries() {
            assert!(!head.contains(&secret), "{kind}");
        }
    }
}

#[test]
fn refusing_proxy_is_named_without_its_password() {
    for (case, words, error, expected_text) in counted::<4, _>([
        (
            "407",
            "HTTP/1.1 407 Proxy Authentication Required\r\n\
                         Proxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
            "http.proxy_refused",
            "authorization",
        ),
        (
            "html",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n\
                         <html></html>",
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
        let proxy = Proxy::new(Behavior::Answer(words));
        let env = env_with_proxy(
            &proxy
                .address
                .replace("//", "//alice:canary-proxy-password@"),
        );
        let ended = exec(&env);
        failed(&env, &ended, &unreachable(error, expected_text), case);
        assert!(!ended.stderr.contains("canary-proxy"), "{}", ended.stderr);
        assert!(
            proxy.requests()[0]
                .to_lowercase()
                .contains("proxy-authorization: basic")
        );
    }
}

#[test]
fn proxy_variables_work_in_either_case() {
    for (proxy_name, past_name) in counted::<4, _>([
        ("HTTPS_PROXY", "NO_PROXY"),
        ("https_proxy", "no_proxy"),
        ("ALL_PROXY", "NO_PROXY"),
        ("all_proxy", "no_proxy"),
    ]) {
        let proxy = Proxy::new(Behavior::Forward);
        let env = TestEnv::of("carol").configured();
        let ended = exec_with(
            &env,
            &[(proxy_name, &proxy.address), (past_name, "127.0.0.1")],
        );
        succeeded(&env, &ended, past_name);
        assert_eq!(proxy.requests().len(), 0);
        let env = TestEnv::of("carol").configured();
        succeeded(
            &env,
            &exec_with(&env, &[(proxy_name, &proxy.address)]),
            proxy_name,
        );
        assert!(proxy.requests().len() >= 2);
    }
}

#[test]
fn unreachable_proxy_is_named() {
    let env = env_with_proxy("http://127.0.0.1:1");
    failed(
        &env,
        &exec(&env),
        &unreachable("http.connect", "cannot connect to the proxy 127.0.0.1:1"),
        "no proxy",
    );
}

#[test]
fn server_that_is_no_proxy_is_named() {
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
fn plain_http_proxy_variables_are_ignored() {
    for name in counted::<4, _>(["HTTP_PROXY", "http_proxy", "FTP_PROXY", "SOCKS_PROXY"]) {
        let env = TestEnv::of("carol").configured();
        let ended = exec_with(&env, &[(name, "http://127.0.0.1:1")]);
        succeeded(&env, &ended, name);
    }
}
