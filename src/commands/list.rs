//! `ob list`: the profiles with their roles, and how long each role's credentials last.

use std::process::ExitCode;

use serde_json::json;

use crate::client::{Context, ProfileEntry, list_profiles};
use crate::report::Report;
use crate::terminal::{stdout_is_terminal, table};

/// List your profiles, with their roles and how long the credentials of each last
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// Runs `ob list`; `*` marks the default profile.
///
/// # Errors
/// When the settings cannot be used, or a running agent cannot be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let profiles = list_profiles(context)?;
    if context.globals.json {
        let list: Vec<_> = profiles.iter().map(as_json).collect();
        context.output.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    if profiles.is_empty() {
        context.output.message(
            "ob: there are no profiles; `ob config add NAME` makes one from a menu of your roles",
        );
    }
    let rows: Vec<_> = profiles
        .iter()
        .map(|profile| profile.cells(context))
        .collect();
    let head = ["  PROFILE", "ROLE", "REGION", "CREDENTIALS"];
    let head = stdout_is_terminal().then_some(&head[..]);
    let text = table(head, &rows, context.output.colors_data());
    context.output.list(text)?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(profile: &ProfileEntry) -> serde_json::Value {
    json!({
        "name": profile.name,
        "default": profile.is_default,
        "role": profile.role,
        "region": profile.region,
        "expires_at": profile.held.as_ref().map(|held| held.expires_at.to_string()),
        "seconds_left": profile.held.as_ref().map(|held| held.seconds_left),
    })
}
