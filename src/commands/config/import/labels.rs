//! Imports names of accounts and labels of roles and providers.

use super::draft::{Draft, Origin, parse_value};
use crate::aws::is_expression;
use crate::importers::{FoundAccount, FoundLabel};
use crate::model::ProviderArn;

impl Draft {
    pub(super) fn add_account(&mut self, file: &str, account: &FoundAccount) {
        let FoundAccount { number, name, .. } = account;
        let from = Origin::new(file, account.line, &account.key);
        match self.name_account(number, name) {
            Ok(()) => self.take(from, format!("accounts.{number}"), name.clone()),
            Err(why) => self.leave_out(from, why, false),
        }
    }

    /// Imports a label. The label of a single provider becomes the name of its account, unless that
    /// is taken.
    pub(super) fn add_label(&mut self, file: &str, label: &FoundLabel) {
        let FoundLabel { pattern, text, .. } = label;
        let from = Origin::new(file, label.line, &label.key);
        let provider = ProviderArn::parse(pattern).ok();
        if let Some(provider) = provider.filter(|_| label.is_provider)
            && self.name_account(provider.account(), text).is_ok()
        {
            let to = format!("accounts.{}", provider.account());
            return self.take(from, to, text.clone());
        }
        let (labels, table) = match label.is_provider {
            true => (&mut self.provider_labels, "labels.providers"),
            false => (&mut self.role_labels, "labels.roles"),
        };
        if !is_expression(pattern) {
            let why = "neither an ARN nor a valid regular expression";
            self.leave_out(from, why, true);
        } else if let Err(why) = parse_value(&format!("{table}.*"), text) {
            self.leave_out(from, why, true);
        } else if labels.iter().any(|(known, _)| known == pattern) {
            self.leave_out(from, "an earlier file has a label for it", false);
        } else {
            labels.push((pattern.clone(), text.clone()));
            self.take(from, format!("{table}.{pattern}"), text.clone());
        }
    }

    fn name_account(&mut self, number: &str, name: &str) -> Result<(), String> {
        let is_same = |other: &String| other.to_lowercase() == name.to_lowercase();
        parse_value("accounts.*", name)?;
        if self.accounts.contains_key(number) {
            Err("the account has a name already".to_owned())
        } else if self.accounts.values().any(is_same) {
            Err("another account has this name".to_owned())
        } else {
            self.accounts.insert(number.to_owned(), name.to_owned());
            Ok(())
        }
    }
}
