//! `ob exec`: replaces this process with a command that holds a role's credentials.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use crate::client::{Context, child_environment, credentials_with, resolve_for_menu};
use crate::commands::args::{MenuArgs, RoleArgs, SignInArgs, parse_min_ttl};
use crate::commands::config::hint_to_save;
use crate::commands::renewing_env::renewing_environment;
use crate::process;
use crate::report::{ErrorCode, Exit, Report};
use crate::sanitize::{escape, shell_word};
use crate::wire::RoleMenu;

/// Run a command with a role's credentials in its environment
#[derive(clap::Args, Clone, Debug, Default)]
#[command(override_usage = "ob exec [OPTIONS] [PROFILE] -- <CMD>...")]
pub struct Args {
    #[command(flatten)]
    pub role: RoleArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// Start only if the credentials last at least this long: 45m
    #[arg(long, value_name = "TIME")]
    pub min_ttl: Option<String>,
    /// For runs longer than credentials last: no keys in the environment, the command's SDK renews
    /// by itself
    #[arg(
        long,
        conflicts_with_all = [
            "role", "provider", "region", "duration", "read_only", "policy_arn", "choose",
        ],
    )]
    pub refresh: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
    /// The command and its arguments
    #[arg(
        trailing_var_arg = true,
        required = true,
        value_name = "CMD",
        help_heading = "Arguments"
    )]
    pub command: Vec<OsString>,
}

impl Args {
    /// Takes the word before `--` as the profile: `ob exec dev -- CMD`. clap takes it as the
    /// beginning of the command. `typed` are the words of the command line.
    pub fn take_profile(&mut self, typed: impl IntoIterator<Item = OsString>) {
        let Some([word, separator]) = self.command.first_chunk() else {
            return;
        };
        if separator != "--" || self.role.profile.is_some() || self.role.role.is_some() {
            return;
        }
        // In `ob exec -- dev -- CMD` it is the command.
        let typed: Vec<OsString> = typed.into_iter().collect();
        let first = typed.iter().position(|typed| typed == "--");
        let is_before = first.is_some_and(|at| at > 0 && typed[at - 1] == *word);
        if let (true, Some(profile)) = (is_before, word.to_str()) {
            self.role.profile = Some(profile.to_owned());
            self.command.drain(..2);
        }
    }

    /// Parses `ob exec [PROFILE | -p PROFILE | -r ROLE] -- CMD…` without clap, whose grammar takes
    /// longer to build than everything else before the command starts. Returns `None` for any
    /// other form.
    pub fn parse_fast_path(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
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
                name if !name.starts_with('-') && args.role.is_empty() => {
                    args.role.profile = Some(name.to_owned());
                    if arguments.next()? != "--" {
                        return None;
                    }
                    break;
                }
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

/// Returns the error for `ob exec PROFILE --option … -- CMD`, in which clap takes the profile as
/// the command. A program of the same name would be meant.
fn options_behind_profile(command: &[OsString], context: &Context) -> Option<Report> {
    let [profile, option, ..] = command else {
        return None;
    };
    let (profile, option) = (profile.to_str()?, option.to_str()?);
    let separator = command.iter().position(|word| word == "--")?;
    let settings = context.settings().ok()?;
    let path = context.environment.raw("PATH");
    let is_meant = option.starts_with('-')
        && separator > 1
        && settings.profiles().any(|name| name == profile)
        && process::exists_in_path(profile.as_ref(), path).is_err();
    let options: Option<Vec<&str>> = command[1..separator]
        .iter()
        .map(|word| word.to_str())
        .collect();
    let quoted = |word: &str| {
        let name = word.trim_start_matches('-');
        format!("{}{}", &word[..word.len() - name.len()], shell_word(name))
    };
    let options: Vec<String> = options?.into_iter().map(quoted).collect();
    is_meant.then(|| {
        Report::new(
            ErrorCode::UsageUnexpected,
            format!("options stand before the profile: {}", escape(option)),
        )
        .hint(format!(
            "`ob exec {} {} -- CMD`",
            options.join(" "),
            shell_word(profile)
        ))
    })
}

/// Runs `ob exec`.
///
/// # Errors
/// When the command cannot be started. It has not run then.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(
            Report::new(ErrorCode::ExecNoCommand, "there is no command to run")
                .hint("`ob exec -- aws sts get-caller-identity`"),
        );
    };
    if let Some(report) = options_behind_profile(&args.command, context) {
        return Err(report);
    }
    let min_ttl = parse_min_ttl(args.min_ttl.as_deref())?;
    let sign_in = args.sign_in.options();
    let mut menu = args.menu.menu();
    let target = resolve_for_menu(context, args.role.selection(), menu, &sign_in)?;
    if args.refresh {
        // A renewal cannot ask, and does not use a role that was chosen in a menu.
        target.reject_confirm()?;
        menu = RoleMenu::Never;
    }
    // Before a question: a password must not be typed for a command that does not exist.
    let check_program = || {
        let path = context.environment.raw("PATH");
        process::exists_in_path(program, path)
            .map_err(|report| hint_profile(context, program, report))
    };
    let before_question: Option<&dyn Fn() -> Result<(), Report>> = Some(&check_program);
    let granted = credentials_with(context, &target, min_ttl, menu, &sign_in, before_question)?;
    let credentials = granted.credentials;
    if granted.is_from_menu {
        hint_to_save(context, &credentials.role);
    }
    let failed = if args.refresh {
        let environment = renewing_environment(context, &target, &credentials)?;
        process::replace(program, arguments, environment)
    } else {
        let environment = child_environment(context, &target, &credentials)?;
        process::panic_point("client.replace", credentials.session_token.expose());
        process::replace(program, arguments, environment)
    };
    Err(hint_profile(context, program, failed))
}

/// Adds a hint if the program that does not exist is the name of a profile: `ob exec prod -- CMD`.
fn hint_profile(context: &Context, program: &OsStr, failed: Report) -> Report {
    let settings = context.settings().ok();
    let is_profile = |name: &&str| {
        settings.is_some_and(|settings| settings.profiles().any(|known| known == *name))
    };
    match program.to_str().filter(is_profile) {
        Some(profile) if failed.exit == Exit::NotFound => failed.did_you_mean("-p", [profile]),
        _ => failed,
    }
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
    fn fast_path_agrees_with_clap() {
        for line in [
            "ob exec -- true",
            "ob exec -p dev -- aws s3 ls -p x",
            "ob exec --profile dev -- a -- b",
            "ob exec -r arn:aws:iam::123456789012:role/Dev -- sh -c exit",
            "ob exec dev -- true",
            "ob exec dev -- true -- x",
            "ob exec -- dev -- true",
        ] {
            let args = Args::parse_fast_path(words(line)).expect(line);
            let mut by_clap = Whole::parse_from(
                words(line)
                    .into_iter()
                    .enumerate()
                    .filter(|(i, _)| *i != 1)
                    .map(|(_, w)| w),
            );
            by_clap.args.take_profile(words(line));
            assert_eq!(format!("{args:?}"), format!("{:?}", by_clap.args), "{line}");
        }
    }

    #[test]
    fn other_forms_are_left_to_clap() {
        for line in [
            "ob",
            "ob exec",
            "ob exec --",
            "ob exec true",
            "ob exec true false -- x",
            "ob exec -p a b -- true",
            "ob exec a -p b -- true",
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
            assert!(Args::parse_fast_path(words(line)).is_none(), "{line}");
        }
    }
}
