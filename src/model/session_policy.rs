//! Session policies, which limit one set of a role's credentials (IAM User Guide, "Session
//! policies"). Allowed is what the role *and* any one of these policies allows.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::arn::{MAX_ARN_BYTES, Partition, RoleArn, is_account_number, is_iam_path};
use crate::report::{ErrorCode, Report};

/// Most items of `PolicyArns` (botocore's service model of STS).
const MAX_POLICIES: usize = 10;

/// A managed policy: AWS's own (`arn:aws:iam::aws:policy/ReadOnlyAccess`) or an account's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyArn(String);

impl PolicyArn {
    /// Parses the ARN of a managed policy.
    ///
    /// # Errors
    /// When it is not the ARN of a managed policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let (arn, partition, service, region) = (next(), next(), next(), next());
        let (account, resource) = (next(), next());
        let is_policy = text.len() <= MAX_ARN_BYTES
            && (arn, service, region) == ("arn", "iam", "")
            && Partition::parse(partition).is_some()
            && (is_account_number(account) || account == "aws")
            && resource.strip_prefix("policy/").is_some_and(is_iam_path);
        match is_policy {
            true => Ok(Self(text.to_owned())),
            false => Err(PolicyError::NotAPolicy),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the policy's name without its path.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether STS accepts it for `role`: AWS's own, or one of the role's account.
    fn is_valid_for(&self, role: &RoleArn) -> bool {
        let mut parts = self.0.split(':').skip(1);
        let partition = parts.next().unwrap_or_default();
        let account = parts.nth(2).unwrap_or_default();
        partition == role.partition().name() && (account == "aws" || account == role.account())
    }
}

impl fmt::Display for PolicyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PolicyArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PolicyArn {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        Self::parse(&text)
    }
}

impl From<PolicyArn> for String {
    fn from(arn: PolicyArn) -> Self {
        arn.0
    }
}

/// The limit of a role's rights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionPolicy {
    /// No limit.
    #[default]
    Whole,
    /// AWS's own `ReadOnlyAccess`.
    ReadOnly,
    /// These policies, sorted, each once.
    Only(Vec<PolicyArn>),
}

impl SessionPolicy {
    /// Creates a session policy of these managed policies, sorted and without duplicates.
    ///
    /// # Errors
    /// When there are none, or more than STS accepts.
    pub fn only(mut policies: Vec<PolicyArn>) -> Result<Self, PolicyError> {
        policies.sort();
        policies.dedup();
        let policy = Self::Only(policies);
        policy.check()?;
        Ok(policy)
    }

    /// Checks the number of policies of a deserialised value.
    ///
    /// # Errors
    /// As [`Self::only`].
    pub fn check(&self) -> Result<(), PolicyError> {
        match self {
            Self::Only(policies) if policies.is_empty() => Err(PolicyError::None),
            Self::Only(policies) if policies.len() > MAX_POLICIES => Err(PolicyError::TooMany),
            _ => Ok(()),
        }
    }

    /// Returns the ARNs to send to STS with a request for `role`.
    ///
    /// # Errors
    /// When a policy belongs to another account or partition.
    pub fn arns(&self, role: &RoleArn) -> Result<Vec<String>, PolicyError> {
        match self {
            Self::Whole => Ok(Vec::new()),
            Self::ReadOnly => {
                let partition = role.partition();
                let partition = partition.name();
                Ok(vec![format!(
                    "arn:{partition}:iam::aws:policy/ReadOnlyAccess"
                )])
            }
            Self::Only(policies) => {
                if let Some(foreign) = policies.iter().find(|policy| !policy.is_valid_for(role)) {
                    return Err(PolicyError::Foreign(foreign.clone()));
                }
                Ok(policies.iter().map(ToString::to_string).collect())
            }
        }
    }

    /// Returns a short text for messages and prompts, or `None` without a limit.
    pub fn summary(&self) -> Option<String> {
        match self {
            Self::Whole => None,
            Self::ReadOnly => Some("read-only".to_owned()),
            Self::Only(policies) => {
                let names: Vec<&str> = policies.iter().map(PolicyArn::name).collect();
                Some(names.join(","))
            }
        }
    }
}

/// Why policies cannot limit a role's credentials.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    #[error("not the ARN of a managed policy (arn:aws:iam::aws:policy/ReadOnlyAccess)")]
    NotAPolicy,
    #[error("no policy is named")]
    None,
    #[error("STS takes {MAX_POLICIES} session policies at most")]
    TooMany,
    #[error("{0} is neither AWS's own nor of the role's account")]
    Foreign(PolicyArn),
}

impl From<PolicyError> for Report {
    fn from(error: PolicyError) -> Self {
        let hint = match error {
            PolicyError::NotAPolicy | PolicyError::None => {
                "write it like `--policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`"
            }
            PolicyError::TooMany => "put what is needed into one managed policy and name that",
            PolicyError::Foreign(_) => {
                "name a policy of that account, or one of AWS's: `arn:aws:iam::aws:policy/…`"
            }
        };
        Self::new(ErrorCode::AwsSessionPolicy, "cannot limit the credentials")
            .cause(error)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> PolicyArn {
        PolicyArn::parse(text).unwrap()
    }

    #[test]
    fn only_managed_policies_are_parsed() {
        for text in [
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws-cn:iam::aws:policy/job-function/Billing",
            "arn:aws:iam::123456789012:policy/team/Small",
        ] {
            assert_eq!(policy(text).as_str(), text);
        }
        for text in [
            "",
            "ReadOnlyAccess",
            "arn:aws:iam::aws:role/ReadOnlyAccess",
            "arn:aws:iam::amazon:policy/x",
            "arn:aws:iam::1234:policy/x",
            "arn:gcp:iam::aws:policy/x",
            "arn:aws:iam:eu-west-1:aws:policy/x",
            "arn:aws:iam::aws:policy/a b",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policy/a\n",
            &format!("arn:aws:iam::aws:policy/{}", "x".repeat(3000)),
        ] {
            assert_eq!(
                PolicyArn::parse(text),
                Err(PolicyError::NotAPolicy),
                "{text}"
            );
        }
    }

    #[test]
    fn policy_must_be_of_the_roles_partition_and_account() {
        let china = RoleArn::parse("arn:aws-cn:iam::123456789012:role/Dev").unwrap();
        assert_eq!(
            SessionPolicy::ReadOnly.arns(&china).unwrap(),
            ["arn:aws-cn:iam::aws:policy/ReadOnlyAccess"]
        );
        let dev = RoleArn::parse("arn:aws:iam::123456789012:role/Dev").unwrap();
        for (text, fits) in [
            ("arn:aws:iam::aws:policy/x", true),
            ("arn:aws:iam::123456789012:policy/x", true),
            ("arn:aws:iam::210987654321:policy/x", false),
            ("arn:aws-cn:iam::aws:policy/x", false),
        ] {
            let only = SessionPolicy::only(vec![policy(text)]).unwrap();
            assert_eq!(only.arns(&dev).is_ok(), fits, "{text}");
        }
        assert!(SessionPolicy::Whole.arns(&dev).unwrap().is_empty());
    }

    #[test]
    fn one_to_ten_policies_are_sorted_and_deduplicated() {
        let of = |numbers: &[usize]| {
            let arns = numbers
                .iter()
                .map(|n| policy(&format!("arn:aws:iam::aws:policy/p{n:02}")));
            SessionPolicy::only(arns.collect())
        };
        assert_eq!(of(&[2, 1, 2]), of(&[1, 2]));
        assert_eq!(of(&[2, 1]).unwrap().summary().as_deref(), Some("p01,p02"));
        assert!(of(&(0..10).collect::<Vec<_>>()).is_ok());
        assert_eq!(of(&(0..11).collect::<Vec<_>>()), Err(PolicyError::TooMany));
        assert_eq!(of(&[]), Err(PolicyError::None));
        assert_eq!(
            SessionPolicy::ReadOnly.summary().as_deref(),
            Some("read-only")
        );
    }
}
