//! Words that were retired because they name nothing in this field: a reader had to guess them.

use proc_macro2::{TokenStream, TokenTree};

/// Parts of names (`snake_case` and `CamelCase`) that are not used.
const IN_NAMES: &[&str] = &[
    "attendant",
    "bury",
    "cleaners",
    "crowd",
    "deed",
    "deeds",
    "desk",
    "errand",
    "floors",
    "goodbye",
    "guest",
    "guests",
    "happening",
    "harvest",
    "heard",
    "hears",
    "hurry",
    "keeper",
    "likest",
    "longest",
    "noting",
    "patience",
    "patiently",
    "scene",
    "sheaf",
    "shelf",
    "sinks",
    "slips",
    "souvenir",
    "strangers",
    "swallow",
    "taste",
    "told",
    "visitors",
    "welcome",
];

/// Words that do not stand in comments: the client, the agent, a process or a value is named.
const IN_COMMENTS: &[&str] = &[
    "whoever", "nobody", "somebody", "souvenir", "house", "floors", "desk",
];

/// The retired words of `text`, each with its line.
pub(super) fn retired(text: &str) -> Vec<(usize, String)> {
    let mut found = in_comments(text);
    let tokens: TokenStream = text.parse().unwrap();
    in_names(tokens, &mut found);
    found
}

fn in_comments(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix("//") else {
            continue;
        };
        let words = comment.split('`').step_by(2).flat_map(words);
        let retired = words.filter(|word| IN_COMMENTS.contains(&word.as_str()));
        found.extend(retired.map(|word| (at + 1, word)));
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
}

fn in_names(tokens: TokenStream, found: &mut Vec<(usize, String)>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => in_names(group.stream(), found),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                if parts(&name).any(|part| IN_NAMES.contains(&part.as_str())) {
                    found.push((ident.span().start().line, name));
                }
            }
            _ => {}
        }
    }
}

/// The words of a name, in lower case.
fn parts(name: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !spaced.ends_with(char::is_uppercase) {
            spaced.push('_');
        }
        spaced.push(c);
    }
    let parts: Vec<String> = spaced.split('_').map(str::to_lowercase).collect();
    parts.into_iter()
}

#[test]
fn retired_words_are_found() {
    let text = "// Whoever asks.\nfn told(x: TheDesk) { y!(LONGEST_OF, \"told\") }\n// `nobody`\n";
    let found = retired(text);
    let lines: Vec<(usize, &str)> = found
        .iter()
        .map(|(at, word)| (*at, word.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (1, "whoever"),
            (2, "told"),
            (2, "TheDesk"),
            (2, "LONGEST_OF")
        ]
    );
}
