//! Renders a draft as a settings file.

use super::draft::{Draft, Values};
use crate::model::Org;

impl Draft {
    /// Renders the settings file.
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
        for (name, profile) in &self.profiles {
            let mut values = table(&profile.values);
            if let Some(org) = profile.org.filter(|_| several) {
                values.insert("org".to_owned(), names[org].as_str().into());
            }
            for (key, list) in &profile.lists {
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
        // toml::Table is sorted; of labels the first that fits decides, so their order is kept.
        for (table, labels) in [
            ("roles", &self.role_labels),
            ("providers", &self.provider_labels),
        ] {
            if !labels.is_empty() {
                text += &format!("\n[labels.{table}]\n");
            }
            for (pattern, label) in labels {
                let label = toml::Value::from(label.as_str());
                text += &format!("{} = {label}\n", quoted_key(pattern));
            }
        }
        text
    }
}

/// Quotes a key as `toml` does.
fn quoted_key(text: &str) -> String {
    let mut table = toml::Table::new();
    table.insert(text.to_owned(), true.into());
    let line = table.to_string();
    let line = line.trim_end();
    line.strip_suffix(" = true").unwrap_or(line).to_owned()
}

/// Returns the names of orgs: `acme` for acme.okta.com, `acme-2` for another sign-in there.
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
