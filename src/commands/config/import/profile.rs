//! Imports one profile of another tool.

use std::collections::BTreeSet;

use url::Url;

use super::draft::{Draft, DraftProfile, Origin, Renamed, Values, parse_value};
use crate::importers::{Destination, Profile, Setting, Tool};
use crate::model::Org;

impl Draft {
    /// Imports `profile` of `file`. `url` is the org's address where the file has none.
    pub(super) fn add_profile(
        &mut self,
        tool: Tool,
        file: &str,
        profile: &Profile,
        url: Option<&str>,
    ) {
        let from = Origin::new(file, 0, &profile.name);
        let plain = profile.name.replace(char::is_control, "-");
        let name = self.free_name(&plain, tool);
        let taken = self.taken.len();
        let built = parse_value("default_profile", &name)
            .and_then(|_| self.build_profile(file, &name, profile, url));
        let (org, mut new) = match built {
            Ok(built) => built,
            Err(why) => {
                self.taken.truncate(taken);
                self.dropped.insert(name);
                return self.leave_out(from, why, true);
            }
        };
        new.org = (!org.is_empty()).then(|| self.org_index(org));
        let is_same = |(name, old): (&String, &DraftProfile)| {
            let origin = self.origins.get(name);
            *old == new && origin.is_some_and(|origin| origin.key == profile.name)
        };
        if self.profiles.iter().any(is_same) {
            let own = format!("profiles.{name}.");
            let mut added = self.taken.split_off(taken);
            // The values of its org stay: they may have completed an earlier org.
            added.retain(|line| !line.to.starts_with(&own));
            self.taken.extend(added);
            return self.leave_out(from, "an earlier file has the same profile", false);
        }
        self.origins.insert(name.clone(), from.clone());
        if name != profile.name {
            let why = match plain == name {
                true => "its name has characters that no name here can have",
                false => "an earlier file has a profile of that name",
            };
            let to = name.clone();
            self.renamed.push(Renamed { from, to, why });
        }
        self.profiles.insert(name, new);
    }

    /// Builds the values of a profile and of its org. An error is why the profile is dropped.
    fn build_profile(
        &mut self,
        file: &str,
        name: &str,
        profile: &Profile,
        url: Option<&str>,
    ) -> Result<(Values, DraftProfile), String> {
        let mut org = Values::new();
        let mut new = DraftProfile::default();
        for setting in &profile.settings {
            self.add_setting(file, name, setting, &mut org, &mut new);
        }
        let mut settings = profile.settings.iter();
        let has_policies = settings.any(|setting| setting.destination == Destination::Policies);
        // AWS allows what either of two session policies allows: without one of them it is less.
        if profile.lacks_limit && !has_policies {
            return Err(
                "its session policy cannot be imported, and without it the profile would allow \
                        more"
                    .to_owned(),
            );
        } else if has_policies && !new.lists.contains_key("policy_arns") {
            return Err("without its session policies it would allow more".to_owned());
        } else if org.is_empty() && new.values.is_empty() && new.lists.is_empty() {
            return Err("nothing in it can be taken".to_owned());
        }
        if let Some(url) = url {
            org.entry("url").or_insert_with(|| url.to_owned());
        }
        self.add_app_paths(file, name, profile, &mut org, &mut new);
        self.drop_foreign_app(file, name, profile, &org, &mut new);
        let chain = checked_chain(&profile.chain, new.values.get("role"))?;
        if !chain.is_empty() {
            let from = Origin::new(file, 0, &profile.name);
            self.take(from, format!("profiles.{name}.chain"), chain.join(", "));
            new.lists.insert("chain", chain);
        }
        Ok((org, new))
    }

    /// Returns `default` for a free name, else `default-saml2aws`, `default-saml2aws-2` and so on.
    fn free_name(&self, name: &str, tool: Tool) -> String {
        let tool = tool.name();
        let mut free = name.to_owned();
        let mut number = 1;
        while self.profiles.contains_key(&free) {
            free = match number {
                1 => format!("{name}-{tool}"),
                number => format!("{name}-{tool}-{number}"),
            };
            number += 1;
        }
        free
    }

    fn add_setting(
        &mut self,
        file: &str,
        profile: &str,
        setting: &Setting,
        org: &mut Values,
        new: &mut DraftProfile,
    ) {
        let (table, leaf, values) = match setting.destination {
            // Added once the org is known.
            Destination::AppPath => return,
            Destination::Org(leaf) => ("org", leaf, org),
            Destination::Profile(leaf) => ("profiles.*", leaf, &mut new.values),
            Destination::Policies => ("profiles.*", "policy_arns", &mut new.values),
        };
        let from = Origin::new(file, setting.line, &setting.key);
        let value = match parse_value(&format!("{table}.{leaf}"), &setting.value) {
            Ok(value) => value,
            Err(why) => return self.leave_out(from, why, true),
        };
        // One key may set the same twice: the org, and the app at the org.
        if values.contains_key(leaf) {
            let why = format!("`{leaf}` is taken from another key");
            return self.leave_out(from, why, false);
        }
        let value = match leaf {
            "app" => at_own_org(value),
            _ => value,
        };
        if setting.destination == Destination::Policies {
            let items = value.split(", ").map(ToOwned::to_owned);
            new.lists.insert(leaf, items.collect());
        } else {
            values.insert(leaf, value.clone());
        }
        self.take(
            from,
            format!("{}.{leaf}", table.replace('*', profile)),
            value,
        );
    }

    /// Adds the apps that are paths at the org.
    fn add_app_paths(
        &mut self,
        file: &str,
        name: &str,
        profile: &Profile,
        org: &mut Values,
        new: &mut DraftProfile,
    ) {
        let is_path = |setting: &&Setting| setting.destination == Destination::AppPath;
        for path in profile.settings.iter().filter(is_path) {
            let Some(url) = org.get("url") else {
                let why = "its org's address is not in the file: `--url`";
                self.leave_out(Origin::new(file, path.line, &path.key), why, true);
                continue;
            };
            let app = Setting {
                destination: Destination::Profile("app"),
                value: format!("{url}{}", path.value),
                ..path.clone()
            };
            self.add_setting(file, name, &app, org, new);
        }
    }

    /// Leaves out an app's link that leads to another org.
    fn drop_foreign_app(
        &mut self,
        file: &str,
        name: &str,
        profile: &Profile,
        org: &Values,
        new: &mut DraftProfile,
    ) {
        let (Some(url), Some(app)) = (org.get("url"), new.values.get("app")) else {
            return;
        };
        let app_org = Org::parse(app).ok();
        let is_own = app_org.is_some_and(|app_org| app_org.origin() == url);
        if !app.contains("://") || is_own {
            return;
        }
        new.values.remove("app");
        let to = format!("profiles.{name}.app");
        let app = self.taken.iter().rev().find(|taken| taken.to == to);
        let from = app.map(|app| app.from.clone());
        self.taken.retain(|taken| taken.to != to);
        let from = from.unwrap_or_else(|| Origin::new(file, 0, &profile.name));
        self.leave_out(from, "the app's link is of another org", true);
    }

    /// Returns the index of an org that agrees with `new`, whose values complete it.
    fn org_index(&mut self, new: Values) -> usize {
        let agrees = |old: &Values| {
            let is_same = |key: &&str| old.get(*key) == new.get(*key);
            let conflicts =
                |(key, value): (&&str, &String)| old.get(key).is_some_and(|old| old != value);
            // A machine's sign-in must not become that of the user's profiles.
            !new.iter().any(conflicts) && ["key_id", "sign_in"].iter().all(is_same)
        };
        // Without an address it may be of the only org there is.
        let addresses = self.orgs.iter().filter_map(|org| org.get("url"));
        let addresses: BTreeSet<&String> = addresses.collect();
        let is_ambiguous = !new.contains_key("url") && addresses.len() > 1;
        if let Some(at) = self.orgs.iter().position(agrees).filter(|_| !is_ambiguous) {
            self.orgs[at].extend(new);
            return at;
        }
        self.orgs.push(new);
        self.orgs.len() - 1
    }
}

/// Returns the ARNs of a chain that begins with `role`. An error is why the profile is dropped.
fn checked_chain(chain: &[String], role: Option<&String>) -> Result<Vec<String>, String> {
    let mut arns = Vec::new();
    for text in chain {
        match parse_value("profiles.*.role", text) {
            Ok(arn) if arn.starts_with("arn:") && !arn.contains(['*', '?']) => arns.push(arn),
            _ => return Err("a role of its chain is no role's ARN".to_owned()),
        }
    }
    let partition = |arn: &String| arn.split(':').nth(1).map(ToOwned::to_owned);
    let role = role.filter(|role| role.starts_with("arn:"));
    let partitions: BTreeSet<_> = role.into_iter().chain(&arns).map(partition).collect();
    match arns.is_empty() || partitions.len() <= 1 {
        true => Ok(arns),
        false => Err("its chain crosses AWS partitions".to_owned()),
    }
}

/// Returns an app's link at the org's own host; administrators see it at `acme-admin.okta.com`.
fn at_own_org(app: String) -> String {
    match (Org::parse(&app), Url::parse(&app)) {
        (Ok(org), Ok(url)) if !org.owns(&url) => org.at(url.path()),
        _ => app,
    }
}
