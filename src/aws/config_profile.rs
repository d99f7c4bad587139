//! A profile of `~/.aws/config` as it stands there, written by `ob` or by hand.

use super::config_block::MARKS;
use super::ini::{Ini, IniError};
use crate::ini::read;

/// A profile that stands in the config file.
#[derive(Debug)]
pub struct AwsProfile {
    /// The words of its one `credential_process`, where no tool could read other ones.
    pub command: Option<Vec<String>>,
    /// Whether it is in `ob`'s part, so that it may be written anew.
    ///
    /// # Errors
    /// When the marks are broken.
    pub is_ours: Result<bool, IniError>,
}

/// The AWS profile `name` of `text`, in `ob`'s part or by hand.
///
/// # Errors
/// When it is there twice, or the tools would not agree on where.
pub fn aws_profile(text: &str, name: &str) -> Result<Option<AwsProfile>, IniError> {
    let ini = Ini::parse(text);
    let Some(section) = ini.section(&format!("profile {name}"))? else {
        return Ok(None);
    };
    let start = section.start;
    let is_here = |line: usize| section.contains(&(line - 1));
    let read = read(text);
    let mut entries = read.sections.iter().flat_map(|section| &section.entries);
    let command = entries.find(|entry| is_here(entry.line) && entry.is("credential_process"));
    let is_plain = !read.faults.iter().any(|fault| is_here(fault.line));
    let command = command.filter(|entry| is_plain && entry.continued().is_none());
    let command = command.and_then(|entry| command_words(&entry.value()));
    let place = MARKS.place(&ini);
    let is_ours = place.map(|place| place.is_some_and(|place| place.contains(&start)));
    Ok(Some(AwsProfile { command, is_ours }))
}

/// The words of a command that botocore (shlex) and the other SDKs (`sh -c`) read alike: none where a shell would do
/// more than part words, or what stands there may be a comment.
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

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "\
# >>> ob: written
[profile ob/dev]
credential_process = \"/opt/my tools/ob\" credential -p dev
# <<< ob
";

    #[test]
    fn a_command_by_hand_is_read_word_by_word_where_all_tools_read_the_same() {
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
    fn a_profile_is_ours_where_it_stands_between_our_marks() {
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
}
