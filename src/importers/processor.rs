//! aws-okta-processor: `.awsoktaprocessor`, and the `credential_process` lines that call it.

use super::entry::{Entry, Section};
use super::error::ImportError;
use super::findings::Findings;
use super::lines::profile_name;
use super::profile;
use super::tool::Tool;
use crate::ini::shell_words;

const PROGRAM: &str = "aws-okta-processor";
/// Its options of one letter, each with its long name.
const LETTERS: [(char, &str); 13] = [
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
    ('f', "factor"),
    ('e', "environment"),
    ('s', "silent"),
];
/// Options without a value.
const FLAGS: [&str; 4] = ["environment", "silent", "no-okta-cache", "no-aws-cache"];

/// Reads the dotfile: `[authenticate]`, which inherits `[defaults]`, is one profile.
pub(super) fn dotfile(sections: &[Section], findings: &mut Findings) -> Result<(), ImportError> {
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
    add("default", entries, findings);
    Ok(())
}

/// Reads the profiles of an AWS file whose `credential_process` calls the tool.
pub(super) fn aws_file(sections: &[Section], findings: &mut Findings) -> Result<(), ImportError> {
    let mut is_own = false;
    for section in sections {
        let name = profile_name(section);
        let mut keys = section.entries.iter();
        let command = keys.find(|entry| entry.is("credential_process"));
        let Some(entry) = command.filter(|entry| entry.value.contains(PROGRAM)) else {
            continue;
        };
        let words = shell_words(&entry.value);
        let program = words.as_ref().and_then(|words| words.first());
        if words.is_some() && program.and_then(|word| word.rsplit('/').next()) != Some(PROGRAM) {
            continue;
        }
        is_own = true;
        let parsed = words.as_deref().and_then(|words| match words {
            [_, verb, rest @ ..] if verb == "authenticate" => options(rest, entry.line),
            _ => None,
        });
        let Some(mut entries) = parsed else {
            let why = "a command line that aws-okta-processor would not take";
            findings.reject(format!("{name}.credential_process"), entry.line, why);
            continue;
        };
        let region = section.entries.iter().find(|entry| entry.is("region"));
        if entries.iter().all(|entry| entry.key != "region") {
            entries.extend(region.cloned());
        }
        add(name, entries, findings);
    }
    match is_own {
        true => Ok(()),
        false => Err(ImportError::Nothing(PROGRAM)),
    }
}

/// Adds a profile. Its second role is assumed from the first.
fn add(name: &str, mut entries: Vec<Entry>, findings: &mut Findings) {
    let second = entries.iter().find(|entry| entry.key == "secondary-role");
    let second = second.map(|entry| entry.value.to_string());
    if second.is_some() {
        entries = profile::without_duration(name, "duration", &entries, findings);
    }
    let profile = profile::add(Tool::AwsOktaProcessor, name, &entries, findings);
    profile.chain = second.into_iter().collect();
}

/// Parses options: `--user alice`, `--user=alice`, `-u alice`, `-ualice`. `None` for any other
/// word.
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
                (
                    known?.1,
                    Some(letters.as_str()).filter(|rest| !rest.is_empty()),
                )
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
    fn option_spellings_are_equivalent() {
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
