//! The names of the roles' sections: a filled template, made unique if two roles get the same name.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;

use super::ini_edit::is_section_byte;
use crate::model::RoleArn;
use crate::report::{ErrorCode, Report};

/// The template of a section's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate {
    text: String,
    /// Whether the user wrote it. Then two roles with one name are an error.
    is_custom: bool,
}

const PLACEHOLDERS: [&str; 5] = ["{alias}", "{account}", "{role}", "{path}", "{profile}"];

/// A part of a template: text, or the index of one of [`PLACEHOLDERS`].
enum Part<'a> {
    Literal(&'a str),
    Placeholder(usize),
}

/// Splits a template from left to right, so that braces in a value are not replaced.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let next = PLACEHOLDERS
            .iter()
            .enumerate()
            .filter_map(|(index, place)| {
                let at = rest.find(place)?;
                Some((at, index, place.len()))
            });
        let part = match next.min() {
            Some((0, index, length)) => {
                rest = &rest[length..];
                return Some(Part::Placeholder(index));
            }
            Some((at, ..)) => at,
            None => rest.len(),
        };
        let literal;
        (literal, rest) = rest.split_at(part);
        (!literal.is_empty()).then_some(Part::Literal(literal))
    })
}

impl NameTemplate {
    /// Returns `{alias}-{role}`, where the alias is the account's name or else its number.
    pub fn default_template() -> Self {
        Self {
            text: "{alias}-{role}".into(),
            is_custom: false,
        }
    }

    /// Parses a template of the user.
    ///
    /// # Errors
    /// [`TemplateError::Place`] if a placeholder is not known, a brace is alone, or it is empty.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let is_known = parts(text).all(|part| match part {
            Part::Literal(literal) => !literal.contains(['{', '}']),
            Part::Placeholder(_) => true,
        });
        if !is_known || text.is_empty() {
            return Err(TemplateError::Place(text.chars().take(64).collect()));
        }
        Ok(Self {
            text: text.to_owned(),
            is_custom: true,
        })
    }

    /// Returns the section name for `role`. Without an `alias` the account's number is used,
    /// without a `profile` the role's name. A character that a section name cannot have becomes a
    /// dash.
    pub fn fill(&self, role: &RoleArn, alias: Option<&str>, profile: Option<&str>) -> String {
        let values = [
            alias.unwrap_or(role.account()),
            role.account(),
            role.name(),
            role.path_and_name(),
            profile.unwrap_or(role.name()),
        ];
        let text = |part| match part {
            Part::Literal(literal) => plain(literal),
            Part::Placeholder(at) => plain(values[at]),
        };
        parts(&self.text).map(text).collect()
    }

    /// Returns a different name for each of `roles`.
    ///
    /// # Errors
    /// [`TemplateError::Twice`] if a template of the user gives two roles one name.
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
            if let (true, Some(at)) = (self.is_custom, twice.iter().min()) {
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
        Ok(byte) if is_section_byte(byte) => c,
        _ => '-',
    });
    dashed.take(128).collect()
}

/// The reason why sections cannot be named.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error(
        "{0:?} has something in braces that is none of {places}",
        places = PLACEHOLDERS.join(" ")
    )]
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
    fn any_text_is_refused_or_filled() {
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/Dev").unwrap();
        for text in ["é{role}", "{role}é", "日{alias}本{profile}", "\u{1f600}"] {
            let template = NameTemplate::parse(text).unwrap();
            let name = template.fill(&role, None, None);
            assert!(!name.is_empty() && name.is_ascii(), "{text}: {name}");
        }
        for text in ["{pro{role}file}", "{{role}}", "{rolé}", "}", ""] {
            assert!(NameTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn default_names_are_made_unique() {
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
    fn custom_template_with_equal_names_is_refused() {
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
