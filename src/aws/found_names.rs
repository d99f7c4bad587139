//! The names of accounts in Okta and IAM, for accounts that the user has not named.

use std::collections::{BTreeMap, BTreeSet};

/// The known names of a role's account.
#[derive(Clone, Copy, Debug)]
pub struct AccountHint<'a> {
    /// The twelve digits.
    pub account: &'a str,
    /// The label of the Okta app that grants the role. Untrusted text.
    pub app: &'a str,
    /// IAM's alias of the account, if it is known.
    pub alias: Option<&'a str>,
}

/// Returns the name of each account: the label of its Okta app, else its IAM alias.
///
/// A label is used only if the app is for one account, and the account has one app.
pub fn found_names<'a>(
    hints: impl IntoIterator<Item = AccountHint<'a>>,
) -> BTreeMap<String, String> {
    let mut accounts_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut apps_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut aliases: BTreeMap<&str, &str> = BTreeMap::new();
    for hint in hints {
        accounts_of
            .entry(hint.app)
            .or_default()
            .insert(hint.account);
        apps_of.entry(hint.account).or_default().insert(hint.app);
        aliases.extend(hint.alias.map(|alias| (hint.account, alias)));
    }
    let name = |(account, apps): (&str, BTreeSet<&str>)| {
        let label = apps.first().copied().filter(|label| {
            // A name with a slash would be ambiguous with `account/role`.
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

    fn named(hints: &[(&str, &str, Option<&str>)]) -> Vec<(String, String)> {
        let hints = hints.iter().map(|(account, app, alias)| AccountHint {
            account,
            app,
            alias: *alias,
        });
        found_names(hints).into_iter().collect()
    }

    fn expected(names: &[(&str, &str)]) -> Vec<(String, String)> {
        let names = names.iter();
        names
            .map(|(account, name)| ((*account).to_owned(), (*name).to_owned()))
            .collect()
    }

    #[test]
    fn okta_label_precedes_iam_alias() {
        let all = ("1", "AWS Prod", Some("acme-prod"));
        assert_eq!(named(&[all]), expected(&[("1", "AWS Prod")]));
        assert_eq!(
            named(&[("1", "a/b", Some("acme-prod"))]),
            expected(&[("1", "acme-prod")])
        );
        assert_eq!(named(&[("1", "", None)]), []);
    }

    #[test]
    fn label_of_several_accounts_is_not_used() {
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
