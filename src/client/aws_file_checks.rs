//! Whether the aws CLI and boto3 can read the two AWS files.

use std::path::Path;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::aws::has_section;
use crate::aws_files::{Kind, read};
use crate::client::context::Context;
use crate::ini;
use crate::report::{ErrorCode, Report};

/// What the aws CLI and boto3 stop at in the AWS file at `path`; nothing when they can read it.
///
/// # Errors
/// When it cannot be read here.
pub fn unreadable(path: &Path) -> Result<Option<Report>, Report> {
    let text = Zeroizing::new(read(path)?);
    Ok(ini::unreadable(&ini::read(&text), path))
}

/// Refuses an AWS file that the aws CLI and boto3 cannot read.
///
/// # Errors
/// Names the file and each line that they stop at.
pub fn refuse_unreadable(path: &Path) -> Result<(), Report> {
    unreadable(path)?.map_or(Ok(()), Err)
}

/// Refuses to lead a program to the AWS files when the aws CLI and boto3 cannot read one of them.
///
/// # Errors
/// As [`refuse_unreadable`].
pub fn refuse_unreadable_files(context: &Context) -> Result<(), Report> {
    for kind in [Kind::Config, Kind::Credentials] {
        refuse_unreadable(&kind.path(&context.environment)?)?;
    }
    Ok(())
}

/// What a script is told of an AWS file that the aws CLI and boto3 cannot read.
pub fn as_warning(report: &Report) -> Value {
    json!({ "error": report.name(), "summary": report.summary, "causes": report.causes })
}

/// Refuses, under the name `failure`, keys in the credentials file under the profile's own name: the AWS tools take
/// them before they ask its process.
///
/// # Errors
/// When there are some, or the file cannot be read.
pub fn refuse_shadowed(context: &Context, name: &str, failure: ErrorCode) -> Result<(), Report> {
    let path = Kind::Credentials.path(&context.environment)?;
    let text = Zeroizing::new(read(&path)?);
    if !has_section(&text, name) {
        return Ok(());
    }
    let path = path.display();
    Err(Report::new(failure, format!("{path} has keys for {name}"))
        .cause("the AWS tools take them before they ask ob")
        .hint(format!("take the section `[{name}]` out of {path}")))
}
