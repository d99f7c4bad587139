//! `ob config explain`: the source of each setting, and the credentials that programs take in this
//! shell.

use std::process::ExitCode;

use serde_json::json;
use zeroize::Zeroizing;

use crate::aws::{CredentialSource, Sdk, credential_source};
use crate::aws_files::{Kind, login_cache_directory, read};
use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;

/// Runs `ob config explain`.
///
/// # Errors
/// When the settings or the AWS files cannot be read.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let values: Vec<(String, String, String)> = settings
        .iter()
        .map(|(key, value, source, lock)| {
            let source = match lock {
                Some(lock) => format!("{source}, locked by {lock}"),
                None => source.to_string(),
            };
            (key, value.to_string(), source)
        })
        .collect();
    let config = read(&Kind::Config.path(&context.environment)?)?;
    let credentials = Zeroizing::new(read(&Kind::Credentials.path(&context.environment)?)?);
    let programs = Sdk::ALL.map(|sdk| {
        let source = credential_source(sdk, &context.environment, &config, &credentials);
        (sdk.name(), describe(&source, context))
    });
    if context.globals.json {
        let settings = values
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }));
        let programs = programs
            .iter()
            .map(|(name, source)| json!({ "program": name, "credentials": source }));
        context.output.data_json(json!({
            "settings": settings.collect::<Vec<_>>(),
            "programs": programs.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let keys = values.iter().map(|(key, ..)| key.chars().count());
    let width = keys.max().unwrap_or(0);
    let mut text = String::from("settings\n");
    for (key, value, source) in &values {
        let (key, value, source) = (escape(key), escape(value), escape(source));
        text += &format!("  {key:width$} = {value}  ({source})\n");
    }
    text += "what a program takes in this shell\n";
    let width = programs
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, source) in &programs {
        text += &format!("  {name:width$}   {}\n", escape(source));
    }
    context.output.list(text)?;
    Ok(ExitCode::SUCCESS)
}

/// Describes the credentials that a program takes, with the directory of an `aws login` session.
fn describe(credential_source: &CredentialSource, context: &Context) -> String {
    let directory = match credential_source {
        CredentialSource::Login(_) => login_cache_directory(&context.environment),
        _ => None,
    };
    match directory {
        Some(directory) => format!(
            "{credential_source}; its keys are in plain text in {}",
            directory.display()
        ),
        None => credential_source.to_string(),
    }
}
