//! Settings in the making: what several files of several tools come to together.
//!
//! The first that says something wins; who comes later is named. Every value has been read by the settings' own
//! reader before it stands here, so what is written is what `ob config check` finds good.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::config::parse_flag;
use crate::importers::{Findings, Place, Profile, Setting, Tool};
use crate::model::Org;
use crate::report::Report;

pub(super) type Values = BTreeMap<&'static str, String>;

/// Where in the world a line of the answer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// A profile that is called otherwise here, and why.
#[derive(Debug)]
pub(super) struct Renamed {
    pub(super) from: Origin,
    pub(super) to: String,
    pub(super) why: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The place of its org in `orgs`.
    pub(super) org: Option<usize>,
    pub(super) own: Values,
    /// `chain` and `policy_arns`, as far as there are some.
    pub(super) lists: BTreeMap<&'static str, Vec<String>>,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) orgs: Vec<Values>,
    pub(super) profiles: BTreeMap<String, Kept>,
    /// Where each of them comes from, and what it is called there.
    pub(super) origins: BTreeMap<String, Origin>,
    /// What those would have been called that were no good as a whole.
    pub(super) dropped: BTreeSet<String>,
    /// Whether a file could not be read, so that what it has is not known.
    pub(super) has_lost_file: bool,
    /// Whether a line could not be read, which may have been a profile.
    pub(super) has_lost_line: bool,
    pub(super) default: Option<String>,
    pub(super) accounts: BTreeMap<String, String>,
    /// Of roles and of providers, in their order.
    pub(super) labels: [Vec<(String, String)>; 2],
    pub(super) taken: Vec<Taken>,
    pub(super) renamed: Vec<Renamed>,
    pub(super) left: Vec<Left>,
    /// Lines that are odd and were read all the same, and what is odd.
    pub(super) notes: Vec<(Origin, String)>,
}

impl Draft {
    /// Adds what `file` of `tool` says. `url` is the org's address where the file has none.
    pub(super) fn add(&mut self, tool: Tool, file: &str, findings: &Findings, url: Option<&str>) {
        for (line, why) in &findings.notes {
            let note = (origin(file, *line, ""), why.clone());
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self.has_lost_line |= findings.left_out.iter().any(|left| left.wrong);
        for left in &findings.left_out {
            self.leave(file, left.line, &left.key, &left.why, left.wrong);
        }
        // Those that name their org come first: the others may be of one of these.
        let names_org = |profile: &&Profile| {
            let mut places = profile.settings.iter().map(|setting| setting.place);
            places.any(|place| place == Place::Org("url"))
        };
        let (first, others): (Vec<_>, Vec<_>) = findings.profiles.iter().partition(names_org);
        for profile in first.into_iter().chain(others) {
            self.profile(tool, file, profile, url);
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

    /// Names a file that cannot be read at all.
    pub(super) fn lose_file(&mut self, file: &str, report: &Report) {
        self.has_lost_file = true;
        let why = report.causes.last().unwrap_or(&report.summary);
        self.leave(file, 0, "", why, true);
    }

    fn profile(&mut self, tool: Tool, file: &str, profile: &Profile, url: Option<&str>) {
        let theirs = &profile.name;
        let plain = theirs.replace(char::is_control, "-");
        let name = &self.free_name(&plain, tool);
        let taken = self.taken.len();
        if let Err(why) = read("default_profile", name) {
            return self.drop_profile(file, theirs, name, &why, taken);
        }
        let mut org = Values::new();
        let mut kept = Kept {
            org: None,
            own: Values::new(),
            lists: BTreeMap::new(),
        };
        for setting in &profile.settings {
            self.setting(file, name, setting, &mut org, &mut kept);
        }
        let limited = |setting: &Setting| setting.place == Place::Policies;
        // AWS allows what either of two session policies allows: without one of them it is less.
        if profile.is_wider && !profile.settings.iter().any(limited) {
            let why = "without its session policy it would allow more";
            return self.drop_profile(file, theirs, name, why, taken);
        }
        if profile.settings.iter().any(limited) && !kept.lists.contains_key("policy_arns") {
            let why = "without its session policies it would allow more";
            return self.drop_profile(file, theirs, name, why, taken);
        }
        if org.is_empty() && kept.own.is_empty() && kept.lists.is_empty() {
            let why = "nothing in it can be taken";
            return self.drop_profile(file, theirs, name, why, taken);
        }
        if let Some(url) = url {
            org.entry("url").or_insert_with(|| url.to_owned());
        }
        let paths = profile.settings.iter();
        for path in paths.filter(|setting| setting.place == Place::AppPath) {
            match org.get("url") {
                Some(url) => {
                    let app = Setting {
                        place: Place::Profile("app"),
                        value: format!("{url}{}", path.value),
                        ..path.clone()
                    };
                    self.setting(file, name, &app, &mut org, &mut kept);
                }
                None => {
                    let why = "its org's address is not in the file: `--url`";
                    self.leave(file, path.line, &path.key, why, true);
                }
            }
        }
        let elsewhere = |app: &String| {
            app.contains("://")
                && Org::parse(app)
                    .ok()
                    .map(|org| org.origin().to_owned())
                    .as_ref()
                    != org.get("url")
        };
        if org.contains_key("url") && kept.own.get("app").is_some_and(elsewhere) {
            kept.own.remove("app");
            let to = format!("profiles.{name}.app");
            let app = self.taken.iter().rev().find(|taken| taken.to == to);
            let from = app.map_or_else(|| origin(file, 0, theirs), |app| app.from.clone());
            self.taken.retain(|taken| taken.to != to);
            self.leave(
                file,
                from.line,
                &from.key,
                "the app's link is of another org",
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
                    let why = "a role of its chain is no role's ARN";
                    return self.drop_profile(file, theirs, name, why, taken);
                }
            }
        }
        if !chain.is_empty() {
            let partition = |arn: &String| arn.split(':').nth(1).map(ToOwned::to_owned);
            let role = kept.own.get("role").filter(|role| role.starts_with("arn:"));
            let all = role.into_iter().chain(&chain);
            if all.map(partition).collect::<BTreeSet<_>>().len() > 1 {
                let why = "its chain leaves the partition of its role";
                return self.drop_profile(file, theirs, name, why, taken);
            }
            let to = format!("profiles.{name}.chain");
            self.take(file, 0, theirs, to, chain.join(", "));
            kept.lists.insert("chain", chain);
        }
        kept.org = (!org.is_empty()).then(|| self.org(org));
        let is_same = |(name, old): (&String, &Kept)| {
            *old == kept
                && self
                    .origins
                    .get(name)
                    .is_some_and(|from| from.key == *theirs)
        };
        if self.profiles.iter().any(is_same) {
            let own = format!("profiles.{name}.");
            let mut new = self.taken.split_off(taken);
            // Its org stays: it may have completed one that is here.
            new.retain(|line| !line.to.starts_with(&own));
            self.taken.extend(new);
            let why = "an earlier file has the same profile";
            return self.leave(file, 0, theirs, why, false);
        }
        self.origins.insert(name.clone(), origin(file, 0, theirs));
        if name != theirs {
            let from = origin(file, 0, theirs);
            let to = name.clone();
            let why = match *plain == *name {
                true => "its name has characters that no name here can have",
                false => "an earlier file has a profile of that name",
            };
            self.renamed.push(Renamed { from, to, why });
        }
        self.profiles.insert(name.clone(), kept);
    }

    /// `default` as it is, or `default-saml2aws` where another file has one, `default-saml2aws-2` where two have.
    fn free_name(&self, name: &str, tool: Tool) -> String {
        let by_tool = format!("{name}-{}", tool.word());
        let mut free = name.to_owned();
        let mut number = 1;
        while self.profiles.contains_key(&free) {
            free = match number {
                1 => by_tool.clone(),
                number => format!("{by_tool}-{number}"),
            };
            number += 1;
        }
        free
    }

    /// Leaves out the whole profile `theirs`, which would have been called `name`, and what it added to the first `taken`.
    fn drop_profile(&mut self, file: &str, theirs: &str, name: &str, why: &str, taken: usize) {
        self.taken.truncate(taken);
        self.dropped.insert(name.to_owned());
        self.leave(file, 0, theirs, why, true);
    }

    fn setting(
        &mut self,
        file: &str,
        profile: &str,
        setting: &Setting,
        org: &mut Values,
        kept: &mut Kept,
    ) {
        let (table, leaf) = match setting.place {
            // Once the org is known.
            Place::AppPath => return,
            Place::Org(leaf) => ("org", leaf),
            Place::Profile(leaf) => ("profiles.*", leaf),
            Place::Policies => ("profiles.*", "policy_arns"),
        };
        let to = format!("{}.{leaf}", table.replace('*', profile));
        let values = match setting.place {
            Place::Org(_) => org,
            _ => &mut kept.own,
        };
        match read(&format!("{table}.{leaf}"), &setting.value) {
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
                let value = match setting.place {
                    Place::Profile("app") => at_own_org(value),
                    _ => value,
                };
                if setting.place == Place::Policies {
                    let items = value.split(", ").map(ToOwned::to_owned);
                    kept.lists.insert(leaf, items.collect());
                } else {
                    values.insert(leaf, value.clone());
                }
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
        // Without an address it may be of the only org there is.
        let addresses: BTreeSet<&String> =
            self.orgs.iter().filter_map(|org| org.get("url")).collect();
        let is_unclear = !new.contains_key("url") && addresses.len() > 1;
        if let Some(at) = self.orgs.iter().position(agree).filter(|_| !is_unclear) {
            self.orgs[at].extend(new);
            return at;
        }
        self.orgs.push(new);
        self.orgs.len() - 1
    }

    pub(super) fn take(&mut self, file: &str, line: usize, key: &str, to: String, value: String) {
        let from = origin(file, line, key);
        // Inherited by several profiles, it is said once.
        let said = |taken: &Taken| taken.from == from && taken.to == to && taken.value == value;
        if !self.taken.iter().any(said) {
            self.taken.push(Taken { from, to, value });
        }
    }

    pub(super) fn leave(&mut self, file: &str, line: usize, key: &str, why: &str, wrong: bool) {
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
}

/// An app's link at the org's own host: its administrators see it at another one, `acme-admin.okta.com`.
fn at_own_org(app: String) -> String {
    match (Org::parse(&app), Url::parse(&app)) {
        (Ok(org), Ok(url)) if !org.owns(&url) => org.at(url.path()),
        _ => app,
    }
}

fn origin(file: &str, line: usize, key: &str) -> Origin {
    Origin {
        file: file.to_owned(),
        line,
        key: key.to_owned(),
    }
}

/// The value as our settings spell it, or what they have against it.
pub(super) fn read(path: &str, text: &str) -> Result<String, String> {
    let known = crate::config::KEYS.iter().find(|key| key.path == path);
    let path = known.map_or("default_profile", |key| key.path);
    // The tools that are read here count in seconds.
    let is_seconds = path.ends_with(".duration") && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = format!("{text}s");
    parse_flag("it", path, if is_seconds { &seconds } else { text })
        .map(|value| value.to_string())
        .map_err(|report| why(&report))
}

fn why(report: &Report) -> String {
    let first = report.causes.first();
    first.unwrap_or(&report.summary).clone()
}
