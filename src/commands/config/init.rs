//! `ob config init`: from nothing to a settings file in four questions.

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

/// # Errors
/// When an answer is no good or missing, or the file cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let path = context.settings_file()?;
    if !args.force && !args.print {
        check_new_file(&path, &context.environment)?;
    }
    let new = match &args.url {
        Some(url) => NewSettings {
            url: org(Given::Flag("--url"), url, context)?,
            username: checked(
                Given::Flag("--username"),
                "org.username",
                args.username.as_deref(),
            )?,
            region: checked(
                Given::Flag("--region"),
                "aws.region",
                args.region.as_deref(),
            )?,
            app: checked(Given::Flag("--app"), "aws.app", args.app.as_deref())?,
        },
        None => ask(args, context)?,
    };
    if args.print {
        data(&new.to_toml())?;
        return Ok(ExitCode::SUCCESS);
    }
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    write_new(&path, &new.to_toml(), existing, &context.environment)?;
    context
        .voice
        .say(&format!("wrote {}\nnext: `ob login`", path.display()));
    Ok(ExitCode::SUCCESS)
}

fn ask(args: &Args, context: &Context) -> Result<NewSettings, Report> {
    let mut questions = Questions::new(context.voice, &context.environment, || {});
    let mut line = |text| {
        questions.ask_line(Question {
            text,
            instead: "`ob config init --url acme.okta.com` asks nothing",
        })
    };
    let url = insist(context, || {
        let answer = line("Okta org, as your browser shows it (acme.okta.com)")?;
        Ok(org(Given::Answer, &answer, context))
    })?;
    let mut optional =
        |flag: &'static str, key: &'static str, given: &Option<String>, text: &'static str| {
            if given.is_some() {
                return checked(Given::Flag(flag), key, given.as_deref());
            }
            insist(context, || {
                let answer = line(text)?;
                Ok(checked(Given::Answer, key, Some(answer.trim())))
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

/// How a value came: a mistake in it is told accordingly.
#[derive(Clone, Copy)]
enum Given {
    Flag(&'static str),
    Answer,
}

impl Given {
    fn read(self, key: &'static str, text: &str) -> Result<Value, Report> {
        match self {
            Self::Flag(flag) => parse_flag(flag, key, text),
            Self::Answer => parse_answer(key, text),
        }
    }
}

/// The org's origin; a word alone is what Okta calls the org, in front of `.okta.com`.
fn org(given: Given, text: &str, context: &Context) -> Result<String, Report> {
    let text = text.trim();
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let is_word = !text.is_empty() && text != "localhost" && text.chars().all(in_word);
    let whole = is_word.then(|| format!("{text}.okta.com"));
    let value = given.read("org.url", whole.as_deref().unwrap_or(text))?;
    let origin = match value {
        Value::Org(org) => org.origin().to_owned(),
        other => other.to_string(),
    };
    if is_word {
        context
            .voice
            .say(&format!("ob: taking {text} for {origin}\n"));
    }
    Ok(origin)
}

fn checked(given: Given, key: &'static str, text: Option<&str>) -> Result<Option<String>, Report> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    given.read(key, text)?;
    if key == "org.username" && text.contains("://") {
        return Err(
            Report::new(ErrorCode::ConfigUsername, "cannot use this user name")
                .cause("it is the address of a page")
                .hint("write what you type at Okta's sign-in, like `alice@acme.com`"),
        );
    }
    Ok(Some(text.to_owned()))
}
