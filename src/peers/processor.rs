//! aws-okta-processor: `.awsoktaprocessor`, and the `credential_process` lines of the AWS files that call it.

use super::entry::{Entry, Findings, Section};
use super::error::PeerError;
use super::{Peer, profiles};

const PROGRAM: &str = "aws-okta-processor";
/// Its options that are one letter, and what they are called in full.
const LETTERS: [(char, &str); 10] = [
    ('u', "user"),
    ('p', "pass"),
    ('o', "organization"),
    ('a', "application"),
    ('r', "role"),
    ('R', "region"),
    ('U', "sign-in-url"),
    ('A', "account-alias"),
    ('d', "duration"),
    ('k', "key"),
];
/// Options without a value; whatever else there is takes one.
const FLAGS: [&str; 4] = ["environment", "silent", "no-okta-cache", "no-aws-cache"];

/// The dotfile: `[defaults]` beneath `[authenticate]`, which together are one profile.
pub(super) fn dotfile(sections: &[Section]) -> Result<Findings, PeerError> {
    let mut entries: Vec<Entry> = Vec::new();
    for name in ["authenticate", "defaults"] {
        let section = sections.iter().find(|section| section.name == name);
        for entry in section.into_iter().flat_map(|section| &section.entries) {
            let key = entry.key.to_lowercase();
            let key = key.strip_prefix("aws_okta_").unwrap_or(&key);
            let mut entry = entry.inherited(name);
            entry.key = key.replace('_', "-");
            if entries.iter().all(|known| known.key != entry.key) {
                entries.push(entry);
            }
        }
    }
    if entries.is_empty() {
        return Err(PeerError::Nothing);
    }
    let mut findings = Findings::default();
    profile("default", &entries, &mut findings);
    Ok(findings)
}

/// The profiles of an AWS file that have this tool make their credentials.
pub(super) fn aws_file(sections: &[Section]) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    for section in sections {
        let called = section
            .entries
            .iter()
            .find(|entry| entry.key == "credential_process");
        let Some(entry) = called else { continue };
        let words = words(&entry.value).ok_or(PeerError::Command(entry.line))?;
        let program = words.first().and_then(|word| word.rsplit('/').next());
        if program != Some(PROGRAM) || words.get(1).map(String::as_str) != Some("authenticate") {
            continue;
        }
        let mut entries = options(&words[2..], entry.line)?;
        let region = section.entries.iter().find(|entry| entry.key == "region");
        if entries.iter().all(|entry| entry.key != "region") {
            entries.extend(region.cloned());
        }
        let name = section.name.strip_prefix("profile ");
        profile(
            name.unwrap_or(&section.name).trim(),
            &entries,
            &mut findings,
        );
    }
    if findings.profiles.is_empty() {
        return Err(PeerError::Nothing);
    }
    Ok(findings)
}

/// The second role is assumed from the first.
fn profile(name: &str, entries: &[Entry], findings: &mut Findings) {
    let second = entries.iter().find(|entry| entry.key == "secondary-role");
    let mut own = entries.to_vec();
    if second.is_some() {
        for entry in own.iter().filter(|entry| entry.key == "duration") {
            let why = "a chained role lasts one hour at most";
            findings.leave_out(format!("{name}.duration"), entry.line, why);
        }
        own.retain(|entry| entry.key != "duration");
    }
    profiles::add(Peer::AwsOktaProcessor, name, &own, findings);
    if let (Some(second), Some(profile)) = (second, findings.profiles.last_mut()) {
        profile.chain = vec![second.value.to_string()];
    }
}

/// `--user alice`, `--user=alice`, `-u alice`, `-ualice`, and letters without a value in one word.
fn options(words: &[String], line: usize) -> Result<Vec<Entry>, PeerError> {
    let mut entries = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.strip_prefix("--") {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            },
            None => {
                let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
                let letter = letters.next().ok_or(PeerError::Command(line))?;
                let known = LETTERS.iter().find(|(known, _)| *known == letter);
                let name = match (known, letter) {
                    (Some((_, name)), _) => name,
                    (None, 'f') => "factor",
                    (None, 'e' | 's') => "silent",
                    _ => return Err(PeerError::Command(line)),
                };
                (name, Some(letters.as_str()).filter(|rest| !rest.is_empty()))
            }
        };
        if FLAGS.contains(&name) {
            continue;
        }
        let value = match value {
            Some(value) => value,
            None => words.next().ok_or(PeerError::Command(line))?,
        };
        entries.push(Entry::new(name, value, line));
    }
    Ok(entries)
}

/// A command line's words, quotes and backslashes taken away as the AWS tools do; `None` when a quote stays open.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(letters.next()?),
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_as_a_shell_splits_it() {
        let split = |line: &str| words(line).map(|words| words.join("|"));
        assert_eq!(
            split(r#"  a "b c" 'd e'f  g\ h "i\"j" """#).as_deref(),
            Some(r#"a|b c|d ef|g h|i"j|"#)
        );
        for open in ["a 'b", "a \"b", "a \\"] {
            assert_eq!(split(open), None, "{open}");
        }
    }

    #[test]
    fn each_spelling_of_an_option_is_the_same_option() {
        let read = |line: &str| {
            let entries = options(&words(line).unwrap(), 7).unwrap();
            let pairs = entries.iter();
            pairs
                .map(|entry| format!("{}={}", entry.key, *entry.value))
                .collect::<Vec<_>>()
                .join(" ")
        };
        for line in [
            "--user alice -o acme.okta.com",
            "-ualice --organization=acme.okta.com --silent",
            "-e -u alice -s -oacme.okta.com --no-aws-cache",
        ] {
            assert_eq!(read(line), "user=alice organization=acme.okta.com");
        }
        for line in ["--user", "alice", "-", "-x"] {
            let error = options(&words(line).unwrap(), 7).unwrap_err();
            assert_eq!(error, PeerError::Command(7), "{line}");
        }
    }
}
