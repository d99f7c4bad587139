//! The account that the agent signs in, from the settings of an org.

use crate::client::context::Context;
use crate::client::stdin_answers::SignInOptions;
use crate::config::{OrgTarget, SignIn};
use crate::report::{ErrorCode, Report};
use crate::security_key;
use crate::wire::{Account, MachineAccount, SignInWay};

/// Returns the account of `org`.
///
/// # Errors
/// When the sign-in needs a setting that is missing.
pub fn account(
    context: &Context,
    org: &OrgTarget,
    sign_in: &SignInOptions,
) -> Result<Account, Report> {
    let settings = context.settings()?;
    if sign_in.factor.is_some() {
        settings.check_flag("--factor", "org.factor")?;
    }
    let lifetime = settings.session_lifetime();
    let is_machine = org.sign_in == SignIn::Machine;
    Ok(Account {
        org: org.org.origin().to_owned(),
        // A machine has no user name: its client id identifies the session.
        username: if is_machine {
            org.client_id.clone()
        } else {
            org.username.clone()
        },
        vpn: settings.vpn(&context.environment).is_ok(),
        machine: is_machine.then(|| machine(org)).transpose()?,
        client_id: match (&org.client_id, org.sign_in) {
            (None, SignIn::Browser | SignIn::Machine) => return Err(missing_setting("client_id")),
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
        factor: sign_in.factor.clone().or_else(|| org.factor.clone()),
        idle: lifetime.idle,
        max: lifetime.max,
    })
}

fn machine(org: &OrgTarget) -> Result<MachineAccount, Report> {
    let or =
        |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    let key_id = org.machine.key_id.clone();
    Ok(MachineAccount {
        key_id: key_id.ok_or_else(|| missing_setting("key_id"))?,
        authorization_server: or(&org.machine.authorization_server, "default"),
        scope: or(&org.machine.scope, "okta-m2m-access"),
    })
}

fn missing_setting(key: &str) -> Report {
    Report::new(
        ErrorCode::ConfigSignIn,
        format!("this way to sign in needs `{key}`"),
    )
    .hint(format!("set `{key} =` in [org]; your Okta admin knows it"))
}
