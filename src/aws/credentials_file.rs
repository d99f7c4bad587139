//! `ob`'s sections of `~/.aws/credentials`: each carries a comment that says whose it is, and only those are
//! ever changed or taken out.

use zeroize::Zeroizing;

use super::config_block::is_plain;
use super::ini::{Ini, IniError};
use crate::ini::read;
use crate::model::{Credentials, Timestamp};

const MARK: &str = "# written by ob, taken out by `ob write --clean`";

/// What is ours in a section.
const KEYS: [&str; 5] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    // Not read by any SDK; okta-aws-cli and its kin write it for scripts.
    "x_security_token_expires",
    "aws_security_token",
];

/// The file's text on its way from one state to the next.
#[derive(Debug)]
pub struct CredentialsFile(Ini);

/// What to do with a section of the same name that the user wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignSection {
    Refuse,
    /// Its keys go, its comments stay.
    Replace,
}

impl CredentialsFile {
    pub fn parse(text: &str) -> Self {
        Self(Ini::parse(text))
    }

    /// Makes the section `name` hold `credentials`; `legacy` adds `aws_security_token`.
    ///
    /// # Errors
    /// When the name or a value cannot be written, or the section is the user's or stands there twice.
    pub fn put(
        &mut self,
        name: &str,
        credentials: &Credentials,
        legacy: bool,
        theirs: ForeignSection,
    ) -> Result<(), IniError> {
        if name.is_empty() || name.len() > 256 || !name.bytes().all(is_plain) {
            return Err(IniError::Name(name.chars().take(64).collect()));
        }
        let keys = key_lines(credentials, legacy)?;
        let Some(range) = self.0.section(name)? else {
            let mut lines = vec![format!("[{name}]"), MARK.to_owned()];
            lines.extend(keys);
            self.0.append(&lines);
            return Ok(());
        };
        let ours = self.is_ours(range.start);
        if !ours && theirs == ForeignSection::Refuse {
            return Err(IniError::Foreign(name.to_owned()));
        }
        // From behind, so that the places in front stay where they are.
        for at in self
            .key_places(range.clone(), |key| !ours || KEYS.contains(&key))
            .into_iter()
            .rev()
        {
            self.0.replace(at, &[]);
        }
        let at = range.start + 1;
        let mut lines = Vec::new();
        if !ours {
            lines.push(MARK.to_owned());
        }
        lines.extend(keys);
        let at = if ours { at + 1 } else { at };
        self.0.replace(at..at, &lines);
        Ok(())
    }

    /// Takes out every section of ours and answers with their names. What the user added to one stays.
    pub fn clean(&mut self) -> Vec<String> {
        self.clean_those(|_| true)
    }

    fn clean_those(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut cleaned = Vec::new();
        for start in (0..self.0.len()).rev() {
            if !self.is_ours(start) || !self.0.header(start).is_some_and(&wanted) {
                continue;
            }
            cleaned.extend(self.0.header(start).map(ToOwned::to_owned));
            let range = start..self.0.end_of_section(start);
            for at in self
                .key_places(range, |key| KEYS.contains(&key))
                .into_iter()
                .rev()
            {
                self.0.replace(at, &[]);
            }
            let end = self.0.end_of_section(start);
            let only_silence = (start + 2..end).all(|at| self.0.is_silent(at));
            if only_silence {
                self.0.cut(start..start + 2);
            } else {
                self.0.replace(start + 1..start + 2, &[]);
            }
        }
        cleaned.reverse();
        cleaned
    }

    /// Takes out the section `name` if it is ours; what the user added to it stays. Keys in a section of the user's,
    /// which some tools would take instead of what stands under that name in the config file, are refused or taken out.
    ///
    /// # Errors
    /// When there are such keys, or the section stands there twice.
    pub fn remove_section(&mut self, name: &str, theirs: ForeignSection) -> Result<(), IniError> {
        self.clean_those(|section| section == name);
        let Some(range) = self.0.section(name)? else {
            return Ok(());
        };
        let keys = self.key_places(range, |key| KEYS.contains(&key));
        if theirs == ForeignSection::Refuse && !keys.is_empty() {
            return Err(IniError::Foreign(name.to_owned()));
        }
        for at in keys.into_iter().rev() {
            self.0.replace(at, &[]);
        }
        Ok(())
    }

    /// The names of the sections that are ours.
    pub fn ours(&self) -> Vec<&str> {
        let starts = (0..self.0.len()).filter(|at| self.is_ours(*at));
        starts.filter_map(|at| self.0.header(at)).collect()
    }

    /// The sections that are ours and whose keys have not expired at `now`, each with the time when they do.
    pub fn unexpired(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let read = read(&Zeroizing::new(self.to_string()));
        let expiry = |name: &str| {
            let expiry = read.section(name)?.get(KEYS[3])?.value();
            Timestamp::from_rfc3339(&expiry).filter(|expiry| *expiry > now)
        };
        let ours = self.ours().into_iter();
        ours.filter_map(|name| Some((name.to_owned(), expiry(name)?)))
            .collect()
    }

    fn is_ours(&self, start: usize) -> bool {
        start + 1 < self.0.len()
            && self.0.header(start).is_some()
            && self.0.line(start + 1).trim() == MARK
    }

    /// The lines of each key that `wanted` picks, continued lines included.
    fn key_places(
        &self,
        section: std::ops::Range<usize>,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<std::ops::Range<usize>> {
        let mut places: Vec<std::ops::Range<usize>> = Vec::new();
        let mut inside = false;
        for at in section.start + 1..section.end {
            let line = self.0.line(at);
            if self.0.is_silent(at) {
                inside = false;
                continue;
            }
            let continued = line.starts_with([' ', '\t']) && !line.contains('=');
            if continued
                && inside
                && let Some(last) = places.last_mut()
            {
                last.end = at + 1;
                continue;
            }
            let key = line.split(['=', ':']).next().unwrap_or_default().trim();
            inside = wanted(&key.to_ascii_lowercase());
            if inside {
                places.push(at..at + 1);
            }
        }
        places
    }
}

impl std::fmt::Display for CredentialsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    let pairs = KEYS
        .into_iter()
        .zip(values)
        .take(if legacy { 5 } else { 4 });
    pairs
        .map(|(key, value)| {
            // Printable and without the characters that some reader takes for a comment or a quote.
            let fits = |byte: u8| byte.is_ascii_graphic() && !b"\"'#;\\".contains(&byte);
            if value.is_empty() || value.len() > 8192 || !value.bytes().all(fits) {
                return Err(IniError::Value(key));
            }
            Ok(format!("{key} = {value}"))
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
        theirs: ForeignSection,
    ) -> Result<String, IniError> {
        let mut file = CredentialsFile::parse(text);
        file.put(name, &credentials(token), false, theirs)?;
        Ok(file.to_string())
    }

    fn section(name: &str, token: &str) -> String {
        format!(
            "[{name}]\n{MARK}\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cr+et=\n\
             aws_session_token = {token}\nx_security_token_expires = 2026-11-22T01:02:55Z\n"
        )
    }

    const MINE: &str = "; old\r\n[default]\r\n  aws_access_key_id=AKIA ; mine\r\n\r\n[ work ]  # two\r\nrole_arn =\r\n  arn\r\n[work2]\r\n[work2]\r\n";

    #[test]
    fn a_section_comes_is_renewed_in_place_and_goes() {
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
    fn odd_spacing_line_ends_comments_and_other_peoples_duplicates_survive() {
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
    fn the_users_own_section_is_refused_or_replaced_when_asked_for() {
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
    fn keys_of_the_users_under_a_name_are_refused_or_taken_out_and_the_rest_stays() {
        let mine = "[dev]\n# keep me\naws_access_key_id = AKIA\nregion = x\n[b]\n";
        let out = |text: &str, theirs| {
            let mut file = CredentialsFile::parse(text);
            file.remove_section("dev", theirs)
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
    fn hostile_names_and_values_are_named_not_written() {
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
        fn cleaning_leaves_any_file_as_it_was(
            lines in proptest::collection::vec("[ -~\t]{0,20}\r?|\\[[a-c ]{1,3}\\]|[a-c]{1,2} ?[=:] ?[a-c]{0,2}", 0..14),
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
