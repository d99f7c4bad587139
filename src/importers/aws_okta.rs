//! aws-okta: profiles of the AWS file whose first role is assumed with Okta's assertion.
//!
//! `aws_saml_url` is a key of the profile, of its `source_profile` or of `[okta]`. The first role is `role_arn` of the
//! profile without a `source_profile`; forks call the key `okta_aws_role_arn`. Sources: aws-okta's README,
//! `lib/config.go` and `lib/provider.go`.

use super::Tool;
use super::entry::{Entry, Findings, Section};
use super::error::ImportError;
use super::profiles::{add, profile_name, text_of};
use crate::ini::shell_words;

/// Keys that no other tool has.
const OWN_KEYS: [&str; 4] = [
    "aws_saml_url",
    "okta_aws_role_arn",
    "okta_account_name",
    "okta_session_cookie_key",
];
/// Keys of a profile whose credentials do not come from aws-okta.
const OTHER_SOURCES: [&str; 8] = [
    "aws_access_key_id",
    "credential_process",
    "credential_source",
    "login_session",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];
/// Keys that describe the first role.
const FIRST_ROLE: [&str; 3] = ["okta_aws_role_arn", "role_arn", "aws_saml_url"];

pub(super) fn read(sections: &[Section], mut findings: Findings) -> Result<Findings, ImportError> {
    if !sections.iter().any(is_of_aws_okta) {
        return Err(ImportError::Nothing("aws-okta"));
    }
    let find = |wanted: &str| sections.iter().find(|section| name(section) == wanted);
    let okta = find("okta");
    let mut unsourced = Vec::new();
    for section in sections.iter().filter(|section| name(section) != "okta") {
        let from_okta = |key: &str| okta.and_then(|okta| text_of(&okta.entries, key));
        // From the profile along `source_profile` to the one whose role Okta's assertion opens.
        let mut path = vec![section];
        let leads = loop {
            let next = path
                .last()
                .and_then(|last| text_of(&last.entries, "source_profile"));
            match next {
                None | Some("okta") => break true,
                Some(next) if path.len() < 8 => match find(next) {
                    Some(next) => path.push(next),
                    None => break false,
                },
                Some(_) => break false,
            }
        };
        let Some(first) = path.pop().filter(|_| leads) else {
            if is_of_aws_okta(section) {
                let why = "its `source_profile` leads to no profile that signs in with Okta";
                findings.lose(name(section), section.line, why);
            } else {
                unsourced.push(section);
            }
            continue;
        };
        let url = [first, section].map(|section| text_of(&section.entries, "aws_saml_url"));
        let has_url = url.iter().any(Option::is_some);
        let has_role = role(first).is_some();
        if is_from_elsewhere(first) || !(has_url || has_role && from_okta("aws_saml_url").is_some())
        {
            if is_of_aws_okta(section) {
                let why = "without an `aws_saml_url` and a role it does not sign in with Okta";
                findings.lose(name(section), section.line, why);
            }
            continue;
        }
        let is_of_first = |entry: &&Entry| FIRST_ROLE.contains(&entry.key.to_lowercase().as_str());
        let mut entries: Vec<Entry> = Vec::new();
        if std::ptr::eq(first, section) {
            entries.extend(first.entries.iter().cloned());
        } else {
            let source = name(first).to_owned();
            let own = section.entries.iter();
            entries.extend(
                own.clone()
                    .filter(|entry| entry.key == "aws_saml_url")
                    .cloned(),
            );
            let theirs = first.entries.iter().filter(is_of_first);
            let missing: Vec<Entry> = theirs
                .filter(|entry| text_of(&entries, &entry.key).is_none())
                .map(|entry| entry.inherited(&source))
                .collect();
            entries.extend(missing);
            entries.extend(own.filter(|entry| !is_of_first(entry)).cloned());
        }
        let inherited = okta.into_iter().flat_map(|okta| &okta.entries);
        let missing: Vec<Entry> = inherited
            .filter(|entry| text_of(&entries, &entry.key).is_none())
            .map(|entry| entry.inherited("okta"))
            .collect();
        entries.extend(missing);
        if !path.is_empty() {
            for entry in entries.iter().filter(|entry| entry.is("session_ttl")) {
                let key = format!("{}.session_ttl", name(section));
                findings.leave_out(key, entry.line, "a chained role lasts one hour at most");
            }
            entries.retain(|entry| !entry.is("session_ttl"));
        }
        add(Tool::AwsOkta, name(section), &entries, &mut findings);
        if let Some(profile) = findings.profiles.last_mut() {
            let roles = path.iter().rev().filter_map(|section| role(section));
            profile.chain = roles.map(ToOwned::to_owned).collect();
        }
    }
    for section in unsourced {
        let why = "its `source_profile` is not in this file, or leads back to itself";
        match findings.profiles.is_empty() {
            true => findings.lose(name(section), section.line, why),
            false => findings.leave_out(name(section), section.line, why),
        }
    }
    if findings.profiles.is_empty()
        && let Some(okta) = okta
    {
        add(Tool::AwsOkta, "okta", &okta.entries, &mut findings);
    }
    Ok(findings)
}

fn name(section: &Section) -> &str {
    profile_name(section).trim_matches(['"', '\''])
}

fn role(section: &Section) -> Option<&str> {
    FIRST_ROLE[..2]
        .iter()
        .find_map(|key| text_of(&section.entries, key))
}

fn is_of_aws_okta(section: &Section) -> bool {
    let has = |key: &&str| text_of(&section.entries, key).is_some();
    OWN_KEYS.iter().any(has) || runs_aws_okta(section)
}

/// Whether its `credential_process` runs aws-okta.
fn runs_aws_okta(section: &Section) -> bool {
    let line = text_of(&section.entries, "credential_process");
    let words = line.and_then(shell_words).unwrap_or_default();
    let program = words.first().and_then(|word| word.rsplit('/').next());
    program == Some("aws-okta")
}

fn is_from_elsewhere(section: &Section) -> bool {
    let has = |key: &&str| text_of(&section.entries, key).is_some();
    OTHER_SOURCES
        .iter()
        .any(|key| has(key) && !(*key == "credential_process" && runs_aws_okta(section)))
}
