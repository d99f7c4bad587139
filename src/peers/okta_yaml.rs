//! okta-aws-cli's `~/.okta/okta.yaml`: profiles, and labels for identity providers and roles by ARN or expression.

use super::entry::{Entry, Findings, Section};
use super::error::PeerError;
use super::{Peer, profiles, yaml};

pub(super) fn read(text: &str) -> Result<Findings, PeerError> {
    let mut findings = Findings::default();
    let mut sections: Vec<Section> = Vec::new();
    let mut roles: Vec<(String, String)> = Vec::new();
    let mut providers: Vec<(String, String)> = Vec::new();
    let leaves = yaml::leaves(text)?;
    if !leaves
        .iter()
        .any(|leaf| leaf.path.first().is_some_and(|first| first == "awscli"))
    {
        return Err(PeerError::Nothing);
    }
    for leaf in leaves {
        let path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
        let entry = leaf.entry;
        match path[..] {
            ["awscli", "profiles", name] => {
                match sections.iter_mut().find(|old| old.name == name) {
                    Some(section) => section.entries.push(entry),
                    None => sections.push(Section {
                        name: name.to_owned(),
                        entries: vec![entry],
                    }),
                }
            }
            ["awscli", "idps"] => {
                provider_label(&entry, &mut findings);
                providers.push((entry.value.to_string(), entry.key));
            }
            ["awscli", "roles"] => {
                let why = "ob names accounts, not roles: a profile is a role's name";
                findings.leave_out(format!("roles.{}", entry.key), entry.line, why);
                roles.push((entry.value.to_string(), entry.key));
            }
            _ => {
                let key = leaf.path.join(".") + "." + &entry.key;
                findings.leave_out(key, entry.line, "has no twin");
            }
        }
    }
    // A label stands for an ARN wherever okta-aws-cli asks for one.
    for entry in sections.iter_mut().flat_map(|section| &mut section.entries) {
        let labels = match entry.key.as_str() {
            "aws-iam-role" => &roles,
            "aws-iam-idp" => &providers,
            _ => continue,
        };
        let mut meant = labels.iter().filter(|(label, _)| *label == *entry.value);
        if let (Some((_, arn)), None) = (meant.next(), meant.next()) {
            *entry = Entry::new(&entry.key, arn, entry.line);
        }
    }
    for section in sections {
        profiles::add(
            Peer::OktaAwsCli,
            &section.name,
            &section.entries,
            &mut findings,
        );
    }
    Ok(findings)
}

fn provider_label(entry: &Entry, findings: &mut Findings) {
    let key = format!("idps.{}", entry.key);
    match account(&entry.key) {
        Some(number) => {
            let label = entry.value.to_string();
            findings
                .accounts
                .push((number.to_owned(), label, key, entry.line));
        }
        None => findings.leave_out(key, entry.line, "it names no one account"),
    }
}

/// The account of an ARN, even where the rest is an expression.
fn account(arn: &str) -> Option<&str> {
    let mut parts = arn.trim_start_matches('^').split(':');
    let service = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let number = parts.next()?;
    let digits = number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit());
    (service.0 == "arn" && service.2 == "iam" && digits).then_some(number)
}
