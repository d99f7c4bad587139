//! Which of the granted roles is meant by what was typed.
//!
//! From the most exact reading to the loosest, and the first that fits anything decides: the whole ARN,
//! `account/role` (the account's number or name), the role's name, a glob. A name that is exact for one
//! role is never drowned by a glob that fits more.

use std::collections::BTreeMap;

use wildmatch::WildMatch;

use crate::model::{ProviderArn, RoleArn, SamlRole};

/// What was typed or set.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoleWish<'a> {
    /// An ARN, `account/role`, a role's name, or a glob of one of them.
    pub role: Option<&'a str>,
    /// A provider's ARN, its name, or a glob of one of them.
    pub provider: Option<&'a str>,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    One(&'a SamlRole),
    None,
    /// In the order of the assertion.
    Many(Vec<&'a SamlRole>),
}

/// The roles of `granted` that `wish` means. `accounts` maps account numbers to names.
pub fn choose<'a>(
    granted: &'a [SamlRole],
    wish: &RoleWish<'_>,
    accounts: &BTreeMap<String, String>,
) -> Choice<'a> {
    let of_provider = granted.iter().filter(|pair| {
        wish.provider
            .is_none_or(|wanted| is_provider(&pair.provider, wanted))
    });
    let candidates: Vec<&SamlRole> = of_provider.collect();
    let Some(wanted) = wish.role else {
        return conclude(candidates);
    };
    let readings: [&dyn Fn(&RoleArn) -> bool; 4] = [
        &|role| role.as_str() == wanted,
        &|role| is_in_account(role, wanted, accounts),
        &|role| role.name() == wanted || role.path_and_name() == wanted,
        &|role| fits_glob(role, wanted, accounts),
    ];
    for fits in readings {
        let fitting = candidates.iter().copied().filter(|pair| fits(&pair.role));
        let fitting: Vec<_> = fitting.collect();
        if !fitting.is_empty() {
            return conclude(fitting);
        }
    }
    Choice::None
}

fn conclude(roles: Vec<&SamlRole>) -> Choice<'_> {
    match roles.as_slice() {
        [] => Choice::None,
        [one] => Choice::One(one),
        _ => Choice::Many(roles),
    }
}

/// `prod/Deploy`, `123456789012/Deploy`; the role with or without its path.
fn is_in_account(role: &RoleArn, wanted: &str, accounts: &BTreeMap<String, String>) -> bool {
    // An account's name may hold a slash, so the split is tried behind the name.
    names_of_account(role, accounts).any(|account| {
        wanted
            .strip_prefix(account)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|name| name == role.name() || name == role.path_and_name())
    })
}

fn fits_glob(role: &RoleArn, wanted: &str, accounts: &BTreeMap<String, String>) -> bool {
    if !is_glob(wanted) {
        return false;
    }
    let glob = WildMatch::new(wanted);
    let in_accounts = names_of_account(role, accounts).any(|account| {
        glob.matches(&format!("{account}/{}", role.name()))
            || glob.matches(&format!("{account}/{}", role.path_and_name()))
    });
    in_accounts
        || [role.as_str(), role.name(), role.path_and_name()]
            .into_iter()
            .any(|name| glob.matches(name))
}

fn names_of_account<'a>(
    role: &'a RoleArn,
    accounts: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a str> {
    let named = accounts.get(role.account()).map(String::as_str);
    std::iter::once(role.account()).chain(named)
}

fn is_provider(provider: &ProviderArn, wanted: &str) -> bool {
    let names = [provider.as_str(), provider.name()];
    names.contains(&wanted)
        || (is_glob(wanted)
            && names
                .iter()
                .any(|name| WildMatch::new(wanted).matches(name)))
}

/// Neither character occurs in an ARN.
fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// The indexes in `granted` that the wish comes to.
    fn chosen(role: Option<&str>, provider: Option<&str>) -> Vec<usize> {
        let granted = granted();
        let accounts = BTreeMap::from([("222222222222".to_owned(), "prod/eu".to_owned())]);
        let wish = RoleWish { role, provider };
        let index = |pair: &SamlRole| granted.iter().position(|known| known == pair).unwrap();
        match choose(&granted, &wish, &accounts) {
            Choice::None => vec![],
            Choice::One(pair) => vec![index(pair)],
            Choice::Many(pairs) => pairs.into_iter().map(index).collect(),
        }
    }

    #[test]
    fn each_way_to_name_a_role() {
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
            ("admin", &[]),
            ("333333333333/Admin", &[]),
            ("prod/Admin", &[]),
            ("", &[]),
        ] {
            assert_eq!(chosen(Some(wanted), None), expected, "{wanted}");
        }
    }

    #[test]
    fn the_provider_decides_between_two_ways_into_one_role() {
        assert_eq!(chosen(Some("Audit"), None), [4, 5]);
        assert_eq!(chosen(Some("Audit"), Some("okta")), [4]);
        assert_eq!(chosen(Some("Audit"), Some("*preview")), [5]);
        let arn = "arn:aws:iam::222222222222:saml-provider/okta-preview";
        assert_eq!(chosen(None, Some(arn)), [5]);
        assert_eq!(chosen(None, None).len(), 6);
        assert_eq!(chosen(None, Some("other")), [0; 0]);
    }
}
