//! What is typed for a flag, read as the setting of the same meaning.

use super::keys::find;
use super::value::{Kind, Raw, Value};
use crate::report::{Exit, Report};

/// Reads `given`, typed as `flag`, as a value of the setting at `path`.
///
/// # Errors
/// When the setting would not take it; the report shows one that it takes.
pub fn parse_flag(flag: &'static str, path: &'static str, given: &str) -> Result<Value, Report> {
    read(
        path,
        given,
        format!("cannot use {flag}"),
        &format!("{flag} "),
    )
}

/// Reads `given`, a person's answer, as a value of the setting at `path`.
///
/// # Errors
/// As [`parse_flag`].
pub fn parse_answer(path: &'static str, given: &str) -> Result<Value, Report> {
    read(path, given, "cannot use this answer".to_owned(), "")
}

fn read(path: &'static str, given: &str, summary: String, before: &str) -> Result<Value, Report> {
    let Some(key) = find(&path.split('.').collect::<Vec<_>>()) else {
        return Ok(Value::Text(given.to_owned()));
    };
    let raw = match key.kind {
        // A list in one line has commas.
        Kind::Policies => Raw::List(given.split(',').map(str::trim).collect()),
        _ => Raw::Text(given),
    };
    key.kind.read(&raw).map_err(|error| {
        Report::new(Exit::Usage, "config.flag", summary)
            .cause(error)
            .hint(format!(
                "write it like `{before}{}`",
                key.example.trim_matches('"')
            ))
    })
}

pub(super) fn from_flag(
    flag: &'static str,
    path: &'static str,
    given: Option<&String>,
) -> Result<Option<Value>, Report> {
    given.map(|given| parse_flag(flag, path, given)).transpose()
}
