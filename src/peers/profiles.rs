//! From sections and keys to profiles: which section is one, what it inherits, what its values are called here.

use std::path::Path;

use url::Url;

use super::Peer;
use super::entry::{Entry, Findings, Place, Profile, Section, Setting};
use super::error::PeerError;
use super::meaning::{self, Meaning};

/// Adds the profile `name` of `peer` to `findings`.
pub(super) fn add(peer: Peer, name: &str, entries: &[Entry], findings: &mut Findings) {
    let mut profile = Profile {
        name: name.to_owned(),
        settings: Vec::new(),
        chain: Vec::new(),
    };
    for entry in entries.iter().filter(|entry| !entry.value.is_empty()) {
        let key = match (peer, entry.section.as_deref().unwrap_or(name)) {
            (Peer::OktaAwsCliVariables | Peer::OktaJava | Peer::AwsSts, _) | (_, "") => {
                entry.key.clone()
            }
            (_, section) => format!("{section}.{}", entry.key),
        };
        let twin = match peer {
            Peer::OktaAwsCliVariables => yaml_key(&entry.key),
            _ => entry.key.clone(),
        };
        let mut take = |place, value: &str| {
            profile.settings.push(Setting {
                place,
                value: value.to_owned(),
                key: key.clone(),
                line: entry.line,
            });
        };
        let value = entry.value.as_str();
        let refused = match meaning::of(peer, &twin) {
            Meaning::Org(to) => {
                take(Place::Org(to), value);
                if to == "key_id" {
                    take(Place::Org("sign_in"), "machine");
                }
                None
            }
            Meaning::Profile(to) => {
                take(Place::Profile(to), value);
                None
            }
            Meaning::Address => {
                take(Place::Org("url"), value);
                if let Some(app) = link(value).filter(|link| link.contains("/home/")) {
                    take(Place::Profile("app"), &app);
                }
                None
            }
            Meaning::App => {
                let app = link(value).or_else(|| id(value));
                take(Place::Profile("app"), app.as_deref().unwrap_or(value));
                None
            }
            Meaning::Role if value.eq_ignore_ascii_case("all") => {
                Some("said each time: `ob write --all`")
            }
            Meaning::Role if value.contains(',') => {
                Some("several roles: each is a profile of its own")
            }
            Meaning::Role
                if value.starts_with('/') || value.contains(['(', '|', '^', '$', '[']) =>
            {
                Some("an expression: `role` takes an ARN, account/role, a name or a glob")
            }
            Meaning::Role => {
                take(Place::Profile("role"), value);
                None
            }
            Meaning::Provider => {
                take(Place::Profile("provider"), value);
                None
            }
            Meaning::Factor => match meaning::factor(value) {
                Some(Ok(word)) => {
                    take(Place::Org("factor"), word);
                    None
                }
                Some(Err(why)) => Some(why),
                None => None,
            },
            Meaning::Policies => {
                take(Place::Policies, value);
                None
            }
            Meaning::Classic => {
                if !is_no(value) {
                    take(Place::Org("sign_in"), "terminal");
                }
                None
            }
            Meaning::Silent => None,
            Meaning::Unless(_) if is_no(value) => None,
            Meaning::Never(why) | Meaning::Unless(why) => Some(why),
        };
        if let Some(why) = refused {
            findings.leave_out(key, entry.line, why);
        }
    }
    findings.profiles.push(profile);
}

fn is_no(value: &str) -> bool {
    ["false", "no", "off", "0", "none", "null", "n"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}

/// An address without what a browser adds behind it.
fn link(value: &str) -> Option<String> {
    let mut url = Url::parse(value).ok().filter(Url::has_host)?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

/// The app's id in a tile's path, `home/amazon_aws/0oa1/272`.
fn id(value: &str) -> Option<String> {
    let path = value.trim_start_matches('/').strip_prefix("home/")?;
    path.split('/').nth(1).map(ToOwned::to_owned)
}

const PREFIX: &str = "OKTA_AWSCLI_";
/// From before the prefix.
const OLDER: [&str; 3] = [
    "OKTA_ORG_DOMAIN",
    "OKTA_OIDC_CLIENT_ID",
    "OKTA_AWS_ACCOUNT_FEDERATION_APP_ID",
];

pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(PREFIX) || OLDER.contains(&name)
}

/// The key of okta.yaml that is the variable's twin.
fn yaml_key(variable: &str) -> String {
    let name = variable
        .strip_prefix(PREFIX)
        .or(variable.strip_prefix("OKTA_"));
    match name.unwrap_or(variable) {
        "AWS_ACCOUNT_FEDERATION_APP_ID" => "aws-acct-fed-app-id".to_owned(),
        "IAM_IDP" => "aws-iam-idp".to_owned(),
        "IAM_ROLE" => "aws-iam-role".to_owned(),
        name => name.to_lowercase().replace('_', "-"),
    }
}

pub(super) fn variables(entries: Vec<Entry>) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    let entries: Vec<Entry> = entries
        .into_iter()
        .filter(|entry| is_variable(&entry.key))
        .collect();
    if entries.is_empty() {
        return Err(PeerError::Nothing);
    }
    let name = text_of(&entries, "OKTA_AWSCLI_PROFILE").unwrap_or("default");
    add(Peer::OktaAwsCliVariables, name, &entries, &mut findings);
    Ok(findings)
}

pub(super) fn java(entries: Vec<Entry>) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    text_of(&entries, "OKTA_ORG").ok_or(PeerError::Nothing)?;
    let name = text_of(&entries, "OKTA_PROFILE").unwrap_or("default");
    add(Peer::OktaJava, name, &entries, &mut findings);
    Ok(findings)
}

fn text_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a str> {
    let entry = entries
        .iter()
        .find(|entry| entry.key.eq_ignore_ascii_case(key))?;
    Some(entry.value.as_str()).filter(|value| !value.is_empty())
}

/// saml2aws and tokendito: a section is a profile.
pub(super) fn sections(peer: Peer, sections: Vec<Section>) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    for section in &sections {
        let provider = text_of(&section.entries, "provider").unwrap_or("Okta");
        if peer == Peer::Saml2Aws
            && !["okta", "browser"].contains(&provider.to_lowercase().as_str())
        {
            let line = section.entries.first().map_or(0, |entry| entry.line);
            findings.leave_out(&section.name, line, "its identity provider is not Okta");
            continue;
        }
        let name = if section.name.is_empty() {
            "default"
        } else {
            &section.name
        };
        add(peer, name, &section.entries, &mut findings);
    }
    if findings == Findings::default() {
        return Err(PeerError::Nothing);
    }
    Ok(findings)
}

/// gimme-aws-creds: `[DEFAULT]` is beneath every section, `inherits` names another one in between.
pub(super) fn gimme(sections: Vec<Section>) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    let find = |name: &str| sections.iter().find(|section| section.name == name);
    for section in &sections {
        let mut entries: Vec<Entry> = Vec::new();
        let mut inherit = |from: &Section| {
            for entry in &from.entries {
                if text_of(&entries, &entry.key).is_none() {
                    entries.push(match from.name == section.name {
                        true => entry.clone(),
                        false => entry.inherited(&from.name),
                    });
                }
            }
        };
        let mut seen = vec![section.name.as_str()];
        let mut at = section;
        inherit(at);
        while let Some(next) = text_of(&at.entries, "inherits") {
            let line = at.entries.iter().map(|entry| entry.line).min().unwrap_or(0);
            at = find(next)
                .filter(|next| !seen.contains(&next.name.as_str()))
                .ok_or(PeerError::Inherits(line))?;
            seen.push(&at.name);
            inherit(at);
        }
        find("DEFAULT").into_iter().for_each(&mut inherit);
        let is_base = section.name == "DEFAULT"
            || sections
                .iter()
                .any(|other| text_of(&other.entries, "inherits") == Some(&section.name));
        // Beneath others and without a role, it is there for them alone.
        if is_base && sections.len() > 1 && text_of(&section.entries, "aws_rolename").is_none() {
            continue;
        }
        let name = if section.name == "DEFAULT" {
            "default"
        } else {
            &section.name
        };
        add(Peer::GimmeAwsCreds, name, &entries, &mut findings);
    }
    if findings.profiles.is_empty() {
        return Err(PeerError::Nothing);
    }
    Ok(findings)
}

/// aws-okta: what leads to the section `okta` of the AWS file, as the source of a profile or of its source.
pub(super) fn aws_okta(sections: Vec<Section>) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    let name = |section: &Section| {
        section
            .name
            .strip_prefix("profile ")
            .unwrap_or(&section.name)
            .trim()
            .to_owned()
    };
    let find = |wanted: &str| sections.iter().find(|section| name(section) == wanted);
    let okta = find("okta").ok_or(PeerError::Nothing)?;
    for section in sections
        .iter()
        .filter(|section| !std::ptr::eq(*section, okta))
    {
        // From the profile down to the one beside Okta.
        let mut path = vec![section];
        let leads = loop {
            let next = path
                .last()
                .and_then(|last| text_of(&last.entries, "source_profile"));
            match next {
                Some("okta") => break true,
                Some(next) if path.len() < 8 => match find(next) {
                    Some(next) => path.push(next),
                    None => break false,
                },
                _ => break false,
            }
        };
        let Some(first) = path.pop().filter(|_| leads) else {
            continue;
        };
        let okta_side = |entry: &&Entry| ["role_arn", "aws_saml_url"].contains(&entry.key.as_str());
        let mut entries: Vec<Entry> = Vec::new();
        if std::ptr::eq(first, section) {
            entries.extend(first.entries.iter().cloned());
        } else {
            let source = name(first);
            let theirs = first.entries.iter().filter(okta_side);
            entries.extend(theirs.map(|entry| entry.inherited(&source)));
            entries.extend(
                section
                    .entries
                    .iter()
                    .filter(|entry| !okta_side(entry))
                    .cloned(),
            );
        }
        let missing = okta
            .entries
            .iter()
            .filter(|entry| text_of(&entries, &entry.key).is_none());
        let missing: Vec<Entry> = missing.map(|entry| entry.inherited("okta")).collect();
        entries.extend(missing);
        if !path.is_empty() {
            for entry in entries.iter().filter(|entry| entry.key == "session_ttl") {
                let key = format!("{}.session_ttl", name(section));
                findings.leave_out(key, entry.line, "a chained role lasts one hour at most");
            }
            entries.retain(|entry| entry.key != "session_ttl");
        }
        add(Peer::AwsOkta, &name(section), &entries, &mut findings);
        if let Some(profile) = findings.profiles.last_mut() {
            let roles = path
                .iter()
                .rev()
                .filter_map(|section| text_of(&section.entries, "role_arn"));
            profile.chain = roles.map(ToOwned::to_owned).collect();
        }
    }
    if findings.profiles.is_empty() {
        add(Peer::AwsOkta, "okta", &okta.entries, &mut findings);
    }
    Ok(findings)
}

/// oktaws: a file is an org, called by its label at okta.com.
pub(super) fn oktaws(path: &Path, text: &str) -> Result<Findings, PeerError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        PeerError::Toml(text.get(..at).unwrap_or_default().matches('\n').count() + 1)
    })?;
    let mut findings = Findings::default();
    let line = |key: &str| {
        let begins = |line: &str| {
            line.trim_start()
                .trim_start_matches(['"', '\''])
                .starts_with(key)
        };
        text.lines().position(begins).map_or(0, |at| at + 1)
    };
    let scalar = |value: &toml::Value| match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut general: Vec<Entry> = Vec::new();
    for (key, value) in &table {
        match value {
            toml::Value::Table(_) if key == "profiles" => {}
            toml::Value::Table(_) => findings.leave_out(key, line(key), "has no twin"),
            value => general.push(Entry::new(key, &scalar(value), line(key))),
        }
    }
    let org = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let profiles = table.get("profiles").and_then(toml::Value::as_table);
    for (name, value) in profiles.ok_or(PeerError::Nothing)? {
        let mut entries: Vec<Entry> = match value {
            toml::Value::Table(own) => own
                .iter()
                .map(|(key, value)| Entry::new(key, &scalar(value), line(name)))
                .collect(),
            value => vec![Entry::new("application", &scalar(value), line(name))],
        };
        let own = entries.clone();
        let missing = general
            .iter()
            .filter(|entry| text_of(&own, &entry.key).is_none());
        entries.extend(missing.map(|entry| entry.inherited("")));
        add(Peer::Oktaws, name, &entries, &mut findings);
        if let Some(profile) = findings.profiles.last_mut() {
            profile.settings.push(Setting {
                place: Place::Org("url"),
                value: format!("{org}.okta.com"),
                key: "the file's name".to_owned(),
                line: 0,
            });
        }
    }
    Ok(findings)
}
