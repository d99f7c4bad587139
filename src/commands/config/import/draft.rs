//! Settings in the making: what several files of several tools come to together.
//!
//! The first that says something wins; who comes later is named. Every value has been read by the settings' own
//! reader before it stands here, so what is written is what `ob config check` finds good.

use std::collections::BTreeMap;

use crate::aws::is_expression;
use crate::config::read_as;
use crate::model::{Org, ProviderArn};
use crate::peers::{Findings, FoundLabel, Place, Profile, Setting};
use crate::report::Report;

type Values = BTreeMap<&'static str, String>;

/// Where in the world a line of the answer comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) key: String,
}

/// A value that was taken over, and what it is called now.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) from: Origin,
    pub(super) to: String,
    pub(super) value: String,
}

/// What was not, and why; its value is not known any more.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) from: Origin,
    pub(super) why: String,
    /// Because the value itself is no good.
    pub(super) wrong: bool,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    orgs: Vec<Values>,
    /// Each with the place of its org in `orgs`.
    profiles: BTreeMap<String, (Option<usize>, Values, Vec<String>)>,
    accounts: BTreeMap<String, String>,
    /// Of roles and of providers, in their order.
    labels: [Vec<(String, String)>; 2],
    pub(super) taken: Vec<Taken>,
    pub(super) left: Vec<Left>,
}

impl Draft {
    /// Adds what `file` says. `url` is the org's address where the file has none.
    pub(super) fn add(&mut self, file: &str, findings: &Findings, url: Option<&str>) {
        for left in &findings.left_out {
            self.leave(file, left.line, &left.key, &left.why, false);
        }
        for profile in &findings.profiles {
            self.profile(file, profile, url);
        }
        for label in &findings.labels {
            self.label(file, label);
        }
        for (number, name, key, line) in &findings.accounts {
            match self.name_account(number, name) {
                Ok(()) => self.take(file, *line, key, format!("accounts.{number}"), name.clone()),
                Err(why) => self.leave(file, *line, key, &why, false),
            }
        }
    }

    fn name_account(&mut self, number: &str, name: &str) -> Result<(), String> {
        let is_taken = |other: &String| other.to_lowercase() == name.to_lowercase();
        read("accounts.*", name)?;
        if self.accounts.contains_key(number) {
            Err("the account has a name already".to_owned())
        } else if self.accounts.values().any(is_taken) {
            Err("another account has this name".to_owned())
        } else {
            self.accounts.insert(number.to_owned(), name.to_owned());
            Ok(())
        }
    }

    /// The label of one provider is its account's name, as far as that is free; every other stays a label.
    fn label(&mut self, file: &str, label: &FoundLabel) {
        let FoundLabel { of, says, .. } = label;
        let account = ProviderArn::parse(of).ok().filter(|_| label.is_provider);
        if let Some(account) = account.map(|provider| provider.account().to_owned())
            && self.name_account(&account, says).is_ok()
        {
            let to = format!("accounts.{account}");
            return self.take(file, label.line, &label.key, to, says.clone());
        }
        let (table, path) = match label.is_provider {
            true => (1, "labels.providers.*"),
            false => (0, "labels.roles.*"),
        };
        if !is_expression(of) {
            let why = "neither an ARN nor an expression that can be used";
            self.leave(file, label.line, &label.key, why, true);
        } else if let Err(why) = read(path, says) {
            self.leave(file, label.line, &label.key, &why, true);
        } else if self.labels[table].iter().any(|(known, _)| known == of) {
            let why = "an earlier file has a label for it";
            self.leave(file, label.line, &label.key, why, false);
        } else {
            self.labels[table].push((of.clone(), says.clone()));
            let to = format!("{}.{of}", path.trim_end_matches(".*"));
            self.take(file, label.line, &label.key, to, says.clone());
        }
    }

    fn profile(&mut self, file: &str, profile: &Profile, url: Option<&str>) {
        let name = &profile.name;
        if let Err(why) = read("default_profile", name) {
            return self.leave(file, 0, name, &why, true);
        }
        if self.profiles.contains_key(name) {
            return self.leave(
                file,
                0,
                name,
                "an earlier file has a profile of that name",
                false,
            );
        }
        let (mut org, mut own) = (Values::new(), Values::new());
        for setting in &profile.settings {
            self.setting(file, name, setting, (&mut org, &mut own));
        }
        if let Some(url) = url {
            org.entry("url").or_insert_with(|| url.to_owned());
        }
        let elsewhere = |app: &String| {
            app.contains("://")
                && Org::parse(app)
                    .ok()
                    .map(|org| org.origin().to_owned())
                    .as_ref()
                    != org.get("url")
        };
        if org.contains_key("url") && own.get("app").is_some_and(elsewhere) {
            own.remove("app");
            self.taken
                .retain(|taken| taken.to != format!("profiles.{name}.app"));
            self.leave(
                file,
                0,
                &format!("{name}: the app's link"),
                "it is of another org",
                true,
            );
        }
        let mut chain = Vec::new();
        for role in &profile.chain {
            match read("profiles.*.role", role) {
                Ok(role) if role.starts_with("arn:") && !role.contains(['*', '?']) => {
                    chain.push(role);
                }
                _ => {
                    let own = format!("profiles.{name}.");
                    self.taken.retain(|taken| !taken.to.starts_with(&own));
                    return self.leave(file, 0, name, "a role of its chain is no role's ARN", true);
                }
            }
        }
        if !chain.is_empty() {
            self.take(
                file,
                0,
                name,
                format!("profiles.{name}.chain"),
                chain.join(", "),
            );
        }
        let org = (!org.is_empty()).then(|| self.org(org));
        self.profiles.insert(name.clone(), (org, own, chain));
    }

    fn setting(
        &mut self,
        file: &str,
        profile: &str,
        setting: &Setting,
        into: (&mut Values, &mut Values),
    ) {
        let (path, to, leaf, values) = match setting.place {
            Place::Org(leaf) => (format!("org.{leaf}"), format!("org.{leaf}"), leaf, into.0),
            Place::Profile(leaf) => (
                format!("profiles.*.{leaf}"),
                format!("profiles.{profile}.{leaf}"),
                leaf,
                into.1,
            ),
        };
        match read(&path, &setting.value) {
            Err(why) => self.leave(file, setting.line, &setting.key, &why, true),
            // One key may say the same twice: the org, and the app at the org.
            Ok(_) if values.contains_key(leaf) => {
                self.leave(
                    file,
                    setting.line,
                    &setting.key,
                    &format!("`{leaf}` is taken from another key"),
                    false,
                );
            }
            Ok(value) => {
                values.insert(leaf, value.clone());
                self.take(file, setting.line, &setting.key, to, value);
            }
        }
    }

    /// The place of an org that agrees with `new`, which it may complete.
    fn org(&mut self, new: Values) -> usize {
        let agree = |old: &Values| {
            let same = |key: &&str| old.get(*key) == new.get(*key);
            let clash = new
                .iter()
                .any(|(key, value)| old.get(key).is_some_and(|old| old != value));
            // A machine's sign-in is not lent to people.
            !clash && ["key_id", "sign_in"].iter().all(same)
        };
        if let Some(at) = self.orgs.iter().position(agree) {
            self.orgs[at].extend(new);
            return at;
        }
        self.orgs.push(new);
        self.orgs.len() - 1
    }

    fn take(&mut self, file: &str, line: usize, key: &str, to: String, value: String) {
        let from = origin(file, line, key);
        // Inherited by several profiles, it is said once.
        let said = |taken: &Taken| taken.from == from && taken.to == to && taken.value == value;
        if !self.taken.iter().any(said) {
            self.taken.push(Taken { from, to, value });
        }
    }

    fn leave(&mut self, file: &str, line: usize, key: &str, why: &str, wrong: bool) {
        let from = origin(file, line, key);
        if !self
            .left
            .iter()
            .any(|left| left.from == from && left.why == why)
        {
            let why = why.to_owned();
            self.left.push(Left { from, why, wrong });
        }
    }

    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Whether every org has its address; without one nothing can sign in.
    pub(super) fn has_address(&self) -> bool {
        !self.orgs.is_empty() && self.orgs.iter().all(|org| org.contains_key("url"))
    }

    /// The settings file.
    pub(super) fn to_toml(&self) -> String {
        let mut file = toml::Table::new();
        let table = |values: &Values| -> toml::Table {
            let pairs = values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.as_str().into()));
            pairs.collect()
        };
        let several = self.orgs.len() > 1;
        let names = names(&self.orgs);
        match &self.orgs[..] {
            [] => {}
            [org] => {
                file.insert("org".to_owned(), table(org).into());
            }
            orgs => {
                let orgs = names
                    .iter()
                    .cloned()
                    .zip(orgs.iter().map(|org| table(org).into()));
                file.insert("orgs".to_owned(), orgs.collect::<toml::Table>().into());
            }
        }
        let mut profiles = toml::Table::new();
        for (name, (org, values, chain)) in &self.profiles {
            let mut values = table(values);
            if let Some(org) = org.filter(|_| several) {
                values.insert("org".to_owned(), names[org].as_str().into());
            }
            if !chain.is_empty() {
                values.insert("chain".to_owned(), chain.clone().into());
            }
            profiles.insert(name.clone(), values.into());
        }
        let default = match self.profiles.len() {
            1 => self.profiles.keys().next(),
            _ => self.profiles.keys().find(|name| *name == "default"),
        };
        if let Some(name) = default {
            file.insert("default_profile".to_owned(), name.as_str().into());
        }
        if !profiles.is_empty() {
            file.insert("profiles".to_owned(), profiles.into());
        }
        if !self.accounts.is_empty() {
            let accounts = self
                .accounts
                .iter()
                .map(|(number, name)| (number.clone(), name.as_str().into()));
            file.insert(
                "accounts".to_owned(),
                accounts.collect::<toml::Table>().into(),
            );
        }
        let mut text = file.to_string();
        // By hand: a table of TOML's is sorted, and the order of these is what decides.
        for (table, labels) in ["roles", "providers"].iter().zip(&self.labels) {
            if !labels.is_empty() {
                text += &format!("\n[labels.{table}]\n");
            }
            for (of, says) in labels {
                let quoted = |text: &str| toml::Value::from(text).to_string();
                text += &format!("{} = {}\n", quoted_key(of), quoted(says));
            }
        }
        text
    }
}

/// A key as TOML's own writer quotes it.
fn quoted_key(text: &str) -> String {
    let mut table = toml::Table::new();
    table.insert(text.to_owned(), true.into());
    let line = table.to_string();
    let line = line.trim_end();
    line.strip_suffix(" = true").unwrap_or(line).to_owned()
}

fn origin(file: &str, line: usize, key: &str) -> Origin {
    Origin {
        file: file.to_owned(),
        line,
        key: key.to_owned(),
    }
}

/// `acme` for acme.okta.com, `acme-2` for another way into it.
fn names(orgs: &[Values]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for org in orgs {
        let host = org.get("url").and_then(|url| Org::parse(url).ok());
        let label = host
            .as_ref()
            .and_then(|org| org.host().split('.').next())
            .unwrap_or("okta");
        let free = (1..).map(|number| match number {
            1 => label.to_owned(),
            number => format!("{label}-{number}"),
        });
        names.extend(free.into_iter().find(|name| !names.contains(name)));
    }
    names
}

/// The value as our settings spell it, or what they have against it.
fn read(path: &str, text: &str) -> Result<String, String> {
    let known = crate::config::KEYS.iter().find(|key| key.path == path);
    let path = known.map_or("default_profile", |key| key.path);
    let why = |report: Report| report.causes.first().cloned().unwrap_or(report.summary);
    read_as("it", path, text)
        .map(|value| value.to_string())
        .map_err(why)
}
