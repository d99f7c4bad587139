//! `ob use`: prints the changes of variables that the shell function of that name evaluates:
//! the profile and the region for AWS tools, and what the prompt shows; never a key.

use std::process::ExitCode;

use crate::aws::{config_profile_name, names_to_unset};
use crate::aws_files::{Kind, read};
use crate::client::Context;
use crate::client::{
    ResolvedTarget, RoleSelection, SignInOptions, ask_running_agent_for, create_expiry_file,
    pick_profile, refuse_shadowed, refuse_unreadable_files, resolve,
};
use crate::commands::config::{profile_matches, write_aws_profiles};
use crate::model::{RoleArn, Timestamp};
use crate::prompt::{Assignment, Class, Shell, assignments};
use crate::report::{ErrorCode, Report};
use crate::sanitize::{escape, shell_word};
use crate::terminal::{Question, Questions, data, has_tty};
use crate::wire::{CredentialsRequest, Reply, Request};

/// Switch this shell to a profile, with no keys in its environment
///
/// Sets AWS_PROFILE to the profile that `ob config aws` wrote to ~/.aws/config; every AWS tool then
/// gets its credentials from ob, and new ones when they expire. A function of the shell: it needs
/// the line that `ob init` is for.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// A profile of the settings, else a menu of them; - for the one before, which may be none
    #[arg(value_name = "PROFILE", allow_hyphen_values = true)]
    profile: Option<String>,
    /// Leave every profile: this shell has no role and no AWS credentials then
    #[arg(long, conflicts_with = "profile")]
    unset: bool,
    /// The syntax to print in
    #[arg(long, hide = true, value_enum)]
    shell: Option<Shell>,
    /// What - stands for
    #[arg(long, hide = true, default_value = "", allow_hyphen_values = true)]
    previous: String,
    /// Where a question would come, fail; fetch no credentials
    #[arg(long, hide = true)]
    never_ask: bool,
}

/// Runs `ob use`.
///
/// # Errors
/// When there is no such profile, or AWS tools do not know it and it may not be written.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some(shell) = args.shell else {
        return Err(no_function(context));
    };
    if let Some(flag) = &args.profile
        && flag.len() > 1
        && flag.starts_with('-')
    {
        let summary = format!("`ob use` does not take `{}`", escape(flag));
        return Err(Report::new(ErrorCode::UsageUnexpected, summary)
            .hint("`ob use PROFILE` switches, `ob use -` goes back, `ob use --unset` leaves"));
    }
    let picked = match args.profile {
        None if !args.unset => pick(args, context)?,
        _ => None,
    };
    let profile = match args.profile.as_deref() {
        Some("-") => args.previous.as_str(),
        Some(profile) => profile,
        None => picked.as_deref().unwrap_or_default(),
    };
    let mut set: Vec<(&str, String)> = Vec::new();
    if !profile.is_empty() {
        context.settings()?.check_profile(profile, "ob use")?;
        let selection = RoleSelection::of_profile(profile);
        let target = resolve(context, selection, &SignInOptions::default())?;
        target.reject_confirm()?;
        set.push(("AWS_PROFILE", aws_profile(args, context, profile)?));
        // AWS SDK for Go v1 reads ~/.aws/config only if this is set.
        set.push(("AWS_SDK_LOAD_CONFIG", "1".to_owned()));
        names(&target, &mut set);
        set.extend(context.settings()?.shell_variables());
        let expires_at = if args.never_ask {
            None
        } else {
            expiry(context, &target)
        };
        let state = create_expiry_file(context, profile, expires_at)?;
        set.extend(state.map(|state| ("OB_STATE", state)));
    }
    let leave = match profile {
        "" => Assignment::Leave,
        _ => Assignment::Unset,
    };
    let unset = names_to_unset(context.environment.iter().map(|(name, _)| name));
    let unset = unset
        .into_iter()
        .filter(|name| set.iter().all(|(set, _)| set != name));
    let mut changes: Vec<Assignment<'_>> = unset.map(leave).collect();
    changes.extend(set.iter().map(|(name, value)| Assignment::Set(name, value)));
    data(&assignments(shell, &changes))?;
    Ok(ExitCode::SUCCESS)
}

/// Lets the user choose a profile.
fn pick(args: &Args, context: &Context) -> Result<Option<String>, Report> {
    if args.never_ask || !has_tty() {
        let summary = "`ob use` needs the name of a profile";
        return Err(Report::new(ErrorCode::UsageMissing, summary)
            .cause("there is no terminal to choose one at")
            .hint("`ob list` shows the profiles; `ob use --unset` leaves them"));
    }
    pick_profile(context, false)
}

/// Returns the error that tells how this shell gets the function.
fn no_function(context: &Context) -> Report {
    let report = Report::new(
        ErrorCode::UseNoFunction,
        "`ob use` is a function of your shell, and this shell does not have it yet",
    );
    let report = match context.running_shell() {
        Some(Shell::Fish) => report.hint("`ob init fish | source`; `ob init --help` shows where"),
        Some(Shell::Nu) => report.hint(
            "`ob init nu | save -f ob.nu`, then `source ob.nu`; `ob init --help` shows where",
        ),
        Some(shell @ (Shell::Bash | Shell::Zsh)) => report.hint(format!(
            "`eval \"$(ob init {})\"`; `ob init --help` shows where",
            shell.name()
        )),
        None => report.hint(
            "bash: `eval \"$(ob init bash)\"`; zsh: `eval \"$(ob init zsh)\"`; \
             fish: `ob init fish | source`; `ob init --help` shows where",
        ),
    };
    report.hint("`ob shell -p PROFILE` needs nothing, nor does `ob exec -p PROFILE -- CMD`")
}

/// Returns the profile's name in `~/.aws/config`, and writes it there if the user agrees.
fn aws_profile(args: &Args, context: &Context, profile: &str) -> Result<String, Report> {
    let Some(name) = config_profile_name(profile) else {
        return Err(Report::new(
            ErrorCode::UseProfileName,
            format!("AWS tools cannot name the profile {}", escape(profile)),
        )
        .cause("their profiles are named with letters, digits and _.@/%:+-")
        .hint("rename it in the settings, or take `ob shell -p PROFILE`"));
    };
    refuse_shadowed(context, &name, ErrorCode::UseShadowed)?;
    let path = Kind::Config.path(&context.environment)?;
    let is_served = profile_matches(context, &path, &read(&path)?, &name, profile)?;
    refuse_unreadable_files(context)?;
    if is_served {
        return Ok(name);
    }
    let again = context.ob_command("config aws");
    let missing = || {
        Report::new(
            ErrorCode::UseNoAwsProfile,
            format!(
                "{} has no profile {name} for these settings",
                path.display()
            ),
        )
        .hint(format!(
            "`{again}` writes one for each of your profiles; there is no secret in them"
        ))
    };
    if args.never_ask {
        return Err(missing());
    }
    let text = format!(
        "{} has no profile {name} for these settings. Write ob's profiles there (no secrets)?",
        path.display()
    );
    let question = Question {
        text: &text,
        instead: &format!("run `{again}` once"),
    };
    let mut questions = Questions::new(context.output, &context.environment, || {});
    if !questions.confirm(question)? {
        return Err(missing());
    }
    write_aws_profiles(context)?;
    Ok(name)
}

/// Adds the variables of the prompt and of the region, as far as the settings know them.
fn names(target: &ResolvedTarget, set: &mut Vec<(&'static str, String)>) {
    let settings = &target.settings;
    let profile = settings.profile.as_deref();
    set.extend(profile.map(|profile| ("OB_PROFILE", escape(profile))));
    let last = settings.chain.last().map(ToString::to_string);
    let role = last.as_deref().or(settings.role.as_deref());
    let (account, role) = match role.map(|text| (RoleArn::parse(text), text)) {
        Some((Ok(arn), _)) => {
            let account = settings.accounts.get(arn.account());
            let account = account.map_or(arn.account(), String::as_str).to_owned();
            (Some(account), Some(arn.name().to_owned()))
        }
        Some((Err(_), text)) if !text.contains(['*', '?']) => match text.split_once('/') {
            Some((account, role)) => (Some(account.to_owned()), Some(role.to_owned())),
            None => (None, Some(text.to_owned())),
        },
        _ => (None, None),
    };
    let class = Class::of(profile.into_iter().chain(account.as_deref()));
    set.extend(account.map(|account| ("OB_ACCOUNT", escape(&account))));
    set.extend(role.map(|role| ("OB_ROLE", escape(&role))));
    set.extend(class.map(|class| ("OB_ENV", class.name().to_owned())));
    let color = settings.color.as_deref().or(class.map(Class::color));
    set.extend(color.map(|color| ("OB_COLOR", color.to_owned())));
    set.extend(settings.policy.summary().map(|words| ("OB_POLICY", words)));
    let region = settings.configured_region().ok().flatten();
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        set.extend(region.as_ref().map(|region| (name, region.to_string())));
    }
}

/// Has a running agent fetch the profile's credentials now, so that the first tool need not wait,
/// and returns their expiry. Where there are none, a message says so, and `ob use` goes on.
fn expiry(context: &Context, target: &ResolvedTarget) -> Option<Timestamp> {
    let request = CredentialsRequest::without_sign_in(target.wire.clone(), None);
    let org = &target.settings.org;
    match ask_running_agent_for(context, Request::Credentials(request), org) {
        Ok(Some(Reply::Credentials(issued))) => Some(issued.expires_at),
        Err(report) if report.code == ErrorCode::RoleSeveral => {
            context.output.message(
                "ob: AWS tools cannot use this profile: it matches several roles, and they \
                 cannot ask which; give the profile one `role`",
            );
            None
        }
        Err(report) if report.code != ErrorCode::SignInNeeded => {
            context.output.message(&format!(
                "ob: there are no credentials for it: {}; `ob exec {} -- true` says more",
                escape(&report.summary),
                shell_word(target.settings.profile.as_deref().unwrap_or_default()),
            ));
            None
        }
        _ => {
            context
                .output
                .message("ob: there are no credentials for it yet; `ob login` signs you in");
            None
        }
    }
}
