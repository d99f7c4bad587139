//! No secret of the VPN in output, files, argument lists or environments.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::sys::signal::Signal;

use super::network::{Vpn, entered, leads_through};
use crate::support::run;

/// Returns the encodings in which a secret may have been written.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let reversed: String = secret.chars().rev().collect();
    let wide: Vec<u8> = secret.bytes().flat_map(|byte| [byte, 0]).collect();
    vec![
        secret.as_bytes().to_vec(),
        STANDARD
            .encode(secret)
            .trim_end_matches('=')
            .as_bytes()
            .to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        url.into_bytes(),
        reversed.into_bytes(),
        secret.to_lowercase().into_bytes(),
        wide,
    ]
}

/// Observed bytes, with their origin.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn note(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    fn files(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                self.files(&entry.path());
            } else if kind.is_file() {
                match fs::read(entry.path()) {
                    Ok(bytes) => self.note(&entry.path().display().to_string(), bytes),
                    // A process that is gone holds nothing.
                    Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{entry:?}"),
                }
            }
        }
    }

    fn processes(&mut self) {
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            for what in ["cmdline", "environ"] {
                let path = entry.path().join(what);
                if let Ok(bytes) = fs::read(&path) {
                    self.note(&path.display().to_string(), bytes);
                }
            }
        }
    }

    /// Returns where secrets occur, in any encoding.
    fn holding(&self, secrets: &[(String, String)]) -> Vec<String> {
        let mut found = Vec::new();
        for (kind, secret) in secrets.iter().filter(|(_, secret)| secret.len() >= 8) {
            for spelling in spellings(secret) {
                let holds =
                    |bytes: &[u8]| bytes.windows(spelling.len()).any(|part| part == spelling);
                let places = self.0.iter().filter(|(_, bytes)| holds(bytes));
                found.extend(places.map(|(place, _)| format!("{kind} in {place}")));
            }
        }
        found
    }
}

#[test]
fn no_secret_of_the_vpn_is_anywhere() {
    if !entered("vpn::secrets::no_secret_of_the_vpn_is_anywhere", false) {
        return;
    }
    let vpn = Vpn::new();
    let mut seen = Seen::default();
    for words in [
        &["vpn", "profile", "--explain"][..],
        &["vpn", "profile", "--json"],
        &["vpn", "up", "--detach", "--no-dns", "-v"],
        &["vpn", "status"],
        &["vpn", "status", "--json"],
        &["status", "--json"],
        &["vpn", "logs"],
        &["vpn", "logs", "--json"],
        &["vpn", "up"],
    ] {
        let output = run(&mut vpn.env.ob(words), "");
        seen.note(&words.join(" "), output.stdout);
        seen.note(&words.join(" "), output.stderr);
    }
    leads_through();
    seen.processes();
    seen.files(&vpn.env.path(""));
    // A new connection sends the token again.
    vpn.signal(vpn.openvpn(), Signal::SIGUSR1);
    vpn.is_back();
    let logs = vpn.vpn(&["logs"]);
    // A token that openvpn's server makes itself.
    let text = &logs.stdout;
    assert!(text.contains(">PASSWORD:Auth-Token:[redacted]"), "{text}");
    assert!(!text.contains("SESS_ID_AT_"), "{text}");
    seen.note("logs after a reconnection", logs.stdout);
    seen.note("down", vpn.vpn(&["down"]).stderr);
    seen.files(&vpn.env.path(""));
    let secrets = vpn.env.sandbox.canaries();
    for kind in [
        "vpn-client-key",
        "vpn-session-token",
        "vpn-profile-token",
        "vpn-cookie",
        "SAMLResponse",
    ] {
        assert!(
            secrets.iter().any(|(known, _)| known == kind),
            "{kind} was given out"
        );
    }
    assert_eq!(seen.holding(&secrets), [""; 0]);
    vpn.is_gone();
}

#[test]
fn the_search_finds_what_is_planted() {
    let secret = "canary-vpn-session-token-Abc123";
    let secrets = [("token".to_owned(), secret.to_owned())];
    for spelling in spellings(secret) {
        let mut seen = Seen::default();
        seen.note(
            "a log",
            [b"before ".to_vec(), spelling, b" after".to_vec()].concat(),
        );
        assert_ne!(seen.holding(&secrets), [""; 0]);
    }
}
