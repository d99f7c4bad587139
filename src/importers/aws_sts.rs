//! aws-sts: the `config.json` that a company puts into its image of the tool.
//!
//! The keys are those of the tool's documentation (`idPEntryUrl`, `accounts`, `defaultAccount`,
//! …).

use serde_json::Value;

use super::entry::Entry;
use super::error::ImportError;
use super::findings::{Findings, FoundAccount};
use super::profile;
use super::tool::Tool;
use crate::model::is_account_number;

/// Keys of which every file has one.
const OWN_KEYS: [&str; 3] = ["idpentryurl", "accounts", "defaultaccount"];

pub(super) fn read(text: &str, findings: &mut Findings) -> Result<(), ImportError> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| ImportError::Json(error.line()))?;
    let table = file.as_object().ok_or(ImportError::Json(1))?;
    if !table
        .keys()
        .any(|key| OWN_KEYS.contains(&&*key.to_lowercase()))
    {
        return Err(ImportError::Nothing("aws-sts"));
    }
    let mut entries = Vec::new();
    for (key, value) in table {
        let line = line_of(text, key);
        match (key.as_str(), value) {
            ("accounts", Value::Object(accounts)) => {
                for (name, number) in accounts {
                    account(name, number, line_of(text, name), findings);
                }
            }
            ("provider", Value::String(provider)) if !provider.eq_ignore_ascii_case("okta") => {
                findings.leave_out(key, line, "its identity provider is not Okta");
                return Ok(());
            }
            (_, value) => match scalar(value) {
                Some(value) => entries.push(Entry::new(key, &value, line)),
                None => findings.leave_out(key, line, "has no counterpart in ob"),
            },
        }
    }
    profile::add(Tool::AwsSts, "default", &entries, findings);
    Ok(())
}

fn account(name: &str, number: &Value, line: usize, findings: &mut Findings) {
    let key = format!("accounts.{name}");
    match scalar(number).filter(|number| is_account_number(number)) {
        Some(number) => findings.accounts.push(FoundAccount {
            number,
            name: name.to_owned(),
            key,
            line,
        }),
        None => findings.leave_out(key, line, "it is not an AWS account number"),
    }
}

/// Returns the line of the first key `key`, which serde_json does not tell; 0 if there is none.
fn line_of(text: &str, key: &str) -> usize {
    let quoted = Value::from(key).to_string();
    let is_key = |line: &str| {
        let behind = line.split_once(&quoted).map(|(_, behind)| behind);
        behind.is_some_and(|behind| behind.trim_start().starts_with(':'))
    };
    text.lines().position(is_key).map_or(0, |at| at + 1)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
