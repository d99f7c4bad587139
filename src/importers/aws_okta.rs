//! aws-okta: profiles of the AWS file whose first role is assumed with Okta's assertion.
//!
//! `aws_saml_url` is a key of the profile, of its `source_profile` or of `[okta]`. The first role
//! is `role_arn` of the profile without a `source_profile`; forks call the key `okta_aws_role_arn`.
//! Sources: aws-okta's README, `lib/config.go` and `lib/provider.go`.

use super::entry::{Entry, Section, inherit};
use super::error::ImportError;
use super::findings::Findings;
use super::lines::profile_name;
use super::profile;
use super::tool::Tool;
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
/// The section whose keys every profile inherits.
const OKTA: &str = "okta";
/// Most profiles that `source_profile` may lead through.
const MAX_SOURCES: usize = 8;

pub(super) fn read(sections: &[Section], findings: &mut Findings) -> Result<(), ImportError> {
    if !sections.iter().any(is_of_aws_okta) {
        return Err(ImportError::Nothing("aws-okta"));
    }
    let okta = find(sections, OKTA);
    let mut unsourced = Vec::new();
    for section in sections.iter().filter(|section| name(section) != OKTA) {
        let Some(mut sources) = sources(section, sections) else {
            if is_of_aws_okta(section) {
                let why = "its `source_profile` leads to no profile that signs in with Okta";
                findings.reject(name(section), section.line, why);
            } else {
                unsourced.push(section);
            }
            continue;
        };
        let Some(first) = sources.pop() else { continue };
        if !signs_in(first, section, okta) {
            if is_of_aws_okta(section) {
                let why = "without an `aws_saml_url` and a role it does not sign in with Okta";
                findings.reject(name(section), section.line, why);
            }
            continue;
        }
        let mut entries = merged_entries(first, section);
        if let Some(okta) = okta {
            inherit(&mut entries, &okta.entries, OKTA);
        }
        if !sources.is_empty() {
            let key = "session_ttl";
            entries = profile::without_duration(name(section), key, &entries, findings);
        }
        let profile = profile::add(Tool::AwsOkta, name(section), &entries, findings);
        let roles = sources.iter().rev().filter_map(|section| role(section));
        profile.chain = roles.map(ToOwned::to_owned).collect();
    }
    for section in unsourced {
        let why = "its `source_profile` is not in this file, or leads back to itself";
        match findings.profiles.is_empty() {
            true => findings.reject(name(section), section.line, why),
            false => findings.leave_out(name(section), section.line, why),
        }
    }
    if findings.profiles.is_empty()
        && let Some(okta) = okta
    {
        profile::add(Tool::AwsOkta, OKTA, &okta.entries, findings);
    }
    Ok(())
}

/// Returns the profiles from `section` along `source_profile` to the one whose role is assumed with
/// Okta's assertion; `None` if one is missing or they lead in a circle.
fn sources<'a>(section: &'a Section, sections: &'a [Section]) -> Option<Vec<&'a Section>> {
    let mut path = vec![section];
    loop {
        match path.last()?.get("source_profile") {
            None | Some(OKTA) => return Some(path),
            Some(next) if path.len() < MAX_SOURCES => path.push(find(sections, next)?),
            Some(_) => return None,
        }
    }
}

/// Whether the first role of `section` is assumed with Okta's assertion.
fn signs_in(first: &Section, section: &Section, okta: Option<&Section>) -> bool {
    let has_url = |section: &Section| section.get("aws_saml_url").is_some();
    let has_own_url = has_url(first) || has_url(section);
    let has_default_url = role(first).is_some() && okta.is_some_and(has_url);
    !is_from_elsewhere(first) && (has_own_url || has_default_url)
}

/// Returns the entries of `section`, with those of its first role from `first`.
fn merged_entries(first: &Section, section: &Section) -> Vec<Entry> {
    if std::ptr::eq(first, section) {
        return section.entries.clone();
    }
    let is_of_first = |entry: &&Entry| FIRST_ROLE.contains(&entry.key.to_lowercase().as_str());
    let own = section.entries.iter();
    let is_url = |entry: &&Entry| entry.key == "aws_saml_url";
    let mut entries: Vec<Entry> = own.clone().filter(is_url).cloned().collect();
    let of_first = first.entries.iter().filter(is_of_first);
    inherit(&mut entries, of_first, name(first));
    entries.extend(own.filter(|entry| !is_of_first(entry)).cloned());
    entries
}

fn find<'a>(sections: &'a [Section], wanted: &str) -> Option<&'a Section> {
    sections.iter().find(|section| name(section) == wanted)
}

fn name(section: &Section) -> &str {
    profile_name(section).trim_matches(['"', '\''])
}

fn role(section: &Section) -> Option<&str> {
    FIRST_ROLE[..2].iter().find_map(|key| section.get(key))
}

fn is_of_aws_okta(section: &Section) -> bool {
    OWN_KEYS.iter().any(|key| section.get(key).is_some()) || runs_aws_okta(section)
}

/// Whether its `credential_process` runs aws-okta.
fn runs_aws_okta(section: &Section) -> bool {
    let line = section.get("credential_process");
    let words = line.and_then(shell_words).unwrap_or_default();
    let program = words.first().and_then(|word| word.rsplit('/').next());
    program == Some("aws-okta")
}

fn is_from_elsewhere(section: &Section) -> bool {
    OTHER_SOURCES.iter().any(|key| {
        let is_own = *key == "credential_process" && runs_aws_okta(section);
        section.get(key).is_some() && !is_own
    })
}
