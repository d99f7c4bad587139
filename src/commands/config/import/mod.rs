//! `ob config import`: settings from those of another tool. The only place that reads them, and only when told.

mod draft;
mod written;

use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::super::Context;
use crate::config::{Existing, Value, read_as, read_foreign, write_new};
use crate::paths;
use crate::peers::{Findings, Peer, PeerError, from_variables, usual_places};
use crate::report::{Exit, Report};
use crate::shown::shown;
use crate::terminal::data;
use draft::{Draft, Origin};

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
    from: Option<Tool>,
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

/// A tool, as it is typed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    OktaAwsCli,
    GimmeAwsCreds,
    Saml2aws,
    Tokendito,
    Oktaws,
    AwsOkta,
    OktaJava,
    AwsOktaProcessor,
    AwsSts,
}

impl From<Tool> for Peer {
    fn from(tool: Tool) -> Self {
        match tool {
            Tool::OktaAwsCli => Self::OktaAwsCli,
            Tool::GimmeAwsCreds => Self::GimmeAwsCreds,
            Tool::Saml2aws => Self::Saml2Aws,
            Tool::Tokendito => Self::Tokendito,
            Tool::Oktaws => Self::Oktaws,
            Tool::AwsOkta => Self::AwsOkta,
            Tool::OktaJava => Self::OktaJava,
            Tool::AwsOktaProcessor => Self::AwsOktaProcessor,
            Tool::AwsSts => Self::AwsSts,
        }
    }
}

/// # Errors
/// When there is nothing to read, a file is not understood, or the settings cannot be written.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let url = args
        .url
        .as_deref()
        .map(|url| read_as("--url", "org.url", url));
    let url = url.transpose()?.map(|url: Value| url.to_string());
    let found = findings(args, context)?;
    let mut draft = Draft::default();
    for (peer, name, findings) in &found {
        draft.add(*peer, name, findings, url.as_deref());
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
            context.voice.list(format!("{}\n", shown(profile)))?;
        }
        tell(&draft, context);
    } else {
        if args.print {
            data(&text)?;
        }
        tell(&draft, context);
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

/// What each source says, with the name it is called by.
fn findings(args: &Args, context: &Context) -> Result<Vec<(Peer, String, Findings)>, Report> {
    let mut found = Vec::new();
    let mut looked = Vec::new();
    let named = !args.files.is_empty();
    let explicit = named || ((args.from_env || args.env_file.is_some()) && args.from.is_none());
    let sources = if explicit {
        named_files(args)?
    } else {
        homes_files(args, context)
    };
    for (peer, path) in sources {
        let name = path.display().to_string();
        let during = |report: Report| report.during(format!("cannot import {name}"));
        match read_foreign(&path, &context.environment).map_err(during)? {
            Some(text) => match peer.read(&path, &text) {
                Ok(findings) => found.push((peer, name, findings)),
                // Everybody who uses AWS has this file; few have used aws-okta.
                Err(PeerError::Nothing) if !named => looked.push(name),
                // The AWS file may be either tool's.
                Err(PeerError::Nothing) if peer == Peer::AwsOkta && args.from.is_none() => {
                    let peer = Peer::AwsOktaProcessor;
                    let findings = peer.read(&path, &text);
                    let findings = findings.map_err(|error| during(error.into()))?;
                    found.push((peer, name, findings));
                }
                Err(error) => return Err(during(error.into())),
            },
            None if named => return Err(missing(&name)),
            None => looked.push(name),
        }
    }
    if let Some(path) = &args.env_file {
        let name = path.display().to_string();
        let text = read_foreign(path, &context.environment)?.ok_or_else(|| missing(&name))?;
        let peer = Peer::OktaAwsCliVariables;
        let findings = peer.read(path, &text);
        found.push((
            peer,
            name.clone(),
            findings
                .map_err(|error| Report::from(error).during(format!("cannot import {name}")))?,
        ));
    }
    if args.from_env {
        let variables = context.environment.iter();
        let variables =
            variables.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        match from_variables(variables)? {
            Some(findings) => {
                let peer = Peer::OktaAwsCliVariables;
                found.push((peer, "the environment".to_owned(), findings));
            }
            None => looked.push("OKTA_AWSCLI_* in the environment".to_owned()),
        }
    }
    if found.is_empty() {
        return Err(nothing(&looked));
    }
    Ok(found)
}

fn named_files(args: &Args) -> Result<Vec<(Peer, PathBuf)>, Report> {
    let files = args.files.iter().map(|path| {
        let peer = args.from.map(Peer::from).or_else(|| Peer::of_file(path));
        peer.map(|peer| (peer, path.clone())).ok_or_else(|| {
            Report::new(
                Exit::Usage,
                "import.tool",
                format!("cannot tell whose file {} is", path.display()),
            )
            .cause("its name is none that a known tool uses")
            .hint(format!(
                "name the tool: `ob config import {} --from saml2aws`",
                path.display()
            ))
        })
    });
    files.collect()
}

/// The files in the usual places, of one tool or of all.
fn homes_files(args: &Args, context: &Context) -> Vec<(Peer, PathBuf)> {
    let Some(home) = paths::home(&context.environment) else {
        return Vec::new();
    };
    let mut files: Vec<(Peer, PathBuf)> = usual_places(&home).collect();
    let directory = home.join(Peer::OKTAWS_DIRECTORY);
    let inside = read_dir(&directory).into_iter().flatten().flatten();
    let mut orgs: Vec<PathBuf> = inside.map(|entry| entry.path()).collect();
    orgs.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    orgs.sort();
    files.extend(orgs.into_iter().map(|path| (Peer::Oktaws, path)));
    let wanted = args.from.map(Peer::from);
    if wanted == Some(Peer::AwsOktaProcessor) {
        files.push((Peer::AwsOktaProcessor, home.join(Peer::WITH_KEYS)));
    }
    files.retain(|(peer, _)| wanted.is_none_or(|wanted| wanted == *peer));
    files
}

fn tell(draft: &Draft, context: &Context) {
    for taken in &draft.taken {
        let Origin { key, .. } = &taken.from;
        let (from, key, to, value) = (
            place(&taken.from),
            shown(key),
            shown(&taken.to),
            shown(&taken.value),
        );
        context
            .voice
            .say(&format!("{from}: {key} -> {to} = {value}"));
    }
    for renamed in &draft.renamed {
        let (from, key, to) = (
            place(&renamed.from),
            shown(&renamed.from.key),
            shown(&renamed.to),
        );
        context.voice.say(&format!(
            "{from}: {key} is called {to} here: an earlier file has a profile of that name"
        ));
    }
    for left in &draft.left {
        let (from, key, why) = (place(&left.from), shown(&left.from.key), shown(&left.why));
        context.voice.say(&format!("{from}: {key} left out: {why}"));
    }
}

fn place(origin: &Origin) -> String {
    let file = shown(&origin.file);
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
        |renamed| json!({ "file": renamed.from.file, "from": renamed.from.key, "to": renamed.to }),
    );
    let left = draft.left.iter().map(|left| {
        json!({ "file": left.from.file, "line": left.from.line, "key": left.from.key, "why": left.why, "wrong": left.wrong })
    });
    json!({
        "profiles": draft.profiles().collect::<Vec<_>>(),
        "taken": taken.collect::<Vec<_>>(),
        "renamed": renamed.collect::<Vec<_>>(),
        "left_out": left.collect::<Vec<_>>(),
        "settings": text,
        "wrote": wrote,
    })
}

fn missing(name: &str) -> Report {
    Report::new(
        Exit::Usage,
        "import.missing",
        format!("cannot import {name}"),
    )
    .cause("there is no such file")
    .hint("`ob config import` without a file looks in the usual places")
}

fn nothing(looked: &[String]) -> Report {
    let report = Report::new(Exit::Usage, "import.nothing", "there is nothing to import");
    let report = looked.iter().fold(report, |report, place| {
        report.cause(format!("{place}: not there, or nothing of Okta in it"))
    });
    report
        .hint("name a file: `ob config import FILE --from saml2aws`; `ob config init` asks instead")
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
