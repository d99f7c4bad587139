//! `ob config import`: settings from those of another tool. The only place that reads them, and only when told.

mod draft;
mod finish;
mod sources;
mod written;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use crate::client::Context;
use crate::config::{Existing, Value, check_text, parse_flag, write_new};
use crate::report::{Exit, Report};
use crate::sanitize::escape;
use crate::terminal::data;
use draft::{Draft, Origin};
use sources::{ToolArg, findings};

/// Make the settings from those of okta-aws-cli, gimme-aws-creds, saml2aws and their like
///
/// Reads the files named, else those in the usual places of your home, and writes what has a twin here to your settings.
/// What is left out is named with its line and the reason; a stored password or key is never taken and never printed.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Files of other tools, instead of those in the usual places
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose files they are; told by their names when left out
    #[arg(long, value_enum, value_name = "TOOL")]
    from: Option<ToolArg>,
    /// Read okta-aws-cli's OKTA_AWSCLI_* variables of this shell
    #[arg(long)]
    from_env: bool,
    /// Read okta-aws-cli's variables from this .env file; none is read unless named
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Address of your Okta org, where no file has it
    #[arg(long)]
    url: Option<String>,
    /// Only say what the files have; exit 2 when a value is no good
    #[arg(long, conflicts_with_all = ["print", "force"])]
    check: bool,
    /// Print the settings instead of writing them
    #[arg(long, visible_alias = "dry-run", conflicts_with = "force")]
    print: bool,
    /// Replace the settings file that is there
    #[arg(long)]
    force: bool,
}

/// # Errors
/// When there is nothing to read, a file is not understood, or the settings cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let url = args
        .url
        .as_deref()
        .map(|url| parse_flag("--url", "org.url", url));
    let url = url.transpose()?.map(|url: Value| url.to_string());
    let (found, lost) = findings(args, context)?;
    let mut draft = Draft::default();
    for (tool, name, findings) in &found {
        draft.add(*tool, name, findings, url.as_deref());
    }
    for (name, report) in &lost {
        draft.lose_file(name, report);
    }
    draft.drop_unaddressed();
    if let (true, Some(url), false) = (draft.orgs.is_empty(), &url, draft.lost_all()) {
        draft.orgs.push([("url", url.clone())].into());
    }
    draft.choose_default();
    let text = draft.to_toml();
    let mut wrote = None;
    if !args.check {
        let nothing = match draft.lost_all() {
            true if !args.print || text.is_empty() => Some(without_profile()),
            false if !args.print && !draft.has_address() => Some(without_address()),
            _ => None,
        };
        if let Some(report) = nothing {
            if context.globals.json {
                let json = as_json(&draft, &text, None);
                context.voice.data_json(format_args!("{json:#}"))?;
            } else {
                tell(&draft, context);
            }
            return Err(report);
        }
        if !args.print {
            let path = context.settings_file()?;
            // No value is taken that the settings refuse; this is about values that are wrong together.
            check_text(&text, &path)
                .map_err(|report| report.during("what the files have is not written"))?;
            let existing = if args.force {
                Existing::Replace
            } else {
                Existing::Keep
            };
            write_new(&path, &text, existing, &context.environment).map_err(from_import)?;
            wrote = Some(path);
        }
    }
    if context.globals.json {
        context.voice.data_json(format_args!(
            "{:#}",
            as_json(&draft, &text, wrote.as_deref())
        ))?;
    } else if args.check {
        for profile in draft.profiles() {
            context.voice.list(format!("{}\n", escape(profile)))?;
        }
        tell(&draft, context);
    } else {
        if args.print {
            data(&text)?;
        }
        tell(&draft, context);
        if args.print && !draft.has_address() {
            context.voice.report(&without_address());
        }
        if let Some(path) = &wrote {
            context.voice.say(&format!(
                "wrote {}\nnext: `ob config check`, then `ob login`",
                path.display()
            ));
        }
    }
    let wrong = args.check && draft.left.iter().any(|left| left.wrong);
    Ok(if wrong {
        ExitCode::from(Exit::Usage.code())
    } else {
        ExitCode::SUCCESS
    })
}

fn tell(draft: &Draft, context: &Context) {
    for taken in &draft.taken {
        let Origin { key, .. } = &taken.from;
        let (from, key, to, value) = (
            place(&taken.from),
            escape(key),
            escape(&taken.to),
            escape(&taken.value),
        );
        context
            .voice
            .say(&format!("{from}: {key} -> {to} = {value}"));
    }
    for renamed in &draft.renamed {
        let (from, key, to) = (
            place(&renamed.from),
            escape(&renamed.from.key),
            escape(&renamed.to),
        );
        let why = renamed.why;
        context
            .voice
            .say(&format!("{from}: {key} is called {to} here: {why}"));
    }
    for (from, why) in &draft.notes {
        let (from, why) = (place(from), escape(why));
        context
            .voice
            .say(&format!("{from}: read all the same: {why}"));
    }
    for left in &draft.left {
        let (from, key, why) = (place(&left.from), escape(&left.from.key), escape(&left.why));
        let key = if key.is_empty() { key } else { key + " " };
        context.voice.say(&format!("{from}: {key}left out: {why}"));
    }
}

fn place(origin: &Origin) -> String {
    let file = escape(&origin.file);
    match origin.line {
        0 => file,
        line => format!("{file}:{line}"),
    }
}

fn as_json(draft: &Draft, text: &str, wrote: Option<&Path>) -> serde_json::Value {
    let taken = draft.taken.iter().map(|taken| {
        json!({ "file": taken.from.file, "line": taken.from.line, "key": taken.from.key, "to": taken.to, "value": taken.value })
    });
    let renamed = draft.renamed.iter().map(
        |renamed| json!({ "file": renamed.from.file, "from": renamed.from.key, "to": renamed.to, "why": renamed.why }),
    );
    let notes = draft
        .notes
        .iter()
        .map(|(from, why)| json!({ "file": from.file, "line": from.line, "why": why }));
    let left = draft.left.iter().map(|left| {
        json!({ "file": left.from.file, "line": left.from.line, "key": left.from.key, "why": left.why, "wrong": left.wrong })
    });
    json!({
        "profiles": draft.profiles().collect::<Vec<_>>(),
        "taken": taken.collect::<Vec<_>>(),
        "renamed": renamed.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
        "left_out": left.collect::<Vec<_>>(),
        "settings": text,
        "wrote": wrote,
    })
}

fn without_profile() -> Report {
    Report::new(
        Exit::Usage,
        "import.no_profile",
        "no profile could be taken",
    )
    .cause("each is left out for a value that is no good")
    .hint("`ob config import --check` names the values; mend them there, or `ob config init` asks")
}

fn without_address() -> Report {
    Report::new(Exit::Usage, "import.org", "cannot tell the Okta org")
        .cause("none of the files has its address")
        .hint("say it: `ob config import --url acme.okta.com`")
}

/// The hints of the new file's writer are about `ob config init`.
fn from_import(mut report: Report) -> Report {
    for hint in &mut report.hints {
        *hint = hint.replace("ob config init", "ob config import");
    }
    report
}
