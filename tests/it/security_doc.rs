//! Checks that every test named in `docs/security.md` exists and that its table of counts is
//! current. `OB_BLESS=1` rewrites the table.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ob::openvpn::profile::known_directives;

use crate::sign_in::factor_matrix;
use crate::{harnesses, properties, terminal, trust, vpn};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn document() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

/// Returns the test names in a text: paths of at least two parts between backticks.
fn test_names(text: &str) -> Vec<&str> {
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

/// Reports whether a function of that path exists, in any place where its module may be.
fn exists(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split("::").collect();
    let name = parts.pop().unwrap();
    if parts == ["properties"] {
        return harnesses::ALL.iter().any(|harness| harness.name == name);
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
fn every_named_test_exists() {
    let text = document();
    let names = test_names(&text);
    assert!(names.len() > 50, "the names were not read: {names:?}");
    let missing: Vec<_> = names.iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(!exists("trust::no_such_test") && !exists("no_such_module::x"));
}

#[test]
fn every_invariant_has_one_line() {
    let text = document();
    for number in 1..=25 {
        let lines = text
            .lines()
            .filter(|line| line.starts_with(&format!("| I{number} |")));
        assert_eq!(lines.count(), 1, "I{number}");
    }
}

/// Returns the text of these files and of all files below these directories.
fn files_in(places: &[&str]) -> Vec<String> {
    let mut open: Vec<PathBuf> = places.iter().map(|place| root().join(place)).collect();
    let mut texts = Vec::new();
    while let Some(place) = open.pop() {
        if place.is_dir() {
            let entries = fs::read_dir(place).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            texts.push(fs::read_to_string(&place).unwrap());
        }
    }
    texts
}

fn tests_in(places: &[&str]) -> usize {
    let texts = files_in(places);
    texts
        .iter()
        .map(|text| text.matches("#[test]").count())
        .sum()
}

/// Counts the cases of the tests below these places: the rows of each `counted::<N>` or
/// `all_refused::<N>` table, and one for a test without a table.
fn cases_in(places: &[&str]) -> usize {
    let sizes = |test: &str| -> usize {
        let marks = test.match_indices("::<");
        let sizes = marks.filter_map(|(at, _)| {
            let tables = ["counted", "all_refused"];
            let is_table = tables.iter().any(|name| test[..at].ends_with(name));
            let digits = test[at + 3..].split(|c: char| !c.is_ascii_digit()).next()?;
            is_table.then(|| digits.parse::<usize>().unwrap())
        });
        sizes.sum()
    };
    let texts = files_in(places);
    let tests = texts.iter().flat_map(|text| text.split("#[test]").skip(1));
    tests.map(|test| sizes(test).max(1)).sum()
}

#[test]
fn counts_are_current() {
    let mut table = String::from("| area | where | tests | cases |\n|---|---|---|---|\n");
    let terminal_cases = format!("{} cases, each on a terminal", terminal::CELLS);
    let harnesses = format!(
        "{} harnesses of {} cases",
        harnesses::ALL.len(),
        properties::CASES
    );
    let directives = format!("{} known_directives", known_directives().count());
    let privilege = format!("{} of privilege and paths", vpn::privilege::ROWS);
    let answers = [
        "tests/it/hostile/answers.rs",
        "tests/it/hostile/pages.rs",
        "tests/it/hostile/redirects.rs",
        "tests/it/hostile/sign_in.rs",
        "src/web/cookie_jar.rs",
        "src/web/redirect.rs",
    ];
    let network = [
        "tests/it/hostile/network.rs",
        "tests/it/hostile/proxy.rs",
        "tests/it/hostile/tls.rs",
    ];
    let stumbles = ["tests/it/hostile/retries.rs", "tests/it/hostile/sts.rs"];
    let factors = [
        "tests/it/sign_in/factor_matrix.rs",
        "tests/it/sign_in/unattended.rs",
    ];
    let combinations = format!(
        "{} of factor, case and pipeline",
        factor_matrix::FACTOR_CASES
    );
    for (area, places, cases) in [
        ("leaks", &["tests/it/secrets"][..], None),
        ("agent", &["tests/it/agent"], None),
        (
            "SAML",
            &[
                "src/saml/tests",
                "src/saml/tests.rs",
                "tests/it/hostile/assertions.rs",
            ],
            None,
        ),
        (
            "HTML",
            &["src/okta/page/tests", "src/okta/page/tests.rs"],
            None,
        ),
        ("HTTP", &answers, None),
        ("TLS, clocks and proxies", &network, None),
        ("networks that change", &["tests/it/networks"], None),
        ("servers that stumble or refuse", &stumbles, None),
        ("faults of the machine", &["tests/it/faults"], None),
        ("terminal", &["tests/it/terminal"], Some(terminal_cases)),
        (
            "load",
            &["tests/it/concurrency.rs", "src/agent/single_flight"],
            Some("100 000 schedules of shuttle, every order of two clients".to_owned()),
        ),
        ("factors", &factors, Some(combinations)),
        ("trust", &["tests/it/trust"], Some(trust::CASES.to_string())),
        ("fuzz", &["tests/it/properties.rs"], Some(harnesses)),
        (
            "VPN directives",
            &["src/openvpn/profile", "tests/it/openvpn_differential"],
            Some(directives),
        ),
        ("VPN on the machine", &["tests/it/vpn"], Some(privilege)),
    ] {
        let shown = places
            .iter()
            .map(|place| format!("`{place}`"))
            .collect::<Vec<_>>()
            .join(" ");
        // A macro makes the tests of the harnesses.
        let tests = match area {
            "fuzz" => harnesses::ALL.len() + 1,
            _ => tests_in(places),
        };
        let cases = cases.unwrap_or_else(|| cases_in(places).to_string());
        writeln!(table, "| {area} | {shown} | {tests} | {cases} |").unwrap();
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
            "run `OB_BLESS=1 cargo test --test it security_doc::`"
        );
    }
}
