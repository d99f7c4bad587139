//! The files of other tools: whose each is, and what it says.

use std::fs::read_dir;
use std::path::{Path, PathBuf};

use super::Args;
use crate::client::Context;
use crate::config::read_foreign_file;
use crate::importers::{Findings, ImportError, Tool, default_paths, from_variables};
use crate::model::Environment;
use crate::paths;
use crate::report::{Exit, Report};

/// A tool, as it is typed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToolArg {
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

impl From<ToolArg> for Tool {
    fn from(tool: ToolArg) -> Self {
        match tool {
            ToolArg::OktaAwsCli => Self::OktaAwsCli,
            ToolArg::GimmeAwsCreds => Self::GimmeAwsCreds,
            ToolArg::Saml2aws => Self::Saml2Aws,
            ToolArg::Tokendito => Self::Tokendito,
            ToolArg::Oktaws => Self::Oktaws,
            ToolArg::AwsOkta => Self::AwsOkta,
            ToolArg::OktaJava => Self::OktaJava,
            ToolArg::AwsOktaProcessor => Self::AwsOktaProcessor,
            ToolArg::AwsSts => Self::AwsSts,
        }
    }
}

/// What each source says, with the name it is called by, and the files that cannot be read.
pub(super) type Sources = (Vec<(Tool, String, Findings)>, Vec<(String, Report)>);

pub(super) fn findings(args: &Args, context: &Context) -> Result<Sources, Report> {
    let mut found = Vec::new();
    let mut lost = Vec::new();
    let mut looked = Vec::new();
    let named = !args.files.is_empty();
    let explicit = named || ((args.from_env || args.env_file.is_some()) && args.from.is_none());
    let sources = if explicit {
        named_files(args)?
    } else {
        homes_files(args, context)
    };
    for (tool, path) in sources {
        let name = path.display().to_string();
        let may_be_either = args.from.is_none() && named;
        match read_one(tool, &path, may_be_either, &context.environment) {
            Ok(Some((tool, findings))) => found.push((tool, name, findings)),
            Ok(None) if named => return Err(missing(&name)),
            // Every user of AWS has this file; few have used aws-okta.
            Err(Unread::Nothing(_)) if !named => looked.push(name),
            Ok(None) => looked.push(name),
            Err(Unread::Nothing(report) | Unread::Failed(report)) => {
                let report = report.during(format!("cannot import {name}"));
                if named {
                    return Err(report);
                }
                // The others are still read. Two tools have their profiles in one file.
                if lost.iter().all(|(known, _)| *known != name) {
                    lost.push((name, report));
                }
            }
        }
    }
    if let Some(path) = &args.env_file {
        let name = path.display().to_string();
        let text = read_foreign_file(path, &context.environment)?.ok_or_else(|| missing(&name))?;
        let tool = Tool::OktaAwsCliVariables;
        let findings = tool.read(path, &text);
        found.push((
            tool,
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
                let tool = Tool::OktaAwsCliVariables;
                found.push((tool, "the environment".to_owned(), findings));
            }
            None => looked.push("OKTA_AWSCLI_* in the environment".to_owned()),
        }
    }
    match (found.is_empty(), lost.is_empty()) {
        (false, _) => Ok((found, lost)),
        (true, false) => Err(lost.swap_remove(0).1),
        (true, true) => Err(nothing(&looked)),
    }
}

/// Why a file gives nothing.
enum Unread {
    /// It is of another tool.
    Nothing(Report),
    Failed(Report),
}

/// What `path` says as a file of `tool`; `may_be_either` of the two tools that use the AWS file.
fn read_one(
    tool: Tool,
    path: &Path,
    may_be_either: bool,
    environment: &Environment,
) -> Result<Option<(Tool, Findings)>, Unread> {
    let Some(text) = read_foreign_file(path, environment).map_err(Unread::Failed)? else {
        return Ok(None);
    };
    let unread = |error: ImportError| match error {
        ImportError::Nothing(_) => Unread::Nothing(error.into()),
        error => Unread::Failed(error.into()),
    };
    match tool.read(path, &text) {
        Err(ImportError::Nothing(_)) if tool == Tool::AwsOkta && may_be_either => {
            let tool = Tool::AwsOktaProcessor;
            match tool.read(path, &text) {
                Err(ImportError::Nothing(_)) => Err(Unread::Nothing(
                    ImportError::Nothing("aws-okta or aws-okta-processor").into(),
                )),
                findings => findings
                    .map(|findings| Some((tool, findings)))
                    .map_err(unread),
            }
        }
        findings => findings
            .map(|findings| Some((tool, findings)))
            .map_err(unread),
    }
}

fn named_files(args: &Args) -> Result<Vec<(Tool, PathBuf)>, Report> {
    let files = args.files.iter().map(|path| {
        let tool = args.from.map(Tool::from).or_else(|| Tool::of_file(path));
        tool.map(|tool| (tool, path.clone())).ok_or_else(|| {
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
fn homes_files(args: &Args, context: &Context) -> Vec<(Tool, PathBuf)> {
    let Some(home) = paths::home(&context.environment) else {
        return Vec::new();
    };
    let mut files: Vec<(Tool, PathBuf)> = default_paths(&home).collect();
    let directory = home.join(Tool::OKTAWS_DIRECTORY);
    let inside = read_dir(&directory).into_iter().flatten().flatten();
    let mut orgs: Vec<PathBuf> = inside.map(|entry| entry.path()).collect();
    orgs.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    orgs.sort();
    files.extend(orgs.into_iter().map(|path| (Tool::Oktaws, path)));
    let wanted = args.from.map(Tool::from);
    if wanted == Some(Tool::AwsOktaProcessor) {
        files.push((Tool::AwsOktaProcessor, home.join(Tool::WITH_KEYS)));
    }
    files.retain(|(tool, _)| wanted.is_none_or(|wanted| wanted == *tool));
    files
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
    let is_first = |at: usize, place: &String| !looked[..at].contains(place);
    let places = looked.iter().enumerate();
    let places = places.filter(|(at, place)| is_first(*at, place));
    let report = places.fold(report, |report, (_, place)| {
        report.cause(format!("{place}: not there, or nothing of Okta in it"))
    });
    report
        .hint("name a file: `ob config import FILE --from saml2aws`; `ob config init` asks instead")
}
