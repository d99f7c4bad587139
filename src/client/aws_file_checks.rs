//! Checks whether the AWS tools can use the two AWS files.

use std::path::Path;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::aws::has_section;
use crate::aws_files::{Kind, read};
use crate::client::context::Context;
use crate::ini;
use crate::report::{ErrorCode, Report};

/// Returns the lines of the AWS file at `path` that the aws CLI and boto3 reject, if there are
/// some.
///
/// # Errors
/// When the file cannot be read.
pub fn unreadable(path: &Path) -> Result<Option<Report>, Report> {
    let text = Zeroizing::new(read(path)?);
    Ok(ini::unreadable(&ini::read(&text), path))
}

/// Rejects an AWS file that the aws CLI and boto3 cannot read.
///
/// # Errors
/// Names the file and each line that they stop at.
pub fn refuse_unreadable(path: &Path) -> Result<(), Report> {
    unreadable(path)?.map_or(Ok(()), Err)
}

/// Rejects the two AWS files if the aws CLI and boto3 cannot read one of them.
///
/// # Errors
/// As [`refuse_unreadable`].
pub fn refuse_unreadable_files(context: &Context) -> Result<(), Report> {
    for kind in [Kind::Config, Kind::Credentials] {
        refuse_unreadable(&kind.path(&context.environment)?)?;
    }
    Ok(())
}

/// Returns the `warning` of a JSON answer for the report of [`unreadable`].
pub fn as_warning(report: &Report) -> Value {
    json!({ "error": report.name(), "summary": report.summary, "causes": report.causes })
}

/// Rejects a credentials file that has keys for the profile `name`: the AWS tools prefer them to
/// its `credential_process`. The error has the given code.
///
/// # Errors
/// When there are such keys, or the file cannot be read.
pub fn refuse_shadowed(context: &Context, name: &str, code: ErrorCode) -> Result<(), Report> {
    let path = Kind::Credentials.path(&context.environment)?;
    let text = Zeroizing::new(read(&path)?);
    if !has_section(&text, name) {
        return Ok(());
    }
    let path = path.display();
    Err(Report::new(code, format!("{path} has keys for {name}"))
        .cause("the AWS tools take them before they ask ob")
        .hint(format!("take the section `[{name}]` out of {path}")))
}
