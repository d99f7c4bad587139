//! Regions and the endpoints of STS and IAM.
//!
//! STS is always called in a region: opt-in regions refuse the tokens of the global endpoint, which
//! fails together with us-east-1. The host names are those of botocore's endpoint rules.

use std::fmt;

use thiserror::Error;
use url::Url;

use crate::model::Partition;
use crate::report::{ErrorCode, Report};

/// A region such as `eu-west-1`. Only its spelling is checked, not whether it exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Parses the name of a region.
    ///
    /// # Errors
    /// [`RegionError::Spelling`] if it is not spelled like a region.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let parts: Vec<&str> = text.split('-').collect();
        let is_word = |part: &&str| {
            (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase())
        };
        let is_valid = match parts.as_slice() {
            [words @ .., number] => {
                (2..=4).contains(&words.len())
                    && words.iter().all(is_word)
                    && matches!(number.len(), 1 | 2)
                    && number.bytes().all(|b| b.is_ascii_digit())
            }
            [] => false,
        };
        if is_valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(RegionError::Spelling(text.chars().take(64).collect()))
        }
    }

    /// Returns the region for `partition` when none is set.
    ///
    /// # Errors
    /// [`RegionError::Partition`] if the partition's host names are not public.
    pub fn default_of(partition: &Partition) -> Result<Self, RegionError> {
        let name = match partition.name() {
            "aws" => "us-east-1",
            "aws-us-gov" => "us-gov-west-1",
            "aws-cn" => "cn-north-1",
            "aws-eusc" => "eusc-de-east-1",
            other => return Err(RegionError::Partition(other.to_owned())),
        };
        Ok(Self(name.to_owned()))
    }

    /// Returns `set`, or the default of the role's partition when nothing is set.
    ///
    /// # Errors
    /// [`RegionError::OtherPartition`] if `set` is not in the role's partition.
    pub fn for_role(set: Option<&Self>, partition: &Partition) -> Result<Self, RegionError> {
        match set {
            None => Self::default_of(partition),
            Some(region) if region.partition_name() == partition.name() => Ok(region.clone()),
            Some(region) => Err(RegionError::OtherPartition {
                region: region.0.clone(),
                partition: partition.name().to_owned(),
            }),
        }
    }

    /// Returns the region, or the default of `partition` if the region is in another one.
    pub fn in_partition(self, partition: &Partition) -> Option<Self> {
        match self.partition_name() == partition.name() {
            true => Some(self),
            false => Self::default_of(partition).ok(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the line for a profile of `~/.aws/config`.
    pub(super) fn config_line(&self) -> String {
        format!("region = {self}")
    }

    /// Returns the endpoint of STS.
    ///
    /// # Errors
    /// [`RegionError::Partition`] if the partition's host names are not public.
    pub fn sts_endpoint(&self) -> Result<Url, RegionError> {
        let domain = match self.partition_name() {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            other => return Err(RegionError::Partition(other.to_owned())),
        };
        Url::parse(&format!("https://sts.{}.{domain}/", self.0))
            .map_err(|_| RegionError::Spelling(self.0.clone()))
    }

    fn partition_name(&self) -> &'static str {
        let prefixes = [
            ("us-gov-", "aws-us-gov"),
            ("cn-", "aws-cn"),
            ("eusc-", "aws-eusc"),
            ("us-isob-", "aws-iso-b"),
            ("us-isof-", "aws-iso-f"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-iso-", "aws-iso"),
        ];
        let found = prefixes
            .iter()
            .find(|(prefix, _)| self.0.starts_with(prefix));
        found.map_or("aws", |(_, partition)| partition)
    }
}

/// Returns the endpoint of a partition's IAM, and the region for which its requests are signed.
///
/// # Errors
/// [`RegionError::Partition`] if the partition's host names are not public.
pub fn iam_endpoint(partition: &Partition) -> Result<(&'static str, &'static str), RegionError> {
    match partition.name() {
        "aws" => Ok(("https://iam.amazonaws.com/", "us-east-1")),
        "aws-us-gov" => Ok(("https://iam.us-gov.amazonaws.com/", "us-gov-west-1")),
        "aws-cn" => Ok(("https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1")),
        other => Err(RegionError::Partition(other.to_owned())),
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The reason why a region or an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegionError {
    #[error("'{0}' is not the name of a region")]
    Spelling(String),
    #[error("the addresses of partition {0} are not known here")]
    Partition(String),
    #[error("region {region} is not in partition {partition}, where the role is")]
    OtherPartition { region: String, partition: String },
}

impl From<RegionError> for Report {
    fn from(error: RegionError) -> Self {
        let (code, hint) = match error {
            RegionError::Spelling(_) => (
                ErrorCode::AwsRegionSpelling,
                "write it as AWS does: `region = \"eu-west-1\"`, or `--region eu-west-1`",
            ),
            RegionError::Partition(_) => (
                ErrorCode::AwsRegionPartition,
                "set `aws.sts_endpoint` to the address of your partition's STS",
            ),
            RegionError::OtherPartition { .. } => (
                ErrorCode::AwsRegionOtherPartition,
                "give a region of the role's partition: \
                 `--region us-gov-west-1`, `--region cn-north-1`",
            ),
        };
        Self::new(code, "cannot tell where STS is")
            .cause(error)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoleArn;

    fn region(text: &str) -> Region {
        Region::parse(text).unwrap()
    }

    #[test]
    fn each_partition_has_its_own_hosts() {
        for (name, host) in [
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("ap-southeast-4", "sts.ap-southeast-4.amazonaws.com"),
            ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
            ("cn-northwest-1", "sts.cn-northwest-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
        ] {
            let endpoint = region(name).sts_endpoint().unwrap();
            assert_eq!(endpoint.host_str(), Some(host));
        }
        assert_eq!(
            region("us-iso-east-1").sts_endpoint(),
            Err(RegionError::Partition("aws-iso".to_owned()))
        );
    }

    #[test]
    fn text_that_would_change_the_host_is_refused() {
        for text in [
            "",
            "us",
            "us-1",
            "us-east",
            "us-east-1.evil.example",
            "us-east-1/",
            "US-EAST-1",
            "us-east-1\n",
            "us--1",
            "-us-east-1",
            "us-east-123",
            "us-east-1#",
            "a@us-east-1",
        ] {
            assert!(
                matches!(Region::parse(text), Err(RegionError::Spelling(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn region_must_be_in_the_roles_partition() {
        let partition = |name: &str| {
            let arn = format!("arn:{name}:iam::123456789012:role/R");
            RoleArn::parse(&arn).unwrap().partition()
        };
        let default = Region::for_role(None, &partition("aws-cn")).unwrap();
        assert_eq!(default.as_str(), "cn-north-1");
        let set = Region::for_role(Some(&region("eu-west-1")), &partition("aws")).unwrap();
        assert_eq!(set.as_str(), "eu-west-1");
        assert!(matches!(
            Region::for_role(Some(&region("eu-west-1")), &partition("aws-us-gov")),
            Err(RegionError::OtherPartition { .. })
        ));
        assert!(Region::for_role(None, &partition("aws-iso")).is_err());
    }
}
