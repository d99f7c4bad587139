//! Roles of other accounts in `~/.aws/config`, for tools that go on by themselves: `role_arn` and `source_profile`
//! (AWS SDKs and Tools Reference, "Assume role credential provider"). No secret is in it, and nothing outside of
//! the marks is touched.

use super::config_block::{Marks, is_plain};
use super::endpoint::Region;
use super::ini::{Ini, IniError};
use crate::model::RoleArn;

const MARKS: Marks = Marks {
    name: "# >>> ob link:",
    begin: "# >>> ob link: written by `ob write --link`, taken out by `ob write --clean`",
    end: "# <<< ob link",
};

/// A profile that assumes a role with the credentials of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleLink {
    pub name: String,
    pub role: RoleArn,
    /// The profile to start from.
    pub source: String,
    pub region: Option<Region>,
}

impl RoleLink {
    fn lines(&self) -> Result<Vec<String>, IniError> {
        if self.name == "default" {
            return Err(IniError::Default);
        }
        for name in [&self.name, &self.source] {
            if name.is_empty() || name.len() > 256 || !name.bytes().all(is_plain) {
                return Err(IniError::Name(name.chars().take(64).collect()));
            }
        }
        let mut lines = vec![
            format!("[profile {}]", self.name),
            format!("role_arn = {}", self.role),
            format!("source_profile = {}", self.source),
        ];
        lines.extend(
            self.region
                .as_ref()
                .map(|region| format!("region = {region}")),
        );
        Ok(lines)
    }
}

/// `text` with `links` in `ob`'s part; others that are there stay, unless they have the same name.
///
/// # Errors
/// When the marks are broken, a profile of that name stands outside of them, or a name cannot be written.
pub fn with_links(text: &str, links: &[RoleLink]) -> Result<String, IniError> {
    let ini = Ini::parse(text);
    let mut lines: Vec<String> = Vec::new();
    let mut kept = false;
    for at in MARKS.place(&ini)?.unwrap_or(0..0).skip(1) {
        let line = ini.line(at);
        if line.trim() == MARKS.end {
            break;
        }
        if let Some(header) = ini.header(at) {
            let name = header.strip_prefix("profile ").unwrap_or(header).trim();
            kept = links.iter().all(|link| link.name != name);
        }
        if kept {
            lines.push(line.to_owned());
        }
    }
    for link in links {
        lines.extend(link.lines()?);
    }
    let names = links.iter().map(|link| link.name.as_str());
    MARKS.put(ini, names, lines)
}

/// `text` without `ob`'s part, and the names of the profiles that were in it.
///
/// # Errors
/// As [`with_links`].
pub fn without_links(text: &str) -> Result<(String, Vec<String>), IniError> {
    let mut ini = Ini::parse(text);
    let mut names = Vec::new();
    if let Some(place) = MARKS.place(&ini)? {
        names.extend(place.clone().filter_map(|at| {
            let name = ini.header(at)?.strip_prefix("profile ")?;
            Some(name.trim().to_owned())
        }));
        ini.cut(place);
    }
    Ok((ini.to_string(), names))
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
    fn links_come_are_replaced_by_name_and_go() {
        let mine = "# mine\n[default]\nregion=x ; odd\n";
        let one = with_links(mine, &[link("audit", "base")]).unwrap();
        let written = format!("{}\n{AUDIT}{}\n", MARKS.begin, MARKS.end);
        assert_eq!(one, format!("{mine}\n{written}"));
        assert_eq!(with_links(&one, &[link("audit", "base")]).unwrap(), one);
        let two = with_links(&one, &[link("other", "base")]).unwrap();
        let other = AUDIT.replace("audit", "other");
        assert!(
            two.contains(&format!("{AUDIT}{other}{}\n", MARKS.end)),
            "{two}"
        );
        let moved = with_links(&two, &[link("audit", "elsewhere")]).unwrap();
        let audit = AUDIT.replace("= base", "= elsewhere");
        assert!(
            moved.contains(&format!("{}\n{other}{audit}", MARKS.begin)),
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
    fn the_two_parts_of_ours_do_not_touch_each_other() {
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
    fn what_the_tools_would_quarrel_about_is_refused() {
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
        fn taking_out_what_was_added_leaves_the_file_as_it_was(
            lines in proptest::collection::vec("[ -~\t]{0,20}\r?", 0..12)
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let Ok(with) = with_links(&text, &[link("audit", "base")]) else { return Ok(()); };
            prop_assert_eq!(without_links(&with).unwrap().0, text);
        }
    }
}
