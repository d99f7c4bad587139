//! From the settings of an org to the account that the agent signs in.

use crate::client::context::Context;
use crate::client::stdin_answers::SignInOptions;
use crate::config::{OrgTarget, SignIn};
use crate::report::{ErrorCode, Report};
use crate::security_key;
use crate::wire::{Account, MachineAccount, SignInWay};

/// What the agent has to know of an org, from the settings.
pub fn account(
    context: &Context,
    org: &OrgTarget,
    args: &SignInOptions,
) -> Result<Account, Report> {
    let lifetime = context.settings()?.session_lifetime();
    let is_machine = org.sign_in == SignIn::Machine;
    Ok(Account {
        org: org.org.origin().to_owned(),
        // A machine is its client id: its session is nobody else's.
        username: match is_machine {
            true => org.client_id.clone(),
            false => org.username.clone(),
        },
        vpn: context.settings()?.vpn(&context.environment).is_ok(),
        machine: is_machine.then(|| machine(org)).transpose()?,
        client_id: match (&org.client_id, org.sign_in) {
            (None, SignIn::Browser | SignIn::Machine) => return Err(lacks("client_id")),
            (client_id, _) => client_id.clone(),
        },
        way: match org.sign_in {
            SignIn::Auto => SignInWay::Auto,
            SignIn::Terminal => SignInWay::Terminal,
            SignIn::IdentityEngine => SignInWay::IdentityEngine,
            SignIn::Browser => SignInWay::Browser,
            SignIn::Machine => SignInWay::Machine,
        },
        security_keys: security_key::is_supported(),
        factor: args.factor.clone().or_else(|| org.factor.clone()),
        idle: lifetime.idle,
        max: lifetime.max,
    })
}

fn machine(org: &OrgTarget) -> Result<MachineAccount, Report> {
    let set = |value: &Option<String>, otherwise: &str| {
        value.clone().unwrap_or_else(|| otherwise.to_owned())
    };
    let key_id = org.machine.key_id.clone();
    Ok(MachineAccount {
        key_id: key_id.ok_or_else(|| lacks("key_id"))?,
        authorization_server: set(&org.machine.authorization_server, "default"),
        scope: set(&org.machine.scope, "okta-m2m-access"),
    })
}

fn lacks(key: &str) -> Report {
    Report::new(
        ErrorCode::ConfigSignIn,
        format!("this way to sign in needs `{key}`"),
    )
    .hint(format!("set `{key} =` in [org]; your Okta admin knows it"))
}
