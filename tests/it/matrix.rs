//! `docs/security.md` says what is tested; this holds it to that: each test it names is there, its counts are computed.
//! `OB_BLESS=1` writes the counts.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ob::openvpn::profile::classified;

use crate::{properties, terminal, topics, trust, vpn};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn document() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// The test names of a text: paths of at least two parts between backticks.
fn named(text: &str) -> Vec<&str> {
    let spans = text.split('`').skip(1).step_by(2);
    spans
        .filter(|span| {
            let word = |part: &str| {
                !part.is_empty()
                    && part
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            };
            span.contains("::") && span.split("::").all(word)
        })
        .collect()
}

/// Whether a function of that path is in the sources, wherever a module may lie.
fn exists(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split("::").collect();
    let name = parts.pop().unwrap();
    if parts == ["properties"] {
        return topics::ALL.iter().any(|topic| topic.name == name);
    }
    let place = parts.join("/");
    let without_tests = parts
        .iter()
        .filter(|part| **part != "tests")
        .copied()
        .collect::<Vec<_>>()
        .join("/");
    let last = parts.pop().unwrap_or_default();
    // `page::hostile` may be `page/tests/hostile.rs`.
    let in_tests = format!("{}/tests/{last}", parts.join("/"));
    [place, without_tests, in_tests]
        .iter()
        .flat_map(|place| ["tests/it", "src"].map(|top| root().join(top).join(place)))
        .flat_map(|place| [place.with_extension("rs"), place.join("mod.rs")])
        .filter_map(|file| fs::read_to_string(file).ok())
        .any(|text| text.contains(&format!("fn {name}(")))
}

#[test]
fn every_test_the_document_names_is_there() {
    let text = document();
    let named = named(&text);
    assert!(named.len() > 50, "the names were not read: {named:?}");
    let missing: Vec<_> = named.iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(!exists("trust::no_such_test") && !exists("no_such_module::x"));
}

#[test]
fn every_invariant_has_its_line() {
    let text = document();
    for number in 1..=24 {
        let lines = text
            .lines()
            .filter(|line| line.starts_with(&format!("| I{number} |")));
        assert_eq!(lines.count(), 1, "I{number}");
    }
}

/// The tests in a file, or in all files of a directory.
fn tests_in(places: &[&str]) -> usize {
    let mut open: Vec<PathBuf> = places.iter().map(|place| root().join(place)).collect();
    let mut count = 0;
    while let Some(place) = open.pop() {
        if place.is_dir() {
            open.extend(
                fs::read_dir(place)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let text = fs::read_to_string(&place).unwrap();
            count += text.matches("#[test]").count();
        }
    }
    count
}

#[test]
fn the_counts_are_computed() {
    let mut table = String::from("| matrix | where | tests | cases |\n|---|---|---|---|\n");
    let plain = "in their tables";
    for (matrix, places, cases) in [
        ("leaks", &["tests/it/secrets"][..], plain.to_owned()),
        ("agent", &["tests/it/agent"], plain.to_owned()),
        (
            "SAML",
            &["src/saml/tests", "src/saml/tests.rs"],
            plain.to_owned(),
        ),
        (
            "HTML",
            &["src/okta/page/tests", "src/okta/page/tests.rs"],
            plain.to_owned(),
        ),
        (
            "HTTP, TLS and faults",
            &["tests/it/hostile"],
            plain.to_owned(),
        ),
        (
            "terminal",
            &["tests/it/terminal"],
            format!("{} cells, each on a terminal", terminal::CELLS),
        ),
        (
            "load",
            &["tests/it/crowd.rs", "src/agent/flight"],
            "100 000 random schedules, every one of two clients".to_owned(),
        ),
        ("trust", &["tests/it/trust"], trust::CASES.to_string()),
        (
            "fuzz",
            &["tests/it/properties.rs"],
            format!(
                "{} topics of {} cases",
                topics::ALL.len(),
                properties::CASES
            ),
        ),
        (
            "VPN directives",
            &["src/openvpn/profile", "tests/it/openvpn_differential.rs"],
            format!("{} classified", classified().count()),
        ),
        (
            "VPN on the machine",
            &["tests/it/vpn"],
            format!("{} of privilege and paths", vpn::privilege::ROWS),
        ),
    ] {
        let shown = places
            .iter()
            .map(|place| format!("`{place}`"))
            .collect::<Vec<_>>()
            .join(" ");
        writeln!(
            table,
            "| {matrix} | {shown} | {} | {cases} |",
            // Those of the topics are made by a macro.
            if matrix == "fuzz" {
                topics::ALL.len() + 1
            } else {
                tests_in(places)
            }
        )
        .unwrap();
    }
    println!("{table}");
    let text = document();
    let (before, rest) = text.split_once("<!-- counts -->\n").unwrap();
    let (written, after) = rest.split_once("<!-- /counts -->").unwrap();
    if std::env::var_os("OB_BLESS").is_some() {
        let text = format!("{before}<!-- counts -->\n{table}<!-- /counts -->{after}");
        fs::write(root().join("docs/security.md"), text).unwrap();
    } else {
        assert_eq!(
            written, table,
            "OB_BLESS=1 cargo test --test it matrix writes it anew"
        );
    }
}
