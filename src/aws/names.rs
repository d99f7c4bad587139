//! What roles and accounts are called in every list, by the user's own settings.
//!
//! The one place where a name is decided: [`Names::account`], [`Names::role`] and [`Names::list_labels`].

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};

use crate::model::{Label, Labels, ProviderArn, RoleArn, SamlRole};

/// The longest expression, in bytes; ARNs themselves are shorter.
const MAX_EXPRESSION_BYTES: usize = 512;
/// The memory one expression may come to, in bytes.
const MAX_EXPRESSION_MEMORY_BYTES: usize = 64 * 1024;

/// The user's words, ready to be looked up.
#[derive(Debug)]
pub struct Names<'a> {
    accounts: &'a BTreeMap<String, String>,
    roles: LabelTable<'a>,
    providers: LabelTable<'a>,
    /// What others call an account, by its number.
    found: Option<&'a BTreeMap<String, String>>,
}

#[derive(Debug, Default)]
struct LabelTable<'a> {
    exact: BTreeMap<&'a str, &'a str>,
    fitting: Vec<(Regex, &'a str)>,
}

impl<'a> Names<'a> {
    /// `accounts` maps numbers to names. An expression that cannot be used ([`is_expression`]) fits nothing.
    pub fn new(accounts: &'a BTreeMap<String, String>, labels: &'a Labels) -> Self {
        Self {
            accounts,
            roles: LabelTable::new(&labels.roles, |arn| RoleArn::parse(arn).is_ok()),
            providers: LabelTable::new(&labels.providers, |arn| ProviderArn::parse(arn).is_ok()),
            found: None,
        }
    }

    /// The same, with names that were found elsewhere ([`super::found_names`]) where the user has none.
    #[must_use]
    pub fn or(self, found: &'a BTreeMap<String, String>) -> Self {
        Self {
            found: Some(found),
            ..self
        }
    }

    /// The account behind `pair`: by its provider's own label, by its number, by an expression for providers, by
    /// what others call it.
    pub fn account(&self, pair: &SamlRole) -> Option<&'a str> {
        let provider = pair.provider.as_str();
        self.providers
            .exact
            .get(provider)
            .copied()
            .or_else(|| self.account_number(pair.role.account()))
            .or_else(|| self.providers.fitting(provider))
            .or_else(|| self.found(pair.role.account()))
    }

    /// What others call the account. A word that the user has for something keeps to mean that: whoever names
    /// accounts elsewhere must not be able to lead `prod/Deploy` into another one.
    pub(super) fn found(&self, number: &str) -> Option<&'a str> {
        let name = self.found?.get(number)?;
        let is_the_users = self.accounts.values().any(|own| own == name)
            || self.providers.all().any(|own| own == name);
        (!is_the_users).then_some(name)
    }

    /// The user's name for it where no provider is known.
    pub fn account_number(&self, number: &str) -> Option<&'a str> {
        self.accounts.get(number).map(String::as_str)
    }

    /// The role's label.
    pub fn role(&self, role: &RoleArn) -> Option<&'a str> {
        self.roles.of(role.as_str())
    }

    /// Every word for a provider, from the most exact.
    pub(super) fn provider(&self, provider: &ProviderArn) -> Option<&'a str> {
        self.providers.of(provider.as_str())
    }

    /// The labels of a list's roles. Where two would read the same, account and label, each says its account's
    /// number.
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
                words.fitting.push((expression, text));
            }
        }
        words
    }

    fn all(&self) -> impl Iterator<Item = &'a str> {
        let fitting = self.fitting.iter().map(|(_, text)| *text);
        self.exact.values().copied().chain(fitting)
    }

    fn of(&self, arn: &str) -> Option<&'a str> {
        self.exact.get(arn).copied().or_else(|| self.fitting(arn))
    }

    fn fitting(&self, arn: &str) -> Option<&'a str> {
        let mut fitting = self.fitting.iter();
        fitting
            .find(|(expression, _)| expression.is_match(arn))
            .map(|(_, text)| *text)
    }
}

/// Whether `text` can be used as an expression. A whole ARN always can, and need not be tried before each command.
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
    fn a_whole_arn_comes_before_every_expression_and_of_those_the_first_in_the_file() {
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
        // A whole ARN is one role's, not of those that begin alike.
        assert_eq!(of(TWO, "operator-2"), Some("Ops"));
        assert_eq!(of(ONE, "Admin"), None);
    }

    #[test]
    fn an_account_is_called_by_its_providers_label_its_name_or_an_expression() {
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
        let names = Names::new(&accounts, &labels).or(&found);
        let of = |account| names.account(&pair(account, "Ops", "okta"));
        let all = [of(ONE), of(TWO), of("333333333333")];
        assert_eq!(all, [Some("Dev accounts"), Some("prod"), Some("AWS")]);
    }

    #[test]
    fn a_name_found_elsewhere_never_means_what_the_users_own_word_means() {
        let labels = labels(&[], &[("saml-provider/special$", "Special")]);
        let accounts = BTreeMap::from([(ONE.to_owned(), "prod".to_owned())]);
        for word in ["prod", "Special"] {
            let found = BTreeMap::from([(TWO.to_owned(), word.to_owned())]);
            let names = Names::new(&accounts, &labels).or(&found);
            assert_eq!(names.account(&pair(TWO, "Deploy", "okta")), None, "{word}");
            assert_eq!(names.found(TWO), None, "{word}");
        }
    }

    #[test]
    fn labels_that_read_the_same_are_told_apart_by_their_accounts() {
        let labels = labels(&[("role/Ops", "Ops")], &[]);
        let accounts = BTreeMap::from([("333333333333".to_owned(), "prod".to_owned())]);
        let names = Names::new(&accounts, &labels);
        let list = [
            pair(ONE, "Ops", "okta"),
            pair(TWO, "Ops", "okta"),
            pair("333333333333", "Ops", "okta"),
            // Two ways into one role are one role.
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
    fn an_expression_is_bounded() {
        assert!(is_expression("arn:aws:iam::.*:role/(a|b)+$"));
        for text in ["", "(", "a{100000}", "((((a{99}){99}){99}){99})", "\\1"] {
            assert!(!is_expression(text), "{text}");
        }
        assert!(!is_expression(&"a".repeat(MAX_EXPRESSION_BYTES + 1)));
    }
}
