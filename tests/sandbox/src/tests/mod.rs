//! The sandbox seen from outside: a client that speaks HTTPS with the sandbox's CA only, written
//! here because a test of a server should not trust that server's own reading and writing.

mod faults;
mod org;
mod sts;
mod webauthn;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use crate::{Sandbox, http};

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        self.headers
            .iter()
            .filter(|(header, _)| header == "Set-Cookie")
            .filter_map(|(_, value)| value.strip_prefix(&prefix))
            .map(|rest| rest.split(';').next().unwrap().to_owned())
            .next()
    }

    fn header(&self, name: &str) -> Option<&str> {
        http::find_header(&self.headers, name)
    }

    /// The value of an input of a form, decoded.
    fn input(&self, name: &str) -> String {
        let from = format!("name=\"{name}\" type=\"hidden\" value=\"");
        let start = self.body.find(&from).unwrap() + from.len();
        let end = start + self.body[start..].find('"').unwrap();
        let mut text = self.body[start..end].to_owned();
        for (coded, letter) in [("&#x2b;", "+"), ("&#x2f;", "/"), ("&#x3d;", "=")] {
            text = text.replace(coded, letter);
        }
        text
    }

    /// The text between two tags of an XML body.
    fn element(&self, name: &str) -> String {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let start = self.body.find(&open).unwrap() + open.len();
        self.body[start..start + self.body[start..].find(&close).unwrap()].to_owned()
    }
}

/// A browser-like client: keeps cookies by hand.
struct Client<'s> {
    sandbox: &'s Sandbox,
    cookies: String,
}

impl<'s> Client<'s> {
    fn new(sandbox: &'s Sandbox) -> Client<'s> {
        Client {
            sandbox,
            cookies: String::new(),
        }
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        let json = ("Content-Type", "application/json");
        self.send("POST", path, &[json], &body.to_string())
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let url = self.sandbox.org_url();
        let path = path.strip_prefix(url.as_str()).unwrap_or(path);
        let cookie = ("Cookie", self.cookies.as_str());
        let headers: Vec<_> = headers.iter().copied().chain([cookie]).collect();
        exchange(self.sandbox, &url, method, path, &headers, body).unwrap()
    }

    /// Password and, if asked, the current code.
    fn sign_in(&self, name: &str) -> Reply {
        let user = self.sandbox.user(name);
        let reply = self.post(
            "/api/v1/authn",
            &json!({ "username": user.login, "password": user.password }),
        );
        let state = reply.json();
        if state["status"] != "MFA_REQUIRED" {
            return reply;
        }
        let factors = state["_embedded"]["factors"].as_array().unwrap();
        let totp = factors
            .iter()
            .find(|one| one["factorType"] == "token:software:totp");
        let verify = totp.unwrap()["_links"]["verify"]["href"].as_str().unwrap();
        let body = json!({ "stateToken": state["stateToken"], "passCode": user.totp_now() });
        self.post(verify, &body)
    }
}

/// A form post to STS.
fn sts(sandbox: &Sandbox, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Reply {
    let body = form(fields);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let headers: Vec<_> = headers.iter().copied().chain([form]).collect();
    exchange(sandbox, &sandbox.sts_url(), "POST", "/", &headers, &body).unwrap()
}

/// The body of a form post to STS.
fn form(fields: &[(&str, &str)]) -> String {
    let mut body = "Version=2011-06-15".to_owned();
    for (name, value) in fields {
        body += &format!("&{name}={}", http::encode(value));
    }
    body
}

/// One request on a connection of its own.
fn exchange(
    sandbox: &Sandbox,
    url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Reply> {
    let host = url.strip_prefix("https://").unwrap();
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(sandbox.ca_pem().as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(host)?);
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    Ok(Reply {
        status: status.parse().unwrap(),
        headers: lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    })
}
