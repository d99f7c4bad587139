//! `ob shell`: replaces this process with a shell that holds one role, shows it and renews it.
//!
//! The shell reads its user's own start files first, then ours from the runtime directory. These
//! are the same for every role: what differs is in the environment, as with `ob exec`. To renew,
//! the shell runs `ob shell --renew`, which asks the running agent and prints the new values.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use crate::aws::{ChildContext, child_env};
use crate::client::{
    Context, ResolvedTarget, RoleSelection, ShellTarget, SignInOptions, ask_running_agent_for,
    child_environment, credentials, parse_credentials, resolve, resolve_for_menu, unexpected_reply,
    with_picked_profile,
};
use crate::commands::args::{MenuArgs, NamedRoleArgs, SignInArgs};
use crate::commands::config::hint_to_save;
use crate::model::Credentials;
use crate::paths::{RuntimeDir, runtime_dir};
use crate::process;
use crate::prompt::{Assignment, START_BASHRC, START_ZSHENV, START_ZSHRC, Shell, assignments};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::data;
use crate::validate::not_signed_in;
use crate::wire::{ChosenRole, CredentialsRequest, Reply, Request};

/// Start a shell that holds a role, shows it in its prompt and renews it
///
/// Your own start files run as always. The prompt shows account, role and minutes left; new
/// credentials take the place of old ones by themselves, as long as you are signed in. `exit`
/// returns to where you were.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    role: NamedRoleArgs,
    #[command(flatten)]
    menu: MenuArgs,
    /// bash, zsh, fish or nu, by name or path, instead of $SHELL
    #[arg(long, value_name = "SHELL")]
    shell: Option<OsString>,
    /// Print the values that the running shell should take now
    #[arg(long, hide = true, value_enum, value_name = "SHELL")]
    renew: Option<Shell>,
    #[command(flatten)]
    sign_in: SignInArgs,
}

/// Runs `ob shell`.
///
/// # Errors
/// When the shell cannot be started.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if let Some(shell) = args.renew {
        return renew(shell, context);
    }
    let (program, shell) = shell_program(args, context)?;
    let (menu, sign_in) = (args.menu.menu(), args.sign_in.options());
    let selection = with_picked_profile(context, args.role.selection(), menu)?;
    let target = resolve_for_menu(context, selection, menu, &sign_in)?;
    let granted = credentials(context, &target, None, menu, &sign_in)?;
    let credentials = granted.credentials;
    if granted.is_from_menu {
        hint_to_save(context, &credentials.role);
    }
    announce_nesting(context, &target, &credentials);
    let directory = runtime_dir(&context.environment)?.below("shell")?;
    let (arguments, mut extra) = start(shell, directory, context)?;
    let renewed = renewal_selection(&target, &credentials, granted.chosen);
    let shell_target = ShellTarget::new(context, renewed);
    extra.push(("OB_TARGET", shell_target.to_json()?.into()));
    extra.push(("AWSUME_PROFILE", label(&target, &credentials).into()));
    let settings = context.settings()?.shell_variables();
    extra.extend(settings.map(|(name, value)| (name, value.into())));
    let plain = child_environment(context, &target, &credentials)?;
    let kept = plain
        .into_iter()
        .filter(|(name, _)| extra.iter().all(|(ours, _)| name != OsStr::new(ours)));
    let mut all: Vec<(OsString, OsString)> = kept.collect();
    all.extend(
        extra
            .iter()
            .map(|(name, value)| (name.into(), value.clone())),
    );
    Err(process::replace(&program, &arguments, all))
}

fn shell_program(args: &Args, context: &Context) -> Result<(OsString, Shell), Report> {
    let program = args.shell.as_deref().or(context.environment.raw("SHELL"));
    let refusal = |summary: String| {
        Report::new(ErrorCode::ShellUnknown, summary)
            .hint("name one of them: `ob shell --shell bash`, zsh, fish or nu")
            .hint("`ob exec -- CMD` runs anything else with a role's credentials")
    };
    let Some(program) = program else {
        return Err(refusal(
            "there is no shell to start: SHELL is not set".into(),
        ));
    };
    let Some(shell) = Shell::of_program(program) else {
        let name = escape(&program.to_string_lossy());
        return Err(refusal(format!(
            "`ob shell` does not know the shell {name}"
        )));
    };
    Ok((program.to_owned(), shell))
}

/// Names both roles when the shell is started within another one.
fn announce_nesting(context: &Context, target: &ResolvedTarget, credentials: &Credentials) {
    let text = |name| context.environment.text(name).map(escape);
    if context.environment.raw("OB_TARGET").is_some()
        && let (Some(account), Some(role)) = (text("OB_ACCOUNT"), text("OB_ROLE"))
    {
        let now = label(target, credentials);
        context.output.message(&format!(
            "ob: a shell for {now} inside the one for {account}/{role}; `exit` returns there"
        ));
    }
}

/// Returns the role's name for `AWSUME_PROFILE`, which starship and powerlevel10k show.
fn label(target: &ResolvedTarget, credentials: &Credentials) -> String {
    if let Some(profile) = &target.settings.profile {
        return escape(profile);
    }
    let account = credentials.role.account();
    let account = target.settings.accounts.get(account);
    let account = account.map_or(credentials.role.account(), String::as_str);
    format!("{}/{}", escape(account), credentials.role.name())
}

type Extra = Vec<(&'static str, OsString)>;

/// Writes the start files; returns the shell's arguments and the variables that name the files.
fn start(
    shell: Shell,
    directory: RuntimeDir,
    context: &Context,
) -> Result<(Vec<OsString>, Extra), Report> {
    let ours = directory.put(&format!("ob.{}", shell.name()), shell.script())?;
    let mut extra = Vec::new();
    let mut words: Vec<OsString> = Vec::new();
    match shell {
        Shell::Bash => {
            let file = directory.put("bashrc", START_BASHRC)?;
            words.extend(["--rcfile".into(), file.into(), "-i".into()]);
        }
        Shell::Zsh => {
            let zdotdir = directory.below("zsh")?;
            zdotdir.put(".zshenv", START_ZSHENV)?;
            zdotdir.put(".zshrc", START_ZSHRC)?;
            extra.push(("ZDOTDIR", zdotdir.path().into()));
            let own = context.environment.raw("ZDOTDIR").unwrap_or_default();
            extra.push(("OB_ZDOTDIR", own.into()));
            words.push("-i".into());
        }
        Shell::Fish => {
            let path = ours
                .to_string_lossy()
                .replace('\\', r"\\")
                .replace('\'', r"\'");
            words.extend(["-i".into(), "-C".into(), format!("source '{path}'").into()]);
        }
        Shell::Nu => {
            let path = serde_json::Value::from(ours.to_string_lossy()).to_string();
            words.extend(["-e".into(), format!("source {path}").into()]);
        }
    }
    Ok((words, extra))
}

/// Returns what a renewal asks for: the role that this shell has got, whatever else the words that
/// named it come to match.
fn renewal_selection(
    target: &ResolvedTarget,
    credentials: &Credentials,
    choice: Option<ChosenRole>,
) -> RoleSelection {
    let mut renewed = target.selection.clone();
    let flags = &mut renewed.flags;
    let provider = credentials.provider.as_ref().map(ToString::to_string);
    let provider = provider.filter(|_| flags.provider.is_none());
    if target.settings.profile.is_none() && flags.role.is_none() {
        // A bare `--choose` has meant all roles.
        flags.role.clone_from(&target.settings.role);
    }
    if target.wire.role.is_none() && target.wire.chain.is_empty() && flags.role.is_none() {
        flags.role = Some(credentials.role.to_string());
    }
    flags.profile.clone_from(&target.settings.profile);
    match choice {
        Some(choice) => {
            renewed.chosen_role = Some(choice.role);
            renewed.chosen_provider = Some(choice.provider);
        }
        None => renewed.chosen_provider = provider.or(renewed.chosen_provider),
    }
    renewed
}

/// Prints the new values of what expires, for the shell that evaluates them.
fn renew(shell: Shell, context: &Context) -> Result<ExitCode, Report> {
    let shell_target = context
        .environment
        .text("OB_TARGET")
        .and_then(ShellTarget::parse)
        .ok_or_else(|| {
            Report::new(ErrorCode::ShellNotInOne, "this is no shell of ob's")
                .hint("`ob shell -p PROFILE` starts one")
        })?;
    let context = Context::new(shell_target.globals());
    let selection = shell_target.into_selection();
    let target = resolve(&context, selection, &SignInOptions::default())?;
    let request = CredentialsRequest::without_sign_in(target.wire.clone(), target.confirmation());
    let org = &target.settings.org;
    let issued = match ask_running_agent_for(&context, Request::Credentials(request), org)? {
        Some(Reply::Credentials(issued)) => parse_credentials(issued)?,
        Some(_) => return Err(unexpected_reply()),
        None => return Err(not_signed_in(&target.wire.account)),
    };
    let new = child_env([], &issued, &ChildContext::default())?;
    let text = |value: &OsStr| value.to_str().map(ToOwned::to_owned);
    let new: Vec<(String, String)> = new
        .iter()
        .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
        // The shell has the names of role and account, with the user's own words.
        .filter(|(name, _)| name.starts_with("AWS_") || name == "OB_EXPIRES")
        .collect();
    let changes: Vec<Assignment<'_>> = new
        .iter()
        .map(|(name, value)| Assignment::Set(name, value))
        .collect();
    data(&assignments(shell, &changes))?;
    Ok(ExitCode::SUCCESS)
}
