//! Values of flags, parsed as the settings of the same meaning.

use super::keys::find;
use super::kind::{Kind, Raw};
use super::value::Value;
use crate::report::{ErrorCode, Report};

/// The flags that were typed; they take precedence over all settings.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--org NAME`: one of `[orgs]`.
    pub org: Option<String>,
    /// `-p`.
    pub profile: Option<String>,
    /// `-r`: without `-p` it takes no profile.
    pub role: Option<String>,
    pub provider: Option<String>,
    pub region: Option<String>,
    pub duration: Option<String>,
    pub read_only: bool,
    /// As typed; empty for those of the profile.
    pub policy_arns: Vec<String>,
}

impl Flags {
    /// Returns `-p PROFILE` alone.
    pub fn for_profile(profile: &str) -> Self {
        Self {
            profile: Some(profile.to_owned()),
            ..Self::default()
        }
    }
}

/// Parses `text`, typed for `flag`, as a value of the setting at `path`.
///
/// # Errors
/// When the setting would refuse it; the report shows a value that it takes.
pub fn parse_flag(flag: &'static str, path: &'static str, text: &str) -> Result<Value, Report> {
    let summary = format!("cannot use {flag}");
    parse(path, text, summary, &format!("{flag} "))
}

/// Parses `text`, the user's answer, as a value of the setting at `path`.
///
/// # Errors
/// As [`parse_flag`].
pub fn parse_answer(path: &'static str, text: &str) -> Result<Value, Report> {
    parse(path, text, "cannot use this answer".to_owned(), "")
}

fn parse(path: &'static str, text: &str, summary: String, before: &str) -> Result<Value, Report> {
    let Some(key) = find(&path.split('.').collect::<Vec<_>>()) else {
        return Ok(Value::Text(text.to_owned()));
    };
    let raw = match key.kind {
        Kind::Policies => Raw::List(text.split(',').map(str::trim).collect()),
        _ => Raw::Text(text),
    };
    key.kind.parse(&raw).map_err(|error| {
        let example = key.example.trim_matches('"');
        Report::new(ErrorCode::ConfigFlag, summary)
            .cause(error)
            .hint(format!("write it like `{before}{example}`"))
    })
}
