//! Settings that are valid alone and contradict each other.

use std::collections::BTreeMap;

use super::duration::HOUR;
use super::problem::{Problem, ProblemKind};
use super::settings::{ORGS, Settings, format_key};
use super::source::Source;
use super::value::Value;
use super::value_error::ValueError;

/// Most bytes of all labels together: they are sent to the agent with each request.
const MAX_LABEL_BYTES: usize = 24 * 1024;

/// Returns every contradiction between two settings, each with both places.
pub(super) fn contradictions(settings: &Settings) -> Vec<Problem> {
    let mut problems = Vec::new();
    default_profile(settings, &mut problems);
    orgs(settings, &mut problems);
    for name in settings.profiles() {
        profile(settings, name, &mut problems);
    }
    accounts(settings, &mut problems);
    labels(settings, &mut problems);
    problems
}

fn default_profile(settings: &Settings, problems: &mut Vec<Problem>) {
    if let Some((Value::Text(name), source)) = settings.get("default_profile", None)
        && !settings.profiles.contains_key(name)
    {
        let similar = first(&settings.similar_profiles(name));
        let kind = ProblemKind::NoSuch("profile", name.clone(), similar);
        problems.push(Problem::new(source.clone(), "default_profile", kind));
    }
}

fn orgs(settings: &Settings, problems: &mut Vec<Problem>) {
    for (name, source) in &settings.orgs {
        if settings.value("orgs.*.url", Some(name)).is_none() {
            let table = format_key(&(ORGS, Some(name.clone())));
            let kind = ProblemKind::Missing("url");
            problems.push(Problem::new(source.clone(), table, kind));
        }
    }
}

fn profile(settings: &Settings, name: &str, problems: &mut Vec<Problem>) {
    let get = |path| settings.get(path, Some(name));
    let mut add = |path: &'static str, source: &Source, kind| {
        let key = format_key(&(path, Some(name.to_owned())));
        problems.push(Problem::new(source.clone(), key, kind));
    };
    if let Some((Value::Text(org), source)) = get("profiles.*.org")
        && !settings.orgs.contains_key(org)
    {
        let kind = ProblemKind::NoSuch("org", org.clone(), first(&settings.similar_orgs(org)));
        add("profiles.*.org", source, kind);
    }
    if let Some((Value::Boolean(true), source)) = get("profiles.*.read_only")
        && let Some((_, other)) = get("profiles.*.policy_arns")
    {
        let sentence = "AWS would allow what either allows; one of the two is meant";
        let kind = ProblemKind::Conflict(sentence, other.clone());
        add("profiles.*.read_only", source, kind);
    }
    let Some((Value::Roles(chain), chain_source)) = get("profiles.*.chain") else {
        return;
    };
    let Some(first) = chain.first() else { return };
    if let Some((Value::Duration(duration), source)) = get("profiles.*.duration")
        && *duration > HOUR
    {
        let sentence = "a chained role lasts one hour at most";
        let kind = ProblemKind::Conflict(sentence, chain_source.clone());
        add("profiles.*.duration", source, kind);
    }
    let partition = |arn: &str| arn.split(':').nth(1).map(ToOwned::to_owned);
    if let Some((Value::Text(role), source)) = get("profiles.*.role")
        && role.starts_with("arn:aws")
        && partition(role) != partition(first.as_str())
        && !role.contains(['*', '?'])
    {
        let sentence = "a chain cannot cross AWS partitions";
        let kind = ProblemKind::Conflict(sentence, source.clone());
        add("profiles.*.chain", chain_source, kind);
    }
}

fn accounts(settings: &Settings, problems: &mut Vec<Problem>) {
    let mut seen = BTreeMap::new();
    for ((path, number), (value, source)) in &settings.values {
        let (&"accounts.*", Some(number), Value::Text(name)) = (path, number, value) else {
            continue;
        };
        if let Some(other) = seen.insert(name.to_lowercase(), source) {
            let sentence = "another account has this name";
            let kind = ProblemKind::Conflict(sentence, Source::clone(other));
            let key = format!("accounts.{number}");
            problems.push(Problem::new(source.clone(), key, kind));
        }
    }
}

fn labels(settings: &Settings, problems: &mut Vec<Problem>) {
    let mut total = 0;
    for id in &settings.label_order {
        let Some((Value::Text(label), source)) = settings.values.get(id) else {
            continue;
        };
        total += label.len() + id.1.as_ref().map_or(0, String::len);
        if total > MAX_LABEL_BYTES {
            let kind = ProblemKind::Value(ValueError::Labels);
            problems.push(Problem::new(source.clone(), format_key(id), kind));
            return;
        }
    }
}

fn first(names: &[&str]) -> Option<String> {
    names.first().map(|name| (*name).to_owned())
}
