//! Profiles of `~/.aws/config` with a `credential_process`: those that `ob` writes, one for each
//! profile of the settings, and those written by hand. They hold no secret.

use super::endpoint::Region;
use super::ini_edit::{IniError, IniText, is_section_byte};
use super::marked_block::PROFILES;
use crate::ini::read;

/// A profile to write.
#[derive(Clone, Debug)]
pub struct ConfigProfile {
    /// The name from [`config_profile_name`].
    pub name: String,
    /// The words of the command that prints credentials.
    pub command: Vec<String>,
    pub region: Option<Region>,
}

/// A profile in the config file.
#[derive(Debug)]
pub struct AwsProfile {
    /// The words of its `credential_process`, if all tools read the same words.
    pub command: Option<Vec<String>>,
    /// Whether `ob` wrote it and may replace it. An error if the marks are broken.
    pub is_ours: Result<bool, IniError>,
}

/// Returns `ob/NAME`, the AWS profile for a profile of the settings, which cannot be one of the
/// user's own. Returns `None` if an SDK would not accept the name.
pub fn config_profile_name(profile: &str) -> Option<String> {
    let is_valid = (1..=128).contains(&profile.len()) && profile.bytes().all(is_section_byte);
    is_valid.then(|| format!("ob/{profile}"))
}

/// Returns `text` with these profiles as `ob`'s part, in its old place or at the end.
///
/// # Errors
/// [`IniError`] if the marks are broken, a profile exists outside of them, or a word cannot be
/// written.
pub fn with_block(text: &str, profiles: &[ConfigProfile]) -> Result<String, IniError> {
    let mut lines = Vec::new();
    for profile in profiles {
        lines.push(format!("[profile {}]", profile.name));
        let command = command_line(&profile.command)?;
        lines.push(format!("credential_process = {command}"));
        lines.extend(profile.region.iter().map(Region::config_line));
    }
    let names = profiles.iter().map(|profile| profile.name.as_str());
    PROFILES.write(IniText::parse(text), names, lines)
}

/// Returns `text` without `ob`'s part.
///
/// # Errors
/// [`IniError`] if the marks are broken, or keys without a section follow them.
pub fn without_block(text: &str) -> Result<String, IniError> {
    PROFILES.remove(text).map(|(text, _)| text)
}

/// Whether the credentials file `text` has a section `name`, whose keys precede any
/// `credential_process`.
pub fn has_section(text: &str, name: &str) -> bool {
    !matches!(IniText::parse(text).section(name), Ok(None))
}

/// Returns the programs that `ob`'s part of the config file calls, each once.
pub fn block_programs(text: &str) -> Vec<String> {
    let ini = IniText::parse(text);
    let Ok(Some(range)) = PROFILES.find(&ini) else {
        return Vec::new();
    };
    let program = |at: usize| {
        let command = ini.line(at).strip_prefix("credential_process = ")?;
        match command
            .strip_prefix('"')
            .and_then(|rest| rest.split_once('"'))
        {
            Some((program, _)) => Some(program.to_owned()),
            None => command.split(' ').next().map(str::to_owned),
        }
    };
    let mut programs: Vec<String> = range.filter_map(program).collect();
    programs.sort();
    programs.dedup();
    programs
}

/// Finds the profile `name` in the config file `text`.
///
/// # Errors
/// [`IniError`] if it is there twice, or the tools disagree on where.
pub fn aws_profile(text: &str, name: &str) -> Result<Option<AwsProfile>, IniError> {
    let ini = IniText::parse(text);
    let Some(section) = ini.section(&format!("profile {name}"))? else {
        return Ok(None);
    };
    let start = section.start;
    let is_here = |line: usize| section.contains(&(line - 1));
    let read = read(text);
    let mut entries = read.sections.iter().flat_map(|section| &section.entries);
    let command = entries.find(|entry| is_here(entry.line) && entry.is("credential_process"));
    let is_valid = !read.faults.iter().any(|fault| is_here(fault.line));
    let command = command.filter(|entry| is_valid && entry.continued().is_none());
    let command = command.and_then(|entry| command_words(&entry.value()));
    let own = PROFILES.find(&ini);
    let is_ours = own.map(|own| own.is_some_and(|own| own.contains(&start)));
    Ok(Some(AwsProfile { command, is_ours }))
}

/// Splits a command into words that botocore (shlex) and the other SDKs (`sh -c`) read alike.
/// Returns `None` if a shell would do more than split words, or part of it may be a comment.
fn command_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"'), '\\' | '$' | '`') => return None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, c) if c.is_control() || "\\$`|&;<>()*?[]#!{}".contains(c) => return None,
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Joins the words of a command so that botocore (shlex), the other SDKs (`sh -c`) and their INI
/// parsers read them alike: plain words unchanged, words with a blank in double quotes.
///
/// # Errors
/// [`IniError::Value`] if a word has any other character.
pub fn command_line(words: &[String]) -> Result<String, IniError> {
    let is_plain = |byte: u8| is_section_byte(byte) || b"=,~ ".contains(&byte);
    let quote = |word: &String| {
        if word.is_empty() || !word.bytes().all(is_plain) {
            return Err(IniError::Value("credential_process"));
        }
        Ok(match word.contains(' ') {
            true => format!("\"{word}\""),
            false => word.clone(),
        })
    };
    let words: Vec<String> = words.iter().map(quote).collect::<Result<_, _>>()?;
    Ok(words.join(" "))
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
    fn block_is_added_replaced_in_place_and_removed() {
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
    fn windows_line_ends_are_kept() {
        let after = with_block("[default]\r\nregion=x\r\n", &dev()).unwrap();
        assert_eq!(
            after,
            format!("[default]\nregion=x\n\n{WRITTEN}").replace('\n', "\r\n")
        );
    }

    #[test]
    fn ambiguous_files_are_refused() {
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
    fn only_names_and_commands_of_every_sdk_are_written() {
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

    #[test]
    fn command_by_hand_is_split_where_all_tools_agree() {
        let read = |line: &str| command_words(line).map(|words| words.join("|"));
        for (line, expected) in [
            (" ob credential -p dev", "ob|credential|-p|dev"),
            (
                "ob\tcredential  --profile=dev ",
                "ob|credential|--profile=dev",
            ),
            (
                "\"/opt/my tools/ob\" credential -p 'a b'",
                "/opt/my tools/ob|credential|-p|a b",
            ),
            ("ob cred''ential '$x'", "ob|credential|$x"),
            ("ob ''", "ob|"),
        ] {
            assert_eq!(read(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "ob credential # -p dev",
            "ob credential ; id",
            "$HOME/ob credential",
            "ob \"$x\"",
            "ob 'x",
            "ob credential -p dev | tee x",
            "ob a\\ b",
            "ob $(id)",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn profile_is_ours_between_our_marks() {
        let of = |text: &str| aws_profile(text, "ob/dev").unwrap().unwrap();
        let ours = of(WRITTEN);
        assert_eq!(ours.is_ours, Ok(true));
        assert_eq!(
            ours.command.unwrap(),
            ["/opt/my tools/ob", "credential", "-p", "dev"]
        );
        let theirs = of("[profile \"ob/dev\"]\ncredential_process=ob credential\n[x]\n");
        assert_eq!(theirs.is_ours, Ok(false));
        assert_eq!(theirs.command.unwrap(), ["ob", "credential"]);
        assert_eq!(
            of("[profile ob/dev]\nregion = x\n[profile b]\ncredential_process = x\n").command,
            None
        );
        let broken = of("# >>> ob\n[profile ob/dev]\n");
        assert_eq!(broken.is_ours, Err(IniError::Markers(1)));
        assert!(aws_profile("", "ob/dev").unwrap().is_none());
    }

    proptest! {
        #[test]
        fn removing_the_block_restores_the_file(
            lines in proptest::collection::vec("[ -~\t]{0,20}\r?", 0..12)
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let Ok(with) = with_block(&text, &dev()) else { return Ok(()); };
            prop_assert_eq!(without_block(&with).unwrap(), text);
        }
    }
}
