//! Settings that are each right and together wrong.

use std::collections::BTreeMap;

use super::error::{Problem, Wrong};
use super::{Settings, Value, labels, spelled};

/// One hour: what STS grants a role that was assumed from another role, at most.
const CHAINED: u32 = 3600;

/// Every contradiction between two settings, each named by both places.
pub(super) fn contradictions(settings: &Settings) -> Vec<Problem> {
    let mut found = Vec::new();
    default_profile(settings, &mut found);
    orgs(settings, &mut found);
    profiles(settings, &mut found);
    accounts(settings, &mut found);
    labels::contradictions(settings, &mut found);
    found
}

fn default_profile(settings: &Settings, found: &mut Vec<Problem>) {
    if let Some((Value::Text(name), source)) = settings.at("default_profile", None)
        && !settings.profiles.contains_key(name)
    {
        let what = Wrong::NoSuch("profile", name.clone(), settings.nearest_profile(name));
        found.push(Problem::new(source.clone(), "default_profile", what));
    }
}

fn orgs(settings: &Settings, found: &mut Vec<Problem>) {
    for (name, source) in &settings.orgs {
        if settings.at("orgs.*.url", Some(name)).is_none() {
            let table = spelled(&("orgs.*", Some(name.clone())));
            found.push(Problem::new(source.clone(), table, Wrong::Lacks("url")));
        }
    }
}

fn profiles(settings: &Settings, found: &mut Vec<Problem>) {
    for name in settings.profiles() {
        let at = |key: &'static str| settings.at(key, Some(name));
        let key = |path: &'static str| spelled(&(path, Some(name.to_owned())));
        if let Some((Value::Text(org), source)) = at("profiles.*.org")
            && !settings.orgs.contains_key(org)
        {
            let what = Wrong::NoSuch("org", org.clone(), settings.nearest_org(org));
            found.push(Problem::new(source.clone(), key("profiles.*.org"), what));
        }
        if let Some((Value::YesOrNo(true), source)) = at("profiles.*.read_only")
            && let Some((_, other)) = at("profiles.*.policy_arns")
        {
            let sentence = "AWS would allow what either allows; one of the two is meant";
            let what = Wrong::Clash(sentence, other.clone());
            let key = key("profiles.*.read_only");
            found.push(Problem::new(source.clone(), key, what));
        }
        let Some((Value::Roles(chain), chained)) = at("profiles.*.chain") else {
            continue;
        };
        if let Some((Value::Seconds(seconds), source)) = at("profiles.*.duration")
            && *seconds > CHAINED
            && !chain.is_empty()
        {
            let what = Wrong::Clash("a chained role lasts one hour at most", chained.clone());
            found.push(Problem::new(
                source.clone(),
                key("profiles.*.duration"),
                what,
            ));
        }
        let partition = |arn: &str| arn.split(':').nth(1).map(ToOwned::to_owned);
        if let Some((Value::Text(role), source)) = at("profiles.*.role")
            && role.starts_with("arn:aws")
            && let Some(first) = chain.first()
            && partition(role) != partition(first.as_str())
            && !role.contains(['*', '?'])
        {
            let what = Wrong::Clash("a chain does not leave its partition", source.clone());
            found.push(Problem::new(chained.clone(), key("profiles.*.chain"), what));
        }
    }
}

fn accounts(settings: &Settings, found: &mut Vec<Problem>) {
    let mut seen = BTreeMap::new();
    for ((path, name), (value, source)) in &settings.values {
        let (&"accounts.*", Some(number), Value::Text(label)) = (path, name, value) else {
            continue;
        };
        if let Some(other) = seen.insert(label.to_lowercase(), source) {
            let what = Wrong::Clash("another account has this name", other.clone());
            found.push(Problem::new(
                source.clone(),
                format!("accounts.{number}"),
                what,
            ));
        }
    }
}
