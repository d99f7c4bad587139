//! oktaws: a file is an org, called by its label at okta.com.

use std::path::Path;

use super::Tool;
use super::entry::{Entry, Findings, Place, Setting};
use super::error::ImportError;
use super::profiles::{add, text_of};

pub(super) fn read(path: &Path, text: &str) -> Result<Findings, ImportError> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        ImportError::Toml(text.get(..at).unwrap_or_default().matches('\n').count() + 1)
    })?;
    let mut findings = Findings::default();
    let line = |key: &str| {
        let begins = |line: &str| {
            line.trim_start()
                .trim_start_matches(['"', '\''])
                .starts_with(key)
        };
        text.lines().position(begins).map_or(0, |at| at + 1)
    };
    let scalar = |value: &toml::Value| match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut general: Vec<Entry> = Vec::new();
    for (key, value) in &table {
        match value {
            toml::Value::Table(_) if key == "profiles" => {}
            toml::Value::Table(_) => findings.leave_out(key, line(key), "has no twin"),
            value => general.push(Entry::new(key, &scalar(value), line(key))),
        }
    }
    let org = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let profiles = table.get("profiles").and_then(toml::Value::as_table);
    for (name, value) in profiles.ok_or(ImportError::Nothing("oktaws"))? {
        let mut entries: Vec<Entry> = match value {
            toml::Value::Table(own) => own
                .iter()
                .map(|(key, value)| Entry::new(key, &scalar(value), line(name)))
                .collect(),
            value => vec![Entry::new("application", &scalar(value), line(name))],
        };
        let own = entries.clone();
        let missing = general
            .iter()
            .filter(|entry| text_of(&own, &entry.key).is_none());
        entries.extend(missing.map(|entry| entry.inherited("")));
        add(Tool::Oktaws, name, &entries, &mut findings);
        if let Some(profile) = findings.profiles.last_mut() {
            profile.settings.push(Setting {
                place: Place::Org("url"),
                value: format!("{org}.okta.com"),
                key: "the file's name".to_owned(),
                line: 0,
            });
        }
    }
    Ok(findings)
}
