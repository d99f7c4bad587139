//! aws-sts: the `config.json` that a company puts into its image of the tool.
//!
//! Its keys are those of the tool's own description (`idPEntryUrl`, `accounts`, `defaultAccount`, …).

use serde_json::Value;

use super::entry::{Entry, Findings};
use super::error::ImportError;
use super::{Tool, profiles};

pub(super) fn read(text: &str) -> Result<Findings, ImportError> {
    let read: Value =
        serde_json::from_str(text).map_err(|error| ImportError::Json(error.line()))?;
    let table = read.as_object().ok_or(ImportError::Json(1))?;
    let line = |key: &str| {
        let quoted = Value::from(key).to_string();
        let is_key = |line: &str| {
            let behind = line.split_once(&quoted).map(|(_, behind)| behind);
            behind.is_some_and(|behind| behind.trim_start().starts_with(':'))
        };
        let at = text.lines().position(is_key);
        at.map_or(0, |at| at + 1)
    };
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    };
    let mut findings = Findings::default();
    let mut entries = Vec::new();
    let is_theirs = |key: &str| {
        ["idpentryurl", "accounts", "defaultaccount"].contains(&key.to_lowercase().as_str())
    };
    if !table.keys().any(|key| is_theirs(key)) {
        return Err(ImportError::Nothing("aws-sts"));
    }
    for (key, value) in table {
        match (key.as_str(), value) {
            ("accounts", Value::Object(accounts)) => {
                for (name, number) in accounts {
                    let (key, line) = (format!("accounts.{name}"), line(name));
                    match scalar(number).filter(|number| is_account(number)) {
                        Some(number) => findings.accounts.push((number, name.clone(), key, line)),
                        None => findings.leave_out(key, line, "it is no account's number"),
                    }
                }
            }
            ("provider", Value::String(provider)) if !provider.eq_ignore_ascii_case("okta") => {
                findings.leave_out(key, line(key), "its identity provider is not Okta");
                return Ok(findings);
            }
            (_, value) => match scalar(value) {
                Some(value) => entries.push(Entry::new(key, &value, line(key))),
                None => findings.leave_out(key, line(key), "has no twin"),
            },
        }
    }
    profiles::add(Tool::AwsSts, "default", &entries, &mut findings);
    Ok(findings)
}

fn is_account(number: &str) -> bool {
    number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit())
}
