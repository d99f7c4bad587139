//! The roles that a role's policies allow it to assume (IAM User Guide, "IAM JSON policy elements
//! reference").
//!
//! Statements with `NotAction` or `NotResource` are ignored. The trust policy of such a role,
//! permissions boundaries and service control policies are not read.

use std::collections::BTreeSet;

use serde_json::Value;
use wildmatch::WildMatch;

/// A resource for which a policy allows `sts:AssumeRole`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssumableRole {
    /// A role's ARN, or a pattern of ARNs.
    pub role: String,
    /// Whether the policy attaches a condition.
    pub conditional: bool,
}

/// The permissions to assume roles in a policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumePermissions {
    pub allowed: BTreeSet<AssumableRole>,
    pub denied: BTreeSet<String>,
}

impl AssumePermissions {
    /// Parses a document. Returns `None` if it is not a policy.
    pub fn parse(document: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(document).ok()?;
        let mut found = Self::default();
        for statement in one_or_many(policy.get("Statement")?) {
            if !is_about_assuming(statement) {
                continue;
            }
            let resources = strings(statement.get("Resource")).filter(|text| is_role_pattern(text));
            let conditional = statement.get("Condition").is_some();
            match statement.get("Effect").and_then(Value::as_str) {
                Some("Allow") => found.allowed.extend(resources.map(|role| AssumableRole {
                    role: role.to_owned(),
                    conditional,
                })),
                // A conditional deny may not apply, so it is ignored.
                Some("Deny") if !conditional => {
                    found.denied.extend(resources.map(ToOwned::to_owned));
                }
                _ => {}
            }
        }
        Some(found)
    }

    pub fn merge(&mut self, other: Self) {
        self.allowed.extend(other.allowed);
        self.denied.extend(other.denied);
    }

    /// Returns the roles that are allowed and not denied.
    pub fn targets(&self) -> impl Iterator<Item = &AssumableRole> {
        self.allowed.iter().filter(|assumable| {
            let denied = |pattern: &String| WildMatch::new(pattern).matches(&assumable.role);
            !self.denied.iter().any(denied)
        })
    }
}

fn is_about_assuming(statement: &Value) -> bool {
    strings(statement.get("Action")).any(|action| {
        let action = action.to_ascii_lowercase();
        WildMatch::new(&action).matches("sts:assumerole")
    })
}

/// Whether `text` is `*` or an ARN that can match roles, with or without wildcards.
fn is_role_pattern(text: &str) -> bool {
    let mut fields = text.splitn(6, ':');
    let (arn, service) = (fields.next(), fields.nth(1));
    let is_of_iam = service.is_some_and(|service| WildMatch::new(service).matches("iam"));
    text == "*"
        || (arn == Some("arn") && is_of_iam && (text.contains(":role/") || text.ends_with('*')))
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(many) => many.iter().collect(),
        one => vec![one],
    }
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value
        .map(one_or_many)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(document: &str) -> Vec<String> {
        let found = AssumePermissions::parse(document).unwrap();
        found
            .targets()
            .map(|onward| {
                format!(
                    "{}{}",
                    onward.role,
                    if onward.conditional { "?" } else { "" }
                )
            })
            .collect()
    }

    const ADMIN: &str = "arn:aws:iam::210987654321:role/Admin";

    #[test]
    fn allowed_roles_are_found_in_every_form() {
        for action in [
            r#""sts:AssumeRole""#,
            r#"["s3:*","STS:assumerole"]"#,
            r#""sts:*""#,
            r#""sts:Assume*""#,
            r#""*""#,
        ] {
            let document = format!(
                r#"{{"Statement":{{"Effect":"Allow","Action":{action},"Resource":"{ADMIN}"}}}}"#
            );
            assert_eq!(targets(&document), [ADMIN], "{action}");
        }
        let many = format!(
            r#"{{"Version":"2012-10-17","Statement":[
              {{"Effect":"Allow","Action":"sts:AssumeRole",
                "Resource":["{ADMIN}","arn:aws:iam::*:role/Audit*"],"Condition":{{"Bool":{{}}}}}},
              {{"Effect":"Allow","Action":"s3:*","Resource":"*"}},
              {{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}}]}}"#
        );
        assert_eq!(
            targets(&many),
            ["arn:aws:iam::*:role/Audit*?", &format!("{ADMIN}?")]
        );
    }

    #[test]
    fn unconditional_deny_removes_what_it_matches() {
        let with = |condition: &str| {
            format!(
                r#"{{"Statement":[
                {{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{ADMIN}"}},
                {{"Effect":"Deny","Action":"sts:*",
                  "Resource":"arn:aws:iam::210987654321:role/*"{condition}}}]}}"#
            )
        };
        assert!(targets(&with("")).is_empty());
        assert_eq!(targets(&with(r#","Condition":{}"#)), [ADMIN]);
    }

    #[test]
    fn other_documents_and_statements_are_ignored() {
        for document in ["", "x", "[]", "{}", "7"] {
            assert_eq!(AssumePermissions::parse(document), None, "{document}");
        }
        for document in [
            r#"{"Statement":7}"#,
            r#"{"Statement":[null,{"Effect":"Allow"}]}"#,
            r#"{"Statement":{"Effect":"Allow","Action":{"a":1},"Resource":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
                "Resource":"arn:aws:s3:::bucket"}}"#,
        ] {
            assert!(targets(document).is_empty(), "{document}");
        }
    }
}
