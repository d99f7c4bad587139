//! Findings: the settings of another tool, before they are checked.

/// The key of `ob`'s settings that a value becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A key of `[org]`, or of one of `[orgs]`.
    Org(&'static str),
    /// A key of the profile.
    Profile(&'static str),
    /// The profile's `app`, as a path at its org.
    AppPath,
    /// The profile's `policy_arns`, as a list with commas.
    Policies,
}

/// A value that has an equivalent setting. It is not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub destination: Destination,
    pub value: String,
    /// The other tool's key, behind its section.
    pub key: String,
    pub line: usize,
}

/// A key or line that is not imported. Its value is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Empty for a whole line.
    pub key: String,
    pub line: usize,
    pub why: String,
    /// Whether the line or value itself is invalid.
    pub is_invalid: bool,
}

/// One profile of the other tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: String,
    pub settings: Vec<Setting>,
    /// Roles to assume after the first.
    pub chain: Vec<String>,
    /// Whether a limit of its rights is left out, so that it would allow more.
    pub lacks_limit: bool,
}

/// A label of roles or of identity providers. It is not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLabel {
    /// An ARN or an expression.
    pub pattern: String,
    pub text: String,
    /// Whether it is of a provider, else of a role.
    pub is_provider: bool,
    pub key: String,
    pub line: usize,
}

/// A name of an account. It is not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAccount {
    pub number: String,
    pub name: String,
    pub key: String,
    pub line: usize,
}

/// The findings of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub profiles: Vec<Profile>,
    pub accounts: Vec<FoundAccount>,
    /// In the order of the file.
    pub labels: Vec<FoundLabel>,
    pub left_out: Vec<LeftOut>,
    /// Lines that are irregular and were read, and what is irregular.
    pub notes: Vec<(usize, String)>,
}

impl Findings {
    /// Leaves out a key for which `ob` has no equivalent.
    pub(super) fn leave_out(
        &mut self,
        key: impl Into<String>,
        line: usize,
        why: impl Into<String>,
    ) {
        self.add_left_out(key.into(), line, why.into(), false);
    }

    /// Leaves out a key, or without a key a line, that is invalid.
    pub(super) fn reject(&mut self, key: impl Into<String>, line: usize, why: impl Into<String>) {
        self.add_left_out(key.into(), line, why.into(), true);
    }

    fn add_left_out(&mut self, key: String, line: usize, why: String, is_invalid: bool) {
        let left_out = LeftOut {
            key,
            line,
            why,
            is_invalid,
        };
        // Several profiles may inherit it.
        if !self.left_out.contains(&left_out) {
            self.left_out.push(left_out);
        }
    }
}
