//! The cost of hostile input: time and memory of each SAML response and app page that tries to be
//! expensive.
//!
//! `cargo bench --bench parsers` prints a table. Each input is parsed in a process of its own, so
//! that it has its own memory peak; the time is the best of seven. Nothing is asserted; the goals
//! are 50 ms and 8 MiB.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, prints figures and stops where something is not so"
)]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob::okta::page::AppPage;
use ob::report::Report;
use ob::saml;
use ob::secret::Secret;

const ROUNDS: usize = 7;
const RESPONSE: &str = include_str!("../fixtures/saml/classic.xml");
const PAGE: &str = include_str!("../fixtures/okta/app_page_classic.html");

enum Input {
    Saml(String),
    Page(String),
}

/// A name, and the function that makes the input.
type Case = (&'static str, fn() -> Input);

const CASES: &[Case] = &[
    ("saml: Okta's own", || Input::Saml(RESPONSE.to_owned())),
    ("saml: 500 roles", || saml_roles(500)),
    ("saml: 501 roles", || saml_roles(501)),
    ("saml: billion laughs", || {
        let entities: String = (1..10)
            .map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};\">", n - 1))
            .collect();
        before_root(&format!("<!DOCTYPE r [<!ENTITY l0 \"l\">{entities}]>"))
    }),
    ("saml: quadratic blowup", || {
        before_root(&format!(
            "<!DOCTYPE r [<!ENTITY a \"{}\">]>",
            "a".repeat(100_000)
        ))
    }),
    ("saml: 45 000 attributes", || {
        in_root(&format!("<x{}/>", numbered(" a", 45_000, "=\"1\"")))
    }),
    ("saml: 30 000 namespaces", || {
        in_root(&format!("<x{}/>", numbered(" xmlns:a", 30_000, "=\"u\"")))
    }),
    ("saml: 100 000 deep", || in_root(&"<x>".repeat(100_000))),
    ("saml: 100 000 elements", || {
        in_root(&"<x/>".repeat(100_000))
    }),
    ("saml: 100 000 references", || {
        in_root(&format!("<x>{}</x>", "&#97;".repeat(100_000)))
    }),
    ("saml: 70 000 comments", || {
        in_root(&"<!---->".repeat(70_000))
    }),
    ("saml: 500 KiB of text", || {
        in_root(&format!("<x>{}</x>", "t".repeat(500_000)))
    }),
    ("saml: 500 KiB of an attribute", || {
        in_root(&format!("<x a=\"{}\"/>", "t".repeat(500_000)))
    }),
    ("saml: 500 KiB of <", || in_root(&"<".repeat(500_000))),
    ("saml: 512 KiB + 1", || in_root(&"t".repeat(512 * 1024))),
    ("page: Okta's own", || Input::Page(PAGE.to_owned())),
    ("page: 1 MiB + 1", || {
        Input::Page(" ".repeat(1024 * 1024 + 1))
    }),
    ("page: 100 000 attributes", || {
        in_page(&format!("<input{}>", numbered(" a", 100_000, "")))
    }),
    ("page: 100 000 nested lists", || {
        in_page(&"<ul><li>".repeat(100_000))
    }),
    ("page: 70 000 forms", || {
        in_page(&"<form></form>".repeat(70_000))
    }),
    ("page: 90 000 inputs", || {
        in_page(&"<input a=b>".repeat(90_000))
    }),
    ("page: 160 000 references", || {
        in_page(&"&#x41;".repeat(160_000))
    }),
    ("page: 1 MiB of &", || in_page(&"&".repeat(1_000_000))),
    ("page: 1 MiB of <", || in_page(&"<".repeat(1_000_000))),
    ("page: a comment without an end", || {
        in_page(&format!("<!--{}", "-".repeat(1_000_000)))
    }),
    ("page: a script without an end", || {
        in_page(&format!("<script>{}", "</scrip".repeat(140_000)))
    }),
    ("page: one long attribute", || {
        in_page(&format!("<input value=\"{}\">", "&#x2b;".repeat(160_000)))
    }),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("--one") => one(&arguments.next().unwrap_or_default()),
        // `cargo test --benches` only checks that it runs.
        Some("--test") => {}
        _ => table(),
    }
}

fn table() {
    println!(
        "{:<34} {:>9} {:>9} {:>9}  outcome",
        "input", "KiB", "ms", "KiB peak"
    );
    let (mut slowest, mut largest) = (0.0_f64, 0_u64);
    for (name, _) in CASES {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--one", name])
            .output()
            .unwrap();
        let line = String::from_utf8(child.stdout).unwrap();
        let mut words = line.split_whitespace();
        let (size, milliseconds) = (words.next().unwrap(), words.next().unwrap());
        let (peak, outcome) = (words.next().unwrap(), words.next().unwrap());
        slowest = slowest.max(milliseconds.parse().unwrap());
        largest = largest.max(peak.parse().unwrap());
        println!("{name:<34} {size:>9} {milliseconds:>9} {peak:>9}  {outcome}");
    }
    println!(
        "{} inputs: at most {slowest} ms of 50, at most {largest} KiB of 8192",
        CASES.len()
    );
}

/// Parses one input and prints its size in KiB, the best time in ms, the growth of the peak in KiB
/// and the outcome.
fn one(name: &str) {
    let (_, make) = CASES.iter().find(|(known, _)| *known == name).unwrap();
    let input = make();
    // As it arrives: the response as base64 in the form's value.
    let (bytes, size) = match &input {
        Input::Saml(xml) => (Secret::new(STANDARD.encode(xml)), xml.len()),
        Input::Page(html) => (Secret::new(html.as_str()), html.len()),
    };
    let read = || -> String {
        let failed = match &input {
            Input::Saml(_) => saml::parse(&bytes).err().map(Report::from),
            Input::Page(_) => AppPage::parse(bytes.expose().as_bytes())
                .and_then(AppPage::into_saml_form)
                .err()
                .map(Report::from),
        };
        failed.map_or_else(|| "taken".to_owned(), |report| report.name().to_owned())
    };
    // Resets the peak after making the input (proc(5), clear_refs).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = status("VmRSS:");
    let outcome = read();
    let peak = status("VmHWM:").saturating_sub(before);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        read();
        best = best.min(started.elapsed());
    }
    println!(
        "{} {:.2} {peak} {outcome}",
        size / 1024,
        best.as_secs_f64() * 1000.0
    );
}

/// Returns a value of /proc/self/status in KiB.
fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn numbered(start: &str, count: usize, end: &str) -> String {
    (0..count)
        .map(|number| format!("{start}{number}{end}"))
        .collect()
}

fn before_root(text: &str) -> Input {
    Input::Saml(RESPONSE.replacen("?>", &format!("?>{text}"), 1))
}

fn in_root(text: &str) -> Input {
    let end = RESPONSE.rfind("</").unwrap();
    Input::Saml(format!("{}{text}{}", &RESPONSE[..end], &RESPONSE[end..]))
}

fn saml_roles(count: usize) -> Input {
    let account = "arn:aws:iam::123456789012";
    let values: String = (0..count)
        .map(|n| {
            format!(
                "<a:AttributeValue>{account}:saml-provider/okta,{account}:role/R{n}\
                 </a:AttributeValue>"
            )
        })
        .collect();
    let name = "https://aws.amazon.com/SAML/Attributes/Role";
    Input::Saml(format!(
        "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <p:Status><p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>\
         <a:Assertion><a:AttributeStatement><a:Attribute Name=\"{name}\">{values}</a:Attribute>\
         </a:AttributeStatement></a:Assertion></p:Response>"
    ))
}

fn in_page(text: &str) -> Input {
    let end = PAGE.rfind("</form>").unwrap();
    let mut page = format!("{}{text}{}", &PAGE[..end], &PAGE[end..]);
    page.truncate(1024 * 1024);
    Input::Page(page)
}
