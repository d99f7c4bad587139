//! `ob config init`: writes the first settings file, from four answers or from other tools'
//! settings, and makes a first profile.

use std::process::ExitCode;

use super::import;
use super::save::ask_name_and_save;
use crate::client::{Context, SignInOptions, pick_role};
use crate::config::{
    Existing, NewProfile, NewSettings, Value, check_new_file, parse_answer, parse_flag, write_new,
};
use crate::report::{ErrorCode, Report};
use crate::sanitize::shell_word;
use crate::terminal::{Question, Questions, data, has_tty};
use crate::wire::RoleEntry;

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
    let is_interactive = args.url.is_none() && !args.print;
    if is_interactive && offer_import(context)? {
        import::import_all(args.force, context)?;
        return make_first_profile(context);
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
    context.check_locks(&new.to_toml(), &path)?;
    let existing = match args.force {
        true => Existing::Replace,
        false => Existing::Keep,
    };
    write_new(&path, &new.to_toml(), existing, &context.environment)?;
    if is_interactive {
        context.output.message(&format!("wrote {}", path.display()));
        return make_first_profile(context);
    }
    context
        .output
        .message(&format!("wrote {}\nnext: `ob login`", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Asks whether to take over the settings of other tools; no, if there are none.
fn offer_import(context: &Context) -> Result<bool, Report> {
    let files = import::importable_files(context);
    if files.is_empty() || !has_tty() {
        return Ok(false);
    }
    let text = format!("Found {}. Take over these settings?", files.join(", "));
    let mut questions = Questions::new(context.output, &context.environment, || {});
    let instead = "`ob config import` takes them over";
    let text = &text;
    Ok(questions.confirm_by_default(Question { text, instead })?)
}

/// Offers to sign in and to choose a role for the first profile, if there is none.
fn make_first_profile(context: &Context) -> Result<ExitCode, Report> {
    // With the settings that were just written.
    let context = &Context::new(context.globals.clone());
    let next = |text: &str| {
        context.output.message(&format!("next: {text}"));
        Ok(ExitCode::SUCCESS)
    };
    if let Some(profile) = context.settings()?.profiles().next() {
        let profile = shell_word(profile);
        return next(&format!("`ob login`, then `ob exec {profile} -- CMD`"));
    }
    let question = Question {
        text: "Sign in now and choose a role for your first profile?",
        instead: "`ob login`, then `ob config add NAME`",
    };
    let mut questions = Questions::new(context.output, &context.environment, || {});
    // The settings are written: no answer is no error.
    let is_wanted = questions.confirm_by_default(question).unwrap_or(false);
    drop(questions);
    if !is_wanted {
        return next("`ob login`, then `ob config add NAME`");
    }
    let role = pick_role(context, &SignInOptions::default())?;
    let suggested = suggest_name(&role);
    let new = NewProfile {
        role: role.role,
        provider: Some(role.provider),
        ..NewProfile::default()
    };
    let text = format!("Name of the profile (Enter for {suggested})");
    let name = ask_name_and_save(context, new, &text, &suggested)?;
    next(&format!("`ob exec {} -- CMD`", shell_word(&name)))
}

/// Returns a name for the role's profile: the last word of its name, in lower case.
fn suggest_name(role: &RoleEntry) -> String {
    let name = role.role.rsplit('/').next().unwrap_or_default();
    let name = name.to_lowercase();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name,
        false => "default".to_owned(),
    }
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
