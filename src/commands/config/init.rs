//! `ob config init`: from nothing to a settings file in four questions.

use std::process::ExitCode;

use super::super::Context;
use crate::config::{Existing, NewSettings, Value, read_as, write_new};
use crate::report::Report;
use crate::terminal::{Question, Questions, data};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Address of your Okta org; with it, nothing is asked
    #[arg(long)]
    url: Option<String>,
    /// Your user name in Okta
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// AWS region
    #[arg(long)]
    region: Option<String>,
    /// Embed link or id of the AWS app
    #[arg(long, value_name = "LINK")]
    app: Option<String>,
    /// Replace the file that is there
    #[arg(long)]
    force: bool,
    /// Print the settings instead of writing them
    #[arg(long, conflicts_with = "force")]
    print: bool,
}

/// # Errors
/// When an answer is no good or missing, or the file cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let new = match &args.url {
        Some(url) => NewSettings {
            url: org("--url", url)?,
            username: checked("--username", "org.username", args.username.as_deref())?,
            region: checked("--region", "aws.region", args.region.as_deref())?,
            app: checked("--app", "aws.app", args.app.as_deref())?,
        },
        None => ask(args, context)?,
    };
    if args.print {
        data(&new.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = context.settings_file()?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    write_new(&path, &new.to_toml(), existing)?;
    context
        .voice
        .say(&format!("wrote {}\nnext: `ob login`", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn ask(args: &Args, context: &Context) -> Result<NewSettings, Report> {
    let mut questions = Questions::new(context.voice, &context.environment, || {});
    let mut optional =
        |flag: &'static str, key: &'static str, given: &Option<String>, text: &str| {
            if given.is_some() {
                return checked(flag, key, given.as_deref());
            }
            insist(context, || {
                let answer = questions.ask_line(Question {
                    text,
                    instead: "`ob config init --url acme.okta.com` asks nothing",
                })?;
                let answer = answer.trim();
                Ok(checked(
                    flag,
                    key,
                    Some(answer).filter(|text| !text.is_empty()),
                ))
            })
        };
    let url = optional(
        "--url",
        "org.url",
        &None,
        "Okta org, as your browser shows it (acme.okta.com)",
    )?;
    Ok(NewSettings {
        // An empty answer here is refused with what an address looks like.
        url: org("--url", &url.unwrap_or_default())?,
        username: optional(
            "--username",
            "org.username",
            &args.username,
            "User name (Enter to be asked each time)",
        )?,
        region: optional(
            "--region",
            "aws.region",
            &args.region,
            "AWS region (Enter for none)",
        )?,
        app: optional(
            "--app",
            "aws.app",
            &args.app,
            "Link of the AWS app (Enter to have it found)",
        )?,
    })
}

/// Asks up to three times; a terminal that is not there, or says nothing, is not asked twice.
fn insist<T>(
    context: &Context,
    mut attempt: impl FnMut() -> Result<Result<T, Report>, Report>,
) -> Result<T, Report> {
    for _ in 0..2 {
        match attempt()? {
            Ok(answer) => return Ok(answer),
            Err(report) => context.voice.report(&report),
        }
    }
    attempt()?
}

fn org(flag: &'static str, text: &str) -> Result<String, Report> {
    match read_as(flag, "org.url", text)? {
        Value::Org(org) => Ok(org.origin().to_owned()),
        other => Ok(other.to_string()),
    }
}

fn checked(
    flag: &'static str,
    key: &'static str,
    given: Option<&str>,
) -> Result<Option<String>, Report> {
    let given = given.filter(|text| !text.is_empty());
    given
        .map(|text| read_as(flag, key, text).map(|_| text.to_owned()))
        .transpose()
}
