//! Profiles of `~/.aws/config` that assume a role with another profile's credentials: `role_arn`
//! and `source_profile` (AWS SDKs and Tools Reference, "Assume role credential provider"). They
//! hold no secret.

use super::endpoint::Region;
use super::ini_edit::{IniError, IniText, check_section_name};
use super::marked_block::LINKS;
use crate::model::RoleArn;

/// A profile that assumes a role with the credentials of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleLink {
    pub name: String,
    pub role: RoleArn,
    /// The profile whose credentials assume the role.
    pub source: String,
    pub region: Option<Region>,
}

impl RoleLink {
    fn lines(&self) -> Result<Vec<String>, IniError> {
        if self.name == "default" {
            return Err(IniError::Default);
        }
        check_section_name(&self.name)?;
        check_section_name(&self.source)?;
        let mut lines = vec![
            format!("[profile {}]", self.name),
            format!("role_arn = {}", self.role),
            format!("source_profile = {}", self.source),
        ];
        lines.extend(self.region.as_ref().map(Region::config_line));
        Ok(lines)
    }
}

/// Returns `text` with `links` in `ob`'s part. Other links there stay, unless they have the same
/// name.
///
/// # Errors
/// [`IniError`] if the marks are broken, a profile of that name exists outside of them, or a name
/// cannot be written.
pub fn with_links(text: &str, links: &[RoleLink]) -> Result<String, IniError> {
    let ini = IniText::parse(text);
    let mut lines: Vec<String> = Vec::new();
    let mut is_kept = false;
    for at in LINKS.find(&ini)?.unwrap_or(0..0).skip(1) {
        let line = ini.line(at);
        if line.trim() == LINKS.end {
            break;
        }
        if let Some(header) = ini.header(at) {
            let name = header.strip_prefix("profile ").unwrap_or(header).trim();
            is_kept = links.iter().all(|link| link.name != name);
        }
        if is_kept {
            lines.push(line.to_owned());
        }
    }
    for link in links {
        lines.extend(link.lines()?);
    }
    let names = links.iter().map(|link| link.name.as_str());
    LINKS.write(ini, names, lines)
}

/// Returns `text` without `ob`'s part, and the names of the profiles that were in it.
///
/// # Errors
/// As for [`with_links`].
pub fn without_links(text: &str) -> Result<(String, Vec<String>), IniError> {
    LINKS.remove(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::config_block::{ConfigProfile, with_block, without_block};
    use super::*;

    fn link(name: &str, source: &str) -> RoleLink {
        RoleLink {
            name: name.into(),
            role: RoleArn::parse("arn:aws:iam::210987654321:role/Admin").unwrap(),
            source: source.into(),
            region: Region::parse("eu-west-1").ok(),
        }
    }

    const AUDIT: &str = "\
[profile audit]
role_arn = arn:aws:iam::210987654321:role/Admin
source_profile = base
region = eu-west-1
";

    #[test]
    fn links_are_added_replaced_by_name_and_removed() {
        let mine = "# mine\n[default]\nregion=x ; odd\n";
        let one = with_links(mine, &[link("audit", "base")]).unwrap();
        let written = format!("{}\n{AUDIT}{}\n", LINKS.begin, LINKS.end);
        assert_eq!(one, format!("{mine}\n{written}"));
        assert_eq!(with_links(&one, &[link("audit", "base")]).unwrap(), one);
        let two = with_links(&one, &[link("other", "base")]).unwrap();
        let other = AUDIT.replace("audit", "other");
        assert!(
            two.contains(&format!("{AUDIT}{other}{}\n", LINKS.end)),
            "{two}"
        );
        let moved = with_links(&two, &[link("audit", "elsewhere")]).unwrap();
        let audit = AUDIT.replace("= base", "= elsewhere");
        assert!(
            moved.contains(&format!("{}\n{other}{audit}", LINKS.begin)),
            "{moved}"
        );
        let (without, names) = without_links(&moved).unwrap();
        assert_eq!(
            (without.as_str(), names),
            (mine, vec!["other".to_owned(), "audit".into()])
        );
        let crlf = with_links("[default]\r\n", &[link("audit", "base")]).unwrap();
        assert_eq!(
            crlf,
            format!("[default]\n\n{written}").replace('\n', "\r\n")
        );
    }

    #[test]
    fn profiles_and_links_are_separate_parts() {
        let dev = ConfigProfile {
            name: "ob/dev".into(),
            command: vec!["ob".into()],
            region: None,
        };
        let both = with_block(&with_links("", &[link("a", "b")]).unwrap(), &[dev]).unwrap();
        let links_alone = without_block(&both).unwrap();
        assert_eq!(links_alone, with_links("", &[link("a", "b")]).unwrap());
        assert!(without_links(&both).unwrap().0.contains("[profile ob/dev]"));
    }

    #[test]
    fn ambiguous_files_and_names_are_refused() {
        for text in [
            "[profile audit]\nregion = x\n",
            "[profile \"audit\"]\n[profile audit]\n",
            "# >>> ob link\n",
            "# <<< ob link\n# >>> ob link: x\n",
            "  [profile audit]\n",
        ] {
            assert!(
                with_links(text, &[link("audit", "base")]).is_err(),
                "{text}"
            );
        }
        let default = with_links("", &[link("default", "base")]);
        assert_eq!(default, Err(IniError::Default));
        assert!(with_links("", &[link("audit", "default")]).is_ok());
        for name in [
            "",
            "a b",
            "a]",
            "a\n[x]",
            "$(id)",
            "a\0",
            &"x".repeat(10_240),
        ] {
            assert!(with_links("", &[link(name, "base")]).is_err(), "{name}");
            assert!(with_links("", &[link("audit", name)]).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn removing_the_links_restores_the_file(
            lines in proptest::collection::vec("[ -~\t]{0,20}\r?", 0..12)
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let Ok(with) = with_links(&text, &[link("audit", "base")]) else { return Ok(()); };
            prop_assert_eq!(without_links(&with).unwrap().0, text);
        }
    }
}
