//! Finds and reads the files of other tools.

use std::fs::read_dir;
use std::path::{Path, PathBuf};

use super::args::Args;
use crate::client::Context;
use crate::config::read_foreign_file;
use crate::importers::{Findings, ImportError, Tool, from_variables};
use crate::model::Environment;
use crate::paths;
use crate::report::{ErrorCode, Report};

/// The findings of one file or of the environment.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tool: Tool,
    /// The file's path as it was named, for messages.
    pub(super) name: String,
    pub(super) findings: Findings,
}

/// All sources, and the files that cannot be read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) found: Vec<Source>,
    pub(super) lost: Vec<(String, Report)>,
    /// Where nothing of Okta was found.
    empty: Vec<String>,
}

/// Reads the sources that `args` name, else the default files.
///
/// # Errors
/// When a named source cannot be read, or none has anything to import.
pub(super) fn read_sources(args: &Args, context: &Context) -> Result<Sources, Report> {
    let environment = &context.environment;
    let mut sources = Sources::default();
    let names_variables = args.from_env || args.env_file.is_some();
    if args.files.is_empty() && !(names_variables && args.from.is_none()) {
        for (tool, path) in default_files(args.from, environment) {
            sources.read_default(tool, &path, environment);
        }
    }
    let named = args.files.iter().map(|path| {
        let tool = args.from.or_else(|| Tool::of_file(path));
        Ok((tool.ok_or_else(|| unknown_tool(path))?, path))
    });
    for (tool, path) in named.collect::<Result<Vec<_>, Report>>()? {
        let source = read_named(tool, args.from.is_none(), path, environment)?;
        sources.found.push(source);
    }
    if let Some(path) = &args.env_file {
        let name = path.display().to_string();
        let text = read_foreign_file(path, environment)?.ok_or_else(|| missing(&name))?;
        let tool = Tool::OktaAwsCliVariables;
        let findings = tool
            .read(path, &text)
            .map_err(|error| failed(error, &name))?;
        sources.found.push(Source {
            tool,
            name,
            findings,
        });
    }
    if args.from_env {
        let variables = environment.iter();
        let variables =
            variables.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        match from_variables(variables)? {
            Some(findings) => sources.found.push(Source {
                tool: Tool::OktaAwsCliVariables,
                name: "the environment".to_owned(),
                findings,
            }),
            None => {
                let name = "OKTA_AWSCLI_* in the environment";
                sources.empty.push(name.to_owned());
            }
        }
    }
    match (sources.found.is_empty(), sources.lost.is_empty()) {
        (false, _) => Ok(sources),
        (true, false) => Err(sources.lost.swap_remove(0).1),
        (true, true) => Err(nothing_found(&sources.empty)),
    }
}

impl Sources {
    /// Reads a default file. One that cannot be read does not keep the others from being read.
    fn read_default(&mut self, tool: Tool, path: &Path, environment: &Environment) {
        let name = path.display().to_string();
        let findings = match read_foreign_file(path, environment) {
            Ok(Some(text)) => match tool.read(path, &text) {
                Ok(findings) => Ok(Some(findings)),
                // Every user of AWS has ~/.aws/config; few have used aws-okta.
                Err(ImportError::Nothing(_)) => Ok(None),
                Err(error) => Err(failed(error, &name)),
            },
            Ok(None) => Ok(None),
            Err(report) => Err(failed(report, &name)),
        };
        match findings {
            Ok(Some(findings)) => self.found.push(Source {
                tool,
                name,
                findings,
            }),
            Ok(None) => self.empty.push(name),
            // Two tools have their profiles in one file.
            Err(report) => {
                if self.lost.iter().all(|(known, _)| *known != name) {
                    self.lost.push((name, report));
                }
            }
        }
    }
}

/// Reads a file that was named. If its tool is guessed, an AWS file may be of either of two tools.
fn read_named(
    mut tool: Tool,
    is_guessed: bool,
    path: &Path,
    environment: &Environment,
) -> Result<Source, Report> {
    let name = path.display().to_string();
    let text = read_foreign_file(path, environment).map_err(|report| failed(report, &name))?;
    let text = text.ok_or_else(|| missing(&name))?;
    let mut findings = tool.read(path, &text);
    if tool == Tool::AwsOkta && is_guessed && matches!(findings, Err(ImportError::Nothing(_))) {
        tool = Tool::AwsOktaProcessor;
        findings = tool.read(path, &text).map_err(|error| match error {
            ImportError::Nothing(_) => ImportError::Nothing("aws-okta or aws-okta-processor"),
            error => error,
        });
    }
    let findings = findings.map_err(|error| failed(error, &name))?;
    Ok(Source {
        tool,
        name,
        findings,
    })
}

/// Returns the files that exist by default, of `wanted` or of all tools.
fn default_files(wanted: Option<Tool>, environment: &Environment) -> Vec<(Tool, PathBuf)> {
    let Some(home) = paths::home(environment) else {
        return Vec::new();
    };
    let mut files: Vec<(Tool, PathBuf)> = Tool::default_paths(&home).collect();
    let entries = read_dir(home.join(Tool::OKTAWS_DIRECTORY));
    let entries = entries.into_iter().flatten().flatten();
    let mut orgs: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    orgs.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    orgs.sort();
    files.extend(orgs.into_iter().map(|path| (Tool::Oktaws, path)));
    if wanted == Some(Tool::AwsOktaProcessor) {
        files.push((Tool::AwsOktaProcessor, home.join(Tool::CREDENTIALS_PATH)));
    }
    files.retain(|(tool, _)| wanted.is_none_or(|wanted| wanted == *tool));
    files
}

fn failed(error: impl Into<Report>, name: &str) -> Report {
    error.into().context(format!("cannot import {name}"))
}

fn unknown_tool(path: &Path) -> Report {
    let name = path.display();
    let summary = format!("cannot tell whose file {name} is");
    Report::new(ErrorCode::ImportTool, summary)
        .cause("its name is none that a known tool uses")
        .hint(format!(
            "name the tool: `ob config import {name} --from saml2aws`"
        ))
}

fn missing(name: &str) -> Report {
    let summary = format!("cannot import {name}");
    Report::new(ErrorCode::ImportMissing, summary)
        .cause("there is no such file")
        .hint("`ob config import` without a file looks in the usual places")
}

fn nothing_found(places: &[String]) -> Report {
    let mut report = Report::new(ErrorCode::ImportNothing, "there is nothing to import");
    for (at, place) in places.iter().enumerate() {
        if !places[..at].contains(place) {
            report = report.cause(format!("{place}: not there, or nothing of Okta in it"));
        }
    }
    report
        .hint("name a file: `ob config import FILE --from saml2aws`; `ob config init` asks instead")
}
