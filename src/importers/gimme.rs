//! gimme-aws-creds: `[DEFAULT]` is beneath every section, `inherits` names another one in between.

use super::Tool;
use super::entry::{Entry, Findings, Section};
use super::error::ImportError;
use super::profiles::{add, text_of};

pub(super) fn read(sections: &[Section], mut findings: Findings) -> Result<Findings, ImportError> {
    let find = |name: &str| sections.iter().find(|section| section.name == name);
    'profiles: for section in sections {
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
            let is_inherits = |entry: &&Entry| entry.key.eq_ignore_ascii_case("inherits");
            let line = at.entries.iter().find(is_inherits);
            let line = line.map_or(at.line, |entry| entry.line);
            let next = find(next).filter(|next| !seen.contains(&next.name.as_str()));
            let Some(next) = next else {
                let why = "`inherits` names no section, or comes back to itself";
                findings.lose(&section.name, line, why);
                continue 'profiles;
            };
            at = next;
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
        add(Tool::GimmeAwsCreds, name, &entries, &mut findings);
    }
    if findings.profiles.is_empty() && findings.left_out.is_empty() {
        return Err(ImportError::Nothing("gimme-aws-creds"));
    }
    Ok(findings)
}
