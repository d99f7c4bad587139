//! `ob config list`: the profiles and their settings.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::client::Context;
use crate::report::Report;
use crate::sanitize::escape;

/// The settings of a profile that are listed, in this order.
const COLUMNS: [&str; 8] = [
    "role",
    "org",
    "region",
    "duration",
    "provider",
    "chain",
    "read_only",
    "policy_arns",
];

/// Runs `ob config list`.
///
/// # Errors
/// When the settings cannot be used.
pub(super) fn run(context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let default = settings.default_profile();
    if context.globals.json {
        let profiles = settings.profiles().map(|name| {
            let mut profile = Map::new();
            profile.insert("name".to_owned(), json!(name));
            profile.insert("default".to_owned(), json!(default == Some(name)));
            for key in COLUMNS {
                if let Some(value) = settings.profile_value(name, key) {
                    profile.insert(key.to_owned(), json!(value));
                }
            }
            Value::Object(profile)
        });
        let profiles: Value = profiles.collect();
        context.output.data_json(format_args!("{profiles:#}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<String> = settings.profiles().map(escape).collect();
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.max().unwrap_or(0);
    if names.is_empty() {
        context.output.message(
            "ob: there are no profiles; `ob config add NAME` makes one from a menu of your roles",
        );
    }
    for (name, label) in settings.profiles().zip(names) {
        let mark = if default == Some(name) { '*' } else { ' ' };
        let details = COLUMNS.iter().filter_map(|key| {
            let value = settings.profile_value(name, key)?;
            Some(match *key {
                "role" => escape(&value),
                key => format!("{key}={}", escape(&value)),
            })
        });
        let details = details.collect::<Vec<_>>().join("  ");
        let line = format!("{mark} {label:width$}  {details}");
        context.output.list(format!("{}\n", line.trim_end()))?;
    }
    Ok(ExitCode::SUCCESS)
}
