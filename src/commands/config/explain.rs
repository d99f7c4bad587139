//! `ob config explain`: where each value came from, and whose credentials a program takes in this
//! very shell.

use std::process::ExitCode;

use serde_json::json;
use zeroize::Zeroizing;

use crate::aws::{CredentialSource, Sdk, credential_source};
use crate::aws_files::{Kind, login_cache_directory, read};
use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;

/// # Errors
/// When the settings or the AWS files cannot be read.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let values: Vec<(String, String, String)> = settings
        .iter()
        .map(|(key, value, source)| (key, value.to_string(), source.to_string()))
        .collect();
    let config = read(&Kind::Config.path(&context.environment)?)?;
    let credentials = Zeroizing::new(read(&Kind::Credentials.path(&context.environment)?)?);
    let winners = Sdk::ALL.map(|sdk| {
        let credential_source = credential_source(sdk, &context.environment, &config, &credentials);
        (sdk, described(&credential_source, context))
    });
    if context.globals.json {
        let settings = values
            .iter()
            .map(|(key, value, source)| json!({ "key": key, "value": value, "source": source }));
        let programs = winners
            .iter()
            .map(|(sdk, credential_source)| json!({ "program": sdk.name(), "credentials": credential_source }));
        context.voice.data_json(json!({
            "settings": settings.collect::<Vec<_>>(),
            "programs": programs.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let keys = width(&mut values.iter().map(|(key, ..)| key.as_str()));
    let mut text = String::from("settings\n");
    for (key, value, source) in &values {
        text += &format!(
            "  {:keys$} = {}  ({})\n",
            escape(key),
            escape(value),
            escape(source)
        );
    }
    text += "what a program takes in this shell\n";
    let names = width(&mut Sdk::ALL.iter().map(|sdk| sdk.name()));
    for (sdk, credential_source) in &winners {
        text += &format!("  {:names$}   {}\n", sdk.name(), escape(credential_source));
    }
    context.voice.list(text)?;
    Ok(ExitCode::SUCCESS)
}

/// What a program takes; of an `aws login` session also where its keys lie.
fn described(credential_source: &CredentialSource, context: &Context) -> String {
    let directory = match credential_source {
        CredentialSource::Login(_) => login_cache_directory(&context.environment),
        _ => None,
    };
    match directory {
        Some(directory) => format!(
            "{credential_source}; its keys lie in clear in {}",
            directory.display()
        ),
        None => credential_source.to_string(),
    }
}
