//! `ob roles`: lists the roles that the user may assume, across all AWS apps.

use std::process::ExitCode;

use serde_json::json;

use crate::client::{
    Context, ReadRoles, RoleList, RoleSelection, discover_roles, list_roles, resolve_for_menu,
};
use crate::commands::args::{MenuArgs, SignInArgs};
use crate::commands::role_table::table;
use crate::config::Flags;
use crate::model::Timestamp;
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;
use crate::terminal::stdout_is_terminal;
use crate::wire::{DiscoveredRole, RoleEntry};

/// List the roles you may assume
///
/// The last used come first. A list that was read before is shown at once, with its time, whether
/// anybody is signed in or not.
///
/// With --json each role is an object; its `as_of` is when the list was read, and null where that
/// was just now.
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

/// Runs `ob roles`.
///
/// # Errors
/// When the sign-in fails, or Okta grants no role.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    if args.discover {
        return discover(args, context);
    }
    let sign_in = args.sign_in.options();
    let read = match (args.refresh, args.names) {
        (_, true) => ReadRoles::AgainWithNames,
        (true, _) => ReadRoles::Again,
        _ => ReadRoles::Cached,
    };
    let RoleList { roles, as_of } = list_roles(context, read, &sign_in)?;
    if let Some(as_of) = as_of {
        context.output.message(&format!(
            "ob: as of {}; `ob roles --refresh` reads them again",
            context.format_time(as_of)
        ));
    }
    if context.globals.json {
        let list: Vec<_> = roles.iter().map(|role| as_json(role, as_of)).collect();
        context.output.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = table(&roles, stdout_is_terminal(), context.output.colors_data());
    context.output.list(text)?;
    Ok(ExitCode::SUCCESS)
}

fn discover(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let choose = args.choose;
    let menu = MenuArgs { choose }.menu();
    let sign_in = args.sign_in.options();
    let resolve = |profile: Option<&String>, role: Option<&String>| {
        let selection = RoleSelection::from(Flags {
            profile: profile.cloned(),
            role: role.cloned(),
            ..Flags::default()
        });
        resolve_for_menu(context, selection, menu, &sign_in)
    };
    let target = resolve(args.profile.as_ref(), args.role.as_ref())?;
    let reader = args.with.as_ref();
    let reader = reader
        .map(|reader| resolve(Some(reader), None))
        .transpose()?;
    let found = discover_roles(context, &target, reader.as_ref(), menu, &sign_in);
    let found = found.map_err(|report| match report.code {
        ErrorCode::IamRefused => report.hint(
            "a role that may not read its own policies is read with another: \
             `ob roles --discover --with PROFILE`",
        ),
        _ => report,
    })?;
    if context.globals.json {
        let as_json = |next: &DiscoveredRole| {
            let DiscoveredRole {
                from,
                role,
                conditional,
            } = next;
            json!({ "from": from, "role": role, "conditional": conditional })
        };
        let list: Vec<_> = found.iter().map(as_json).collect();
        context.output.data_json(json!(list))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for next in &found {
        let condition = if next.conditional {
            "  (under a condition)"
        } else {
            ""
        };
        text += &format!("{}{condition}\n", escape(&next.role));
    }
    context.output.list(text)?;
    context.output.message(if found.is_empty() {
        "ob: its policies allow sts:AssumeRole on no role"
    } else {
        "ob: each of them must also trust it; `chain = [\"ROLE\"]` in a profile goes on to \
         one"
    });
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
