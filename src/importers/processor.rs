//! aws-okta-processor: `.awsoktaprocessor`, and the `credential_process` lines of the AWS files that call it.

use super::entry::{Entry, Findings, Section};
use super::error::ImportError;
use super::{Tool, profiles};
use crate::ini::shell_words;

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
pub(super) fn dotfile(
    sections: &[Section],
    mut findings: Findings,
) -> Result<Findings, ImportError> {
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
        return Err(ImportError::Nothing(PROGRAM));
    }
    profile("default", &entries, &mut findings);
    Ok(findings)
}

/// The profiles of an AWS file that have this tool make their credentials.
pub(super) fn aws_file(
    sections: &[Section],
    mut findings: Findings,
) -> Result<Findings, ImportError> {
    let mut is_theirs = false;
    for section in sections {
        let name = profiles::profile_name(section);
        let called = section
            .entries
            .iter()
            .find(|entry| entry.is("credential_process"));
        let Some(entry) = called.filter(|entry| entry.value.contains(PROGRAM)) else {
            continue;
        };
        let words = shell_words(&entry.value);
        let program = words.as_ref().and_then(|words| words.first());
        if words.is_some() && program.and_then(|word| word.rsplit('/').next()) != Some(PROGRAM) {
            continue;
        }
        is_theirs = true;
        let read = words.as_deref().and_then(|words| match words {
            [_, verb, rest @ ..] if verb == "authenticate" => options(rest, entry.line),
            _ => None,
        });
        let Some(mut entries) = read else {
            let why = "a command line that aws-okta-processor would not take";
            findings.lose(format!("{name}.credential_process"), entry.line, why);
            continue;
        };
        let region = section.entries.iter().find(|entry| entry.is("region"));
        if entries.iter().all(|entry| entry.key != "region") {
            entries.extend(region.cloned());
        }
        profile(name, &entries, &mut findings);
    }
    if !is_theirs {
        return Err(ImportError::Nothing(PROGRAM));
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
    profiles::add(Tool::AwsOktaProcessor, name, &own, findings);
    if let (Some(second), Some(profile)) = (second, findings.profiles.last_mut()) {
        profile.chain = vec![second.value.to_string()];
    }
}

/// `--user alice`, `--user=alice`, `-u alice`, `-ualice`, and letters without a value in one word.
fn options(words: &[String], line: usize) -> Option<Vec<Entry>> {
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
                let letter = letters.next()?;
                let known = LETTERS.iter().find(|(known, _)| *known == letter);
                let name = match (known, letter) {
                    (Some((_, name)), _) => name,
                    (None, 'f') => "factor",
                    (None, 'e' | 's') => "silent",
                    _ => return None,
                };
                (name, Some(letters.as_str()).filter(|rest| !rest.is_empty()))
            }
        };
        if FLAGS.contains(&name) {
            continue;
        }
        let value = match value {
            Some(value) => value,
            None => words.next()?,
        };
        entries.push(Entry::new(name, value, line));
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_of_an_option_is_the_same_option() {
        let read = |line: &str| {
            let entries = options(&shell_words(line).unwrap(), 7).unwrap();
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
            let read = options(&shell_words(line).unwrap(), 7);
            assert!(read.is_none(), "{line}");
        }
    }
}
