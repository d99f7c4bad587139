//! okta-aws-cli's `~/.okta/okta.yaml`: profiles, and labels for identity providers and roles by ARN or expression.

use super::entry::{Entry, Findings, FoundLabel, Section};
use super::error::ImportError;
use super::yaml::{self, Leaf};
use super::{Tool, profiles};
use crate::model::{ProviderArn, RoleArn};

/// The table that is the tool's.
const TABLE: &str = "awscli";

pub(super) fn read(text: &str) -> Result<Findings, ImportError> {
    let mut findings = Findings::default();
    let mut sections: Vec<Section> = Vec::new();
    let leaves = yaml::leaves(text, &mut findings);
    let of_it = |leaf: &Leaf| leaf.path.first().is_some_and(|first| first == TABLE);
    let has_table = text
        .lines()
        .any(|line| line.trim_start().starts_with(TABLE));
    if !(leaves.iter().any(of_it) || has_table && !findings.left_out.is_empty()) {
        return Err(ImportError::Nothing("okta-aws-cli"));
    }
    for leaf in leaves {
        let path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
        let entry = leaf.entry;
        match path[..] {
            [TABLE, "profiles", name] => match sections.iter_mut().find(|old| old.name == name) {
                Some(section) => section.entries.push(entry),
                None => sections.push(Section {
                    name: name.to_owned(),
                    line: entry.line,
                    entries: vec![entry],
                }),
            },
            [TABLE, table @ ("idps" | "roles")] => findings.labels.push(FoundLabel {
                pattern: entry.key.clone(),
                text: entry.value.to_string(),
                is_provider: table == "idps",
                key: format!("{table}.{}", entry.key),
                line: entry.line,
            }),
            _ => {
                let key = leaf.path.join(".") + "." + &entry.key;
                findings.leave_out(key, entry.line, "has no twin");
            }
        }
    }
    // A label stands for an ARN wherever okta-aws-cli asks for one. One that fits several stays a label.
    for entry in sections.iter_mut().flat_map(|section| &mut section.entries) {
        let is_provider = match entry.key.as_str() {
            "aws-iam-role" => false,
            "aws-iam-idp" => true,
            _ => continue,
        };
        let mut meant = findings
            .labels
            .iter()
            .filter(|label| label.is_provider == is_provider && label.text == *entry.value);
        let is_arn = |label: &&FoundLabel| match is_provider {
            true => ProviderArn::parse(&label.pattern).is_ok(),
            false => RoleArn::parse(&label.pattern).is_ok(),
        };
        if let (Some(label), None) = (meant.next().filter(is_arn), meant.next()) {
            *entry = Entry::new(&entry.key, &label.pattern, entry.line);
        }
    }
    for section in sections {
        profiles::add(
            Tool::OktaAwsCli,
            &section.name,
            &section.entries,
            &mut findings,
        );
    }
    Ok(findings)
}
