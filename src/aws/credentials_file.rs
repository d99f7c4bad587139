//! `ob`'s sections of `~/.aws/credentials`. A comment marks each of them, and only marked sections
//! are changed or removed.

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
    pub fn own_sections(&self) -> Vec<&str> {
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
        let ours = self.own_sections().into_iter();
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
mod tests;
