//! `ob config edit`: opens the settings file in the user's editor and checks it afterwards.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use super::own_file::OwnFile;
use crate::client::{Context, Globals};
use crate::ini::shell_words;
use crate::model::Environment;
use crate::process::{self, ForegroundChild};
use crate::report::{ErrorCode, Report};
use crate::terminal::{Question, Questions, has_tty};

/// Runs `ob config edit`.
///
/// # Errors
/// When there is no file or no editor, or the file has a mistake when the user is done.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let file = OwnFile::read(context)?;
    if !file.exists() {
        return Err(
            Report::new(ErrorCode::ConfigNoFile, "there is no settings file to edit")
                .cause(format!("{} does not exist", file.path().display()))
                .hint("`ob config init` writes one"),
        );
    }
    let environment = editor_environment(context);
    loop {
        open_editor(&file, context, &environment)?;
        let Err(report) = check(context) else {
            context
                .output
                .message(&format!("ob: {} is good", file.path().display()));
            return Ok(ExitCode::SUCCESS);
        };
        if !has_tty() {
            return Err(report);
        }
        context.output.report(&report);
        let mut questions = Questions::new(context.output, &context.environment, || {});
        let again = questions.confirm(Question {
            text: "The settings have the mistake above. Open the editor again?",
            instead: "correct the file",
        });
        if !again? {
            return Err(Report::new(
                ErrorCode::ConfigLeftWrong,
                "the settings file was left with a mistake",
            )
            .hint("`ob config edit` opens it again, `ob config check` shows the mistake"));
        }
    }
}

/// Reads the settings anew, as every verb would.
fn check(context: &Context) -> Result<(), Report> {
    let globals = Globals {
        config: context.globals.config.clone(),
        ..Globals::default()
    };
    let fresh = Context::new(globals);
    let settings = fresh.settings()?;
    settings.orgs(&fresh.environment).map(drop)
}

/// What an editor needs at a terminal or a desktop.
const EDITOR_VARIABLES: [&str; 12] = [
    "COLORTERM",
    "DISPLAY",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "PATH",
    "SHELL",
    "TERM",
    "USER",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
];

/// Returns the environment without the private keys of machine sign-ins. Settings that cannot be
/// read do not name these variables; then only [`EDITOR_VARIABLES`] are passed on.
fn editor_environment(context: &Context) -> Environment {
    let all = context.program_environment();
    all.unwrap_or_else(|_| {
        let is_needed = |name: &OsStr| EDITOR_VARIABLES.iter().any(|needed| name == *needed);
        context.environment.without(|name| !is_needed(name))
    })
}

/// Opens the file in the program of `VISUAL` or `EDITOR`, else in vi, and waits for its end.
fn open_editor(file: &OwnFile, context: &Context, environment: &Environment) -> Result<(), Report> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| context.environment.text(name))
        .find(|value| !value.trim().is_empty())
        .unwrap_or("vi");
    let failed = |cause: &str| {
        Report::new(
            ErrorCode::ConfigEditor,
            format!("cannot edit the settings with `{named}`"),
        )
        .cause(cause)
        .hint("`EDITOR=nano ob config edit` takes another program")
    };
    let words = shell_words(named).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| failed("a quote in it is not closed"))?;
    let mut words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    process::exists_in_path(&words[0], context.environment.raw("PATH"))
        .map_err(|report| failed(&report.causes.join(": ")))?;
    words.push(file.path().into());
    let foreground = ForegroundChild::new().map_err(|error| failed(&error.to_string()))?;
    let variables = environment.iter();
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let status = process::start_as_is(&words, variables)
        .and_then(|child| foreground.wait_for(child))
        .map_err(|error| failed(&error.to_string()))?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(&format!(
            "it ended with exit code {}; the file stays as it was saved",
            process::exit_code(status)
        ))),
    }
}
