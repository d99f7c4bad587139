//! `ob shell`: become a shell that holds one role, shows it, and keeps it fresh.
//!
//! The shell starts with its user's own files; ours come last. They are in the runtime directory and say
//! nothing of the role: what differs is in the environment, as with `ob exec`. Renewal is the same program
//! again, `--renew`, which prints the new values for the shell to take in place; it asks a running agent and
//! nobody else.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::exec::{credentials, environment, received, unexpected};
use super::running::ask_running_agent_for;
use super::talk::SignInArgs;
use super::target::{LimitArgs, MenuArgs, Resolved, RoleArgs, for_menu, resolve, resolve_named};
use super::{Context, Globals};
use crate::aws::{ChildContext, child_env};
use crate::flow::not_signed_in;
use crate::model::Credentials;
use crate::paths::{RuntimeDir, runtime_dir};
use crate::process;
use crate::prompt::{Assignment, START_BASHRC, START_ZSHENV, START_ZSHRC, Shell, assignments};
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::terminal::data;
use crate::wire::{ChosenRole, CredentialsRequest, Reply, Request};

/// Start a shell that holds a role, shows it in its prompt and renews it
///
/// Your own start files run as always. The prompt shows account, role and minutes left; new credentials take the
/// place of old ones by themselves, as long as you are signed in. `exit` returns to where you were.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    role: RoleArgs,
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

/// What the shell was started for, in its environment (`OB_TARGET`), so that `--renew` asks for the same.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    config: Option<PathBuf>,
    org: Option<String>,
    profile: Option<String>,
    role: Option<String>,
    /// The role that was chosen where several were meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    provider: Option<String>,
    /// The provider that was chosen where none was named.
    through: Option<String>,
    region: Option<String>,
    duration: Option<String>,
    /// Its renewals are limited as it is.
    read_only: bool,
    policy_arn: Vec<String>,
}

/// What a verb is about in a shell that is one role's, of `ob shell` or `ob use`, where nothing else is said: that
/// role with its limits. Anything else would run beside what the prompt shows.
pub(super) fn scope(context: &Context) -> Option<RoleArgs> {
    let environment = &context.environment;
    if let Some(text) = environment.text("OB_TARGET") {
        let again: Again = serde_json::from_str(text).ok()?;
        // Under other settings its names may mean something else.
        let same = again.config == absolute(context) && again.org == context.globals.org;
        return same.then(|| again.role());
    }
    environment.raw("OB_STATE")?;
    let profile = Some(environment.text("OB_PROFILE")?.to_owned());
    Some(RoleArgs {
        profile,
        ..RoleArgs::default()
    })
}

impl Again {
    fn role(self) -> RoleArgs {
        RoleArgs {
            profile: self.profile,
            role: self.role,
            chosen: self.chosen,
            provider: self.provider,
            through: self.through,
            region: self.region,
            duration: self.duration,
            limits: LimitArgs {
                read_only: self.read_only,
                policy_arn: self.policy_arn,
            },
        }
    }
}

fn absolute(context: &Context) -> Option<PathBuf> {
    let path = context.globals.config.as_ref()?;
    Some(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
}

/// # Errors
/// Whatever keeps the shell from being started; then it has not been started.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if let Some(shell) = args.renew {
        return renew(shell, context);
    }
    let (program, shell) = chosen(args, context)?;
    let role = for_menu(&args.role, args.menu, context)?.into_owned();
    let target = resolve_named(context, &role, &args.sign_in)?;
    let menu = args.menu.menu();
    let granted = credentials(context, &target, None, menu, &args.sign_in)?;
    let credentials = granted.credentials;
    say_where(context, &target, &credentials);
    let directory = runtime_dir(&context.environment)?.below("shell")?;
    let (arguments, mut extra) = start(shell, directory, context)?;
    extra.push((
        "OB_TARGET",
        again(role, context, &target, &credentials, granted.chosen)?.into(),
    ));
    extra.push(("AWSUME_PROFILE", label(&target, &credentials).into()));
    let settings = context.settings()?.shell_variables();
    extra.extend(settings.map(|(name, value)| (name, value.into())));
    let plain = environment(context, &target, &credentials)?;
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

fn chosen(args: &Args, context: &Context) -> Result<(OsString, Shell), Report> {
    let program = args.shell.as_deref().or(context.environment.raw("SHELL"));
    let refusal = |summary: String| {
        Report::new(Exit::Usage, "shell.unknown", summary)
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
        return Err(refusal(format!("ob is not at home in the shell {name}")));
    };
    Ok((program.to_owned(), shell))
}

/// One line for a shell within a shell: which role it leaves, and for how long.
fn say_where(context: &Context, target: &Resolved, credentials: &Credentials) {
    let text = |name| context.environment.text(name).map(escape);
    if context.environment.raw("OB_TARGET").is_some()
        && let (Some(account), Some(role)) = (text("OB_ACCOUNT"), text("OB_ROLE"))
    {
        let now = label(target, credentials);
        context.voice.say(&format!(
            "ob: a shell for {now} inside the one for {account}/{role}; `exit` returns there"
        ));
    }
}

/// What other prompts show of the role: starship and powerlevel10k read it from `AWSUME_PROFILE`.
fn label(target: &Resolved, credentials: &Credentials) -> String {
    if let Some(profile) = &target.settings.profile {
        return escape(profile);
    }
    let account = credentials.role.account();
    let account = target.settings.accounts.get(account);
    let account = account.map_or(credentials.role.account(), String::as_str);
    format!("{}/{}", escape(account), credentials.role.name())
}

type Extra = Vec<(&'static str, OsString)>;

/// Writes what the shell starts with; its arguments, and the variables that lead it there.
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

fn again(
    role: RoleArgs,
    context: &Context,
    target: &Resolved,
    credentials: &Credentials,
    chosen: Option<ChosenRole>,
) -> Result<String, Report> {
    // A role that is there alone is the one to renew, also when there are others by then.
    let alone = target.wire.role.is_none() && target.wire.chain.is_empty();
    let alone = alone.then(|| credentials.role.to_string());
    // `--choose` may have meant all roles.
    let of_all = target.settings.profile.is_none();
    let of_all = of_all.then(|| target.settings.role.clone()).flatten();
    let provider = credentials.provider.as_ref().map(ToString::to_string);
    let provider = provider.filter(|_| role.provider.is_none());
    // A role that was chosen in a menu stays the shell's own: no question is asked, and no other role is taken.
    let (chosen, through) = match chosen {
        Some(choice) => (Some(choice.role), Some(choice.provider)),
        None => (role.chosen, provider.or(role.through)),
    };
    let again = Again {
        config: absolute(context),
        org: context.globals.org.clone(),
        profile: target.settings.profile.clone(),
        role: role.role.or(of_all).or(alone),
        chosen,
        through,
        provider: role.provider,
        region: role.region,
        duration: role.duration,
        read_only: role.limits.read_only,
        policy_arn: role.limits.policy_arn,
    };
    serde_json::to_string(&again).map_err(|error| {
        Report::new(
            Exit::Usage,
            "shell.target",
            "cannot note what the shell is for",
        )
        .cause(error)
        .hint("name the settings file by a path that is plain text")
    })
}

/// Prints the new values of what expires, for the shell that asks to evaluate.
fn renew(shell: Shell, context: &Context) -> Result<ExitCode, Report> {
    let again: Again = context
        .environment
        .text("OB_TARGET")
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| {
            Report::new(Exit::Usage, "shell.not_in_one", "this is no shell of ob's")
                .hint("`ob shell -p PROFILE` starts one")
        })?;
    let context = Context::new(Globals {
        config: again.config.clone(),
        org: again.org.clone(),
        ..Globals::default()
    });
    let role = again.role();
    let target = resolve(&context, &role, &SignInArgs::default())?;
    let request = CredentialsRequest::without_sign_in(target.wire.clone(), target.confirmation());
    let org = &target.settings.org;
    let issued = match ask_running_agent_for(&context, Request::Credentials(request), org)? {
        Some(Reply::Credentials(issued)) => received(issued)?,
        Some(_) => return Err(unexpected()),
        None => return Err(not_signed_in(&target.wire.account)),
    };
    let new = child_env([], &issued, &ChildContext::default())?;
    let text = |value: &OsStr| value.to_str().map(ToOwned::to_owned);
    let new: Vec<(String, String)> = new
        .iter()
        .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
        // The names of role and account are the shell's already, and as its user calls them.
        .filter(|(name, _)| name.starts_with("AWS_") || name == "OB_EXPIRES")
        .collect();
    let changes: Vec<Assignment<'_>> = new
        .iter()
        .map(|(name, value)| Assignment::Set(name, value))
        .collect();
    data(&assignments(shell, &changes))?;
    Ok(ExitCode::SUCCESS)
}
