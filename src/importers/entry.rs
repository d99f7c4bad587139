//! What is read, and what it comes to.

use std::fmt;

use zeroize::Zeroizing;

/// A key and its value at a line (0: it is of no file). The value may be a secret: only the key is ever printed.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Where it stands, if that is not the profile it is read for.
    pub(super) section: Option<String>,
    pub(super) value: Zeroizing<String>,
    pub(super) line: usize,
}

impl Entry {
    pub(super) fn new(key: &str, value: &str, line: usize) -> Self {
        Self {
            key: key.to_owned(),
            section: None,
            value: Zeroizing::new(value.to_owned()),
            line,
        }
    }

    pub(super) fn is(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// The same for a profile that takes it over from `section`.
    pub(super) fn inherited(&self, section: &str) -> Self {
        Self {
            section: Some(section.to_owned()),
            ..self.clone()
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.key)
    }
}

/// The entries between two headers.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// The header's line; 0 where the file has none.
    pub(super) line: usize,
    pub(super) entries: Vec<Entry>,
}

/// Where in `ob`'s settings a value belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A key of `[org]`, or of one of `[orgs]`.
    Org(&'static str),
    /// A key of the profile it was found in.
    Profile(&'static str),
    /// The profile's `app`, as a path at its org.
    AppPath,
    /// The profile's `policy_arns`, one after the other with commas.
    Policies,
}

/// A value that has a twin; nothing has judged it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub place: Place,
    pub value: String,
    /// The other tool's key, its section before it.
    pub key: String,
    pub line: usize,
}

/// Something that is not taken over. Its value is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Empty for a line as a whole.
    pub key: String,
    pub line: usize,
    pub why: String,
    /// Whether the line itself is no good.
    pub wrong: bool,
}

/// One profile of the other tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub settings: Vec<Setting>,
    /// Roles to assume after the first.
    pub chain: Vec<String>,
    /// Whether it has a limit that is left out.
    pub is_wider: bool,
}

/// A word for roles or for identity providers, by ARN or expression; nothing has judged either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLabel {
    pub pattern: String,
    pub text: String,
    /// Of a provider, else of a role.
    pub is_provider: bool,
    pub key: String,
    pub line: usize,
}

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub profiles: Vec<Profile>,
    /// Account numbers, their names, the key that gave them and its line.
    pub accounts: Vec<(String, String, String, usize)>,
    /// In the order of the file.
    pub labels: Vec<FoundLabel>,
    pub left_out: Vec<LeftOut>,
    /// Lines that are odd and were read all the same, and what is odd.
    pub notes: Vec<(usize, String)>,
}

impl Findings {
    pub(super) fn leave_out(
        &mut self,
        key: impl Into<String>,
        line: usize,
        why: impl Into<String>,
    ) {
        self.add(key.into(), line, why.into(), false);
    }

    /// The same for what is no good itself; without a key it is the whole line.
    pub(super) fn lose(&mut self, key: impl Into<String>, line: usize, why: impl Into<String>) {
        self.add(key.into(), line, why.into(), true);
    }

    fn add(&mut self, key: String, line: usize, why: String, wrong: bool) {
        let left = LeftOut {
            key,
            line,
            why,
            wrong,
        };
        // Inherited by several profiles, it is said once.
        if !self.left_out.contains(&left) {
            self.left_out.push(left);
        }
    }
}
