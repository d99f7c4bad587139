//! What each role's section is called: a template filled in, made unique where two roles come to the same.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::config_block::is_plain;
use crate::model::RoleArn;
use crate::report::{ErrorCode, Report};

/// How sections are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate {
    text: String,
    /// Whether the user wrote it: then two roles of one name are an error, not ours to tell apart.
    given: bool,
}

const PLACES: [&str; 5] = ["{alias}", "{account}", "{role}", "{path}", "{profile}"];

impl NameTemplate {
    /// `ALIAS-ROLE`, the alias being the account's name or else its number.
    pub fn default_template() -> Self {
        Self {
            text: "{alias}-{role}".into(),
            given: false,
        }
    }

    /// # Errors
    /// When something in braces is none of the places.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut rest = text.to_owned();
        for place in PLACES {
            rest = rest.replace(place, "");
        }
        if rest.contains(['{', '}']) || text.is_empty() {
            return Err(TemplateError::Place(text.chars().take(64).collect()));
        }
        Ok(Self {
            text: text.to_owned(),
            given: true,
        })
    }

    /// One name; characters that no section's name may have become dashes.
    pub fn fill(&self, role: &RoleArn, alias: Option<&str>, profile: Option<&str>) -> String {
        let values = [
            alias.unwrap_or(role.account()),
            role.account(),
            role.name(),
            role.path_and_name(),
            profile.unwrap_or(role.name()),
        ];
        let mut name = String::new();
        let mut rest = self.text.as_str();
        // From left to right, so that braces in a value are a value's.
        'next: while !rest.is_empty() {
            for (place, value) in PLACES.iter().zip(values) {
                if let Some(after) = rest.strip_prefix(place) {
                    name += &plain(value);
                    rest = after;
                    continue 'next;
                }
            }
            let end = rest[1..].find('{').map_or(rest.len(), |at| at + 1);
            name += &plain(&rest[..end]);
            rest = &rest[end..];
        }
        name
    }

    /// A name for each of `roles`, no two the same.
    ///
    /// # Errors
    /// When a template of the user's gives two roles one name.
    pub fn names(
        &self,
        roles: &[RoleArn],
        aliases: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, TemplateError> {
        let alias = |role: &RoleArn| aliases.get(role.account()).map(String::as_str);
        let mut names: Vec<String> = roles
            .iter()
            .map(|role| self.fill(role, alias(role), None))
            .collect();
        let finer = [
            |role: &RoleArn, name: &str| format!("{name}-{}", role.account()),
            |role: &RoleArn, _: &str| format!("{}-{}", role.account(), plain(role.path_and_name())),
        ];
        for finer in finer {
            let mut count: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, name) in names.iter().enumerate() {
                count.entry(name.clone()).or_default().push(at);
            }
            let twice: Vec<usize> = count
                .into_values()
                .filter(|same| same.len() > 1)
                .flatten()
                .collect();
            if let (true, Some(at)) = (self.given, twice.iter().min()) {
                return Err(TemplateError::Twice(names[*at].clone()));
            }
            for at in twice {
                names[at] = finer(&roles[at], &names[at]);
            }
        }
        let mut seen: HashMap<&str, &RoleArn> = HashMap::new();
        for (name, role) in names.iter().zip(roles) {
            if seen.insert(name, role).is_some() {
                return Err(TemplateError::Twice(name.clone()));
            }
        }
        Ok(names)
    }
}

fn plain(text: &str) -> String {
    let dashed = text.chars().map(|c| match u8::try_from(c) {
        Ok(byte) if is_plain(byte) => c,
        _ => '-',
    });
    dashed.take(128).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error("{0:?} has something in braces that is none of {places}", places = PLACES.join(" "))]
    Place(String),
    #[error("two roles would both be called {0}")]
    Twice(String),
}

impl From<TemplateError> for Report {
    fn from(error: TemplateError) -> Self {
        Self::new(ErrorCode::AwsNameTemplate, "cannot name the sections")
            .cause(&error)
            .hint("`--name-template '{account}-{path}'` is different for every role")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(account: &str, path: &str) -> RoleArn {
        RoleArn::parse(&format!("arn:aws:iam::{account}:role/{path}")).unwrap()
    }

    #[test]
    fn a_role_is_called_by_its_account_and_its_name_until_two_are_the_same() {
        let roles = [
            role("123456789012", "Admin"),
            role("210987654321", "Admin"),
            role("345678901234", "Admin"),
            role("345678901234", "a/Ops"),
            role("345678901234", "b/Ops"),
            role("456789012345", "Ops"),
        ];
        let aliases = [
            ("123456789012", "prod"),
            ("210987654321", "prod"),
            ("456789012345", "it's [x]"),
        ];
        let aliases = aliases.map(|(n, a)| (n.to_owned(), a.to_owned())).into();
        let names = NameTemplate::default_template()
            .names(&roles, &aliases)
            .unwrap();
        let expected = [
            "prod-Admin-123456789012",
            "prod-Admin-210987654321",
            "345678901234-Admin",
            "345678901234-a/Ops",
            "345678901234-b/Ops",
            "it-s--x--Ops",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_template_is_filled_once_and_is_the_users_to_make_unique() {
        let roles = [role("123456789012", "a/Ops"), role("123456789012", "b/Ops")];
        let template = |text| NameTemplate::parse(text).unwrap();
        let names = template("okta/{account}.{path}")
            .names(&roles, &BTreeMap::new())
            .unwrap();
        assert_eq!(
            names,
            ["okta/123456789012.a/Ops", "okta/123456789012.b/Ops"]
        );
        for text in ["{role}", "default"] {
            assert!(matches!(
                template(text).names(&roles, &BTreeMap::new()),
                Err(TemplateError::Twice(_))
            ));
        }
        assert_eq!(
            template("{profile}").fill(&roles[0], Some("{role}"), Some("p")),
            "p"
        );
        assert_eq!(
            template("x{alias}").fill(&roles[0], Some("{role}"), None),
            "x-role-"
        );
        for text in ["", "{", "{x}", "{Role}", "a}"] {
            assert!(NameTemplate::parse(text).is_err(), "{text}");
        }
    }
}
