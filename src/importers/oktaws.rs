//! oktaws: each file is an org, named after its label at okta.com.

use std::path::Path;

use toml::Value;

use super::entry::{Entry, inherit};
use super::error::ImportError;
use super::findings::{Destination, Findings, Setting};
use super::profile;
use super::tool::Tool;

pub(super) fn read(path: &Path, text: &str, findings: &mut Findings) -> Result<(), ImportError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        ImportError::Toml(text.get(..at).unwrap_or_default().matches('\n').count() + 1)
    })?;
    let mut general: Vec<Entry> = Vec::new();
    for (key, value) in &table {
        match value {
            Value::Table(_) if key == "profiles" => {}
            Value::Table(_) => {
                findings.leave_out(key, line_of(text, key), "has no counterpart in ob");
            }
            value => general.push(Entry::new(key, &scalar(value), line_of(text, key))),
        }
    }
    let label = path.file_stem().and_then(|stem| stem.to_str());
    let url = format!("{}.okta.com", label.unwrap_or_default());
    let profiles = table.get("profiles").and_then(Value::as_table);
    for (name, value) in profiles.ok_or(ImportError::Nothing("oktaws"))? {
        let line = line_of(text, name);
        let mut entries: Vec<Entry> = match value {
            Value::Table(own) => own
                .iter()
                .map(|(key, value)| Entry::new(key, &scalar(value), line))
                .collect(),
            value => vec![Entry::new("application", &scalar(value), line)],
        };
        inherit(&mut entries, &general, "");
        let profile = profile::add(Tool::Oktaws, name, &entries, findings);
        profile.settings.push(Setting {
            destination: Destination::Org("url"),
            value: url.clone(),
            key: "the file's name".to_owned(),
            line: 0,
        });
    }
    Ok(())
}

/// Returns the first line that begins with `key`; 0 if there is none.
fn line_of(text: &str, key: &str) -> usize {
    let unquoted = |line: &str| {
        line.trim_start()
            .trim_start_matches(['"', '\''])
            .starts_with(key)
    };
    text.lines().position(unquoted).map_or(0, |at| at + 1)
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
