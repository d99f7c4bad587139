//! The names of roles and accounts in every list, from the user's settings.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};

use crate::model::{Label, Labels, ProviderArn, RoleArn, SamlRole};

/// Upper limit of an expression. ARNs themselves are shorter.
const MAX_EXPRESSION_BYTES: usize = 512;
/// Upper limit of the memory of a compiled expression.
const MAX_EXPRESSION_MEMORY_BYTES: usize = 64 * 1024;

/// The names that the user has set, prepared for look-ups.
#[derive(Debug)]
pub struct Names<'a> {
    accounts: &'a BTreeMap<String, String>,
    roles: LabelTable<'a>,
    providers: LabelTable<'a>,
    /// Names from Okta and IAM by account number.
    found: Option<&'a BTreeMap<String, String>>,
}

/// Labels by whole ARN, and by expressions in the order of the file.
#[derive(Debug, Default)]
struct LabelTable<'a> {
    exact: BTreeMap<&'a str, &'a str>,
    patterns: Vec<(Regex, &'a str)>,
}

impl<'a> Names<'a> {
    /// Creates the look-up. `accounts` maps numbers to names. An invalid expression
    /// ([`is_expression`]) matches nothing.
    pub fn new(accounts: &'a BTreeMap<String, String>, labels: &'a Labels) -> Self {
        Self {
            accounts,
            roles: LabelTable::new(&labels.roles, |arn| RoleArn::parse(arn).is_ok()),
            providers: LabelTable::new(&labels.providers, |arn| ProviderArn::parse(arn).is_ok()),
            found: None,
        }
    }

    /// Adds names from Okta and IAM ([`super::found_names`]) for accounts that the user has not
    /// named.
    #[must_use]
    pub fn with_found(self, found: &'a BTreeMap<String, String>) -> Self {
        Self {
            found: Some(found),
            ..self
        }
    }

    /// Returns the name of the account of `pair`: by the label of its provider, by its number, by
    /// an expression for providers, or from Okta and IAM.
    pub fn account(&self, pair: &SamlRole) -> Option<&'a str> {
        let provider = pair.provider.as_str();
        self.providers
            .exact
            .get(provider)
            .copied()
            .or_else(|| self.account_number(pair.role.account()))
            .or_else(|| self.providers.patterns(provider))
            .or_else(|| self.found(pair.role.account()))
    }

    /// Returns the account's name from Okta and IAM, unless the user has given that name to
    /// something else: an account's administrator must not be able to redirect `prod/Deploy`.
    pub(super) fn found(&self, number: &str) -> Option<&'a str> {
        let name = self.found?.get(number)?;
        let is_taken = self.accounts.values().any(|own| own == name)
            || self.providers.all().any(|own| own == name);
        (!is_taken).then_some(name)
    }

    /// Returns the user's name for an account number.
    pub fn account_number(&self, number: &str) -> Option<&'a str> {
        self.accounts.get(number).map(String::as_str)
    }

    /// Returns the role's label.
    pub fn role(&self, role: &RoleArn) -> Option<&'a str> {
        self.roles.of(role.as_str())
    }

    /// Returns the provider's label.
    pub(super) fn provider(&self, provider: &ProviderArn) -> Option<&'a str> {
        self.providers.of(provider.as_str())
    }

    /// Returns the labels of the roles in a list. The account number is added if two roles have the
    /// same account and label.
    pub fn list_labels(&self, list: &[SamlRole]) -> Vec<Option<String>> {
        let words: Vec<_> = list
            .iter()
            .map(|pair| (self.role(&pair.role), self.account(pair)))
            .collect();
        let mut counted: BTreeMap<_, std::collections::BTreeSet<&RoleArn>> = BTreeMap::new();
        for (pair, words) in list.iter().zip(&words) {
            counted.entry(words).or_default().insert(&pair.role);
        }
        let label = |pair: &SamlRole, words: &(Option<&str>, Option<&str>)| {
            let label = words.0?;
            let several = counted.get(words).is_some_and(|roles| roles.len() > 1);
            Some(match several {
                true => format!("{label} ({})", pair.role.account()),
                false => label.to_owned(),
            })
        };
        list.iter()
            .zip(&words)
            .map(|(pair, words)| label(pair, words))
            .collect()
    }
}

impl<'a> LabelTable<'a> {
    fn new(labels: &'a [Label], is_arn: impl Fn(&str) -> bool) -> Self {
        let mut words = Self::default();
        for Label { pattern, text } in labels {
            if is_arn(pattern) {
                words.exact.entry(pattern).or_insert(text);
            } else if let Some(expression) = expression(pattern) {
                words.patterns.push((expression, text));
            }
        }
        words
    }

    fn all(&self) -> impl Iterator<Item = &'a str> {
        let patterns = self.patterns.iter().map(|(_, text)| *text);
        self.exact.values().copied().chain(patterns)
    }

    fn of(&self, arn: &str) -> Option<&'a str> {
        self.exact.get(arn).copied().or_else(|| self.patterns(arn))
    }

    fn patterns(&self, arn: &str) -> Option<&'a str> {
        let mut patterns = self.patterns.iter();
        patterns
            .find(|(expression, _)| expression.is_match(arn))
            .map(|(_, text)| *text)
    }
}

/// Whether `text` can be used as an expression. A whole ARN always can and is not compiled.
pub fn is_expression(text: &str) -> bool {
    let is_arn = || RoleArn::parse(text).is_ok() || ProviderArn::parse(text).is_ok();
    is_arn() || expression(text).is_some()
}

fn expression(text: &str) -> Option<Regex> {
    let fits = !text.is_empty() && text.len() <= MAX_EXPRESSION_BYTES;
    let built = || {
        RegexBuilder::new(text)
            .size_limit(MAX_EXPRESSION_MEMORY_BYTES)
            .build()
            .ok()
    };
    fits.then(built).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(roles: &[(&str, &str)], providers: &[(&str, &str)]) -> Labels {
        let all = |pairs: &[(&str, &str)]| {
            let label = |(pattern, text): &(&str, &str)| Label {
                pattern: (*pattern).to_owned(),
                text: (*text).to_owned(),
            };
            pairs.iter().map(label).collect()
        };
        Labels {
            roles: all(roles),
            providers: all(providers),
        }
    }

    fn pair(account: &str, role: &str, provider: &str) -> SamlRole {
        SamlRole::parse(&format!(
            "arn:aws:iam::{account}:role/{role},arn:aws:iam::{account}:saml-provider/{provider}"
        ))
        .unwrap()
    }

    const ONE: &str = "111111111111";
    const TWO: &str = "222222222222";

    #[test]
    fn whole_arn_precedes_expressions_in_file_order() {
        let labels = labels(
            &[
                ("arn:aws:iam::.*:role/op", "Ops"),
                ("role/operator$", "Operators"),
                ("arn:aws:iam::222222222222:role/operator", "Two"),
                ("(", "broken"),
            ],
            &[],
        );
        let accounts = BTreeMap::new();
        let names = Names::new(&accounts, &labels);
        let of = |account, role| names.role(&pair(account, role, "okta").role);
        assert_eq!(of(ONE, "operator"), Some("Ops"));
        assert_eq!(of(TWO, "operator"), Some("Two"));
        // A whole ARN does not match roles with the same prefix.
        assert_eq!(of(TWO, "operator-2"), Some("Ops"));
        assert_eq!(of(ONE, "Admin"), None);
    }

    #[test]
    fn account_name_is_looked_up_in_order() {
        let labels = labels(
            &[],
            &[
                ("arn:aws:iam::1.*", "Dev accounts"),
                ("arn:aws:iam::111111111111:saml-provider/special", "Special"),
            ],
        );
        let accounts = BTreeMap::from([(TWO.to_owned(), "prod".to_owned())]);
        let names = Names::new(&accounts, &labels);
        let of = |account, provider| names.account(&pair(account, "Ops", provider));
        assert_eq!(of(ONE, "okta"), Some("Dev accounts"));
        assert_eq!(of(ONE, "special"), Some("Special"));
        assert_eq!(of(TWO, "okta"), Some("prod"));
        let found = [ONE, TWO, "333333333333"].map(|number| (number.to_owned(), "AWS".into()));
        let found = BTreeMap::from(found);
        let names = Names::new(&accounts, &labels).with_found(&found);
        let of = |account| names.account(&pair(account, "Ops", "okta"));
        let all = [of(ONE), of(TWO), of("333333333333")];
        assert_eq!(all, [Some("Dev accounts"), Some("prod"), Some("AWS")]);
    }

    #[test]
    fn found_name_never_replaces_a_name_of_the_user() {
        let labels = labels(&[], &[("saml-provider/special$", "Special")]);
        let accounts = BTreeMap::from([(ONE.to_owned(), "prod".to_owned())]);
        for word in ["prod", "Special"] {
            let found = BTreeMap::from([(TWO.to_owned(), word.to_owned())]);
            let names = Names::new(&accounts, &labels).with_found(&found);
            assert_eq!(names.account(&pair(TWO, "Deploy", "okta")), None, "{word}");
            assert_eq!(names.found(TWO), None, "{word}");
        }
    }

    #[test]
    fn equal_labels_get_the_account_number() {
        let labels = labels(&[("role/Ops", "Ops")], &[]);
        let accounts = BTreeMap::from([("333333333333".to_owned(), "prod".to_owned())]);
        let names = Names::new(&accounts, &labels);
        let list = [
            pair(ONE, "Ops", "okta"),
            pair(TWO, "Ops", "okta"),
            pair("333333333333", "Ops", "okta"),
            // One role through two providers is one role.
            pair("333333333333", "Ops", "other"),
            pair(ONE, "Admin", "okta"),
        ];
        let said = names.list_labels(&list);
        let said: Vec<_> = said.iter().map(Option::as_deref).collect();
        assert_eq!(
            said,
            [
                Some("Ops (111111111111)"),
                Some("Ops (222222222222)"),
                Some("Ops"),
                Some("Ops"),
                None
            ]
        );
    }

    #[test]
    fn expression_is_limited_in_size() {
        assert!(is_expression("arn:aws:iam::.*:role/(a|b)+$"));
        for text in ["", "(", "a{100000}", "((((a{99}){99}){99}){99})", "\\1"] {
            assert!(!is_expression(text), "{text}");
        }
        assert!(!is_expression(&"a".repeat(MAX_EXPRESSION_BYTES + 1)));
    }
}
