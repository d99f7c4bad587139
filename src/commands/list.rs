//! `ob list`: the profiles with their roles, and how long each role's credentials last.

use std::process::ExitCode;

use serde_json::json;

use crate::aws::{Names, RoleMatch, RoleQuery, find_role};
use crate::client::{Context, ask_running_agent};
use crate::clock::Clock;
use crate::config::Settings;
use crate::model::SamlRole;
use crate::report::Report;
use crate::sanitize::escape;
use crate::terminal::{data_is_seen, width};
use crate::wire::{HeldRole, Reply, Request};

/// List your profiles, with their roles and how long the credentials of each last
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {}

/// A profile, its role as the settings name it, and the credentials that the agent holds.
struct Row<'a> {
    name: &'a str,
    is_default: bool,
    role: Option<String>,
    region: Option<String>,
    held: Option<&'a HeldRole>,
}

/// Runs `ob list`.
///
/// # Errors
/// When the settings cannot be used, or a running agent cannot be asked.
pub fn run(_: &Args, context: &Context) -> Result<ExitCode, Report> {
    let settings = context.settings()?;
    let status = match ask_running_agent(context, Request::Status)? {
        Some(Reply::Status(status)) => Some(status),
        _ => None,
    };
    let held = status.as_ref().map_or(&[][..], |status| &status.roles);
    let rows: Vec<Row<'_>> = settings
        .profiles()
        .map(|name| row(name, settings, held))
        .collect();
    if context.globals.json {
        let list: Vec<_> = rows.iter().map(as_json).collect();
        context.output.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        context.output.message(
            "ob: there are no profiles; `ob config add NAME` makes one from a menu of your roles",
        );
    }
    context.output.list(table(&rows, context))?;
    Ok(ExitCode::SUCCESS)
}

fn row<'a>(name: &'a str, settings: &'a Settings, held: &'a [HeldRole]) -> Row<'a> {
    let role = settings.profile_value(name, "role");
    let held = role
        .as_deref()
        .and_then(|role| find_held(role, settings, held));
    Row {
        name,
        is_default: settings.default_profile() == Some(name),
        region: settings.profile_value(name, "region"),
        role,
        held,
    }
}

/// Returns the credentials of the one role that `role`, as the settings name it, means.
fn find_held<'a>(role: &str, settings: &Settings, held: &'a [HeldRole]) -> Option<&'a HeldRole> {
    let (accounts, labels) = (settings.accounts(), settings.labels());
    let names = Names::new(&accounts, &labels);
    // A held role is not listed with its provider, which the search needs and does not use here.
    let pairs = held.iter().map(|held| {
        let account = held.role.split(':').nth(4).unwrap_or_default();
        let provider = format!("arn:aws:iam::{account}:saml-provider/any");
        SamlRole::parse(&format!("{},{provider}", held.role)).ok()
    });
    let pairs: Vec<SamlRole> = pairs.flatten().collect();
    let query = RoleQuery {
        role: Some(role),
        provider: None,
    };
    let RoleMatch::One(found) = find_role(&pairs, &query, &names) else {
        return None;
    };
    held.iter()
        .filter(|held| held.seconds_left > 0)
        .find(|held| held.role == found.role.as_str())
}

/// Formats one line a profile; `*` marks the default one.
fn table(rows: &[Row<'_>], context: &Context) -> String {
    let head = ["  PROFILE", "ROLE", "REGION", "CREDENTIALS"].map(ToOwned::to_owned);
    let cells = rows.iter().map(|row| {
        let mark = if row.is_default { '*' } else { ' ' };
        [
            format!("{mark} {}", escape(row.name)),
            escape(row.role.as_deref().unwrap_or("(asks which)")),
            escape(row.region.as_deref().unwrap_or_default()),
            row.held.map_or_else(
                || "none yet".to_owned(),
                |held| {
                    let end = Clock::system().now().plus(held.seconds_left);
                    format!("until {}", context.format_time(end))
                },
            ),
        ]
    });
    let has_head = !rows.is_empty() && data_is_seen();
    let lines: Vec<[String; 4]> = has_head.then_some(head).into_iter().chain(cells).collect();
    let widths: [usize; 4] =
        std::array::from_fn(|at| lines.iter().map(|line| width(&line[at])).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        let mut formatted = String::new();
        for (cell, widest) in line.iter().zip(widths).filter(|(_, widest)| *widest > 0) {
            formatted += cell;
            formatted += &" ".repeat(widest - width(cell) + 2);
        }
        text += formatted.trim_end();
        text.push('\n');
    }
    text
}

fn as_json(row: &Row<'_>) -> serde_json::Value {
    json!({
        "name": row.name,
        "default": row.is_default,
        "role": row.role,
        "region": row.region,
        "expires_at": row.held.map(|held| held.expires_at.to_string()),
        "seconds_left": row.held.map(|held| held.seconds_left),
    })
}
