//! The catalogue of every text that `ob` shows: docs/messages.md, taken from the sources, by
//! module. `OB_BLESS=1` rewrites it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CATALOGUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/messages.md");

const HEAD: &str = "# Messages

Every text that `ob` shows, by the file that has it: prompts, menus, messages, errors with causes and hints,
and the words of tables. `{}` and `{name}` stand for values. The texts of help pages are in `ob help`. This page is
made from the sources by a test: `OB_BLESS=1 cargo test --test it messages::`.
";

/// Files whose texts are for programs: scripts, pages, patterns, other tools' names.
const FOR_PROGRAMS: [&str; 16] = [
    "src/aws/console",
    "src/bin",
    "src/commands/completions.rs",
    "src/commands/examples.rs",
    "src/config/keys.rs",
    "src/http",
    "src/loopback",
    "src/okta/authn",
    "src/okta/idx",
    "src/okta/oauth",
    "src/openvpn/launch",
    "src/prompt",
    "src/saml/sign_in_page",
    "src/wire",
    "src/web",
    "src/main.rs",
];

/// Returns the files of `directory` in the order of their names.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.contains("tests") {
            found.push(path);
        }
    }
}

/// Adds the texts of the string literals, without attributes and what is compiled for tests only.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let mut is_attribute = false;
    let mut is_for_tests = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => is_attribute = true,
            TokenTree::Punct(punct) if is_attribute && punct.as_char() == '!' => {}
            TokenTree::Group(group) if is_attribute => {
                is_attribute = false;
                // thiserror's messages.
                if group
                    .to_string()
                    .replace([' ', '['], "")
                    .starts_with("error(")
                {
                    literals(group.stream(), found);
                }
                is_for_tests |= group.delimiter() == Delimiter::Bracket
                    && group.to_string().replace(' ', "") == "[cfg(test)]";
            }
            TokenTree::Group(group) => {
                if !(is_for_tests && group.delimiter() == Delimiter::Brace) {
                    literals(group.stream(), found);
                }
                is_for_tests &= group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Literal(literal) => found.extend(text_of(&literal.to_string())),
            _ => is_attribute = false,
        }
    }
}

/// Returns the value of a string literal, with control characters left out; `None` for others.
fn text_of(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let raw = raw.trim_matches('#');
        return Some(raw.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(letter) = rest.next() {
        match (letter, letter == '\\') {
            (letter, false) => text.push(letter),
            _ => match rest.next() {
                Some('n') => text.push('\n'),
                // A line that continues.
                Some('\n') => while rest.next_if(|next| next.is_whitespace()).is_some() {},
                Some('x') => drop((rest.next(), rest.next())),
                Some('u') => while rest.next().is_some_and(|next| next != '}') {},
                Some('t' | 'r' | '0') | None => {}
                Some(other) => text.push(other),
            },
        }
    }
    Some(text)
}

/// Whether a text is words for people: at least two, with letters.
fn is_for_people(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| {
        let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
        letters * 2 > word.chars().count()
    });
    let text = text.trim();
    words.count() >= 2 && !text.starts_with(['<', '$', '#', '%'])
}

fn catalogue() -> String {
    let mut files = Vec::new();
    sources(&Path::new(ROOT).join("src"), &mut files);
    let mut text = HEAD.to_owned();
    for file in files {
        let name = file.strip_prefix(ROOT).unwrap().display().to_string();
        if FOR_PROGRAMS.iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let tokens: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
        let mut found = Vec::new();
        literals(tokens, &mut found);
        found.retain(|text| is_for_people(text));
        if found.is_empty() {
            continue;
        }
        writeln!(text, "\n## {name}\n").unwrap();
        for message in found {
            let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(text, "- {one_line}").unwrap();
        }
    }
    text
}

#[test]
fn the_catalogue_has_every_message() {
    let made = catalogue();
    if std::env::var_os("OB_BLESS").is_some() {
        fs::write(CATALOGUE, &made).unwrap();
    }
    let kept = fs::read_to_string(CATALOGUE).unwrap_or_default();
    let missing: Vec<&str> = made
        .lines()
        .filter(|line| !kept.lines().any(|kept| kept == *line))
        .collect();
    assert!(
        kept == made,
        "a message has changed: `OB_BLESS=1 cargo test --test it messages::`; new: {missing:#?}"
    );
}

#[test]
fn texts_are_found_and_tests_are_left_out() {
    let source = r#"
        #[doc = "a doc comment"]
        #[error("it was {0} at least")]
        const A: &str = "one \
            line of words\n";
        #[cfg(test)]
        mod tests { const B: &str = "not for people"; }
        fn f() { message(&format!("cannot read {path}: \"{}\"", x)); }
    "#;
    let mut found = Vec::new();
    literals(source.parse().unwrap(), &mut found);
    let expected = [
        "it was {0} at least",
        "one line of words\n",
        "cannot read {path}: \"{}\"",
    ];
    assert_eq!(found, expected);
    assert!(is_for_people("no profile {name}") && !is_for_people("/etc/ob/config.toml"));
}
