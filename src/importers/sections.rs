//! saml2aws and tokendito: each section is a profile.

use super::entry::Section;
use super::error::ImportError;
use super::findings::Findings;
use super::profile;
use super::tool::Tool;

pub(super) fn read(
    tool: Tool,
    sections: &[Section],
    findings: &mut Findings,
) -> Result<(), ImportError> {
    for section in sections {
        let provider = section.get("provider").unwrap_or("Okta").to_lowercase();
        if tool == Tool::Saml2Aws && !["okta", "browser"].contains(&&*provider) {
            let why = "its identity provider is not Okta";
            findings.leave_out(&section.name, section.line, why);
            continue;
        }
        let name = match section.name.as_str() {
            "" => "default",
            name => name,
        };
        profile::add(tool, name, &section.entries, findings);
    }
    match *findings == Findings::default() {
        true => Err(ImportError::Nothing(tool.name())),
        false => Ok(()),
    }
}
