//! `ob write --clean`: removes everything that `ob` has written to the AWS files.

use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::links;
use super::outcome::section_list;
use crate::aws::CredentialsFile;
use crate::aws_files::{self, Kind};
use crate::client::Context;
use crate::report::Report;
use crate::terminal::defer_signals;

/// Runs `ob write --clean`.
///
/// # Errors
/// When a file cannot be edited. It is unchanged then.
pub(super) fn run(path: &Path, context: &Context) -> Result<ExitCode, Report> {
    // First, because they may hold keys that are in no other file.
    let mut leftovers = aws_files::remove_leftovers(path)?;
    let removed = RefCell::new(Vec::new());
    if path.symlink_metadata().is_ok() {
        defer_signals(|| {
            aws_files::edit(path, Kind::Credentials, |text| {
                let mut file = CredentialsFile::parse(text);
                removed.replace(file.clean());
                Ok(file.to_string())
            })
        })?;
    }
    let removed = removed.into_inner();
    let list = |names: &[String]| section_list(names.iter().map(String::as_str));
    // A fault in the config file does not keep the keys in the credentials file.
    let unlinked = links::remove_all(context, &mut leftovers).map_err(|report| {
        if removed.is_empty() {
            return report;
        }
        report.hint(format!(
            "the keys are gone all the same: took {} out of {}",
            list(&removed),
            path.display()
        ))
    })?;
    if context.globals.json {
        context.output.data_json(json!({
            "file": path,
            "removed": removed,
            "unlinked": unlinked,
            "leftovers": leftovers,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = path.display();
    let mut lines: Vec<String> = leftovers
        .iter()
        .map(|leftover| {
            format!(
                "ob: removed {}, which a write that was cut short had left",
                leftover.display()
            )
        })
        .collect();
    if !removed.is_empty() {
        lines.push(format!("ob: took {} out of {path}", list(&removed)));
    }
    if !unlinked.is_empty() {
        let unlinked = list(&unlinked);
        lines.push(format!("ob: took {unlinked} out of the AWS config file"));
    }
    if lines.is_empty() {
        lines.push(format!("ob: there was nothing of ob's in {path}"));
    }
    for line in lines {
        context.output.message(&line);
    }
    Ok(ExitCode::SUCCESS)
}
