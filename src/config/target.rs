//! From settings and flags to what one command is about: which org, whose, which role, for how long.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::flags::from_flag;
use super::keys;
use super::proxy::{Proxy, unusable};
use super::value::{SignIn, Value};
use super::{Settings, Source};
use crate::aws::Region;
use crate::model::{Environment, Labels, Org, RoleArn, SessionPolicy};
use crate::report::{Exit, Report};

/// What was typed; nothing else overrules every setting.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--org NAME`: one of `[orgs]`.
    pub org: Option<String>,
    /// `-p`.
    pub profile: Option<String>,
    /// `-r`: with it no profile is looked for, unless `-p` names one as well.
    pub role: Option<String>,
    pub provider: Option<String>,
    pub region: Option<String>,
    pub duration: Option<String>,
    pub read_only: bool,
    /// As typed, none for those of the profile.
    pub policy_arns: Vec<String>,
}

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
    /// What a machine signs in with.
    pub machine: MachineTarget,
}

/// The settings of a machine's sign-in; which of them are needed is judged when it signs in.
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

/// Everything one command needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub org: OrgTarget,
    /// The AWS app's embed link or id; none: found from the user's tiles.
    pub app: Option<String>,
    pub profile: Option<String>,
    /// ARN, `account/role`, name or glob, as the user chose it.
    pub role: Option<String>,
    /// ARN, name or glob of the identity provider.
    pub provider: Option<String>,
    /// Roles to assume from `role`, one after another.
    pub chain: Vec<RoleArn>,
    /// What is left of the last role's rights.
    pub policy: SessionPolicy,
    /// Seconds to ask STS for, 900 to 43 200.
    pub duration: u32,
    pub region: Option<String>,
    /// Whether it comes from the general setting alone, and gives way where a role is of another
    /// partition.
    pub region_is_general: bool,
    pub sts_endpoint: Option<String>,
    /// Account numbers and the names the user gave them.
    pub accounts: BTreeMap<String, String>,
    /// Their words for roles and identity providers.
    pub labels: Labels,
    /// The profile's colour in the prompt.
    pub color: Option<String>,
    /// Whether a person is asked before the profile is used.
    pub confirm: bool,
}

/// How long the agent keeps a session, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Unused.
    pub idle: u32,
    /// At all.
    pub max: u32,
}

const HOUR: u32 = 3600;

impl Target {
    /// The region that is set for `role`, which may be of a partition where the general one is not.
    ///
    /// # Errors
    /// When it is none.
    pub fn region_for(&self, role: Option<&RoleArn>) -> Result<Option<Region>, Report> {
        let set = self.region.as_deref().map(Region::parse).transpose()?;
        Ok(match role.filter(|_| self.region_is_general) {
            Some(role) => set.and_then(|region| region.in_partition(&role.partition())),
            None => set,
        })
    }

    /// The same before anything is known of the role but what the settings call it.
    ///
    /// # Errors
    /// As [`Self::region_for`].
    pub fn configured_region(&self) -> Result<Option<Region>, Report> {
        let last = self.chain.last().cloned();
        let named = self
            .role
            .as_deref()
            .and_then(|role| RoleArn::parse(role).ok());
        self.region_for(last.or(named).as_ref())
    }
}

impl Settings {
    /// What a command with `flags` is about.
    ///
    /// # Errors
    /// When no org or profile can be told, a flag's value is no good, or the app belongs to another org.
    pub fn resolve(&self, flags: &Flags, environment: &Environment) -> Result<Target, Report> {
        let profile = self.profile(flags)?;
        let named = profile.as_deref();
        let org = self.org(flags, named, environment)?;
        let own = |path| named.and_then(|name| self.at(path, Some(name)));
        let choice = |flag: Option<Value>, own_path, path| {
            flag.or_else(|| self.of_either(own(own_path), path))
        };
        let role = from_flag("--role", "profiles.*.role", flags.role.as_ref())?;
        let chain = match own("profiles.*.chain") {
            // A role given by hand is the role that is meant, not the first step to another.
            Some((Value::Roles(chain), _)) if role.is_none() => chain.clone(),
            _ => Vec::new(),
        };
        let provider = from_flag("--provider", "profiles.*.provider", flags.provider.as_ref())?;
        let region = from_flag("--region", "aws.region", flags.region.as_ref())?;
        let duration = from_flag("--duration", "aws.duration", flags.duration.as_ref())?;
        Ok(Target {
            app: self.app(&org, named)?,
            role: text(role.or_else(|| own("profiles.*.role").map(|found| found.0.clone()))),
            provider: text(
                provider.or_else(|| own("profiles.*.provider").map(|found| found.0.clone())),
            ),
            chain,
            policy: self.session_policy(flags, named)?,
            duration: match choice(duration, "profiles.*.duration", "aws.duration") {
                Some(Value::Seconds(seconds)) => seconds,
                _ => HOUR,
            },
            region_is_general: region.is_none() && own("profiles.*.region").is_none(),
            region: text(choice(region, "profiles.*.region", "aws.region")),
            sts_endpoint: self.text("aws.sts_endpoint", None).map(ToOwned::to_owned),
            accounts: self.accounts(),
            labels: self.labels(),
            color: own("profiles.*.color").map(|(color, _)| color.to_string()),
            confirm: matches!(own("profiles.*.confirm"), Some((Value::YesOrNo(true), _))),
            profile,
            org,
        })
    }

    /// The org alone, for what needs no role (`ob login`, `ob logout`).
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_org(
        &self,
        flags: &Flags,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let profile = self.profile(flags)?;
        self.org(flags, profile.as_deref(), environment)
    }

    /// Every org there is, `[org]` first.
    ///
    /// # Errors
    /// When there is none, or a proxy cannot be used.
    pub fn orgs(&self, environment: &Environment) -> Result<Vec<OrgTarget>, Report> {
        let alone = self.at("org.url", None).map(|_| None);
        let names = self.orgs.keys().map(|name| Some(name.as_str()));
        let orgs = alone
            .into_iter()
            .chain(names)
            .map(|name| self.org_named(name, environment));
        match orgs.collect::<Result<Vec<_>, _>>()? {
            none if none.is_empty() => Err(self.which_org(environment)),
            orgs => Ok(orgs),
        }
    }

    /// How long the agent keeps what it holds: an hour unused, half a day in all, unless set.
    pub fn session_lifetime(&self) -> SessionLifetime {
        let seconds = |path, otherwise| match self.at(path, None) {
            Some((Value::Seconds(seconds), _)) => *seconds,
            _ => otherwise,
        };
        let max = seconds("agent.max", 12 * HOUR);
        SessionLifetime {
            idle: seconds("agent.idle", HOUR).min(max),
            max,
        }
    }

    /// The prompt's settings that have a value, as the variables that a shell reads.
    pub fn shell_variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let keys = keys::KEYS
            .iter()
            .filter(|key| key.path.starts_with("shell."));
        keys.filter_map(|key| Some((key.variable?, self.at(key.path, None)?.0.to_string())))
    }

    /// What opens a page, where the user chose it.
    pub fn browser_command(&self) -> Option<&[String]> {
        match self.at("browser_command", None) {
            Some((Value::Command(words), _)) => Some(words),
            _ => None,
        }
    }

    /// Whether the names of roles may be kept in a file.
    pub fn is_catalogue_enabled(&self) -> bool {
        !matches!(
            self.at("aws.catalogue", None),
            Some((Value::YesOrNo(false), _))
        )
    }

    /// The names given to accounts, by number.
    pub fn accounts(&self) -> BTreeMap<String, String> {
        self.values
            .iter()
            .filter(|((path, _), _)| *path == "accounts.*")
            .filter_map(|((_, number), (value, _))| Some((number.clone()?, value.to_string())))
            .collect()
    }

    /// The profile for when none is named.
    pub fn default_profile(&self) -> Option<&str> {
        self.text("default_profile", None)
    }

    fn org(
        &self,
        flags: &Flags,
        profile: Option<&str>,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let of_profile = profile.and_then(|name| self.text("profiles.*.org", Some(name)));
        let name = match flags.org.as_deref().or(of_profile) {
            Some(name) if self.orgs.contains_key(name) => Some(name),
            Some(name) => return Err(self.no_such_org(name)),
            None if self.at("org.url", None).is_some() => None,
            None if self.orgs.len() == 1 => self.orgs.keys().next().map(String::as_str),
            None => return Err(self.which_org(environment)),
        };
        self.org_named(name, environment)
    }

    fn org_named(
        &self,
        name: Option<&str>,
        environment: &Environment,
    ) -> Result<OrgTarget, Report> {
        let at = |alone, one_of| match name {
            Some(name) => self.at(one_of, Some(name)),
            None => self.at(alone, None),
        };
        let Some((Value::Org(org), _)) = at("org.url", "orgs.*.url") else {
            return Err(self.which_org(environment));
        };
        let words = |alone, one_of| at(alone, one_of).map(|(value, _)| value.to_string());
        let setting = match at("org.proxy", "orgs.*.proxy") {
            Some((Value::Proxy(proxy), _)) => Some(proxy),
            _ => None,
        };
        Ok(OrgTarget {
            org: org.clone(),
            name: name.map(ToOwned::to_owned),
            username: words("org.username", "orgs.*.username"),
            sign_in: match at("org.sign_in", "orgs.*.sign_in") {
                Some((Value::SignIn(sign_in), _)) => *sign_in,
                _ => SignIn::Auto,
            },
            factor: words("org.factor", "orgs.*.factor"),
            ca_bundle: match at("org.ca_bundle", "orgs.*.ca_bundle") {
                Some((Value::Path(path), _)) => Some(below_home(path.clone(), environment)),
                _ => None,
            },
            client_id: words("org.client_id", "orgs.*.client_id"),
            machine: MachineTarget {
                key_id: words("org.key_id", "orgs.*.key_id"),
                private_key_file: match at("org.private_key_file", "orgs.*.private_key_file") {
                    Some((Value::Path(path), _)) => Some(below_home(path.clone(), environment)),
                    _ => None,
                },
                private_key_env: words("org.private_key_env", "orgs.*.private_key_env"),
                authorization_server: words(
                    "org.authorization_server",
                    "orgs.*.authorization_server",
                ),
                scope: words("org.scope", "orgs.*.scope"),
            },
            proxy: Proxy::choose(setting, environment).map_err(unusable)?,
        })
    }

    fn which_org(&self, environment: &Environment) -> Report {
        if self.orgs.is_empty() {
            let report = Report::new(Exit::Usage, "config.no-org", "no Okta org is configured");
            let is_place = |name| {
                let path = environment.raw(name).map(std::path::Path::new);
                path.is_some_and(std::path::Path::is_absolute)
            };
            let report = match ["XDG_CONFIG_HOME", "HOME"].into_iter().any(is_place) {
                true => report,
                false => report
                    .cause("HOME is not set to an absolute path, so your own settings were not looked for")
                    .hint("`export HOME=…`, or name the settings with `--config FILE`"),
            };
            report
                .hint("`ob config init` asks for it and writes the settings")
                .hint("or `export OB_ORG_URL=https://acme.okta.com`")
        } else {
            Report::new(
                Exit::Usage,
                "config.which-org",
                "several orgs are configured and none is chosen",
            )
            .hint(format!(
                "take one of `--org {}`, or give the profile an `org`",
                self.org_choices()
            ))
        }
    }

    pub(super) fn org_choices(&self) -> String {
        self.org_names().collect::<Vec<_>>().join("|")
    }

    /// The general setting from a variable before the profile's own from a file before the general one from a file.
    fn of_either(&self, own: Option<&(Value, Source)>, path: &'static str) -> Option<Value> {
        let general = self.at(path, None);
        let variable = general.filter(|(_, source)| matches!(source, Source::Variable(_)));
        variable.or(own).or(general).map(|(value, _)| value.clone())
    }

    /// An app's page is opened with the session of the org: an embed link must lead there.
    fn app(&self, org: &OrgTarget, profile: Option<&str>) -> Result<Option<String>, Report> {
        let own = profile.and_then(|name| self.at("profiles.*.app", Some(name)));
        let Some(app) = text(self.of_either(own, "aws.app")) else {
            return Ok(None);
        };
        match url::Url::parse(&app) {
            Ok(link) if !org.org.owns(&link) => Err(Report::new(
                Exit::Usage,
                "config.foreign-app",
                "the AWS app's link leads to another org",
            )
            .cause(format!("the org is {}, the link {app}", org.org))
            .hint("copy the link of the tile in your own dashboard, or leave `app` out: it is found by itself")
            .hint("`--org` chooses another org")),
            _ => Ok(Some(app)),
        }
    }
}

fn text(value: Option<Value>) -> Option<String> {
    value.map(|value| value.to_string())
}

pub(super) fn below_home(path: PathBuf, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), environment.raw("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path,
    }
}
