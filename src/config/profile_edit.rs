//! Adds and removes a profile in the text of a settings file. Comments and order stay.

use toml_edit::{DocumentMut, Item, Table, TomlError, value};

use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;

/// A profile for `ob config add`. The caller has checked each value as the setting that it becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProfile {
    pub name: String,
    pub role: String,
    pub provider: Option<String>,
    pub region: Option<String>,
    pub duration: Option<String>,
    pub color: Option<String>,
    pub confirm: bool,
}

/// Returns `text` with the profile at its end, and as the default one if `is_default`.
///
/// # Errors
/// When `text` is no TOML, or has a profile of this name.
pub fn add_profile(text: &str, new: &NewProfile, is_default: bool) -> Result<String, Report> {
    let mut document = parse(text)?;
    let profiles = document.entry("profiles").or_insert_with(implicit_table);
    let Some(profiles) = profiles.as_table_like_mut() else {
        return Err(not_a_table());
    };
    if profiles.contains_key(&new.name) {
        let name = escape(&new.name);
        return Err(Report::new(
            ErrorCode::ConfigProfileExists,
            format!("there is a profile {name} already"),
        )
        .hint(format!(
            "`ob config edit` changes it, `ob config remove {name}` takes it out"
        )));
    }
    let mut table = Table::new();
    table.insert("role", value(&new.role));
    let optional = [
        ("provider", &new.provider),
        ("region", &new.region),
        ("duration", &new.duration),
        ("color", &new.color),
    ];
    for (key, text) in optional {
        if let Some(text) = text {
            table.insert(key, value(text));
        }
    }
    if new.confirm {
        table.insert("confirm", value(true));
    }
    profiles.insert(&new.name, Item::Table(table));
    if is_default {
        document.insert("default_profile", value(&new.name));
    }
    Ok(document.to_string())
}

/// Returns `text` without the profile, also not as the default one; `None` if it has no such
/// profile.
///
/// # Errors
/// When `text` is no TOML.
pub fn remove_profile(text: &str, name: &str) -> Result<Option<String>, Report> {
    let mut document = parse(text)?;
    let profiles = document.get_mut("profiles");
    let profiles = profiles.and_then(Item::as_table_like_mut);
    if profiles.is_none_or(|profiles| profiles.remove(name).is_none()) {
        return Ok(None);
    }
    let default = document.get("default_profile").and_then(Item::as_str);
    if default == Some(name) {
        document.remove("default_profile");
    }
    Ok(Some(document.to_string()))
}

/// `[profiles.NAME]` without a line `[profiles]` before it.
fn implicit_table() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn parse(text: &str) -> Result<DocumentMut, Report> {
    text.parse().map_err(|error: TomlError| {
        Report::new(ErrorCode::ConfigNotToml, "cannot change the settings file")
            .cause(error.message())
            .hint("`ob config check` shows the line")
    })
}

fn not_a_table() -> Report {
    Report::new(ErrorCode::ConfigNotToml, "cannot change the settings file")
        .cause("`profiles` in it is not a table")
        .hint("`ob config check` shows the line")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dev() -> NewProfile {
        NewProfile {
            name: "dev".into(),
            role: "123456789012/Engineer".into(),
            ..NewProfile::default()
        }
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# mine\ndefault_profile = 'b' # why\n\n[org]\nurl = 'acme.okta.com'\n\n\
                    [profiles.b] # first\nrole = 'B'\n\n[profiles.a]\nrole = 'A'\n";
        let added = add_profile(text, &dev(), false).unwrap();
        assert_eq!(
            added,
            format!("{text}\n[profiles.dev]\nrole = \"123456789012/Engineer\"\n")
        );
        assert_eq!(remove_profile(&added, "dev").unwrap().unwrap(), text);
        let error = add_profile(&added, &dev(), false).unwrap_err();
        assert_eq!(error.code, ErrorCode::ConfigProfileExists);
        assert_eq!(remove_profile(text, "c").unwrap(), None);
        let without = remove_profile(text, "b").unwrap().unwrap();
        assert!(!without.contains("default_profile") && without.contains("[profiles.a]"));
    }

    #[test]
    fn every_option_is_written_and_read_back() {
        let new = NewProfile {
            name: "a \"b\" [c]\u{1b}".into(),
            provider: Some("okta".into()),
            region: Some("eu-west-1".into()),
            duration: Some("1h".into()),
            color: Some("red".into()),
            confirm: true,
            ..dev()
        };
        let text = add_profile("", &new, true).unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["default_profile"].as_str(), Some(new.name.as_str()));
        let profile = &table["profiles"][&new.name];
        assert_eq!(profile["region"].as_str(), Some("eu-west-1"));
        assert_eq!(profile["confirm"].as_bool(), Some(true));
        assert_eq!(profile.as_table().unwrap().len(), 6);
        assert!(!text.contains("[profiles]"), "{text}");
    }

    #[test]
    fn other_forms_of_a_table_are_changed_too() {
        for text in [
            "[profiles]\nb = { role = 'B' }\n",
            "profiles.b.role = 'B'\n",
            "profiles = { b = { role = 'B' } }\n",
        ] {
            let added = add_profile(text, &dev(), false).unwrap();
            let table: toml::Table = added.parse().unwrap();
            assert_eq!(table["profiles"].as_table().unwrap().len(), 2, "{added}");
            let removed = remove_profile(&added, "b").unwrap().unwrap();
            let table: toml::Table = removed.parse().unwrap();
            assert!(table["profiles"].get("b").is_none(), "{removed}");
        }
        for text in ["profiles = 3\n", "[profiles\n"] {
            let error = add_profile(text, &dev(), false).unwrap_err();
            assert_eq!(error.code, ErrorCode::ConfigNotToml, "{text}");
        }
    }
}
