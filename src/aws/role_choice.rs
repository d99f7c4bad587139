//! Finds the granted roles that a query of the user means.
//!
//! The readings are tried from the most exact to the loosest, and the first that matches anything
//! decides: the whole ARN, `account/role` (with the account's number or name), the role's name or
//! label, a glob. So an exact name is never ambiguous with a glob.

use wildmatch::WildMatch;

use super::names::Names;
use crate::model::{ProviderArn, RoleArn, SamlRole, best_matches, by_similarity, similarity};

/// A role and a provider, as typed or set.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoleQuery<'a> {
    /// An ARN, `account/role`, a role's name, or a glob of one of them.
    pub role: Option<&'a str>,
    /// A provider's ARN, its name, or a glob of one of them.
    pub provider: Option<&'a str>,
}

/// The roles that a query means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleMatch<'a> {
    One(&'a SamlRole),
    None,
    /// Several, in the order of the assertion.
    Many(Vec<&'a SamlRole>),
}

/// Returns the roles of `granted` that `query` means.
pub fn find_role<'a>(
    granted: &'a [SamlRole],
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> RoleMatch<'a> {
    let candidates: Vec<&SamlRole> = of_provider(granted, query, names).collect();
    let Some(wanted) = query.role else {
        return conclude(candidates);
    };
    let readings: [&dyn Fn(&SamlRole) -> bool; 4] = [
        &|pair| pair.role.as_str() == wanted,
        &|pair| is_in_account(pair, wanted, names),
        &|pair| names_of_role(&pair.role, names).any(|name| name == wanted),
        &|pair| matches_glob(pair, wanted, names),
    ];
    for matches in readings {
        let fitting = candidates.iter().copied().filter(|pair| matches(pair));
        let fitting: Vec<_> = fitting.collect();
        if !fitting.is_empty() {
            return conclude(fitting);
        }
    }
    RoleMatch::None
}

/// Returns up to three providers with which `query` would have found a role, the most similar
/// first. They contain only characters of IAM's names.
pub fn suggest_providers<'a>(
    granted: &'a [SamlRole],
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> Vec<&'a str> {
    let Some(wanted) = query.provider else {
        return Vec::new();
    };
    let of_any = RoleQuery {
        provider: None,
        ..*query
    };
    let pairs = match find_role(granted, &of_any, names) {
        RoleMatch::None => Vec::new(),
        RoleMatch::One(pair) => vec![pair],
        RoleMatch::Many(pairs) => pairs,
    };
    let named = |pair: &'a SamlRole| match wanted.starts_with("arn:") {
        true => pair.provider.as_str(),
        false => pair.provider.name(),
    };
    by_similarity(wanted, pairs.into_iter().map(named))
}

/// Returns up to three roles, as `account/role`, that are similar to a `query` that found none.
/// They contain only names of the user's settings and characters of IAM's names.
pub fn suggest_roles(
    granted: &[SamlRole],
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> Vec<String> {
    let wanted = query.role.unwrap_or_default();
    let arn = RoleArn::parse(wanted).ok();
    let (account, role) = match &arn {
        Some(arn) => (Some(arn.account()), arn.name()),
        None => match wanted.rsplit_once('/') {
            Some((account, role)) => (Some(account), role),
            None => (None, wanted),
        },
    };
    best_matches(of_provider(granted, query, names).map(|pair| {
        let best = |similarity: f64, other: f64| similarity.max(other);
        let roles = names_of_role(&pair.role, names).map(|name| similarity(role, name));
        let roles = roles.fold(0.0, best);
        let score = account.map_or(roles, |account| {
            let accounts = names_of_account(pair, names).map(|name| similarity(account, name));
            match accounts.fold(0.0, best) {
                // The account is unknown, the role is exact: a weak suggestion.
                0.0 if roles < 1.0 => 0.0,
                0.0 => roles * 0.7,
                accounts => accounts.min(roles),
            }
        });
        let number = pair.role.account();
        let account = names.account_number(number).unwrap_or(number);
        (score, format!("{account}/{}", pair.role.name()))
    }))
}

fn of_provider<'a>(
    granted: &'a [SamlRole],
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> impl Iterator<Item = &'a SamlRole> {
    granted.iter().filter(|pair| {
        query
            .provider
            .is_none_or(|wanted| is_provider(&pair.provider, wanted, names))
    })
}

fn conclude(roles: Vec<&SamlRole>) -> RoleMatch<'_> {
    match roles.as_slice() {
        [] => RoleMatch::None,
        [one] => RoleMatch::One(one),
        _ => RoleMatch::Many(roles),
    }
}

/// Whether `wanted` is `prod/Deploy` or `123456789012/Deploy`, with the role's name, path and name,
/// or label.
fn is_in_account(pair: &SamlRole, wanted: &str, names: &Names<'_>) -> bool {
    // An account's name may contain a slash, so the prefix is compared.
    names_of_account(pair, names).any(|account| {
        wanted
            .strip_prefix(account)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|wanted| names_of_role(&pair.role, names).any(|name| name == wanted))
    })
}

fn matches_glob(pair: &SamlRole, wanted: &str, names: &Names<'_>) -> bool {
    if !is_glob(wanted) {
        return false;
    }
    let glob = WildMatch::new(wanted);
    let in_accounts = names_of_account(pair, names).any(|account| {
        names_of_role(&pair.role, names).any(|name| glob.matches(&format!("{account}/{name}")))
    });
    in_accounts
        || glob.matches(pair.role.as_str())
        || names_of_role(&pair.role, names).any(|name| glob.matches(name))
}

fn names_of_account<'a>(
    pair: &'a SamlRole,
    names: &Names<'a>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let number = pair.role.account();
    let named = [
        names.provider(&pair.provider),
        names.account_number(number),
        names.found(number),
    ];
    std::iter::once(number).chain(named.into_iter().flatten())
}

fn names_of_role<'a>(
    role: &'a RoleArn,
    names: &Names<'a>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    [role.name(), role.path_and_name()]
        .into_iter()
        .chain(names.role(role))
}

fn is_provider(provider: &ProviderArn, wanted: &str, names: &Names<'_>) -> bool {
    let words = [provider.as_str(), provider.name()];
    let mut words = words.into_iter().chain(names.provider(provider));
    words.any(|word| word == wanted || (is_glob(wanted) && WildMatch::new(wanted).matches(word)))
}

/// Whether `text` is a glob. Neither character occurs in an ARN.
fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Label, Labels};

    fn granted() -> Vec<SamlRole> {
        [
            ("111111111111", "Admin", "okta"),
            ("111111111111", "AdminReadOnly", "okta"),
            ("222222222222", "Admin", "okta"),
            ("222222222222", "team/a/Deploy", "okta"),
            ("222222222222", "Audit", "okta"),
            ("222222222222", "Audit", "okta-preview"),
        ]
        .map(|(account, role, provider)| {
            let text = format!(
                "arn:aws:iam::{account}:role/{role},arn:aws:iam::{account}:saml-provider/{provider}"
            );
            SamlRole::parse(&text).unwrap()
        })
        .to_vec()
    }

    /// Returns the indexes in `granted` of the roles that the query means.
    fn chosen(role: Option<&str>, provider: Option<&str>) -> Vec<usize> {
        let granted = granted();
        let accounts = BTreeMap::from([("222222222222".to_owned(), "prod/eu".to_owned())]);
        let label = |pattern: &str, text: &str| Label {
            pattern: pattern.to_owned(),
            text: text.to_owned(),
        };
        let labels = Labels {
            roles: vec![
                label("111111111111:role/Admin$", "Boss of one"),
                label("role/Admin", "Boss"),
            ],
            providers: vec![label("saml-provider/okta-preview$", "trial")],
        };
        let names = Names::new(&accounts, &labels);
        let query = RoleQuery { role, provider };
        let index = |pair: &SamlRole| granted.iter().position(|known| known == pair).unwrap();
        match find_role(&granted, &query, &names) {
            RoleMatch::None => vec![],
            RoleMatch::One(pair) => vec![index(pair)],
            RoleMatch::Many(pairs) => pairs.into_iter().map(index).collect(),
        }
    }

    #[test]
    fn each_reading_of_a_role_is_found() {
        for (wanted, expected) in [
            ("arn:aws:iam::111111111111:role/Admin", &[0][..]),
            ("111111111111/Admin", &[0]),
            ("prod/eu/Admin", &[2]),
            ("222222222222/Deploy", &[3]),
            ("prod/eu/team/a/Deploy", &[3]),
            ("Deploy", &[3]),
            ("team/a/Deploy", &[3]),
            ("Admin", &[0, 2]),
            ("Admin*", &[0, 1, 2]),
            ("1*/Admin", &[0]),
            ("prod/*/Admin", &[2]),
            ("*:role/team/*", &[3]),
            ("????????????/AdminReadOnly", &[1]),
            ("Boss of one", &[0]),
            ("Boss", &[1, 2]),
            ("prod/eu/Boss", &[2]),
            ("111111111111/Boss", &[1]),
            ("Boss*", &[0, 1, 2]),
            ("trial/Audit", &[5]),
            ("admin", &[]),
            ("333333333333/Admin", &[]),
            ("prod/Admin", &[]),
            ("", &[]),
        ] {
            assert_eq!(chosen(Some(wanted), None), expected, "{wanted}");
        }
    }

    #[test]
    fn unknown_role_gets_similar_suggestions() {
        let accounts = BTreeMap::from([("222222222222".to_owned(), "it's prod".to_owned())]);
        let labels = Labels {
            roles: vec![Label {
                pattern: "role/team/a/Deploy".to_owned(),
                text: "Ship it".to_owned(),
            }],
            ..Labels::default()
        };
        let names = Names::new(&accounts, &labels);
        for (wanted, expected) in [
            ("admn", &["111111111111/Admin", "it's prod/Admin"][..]),
            ("Audti", &["it's prod/Audit"]),
            ("its prod/Admin", &["it's prod/Admin", "111111111111/Admin"]),
            ("it's prod/Dploy", &["it's prod/Deploy"]),
            ("ship", &["it's prod/Deploy"]),
            ("333333333333/Deploy", &["it's prod/Deploy"]),
            (
                "arn:aws:iam::111111111111:role/Admins",
                &["111111111111/Admin"],
            ),
            ("arn:aws:iam::111111111111:role/Deployer", &[]),
            ("xyzzy", &[]),
            ("", &[]),
            ("/", &[]),
        ] {
            let query = RoleQuery {
                role: Some(wanted),
                provider: None,
            };
            assert_eq!(
                suggest_roles(&granted(), &query, &names),
                expected,
                "{wanted}"
            );
        }
    }

    #[test]
    fn suggestions_respect_the_provider() {
        let (accounts, labels) = (BTreeMap::new(), Labels::default());
        let names = Names::new(&accounts, &labels);
        let arn = "arn:aws:iam::222222222222:saml-provider/okta-prewiev";
        for (role, provider, providers, roles) in [
            (Some("Audti"), "okta", &[][..], &["222222222222/Audit"][..]),
            (Some("Audti"), "okta-preview", &[], &["222222222222/Audit"]),
            // That provider has no similar role.
            (Some("Amdin"), "okta-preview", &[], &[]),
            (Some("Audit"), "nope", &["okta", "okta-preview"], &[]),
            (
                Some("Audit"),
                "okta-prewiev",
                &["okta-preview", "okta"],
                &[],
            ),
            (Some("Deploy"), "okta-preview", &["okta"], &[]),
            (
                Some("Audit"),
                arn,
                &[
                    "arn:aws:iam::222222222222:saml-provider/okta-preview",
                    "arn:aws:iam::222222222222:saml-provider/okta",
                ],
                &[],
            ),
            (None, "okat", &["okta", "okta-preview"], &[]),
            (Some("xyzzy"), "nope", &[], &[]),
        ] {
            let query = RoleQuery {
                role,
                provider: Some(provider),
            };
            let granted = granted();
            let offered = suggest_providers(&granted, &query, &names);
            assert_eq!(offered, providers, "{query:?}");
            assert_eq!(suggest_roles(&granted, &query, &names), roles, "{query:?}");
            for provider in offered {
                let provider = Some(provider);
                let choice = find_role(&granted, &RoleQuery { role, provider }, &names);
                assert_ne!(choice, RoleMatch::None, "{query:?}");
            }
        }
    }

    #[test]
    fn provider_decides_between_equal_roles() {
        assert_eq!(chosen(Some("Audit"), None), [4, 5]);
        assert_eq!(chosen(Some("Audit"), Some("okta")), [4]);
        assert_eq!(chosen(Some("Audit"), Some("*preview")), [5]);
        assert_eq!(chosen(Some("Audit"), Some("trial")), [5]);
        let arn = "arn:aws:iam::222222222222:saml-provider/okta-preview";
        assert_eq!(chosen(None, Some(arn)), [5]);
        assert_eq!(chosen(None, None).len(), 6);
        assert_eq!(chosen(None, Some("other")), [0; 0]);
    }
}
