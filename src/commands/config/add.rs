//! `ob config add`: adds a profile to the settings file.

use std::process::ExitCode;

use super::own_file::OwnFile;
use super::save::{becomes_default, save};
use crate::client::{Context, count_cached_roles, pick_role};
use crate::commands::args::SignInArgs;
use crate::config::{NewProfile, add_profile, parse_flag};
use crate::report::Report;
use crate::sanitize::{escape, shell_word};

/// Add a profile: a name for one of your roles
///
/// Without -r a menu of your roles opens. Comments and order of the file stay as they are. The
/// first profile becomes the default one.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// What the profile is called
    #[arg(value_name = "NAME")]
    name: String,
    /// Its role: an ARN, ACCOUNT/ROLE, a name, or a glob that matches one
    #[arg(short, long, value_name = "ROLE")]
    role: Option<String>,
    /// Only roles of this identity provider: its ARN, name or a glob
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// AWS region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// How long its credentials should last, 15m to 12h
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,
    /// Its colour in the prompt
    #[arg(long, value_name = "COLOUR")]
    prompt_color: Option<String>,
    /// Ask before each use
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    sign_in: SignInArgs,
}

/// Runs `ob config add`.
///
/// # Errors
/// When a value is refused, there is such a profile, no role is chosen, or the file cannot be
/// written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let check = |flag, key, value: &Option<String>| match value {
        Some(text) => parse_flag(flag, key, text).map(|_| Some(text.clone())),
        None => Ok(None),
    };
    let mut new = NewProfile {
        name: args.name.clone(),
        role: check("--role", "profiles.*.role", &args.role)?.unwrap_or_default(),
        provider: check("--provider", "profiles.*.provider", &args.provider)?,
        region: check("--region", "profiles.*.region", &args.region)?,
        duration: check("--duration", "profiles.*.duration", &args.duration)?,
        color: check("--prompt-color", "profiles.*.color", &args.prompt_color)?,
        confirm: args.confirm,
    };
    let file = OwnFile::read(context)?;
    // Before the menu: a name that is taken must not cost a sign-in.
    add_profile(file.text(), &new, becomes_default(context)?)?;
    if new.role.is_empty() {
        let chosen = pick_role(context, &args.sign_in.options())?;
        new.role = chosen.role;
        new.provider = new.provider.or(Some(chosen.provider));
    }
    let warning = match args.role {
        // A menu offers only roles that there are.
        None => None,
        Some(_) => warn_about(context, &new.role),
    };
    let added = save(context, &file, &new)?;
    if let Some(warning) = warning {
        context.output.message(&warning);
    }
    context.output.message(&format!(
        "{added}\nnext: `ob exec {} -- CMD`",
        shell_word(&new.name)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Returns what to say about a role that none or several of the cached roles match.
fn warn_about(context: &Context, role: &str) -> Option<String> {
    let role_as_typed = escape(role);
    match count_cached_roles(context, role).ok()?? {
        1 => None,
        0 => Some(format!(
            "ob: none of your roles matches {role_as_typed}; `ob roles` lists them"
        )),
        many => Some(format!(
            "ob: {many} of your roles match {role_as_typed}, so `ob exec` asks which; an ARN or \
             ACCOUNT/ROLE means one"
        )),
    }
}
