//! `ob`'s sections of `~/.aws/credentials`. A comment marks each of them, and only marked sections are
//! changed or removed.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use super::ini_edit::{IniError, IniText, check_section_name};
use crate::ini::read;
use crate::model::{Credentials, Timestamp};

const MARK: &str = "# written by ob, taken out by `ob write --clean`";

/// No SDK reads it; okta-aws-cli and similar tools write it for scripts.
const EXPIRY_KEY: &str = "x_security_token_expires";
/// The keys that `ob` writes.
const KEYS: [&str; 5] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    EXPIRY_KEY,
    "aws_security_token",
];
const MAX_VALUE_BYTES: usize = 8192;

/// The text of the file.
#[derive(Debug)]
pub struct CredentialsFile(IniText);

/// The treatment of a section of the same name that the user wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignSection {
    Refuse,
    /// Removes its keys and keeps its comments.
    Replace,
}

impl CredentialsFile {
    pub fn parse(text: &str) -> Self {
        Self(IniText::parse(text))
    }

    /// Writes `credentials` into the section `name`. `legacy` adds `aws_security_token`.
    ///
    /// # Errors
    /// [`IniError`] if the name or a value cannot be written, or the section is the user's or
    /// exists twice.
    pub fn put(
        &mut self,
        name: &str,
        credentials: &Credentials,
        legacy: bool,
        foreign: ForeignSection,
    ) -> Result<(), IniError> {
        check_section_name(name)?;
        let keys = key_lines(credentials, legacy)?;
        let Some(section) = self.0.section(name)? else {
            let mut lines = vec![format!("[{name}]"), MARK.to_owned()];
            lines.extend(keys);
            self.0.append(&lines);
            return Ok(());
        };
        let header = section.start;
        if self.own_header(header).is_some() {
            self.remove_keys(section, |key| KEYS.contains(&key));
            self.0.replace(header + 2..header + 2, &keys);
        } else if foreign == ForeignSection::Refuse {
            return Err(IniError::Foreign(name.to_owned()));
        } else {
            self.remove_keys(section, |_| true);
            let lines: Vec<String> = [MARK.to_owned()].into_iter().chain(keys).collect();
            self.0.replace(header + 1..header + 1, &lines);
        }
        Ok(())
    }

    /// Removes `ob`'s sections and returns their names. Lines that the user added stay.
    pub fn clean(&mut self) -> Vec<String> {
        self.clean_sections(|_| true)
    }

    fn clean_sections(&mut self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut cleaned = Vec::new();
        for header in (0..self.0.len()).rev() {
            let name = self.own_header(header).filter(|name| is_wanted(name));
            let Some(name) = name.map(str::to_owned) else {
                continue;
            };
            cleaned.push(name);
            let section = header..self.0.end_of_section(header);
            self.remove_keys(section, |key| KEYS.contains(&key));
            let end = self.0.end_of_section(header);
            if (header + 2..end).all(|at| self.0.is_comment(at)) {
                self.0.remove(header..header + 2);
            } else {
                self.0.replace(header + 1..header + 2, &[]);
            }
        }
        cleaned.reverse();
        cleaned
    }

    /// Removes the section `name` if it is `ob`'s. Lines that the user added stay.
    ///
    /// Some tools would take keys in a section of the user's instead of the profile of that name
    /// in the config file. They are refused or removed.
    ///
    /// # Errors
    /// [`IniError`] if there are such keys, or the section exists twice.
    pub fn remove_section(&mut self, name: &str, foreign: ForeignSection) -> Result<(), IniError> {
        self.clean_sections(|section| section == name);
        let Some(section) = self.0.section(name)? else {
            return Ok(());
        };
        let is_key = |key: &str| KEYS.contains(&key);
        let has_keys = !self.key_ranges(section.clone(), is_key).is_empty();
        if foreign == ForeignSection::Refuse && has_keys {
            return Err(IniError::Foreign(name.to_owned()));
        }
        self.remove_keys(section, is_key);
        Ok(())
    }

    /// Returns the names of `ob`'s sections.
    pub fn ours(&self) -> Vec<&str> {
        (0..self.0.len())
            .filter_map(|at| self.own_header(at))
            .collect()
    }

    /// Returns `ob`'s sections whose keys have not expired at `now`, with the time of expiry.
    pub fn unexpired(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let read = read(&Zeroizing::new(self.to_string()));
        let expiry = |name: &str| {
            let expiry = read.section(name)?.get(EXPIRY_KEY)?.value();
            Timestamp::from_rfc3339(&expiry).filter(|expiry| *expiry > now)
        };
        let ours = self.ours().into_iter();
        ours.filter_map(|name| Some((name.to_owned(), expiry(name)?)))
            .collect()
    }

    /// Returns the section's name if the line is the header of one of `ob`'s sections.
    fn own_header(&self, at: usize) -> Option<&str> {
        let is_marked = at + 1 < self.0.len() && self.0.line(at + 1).trim() == MARK;
        is_marked.then(|| self.0.header(at)).flatten()
    }

    /// Removes the keys of the section that `is_wanted` selects.
    fn remove_keys(&mut self, section: Range<usize>, is_wanted: impl Fn(&str) -> bool) {
        // Backwards, so that the ranges before a removed one stay valid.
        for range in self.key_ranges(section, is_wanted).into_iter().rev() {
            self.0.replace(range, &[]);
        }
    }

    /// Returns the lines of each key that `is_wanted` selects, with continuation lines.
    fn key_ranges(
        &self,
        section: Range<usize>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut is_inside = false;
        for at in section.start + 1..section.end {
            let line = self.0.line(at);
            if self.0.is_comment(at) {
                is_inside = false;
                continue;
            }
            let is_continuation = line.starts_with([' ', '\t']) && !line.contains('=');
            if is_continuation
                && is_inside
                && let Some(last) = ranges.last_mut()
            {
                last.end = at + 1;
                continue;
            }
            let key = line.split(['=', ':']).next().unwrap_or_default().trim();
            is_inside = is_wanted(&key.to_ascii_lowercase());
            if is_inside {
                ranges.push(at..at + 1);
            }
        }
        ranges
    }
}

impl fmt::Display for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn key_lines(credentials: &Credentials, legacy: bool) -> Result<Vec<String>, IniError> {
    let token = credentials.session_token.expose();
    let expires = credentials.expires_at.to_string();
    let values = [
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.expose(),
        token,
        &expires,
        token,
    ];
    let pairs = KEYS.into_iter().zip(values);
    pairs
        .take(if legacy { 5 } else { 4 })
        .map(|(key, value)| {
            // Without the characters that a parser takes for a comment or a quote.
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'#;\\".contains(&byte);
            let is_valid =
                (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.bytes().all(is_plain);
            match is_valid {
                true => Ok(format!("{key} = {value}")),
                false => Err(IniError::Value(key)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::RoleArn;
    use crate::secret::Secret;

    fn credentials(token: &str) -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("se/cr+et="),
            session_token: Secret::new(token),
            expires_at: Timestamp(1_795_309_375),
            role: RoleArn::parse("arn:aws:iam::123456789012:role/Deploy").unwrap(),
            provider: None,
        }
    }

    fn put(
        text: &str,
        name: &str,
        token: &str,
        foreign: ForeignSection,
    ) -> Result<String, IniError> {
        let mut file = CredentialsFile::parse(text);
        file.put(name, &credentials(token), false, foreign)?;
        Ok(file.to_string())
    }

    fn section(name: &str, token: &str) -> String {
        format!(
            "[{name}]\n{MARK}\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cr+et=\n\
             aws_session_token = {token}\nx_security_token_expires = 2026-11-22T01:02:55Z\n"
        )
    }

    const MINE: &str = "; old\r\n[default]\r\n  aws_access_key_id=AKIA ; mine\r\n\r\n\
        [ work ]  # two\r\nrole_arn =\r\n  arn\r\n[work2]\r\n[work2]\r\n";

    #[test]
    fn section_is_added_renewed_in_place_and_removed() {
        let once = put("[default]\na = b\n", "dev", "one", ForeignSection::Refuse).unwrap();
        assert_eq!(
            once,
            format!("[default]\na = b\n\n{}", section("dev", "one"))
        );
        let more = format!("{once}# note\nregion = eu-west-1\n\n[last]\n");
        let twice = put(&more, "dev", "two", ForeignSection::Refuse).unwrap();
        assert_eq!(twice, more.replace("= one", "= two"));
        let mut file = CredentialsFile::parse(&twice);
        assert_eq!(file.ours(), ["dev"]);
        let expiry = credentials("two").expires_at;
        assert_eq!(
            file.unexpired(expiry.plus(-1)),
            [("dev".to_owned(), expiry)]
        );
        assert_eq!(file.unexpired(expiry), []);
        assert_eq!(file.clean(), ["dev"]);
        assert_eq!(
            file.to_string(),
            "[default]\na = b\n\n[dev]\n# note\nregion = eu-west-1\n\n[last]\n"
        );
    }

    #[test]
    fn formatting_comments_and_duplicates_are_kept() {
        let after = put(MINE, "dev", "t", ForeignSection::Refuse).unwrap();
        assert_eq!(
            after,
            format!("{MINE}\r\n{}", section("dev", "t").replace('\n', "\r\n"))
        );
        let mut file = CredentialsFile::parse(&after);
        file.clean();
        assert_eq!(file.to_string(), MINE);
    }

    #[test]
    fn foreign_section_is_refused_or_replaced() {
        let mine = "[dev]\n# keep me\naws_access_key_id = AKIA\nrole_arn = x\n\n[b]\n";
        let refused = put(mine, "dev", "t", ForeignSection::Refuse);
        assert_eq!(refused, Err(IniError::Foreign("dev".into())));
        let replaced = put(mine, "dev", "t", ForeignSection::Replace).unwrap();
        assert_eq!(
            replaced,
            format!("{}# keep me\n\n[b]\n", section("dev", "t"))
        );
        for text in ["[dev]\n[dev]\n", "[dev]\n[ dev ]\n"] {
            assert!(matches!(
                put(text, "dev", "t", ForeignSection::Replace),
                Err(IniError::Twice(..))
            ));
        }
        for text in ["  [dev]\n", "[a]\nx=\n\t[dev]\n", "[dev] ]\n"] {
            assert!(
                matches!(
                    put(text, "dev", "t", ForeignSection::Replace),
                    Err(IniError::Unclear(..))
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn foreign_keys_are_refused_or_removed() {
        let mine = "[dev]\n# keep me\naws_access_key_id = AKIA\nregion = x\n[b]\n";
        let out = |text: &str, foreign| {
            let mut file = CredentialsFile::parse(text);
            file.remove_section("dev", foreign)
                .map(|()| file.to_string())
        };
        assert_eq!(
            out(mine, ForeignSection::Refuse),
            Err(IniError::Foreign("dev".into()))
        );
        let without = "[dev]\n# keep me\nregion = x\n[b]\n";
        assert_eq!(out(mine, ForeignSection::Replace).unwrap(), without);
        assert_eq!(out(without, ForeignSection::Refuse).unwrap(), without);
        let ours = put("[b]\n", "dev", "t", ForeignSection::Refuse).unwrap();
        assert_eq!(out(&ours, ForeignSection::Refuse).unwrap(), "[b]\n");
        assert!(matches!(
            out("[dev]\n[dev]\n", ForeignSection::Replace),
            Err(IniError::Twice(..))
        ));
    }

    #[test]
    fn hostile_names_and_values_are_refused() {
        for name in [
            "",
            "a]",
            "a\n[b]",
            "a b",
            "$(id)",
            "a\0",
            "a\"b",
            &"x".repeat(10_240),
        ] {
            assert!(
                matches!(
                    put("", name, "t", ForeignSection::Refuse),
                    Err(IniError::Name(_))
                ),
                "{name:?}"
            );
        }
        for value in [
            "",
            "a b",
            "a\n[b]",
            "a\"",
            "a\0",
            "a#",
            "ü",
            "a\r",
            &"x".repeat(10_240),
        ] {
            let refused = put("", "dev", value, ForeignSection::Refuse);
            assert_eq!(
                refused,
                Err(IniError::Value("aws_session_token")),
                "{value:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn cleaning_restores_the_file(
            lines in proptest::collection::vec(
                "[ -~\t]{0,20}\r?|\\[[a-c ]{1,3}\\]|[a-c]{1,2} ?[=:] ?[a-c]{0,2}",
                0..14,
            ),
            names in proptest::collection::vec("[x-z]{1,3}", 1..4),
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let mut file = CredentialsFile::parse(&text);
            for name in &names {
                prop_assume!(file.put(name, &credentials("t"), false, ForeignSection::Refuse).is_ok());
            }
            let mut again = CredentialsFile::parse(&file.to_string());
            again.clean();
            prop_assert_eq!(again.to_string(), text);
        }
    }
}
