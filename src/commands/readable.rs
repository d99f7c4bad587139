//! Whether the aws CLI and boto3 can read the two AWS files.

use std::path::Path;

use zeroize::Zeroizing;

use crate::aws_files::read;
use crate::commands::Context;
use crate::ini;
use crate::report::Report;

/// What the aws CLI and boto3 stop at in the AWS file at `path`; nothing when they can read it.
///
/// # Errors
/// When it cannot be read here.
pub(super) fn unreadable(path: &Path) -> Result<Option<Report>, Report> {
    let text = Zeroizing::new(read(path)?);
    Ok(ini::unreadable(&ini::read(&text), path))
}

/// Refuses an AWS file that the aws CLI and boto3 cannot read.
///
/// # Errors
/// Names the file and each line that they stop at.
pub(super) fn refuse_unreadable(path: &Path) -> Result<(), Report> {
    unreadable(path)?.map_or(Ok(()), Err)
}

/// Warns of the same, since other tools pass over such lines.
///
/// # Errors
/// When it cannot be read here.
pub(super) fn warn_unreadable(context: &Context, path: &Path) -> Result<(), Report> {
    if let Some(report) = unreadable(path)? {
        context.voice.report(&report);
    }
    Ok(())
}
