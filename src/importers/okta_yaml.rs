//! okta-aws-cli's `~/.okta/okta.yaml`: profiles, and labels of identity providers and roles.

use super::entry::{Entry, Section};
use super::error::ImportError;
use super::findings::{Findings, FoundLabel};
use super::profile;
use super::tool::Tool;
use super::yaml::{self, Leaf};
use crate::model::{ProviderArn, RoleArn};

/// The table that holds okta-aws-cli's settings.
const TABLE: &str = "awscli";

pub(super) fn read(text: &str, findings: &mut Findings) -> Result<(), ImportError> {
    let leaves = yaml::leaves(text, findings);
    let is_own = |leaf: &Leaf| leaf.path.first().is_some_and(|first| first == TABLE);
    let has_table = text
        .lines()
        .any(|line| line.trim_start().starts_with(TABLE));
    if !(leaves.iter().any(is_own) || has_table && !findings.left_out.is_empty()) {
        return Err(ImportError::Nothing("okta-aws-cli"));
    }
    let mut sections: Vec<Section> = Vec::new();
    for Leaf { path, entry } in leaves {
        match &path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [TABLE, "profiles", name] => match sections.iter_mut().find(|old| old.name == *name) {
                Some(section) => section.entries.push(entry),
                None => sections.push(Section {
                    name: (*name).to_owned(),
                    line: entry.line,
                    entries: vec![entry],
                }),
            },
            [TABLE, table @ ("idps" | "roles")] => findings.labels.push(FoundLabel {
                pattern: entry.key.clone(),
                text: entry.value.to_string(),
                is_provider: *table == "idps",
                key: format!("{table}.{}", entry.key),
                line: entry.line,
            }),
            _ => {
                let key = path.join(".") + "." + &entry.key;
                findings.leave_out(key, entry.line, "has no counterpart in ob");
            }
        }
    }
    for entry in sections.iter_mut().flat_map(|section| &mut section.entries) {
        if let Some(arn) = labelled_arn(entry, &findings.labels) {
            *entry = Entry::new(&entry.key, arn, entry.line);
        }
    }
    for section in sections {
        profile::add(Tool::OktaAwsCli, &section.name, &section.entries, findings);
    }
    Ok(())
}

/// Returns the ARN that the label in a role's or provider's key stands for. okta-aws-cli takes a
/// label wherever it takes an ARN. A label of several ARNs stands for none.
fn labelled_arn<'a>(entry: &Entry, labels: &'a [FoundLabel]) -> Option<&'a str> {
    let is_provider = match entry.key.as_str() {
        "aws-iam-role" => false,
        "aws-iam-idp" => true,
        _ => return None,
    };
    let mut meant = labels
        .iter()
        .filter(|label| label.is_provider == is_provider && label.text == *entry.value);
    let arn = meant.next()?.pattern.as_str();
    let is_arn = match is_provider {
        true => ProviderArn::parse(arn).is_ok(),
        false => RoleArn::parse(arn).is_ok(),
    };
    (is_arn && meant.next().is_none()).then_some(arn)
}
