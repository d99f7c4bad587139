//! `ob console`: opens the AWS console, signed in with a role.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::client::{
    Context, ask_agent, console_browser, default_browser, resolve_for_menu, unexpected_reply,
    with_picked_profile,
};
use crate::commands::args::{MenuArgs, NamedRoleArgs, SignInArgs};
use crate::config::CONSOLE_BROWSERS;
use crate::loopback::{OneShotRedirect, Peer, RedirectOutcome};
use crate::model::RoleArn;
use crate::process::open_browser;
use crate::report::{ErrorCode, Report};
use crate::terminal::{data, stdout_is_terminal};
use crate::wire::{ConsoleRequest, Reply, Request};

/// Open the AWS console, signed in with a role
///
/// The browser is sent to a page on 127.0.0.1 that works once, for a browser of your user, and
/// sends it on: the address that signs in stands in no argument list. `--duration` is how long the
/// console stays signed in.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub role: NamedRoleArgs,
    #[command(flatten)]
    pub menu: MenuArgs,
    /// The page to open, as in the console's address: s3, 'cloudwatch#logsV2:log-groups', or a
    /// whole address
    #[arg(short, long, value_name = "SERVICE")]
    pub service: Option<String>,
    #[arg(
        long,
        conflicts_with_all = ["browser", "browser_command"],
        help = "Print the address, which signs in whoever opens it within 15 minutes"
    )]
    pub print: bool,
    /// Open each account's console in a container (with an add-on) or a browser profile of its own
    #[arg(
        long,
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(CONSOLE_BROWSERS.split(", ")),
    )]
    pub browser: Option<String>,
    /// What opens the page: 'firefox -P work {url}'
    #[arg(long, value_name = "CMD", conflicts_with = "browser")]
    pub browser_command: Option<String>,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Runs `ob console`.
///
/// # Errors
/// When there are no credentials, AWS refuses them, or no browser opens the page.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    for (flag, path, typed) in [
        ("--browser", "console.browser", &args.browser),
        (
            "--browser-command",
            "browser_command",
            &args.browser_command,
        ),
    ] {
        if typed.is_some() {
            context.settings()?.check_flag(flag, path)?;
        }
    }
    let (menu, sign_in) = (args.menu.menu(), args.sign_in.options());
    let selection = with_picked_profile(context, args.role.selection(), menu)?;
    let target = resolve_for_menu(context, selection, menu, &sign_in)?;
    let settings = context.settings()?;
    let request = || {
        Request::Console(ConsoleRequest {
            target: target.wire.clone(),
            menu,
            service: args.service.clone(),
            signin_endpoint: settings.signin_endpoint().map(ToOwned::to_owned),
            confirm: target.confirmation(),
        })
    };
    if let Some(name) = browser_name(args, context)?.filter(|_| !args.print) {
        // Before a sign-in: the browser must be there.
        console_browser(context, &name, "", None)?;
    }
    let reply = ask_agent(context, request, &target.settings.org, &sign_in)?;
    let Reply::Console { link, role } = reply else {
        return Err(unexpected_reply());
    };
    if args.print {
        let text = if context.globals.json {
            json!({ "url": link.0.expose(), "role": role }).to_string()
        } else {
            link.0.expose().to_owned()
        };
        data(&format!("{text}\n"))?;
        if stdout_is_terminal() {
            context.output.message(&format!(
                "ob: whoever opens this address is signed in as {role}; it is good for 15 minutes"
            ));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let page = OneShotRedirect::open().map_err(no_page)?;
    let color = target.settings.color.as_deref();
    let command = browser(args, &role, color, context)?;
    let mut browser = open_browser(&command, &page.address(), context.browser_environment()?)?;
    context
        .output
        .message(&format!("ob: opening the AWS console as {role}"));
    let mut failed = None;
    let visit = page
        .redirect(&link.0, || {
            // A launcher that succeeds may have handed the page to a browser that still starts.
            failed = browser
                .try_wait()
                .ok()
                .flatten()
                .filter(|status| !status.success());
            failed.is_some()
        })
        .map_err(no_page)?;
    match (visit, failed) {
        (RedirectOutcome::Redirected(Peer::SameUser), _) => Ok(ExitCode::SUCCESS),
        (RedirectOutcome::Redirected(Peer::WslRelay), _) => {
            context.output.message(
                "ob: the page was fetched by root, as WSL does for the browsers of Windows",
            );
            Ok(ExitCode::SUCCESS)
        }
        (_, Some(status)) => Err(unvisited(format!(
            "the browser's command ended with {status}"
        ))),
        (RedirectOutcome::NotFetched { refused }, None) if refused > 0 => Err(unvisited(format!(
            "no browser of your user fetched the page within 30 seconds; {refused} connections \
             were refused, because they belong to another user or to none that this system shows"
        ))),
        (_, None) => Err(unvisited(
            "no browser came to the page within 30 seconds".into(),
        )),
    }
}

/// Returns the name of the browser that keeps accounts apart, if one is chosen.
fn browser_name(args: &Args, context: &Context) -> Result<Option<String>, Report> {
    if args.browser_command.is_some() {
        return Ok(None);
    }
    let setting = context.settings()?.console_browser();
    Ok(args.browser.as_deref().or(setting).map(ToOwned::to_owned))
}

/// Returns the command that opens a page for the ARN `role`: the flag's, the settings', or the
/// system's.
fn browser(
    args: &Args,
    role: &str,
    color: Option<&str>,
    context: &Context,
) -> Result<Vec<String>, Report> {
    if let Some(command) = &args.browser_command {
        return Ok(command.split_whitespace().map(ToOwned::to_owned).collect());
    }
    let settings = context.settings()?;
    if let Some(name) = browser_name(args, context)? {
        let account = RoleArn::parse(role).map_err(|_| unexpected_reply())?;
        return console_browser(context, &name, account.account(), color);
    }
    if let Some(command) = settings.browser_command() {
        return Ok(command.to_vec());
    }
    match default_browser(context) {
        Some(program) => Ok(vec![program.display().to_string()]),
        None => Err(unvisited(
            "there is no screen to open a browser on, or no program that opens one".into(),
        )),
    }
}

fn unvisited(why: String) -> Report {
    Report::new(
        ErrorCode::ConsoleUnvisited,
        "the AWS console was not opened",
    )
    .cause(why)
    .hint("`ob console --print` prints an address to open by hand")
    .hint("firefox-containers needs an add-on, which may ask in the browser: answer it there")
    .hint(
        "`--browser-command 'firefox {url}'` or `browser_command` in the settings names a browser",
    )
}

fn no_page(error: std::io::Error) -> Report {
    Report::new(
        ErrorCode::ConsolePage,
        "cannot serve the page that leads to the console",
    )
    .cause(error)
    .hint("`ob console --print` prints the address instead")
}
