//! `ob config import`: makes settings from those of other tools. No other command reads those.

mod args;
mod collect;
mod draft;
mod labels;
mod output;
mod profile;
mod render;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::client::Context;
use crate::config::{Existing, check_text, parse_flag, write_new};
use crate::report::{Exit, Report};
pub(super) use args::Args;
use draft::Draft;
use output::{print_draft, print_json, without_address, without_profile};
use sources::read_sources;

/// Runs `ob config import`.
///
/// # Errors
/// When there is nothing to import, a file cannot be read, or the settings cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let url = args.url.as_deref();
    let url = url
        .map(|url| parse_flag("--url", "org.url", url))
        .transpose()?;
    let url = url.map(|url| url.to_string());
    let sources = read_sources(args, context)?;
    let mut draft = Draft::default();
    for source in &sources.found {
        draft.add(source, url.as_deref());
    }
    for (name, report) in &sources.lost {
        draft.lose_file(name, report);
    }
    draft.finish(url.as_deref());
    let text = draft.to_toml();
    if let Some(report) = refusal(args, &draft, &text) {
        match context.globals.json {
            true => print_json(&draft, &text, None, context)?,
            false => print_draft(&draft, context),
        }
        return Err(report);
    }
    let written = match args.check || args.print {
        true => None,
        false => Some(write(args, &text, context)?),
    };
    if context.globals.json {
        print_json(&draft, &text, written.as_deref(), context)?;
    } else {
        output::print(args, &draft, &text, written.as_deref(), context)?;
    }
    let is_invalid = draft.left_out.iter().any(|left_out| left_out.is_invalid);
    Ok(match args.check && is_invalid {
        true => ExitCode::from(Exit::Usage.code()),
        false => ExitCode::SUCCESS,
    })
}

/// Returns the names of the other tools' files in the usual places that have something to import.
pub(super) fn importable_files(context: &Context) -> Vec<String> {
    let sources = read_sources(&Args::default(), context);
    let found = sources.map(|sources| sources.found).unwrap_or_default();
    found.into_iter().map(|source| source.name).collect()
}

/// Imports the files in the usual places.
///
/// # Errors
/// As [`run`].
pub(super) fn import_all(force: bool, context: &Context) -> Result<ExitCode, Report> {
    let args = Args {
        force,
        ..Args::default()
    };
    run(&args, context)
}

/// Returns why the draft cannot be printed or written.
fn refusal(args: &Args, draft: &Draft, text: &str) -> Option<Report> {
    if args.check {
        return None;
    }
    match draft.has_lost_all() {
        true if !args.print || text.is_empty() => Some(without_profile()),
        false if !args.print && !draft.has_address() => Some(without_address()),
        _ => None,
    }
}

/// Writes the settings and returns the file's path.
fn write(args: &Args, text: &str, context: &Context) -> Result<PathBuf, Report> {
    let path = context.settings_file()?;
    // Each value was checked alone; this finds those that contradict each other.
    check_text(text, &path)
        .map_err(|report| report.context("what the files have is not written"))?;
    context.check_locks(text, &path)?;
    let existing = match args.force {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    write_new(&path, text, existing, &context.environment).map_err(for_import)?;
    Ok(path)
}

/// Replaces `ob config init`, which the hints of [`write_new`] name.
fn for_import(mut report: Report) -> Report {
    for hint in &mut report.hints {
        *hint = hint.replace("ob config init", "ob config import");
    }
    report
}
