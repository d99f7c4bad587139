//! Which crates are linked into which program.

use std::collections::BTreeSet;
use std::fs;

use crate::program;

/// The network, and the parsers of what comes from it.
const AGENT_ONLY: [&str; 12] = [
    "reqwest",
    "rustls",
    "hyper",
    "hyper-util",
    "h2",
    "rustls-webpki",
    "aws-sdk-sts",
    "aws-sigv4",
    "aws-smithy-runtime",
    "html5gum",
    "quick-xml",
    "seccompiler",
];
/// The command line, the terminal and the settings.
const CLIENT_ONLY: [&str; 5] = ["clap_builder", "console", "rpassword", "toml", "which"];

/// Returns the crates whose source paths are in the program: each place that may panic has one.
fn crates(name: &str) -> BTreeSet<String> {
    let bytes = fs::read(program(name)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let mut found = BTreeSet::new();
    // `…/registry/src/HOST-HASH/NAME-VERSION/src/…`; a vendored crate has no host.
    for (at, _) in text.match_indices("/src/") {
        let Some(directory) = text[..at].rsplit('/').next() else {
            continue;
        };
        // `toml-1.2.1+spec-1.1.0`
        let number = |at: &usize| directory[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        let mut hyphens = directory.match_indices('-').map(|(at, _)| at);
        if let Some(at) = hyphens.find(number) {
            found.insert(directory[..at].to_owned());
        }
    }
    found
}

#[test]
fn ob_links_no_network_and_the_agent_no_terminal() {
    let client = crates("ob");
    let agent = crates("ob-agent");
    println!("ob: {client:?}\nob-agent: {agent:?}");
    let has = |crates: &BTreeSet<String>, name: &str| crates.contains(name);
    for name in AGENT_ONLY {
        assert!(!has(&client, name), "ob contains {name}");
    }
    for name in CLIENT_ONLY {
        assert!(!has(&agent, name), "ob-agent contains {name}");
    }
    // The method finds what is there.
    for name in ["clap_builder", "console", "toml"] {
        assert!(has(&client, name), "{name} was not found in ob: {client:?}");
    }
    for name in ["reqwest", "rustls", "aws-sdk-sts", "html5gum", "quick-xml"] {
        assert!(
            has(&agent, name),
            "{name} was not found in ob-agent: {agent:?}"
        );
    }
}

/// Words that only the code of these protocols contains, also where it cannot panic.
#[test]
fn ob_has_no_words_of_tls_saml_or_jwt() {
    let words = [
        "tls13 ",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "urn:oasis:names:tc:SAML:2.0:assertion",
        "AssumeRoleWithSAML",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "application/ion+json",
    ];
    let read = |name| String::from_utf8_lossy(&fs::read(program(name)).unwrap()).into_owned();
    let client = read("ob");
    let agent = read("ob-agent");
    for word in words {
        assert!(!client.contains(word), "ob contains {word:?}");
        assert!(agent.contains(word), "ob-agent does not contain {word:?}");
    }
}

#[test]
fn programs_keep_within_their_sizes() {
    for (name, limit) in [("ob", 3.7), ("ob-agent", 5.5), ("ob-vpn-root", 1.0)] {
        let mebibytes = fs::metadata(program(name)).unwrap().len() as f64 / f64::from(1 << 20);
        println!("{name}: {mebibytes:.2} MiB");
        assert!(mebibytes <= limit, "{name}: {mebibytes:.2} MiB");
    }
}
