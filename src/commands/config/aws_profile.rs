//! Compares a profile of `~/.aws/config` with a profile of the settings. The user's own command
//! lines are parsed as `ob` would, so that any spelling of the same credentials matches.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use super::credential_command::{credential_arguments, credential_command};
use crate::aws::{AwsProfile, aws_profile, command_line};
use crate::client::Context;
use crate::commands::args::GlobalArgs;
use crate::commands::credential;
use crate::config::Flags;
use crate::report::{ErrorCode, Report};

/// The command lines of `ob` that `credential_process` may hold.
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

/// Whether the AWS profile `name` in `text`, the file at `path`, provides the credentials of
/// `profile` under the same settings. If not, `ob config aws` writes it.
///
/// # Errors
/// When the user has another profile of that name, or the AWS tools would disagree about it.
pub fn profile_matches(
    context: &Context,
    path: &Path,
    text: &str,
    name: &str,
    profile: &str,
) -> Result<bool, Report> {
    let unreadable = |error| Report::from(error).context(format!("cannot use {}", path.display()));
    let Some(AwsProfile { command, is_ours }) = aws_profile(text, name).map_err(unreadable)? else {
        return Ok(false);
    };
    let wanted = credential_command(context, profile)?;
    let is_as_written = command
        .as_deref()
        .is_some_and(|words| words.get(1..) == wanted.get(1..));
    if is_as_written || command.is_some_and(|words| is_equivalent(context, &words, profile)) {
        return Ok(true);
    }
    if is_ours.map_err(unreadable)? {
        return Ok(false);
    }
    let bare = credential_arguments(context, profile)?.join(" ");
    let path = path.display();
    let summary = format!("{path} has a [profile {name}] of yours that does something else");
    let report = Report::new(ErrorCode::ConfigAwsProfile, summary)
        .cause(format!("its `credential_process` is not `ob {bare}`"));
    let report = match command_line(&wanted) {
        Ok(line) => report.hint(format!("write in it: `credential_process = {line}`")),
        Err(_) => report,
    };
    let again = context.ob_command("config aws");
    Err(report.hint(format!("or take it out, and `{again}` writes one")))
}

/// Whether the command `words` provides the same credentials as `-p PROFILE` of this command.
fn is_equivalent(context: &Context, words: &[String], profile: &str) -> bool {
    let Ok(Line { globals, verb }) = Line::try_parse_from(words) else {
        return false;
    };
    let Verb::Credential(credential::Args { role }) = verb;
    // Without a profile, or with a relative path, it depends on the caller.
    let has_profile = role.profile.is_some() && !globals.no_agent;
    let is_absolute = globals
        .config
        .as_ref()
        .is_none_or(|file| file.is_absolute());
    if !has_profile || !is_absolute {
        return false;
    }
    let there = Context::new(globals.into());
    // Other settings may be equivalent today and differ tomorrow.
    if canonical_settings(&there) != canonical_settings(context) {
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
    let Ok(settings) = context.settings() else {
        return false;
    };
    let target = |flags: &Flags| settings.resolve(flags, &context.environment).ok();
    let here = target(&context.profile_flags(profile));
    here.is_some() && target(&flags) == here
}

/// Returns the path of the settings file without links.
fn canonical_settings(context: &Context) -> Option<PathBuf> {
    context.settings_file().ok()?.canonicalize().ok()
}
