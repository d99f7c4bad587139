//! What Okta and IAM call an account, for where its user does not: see [`super::Names`].

use std::collections::{BTreeMap, BTreeSet};

/// What is known of one role's account beside its number.
#[derive(Clone, Copy, Debug)]
pub struct AccountHint<'a> {
    /// The twelve digits.
    pub account: &'a str,
    /// The label of the Okta app that grants the role; foreign text.
    pub app: &'a str,
    /// IAM's own name for the account, if it was asked.
    pub alias: Option<&'a str>,
}

/// A name for each account that has one: the label of its Okta app, else its IAM alias. A label names an account
/// only where it is that account's alone: an app for many accounts, or two apps for one, tell nothing apart.
pub fn found_names<'a>(
    traces: impl IntoIterator<Item = AccountHint<'a>>,
) -> BTreeMap<String, String> {
    let mut accounts_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut apps_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut aliases: BTreeMap<&str, &str> = BTreeMap::new();
    for trace in traces {
        accounts_of
            .entry(trace.app)
            .or_default()
            .insert(trace.account);
        apps_of.entry(trace.account).or_default().insert(trace.app);
        aliases.extend(trace.alias.map(|alias| (trace.account, alias)));
    }
    let name = |(account, apps): (&str, BTreeSet<&str>)| {
        let label = apps.first().copied().filter(|label| {
            // A name with a slash could not be told from `account/role`.
            apps.len() == 1
                && accounts_of.get(label).map(BTreeSet::len) == Some(1)
                && !label.is_empty()
                && !label.contains('/')
        });
        let name = label.or_else(|| aliases.get(account).copied())?;
        Some((account.to_owned(), name.to_owned()))
    };
    apps_of.into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(traces: &[(&str, &str, Option<&str>)]) -> Vec<(String, String)> {
        let traces = traces.iter().map(|(account, app, alias)| AccountHint {
            account,
            app,
            alias: *alias,
        });
        found_names(traces).into_iter().collect()
    }

    fn expected(names: &[(&str, &str)]) -> Vec<(String, String)> {
        let names = names.iter();
        names
            .map(|(account, name)| ((*account).to_owned(), (*name).to_owned()))
            .collect()
    }

    #[test]
    fn oktas_name_comes_before_iams() {
        let all = ("1", "AWS Prod", Some("acme-prod"));
        assert_eq!(named(&[all]), expected(&[("1", "AWS Prod")]));
        assert_eq!(
            named(&[("1", "a/b", Some("acme-prod"))]),
            expected(&[("1", "acme-prod")])
        );
        assert_eq!(named(&[("1", "", None)]), []);
    }

    #[test]
    fn a_label_that_is_not_one_accounts_alone_names_none() {
        // One app for two accounts.
        assert_eq!(
            named(&[("1", "AWS", None), ("2", "AWS", Some("two"))]),
            expected(&[("2", "two")])
        );
        // Two apps for one account.
        assert_eq!(named(&[("1", "A", None), ("1", "B", None)]), []);
        // Several roles of one account.
        assert_eq!(
            named(&[("1", "A", None), ("1", "A", Some("x")), ("2", "B", None)]),
            expected(&[("1", "A"), ("2", "B")])
        );
    }
}
