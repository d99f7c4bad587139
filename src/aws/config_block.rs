//! `ob`'s part of `~/.aws/config`: one `credential_process` profile for each of the settings' profiles,
//! between two marking lines. No secret is in it, and nothing outside of the marks is touched.

use super::endpoint::Region;
use super::ini::{Ini, IniError};

pub(super) const MARKS: Marks = Marks {
    name: "# >>> ob:",
    begin: "# >>> ob: written by `ob config aws`, taken out by `ob config aws --remove`",
    end: "# <<< ob",
};

/// The two lines around a part of ours.
pub(super) struct Marks {
    /// What the first begins with: the words behind it may change from one version to the next.
    pub(super) name: &'static str,
    pub(super) begin: &'static str,
    pub(super) end: &'static str,
}

/// One profile to write.
#[derive(Clone, Debug)]
pub struct ConfigProfile {
    /// As [`config_profile_name`] spells it.
    pub name: String,
    /// The words of the command that prints credentials.
    pub command: Vec<String>,
    pub region: Option<Region>,
}

/// The AWS profile that stands for a profile of the settings: `ob/NAME`, so that it can never be the
/// user's own. `None` when the name has a character that the SDKs do not read in a profile
/// (`[A-Za-z0-9_.@/%:+-]`, as the JavaScript SDK's reader has it).
pub fn config_profile_name(profile: &str) -> Option<String> {
    let fits = !profile.is_empty() && profile.len() <= 128 && profile.bytes().all(is_plain);
    fits.then(|| format!("ob/{profile}"))
}

/// Characters of a section's name that every reader takes.
pub(super) fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.@/%:+-".contains(&byte)
}

/// `text` with these profiles as `ob`'s part: in its old place, or at the end.
///
/// # Errors
/// When the marks are broken, a profile stands outside of them, or a word cannot be written.
pub fn with_block(text: &str, profiles: &[ConfigProfile]) -> Result<String, IniError> {
    let mut lines = Vec::new();
    for profile in profiles {
        lines.push(format!("[profile {}]", profile.name));
        lines.push(format!(
            "credential_process = {}",
            command_line(&profile.command)?
        ));
        if let Some(region) = &profile.region {
            lines.push(format!("region = {region}"));
        }
    }
    let names = profiles.iter().map(|profile| profile.name.as_str());
    MARKS.put(Ini::parse(text), names, lines)
}

/// `text` without `ob`'s part.
///
/// # Errors
/// When the marks are broken, or what follows them belongs to no section of its own.
pub fn without_block(text: &str) -> Result<String, IniError> {
    let mut ini = Ini::parse(text);
    if let Some(place) = MARKS.place(&ini)? {
        ini.cut(place);
    }
    Ok(ini.to_string())
}

/// Whether the credentials file `text` has a section `name`, whose keys come before any `credential_process`.
pub fn has_section(text: &str, name: &str) -> bool {
    !matches!(Ini::parse(text).section(name), Ok(None))
}

/// The programs that `ob`'s part of the config file calls, each once.
pub fn block_programs(text: &str) -> Vec<String> {
    let ini = Ini::parse(text);
    let Ok(Some(place)) = MARKS.place(&ini) else {
        return Vec::new();
    };
    let mut programs: Vec<String> = place
        .filter_map(|at| {
            let command = ini.line(at).strip_prefix("credential_process = ")?;
            let quoted = command
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'));
            let program = quoted
                .map(|(program, _)| program)
                .or_else(|| command.split(' ').next())?;
            Some(program.to_owned())
        })
        .collect();
    programs.sort();
    programs.dedup();
    programs
}

impl Marks {
    /// Where the part is, its marks included.
    ///
    /// # Errors
    /// When the marks are not one pair, or what follows them belongs to no section of its own.
    pub(super) fn place(&self, ini: &Ini) -> Result<Option<std::ops::Range<usize>>, IniError> {
        let bare = self.name.trim_end_matches(':');
        let all = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..ini.len())
                .filter(|at| wanted(ini.line(*at).trim_end()))
                .collect()
        };
        let begins = all(&|line| line.starts_with(self.name) || line == bare);
        let ends = all(&|line| line.trim_start() == self.end);
        let (begin, end) = match (begins.as_slice(), ends.as_slice()) {
            ([], []) => return Ok(None),
            ([begin], [end]) if begin < end => (*begin, *end),
            (begins, ends) => {
                let at = begins.last().max(ends.last()).copied().unwrap_or_default();
                return Err(IniError::Markers(at + 1));
            }
        };
        let behind = (end + 1..ini.len()).find(|at| !ini.is_silent(*at));
        match behind {
            Some(at) if ini.header(at).is_none() => Err(IniError::Stranded(at + 1)),
            _ => Ok(Some(begin..end + 1)),
        }
    }

    /// The file with `lines` as this part: in its old place, or at the end. The profiles `names` may stand nowhere
    /// else.
    ///
    /// # Errors
    /// As [`Self::place`], and when one of them does.
    pub(super) fn put<'a>(
        &self,
        mut ini: Ini,
        names: impl Iterator<Item = &'a str>,
        lines: Vec<String>,
    ) -> Result<String, IniError> {
        let place = self.place(&ini)?;
        let mut rest = ini.clone();
        if let Some(place) = &place {
            rest.cut(place.clone());
        }
        for name in names {
            let section = format!("profile {name}");
            if rest.section(&section)?.is_some() {
                return Err(IniError::Foreign(section));
            }
        }
        let mut whole = vec![self.begin.to_owned()];
        whole.extend(lines);
        whole.push(self.end.to_owned());
        match place {
            Some(place) => ini.replace(place, &whole),
            None => ini.append(&whole),
        }
        Ok(ini.to_string())
    }
}

/// The command as botocore (shlex), the other SDKs (`sh -c`) and their INI readers all take it: plain words
/// as they are, a space in double quotes, nothing else.
///
/// # Errors
/// When a word has a character that one of them would take otherwise.
pub fn command_line(words: &[String]) -> Result<String, IniError> {
    let mut line = Vec::new();
    for word in words {
        let plain = |byte: u8| is_plain(byte) || b"=,~".contains(&byte);
        let spaced = word.contains(' ');
        if word.is_empty() || !word.bytes().all(|byte| plain(byte) || byte == b' ') {
            return Err(IniError::Value("credential_process"));
        }
        line.push(if spaced {
            format!("\"{word}\"")
        } else {
            word.clone()
        });
    }
    Ok(line.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::Report;

    fn dev() -> Vec<ConfigProfile> {
        vec![ConfigProfile {
            name: config_profile_name("dev").unwrap(),
            command: ["/opt/my tools/ob", "credential", "-p", "dev"]
                .map(Into::into)
                .into(),
            region: Region::parse("eu-west-1").ok(),
        }]
    }

    const WRITTEN: &str = "\
# >>> ob: written by `ob config aws`, taken out by `ob config aws --remove`
[profile ob/dev]
credential_process = \"/opt/my tools/ob\" credential -p dev
region = eu-west-1
# <<< ob
";

    #[test]
    fn the_block_is_added_replaced_in_place_and_taken_out() {
        let before = "# mine\n[default]\n  region=us-east-1 ; odd\n";
        let after = with_block(before, &dev()).unwrap();
        assert_eq!(after, format!("{before}\n{WRITTEN}"));
        assert_eq!(with_block(&after, &dev()).unwrap(), after);
        assert_eq!(block_programs(&after), ["/opt/my tools/ob"]);
        let more = format!("{after}\n[profile mine]\nregion = x\n");
        assert_eq!(
            with_block(&more, &[]).unwrap().lines().count(),
            more.lines().count() - 3
        );
        assert_eq!(
            without_block(&more).unwrap(),
            format!("{before}\n[profile mine]\nregion = x\n")
        );
        assert_eq!(with_block("", &dev()).unwrap(), WRITTEN);
    }

    #[test]
    fn windows_line_ends_are_kept_and_continued() {
        let after = with_block("[default]\r\nregion=x\r\n", &dev()).unwrap();
        assert_eq!(
            after,
            format!("[default]\nregion=x\n\n{WRITTEN}").replace('\n', "\r\n")
        );
    }

    #[test]
    fn what_the_tools_would_quarrel_about_is_refused() {
        let outside = "[profile \"ob/dev\"]\nregion = x\n";
        for (text, expected) in [
            (outside.to_owned(), "aws.file.foreign_section"),
            (format!("{outside}{outside}"), "aws.file.duplicate_section"),
            (
                "[a]\nx =\n  [profile ob/dev]\n".into(),
                "aws.file.unclear_section",
            ),
            (
                "[profile ob/dev] # [x]\n".into(),
                "aws.file.unclear_section",
            ),
            ("# >>> ob\n".into(), "aws.file.markers"),
            ("# <<< ob\n# >>> ob\n".into(), "aws.file.markers"),
            (format!("{WRITTEN}{WRITTEN}"), "aws.file.markers"),
            (format!("{WRITTEN}output = json\n"), "aws.file.stranded_key"),
        ] {
            let error = with_block(&text, &dev()).unwrap_err();
            assert_eq!(Report::from(error).name(), expected, "{text}");
        }
    }

    #[test]
    fn only_names_and_commands_that_every_sdk_reads_are_written() {
        for name in [
            "",
            "a b",
            "a]",
            "a\n[x]",
            "$(id)",
            "a\"",
            "a#",
            "ü",
            &"x".repeat(10_240),
        ] {
            assert_eq!(config_profile_name(name), None, "{name}");
        }
        for word in [
            "", "a\"b", "$HOME/ob", "a`b", "a\nb", "a\0b", "a;b", "a\\b", "a#b",
        ] {
            assert!(command_line(&[word.to_owned()]).is_err(), "{word}");
        }
    }

    proptest! {
        #[test]
        fn taking_out_what_was_added_leaves_the_file_as_it_was(
            lines in proptest::collection::vec("[ -~\t]{0,20}\r?", 0..12)
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let Ok(with) = with_block(&text, &dev()) else { return Ok(()); };
            prop_assert_eq!(without_block(&with).unwrap(), text);
        }
    }
}
