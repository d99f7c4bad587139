//! Selects the org of a command and resolves its settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::duration::HOUR;
use super::flags::Flags;
use super::proxy::{Proxy, unusable};
use super::settings::Settings;
use super::value::{SignIn, Value};
use crate::model::{Environment, Org};
use crate::report::{ErrorCode, Report};

/// The org, and how to sign in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgTarget {
    pub org: Org,
    /// Its name in `[orgs]`; none for `[org]`.
    pub name: Option<String>,
    pub username: Option<String>,
    pub sign_in: SignIn,
    /// The kind of factor to take when there is a choice: `push`, `totp`.
    pub factor: Option<String>,
    /// A file for [`super::read_ca_bundle`].
    pub ca_bundle: Option<PathBuf>,
    pub proxy: Option<Proxy>,
    /// The OIDC app of a browser's or a machine's sign-in.
    pub client_id: Option<String>,
    pub machine: MachineTarget,
}

/// The settings of a machine's sign-in. Whether one is missing is checked at the sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineTarget {
    pub key_id: Option<String>,
    /// A file for [`super::read_private_key`].
    pub private_key_file: Option<PathBuf>,
    /// The variable that holds the key instead of a file.
    pub private_key_env: Option<String>,
    pub authorization_server: Option<String>,
    pub scope: Option<String>,
}

/// How long the agent keeps a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Without use.
    pub idle: Duration,
    /// In all.
    pub max: Duration,
}

impl Settings {
    /// Resolves the org alone, for commands that need no role (`ob login`, `ob logout`).
    ///
    /// # Errors
    /// When no org or profile is selected, or a proxy cannot be used.
    pub fn resolve_org(
        &self,
        flags: &Flags,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let profile = self.select_profile(flags)?;
        self.org_of(flags, profile.as_deref(), environment)
    }

    /// Resolves every org, `[org]` first.
    ///
    /// # Errors
    /// When there is none, or a proxy cannot be used.
    pub fn orgs(&self, environment: &Environment) -> Result<Vec<OrgTarget>, Report> {
        let single = self.value("org.url", None).map(|_| None);
        let names = single.into_iter().chain(self.org_names().map(Some));
        let orgs = names.map(|name| self.org_named(name, environment));
        let orgs = orgs.collect::<Result<Vec<_>, _>>()?;
        match orgs.is_empty() {
            true => Err(self.no_org_selected(environment)),
            false => Ok(orgs),
        }
    }

    /// Returns how long the agent keeps a session: an hour unused and twelve in all, unless set.
    pub fn session_lifetime(&self) -> SessionLifetime {
        let max = self.duration("agent.max").unwrap_or(12 * HOUR);
        SessionLifetime {
            idle: self.duration("agent.idle").unwrap_or(HOUR).min(max),
            max,
        }
    }

    /// Resolves the org of `flags`, else of `profile`, else the only one.
    pub(super) fn org_of(
        &self,
        flags: &Flags,
        profile: Option<&str>,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let of_profile = profile.and_then(|name| self.text("profiles.*.org", Some(name)));
        let name = match flags.org.as_deref().or(of_profile) {
            Some(name) if self.orgs.contains_key(name) => Some(name),
            Some(name) => return Err(self.no_such_org(name)),
            None if self.value("org.url", None).is_some() => None,
            None if self.orgs.len() == 1 => self.org_names().next(),
            None => return Err(self.no_org_selected(environment)),
        };
        self.org_named(name, environment)
    }

    /// Resolves `[orgs.NAME]`, or `[org]` without a name.
    fn org_named(
        &self,
        name: Option<&str>,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let key = |single, named| if name.is_some() { named } else { single };
        let value = |single, named| self.value(key(single, named), name);
        let string = |single, named| self.string(key(single, named), name);
        let path = |single, named| self.path(key(single, named), name, environment);
        let Some(Value::Org(org)) = value("org.url", "orgs.*.url") else {
            return Err(self.no_org_selected(environment));
        };
        let proxy = match value("org.proxy", "orgs.*.proxy") {
            Some(Value::Proxy(proxy)) => Some(proxy),
            _ => None,
        };
        let authorization_server = ("org.authorization_server", "orgs.*.authorization_server");
        Ok(OrgTarget {
            org: org.clone(),
            name: name.map(ToOwned::to_owned),
            username: string("org.username", "orgs.*.username"),
            sign_in: match value("org.sign_in", "orgs.*.sign_in") {
                Some(Value::SignIn(sign_in)) => *sign_in,
                _ => SignIn::Auto,
            },
            factor: string("org.factor", "orgs.*.factor"),
            ca_bundle: path("org.ca_bundle", "orgs.*.ca_bundle"),
            client_id: string("org.client_id", "orgs.*.client_id"),
            machine: MachineTarget {
                key_id: string("org.key_id", "orgs.*.key_id"),
                private_key_file: path("org.private_key_file", "orgs.*.private_key_file"),
                private_key_env: string("org.private_key_env", "orgs.*.private_key_env"),
                authorization_server: string(authorization_server.0, authorization_server.1),
                scope: string("org.scope", "orgs.*.scope"),
            },
            proxy: Proxy::choose(proxy, environment).map_err(unusable)?,
        })
    }

    fn no_org_selected(&self, environment: &Environment) -> Report {
        let report = |code, summary| Report::new(code, summary);
        if !self.orgs.is_empty() {
            let summary = "several orgs are configured and none is chosen";
            let choices = self.org_choices();
            return report(ErrorCode::ConfigWhichOrg, summary).hint(format!(
                "take one of `--org {choices}`, or give the profile an `org`"
            ));
        }
        let report = report(ErrorCode::ConfigNoOrg, "no Okta org is configured");
        let is_absolute = |name| {
            environment
                .raw(name)
                .map(Path::new)
                .is_some_and(Path::is_absolute)
        };
        let report = match ["XDG_CONFIG_HOME", "HOME"].into_iter().any(is_absolute) {
            true => report,
            false => report
                .cause(
                    "HOME is not set to an absolute path, so your own settings were not looked for",
                )
                .hint("`export HOME=…`, or name the settings with `--config FILE`"),
        };
        report
            .hint("`ob config init` asks for it and writes the settings")
            .hint("or `export OB_ORG_URL=https://acme.okta.com`")
    }
}
