//! ARNs of a SAML sign-in: the role, and the identity provider that it trusts.

use std::fmt;

use thiserror::Error;

/// Most bytes of an ARN that STS accepts (botocore's service model).
pub(super) const MAX_ARN_BYTES: usize = 2048;

/// An AWS partition, which has its own accounts and endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    Aws,
    AwsUsGov,
    AwsCn,
    /// `aws-iso…`, `aws-eusc` and partitions that AWS adds.
    Other(String),
}

impl Partition {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "aws" => Some(Self::Aws),
            "aws-us-gov" => Some(Self::AwsUsGov),
            "aws-cn" => Some(Self::AwsCn),
            _ => text
                .strip_prefix("aws-")
                .filter(|rest| {
                    (1..=20).contains(&rest.len())
                        && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                })
                .map(|_| Self::Other(text.to_owned())),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsCn => "aws-cn",
            Self::Other(name) => name,
        }
    }
}

/// An ARN of IAM: `arn:PARTITION:iam::ACCOUNT:RESOURCE`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct IamArn(String);

impl IamArn {
    fn parse(text: &str, kind: &str) -> Result<Self, ArnError> {
        if text.len() > MAX_ARN_BYTES {
            return Err(ArnError::TooLong);
        }
        let mut parts = text.splitn(6, ':');
        let head = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some("arn"), Some(partition), Some("iam"), Some("")) = head else {
            return Err(ArnError::NotAnArn);
        };
        let (Some(account), Some(resource)) = (parts.next(), parts.next()) else {
            return Err(ArnError::NotAnArn);
        };
        Partition::parse(partition).ok_or(ArnError::Partition)?;
        if !is_account_number(account) {
            return Err(ArnError::Account);
        }
        let path = resource.strip_prefix(kind).ok_or(ArnError::Resource)?;
        if !is_iam_path(path) {
            return Err(ArnError::Name);
        }
        Ok(Self(text.to_owned()))
    }

    fn partition(&self) -> Partition {
        self.0
            .split(':')
            .nth(1)
            .and_then(Partition::parse)
            .unwrap_or(Partition::Aws)
    }

    fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// Returns the path and name after `role/` or `saml-provider/`.
    fn resource_path(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, path)| path)
    }
}

/// Whether `text` is an account's number, which has twelve digits.
pub fn is_account_number(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `path` has IAM's characters of a name, with slashes between its segments.
pub(super) fn is_iam_path(path: &str) -> bool {
    (1..=512).contains(&path.len())
        && path.split('/').all(|segment| !segment.is_empty())
        && path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
}

/// `arn:aws:iam::123456789012:role/path/Name`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleArn(IamArn);

impl RoleArn {
    /// Parses an ARN.
    ///
    /// # Errors
    /// Names the part of the ARN that is wrong.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        IamArn::parse(text, "role/").map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    pub fn partition(&self) -> Partition {
        self.0.partition()
    }

    /// Returns the number of the account.
    pub fn account(&self) -> &str {
        self.0.account()
    }

    /// Returns the role's name without its path, as the AWS console shows it.
    pub fn name(&self) -> &str {
        self.path_and_name().rsplit('/').next().unwrap_or_default()
    }

    /// Returns the role's name with its path, as in a trust policy.
    pub fn path_and_name(&self) -> &str {
        self.0.resource_path()
    }
}

/// `arn:aws:iam::123456789012:saml-provider/okta`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderArn(IamArn);

impl ProviderArn {
    /// Parses an ARN.
    ///
    /// # Errors
    /// Names the part of the ARN that is wrong.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        IamArn::parse(text, "saml-provider/").map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    pub fn account(&self) -> &str {
        self.0.account()
    }

    pub fn name(&self) -> &str {
        self.0.resource_path()
    }
}

/// A role and the provider whose assertion it accepts: one value of the SAML `Role` attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SamlRole {
    pub role: RoleArn,
    pub provider: ProviderArn,
}

impl SamlRole {
    /// Parses `provider,role` or `role,provider`; the resources tell which is which.
    ///
    /// # Errors
    /// When it is not one role and one provider of the same account.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let mut parts = text.split(',').map(str::trim);
        let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ArnError::NotAPair);
        };
        let (role, provider) = match (first.contains(":role/"), second.contains(":role/")) {
            (true, false) => (first, second),
            (false, true) => (second, first),
            _ => return Err(ArnError::NotAPair),
        };
        let (role, provider) = (RoleArn::parse(role)?, ProviderArn::parse(provider)?);
        if role.account() != provider.account() || role.partition() != provider.0.partition() {
            return Err(ArnError::AccountsDiffer);
        }
        Ok(Self { role, provider })
    }
}

macro_rules! arn_text {
    ($($arn:ty),*) => {$(
        impl fmt::Display for $arn {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $arn {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
arn_text!(RoleArn, ProviderArn);

/// Why a text is not the ARN that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ArnError {
    #[error("not an IAM ARN (arn:aws:iam::123456789012:…)")]
    NotAnArn,
    #[error("not a pair of one role ARN and one provider ARN")]
    NotAPair,
    #[error("unknown AWS partition")]
    Partition,
    #[error("the account is not twelve digits")]
    Account,
    #[error("the ARN names another kind of resource")]
    Resource,
    #[error("the name has a character IAM does not allow")]
    Name,
    #[error("role and provider belong to different accounts")]
    AccountsDiffer,
    #[error("longer than STS accepts")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/team/a/Deploy";
    const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/okta";

    #[test]
    fn pair_is_parsed_in_either_order_with_paths() {
        for text in [
            format!("{ROLE},{PROVIDER}"),
            format!(" {PROVIDER} , {ROLE}\n"),
        ] {
            let pair = SamlRole::parse(&text).unwrap();
            assert_eq!(
                (pair.role.as_str(), pair.provider.as_str()),
                (ROLE, PROVIDER)
            );
            assert_eq!(
                (pair.role.name(), pair.role.path_and_name()),
                ("Deploy", "team/a/Deploy")
            );
        }
        for partition in ["aws", "aws-us-gov", "aws-cn", "aws-iso-b", "aws-eusc"] {
            let role =
                RoleArn::parse(&format!("arn:{partition}:iam::123456789012:role/R")).unwrap();
            assert_eq!(role.partition().name(), partition);
        }
    }

    #[test]
    fn invalid_pair_is_refused_by_part() {
        let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name},{PROVIDER}");
        for (text, expected) in [
            (ROLE.to_owned(), ArnError::NotAPair),
            (format!("{ROLE},{ROLE}"), ArnError::NotAPair),
            (format!("{PROVIDER},{PROVIDER}"), ArnError::NotAPair),
            (format!("{ROLE},{PROVIDER},{ROLE}"), ArnError::NotAPair),
            (role("a b"), ArnError::Name),
            (role("$(id)"), ArnError::Name),
            (role("a\nb"), ArnError::Name),
            (role("\u{430}dmin"), ArnError::Name),
            (role("a//b"), ArnError::Name),
            (role(&"x".repeat(600)), ArnError::Name),
            (
                ROLE.replace("1234", "9999") + "," + PROVIDER,
                ArnError::AccountsDiffer,
            ),
            (
                format!("arn:gcp:iam::123456789012:role/R,{PROVIDER}"),
                ArnError::Partition,
            ),
            (
                format!("arn:aws:iam::1234:role/R,{PROVIDER}"),
                ArnError::Account,
            ),
        ] {
            assert_eq!(SamlRole::parse(&text), Err(expected), "{text}");
        }
    }
}
