//! gimme-aws-creds: every section inherits `[DEFAULT]`, and those that its `inherits` names.

use super::entry::{Entry, Section, inherit, value_of};
use super::error::ImportError;
use super::findings::Findings;
use super::profile;
use super::tool::Tool;

const DEFAULTS: &str = "DEFAULT";

pub(super) fn read(sections: &[Section], findings: &mut Findings) -> Result<(), ImportError> {
    for section in sections {
        let mut entries = section.entries.clone();
        if let Err(line) = inherit_named(section, sections, &mut entries) {
            let why = "`inherits` names no section, or leads back to itself";
            findings.reject(&section.name, line, why);
            continue;
        }
        if section.name != DEFAULTS
            && let Some(defaults) = find(sections, DEFAULTS)
        {
            inherit(&mut entries, &defaults.entries, DEFAULTS);
        }
        let is_inherited = section.name == DEFAULTS
            || sections
                .iter()
                .any(|other| other.get("inherits") == Some(&section.name));
        // An inherited section without a role is no profile.
        if is_inherited && sections.len() > 1 && section.get("aws_rolename").is_none() {
            continue;
        }
        let name = match section.name.as_str() {
            DEFAULTS => "default",
            name => name,
        };
        profile::add(Tool::GimmeAwsCreds, name, &entries, findings);
    }
    if findings.profiles.is_empty() && findings.left_out.is_empty() {
        return Err(ImportError::Nothing("gimme-aws-creds"));
    }
    Ok(())
}

/// Adds the entries of the sections that `inherits` leads to. An error is the line of an `inherits`
/// that leads nowhere or back.
fn inherit_named(
    section: &Section,
    sections: &[Section],
    entries: &mut Vec<Entry>,
) -> Result<(), usize> {
    let mut seen = vec![section.name.as_str()];
    let mut current = section;
    while let Some(next) = value_of(&current.entries, "inherits") {
        let next = find(sections, next).filter(|next| !seen.contains(&next.name.as_str()));
        let Some(next) = next else {
            let mut keys = current.entries.iter();
            let key = keys.find(|entry| entry.is("inherits"));
            return Err(key.map_or(current.line, |entry| entry.line));
        };
        seen.push(&next.name);
        inherit(entries, &next.entries, &next.name);
        current = next;
    }
    Ok(())
}

fn find<'a>(sections: &'a [Section], name: &str) -> Option<&'a Section> {
    sections.iter().find(|section| section.name == name)
}
