//! `ob exec --refresh`: the environment of a command that outlives its credentials. It has no keys,
//! only the name of the AWS profile whose `credential_process` is `ob credential`: the command's
//! SDK renews the credentials.

use crate::aws::{RenewingContext, config_profile_name, has_section, renewing_env};
use crate::aws_files::{Kind, read};
use crate::client::refuse_unreadable_files;
use crate::client::{Context, ResolvedTarget, refuse_shadowed};
use crate::commands::config::{profile_matches, write_aws_profiles};
use crate::model::Credentials;
use crate::report::{ErrorCode, Report};
use crate::terminal::{Question, Questions, TerminalError};

/// Returns the environment of a command whose SDK renews the credentials.
///
/// # Errors
/// When no profile is given, `~/.aws/config` does not have it and the user does not agree to write
/// it, or keys of the same name in the credentials file would be used instead.
pub(super) fn renewing_environment(
    context: &Context,
    target: &ResolvedTarget,
    credentials: &Credentials,
) -> Result<Vec<(std::ffi::OsString, std::ffi::OsString)>, Report> {
    let profile = target.settings.profile.as_deref().ok_or_else(|| {
        Report::new(
            ErrorCode::RefreshNoProfile,
            "there is no profile that could renew",
        )
        .cause("`--refresh` hands over the name of a profile, and none was given")
        .hint("`ob exec --refresh -p dev -- CMD`; `ob list` shows the profiles")
    })?;
    let name = config_profile_name(profile).ok_or_else(|| {
        Report::new(
            ErrorCode::RefreshProfileName,
            format!("the AWS tools cannot name the profile {profile}"),
        )
        .cause("their profiles are named with letters, digits and _.@/%:+-")
        .hint("give it a plainer name in the settings; `ob config list` shows them")
    })?;
    reject_difference(context, target, profile)?;
    let config = Kind::Config.path(&context.environment)?;
    let is_served = profile_matches(context, &config, &read(&config)?, &name, profile)?;
    refuse_unreadable_files(context)?;
    if !is_served {
        offer(context, &name)?;
    }
    refuse_shadowed(context, &name, ErrorCode::RefreshShadowed)?;
    warn_of_default_keys(context)?;
    let region = target.region(&credentials.role, context)?;
    let names = RenewingContext {
        aws_profile: &name,
        region: region.as_ref(),
        profile,
        policy: &target.settings.policy,
        account_label: target
            .settings
            .accounts
            .get(credentials.role.account())
            .map(String::as_str),
    };
    let parent = context.program_environment()?;
    Ok(renewing_env(parent, &credentials.role, &names)?
        .into_iter()
        .collect())
}

/// Rejects a target that differs from its profile: a renewal knows the profile's name alone.
fn reject_difference(
    context: &Context,
    target: &ResolvedTarget,
    profile: &str,
) -> Result<(), Report> {
    let flags = context.profile_flags(profile);
    let alone = context.settings()?.resolve(&flags, &context.environment)?;
    let here = &target.settings;
    let differences = [
        ("role", alone.role != target.wire.role),
        (
            "identity provider",
            alone.provider != here.provider || target.wire.through.is_some(),
        ),
        ("limit", alone.policy != here.policy),
        ("duration", alone.duration != here.duration),
    ];
    let differences = differences.into_iter().filter(|(_, differs)| *differs);
    let differences: Vec<&str> = differences.map(|(what, _)| what).collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(Report::new(
        ErrorCode::RefreshNotTheProfile,
        "`--refresh` renews the profile's credentials, and this shell has others",
    )
    .cause(format!(
        "it differs from the profile in its {}",
        differences.join(", its ")
    ))
    .hint(format!(
        "`ob exec --refresh -p {profile} -- CMD` takes the profile as it is; without `--refresh` \
         the shell's own are kept"
    )))
}

fn offer(context: &Context, name: &str) -> Result<(), Report> {
    let writes = format!("`{}` writes it", context.ob_command("config aws"));
    let missing = |cause: String| {
        Report::new(
            ErrorCode::RefreshNoAwsProfile,
            format!("~/.aws/config has no profile {name} for these settings"),
        )
        .cause(cause)
        .hint(format!("{writes}; there is no secret in it"))
    };
    let text = format!(
        "~/.aws/config has no profile {name} for these settings. Write it (no secret in it)?"
    );
    let question = Question {
        text: &text,
        instead: &writes,
    };
    let mut questions = Questions::new(context.output, &context.environment, || {});
    match questions.confirm(question) {
        Ok(true) => write_aws_profiles(context),
        Ok(false) => Err(missing("you said no".into())),
        Err(TerminalError::NoTerminal { .. }) => {
            Err(missing("there is no terminal to confirm writing it".into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Warns of keys in `[default]`, which programs that ignore `AWS_PROFILE` use.
fn warn_of_default_keys(context: &Context) -> Result<(), Report> {
    let path = Kind::Credentials.path(&context.environment)?;
    let text = zeroize::Zeroizing::new(read(&path)?);
    if has_section(&text, "default") {
        context.output.message(&format!(
            "ob: {} has keys in [default]: a program that ignores AWS_PROFILE uses those instead",
            path.display()
        ));
    }
    Ok(())
}
