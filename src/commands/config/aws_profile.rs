//! Whether a profile of `~/.aws/config` hands out what a profile of the settings says. A line of a
//! person's own is read as `ob` would read it: what counts is what it means, not how it is spelled.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use super::aws::{command_for, words_for};
use crate::aws::{AwsProfile, aws_profile, command_line};
use crate::client::Context;
use crate::commands::args::GlobalArgs;
use crate::commands::credential;
use crate::config::Flags;
use crate::report::{ErrorCode, Report};

/// What `credential_process` may say of `ob`.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    globals: GlobalArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Credential(credential::Args),
}

/// Whether the AWS profile `name` of `text`, which is the file `path`, serves `profile` under these
/// very settings; if not, `ob config aws` writes it.
///
/// # Errors
/// When a profile of the user's own has that name and does something else, or the tools would
/// quarrel about it.
pub fn profile_matches(
    context: &Context,
    path: &Path,
    text: &str,
    name: &str,
    profile: &str,
) -> Result<bool, Report> {
    let unreadable = |error| Report::from(error).during(format!("cannot use {}", path.display()));
    let Some(AwsProfile { command, is_ours }) = aws_profile(text, name).map_err(unreadable)? else {
        return Ok(false);
    };
    let wanted = command_for(context, profile)?;
    let is_as_written = command
        .as_deref()
        .is_some_and(|words| words.get(1..) == wanted.get(1..));
    if is_as_written || command.is_some_and(|words| means(context, &words, profile)) {
        return Ok(true);
    }
    if is_ours.map_err(unreadable)? {
        return Ok(false);
    }
    let bare = words_for(context, profile)?.join(" ");
    let report = Report::new(
        ErrorCode::ConfigAwsProfile,
        format!(
            "{} has a [profile {name}] of yours that does something else",
            path.display()
        ),
    )
    .cause(format!("its `credential_process` is not `ob {bare}`"));
    let report = match command_line(&wanted) {
        Ok(line) => report.hint(format!("write in it: `credential_process = {line}`")),
        Err(_) => report,
    };
    let again = context.ob_command("config aws");
    Err(report.hint(format!("or take it out, and `{again}` writes one")))
}

/// Whether these words come to the same credentials as `-p PROFILE` does here.
fn means(context: &Context, words: &[String], profile: &str) -> bool {
    let Ok(Line { globals, verb }) = Line::try_parse_from(words) else {
        return false;
    };
    let Verb::Credential(credential::Args { role }) = verb;
    // Without a profile it depends on who calls it, and so does a relative path.
    let is_plain = role.profile.is_some() && !globals.no_agent;
    let is_anywhere = globals
        .config
        .as_ref()
        .is_none_or(|file| file.is_absolute());
    if !is_plain || !is_anywhere {
        return false;
    }
    let there = Context::new(globals.into());
    // Other settings may mean the same today and something else tomorrow.
    if real(&there) != real(context) {
        return false;
    }
    let flags = Flags {
        profile: role.profile,
        role: role.role,
        provider: role.provider,
        region: role.region,
        duration: role.duration,
        read_only: role.limits.read_only,
        policy_arns: role.limits.policy_arn,
        ..there.flags()
    };
    let here = Flags {
        profile: Some(profile.to_owned()),
        ..context.flags()
    };
    let target = |flags: &Flags| {
        let settings = context.settings().ok()?;
        settings.resolve(flags, &context.environment).ok()
    };
    target(&flags).is_some_and(|there| target(&here).is_some_and(|here| here == there))
}

/// The settings file by the one name that it has.
fn real(context: &Context) -> Option<PathBuf> {
    context.settings_file().ok()?.canonicalize().ok()
}
