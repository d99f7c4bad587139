//! `ob config init`: writes the first settings file from four answers.

use std::process::ExitCode;

use crate::client::Context;
use crate::config::{
    Existing, NewSettings, Value, check_new_file, parse_answer, parse_flag, write_new,
};
use crate::report::{ErrorCode, Report};
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

/// Runs `ob config init`.
///
/// # Errors
/// When an answer is refused or missing, or the file cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let path = context.settings_file()?;
    if !args.force && !args.print {
        check_new_file(&path, &context.environment)?;
    }
    let new = match &args.url {
        Some(url) => NewSettings {
            url: org(Input::Flag("--url"), url, context)?,
            username: check_flag("--username", "org.username", &args.username)?,
            region: check_flag("--region", "aws.region", &args.region)?,
            app: check_flag("--app", "aws.app", &args.app)?,
        },
        None => ask(args, context)?,
    };
    if args.print {
        data(&new.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let existing = match args.force {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    write_new(&path, &new.to_toml(), existing, &context.environment)?;
    context
        .output
        .message(&format!("wrote {}\nnext: `ob login`", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn ask(args: &Args, context: &Context) -> Result<NewSettings, Report> {
    let mut questions = Questions::new(context.output, &context.environment, || {});
    let mut line = |text| {
        questions.ask_line(Question {
            text,
            instead: "`ob config init --url acme.okta.com` asks nothing",
        })
    };
    let url = retry(context, || {
        let answer = line("Okta org, as your browser shows it (acme.okta.com)")?;
        Ok(org(Input::Answer, &answer, context))
    })?;
    let mut optional =
        |flag: &'static str, key: &'static str, given: &Option<String>, text: &'static str| {
            if given.is_some() {
                return check_flag(flag, key, given);
            }
            retry(context, || {
                let answer = line(text)?;
                Ok(check(Input::Answer, key, Some(answer.trim())))
            })
        };
    Ok(NewSettings {
        url,
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

/// Asks up to three times. A missing terminal or answer ends it.
fn retry<T>(
    context: &Context,
    mut attempt: impl FnMut() -> Result<Result<T, Report>, Report>,
) -> Result<T, Report> {
    for _ in 0..2 {
        match attempt()? {
            Ok(answer) => return Ok(answer),
            Err(report) => context.output.report(&report),
        }
    }
    attempt()?
}

/// Where a value was typed, which its error names.
#[derive(Clone, Copy)]
enum Input {
    Flag(&'static str),
    Answer,
}

impl Input {
    fn parse(self, key: &'static str, text: &str) -> Result<Value, Report> {
        match self {
            Self::Flag(flag) => parse_flag(flag, key, text),
            Self::Answer => parse_answer(key, text),
        }
    }
}

/// Returns the org's origin. A word alone is the org's name before `.okta.com`.
fn org(input: Input, text: &str, context: &Context) -> Result<String, Report> {
    let text = text.trim();
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let is_word = !text.is_empty() && text != "localhost" && text.chars().all(in_word);
    let whole = is_word.then(|| format!("{text}.okta.com"));
    let value = input.parse("org.url", whole.as_deref().unwrap_or(text))?;
    let origin = match value {
        Value::Org(org) => org.origin().to_owned(),
        other => other.to_string(),
    };
    if is_word {
        context
            .output
            .message(&format!("ob: taking {text} for {origin}\n"));
    }
    Ok(origin)
}

fn check_flag(
    flag: &'static str,
    key: &'static str,
    text: &Option<String>,
) -> Result<Option<String>, Report> {
    check(Input::Flag(flag), key, text.as_deref())
}

/// Checks a value as the setting `key`; an empty one is none.
fn check(input: Input, key: &'static str, text: Option<&str>) -> Result<Option<String>, Report> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    input.parse(key, text)?;
    if key == "org.username" && text.contains("://") {
        return Err(
            Report::new(ErrorCode::ConfigUsername, "cannot use this user name")
                .cause("it is the address of a page")
                .hint("write what you type at Okta's sign-in, like `alice@acme.com`"),
        );
    }
    Ok(Some(text.to_owned()))
}
