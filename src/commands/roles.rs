//! `ob roles`: every role this user may assume, across all AWS apps.

use std::process::ExitCode;

use serde_json::json;

use crate::commands::Context;
use crate::commands::exec::unexpected;
use crate::commands::talk::{SignInArgs, ask_agent, role_line};
use crate::commands::target::{RoleArgs, resolve};
use crate::report::Report;
use crate::shown::shown;
use crate::wire::{Reply, Request, RoleEntry};

/// List the roles you may assume
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// # Errors
/// When nobody can sign in, or Okta grants no role.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let target = resolve(context, &RoleArgs::default(), &args.sign_in)?;
    let request = || Request::Roles(target.wire.clone());
    let reply = ask_agent(context, request, &target.settings.org, &args.sign_in)?;
    let Reply::Roles(roles) = reply else {
        return Err(unexpected());
    };
    if context.globals.json {
        let list: Vec<_> = roles.iter().map(as_json).collect();
        context.voice.data_json(json!(list))?;
    } else {
        let several_apps = roles.iter().any(|role| role.app != roles[0].app);
        let mut text = String::new();
        for role in &roles {
            text += &shown(&role_line(role));
            if several_apps {
                text += &format!("  ({})", shown(&role.app));
            }
            text.push('\n');
        }
        context.voice.list(text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(role: &RoleEntry) -> serde_json::Value {
    json!({
        "role": role.role,
        "provider": role.provider,
        "account_name": role.account_name,
        "app": role.app,
    })
}
