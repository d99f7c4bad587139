//! `ob exec`: become a command that holds a role's credentials. Nothing comes back.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use std::time::Duration;

use crate::aws::{ChildEnv, child_env};
use crate::commands::Context;
use crate::commands::catalogue::Shelf;
use crate::commands::refresh;
use crate::commands::talk::{SignInArgs, ask_with};
use crate::commands::target::{MenuArgs, Resolved, RoleArgs, for_menu, resolve_named};
use crate::config::parse_duration_flag;
use crate::model::{Credentials, ProviderArn, RoleArn, whole_seconds};
use crate::process;
use crate::report::{Exit, Report};
use crate::terminal::has_person;
use crate::wire::{
    ChosenRole, CredentialsRequest, IssuedCredentials, Reply, Request, RoleMenu, Target,
};

/// Run a command with a role's credentials in its environment
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub role: RoleArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// Start only if the credentials last at least this long: 45m
    #[arg(long, value_name = "TIME")]
    pub min_ttl: Option<String>,
    /// For runs longer than credentials last: no keys in the environment, the command's SDK renews by itself
    #[arg(long, conflicts_with_all = ["role", "provider", "region", "duration", "read_only", "policy_arn", "choose"])]
    pub refresh: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

impl Args {
    /// Reads the plain form, `ob exec [-p PROFILE | -r ROLE] -- CMD…`, without clap: building its grammar
    /// costs more than everything else before the command starts. Anything else is left to clap.
    pub fn recognise(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut arguments = arguments.into_iter().skip(1);
        if arguments.next()? != "exec" {
            return None;
        }
        let mut args = Self::default();
        loop {
            let word = arguments.next()?;
            let place = match word.to_str()? {
                "--" => break,
                "-p" | "--profile" if args.role.role.is_none() => &mut args.role.profile,
                "-r" | "--role" if args.role.profile.is_none() => &mut args.role.role,
                _ => return None,
            };
            if place.is_some() {
                return None;
            }
            *place = Some(
                arguments
                    .next()?
                    .into_string()
                    .ok()
                    .filter(|value| !value.starts_with('-'))?,
            );
        }
        args.command = arguments.collect();
        (!args.command.is_empty()).then_some(args)
    }
}

/// # Errors
/// Whatever keeps the command from being run; then it has not been run.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(
            Report::new(Exit::Usage, "exec.no_command", "there is no command to run")
                .hint("`ob exec -- aws sts get-caller-identity`"),
        );
    };
    let min_ttl = args
        .min_ttl
        .as_deref()
        .map(|text| parse_duration_flag("--min-ttl", text))
        .transpose()?;
    let role = for_menu(&args.role, args.menu, context)?;
    let target = resolve_named(context, &role, &args.sign_in)?;
    let mut menu = args.menu.menu();
    if args.refresh {
        // A renewal cannot ask, and uses no choice that was made in a menu.
        target.unconfirmed()?;
        menu = RoleMenu::Never;
    }
    // Nobody types a password for a command that does not exist.
    let before = || {
        let path = context.environment.raw("PATH");
        process::is_there(program, path).map_err(|report| or_profile(context, program, report))
    };
    let granted = credentials_after(context, &target, min_ttl, menu, &args.sign_in, &before)?;
    let credentials = granted.credentials;
    if args.refresh {
        let environment = refresh::environment(context, &target, &credentials)?;
        let failed = process::replace(program, arguments, environment);
        return Err(or_profile(context, program, failed));
    }
    let environment = environment(context, &target, &credentials)?;
    process::panic_point("client.replace", credentials.session_token.expose());
    let failed = process::replace(program, arguments, environment);
    Err(or_profile(context, program, failed))
}

/// `ob exec prod -- CMD` looks for a program of that name.
fn or_profile(context: &Context, program: &OsStr, failed: Report) -> Report {
    let settings = context.settings().ok();
    let is_profile = |name: &&str| {
        settings.is_some_and(|settings| settings.profiles().any(|known| known == *name))
    };
    match program.to_str().filter(is_profile) {
        Some(profile) if failed.exit == Exit::NotFound => failed.did_you_mean("-p", [profile]),
        _ => failed,
    }
}

/// All that the command sees: the environment of `ob` without what would mislead it, with the credentials.
///
/// # Errors
/// When a value cannot be a variable's.
pub(super) fn environment(
    context: &Context,
    target: &Resolved,
    credentials: &Credentials,
) -> Result<ChildEnv, Report> {
    let region = target.region(&credentials.role, context)?;
    let names = target.names(&credentials.role, region.as_ref());
    let parent = context.program_environment()?;
    Ok(child_env(parent, credentials, &names)?)
}

/// A target's credentials.
#[derive(Debug)]
pub struct Granted {
    pub credentials: Credentials,
    /// What a menu has answered, where the target matches several roles.
    pub chosen: Option<ChosenRole>,
}

/// The target's credentials, from the agent.
///
/// # Errors
/// What the agent reports.
pub fn credentials(
    context: &Context,
    target: &Resolved,
    min_ttl: Option<Duration>,
    menu: RoleMenu,
    sign_in: &SignInArgs,
) -> Result<Granted, Report> {
    credentials_after(context, target, min_ttl, menu, sign_in, &|| Ok(()))
}

/// The same; `before` is called before anything is asked, and may end it.
fn credentials_after(
    context: &Context,
    target: &Resolved,
    min_ttl: Option<Duration>,
    menu: RoleMenu,
    sign_in: &SignInArgs,
    before: &dyn Fn() -> Result<(), Report>,
) -> Result<Granted, Report> {
    let knows_roles = menu != RoleMenu::Never && knows_roles(context, &target.wire);
    let request = || {
        Request::Credentials(CredentialsRequest {
            target: target.wire.clone(),
            min_ttl: min_ttl.map(whole_seconds),
            may_sign_in: true,
            knows_roles,
            menu,
            confirm: target.confirmation(),
        })
    };
    let org = &target.settings.org;
    match ask_with(context, request, org, sign_in, before, &mut |_| {})? {
        Reply::Credentials(mut issued) => Ok(Granted {
            chosen: issued.chosen.take(),
            credentials: received(issued)?,
        }),
        _ => Err(unexpected()),
    }
}

/// Whether the person here could take one of the roles that are remembered, before anybody signs in.
fn knows_roles(context: &Context, target: &Target) -> bool {
    let named = [&target.role, &target.provider, &target.through];
    let open = named.iter().all(|name| name.is_none()) && has_person();
    let shelf = open.then(|| Shelf::of(context, target)).flatten();
    let known = shelf.and_then(|shelf| shelf.load());
    known.is_some_and(|known| known.roles.len() > 1)
}

/// What the agent issued, as the value it is.
///
/// # Errors
/// When its role is no ARN.
pub fn received(issued: IssuedCredentials) -> Result<Credentials, Report> {
    process::panic_point("client.received", issued.secret_access_key.0.expose());
    let provider = issued.provider.as_deref().map(ProviderArn::parse);
    Ok(Credentials {
        role: RoleArn::parse(&issued.role).map_err(|_| unexpected())?,
        provider: provider.transpose().map_err(|_| unexpected())?,
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key.0,
        session_token: issued.session_token.0,
        expires_at: issued.expires_at,
    })
}

/// An answer to another question than the one that was asked.
pub fn unexpected() -> Report {
    Report::new(
        Exit::Failed,
        "agent.reply",
        "the agent answered something else than it was asked",
    )
    .hint("client and agent may differ: `ob agent stop`, then run the same command again")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Whole {
        #[command(flatten)]
        args: Args,
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_is_recognised_means_what_clap_says() {
        for line in [
            "ob exec -- true",
            "ob exec -p dev -- aws s3 ls -p x",
            "ob exec --profile dev -- a -- b",
            "ob exec -r arn:aws:iam::123456789012:role/Dev -- sh -c exit",
        ] {
            let args = Args::recognise(words(line)).expect(line);
            let by_clap = Whole::parse_from(
                words(line)
                    .into_iter()
                    .enumerate()
                    .filter(|(i, _)| *i != 1)
                    .map(|(_, w)| w),
            );
            assert_eq!(format!("{args:?}"), format!("{:?}", by_clap.args), "{line}");
        }
    }

    #[test]
    fn everything_else_is_left_to_clap() {
        for line in [
            "ob",
            "ob exec",
            "ob exec --",
            "ob exec true",
            "ob status -- true",
            "ob exec -p",
            "ob exec -p dev",
            "ob exec -p -- true",
            "ob exec -p a -p b -- true",
            "ob exec -p a -r b -- true",
            "ob exec --json -- true",
            "ob exec --choose -- true",
            "ob exec -pdev -- true",
            "ob exec --min-ttl 45m -- true",
        ] {
            assert!(Args::recognise(words(line)).is_none(), "{line}");
        }
    }
}
