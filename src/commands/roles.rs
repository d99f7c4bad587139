//! `ob roles`: every role this user may assume, across all AWS apps.

use std::process::ExitCode;

use serde_json::json;

use crate::client::Context;
use crate::client::RoleCache;
use crate::client::ask_agent;
use crate::client::ask_running_agent;
use crate::client::unexpected_reply;
use crate::client::{ResolvedTarget, RoleSelection, resolve, resolve_for_menu};
use crate::commands::args::{MenuArgs, SignInArgs};
use crate::commands::role_table::table;
use crate::config::Flags;
use crate::model::Timestamp;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::data_is_seen;
use crate::wire::{DiscoverRequest, Reply, Request, RoleEntry, RolesRequest};

/// List the roles you may assume
///
/// The last used come first. A list that was read before is shown at once, with its time, whether anybody is signed
/// in or not.
///
/// With --json each role is an object; its `as_of` is when the list was read, and null where that was just now.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Args {
    /// Read the list from Okta again
    #[arg(long, conflicts_with = "discover")]
    pub refresh: bool,
    /// Read it again, and ask IAM what the accounts are called, with a role of each
    #[arg(long, conflicts_with = "discover")]
    pub names: bool,
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
    /// Open the menu of roles, also where you have chosen one in this terminal
    #[arg(long, requires = "discover")]
    pub choose: bool,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// # Errors
/// When nobody can sign in, or Okta grants no role.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if args.discover {
        return discover(args, context);
    }
    let target = resolve(context, RoleSelection::default(), &args.sign_in.options())?;
    let cache = RoleCache::of(context, &target.wire);
    let known = cache.as_ref().filter(|_| !args.refresh && !args.names);
    let known = known.and_then(|cache| remembered(cache, context, &target));
    let (roles, as_of) = match known {
        Some((roles, as_of)) => {
            context.voice.say(&format!(
                "ob: as of {}; `ob roles --refresh` reads them again",
                context.format_time(as_of)
            ));
            (roles, Some(as_of))
        }
        None => {
            let roles = granted(args, context, &target)?;
            let kept = cache.and_then(|cache| {
                let catalogue = cache.store(&roles)?;
                Some(cache.entries(&catalogue, &target.wire))
            });
            (kept.unwrap_or(roles), None)
        }
    };
    if context.globals.json {
        let list: Vec<_> = roles.iter().map(|role| as_json(role, as_of)).collect();
        context.voice.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = table(&roles, data_is_seen());
    context.voice.list(text)?;
    Ok(ExitCode::SUCCESS)
}

/// What was read before, with what an agent that is running has handed out since.
fn remembered(
    cache: &RoleCache<'_>,
    context: &Context,
    target: &ResolvedTarget,
) -> Option<(Vec<RoleEntry>, Timestamp)> {
    let mut known = cache.load()?;
    if let Ok(Some(Reply::Status(status))) = ask_running_agent(context, Request::Status)
        && cache.note(&mut known, &status.used)
    {
        cache.save(&known);
    }
    Some((cache.entries(&known, &target.wire), known.as_of))
}

fn granted(
    args: &Args,
    context: &Context,
    target: &ResolvedTarget,
) -> Result<Vec<RoleEntry>, Report> {
    let endpoint = context.settings()?.iam_endpoint().map(ToOwned::to_owned);
    let request = || {
        Request::Roles(RolesRequest {
            target: target.wire.clone(),
            names: args.names,
            iam_endpoint: endpoint.clone(),
        })
    };
    match ask_agent(
        context,
        request,
        &target.settings.org,
        &args.sign_in.options(),
    )? {
        Reply::Roles(roles) => Ok(roles),
        _ => Err(unexpected_reply()),
    }
}

fn discover(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let choose = args.choose;
    let menu = MenuArgs { choose }.menu();
    let sign_in = args.sign_in.options();
    let named = |profile: &Option<String>, role: &Option<String>| {
        let selection = RoleSelection::from(Flags {
            profile: profile.clone(),
            role: role.clone(),
            ..Flags::default()
        });
        resolve_for_menu(context, selection, menu, &sign_in)
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
            menu,
            confirm: target.confirmation(),
            reader: reader.as_ref().map(|reader| reader.wire.clone()),
            confirm_reader: reader.as_ref().and_then(ResolvedTarget::confirmation),
            iam_endpoint: endpoint.clone(),
        }))
    };
    let reply = ask_agent(
        context,
        request,
        &target.settings.org,
        &args.sign_in.options(),
    );
    let reply = reply.map_err(|report| match report.code {
        ErrorCode::IamRefused => report.hint("a role that may not read its own policies is read with another: `ob roles --discover --with PROFILE`"),
        _ => report,
    })?;
    let Reply::Discovered(found) = reply else {
        return Err(unexpected_reply());
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
        text += &format!("{}{note}\n", escape(&onward.role));
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

fn as_json(role: &RoleEntry, as_of: Option<Timestamp>) -> serde_json::Value {
    json!({
        "role": role.role,
        "provider": role.provider,
        "account_name": role.account_name,
        "label": role.label,
        "app": role.app,
        "account_alias": role.alias,
        "last_used": role.used.map(|used| used.second().to_string()),
        "as_of": as_of.map(|time| time.to_string()),
    })
}
