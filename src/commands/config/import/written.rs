//! The settings file that a draft comes to.

use super::draft::{Draft, Values};
use crate::model::Org;

impl Draft {
    /// The settings file.
    pub(super) fn to_toml(&self) -> String {
        let mut file = toml::Table::new();
        let table = |values: &Values| -> toml::Table {
            let pairs = values
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.as_str().into()));
            pairs.collect()
        };
        let several = self.orgs.len() > 1;
        let names = names(&self.orgs);
        match &self.orgs[..] {
            [] => {}
            [org] => {
                file.insert("org".to_owned(), table(org).into());
            }
            orgs => {
                let orgs = names
                    .iter()
                    .cloned()
                    .zip(orgs.iter().map(|org| table(org).into()));
                file.insert("orgs".to_owned(), orgs.collect::<toml::Table>().into());
            }
        }
        let mut profiles = toml::Table::new();
        for (name, kept) in &self.profiles {
            let mut values = table(&kept.own);
            if let Some(org) = kept.org.filter(|_| several) {
                values.insert("org".to_owned(), names[org].as_str().into());
            }
            for (key, list) in &kept.lists {
                values.insert((*key).to_owned(), list.clone().into());
            }
            profiles.insert(name.clone(), values.into());
        }
        if let Some(name) = &self.default {
            file.insert("default_profile".to_owned(), name.as_str().into());
        }
        if !profiles.is_empty() {
            file.insert("profiles".to_owned(), profiles.into());
        }
        if !self.accounts.is_empty() {
            let accounts = self
                .accounts
                .iter()
                .map(|(number, name)| (number.clone(), name.as_str().into()));
            file.insert(
                "accounts".to_owned(),
                accounts.collect::<toml::Table>().into(),
            );
        }
        let mut text = file.to_string();
        // By hand: a table of TOML's is sorted, and the order of these is what decides.
        for (table, labels) in ["roles", "providers"].iter().zip(&self.labels) {
            if !labels.is_empty() {
                text += &format!("\n[labels.{table}]\n");
            }
            for (of, says) in labels {
                let quoted = |text: &str| toml::Value::from(text).to_string();
                text += &format!("{} = {}\n", quoted_key(of), quoted(says));
            }
        }
        text
    }
}

/// A key as TOML's own writer quotes it.
fn quoted_key(text: &str) -> String {
    let mut table = toml::Table::new();
    table.insert(text.to_owned(), true.into());
    let line = table.to_string();
    let line = line.trim_end();
    line.strip_suffix(" = true").unwrap_or(line).to_owned()
}

/// `acme` for acme.okta.com, `acme-2` for another way into it.
fn names(orgs: &[Values]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for org in orgs {
        let host = org.get("url").and_then(|url| Org::parse(url).ok());
        let label = host
            .as_ref()
            .and_then(|org| org.host().split('.').next())
            .unwrap_or("okta");
        let free = (1..).map(|number| match number {
            1 => label.to_owned(),
            number => format!("{label}-{number}"),
        });
        names.extend(free.into_iter().find(|name| !names.contains(name)));
    }
    names
}
