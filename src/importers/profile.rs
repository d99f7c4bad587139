//! Maps the entries of a profile to `ob`'s settings.

use super::entry::Entry;
use super::findings::{Destination, Findings, Profile, Setting};
use super::meaning::{self, Meaning};
use super::okta_app::{self, App, has_other_page, has_password};
use super::tool::Tool;

/// Adds the profile `name` of `tool` to `findings`, and returns it.
pub(super) fn add<'a>(
    tool: Tool,
    name: &str,
    entries: &[Entry],
    findings: &'a mut Findings,
) -> &'a mut Profile {
    let mut mapper = Mapper {
        tool,
        has_address: entries.iter().any(|entry| {
            !entry.value.is_empty() && meaning::of(tool, &entry.key) == Meaning::Address
        }),
        profile: Profile {
            name: name.to_owned(),
            settings: Vec::new(),
            chain: Vec::new(),
            lacks_limit: false,
        },
    };
    for entry in entries.iter().filter(|entry| !entry.value.is_empty()) {
        let key = match (tool, entry.section.as_deref().unwrap_or(name)) {
            (Tool::OktaAwsCliVariables | Tool::OktaJava | Tool::AwsSts, _) | (_, "") => {
                entry.key.clone()
            }
            (_, section) => format!("{section}.{}", entry.key),
        };
        if let Err(why) = mapper.map(entry, &key) {
            findings.leave_out(key, entry.line, why);
        }
    }
    let at = findings.profiles.len();
    findings.profiles.push(mapper.profile);
    &mut findings.profiles[at]
}

/// Returns `entries` without the duration of a chained role, which AWS limits to an hour.
pub(super) fn without_duration(
    profile: &str,
    key: &str,
    entries: &[Entry],
    findings: &mut Findings,
) -> Vec<Entry> {
    let (durations, others): (Vec<_>, Vec<_>) =
        entries.iter().cloned().partition(|entry| entry.is(key));
    for entry in durations {
        let why = "a chained role lasts one hour at most";
        findings.leave_out(format!("{profile}.{key}"), entry.line, why);
    }
    others
}

struct Mapper {
    tool: Tool,
    /// Whether an entry holds the org's address.
    has_address: bool,
    profile: Profile,
}

impl Mapper {
    /// Maps one entry, which messages call `key`. An error is why it is left out.
    fn map(&mut self, entry: &Entry, key: &str) -> Result<(), &'static str> {
        let known = match self.tool {
            Tool::OktaAwsCliVariables => &meaning::yaml_key(&entry.key),
            _ => &entry.key,
        };
        let value = entry.value.as_str();
        let mut take = |destination, value: &str| {
            self.profile.settings.push(Setting {
                destination,
                value: value.to_owned(),
                key: key.to_owned(),
                line: entry.line,
            });
        };
        match meaning::of(self.tool, known) {
            _ if has_password(value) => {
                return Err("an address with a password in it, which no setting holds");
            }
            Meaning::Org(to) => {
                take(Destination::Org(to), value);
                if to == "key_id" {
                    take(Destination::Org("sign_in"), "machine");
                }
            }
            Meaning::Profile(to) => take(Destination::Profile(to), value),
            Meaning::Address => {
                take(Destination::Org("url"), value);
                if let App::Link(app) = okta_app::parse(value) {
                    take(Destination::Profile("app"), &app);
                } else if has_other_page(value) {
                    return Err(
                        "only the org is taken of it: the page is no app's embed link, \
                         `…/home/…` or `…/sso/saml`",
                    );
                }
            }
            Meaning::App => match okta_app::parse(value) {
                App::Link(link) => {
                    if !self.has_address {
                        take(Destination::Org("url"), &link);
                    }
                    take(Destination::Profile("app"), &link);
                }
                App::Id(id) => take(Destination::Profile("app"), id),
                App::Path(path) => take(Destination::AppPath, &path),
                App::Other => {
                    return Err("no app's address: Okta shows it as the app's embed link, \
                         `…/home/…` or `…/sso/saml`");
                }
            },
            Meaning::Role => {
                check_role(value)?;
                take(Destination::Profile("role"), value);
            }
            Meaning::Provider => take(Destination::Profile("provider"), value),
            Meaning::Factor => {
                if let Some(factor) = meaning::factor(value)? {
                    take(Destination::Org("factor"), factor);
                }
            }
            Meaning::Policies => take(Destination::Policies, value),
            Meaning::Classic if is_no(value) => {}
            Meaning::Classic => take(Destination::Org("sign_in"), "terminal"),
            Meaning::Limit(why) => {
                self.profile.lacks_limit = true;
                return Err(why);
            }
            Meaning::Ignore => {}
            Meaning::SkipUnless(default, _) if value.eq_ignore_ascii_case(default) => {}
            Meaning::SkipIfSet(_) | Meaning::SkipUnless(..) if is_no(value) => {}
            Meaning::Reject(why) | Meaning::SkipIfSet(why) | Meaning::SkipUnless(_, why) => {
                return Err(why);
            }
        }
        Ok(())
    }
}

fn check_role(value: &str) -> Result<(), &'static str> {
    if value.contains("://") {
        Err("an address, and no role")
    } else if value.eq_ignore_ascii_case("all") {
        Err("said each time: `ob write --all`")
    } else if value.contains(',') {
        Err("several roles: each is a profile of its own")
    } else if value.starts_with('/') || value.contains(['(', '|', '^', '$', '[']) {
        Err("an expression: `role` takes an ARN, account/role, a name or a glob")
    } else {
        Ok(())
    }
}

fn is_no(value: &str) -> bool {
    ["false", "no", "off", "0", "none", "null", "n"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}
