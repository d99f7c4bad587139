//! `ob roles`: every role this user may assume, across all AWS apps.

use std::process::ExitCode;

use serde_json::json;

use crate::commands::Context;
use crate::commands::exec::unexpected;
use crate::commands::question::role_line;
use crate::commands::talk::{SignInArgs, ask_agent};
use crate::commands::target::{RoleArgs, resolve};
use crate::report::Report;
use crate::shown::shown;
use crate::wire::{DiscoverRequest, Reply, Request, RoleEntry};

/// List the roles you may assume
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    /// Read a role's policies and list the roles they let it go on to
    #[arg(long)]
    pub discover: bool,
    /// The profile whose role is read
    #[arg(
        short,
        long,
        value_name = "PROFILE",
        requires = "discover",
        conflicts_with = "role"
    )]
    pub profile: Option<String>,
    /// The role that is read: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one
    #[arg(short, long, value_name = "ROLE", requires = "discover")]
    pub role: Option<String>,
    /// Read with this profile's credentials, where the role may not read its own policies
    #[arg(long, value_name = "PROFILE", requires = "discover")]
    pub with: Option<String>,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// # Errors
/// When nobody can sign in, or Okta grants no role.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if args.discover {
        return discover(args, context);
    }
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

fn discover(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let named = |profile: &Option<String>, role: &Option<String>| {
        let role = RoleArgs {
            profile: profile.clone(),
            role: role.clone(),
            ..RoleArgs::default()
        };
        resolve(context, &role, &args.sign_in)
    };
    let target = named(&args.profile, &args.role)?;
    let reader = args
        .with
        .is_some()
        .then(|| named(&args.with, &None))
        .transpose()?;
    let endpoint = context.settings()?.iam_endpoint().map(ToOwned::to_owned);
    let request = || {
        Request::Discover(Box::new(DiscoverRequest {
            target: target.wire.clone(),
            reader: reader.as_ref().map(|reader| reader.wire.clone()),
            iam_endpoint: endpoint.clone(),
        }))
    };
    let reply = ask_agent(context, request, &target.settings.org, &args.sign_in)?;
    let Reply::Discovered(found) = reply else {
        return Err(unexpected());
    };
    if context.globals.json {
        let list: Vec<_> = found
            .iter()
            .map(|onward| json!({ "from": onward.from, "role": onward.role, "conditional": onward.conditional }))
            .collect();
        context.voice.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for onward in &found {
        let note = if onward.conditional {
            "  (under a condition)"
        } else {
            ""
        };
        text += &format!("{}{note}\n", shown(&onward.role));
    }
    context.voice.list(text)?;
    if found.is_empty() {
        context
            .voice
            .say("ob: its policies let it go on to no role");
    } else {
        context.voice.say("ob: whether they trust it is theirs to say; `chain = [\"ROLE\"]` in a profile goes on to one");
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(role: &RoleEntry) -> serde_json::Value {
    json!({
        "role": role.role,
        "provider": role.provider,
        "account_name": role.account_name,
        "label": role.label,
        "app": role.app,
    })
}
